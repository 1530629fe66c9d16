//! What a fit says about the items.

use std::ops::Range;

use ndarray::Array2;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::chunks::split;
use crate::votes::{VoteRow, VoteTable};
use crate::voting::TIE_TOLERANCE;

/// The likeliest class of every item and its probability: 10 bytes an item where all posteriors take 8 for each class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TopClasses {
    /// The likeliest class by item; the lowest of those that share first place.
    pub classes: Vec<u16>,
    /// Its probability.
    pub probabilities: Vec<f64>,
    /// Items, ascending, where several classes share first place.
    pub tied: Vec<u32>,
}

impl TopClasses {
    /// The likeliest class of an item, unless several share first place or there is no such item.
    pub fn winner(&self, item: usize) -> Option<usize> {
        let is_tied = u32::try_from(item).is_ok_and(|item| self.tied.binary_search(&item).is_ok());
        let class = self.classes.get(item)?;
        (!is_tied).then_some(usize::from(*class))
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

/// What is kept of the posteriors.
pub(super) trait Kept: Sized {
    /// Computes the posteriors part by part, `posterior` filling in those of one item.
    fn collect(
        votes: &VoteTable,
        ranges: &[Range<usize>],
        posterior: impl Fn(usize, &mut [f64]) + Sync,
    ) -> (Self, Comparison);

    /// The likeliest class of an item, unless several share first place.
    fn winner(&self, item: usize) -> Option<usize>;
}

impl Kept for Array2<f64> {
    fn collect(
        votes: &VoteTable,
        ranges: &[Range<usize>],
        posterior: impl Fn(usize, &mut [f64]) + Sync,
    ) -> (Self, Comparison) {
        let classes = votes.classes();
        let mut all = Self::zeros((votes.items(), classes));
        let parts = split(all.as_slice_mut().unwrap_or(&mut []), ranges, classes);
        let compared: Vec<Comparison> = parts
            .into_par_iter()
            .zip(ranges)
            .map(|(part, range)| {
                let mut majority = Majority::new(classes);
                for (item, row) in range.clone().zip(part.chunks_exact_mut(classes)) {
                    posterior(item, row);
                    majority.compare(votes.row(item), top(row));
                }
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
    fn collect(
        votes: &VoteTable,
        ranges: &[Range<usize>],
        posterior: impl Fn(usize, &mut [f64]) + Sync,
    ) -> (Self, Comparison) {
        let mut classes = vec![0; votes.items()];
        let mut probabilities = vec![0.0; votes.items()];
        let parts = split(&mut classes, ranges, 1);
        let parts = parts.into_par_iter().zip(split(&mut probabilities, ranges, 1));
        let compared: Vec<(Comparison, Vec<u32>)> = parts
            .zip(ranges)
            .map(|((classes, probabilities), range)| {
                let mut majority = Majority::new(votes.classes());
                let mut row = vec![0.0; votes.classes()];
                let mut tied = Vec::new();
                for ((item, class), probability) in range.clone().zip(classes).zip(probabilities) {
                    posterior(item, &mut row);
                    let top = top(&row);
                    (*class, *probability) = (top.class as u16, top.value);
                    if top.is_tied {
                        tied.push(item as u32);
                    }
                    majority.compare(votes.row(item), top);
                }
                (majority.comparison, tied)
            })
            .collect();
        let mut comparison = Comparison::default();
        let mut tied = Vec::new();
        for (part, items) in compared {
            comparison = comparison.plus(part);
            tied.extend(items);
        }
        let truths = Self {
            classes,
            probabilities,
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
    is_tied: bool,
}

fn top(values: &[f64]) -> Top {
    let (mut class, mut value) = (0, f64::NEG_INFINITY);
    for (candidate, found) in values.iter().enumerate() {
        if *found > value {
            (class, value) = (candidate, *found);
        }
    }
    let shared = values.iter().filter(|found| value - **found <= TIE_TOLERANCE);
    let is_tied = shared.take(2).count() > 1;
    // Of values within the tolerance the lowest class stands for all.
    if is_tied {
        class = values
            .iter()
            .position(|found| value - *found <= TIE_TOLERANCE)
            .unwrap_or(class);
    }
    Top { class, value, is_tied }
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

    fn compare(&mut self, row: VoteRow<'_>, top: Top) {
        for class in row.classes {
            self.counts[usize::from(*class)] += 1;
        }
        let (mut most, mut leader, mut is_tied) = (0, 0, true);
        for class in row.classes {
            let class = usize::from(*class);
            let count = std::mem::take(&mut self.counts[class]);
            if count > most {
                (most, leader, is_tied) = (count, class, false);
            } else if count == most && count > 0 {
                is_tied = true;
            }
        }
        if !is_tied && !top.is_tied {
            self.comparison.compared += 1;
            self.comparison.differing += usize::from(leader != top.class);
        }
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
        let (all, comparison) = Array2::<f64>::collect(&votes, &[0..2, 2..4], posterior);
        assert_eq!(all.row(2).to_vec(), given[2]);
        // Item 0 agrees, item 3 differs, items 1 and 2 have no single majority.
        assert_eq!(comparison.share(), 0.5);
        let (top, comparison) = TopClasses::collect(&votes, &[0..2, 2..4], posterior);
        assert_eq!(comparison.share(), 0.5);
        assert_eq!(
            (top.classes.as_slice(), top.tied.as_slice()),
            (&[1, 0, 1, 0][..], &[1_u32][..])
        );
        assert_eq!(top.probabilities, vec![0.7, 0.4, 0.5, 0.6]);
        assert_eq!((top.winner(0), top.winner(1), top.winner(9)), (Some(1), None, None));
    }
}
