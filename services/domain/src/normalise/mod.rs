//! Normalisation: a raw value becomes the canonical text by which votes are the same or different. By `methods.md` section 3.1.

pub mod answer_json;
pub mod fold;

use crate::answer::NormalisedValue;
use crate::field::Field;

pub use answer_json::{AnswerError, answer_from_json, answer_to_json, answers_from_json};

/// The version of the rules here. Goes up whenever a canonical text can come out differently.
pub const NORMALISER_VERSION: &str = "1";

/// Reads a raw value as the field's type.
#[must_use]
pub fn normalise(_field: &Field, raw: &str) -> NormalisedValue {
    let canonical = fold::fold(raw);
    NormalisedValue {
        raw: raw.to_owned(),
        parsed: !canonical.is_empty(),
        canonical,
        valid: None,
    }
}
