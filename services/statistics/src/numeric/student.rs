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

/// `P(T <= t)` with `degrees_of_freedom > 0`.
pub(crate) fn cumulative(t: f64, degrees_of_freedom: f64) -> f64 {
    let half = 0.5 * two_sided_tail(t, degrees_of_freedom);
    if t < 0.0 { half } else { 1.0 - half }
}

/// `P(|T| >= |t|)` with `degrees_of_freedom > 0`.
pub(crate) fn two_sided_tail(t: f64, degrees_of_freedom: f64) -> f64 {
    let share = degrees_of_freedom / (degrees_of_freedom + t * t);
    beta_function::regularised(0.5 * degrees_of_freedom, 0.5, share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_tables() {
        assert!((quantile(0.975, 1.0) - 12.706_204_736_174_7).abs() < 1e-9);
        assert!((quantile(0.975, 10.0) - 2.228_138_851_986_275).abs() < 1e-11);
        assert!((quantile(0.05, 30.0) + 1.697_260_886_593_957).abs() < 1e-11);
        assert!((cumulative(2.228_138_851_986_275, 10.0) - 0.975).abs() < 1e-12);
        assert!((two_sided_tail(-12.706_204_736_174_7, 1.0) - 0.05).abs() < 1e-12);
        assert_eq!(cumulative(0.0, 4.0), 0.5);
    }
}
