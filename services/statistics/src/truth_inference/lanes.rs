//! One number for every class, as wide as the machine likes it.

use std::marker::PhantomData;

use pulp::{Arch, Simd, WithSimd};
use wide::f64x2;

/// Numbers side by side, one for every class and zeros behind them. A table is such numbers one after another.
///
/// Arrays of pairs have a width the compiler knows and go from hand to hand by value, so that they stay in registers;
/// more classes than the widest array take a vector of any length. Nothing is summed in another order than written here,
/// so results do not depend on the instructions of the machine.
pub(super) trait Lanes: Clone {
    /// A table to read from. Made once before a loop, so that nothing about the table is looked up in it.
    type Cells<'a>: Copy;
    /// A table to add to.
    type CellsMut<'a>;

    fn cells(table: &[f64], width: usize) -> Self::Cells<'_>;
    fn cells_mut(table: &mut [f64], width: usize) -> Self::CellsMut<'_>;
    fn zeros(width: usize) -> Self;
    fn as_slice(&self) -> &[f64];
    fn as_mut_slice(&mut self) -> &mut [f64];
    /// The numbers of a cell.
    fn of(cells: Self::Cells<'_>, cell: usize) -> Self;
    /// Times the numbers of a cell.
    fn times(self, cells: Self::Cells<'_>, cell: usize) -> Self;
    /// Adds to the numbers of a cell.
    fn add_to(&self, cells: &mut Self::CellsMut<'_>, cell: usize);
    fn plus(self, other: &Self) -> Self;
    fn scaled(self, factor: f64) -> Self;

    /// Sum of all, even positions apart from odd ones; the width is even.
    fn total(&self) -> f64;

    /// The largest, none of which is NaN or negative.
    #[inline(always)]
    fn largest(&self) -> f64 {
        self.as_slice().iter().copied().fold(0.0, f64::max)
    }

    /// All on one class.
    #[inline(always)]
    fn certain(width: usize, class: usize) -> Self {
        let mut lanes = Self::zeros(width);
        lanes.as_mut_slice()[class] = 1.0;
        lanes
    }
}

impl<const PAIRS: usize> Lanes for [f64x2; PAIRS] {
    type Cells<'a> = &'a [[[f64; 2]; PAIRS]];
    type CellsMut<'a> = &'a mut [[[f64; 2]; PAIRS]];

    #[inline(always)]
    fn cells(table: &[f64], _: usize) -> Self::Cells<'_> {
        table.as_chunks().0.as_chunks().0
    }

    #[inline(always)]
    fn cells_mut(table: &mut [f64], _: usize) -> Self::CellsMut<'_> {
        table.as_chunks_mut().0.as_chunks_mut().0
    }

    #[inline(always)]
    fn zeros(_: usize) -> Self {
        [f64x2::ZERO; PAIRS]
    }

    #[inline(always)]
    fn as_slice(&self) -> &[f64] {
        bytemuck::must_cast_slice(self)
    }

    #[inline(always)]
    fn as_mut_slice(&mut self) -> &mut [f64] {
        bytemuck::must_cast_slice_mut(self)
    }

    #[inline(always)]
    fn of(cells: Self::Cells<'_>, cell: usize) -> Self {
        cells[cell].map(f64x2::new)
    }

    #[inline(always)]
    fn times(self, cells: Self::Cells<'_>, cell: usize) -> Self {
        let factors = &cells[cell];
        std::array::from_fn(|pair| self[pair] * f64x2::new(factors[pair]))
    }

    #[inline(always)]
    fn add_to(&self, cells: &mut Self::CellsMut<'_>, cell: usize) {
        let totals = &mut cells[cell];
        for (total, own) in totals.iter_mut().zip(self) {
            *total = (f64x2::new(*total) + *own).to_array();
        }
    }

    #[inline(always)]
    fn plus(self, other: &Self) -> Self {
        std::array::from_fn(|pair| self[pair] + other[pair])
    }

    #[inline(always)]
    fn scaled(self, factor: f64) -> Self {
        let factor = f64x2::splat(factor);
        self.map(|pair| pair * factor)
    }

    #[inline(always)]
    fn total(&self) -> f64 {
        let [even, odd] = self.iter().fold(f64x2::ZERO, |sums, pair| sums + *pair).to_array();
        even + odd
    }
}

/// Cells of any width.
#[derive(Clone, Copy)]
pub(super) struct WideCells<'a> {
    table: &'a [f64],
    width: usize,
}

impl<'a> WideCells<'a> {
    fn cell(self, cell: usize) -> &'a [f64] {
        &self.table[cell * self.width..][..self.width]
    }
}

impl Lanes for Vec<f64> {
    type Cells<'a> = WideCells<'a>;
    type CellsMut<'a> = &'a mut [f64];

    fn cells(table: &[f64], width: usize) -> WideCells<'_> {
        WideCells { table, width }
    }

    fn cells_mut(table: &mut [f64], _: usize) -> &mut [f64] {
        table
    }

    fn zeros(width: usize) -> Self {
        vec![0.0; width]
    }

    fn as_slice(&self) -> &[f64] {
        self
    }

    fn as_mut_slice(&mut self) -> &mut [f64] {
        self
    }

    fn of(cells: WideCells<'_>, cell: usize) -> Self {
        cells.cell(cell).to_vec()
    }

    fn times(mut self, cells: WideCells<'_>, cell: usize) -> Self {
        let factors = cells.cell(cell).iter();
        self.iter_mut().zip(factors).for_each(|(own, factor)| *own *= factor);
        self
    }

    fn add_to(&self, cells: &mut Self::CellsMut<'_>, cell: usize) {
        let totals = cells[cell * self.len()..].iter_mut();
        totals.zip(self).for_each(|(total, own)| *total += own);
    }

    fn plus(mut self, other: &Self) -> Self {
        self.iter_mut().zip(other).for_each(|(own, value)| *own += value);
        self
    }

    fn scaled(mut self, factor: f64) -> Self {
        self.iter_mut().for_each(|own| *own *= factor);
        self
    }

    fn total(&self) -> f64 {
        let mut sums = [0.0; 2];
        for pair in self.as_chunks::<2>().0 {
            sums = [sums[0] + pair[0], sums[1] + pair[1]];
        }
        sums[0] + sums[1]
    }
}

/// Work on lanes, whatever their width.
pub(super) trait LaneWork {
    type Output;

    /// To be inlined, with all of its loops, into where the widest instructions are.
    fn on<L: Lanes>(self) -> Self::Output;
}

/// Does the work on lanes of the given width with the widest instructions that the machine has: the same operations in the
/// same order whatever these are, and so the same digits.
pub(super) fn on_lanes<W: LaneWork>(width: usize, work: W) -> W::Output {
    match width {
        2 => with_widest::<[f64x2; 1], W>(work),
        4 => with_widest::<[f64x2; 2], W>(work),
        6 => with_widest::<[f64x2; 3], W>(work),
        8 => with_widest::<[f64x2; 4], W>(work),
        16 => with_widest::<[f64x2; 8], W>(work),
        _ => with_widest::<Vec<f64>, W>(work),
    }
}

fn with_widest<L: Lanes, W: LaneWork>(work: W) -> W::Output {
    Arch::new().dispatch(OnLanes(work, PhantomData::<L>))
}

struct OnLanes<L, W>(W, PhantomData<L>);

impl<L: Lanes, W: LaneWork> WithSimd for OnLanes<L, W> {
    type Output = W::Output;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> W::Output {
        self.0.on::<L>()
    }
}

/// Width for so many classes: the narrowest array that holds them, else the next even number.
pub(super) fn width_for(classes: usize) -> usize {
    [2, 4, 6, 8, 16]
        .into_iter()
        .find(|width| classes <= *width)
        .unwrap_or(classes.next_multiple_of(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Products of the cells of a table and their share in the whole.
    struct Multiplying<'a>(&'a [f64], usize);

    impl LaneWork for Multiplying<'_> {
        type Output = Vec<f64>;

        #[inline(always)]
        fn on<L: Lanes>(self) -> Vec<f64> {
            let Self(table, width) = self;
            let cells = L::cells(table, width);
            let mut lanes = L::of(cells, 0);
            for cell in 1..table.len() / width {
                lanes = lanes.times(cells, cell).plus(&L::of(cells, cell - 1));
            }
            let total = lanes.total();
            lanes.scaled(1.0 / total).as_slice().to_vec()
        }
    }

    #[test]
    fn digits_do_not_depend_on_the_instructions_of_the_machine() {
        for width in [2, 4, 6, 8, 16, 18] {
            let table: Vec<f64> = (0..20 * width)
                .map(|index| 1.0 / (index as f64 + 1.0 / 3.0).sqrt())
                .collect();
            let widest = on_lanes(width, Multiplying(&table, width));
            let plain = OnLanes(Multiplying(&table, width), PhantomData::<Vec<f64>>).with_simd(pulp::Scalar::new());
            assert_eq!(widest, plain, "width {width}");
        }
    }
}
