//! Tokens of content streams and character maps, read from untrusted bytes in one pass without recursion.

/// One token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// An integer or real number.
    Number(f64),
    /// A literal or hexadecimal string, unescaped.
    String(Vec<u8>),
    /// A name without its slash.
    Name(Vec<u8>),
    /// `[` or `<<`.
    Open,
    /// `]` or `>>`.
    Close,
    /// Anything else: an operator or keyword.
    Operator(Vec<u8>),
}

/// Reads tokens; garbage is skipped byte by byte, so that the iterator always ends.
#[derive(Debug)]
pub(super) struct Lexer<'bytes> {
    bytes: &'bytes [u8],
    position: usize,
}

/// Longest number that is parsed; longer runs of digits are no number.
const MAXIMUM_NUMBER_LENGTH: usize = 64;

impl<'bytes> Lexer<'bytes> {
    pub(super) const fn new(bytes: &'bytes [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    /// Moves behind an inline image, whose data is no tokens: to the `EI` that stands alone between white space.
    pub(super) fn skip_inline_image(&mut self) {
        let rest = self.rest();
        let end = rest.windows(4).position(|window| {
            let [before, first, second, after] = window else {
                return false;
            };
            is_white_space(*before)
                && (*first, *second) == (b'E', b'I')
                && (is_white_space(*after) || is_delimiter(*after))
        });
        self.position = match end {
            Some(end) => self.position + end + 3,
            None => self.bytes.len(),
        };
    }

    fn rest(&self) -> &'bytes [u8] {
        self.bytes.get(self.position..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.position).copied()
    }

    fn next_byte(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.position += 1;
        Some(byte)
    }

    fn skip_white_space_and_comments(&mut self) {
        while let Some(byte) = self.peek() {
            if byte == b'%' {
                while self.peek().is_some_and(|byte| !matches!(byte, b'\r' | b'\n')) {
                    self.position += 1;
                }
            } else if is_white_space(byte) {
                self.position += 1;
            } else {
                return;
            }
        }
    }

    fn take_regular(&mut self) -> &'bytes [u8] {
        let rest = self.rest();
        let length = rest
            .iter()
            .position(|byte| is_white_space(*byte) || is_delimiter(*byte))
            .unwrap_or(rest.len());
        self.position += length;
        rest.get(..length).unwrap_or_default()
    }

    fn literal_string(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        let mut depth = 1_usize;
        while let Some(byte) = self.next_byte() {
            match byte {
                b'(' => depth += 1,
                b')' => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                }
                b'\\' => {
                    if let Some(escaped) = self.escape_sequence() {
                        text.push(escaped);
                    }
                    continue;
                }
                _ => {}
            }
            text.push(byte);
        }
        text
    }

    fn escape_sequence(&mut self) -> Option<u8> {
        match self.next_byte()? {
            b'n' => Some(b'\n'),
            b'r' => Some(b'\r'),
            b't' => Some(b'\t'),
            b'b' => Some(8),
            b'f' => Some(12),
            b'\n' => None,
            b'\r' => {
                if self.peek() == Some(b'\n') {
                    self.position += 1;
                }
                None
            }
            digit @ b'0'..=b'7' => {
                let mut value = u32::from(digit - b'0');
                for _ in 0..2 {
                    match self.peek() {
                        Some(next @ b'0'..=b'7') => {
                            value = value * 8 + u32::from(next - b'0');
                            self.position += 1;
                        }
                        _ => break,
                    }
                }
                u8::try_from(value & 0xff).ok()
            }
            other => Some(other),
        }
    }

    fn hexadecimal_string(&mut self) -> Vec<u8> {
        let mut digits = Vec::new();
        while let Some(byte) = self.next_byte() {
            if byte == b'>' {
                break;
            }
            if let Some(digit) = char::from(byte).to_digit(16) {
                digits.push(u8::try_from(digit).unwrap_or_default());
            }
        }
        digits
            .chunks(2)
            .map(|pair| match pair {
                [high, low] => high << 4 | low,
                [high] => high << 4,
                _ => 0,
            })
            .collect()
    }

    fn name(&mut self) -> Vec<u8> {
        unescape_name(self.take_regular())
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            self.skip_white_space_and_comments();
            let byte = self.peek()?;
            if !is_delimiter(byte) {
                return Some(number_or_operator(self.take_regular()));
            }
            self.position += 1;
            match byte {
                b'(' => return Some(Token::String(self.literal_string())),
                b'/' => return Some(Token::Name(self.name())),
                b'[' => return Some(Token::Open),
                b']' => return Some(Token::Close),
                b'<' if self.peek() == Some(b'<') => {
                    self.position += 1;
                    return Some(Token::Open);
                }
                b'<' => return Some(Token::String(self.hexadecimal_string())),
                b'>' if self.peek() == Some(b'>') => {
                    self.position += 1;
                    return Some(Token::Close);
                }
                _ => {}
            }
        }
    }
}

fn number_or_operator(word: &[u8]) -> Token {
    parse_number(word).map_or_else(|| Token::Operator(word.to_vec()), Token::Number)
}

fn parse_number(word: &[u8]) -> Option<f64> {
    let first = *word.first()?;
    if word.len() > MAXIMUM_NUMBER_LENGTH || !(first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.')) {
        return None;
    }
    let text = std::str::from_utf8(word).ok()?;
    if let Ok(number) = text.parse::<f64>() {
        return number.is_finite().then_some(number);
    }
    // Some producers write `--5` or `1.-2`; other readers take the leading part as they do here.
    let negative = text.starts_with('-');
    let digits = text.trim_start_matches(['-', '+']);
    let end = digits
        .find(|character: char| !character.is_ascii_digit() && character != '.')
        .unwrap_or(digits.len());
    let number: f64 = digits.get(..end)?.parse().ok()?;
    Some(if negative { -number } else { number })
}

/// Replaces `#xx` in a name by the byte that it stands for.
pub(super) fn unescape_name(name: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((&byte, after)) = rest.split_first() {
        let digit = |position: usize| after.get(position).and_then(|&byte| char::from(byte).to_digit(16));
        match (byte, digit(0), digit(1)) {
            (b'#', Some(high), Some(low)) => {
                plain.push(u8::try_from(high * 16 + low).unwrap_or_default());
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                plain.push(byte);
                rest = after;
            }
        }
    }
    plain
}

pub(super) const fn is_white_space(byte: u8) -> bool {
    matches!(byte, 0 | 9 | 10 | 12 | 13 | 32)
}

pub(super) const fn is_delimiter(byte: u8) -> bool {
    matches!(
        byte,
        b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn operator(name: &str) -> Token {
        Token::Operator(name.as_bytes().to_vec())
    }

    #[test]
    fn tokens_of_a_content_stream() {
        let content = b"q 1 0 -.5 --2 rm % note\n[(a\\(b\\051\\\n) -120 <4 1 4>] TJ /F#31 12 Tf T*";
        let tokens: Vec<Token> = Lexer::new(content).collect();
        let expected = vec![
            operator("q"),
            Token::Number(1.0),
            Token::Number(0.0),
            Token::Number(-0.5),
            Token::Number(-2.0),
            operator("rm"),
            Token::Open,
            Token::String(b"a(b)".to_vec()),
            Token::Number(-120.0),
            Token::String(b"A@".to_vec()),
            Token::Close,
            operator("TJ"),
            Token::Name(b"F1".to_vec()),
            Token::Number(12.0),
            operator("Tf"),
            operator("T*"),
        ];
        assert_eq!(tokens, expected);
    }

    #[test]
    fn an_inline_image_is_skipped() {
        let mut lexer = Lexer::new(b"BI /W 2 ID \x01 (EI never ends \nEI Q");
        let before: Vec<Token> = lexer.by_ref().take(4).collect();
        assert_eq!(before.last(), Some(&operator("ID")));
        lexer.skip_inline_image();
        assert_eq!(lexer.collect::<Vec<_>>(), [operator("Q")]);
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            prop_assert!(Lexer::new(&bytes).count() <= bytes.len());
        }
    }
}
