//! One number for every class, as wide as the machine likes it.

/// Numbers side by side, one for every class and zeros behind them.
///
/// Arrays have a width the compiler knows, so that loops over them become vector instructions; more classes than the
/// widest array take a vector of any length. Nothing is summed in another order than written here, so results do not
/// depend on the instructions of the machine.
pub(super) trait Lanes: Sized {
    fn zeros(width: usize) -> Self;
    fn as_slice(&self) -> &[f64];
    fn as_mut_slice(&mut self) -> &mut [f64];

    #[inline(always)]
    fn copy_from(&mut self, other: &[f64]) {
        for (own, value) in self.as_mut_slice().iter_mut().zip(other) {
            *own = *value;
        }
    }

    #[inline(always)]
    fn multiply(&mut self, factors: &[f64]) {
        for (own, factor) in self.as_mut_slice().iter_mut().zip(factors) {
            *own *= factor;
        }
    }

    #[inline(always)]
    fn scale(&mut self, factor: f64) {
        for own in self.as_mut_slice() {
            *own *= factor;
        }
    }

    #[inline(always)]
    fn add_to(&self, totals: &mut [f64]) {
        for (total, own) in totals.iter_mut().zip(self.as_slice()) {
            *total += own;
        }
    }

    /// Sum of all, even positions apart from odd ones; the width is even.
    #[inline(always)]
    fn total(&self) -> f64 {
        let mut sums = [0.0; 2];
        for pair in self.as_slice().chunks_exact(2) {
            sums[0] += pair[0];
            sums[1] += pair[1];
        }
        sums[0] + sums[1]
    }

    /// The largest, none of which is NaN.
    #[inline(always)]
    fn largest(&self) -> f64 {
        let mut largest = [0.0_f64; 2];
        for pair in self.as_slice().chunks_exact(2) {
            for (known, value) in largest.iter_mut().zip(pair) {
                *known = if *value > *known { *value } else { *known };
            }
        }
        largest[0].max(largest[1])
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
}

/// Evaluates an expression with a type of lanes of the given width.
macro_rules! with_lanes {
    ($width:expr, $lanes:ident => $body:expr) => {
        match $width {
            2 => with_lanes!(@ [f64; 2], $lanes, $body),
            4 => with_lanes!(@ [f64; 4], $lanes, $body),
            8 => with_lanes!(@ [f64; 8], $lanes, $body),
            16 => with_lanes!(@ [f64; 16], $lanes, $body),
            32 => with_lanes!(@ [f64; 32], $lanes, $body),
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
    [2, 4, 8, 16, 32]
        .into_iter()
        .find(|width| classes <= *width)
        .unwrap_or(classes.next_multiple_of(2))
}
