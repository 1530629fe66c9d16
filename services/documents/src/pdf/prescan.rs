//! Looks through the raw bytes of a PDF for what would exhaust memory while the library parses the file, before it does.
//!
//! While loading, the library inflates cross-reference streams without a limit, keeps every value as an object of some hundred bytes, and
//! allocates what some numbers say. All other streams are decoded later, within a budget. A stream whose dictionary cannot be that of a
//! cross-reference stream is skipped; where that is not certain, all decodings are tried.

use super::lexer::{is_delimiter, is_white_space, unescape_name};
use super::load::broken;
use super::streams::{self, Budget};
use crate::error::DocumentError;

/// Largest width, number of columns and the like in decoding parameters and cross-reference streams.
const LARGEST_PARAMETER: u64 = 1_000_000;
/// Parameters that the library allocates by.
const ALLOCATING_PARAMETERS: [&[u8]; 3] = [b"Columns", b"Colors", b"BitsPerComponent"];
/// Values in the file; a file of 1,000 pages has some 200,000.
const MAXIMUM_VALUES: usize = 4_000_000;
/// Longest dictionary of a stream that is understood here.
const DICTIONARY_BYTES: usize = 4096;
/// How often data that inflates to compressed data again is followed.
const MAXIMUM_LAYERS: usize = 4;
/// The entry that the dictionary of a cross-reference stream must have.
const REQUIRED_ENTRY: &[u8] = b"Size";

/// Checks the whole file; `budget` is for what is inflated while loading.
pub(super) fn check(bytes: &[u8], budget: &mut Budget) -> Result<(), DocumentError> {
    check_parameters(bytes)?;
    if count_values(bytes) > MAXIMUM_VALUES {
        return Err(broken(format!("it has more than {MAXIMUM_VALUES} values")));
    }
    let mut previous_start = 0;
    for start in stream_starts(bytes) {
        let before = bytes.get(previous_start..start).unwrap_or_default();
        let data = bytes.get(start..).unwrap_or_default();
        previous_start = start;
        budget.check_time()?;
        let decodings = possible_decodings(before);
        peel(data, decodings, MAXIMUM_LAYERS, budget)?;
    }
    Ok(())
}

/// Positions of the data behind each `stream` keyword, exactly as the library finds them.
fn stream_starts(bytes: &[u8]) -> impl Iterator<Item = usize> {
    bytes
        .windows(6)
        .enumerate()
        .filter(|(_, window)| *window == b"stream")
        .filter_map(|(position, _)| {
            let after = bytes.get(position + 6..)?;
            let blanks = after.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
            let end_of_line = match after.get(blanks..)? {
                [b'\r', b'\n', ..] => 2,
                [b'\r' | b'\n', ..] => 1,
                _ => return None,
            };
            Some(position + 6 + blanks + end_of_line)
        })
        .filter(|start| {
            // `endstream` is no start of data.
            let line = bytes.get(..*start).unwrap_or_default().trim_ascii_end();
            !line.ends_with(b"endstream")
        })
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

/// Decodings that the library may apply to a stream while loading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Decodings {
    flate: bool,
    lzw: bool,
    ascii85: bool,
}

/// Judges by the dictionary before the data. Strings and comments, in which keywords could hide, make everything possible.
fn possible_decodings(before: &[u8]) -> Decodings {
    let near = before
        .get(before.len().saturating_sub(DICTIONARY_BYTES)..)
        .unwrap_or_default();
    let object = near.windows(4).rposition(|window| window == b" obj");
    let dictionary = object.and_then(|object| near.get(object..)).map(unescape_name);
    match dictionary {
        Some(dictionary) if !dictionary.iter().any(|byte| matches!(byte, b'(' | b')' | b'%')) => {
            let is_loaded = contains(&dictionary, REQUIRED_ENTRY);
            Decodings {
                flate: is_loaded && contains(&dictionary, b"FlateDecode"),
                lzw: is_loaded && contains(&dictionary, b"LZWDecode"),
                ascii85: is_loaded && contains(&dictionary, b"ASCII85Decode"),
            }
        }
        _ => Decodings {
            flate: true,
            lzw: true,
            ascii85: true,
        },
    }
}

/// Undoes each possible decoding, again and again, within the budget.
fn peel(data: &[u8], decodings: Decodings, layers: usize, budget: &mut Budget) -> Result<(), DocumentError> {
    if layers == 0 {
        return Ok(());
    }
    if decodings.flate {
        let plain = streams::inflate(data, budget)?;
        peel(&plain, decodings, layers - 1, budget)?;
    }
    if decodings.lzw {
        let plain = streams::decode_lzw(data, true, budget)?;
        peel(&plain, decodings, layers - 1, budget)?;
    }
    if decodings.ascii85 {
        let plain = streams::decode_ascii85(data);
        budget.spend(plain.len())?;
        peel(&plain, decodings, layers - 1, budget)?;
    }
    Ok(())
}

/// How many values the bytes may hold: the beginnings of words and the opening delimiters.
pub(super) fn count_values(bytes: &[u8]) -> usize {
    let mut values = 0_usize;
    let mut is_inside_word = false;
    for byte in bytes {
        let is_separator = is_white_space(*byte) || is_delimiter(*byte);
        let begins_value = matches!(byte, b'[' | b'(' | b'<' | b'/');
        if begins_value || (!is_separator && !is_inside_word) {
            values += 1;
        }
        is_inside_word = !is_separator;
    }
    values
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
        let objects = stream("/Type /XRef /Size 5 /Filter /FlateDecode", &bomb);
        assert_eq!(outcome(&objects).unwrap_err().code(), "too_large");
        let hidden = stream("/#53ize 5 /X (5 0 obj) /Subtype /Image", &bomb);
        assert_eq!(outcome(&hidden).unwrap_err().code(), "too_large");
        let image = stream("/Subtype /Image /Filter /FlateDecode", &bomb);
        assert_eq!(outcome(&image), Ok(()));
        let content = stream("/Length 5 0 R /Filter /FlateDecode", &bomb);
        assert_eq!(outcome(&content), Ok(()));
        let small = stream("/Type /XRef /Size 5 /Filter /FlateDecode", &zeros(1000));
        assert_eq!(outcome(&small), Ok(()));
        let mut headless = stream("/Size 4 /Filter /FlateDecode", &bomb);
        let header = headless.windows(2).position(|pair| pair == bomb[..2].as_ref()).unwrap();
        headless[header] = 0;
        assert_eq!(outcome(&headless).unwrap_err().code(), "too_large");
    }

    #[test]
    fn values_are_counted_before_they_are_kept() {
        let values = count_values(b"<</A[1 2(x)]>>");
        assert!((7..=12).contains(&values), "{values}");
        for value in [b"1 ".as_slice(), b"[", b"/a", b"()"] {
            let error = outcome(&value.repeat(MAXIMUM_VALUES + 1)).unwrap_err();
            assert!(error.to_string().contains("values"), "{error}");
        }
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
