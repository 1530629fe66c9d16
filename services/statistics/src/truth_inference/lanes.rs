//! One number for every class, as wide as the machine likes it.

/// Numbers side by side, one for every class and zeros behind them. A table is such numbers one after another.
///
/// Arrays have a width the compiler knows and go from hand to hand by value, so that they stay in registers and loops
/// over them become vector instructions; more classes than the widest array take a vector of any length. Nothing is summed
/// in another order than written here, so results do not depend on the instructions of the machine.
pub(super) trait Lanes: Clone {
    fn zeros(width: usize) -> Self;
    fn as_slice(&self) -> &[f64];
    fn as_mut_slice(&mut self) -> &mut [f64];
    /// The numbers of a cell of a table.
    fn of(table: &[f64], width: usize, cell: usize) -> Self;
    /// Times the numbers of a cell of a table.
    fn times(self, table: &[f64], cell: usize) -> Self;
    /// Adds to the numbers of a cell of a table.
    fn add_to(&self, table: &mut [f64], cell: usize);
    fn plus(self, other: &Self) -> Self;
    fn scaled(self, factor: f64) -> Self;

    /// Sum of all, even positions apart from odd ones; the width is even.
    #[inline(always)]
    fn total(&self) -> f64 {
        let mut sums = [0.0; 2];
        for pair in self.as_slice().as_chunks::<2>().0 {
            sums = [sums[0] + pair[0], sums[1] + pair[1]];
        }
        sums[0] + sums[1]
    }

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

impl<const WIDTH: usize> Lanes for [f64; WIDTH] {
    #[inline(always)]
    fn zeros(_: usize) -> Self {
        [0.0; WIDTH]
    }

    #[inline(always)]
    fn as_slice(&self) -> &[f64] {
        self
    }

    #[inline(always)]
    fn as_mut_slice(&mut self) -> &mut [f64] {
        self
    }

    #[inline(always)]
    fn of(table: &[f64], _: usize, cell: usize) -> Self {
        table.as_chunks::<WIDTH>().0[cell]
    }

    #[inline(always)]
    fn times(self, table: &[f64], cell: usize) -> Self {
        let factors = &table.as_chunks::<WIDTH>().0[cell];
        std::array::from_fn(|lane| self[lane] * factors[lane])
    }

    #[inline(always)]
    fn add_to(&self, table: &mut [f64], cell: usize) {
        let totals = &mut table.as_chunks_mut::<WIDTH>().0[cell];
        *totals = self.plus(totals);
    }

    #[inline(always)]
    fn plus(self, other: &Self) -> Self {
        std::array::from_fn(|lane| self[lane] + other[lane])
    }

    #[inline(always)]
    fn scaled(self, factor: f64) -> Self {
        self.map(|value| value * factor)
    }
}

impl Lanes for Vec<f64> {
    fn zeros(width: usize) -> Self {
        vec![0.0; width]
    }

    fn as_slice(&self) -> &[f64] {
        self
    }

    fn as_mut_slice(&mut self) -> &mut [f64] {
        self
    }

    fn of(table: &[f64], width: usize, cell: usize) -> Self {
        table[cell * width..(cell + 1) * width].to_vec()
    }

    fn times(mut self, table: &[f64], cell: usize) -> Self {
        let factors = table[cell * self.len()..].iter();
        self.iter_mut().zip(factors).for_each(|(own, factor)| *own *= factor);
        self
    }

    fn add_to(&self, table: &mut [f64], cell: usize) {
        let totals = table[cell * self.len()..].iter_mut();
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
}

/// Evaluates an expression with a type of lanes of the given width.
macro_rules! with_lanes {
    ($width:expr, $lanes:ident => $body:expr) => {
        match $width {
            2 => with_lanes!(@ [f64; 2], $lanes, $body),
            4 => with_lanes!(@ [f64; 4], $lanes, $body),
            6 => with_lanes!(@ [f64; 6], $lanes, $body),
            8 => with_lanes!(@ [f64; 8], $lanes, $body),
            16 => with_lanes!(@ [f64; 16], $lanes, $body),
            _ => with_lanes!(@ Vec<f64>, $lanes, $body),
        }
    };
    (@ $type:ty, $lanes:ident, $body:expr) => {{
        type $lanes = $type;
        $body
    }};
}
pub(super) use with_lanes;

/// Width for so many classes: the narrowest array that holds them, else the next even number.
pub(super) fn width_for(classes: usize) -> usize {
    [2, 4, 6, 8, 16]
        .into_iter()
        .find(|width| classes <= *width)
        .unwrap_or(classes.next_multiple_of(2))
}
