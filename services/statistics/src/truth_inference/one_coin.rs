//! One-coin: one skill per voter, errors even over the other classes.

use std::ops::Range;

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::chunks::{chunks, for_each_part};
use super::class_shares::{ClassShares, even};
use super::course::{Course, Stopping, weighted_log};
use super::given::{Concluded, Given};
use super::hit_or_miss::{Coin, Coins, Counts, Tables, class_counts};
use super::truths::{Kept, TopClasses};
use super::warning::InferenceWarning;
use crate::error::{InvalidInput, non_negative};
use crate::numeric::sum::sum;
use crate::votes::VoteTable;

/// Counts added before anything is seen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawPrior")]
pub struct OneCoinPrior {
    right: f64,
    wrong: f64,
    class_shares: ClassShares,
}

#[derive(Deserialize)]
struct RawPrior {
    right: f64,
    wrong: f64,
    class_shares: ClassShares,
}

impl TryFrom<RawPrior> for OneCoinPrior {
    type Error = InvalidInput;

    fn try_from(raw: RawPrior) -> Result<Self, InvalidInput> {
        Self::new(raw.right, raw.wrong, raw.class_shares)
    }
}

impl Default for OneCoinPrior {
    /// Four right votes and one wrong per voter, even class shares.
    fn default() -> Self {
        Self {
            right: 4.0,
            wrong: 1.0,
            class_shares: ClassShares::Even,
        }
    }
}

impl OneCoinPrior {
    /// No prior: maximum likelihood, of the class shares too. A voter without votes has the skill of guessing.
    pub const NONE: Self = Self {
        right: 0.0,
        wrong: 0.0,
        class_shares: ClassShares::Learned { added: 0.0 },
    };

    /// Right and wrong votes added per voter, and what the class shares are.
    ///
    /// # Errors
    /// A count that is negative or not finite.
    pub fn new(right: f64, wrong: f64, class_shares: ClassShares) -> Result<Self, InvalidInput> {
        non_negative("prior counts", &[right, wrong])?;
        class_shares.check()?;
        Ok(Self {
            right,
            wrong,
            class_shares,
        })
    }
}

/// Fitted truths and skills. `Truths` is what is kept of the posteriors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OneCoinFit<Truths = Array2<f64>> {
    /// Of every item: the probability of every class (items by classes), or [`TopClasses`].
    pub posteriors: Truths,
    /// Share of every class.
    pub class_shares: Vec<f64>,
    /// Probability that each voter is right.
    pub skills: Vec<f64>,
    /// How the run went.
    pub course: Course,
    /// Share of the items with an unambiguous majority where the fit prefers another class.
    pub disagreement_with_majority: f64,
    /// Reasons to doubt the fit.
    pub warnings: Vec<InferenceWarning>,
}

/// One-coin model by expectation maximisation [Zhang, Chen, Zhou & Jordan, 2016, JMLR]: a voter says the truth
/// with probability `s_v` and each other class with `(1 - s_v) / (K - 1)`. For few voters or items, where
/// [`supports_confusions`](super::supports_confusions) says no, and for many classes: an iteration takes time in
/// proportion to the votes whatever the number of classes.
///
/// Starts from vote shares; end it early ([`Stopping::EARLY`]) where voters may share errors. `known[i]` fixes the truth of item `i`; an empty slice means that none is known. Threads do
/// not change the result.
///
/// # Errors
/// Fewer than two classes, known labels of another length or out of range, no iterations.
pub fn fit_one_coin(
    votes: &VoteTable,
    known: &[Option<usize>],
    prior: OneCoinPrior,
    stopping: Stopping,
) -> Result<OneCoinFit, InvalidInput> {
    fit(votes, known, prior, stopping)
}

/// As [`fit_one_coin`], keeping the likeliest class of every item instead of all posteriors.
///
/// # Errors
/// As [`fit_one_coin`].
pub fn fit_one_coin_to_top_classes(
    votes: &VoteTable,
    known: &[Option<usize>],
    prior: OneCoinPrior,
    stopping: Stopping,
) -> Result<OneCoinFit<TopClasses>, InvalidInput> {
    fit(votes, known, prior, stopping)
}

fn fit<T: Kept>(
    votes: &VoteTable,
    known: &[Option<usize>],
    prior: OneCoinPrior,
    stopping: Stopping,
) -> Result<OneCoinFit<T>, InvalidInput> {
    let given = Given::checked(votes, known, stopping)?;
    let classes = votes.classes();
    let mut run = Run::new(given, prior);
    run.count_shares();
    let mut current = run.maximise(&even(classes));
    let mut before = None;
    let mut course = Course::start();
    while course.goes_on(stopping) {
        run.count(&current.tables);
        course.note(run.log_likelihood(), current.log_prior, stopping);
        let next = run.maximise(&current.tables.class_shares);
        before = Some(std::mem::replace(&mut current, next));
    }
    // There was an iteration, and posteriors are those of its expectation.
    let expected = &before.as_ref().unwrap_or(&current).tables;
    let skills: Vec<f64> = current.tables.coins.0.iter().map(|coin| coin.hit).collect();
    let poor = (0..votes.voters()).filter(|voter| skills[*voter] < 1.0 / classes as f64);
    let concluded: Concluded<T> = given.conclude(&run.ranges, expected, &course, poor.collect());
    Ok(OneCoinFit {
        posteriors: concluded.posteriors,
        warnings: concluded.warnings,
        disagreement_with_majority: concluded.disagreement_with_majority,
        skills,
        class_shares: current.tables.class_shares,
        course,
    })
}

/// A fit under way.
struct Run<'a> {
    given: Given<'a>,
    prior: OneCoinPrior,
    ranges: Vec<Range<usize>>,
    counts: Vec<Counts>,
    /// Votes by voter.
    cast: Vec<f64>,
}

/// One coin for each voter.
struct SkillCoins(Vec<Coin>);

impl Coins for SkillCoins {
    #[inline(always)]
    fn coin(&self, _: usize, voter: usize, _: usize) -> Coin {
        self.0[voter]
    }

    #[inline(always)]
    fn cell(&self, voter: usize, _: usize) -> usize {
        voter
    }
}

fn coin(skill: f64, classes: usize) -> Coin {
    Coin {
        hit: skill,
        miss: (1.0 - skill) / (classes - 1) as f64,
    }
}

/// Parameters between two passes.
struct Skills {
    tables: Tables<SkillCoins>,
    /// Logarithm of the prior density, up to a constant.
    log_prior: f64,
}

impl<'a> Run<'a> {
    fn new(given: Given<'a>, prior: OneCoinPrior) -> Self {
        let votes = given.votes;
        let mut cast = vec![0.0; votes.voters()];
        for voter in votes.voter_column() {
            cast[*voter as usize] += 1.0;
        }
        let ranges = chunks(votes, votes.voters() + votes.classes());
        Self {
            given,
            prior,
            counts: ranges
                .iter()
                .map(|_| Counts::new(votes.voters(), votes.classes()))
                .collect(),
            ranges,
            cast,
        }
    }

    fn count_shares(&mut self) {
        let given = self.given;
        let parts = self.counts.iter_mut().zip(&self.ranges);
        for_each_part(parts, |(counts, items)| {
            counts.count_shares(given, items.clone(), &SkillCoins(Vec::new()))
        });
    }

    fn count(&mut self, tables: &Tables<SkillCoins>) {
        let given = self.given;
        let parts = self.counts.iter_mut().zip(&self.ranges);
        for_each_part(parts, |(counts, items)| counts.count(given, items.clone(), tables));
    }

    fn log_likelihood(&self) -> f64 {
        sum(self.counts.iter().map(|counts| counts.log_likelihood))
    }

    /// The likeliest parameters given the counts of all parts; `class_shares` are those the counts were made with.
    fn maximise(&self, class_shares: &[f64]) -> Skills {
        let votes = self.given.votes;
        let classes = votes.classes();
        let counted = class_counts(self.counts.iter().map(|counts| &counts.items), class_shares);
        let shares = self.prior.class_shares.maximised(&counted);
        let coins: Vec<Coin> = (0..votes.voters())
            .map(|voter| {
                let right = sum(self.counts.iter().map(|counts| counts.right[voter])) + self.prior.right;
                let cast = self.cast[voter] + self.prior.right + self.prior.wrong;
                let skill = if cast > 0.0 {
                    (right / cast).min(1.0)
                } else {
                    1.0 / classes as f64
                };
                coin(skill, classes)
            })
            .collect();
        let voters = coins
            .iter()
            .map(|coin| weighted_log(self.prior.right, coin.hit) + weighted_log(self.prior.wrong, 1.0 - coin.hit));
        Skills {
            log_prior: sum(voters) + self.prior.class_shares.log_prior(&shares),
            tables: Tables::new(shares, SkillCoins(coins)),
        }
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
            for row in fit.posteriors.rows() {
                prop_assert!((row.sum() - 1.0).abs() < 1e-9);
            }
            let top = fit_one_coin_to_top_classes(&votes, &unknown, OneCoinPrior::default(), Stopping::default()).unwrap();
            prop_assert_eq!(top.skills, fit.skills);
        }

        #[test]
        fn products_and_logarithms_agree(
            cast in prop::collection::btree_map((0..12_usize, 0..40_usize), 0..3_usize, 1..300),
        ) {
            // Rows on both sides of the length up to which probabilities are multiplied.
            let triples: Vec<(usize, usize, usize)> =
                cast.into_iter().map(|((item, voter), class)| (item, voter, class)).collect();
            let votes = VoteTable::from_triples(&triples, 12, 40, 3).unwrap();
            let coins: Vec<Coin> = (0..40).map(|voter| coin(0.3 + 0.015 * voter as f64, 3)).collect();
            let tables = Tables::new(vec![0.5, 0.3, 0.2], SkillCoins(coins));
            for (item, row) in votes.rows().enumerate() {
                let mut found = [0.0; 3];
                tables.posterior(item, row, None, &mut found);
                let mut expected: Vec<f64> = (0..3).map(|truth| {
                    let of_vote = |(voter, class): (usize, usize)| {
                        let coin = &tables.coins.0[voter];
                        if class == truth { coin.hit.ln() } else { coin.miss.ln() }
                    };
                    tables.class_shares[truth].ln() + row.pairs().map(of_vote).sum::<f64>()
                }).collect();
                let total = crate::numeric::sum::log_sum_exp(&expected);
                for (found, expected) in found.iter().zip(&mut expected) {
                    prop_assert!((found - (*expected - total).exp()).abs() < 1e-13);
                }
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
