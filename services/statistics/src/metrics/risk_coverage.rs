//! Risk against coverage.

use serde::{Deserialize, Serialize};

use crate::Undefined;
use crate::error::{InvalidInput, finite, same_length};
use crate::estimate::Estimate;
use crate::numeric::sum::{Sum, sum};

/// What accepting everything at or above one score would give.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RiskLevel {
    /// Lowest accepted score.
    pub threshold: f64,
    /// Share of items accepted.
    pub coverage: f64,
    /// Share of errors among them. A point estimate: it certifies nothing.
    pub risk: f64,
    /// Items accepted.
    pub accepted: usize,
    /// Errors among them.
    pub errors: usize,
}

/// The risk-coverage curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RiskCoverage {
    /// One level per distinct score, strictest first.
    pub levels: Vec<RiskLevel>,
    /// Area under the curve: mean over k of the risk of the k best items [Geifman, Uziel & El-Yaniv, 2019,
    /// ICLR]. Inside a tied level the expected risk under random order counts, so the order of rows does not.
    pub area: f64,
    /// The area that the best possible order of the same errors would have.
    pub oracle_area: f64,
    /// `area - oracle_area`: what the scores' order loses.
    pub excess_area: f64,
}

/// Risk and coverage of accepting by score, best first. Undefined (`too_few_items`) without items.
///
/// # Errors
/// Arrays of unequal length or a score that is not finite.
pub fn risk_coverage(scores: &[f64], errors: &[bool]) -> Result<Estimate<RiskCoverage>, InvalidInput> {
    same_length("errors", scores.len(), errors.len())?;
    finite("scores", scores)?;
    if scores.is_empty() {
        return Ok(Estimate::Undefined(Undefined::TooFewItems));
    }
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|left, right| scores[*right].total_cmp(&scores[*left]));
    let items = scores.len() as f64;
    let mut levels = Vec::new();
    let mut risks = Sum::default();
    let (mut accepted, mut wrong) = (0_usize, 0_usize);
    for level in order.chunk_by(|left, right| scores[*left] == scores[*right]) {
        let own = level.iter().filter(|item| errors[**item]).count();
        let per_item = own as f64 / level.len() as f64;
        for position in 1..=level.len() {
            let expected = wrong as f64 + per_item * position as f64;
            risks.add(expected / (accepted + position) as f64);
        }
        accepted += level.len();
        wrong += own;
        levels.push(RiskLevel {
            threshold: scores[level[0]],
            coverage: accepted as f64 / items,
            risk: wrong as f64 / accepted as f64,
            accepted,
            errors: wrong,
        });
    }
    let area = risks.total() / items;
    let mut best = errors.to_vec();
    best.sort_unstable();
    let oracle_area = area_under_risk_coverage_in_order(&best).value().unwrap_or(0.0);
    Ok(Estimate::Value(RiskCoverage {
        levels,
        area,
        oracle_area,
        excess_area: area - oracle_area,
    }))
}

/// Area under the risk-coverage curve of a strict order, best item first: mean over k of the share of errors
/// among the first k. Where scores tie, the order of rows would decide; use [`risk_coverage`] there.
/// Undefined (`too_few_items`) without items.
pub fn area_under_risk_coverage_in_order(errors: &[bool]) -> Estimate {
    if errors.is_empty() {
        return Estimate::Undefined(Undefined::TooFewItems);
    }
    let mut wrong = 0_usize;
    let risks = errors.iter().enumerate().map(|(index, is_error)| {
        wrong += usize::from(*is_error);
        wrong as f64 / (index + 1) as f64
    });
    Estimate::Value(sum(risks) / errors.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_is_undefined() {
        assert!(!risk_coverage(&[], &[]).unwrap().is_defined());
        assert!(risk_coverage(&[f64::NAN], &[true]).is_err());
    }

    proptest! {
        #[test]
        fn order_of_rows_does_not_matter(rows in prop::collection::vec((0..5_i8, any::<bool>()), 1..30)) {
            let area = |rows: &[(i8, bool)]| {
                let scores: Vec<f64> = rows.iter().map(|row| f64::from(row.0)).collect();
                let errors: Vec<bool> = rows.iter().map(|row| row.1).collect();
                risk_coverage(&scores, &errors).unwrap().value().unwrap()
            };
            let forward = area(&rows);
            let backward: Vec<(i8, bool)> = rows.iter().rev().copied().collect();
            prop_assert!((forward.area - area(&backward).area).abs() < 1e-12);
            prop_assert!(forward.excess_area >= -1e-12);
            prop_assert!(forward.levels.windows(2).all(|pair| pair[0].threshold > pair[1].threshold));
        }
    }
}
