//! Products that neither overflow nor underflow.

use std::f64::consts::LN_2;

/// Bits of the fraction of an `f64`.
const FRACTION_BITS: u32 = 52;
/// What is added to a binary exponent to store it.
const BIAS: i64 = 1023;

/// The exponent `e` of a normal positive number `m 2^e` with `1 <= m < 2`.
#[inline(always)]
pub(super) fn exponent(value: f64) -> i64 {
    ((value.to_bits() >> FRACTION_BITS) & 0x7ff) as i64 - BIAS
}

/// `2^exponent`, exactly, for an exponent of a normal number.
#[inline(always)]
pub(super) fn power_of_two(exponent: i64) -> f64 {
    f64::from_bits(((exponent + BIAS) as u64) << FRACTION_BITS)
}

/// A product of many positive numbers, as a fraction and a binary exponent.
///
/// Its logarithm is that of the factors' sum of logarithms at the price of a multiplication each: the powers of two are
/// exact, and `n` roundings of the fraction change the logarithm by at most `n 2^-53`, which is less than what rounding
/// the sum of `n` logarithms loses.
#[derive(Debug, Clone, Copy)]
pub(super) struct Product {
    fraction: f64,
    exponent: i64,
}

impl Default for Product {
    fn default() -> Self {
        Self {
            fraction: 1.0,
            exponent: 0,
        }
    }
}

impl Product {
    /// Multiplies by `factor 2^exponent`; the factor is positive and at least `2^-1022`.
    #[inline(always)]
    pub(super) fn multiply(&mut self, factor: f64, shift: i64) {
        let product = self.fraction * factor;
        let own = exponent(product);
        self.exponent += own + shift;
        self.fraction = product * power_of_two(-own);
    }

    /// The natural logarithm.
    pub(super) fn ln(self) -> f64 {
        self.exponent as f64 * LN_2 + self.fraction.ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::sum::sum;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_logarithm_is_the_sum_of_logarithms(exponents in prop::collection::vec(-900.0..3.0_f64, 0..200)) {
            let factors: Vec<f64> = exponents.iter().map(|exponent| exponent.exp2()).collect();
            let mut product = Product::default();
            for factor in &factors {
                product.multiply(*factor, -7);
            }
            let expected = sum(factors.iter().map(|factor| factor.ln() - 7.0 * LN_2));
            prop_assert!((product.ln() - expected).abs() <= 1e-13 * expected.abs().max(1.0));
        }
    }
}
