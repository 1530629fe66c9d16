//! The regularised incomplete beta function, its inverse, and the binomial tail built on it.

/// Relative size at which the continued fraction stops.
const FRACTION_TOLERANCE: f64 = 3e-16;
/// Guard against division by zero in Lentz's method.
const TINY: f64 = 1e-300;

/// `ln B(a, b)` for positive `a` and `b`.
pub(crate) fn ln_beta(a: f64, b: f64) -> f64 {
    libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b)
}

/// Regularised incomplete beta function `I_x(a, b)`, the distribution function of Beta(a, b), for
/// positive `a`, `b`; `x` is clamped to `[0, 1]`.
pub(crate) fn regularised(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let ln_front = a * x.ln() + b * (-x).ln_1p() - ln_beta(a, b);
    if x < (a + 1.0) / (a + b + 2.0) {
        ln_front.exp() * continued_fraction(a, b, x) / a
    } else {
        1.0 - ln_front.exp() * continued_fraction(b, a, 1.0 - x) / b
    }
}

/// Continued fraction 8.17.22 of the NIST Digital Library of Mathematical Functions, by the modified
/// method of Lentz. It needs about `sqrt(max(a, b))` terms; the limit leaves ample room above that.
fn continued_fraction(a: f64, b: f64, x: f64) -> f64 {
    let limit = 200 + (20.0 * a.max(b).sqrt()).min(1e7) as u64;
    let guard = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / guard(1.0 - (a + b) * x / (a + 1.0));
    let mut result = d;
    for step in 1..=limit {
        let m = step as f64;
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / guard(1.0 + even * d);
        c = guard(1.0 + even / c);
        result *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / guard(1.0 + odd * d);
        c = guard(1.0 + odd / c);
        let change = d * c;
        result *= change;
        if (change - 1.0).abs() <= FRACTION_TOLERANCE {
            break;
        }
    }
    result
}

/// Quantile of Beta(a, b): bisection down to neighbouring floating-point numbers, so it always ends
/// and never leaves `[0, 1]`.
pub(crate) fn quantile(a: f64, b: f64, probability: f64) -> f64 {
    if probability <= 0.0 {
        return 0.0;
    }
    if probability >= 1.0 {
        return 1.0;
    }
    let (mut lower, mut upper) = (0.0_f64, 1.0_f64);
    loop {
        let middle = 0.5 * (lower + upper);
        if middle <= lower || middle >= upper {
            return middle;
        }
        if regularised(a, b, middle) < probability {
            lower = middle;
        } else {
            upper = middle;
        }
        if upper - lower <= 1e-16 * upper {
            return 0.5 * (lower + upper);
        }
    }
}

/// `P(Binomial(n, p) <= k)`.
pub(crate) fn binomial_cumulative(k: u64, n: u64, p: f64) -> f64 {
    if k >= n {
        return 1.0;
    }
    regularised((n - k) as f64, k as f64 + 1.0, 1.0 - p)
}

/// `P(Binomial(n, 1/2) = k)`.
pub(crate) fn fair_binomial_mass(k: u64, n: u64) -> f64 {
    if k > n {
        return 0.0;
    }
    let (right, left) = (k as f64 + 1.0, (n - k) as f64 + 1.0);
    let ln_choices = -(n as f64 + 1.0).ln() - ln_beta(right, left);
    (ln_choices - n as f64 * std::f64::consts::LN_2).exp()
}

/// Smallest `k` with `P(Binomial(n, p) <= k) >= probability`.
pub(crate) fn binomial_quantile(n: u64, p: f64, probability: f64) -> u64 {
    let (mut below, mut reached) = (0_u64, n);
    while below < reached {
        let middle = below + (reached - below) / 2;
        if binomial_cumulative(middle, n, p) >= probability {
            reached = middle;
        } else {
            below = middle + 1;
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_closed_forms() {
        assert!((regularised(1.0, 1.0, 0.3) - 0.3).abs() < 1e-15);
        assert!((regularised(2.0, 1.0, 0.3) - 0.09).abs() < 1e-15);
        assert!((regularised(1.0, 5.0, 0.2) - (1.0 - 0.8_f64.powi(5))).abs() < 1e-15);
    }

    #[test]
    fn is_symmetric_for_large_parameters() {
        for size in [10.0, 1e3, 1e6] {
            assert!((regularised(size, size, 0.5) - 0.5).abs() < 1e-8, "{size}");
        }
    }

    #[test]
    fn quantile_inverts() {
        for (a, b, p) in [(4.0, 1.0, 0.05), (0.5, 12.0, 0.975), (300.0, 7.0, 0.2)] {
            assert!((regularised(a, b, quantile(a, b, p)) - p).abs() < 1e-12);
        }
        assert_eq!(quantile(2.0, 2.0, 0.0), 0.0);
        assert_eq!(quantile(2.0, 2.0, 1.0), 1.0);
    }

    #[test]
    fn binomial_agrees_with_enumeration() {
        // P(Bin(3, 0.2) <= 1) = 0.512 + 0.384
        assert!((binomial_cumulative(1, 3, 0.2) - 0.896).abs() < 1e-15);
        assert_eq!(binomial_quantile(3, 0.2, 0.896 + 1e-9), 2);
        assert_eq!(binomial_quantile(3, 0.2, 0.5), 0);
        assert_eq!(binomial_quantile(5, 1.0, 0.025), 5);
        assert_eq!(binomial_quantile(5, 0.0, 0.975), 0);
        assert!((fair_binomial_mass(1, 4) - 0.25).abs() < 1e-14);
        assert!((fair_binomial_mass(0, 0) - 1.0).abs() < 1e-15);
        assert_eq!(fair_binomial_mass(3, 2), 0.0);
    }
}
