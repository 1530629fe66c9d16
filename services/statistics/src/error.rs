//! Errors of callers: input that no method could give a meaning.

use thiserror::Error;

/// The input breaks the contract of the function.
///
/// Data that are well-formed but do not determine the answer are not errors: see
/// [`Undefined`](crate::Undefined).
#[derive(Debug, Clone, PartialEq, Error)]
pub enum InvalidInput {
    /// Two arrays that belong together differ in length.
    #[error("{what} has {found} entries where {expected} were expected; pass arrays of equal length")]
    Length {
        /// Which array.
        what: &'static str,
        /// Length of its partner.
        expected: usize,
        /// Length found.
        found: usize,
    },
    /// A number is NaN, infinite or outside its range.
    #[error("{what} at position {index} is {value}, expected {expected}")]
    Entry {
        /// Which array.
        what: &'static str,
        /// Position in it, from 0.
        index: usize,
        /// The offending number.
        value: f64,
        /// What is allowed.
        expected: &'static str,
    },
    /// A parameter is outside its range.
    #[error("{what} is {value}, expected {expected}")]
    Parameter {
        /// Which parameter.
        what: &'static str,
        /// The offending number.
        value: f64,
        /// What is allowed.
        expected: &'static str,
    },
    /// A class or family index is not below the declared number.
    #[error("{what} at position {index} is {found}, expected a number below {bound}")]
    Index {
        /// Which array.
        what: &'static str,
        /// Position in it, from 0.
        index: usize,
        /// The offending index.
        found: usize,
        /// First index that is not allowed.
        bound: usize,
    },
    /// A voter voted twice on an item.
    #[error(
        "vote at position {index} is the second of voter {voter} on item {item}, after the one at {first}; expected one"
    )]
    Repeated {
        /// The item.
        item: usize,
        /// The voter.
        voter: usize,
        /// Position of the first vote, from 0.
        first: usize,
        /// Position of the second.
        index: usize,
    },
    /// An array has no entries where at least one is needed.
    #[error("{what} is empty; at least one entry is needed")]
    Empty {
        /// Which array.
        what: &'static str,
    },
}

/// Checks that `found` equals `expected`.
pub(crate) fn same_length(what: &'static str, expected: usize, found: usize) -> Result<(), InvalidInput> {
    if expected == found {
        Ok(())
    } else {
        Err(InvalidInput::Length { what, expected, found })
    }
}

/// Checks every number with `accept`.
pub(crate) fn every(
    what: &'static str,
    values: &[f64],
    expected: &'static str,
    accept: impl Fn(f64) -> bool,
) -> Result<(), InvalidInput> {
    match values.iter().position(|value| !accept(*value)) {
        None => Ok(()),
        Some(index) => Err(InvalidInput::Entry {
            what,
            index,
            value: values.get(index).copied().unwrap_or(f64::NAN),
            expected,
        }),
    }
}

/// Checks that every number is finite.
pub(crate) fn finite(what: &'static str, values: &[f64]) -> Result<(), InvalidInput> {
    every(what, values, "a finite number", f64::is_finite)
}

/// Checks that every number is a probability.
pub(crate) fn probabilities(what: &'static str, values: &[f64]) -> Result<(), InvalidInput> {
    every(what, values, "a number from 0 to 1", is_probability)
}

/// Checks that every number is finite and not negative.
pub(crate) fn non_negative(what: &'static str, values: &[f64]) -> Result<(), InvalidInput> {
    every(what, values, "a finite number of at least 0", |value| {
        value.is_finite() && value >= 0.0
    })
}

/// Checks one parameter.
pub(crate) fn parameter(
    what: &'static str,
    value: f64,
    expected: &'static str,
    accepted: bool,
) -> Result<(), InvalidInput> {
    if accepted {
        Ok(())
    } else {
        Err(InvalidInput::Parameter { what, value, expected })
    }
}

/// Checks that a parameter lies strictly between 0 and 1.
pub(crate) fn open_unit(what: &'static str, value: f64) -> Result<(), InvalidInput> {
    parameter(
        what,
        value,
        "a number between 0 and 1, both excluded",
        value > 0.0 && value < 1.0,
    )
}

/// Checks that a parameter is finite and above 0.
pub(crate) fn positive(what: &'static str, value: f64) -> Result<(), InvalidInput> {
    parameter(what, value, "a finite number above 0", value.is_finite() && value > 0.0)
}

/// Whether a number lies in `[0, 1]`.
pub(crate) fn is_probability(value: f64) -> bool {
    (0.0..=1.0).contains(&value)
}
