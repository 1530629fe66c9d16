//! The automatic choice of a calibrator by nested cross-validation.

use std::collections::BTreeSet;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::calibrator::{CalibrationMethod, FittedCalibrator, NotApplicable, fit_calibrator};
use super::folds::Folds;
use super::labelled_scores::LabelledScores;
use super::one_standard_error::{LossComparison, OneStandardErrorChoice, simplest_within_one_standard_error};
use crate::error::{InvalidInput, parameter, same_length};
use crate::estimate::Estimate;
use crate::numeric::sum::Sum;

/// Distance from 0 and 1 to which probabilities are clipped for the log loss that chooses.
pub const CHOICE_CLIP: f64 = 1e-6;

/// Folds and seed of a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChoicePlan {
    /// Folds for the out-of-fold probabilities of the whole procedure.
    pub outer: usize,
    /// Folds inside each, by which the procedure chooses; also the folds of the final choice.
    pub inner: usize,
    /// Seed of the folds.
    pub seed: u64,
}

impl ChoicePlan {
    /// Five folds by five.
    pub fn standard(seed: u64) -> Self {
        Self {
            outer: Folds::DEFAULT_COUNT,
            inner: Folds::DEFAULT_COUNT,
            seed,
        }
    }
}

/// How a candidate did out of fold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CandidateScore {
    /// The candidate.
    pub method: CalibrationMethod,
    /// Its score, or why it was not tried.
    pub result: CandidateResult,
}

/// The score of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CandidateResult {
    /// It was tried.
    Scored {
        /// Weighted mean log loss, clipped at [`CHOICE_CLIP`], against the best candidate's.
        log_loss: LossComparison,
        /// Weighted mean squared error, to check that it tells the same.
        brier: f64,
    },
    /// It was not.
    NotApplicable(NotApplicable),
}

/// A chosen calibrator with everything that was weighed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibratorChoice {
    /// The method taken.
    pub method: CalibrationMethod,
    /// The method fitted on all items: what production uses.
    pub fitted: FittedCalibrator,
    /// The scores of all candidates, simplest first.
    pub candidates: Vec<CandidateScore>,
    /// Per item the probability by a procedure (choice included) that never saw its document: what metrics and
    /// certification may look at.
    pub out_of_fold: Vec<f64>,
    /// The method chosen in each outer fold.
    pub chosen_in_folds: Vec<CalibrationMethod>,
    /// Folds and seed.
    pub plan: ChoicePlan,
}

/// Chooses among [`CalibrationMethod::CANDIDATES`] by out-of-fold log loss, folds by document: the simplest
/// within one standard error of the best ([`simplest_within_one_standard_error`]).
///
/// The whole procedure, choice included, is repeated inside each outer fold, so that
/// [`out_of_fold`](CalibratorChoice::out_of_fold) is not flattered by having chosen. With fewer documents than
/// folds every document is a fold.
///
/// # Errors
/// Arrays of unequal length, fewer than two documents or folds.
pub fn choose_calibrator<D: Ord>(
    data: &LabelledScores,
    documents: &[D],
    plan: ChoicePlan,
) -> Result<CalibratorChoice, InvalidInput> {
    same_length("documents", data.items(), documents.len())?;
    parameter("outer folds", plan.outer as f64, "at least 2", plan.outer >= 2)?;
    parameter("inner folds", plan.inner as f64, "at least 2", plan.inner >= 2)?;
    let documents = numbered(documents);
    let outer = folds(data, &documents, plan.outer, plan.seed)?;
    let nested = (0..outer.count())
        .into_par_iter()
        .map(|fold| {
            let training = outer.training(fold);
            let own: Vec<usize> = training.iter().map(|item| documents[*item]).collect();
            let (method, fitted) = choose_and_fit(&data.select(&training)?, &own, plan)?;
            let held_out = outer.held_out(fold).into_iter();
            let predicted = held_out.map(|item| Ok((item, predict(&fitted, data, item)?)));
            Ok((method, predicted.collect::<Result<Vec<_>, InvalidInput>>()?))
        })
        .collect::<Result<Vec<_>, InvalidInput>>()?;
    let mut out_of_fold = vec![0.5; data.items()];
    let mut chosen_in_folds = Vec::with_capacity(nested.len());
    for (method, predicted) in nested {
        chosen_in_folds.push(method);
        for (item, probability) in predicted {
            out_of_fold[item] = probability;
        }
    }
    let (method, candidates) = weigh(data, &documents, plan)?;
    Ok(CalibratorChoice {
        method,
        fitted: fit_or_base_rate(method, data)?,
        candidates,
        out_of_fold,
        chosen_in_folds,
        plan,
    })
}

/// Out-of-fold probabilities of one method. `None` where it cannot be fitted to the items outside some fold.
///
/// # Errors
/// Folds of another length, or scores that the method cannot take.
pub fn cross_fit_calibrator(
    method: CalibrationMethod,
    data: &LabelledScores,
    folds: &Folds,
) -> Result<Option<Vec<f64>>, InvalidInput> {
    same_length("folds", data.items(), folds.items())?;
    let by_fold = (0..folds.count())
        .into_par_iter()
        .map(|fold| {
            let Estimate::Value(fitted) = fit_calibrator(method, &data.select(&folds.training(fold))?)? else {
                return Ok(None);
            };
            let held_out = folds.held_out(fold).into_iter();
            let predicted = held_out.map(|item| Ok((item, predict(&fitted, data, item)?)));
            predicted.collect::<Result<Vec<_>, InvalidInput>>().map(Some)
        })
        .collect::<Result<Vec<_>, InvalidInput>>()?;
    let mut values = vec![0.5; data.items()];
    for fold in by_fold {
        let Some(predicted) = fold else {
            return Ok(None);
        };
        for (item, probability) in predicted {
            values[item] = probability;
        }
    }
    Ok(Some(values))
}

fn predict(fitted: &FittedCalibrator, data: &LabelledScores, item: usize) -> Result<f64, InvalidInput> {
    fitted.calibrator.predict(data.scores()[item], data.votes_of(item))
}

/// Documents as numbers, in their own order.
fn numbered<D: Ord>(documents: &[D]) -> Vec<usize> {
    let known: BTreeSet<&D> = documents.iter().collect();
    let sorted: Vec<&D> = known.into_iter().collect();
    documents
        .iter()
        .map(|document| sorted.partition_point(|other| *other < document))
        .collect()
}

fn folds(data: &LabelledScores, documents: &[usize], count: usize, seed: u64) -> Result<Folds, InvalidInput> {
    let different = documents.iter().collect::<BTreeSet<_>>().len();
    Folds::by_document(documents, data.correct(), count.min(different), seed)
}

fn choose_and_fit(
    data: &LabelledScores,
    documents: &[usize],
    plan: ChoicePlan,
) -> Result<(CalibrationMethod, FittedCalibrator), InvalidInput> {
    let method = if documents.windows(2).all(|pair| pair[0] == pair[1]) {
        // One document left: nothing to validate on.
        CalibrationMethod::BaseRate
    } else {
        weigh(data, documents, plan)?.0
    };
    Ok((method, fit_or_base_rate(method, data)?))
}

/// A method that could be fitted in every fold but not to all items together gives way to the base rate.
fn fit_or_base_rate(method: CalibrationMethod, data: &LabelledScores) -> Result<FittedCalibrator, InvalidInput> {
    match fit_calibrator(method, data)? {
        Estimate::Value(fitted) => Ok(fitted),
        Estimate::Undefined(_) => fit_calibrator(CalibrationMethod::BaseRate, data)?
            .value()
            .ok_or(InvalidInput::Empty { what: "scores" }),
    }
}

/// One round of cross-validation: the method chosen and all scores.
fn weigh(
    data: &LabelledScores,
    documents: &[usize],
    plan: ChoicePlan,
) -> Result<(CalibrationMethod, Vec<CandidateScore>), InvalidInput> {
    let folds = folds(data, documents, plan.inner, plan.seed)?;
    let tried = CalibrationMethod::CANDIDATES
        .into_par_iter()
        .map(|method| Ok((method, try_candidate(method, data, &folds)?)))
        .collect::<Result<Vec<_>, InvalidInput>>()?;
    let scored: Vec<(CalibrationMethod, &Losses)> = tried
        .iter()
        .filter_map(|(method, result)| result.as_ref().ok().map(|losses| (*method, losses)))
        .collect();
    let log_losses: Vec<&[f64]> = scored.iter().map(|(_, losses)| losses.log_loss.as_slice()).collect();
    let choice = simplest_within_one_standard_error(&log_losses, data.weights().as_slice(), documents)?;
    let method = scored
        .get(choice.chosen)
        .map_or(CalibrationMethod::BaseRate, |(method, _)| *method);
    Ok((method, describe(&tried, &choice)))
}

struct Losses {
    log_loss: Vec<f64>,
    brier: f64,
}

type Tried = (CalibrationMethod, Result<Losses, NotApplicable>);

fn try_candidate(
    method: CalibrationMethod,
    data: &LabelledScores,
    folds: &Folds,
) -> Result<Result<Losses, NotApplicable>, InvalidInput> {
    if let Err(reason) = method.check_candidate(data) {
        return Ok(Err(reason));
    }
    let Some(probabilities) = cross_fit_calibrator(method, data, folds)? else {
        return Ok(Err(NotApplicable::NotIdentifiable));
    };
    let (mut squares, mut mass) = (Sum::default(), Sum::default());
    let mut log_loss = Vec::with_capacity(probabilities.len());
    let rows = probabilities.iter().zip(data.correct()).zip(data.weights().as_slice());
    for ((probability, is_correct), weight) in rows {
        let of_truth = if *is_correct { *probability } else { 1.0 - probability };
        squares.add(weight * (1.0 - of_truth).powi(2));
        mass.add(*weight);
        log_loss.push(-of_truth.clamp(CHOICE_CLIP, 1.0 - CHOICE_CLIP).ln());
    }
    let brier = squares.total() / mass.total();
    Ok(Ok(Losses { log_loss, brier }))
}

fn describe(tried: &[Tried], choice: &OneStandardErrorChoice) -> Vec<CandidateScore> {
    let mut comparisons = choice.comparisons.iter();
    tried
        .iter()
        .filter_map(|(method, result)| {
            let result = match result {
                Err(reason) => CandidateResult::NotApplicable(*reason),
                Ok(losses) => CandidateResult::Scored {
                    log_loss: *comparisons.next()?,
                    brier: losses.brier,
                },
            };
            Some(CandidateScore {
                method: *method,
                result,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::super::sample_weights::SampleWeights;
    use super::*;
    use crate::numeric::logistic::{logit, sigmoid};
    use crate::numeric::random::generator;

    /// Scores that are `distorted` probabilities of being right.
    fn drawn(items: usize, seed: u64, distorted: impl Fn(f64) -> f64) -> (LabelledScores, Vec<usize>) {
        let mut random = generator(seed, 0);
        let truth: Vec<f64> = (0..items).map(|_| random.random_range(0.05..0.99)).collect();
        let correct = truth.iter().map(|p| random.random::<f64>() < *p).collect();
        let scores = truth.iter().map(|p| distorted(*p)).collect();
        let data = LabelledScores::new(scores, None, correct, SampleWeights::even(items)).unwrap();
        (data, (0..items).map(|item| item / 2).collect())
    }

    fn log_loss_of(choice: &CalibratorChoice, method: CalibrationMethod) -> f64 {
        let of_method = choice.candidates.iter().find(|candidate| candidate.method == method);
        let CandidateResult::Scored { log_loss, .. } = of_method.unwrap().result else {
            return f64::NAN;
        };
        log_loss.loss
    }

    #[test]
    fn mends_overconfidence_by_the_simplest_means() {
        let (data, documents) = drawn(600, 4, |p| sigmoid(3.0 * logit(p)));
        let choice = choose_calibrator(&data, &documents, ChoicePlan::standard(7)).unwrap();
        assert_eq!(choice.method, CalibrationMethod::Temperature, "{:?}", choice.candidates);
        assert_eq!(choice.candidates.len(), CalibrationMethod::CANDIDATES.len());
        assert!(log_loss_of(&choice, choice.method) < log_loss_of(&choice, CalibrationMethod::BaseRate));
        assert_eq!(choice.out_of_fold.len(), 600);
        assert_eq!(choice.chosen_in_folds.len(), 5);
    }

    #[test]
    fn scores_that_say_nothing_leave_the_base_rate() {
        let mut random = generator(3, 9);
        let scores: Vec<f64> = (0..200).map(|_| random.random()).collect();
        let correct: Vec<bool> = (0..200).map(|_| random.random::<f64>() < 0.7).collect();
        let data = LabelledScores::new(scores, None, correct, SampleWeights::even(200)).unwrap();
        let documents: Vec<usize> = (0..200).collect();
        let choice = choose_calibrator(&data, &documents, ChoicePlan::standard(1)).unwrap();
        assert_eq!(choice.method, CalibrationMethod::BaseRate);
        assert!(!choice.fitted.is_trustworthy());
    }

    #[test]
    fn an_items_document_does_not_reach_its_probability() {
        let (data, documents) = drawn(60, 5, |p| p);
        let plan = ChoicePlan::standard(2);
        let before = choose_calibrator(&data, &documents, plan).unwrap();
        let mut correct = data.correct().to_vec();
        // Swapped within the document, so that the folds stay.
        correct.swap(10, 11);
        let changed = LabelledScores::new(data.scores().to_vec(), None, correct, SampleWeights::even(60)).unwrap();
        let after = choose_calibrator(&changed, &documents, plan).unwrap();
        assert_eq!(before.out_of_fold[10..12], after.out_of_fold[10..12]);
        assert!(data.correct()[10] == data.correct()[11] || before.out_of_fold != after.out_of_fold);
    }

    #[test]
    fn few_documents_are_enough_or_refused() {
        let data = LabelledScores::new(
            vec![0.2, 0.8, 0.4],
            None,
            vec![false, true, true],
            SampleWeights::even(3),
        )
        .unwrap();
        let plan = ChoicePlan::standard(1);
        assert!(choose_calibrator(&data, &["a", "a", "a"], plan).is_err());
        assert_eq!(
            choose_calibrator(&data, &["a", "b", "b"], plan)
                .unwrap()
                .out_of_fold
                .len(),
            3
        );
        assert!(choose_calibrator(&data, &["a", "b", "c"], ChoicePlan { inner: 1, ..plan }).is_err());
    }
}
