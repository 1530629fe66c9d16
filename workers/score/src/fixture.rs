//! What the tests of this crate start from.

use accord_domain::{AnnotationId, AnnotatorId, Answer, Field, NormalisedValue};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::ballot::CastVote;

/// A field as a project would define it.
pub(crate) fn field(definition: Value) -> Field {
    serde_json::from_value(definition).unwrap()
}

/// A code of which any text is a value, compared exactly.
pub(crate) fn code() -> Field {
    field(json!({"name": "number", "type": "identifier"}))
}

/// A value that reads as it is.
pub(crate) fn value(text: &str) -> Answer {
    Answer::Value(NormalisedValue {
        raw: text.to_owned(),
        canonical: text.to_owned(),
        parsed: true,
        valid: None,
    })
}

pub(crate) const fn annotator(number: u128) -> AnnotatorId {
    AnnotatorId::from_uuid(Uuid::from_u128(number))
}

/// The vote of an annotator with this number.
pub(crate) fn vote<'a>(number: usize, family: &'a str, answer: &'a Answer) -> CastVote<'a> {
    let number = number as u128;
    CastVote {
        annotation_id: AnnotationId::from_uuid(Uuid::from_u128(number)),
        annotator_id: annotator(number),
        family,
        from_data: false,
        answer,
    }
}

/// The names of as many families as tests need.
pub(crate) const FAMILIES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

/// A number from 0 up to 1 that depends on its arguments only.
pub(crate) fn chance(item: usize, voter: usize, purpose: u64) -> f64 {
    let mut mixed = (item as u64) << 32 | (voter as u64) << 8 | purpose;
    for _ in 0..3 {
        mixed = mixed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed ^= mixed >> 27;
    }
    (mixed >> 11) as f64 / (1_u64 << 53) as f64
}
