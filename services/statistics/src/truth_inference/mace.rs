//! MACE: voters who sometimes do not look at the item.

use std::ops::Range;

use ndarray::Array2;
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::chunks::{chunks, for_each_part};
use super::class_shares::even;
use super::course::{Course, Stopping};
use super::given::{Concluded, Given};
use super::hit_or_miss::{Counts, class_counts};
use super::mace_belief::{Belief, Expected, SpamCoins, shares_of};
use super::truths::{Kept, TopClasses};
use super::warning::InferenceWarning;
use crate::error::{InvalidInput, parameter, positive};
use crate::numeric::random::generator;
use crate::numeric::sum::sum;
use crate::votes::VoteTable;

/// Parameters of the prior distributions, all above 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawPrior")]
pub struct MacePrior {
    pub(super) knows: f64,
    pub(super) spams: f64,
    pub(super) every_label: f64,
    pub(super) every_class: f64,
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

/// Iterations of every run before the best of them goes on.
const FIRST_ITERATIONS: usize = 5;

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
    /// Evidence lower bound of every run when the best was chosen; the first began with the vote shares. Empty of one run.
    pub bounds: Vec<f64>,
    /// Share of the items with an unambiguous majority where the fit prefers another class.
    pub disagreement_with_majority: f64,
    /// Reasons to doubt the fit.
    pub warnings: Vec<InferenceWarning>,
}

/// MACE [Hovy, Berg-Kirkpatrick, Vaswani & Hovy, 2013, NAACL]: with probability `spam_v` voter `v` draws from a label
/// distribution of its own, else it says the truth. Variational Bayes with Beta and Dirichlet priors. Of several runs the
/// one whose evidence lower bound is largest after five iterations goes on, and it alone [short runs: Biernacki, Celeux &
/// Govaert, 2003, Comput. Stat. Data Anal.]. Class shares are learned too, where the paper takes them as even.
///
/// For crowds with voters who do not look. Not for skilled voters who confuse particular classes.
///
/// Takes time proportional to the votes for each iteration, whatever the number of classes. Depends on votes and seed
/// alone; threads do not change the result.
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
    let given = Given::checked(votes, known, stopping)?;
    let classes = votes.classes();
    parameter("runs", restarts.runs as f64, "at least 1", restarts.runs > 0)?;
    let data = Data::new(given, prior);
    let mut scratch = data.scratch();
    let first = data.first_belief(&mut scratch);
    let mut best = Run::start(first, &data);
    let mut bounds = Vec::new();
    if restarts.runs > 1 {
        best.advance(&data, &mut scratch, FIRST_ITERATIONS);
        bounds.push(best.course.log_posterior);
    }
    for stream in 1..restarts.runs {
        let mut next = Run::start(data.random_belief(restarts.seed, stream as u64), &data);
        next.advance(&data, &mut scratch, FIRST_ITERATIONS);
        bounds.push(next.course.log_posterior);
        // Rounding alone must not choose between runs that come to the same place.
        if next.course.log_posterior > best.course.log_posterior + 1e-9 * best.course.log_posterior.abs() {
            best = next;
        }
    }
    best.advance(&data, &mut scratch, stopping.limit);
    let concluded: Concluded<T> = given.conclude(&data.ranges, &best.expected.tables, &best.course, Vec::new());
    let belief = &best.belief;
    Ok(MaceFit {
        posteriors: concluded.posteriors,
        warnings: concluded.warnings,
        disagreement_with_majority: concluded.disagreement_with_majority,
        class_shares: shares_of(&belief.class_counts),
        spam: belief.spam(),
        labels: belief.labels(classes),
        course: best.course,
        bounds,
    })
}

/// What all runs share.
struct Data<'a> {
    given: Given<'a>,
    prior: MacePrior,
    ranges: Vec<Range<usize>>,
    /// Votes by voter and class.
    cast: Vec<f64>,
}

/// A run under way.
struct Run {
    belief: Belief,
    /// The belief before the last iteration.
    expected: Expected,
    course: Course,
}

impl Run {
    fn start(belief: Belief, data: &Data<'_>) -> Self {
        Self {
            expected: belief.expected(data.given.votes.classes(), data.prior),
            belief,
            course: Course::start(),
        }
    }

    /// Iterates until so many iterations have been done in all, or nothing changes.
    fn advance(&mut self, data: &Data<'_>, scratch: &mut [Counts], limit: usize) {
        let stopping = Stopping {
            limit: limit.min(data.given.stopping.limit),
            ..data.given.stopping
        };
        while self.course.goes_on(stopping) {
            self.expected = self.belief.expected(data.given.votes.classes(), data.prior);
            let tables = &self.expected.tables;
            let work = scratch.iter_mut().zip(&data.ranges);
            for_each_part(work, |(counts, items)| counts.count(data.given, items.clone(), tables));
            let log_likelihood = sum(scratch.iter().map(|counts| counts.log_likelihood));
            self.course.note(log_likelihood, -self.expected.divergence, stopping);
            self.belief = data.updated(scratch, &tables.class_shares, &tables.coins.knowing);
        }
    }
}

impl<'a> Data<'a> {
    fn new(given: Given<'a>, prior: MacePrior) -> Self {
        let votes = given.votes;
        let classes = votes.classes();
        let mut cast = vec![0.0; votes.voters() * classes];
        for (voter, class) in votes.rows().flat_map(|row| row.pairs()) {
            cast[voter * classes + class] += 1.0;
        }
        Self {
            ranges: chunks(votes, cast.len()),
            given,
            prior,
            cast,
        }
    }

    fn scratch(&self) -> Vec<Counts> {
        let counts = |_| Counts::new(self.cast.len(), self.given.votes.classes());
        self.ranges.iter().map(counts).collect()
    }

    fn updated(&self, parts: &[Counts], class_shares: &[f64], knowing: &[f64]) -> Belief {
        let classes = self.given.votes.classes();
        let counted = class_counts(parts.iter().map(|counts| &counts.items), class_shares);
        let mut belief = Belief {
            class_counts: counted
                .into_iter()
                .map(|count| count + self.prior.every_class)
                .collect(),
            ways: vec![[self.prior.knows, self.prior.spams]; self.given.votes.voters()],
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
        let classes = self.given.votes.classes();
        let coins = SpamCoins {
            classes,
            coins: Vec::new(),
            knowing: vec![0.5; self.cast.len()],
        };
        let work = parts.iter_mut().zip(&self.ranges);
        for_each_part(work, |(counts, items)| {
            counts.count_shares(self.given, items.clone(), &coins)
        });
        self.updated(parts, &even(classes), &coins.knowing)
    }

    fn random_belief(&self, seed: u64, stream: u64) -> Belief {
        let mut random = generator(seed, stream);
        let classes = self.given.votes.classes();
        let voters = self.given.votes.voters();
        Belief {
            class_counts: vec![1.0; classes],
            ways: (0..voters)
                .map(|_| [1.0 + 9.0 * random.random::<f64>(), 1.0 + 9.0 * random.random::<f64>()])
                .collect(),
            drawn: (0..self.cast.len()).map(|_| 1.0 + random.random::<f64>()).collect(),
        }
    }
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
