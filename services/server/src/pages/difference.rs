//! Where one text differs from another, word by word, with long stretches that are the same folded away.

use accord_domain::normalise::fold::{fold, words};
use accord_domain::{Comparison, Field};
use serde::Serialize;
use similar::{Algorithm, DiffOp, capture_diff_slices};
use unicode_segmentation::UnicodeSegmentation;

use crate::pages::numbers::count;

/// The most characters of a text that are compared and shown.
const MAXIMUM_CHARACTERS: usize = 20_000;

/// The most words of a text that are compared and shown.
const MAXIMUM_WORDS: usize = 1_500;

/// How many words that are the same stay in sight on either side of what is folded away.
const WORDS_IN_SIGHT: usize = 15;

/// The fewest words that are worth folding away.
const FEWEST_FOLDED: usize = 20;

/// A part of a text beside another text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Piece {
    /// In both.
    Same {
        /// As this text has it.
        text: String,
    },
    /// In both, and out of sight until it is asked for.
    Folded {
        /// As this text has it.
        text: String,
        /// How many words.
        words: usize,
    },
    /// In the other text only.
    Missing {
        /// As the other text has it.
        text: String,
    },
    /// In this text only.
    Added {
        /// As this text has it.
        text: String,
    },
}

/// A text in pieces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Difference {
    pub(super) pieces: Vec<Piece>,
    /// How many words are shown, where not all of them are.
    pub(super) cut_after: Option<String>,
}

/// A text beside itself: nothing differs, and the middle of a long one is folded away.
pub(super) fn whole(field: &Field, text: &str) -> Difference {
    let read = Words::of(field, text);
    let mut pieces = Pieces::default();
    pieces.same(&read.tokens);
    pieces.finish(read.cut_after)
}

/// Where `text` differs from `other`. Words are the same when the field's comparison takes them for the same.
pub(super) fn difference(field: &Field, other: &str, text: &str) -> Difference {
    let (other, text) = (Words::of(field, other), Words::of(field, text));
    let mut pieces = Pieces::default();
    for change in capture_diff_slices(Algorithm::Patience, &other.keys(), &text.keys()) {
        match change {
            DiffOp::Equal { new_index, len, .. } => pieces.same(text.part(new_index, len)),
            DiffOp::Delete { old_index, old_len, .. } => pieces.missing(other.part(old_index, old_len)),
            DiffOp::Insert { new_index, new_len, .. } => pieces.added(text.part(new_index, new_len)),
            DiffOp::Replace {
                old_index,
                old_len,
                new_index,
                new_len,
            } => {
                pieces.missing(other.part(old_index, old_len));
                pieces.added(text.part(new_index, new_len));
            }
        }
    }
    pieces.finish(text.cut_after.or(other.cut_after))
}

/// A word with what parts it from the next.
struct Token {
    text: String,
    /// What it is compared by.
    key: String,
}

/// The words of a text.
struct Words {
    tokens: Vec<Token>,
    cut_after: Option<usize>,
}

impl Words {
    fn of(field: &Field, text: &str) -> Self {
        let beginning = text
            .char_indices()
            .nth(MAXIMUM_CHARACTERS)
            .map_or(text, |(end, _)| &text[..end]);
        let mut tokens: Vec<Token> = Vec::new();
        let mut is_cut = beginning.len() < text.len();
        for part in beginning.split_word_bounds() {
            let key = key(field, part);
            let is_full = tokens.len() == MAXIMUM_WORDS;
            match tokens.last_mut().filter(|_| key.is_empty()) {
                Some(last) => last.text.push_str(part),
                None if is_full => {
                    is_cut = true;
                    break;
                }
                None => tokens.push(Token {
                    text: part.to_owned(),
                    key,
                }),
            }
        }
        Self {
            cut_after: is_cut.then_some(tokens.len()),
            tokens,
        }
    }

    fn keys(&self) -> Vec<&str> {
        self.tokens.iter().map(|token| token.key.as_str()).collect()
    }

    fn part(&self, start: usize, length: usize) -> &[Token] {
        self.tokens.get(start..start + length).unwrap_or_default()
    }
}

/// What a word is compared by; empty for what only parts words.
fn key(field: &Field, part: &str) -> String {
    match field.comparison {
        Comparison::Tokens { .. } => words(part).concat(),
        Comparison::Exact | Comparison::Relative { .. } | Comparison::Similarity { .. } | Comparison::Rows { .. } => {
            fold(part)
        }
    }
}

/// Pieces on their way.
#[derive(Default)]
struct Pieces(Vec<Piece>);

impl Pieces {
    fn same(&mut self, tokens: &[Token]) {
        let folded = tokens.len().saturating_sub(2 * WORDS_IN_SIGHT);
        if folded < FEWEST_FOLDED {
            self.push_same(&joined(tokens));
            return;
        }
        let (before, rest) = tokens.split_at(WORDS_IN_SIGHT);
        let (folded, after) = rest.split_at(folded);
        self.push_same(&joined(before));
        let words = folded.len();
        self.set_apart(&joined(folded), |text| Piece::Folded { text, words });
        self.push_same(&joined(after));
    }

    fn missing(&mut self, tokens: &[Token]) {
        self.set_apart(&joined(tokens), |text| Piece::Missing { text });
    }

    fn added(&mut self, tokens: &[Token]) {
        self.set_apart(&joined(tokens), |text| Piece::Added { text });
    }

    /// A piece of its own, without what parts its words from the next.
    fn set_apart(&mut self, text: &str, piece: impl Fn(String) -> Piece) {
        let word = text.trim_end();
        if !word.is_empty() {
            self.0.push(piece(word.to_owned()));
        }
        self.push_same(&text[word.len()..]);
    }

    fn push_same(&mut self, more: &str) {
        if more.is_empty() {
            return;
        }
        if let Some(Piece::Same { text }) = self.0.last_mut() {
            text.push_str(more);
        } else {
            self.0.push(Piece::Same { text: more.to_owned() });
        }
    }

    fn finish(self, cut_after: Option<usize>) -> Difference {
        Difference {
            pieces: self.0,
            cut_after: cut_after.map(|words| count(i64::try_from(words).unwrap_or(i64::MAX))),
        }
    }
}

fn joined(tokens: &[Token]) -> String {
    tokens.iter().map(|token| token.text.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn field(kind: &str) -> Field {
        serde_json::from_value(json!({ "name": "note", "type": kind })).unwrap()
    }

    fn marked(found: &Difference) -> String {
        let pieces = found.pieces.iter().map(|piece| match piece {
            Piece::Same { text } => text.clone(),
            Piece::Folded { words, .. } => format!("({words})"),
            Piece::Missing { text } => format!("[-{text}-]"),
            Piece::Added { text } => format!("[+{text}+]"),
        });
        pieces.collect()
    }

    #[test]
    fn words_that_differ_are_told_from_those_that_do_not() {
        let found = difference(&field("text"), "The red fox jumps.", "the red dog jumps high.");
        assert_eq!(marked(&found), "the red [-fox-] [+dog+] jumps [+high+].");
    }

    #[test]
    fn what_the_comparison_takes_for_the_same_is_no_difference() {
        let same = difference(&field("text"), "Straße  nach\nRom", "STRASSE nach Rom");
        assert_eq!(marked(&same), "STRASSE nach Rom");
        let address = difference(&field("address"), "5, Jalan Sagu", "5 Jalan Sagu; Johor");
        assert_eq!(marked(&address), "5 Jalan Sagu; [+Johor+]");
        let text = difference(&field("text"), "5, Jalan", "5 Jalan");
        assert_eq!(marked(&text), "5 [-,-] Jalan");
    }

    #[test]
    fn languages_without_blanks_have_words_too() {
        let found = difference(&field("text"), "会議は月曜日です", "会議は火曜日です");
        assert!(marked(&found).starts_with("会議は[-月-][+火+]"), "{}", marked(&found));
    }

    #[test]
    fn long_stretches_that_are_the_same_are_folded_away_and_nothing_is_lost() {
        let common: String = (0..100).map(|number| format!("word{number} ")).collect();
        let found = difference(&field("text"), &format!("{common}end"), &format!("{common}ending"));
        assert!(marked(&found).contains(" (70) word85 "), "{}", marked(&found));
        assert_eq!(found.cut_after, None);
        let alone = whole(&field("text"), &common);
        let texts = alone.pieces.iter().map(|piece| match piece {
            Piece::Same { text } | Piece::Folded { text, .. } | Piece::Missing { text } | Piece::Added { text } => {
                text.as_str()
            }
        });
        assert_eq!(texts.collect::<String>(), common);
    }

    #[test]
    fn very_long_texts_are_cut_and_say_so() {
        let many = "word ".repeat(MAXIMUM_WORDS + 1);
        assert_eq!(whole(&field("text"), &many).cut_after.as_deref(), Some("1,500"));
        let one = "x".repeat(MAXIMUM_CHARACTERS + 1);
        let found = difference(&field("text"), "x", &one);
        assert_eq!(found.cut_after.as_deref(), Some("1"));
        let exact = "word ".repeat(MAXIMUM_WORDS);
        assert_eq!(whole(&field("text"), &exact).cut_after, None);
    }

    #[test]
    fn texts_of_the_greatest_length_that_share_no_word_are_shown_whole() {
        let text = |word: &str| {
            let words = (0..MAXIMUM_WORDS).map(|number| format!("{word}{number} "));
            words.collect::<String>()
        };
        let (left, right) = (text("left"), text("right"));
        let found = marked(&difference(&field("text"), &left, &right));
        assert_eq!(found, format!("[-{}-] [+{}+] ", left.trim_end(), right.trim_end()));
    }
}
