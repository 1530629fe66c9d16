//! Looks through the raw bytes of a PDF for what would exhaust memory while the library parses the file, before it does.
//!
//! The library inflates cross-reference streams and object streams without a limit, and allocates what some numbers in them say. Everything
//! else is decoded later within a budget. What this cannot see: object streams of encrypted files, for which their size is limited instead.

use super::lexer::{is_delimiter, is_white_space, unescape_name};
use super::load::broken;
use super::streams::{self, Budget};
use crate::error::DocumentError;

/// Largest width, number of columns and the like in decoding parameters and cross-reference streams.
const LARGEST_PARAMETER: u64 = 1_000_000;
/// Parameters that the library allocates by.
const ALLOCATING_PARAMETERS: [&[u8]; 3] = [b"Columns", b"Colors", b"BitsPerComponent"];
/// Longest dictionary of an image that is recognised as such.
const IMAGE_DICTIONARY_BYTES: usize = 4096;
/// How often data that inflates to compressed data again is followed.
const MAXIMUM_NESTED_COMPRESSION: usize = 4;
/// Largest compressed object stream of an encrypted file: deflate expands at most about 1,030 times.
const LARGEST_ENCRYPTED_OBJECT_STREAM: usize = 256 * 1024;

/// Checks the whole file.
pub(super) fn check(bytes: &[u8], budget: &mut Budget) -> Result<(), DocumentError> {
    check_parameters(bytes)?;
    let is_encrypted = contains(bytes, b"/Encrypt");
    let mut previous_end = 0;
    for start in stream_starts(bytes) {
        let before = bytes.get(previous_end..start).unwrap_or_default();
        let data = bytes.get(start..).unwrap_or_default();
        previous_end = start;
        if is_encrypted {
            check_encrypted(before, data)?;
        } else if !is_image(before) {
            peel(data, budget)?;
        }
    }
    Ok(())
}

/// Positions of the data behind each `stream` keyword.
fn stream_starts(bytes: &[u8]) -> impl Iterator<Item = usize> {
    bytes
        .windows(6)
        .enumerate()
        .filter(|(_, window)| *window == b"stream")
        .filter_map(|(position, _)| {
            // The keyword may be followed by blanks; `endstream` is no start of data.
            if position >= 3 && bytes.get(position - 3..position) == Some(b"end") {
                return None;
            }
            let mut start = position + 6;
            while bytes.get(start).is_some_and(|byte| is_white_space(*byte)) {
                start += 1;
            }
            Some(start)
        })
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

/// Whether the dictionary before the data is for certain the one of an image, which nothing inflates while loading. Strings and comments,
/// in which keywords could hide, make it uncertain.
fn is_image(before: &[u8]) -> bool {
    let start = before.len().saturating_sub(IMAGE_DICTIONARY_BYTES);
    let near = before.get(start..).unwrap_or_default();
    let Some(object) = near.windows(4).rposition(|window| window == b" obj") else {
        return false;
    };
    let dictionary = unescape_name(near.get(object..).unwrap_or_default());
    contains(&dictionary, b"/Image")
        && !contains(&dictionary, b"ObjStm")
        && !contains(&dictionary, b"XRef")
        && !dictionary.contains(&b'%')
        && !dictionary.contains(&b'(')
        && !dictionary.contains(&b')')
}

/// Inflates data that looks compressed, again and again, within the budget.
fn peel(data: &[u8], budget: &mut Budget) -> Result<(), DocumentError> {
    let mut layer = match inflate_if_compressed(data, budget)? {
        Some(plain) => plain,
        None => return Ok(()),
    };
    for _ in 0..MAXIMUM_NESTED_COMPRESSION {
        match inflate_if_compressed(&layer, budget)? {
            Some(plain) => layer = plain,
            None => break,
        }
    }
    Ok(())
}

fn inflate_if_compressed(data: &[u8], budget: &mut Budget) -> Result<Option<Vec<u8>>, DocumentError> {
    let Some([first, second]) = data.first_chunk::<2>() else {
        return Ok(None);
    };
    let is_zlib = first & 0x0f == 8 && (u16::from(*first) << 8 | u16::from(*second)).is_multiple_of(31);
    // LZW data begins with the code that clears the table.
    let is_lzw = *first == 0x80 && second & 0x80 == 0;
    if is_zlib {
        streams::inflate(data, budget).map(Some)
    } else if is_lzw {
        streams::decode_lzw(data, true, budget).map(Some)
    } else {
        Ok(None)
    }
}

fn check_encrypted(before: &[u8], data: &[u8]) -> Result<(), DocumentError> {
    let dictionary = unescape_name(before);
    if !contains(&dictionary, b"ObjStm") && !contains(&dictionary, b"XRef") {
        return Ok(());
    }
    let length = data
        .windows(9)
        .position(|window| window == b"endstream")
        .unwrap_or(data.len());
    let filters = dictionary.windows(6).filter(|window| *window == b"Decode").count();
    // `DecodeParms` contains the word once more.
    if length > LARGEST_ENCRYPTED_OBJECT_STREAM || filters > 8 {
        return Err(broken("an object stream of the encrypted file is too large"));
    }
    Ok(())
}

/// Refuses numbers that the library would allocate by, wherever they stand.
fn check_parameters(bytes: &[u8]) -> Result<(), DocumentError> {
    for (position, byte) in bytes.iter().enumerate() {
        if *byte != b'/' {
            continue;
        }
        let rest = bytes.get(position + 1..).unwrap_or_default();
        let end = rest
            .iter()
            .take(64)
            .position(|byte| is_white_space(*byte) || is_delimiter(*byte));
        let Some((name, after)) = end.and_then(|end| rest.split_at_checked(end)) else {
            continue;
        };
        let name = unescape_name(name);
        if name == b"W" {
            check_field_widths(after)?;
        } else if ALLOCATING_PARAMETERS.contains(&name.as_slice()) {
            check_parameter(leading_integers(after, 1).first().copied())?;
        }
    }
    Ok(())
}

/// The widths of a cross-reference stream are three integers in an array; three zeros would make its entries endless.
fn check_field_widths(after: &[u8]) -> Result<(), DocumentError> {
    let trimmed = trim_white_space(after);
    let Some(inside) = trimmed.strip_prefix(b"[") else {
        return Ok(());
    };
    let widths = leading_integers(inside, 3);
    for width in &widths {
        check_parameter(Some(*width))?;
    }
    if widths.len() == 3 && widths.iter().all(|width| *width == 0) {
        return Err(broken("a cross-reference stream has entries without size"));
    }
    Ok(())
}

fn check_parameter(value: Option<u64>) -> Result<(), DocumentError> {
    match value {
        Some(value) if value > LARGEST_PARAMETER => Err(broken("a decoding parameter is far too large")),
        _ => Ok(()),
    }
}

fn trim_white_space(bytes: &[u8]) -> &[u8] {
    let start = bytes
        .iter()
        .position(|byte| !is_white_space(*byte))
        .unwrap_or(bytes.len());
    bytes.get(start..).unwrap_or_default()
}

fn leading_integers(bytes: &[u8], most: usize) -> Vec<u64> {
    let mut numbers = Vec::new();
    let mut rest = trim_white_space(bytes);
    while numbers.len() < most {
        let rest_unsigned = rest.strip_prefix(b"+").unwrap_or(rest);
        let length = rest_unsigned.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let Some((digits, after)) = rest_unsigned.split_at_checked(length) else {
            break;
        };
        if digits.is_empty() {
            break;
        }
        let value = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
        numbers.push(value.unwrap_or(u64::MAX));
        rest = trim_white_space(after);
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use std::time::{Duration, Instant};

    fn outcome(bytes: &[u8]) -> Result<(), DocumentError> {
        let limits = Limits {
            inflated_bytes: 1 << 20,
            ..Limits::default()
        };
        let mut budget = Budget::new(&limits, Instant::now() + Duration::from_secs(20));
        check(bytes, &mut budget)
    }

    fn zeros(count: usize) -> Vec<u8> {
        use std::io::Write;
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(&vec![0; count]).unwrap();
        encoder.finish().unwrap()
    }

    fn stream(dictionary: &str, data: &[u8]) -> Vec<u8> {
        let mut file = format!("5 0 obj\n<<{dictionary}>>\nstream\n").into_bytes();
        file.extend_from_slice(data);
        file.extend_from_slice(b"\nendstream\nendobj");
        file
    }

    #[test]
    fn compressed_bombs_are_refused_and_images_left_alone() {
        let bomb = zeros(4 << 20);
        let objects = stream("/Type /ObjStm /Filter /FlateDecode", &bomb);
        assert_eq!(outcome(&objects).unwrap_err().code(), "too_large");
        let hidden = stream("/Type /Obj#53tm /X (5 0 obj) /Subtype /Image", &bomb);
        assert_eq!(outcome(&hidden).unwrap_err().code(), "too_large");
        let image = stream("/Subtype /Image /Filter /FlateDecode", &bomb);
        assert_eq!(outcome(&image), Ok(()));
        assert_eq!(outcome(&stream("/Type /ObjStm", &zeros(1000))), Ok(()));
    }

    #[test]
    fn numbers_that_would_be_allocated_are_refused() {
        for text in [
            "/W [1 99999999999 2]",
            "/W[0 0 0]",
            "/#57 [ 88888888888888888888 1 1 ]",
            "/Columns 4000000000",
        ] {
            assert_eq!(outcome(text.as_bytes()).unwrap_err().code(), "broken", "{text}");
        }
        for text in ["/W [1 2 1]", "/W [0 [500 600] 65535 65535 1000]", "/Columns 5"] {
            assert_eq!(outcome(text.as_bytes()), Ok(()), "{text}");
        }
    }
}
