//! Dawid-Skene: one confusion matrix per voter.

use std::ops::Range;

use ndarray::{Array2, Array3, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

use super::chunks::{chunks, for_each_part};
use super::confusion_kernel::{Counts, Part, Tables, cells_of_votes};
use super::confusion_prior::ConfusionPrior;
use super::course::{Course, Stopping, normalised, weighted_log};
use super::early::{Ending, run_early};
use super::lanes::width_for;
use super::paired_errors::errors_in_common;
use super::scaled::Product;
use super::truths::{Comparison, Kept, Posteriors, TopClasses};
use super::warning::{InferenceWarning, judge};
use crate::error::InvalidInput;
use crate::numeric::sum::sum;
use crate::votes::VoteTable;

/// Fitted truths and voters. `Truths` is what is kept of the posteriors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfusionFit<Truths = Array2<f64>> {
    /// Of every item: the probability of every class (items by classes), or [`TopClasses`].
    pub posteriors: Truths,
    /// Share of every class.
    pub class_shares: Vec<f64>,
    /// `confusions[[v, t, o]]`: probability that voter `v` says `o` where `t` is true (voters by classes by classes).
    pub confusions: Array3<f64>,
    /// How the run went.
    pub course: Course,
    /// Share of the items with an unambiguous majority where the fit prefers another class.
    pub disagreement_with_majority: f64,
    /// Reasons to doubt the fit.
    pub warnings: Vec<InferenceWarning>,
}

/// Dawid-Skene by expectation maximisation [Dawid & Skene, 1979, J. R. Stat. Soc. C], maximum a posteriori.
///
/// Model: `P(truth of i is t) = prior_t`, `P(voter v says o | t) = theta_v[t][o]`, votes independent given the truth.
/// Starts from vote shares, which keeps the meaning of the labels. `known[i]` fixes the truth of item `i` where a label
/// exists; an empty slice means that none does. Posteriors are those of the last expectation, class shares and confusions
/// those fitted to them. An item without votes gets the class shares. `ending` is a [`Stopping`], to converge, or an
/// [`EarlyStopping`](super::EarlyStopping), which is more accurate where voters share errors.
///
/// Takes time proportional to votes times classes for each iteration, spread over the threads of rayon without an
/// influence on the result, and memory for the posteriors, 4 bytes a vote and three times the confusions.
///
/// # Errors
/// Known labels of another length or out of range, no iterations, a negative relative change, no gain, 2^32 voters times
/// classes or more.
pub fn fit_confusions(
    votes: &VoteTable,
    known: &[Option<usize>],
    prior: ConfusionPrior,
    ending: impl Into<Ending>,
) -> Result<ConfusionFit, InvalidInput> {
    fit(votes, known, prior, ending.into())
}

/// As [`fit_confusions`], keeping the likeliest class of every item instead of all posteriors.
///
/// # Errors
/// As [`fit_confusions`].
pub fn fit_confusions_to_top_classes(
    votes: &VoteTable,
    known: &[Option<usize>],
    prior: ConfusionPrior,
    ending: impl Into<Ending>,
) -> Result<ConfusionFit<TopClasses>, InvalidInput> {
    fit(votes, known, prior, ending.into())
}

fn fit<T: Kept>(
    votes: &VoteTable,
    known: &[Option<usize>],
    prior: ConfusionPrior,
    ending: Ending,
) -> Result<ConfusionFit<T>, InvalidInput> {
    if !known.is_empty() {
        votes.check_known(known)?;
    }
    let stopping = ending.checked()?;
    let cells = cells_of_votes(votes)?;
    let mut run = Run::new(votes, &cells, known, prior);
    let mut current = run.blank_model();
    run.count_shares();
    run.maximise(&mut current);
    let (current, expected, course) = match ending {
        Ending::Converged(stopping) => run.converge(current, stopping),
        Ending::Early(early) => {
            let (models, course) = run_early(&mut run, current, early);
            (models.current, models.expected, course)
        }
    };
    let (posteriors, comparison) = run.posteriors::<T>(&expected.tables);
    let confusions = current.confusions(votes.voters());
    let chance = 1.0 / votes.classes() as f64;
    let is_poor = |voter: &usize| mean_diagonal(confusions.index_axis(Axis(0), *voter)) < chance;
    let poor = (0..votes.voters()).filter(is_poor).collect();
    let disagreement = comparison.share();
    let mut warnings = judge(votes, &course, stopping, poor, disagreement);
    let posterior = |item: usize, found: &mut [f64]| run.posterior(&expected.tables, item, found);
    warnings.extend(errors_in_common(votes, |item| posteriors.winner(item), posterior));
    Ok(ConfusionFit {
        posteriors,
        class_shares: current.tables.class_shares[..votes.classes()].to_vec(),
        warnings,
        confusions,
        course,
        disagreement_with_majority: disagreement,
    })
}

fn mean_diagonal(confusion: ArrayView2<'_, f64>) -> f64 {
    sum(confusion.diag().iter().copied()) / confusion.nrows() as f64
}

/// A fit under way.
pub(super) struct Run<'a> {
    part: Part<'a>,
    prior: ConfusionPrior,
    ranges: Vec<Range<usize>>,
    counts: Vec<Counts>,
}

/// The posteriors of items under some parameters.
struct Expectation<'a> {
    part: Part<'a>,
    tables: &'a Tables,
}

impl Posteriors for Expectation<'_> {
    fn tell(&self, items: Range<usize>, told: impl FnMut(usize, &[f64])) {
        self.part.tell(self.tables, items, told);
    }
}

/// Parameters between two passes.
pub(super) struct Model {
    pub(super) tables: Tables,
    /// Logarithm of the prior density, up to a constant.
    pub(super) log_prior: f64,
}

impl<'a> Run<'a> {
    /// `cells` are those of the votes.
    fn new(votes: &'a VoteTable, cells: &'a [u32], known: &'a [Option<usize>], prior: ConfusionPrior) -> Self {
        let classes = votes.classes();
        let width = width_for(classes);
        let numbers = votes.voters() * classes * width;
        let ranges = chunks(votes, numbers);
        let counts = ranges.iter().map(|_| Counts::new(numbers, width)).collect();
        let part = Part {
            votes,
            cells,
            known,
            classes,
            width,
        };
        Self {
            part,
            prior,
            ranges,
            counts,
        }
    }

    pub(super) fn blank_model(&self) -> Model {
        Model {
            tables: Tables {
                classes: self.part.classes,
                width: self.part.width,
                class_shares: vec![0.0; self.part.width],
                cells: vec![0.0; self.part.votes.voters() * self.part.classes * self.part.width],
            },
            log_prior: 0.0,
        }
    }

    fn count_shares(&mut self) {
        let part = self.part;
        let parts = self.counts.iter_mut().zip(&self.ranges);
        for_each_part(parts, |(counts, items)| part.count_shares(items.clone(), counts));
    }

    pub(super) fn count(&mut self, tables: &Tables) {
        let part = self.part;
        let parts = self.counts.iter_mut().zip(&self.ranges);
        for_each_part(parts, |(counts, items)| part.count(tables, items.clone(), counts));
    }

    pub(super) fn log_likelihood(&self) -> f64 {
        sum(self.counts.iter().map(|counts| counts.log_likelihood))
    }

    /// Alternates until nothing changes. Gives what was fitted last and what the last expectation used.
    fn converge(&mut self, mut current: Model, stopping: Stopping) -> (Model, Model, Course) {
        let mut next = self.blank_model();
        let mut course = Course::start();
        while course.goes_on(stopping) {
            self.count(&current.tables);
            course.note(self.log_likelihood(), current.log_prior, stopping);
            self.maximise(&mut next);
            std::mem::swap(&mut current, &mut next);
        }
        (current, next, course)
    }

    fn posteriors<T: Kept>(&self, tables: &Tables) -> (T, Comparison) {
        T::collect(
            self.part.votes,
            &self.ranges,
            &Expectation {
                part: self.part,
                tables,
            },
        )
    }

    fn posterior(&self, tables: &Tables, item: usize, found: &mut [f64]) {
        tables.posterior(self.part.row(item), self.part.known(item), found);
    }

    /// The likeliest parameters given the counts of all parts, which are added in their order.
    pub(super) fn maximise(&self, model: &mut Model) {
        let (classes, width) = (self.part.classes, self.part.width);
        let tables = &mut model.tables;
        tables.cells.fill(0.0);
        self.add_cells(&mut tables.cells);
        let shares = normalised(&self.class_counts());
        tables.class_shares[..classes].copy_from_slice(&shares);
        let (mut all, mut diagonal) = (Product::default(), Product::default());
        for voter in tables.cells.chunks_exact_mut(classes * width) {
            self.normalise(voter);
            if self.prior.every_cell > 0.0 {
                let cells = voter.chunks_exact(width).flat_map(|truths| &truths[..classes]);
                cells.for_each(|cell| all.multiply(*cell, 0));
            }
            if self.prior.diagonal > 0.0 {
                (0..classes).for_each(|class| diagonal.multiply(voter[class * width + class], 0));
            }
        }
        let class_terms = shares.iter().map(|share| weighted_log(self.prior.every_class, *share));
        model.log_prior = self.prior.every_cell * all.ln() + self.prior.diagonal * diagonal.ln() + sum(class_terms);
    }

    fn class_counts(&self) -> Vec<f64> {
        let counts = self.item_counts().into_iter();
        counts.map(|count| count + self.prior.every_class).collect()
    }

    /// Expected items of every class.
    pub(super) fn item_counts(&self) -> Vec<f64> {
        let of_parts = |class: usize| self.counts.iter().map(move |counts| counts.class_totals[class].total());
        (0..self.classes()).map(|class| sum(of_parts(class))).collect()
    }

    /// Expected votes in every cell.
    pub(super) fn cell_counts(&self) -> Vec<f64> {
        let mut totals = vec![0.0; self.counts.first().map_or(0, |counts| counts.cells.len())];
        self.add_cells(&mut totals);
        totals
    }

    /// Adds the counts of all parts, in their order.
    fn add_cells(&self, totals: &mut [f64]) {
        for counts in &self.counts {
            for (total, count) in totals.iter_mut().zip(&counts.cells) {
                *total += count;
            }
        }
    }

    pub(super) fn classes(&self) -> usize {
        self.part.classes
    }

    /// Turns the counts of one voter, observed classes by truths, into probabilities of the observed.
    fn normalise(&self, voter: &mut [f64]) {
        let (classes, width) = (self.part.classes, self.part.width);
        let mut totals = vec![0.0; classes];
        for (observed, truths) in voter.chunks_exact_mut(width).enumerate() {
            for (truth, count) in truths[..classes].iter_mut().enumerate() {
                *count += self.prior.every_cell;
                if truth == observed {
                    *count += self.prior.diagonal;
                }
                totals[truth] += *count;
            }
        }
        for truths in voter.chunks_exact_mut(width) {
            for (count, total) in truths.iter_mut().zip(&totals) {
                *count = if *total > 0.0 {
                    *count / total
                } else {
                    1.0 / classes as f64
                };
            }
        }
    }
}

impl Model {
    fn confusions(&self, voters: usize) -> Array3<f64> {
        let (classes, width) = (self.tables.classes, self.tables.width);
        Array3::from_shape_fn((voters, classes, classes), |(voter, truth, observed)| {
            self.tables.cells[(voter * classes + observed) * width + truth]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    fn fitted(votes: &VoteTable) -> ConfusionFit {
        fit_confusions(votes, &[], ConfusionPrior::default(), Stopping::default()).unwrap()
    }

    #[test]
    fn a_consistent_liar_helps() {
        let (votes, truth) = panel(120);
        let fit = fitted(&votes);
        for (row, class) in fit.posteriors.rows().into_iter().zip(truth) {
            assert!(row[class] > 0.9, "{row}");
        }
        assert!(
            fit.course.converged && fit.course.largest_fall <= 1e-9,
            "{:?}",
            fit.course
        );
        let liar = InferenceWarning::WorseThanGuessing { voters: vec![3] };
        assert_eq!(fit.warnings, vec![liar]);
        assert!(fit.disagreement_with_majority < 0.2);
    }

    #[test]
    fn known_labels_stay_fixed_and_order_does_not_matter() {
        let (votes, _) = panel(60);
        let mut known = vec![None; 60];
        known[0] = Some(2);
        let fit = fit_confusions(&votes, &known, ConfusionPrior::default(), Stopping::default()).unwrap();
        assert_eq!(fit.posteriors.row(0).to_vec(), vec![0.0, 0.0, 1.0]);
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

    #[test]
    fn top_classes_are_those_of_the_posteriors() {
        let (votes, truth) = panel(90);
        let (prior, stopping) = (ConfusionPrior::default(), Stopping::default());
        let top = fit_confusions_to_top_classes(&votes, &[], prior, stopping).unwrap();
        let all = fitted(&votes);
        for (item, class) in truth.into_iter().enumerate() {
            assert_eq!(top.posteriors.winner(item), Some(class));
            assert_eq!(top.posteriors.probabilities[item], all.posteriors[[item, class]]);
        }
        assert_eq!((top.confusions, top.warnings), (all.confusions, all.warnings));
    }

    #[test]
    fn long_rows_neither_underflow_nor_lose_their_way() {
        // 3,000 voters on every item: products of some 3,000 probabilities of about a half.
        let items = 60;
        let vote = |item: usize, voter: usize| {
            if (item * 31 + voter * 17) % 9 < 5 {
                item % 2
            } else {
                1 - item % 2
            }
        };
        let triples: Vec<(usize, usize, usize)> = (0..items)
            .flat_map(|item| (0..3_000).map(move |voter| (item, voter, vote(item, voter))))
            .collect();
        let votes = VoteTable::from_triples(&triples, items, 3_000, 2).unwrap();
        let fit = fitted(&votes);
        assert!(
            fit.course.log_likelihood.is_finite() && fit.course.largest_fall <= 1e-7,
            "{:?}",
            fit.course
        );
        assert!((0..items).all(|item| fit.posteriors[[item, item % 2]] > 0.999));
    }

    #[test]
    fn says_when_there_is_too_little() {
        let votes = VoteTable::from_triples(&[(0, 0, 0), (0, 1, 1)], 2, 2, 2).unwrap();
        let warnings = fitted(&votes).warnings;
        assert!(warnings.contains(&InferenceWarning::FewVoters { voters: 2 }));
        assert!(warnings.contains(&InferenceWarning::FewItems { items: 1 }));
    }

    fn cast() -> impl Strategy<Value = VoteTable> {
        let votes = prop::collection::btree_map((0..40_usize, 0..6_usize), 0..5_usize, 1..150);
        votes.prop_map(|votes| {
            let triples: Vec<(usize, usize, usize)> = votes
                .into_iter()
                .map(|((item, voter), class)| (item, voter, class))
                .collect();
            VoteTable::from_triples(&triples, 40, 6, 5).unwrap()
        })
    }

    proptest! {
        #[test]
        fn the_log_posterior_never_falls(votes in cast(), diagonal in 0.0..3.0_f64, known in prop::option::of(0..5_usize)) {
            let mut labels = vec![None; 40];
            labels[7] = known;
            let prior = ConfusionPrior::new(0.1, diagonal, 1.0).unwrap();
            let fit = fit_confusions(&votes, &labels, prior, Stopping::default()).unwrap();
            prop_assert!(fit.course.largest_fall <= 1e-9, "{:?}", fit.course);
            for row in fit.posteriors.rows() {
                prop_assert!((row.sum() - 1.0).abs() < 1e-9);
            }
            for row in fit.confusions.rows() {
                prop_assert!((row.sum() - 1.0).abs() < 1e-9);
            }
        }

        #[test]
        fn every_width_gives_the_same(votes in cast()) {
            // The same fit in vectors of any length as in arrays.
            let stopping = Stopping { limit: 4, relative_change: 0.0 };
            let cells = cells_of_votes(&votes).unwrap();
            let mut run = Run::new(&votes, &cells, &[], ConfusionPrior::default());
            let fit = fit_confusions(&votes, &[], ConfusionPrior::default(), stopping).unwrap();
            run.part.width = 34;
            run.counts = vec![Counts::new(6 * 5 * 34, 34)];
            let mut model = run.blank_model();
            run.count_shares();
            for _ in 0..4 {
                run.maximise(&mut model);
                run.count(&model.tables);
            }
            let (posteriors, _) = run.posteriors::<Array2<f64>>(&model.tables);
            for (wide, narrow) in posteriors.iter().zip(&fit.posteriors) {
                prop_assert!((wide - narrow).abs() < 1e-12);
            }
        }
    }
}
