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

use super::lanes::{LaneWork, Lanes, on_lanes};
use super::scaled::{Product, exponent, power_of_two};
use crate::error::{InvalidInput, parameter};
use crate::numeric::sum::{Sum, log_sum_exp};
use crate::votes::VoteTable;

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

/// The votes of all items, and what they say.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) votes: &'a VoteTable,
    /// Of every vote, which cell it touches: see [`cells_of_votes`].
    pub(super) cells: &'a [u32],
    /// One entry an item, or none at all.
    pub(super) known: &'a [Option<usize>],
    pub(super) classes: usize,
    pub(super) width: usize,
}

/// Of every vote its voter times the classes plus its class: one number to read in every pass instead of two, and
/// nothing to multiply.
///
/// # Errors
/// More cells than a number of 32 bits counts, whose tables no machine would hold.
pub(super) fn cells_of_votes(votes: &VoteTable) -> Result<Vec<u32>, InvalidInput> {
    let (cells, most) = (votes.voters() as u64 * votes.classes() as u64, u64::from(u32::MAX));
    parameter(
        "voters times classes",
        cells as f64,
        "fewer than 2^32 for one confusion matrix a voter",
        cells <= most,
    )?;
    let classes = votes.classes() as u32;
    let pairs = votes.voter_column().iter().zip(votes.class_column());
    Ok(pairs
        .map(|(voter, class)| voter * classes + u32::from(*class))
        .collect())
}

/// Works on a row, with loops written out for rows of few votes, which nearly all are: most panels vote on every item.
macro_rules! by_length {
    ($row:ident => $work:expr) => {
        by_length!(@ $row, $work, 2, 3, 4, 5, 6, 7, 8)
    };
    (@ $row:ident, $work:expr, $($length:literal),*) => {
        match $row.len() {
            $($length => {
                let $row = &$row[..$length];
                $work
            })*
            _ => $work,
        }
    };
}

impl Part<'_> {
    #[inline(always)]
    pub(super) fn known(&self, item: usize) -> Option<usize> {
        self.known.get(item).copied().flatten()
    }

    /// The cells that an item's votes touch; none beyond the last item.
    pub(super) fn row(&self, item: usize) -> &[u32] {
        match self.votes.offsets().get(item..item + 2) {
            Some([start, end]) => &self.cells[*start as usize..*end as usize],
            _ => &[],
        }
    }

    /// Counts with the posteriors under `tables`.
    pub(super) fn count(self, tables: &Tables, items: Range<usize>, counts: &mut Counts) {
        let part = self;
        on_lanes(
            self.width,
            Counting {
                part,
                tables,
                items,
                counts,
            },
        );
    }

    /// Counts with the shares of the votes: the start of the iteration.
    pub(super) fn count_shares(self, items: Range<usize>, counts: &mut Counts) {
        let part = self;
        on_lanes(self.width, CountingShares { part, items, counts });
    }

    /// Tells the posteriors under `tables`.
    pub(super) fn tell(self, tables: &Tables, items: Range<usize>, told: impl FnMut(usize, &[f64])) {
        let part = self;
        on_lanes(
            self.width,
            Telling {
                part,
                tables,
                items,
                told,
            },
        );
    }

    /// Adds what `posterior` says of every item to the cells of its votes.
    #[inline(always)]
    fn accumulate<L: Lanes>(
        &self,
        items: Range<usize>,
        counts: &mut Counts,
        mut posterior: impl FnMut(usize, &[u32]) -> L,
    ) {
        counts.clear();
        let mut cells = L::cells_mut(&mut counts.cells, self.width);
        let offsets = self.votes.offsets();
        for start in items.clone().step_by(RUN) {
            let mut run = L::zeros(self.width);
            let bounds = &offsets[start..=items.end.min(start + RUN)];
            for (item, bounds) in (start..).zip(bounds.windows(2)) {
                let row = &self.cells[bounds[0] as usize..bounds[1] as usize];
                let lanes = by_length!(row => {
                    let lanes = posterior(item, row);
                    for cell in row {
                        lanes.add_to(&mut cells, *cell as usize);
                    }
                    lanes
                });
                run = run.plus(&lanes);
            }
            for (total, value) in counts.class_totals.iter_mut().zip(run.as_slice()) {
                total.add(*value);
            }
        }
    }
}

struct Counting<'a> {
    part: Part<'a>,
    tables: &'a Tables,
    items: Range<usize>,
    counts: &'a mut Counts,
}

impl LaneWork for Counting<'_> {
    type Output = ();

    #[inline(always)]
    fn on<L: Lanes>(self) {
        let Self {
            part,
            tables,
            items,
            counts,
        } = self;
        let (mut product, mut others) = (Product::default(), Sum::default());
        let (shares, cells) = tables.views::<L>();
        part.accumulate::<L>(
            items,
            counts,
            #[inline(always)]
            |item, row| {
                if let Some(class) = part.known(item) {
                    others.add(tables.known_in_logarithms(row, class));
                    return L::certain(part.width, class);
                }
                match expect::<L>(shares.clone(), cells, row) {
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
            },
        );
        counts.log_likelihood = product.ln() + others.total();
    }
}

struct CountingShares<'a> {
    part: Part<'a>,
    items: Range<usize>,
    counts: &'a mut Counts,
}

impl LaneWork for CountingShares<'_> {
    type Output = ();

    #[inline(always)]
    fn on<L: Lanes>(self) {
        let part = self.part;
        let units = units(part.classes, part.width);
        let units = L::cells(&units, part.width);
        let mut even = L::zeros(part.width);
        even.as_mut_slice()[..part.classes].fill(1.0 / part.classes as f64);
        let offsets = part.votes.offsets();
        let classes = part.votes.class_column();
        part.accumulate::<L>(
            self.items,
            self.counts,
            #[inline(always)]
            |item, row| {
                if let Some(class) = part.known(item) {
                    return L::certain(part.width, class);
                }
                if row.is_empty() {
                    return even.clone();
                }
                let start = offsets[item] as usize;
                let mut lanes = L::zeros(part.width);
                for class in &classes[start..start + row.len()] {
                    lanes = lanes.plus(&L::of(units, usize::from(*class)));
                }
                lanes.scaled(1.0 / row.len() as f64)
            },
        );
    }
}

struct Telling<'a, Told> {
    part: Part<'a>,
    tables: &'a Tables,
    items: Range<usize>,
    told: Told,
}

impl<Told: FnMut(usize, &[f64])> LaneWork for Telling<'_, Told> {
    type Output = ();

    #[inline(always)]
    fn on<L: Lanes>(mut self) {
        let views = self.tables.views::<L>();
        for item in self.items {
            let row = self.part.row(item);
            let lanes = self.tables.posterior_in(&views, row, self.part.known(item));
            (self.told)(item, lanes.as_slice());
        }
    }
}

/// The posterior of one item.
struct TellingOne<'a> {
    tables: &'a Tables,
    row: &'a [u32],
    known: Option<usize>,
    found: &'a mut [f64],
}

impl LaneWork for TellingOne<'_> {
    type Output = ();

    #[inline(always)]
    fn on<L: Lanes>(self) {
        let lanes = self
            .tables
            .posterior_in::<L>(&self.tables.views(), self.row, self.known);
        self.found.copy_from_slice(&lanes.as_slice()[..self.found.len()]);
    }
}

/// Of every class the numbers that are 1 for it and 0 for others.
fn units(classes: usize, width: usize) -> Vec<f64> {
    let mut units = vec![0.0; classes * width];
    (0..classes).for_each(|class| units[class * width + class] = 1.0);
    units
}

/// Products of an item, times `2^-shift`, and their sum.
struct Expected<L> {
    lanes: L,
    total: f64,
    shift: i64,
}

/// The class shares times the probabilities of the votes; `None` where they are too small to be trusted.
#[inline(always)]
fn expect<L: Lanes>(shares: L, cells: L::Cells<'_>, row: &[u32]) -> Option<Expected<L>> {
    if row.len() > BLOCK {
        return expect_in_blocks(shares, cells, row);
    }
    let lanes = times_votes(shares, cells, row);
    let total = lanes.total();
    // The largest is at least this part of the total.
    (total >= LOWEST * lanes.as_slice().len() as f64).then_some(Expected { lanes, total, shift: 0 })
}

#[inline(always)]
fn times_votes<L: Lanes>(mut lanes: L, cells: L::Cells<'_>, row: &[u32]) -> L {
    for cell in row {
        lanes = lanes.times(cells, *cell as usize);
    }
    lanes
}

#[inline(never)]
fn expect_in_blocks<L: Lanes>(mut lanes: L, cells: L::Cells<'_>, row: &[u32]) -> Option<Expected<L>> {
    let mut shift = 0;
    for block in row.chunks(BLOCK) {
        lanes = times_votes(lanes, cells, block);
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

impl Tables {
    /// The class shares, and the cells to read from.
    #[inline(always)]
    fn views<L: Lanes>(&self) -> (L, L::Cells<'_>) {
        let shares = L::of(L::cells(&self.class_shares, self.width), 0);
        (shares, L::cells(&self.cells, self.width))
    }

    /// The posterior in logarithms, with the logarithm of the probability of the votes.
    #[cold]
    #[inline(never)]
    fn expect_in_logarithms<L: Lanes>(&self, row: &[u32]) -> (L, f64) {
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
    fn known_in_logarithms(&self, row: &[u32], truth: usize) -> f64 {
        let cell = |cell: &u32| self.cells[*cell as usize * self.width + truth].ln();
        self.class_shares[truth].ln() + row.iter().map(cell).sum::<f64>()
    }

    /// The posterior of one item, whose votes touch the cells of `row`.
    pub(super) fn posterior(&self, row: &[u32], known: Option<usize>, found: &mut [f64]) {
        on_lanes(
            self.width,
            TellingOne {
                tables: self,
                row,
                known,
                found,
            },
        );
    }

    #[inline(always)]
    fn posterior_in<L: Lanes>(&self, (shares, cells): &(L, L::Cells<'_>), row: &[u32], known: Option<usize>) -> L {
        match (known, expect::<L>(shares.clone(), *cells, row)) {
            (Some(class), _) => L::certain(self.width, class),
            (None, Some(expected)) => expected.lanes.scaled(1.0 / expected.total),
            (None, None) => self.expect_in_logarithms::<L>(row).0,
        }
    }
}
