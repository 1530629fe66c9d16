//! Exact bounds on an error rate.

use crate::error::{InvalidInput, open_unit, parameter};
use crate::numeric::beta_function::{binomial_cumulative, quantile};

fn check(errors: u64, items: u64) -> Result<(), InvalidInput> {
    parameter("errors", errors as f64, "at most the number of items", errors <= items)
}

/// One-sided upper bound of the error rate at confidence `1 - delta` [Clopper & Pearson, 1934, Biometrika]:
/// the `1 - delta` quantile of Beta(k + 1, n - k). 1 where all items are wrong or there are none.
///
/// # Errors
/// More errors than items or a delta outside (0, 1).
pub fn error_upper_bound(errors: u64, items: u64, delta: f64) -> Result<f64, InvalidInput> {
    check(errors, items)?;
    open_unit("delta", delta)?;
    if errors == items {
        return Ok(1.0);
    }
    // By symmetry from the lower tail, where a small delta keeps its digits.
    let right = (items - errors) as f64;
    Ok(1.0 - quantile(right, errors as f64 + 1.0, delta))
}

/// One-sided lower bound of the error rate at confidence `1 - delta`: the `delta` quantile of
/// Beta(k, n - k + 1). 0 without errors.
///
/// # Errors
/// More errors than items or a delta outside (0, 1).
pub fn error_lower_bound(errors: u64, items: u64, delta: f64) -> Result<f64, InvalidInput> {
    check(errors, items)?;
    open_unit("delta", delta)?;
    if errors == 0 {
        return Ok(0.0);
    }
    Ok(quantile(errors as f64, (items - errors) as f64 + 1.0, delta))
}

/// Probability of so few errors if the error rate were `alpha`: the exact p-value against "the error rate
/// exceeds alpha". At most `delta` exactly where [`error_upper_bound`] is at most `alpha`. 1 without items.
///
/// # Errors
/// More errors than items or an alpha outside (0, 1).
pub fn binomial_p_value(errors: u64, items: u64, alpha: f64) -> Result<f64, InvalidInput> {
    check(errors, items)?;
    open_unit("alpha", alpha)?;
    Ok(binomial_cumulative(errors, items, alpha))
}

/// Fewest items with which `errors` errors still certify an error rate of `alpha` at confidence `1 - delta`.
///
/// # Errors
/// An alpha or delta outside (0, 1), or so small an alpha that more than 2^53 items would be needed.
pub fn smallest_sample(errors: u64, alpha: f64, delta: f64) -> Result<u64, InvalidInput> {
    open_unit("alpha", alpha)?;
    open_unit("delta", delta)?;
    let passes = |items: u64| binomial_cumulative(errors, items, alpha) <= delta;
    let mut enough = errors.saturating_add(1);
    while !passes(enough) {
        parameter(
            "alpha",
            alpha,
            "large enough to be certified with 2^53 items",
            enough < 1 << 53,
        )?;
        enough *= 2;
    }
    let mut too_few = errors;
    while enough - too_few > 1 {
        let middle = too_few + (enough - too_few) / 2;
        if passes(middle) {
            enough = middle;
        } else {
            too_few = middle;
        }
    }
    Ok(enough)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_rule_of_three() {
        assert_eq!(smallest_sample(0, 0.01, 0.05).unwrap(), 299);
        assert!((error_upper_bound(0, 100, 0.05).unwrap() - 0.029_513_049_607_039).abs() < 1e-12);
        assert_eq!(error_upper_bound(0, 0, 0.05).unwrap(), 1.0);
        assert_eq!(binomial_p_value(0, 0, 0.05).unwrap(), 1.0);
    }

    #[test]
    fn impossible_input_is_refused() {
        assert!(error_upper_bound(2, 1, 0.05).is_err());
        assert!(error_lower_bound(1, 2, 0.0).is_err());
        assert!(smallest_sample(0, 1.0, 0.05).is_err());
        assert!(smallest_sample(0, 1e-300, 0.05).is_err());
    }

    proptest! {
        #[test]
        fn bound_and_p_value_decide_alike(items in 1..400_u64, share in 0.0..1.0_f64, alpha in 0.005..0.5_f64) {
            let errors = (share * share * items as f64) as u64;
            let bound = error_upper_bound(errors, items, 0.05).unwrap();
            let p_value = binomial_p_value(errors, items, alpha).unwrap();
            if (bound - alpha).abs() > 1e-9 {
                prop_assert_eq!(bound <= alpha, p_value <= 0.05);
            }
        }

        #[test]
        fn the_smallest_sample_is_smallest(errors in 0..6_u64, alpha in 0.005..0.3_f64, delta in 0.01..0.3_f64) {
            let items = smallest_sample(errors, alpha, delta).unwrap();
            prop_assert!(binomial_p_value(errors, items, alpha).unwrap() <= delta);
            if items > errors + 1 {
                prop_assert!(binomial_p_value(errors, items - 1, alpha).unwrap() > delta);
            }
        }
    }
}
