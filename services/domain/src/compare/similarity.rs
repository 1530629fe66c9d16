//! Similarity of texts.

use std::cmp::Ordering;

use crate::normalise::fold::words;

/// Texts whose lengths multiply to more than this are compared by words, because edits would take too long to count.
const MAXIMUM_EDIT_CELLS: usize = 25_000_000;

/// One less the Levenshtein distance over the length of the longer text, in Unicode code points. Two empty texts are alike.
///
/// Of very long texts it is [`token_f1`].
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "lengths of texts are far below 2^52")]
pub fn levenshtein_similarity(left: &str, right: &str) -> f64 {
    let (left_length, right_length) = (left.chars().count(), right.chars().count());
    let longer = left_length.max(right_length);
    if longer == 0 {
        return 1.0;
    }
    if left_length.saturating_mul(right_length) > MAXIMUM_EDIT_CELLS {
        return token_f1(left, right);
    }
    // One division keeps shares such as 17/20 equal to a threshold written as 0.85.
    longer.saturating_sub(strsim::levenshtein(left, right)) as f64 / longer as f64
}

/// The harmonic mean of precision and recall of folded words, each word counted as often as it occurs. Two texts without words are alike.
#[must_use]
pub fn token_f1(left: &str, right: &str) -> f64 {
    word_f1(&sorted_words(left), &sorted_words(right))
}

/// The folded words of a text in alphabetical order, each as often as it occurs.
pub(crate) fn sorted_words(text: &str) -> Vec<String> {
    let mut sorted = words(text);
    sorted.sort_unstable();
    sorted
}

/// [`token_f1`] of words that are folded and in order already.
#[expect(clippy::cast_precision_loss, reason = "counts of words are far below 2^52")]
pub(crate) fn word_f1(left: &[String], right: &[String]) -> f64 {
    if left.is_empty() && right.is_empty() {
        return 1.0;
    }
    let (mut left_words, mut right_words) = (left.iter().peekable(), right.iter().peekable());
    let mut common = 0_usize;
    while let (Some(left_word), Some(right_word)) = (left_words.peek(), right_words.peek()) {
        match left_word.cmp(right_word) {
            Ordering::Less => _ = left_words.next(),
            Ordering::Greater => _ = right_words.next(),
            Ordering::Equal => {
                common += 1;
                _ = (left_words.next(), right_words.next());
            }
        }
    }
    2.0 * common as f64 / (left.len() + right.len()) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found} instead of {expected}");
    }

    #[test]
    fn words_count_as_often_as_they_occur() {
        assert_close(token_f1("a a b", "a b b"), 2.0 / 3.0);
        assert_close(token_f1("NO. 5, JALAN 5", "no 5 jalan 5"), 1.0);
        assert_close(token_f1("", "--"), 1.0);
        assert_close(token_f1("", "a"), 0.0);
        assert_close(token_f1("one two three four", "four three"), 2.0 / 3.0);
    }

    #[test]
    fn edits_count_code_points() {
        assert_close(levenshtein_similarity("größe", "grösse"), 1.0 - 2.0 / 6.0);
        assert_close(levenshtein_similarity("", ""), 1.0);
        assert_close(levenshtein_similarity("", "a"), 0.0);
        assert!(levenshtein_similarity("abcdefghij", "abcdefgxyz") >= 0.7);
    }

    #[test]
    fn very_long_texts_are_compared_by_words() {
        let long = "word ".repeat(2000);
        assert_close(levenshtein_similarity(&long, &format!("{long}other")), 4000.0 / 4001.0);
    }
}
