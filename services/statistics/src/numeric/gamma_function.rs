//! The regularised incomplete gamma function and the chi-squared tail built on it.

/// Relative size at which series and fraction stop.
const TOLERANCE: f64 = 1e-16;
/// Guard against division by zero in Lentz's method.
const TINY: f64 = 1e-300;

/// Regularised upper incomplete gamma function `Q(a, x)` for `a > 0`, `x >= 0`.
pub(crate) fn upper_regularised(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let front = (a * x.ln() - x - libm::lgamma(a)).exp();
    if x < a + 1.0 {
        1.0 - front * series(a, x)
    } else {
        front * fraction(a, x)
    }
}

/// Terms needed grow with the root of `a`; the limit leaves ample room.
fn limit(a: f64) -> u64 {
    500 + (20.0 * a.sqrt()).min(1e7) as u64
}

/// `sum_n x^n / (a (a+1) ... (a+n))`.
fn series(a: f64, x: f64) -> f64 {
    let mut term = 1.0 / a;
    let mut total = term;
    for step in 1..=limit(a) {
        term *= x / (a + step as f64);
        total += term;
        if term <= TOLERANCE * total {
            break;
        }
    }
    total
}

/// Continued fraction 8.9.2 of the NIST Digital Library of Mathematical Functions, by the modified method of
/// Lentz.
fn fraction(a: f64, x: f64) -> f64 {
    let guard = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / guard(b);
    let mut result = d;
    for step in 1..=limit(a) {
        let n = step as f64;
        let numerator = -n * (n - a);
        b += 2.0;
        d = 1.0 / guard(numerator * d + b);
        c = guard(b + numerator / c);
        let change = d * c;
        result *= change;
        if (change - 1.0).abs() <= TOLERANCE {
            break;
        }
    }
    result
}

/// `P(X >= statistic)` of the chi-squared distribution.
pub(crate) fn chi_squared_tail(statistic: f64, degrees_of_freedom: f64) -> f64 {
    upper_regularised(0.5 * degrees_of_freedom, 0.5 * statistic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_closed_forms() {
        // Two degrees of freedom: exp(-x/2). One: erfc(sqrt(x/2)).
        for x in [0.01, 0.5, 1.9, 3.0, 40.0_f64] {
            assert!((chi_squared_tail(x, 2.0) / (-0.5 * x).exp() - 1.0).abs() < 1e-13, "{x}");
            assert!(
                (chi_squared_tail(x, 1.0) / libm::erfc((0.5 * x).sqrt()) - 1.0).abs() < 1e-12,
                "{x}"
            );
        }
        assert_eq!(chi_squared_tail(0.0, 3.0), 1.0);
        // 95 % quantile of ten degrees of freedom.
        assert!((chi_squared_tail(18.307_038_053_275_146, 10.0) - 0.05).abs() < 1e-12);
    }
}
