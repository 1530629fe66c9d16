//! Whether arms have the sizes they were meant to have.

use serde::{Deserialize, Serialize};

use crate::error::{InvalidInput, every, same_length};
use crate::numeric::gamma_function::chi_squared_tail;
use crate::numeric::sum::sum;

/// The test of a sample ratio mismatch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SampleRatio {
    /// Pearson's statistic `sum (observed - expected)^2 / expected`.
    pub chi_squared: f64,
    /// Its p-value with one degree of freedom less than arms; below 0.001 the assignment is broken.
    pub p: f64,
}

/// Tests the sizes of randomised arms against the planned ratio, in any unit.
///
/// # Errors
/// Fewer than two arms, arrays of unequal length, no items, a ratio that is not above 0.
pub fn sample_ratio(observed: &[u64], ratio: &[f64]) -> Result<SampleRatio, InvalidInput> {
    same_length("ratio", observed.len(), ratio.len())?;
    every("ratio", ratio, "a finite number above 0", |part| {
        part.is_finite() && part > 0.0
    })?;
    if observed.len() < 2 || observed.iter().all(|items| *items == 0) {
        return Err(InvalidInput::Empty { what: "arms" });
    }
    let total = sum(observed.iter().map(|items| *items as f64));
    let parts = sum(ratio.iter().copied());
    let chi_squared = sum(observed.iter().zip(ratio).map(|(items, part)| {
        let expected = total * part / parts;
        (*items as f64 - expected).powi(2) / expected
    }));
    Ok(SampleRatio {
        chi_squared,
        p: chi_squared_tail(chi_squared, observed.len() as f64 - 1.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_is_checked() {
        assert!(sample_ratio(&[10], &[1.0]).is_err());
        assert!(sample_ratio(&[0, 0], &[1.0, 1.0]).is_err());
        assert!(sample_ratio(&[5, 5], &[1.0, 0.0]).is_err());
        assert!(sample_ratio(&[5, 5], &[1.0]).is_err());
        assert_eq!(sample_ratio(&[5, 5], &[2.0, 2.0]).unwrap().p, 1.0);
    }
}
