//! Similarity of strings, from 0 (nothing in common) to 1 (equal).
//!
//! The functions compare code points as they are given. [`Similarity::measure`] brings both strings to
//! Unicode normal form C first, which is what callers normally want: a composed and a decomposed `ë`
//! differ otherwise.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// Which similarity to use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Similarity {
    /// [`levenshtein_similarity`]: the default.
    #[default]
    Levenshtein,
    /// [`jaro_winkler`]: for short names.
    JaroWinkler,
    /// [`indel_ratio`]: what some libraries call "ratio".
    Indel,
    /// [`token_sort_ratio`]: where the order of words does not matter.
    TokenSort,
    /// [`token_set_ratio`]: where a part may stand for the whole.
    TokenSet,
}

/// Unicode normal form in which strings are compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NormalForm {
    /// Canonical composition.
    #[default]
    Nfc,
    /// Compatibility composition: ligatures, full-width forms and the like become plain.
    Nfkc,
}

impl NormalForm {
    fn apply(self, text: &str) -> String {
        match self {
            Self::Nfc => text.nfc().collect(),
            Self::Nfkc => text.nfkc().collect(),
        }
    }
}

impl Similarity {
    /// Similarity of two strings after normal form C.
    pub fn measure(self, first: &str, second: &str) -> f64 {
        self.measure_in(NormalForm::Nfc, first, second)
    }

    /// Similarity of two strings after the given normal form.
    pub fn measure_in(self, form: NormalForm, first: &str, second: &str) -> f64 {
        let (first, second) = (form.apply(first), form.apply(second));
        match self {
            Self::Levenshtein => levenshtein_similarity(&first, &second),
            Self::JaroWinkler => jaro_winkler(&first, &second),
            Self::Indel => indel_ratio(&first, &second),
            Self::TokenSort => token_sort_ratio(&first, &second),
            Self::TokenSet => token_set_ratio(&first, &second),
        }
    }
}

/// Fewest insertions, deletions and substitutions of code points that turn one string into the other
/// [Levenshtein, 1966, Sov. Phys. Dokl.]. Takes time and memory in proportion to the product and the sum
/// of the lengths.
pub fn levenshtein_distance(first: &str, second: &str) -> usize {
    strsim::levenshtein(first, second)
}

/// `1 - distance / longer length`; 1 of two empty strings, 0 of an empty and another.
pub fn levenshtein_similarity(first: &str, second: &str) -> f64 {
    let longer = first.chars().count().max(second.chars().count());
    if longer == 0 {
        return 1.0;
    }
    1.0 - levenshtein_distance(first, second) as f64 / longer as f64
}

/// Jaro similarity with Winkler's bonus of 0.1 per common leading character, four at most, given only
/// above a Jaro similarity of 0.7 [Winkler, 1990, Proc. Survey Res. Methods]; 1 of two empty strings.
pub fn jaro_winkler(first: &str, second: &str) -> f64 {
    strsim::jaro_winkler(first, second)
}

/// `2 LCS / (length + length)` with the longest common subsequence `LCS`; 1 of two empty strings. Not
/// the Levenshtein similarity: a substitution costs as much as a deletion and an insertion.
pub fn indel_ratio(first: &str, second: &str) -> f64 {
    let first: Vec<char> = first.chars().collect();
    let second: Vec<char> = second.chars().collect();
    let total = first.len() + second.len();
    if total == 0 {
        return 1.0;
    }
    2.0 * longest_common_subsequence(&first, &second) as f64 / total as f64
}

/// [`indel_ratio`] of the words in sorted order, joined by single spaces.
pub fn token_sort_ratio(first: &str, second: &str) -> f64 {
    indel_ratio(&sorted_words(first), &sorted_words(second))
}

/// Similarity of the sets of words: the best [`indel_ratio`] among "common words" against "common and
/// own words" of either side, and the latter two against each other. 1 where one set contains the other;
/// 0 where either has no words.
pub fn token_set_ratio(first: &str, second: &str) -> f64 {
    let first: BTreeSet<&str> = first.split_whitespace().collect();
    let second: BTreeSet<&str> = second.split_whitespace().collect();
    if first.is_empty() || second.is_empty() {
        return 0.0;
    }
    if first.is_subset(&second) || second.is_subset(&first) {
        return 1.0;
    }
    let common = join(first.intersection(&second));
    let only_first = join(first.difference(&second));
    let only_second = join(second.difference(&first));
    let with_common = |rest: &[char]| {
        let separator = usize::from(!common.is_empty());
        common.len() + separator + rest.len()
    };
    // The common words align with each other, so only the remainders cost edits.
    let shared = longest_common_subsequence(&only_first, &only_second);
    let distance = only_first.len() + only_second.len() - 2 * shared;
    let total = with_common(&only_first) + with_common(&only_second);
    let both = 1.0 - distance as f64 / total as f64;
    if common.is_empty() {
        return both;
    }
    let against_common = |rest: &[char]| {
        let distance = with_common(rest) - common.len();
        1.0 - distance as f64 / (common.len() + with_common(rest)) as f64
    };
    both.max(against_common(&only_first)).max(against_common(&only_second))
}

fn sorted_words(text: &str) -> String {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    words.sort_unstable();
    words.join(" ")
}

fn join<'a>(words: impl Iterator<Item = &'a &'a str>) -> Vec<char> {
    let words: Vec<&str> = words.copied().collect();
    words.join(" ").chars().collect()
}

fn longest_common_subsequence(first: &[char], second: &[char]) -> usize {
    let mut previous = vec![0_usize; second.len() + 1];
    let mut current = previous.clone();
    for left in first {
        for (column, right) in second.iter().enumerate() {
            current[column + 1] = if left == right {
                previous[column] + 1
            } else {
                previous[column + 1].max(current[column])
            };
        }
        std::mem::swap(&mut previous, &mut current);
    }
    previous.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Similarity; 5] = [
        Similarity::Levenshtein,
        Similarity::JaroWinkler,
        Similarity::Indel,
        Similarity::TokenSort,
        Similarity::TokenSet,
    ];

    #[test]
    fn normal_form_decides_before_comparing() {
        assert!(levenshtein_similarity("Zo\u{eb}", "Zoe\u{308}") < 1.0);
        assert_eq!(Similarity::Levenshtein.measure("Zo\u{eb}", "Zoe\u{308}"), 1.0);
        let ligature = "\u{fb01}n";
        assert!(Similarity::Levenshtein.measure(ligature, "fin") < 1.0);
        assert_eq!(
            Similarity::Levenshtein.measure_in(NormalForm::Nfkc, ligature, "fin"),
            1.0
        );
    }

    #[test]
    fn lengths_are_code_points() {
        assert!((levenshtein_similarity("\u{65e5}\u{672c}", "\u{65e5}\u{672c}\u{8a9e}") - 2.0 / 3.0).abs() < 1e-15);
    }

    proptest! {
        #[test]
        fn symmetric_bounded_and_reflexive(first in "[a-d \u{e9}]{0,9}", second in "[a-d \u{e9}]{0,9}") {
            for similarity in ALL {
                let there = similarity.measure(&first, &second);
                let back = similarity.measure(&second, &first);
                prop_assert!((there - back).abs() < 1e-12);
                prop_assert!((0.0..=1.0 + 1e-12).contains(&there));
                if !first.trim().is_empty() {
                    prop_assert_eq!(similarity.measure(&first, &first), 1.0);
                }
            }
        }
    }
}
