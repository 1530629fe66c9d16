//! Fonts as the text library can bear them: every font dictionary is built anew from the parts that are sound.
//!
//! `pdf-extract` panics on many fonts that viewers show without complaint (no `BaseFont`, `StandardEncoding`, a `Widths` array of the wrong
//! length, predefined character maps), and misreads widths given as ranges. What it gets here has none of that.

use std::collections::HashMap;

use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};

use super::cmaps::{self, CharacterMap};
use super::encodings::{standard_encoding, standard_font, unicode_of_name};
use super::geometry::number;
use super::streams::{self, Budget};
use crate::error::DocumentError;

/// The encodings that the text library knows by name.
const KNOWN_ENCODINGS: [&[u8]; 3] = [b"WinAnsiEncoding", b"MacRomanEncoding", b"MacExpertEncoding"];
/// Glyphs of a composite font with a width of their own.
const MAXIMUM_GLYPH_WIDTHS: usize = 65_536;
/// Largest font program that is searched for its built-in encoding; subsets on invoices have some 20 KiB.
const LARGEST_FONT_PROGRAM: usize = 2 * 1024 * 1024;
/// Largest part of a Type 1 font program before its encrypted part.
const LARGEST_TYPE1_HEADER: usize = 64 * 1024;
/// Deepest nesting in a Type 1 font program; the parser recurses.
const MAXIMUM_PROGRAM_NESTING: usize = 32;

/// Whether the built-in encodings of font programs are used, which the library sometimes cannot parse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FontPrograms {
    /// Parsed where a font needs it.
    Used,
    /// Left out; such fonts are read as Windows text.
    Ignored,
}

/// The fonts of a document in the order of their first use.
#[derive(Debug)]
pub(super) struct FontList<'document> {
    fonts: Vec<Option<&'document Dictionary>>,
    by_address: HashMap<usize, usize>,
}

impl<'document> FontList<'document> {
    pub(super) fn new() -> Self {
        Self {
            fonts: vec![None],
            by_address: HashMap::new(),
        }
    }

    /// The place of a font in the list.
    pub(super) fn index_of(&mut self, font: &'document Dictionary) -> usize {
        let next = self.fonts.len();
        let address = std::ptr::from_ref(font).addr();
        let index = *self.by_address.entry(address).or_insert(next);
        if index == next {
            self.fonts.push(Some(font));
        }
        index
    }

    /// The font for text that names none that exists.
    #[expect(clippy::unused_self, reason = "the fallback is a member of every list")]
    pub(super) const fn fallback(&self) -> usize {
        0
    }

    /// The name that a font has in the reduced content.
    pub(super) fn name(index: usize) -> Vec<u8> {
        format!("F{index}").into_bytes()
    }

    pub(super) const fn len(&self) -> usize {
        self.fonts.len()
    }

    /// Builds one font anew inside `target`.
    pub(super) fn rebuild(
        &self,
        index: usize,
        source: &'document Document,
        programs: FontPrograms,
        target: &mut Document,
        budget: &mut Budget,
    ) -> Result<ObjectId, DocumentError> {
        let rebuilt = match self.fonts.get(index).copied().flatten() {
            Some(font) => Rebuilder {
                source,
                programs,
                target,
                budget,
            }
            .font(font)?,
            None => fallback_font(),
        };
        Ok(target.add_object(rebuilt))
    }
}

fn fallback_font() -> Dictionary {
    dictionary! {
        "Type" => "Font",
        "Subtype" => "Type1",
        "BaseFont" => "Helvetica",
        "Encoding" => "WinAnsiEncoding",
    }
}

struct Rebuilder<'document, 'run> {
    source: &'document Document,
    programs: FontPrograms,
    target: &'run mut Document,
    budget: &'run mut Budget,
}

impl<'document> Rebuilder<'document, '_> {
    fn font(&mut self, font: &'document Dictionary) -> Result<Dictionary, DocumentError> {
        match self.name(font, b"Subtype") {
            Some(b"Type0") => self.composite(font),
            Some(b"Type3") => self.type3(font),
            _ => self.simple(font),
        }
    }

    fn value(&self, dictionary: &'document Dictionary, key: &[u8]) -> Option<&'document Object> {
        dictionary.get_deref(key, self.source).ok()
    }

    fn name(&self, dictionary: &'document Dictionary, key: &[u8]) -> Option<&'document [u8]> {
        self.value(dictionary, key)?.as_name().ok()
    }

    fn inner(&self, dictionary: &'document Dictionary, key: &[u8]) -> Option<&'document Dictionary> {
        self.value(dictionary, key)?.as_dict().ok()
    }

    fn array(&self, dictionary: &'document Dictionary, key: &[u8]) -> Option<&'document [Object]> {
        self.value(dictionary, key)?.as_array().ok().map(Vec::as_slice)
    }

    fn number(&self, dictionary: &'document Dictionary, key: &[u8]) -> Option<f64> {
        number(self.source, self.value(dictionary, key)?)
    }

    fn base_font(&self, font: &'document Dictionary) -> String {
        let name = self.name(font, b"BaseFont").unwrap_or(b"Helvetica");
        let name = String::from_utf8_lossy(name);
        // Subsets carry six capitals and a plus sign before their name.
        match name.split_once('+') {
            Some((tag, rest)) if tag.len() == 6 => rest.to_owned(),
            _ => name.into_owned(),
        }
    }

    fn simple(&mut self, font: &'document Dictionary) -> Result<Dictionary, DocumentError> {
        let descriptor = self.inner(font, b"FontDescriptor");
        let mut map = self.character_map(font)?;
        let mut rebuilt = dictionary! {
            "Type" => "Font",
            "Subtype" => if self.name(font, b"Subtype") == Some(b"TrueType") { "TrueType" } else { "Type1" },
        };
        let widths = self.simple_widths(font);
        let base_font = self.base_font(font);
        let standard = standard_font(&base_font);
        let known = if widths.is_some() { base_font.as_str() } else { standard };
        rebuilt.set("BaseFont", Object::Name(known.as_bytes().to_vec()));
        let is_symbolic = matches!(standard, "Symbol" | "ZapfDingbats");
        match self.value(font, b"Encoding") {
            Some(encoding @ (Object::Name(_) | Object::Dictionary(_))) => {
                let (encoding, named) = self.encoding(encoding);
                rebuilt.set("Encoding", encoding);
                fill_from_names(&mut map, named);
            }
            _ => match self.font_program(descriptor)? {
                Some(program) => {
                    if program.has(b"FontFile3") {
                        // For codes that the font program does not name.
                        rebuilt.set("Encoding", "WinAnsiEncoding");
                    }
                    rebuilt.set("FontDescriptor", program);
                }
                None if is_symbolic && widths.is_none() => {}
                None => rebuilt.set("Encoding", "WinAnsiEncoding"),
            },
        }
        if let Some((first, widths)) = widths {
            let missing = descriptor.and_then(|font| self.number(font, b"MissingWidth"));
            set_widths(&mut rebuilt, first, &widths, missing.unwrap_or(0.0));
        }
        self.set_character_map(&mut rebuilt, &map);
        Ok(rebuilt)
    }

    fn simple_widths(&self, font: &'document Dictionary) -> Option<(i64, Vec<f64>)> {
        let first = self.number(font, b"FirstChar").unwrap_or(0.0);
        let widths: Vec<f64> = self
            .array(font, b"Widths")?
            .iter()
            .take(256)
            .map(|width| number(self.source, width).unwrap_or(0.0))
            .collect();
        let is_useful = widths.iter().any(|width| *width != 0.0);
        is_useful.then(|| (to_code(first), widths))
    }

    /// A glyph of a Type 3 font is measured by the font's own matrix, not in thousandths.
    fn type3(&mut self, font: &'document Dictionary) -> Result<Dictionary, DocumentError> {
        let scale = self
            .array(font, b"FontMatrix")
            .and_then(|matrix| number(self.source, matrix.first()?))
            .map_or(1.0, |scale| scale.abs() * 1000.0);
        let mut rebuilt = dictionary! { "Type" => "Font", "Subtype" => "Type3" };
        let mut map = self.character_map(font)?;
        let (first, mut widths) = self.simple_widths(font).unwrap_or_default();
        for width in &mut widths {
            *width *= scale;
        }
        set_widths(&mut rebuilt, first, &widths, 0.0);
        let encoding = match self.value(font, b"Encoding") {
            Some(encoding @ (Object::Name(_) | Object::Dictionary(_))) => {
                let (encoding, named) = self.encoding(encoding);
                fill_from_names(&mut map, named);
                encoding
            }
            _ => Object::from("WinAnsiEncoding"),
        };
        rebuilt.set("Encoding", encoding);
        self.set_character_map(&mut rebuilt, &map);
        Ok(rebuilt)
    }

    /// The encoding with only what the library bears, and the characters of glyph names such as `uni20AC`, which it does not know.
    fn encoding(&self, encoding: &'document Object) -> (Object, CharacterMap) {
        let mut named = CharacterMap::new();
        let dictionary = match encoding {
            Object::Name(name) if KNOWN_ENCODINGS.contains(&name.as_slice()) => {
                return (encoding.clone(), named);
            }
            Object::Dictionary(dictionary) => dictionary,
            _ => return (standard_encoding(), named),
        };
        let base = match self.name(dictionary, b"BaseEncoding") {
            Some(name) if KNOWN_ENCODINGS.contains(&name) => name.to_vec(),
            _ => b"WinAnsiEncoding".to_vec(),
        };
        let mut differences = Vec::new();
        let mut code = 0_i64;
        for entry in self.array(dictionary, b"Differences").unwrap_or_default() {
            match self.source.dereference(entry) {
                Ok((_, Object::Integer(start))) => {
                    code = *start;
                    if (0..=255).contains(&code) {
                        differences.push(Object::Integer(code));
                    }
                }
                Ok((_, Object::Name(name))) => {
                    if (0..=255).contains(&code) {
                        differences.push(Object::Name(name.clone()));
                        if let (Ok(code), Some(text)) = (u32::try_from(code), unicode_of_name(name)) {
                            named.insert(code, text);
                        }
                    }
                    code = code.saturating_add(1);
                }
                _ => {}
            }
        }
        let encoding = dictionary! {
            "Type" => "Encoding",
            "BaseEncoding" => Object::Name(base),
            "Differences" => differences,
        };
        (Object::Dictionary(encoding), named)
    }

    /// A descriptor that holds just the font program whose built-in encoding is needed.
    fn font_program(&mut self, descriptor: Option<&'document Dictionary>) -> Result<Option<Dictionary>, DocumentError> {
        let Some(descriptor) = descriptor else {
            return Ok(None);
        };
        if self.programs == FontPrograms::Ignored {
            return Ok(None);
        }
        if let Some(Object::Stream(stream)) = self.value(descriptor, b"FontFile") {
            let header_length = stream.dict.get_deref(b"Length1", self.source).and_then(Object::as_i64);
            let length = usize::try_from(header_length.unwrap_or(0)).unwrap_or(0);
            let program = streams::decode(self.source, stream, self.budget)?.bytes;
            let header = program.get(..length).unwrap_or(&program);
            let is_bearable = header.len() <= LARGEST_TYPE1_HEADER && nesting(header) <= MAXIMUM_PROGRAM_NESTING;
            return Ok(is_bearable.then(|| {
                let program = Stream::new(Dictionary::new(), header.to_vec());
                dictionary! { "FontFile" => self.target.add_object(program) }
            }));
        }
        if let Some(Object::Stream(stream)) = self.value(descriptor, b"FontFile3")
            && self.name(&stream.dict, b"Subtype") == Some(b"Type1C")
        {
            let program = streams::decode(self.source, stream, self.budget)?.bytes;
            return Ok((program.len() <= LARGEST_FONT_PROGRAM).then(|| {
                let program = Stream::new(dictionary! { "Subtype" => "Type1C" }, program);
                dictionary! { "FontFile3" => self.target.add_object(program) }
            }));
        }
        Ok(None)
    }

    fn composite(&mut self, font: &'document Dictionary) -> Result<Dictionary, DocumentError> {
        let descendant = self
            .array(font, b"DescendantFonts")
            .and_then(|fonts| self.source.dereference(fonts.first()?).ok())
            .and_then(|(_, font)| font.as_dict().ok());
        let default_width = descendant.and_then(|font| self.number(font, b"DW")).unwrap_or(1000.0);
        let widths = descendant
            .and_then(|font| self.array(font, b"W"))
            .map(|widths| self.glyph_widths(widths))
            .unwrap_or_default();
        let descendant = dictionary! {
            "Type" => "Font",
            "Subtype" => "CIDFontType2",
            "FontDescriptor" => Dictionary::new(),
            "DW" => Object::Integer(to_integer(default_width)),
            "W" => widths,
        };
        let map = self.character_map(font)?;
        let mut rebuilt = dictionary! {
            "Type" => "Font",
            "Subtype" => "Type0",
            "BaseFont" => Object::Name(self.base_font(font).into_bytes()),
            "Encoding" => "Identity-H",
            "DescendantFonts" => vec![Object::Dictionary(descendant)],
        };
        self.set_character_map(&mut rebuilt, &map);
        Ok(rebuilt)
    }

    /// Writes each form of the width array as `code [width ...]`.
    fn glyph_widths(&self, entries: &'document [Object]) -> Vec<Object> {
        let resolve = |object: &'document Object| self.source.dereference(object).ok().map(|(_, object)| object);
        let mut rebuilt = Vec::new();
        let mut count = 0_usize;
        let mut rest = entries;
        while let [first, second, after @ ..] = rest {
            let Some(first) = number(self.source, first) else {
                break;
            };
            let widths: Vec<Object> = match (resolve(second), after) {
                (Some(Object::Array(widths)), _) => {
                    rest = after;
                    let width = |width| real(number(self.source, width).unwrap_or(0.0));
                    widths.iter().map(width).collect()
                }
                (Some(last), [width, after @ ..]) => {
                    rest = after;
                    let (Some(last), Some(width)) = (number(self.source, last), number(self.source, width)) else {
                        break;
                    };
                    let span = usize::try_from(to_integer(last - first)).unwrap_or(0) + 1;
                    vec![real(width); span.min(MAXIMUM_GLYPH_WIDTHS)]
                }
                _ => break,
            };
            count += widths.len();
            if count > MAXIMUM_GLYPH_WIDTHS {
                break;
            }
            rebuilt.push(Object::Integer(to_integer(first)));
            rebuilt.push(Object::Array(widths));
        }
        rebuilt
    }

    fn character_map(&mut self, font: &'document Dictionary) -> Result<CharacterMap, DocumentError> {
        match self.value(font, b"ToUnicode") {
            Some(Object::Stream(stream)) => {
                let bytes = streams::decode(self.source, stream, self.budget)?.bytes;
                Ok(cmaps::parse(&bytes))
            }
            _ => Ok(CharacterMap::new()),
        }
    }

    fn set_character_map(&mut self, font: &mut Dictionary, map: &CharacterMap) {
        if !map.is_empty() {
            let stream = Stream::new(Dictionary::new(), cmaps::write(map));
            font.set("ToUnicode", self.target.add_object(stream));
        }
    }
}

fn fill_from_names(map: &mut CharacterMap, named: CharacterMap) {
    for (code, text) in named {
        map.entry(code).or_insert(text);
    }
}

/// Sets a width for every code, because the library is slow with codes that have none, or panics.
fn set_widths(font: &mut Dictionary, first: i64, widths: &[f64], missing: f64) {
    let mut all = vec![missing; 256];
    let start = usize::try_from(first).unwrap_or(0);
    for (place, width) in all.iter_mut().skip(start).zip(widths) {
        *place = *width;
    }
    let all: Vec<Object> = all.into_iter().map(real).collect();
    font.set("FirstChar", 0);
    font.set("LastChar", 255);
    font.set("Widths", all);
}

fn nesting(program: &[u8]) -> usize {
    let mut depth = 0_usize;
    let mut deepest = 0;
    for byte in program {
        match byte {
            b'{' | b'[' | b'(' | b'<' => depth += 1,
            b'}' | b']' | b')' | b'>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

fn to_code(number: f64) -> i64 {
    to_integer(number).clamp(0, 255)
}

#[expect(clippy::cast_possible_truncation, reason = "clamped to what fits")]
fn to_integer(number: f64) -> i64 {
    number.clamp(-1.0e6, 1.0e6).round() as i64
}

#[expect(clippy::cast_possible_truncation, reason = "widths have three significant digits")]
const fn real(number: f64) -> Object {
    Object::Real(number as f32)
}
