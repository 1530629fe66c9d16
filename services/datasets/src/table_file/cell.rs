//! One cell of a row, whatever the format it was read from.

/// What a row says in one column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cell<'a> {
    /// Nothing: the column is not there, the cell is empty, or it is null.
    Missing,
    /// A whole number, or text that is exactly how one is written.
    Integer(i64),
    /// Bytes that should be text; whoever keeps them checks that.
    Text(&'a [u8]),
    /// Another number.
    Number(f64),
    /// True or false.
    Boolean(bool),
}

/// So many digits never overflow.
const SAFE_DIGITS: usize = 18;

/// The number that is written exactly like this: no plus, no leading zeros, no `-0`, within 64 bits.
#[inline]
pub(crate) fn canonical_integer(bytes: &[u8]) -> Option<i64> {
    let (negative, digits) = match bytes {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    match digits {
        [] => return None,
        [b'0'] => return (!negative).then_some(0),
        [b'0', ..] => return None,
        _ if digits.len() > SAFE_DIGITS + 1 || !digits.iter().all(u8::is_ascii_digit) => return None,
        _ if digits.len() > SAFE_DIGITS => return str::from_utf8(bytes).ok()?.parse().ok(),
        _ => {}
    }
    let number = digits
        .iter()
        .fold(0_i64, |number, digit| number * 10 + i64::from(digit - b'0'));
    Some(if negative { -number } else { number })
}

impl Cell<'_> {
    /// As a number, when it is one and finite.
    pub(crate) fn number(&self) -> Option<f64> {
        let number = match self {
            Self::Integer(number) => *number as f64,
            Self::Number(number) => *number,
            Self::Text(bytes) => str::from_utf8(bytes).ok()?.trim().parse().ok()?,
            Self::Missing | Self::Boolean(_) => return None,
        };
        number.is_finite().then_some(number)
    }

    /// As true or false: 1 and 0 in any type, or the words.
    pub(crate) fn flag(&self) -> Option<bool> {
        match self {
            Self::Boolean(flag) => Some(*flag),
            Self::Text(bytes) if bytes.eq_ignore_ascii_case(b"true") => Some(true),
            Self::Text(bytes) if bytes.eq_ignore_ascii_case(b"false") => Some(false),
            other => match other.number() {
                Some(1.0) => Some(true),
                Some(0.0) => Some(false),
                _ => None,
            },
        }
    }

    /// How it reads in a message, shortened.
    pub(crate) fn shown(&self) -> String {
        const LONGEST: usize = 40;
        let text = match self {
            Self::Missing => String::new(),
            Self::Integer(number) => number.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Boolean(flag) => flag.to_string(),
            Self::Text(bytes) => {
                let start = bytes.get(..LONGEST * 4).unwrap_or(bytes);
                String::from_utf8_lossy(start).into_owned()
            }
        };
        match text.char_indices().nth(LONGEST) {
            None => text,
            Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_would_be_written_so_is_an_integer() {
        for (text, expected) in [
            ("0", Some(0)),
            ("7", Some(7)),
            ("-12", Some(-12)),
            ("123456789012345678", Some(123_456_789_012_345_678)),
            ("1234567890123456789", Some(1_234_567_890_123_456_789)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("12345678901234567890", None),
            ("", None),
            ("-", None),
            ("-0", None),
            ("007", None),
            ("+1", None),
            ("1.0", None),
            ("1e3", None),
        ] {
            assert_eq!(canonical_integer(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn cells_are_numbers_and_flags_where_they_can_be() {
        assert_eq!(Cell::Text(b" 0.25 ").number(), Some(0.25));
        assert_eq!(Cell::Text(b"NaN").number(), None);
        assert_eq!(Cell::Text(b"inf").number(), None);
        assert_eq!(Cell::Boolean(true).number(), None);
        for (cell, expected) in [
            (Cell::Integer(1), Some(true)),
            (Cell::Number(0.0), Some(false)),
            (Cell::Text(b"True"), Some(true)),
            (Cell::Text(b"0"), Some(false)),
            (Cell::Text(b"yes"), None),
            (Cell::Integer(2), None),
            (Cell::Missing, None),
        ] {
            assert_eq!(cell.flag(), expected, "{cell:?}");
        }
        assert_eq!(Cell::Text("é".repeat(60).as_bytes()).shown().chars().count(), 41);
    }
}
