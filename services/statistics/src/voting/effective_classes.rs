//! The number of classes an open field behaves like.

use serde::{Deserialize, Serialize};

/// The votes on one item whose truth is known.
#[derive(Debug, Clone, Copy)]
pub struct LabelledVotes<'a, T> {
    /// The true value.
    pub truth: &'a T,
    /// The values voted, abstentions left out.
    pub votes: &'a [T],
}

/// How often two wrong voters coincide, and the class count this amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EffectiveClasses {
    /// Pairs of wrong votes on the same item.
    pub wrong_pairs: u64,
    /// Those with the same wrong value.
    pub colliding_pairs: u64,
    /// `q = (colliding + 0.5) / (wrong pairs + 1)`.
    pub collision_probability: f64,
    /// `K_eff = 1 + 1/q`.
    pub classes: f64,
}

/// `K_eff = 1 + 1/q`, where `q` is the smoothed probability that two wrong voters give the SAME wrong
/// value. Values must be canonical already: they are compared with `==`.
///
/// Without any pair of wrong votes `q` is 1/2 and `K_eff` 3. A large `K_eff` adds a constant to all
/// log-odds weights and so flattens them. Quadratic in the wrong votes of one item.
pub fn effective_classes<'a, T: PartialEq + 'a>(
    items: impl IntoIterator<Item = LabelledVotes<'a, T>>,
) -> EffectiveClasses {
    let (mut wrong_pairs, mut colliding_pairs) = (0_u64, 0_u64);
    for item in items {
        let wrong: Vec<&T> = item.votes.iter().filter(|vote| *vote != item.truth).collect();
        for (position, first) in wrong.iter().enumerate() {
            for second in &wrong[position + 1..] {
                wrong_pairs += 1;
                colliding_pairs += u64::from(first == second);
            }
        }
    }
    let collision_probability = (colliding_pairs as f64 + 0.5) / (wrong_pairs as f64 + 1.0);
    EffectiveClasses {
        wrong_pairs,
        colliding_pairs,
        collision_probability,
        classes: 1.0 + 1.0 / collision_probability,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_pairs_within_items_only() {
        let first = ["x", "x", "y"];
        let second = ["x", "a"];
        let result = effective_classes([
            LabelledVotes {
                truth: &"a",
                votes: &first,
            },
            LabelledVotes {
                truth: &"a",
                votes: &second,
            },
        ]);
        assert_eq!((result.wrong_pairs, result.colliding_pairs), (3, 1));
        assert!((result.classes - (1.0 + 4.0 / 1.5)).abs() < 1e-15);
    }
}
