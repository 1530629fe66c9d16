//! Whether the leading class will stay ahead.

use crate::error::{InvalidInput, non_negative};
use crate::numeric::beta_function::regularised;
use crate::numeric::sum::{Sum, sum};
use crate::voting::TIE_TOLERANCE;

/// Intervals of Boole's rule in [`leader_probability_of_all`], a multiple of 4; the error is below 1e-12.
const INTERVALS: usize = 4000;

/// Whether no outcome of the remaining votes can change the winner or tie it: the lead exceeds all remaining
/// weight. `class_weights` are the weights voted for each class so far, `remaining` those still to be called.
/// Stopping then loses nothing. False without a class.
///
/// # Errors
/// A weight that is negative or not finite.
pub fn cannot_change(class_weights: &[f64], remaining: &[f64]) -> Result<bool, InvalidInput> {
    non_negative("class weights", class_weights)?;
    non_negative("remaining weights", remaining)?;
    let (mut first, mut second) = (0.0_f64, 0.0_f64);
    for weight in class_weights {
        if *weight > first {
            second = first;
            first = *weight;
        } else {
            second = second.max(*weight);
        }
    }
    let left = sum(remaining.iter().copied());
    let rounding = TIE_TOLERANCE * (first + left);
    Ok(first - second > left + rounding)
}

/// Probability that the class with `first` votes is more frequent than the one with `second`, under a flat
/// prior and independent draws from one sampler: `1 - I_{1/2}(first + 1, second + 1)` [Aggarwal, Madaan, Yang &
/// Mausam, 2023, EMNLP]. Stop where it reaches 0.95. Takes the two largest counts; for voters of one family
/// scale the counts to effective votes first.
///
/// # Errors
/// A count that is negative or not finite.
pub fn leader_probability(first: f64, second: f64) -> Result<f64, InvalidInput> {
    non_negative("counts", &[first, second])?;
    Ok(1.0 - regularised(first + 1.0, second + 1.0, 0.5))
}

/// Probability that the class with most votes is the most frequent of all, under a flat Dirichlet prior:
/// `integral of g(x; n_1 + 1) prod_k G(x; n_k + 1) dx` with gamma density `g` and distribution `G`. More
/// cautious than [`leader_probability`] with more than two classes.
///
/// # Errors
/// No classes.
pub fn leader_probability_of_all(counts: &[u32]) -> Result<f64, InvalidInput> {
    let leader = (0..counts.len())
        .rev()
        .max_by_key(|class| counts[*class])
        .ok_or(InvalidInput::Empty { what: "counts" })?;
    let most = f64::from(counts[leader]);
    let upper = most + 50.0 + 12.0 * (most + 1.0).sqrt();
    let width = upper / INTERVALS as f64;
    let ln_factorial = libm::lgamma(most + 1.0);
    let integrand = |x: f64| {
        let density = if x == 0.0 {
            f64::from(u8::from(counts[leader] == 0))
        } else {
            (most * x.ln() - x - ln_factorial).exp()
        };
        let others = counts.iter().enumerate().filter(|(class, _)| *class != leader);
        density * others.map(|(_, count)| gamma_distribution(*count, x)).product::<f64>()
    };
    let mut total = Sum::default();
    for point in 0..=INTERVALS {
        let factor = match point % 4 {
            0 if point == 0 || point == INTERVALS => 7.0,
            0 => 14.0,
            2 => 12.0,
            _ => 32.0,
        };
        total.add(factor * integrand(point as f64 * width));
    }
    Ok((total.total() * width * 2.0 / 45.0).clamp(0.0, 1.0))
}

/// `P(Gamma(count + 1) <= x) = 1 - e^-x sum_{j <= count} x^j / j!`.
fn gamma_distribution(count: u32, x: f64) -> f64 {
    let mut term = (-x).exp();
    let mut tail = term;
    for step in 1..=count {
        term *= x / f64::from(step);
        tail += term;
    }
    (1.0 - tail).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_classes_agree() {
        for counts in [[3, 0], [5, 1], [2, 2], [40, 25]] {
            let two = leader_probability(f64::from(counts[0]), f64::from(counts[1])).unwrap();
            let all = leader_probability_of_all(&counts).unwrap();
            assert!((two - all).abs() < 1e-10, "{counts:?}: {two} {all}");
        }
        assert!(leader_probability_of_all(&[]).is_err());
        assert!((leader_probability_of_all(&[3]).unwrap() - 1.0).abs() < 1e-10);
    }

    #[test]
    fn no_votes_favour_no_class() {
        assert!((leader_probability_of_all(&[0, 0, 0]).unwrap() - 1.0 / 3.0).abs() < 1e-10);
    }

    #[test]
    fn equality_is_not_enough_to_stop() {
        assert!(!cannot_change(&[0.3], &[0.1, 0.2]).unwrap());
        assert!(cannot_change(&[0.3], &[0.1]).unwrap());
        assert!(!cannot_change(&[], &[]).unwrap());
        assert!(cannot_change(&[-1.0], &[]).is_err());
    }
}
