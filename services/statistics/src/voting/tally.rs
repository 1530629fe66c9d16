//! The weighted vote.

use serde::{Deserialize, Serialize};

use crate::Undefined;
use crate::error::{InvalidInput, non_negative, same_length};
use crate::estimate::Estimate;
use crate::numeric::sum::sum;

/// Shares closer than this are tied.
pub const TIE_TOLERANCE: f64 = 1e-12;

/// What the class indices of a vote count over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Categories {
    /// A declared list of so many classes. Entropy is relative to `ln` of that number.
    Declared(usize),
    /// So many distinct values of an open field. Entropy is relative to `ln` of the number of votes.
    Open(usize),
}

impl Categories {
    /// Number of class indices in use: every vote is below it.
    pub fn count(self) -> usize {
        match self {
            Self::Declared(count) | Self::Open(count) => count,
        }
    }
}

/// Who won.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The one class with the largest share.
    Winner(usize),
    /// The classes that share first place, in index order. The caller's policy decides.
    Tie(Vec<usize>),
}

impl Outcome {
    /// The winner, unless tied.
    pub fn winner(&self) -> Option<usize> {
        match self {
            Self::Winner(class) => Some(*class),
            Self::Tie(_) => None,
        }
    }

    /// The tied classes; empty where there is a winner.
    pub fn tied(&self) -> &[usize] {
        match self {
            Self::Winner(_) => &[],
            Self::Tie(classes) => classes,
        }
    }
}

/// The result of counting at least one vote of positive weight.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// Weight share of every class, by class index; they sum to 1.
    pub shares: Vec<f64>,
    /// Winner or tie.
    pub outcome: Outcome,
    /// Largest share minus second largest; the largest itself where there is only one class.
    pub margin: f64,
    /// Shannon entropy of the shares, in nats.
    pub entropy_nats: f64,
    /// Entropy divided by its largest possible value, from 0 (one class) to 1 (even). Undefined where
    /// that largest value is 0: a single declared class, or a single vote on an open field.
    pub entropy_normalised: Estimate,
    /// Kish's effective number of votes, `(sum w)^2 / sum w^2` over those who voted.
    pub effective_votes: f64,
}

impl Tally {
    /// Largest share; what the winner, or each tied class, obtained.
    pub fn top_share(&self) -> f64 {
        self.shares.iter().copied().fold(0.0, f64::max)
    }
}

/// A counted vote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VoteCount {
    /// Voters who voted.
    pub votes: usize,
    /// Voters who abstained.
    pub abstentions: usize,
    /// The count; undefined (`too_few_items`) when all abstain and (`not_identifiable`) when all
    /// votes have weight 0.
    pub tally: Estimate<Tally>,
}

/// Counts a weighted vote: `share_c = sum of w_v over voters for c / sum of w_v over all who voted`.
///
/// `votes[v]` is the class index of voter `v`, or `None` for an abstention, which leaves numerator and
/// denominator. "Absent from the document" is a class of its own, not an abstention. `weights[v] >= 0`
/// in any unit. Classes are tied when their shares differ by at most [`TIE_TOLERANCE`].
///
/// Shares are summed with compensation, so the order of voters does not show.
///
/// # Errors
/// Arrays of unequal length, a negative or non-finite weight, a class index out of range.
pub fn weighted_vote(
    votes: &[Option<usize>],
    weights: &[f64],
    categories: Categories,
) -> Result<VoteCount, InvalidInput> {
    same_length("weights", votes.len(), weights.len())?;
    non_negative("weights", weights)?;
    check_classes(votes, categories.count())?;
    let cast: Vec<(usize, f64)> = votes
        .iter()
        .zip(weights)
        .filter_map(|(vote, weight)| vote.map(|class| (class, *weight)))
        .collect();
    let largest = cast.iter().map(|(_, weight)| *weight).fold(0.0, f64::max);
    let tally = if cast.is_empty() {
        Estimate::Undefined(Undefined::TooFewItems)
    } else if largest == 0.0 {
        Estimate::Undefined(Undefined::NotIdentifiable)
    } else {
        Estimate::Value(count(&cast, largest, categories))
    };
    Ok(VoteCount {
        votes: cast.len(),
        abstentions: votes.len() - cast.len(),
        tally,
    })
}

/// Checks that every vote is below `classes`.
pub(crate) fn check_classes(votes: &[Option<usize>], classes: usize) -> Result<(), InvalidInput> {
    for (index, vote) in votes.iter().enumerate() {
        if let Some(found) = vote.filter(|class| *class >= classes) {
            return Err(InvalidInput::Index {
                what: "votes",
                index,
                found,
                bound: classes,
            });
        }
    }
    Ok(())
}

/// `largest` rescales the weights to at most 1, so that neither sums nor squares overflow.
fn count(cast: &[(usize, f64)], largest: f64, categories: Categories) -> Tally {
    let total = sum(cast.iter().map(|(_, weight)| weight / largest));
    let squares = sum(cast.iter().map(|(_, weight)| (weight / largest).powi(2)));
    let shares: Vec<f64> = (0..categories.count())
        .map(|class| {
            let own = cast.iter().filter(|(vote, _)| *vote == class);
            sum(own.map(|(_, weight)| weight / largest)) / total
        })
        .collect();
    let (outcome, margin) = rank(&shares);
    let entropy_nats = entropy(&shares);
    let ceiling = match categories {
        Categories::Declared(classes) => classes,
        Categories::Open(_) => cast.len(),
    };
    Tally {
        entropy_normalised: normalise_entropy(entropy_nats, ceiling),
        shares,
        outcome,
        margin,
        entropy_nats,
        effective_votes: total * total / squares,
    }
}

fn rank(shares: &[f64]) -> (Outcome, f64) {
    let mut descending = shares.to_vec();
    descending.sort_by(|left, right| right.total_cmp(left));
    let first = descending.first().copied().unwrap_or(0.0);
    let second = descending.get(1).copied().unwrap_or(0.0);
    let leaders: Vec<usize> = (0..shares.len())
        .filter(|class| first - shares[*class] <= TIE_TOLERANCE)
        .collect();
    let outcome = match leaders.as_slice() {
        [winner] => Outcome::Winner(*winner),
        _ => Outcome::Tie(leaders),
    };
    (outcome, first - second)
}

/// Shannon entropy in nats, `0 ln 0 = 0`.
pub(crate) fn entropy(shares: &[f64]) -> f64 {
    let positive = shares.iter().filter(|share| **share > 0.0);
    // Subtracting from 0 avoids the negative zero of an empty or certain distribution.
    0.0 - sum(positive.map(|share| share * share.ln()))
}

/// Entropy relative to `ln(options)`; undefined below two options.
pub(crate) fn normalise_entropy(entropy_nats: f64, options: usize) -> Estimate {
    if options < 2 {
        Estimate::Undefined(Undefined::NoVariation)
    } else {
        Estimate::Value((entropy_nats / (options as f64).ln()).clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tally(votes: &[Option<usize>], weights: &[f64], classes: usize) -> Tally {
        let count = weighted_vote(votes, weights, Categories::Declared(classes)).unwrap();
        count.tally.value().unwrap()
    }

    #[test]
    fn refuses_bad_input() {
        let declared = Categories::Declared(2);
        assert!(weighted_vote(&[Some(0)], &[], declared).is_err());
        assert!(weighted_vote(&[Some(2)], &[1.0], declared).is_err());
        assert!(weighted_vote(&[Some(0)], &[-1.0], declared).is_err());
        assert!(weighted_vote(&[Some(0)], &[f64::NAN], declared).is_err());
    }

    #[test]
    fn says_why_there_is_no_tally() {
        let nobody = weighted_vote(&[None], &[1.0], Categories::Declared(2)).unwrap();
        assert_eq!(nobody.tally.reason(), Some(Undefined::TooFewItems));
        let weightless = weighted_vote(&[Some(1)], &[0.0], Categories::Declared(2)).unwrap();
        assert_eq!(weightless.tally.reason(), Some(Undefined::NotIdentifiable));
    }

    #[test]
    fn open_entropy_is_relative_to_the_votes() {
        let votes = [Some(0), Some(1), Some(1), Some(1)];
        let count = weighted_vote(&votes, &[1.0; 4], Categories::Open(2)).unwrap();
        let tally = count.tally.value().unwrap();
        let expected = tally.entropy_nats / 4.0_f64.ln();
        assert_eq!(tally.entropy_normalised.value(), Some(expected));
    }

    #[test]
    fn huge_weights_do_not_overflow() {
        let tally = tally(&[Some(0), Some(1)], &[1e308, 1e308], 2);
        assert_eq!(tally.outcome, Outcome::Tie(vec![0, 1]));
        assert_eq!(tally.effective_votes, 2.0);
    }

    fn ballots() -> impl Strategy<Value = (Vec<Option<usize>>, Vec<f64>)> {
        prop::collection::vec((prop::option::of(0..4_usize), 0.01..10.0_f64), 1..12)
            .prop_map(|rows| rows.into_iter().unzip())
    }

    fn same(left: &VoteCount, right: &VoteCount) -> bool {
        match (&left.tally, &right.tally) {
            (Estimate::Value(left), Estimate::Value(right)) => {
                left.outcome == right.outcome
                    && (left.effective_votes - right.effective_votes).abs() < 1e-9
                    && (left.entropy_nats - right.entropy_nats).abs() < 1e-12
                    && left
                        .shares
                        .iter()
                        .zip(&right.shares)
                        .all(|(left, right)| (left - right).abs() < 1e-13)
            }
            (left, right) => left == right,
        }
    }

    proptest! {
        #[test]
        fn order_of_voters_does_not_matter((votes, weights) in ballots(), turn in 0..12_usize) {
            let before = weighted_vote(&votes, &weights, Categories::Declared(4)).unwrap();
            let (mut votes, mut weights) = (votes, weights);
            let turn = turn % votes.len();
            votes.rotate_left(turn);
            weights.rotate_left(turn);
            let after = weighted_vote(&votes, &weights, Categories::Declared(4)).unwrap();
            prop_assert!(same(&before, &after));
        }

        #[test]
        fn scale_of_weights_does_not_matter((votes, weights) in ballots(), scale in 1e-6..1e6_f64) {
            let before = weighted_vote(&votes, &weights, Categories::Declared(4)).unwrap();
            let scaled: Vec<f64> = weights.iter().map(|weight| weight * scale).collect();
            let after = weighted_vote(&votes, &scaled, Categories::Declared(4)).unwrap();
            prop_assert!(same(&before, &after));
        }

        #[test]
        fn an_abstention_changes_nothing((votes, weights) in ballots(), weight in 0.0..10.0_f64) {
            let before = weighted_vote(&votes, &weights, Categories::Declared(4)).unwrap();
            let (mut votes, mut weights) = (votes, weights);
            votes.push(None);
            weights.push(weight);
            let after = weighted_vote(&votes, &weights, Categories::Declared(4)).unwrap();
            prop_assert_eq!(after.abstentions, before.abstentions + 1);
            prop_assert_eq!(before.tally, after.tally);
        }

        #[test]
        fn everything_is_bounded((votes, weights) in ballots()) {
            let count = weighted_vote(&votes, &weights, Categories::Declared(4)).unwrap();
            if let Estimate::Value(tally) = count.tally {
                prop_assert!(tally.shares.iter().all(|share| (0.0..=1.0 + 1e-12).contains(share)));
                prop_assert!((sum(tally.shares.iter().copied()) - 1.0).abs() < 1e-12);
                prop_assert!((0.0..=1.0 + 1e-12).contains(&tally.margin));
                let normalised = tally.entropy_normalised.value().unwrap();
                prop_assert!((0.0..=1.0).contains(&normalised));
                prop_assert!(tally.effective_votes <= count.votes as f64 + 1e-9);
                prop_assert!(tally.effective_votes >= 1.0 - 1e-9);
            }
        }
    }
}
