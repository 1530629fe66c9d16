//! Comparison: when a value counts as correct against gold, and how alike two votes are.

pub mod members;
pub mod rows;
pub mod similarity;

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

use crate::answer::{ABSENT_CLASS, Answer};
use crate::compare::rows::row_counts;
use crate::compare::similarity::{levenshtein_similarity, token_f1};
use crate::field::{Comparison, Field};
use crate::normalise::plain_decimal;

pub use members::{Cluster, ClusterMember};
pub use rows::RowCounts;

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
/// None when the gold is no statement (abstained or failed). Gold that says "absent" is met by a prediction of absence
/// and by nothing else; callers that leave absent gold out of their figures leave it out before they ask. A prediction
/// that abstained or failed is wrong.
#[must_use]
pub fn match_gold(field: &Field, predicted: &Answer, gold: &Answer) -> Option<GoldMatch> {
    let gold = gold.class()?;
    let Some(predicted) = predicted.class() else {
        return Some(GoldMatch {
            correct: false,
            score: 0.0,
        });
    };
    let score = match field.comparison {
        Comparison::Relative { tolerance } if differs_by_at_most(predicted, gold, tolerance) => 1.0,
        Comparison::Rows { .. } if predicted != gold => {
            row_counts(field, predicted, gold).map_or(0.0, |counts| counts.f1())
        }
        _ => vote_similarity(field, predicted, gold),
    };
    let correct = predicted == gold || score >= least_score(field.comparison);
    Some(GoldMatch { correct, score })
}

/// How alike two canonical values of a field are, from 0 to 1, by the measure of the field's comparison rule: the F1 of
/// words, the similarity by edits, the F1 of rows, or 1 for equal and 0 for different texts. Symmetric.
///
/// Absence is like itself only.
#[must_use]
pub fn vote_similarity(field: &Field, left_canonical: &str, right_canonical: &str) -> f64 {
    if left_canonical == right_canonical {
        return 1.0;
    }
    if left_canonical == ABSENT_CLASS || right_canonical == ABSENT_CLASS {
        return 0.0;
    }
    match field.comparison {
        Comparison::Tokens { .. } => token_f1(left_canonical, right_canonical),
        Comparison::Similarity { .. } => levenshtein_similarity(left_canonical, right_canonical),
        Comparison::Rows { .. } => {
            // Rules of columns may ask which side is gold; votes have none, so the order of the texts decides.
            let (first, second) = (left_canonical.min(right_canonical), left_canonical.max(right_canonical));
            row_counts(field, first, second).map_or(0.0, |counts| counts.f1())
        }
        Comparison::Exact | Comparison::Relative { .. } => 0.0,
    }
}

/// The similarity from which two votes on the field count as one; none for fields whose votes are the same only when
/// their canonical texts are. A relative tolerance is for gold alone: it is not transitive.
#[must_use]
pub const fn clusters_by_similarity(field: &Field) -> Option<f64> {
    match field.comparison {
        Comparison::Tokens { threshold } | Comparison::Similarity { threshold } | Comparison::Rows { threshold } => {
            Some(threshold)
        }
        Comparison::Exact | Comparison::Relative { .. } => None,
    }
}

const fn least_score(comparison: Comparison) -> f64 {
    match comparison {
        Comparison::Tokens { threshold } | Comparison::Similarity { threshold } | Comparison::Rows { threshold } => {
            threshold
        }
        Comparison::Exact | Comparison::Relative { .. } => 1.0,
    }
}

/// Whether two canonical numbers differ by at most this share of the second.
fn differs_by_at_most(predicted: &str, gold: &str, share: f64) -> bool {
    let (Some(predicted), Some(gold), Some(share)) =
        (plain_decimal(predicted), plain_decimal(gold), Decimal::from_f64(share))
    else {
        return false;
    };
    let distance = predicted.checked_sub(gold).map(|distance| distance.abs());
    let allowed = gold.abs().checked_mul(share);
    matches!((distance, allowed), (Some(distance), Some(allowed)) if distance <= allowed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::normalise::answer_from_json;

    fn field(definition: Value) -> Field {
        serde_json::from_value(definition).unwrap()
    }

    fn score(field: &Field, predicted: &Value, gold: &Value) -> GoldMatch {
        let answer = |value| answer_from_json(field, value).unwrap();
        match_gold(field, &answer(predicted), &answer(gold)).unwrap()
    }

    fn is_correct(definition: Value, predicted: &str, gold: &str) -> bool {
        score(&field(definition), &json!(predicted), &json!(gold)).correct
    }

    #[test]
    fn each_type_has_its_rule() {
        let money = json!({ "name": "total", "type": "money", "locale": "en-MY" });
        assert!(is_correct(money.clone(), "RM 24.00", "24.00"));
        assert!(!is_correct(money, "24.05", "24.00"));
        let name = json!({ "name": "company", "type": "name" });
        assert!(is_correct(
            name.clone(),
            "Teo Heng Stationery S/B (12345-X)",
            "TEO HENG STATIONERY SDN. BHD."
        ));
        assert!(!is_correct(
            name,
            "TED HENG STATIONERY SDN BHD",
            "TEO HENG STATIONERY SDN BHD"
        ));
        let number = json!({ "name": "invoice_number", "type": "identifier" });
        assert!(is_correct(number.clone(), "re 47-11", "RE47-11"));
        assert!(!is_correct(number.clone(), "RE4711", "RE47-11"));
        assert!(!is_correct(number, "4711", "04711"));
        let date = json!({ "name": "date", "type": "date", "locale": "en-MY" });
        assert!(is_correct(date, "(28-01-18)", "28/01/2018"));
    }

    #[test]
    fn addresses_are_right_from_four_fifths_of_their_words() {
        let address = json!({ "name": "address", "type": "address" });
        assert!(is_correct(
            address.clone(),
            "5 jalan sagu johor",
            "5, JALAN SAGU, 81100 JOHOR"
        ));
        assert!(!is_correct(address.clone(), "jalan sagu", "5, JALAN SAGU, 81100 JOHOR"));
        let found = score(&field(address), &json!("a b c d"), &json!("a b c d e f"));
        assert!(found.correct && (found.score - 0.8).abs() < 1e-12);
    }

    #[test]
    fn unit_prices_may_differ_by_half_a_percent() {
        let price = || {
            let rule = json!({ "rule": "relative", "tolerance": 0.005 });
            json!({ "name": "unit_price", "type": "decimal", "comparison": rule })
        };
        assert!(is_correct(price(), "10.05", "10"));
        assert!(is_correct(price(), "9.95", "10.00"));
        assert!(!is_correct(price(), "10.0501", "10"));
        assert!(is_correct(price(), "0", "0.00"));
        assert_eq!(clusters_by_similarity(&field(price())), None);
    }

    #[test]
    fn only_absence_meets_absent_gold() {
        let text = field(json!({ "name": "note", "type": "text" }));
        assert!(score(&text, &Value::Null, &Value::Null).correct);
        assert!(!score(&text, &json!("something"), &Value::Null).correct);
        assert!(!score(&text, &Value::Null, &json!("something")).correct);
        assert!(!score(&text, &json!("__ABSENT__"), &Value::Null).correct);
        assert_eq!(match_gold(&text, &Answer::Absent, &Answer::Abstained), None);
        let missing = match_gold(&text, &Answer::Abstained, &Answer::Absent);
        assert_eq!(
            missing,
            Some(GoldMatch {
                correct: false,
                score: 0.0
            })
        );
    }

    proptest! {
        #[test]
        fn similarity_is_symmetric_and_a_share(left in ".{0,40}", right in ".{0,40}", kind in 0_usize..3) {
            let kinds = ["text", "address", "name"];
            let field = field(json!({ "name": "note", "type": kinds[kind] }));
            let forth = vote_similarity(&field, &left, &right);
            let back = vote_similarity(&field, &right, &left);
            prop_assert!((forth - back).abs() < 1e-12);
            prop_assert!((0.0..=1.0).contains(&forth));
            prop_assert!((vote_similarity(&field, &left, &left) - 1.0).abs() < 1e-12);
        }
    }
}
