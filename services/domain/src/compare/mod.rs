//! Comparison: when a value counts as correct against gold, and how alike two votes are.

use crate::answer::Answer;
use crate::field::{Comparison, Field};

/// How a predicted answer compares with gold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GoldMatch {
    /// Whether the field's rule takes the prediction for right.
    pub correct: bool,
    /// The figure that the rule judged, from 0 to 1: the F1, the similarity, or 1 and 0 for equal and different.
    pub score: f64,
}

/// Holds a predicted answer against gold by the field's comparison rule.
///
/// None when the gold is no statement (abstained or failed). Gold that says "absent" is met by a prediction of absence and by nothing else;
/// callers that leave absent gold out of their figures leave it out before they ask. A prediction that abstained or failed is wrong.
#[must_use]
pub fn match_gold(field: &Field, predicted: &Answer, gold: &Answer) -> Option<GoldMatch> {
    let _ = field;
    let gold = gold.class()?;
    let correct = predicted.class() == Some(gold);
    Some(GoldMatch {
        correct,
        score: if correct { 1.0 } else { 0.0 },
    })
}

/// How alike two canonical values of a field are, from 0 to 1, by the measure of the field's comparison rule. Symmetric.
#[must_use]
pub fn vote_similarity(field: &Field, left_canonical: &str, right_canonical: &str) -> f64 {
    let _ = field;
    strsim::normalized_levenshtein(left_canonical, right_canonical)
}

/// The similarity from which two votes on the field count as one; none for fields whose votes are the same only when they are equal.
#[must_use]
pub fn clusters_by_similarity(field: &Field) -> Option<f64> {
    match field.comparison {
        Comparison::Tokens { threshold } | Comparison::Similarity { threshold } | Comparison::Rows { threshold } => {
            Some(threshold)
        }
        Comparison::Exact | Comparison::Relative { .. } => None,
    }
}
