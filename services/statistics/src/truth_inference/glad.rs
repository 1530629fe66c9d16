//! GLAD: voters of different ability, items of different difficulty.

use std::ops::Range;

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::chunks::{chunks, for_each_part, split};
use super::class_shares::{ClassShares, even};
use super::course::{Course, Stopping};
use super::given::{Concluded, Given};
use super::hit_or_miss::{Coin, Coins, ItemCounts, Likelihood, Posterior, Tables, class_counts};
use super::scaled::Product;
use super::truths::{Kept, TopClasses};
use super::warning::InferenceWarning;
use crate::error::{InvalidInput, finite};
use crate::numeric::logistic::{cross_entropy, sigmoid};
use crate::numeric::sum::{Sum, sum};
use crate::votes::{VoteRow, VoteTable};

/// Largest change of a log-ease in one step.
const LONGEST_STEP: f64 = 1.0;
/// Halvings of a step that would make an item less likely before the log-ease stays as it is.
const HALVINGS: usize = 8;
/// Log-eases stay between minus and plus this.
const LARGEST_LOG_EASE: f64 = 20.0;

/// What is believed of abilities and log-eases before anything is seen: normal distributions of variance 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawPrior")]
pub struct GladPrior {
    ability: f64,
    log_ease: f64,
    class_shares: ClassShares,
}

#[derive(Deserialize)]
struct RawPrior {
    ability: f64,
    log_ease: f64,
    class_shares: ClassShares,
}

impl TryFrom<RawPrior> for GladPrior {
    type Error = InvalidInput;

    fn try_from(raw: RawPrior) -> Result<Self, InvalidInput> {
        Self::new(raw.ability, raw.log_ease, raw.class_shares)
    }
}

impl Default for GladPrior {
    /// Mean ability 1, mean log-ease 1, even class shares.
    fn default() -> Self {
        Self {
            ability: 1.0,
            log_ease: 1.0,
            class_shares: ClassShares::Even,
        }
    }
}

impl GladPrior {
    /// Mean ability, mean log-ease, and what the class shares are.
    ///
    /// # Errors
    /// A mean that is not finite, a count that is negative or not finite.
    pub fn new(ability: f64, log_ease: f64, class_shares: ClassShares) -> Result<Self, InvalidInput> {
        finite("prior means", &[ability, log_ease])?;
        class_shares.check()?;
        Ok(Self {
            ability,
            log_ease,
            class_shares,
        })
    }
}

/// Fitted truths, abilities and eases. `Truths` is what is kept of the posteriors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GladFit<Truths = Array2<f64>> {
    /// Of every item: the probability of every class (items by classes), or [`TopClasses`].
    pub posteriors: Truths,
    /// Share of every class.
    pub class_shares: Vec<f64>,
    /// By voter: 0 is blind, below 0 worse than that.
    pub abilities: Vec<f64>,
    /// By item: the logarithm of what multiplies every voter's ability.
    pub log_eases: Vec<f64>,
    /// How the run went.
    pub course: Course,
    /// Share of the items with an unambiguous majority where the fit prefers another class.
    pub disagreement_with_majority: f64,
    /// Reasons to doubt the fit.
    pub warnings: Vec<InferenceWarning>,
}

/// GLAD [Whitehill et al., 2009, NeurIPS]: voter `v` names the truth of item `i` with probability
/// `p = 1 / (1 + exp(-ability_v exp(log_ease_i)))` and each other class with `(1 - p) / (K - 1)`; abilities and
/// log-eases have normal priors of variance 1.
///
/// For crowds whose items differ in difficulty, and not for few votes an item: each item has a parameter of its own. End it
/// early ([`Stopping::EARLY`]) where voters may share errors.
///
/// Generalised expectation maximisation from vote shares. Each iteration moves every log-ease by a safeguarded Newton step
/// of its own item, and every ability by a step along the gradient whose length comes from the tangent parabola of the
/// logistic function [Jaakkola & Jordan, 2000, Stat. Comput.], which cannot overshoot; so the log posterior does not fall.
/// Takes time proportional to the votes for each iteration, whatever the number of classes. Deterministic; threads do not
/// change the result.
///
/// # Errors
/// Fewer than two classes, known labels of another length or out of range, no iterations.
pub fn fit_glad(
    votes: &VoteTable,
    known: &[Option<usize>],
    prior: GladPrior,
    stopping: Stopping,
) -> Result<GladFit, InvalidInput> {
    fit(votes, known, prior, stopping)
}

/// As [`fit_glad`], keeping the likeliest class of every item instead of all posteriors.
///
/// # Errors
/// As [`fit_glad`].
pub fn fit_glad_to_top_classes(
    votes: &VoteTable,
    known: &[Option<usize>],
    prior: GladPrior,
    stopping: Stopping,
) -> Result<GladFit<TopClasses>, InvalidInput> {
    fit(votes, known, prior, stopping)
}

fn fit<T: Kept>(
    votes: &VoteTable,
    known: &[Option<usize>],
    prior: GladPrior,
    stopping: Stopping,
) -> Result<GladFit<T>, InvalidInput> {
    let mut run = Run::new(Given::checked(votes, known, stopping)?, prior);
    run.step(true);
    let mut course = Course::start();
    let mut before = run.tables.clone();
    while course.goes_on(stopping) {
        let log_prior = run.log_prior();
        before.clone_from(&run.tables);
        let log_likelihood = run.step(false);
        course.note(log_likelihood, log_prior, stopping);
    }
    let abilities = &run.tables.coins.abilities;
    let poor = (0..votes.voters()).filter(|voter| abilities[*voter] < 0.0);
    let concluded: Concluded<T> = run.given.conclude(&run.ranges, &before, &course, poor.collect());
    Ok(GladFit {
        posteriors: concluded.posteriors,
        warnings: concluded.warnings,
        disagreement_with_majority: concluded.disagreement_with_majority,
        class_shares: run.tables.class_shares,
        log_eases: run.tables.coins.eases.iter().map(|ease| ease.ln()).collect(),
        abilities: run.tables.coins.abilities,
        course,
    })
}

/// Present abilities and eases.
#[derive(Clone)]
struct Powers {
    abilities: Vec<f64>,
    eases: Vec<f64>,
    /// `1 / (K - 1)`.
    spread: f64,
}

impl Coins for Powers {
    #[inline(always)]
    fn coin(&self, item: usize, voter: usize, _: usize) -> Coin {
        let power = self.abilities[voter] * self.eases[item];
        let exponential = (-power.abs()).exp();
        let (large, small) = (1.0 / (1.0 + exponential), exponential / (1.0 + exponential));
        let (right, wrong) = if power >= 0.0 { (large, small) } else { (small, large) };
        Coin {
            hit: right,
            miss: wrong * self.spread,
        }
    }

    fn cell(&self, voter: usize, _: usize) -> usize {
        voter
    }
}

/// A fit under way.
struct Run<'a> {
    given: Given<'a>,
    prior: GladPrior,
    ranges: Vec<Range<usize>>,
    parts: Vec<Part>,
    tables: Tables<Powers>,
    /// Where the step puts the eases.
    next_eases: Vec<f64>,
}

/// What one part of the items adds up to.
struct Part {
    /// By voter: slope of the expected log likelihood, and curvature of its tangent parabola.
    slopes: Vec<f64>,
    curvatures: Vec<f64>,
    items: ItemCounts,
    log_likelihood: f64,
}

impl<'a> Run<'a> {
    fn new(given: Given<'a>, prior: GladPrior) -> Self {
        let votes = given.votes;
        let (voters, classes) = (votes.voters(), votes.classes());
        let ranges = chunks(votes, 2 * voters + classes);
        let part = |_: &Range<usize>| Part {
            slopes: vec![0.0; voters],
            curvatures: vec![0.0; voters],
            items: ItemCounts::new(classes),
            log_likelihood: 0.0,
        };
        Self {
            given,
            prior,
            parts: ranges.iter().map(part).collect(),
            ranges,
            tables: Tables::new(
                even(classes),
                Powers {
                    abilities: vec![prior.ability; voters],
                    eases: vec![prior.log_ease.clamp(-LARGEST_LOG_EASE, LARGEST_LOG_EASE).exp(); votes.items()],
                    spread: 1.0 / (classes - 1) as f64,
                },
            ),
            next_eases: vec![0.0; votes.items()],
        }
    }

    /// One iteration; returns the log likelihood before it. `is_first` takes vote shares for the expectation.
    fn step(&mut self, is_first: bool) -> f64 {
        let (given, tables, mean) = (self.given, &self.tables, self.prior.log_ease);
        let eases = split(&mut self.next_eases, &self.ranges, 1);
        let work = self.parts.iter_mut().zip(&self.ranges).zip(eases);
        for_each_part(work, |((part, items), eases)| {
            part.clear();
            let mut posterior = Posterior::default();
            let (mut factors, mut others) = (Product::default(), Sum::default());
            for (item, ease) in items.clone().zip(eases) {
                let row = given.votes.row(item);
                match given.known(item) {
                    Some(class) => {
                        posterior.set_certain(row, class);
                        others.add(tables.known_in_logarithms(item, row, class));
                    }
                    None if is_first => posterior.set_shares(row),
                    None => match tables.expect(item, row, &mut posterior) {
                        Likelihood::Factor(factor) => factors.multiply(factor, 0),
                        Likelihood::Logarithm(logarithm) => others.add(logarithm),
                    },
                }
                part.items.add(&posterior);
                *ease = better_ease(tables.coins.eases[item], row, &posterior, &tables.coins.abilities, mean);
                part.add_slopes(row, &posterior, *ease, &tables.coins.abilities);
            }
            part.log_likelihood = factors.ln() + others.total();
        });
        self.move_parameters();
        sum(self.parts.iter().map(|part| part.log_likelihood))
    }

    fn move_parameters(&mut self) {
        let counted = class_counts(self.parts.iter().map(|part| &part.items), &self.tables.class_shares);
        self.tables
            .set_class_shares(self.prior.class_shares.maximised(&counted));
        std::mem::swap(&mut self.tables.coins.eases, &mut self.next_eases);
        for (voter, ability) in self.tables.coins.abilities.iter_mut().enumerate() {
            let slope = sum(self.parts.iter().map(|part| part.slopes[voter])) - (*ability - self.prior.ability);
            let curvature = sum(self.parts.iter().map(|part| part.curvatures[voter])) + 1.0;
            *ability += slope / curvature;
        }
    }

    /// Logarithm of the prior density of the parameters, up to a constant.
    fn log_prior(&self) -> f64 {
        let coins = &self.tables.coins;
        let abilities = coins
            .abilities
            .iter()
            .map(|ability| (ability - self.prior.ability).powi(2));
        let eases = coins.eases.iter().map(|ease| (ease.ln() - self.prior.log_ease).powi(2));
        self.prior.class_shares.log_prior(&self.tables.class_shares) - 0.5 * sum(abilities.chain(eases))
    }
}

impl Part {
    fn clear(&mut self) {
        self.slopes.fill(0.0);
        self.curvatures.fill(0.0);
        self.items.clear();
    }

    fn add_slopes(&mut self, row: VoteRow<'_>, posterior: &Posterior, ease: f64, abilities: &[f64]) {
        for (voter, class) in row.pairs() {
            let power = abilities[voter] * ease;
            let right = sigmoid(power);
            self.slopes[voter] += (posterior.of_vote(class) - right) * ease;
            // Curvature of the parabola that touches the logistic loss at `power` and lies above it everywhere.
            let curvature = if power.abs() < 1e-6 {
                0.25
            } else {
                (right - 0.5) / power
            };
            self.curvatures[voter] += curvature * ease * ease;
        }
    }
}

/// A log-ease that is at least as likely as the present one given the posterior of the item, as an ease.
fn better_ease(ease: f64, row: VoteRow<'_>, posterior: &Posterior, abilities: &[f64], mean: f64) -> f64 {
    let present = ease.ln();
    let loss = |log_ease: f64, ease: f64| {
        let votes = row
            .pairs()
            .map(|(voter, class)| cross_entropy(abilities[voter] * ease, posterior.of_vote(class)));
        votes.sum::<f64>() + 0.5 * (log_ease - mean).powi(2)
    };
    let (mut slope, mut curvature) = (mean - present, 1.0);
    for (voter, class) in row.pairs() {
        let power = abilities[voter] * ease;
        let right = sigmoid(power);
        slope += (posterior.of_vote(class) - right) * power;
        curvature += right * (1.0 - right) * power * power;
    }
    let mut change = (slope / curvature).clamp(-LONGEST_STEP, LONGEST_STEP);
    let start = loss(present, ease);
    for _ in 0..HALVINGS {
        let next = (present + change).clamp(-LARGEST_LOG_EASE, LARGEST_LOG_EASE);
        let next_ease = next.exp();
        if loss(next, next_ease) <= start {
            return next_ease;
        }
        change *= 0.5;
    }
    ease
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn finds_abilities_and_difficulties() {
        // Ten voters: eight are right on easy items and split on hard ones, two answer by turns.
        let truth = |item: usize| item % 3;
        let is_hard = |item: usize| item.is_multiple_of(5);
        let vote = |item: usize, voter: usize| match voter {
            8 | 9 => (item / 7 + voter) % 3,
            _ if is_hard(item) && (item / 5 + voter).is_multiple_of(2) => (truth(item) + 1 + voter % 2) % 3,
            _ => truth(item),
        };
        let triples: Vec<(usize, usize, usize)> = (0..200)
            .flat_map(|item| (0..10).map(move |voter| (item, voter, vote(item, voter))))
            .collect();
        let votes = VoteTable::from_triples(&triples, 200, 10, 3).unwrap();
        let fit = fit_glad(&votes, &[], GladPrior::default(), Stopping::default()).unwrap();
        let right = (0..200)
            .filter(|item| fit.posteriors[[*item, truth(*item)]] > 0.5)
            .count();
        assert!(right >= 175, "{right}");
        assert!(fit.abilities[8] < 0.5 * fit.abilities[0], "{:?}", fit.abilities);
        let mean = |hard: bool| {
            let own: Vec<f64> = (0..200)
                .filter(|item| is_hard(*item) == hard)
                .map(|item| fit.log_eases[item])
                .collect();
            own.iter().sum::<f64>() / own.len() as f64
        };
        assert!(mean(true) < mean(false));
        let top = fit_glad_to_top_classes(&votes, &[], GladPrior::default(), Stopping::default()).unwrap();
        assert_eq!((&top.abilities, top.course), (&fit.abilities, fit.course));
    }

    proptest! {
        #[test]
        fn the_log_posterior_never_falls(
            cast in prop::collection::btree_map((0..20_usize, 0..6_usize), 0..4_usize, 1..100),
            known in prop::option::of(0..4_usize),
        ) {
            let triples: Vec<(usize, usize, usize)> =
                cast.into_iter().map(|((item, voter), class)| (item, voter, class)).collect();
            let votes = VoteTable::from_triples(&triples, 20, 6, 4).unwrap();
            let mut labels = vec![None; 20];
            labels[3] = known;
            let fit = fit_glad(&votes, &labels, GladPrior::default(), Stopping::default()).unwrap();
            prop_assert!(fit.course.largest_fall <= 1e-9, "{:?}", fit.course);
            for row in fit.posteriors.rows() {
                prop_assert!((row.sum() - 1.0).abs() < 1e-9);
            }
            prop_assert!(fit.abilities.iter().chain(&fit.log_eases).all(|value| value.is_finite()));
        }
    }
}
