//! Binning of probabilities.

use serde::{Deserialize, Serialize};

use super::{check, indicator};
use crate::error::{InvalidInput, parameter};
use crate::numeric::bins::{left_closed, right_closed};
use crate::numeric::sum::Sum;

/// Probabilities closer than this are one level.
const LEVEL_TOLERANCE: f64 = 1e-12;
/// Most bins that a sweep tries.
const SWEEP_LIMIT: usize = 1000;

/// How probabilities are put into bins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BinRule {
    /// One bin per distinct probability: the default for vote shares, which sit on bin edges.
    DistinctLevels,
    /// About this many bins of equal count, equal probabilities kept together: the default for continuous
    /// probabilities. Distinct levels are walked upward and a bin is closed when it holds at least
    /// `n / bins` items; what is left joins the last bin.
    EqualMass(usize),
    /// So many bins `(k/M, (k+1)/M]` of equal width, the first closed at 0.
    EqualWidthRightClosed(usize),
    /// So many bins `[k/M, (k+1)/M)` of equal width, the last closed at 1.
    EqualWidthLeftClosed(usize),
}

impl BinRule {
    /// The default for continuous probabilities of `items` items: `max(5, min(15, items / 50))` bins of
    /// equal mass.
    pub fn for_continuous(items: usize) -> Self {
        Self::EqualMass((items / 50).clamp(5, 15))
    }

    /// The most bins of equal mass whose shares of correct items still rise from bin to bin, counted up from one
    /// bin until they first do not, at most 1000: the bins of the calibration error by monotone sweep [Roelofs et
    /// al., 2022, AISTATS]. One bin without items.
    ///
    /// # Errors
    /// Arrays of unequal length or a probability outside `[0, 1]`.
    pub fn monotone_sweep(probabilities: &[f64], correct: &[bool]) -> Result<Self, InvalidInput> {
        check(probabilities, correct)?;
        let outcomes: Vec<(usize, usize)> = levels(probabilities)
            .iter()
            .map(|level| (level.len(), level.iter().filter(|item| correct[**item]).count()))
            .collect();
        let limit = outcomes.len().clamp(1, SWEEP_LIMIT);
        let first_fall = (2..=limit).find(|bins| !rises(&outcomes, probabilities.len() as f64 / *bins as f64));
        Ok(Self::EqualMass(first_fall.map_or(limit, |bins| bins - 1)))
    }
}

/// The items of one bin; never empty.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Number of the bin from 0; empty bins of equal width leave gaps.
    pub index: usize,
    /// Items.
    pub count: usize,
    /// Correct items.
    pub positives: usize,
    /// Mean probability given.
    pub mean_probability: f64,
    /// Share of correct items.
    pub observed: f64,
}

impl Bin {
    /// Distance between the mean probability and the share of correct items.
    pub fn gap(&self) -> f64 {
        (self.mean_probability - self.observed).abs()
    }
}

/// Puts items into bins, lowest probabilities first; empty bins are left out.
///
/// # Errors
/// Arrays of unequal length, a probability outside `[0, 1]`, a rule with no bins.
pub fn bin(probabilities: &[f64], correct: &[bool], rule: BinRule) -> Result<Vec<Bin>, InvalidInput> {
    check(probabilities, correct)?;
    let groups = assign(probabilities, rule)?;
    Ok(groups
        .into_iter()
        .map(|(index, items)| {
            let mut total = Sum::default();
            for item in &items {
                total.add(probabilities[*item]);
            }
            let positives = items.iter().filter(|item| correct[**item]).count();
            let count = items.len() as f64;
            Bin {
                index,
                count: items.len(),
                positives,
                mean_probability: total.total() / count,
                observed: positives as f64 / count,
            }
        })
        .collect())
}

/// Number and items of every bin that has any. Depends on the probabilities alone.
pub(super) fn assign(probabilities: &[f64], rule: BinRule) -> Result<Vec<(usize, Vec<usize>)>, InvalidInput> {
    match rule {
        BinRule::DistinctLevels => Ok(levels(probabilities).into_iter().enumerate().collect()),
        BinRule::EqualMass(bins) => {
            check_bins(bins)?;
            Ok(equal_mass(probabilities, bins).into_iter().enumerate().collect())
        }
        BinRule::EqualWidthRightClosed(bins) => equal_width(probabilities, bins, right_closed),
        BinRule::EqualWidthLeftClosed(bins) => equal_width(probabilities, bins, left_closed),
    }
}

fn check_bins(bins: usize) -> Result<(), InvalidInput> {
    parameter("bins", bins as f64, "at least 1", bins > 0)
}

fn levels(probabilities: &[f64]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..probabilities.len()).collect();
    order.sort_by(|left, right| probabilities[*left].total_cmp(&probabilities[*right]));
    let mut levels: Vec<Vec<usize>> = Vec::new();
    for item in order {
        match levels.last_mut() {
            Some(level) if probabilities[item] - probabilities[level[0]] <= LEVEL_TOLERANCE => {
                level.push(item);
            }
            _ => levels.push(vec![item]),
        }
    }
    levels
}

fn equal_mass(probabilities: &[f64], bins: usize) -> Vec<Vec<usize>> {
    let target = probabilities.len() as f64 / bins as f64;
    let mut closed: Vec<Vec<usize>> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for level in levels(probabilities) {
        open.extend(level);
        if open.len() as f64 >= target {
            closed.push(std::mem::take(&mut open));
        }
    }
    match closed.last_mut() {
        Some(last) => last.extend(open),
        None if open.is_empty() => {}
        None => closed.push(open),
    }
    closed
}

/// Whether the share of correct items never falls from one bin of equal mass to the next, for levels of
/// `(items, correct items)` and a bin closed at `target` items.
fn rises(outcomes: &[(usize, usize)], target: f64) -> bool {
    let mut closed: Vec<(usize, usize)> = Vec::new();
    let mut open = (0, 0);
    for (items, positives) in outcomes {
        open = (open.0 + items, open.1 + positives);
        if open.0 as f64 >= target {
            closed.push(std::mem::take(&mut open));
        }
    }
    if let Some(last) = closed.last_mut() {
        *last = (last.0 + open.0, last.1 + open.1);
    }
    closed.is_sorted_by(|below, above| below.1 * above.0 <= above.1 * below.0)
}

fn equal_width(
    probabilities: &[f64],
    bins: usize,
    place: fn(f64, usize) -> usize,
) -> Result<Vec<(usize, Vec<usize>)>, InvalidInput> {
    check_bins(bins)?;
    let mut groups: Vec<(usize, Vec<usize>)> = (0..bins).map(|index| (index, Vec::new())).collect();
    for (item, probability) in probabilities.iter().enumerate() {
        groups[place(*probability, bins)].1.push(item);
    }
    groups.retain(|(_, items)| !items.is_empty());
    Ok(groups)
}

/// Sum over bins of the share of items times `measure`.
pub(super) fn weighted_mean(bins: &[Bin], measure: impl Fn(&Bin) -> f64) -> f64 {
    let items: usize = bins.iter().map(|bin| bin.count).sum();
    let mut total = Sum::default();
    for bin in bins {
        total.add(bin.count as f64 / items as f64 * measure(bin));
    }
    total.total()
}

/// Per item, its bin's position in `bins`.
pub(super) fn membership(groups: &[(usize, Vec<usize>)], items: usize) -> Vec<usize> {
    let mut position = vec![0; items];
    for (index, (_, members)) in groups.iter().enumerate() {
        for item in members {
            position[*item] = index;
        }
    }
    position
}

/// Share of correct items overall.
pub(super) fn base_rate(correct: &[bool]) -> f64 {
    let mut total = Sum::default();
    for is_correct in correct {
        total.add(indicator(*is_correct));
    }
    total.total() / correct.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn default_number_of_bins() {
        assert_eq!(BinRule::for_continuous(60), BinRule::EqualMass(5));
        assert_eq!(BinRule::for_continuous(500), BinRule::EqualMass(10));
        assert_eq!(BinRule::for_continuous(100_000), BinRule::EqualMass(15));
        assert!(bin(&[0.5], &[true], BinRule::EqualMass(0)).is_err());
    }

    #[test]
    fn equal_mass_keeps_ties_together() {
        let probabilities = [0.2, 0.5, 0.5, 0.5, 0.9, 0.95];
        let bins = bin(&probabilities, &[true; 6], BinRule::EqualMass(3)).unwrap();
        let counts: Vec<usize> = bins.iter().map(|bin| bin.count).collect();
        assert_eq!(counts, vec![4, 2]);
    }

    #[test]
    fn the_sweep_ends_where_shares_fall() {
        // Halves and thirds rise; of four bins the third falls below the second.
        let probabilities: Vec<f64> = (0..12).map(|item| f64::from(item) / 12.0).collect();
        let correct = [0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1].map(|outcome| outcome == 1);
        let sweep = |correct: &[bool]| BinRule::monotone_sweep(&probabilities, correct).unwrap();
        assert_eq!(sweep(&correct), BinRule::EqualMass(3));
        assert_eq!(sweep(&[true; 12]), BinRule::EqualMass(12));
        assert_eq!(BinRule::monotone_sweep(&[], &[]), Ok(BinRule::EqualMass(1)));
        assert_eq!(
            BinRule::monotone_sweep(&[0.5; 3], &[true, false, true]),
            Ok(BinRule::EqualMass(1))
        );
        assert!(BinRule::monotone_sweep(&[0.5], &[]).is_err());
    }

    proptest! {
        #[test]
        fn swept_bins_rise(
            rows in prop::collection::vec((0.0..=1.0_f64, any::<bool>()), 1..60),
        ) {
            let (probabilities, correct): (Vec<f64>, Vec<bool>) = rows.into_iter().unzip();
            let rule = BinRule::monotone_sweep(&probabilities, &correct).unwrap();
            let bins = bin(&probabilities, &correct, rule).unwrap();
            prop_assert!(bins.is_sorted_by(|below, above| below.observed <= above.observed));
        }

        #[test]
        fn every_item_is_in_one_bin(
            probabilities in prop::collection::vec(0.0..=1.0_f64, 0..80),
            bins in 1..12_usize,
        ) {
            for rule in [
                BinRule::DistinctLevels,
                BinRule::EqualMass(bins),
                BinRule::EqualWidthRightClosed(bins),
                BinRule::EqualWidthLeftClosed(bins),
            ] {
                let groups = assign(&probabilities, rule).unwrap();
                let mut seen: Vec<usize> = groups.into_iter().flat_map(|(_, items)| items).collect();
                seen.sort_unstable();
                prop_assert_eq!(seen, (0..probabilities.len()).collect::<Vec<_>>());
            }
        }
    }
}
