//! Points and bars of a reliability diagram.

use serde::{Deserialize, Serialize};

use super::bins::{Bin, BinRule, bin};
use crate::error::{InvalidInput, is_probability, open_unit, parameter};
use crate::estimate::Interval;
use crate::numeric::beta_function::binomial_quantile;
use crate::numeric::normal;

/// One point of a reliability diagram. Do not fit a curve through fewer than five.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityPoint {
    /// Items.
    pub count: usize,
    /// Correct items.
    pub positives: usize,
    /// Mean probability given: the horizontal position.
    pub mean_probability: f64,
    /// Share of correct items: the vertical position.
    pub observed: f64,
    /// Wilson interval of the share of correct items.
    pub interval: Interval,
    /// Where that share would lie if the probability were right: quantiles of Binomial(n, p) over n
    /// [Broecker & Smith, 2007, Weather Forecast.].
    pub consistency: Interval,
}

/// Score interval of a binomial share [Wilson, 1927, J. Am. Stat. Assoc.] at a two-sided `level` such as
/// 0.95.
///
/// # Errors
/// No items, more correct items than items, a level outside (0, 1).
pub fn wilson_interval(positives: usize, count: usize, level: f64) -> Result<Interval, InvalidInput> {
    parameter("count", count as f64, "at least 1", count > 0)?;
    parameter("positives", positives as f64, "at most the count", positives <= count)?;
    open_unit("level", level)?;
    let z = normal::quantile(0.5 + 0.5 * level);
    let n = count as f64;
    let share = positives as f64 / n;
    let scale = 1.0 + z * z / n;
    let centre = (share + z * z / (2.0 * n)) / scale;
    let half = z / scale * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    // At the ends the bounds are 0 and 1 exactly; rounding must not push them past.
    Ok(Interval {
        lower: if positives == 0 { 0.0 } else { (centre - half).max(0.0) },
        upper: if positives == count {
            1.0
        } else {
            (centre + half).min(1.0)
        },
    })
}

/// The point of one bin with its bars at a two-sided `level` such as 0.95.
///
/// # Errors
/// No items, more correct items than items, a mean outside `[0, 1]`, a level outside (0, 1).
pub fn reliability_point(
    positives: usize,
    count: usize,
    mean_probability: f64,
    level: f64,
) -> Result<ReliabilityPoint, InvalidInput> {
    parameter(
        "mean probability",
        mean_probability,
        "a number from 0 to 1",
        is_probability(mean_probability),
    )?;
    let interval = wilson_interval(positives, count, level)?;
    let quantile =
        |probability: f64| binomial_quantile(count as u64, mean_probability, probability) as f64 / count as f64;
    Ok(ReliabilityPoint {
        count,
        positives,
        mean_probability,
        observed: positives as f64 / count as f64,
        interval,
        consistency: Interval {
            lower: quantile(0.5 - 0.5 * level),
            upper: quantile(0.5 + 0.5 * level),
        },
    })
}

/// Points of the diagram, lowest probabilities first.
///
/// # Errors
/// Arrays of unequal length, a probability outside `[0, 1]`, a rule with no bins, a level outside (0, 1).
pub fn reliability_diagram(
    probabilities: &[f64],
    correct: &[bool],
    rule: BinRule,
    level: f64,
) -> Result<Vec<ReliabilityPoint>, InvalidInput> {
    let point = |bin: &Bin| {
        let mean = bin.mean_probability.clamp(0.0, 1.0);
        reliability_point(bin.positives, bin.count, mean, level)
    };
    bin(probabilities, correct, rule)?.iter().map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stay_in_bounds() {
        for (positives, count) in [(0, 7), (7, 7), (3, 7)] {
            let point = reliability_point(positives, count, 0.5, 0.95).unwrap();
            assert!(point.interval.lower >= 0.0 && point.interval.upper <= 1.0);
            assert!(point.interval.lower <= point.observed && point.observed <= point.interval.upper);
            assert!(point.consistency.lower <= 0.5 && 0.5 <= point.consistency.upper);
        }
        assert!(wilson_interval(1, 0, 0.95).is_err());
        assert!(wilson_interval(3, 2, 0.95).is_err());
        assert!(reliability_point(1, 2, 1.5, 0.95).is_err());
    }

    #[test]
    fn a_diagram_has_one_point_per_bin() {
        let probabilities = [0.2, 0.2, 0.9, 0.9, 0.9];
        let correct = [false, true, true, true, true];
        let points = reliability_diagram(&probabilities, &correct, BinRule::DistinctLevels, 0.95).unwrap();
        assert_eq!(points.len(), 2);
        assert_eq!((points[0].count, points[1].positives), (2, 3));
    }
}
