//! Pooling of adjacent violators: the best monotone fit in least squares.

/// A run of scores that share one fitted value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Block {
    /// Lowest score of the run.
    pub(crate) lower: f64,
    /// Highest score of the run.
    pub(crate) upper: f64,
    /// Fitted value.
    pub(crate) value: f64,
    /// Sum of weights.
    pub(crate) weight: f64,
}

/// Monotone least-squares fit of `targets` on `scores` [Ayer et al., 1955, Ann. Math. Stat.]. Equal scores
/// are averaged first; neighbours of equal value form one block. Blocks ascend in score and in value.
pub(crate) fn pool(scores: &[f64], targets: &[f64], weights: &[f64]) -> Vec<Block> {
    let mut rows: Vec<Mass> = scores
        .iter()
        .zip(targets)
        .zip(weights)
        .map(|((score, target), weight)| Mass {
            lower: *score,
            upper: *score,
            total: weight * target,
            weight: *weight,
        })
        .collect();
    // Scores alone order rows: those of equal score are summed, in whatever order they come.
    rows.sort_unstable_by(|left, right| left.lower.total_cmp(&right.lower));
    let mut blocks: Vec<Mass> = Vec::new();
    let mut rows = rows.into_iter().peekable();
    while let Some(mut current) = rows.next() {
        while let Some(same) = rows.next_if(|next| next.lower == current.lower) {
            current.absorb(&same);
        }
        while let Some(previous) = blocks.pop_if(|block| block.value() >= current.value()) {
            current.absorb(&previous);
        }
        blocks.push(current);
    }
    let blocks = blocks.into_iter();
    blocks
        .map(|block| Block {
            lower: block.lower,
            upper: block.upper,
            value: block.value(),
            weight: block.weight,
        })
        .collect()
}

/// Rows of one run, as sums, so that the order in which they are joined does not matter for counts.
#[derive(Clone, Copy)]
struct Mass {
    lower: f64,
    upper: f64,
    /// Sum of weight times target.
    total: f64,
    weight: f64,
}

impl Mass {
    fn value(&self) -> f64 {
        self.total / self.weight
    }

    fn absorb(&mut self, other: &Self) {
        self.lower = self.lower.min(other.lower);
        self.upper = self.upper.max(other.upper);
        self.total += other.total;
        self.weight += other.weight;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn is_monotone_and_keeps_the_mean(
            rows in prop::collection::vec((0..20_u8, 0.0..1.0_f64, 0.1..3.0_f64), 1..50),
        ) {
            let scores: Vec<f64> = rows.iter().map(|row| f64::from(row.0)).collect();
            let targets: Vec<f64> = rows.iter().map(|row| row.1).collect();
            let weights: Vec<f64> = rows.iter().map(|row| row.2).collect();
            let blocks = pool(&scores, &targets, &weights);
            prop_assert!(blocks.windows(2).all(|pair| pair[0].value < pair[1].value));
            prop_assert!(blocks.windows(2).all(|pair| pair[0].upper < pair[1].lower));
            let fitted: f64 = blocks.iter().map(|block| block.value * block.weight).sum();
            let total: f64 = targets.iter().zip(&weights).map(|(target, weight)| target * weight).sum();
            prop_assert!((fitted - total).abs() < 1e-9);
        }
    }
}
