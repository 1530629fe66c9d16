//! The one entry: bytes of any supported kind in, a document out.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::document::{Document, Page};
use crate::error::{DocumentError, LimitedAmount};
use crate::image;
use crate::invoice_xml;
use crate::limits::Limits;
use crate::media::{self, MediaType};
use crate::pdf;
use crate::text::{self, TextEncoding};

/// A file that was read, and what was noticed on the way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadDocument {
    /// The kind of file, as its bytes show it.
    pub media_type: MediaType,
    /// Its content.
    pub document: Document,
    /// What may make the content less than complete or certain.
    pub warnings: Vec<ReadWarning>,
}

/// Something that did not keep a file from being read but is worth knowing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ReadWarning {
    /// The name of the file promises another kind than its bytes are.
    MisleadingName {
        /// The kind that the name's extension stands for.
        named: MediaType,
    },
    /// The text is not Unicode and was read as Windows-1252 (Latin-1).
    AssumedWindows1252,
    /// Font programs on a page could not be parsed, characters of unusual fonts may be wrong.
    FontProgramsIgnored {
        /// The page, counted from 1.
        page: usize,
    },
    /// An attachment that may be an electronic invoice was not read.
    AttachmentIgnored {
        /// Why not.
        reason: String,
    },
    /// No page has text: the file is a scan or a drawing.
    WithoutText,
}

impl fmt::Display for ReadWarning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MisleadingName { named } => {
                write!(formatter, "the file name promises a {named} file")
            }
            Self::AssumedWindows1252 => formatter.write_str("the text is not Unicode and was read as Windows-1252"),
            Self::FontProgramsIgnored { page } => write!(
                formatter,
                "fonts on page {page} are damaged, some characters may be wrong"
            ),
            Self::AttachmentIgnored { reason } => {
                write!(formatter, "an attached invoice was not read: {reason}")
            }
            Self::WithoutText => formatter.write_str("no page has text, it is probably a scan"),
        }
    }
}

/// Reads a file of any supported kind within the limits.
///
/// Blocks for as long as reading takes, at most a little over the time limit; async callers use a blocking thread. Never panics, whatever the
/// bytes are. `file_name` is a hint for warnings and messages only.
///
/// # Errors
/// See [`DocumentError`]; each says what the sender of the file can do.
pub fn read_document(bytes: &[u8], file_name: Option<&str>, limits: &Limits) -> Result<ReadDocument, DocumentError> {
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    DocumentError::check(LimitedAmount::FileBytes, size, limits.bytes)?;
    let media_type = media::sniff(bytes, file_name)?;
    let mut read = match media_type {
        MediaType::Pdf => pdf::read_pdf_guarded(bytes, limits)?,
        MediaType::Png | MediaType::Jpeg => plain(media_type, image::read_image(bytes, media_type, limits)?),
        MediaType::PlainText => read_plain_text(bytes, limits)?,
        MediaType::InvoiceXml => plain(media_type, read_invoice(bytes, limits)?),
    };
    if let Some(named) = file_name.and_then(MediaType::from_file_name)
        && named != media_type
    {
        read.warnings.push(ReadWarning::MisleadingName { named });
    }
    if media_type == MediaType::Pdf && read.document.is_without_text() {
        read.warnings.push(ReadWarning::WithoutText);
    }
    Ok(read)
}

const fn plain(media_type: MediaType, document: Document) -> ReadDocument {
    ReadDocument {
        media_type,
        document,
        warnings: Vec::new(),
    }
}

fn read_plain_text(bytes: &[u8], limits: &Limits) -> Result<ReadDocument, DocumentError> {
    let (document, encoding) = text::read_text(bytes, limits)?;
    let mut read = plain(MediaType::PlainText, document);
    if encoding == TextEncoding::Windows1252 {
        read.warnings.push(ReadWarning::AssumedWindows1252);
    }
    Ok(read)
}

/// An XML invoice has no pages to show; its document has one empty page, so that every document has at least one.
fn read_invoice(bytes: &[u8], limits: &Limits) -> Result<Document, DocumentError> {
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    DocumentError::check(LimitedAmount::AttachmentBytes, size, limits.attachment_bytes)?;
    let decoded =
        text::decode(bytes).ok_or_else(|| DocumentError::broken(MediaType::InvoiceXml, "the bytes are not text"))?;
    invoice_xml::parse_invoice(&decoded.text)?;
    Ok(Document {
        pages: vec![Page {
            width: 0.0,
            height: 0.0,
            lines: Vec::new(),
        }],
        invoice_xml: Some(decoded.text),
    })
}
