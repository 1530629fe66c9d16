//! Discounting voters of one family, who share their errors.

use serde::{Deserialize, Serialize};

use crate::error::{InvalidInput, every, non_negative, same_length};
use crate::estimate::{Estimate, Undefined};
use crate::numeric::sum::sum;

/// Weights and effective votes after the family discount.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FamilyDiscount {
    /// Factor of every voter, in (0, 1].
    pub voter_factors: Vec<f64>,
    /// Effective votes of every family, by family index; 0 for a family without voters.
    pub effective_votes_by_family: Vec<f64>,
    /// Effective votes of the whole panel; families count as independent of each other.
    pub effective_votes: f64,
}

/// `k / (1 + (k-1) rho)`: what `k` votes are worth at mean error correlation `rho` [Kish, 1965, Survey
/// Sampling; for juries Ladha, 1992, Am. J. Polit. Sci.]. `rho` is clamped to `[0, 1]`; 0 votes are 0.
pub fn design_effect_votes(votes: usize, correlation: f64) -> f64 {
    if votes == 0 {
        return 0.0;
    }
    let votes = votes as f64;
    votes / (1.0 + (votes - 1.0) * correlation.clamp(0.0, 1.0))
}

/// Factors `1 / (1 + (m_f - 1) rho_f)` for every voter of family `f` with `m_f` members.
///
/// `family[v]` is the family index of voter `v`; `correlation[f]` is the mean error correlation within
/// family `f`, clamped to `[0, 1]`. Use it where some labels exist, and pass only those who voted.
///
/// # Errors
/// A family index without a correlation, or a correlation that is not finite.
pub fn discount_families(family: &[usize], correlation: &[f64]) -> Result<FamilyDiscount, InvalidInput> {
    every("correlation", correlation, "a finite number", f64::is_finite)?;
    let sizes = family_sizes(family, correlation.len())?;
    let effective_votes_by_family: Vec<f64> = sizes
        .iter()
        .zip(correlation)
        .map(|(size, rho)| design_effect_votes(*size, *rho))
        .collect();
    let voter_factors = family
        .iter()
        .map(|index| effective_votes_by_family[*index] / sizes[*index] as f64)
        .collect();
    Ok(FamilyDiscount {
        voter_factors,
        effective_votes: sum(effective_votes_by_family.iter().copied()),
        effective_votes_by_family,
    })
}

/// The policy without labels: one family, one vote. `weights[v] / m_f`, where `m_f` counts the voters of
/// the family of `v`.
///
/// # Errors
/// Arrays of unequal length, or a weight that is negative or not finite.
pub fn one_vote_per_family(family: &[usize], weights: &[f64]) -> Result<Vec<f64>, InvalidInput> {
    same_length("weights", family.len(), weights.len())?;
    non_negative("weights", weights)?;
    let families = family.iter().map(|index| index + 1).max().unwrap_or(0);
    let sizes = family_sizes(family, families)?;
    Ok(family
        .iter()
        .zip(weights)
        .map(|(index, weight)| weight / sizes[*index] as f64)
        .collect())
}

/// Effective votes of a panel with unequal weights: within each family Kish's `(sum w)^2 / sum w^2`
/// votes at correlation `rho_f`, families added up.
///
/// Equals [`FamilyDiscount::effective_votes`] at equal weights. Undefined (`too_few_items`) where no
/// voter has a positive weight.
///
/// # Errors
/// As [`discount_families`] and [`one_vote_per_family`].
pub fn weighted_effective_votes(
    family: &[usize],
    weights: &[f64],
    correlation: &[f64],
) -> Result<Estimate, InvalidInput> {
    same_length("weights", family.len(), weights.len())?;
    non_negative("weights", weights)?;
    every("correlation", correlation, "a finite number", f64::is_finite)?;
    family_sizes(family, correlation.len())?;
    let largest = weights.iter().copied().fold(0.0, f64::max);
    if largest == 0.0 {
        return Ok(Estimate::Undefined(Undefined::TooFewItems));
    }
    let by_family = correlation.iter().enumerate().map(|(index, rho)| {
        let members = || {
            let rows = family.iter().zip(weights);
            rows.filter(|(member, _)| **member == index)
                .map(|(_, weight)| weight / largest)
        };
        let squares = sum(members().map(|weight| weight * weight));
        if squares == 0.0 {
            return 0.0;
        }
        let votes = sum(members()).powi(2) / squares;
        votes / (1.0 + (votes - 1.0).max(0.0) * rho.clamp(0.0, 1.0))
    });
    Ok(Estimate::Value(sum(by_family)))
}

fn family_sizes(family: &[usize], families: usize) -> Result<Vec<usize>, InvalidInput> {
    let mut sizes = vec![0; families];
    for (index, found) in family.iter().enumerate() {
        match sizes.get_mut(*found) {
            Some(size) => *size += 1,
            None => {
                return Err(InvalidInput::Index {
                    what: "family",
                    index,
                    found: *found,
                    bound: families,
                });
            }
        }
    }
    Ok(sizes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_family_one_vote() {
        let weights = one_vote_per_family(&[0, 0, 1], &[1.0, 3.0, 2.0]).unwrap();
        assert_eq!(weights, vec![0.5, 1.5, 2.0]);
    }

    #[test]
    fn even_weights_agree_with_the_count() {
        let family = [0, 0, 0, 1, 1, 2];
        let correlation = [0.5, 0.2, 0.9];
        let counted = discount_families(&family, &correlation).unwrap();
        let weighed = weighted_effective_votes(&family, &[2.0; 6], &correlation).unwrap();
        assert!((weighed.value().unwrap() - counted.effective_votes).abs() < 1e-12);
    }

    #[test]
    fn unknown_families_are_refused() {
        assert!(discount_families(&[1], &[0.2]).is_err());
        assert!(discount_families(&[0], &[f64::NAN]).is_err());
    }
}
