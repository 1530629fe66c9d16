//! A value that may be undefined for a stated reason.

use serde::{Deserialize, Serialize};

/// Why a quantity cannot be computed from the data given.
///
/// Serialises as `no_variation`, `no_pairable_votes`, `too_few_items` or `not_identifiable`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Undefined {
    /// All observations are alike, so chance (or the other class) cannot be told apart.
    #[error("undefined: the data do not vary")]
    NoVariation,
    /// No item carries the two votes a comparison needs.
    #[error("undefined: no item has two votes that can be compared")]
    NoPairableVotes,
    /// Fewer observations than the method needs, none at all included.
    #[error("undefined: too few observations")]
    TooFewItems,
    /// Several parameter values explain the data equally well.
    #[error("undefined: the data do not determine the quantity")]
    NotIdentifiable,
}

impl Undefined {
    /// The reason code as it is serialised.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoVariation => "no_variation",
            Self::NoPairableVotes => "no_pairable_votes",
            Self::TooFewItems => "too_few_items",
            Self::NotIdentifiable => "not_identifiable",
        }
    }
}

/// A quantity, or the reason why there is none. Never NaN, and never a stand-in such as 0 or 1.
///
/// Serialises as `{"value": 0.43}` or `{"undefined": "no_variation"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Estimate<T = f64> {
    /// The quantity.
    Value(T),
    /// Why there is no quantity.
    Undefined(Undefined),
}

impl<T> Estimate<T> {
    /// The value, or `None` where undefined.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Undefined(_) => None,
        }
    }

    /// The value by reference, or `None` where undefined.
    pub fn as_value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Undefined(_) => None,
        }
    }

    /// The reason, or `None` where there is a value.
    pub fn reason(&self) -> Option<Undefined> {
        match self {
            Self::Value(_) => None,
            Self::Undefined(reason) => Some(*reason),
        }
    }

    /// Whether there is a value.
    pub fn is_defined(&self) -> bool {
        matches!(self, Self::Value(_))
    }

    /// Applies a function to the value and keeps the reason otherwise.
    pub fn map<U>(self, function: impl FnOnce(T) -> U) -> Estimate<U> {
        match self {
            Self::Value(value) => Estimate::Value(function(value)),
            Self::Undefined(reason) => Estimate::Undefined(reason),
        }
    }

    /// As a `Result`, for use with `?`.
    ///
    /// # Errors
    /// The reason, where undefined.
    pub fn into_result(self) -> Result<T, Undefined> {
        match self {
            Self::Value(value) => Ok(value),
            Self::Undefined(reason) => Err(reason),
        }
    }
}

impl<T> From<Result<T, Undefined>> for Estimate<T> {
    fn from(result: Result<T, Undefined>) -> Self {
        match result {
            Ok(value) => Self::Value(value),
            Err(reason) => Self::Undefined(reason),
        }
    }
}

/// A closed interval, lower end first.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

impl Interval {
    /// The part of the interval inside `[lower, upper]`, for display of bounded coefficients.
    pub fn capped(self, lower: f64, upper: f64) -> Self {
        Self {
            lower: self.lower.clamp(lower, upper),
            upper: self.upper.clamp(lower, upper),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serialises_with_reason_code() {
        let estimate: Estimate = Estimate::Undefined(Undefined::NoVariation);
        let text = serde_json::to_string(&estimate).unwrap();
        assert_eq!(text, r#"{"undefined":"no_variation"}"#);
        assert_eq!(serde_json::from_str::<Estimate>(&text).unwrap(), estimate);
        assert_eq!(
            serde_json::to_string(&Estimate::Value(0.5)).unwrap(),
            r#"{"value":0.5}"#
        );
    }

    #[test]
    fn code_is_the_serialised_form() {
        for reason in [
            Undefined::NoVariation,
            Undefined::NoPairableVotes,
            Undefined::TooFewItems,
            Undefined::NotIdentifiable,
        ] {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.code());
        }
    }
}
