//! How strongly fields with few labels are drawn to the global curve, by cross-validation.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::choice::CHOICE_CLIP;
use super::folds::Folds;
use super::pooled::{Pooling, fit_pooled_platt};
use crate::error::{InvalidInput, same_length};
use crate::numeric::sum::Sum;

/// Deviations tried for the slope.
pub const SLOPE_DEVIATIONS: [f64; 4] = [0.25, 0.5, 1.0, 2.0];
/// Deviations tried for the intercept.
pub const INTERCEPT_DEVIATIONS: [f64; 4] = [0.25, 0.5, 1.0, 2.0];

/// Labelled scores of one field with the documents they come from.
#[derive(Debug, Clone, Copy)]
pub struct FieldLabels<'a, D> {
    /// Scores.
    pub scores: &'a [f64],
    /// Whether each value was right.
    pub correct: &'a [bool],
    /// Document of each value.
    pub documents: &'a [D],
}

/// A pooling and its out-of-fold log loss.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PoolingScore {
    /// The deviations.
    pub pooling: Pooling,
    /// Mean log loss over all labels of all fields, clipped at [`CHOICE_CLIP`].
    pub log_loss: f64,
}

/// The chosen pooling and all that were tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PoolingChoice {
    /// The pooling of least log loss; among equals the strongest.
    pub pooling: Pooling,
    /// All combinations, strongest first.
    pub scores: Vec<PoolingScore>,
}

/// Chooses the deviations of [`fit_pooled_platt`] from [`SLOPE_DEVIATIONS`] times [`INTERCEPT_DEVIATIONS`] by
/// the log loss of `folds` folds; a document is in one fold with all its fields, and the global curve is fitted
/// anew without it.
///
/// # Errors
/// Arrays of unequal length, a score that is not finite, fewer documents than folds, fewer than two folds.
pub fn choose_pooling<D: Ord + Clone + Sync>(
    fields: &[FieldLabels<'_, D>],
    folds: usize,
    seed: u64,
) -> Result<PoolingChoice, InvalidInput> {
    for field in fields {
        same_length("correct", field.scores.len(), field.correct.len())?;
        same_length("documents", field.scores.len(), field.documents.len())?;
    }
    let documents: Vec<D> = fields.iter().flat_map(|field| field.documents).cloned().collect();
    let correct: Vec<bool> = fields.iter().flat_map(|field| field.correct).copied().collect();
    let folds = Folds::by_document(&documents, &correct, folds, seed)?;
    let combinations: Vec<(f64, f64)> = SLOPE_DEVIATIONS
        .iter()
        .flat_map(|slope| INTERCEPT_DEVIATIONS.map(|intercept| (*slope, intercept)))
        .collect();
    let scores = combinations
        .into_par_iter()
        .map(|(slope, intercept)| {
            let pooling = Pooling::new(slope, intercept)?;
            let log_loss = out_of_fold_loss(fields, &folds, pooling)?;
            Ok(PoolingScore { pooling, log_loss })
        })
        .collect::<Result<Vec<PoolingScore>, InvalidInput>>()?;
    let best = scores
        .iter()
        .min_by(|left, right| left.log_loss.total_cmp(&right.log_loss));
    Ok(PoolingChoice {
        pooling: best.map_or_else(Pooling::default, |best| best.pooling),
        scores,
    })
}

fn out_of_fold_loss<D>(fields: &[FieldLabels<'_, D>], folds: &Folds, pooling: Pooling) -> Result<f64, InvalidInput> {
    let mut loss = Sum::default();
    for fold in 0..folds.count() {
        let mut offset = 0;
        // Per field: what is outside the fold, and the positions inside it.
        let mut training: Vec<(Vec<f64>, Vec<bool>)> = Vec::with_capacity(fields.len());
        let mut held_out: Vec<Vec<usize>> = Vec::with_capacity(fields.len());
        for field in fields {
            let own = &folds.assignment()[offset..offset + field.scores.len()];
            offset += field.scores.len();
            let (inside, outside): (Vec<usize>, Vec<usize>) = (0..own.len()).partition(|item| own[*item] == fold);
            let scores = outside.iter().map(|item| field.scores[*item]).collect();
            let correct = outside.iter().map(|item| field.correct[*item]).collect();
            training.push((scores, correct));
            held_out.push(inside);
        }
        let borrowed: Vec<(&[f64], &[bool])> = training
            .iter()
            .map(|(scores, correct)| (scores.as_slice(), correct.as_slice()))
            .collect();
        let fitted = fit_pooled_platt(&borrowed, pooling)?;
        for ((field, inside), curve) in fields.iter().zip(&held_out).zip(&fitted.fields) {
            for item in inside {
                let probability = curve.curve.predict(field.scores[*item]);
                let of_truth = if field.correct[*item] {
                    probability
                } else {
                    1.0 - probability
                };
                loss.add(-of_truth.clamp(CHOICE_CLIP, 1.0 - CHOICE_CLIP).ln());
            }
        }
    }
    Ok(loss.total() / folds.items() as f64)
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;
    use crate::numeric::logistic::sigmoid;
    use crate::numeric::random::generator;

    type Drawn = (Vec<f64>, Vec<bool>, Vec<usize>);

    /// Fields whose curves stray from a common one by `spread`.
    fn drawn(spread: f64, labels: usize) -> Vec<Drawn> {
        let mut random = generator(2, 4);
        (0..12)
            .map(|field| {
                let stray = if field % 2 == 0 { spread } else { -spread };
                let scores: Vec<f64> = (0..labels).map(|_| random.random_range(-2.0..3.0)).collect();
                let correct = scores
                    .iter()
                    .map(|score| random.random::<f64>() < sigmoid(score + 0.5 + stray))
                    .collect();
                (scores, correct, (0..labels).collect())
            })
            .collect()
    }

    fn chosen(data: &[Drawn]) -> PoolingChoice {
        let fields: Vec<FieldLabels<'_, usize>> = data
            .iter()
            .map(|(scores, correct, documents)| FieldLabels {
                scores,
                correct,
                documents,
            })
            .collect();
        choose_pooling(&fields, 5, 1).unwrap()
    }

    #[test]
    fn fields_alike_are_pooled_and_fields_unlike_are_not() {
        let alike = chosen(&drawn(0.0, 25));
        let unlike = chosen(&drawn(2.5, 100));
        let loss_at = |choice: &PoolingChoice, slope: f64, intercept: f64| {
            let wanted = Pooling::new(slope, intercept).unwrap();
            choice
                .scores
                .iter()
                .find(|score| score.pooling == wanted)
                .unwrap()
                .log_loss
        };
        assert!(loss_at(&alike, 0.25, 0.25) < loss_at(&alike, 2.0, 2.0));
        assert!(loss_at(&unlike, 0.25, 0.25) > loss_at(&unlike, 0.25, 2.0));
        assert_eq!(alike.scores.len(), 16);
        assert!(unlike.scores.iter().any(|score| score.pooling == unlike.pooling));
    }

    #[test]
    fn input_is_checked() {
        let field = FieldLabels {
            scores: &[0.1, 0.2],
            correct: &[true],
            documents: &["a", "b"],
        };
        assert!(choose_pooling(&[field], 2, 1).is_err());
        assert!(choose_pooling::<u8>(&[], 2, 1).is_err());
    }
}
