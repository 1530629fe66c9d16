//! Audits with unequal probabilities, and audits that are repeated.

use serde::{Deserialize, Serialize};

use super::binomial::error_upper_bound;
use crate::error::{InvalidInput, non_negative, open_unit, parameter};
use crate::numeric::sum::sum;

/// One stratum of an audit: within it every item was audited with the same probability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Stratum {
    /// Share of all accepted items that fall into it.
    pub share: f64,
    /// Items audited.
    pub items: u64,
    /// Errors found.
    pub errors: u64,
}

/// Upper bound of the overall error rate at confidence `1 - delta`: each stratum bounded at `delta / H`, the
/// bounds summed by share.
///
/// # Errors
/// No strata, shares that do not sum to 1 within 1e-9, more errors than items, a delta outside (0, 1).
pub fn stratified_upper_bound(strata: &[Stratum], delta: f64) -> Result<f64, InvalidInput> {
    open_unit("delta", delta)?;
    if strata.is_empty() {
        return Err(InvalidInput::Empty { what: "strata" });
    }
    let shares: Vec<f64> = strata.iter().map(|stratum| stratum.share).collect();
    non_negative("shares", &shares)?;
    let total = sum(shares);
    parameter("sum of shares", total, "1 within 1e-9", (total - 1.0).abs() <= 1e-9)?;
    let own = delta / strata.len() as f64;
    let bounds: Vec<f64> = strata
        .iter()
        .map(|stratum| Ok(stratum.share * error_upper_bound(stratum.errors, stratum.items, own)?))
        .collect::<Result<_, InvalidInput>>()?;
    Ok(sum(bounds).min(1.0))
}

/// The delta of the `period`-th of endlessly many repeated audits, from 1: `delta * 6 / (pi^2 period^2)`. They
/// sum to `delta`, so that all audits together keep the promise.
///
/// # Errors
/// A delta outside (0, 1) or period 0.
pub fn delta_in_period(delta: f64, period: u32) -> Result<f64, InvalidInput> {
    open_unit("delta", delta)?;
    parameter("period", f64::from(period), "at least 1", period > 0)?;
    Ok(delta * 6.0 / (std::f64::consts::PI * f64::from(period)).powi(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_stratum_is_the_plain_bound() {
        let stratum = Stratum {
            share: 1.0,
            items: 500,
            errors: 3,
        };
        let bound = stratified_upper_bound(&[stratum], 0.05).unwrap();
        assert_eq!(bound, error_upper_bound(3, 500, 0.05).unwrap());
        let unaudited = Stratum {
            share: 0.5,
            items: 0,
            errors: 0,
        };
        let half = Stratum { share: 0.5, ..stratum };
        assert!(stratified_upper_bound(&[half, unaudited], 0.05).unwrap() > 0.5);
        assert!(stratified_upper_bound(&[half], 0.05).is_err());
    }

    #[test]
    fn periods_share_the_risk() {
        let total: f64 = (1..100_000).map(|period| delta_in_period(0.05, period).unwrap()).sum();
        assert!((total - 0.05).abs() < 1e-6);
        assert!(delta_in_period(0.05, 0).is_err());
    }
}
