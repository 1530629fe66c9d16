//! Words of a segment in the folded form in which labels are looked up.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A run of letters or of digits, or one of the signs `# % &`, with its place in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// Lower case, without accents; `ß` is `ss`.
    pub(crate) folded: String,
    /// Byte offset of the first character.
    pub(crate) start: usize,
    /// Byte offset behind the last character.
    pub(crate) end: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letters,
    Digits,
    Sign,
    Gap,
}

/// Splits a text into tokens. Letters and digits are parted, so that `RM60` is `rm` and `60`.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut found: Vec<Token> = Vec::new();
    let mut previous = Kind::Gap;
    for (start, character) in text.char_indices() {
        let kind = kind_of(character);
        let end = start + character.len_utf8();
        if kind == Kind::Gap {
            if !is_combining_mark(character) {
                previous = Kind::Gap;
            }
            continue;
        }
        match found.last_mut() {
            Some(token) if kind == previous && kind != Kind::Sign => {
                push_folded(&mut token.folded, character);
                token.end = end;
            }
            _ => {
                let mut folded = String::new();
                push_folded(&mut folded, character);
                found.push(Token { folded, start, end });
            }
        }
        previous = kind;
    }
    found
}

/// The folded words of a text joined by single blanks.
pub(crate) fn folded_text(text: &str) -> String {
    let words: Vec<String> = tokens(text).into_iter().map(|token| token.folded).collect();
    words.join(" ")
}

fn kind_of(character: char) -> Kind {
    if character.is_numeric() {
        Kind::Digits
    } else if character.is_alphabetic() {
        Kind::Letters
    } else if matches!(character, '#' | '%' | '&') {
        Kind::Sign
    } else {
        Kind::Gap
    }
}

fn push_folded(folded: &mut String, character: char) {
    if character.is_ascii() {
        folded.push(character.to_ascii_lowercase());
        return;
    }
    match character {
        'ß' | 'ẞ' => folded.push_str("ss"),
        'æ' | 'Æ' => folded.push_str("ae"),
        'œ' | 'Œ' => folded.push_str("oe"),
        'ø' | 'Ø' => folded.push('o'),
        'ł' | 'Ł' => folded.push('l'),
        'đ' | 'Đ' | 'ð' | 'Ð' => folded.push('d'),
        _ => {
            let plain = std::iter::once(character)
                .nfkd()
                .filter(|part| !is_combining_mark(*part));
            folded.extend(plain.flat_map(char::to_lowercase));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_folded_and_know_their_place() {
        let text = "Fälligkeit: RM60.30 N° 5 #7%";
        let folded: Vec<String> = tokens(text).into_iter().map(|token| token.folded).collect();
        assert_eq!(folded, ["falligkeit", "rm", "60", "30", "n", "5", "#", "7", "%"]);
        let places: Vec<&str> = tokens(text)
            .iter()
            .map(|token| text.get(token.start..token.end).unwrap())
            .collect();
        assert_eq!(places.first(), Some(&"Fälligkeit"));
        assert_eq!(places.get(1), Some(&"RM"));
    }

    #[test]
    fn special_letters_become_plain() {
        assert_eq!(folded_text("Straße Økern Łódź œuvre"), "strasse okern lodz oeuvre");
    }
}
