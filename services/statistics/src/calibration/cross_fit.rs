//! Cross-fitting: no item is scored by anything fitted on its own label.

use rayon::prelude::*;

use super::folds::Folds;
use super::platt::{check_labelled, fit_platt};
use super::sample_weights::SampleWeights;
use crate::error::{InvalidInput, same_length};

/// Out-of-fold values of all items.
///
/// For every fold, `fit` learns from the positions of the items outside it and `predict` is asked for each
/// item inside it. Folds run in parallel; the result is in the order of the items. Voter weights,
/// stacking, the clustering threshold and the calibrator are all trained: fit them all inside.
///
/// # Errors
/// The first error of `fit` or `predict`, by fold.
pub fn cross_fit<M, V, E>(
    folds: &Folds,
    fit: impl Fn(&[usize]) -> Result<M, E> + Sync,
    predict: impl Fn(&M, usize) -> Result<V, E> + Sync,
) -> Result<Vec<V>, E>
where
    V: Send,
    E: Send,
{
    let by_fold: Vec<Result<Vec<(usize, V)>, E>> = (0..folds.count())
        .into_par_iter()
        .map(|fold| {
            let model = fit(&folds.training(fold))?;
            let held_out = folds.held_out(fold).into_iter();
            held_out.map(|item| Ok((item, predict(&model, item)?))).collect()
        })
        .collect();
    let mut values = Vec::with_capacity(folds.items());
    for fold in by_fold {
        values.extend(fold?);
    }
    values.sort_by_key(|(item, _)| *item);
    Ok(values.into_iter().map(|(_, value)| value).collect())
}

/// Out-of-fold Platt probabilities: what metrics and certification may look at. Production uses the curve
/// fitted on everything.
///
/// # Errors
/// Arrays or folds of unequal length, a score that is not finite.
pub fn cross_fit_platt(
    scores: &[f64],
    correct: &[bool],
    weights: &SampleWeights,
    folds: &Folds,
) -> Result<Vec<f64>, InvalidInput> {
    check_labelled(scores, correct, weights)?;
    same_length("folds", scores.len(), folds.items())?;
    cross_fit(
        folds,
        |training| {
            let own_scores: Vec<f64> = training.iter().map(|item| scores[*item]).collect();
            let own_labels: Vec<bool> = training.iter().map(|item| correct[*item]).collect();
            fit_platt(&own_scores, &own_labels, &weights.select(training)?)
        },
        |fitted, item| Ok(fitted.curve.predict(scores[item])),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_items_own_label_does_not_reach_its_score() {
        let scores: Vec<f64> = (0..30).map(|item| f64::from(item % 7) - 3.0).collect();
        let mut correct: Vec<bool> = (0..30).map(|item| item % 7 > 2 || item % 5 == 0).collect();
        let documents: Vec<usize> = (0..30).collect();
        let folds = Folds::by_document(&documents, &correct, 5, 3).unwrap();
        let even = SampleWeights::even(30);
        let before = cross_fit_platt(&scores, &correct, &even, &folds).unwrap();
        correct[11] = !correct[11];
        let after = cross_fit_platt(&scores, &correct, &even, &folds).unwrap();
        assert_eq!(before[11], after[11]);
        assert!((0..30).any(|item| before[item] != after[item]));
    }
}
