//! What a fit says about the items.

use std::ops::Range;

use ndarray::Array2;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::chunks::split;
use crate::votes::{VoteRow, VoteTable};
use crate::voting::TIE_TOLERANCE;

/// The likeliest class of every item, its probability and its lead: 18 bytes an item where all posteriors take 8 for each
/// class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TopClasses {
    /// The likeliest class by item; the lowest of those that share first place.
    pub classes: Vec<u16>,
    /// Its probability.
    pub probabilities: Vec<f64>,
    /// How far that is above the second largest; the probability itself with a single class.
    pub margins: Vec<f64>,
    /// Item and class of every tie for first place, by item and class.
    pub tied: Vec<(u32, u16)>,
}

impl TopClasses {
    /// The likeliest class of an item, unless several share first place or there is no such item.
    pub fn winner(&self, item: usize) -> Option<usize> {
        let class = self.classes.get(item)?;
        self.tied(item).is_empty().then_some(usize::from(*class))
    }

    /// The classes that share first place on an item as pairs of item and class; empty where there is one winner.
    pub fn tied(&self, item: usize) -> &[(u32, u16)] {
        if self.margins.get(item).is_none_or(|margin| *margin > TIE_TOLERANCE) {
            return &[];
        }
        let start = self.tied.partition_point(|(tied, _)| (*tied as usize) < item);
        let end = self.tied.partition_point(|(tied, _)| (*tied as usize) <= item);
        &self.tied[start..end]
    }

    /// Number of items with several classes in first place.
    pub fn ties(&self) -> usize {
        self.tied.chunk_by(|left, right| left.0 == right.0).count()
    }
}

/// How far inferred truths are from plain majorities.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Comparison {
    compared: usize,
    differing: usize,
}

impl Comparison {
    fn plus(self, other: Self) -> Self {
        Self {
            compared: self.compared + other.compared,
            differing: self.differing + other.differing,
        }
    }

    /// Share of the items with one majority and one likeliest class where these are not the same.
    pub(super) fn share(self) -> f64 {
        self.differing as f64 / self.compared.max(1) as f64
    }
}

/// Posteriors, computed where they are wanted.
pub(super) trait Posteriors: Sync {
    /// Tells those of some items, one item after another: the probability of every class, and zeros behind them.
    fn tell(&self, items: Range<usize>, told: impl FnMut(usize, &[f64]));
}

/// Posteriors that a function fills in for one item at a time.
pub(super) struct ByItem<F> {
    pub(super) classes: usize,
    pub(super) posterior: F,
}

impl<F: Fn(usize, &mut [f64]) + Sync> Posteriors for ByItem<F> {
    fn tell(&self, items: Range<usize>, mut told: impl FnMut(usize, &[f64])) {
        let mut row = vec![0.0; self.classes];
        for item in items {
            (self.posterior)(item, &mut row);
            told(item, &row);
        }
    }
}

/// What is kept of the posteriors.
pub(super) trait Kept: Sized {
    /// Keeps the posteriors, computed part by part.
    fn collect(votes: &VoteTable, ranges: &[Range<usize>], posteriors: &impl Posteriors) -> (Self, Comparison);

    /// The likeliest class of an item, unless several share first place.
    fn winner(&self, item: usize) -> Option<usize>;
}

impl Kept for Array2<f64> {
    fn collect(votes: &VoteTable, ranges: &[Range<usize>], posteriors: &impl Posteriors) -> (Self, Comparison) {
        let classes = votes.classes();
        let mut all = Self::zeros((votes.items(), classes));
        let parts = split(all.as_slice_mut().unwrap_or(&mut []), ranges, classes);
        let compared: Vec<Comparison> = parts
            .into_par_iter()
            .zip(ranges)
            .map(|(part, range)| {
                let mut majority = Majority::new(classes);
                let mut rows = part.chunks_exact_mut(classes);
                posteriors.tell(range.clone(), |item, told| {
                    if let Some(row) = rows.next() {
                        row.copy_from_slice(&told[..classes]);
                    }
                    majority.compare(votes.row(item), top(told));
                });
                majority.comparison
            })
            .collect();
        (all, compared.into_iter().fold(Comparison::default(), Comparison::plus))
    }

    fn winner(&self, item: usize) -> Option<usize> {
        let row = self.row(item);
        let top = top(row.as_slice()?);
        (!top.is_tied).then_some(top.class)
    }
}

impl Kept for TopClasses {
    fn collect(votes: &VoteTable, ranges: &[Range<usize>], posteriors: &impl Posteriors) -> (Self, Comparison) {
        let mut classes = vec![0; votes.items()];
        let mut probabilities = vec![0.0; votes.items()];
        let mut margins = vec![0.0; votes.items()];
        let parts = split(&mut classes, ranges, 1);
        let parts = parts.into_par_iter().zip(split(&mut probabilities, ranges, 1));
        let parts = parts.zip(split(&mut margins, ranges, 1));
        let compared: Vec<(Comparison, Vec<(u32, u16)>)> = parts
            .zip(ranges)
            .map(|(((classes, probabilities), margins), range)| {
                let mut majority = Majority::new(votes.classes());
                let mut tied = Vec::new();
                let mut targets = classes.iter_mut().zip(probabilities).zip(margins);
                posteriors.tell(range.clone(), |item, told| {
                    let top = top(told);
                    if let Some(((class, probability), margin)) = targets.next() {
                        (*class, *probability, *margin) = (top.class as u16, top.value, top.margin);
                    }
                    if top.is_tied {
                        tied.extend(classes_within(told, top.value).map(|class| (item as u32, class)));
                    }
                    majority.compare(votes.row(item), top);
                });
                (majority.comparison, tied)
            })
            .collect();
        let mut comparison = Comparison::default();
        let mut tied = Vec::new();
        for (part, pairs) in compared {
            comparison = comparison.plus(part);
            tied.extend(pairs);
        }
        let truths = Self {
            classes,
            probabilities,
            margins,
            tied,
        };
        (truths, comparison)
    }

    fn winner(&self, item: usize) -> Option<usize> {
        Self::winner(self, item)
    }
}

/// The largest of some values.
#[derive(Clone, Copy)]
struct Top {
    class: usize,
    value: f64,
    margin: f64,
    is_tied: bool,
}

/// Zeros behind the classes are never among the largest: probabilities sum to 1.
#[inline(always)]
fn top(values: &[f64]) -> Top {
    let (mut class, mut value, mut second) = (0, f64::NEG_INFINITY, f64::NEG_INFINITY);
    for (candidate, found) in values.iter().enumerate() {
        // Without branches: which of them is the largest is what nobody can foresee.
        class = if *found > value { candidate } else { class };
        second = larger(smaller(*found, value), second);
        value = larger(*found, value);
    }
    let is_tied = value - second <= TIE_TOLERANCE;
    // Of values within the tolerance the lowest class stands for all.
    if is_tied {
        class = values
            .iter()
            .position(|found| value - *found <= TIE_TOLERANCE)
            .unwrap_or(class);
    }
    Top {
        class,
        value,
        margin: value - second.max(0.0),
        is_tied,
    }
}

/// The larger of two numbers that are not NaN.
#[inline(always)]
fn larger(left: f64, right: f64) -> f64 {
    if left > right { left } else { right }
}

/// The smaller of two numbers that are not NaN.
#[inline(always)]
fn smaller(left: f64, right: f64) -> f64 {
    if left < right { left } else { right }
}

/// The classes that share first place with this value.
fn classes_within(values: &[f64], value: f64) -> impl Iterator<Item = u16> {
    let tied = (0_u16..)
        .zip(values)
        .filter(move |(_, found)| value - **found <= TIE_TOLERANCE);
    tied.map(|(class, _)| class)
}

/// Counts where majorities and likeliest classes differ.
struct Majority {
    counts: Vec<u32>,
    comparison: Comparison,
}

impl Majority {
    fn new(classes: usize) -> Self {
        Self {
            counts: vec![0; classes],
            comparison: Comparison::default(),
        }
    }

    #[inline]
    fn compare(&mut self, row: VoteRow<'_>, top: Top) {
        for class in row.classes {
            self.counts[usize::from(*class)] += 1;
        }
        let (mut most, mut second, mut leader) = (0, 0, 0);
        for class in row.classes {
            let class = usize::from(*class);
            let count = std::mem::take(&mut self.counts[class]);
            let is_more = count > most;
            second = if is_more { most } else { second.max(count) };
            leader = if is_more { class } else { leader };
            most = most.max(count);
        }
        let is_compared = most > second && !top.is_tied;
        self.comparison.compared += usize::from(is_compared);
        self.comparison.differing += usize::from(is_compared && leader != top.class);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_keeping_agree() {
        let triples = [(0, 0, 1), (0, 1, 1), (0, 2, 0), (1, 0, 0), (1, 1, 2), (3, 0, 2)];
        let votes = VoteTable::from_triples(&triples, 4, 3, 3).unwrap();
        let given = [[0.1, 0.7, 0.2], [0.4, 0.2, 0.4], [0.2, 0.5, 0.3], [0.6, 0.1, 0.3]];
        let posterior = |item: usize, row: &mut [f64]| row.copy_from_slice(&given[item]);
        let posteriors = ByItem { classes: 3, posterior };
        let (all, comparison) = Array2::<f64>::collect(&votes, &[0..2, 2..4], &posteriors);
        assert_eq!(all.row(2).to_vec(), given[2]);
        // Item 0 agrees, item 3 differs, items 1 and 2 have no single majority.
        assert_eq!(comparison.share(), 0.5);
        let (top, comparison) = TopClasses::collect(&votes, &[0..2, 2..4], &posteriors);
        assert_eq!(comparison.share(), 0.5);
        assert_eq!(top.classes, [1, 0, 1, 0]);
        assert_eq!((top.tied.as_slice(), top.ties()), (&[(1, 0), (1, 2)][..], 1));
        let margins = [0.5, 0.0, 0.2, 0.3];
        let close = |(found, expected): (&f64, &f64)| (found - expected).abs() < 1e-12;
        assert!(top.margins.iter().zip(&margins).all(close), "{:?}", top.margins);
        assert_eq!(top.probabilities, vec![0.7, 0.4, 0.5, 0.6]);
        assert_eq!((top.winner(0), top.winner(1), top.winner(9)), (Some(1), None, None));
    }
}
