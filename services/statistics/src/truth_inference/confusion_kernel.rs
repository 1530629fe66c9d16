//! The hot loop of Dawid-Skene: expectation and counting in one pass over the votes.
//!
//! An item's posterior goes straight into the next counts and is not kept. Cells are ordered voter, observed class, truth
//! with the truths padded to a width the compiler knows, so that a vote touches one short run of memory and the loop over
//! truths becomes vector instructions.
//!
//! Products instead of sums of logarithms: factors are at most 1, so the running products of an item only fall. After at
//! most [`BLOCK`] votes all of them are multiplied by one power of two, which is exact, and its exponent is kept. Where
//! the largest product is at least 2^-900 it has lost nothing, and one that fell below the smallest number is under 2^-122
//! of it, far below the rounding of any posterior. Where the largest falls further within one block, the item is done
//! again in logarithms.

use std::ops::Range;

use super::lanes::{Lanes, with_lanes};
use super::scaled::{Product, exponent, power_of_two};
use crate::numeric::sum::{Sum, log_sum_exp};
use crate::votes::{VoteRow, VoteTable};

/// Votes between rescalings.
const BLOCK: usize = 16;
/// Largest product below which a block begins with rescaled ones: 2^-256.
const RESCALE: f64 = 8.636_168_555_094_445e-78;
/// Largest product below which digits may be lost: 2^-900.
const LOWEST: f64 = 1.183_052_186_166_774_7e-271;
/// Items whose class probabilities are added up before they go into a compensated sum.
const RUN: usize = 1024;

/// Probabilities in the order of the hot loop.
pub(super) struct Tables {
    pub(super) classes: usize,
    pub(super) width: usize,
    /// Share of every class, then zeros.
    pub(super) class_shares: Vec<f64>,
    /// `P(voter says o | truth t)` at `(voter * classes + o) * width + t`.
    pub(super) cells: Vec<f64>,
}

/// What one part of the items adds up to.
pub(super) struct Counts {
    /// As [`Tables::cells`].
    pub(super) cells: Vec<f64>,
    pub(super) class_totals: Vec<Sum>,
    pub(super) log_likelihood: f64,
}

impl Counts {
    pub(super) fn new(cells: usize, width: usize) -> Self {
        Self {
            cells: vec![0.0; cells],
            class_totals: vec![Sum::default(); width],
            log_likelihood: 0.0,
        }
    }

    fn clear(&mut self) {
        self.cells.fill(0.0);
        self.class_totals.fill(Sum::default());
        self.log_likelihood = 0.0;
    }
}

/// The votes of some items.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) votes: &'a VoteTable,
    /// One entry an item, or none at all.
    pub(super) known: &'a [Option<usize>],
    pub(super) classes: usize,
    pub(super) width: usize,
}

impl<'a> Part<'a> {
    #[inline(always)]
    pub(super) fn known(&self, item: usize) -> Option<usize> {
        self.known.get(item).copied().flatten()
    }

    /// Counts with the posteriors under `tables`.
    #[inline(always)]
    pub(super) fn count<L: Lanes>(&self, tables: &Tables, items: Range<usize>, counts: &mut Counts) {
        let (mut product, mut others) = (Product::default(), Sum::default());
        self.accumulate::<L>(items, counts, |item, row| {
            if let Some(class) = self.known(item) {
                others.add(tables.known_in_logarithms(row, class));
                return L::certain(self.width, class);
            }
            match tables.expect::<L>(row) {
                Some(expected) => {
                    product.multiply(expected.total, expected.shift);
                    expected.lanes.scaled(1.0 / expected.total)
                }
                None => {
                    let (lanes, logarithm) = tables.expect_in_logarithms(row);
                    others.add(logarithm);
                    lanes
                }
            }
        });
        counts.log_likelihood = product.ln() + others.total();
    }

    /// Counts with the shares of the votes: the start of the iteration.
    #[inline(always)]
    pub(super) fn count_shares<L: Lanes>(&self, items: Range<usize>, counts: &mut Counts) {
        self.accumulate::<L>(items, counts, |item, row| {
            if let Some(class) = self.known(item) {
                return L::certain(self.width, class);
            }
            let mut shares = L::zeros(self.width);
            let values = &mut shares.as_mut_slice()[..self.classes];
            if row.is_empty() {
                values.fill(1.0 / self.classes as f64);
            }
            for class in row.classes {
                values[usize::from(*class)] += 1.0 / row.len() as f64;
            }
            shares
        });
    }

    /// Adds what `posterior` says of every item to the cells of its votes.
    #[inline(always)]
    fn accumulate<L: Lanes>(
        &self,
        items: Range<usize>,
        counts: &mut Counts,
        mut posterior: impl FnMut(usize, VoteRow<'a>) -> L,
    ) {
        counts.clear();
        for start in items.clone().step_by(RUN) {
            let mut run = L::zeros(self.width);
            for item in start..items.end.min(start + RUN) {
                let row = self.votes.row(item);
                let lanes = posterior(item, row);
                for (voter, class) in row.pairs() {
                    lanes.add_to(&mut counts.cells, voter * self.classes + class);
                }
                run = run.plus(&lanes);
            }
            for (total, value) in counts.class_totals.iter_mut().zip(run.as_slice()) {
                total.add(*value);
            }
        }
    }
}

/// Products of an item, times `2^-shift`, and their sum.
struct Expected<L> {
    lanes: L,
    total: f64,
    shift: i64,
}

impl Tables {
    /// The class shares times the probabilities of the votes; `None` where they are too small to be trusted.
    #[inline(always)]
    fn expect<L: Lanes>(&self, row: VoteRow<'_>) -> Option<Expected<L>> {
        if row.len() > BLOCK {
            return self.expect_in_blocks(row);
        }
        let lanes = self.times_votes(L::of(&self.class_shares, self.width, 0), row.voters, row.classes);
        let total = lanes.total();
        // The largest is at least this part of the total.
        (total >= LOWEST * self.width as f64).then_some(Expected { lanes, total, shift: 0 })
    }

    #[inline(always)]
    fn times_votes<L: Lanes>(&self, mut lanes: L, voters: &[u32], classes: &[u16]) -> L {
        for (voter, class) in voters.iter().zip(classes) {
            lanes = lanes.times(&self.cells, *voter as usize * self.classes + usize::from(*class));
        }
        lanes
    }

    #[inline(never)]
    fn expect_in_blocks<L: Lanes>(&self, row: VoteRow<'_>) -> Option<Expected<L>> {
        let mut lanes = L::of(&self.class_shares, self.width, 0);
        let mut shift = 0;
        for (voters, classes) in row.voters.chunks(BLOCK).zip(row.classes.chunks(BLOCK)) {
            lanes = self.times_votes(lanes, voters, classes);
            let largest = lanes.largest();
            if largest < LOWEST {
                return None;
            }
            if largest < RESCALE {
                let own = exponent(largest);
                lanes = lanes.scaled(power_of_two(-own));
                shift += own;
            }
        }
        let total = lanes.total();
        Some(Expected { lanes, total, shift })
    }

    /// The posterior in logarithms, with the logarithm of the probability of the votes.
    #[cold]
    #[inline(never)]
    fn expect_in_logarithms<L: Lanes>(&self, row: VoteRow<'_>) -> (L, f64) {
        let mut lanes = L::zeros(self.width);
        let values = &mut lanes.as_mut_slice()[..self.classes];
        for (truth, value) in values.iter_mut().enumerate() {
            *value = self.known_in_logarithms(row, truth);
        }
        let total = log_sum_exp(values);
        if total == f64::NEG_INFINITY {
            // Only where every class has been ruled out by rounding: nothing can be said.
            values.fill(1.0 / self.classes as f64);
            return (lanes, 0.0);
        }
        for value in values {
            *value = (*value - total).exp();
        }
        (lanes, total)
    }

    /// `ln P(truth) + sum_v ln P(vote | truth)`.
    #[inline(never)]
    fn known_in_logarithms(&self, row: VoteRow<'_>, truth: usize) -> f64 {
        let cell =
            |(voter, class): (usize, usize)| self.cells[(voter * self.classes + class) * self.width + truth].ln();
        self.class_shares[truth].ln() + row.pairs().map(cell).sum::<f64>()
    }

    /// The posterior of one item.
    pub(super) fn posterior(&self, row: VoteRow<'_>, known: Option<usize>, found: &mut [f64]) {
        with_lanes!(self.width, Width => self.posterior_in::<Width>(row, known, found));
    }

    #[inline(always)]
    fn posterior_in<L: Lanes>(&self, row: VoteRow<'_>, known: Option<usize>, found: &mut [f64]) {
        let lanes = match (known, self.expect::<L>(row)) {
            (Some(class), _) => L::certain(self.width, class),
            (None, Some(expected)) => expected.lanes.scaled(1.0 / expected.total),
            (None, None) => self.expect_in_logarithms::<L>(row).0,
        };
        found.copy_from_slice(&lanes.as_slice()[..found.len()]);
    }
}
