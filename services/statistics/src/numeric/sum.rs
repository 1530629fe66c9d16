//! Sums that keep their digits.

/// Sum with Neumaier's correction: the error does not grow with the number of terms.
pub(crate) fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut accumulator = Sum::default();
    for value in values {
        accumulator.add(value);
    }
    accumulator.total()
}

/// Running sum with Neumaier's correction [Neumaier, 1974, ZAMM].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sum {
    total: f64,
    correction: f64,
}

impl Sum {
    pub(crate) fn add(&mut self, value: f64) {
        let next = self.total + value;
        self.correction += if self.total.abs() >= value.abs() {
            (self.total - next) + value
        } else {
            (value - next) + self.total
        };
        self.total = next;
    }

    pub(crate) fn total(self) -> f64 {
        self.total + self.correction
    }
}

/// Arithmetic mean; `None` of nothing.
pub(crate) fn mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() {
        None
    } else {
        Some(sum(values.iter().copied()) / values.len() as f64)
    }
}

/// Sample variance with divisor `n - 1`; `None` of fewer than two numbers.
pub(crate) fn sample_variance(values: &[f64]) -> Option<f64> {
    let mean = mean(values)?;
    if values.len() < 2 {
        return None;
    }
    let squares = sum(values.iter().map(|value| (value - mean).powi(2)));
    Some(squares / (values.len() - 1) as f64)
}

/// `ln(sum(exp(x)))` without overflow; negative infinity of nothing.
pub(crate) fn log_sum_exp(values: &[f64]) -> f64 {
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if largest == f64::NEG_INFINITY {
        return f64::NEG_INFINITY;
    }
    largest + sum(values.iter().map(|value| (value - largest).exp())).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_small_terms() {
        assert_eq!(sum([1e16, 1.0, -1e16]), 1.0);
    }

    #[test]
    fn log_sum_exp_does_not_overflow() {
        assert!((log_sum_exp(&[1000.0, 1000.0]) - (1000.0 + 2.0_f64.ln())).abs() < 1e-12);
        assert_eq!(log_sum_exp(&[]), f64::NEG_INFINITY);
    }
}
