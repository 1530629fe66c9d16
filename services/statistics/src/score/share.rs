//! Scores from vote shares.

use serde::{Deserialize, Serialize};

use crate::error::{InvalidInput, is_probability, open_unit, parameter, positive, probabilities};
use crate::estimate::Estimate;
use crate::numeric::logistic::logit;
use crate::voting::{entropy, normalise_entropy};

/// How a vote share becomes the input of a calibrator.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScoreTransform {
    /// [`add_half_logit`] with the number of votes: the default.
    #[default]
    AddHalfLogit,
    /// [`clipped_logit`] with this epsilon.
    ClippedLogit(f64),
    /// The share itself.
    Identity,
}

impl ScoreTransform {
    /// The calibrator input of a share obtained with `votes` votes (their number or effective number);
    /// only [`Self::AddHalfLogit`] looks at `votes`.
    ///
    /// # Errors
    /// As the function named by the variant.
    pub fn apply(self, share: f64, votes: f64) -> Result<f64, InvalidInput> {
        match self {
            Self::AddHalfLogit => add_half_logit(share, votes),
            Self::ClippedLogit(epsilon) => clipped_logit(share, epsilon),
            Self::Identity => {
                check_share(share)?;
                Ok(share)
            }
        }
    }
}

/// `ln((k s + 1/2) / (k (1-s) + 1/2))`: finite at shares 0 and 1, and unanimous 3 of 3 stays below
/// unanimous 7 of 7. `votes` is the number of votes, or the effective number for correlated voters.
///
/// # Errors
/// A share outside `[0, 1]` or a number of votes that is not above 0.
pub fn add_half_logit(share: f64, votes: f64) -> Result<f64, InvalidInput> {
    check_share(share)?;
    positive("votes", votes)?;
    Ok(((votes * share + 0.5) / (votes * (1.0 - share) + 0.5)).ln())
}

/// `logit(s)` with `s` clipped to `[epsilon, 1 - epsilon]`. It puts every unanimous item at one far
/// point, which then sets a calibrator's slope: prefer [`add_half_logit`] for votes.
///
/// # Errors
/// A share outside `[0, 1]` or an epsilon outside (0, 1/2).
pub fn clipped_logit(share: f64, epsilon: f64) -> Result<f64, InvalidInput> {
    check_share(share)?;
    open_unit("twice epsilon", 2.0 * epsilon)?;
    Ok(logit(share.clamp(epsilon, 1.0 - epsilon)))
}

fn check_share(share: f64) -> Result<(), InvalidInput> {
    parameter("share", share, "a number from 0 to 1", is_probability(share))
}

/// Largest share minus second largest; the largest itself where there is only one.
///
/// # Errors
/// No shares, or one outside `[0, 1]`.
pub fn margin(shares: &[f64]) -> Result<f64, InvalidInput> {
    if shares.is_empty() {
        return Err(InvalidInput::Empty { what: "shares" });
    }
    probabilities("shares", shares)?;
    let (mut first, mut second) = (0.0, 0.0);
    for share in shares {
        if *share > first {
            second = first;
            first = *share;
        } else if *share > second {
            second = *share;
        }
    }
    Ok(first - second)
}

/// Entropy of the shares divided by `ln(options)`: 0 for a unanimous vote, 1 for an even split.
/// `options` is the declared number of classes, or the number of votes for an open field.
/// Undefined (`no_variation`) below two options.
///
/// # Errors
/// A share outside `[0, 1]`.
pub fn normalised_entropy(shares: &[f64], options: usize) -> Result<Estimate, InvalidInput> {
    probabilities("shares", shares)?;
    Ok(normalise_entropy(entropy(shares), options))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Undefined;

    #[test]
    fn more_unanimous_votes_say_more() {
        let three = add_half_logit(1.0, 3.0).unwrap();
        let seven = add_half_logit(1.0, 7.0).unwrap();
        assert!(three < seven && seven.is_finite());
        assert_eq!(add_half_logit(0.0, 7.0).unwrap(), -seven);
    }

    #[test]
    fn clipping_is_symmetric() {
        assert!((clipped_logit(1.0, 1e-6).unwrap() + clipped_logit(0.0, 1e-6).unwrap()).abs() < 1e-9);
        assert!(clipped_logit(0.5, 0.5).is_err());
        assert!(clipped_logit(f64::NAN, 1e-6).is_err());
    }

    #[test]
    fn margin_of_ties_and_singles() {
        assert_eq!(margin(&[0.4, 0.4, 0.2]).unwrap(), 0.0);
        assert_eq!(margin(&[1.0]).unwrap(), 1.0);
        assert!(margin(&[]).is_err());
    }

    #[test]
    fn entropy_bounds() {
        let even = normalised_entropy(&[0.25; 4], 4).unwrap();
        assert_eq!(even, Estimate::Value(1.0));
        let certain = normalised_entropy(&[1.0, 0.0, 0.0, 0.0], 4).unwrap();
        assert_eq!(certain, Estimate::Value(0.0));
        let single = normalised_entropy(&[1.0], 1).unwrap();
        assert_eq!(single.reason(), Some(Undefined::NoVariation));
    }
}
