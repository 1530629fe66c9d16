//! How many documents a paired experiment needs.

use serde::{Deserialize, Serialize};

use crate::error::{InvalidInput, open_unit, parameter, positive};
use crate::numeric::normal;

/// One-sided probability of a false claim and probability of missing a true one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawRates")]
pub struct ErrorRates {
    alpha: f64,
    beta: f64,
}

#[derive(Deserialize)]
struct RawRates {
    alpha: f64,
    beta: f64,
}

impl TryFrom<RawRates> for ErrorRates {
    type Error = InvalidInput;

    fn try_from(raw: RawRates) -> Result<Self, InvalidInput> {
        Self::new(raw.alpha, raw.beta)
    }
}

impl ErrorRates {
    /// `alpha` one-sided; power is `1 - beta`. Under a decision rule pass the levels that
    /// [`rule_levels`](super::rule_levels) gives.
    ///
    /// # Errors
    /// A number outside (0, 1), or alpha + beta of at least 1.
    pub fn new(alpha: f64, beta: f64) -> Result<Self, InvalidInput> {
        open_unit("alpha", alpha)?;
        open_unit("beta", beta)?;
        parameter("alpha + beta", alpha + beta, "below 1", alpha + beta < 1.0)?;
        Ok(Self { alpha, beta })
    }

    /// One-sided probability of a false claim.
    pub fn alpha(self) -> f64 {
        self.alpha
    }

    /// Probability of missing a true one.
    pub fn beta(self) -> f64 {
        self.beta
    }

    /// Normal quantiles of `1 - alpha` and `1 - beta`.
    pub(super) fn quantiles(self) -> (f64, f64) {
        (-normal::quantile(self.alpha), -normal::quantile(self.beta))
    }
}

/// A sample size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SampleSize {
    /// What the formula gives.
    pub exact: f64,
    /// Rounded up.
    pub documents: u64,
}

impl SampleSize {
    fn of(exact: f64) -> Result<Self, InvalidInput> {
        parameter("sample size", exact, "below 2^53", exact < 9_007_199_254_740_992.0)?;
        Ok(Self {
            exact,
            documents: exact.ceil() as u64,
        })
    }
}

/// Documents to show that the new version is right more often by `difference`, where the versions differ on a
/// share `discordant` of the documents: `(z_a sqrt(psi) + z_b sqrt(psi - D^2))^2 / D^2` [Connor, 1987,
/// Biometrics].
///
/// # Errors
/// A discordant share outside (0, 1], a difference that is not above 0 or above the discordant share.
pub fn superiority_sample_size(
    rates: ErrorRates,
    discordant: f64,
    difference: f64,
) -> Result<SampleSize, InvalidInput> {
    check_discordant(discordant)?;
    positive("difference", difference)?;
    parameter(
        "difference",
        difference,
        "at most the discordant share",
        difference <= discordant,
    )?;
    let (z_alpha, z_beta) = rates.quantiles();
    let spread = z_alpha * discordant.sqrt() + z_beta * (discordant - difference * difference).sqrt();
    SampleSize::of((spread / difference).powi(2))
}

/// Documents to show that the new version is not worse by `margin` if its true difference is `difference` (0: as
/// good): `(z_a + z_b)^2 (psi - D^2) / (margin + D)^2`.
///
/// # Errors
/// A discordant share outside (0, 1], a margin that is not above 0, a difference of the size of the discordant
/// share or more, or that is `-margin` or less.
pub fn non_inferiority_sample_size(
    rates: ErrorRates,
    discordant: f64,
    margin: f64,
    difference: f64,
) -> Result<SampleSize, InvalidInput> {
    check_discordant(discordant)?;
    positive("margin", margin)?;
    let is_possible = difference > -margin && difference.abs() <= discordant;
    parameter(
        "true difference",
        difference,
        "above -margin and at most the discordant share",
        is_possible,
    )?;
    let (z_alpha, z_beta) = rates.quantiles();
    let variance = discordant - difference * difference;
    SampleSize::of((z_alpha + z_beta).powi(2) * variance / (margin + difference).powi(2))
}

fn check_discordant(discordant: f64) -> Result<(), InvalidInput> {
    let accepted = discordant > 0.0 && discordant <= 1.0;
    parameter("discordant share", discordant, "above 0 and at most 1", accepted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_of_everything_needs_more() {
        let usual = ErrorRates::new(0.05, 0.2).unwrap();
        let strict = ErrorRates::new(0.01, 0.1).unwrap();
        let of = |rates, discordant, difference| {
            superiority_sample_size(rates, discordant, difference)
                .unwrap()
                .documents
        };
        assert!(of(usual, 0.1, 0.02) < of(strict, 0.1, 0.02));
        assert!(of(usual, 0.1, 0.02) < of(usual, 0.2, 0.02));
        assert!(of(usual, 0.1, 0.02) < of(usual, 0.1, 0.01));
        let better = non_inferiority_sample_size(usual, 0.1, 0.02, 0.01).unwrap();
        let equal = non_inferiority_sample_size(usual, 0.1, 0.02, 0.0).unwrap();
        assert!(better.documents < equal.documents);
    }

    #[test]
    fn impossible_wishes_are_refused() {
        let usual = ErrorRates::new(0.05, 0.2).unwrap();
        assert!(superiority_sample_size(usual, 0.1, 0.2).is_err());
        assert!(superiority_sample_size(usual, 0.1, 1e-9).is_err());
        assert!(superiority_sample_size(usual, 0.0, 0.1).is_err());
        assert!(non_inferiority_sample_size(usual, 0.1, 0.02, -0.02).is_err());
        assert!(ErrorRates::new(0.5, 0.5).is_err());
    }
}
