//! MACE: voters who sometimes do not look at the item.

use std::ops::Range;

use ndarray::Array2;
use rand::Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::chunks::chunks;
use super::course::{Course, Stopping};
use super::hit_or_miss::{Coin, Coins, Counts, Tables, class_counts};
use super::shared_errors::shared_errors;
use super::truths::{Kept, TopClasses};
use super::warning::{InferenceWarning, judge};
use crate::error::{InvalidInput, parameter, positive};
use crate::numeric::digamma::digamma;
use crate::numeric::random::generator;
use crate::numeric::sum::sum;
use crate::votes::VoteTable;

/// Parameters of the prior distributions, all above 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawPrior")]
pub struct MacePrior {
    knows: f64,
    spams: f64,
    every_label: f64,
    every_class: f64,
}

#[derive(Deserialize)]
struct RawPrior {
    knows: f64,
    spams: f64,
    every_label: f64,
    every_class: f64,
}

impl TryFrom<RawPrior> for MacePrior {
    type Error = InvalidInput;

    fn try_from(raw: RawPrior) -> Result<Self, InvalidInput> {
        Self::new(raw.knows, raw.spams, raw.every_label, raw.every_class)
    }
}

impl Default for MacePrior {
    /// Beta(0.5, 0.5) for knowing, Dirichlet(10) for a voter's label distribution, as published; Dirichlet(1) for the
    /// class shares.
    fn default() -> Self {
        Self {
            knows: 0.5,
            spams: 0.5,
            every_label: 10.0,
            every_class: 1.0,
        }
    }
}

impl MacePrior {
    /// Beta parameters of a voter who knows and who spams, Dirichlet parameters of every label a voter draws and of
    /// every class.
    ///
    /// # Errors
    /// A parameter that is not above 0 and finite.
    pub fn new(knows: f64, spams: f64, every_label: f64, every_class: f64) -> Result<Self, InvalidInput> {
        positive("prior of knowing", knows)?;
        positive("prior of spamming", spams)?;
        positive("prior of every label", every_label)?;
        positive("prior of every class", every_class)?;
        Ok(Self {
            knows,
            spams,
            every_label,
            every_class,
        })
    }
}

/// Where the runs begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restarts {
    /// Runs: one from the vote shares, the others from random voters. At least 1.
    pub runs: usize,
    /// Seed of the random ones.
    pub seed: u64,
}

/// Fitted truths and voters. `Truths` is what is kept of the posteriors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MaceFit<Truths = Array2<f64>> {
    /// Of every item: the probability of every class (items by classes), or [`TopClasses`].
    pub posteriors: Truths,
    /// Posterior mean share of every class.
    pub class_shares: Vec<f64>,
    /// By voter: posterior mean probability of drawing a label without looking.
    pub spam: Vec<f64>,
    /// Posterior mean of the labels a voter draws then (voters by classes).
    pub labels: Array2<f64>,
    /// How the best run went. Its log posterior is the evidence lower bound; the log likelihood is that part of it
    /// which comes from the votes.
    pub course: Course,
    /// Evidence lower bound of every run; the first began with the vote shares.
    pub bounds: Vec<f64>,
    /// Share of the items with an unambiguous majority where the fit prefers another class.
    pub disagreement_with_majority: f64,
    /// Reasons to doubt the fit.
    pub warnings: Vec<InferenceWarning>,
}

/// MACE [Hovy, Berg-Kirkpatrick, Vaswani & Hovy, 2013, NAACL]: with probability `spam_v` voter `v` draws from a label
/// distribution of its own, else it says the truth. Variational Bayes with Beta and Dirichlet priors; of several runs the
/// one with the largest evidence lower bound counts. Class shares are learned too, where the paper takes them as even.
///
/// For crowds with voters who do not look. Not for skilled voters who confuse particular classes.
///
/// Takes time proportional to the votes for each iteration of each run, whatever the number of classes. Depends on votes
/// and seed alone; threads do not change the result.
///
/// # Errors
/// Fewer than two classes, known labels of another length or out of range, no iterations, no runs.
pub fn fit_mace(
    votes: &VoteTable,
    known: &[Option<usize>],
    prior: MacePrior,
    restarts: Restarts,
    stopping: Stopping,
) -> Result<MaceFit, InvalidInput> {
    fit(votes, known, prior, restarts, stopping)
}

/// As [`fit_mace`], keeping the likeliest class of every item instead of all posteriors.
///
/// # Errors
/// As [`fit_mace`].
pub fn fit_mace_to_top_classes(
    votes: &VoteTable,
    known: &[Option<usize>],
    prior: MacePrior,
    restarts: Restarts,
    stopping: Stopping,
) -> Result<MaceFit<TopClasses>, InvalidInput> {
    fit(votes, known, prior, restarts, stopping)
}

fn fit<T: Kept>(
    votes: &VoteTable,
    known: &[Option<usize>],
    prior: MacePrior,
    restarts: Restarts,
    stopping: Stopping,
) -> Result<MaceFit<T>, InvalidInput> {
    if !known.is_empty() {
        votes.check_known(known)?;
    }
    stopping.check()?;
    let classes = votes.classes();
    parameter("classes", classes as f64, "at least 2", classes >= 2)?;
    parameter("runs", restarts.runs as f64, "at least 1", restarts.runs > 0)?;
    let data = Data::new(votes, known, prior);
    let mut bounds = Vec::with_capacity(restarts.runs);
    let mut best = data.run(None, stopping);
    bounds.push(best.course.log_posterior);
    for run in 1..restarts.runs {
        let next = data.run(Some((restarts.seed, run as u64)), stopping);
        bounds.push(next.course.log_posterior);
        // Rounding alone must not choose between runs that end in the same place.
        if next.course.log_posterior > best.course.log_posterior + 1e-9 * best.course.log_posterior.abs() {
            best = next;
        }
    }
    let (posteriors, comparison): (T, _) = T::collect(votes, &data.ranges, |item, found| {
        let known = known.get(item).copied().flatten();
        best.before.posterior(item, votes.row(item), known, found);
    });
    let belief = &best.belief;
    let spam = belief.spam();
    let labels = belief.labels(classes);
    let disagreement = comparison.share();
    let mut warnings = judge(votes, &best.course, stopping, Vec::new(), disagreement);
    warnings.extend(shared_errors(votes, |item| posteriors.winner(item)));
    Ok(MaceFit {
        posteriors,
        class_shares: shares_of(&belief.class_counts),
        warnings,
        spam,
        labels,
        course: best.course,
        bounds,
        disagreement_with_majority: disagreement,
    })
}

/// What all runs share.
struct Data<'a> {
    votes: &'a VoteTable,
    known: &'a [Option<usize>],
    prior: MacePrior,
    ranges: Vec<Range<usize>>,
    /// Votes by voter and class.
    cast: Vec<f64>,
}

/// Parameters of the distributions over the parameters: prior plus expected counts.
#[derive(Clone)]
struct Belief {
    class_counts: Vec<f64>,
    /// By voter: knowing and spamming.
    ways: Vec<[f64; 2]>,
    /// By voter and class: labels drawn.
    drawn: Vec<f64>,
}

/// A finished run.
struct Ended {
    before: Tables<SpamCoins>,
    belief: Belief,
    course: Course,
}

/// Probabilities of the votes, by voter and class. They are geometric means, so they sum to less than 1.
struct SpamCoins {
    classes: usize,
    coins: Vec<Coin>,
    /// Probability that a vote for the truth was cast knowingly.
    knowing: Vec<f64>,
}

impl Coins for SpamCoins {
    #[inline(always)]
    fn coin(&self, _: usize, voter: usize, class: usize) -> Coin {
        self.coins[voter * self.classes + class]
    }

    #[inline(always)]
    fn cell(&self, voter: usize, class: usize) -> usize {
        voter * self.classes + class
    }
}

impl<'a> Data<'a> {
    fn new(votes: &'a VoteTable, known: &'a [Option<usize>], prior: MacePrior) -> Self {
        let classes = votes.classes();
        let mut cast = vec![0.0; votes.voters() * classes];
        for (voter, class) in votes.rows().flat_map(|row| row.pairs()) {
            cast[voter * classes + class] += 1.0;
        }
        Self {
            ranges: chunks(votes, cast.len()),
            votes,
            known,
            prior,
            cast,
        }
    }

    /// One run, from the vote shares or from random voters.
    fn run(&self, random: Option<(u64, u64)>, stopping: Stopping) -> Ended {
        let classes = self.votes.classes();
        let new_counts = |_: &Range<usize>| Counts::new(self.cast.len(), classes);
        let mut parts: Vec<Counts> = self.ranges.iter().map(new_counts).collect();
        let mut belief = match random {
            Some((seed, stream)) => self.random_belief(seed, stream),
            None => self.first_belief(&mut parts),
        };
        let mut before = belief.tables(classes);
        let mut course = Course::start();
        while course.goes_on(stopping) {
            before = belief.tables(classes);
            let work = parts.par_iter_mut().zip(&self.ranges);
            work.for_each(|(counts, items)| counts.count(self.votes, self.known, items.clone(), &before));
            let log_likelihood = sum(parts.iter().map(|counts| counts.log_likelihood));
            course.note(log_likelihood, -self.divergence(&belief), stopping);
            belief = self.updated(&parts, &before.class_shares, &before.coins.knowing);
        }
        Ended { before, belief, course }
    }

    fn updated(&self, parts: &[Counts], class_shares: &[f64], knowing: &[f64]) -> Belief {
        let classes = self.votes.classes();
        let counted = class_counts(parts.iter().map(|counts| &counts.items), class_shares);
        let mut belief = Belief {
            class_counts: counted
                .into_iter()
                .map(|count| count + self.prior.every_class)
                .collect(),
            ways: vec![[self.prior.knows, self.prior.spams]; self.votes.voters()],
            drawn: vec![self.prior.every_label; self.cast.len()],
        };
        for (cell, cast) in self.cast.iter().enumerate() {
            let right = sum(parts.iter().map(|counts| counts.right[cell]));
            let known = (right * knowing[cell]).min(*cast);
            let ways = &mut belief.ways[cell / classes];
            *ways = [ways[0] + known, ways[1] + (cast - known)];
            belief.drawn[cell] += cast - known;
        }
        belief
    }

    /// As if votes for the plurality of an item had been cast knowingly half of the time.
    fn first_belief(&self, parts: &mut [Counts]) -> Belief {
        let classes = self.votes.classes();
        let coins = SpamCoins {
            classes,
            coins: Vec::new(),
            knowing: vec![0.5; self.cast.len()],
        };
        let work = parts.par_iter_mut().zip(&self.ranges);
        work.for_each(|(counts, items)| counts.count_shares(self.votes, self.known, items.clone(), &coins));
        self.updated(parts, &vec![1.0 / classes as f64; classes], &coins.knowing)
    }

    fn random_belief(&self, seed: u64, stream: u64) -> Belief {
        let mut random = generator(seed, stream);
        let classes = self.votes.classes();
        let voters = self.votes.voters();
        Belief {
            class_counts: vec![1.0; classes],
            ways: (0..voters)
                .map(|_| [1.0 + 9.0 * random.random::<f64>(), 1.0 + 9.0 * random.random::<f64>()])
                .collect(),
            drawn: (0..self.cast.len()).map(|_| 1.0 + random.random::<f64>()).collect(),
        }
    }

    /// Kullback-Leibler divergence of the distributions over the parameters from their priors.
    fn divergence(&self, belief: &Belief) -> f64 {
        let classes = self.votes.classes();
        let ways = belief
            .ways
            .iter()
            .map(|ways| divergence(ways, &[self.prior.knows, self.prior.spams]));
        let labels = vec![self.prior.every_label; classes];
        let drawn = belief
            .drawn
            .chunks_exact(classes)
            .map(|drawn| divergence(drawn, &labels));
        let shares = divergence(&belief.class_counts, &vec![self.prior.every_class; classes]);
        sum(ways.chain(drawn)) + shares
    }
}

impl Belief {
    /// Geometric means of the parameters.
    fn tables(&self, classes: usize) -> Tables<SpamCoins> {
        let mut coins = SpamCoins {
            classes,
            coins: Vec::with_capacity(self.drawn.len()),
            knowing: Vec::with_capacity(self.drawn.len()),
        };
        for (ways, drawn) in self.ways.iter().zip(self.drawn.chunks_exact(classes)) {
            let ways = geometric_means(ways);
            for label in geometric_means(drawn) {
                let miss = ways[1] * label;
                let hit = ways[0] + miss;
                coins.coins.push(Coin { hit, miss });
                coins.knowing.push(if hit > 0.0 { ways[0] / hit } else { 0.5 });
            }
        }
        Tables::new(geometric_means(&self.class_counts), coins)
    }

    fn spam(&self) -> Vec<f64> {
        self.ways.iter().map(|ways| ways[1] / (ways[0] + ways[1])).collect()
    }

    fn labels(&self, classes: usize) -> Array2<f64> {
        let shares: Vec<Vec<f64>> = self.drawn.chunks_exact(classes).map(shares_of).collect();
        Array2::from_shape_fn((self.ways.len(), classes), |(voter, class)| shares[voter][class])
    }
}

fn shares_of(counts: &[f64]) -> Vec<f64> {
    let total = sum(counts.iter().copied());
    counts.iter().map(|count| count / total).collect()
}

/// `exp(E ln p_c)` under a Dirichlet distribution.
fn geometric_means(parameters: &[f64]) -> Vec<f64> {
    let total = digamma(sum(parameters.iter().copied()));
    parameters
        .iter()
        .map(|parameter| (digamma(*parameter) - total).exp())
        .collect()
}

/// Kullback-Leibler divergence of one Dirichlet distribution from another.
fn divergence(own: &[f64], prior: &[f64]) -> f64 {
    let (own_total, prior_total) = (sum(own.iter().copied()), sum(prior.iter().copied()));
    let base = digamma(own_total);
    let terms = own
        .iter()
        .zip(prior)
        .map(|(own, prior)| libm::lgamma(*prior) - libm::lgamma(*own) + (own - prior) * (digamma(*own) - base));
    libm::lgamma(own_total) - libm::lgamma(prior_total) + sum(terms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn finds_who_does_not_look() {
        // Three who look nine times out of ten, one who always says 1, one who answers by turns.
        let truth = |item: usize| (item * item + item / 3) % 3;
        let vote = |item: usize, voter: usize| match voter {
            3 => 1,
            4 => (item / 2) % 3,
            _ if (item * 7 + voter * 11).is_multiple_of(10) => (truth(item) + 1) % 3,
            _ => truth(item),
        };
        let triples: Vec<(usize, usize, usize)> = (0..150)
            .flat_map(|item| (0..5).map(move |voter| (item, voter, vote(item, voter))))
            .collect();
        let votes = VoteTable::from_triples(&triples, 150, 5, 3).unwrap();
        let restarts = Restarts { runs: 4, seed: 11 };
        let fit = fit_mace(&votes, &[], MacePrior::default(), restarts, Stopping::default()).unwrap();
        let right = (0..150)
            .filter(|item| fit.posteriors[[*item, truth(*item)]] > 0.5)
            .count();
        assert!(right >= 145, "{right}");
        assert!(
            fit.spam[3] > 0.8 && fit.spam[4] > 0.8 && fit.spam[0] < 0.3,
            "{:?}",
            fit.spam
        );
        assert!(fit.labels[[3, 1]] > 0.8);
        assert_eq!(fit.bounds.len(), 4);
        let again = fit_mace_to_top_classes(&votes, &[], MacePrior::default(), restarts, Stopping::default()).unwrap();
        assert_eq!((again.spam, again.bounds), (fit.spam, fit.bounds));
        let none = Restarts { runs: 0, seed: 1 };
        assert!(fit_mace(&votes, &[], MacePrior::default(), none, Stopping::default()).is_err());
        assert!(MacePrior::new(0.0, 1.0, 1.0, 1.0).is_err());
    }

    proptest! {
        #[test]
        fn the_bound_never_falls(
            cast in prop::collection::btree_map((0..20_usize, 0..6_usize), 0..4_usize, 1..100),
            known in prop::option::of(0..4_usize),
            every_label in prop::sample::select(vec![0.1, 1.0, 10.0]),
        ) {
            let triples: Vec<(usize, usize, usize)> =
                cast.into_iter().map(|((item, voter), class)| (item, voter, class)).collect();
            let votes = VoteTable::from_triples(&triples, 20, 6, 4).unwrap();
            let mut labels = vec![None; 20];
            labels[3] = known;
            let prior = MacePrior::new(0.5, 0.5, every_label, 1.0).unwrap();
            let restarts = Restarts { runs: 2, seed: 5 };
            let fit = fit_mace(&votes, &labels, prior, restarts, Stopping::default()).unwrap();
            prop_assert!(fit.course.largest_fall <= 1e-9, "{:?}", fit.course);
            for row in fit.posteriors.rows() {
                prop_assert!((row.sum() - 1.0).abs() < 1e-9);
            }
            prop_assert!(fit.spam.iter().all(|spam| (0.0..=1.0).contains(spam)));
        }
    }
}
