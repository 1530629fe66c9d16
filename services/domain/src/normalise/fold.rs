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
    let mut folded = fold_once(text);
    for _ in 1..MAXIMUM_ROUNDS {
        let again = fold_once(&folded);
        if again == folded {
            break;
        }
        folded = again;
    }
    folded
}

fn fold_once(text: &str) -> String {
    let composed: String = text.nfkc().collect();
    let visible = FORMAT_CHARACTERS.replace_all(&composed, "");
    let cased = UniCase::unicode(visible.as_ref()).to_folded_case();
    let recomposed: String = cased.nfkc().collect();
    collapse_white_space(&recomposed)
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
    fold(text)
        .chars()
        .filter(|character| character.is_alphanumeric())
        .collect()
}
