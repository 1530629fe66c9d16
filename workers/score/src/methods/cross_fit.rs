//! Curves that have not seen the fold they are used on.

use std::collections::BTreeMap;

use accord_domain::FOLD_COUNT;
use accord_statistics::InvalidInput;
use accord_statistics::calibration::{SampleWeights, fit_platt};
use accord_statistics::metrics::auroc;

/// The fewest labels on the other folds for a curve.
pub(super) const FEWEST_LABELS: usize = 20;

/// Places of the items that are not in a fold.
pub(super) fn on_other_folds(folds: &[u32], fold: u32) -> impl Iterator<Item = usize> + '_ {
    let places = folds.iter().enumerate();
    places.filter(move |(_, own)| **own != fold).map(|(place, _)| place)
}

/// Right values by fold, counted once: asked for every item, they are looked up.
pub(super) struct RightByFold {
    all: Right,
    by_fold: BTreeMap<u32, Right>,
}

/// How many of some values are right.
#[derive(Debug, Clone, Copy, Default)]
struct Right {
    values: usize,
    right: usize,
}

impl RightByFold {
    pub(super) fn count(correct: &[bool], folds: &[u32]) -> Self {
        let (mut all, mut by_fold) = (Right::default(), BTreeMap::<u32, Right>::new());
        for (correct, fold) in correct.iter().zip(folds) {
            for counted in [&mut all, by_fold.entry(*fold).or_default()] {
                counted.values += 1;
                counted.right += usize::from(*correct);
            }
        }
        Self { all, by_fold }
    }

    /// Right values on the other folds.
    pub(super) fn right_on_others(&self, fold: u32) -> usize {
        self.on_others(fold).right
    }

    /// Share of right values on the other folds, drawn a little towards one half as in Platt's targets.
    pub(super) fn accuracy_on_others(&self, fold: u32) -> f64 {
        let others = self.on_others(fold);
        (others.right as f64 + 1.0) / (others.values as f64 + 2.0)
    }

    fn on_others(&self, fold: u32) -> Right {
        let own = self.by_fold.get(&fold).copied().unwrap_or_default();
        Right {
            values: self.all.values - own.values,
            right: self.all.right - own.right,
        }
    }
}

/// The probability of each score by a Platt curve that was fitted on the other folds; none without a score, and where the
/// other folds have fewer than [`FEWEST_LABELS`].
pub(super) fn cross_fit_curve(
    scores: &[Option<f64>],
    correct: &[bool],
    folds: &[u32],
) -> Result<Vec<Option<f64>>, InvalidInput> {
    let mut probabilities = vec![None; scores.len()];
    for fold in 0..FOLD_COUNT {
        let training = on_other_folds(folds, fold).filter_map(|place| Some((scores[place]?, correct[place])));
        let (training, targets): (Vec<f64>, Vec<bool>) = training.unzip();
        if training.len() < FEWEST_LABELS {
            continue;
        }
        let curve = fit_platt(&training, &targets, &SampleWeights::even(training.len()))?.curve;
        for (place, probability) in probabilities.iter_mut().enumerate() {
            if folds[place] == fold {
                *probability = scores[place].map(|score| curve.predict(score));
            }
        }
    }
    Ok(probabilities)
}

/// The area under the receiver operating characteristic over pairs of the same fold; none where no fold has a right and a
/// wrong value.
pub(super) fn auroc_within_folds(
    probabilities: &[f64],
    correct: &[bool],
    folds: &[u32],
) -> Result<Option<f64>, InvalidInput> {
    let (mut sum, mut pairs) = (0.0, 0.0);
    for fold in 0..FOLD_COUNT {
        let own = folds.iter().enumerate().filter(|(_, own)| **own == fold);
        let (own, right): (Vec<f64>, Vec<bool>) = own.map(|(place, _)| (probabilities[place], correct[place])).unzip();
        let Some(area) = auroc(&own, &right)?.value() else {
            continue;
        };
        let count = right.iter().filter(|right| **right).count();
        let own_pairs = (count * (right.len() - count)) as f64;
        sum += own_pairs * area;
        pairs += own_pairs;
    }
    Ok((pairs > 0.0).then(|| sum / pairs))
}

/// The probability of log-odds.
pub(super) fn probability(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

/// The log-odds of a probability, finite at both ends.
pub(super) fn log_odds(probability: f64) -> f64 {
    const CLOSEST: f64 = 1e-6;
    let probability = probability.clamp(CLOSEST, 1.0 - CLOSEST);
    (probability / (1.0 - probability)).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_item_is_scored_by_its_own_label() {
        let folds: Vec<u32> = (0..100).map(|place| place % FOLD_COUNT).collect();
        let scores: Vec<Option<f64>> = (0..100).map(|place| Some(f64::from(place % 7))).collect();
        let correct: Vec<bool> = (0..100).map(|place| place % 7 > 2 || place % 11 == 0).collect();
        let before = cross_fit_curve(&scores, &correct, &folds).unwrap();
        let mut turned = correct.clone();
        turned[10] = !turned[10];
        let after = cross_fit_curve(&scores, &turned, &folds).unwrap();
        for place in 0..100 {
            assert_eq!(before[place] == after[place], folds[place] == folds[10], "{place}");
        }
        let [before, after] = [&correct, &turned].map(|correct| RightByFold::count(correct, &folds));
        for fold in 0..FOLD_COUNT {
            let is_own = fold == folds[10];
            assert_eq!(
                before.accuracy_on_others(fold) == after.accuracy_on_others(fold),
                is_own,
                "{fold}"
            );
            let others = on_other_folds(&folds, fold).filter(|place| correct[*place]).count();
            assert_eq!(before.right_on_others(fold), others);
            let expected = (others as f64 + 1.0) / (on_other_folds(&folds, fold).count() as f64 + 2.0);
            assert_eq!(before.accuracy_on_others(fold), expected);
        }
    }

    #[test]
    fn what_tells_folds_apart_only_is_worth_nothing() {
        let folds: Vec<u32> = (0..100).map(|place| place % FOLD_COUNT).collect();
        let correct: Vec<bool> = (0..100).map(|place| place % 3 == 0 || place % 7 == 1).collect();
        let by_fold: Vec<f64> = folds.iter().map(|fold| 0.9 - f64::from(*fold) / 10.0).collect();
        assert_eq!(auroc_within_folds(&by_fold, &correct, &folds).unwrap(), Some(0.5));
        let knowing = correct.iter().zip(&by_fold);
        let knowing: Vec<f64> = knowing
            .map(|(right, low)| low / 2.0 + f64::from(u8::from(*right)) / 4.0)
            .collect();
        assert_eq!(auroc_within_folds(&knowing, &correct, &folds).unwrap(), Some(1.0));
        assert_eq!(auroc_within_folds(&by_fold, &[true; 100], &folds).unwrap(), None);
    }

    #[test]
    fn few_labels_make_no_curve() {
        let folds: Vec<u32> = (0..20).map(|place| place % FOLD_COUNT).collect();
        let scores: Vec<Option<f64>> = (0..20).map(|place| Some(f64::from(place))).collect();
        let correct: Vec<bool> = (0..20).map(|place| place > 9).collect();
        assert!(
            cross_fit_curve(&scores, &correct, &folds)
                .unwrap()
                .iter()
                .all(Option::is_none)
        );
    }
}
