//! Student's t distribution.

use super::beta_function;

/// Quantile of the t distribution with `degrees_of_freedom > 0`, for a probability strictly between 0
/// and 1. Uses `T^2 / (T^2 + nu) ~ Beta(1/2, nu/2)`.
pub(crate) fn quantile(probability: f64, degrees_of_freedom: f64) -> f64 {
    let tail = 2.0 * probability.min(1.0 - probability);
    // The share nu / (nu + T^2) is far from 0 where T is moderate, so no digits are lost.
    let share = beta_function::quantile(0.5 * degrees_of_freedom, 0.5, tail);
    let t = (degrees_of_freedom * (1.0 - share) / share).sqrt();
    if probability < 0.5 { -t } else { t }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_tables() {
        assert!((quantile(0.975, 1.0) - 12.706_204_736_174_7).abs() < 1e-9);
        assert!((quantile(0.975, 10.0) - 2.228_138_851_986_275).abs() < 1e-11);
        assert!((quantile(0.05, 30.0) + 1.697_260_886_593_957).abs() < 1e-11);
    }
}
