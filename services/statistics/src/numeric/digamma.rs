//! The derivative of the logarithm of the gamma function.

/// Where the asymptotic series reaches full precision.
const ASYMPTOTIC: f64 = 10.0;

/// `psi(x)` for positive `x`: recurrence up to 10, then the asymptotic series 5.11.2 of the NIST Digital Library of
/// Mathematical Functions.
pub(crate) fn digamma(x: f64) -> f64 {
    let (mut x, mut shift) = (x, 0.0);
    while x < ASYMPTOTIC {
        shift -= 1.0 / x;
        x += 1.0;
    }
    let inverse = 1.0 / (x * x);
    let coefficients = [
        -1.0 / 12.0,
        1.0 / 120.0,
        -1.0 / 252.0,
        1.0 / 240.0,
        -1.0 / 132.0,
        691.0 / 32_760.0,
        -1.0 / 12.0,
    ];
    let series = coefficients
        .iter()
        .rev()
        .fold(0.0, |rest, coefficient| (rest + coefficient) * inverse);
    shift + x.ln() - 0.5 / x + series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        let euler = 0.577_215_664_901_532_9;
        for (x, expected) in [
            (1.0, -euler),
            (0.5, -euler - 2.0 * std::f64::consts::LN_2),
            (2.0, 1.0 - euler),
            (10.0, 2.251_752_589_066_721),
            (1e-3, -1_000.575_571_931_752_6),
        ] {
            assert!((digamma(x) - expected).abs() < 1e-13 * expected.abs().max(1.0), "{x}");
        }
    }
}
