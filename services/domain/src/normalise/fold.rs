//! Folding: what makes two texts that people take for the same the same sequence of characters.

use std::sync::LazyLock;

use regex::Regex;
use unicase::UniCase;
use unicode_normalization::UnicodeNormalization;

/// Characters of the general category Cf: soft hyphens, zero-width blanks, direction marks.
#[expect(clippy::expect_used, reason = "a fixed pattern, tried by every test that folds")]
static FORMAT_CHARACTERS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\p{Cf}+").expect("the pattern is valid"));

/// Repetitions after which folding is given up; two suffice for every assigned character.
const MAXIMUM_ROUNDS: usize = 4;

/// Folds a text: compatibility composition (NFKC), format characters dropped, full case folding, white space collapsed and trimmed.
///
/// Folding a folded text changes nothing.
#[must_use]
pub fn fold(text: &str) -> String {
    settle(text, fold_once)
}

fn fold_once(text: &str) -> String {
    let cased = UniCase::unicode(without_format_characters(text)).to_folded_case();
    let recomposed: String = cased.nfkc().collect();
    collapse_white_space(&recomposed)
}

/// The text composed for compatibility (NFKC) and without format characters; case and white space are kept.
#[must_use]
pub fn without_format_characters(text: &str) -> String {
    let composed: String = text.nfkc().collect();
    FORMAT_CHARACTERS.replace_all(&composed, "").into_owned()
}

/// Puts one blank in the place of every run of white space and none at the ends.
#[must_use]
pub fn collapse_white_space(text: &str) -> String {
    let mut collapsed = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !collapsed.is_empty() {
            collapsed.push(' ');
        }
        collapsed.push_str(word);
    }
    collapsed
}

/// The folded words of a text: runs of letters and digits, everything else parts them.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    fold(text)
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The folded letters and digits of a text without anything between them.
#[must_use]
pub fn letters_and_digits(text: &str) -> String {
    settle(text, |round| {
        fold(round)
            .chars()
            .filter(|character| character.is_alphanumeric())
            .collect()
    })
}

/// The text in capitals, composed for compatibility, with only the characters that are to be kept.
#[must_use]
pub fn capitals(text: &str, keep: impl Fn(char) -> bool) -> String {
    settle(text, |round| {
        without_format_characters(round)
            .to_uppercase()
            .nfkc()
            .filter(|character| keep(*character))
            .collect()
    })
}

/// Repeats a step until it changes nothing: characters that were apart may compose when what parted them is gone.
fn settle(text: &str, step: impl Fn(&str) -> String) -> String {
    let mut settled = step(text);
    for _ in 1..MAXIMUM_ROUNDS {
        let again = step(&settled);
        if again == settled {
            break;
        }
        settled = again;
    }
    settled
}
