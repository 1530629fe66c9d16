//! One type for every calibrator of a score column.

use serde::{Deserialize, Serialize};

use super::beta::{BETA_CLIP, BetaCurve, fit_beta};
use super::histogram::{Histogram, fit_histogram};
use super::isotonic::{IsotonicCurve, fit_isotonic};
use super::labelled_scores::LabelledScores;
use super::levels::{LevelTable, fit_levels};
use super::platt::{PlattCurve, fit_platt};
use super::temperature::{Temperature, fit_temperature};
use crate::error::InvalidInput;
use crate::estimate::Estimate;
use crate::numeric::sum::sum;
use crate::score::ScoreTransform;

/// Fewest labels with which isotonic regression does more than fit noise.
pub const FEWEST_ISOTONIC_LABELS: usize = 200;
/// Fewest errors among them.
pub const FEWEST_ISOTONIC_ERRORS: usize = 30;
/// Mean labels a level below which a table of levels is no candidate.
pub const FEWEST_LABELS_A_LEVEL: usize = 10;
/// Bins of a histogram where nothing else is chosen.
pub const DEFAULT_HISTOGRAM_BINS: usize = 10;

/// How a score becomes a probability. Ordered from simple to flexible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CalibrationMethod {
    /// The share of correct items, whatever the score.
    BaseRate,
    /// Temperature scaling.
    Temperature,
    /// Platt scaling of the add-half logit: shares of known numbers of votes.
    PlattAddHalf,
    /// Platt scaling of the clipped logit: scores in `[0, 1]` that are no shares of votes.
    PlattLogit,
    /// Platt scaling of the score itself.
    PlattRaw,
    /// Beta calibration.
    Beta,
    /// Isotonic regression.
    Isotonic,
    /// One probability per distinct score.
    Levels,
    /// Bins of equal width.
    Histogram,
}

/// Why a method cannot learn from given scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum NotApplicable {
    /// The add-half logit needs the number of votes behind each share.
    #[error("needs the number of votes behind each score")]
    NeedsVotes,
    /// The scores are shares of votes, for which the add-half logit takes the place of this transform.
    #[error("the add-half logit takes its place for shares of votes")]
    HasVotes,
    /// Scores outside `[0, 1]`.
    #[error("needs scores from 0 to 1")]
    NeedsShares,
    /// Too few labels or errors.
    #[error("needs 200 labels with 30 errors")]
    TooFewLabels,
    /// Too many distinct scores.
    #[error("needs 10 labels a distinct score")]
    TooManyLevels,
    /// The labels do not determine the curve, in all items or in a fold.
    #[error("the labels do not determine it")]
    NotIdentifiable,
}

impl CalibrationMethod {
    /// The candidates of an automatic choice, simplest first.
    pub const CANDIDATES: [Self; 8] = [
        Self::BaseRate,
        Self::Temperature,
        Self::PlattAddHalf,
        Self::PlattLogit,
        Self::PlattRaw,
        Self::Beta,
        Self::Isotonic,
        Self::Levels,
    ];

    /// The name as it is serialised.
    pub fn name(self) -> &'static str {
        match self {
            Self::BaseRate => "base_rate",
            Self::Temperature => "temperature",
            Self::PlattAddHalf => "platt_add_half",
            Self::PlattLogit => "platt_logit",
            Self::PlattRaw => "platt_raw",
            Self::Beta => "beta",
            Self::Isotonic => "isotonic",
            Self::Levels => "levels",
            Self::Histogram => "histogram",
        }
    }

    /// Whether the method can be fitted to such scores at all.
    ///
    /// # Errors
    /// What is missing.
    pub fn check_scores(self, data: &LabelledScores) -> Result<(), NotApplicable> {
        match self {
            Self::BaseRate | Self::PlattRaw | Self::Isotonic | Self::Levels => Ok(()),
            Self::PlattAddHalf if data.votes().is_none() => Err(NotApplicable::NeedsVotes),
            Self::Temperature | Self::PlattAddHalf | Self::PlattLogit | Self::Beta | Self::Histogram => {
                if data.are_shares() {
                    Ok(())
                } else {
                    Err(NotApplicable::NeedsShares)
                }
            }
        }
    }

    /// Whether the method is worth trying on such labels: beyond [`Self::check_scores`], isotonic regression
    /// needs [`FEWEST_ISOTONIC_LABELS`] with [`FEWEST_ISOTONIC_ERRORS`], a table of levels
    /// [`FEWEST_LABELS_A_LEVEL`] a level, and one logit is enough.
    ///
    /// # Errors
    /// What speaks against it.
    pub fn check_candidate(self, data: &LabelledScores) -> Result<(), NotApplicable> {
        self.check_scores(data)?;
        let labels = data.items();
        match self {
            Self::PlattLogit if data.votes().is_some() => Err(NotApplicable::HasVotes),
            Self::Isotonic if labels < FEWEST_ISOTONIC_LABELS || data.errors() < FEWEST_ISOTONIC_ERRORS => {
                Err(NotApplicable::TooFewLabels)
            }
            Self::Levels if distinct(data.scores()).saturating_mul(FEWEST_LABELS_A_LEVEL) > labels => {
                Err(NotApplicable::TooManyLevels)
            }
            _ => Ok(()),
        }
    }
}

fn distinct(scores: &[f64]) -> usize {
    let mut sorted = scores.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.dedup();
    sorted.len()
}

/// A fitted map from scores to probabilities.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum Calibrator {
    /// The same probability for all.
    BaseRate {
        /// `(N+ + 1) / (N + 2)`, in weights.
        probability: f64,
    },
    /// Temperature scaling.
    Temperature(Temperature),
    /// A Platt curve on a transformed score.
    Platt {
        /// What the curve is applied to.
        transform: ScoreTransform,
        /// The curve.
        curve: PlattCurve,
    },
    /// Beta calibration.
    Beta(BetaCurve),
    /// Isotonic regression, as steps.
    Isotonic(IsotonicCurve),
    /// One probability per distinct score.
    Levels(LevelTable),
    /// Bins of equal width.
    Histogram(Histogram),
}

impl Calibrator {
    /// Probability of being correct at `score`; `votes` is the number of votes behind a share, which only the
    /// add-half logit looks at.
    ///
    /// # Errors
    /// A score outside the method's range, or no votes where they are needed.
    pub fn predict(&self, score: f64, votes: Option<f64>) -> Result<f64, InvalidInput> {
        crate::error::parameter("score", score, "a finite number", score.is_finite())?;
        let share = || {
            let accepted = crate::error::is_probability(score);
            crate::error::parameter("score", score, "a number from 0 to 1", accepted)
        };
        Ok(match self {
            Self::BaseRate { probability } => *probability,
            Self::Temperature(temperature) => {
                share()?;
                temperature.predict(score)
            }
            Self::Platt { transform, curve } => curve.predict(transformed(*transform, score, votes)?),
            Self::Beta(curve) => {
                share()?;
                curve.predict(score)
            }
            Self::Isotonic(curve) => curve.predict(score),
            Self::Levels(table) => table.predict(score),
            Self::Histogram(histogram) => {
                share()?;
                histogram.predict(score)
            }
        })
    }
}

fn transformed(transform: ScoreTransform, score: f64, votes: Option<f64>) -> Result<f64, InvalidInput> {
    match transform {
        // A raw score need not be a share.
        ScoreTransform::Identity => Ok(score),
        ScoreTransform::ClippedLogit(_) => transform.apply(score, 1.0),
        ScoreTransform::AddHalfLogit => {
            let votes = votes.ok_or(InvalidInput::Empty { what: "votes" })?;
            transform.apply(score, votes)
        }
    }
}

/// What to know before trusting a fitted calibrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CalibrationWarning {
    /// The optimum was not reached.
    NotConverged,
    /// Higher scores are less often correct.
    Inverted,
    /// One class is missing, all scores are alike, or the scores separate the classes.
    NotIdentifiable,
    /// Fewer labels than the method needs.
    TooFewLabels,
}

/// A calibrator and its warnings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FittedCalibrator {
    /// The map.
    pub calibrator: Calibrator,
    /// What speaks against it.
    pub warnings: Vec<CalibrationWarning>,
}

impl FittedCalibrator {
    /// Whether nothing forbids accepting automatically on it.
    pub fn is_trustworthy(&self) -> bool {
        self.warnings.is_empty()
    }
}

/// Fits a method to a score column. Undefined (`not_identifiable`) where no temperature is best.
///
/// # Errors
/// Scores outside the method's range or no votes where it needs them: see
/// [`CalibrationMethod::check_scores`].
pub fn fit_calibrator(
    method: CalibrationMethod,
    data: &LabelledScores,
) -> Result<Estimate<FittedCalibrator>, InvalidInput> {
    let (scores, correct, weights) = (data.scores(), data.correct(), data.weights());
    let one_class = data.errors() == 0 || data.errors() == data.items();
    let too_few = method.check_candidate(data).is_err();
    let (calibrator, warnings) = match method {
        CalibrationMethod::BaseRate => (base_rate(data), vec![CalibrationWarning::NotIdentifiable]),
        CalibrationMethod::Temperature => match fit_temperature(scores, correct, weights)? {
            Estimate::Undefined(reason) => return Ok(Estimate::Undefined(reason)),
            Estimate::Value(fit) => (
                Calibrator::Temperature(fit.curve),
                warnings(!fit.converged, false, false),
            ),
        },
        CalibrationMethod::PlattAddHalf | CalibrationMethod::PlattLogit | CalibrationMethod::PlattRaw => {
            let transform = platt_transform(method);
            let fit = match transform {
                ScoreTransform::Identity => fit_platt(scores, correct, weights)?,
                _ => fit_platt(&transform_all(transform, data)?, correct, weights)?,
            };
            let curve = fit.curve;
            let warnings = warnings(!fit.converged, fit.inverted, fit.not_identifiable);
            (Calibrator::Platt { transform, curve }, warnings)
        }
        CalibrationMethod::Beta => {
            let fit = fit_beta(scores, correct, weights)?;
            let warnings = warnings(!fit.converged, false, fit.not_identifiable);
            (Calibrator::Beta(fit.curve), warnings)
        }
        CalibrationMethod::Isotonic => {
            let curve = fit_isotonic(scores, correct, weights)?;
            (Calibrator::Isotonic(curve), table_warnings(one_class, too_few))
        }
        CalibrationMethod::Levels => {
            let table = fit_levels(scores, correct, weights)?;
            (Calibrator::Levels(table), table_warnings(one_class, too_few))
        }
        CalibrationMethod::Histogram => {
            let histogram = fit_histogram(scores, correct, weights, DEFAULT_HISTOGRAM_BINS)?;
            (Calibrator::Histogram(histogram), table_warnings(one_class, false))
        }
    };
    Ok(Estimate::Value(FittedCalibrator { calibrator, warnings }))
}

fn warnings(not_converged: bool, inverted: bool, not_identifiable: bool) -> Vec<CalibrationWarning> {
    let all = [
        (not_converged, CalibrationWarning::NotConverged),
        (inverted, CalibrationWarning::Inverted),
        (not_identifiable, CalibrationWarning::NotIdentifiable),
    ];
    let kept = all.into_iter().filter(|(applies, _)| *applies);
    kept.map(|(_, warning)| warning).collect()
}

fn table_warnings(one_class: bool, too_few: bool) -> Vec<CalibrationWarning> {
    let mut found = warnings(false, false, one_class);
    if too_few {
        found.push(CalibrationWarning::TooFewLabels);
    }
    found
}

fn platt_transform(method: CalibrationMethod) -> ScoreTransform {
    match method {
        CalibrationMethod::PlattAddHalf => ScoreTransform::AddHalfLogit,
        CalibrationMethod::PlattLogit => ScoreTransform::ClippedLogit(BETA_CLIP),
        _ => ScoreTransform::Identity,
    }
}

fn transform_all(transform: ScoreTransform, data: &LabelledScores) -> Result<Vec<f64>, InvalidInput> {
    let scores = data.scores().iter().enumerate();
    scores
        .map(|(item, score)| transformed(transform, *score, data.votes_of(item)))
        .collect()
}

fn base_rate(data: &LabelledScores) -> Calibrator {
    let weights = data.weights().as_slice();
    let right = data.correct().iter().zip(weights);
    let positive = sum(right.filter(|(is_correct, _)| **is_correct).map(|(_, weight)| *weight));
    Calibrator::BaseRate {
        probability: (positive + 1.0) / (data.weights().total() + 2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample_weights::SampleWeights;
    use super::*;

    fn shares(votes: Option<Vec<f64>>) -> LabelledScores {
        let scores: Vec<f64> = (0..60).map(|item| f64::from(item % 6) / 5.0).collect();
        let correct = (0..60).map(|item| item % 6 > 2 || item % 11 == 0).collect();
        LabelledScores::new(scores, votes, correct, SampleWeights::even(60)).unwrap()
    }

    #[test]
    fn every_method_survives_serialisation_and_stays_a_probability() {
        let data = shares(Some(vec![5.0; 60]));
        for method in CalibrationMethod::CANDIDATES
            .into_iter()
            .chain([CalibrationMethod::Histogram])
        {
            method.check_scores(&data).unwrap();
            let fitted = fit_calibrator(method, &data).unwrap().value().unwrap();
            let text = serde_json::to_string(&fitted).unwrap();
            let back: FittedCalibrator = serde_json::from_str(&text).unwrap();
            assert_eq!(back, fitted, "{text}");
            assert_eq!(serde_json::to_value(method).unwrap(), method.name());
            for score in [0.0, 0.3, 1.0] {
                let probability = fitted.calibrator.predict(score, Some(5.0)).unwrap();
                assert!((0.0..=1.0).contains(&probability), "{method:?}");
            }
            assert!(fitted.calibrator.predict(f64::NAN, Some(5.0)).is_err());
        }
    }

    #[test]
    fn what_a_method_needs_is_said() {
        let plain = shares(None);
        let missing = CalibrationMethod::PlattAddHalf.check_scores(&plain);
        assert_eq!(missing, Err(NotApplicable::NeedsVotes));
        assert!(fit_calibrator(CalibrationMethod::PlattAddHalf, &plain).is_err());
        let with_votes = shares(Some(vec![5.0; 60]));
        let logit = CalibrationMethod::PlattLogit.check_candidate(&with_votes);
        assert_eq!(logit, Err(NotApplicable::HasVotes));
        let few = CalibrationMethod::Isotonic.check_candidate(&plain);
        assert_eq!(few, Err(NotApplicable::TooFewLabels));
        let wide = LabelledScores::new(vec![-3.0, 4.0], None, vec![false, true], SampleWeights::even(2)).unwrap();
        let beta = CalibrationMethod::Beta.check_scores(&wide);
        assert_eq!(beta, Err(NotApplicable::NeedsShares));
        let levels = CalibrationMethod::Levels.check_candidate(&wide);
        assert_eq!(levels, Err(NotApplicable::TooManyLevels));
        let raw = fit_calibrator(CalibrationMethod::PlattRaw, &wide)
            .unwrap()
            .value()
            .unwrap();
        assert!(raw.calibrator.predict(9.0, None).unwrap() > 0.5);
    }
}
