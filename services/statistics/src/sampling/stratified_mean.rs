//! The error rate of all items from a stratified audit.

use serde::{Deserialize, Serialize};

use crate::error::{InvalidInput, parameter};
use crate::estimate::{Estimate, Undefined};
use crate::numeric::sum::Sum;

/// One audited stratum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorStratum {
    /// Items in it.
    pub size: u64,
    /// Items drawn from it, each with the same probability.
    pub drawn: u64,
    /// Errors among them.
    pub errors: u64,
}

/// Stratified estimate of an error rate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StratifiedMean {
    /// `sum_h W_h p_h`; undefined (`not_identifiable`) where nothing was drawn from a stratum with items,
    /// (`too_few_items`) without items.
    pub mean: Estimate,
    /// `sqrt(sum_h W_h^2 (1 - n_h/N_h) p_h (1 - p_h) / (n_h - 1))`; undefined (`too_few_items`) where one item
    /// was drawn of several. A stratum without errors adds nothing: give an exact bound too.
    pub standard_error: Estimate,
}

/// Error rate over all strata [Cochran, 1977, Sampling Techniques].
///
/// # Errors
/// More drawn than there are, or more errors than drawn.
pub fn stratified_mean(strata: &[ErrorStratum]) -> Result<StratifiedMean, InvalidInput> {
    let undefined = |reason| StratifiedMean {
        mean: Estimate::Undefined(reason),
        standard_error: Estimate::Undefined(reason),
    };
    for stratum in strata {
        let (drawn, errors) = (stratum.drawn as f64, stratum.errors as f64);
        parameter(
            "drawn items",
            drawn,
            "at most the stratum's size",
            stratum.drawn <= stratum.size,
        )?;
        parameter(
            "errors",
            errors,
            "at most the drawn items",
            stratum.errors <= stratum.drawn,
        )?;
    }
    let total: f64 = strata.iter().map(|stratum| stratum.size as f64).sum();
    if total == 0.0 {
        return Ok(undefined(Undefined::TooFewItems));
    }
    if strata.iter().any(|stratum| stratum.drawn == 0 && stratum.size > 0) {
        return Ok(undefined(Undefined::NotIdentifiable));
    }
    let (mut mean, mut variance) = (Sum::default(), Sum::default());
    let mut is_known = true;
    for stratum in strata.iter().filter(|stratum| stratum.size > 0) {
        let (size, drawn) = (stratum.size as f64, stratum.drawn as f64);
        let weight = size / total;
        let rate = stratum.errors as f64 / drawn;
        mean.add(weight * rate);
        if stratum.drawn > 1 {
            variance.add(weight * weight * (1.0 - drawn / size) * rate * (1.0 - rate) / (drawn - 1.0));
        } else {
            is_known &= stratum.size == 1;
        }
    }
    Ok(StratifiedMean {
        mean: Estimate::Value(mean.total()),
        standard_error: if is_known {
            Estimate::Value(variance.total().sqrt())
        } else {
            Estimate::Undefined(Undefined::TooFewItems)
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stratum(size: u64, drawn: u64, errors: u64) -> ErrorStratum {
        ErrorStratum { size, drawn, errors }
    }

    #[test]
    fn what_was_not_drawn_is_not_guessed() {
        let result = stratified_mean(&[stratum(50, 10, 1), stratum(50, 0, 0)]).unwrap();
        assert_eq!(result.mean.reason(), Some(Undefined::NotIdentifiable));
        let single = stratified_mean(&[stratum(50, 1, 0)]).unwrap();
        assert_eq!(single.standard_error.reason(), Some(Undefined::TooFewItems));
        let census = stratified_mean(&[stratum(4, 4, 1), stratum(1, 1, 0), stratum(0, 0, 0)]).unwrap();
        assert_eq!(
            (census.mean, census.standard_error),
            (Estimate::Value(0.2), Estimate::Value(0.0))
        );
        assert!(stratified_mean(&[stratum(4, 5, 0)]).is_err());
        assert!(stratified_mean(&[stratum(4, 2, 3)]).is_err());
        assert!(!stratified_mean(&[]).unwrap().mean.is_defined());
    }
}
