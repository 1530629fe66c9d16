//! Stopping by precision: go on until the data can tell, then analyse once.

use serde::{Deserialize, Serialize};

use super::sample_size::ErrorRates;
use crate::error::{InvalidInput, finite, non_negative, parameter, positive};
use crate::estimate::{Estimate, Undefined};
use crate::numeric::sum::sample_variance;

/// Fewest documents before the first look, where nothing else is chosen.
pub const FEWEST_DOCUMENTS: usize = 50;
/// Fewest documents on which the versions differ before stopping, where nothing else is chosen.
pub const FEWEST_DISCORDANT: usize = 10;

/// When to look and what must be seen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawPlan")]
pub struct FixedPowerPlan {
    rates: ErrorRates,
    difference: f64,
    first_look: usize,
    batch: usize,
    fewest_discordant: usize,
}

#[derive(Deserialize)]
struct RawPlan {
    rates: ErrorRates,
    difference: f64,
    first_look: usize,
    batch: usize,
    fewest_discordant: usize,
}

impl TryFrom<RawPlan> for FixedPowerPlan {
    type Error = InvalidInput;

    fn try_from(raw: RawPlan) -> Result<Self, InvalidInput> {
        let plan = Self::new(raw.rates, raw.difference, raw.first_look, raw.batch)?;
        Ok(plan.with_fewest_discordant(raw.fewest_discordant))
    }
}

impl FixedPowerPlan {
    /// Error rates, the difference to be seen, documents before the first look ([`FEWEST_DOCUMENTS`]), and
    /// documents between looks.
    ///
    /// # Errors
    /// A difference that is not above 0, a first look before two documents, an empty batch.
    pub fn new(rates: ErrorRates, difference: f64, first_look: usize, batch: usize) -> Result<Self, InvalidInput> {
        positive("difference", difference)?;
        parameter("first look", first_look as f64, "at least 2", first_look >= 2)?;
        parameter("batch", batch as f64, "at least 1", batch >= 1)?;
        Ok(Self {
            rates,
            difference,
            first_look,
            batch,
            fewest_discordant: FEWEST_DISCORDANT,
        })
    }

    /// Another number of documents that must differ before stopping.
    #[must_use]
    pub fn with_fewest_discordant(self, fewest_discordant: usize) -> Self {
        Self {
            fewest_discordant,
            ..self
        }
    }

    /// Documents needed at a variance of the differences: `(z_{1-a} + z_{1-b})^2 s^2 / delta^2`.
    ///
    /// # Errors
    /// A variance that is negative or not finite.
    pub fn required(&self, variance: f64) -> Result<f64, InvalidInput> {
        non_negative("variance", &[variance])?;
        let (z_alpha, z_beta) = self.rates.quantiles();
        Ok(((z_alpha + z_beta) / self.difference).powi(2) * variance)
    }
}

/// What one look saw. It does not tell the mean: a look must not use the effect.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// Documents so far.
    pub documents: usize,
    /// Variance of their differences.
    pub variance: f64,
    /// Documents needed at that variance.
    pub required: f64,
    /// Documents on which the versions differ.
    pub discordant: usize,
    /// Whether to stop here.
    pub stops: bool,
}

/// The looks up to the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FixedPowerCourse {
    /// All looks, the last being the one that stopped.
    pub looks: Vec<Look>,
    /// Documents at which to stop and analyse once, without correction; `None`: go on.
    pub stopped_at: Option<usize>,
    /// Documents needed by the latest look; undefined (`too_few_items`) before the first.
    pub required: Estimate,
}

/// Follows a paired experiment [Nordin & Schultzberg, 2024, arXiv:2405.03487]: at every look the needed number
/// of documents is estimated anew from the VARIANCE of the differences alone; once there are as many, stop and
/// analyse with the ordinary test. `differences[i]` is new less old on the `i`-th document in order of time.
/// The guarantee is asymptotic, hence the first look and the number that must differ.
///
/// # Errors
/// A difference that is not finite.
pub fn follow_paired(differences: &[f64], plan: &FixedPowerPlan) -> Result<FixedPowerCourse, InvalidInput> {
    finite("differences", differences)?;
    let mut looks: Vec<Look> = Vec::new();
    let mut documents = plan.first_look;
    while documents <= differences.len() && !looks.last().is_some_and(|look| look.stops) {
        let seen = &differences[..documents];
        let variance = sample_variance(seen).unwrap_or(0.0);
        let required = plan.required(variance)?;
        let discordant = seen.iter().filter(|difference| **difference != 0.0).count();
        looks.push(Look {
            documents,
            variance,
            required,
            discordant,
            stops: documents as f64 >= required && discordant >= plan.fewest_discordant,
        });
        documents += plan.batch;
    }
    let last = looks.last();
    Ok(FixedPowerCourse {
        stopped_at: last.filter(|look| look.stops).map(|look| look.documents),
        required: Estimate::from(last.map(|look| look.required).ok_or(Undefined::TooFewItems)),
        looks,
    })
}

/// A look at two independent arms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TwoSampleLook {
    /// `sqrt(s1^2/n1 + s0^2/n0)`.
    pub standard_error: f64,
    /// `difference / (z_{1-a} + z_{1-b})`.
    pub target: f64,
    /// Whether the error has come down to the target.
    pub stops: bool,
}

/// The same rule for two arms with different items: each arm is its variance and its number of items, new first.
///
/// # Errors
/// An arm without items, a variance that is negative or not finite, a difference that is not above 0.
pub fn look_at_two_samples(
    new: (f64, u64),
    old: (f64, u64),
    rates: ErrorRates,
    difference: f64,
) -> Result<TwoSampleLook, InvalidInput> {
    non_negative("variances", &[new.0, old.0])?;
    positive("difference", difference)?;
    for (_, items) in [new, old] {
        parameter("items of an arm", items as f64, "at least 1", items > 0)?;
    }
    let standard_error = (new.0 / new.1 as f64 + old.0 / old.1 as f64).sqrt();
    let (z_alpha, z_beta) = rates.quantiles();
    let target = difference / (z_alpha + z_beta);
    Ok(TwoSampleLook {
        standard_error,
        target,
        stops: standard_error <= target,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> FixedPowerPlan {
        FixedPowerPlan::new(ErrorRates::new(0.05, 0.2).unwrap(), 0.1, 50, 10).unwrap()
    }

    #[test]
    fn the_effect_does_not_reach_the_looks() {
        let differences: Vec<f64> = (0..600).map(|item| f64::from(item % 3) - 1.0 + 0.001).collect();
        let shifted: Vec<f64> = differences.iter().map(|difference| difference + 4.0).collect();
        let (plain, moved) = (follow_paired(&differences, &plan()), follow_paired(&shifted, &plan()));
        let (plain, moved) = (plain.unwrap(), moved.unwrap());
        assert_eq!(plain.stopped_at, moved.stopped_at);
        assert!(plain.stopped_at.is_some());
    }

    #[test]
    fn versions_that_hardly_differ_go_on() {
        let mut differences = vec![0.0; 200];
        assert_eq!(follow_paired(&differences, &plan()).unwrap().stopped_at, None);
        for item in 0..10 {
            differences[item * 7] = 0.05;
        }
        assert_eq!(follow_paired(&differences, &plan()).unwrap().stopped_at, Some(70));
        let early = follow_paired(&differences[..20], &plan()).unwrap();
        assert_eq!(early.required.reason(), Some(Undefined::TooFewItems));
        assert!(FixedPowerPlan::new(ErrorRates::new(0.05, 0.2).unwrap(), 0.0, 50, 10).is_err());
    }
}
