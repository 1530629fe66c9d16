//! One-coin: one skill per voter, errors even over the other classes.

use serde::{Deserialize, Serialize};

use super::course::{Course, Model, Stopping, class_shares, iterate, weighted_log};
use crate::error::{InvalidInput, non_negative, parameter};
use crate::numeric::sum::sum;
use crate::votes::VoteTable;

/// Counts added before anything is seen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawPrior")]
pub struct OneCoinPrior {
    right: f64,
    wrong: f64,
    every_class: f64,
}

#[derive(Deserialize)]
struct RawPrior {
    right: f64,
    wrong: f64,
    every_class: f64,
}

impl TryFrom<RawPrior> for OneCoinPrior {
    type Error = InvalidInput;

    fn try_from(raw: RawPrior) -> Result<Self, InvalidInput> {
        Self::new(raw.right, raw.wrong, raw.every_class)
    }
}

impl Default for OneCoinPrior {
    /// Four right votes and one wrong per voter, one item in every class.
    fn default() -> Self {
        Self {
            right: 4.0,
            wrong: 1.0,
            every_class: 1.0,
        }
    }
}

impl OneCoinPrior {
    /// No prior: maximum likelihood. A voter without votes has the skill of guessing.
    pub const NONE: Self = Self {
        right: 0.0,
        wrong: 0.0,
        every_class: 0.0,
    };

    /// Right and wrong votes added per voter, and items added per class.
    ///
    /// # Errors
    /// A count that is negative or not finite.
    pub fn new(right: f64, wrong: f64, every_class: f64) -> Result<Self, InvalidInput> {
        non_negative("prior counts", &[right, wrong, every_class])?;
        Ok(Self {
            right,
            wrong,
            every_class,
        })
    }
}

/// Fitted truths and skills.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OneCoinFit {
    /// Probability of every class, by item.
    pub posteriors: Vec<Vec<f64>>,
    /// Share of every class.
    pub class_shares: Vec<f64>,
    /// Probability that each voter is right.
    pub skills: Vec<f64>,
    /// How the run went.
    pub course: Course,
}

/// One-coin model by expectation maximisation [Zhang, Chen, Zhou & Jordan, 2016, JMLR]: a voter says the truth
/// with probability `s_v` and each other class with `(1 - s_v) / (K - 1)`. For few voters or items, where
/// [`supports_confusions`](super::supports_confusions) says no.
///
/// # Errors
/// Fewer than two classes, known labels of another length or out of range, no iterations.
pub fn fit_one_coin(
    votes: &VoteTable,
    known: &[Option<usize>],
    prior: OneCoinPrior,
    stopping: Stopping,
) -> Result<OneCoinFit, InvalidInput> {
    votes.check_known(known)?;
    stopping.check()?;
    let classes = votes.classes();
    parameter("classes", classes as f64, "at least 2", classes >= 2)?;
    let update = |posteriors: &[Vec<f64>]| Skills::fit(votes, posteriors, prior);
    let (model, posteriors, course) = iterate(votes, known, stopping, update);
    Ok(OneCoinFit {
        posteriors,
        class_shares: model.class_shares,
        skills: model.skills,
        course,
    })
}

struct Skills {
    class_shares: Vec<f64>,
    skills: Vec<f64>,
    log_class: Vec<f64>,
    /// By voter and observed class, the logarithms for every truth.
    log_votes: Vec<Vec<Vec<f64>>>,
    log_prior: f64,
}

impl Skills {
    fn fit(votes: &VoteTable, posteriors: &[Vec<f64>], prior: OneCoinPrior) -> Self {
        let classes = votes.classes();
        let mut right = vec![prior.right; votes.voters()];
        let mut cast = vec![prior.right + prior.wrong; votes.voters()];
        for (row, posterior) in votes.rows().zip(posteriors) {
            for (voter, class) in row.pairs() {
                right[voter] += posterior[class];
                cast[voter] += 1.0;
            }
        }
        let guess = 1.0 / classes as f64;
        let skills: Vec<f64> = right
            .iter()
            .zip(&cast)
            .map(|(right, cast)| if *cast > 0.0 { (right / cast).min(1.0) } else { guess })
            .collect();
        let logs = |skill: &f64| -> Vec<Vec<f64>> {
            let (hit, miss) = (skill.ln(), ((1.0 - skill) / (classes - 1) as f64).ln());
            (0..classes)
                .map(|observed| {
                    (0..classes)
                        .map(|truth| if truth == observed { hit } else { miss })
                        .collect()
                })
                .collect()
        };
        let shares = class_shares(posteriors, classes, prior.every_class);
        let voters = skills
            .iter()
            .map(|skill| weighted_log(prior.right, *skill) + weighted_log(prior.wrong, 1.0 - skill));
        let class_terms = shares.iter().map(|share| weighted_log(prior.every_class, *share));
        Self {
            log_prior: sum(voters.chain(class_terms)),
            log_class: shares.iter().map(|share| share.ln()).collect(),
            log_votes: skills.iter().map(logs).collect(),
            class_shares: shares,
            skills,
        }
    }
}

impl Model for Skills {
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
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_log_posterior_never_falls(
            cast in prop::collection::btree_map((0..12_usize, 0..4_usize), 0..3_usize, 1..60),
        ) {
            let triples: Vec<(usize, usize, usize)> =
                cast.into_iter().map(|((item, voter), class)| (item, voter, class)).collect();
            let votes = VoteTable::from_triples(&triples, 12, 4, 3).unwrap();
            let unknown = vec![None; 12];
            let fit = fit_one_coin(&votes, &unknown, OneCoinPrior::default(), Stopping::default()).unwrap();
            prop_assert!(fit.course.largest_fall <= 1e-9, "{:?}", fit.course);
            prop_assert!(fit.skills.iter().all(|skill| (0.0..=1.0).contains(skill)));
            for row in &fit.posteriors {
                prop_assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn one_class_is_refused() {
        let votes = VoteTable::from_triples(&[], 1, 1, 1).unwrap();
        let stopping = Stopping::default();
        assert!(fit_one_coin(&votes, &[None], OneCoinPrior::default(), stopping).is_err());
    }
}
