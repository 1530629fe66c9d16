//! Dawid-Skene: one confusion matrix per voter.

use serde::{Deserialize, Serialize};

use super::course::{Course, Model, Stopping, class_shares, iterate, normalised, vote_shares, weighted_log};
use crate::error::{InvalidInput, non_negative};
use crate::numeric::sum::sum;
use crate::votes::VoteTable;

/// Fewest voters for whom separate confusion matrices can be learned.
pub const FEWEST_VOTERS: usize = 3;
/// Fewest items from which separate confusion matrices can be learned.
pub const FEWEST_ITEMS: usize = 50;

/// Counts added before anything is seen (Dirichlet parameters less 1).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawPrior")]
pub struct ConfusionPrior {
    every_cell: f64,
    diagonal: f64,
    every_class: f64,
}

#[derive(Deserialize)]
struct RawPrior {
    every_cell: f64,
    diagonal: f64,
    every_class: f64,
}

impl TryFrom<RawPrior> for ConfusionPrior {
    type Error = InvalidInput;

    fn try_from(raw: RawPrior) -> Result<Self, InvalidInput> {
        Self::new(raw.every_cell, raw.diagonal, raw.every_class)
    }
}

impl Default for ConfusionPrior {
    /// Half a vote in every cell, two more on the diagonal, one item in every class.
    fn default() -> Self {
        Self {
            every_cell: 0.5,
            diagonal: 2.0,
            every_class: 1.0,
        }
    }
}

impl ConfusionPrior {
    /// No prior: maximum likelihood, as first published. Rows nobody used are even.
    pub const NONE: Self = Self {
        every_cell: 0.0,
        diagonal: 0.0,
        every_class: 0.0,
    };

    /// Counts for every cell of a confusion matrix, in addition for its diagonal, and for every class.
    ///
    /// # Errors
    /// A count that is negative or not finite.
    pub fn new(every_cell: f64, diagonal: f64, every_class: f64) -> Result<Self, InvalidInput> {
        non_negative("prior counts", &[every_cell, diagonal, every_class])?;
        Ok(Self {
            every_cell,
            diagonal,
            every_class,
        })
    }

    fn cell(&self, truth: usize, observed: usize) -> f64 {
        self.every_cell + if truth == observed { self.diagonal } else { 0.0 }
    }
}

/// Fitted truths and voters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfusionFit {
    /// Probability of every class, by item.
    pub posteriors: Vec<Vec<f64>>,
    /// Share of every class.
    pub class_shares: Vec<f64>,
    /// `confusions[v][t][o]`: probability that voter `v` says `o` where `t` is true.
    pub confusions: Vec<Vec<Vec<f64>>>,
    /// How the run went.
    pub course: Course,
    /// Voters whose mean diagonal is below `1/K`: worse than guessing, or labels have switched.
    pub suspicious_voters: Vec<usize>,
    /// Share of the items with an unambiguous majority where the fit prefers another class. Above 0.2 labels
    /// may have switched.
    pub disagreement_with_majority: f64,
}

/// Whether there are enough voters and items for separate confusion matrices; otherwise use
/// [`fit_one_coin`](super::fit_one_coin).
pub fn supports_confusions(votes: &VoteTable) -> bool {
    votes.voters() >= FEWEST_VOTERS && votes.items() >= FEWEST_ITEMS
}

/// Dawid-Skene by expectation maximisation [Dawid & Skene, 1979, J. R. Stat. Soc. C], maximum a posteriori.
///
/// `known[i]` fixes the truth of item `i` where a label exists. Posteriors are those of the last expectation,
/// class shares and confusions those fitted to them.
///
/// # Errors
/// Known labels of another length or out of range, no iterations, a negative relative change.
pub fn fit_confusions(
    votes: &VoteTable,
    known: &[Option<usize>],
    prior: ConfusionPrior,
    stopping: Stopping,
) -> Result<ConfusionFit, InvalidInput> {
    votes.check_known(known)?;
    stopping.check()?;
    let update = |posteriors: &[Vec<f64>]| Confusions::fit(votes, posteriors, prior);
    let (model, posteriors, course) = iterate(votes, known, stopping, update);
    let chance = 1.0 / votes.classes() as f64;
    let suspicious_voters = (0..votes.voters())
        .filter(|voter| mean_diagonal(&model.confusions[*voter]) < chance)
        .collect();
    Ok(ConfusionFit {
        disagreement_with_majority: disagreement(votes, &posteriors),
        posteriors,
        class_shares: model.class_shares,
        confusions: model.confusions,
        course,
        suspicious_voters,
    })
}

fn mean_diagonal(confusion: &[Vec<f64>]) -> f64 {
    let diagonal = confusion.iter().enumerate().map(|(class, row)| row[class]);
    sum(diagonal) / confusion.len() as f64
}

fn disagreement(votes: &VoteTable, posteriors: &[Vec<f64>]) -> f64 {
    let shares = vote_shares(votes, &vec![None; votes.items()]);
    let (mut compared, mut differing) = (0_usize, 0_usize);
    for (share, posterior) in shares.iter().zip(posteriors) {
        if let (Some(majority), Some(inferred)) = (only_largest(share), only_largest(posterior)) {
            compared += 1;
            differing += usize::from(majority != inferred);
        }
    }
    if compared == 0 {
        0.0
    } else {
        differing as f64 / compared as f64
    }
}

/// The class with the largest value, unless several share it.
fn only_largest(values: &[f64]) -> Option<usize> {
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut leaders = (0..values.len()).filter(|class| largest - values[*class] <= 1e-12);
    let first = leaders.next()?;
    leaders.next().is_none().then_some(first)
}

struct Confusions {
    class_shares: Vec<f64>,
    confusions: Vec<Vec<Vec<f64>>>,
    log_class: Vec<f64>,
    /// By voter and observed class, the logarithms for every truth.
    log_votes: Vec<Vec<Vec<f64>>>,
    log_prior: f64,
}

impl Confusions {
    fn fit(votes: &VoteTable, posteriors: &[Vec<f64>], prior: ConfusionPrior) -> Self {
        let classes = votes.classes();
        let blank: Vec<Vec<f64>> = (0..classes)
            .map(|truth| (0..classes).map(|observed| prior.cell(truth, observed)).collect())
            .collect();
        let mut counts = vec![blank; votes.voters()];
        for (row, posterior) in votes.rows().zip(posteriors) {
            for (voter, class) in row.pairs() {
                for (truth, probability) in posterior.iter().enumerate() {
                    counts[voter][truth][class] += probability;
                }
            }
        }
        let confusions: Vec<Vec<Vec<f64>>> = counts
            .iter()
            .map(|rows| rows.iter().map(|row| normalised(row)).collect())
            .collect();
        let transposed = |confusion: &Vec<Vec<f64>>| -> Vec<Vec<f64>> {
            let column = |observed: usize| confusion.iter().map(|row| row[observed].ln()).collect();
            (0..classes).map(column).collect()
        };
        let shares = class_shares(posteriors, classes, prior.every_class);
        let cells = confusions.iter().flat_map(|confusion| {
            let rows = confusion.iter().enumerate();
            rows.flat_map(|(truth, row)| {
                let cells = row.iter().enumerate();
                cells.map(move |(observed, value)| weighted_log(prior.cell(truth, observed), *value))
            })
        });
        let class_terms = shares.iter().map(|share| weighted_log(prior.every_class, *share));
        Self {
            log_prior: sum(cells.chain(class_terms)),
            log_class: shares.iter().map(|share| share.ln()).collect(),
            log_votes: confusions.iter().map(transposed).collect(),
            class_shares: shares,
            confusions,
        }
    }
}

impl Model for Confusions {
    fn log_vote(&self, voter: usize, class: usize) -> &[f64] {
        &self.log_votes[voter][class]
    }

    fn log_class(&self) -> &[f64] {
        &self.log_class
    }

    fn log_prior(&self) -> f64 {
        self.log_prior
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three good voters and one who always says the next class.
    fn panel(items: usize) -> (VoteTable, Vec<usize>) {
        let truth: Vec<usize> = (0..items).map(|item| item % 3).collect();
        let mut votes = Vec::new();
        for (item, class) in truth.iter().enumerate() {
            for voter in 0..3 {
                let is_wrong = (item * 7 + voter * 11) % 10 == 0;
                votes.push((item, voter, if is_wrong { (class + 1 + voter % 2) % 3 } else { *class }));
            }
            votes.push((item, 3, (class + 1) % 3));
        }
        (VoteTable::from_triples(&votes, items, 4, 3).unwrap(), truth)
    }

    fn recovered(posteriors: &[Vec<f64>], truth: &[usize]) -> usize {
        let right = posteriors
            .iter()
            .zip(truth)
            .filter(|(row, class)| only_largest(row) == Some(**class));
        right.count()
    }

    #[test]
    fn a_consistent_liar_helps() {
        let (votes, truth) = panel(120);
        assert!(supports_confusions(&votes));
        let unknown = vec![None; 120];
        let fit = fit_confusions(&votes, &unknown, ConfusionPrior::default(), Stopping::default()).unwrap();
        assert_eq!(recovered(&fit.posteriors, &truth), 120);
        assert_eq!(fit.suspicious_voters, vec![3]);
        assert!(
            fit.course.converged && fit.course.largest_fall <= 1e-9,
            "{:?}",
            fit.course
        );
        assert!(fit.disagreement_with_majority < 0.2);
    }

    #[test]
    fn known_labels_stay_fixed_and_order_does_not_matter() {
        let (votes, _) = panel(60);
        let mut known = vec![None; 60];
        known[0] = Some(2);
        let fit = fit_confusions(&votes, &known, ConfusionPrior::default(), Stopping::default()).unwrap();
        assert_eq!(fit.posteriors[0], vec![0.0, 0.0, 1.0]);
        let mut triples = Vec::new();
        for (item, row) in votes.rows().enumerate() {
            triples.extend(row.pairs().map(|(voter, class)| (item, voter, class)));
        }
        triples.reverse();
        let backwards = VoteTable::from_triples(&triples, 60, 4, 3).unwrap();
        let other = fit_confusions(&backwards, &known, ConfusionPrior::default(), Stopping::default()).unwrap();
        assert_eq!(fit, other);
        assert!(fit_confusions(&votes, &[None], ConfusionPrior::NONE, Stopping::default()).is_err());
        assert!(ConfusionPrior::new(-1.0, 0.0, 0.0).is_err());
    }
}
