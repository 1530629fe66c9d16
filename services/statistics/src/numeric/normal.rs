//! The standard normal distribution.

use std::f64::consts::{PI, SQRT_2};

/// 97.5 % quantile of the standard normal distribution, for two-sided 95 % intervals.
pub(crate) const Z_975: f64 = 1.959_963_984_540_054;

/// Distribution function.
pub(crate) fn cumulative(z: f64) -> f64 {
    0.5 * libm::erfc(-z / SQRT_2)
}

/// Quantile for a probability strictly between 0 and 1: a rational approximation polished by
/// three steps of Halley's method, which leaves rounding error only.
pub(crate) fn quantile(probability: f64) -> f64 {
    if probability == 0.975 {
        return Z_975;
    }
    let mut z = approximate(probability);
    for _ in 0..3 {
        let error = if z <= 0.0 {
            cumulative(z) - probability
        } else {
            (1.0 - probability) - cumulative(-z)
        };
        let step = error * (2.0 * PI).sqrt() * (0.5 * z * z).exp();
        z -= step / (1.0 + 0.5 * z * step);
    }
    z
}

/// Abramowitz and Stegun 26.2.23: error below 4.5e-4, enough as a start.
fn approximate(probability: f64) -> f64 {
    let tail = probability.min(1.0 - probability);
    let t = (-2.0 * tail.ln()).sqrt();
    let numerator = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let denominator = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    let z = t - numerator / denominator;
    if probability < 0.5 { -z } else { z }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_tables() {
        assert!((quantile(0.5)).abs() < 1e-15);
        assert!((quantile(0.95) - 1.644_853_626_951_472_2).abs() < 1e-14);
        assert!((quantile(0.001) + 3.090_232_306_167_813_5).abs() < 1e-13);
        assert!((quantile(0.974_999_999_999) - Z_975).abs() < 1e-9);
        assert!((cumulative(1.0) - 0.841_344_746_068_542_9).abs() < 1e-15);
    }
}
