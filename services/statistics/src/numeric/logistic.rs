//! The logistic function and its logarithms, stable at both ends.

/// `1 / (1 + exp(-z))`.
pub(crate) fn sigmoid(z: f64) -> f64 {
    if z >= 0.0 {
        1.0 / (1.0 + (-z).exp())
    } else {
        let exponential = z.exp();
        exponential / (1.0 + exponential)
    }
}

/// `ln(p / (1 - p))`; infinite at 0 and 1.
pub(crate) fn logit(probability: f64) -> f64 {
    probability.ln() - (-probability).ln_1p()
}

/// Log loss of a prediction given as log-odds `z` against a target in `[0, 1]`:
/// `ln(1 + exp(z)) - target * z`, arranged so that nothing cancels.
pub(crate) fn cross_entropy(z: f64, target: f64) -> f64 {
    if z >= 0.0 {
        (1.0 - target) * z + (-z).exp().ln_1p()
    } else {
        -target * z + z.exp().ln_1p()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_finite_far_out() {
        assert_eq!(sigmoid(1000.0), 1.0);
        assert_eq!(sigmoid(-1000.0), 0.0);
        assert_eq!(cross_entropy(-1000.0, 0.0), 0.0);
        assert!((logit(sigmoid(0.3)) - 0.3).abs() < 1e-15);
    }
}
