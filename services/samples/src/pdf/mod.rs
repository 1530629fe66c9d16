//! PDF files from drawn or scanned pages.

mod attachment;
pub(crate) use attachment::FILE_NAME as XML_FILE_NAME;
mod content;

use std::sync::LazyLock;

use jiff::civil::Date;
use lopdf::xref::XrefType;
use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};

use crate::canvas::{Canvas, Mark};
use crate::font::{FACE_COUNT, Face};
use crate::scan::ScannedPage;

/// What a file says of itself and carries.
pub(crate) struct FileFacts<'a> {
    pub(crate) title: String,
    pub(crate) author: &'a str,
    pub(crate) date: Date,
    /// Whether the fonts are embedded rather than left to the reader.
    pub(crate) embeds_fonts: bool,
    /// The electronic invoice to attach.
    pub(crate) invoice_xml: Option<&'a str>,
}

/// A file of drawn pages.
pub(crate) fn drawn(canvas: &Canvas, facts: &FileFacts<'_>) -> Result<Vec<u8>, String> {
    let mut writer = Writer::new(facts, &used_faces(canvas.pages.iter().flatten()));
    for marks in &canvas.pages {
        writer.add_page(
            (canvas.width, canvas.height),
            content::visible(marks, canvas.height),
            None,
        )?;
    }
    writer.finish(facts)
}

/// A file of page images, with invisible text where characters were recognised.
pub(crate) fn scanned(
    (width, height): (f32, f32),
    pages: &[ScannedPage],
    facts: &FileFacts<'_>,
) -> Result<Vec<u8>, String> {
    let mut writer = Writer::new(facts, &used_faces(pages.iter().flat_map(|page| &page.text)));
    for page in pages {
        let mut content = content::image(width, height);
        content.extend(content::invisible(&page.text, height));
        writer.add_page((width, height), content, Some(page))?;
    }
    writer.finish(facts)
}

struct Writer {
    document: Document,
    pages_id: ObjectId,
    page_ids: Vec<Object>,
    fonts: Dictionary,
}

impl Writer {
    fn new(facts: &FileFacts<'_>, faces: &[Face]) -> Self {
        let mut document = Document::with_version("1.7");
        document.reference_table.cross_reference_type = XrefType::CrossReferenceTable;
        let pages_id = document.new_object_id();
        let mut fonts = Dictionary::new();
        for &face in faces {
            let id = match facts.embeds_fonts {
                true => add_embedded_font(&mut document, face),
                false => document.add_object(dictionary! {
                    "Type" => "Font",
                    "Subtype" => "Type1",
                    "BaseFont" => face.standard_name(),
                    "Encoding" => "WinAnsiEncoding",
                }),
            };
            fonts.set(content::font_name(face), id);
        }
        Self {
            document,
            pages_id,
            page_ids: Vec::new(),
            fonts,
        }
    }

    fn add_page(
        &mut self,
        (width, height): (f32, f32),
        content: Vec<u8>,
        image: Option<&ScannedPage>,
    ) -> Result<(), String> {
        let mut stream = Stream::new(Dictionary::new(), content);
        stream.compress().map_err(|error| error.to_string())?;
        let content_id = self.document.add_object(stream);
        let mut resources = dictionary! { "Font" => self.fonts.clone() };
        if let Some(image) = image {
            let id = self.add_image(image)?;
            resources.set("XObject", dictionary! { content::IMAGE_NAME => id });
        }
        let page = dictionary! {
            "Type" => "Page",
            "Parent" => self.pages_id,
            "MediaBox" => vec![0.into(), 0.into(), Object::Real(width), Object::Real(height)],
            "Resources" => resources,
            "Contents" => content_id,
        };
        let page_id = self.document.add_object(page);
        self.page_ids.push(page_id.into());
        Ok(())
    }

    fn add_image(&mut self, page: &ScannedPage) -> Result<ObjectId, String> {
        let size = |pixels: usize| i64::try_from(pixels).map_err(|error| error.to_string());
        let facts = dictionary! {
            "Type" => "XObject",
            "Subtype" => "Image",
            "Width" => size(page.width)?,
            "Height" => size(page.height)?,
            "ColorSpace" => "DeviceGray",
            "BitsPerComponent" => 8,
            "Filter" => "DCTDecode",
        };
        let stream = Stream::new(facts, page.jpeg.clone()).with_compression(false);
        Ok(self.document.add_object(stream))
    }

    fn finish(mut self, facts: &FileFacts<'_>) -> Result<Vec<u8>, String> {
        let count = i64::try_from(self.page_ids.len()).map_err(|error| error.to_string())?;
        let pages = dictionary! {
            "Type" => "Pages",
            "Kids" => self.page_ids,
            "Count" => count,
        };
        self.document.objects.insert(self.pages_id, pages.into());
        let mut catalog = dictionary! { "Type" => "Catalog", "Pages" => self.pages_id };
        if let Some(xml) = facts.invoice_xml {
            attachment::attach(&mut self.document, &mut catalog, xml, facts)?;
        }
        let catalog_id = self.document.add_object(catalog);
        let info_id = self.document.add_object(dictionary! {
            "Title" => text_string(&facts.title),
            "Author" => text_string(facts.author),
            "Producer" => Object::string_literal("Accord samples"),
            "CreationDate" => Object::string_literal(pdf_date(facts.date)),
        });
        self.document.trailer.set("Root", catalog_id);
        self.document.trailer.set("Info", info_id);
        let mut bytes = Vec::new();
        self.document.save_to(&mut bytes).map_err(|error| error.to_string())?;
        Ok(bytes)
    }
}

/// The faces that any of the marks is set in.
fn used_faces<'a>(marks: impl Iterator<Item = &'a Mark> + Clone) -> Vec<Face> {
    let uses = |face: Face| {
        marks
            .clone()
            .any(|mark| matches!(mark, Mark::Text { style, .. } if style.face == face))
    };
    Face::ALL.into_iter().filter(|face| uses(*face)).collect()
}

static FONT_STREAMS: LazyLock<[Stream; FACE_COUNT]> = LazyLock::new(|| {
    Face::ALL.map(|face| {
        let file = face.load().file;
        let length = i64::try_from(file.len()).unwrap_or(i64::MAX);
        let mut stream = Stream::new(dictionary! { "Length1" => length }, file.to_vec());
        // A stream that cannot be compressed is as good uncompressed.
        drop(stream.compress());
        stream
    })
});

fn add_embedded_font(document: &mut Document, face: Face) -> ObjectId {
    let [ascent, descent] = if matches!(face, Face::Mono | Face::MonoBold) {
        [833, -300]
    } else {
        [905, -212]
    };
    let file_id = document.add_object(FONT_STREAMS[face as usize].clone());
    let fixed_pitch = i64::from(matches!(face, Face::Mono | Face::MonoBold));
    let descriptor_id = document.add_object(dictionary! {
        "Type" => "FontDescriptor",
        "FontName" => face.embedded_name(),
        "Flags" => 32 + fixed_pitch,
        "FontBBox" => vec![(-600).into(), (-300).into(), 1_400.into(), 1_000.into()],
        "ItalicAngle" => 0,
        "Ascent" => ascent,
        "Descent" => descent,
        "CapHeight" => 716,
        "StemV" => if face == face.bold() { 140 } else { 80 },
        "FontFile2" => file_id,
    });
    let widths: Vec<Object> = face.load().widths.iter().map(|width| (*width as i64).into()).collect();
    document.add_object(dictionary! {
        "Type" => "Font",
        "Subtype" => "TrueType",
        "BaseFont" => face.embedded_name(),
        "FirstChar" => 32,
        "LastChar" => 255,
        "Widths" => widths,
        "FontDescriptor" => descriptor_id,
        "Encoding" => "WinAnsiEncoding",
    })
}

/// A text string of a PDF: UTF-16 with a byte order mark.
fn text_string(text: &str) -> Object {
    let mut bytes = vec![0xfe, 0xff];
    bytes.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
    Object::string_literal(bytes)
}

/// The date of a PDF, at nine in the morning.
fn pdf_date(date: Date) -> String {
    format!("D:{:04}{:02}{:02}090000Z", date.year(), date.month(), date.day())
}

/// All text of a page, one mark a line.
pub(crate) fn text_of(marks: &[Mark]) -> String {
    let texts: Vec<&str> = marks
        .iter()
        .filter_map(|mark| match mark {
            Mark::Text { text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    texts.join("\n")
}
