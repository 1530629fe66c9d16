//! Plain text: which characters the bytes stand for, and how its lines become a page.

use crate::document::{Document, Line, Page, Word};
use crate::error::{DocumentError, LimitedAmount};
use crate::limits::Limits;
use crate::media::MediaType;

/// How the characters of a text were encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextEncoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16, little end first.
    Utf16LittleEndian,
    /// UTF-16, big end first.
    Utf16BigEndian,
    /// Windows-1252, the superset of ISO 8859-1 (Latin-1) that the WHATWG encoding standard reads for both labels.
    Windows1252,
}

/// Text with the encoding that it was read in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodedText {
    /// The characters, without a byte order mark.
    pub text: String,
    /// How they were encoded.
    pub encoding: TextEncoding,
}

/// Bytes looked at to tell UTF-16 without a byte order mark from binary data.
const ENCODING_SAMPLE_BYTES: usize = 4096;

/// Windows-1252 for 0x80 to 0x9F; unassigned bytes stand for the control character of their number.
const WINDOWS_1252_UPPER_CONTROLS: [char; 32] = [
    '\u{20ac}', '\u{81}', '\u{201a}', '\u{192}', '\u{201e}', '\u{2026}', '\u{2020}', '\u{2021}', '\u{2c6}', '\u{2030}',
    '\u{160}', '\u{2039}', '\u{152}', '\u{8d}', '\u{17d}', '\u{8f}', '\u{90}', '\u{2018}', '\u{2019}', '\u{201c}',
    '\u{201d}', '\u{2022}', '\u{2013}', '\u{2014}', '\u{2dc}', '\u{2122}', '\u{161}', '\u{203a}', '\u{153}', '\u{9d}',
    '\u{17e}', '\u{178}',
];

/// Decodes text by this rule, the first that fits: a byte order mark decides; valid UTF-8 is UTF-8; every other byte zero in most places
/// is UTF-16; bytes without a zero and with hardly any control characters are Windows-1252. `None` means that the bytes are no text.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<DecodedText> {
    if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        return decode_utf8(rest);
    }
    if let Some(rest) = bytes.strip_prefix(b"\xff\xfe") {
        return decode_utf16(rest, TextEncoding::Utf16LittleEndian);
    }
    if let Some(rest) = bytes.strip_prefix(b"\xfe\xff") {
        return decode_utf16(rest, TextEncoding::Utf16BigEndian);
    }
    if let Some(encoding) = guess_utf16(bytes) {
        return decode_utf16(bytes, encoding);
    }
    decode_utf8(bytes).or_else(|| decode_windows_1252(bytes))
}

fn decode_utf8(bytes: &[u8]) -> Option<DecodedText> {
    let text = std::str::from_utf8(bytes).ok()?;
    is_printable(text).then(|| DecodedText {
        text: text.to_owned(),
        encoding: TextEncoding::Utf8,
    })
}

fn decode_utf16(bytes: &[u8], encoding: TextEncoding) -> Option<DecodedText> {
    if !bytes.len().is_multiple_of(2) {
        return None;
    }
    let units = bytes.as_chunks::<2>().0.iter().map(|pair| match encoding {
        TextEncoding::Utf16BigEndian => u16::from_be_bytes(*pair),
        _ => u16::from_le_bytes(*pair),
    });
    let text: String = char::decode_utf16(units).collect::<Result<_, _>>().ok()?;
    is_printable(&text).then_some(DecodedText { text, encoding })
}

fn decode_windows_1252(bytes: &[u8]) -> Option<DecodedText> {
    let text: String = bytes
        .iter()
        .map(|&byte| match byte {
            0x80..=0x9f => WINDOWS_1252_UPPER_CONTROLS
                .get(usize::from(byte - 0x80))
                .copied()
                .unwrap_or(char::REPLACEMENT_CHARACTER),
            _ => char::from(byte),
        })
        .collect();
    is_printable(&text).then_some(DecodedText {
        text,
        encoding: TextEncoding::Windows1252,
    })
}

fn guess_utf16(bytes: &[u8]) -> Option<TextEncoding> {
    let sample = bytes.get(..ENCODING_SAMPLE_BYTES).unwrap_or(bytes);
    let pairs = sample.as_chunks::<2>().0;
    if pairs.len() < 2 {
        return None;
    }
    let zeros = |position: usize| pairs.iter().filter(|pair| pair.get(position) == Some(&0)).count();
    let (first, second) = (zeros(0), zeros(1));
    // Text of European languages has a zero in nearly every high byte and none in the low ones.
    if second * 10 >= pairs.len() * 7 && first == 0 {
        Some(TextEncoding::Utf16LittleEndian)
    } else if first * 10 >= pairs.len() * 7 && second == 0 {
        Some(TextEncoding::Utf16BigEndian)
    } else {
        None
    }
}

/// No zero, and at most one control character in a hundred besides white space and form feed.
fn is_printable(text: &str) -> bool {
    let mut controls = 0_usize;
    let mut characters = 0_usize;
    for character in text.chars() {
        characters += 1;
        if character == '\0' {
            return false;
        }
        if character.is_control() && !matches!(character, '\t' | '\n' | '\r' | '\u{c}') {
            controls += 1;
        }
    }
    controls * 100 <= characters
}

/// Makes one page without size of a plain text: a line of the text is a row, and columns separated by two or more blanks or a tab are its segments.
///
/// # Errors
/// `TooLarge` when the text has more characters than the limit.
pub fn document_from_text(text: &str, limits: &Limits) -> Result<Document, DocumentError> {
    let characters = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
    DocumentError::check(LimitedAmount::Characters, characters, limits.characters)?;
    let mut lines = Vec::new();
    let mut row = 0_u32;
    for text_line in text.lines() {
        let mut has_words = false;
        for column in split_columns(text_line) {
            let words = words_of(&column);
            if !words.is_empty() {
                has_words = true;
                lines.push(Line { words, row });
            }
        }
        if has_words {
            row = row.saturating_add(1);
        }
    }
    Ok(Document {
        pages: vec![Page {
            width: 0.0,
            height: 0.0,
            lines,
        }],
        invoice_xml: None,
    })
}

/// Decodes and lays out a plain text file.
///
/// # Errors
/// `Broken` when the bytes are no text, `TooLarge` when there are too many characters.
pub fn read_text(bytes: &[u8], limits: &Limits) -> Result<(Document, TextEncoding), DocumentError> {
    let decoded = decode(bytes).ok_or_else(|| DocumentError::broken(MediaType::PlainText, "the bytes are not text"))?;
    let document = document_from_text(&decoded.text, limits)?;
    Ok((document, decoded.encoding))
}

fn split_columns(line: &str) -> Vec<String> {
    let mut columns = vec![String::new()];
    let mut blanks = 0_usize;
    for character in line.chars() {
        if character.is_whitespace() {
            blanks += if character == '\t' { 2 } else { 1 };
            continue;
        }
        if blanks >= 2 {
            columns.push(String::new());
        }
        if let Some(column) = columns.last_mut() {
            if blanks == 1 {
                column.push(' ');
            }
            column.push(character);
        }
        blanks = 0;
    }
    columns
}

fn words_of(text: &str) -> Vec<Word> {
    text.split_whitespace()
        .map(|word| Word {
            text: word.to_owned(),
            bounds: None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_become_segments_of_one_row() {
        let document =
            document_from_text("  Shop  Ltd\n\nTOTAL     RM 53.20\nQty\tPrice\n", &Limits::default()).unwrap();
        let page = &document.pages[0];
        let segments: Vec<(u32, String)> = page.lines.iter().map(|line| (line.row, line.text())).collect();
        let expected = [
            (0, "Shop"),
            (0, "Ltd"),
            (1, "TOTAL"),
            (1, "RM 53.20"),
            (2, "Qty"),
            (2, "Price"),
        ];
        assert_eq!(segments, expected.map(|(row, text)| (row, text.to_owned())));
        assert_eq!(document.text(), "Shop  Ltd\nTOTAL  RM 53.20\nQty  Price");
    }

    #[test]
    fn encodings_follow_the_rule() {
        let decoded = |bytes: &[u8]| decode(bytes).unwrap();
        assert_eq!(decoded("Grüße €".as_bytes()).encoding, TextEncoding::Utf8);
        assert_eq!(decoded(b"\xef\xbb\xbfabc").text, "abc");
        let latin = decoded(b"Gr\xfc\xdfe 5 \x80");
        assert_eq!(latin.text, "Grüße 5 €");
        assert_eq!(latin.encoding, TextEncoding::Windows1252);
        let little: Vec<u8> = "Größe 12".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decoded(&little).text, "Größe 12");
        assert_eq!(decoded(&little).encoding, TextEncoding::Utf16LittleEndian);
        let big: Vec<u8> = "\u{feff}Größe".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(decoded(&big).text, "Größe");
        assert_eq!(decode(&[0x89, 0, 1, 2, 3]), None);
        assert_eq!(decode(&[1, 2, 3, 4, 5, 0xff]), None);
    }

    #[test]
    fn too_many_characters_are_refused_with_both_numbers() {
        let limits = Limits {
            characters: 3,
            ..Limits::default()
        };
        let error = document_from_text("12345", &limits).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the file has 5 characters of text, at most 3 are read: split the file or raise the limit"
        );
    }
}
