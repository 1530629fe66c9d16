//! Empirical quantiles.

/// Type-7 quantile (linear interpolation between order statistics) of an ascending array;
/// `None` of nothing.
pub(crate) fn type7(sorted: &[f64], probability: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let position = probability.clamp(0.0, 1.0) * last as f64;
    let below = (position.floor() as usize).min(last);
    let above = (below + 1).min(last);
    let lower = sorted.get(below)?;
    let upper = sorted.get(above)?;
    Some(lower + (position - below as f64) * (upper - lower))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpolates() {
        assert_eq!(type7(&[1.0, 2.0, 3.0, 4.0], 0.5), Some(2.5));
        assert_eq!(type7(&[1.0], 0.9), Some(1.0));
        assert_eq!(type7(&[], 0.5), None);
    }
}
