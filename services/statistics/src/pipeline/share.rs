//! Counting by shares of weight.

use serde::{Deserialize, Serialize};

use super::ballots::{Ballot, LabelledBallots, Panel};
use super::belief::Belief;
use super::counts::GoldCounts;
use crate::error::InvalidInput;
use crate::voting::{
    WeightRule, clip_for_shares, design_effect_votes, error_correlation, family_error_correlations, voter_weight,
};

/// Labels of a class from which on votes for it have a weight of their own.
pub(super) const LABELS_FOR_CLASS_WEIGHTS: u32 = 20;
/// Labels with which a voter's accuracy on one class is drawn to its overall accuracy.
const CLASS_STRENGTH: f64 = 20.0;
/// How much more an authoritative vote weighs than all others together.
const AUTHORITY: f64 = 1.05;

/// Weights of votes, and how much the members of a family count together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ShareModel {
    /// Weight of every voter's vote, then that of voters yet unknown; none where all weigh the same.
    weights: Option<Vec<f64>>,
    /// Weights of votes for single classes, by voter and class, instead; none where the voter's weight holds.
    class_weights: Option<Vec<Vec<Option<f64>>>>,
    /// Error correlation within every voter's family, 1 for voters yet unknown; none where one family has one vote.
    family_correlations: Option<Vec<f64>>,
}

impl ShareModel {
    pub(super) const EVEN: Self = Self {
        weights: None,
        class_weights: None,
        family_correlations: None,
    };

    /// Weights by accuracy or its log-odds.
    pub(super) fn weighted(counts: &GoldCounts, log_odds: bool) -> Result<Self, InvalidInput> {
        let accuracies = counts.accuracies()?;
        let classes = counts.class_number();
        let rule = if log_odds {
            WeightRule::LogOdds { classes }
        } else {
            WeightRule::Accuracy
        };
        let weights = accuracies
            .iter()
            .map(|accuracy| voter_weight(*accuracy, rule).map(clip_for_shares));
        Ok(Self {
            weights: Some(weights.collect::<Result<_, _>>()?),
            ..Self::EVEN
        })
    }

    /// Log-odds weights, and for classes with labels enough those of the voter's accuracy on the class.
    pub(super) fn by_class(counts: &GoldCounts, classes: usize) -> Result<Self, InvalidInput> {
        let accuracies = counts.accuracies()?;
        let rule = WeightRule::LogOdds {
            classes: classes as f64,
        };
        let of_class = |voter: usize, overall: f64, class: usize| -> Result<Option<f64>, InvalidInput> {
            if counts.items_of_class(class) < LABELS_FOR_CLASS_WEIGHTS {
                return Ok(None);
            }
            let accuracy = counts.accuracy_on_class(voter, class, overall, CLASS_STRENGTH);
            voter_weight(accuracy, rule).map(clip_for_shares).map(Some)
        };
        let by_voter = accuracies.iter().enumerate();
        let class_weights = by_voter
            .map(|(voter, overall)| (0..classes).map(|class| of_class(voter, *overall, class)).collect())
            .collect::<Result<_, InvalidInput>>()?;
        Ok(Self {
            class_weights: Some(class_weights),
            ..Self::weighted(counts, true)?
        })
    }

    /// Log-odds weights where the members of a family count for as much as their measured error correlation leaves.
    pub(super) fn discounted(
        data: &LabelledBallots,
        items: &[usize],
        counts: &GoldCounts,
    ) -> Result<Self, InvalidInput> {
        let panel = data.panel();
        let errors: Vec<Vec<Option<bool>>> = items
            .iter()
            .map(|item| {
                let mut row = vec![None; panel.voters()];
                for (voter, class) in data.ballot(*item).votes() {
                    row[*voter] = Some(!data.is_right(*item, *class));
                }
                row
            })
            .collect();
        let families: Vec<usize> = (0..panel.voters()).map(|voter| panel.family(voter)).collect();
        let by_family = family_error_correlations(&error_correlation(&errors)?, &families, panel.families(), 1.0)?;
        let correlations = families.iter().map(|family| by_family[*family]);
        Ok(Self {
            family_correlations: Some(correlations.collect()),
            ..Self::weighted(counts, true)?
        })
    }

    fn own_weight(&self, ballot: &Ballot, voter: usize, class: usize) -> f64 {
        let of_class = || {
            let weights = self.class_weights.as_ref()?.get(voter)?;
            *weights.get(ballot.declared(class)?)?
        };
        let of_voter = || {
            self.weights
                .as_ref()
                .map_or(1.0, |weights| weights[voter.min(weights.len() - 1)])
        };
        of_class().unwrap_or_else(of_voter)
    }

    fn correlation_of(&self, voter: usize) -> f64 {
        let known = self.family_correlations.as_ref();
        known.and_then(|known| known.get(voter)).copied().unwrap_or(1.0)
    }

    /// Weights of the votes of a ballot after families and authority, and the effective number of votes.
    pub(super) fn weigh(&self, panel: &Panel, ballot: &Ballot) -> (Vec<f64>, f64) {
        let votes = ballot.votes();
        let mut own: Vec<f64> = votes
            .iter()
            .map(|(voter, class)| self.own_weight(ballot, *voter, *class))
            .collect();
        if own.iter().all(|weight| *weight == 0.0) {
            // All who voted are no better than chance: their votes are all there is.
            own.fill(1.0);
        }
        let mut members = vec![Members::default(); panel.families()];
        for ((voter, _), weight) in votes.iter().zip(&own) {
            let family = &mut members[panel.family(*voter)];
            family.size += 1;
            family.sum += weight;
            family.squares += weight * weight;
            family.correlation = self.correlation_of(*voter);
        }
        let effective: f64 = members.iter().map(Members::effective_votes).sum();
        for ((voter, _), weight) in votes.iter().zip(&mut own) {
            let family = &members[panel.family(*voter)];
            *weight *= design_effect_votes(family.size, family.correlation) / family.size as f64;
        }
        let is_authority = |(voter, _): &(usize, usize)| panel.is_authoritative(*voter);
        let rows = votes.iter().zip(&own).filter(|(vote, _)| !is_authority(vote));
        let others: f64 = rows.map(|(_, weight)| weight).sum();
        for (vote, weight) in votes.iter().zip(&mut own) {
            if is_authority(vote) {
                *weight = weight.max(AUTHORITY * others);
            }
        }
        (own, effective)
    }

    pub(super) fn belief(&self, panel: &Panel, ballot: &Ballot) -> Belief {
        let (weights, effective) = self.weigh(panel, ballot);
        let mut shares = vec![0.0; ballot.classes()];
        for ((_, class), weight) in ballot.votes().iter().zip(&weights) {
            shares[*class] += weight;
        }
        let total: f64 = shares.iter().sum();
        shares.iter_mut().for_each(|share| *share /= total);
        // Shares of one class add up to 1 but for rounding.
        shares.iter_mut().for_each(|share| *share = share.min(1.0));
        Belief::of_shares(shares, effective)
    }
}

/// The members of one family that voted.
#[derive(Clone, Default)]
struct Members {
    size: usize,
    sum: f64,
    squares: f64,
    correlation: f64,
}

impl Members {
    /// Kish's number of votes by their weights, less what errors in common take off.
    fn effective_votes(&self) -> f64 {
        if self.squares == 0.0 {
            return 0.0;
        }
        let votes = self.sum * self.sum / self.squares;
        votes / (1.0 + (votes - 1.0).max(0.0) * self.correlation)
    }
}
