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
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|left, right| scores[*left].total_cmp(&scores[*right]));
    let mut points: Vec<Block> = Vec::new();
    for index in order {
        let (score, target, weight) = (scores[index], targets[index], weights[index]);
        match points.last_mut() {
            Some(last) if last.upper == score => *last = join(*last, score, target, weight),
            _ => points.push(Block {
                lower: score,
                upper: score,
                value: target,
                weight,
            }),
        }
    }
    let mut blocks: Vec<Block> = Vec::with_capacity(points.len());
    for point in points {
        let mut current = point;
        while let Some(previous) = blocks.last().copied().filter(|block| block.value >= current.value) {
            blocks.pop();
            let upper = current.upper;
            current = join(previous, upper, current.value, current.weight);
        }
        blocks.push(current);
    }
    blocks
}

/// Extends a block to `upper` by a mass of `weight` at `value`.
fn join(block: Block, upper: f64, value: f64, weight: f64) -> Block {
    let total = block.weight + weight;
    Block {
        lower: block.lower,
        upper,
        value: block.value + (value - block.value) * (weight / total),
        weight: total,
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
