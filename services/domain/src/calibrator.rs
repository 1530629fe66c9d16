//! Calibrators: immutable fitted maps from raw score to probability, with the voter weights fitted beside them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::consensus::Rung;
use crate::field::FieldName;
use crate::identifiers::{AnnotatorId, CalibratorId, ProjectId};
use crate::method::{AnnotatorPanel, FitWarning, FittedPipeline, MethodSelection};
use crate::policy::Weighting;
use crate::stopping::{Stopping, StoppingFit, all_votes_version};
use crate::time::Timestamp;

/// How many parts the gold is split into, by document, so that no item is scored by what was fitted on its own label.
pub const FOLD_COUNT: u32 = 5;

/// Of a hundred documents, how many are set apart for certifying thresholds where a field has gold enough. The larger the
/// part, the sooner a promise can be certified by itself, and the less is left to learn from; with three in ten, a
/// promise of 5 % errors opens at some 414 labels and leaves some 290 for fitting.
pub const CERTIFICATION_PERCENT: u32 = 30;

/// Everything learned for one field at one moment. Never changed: a refit makes a new one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Calibrator {
    /// Its identifier.
    pub id: CalibratorId,
    /// The project.
    pub project_id: ProjectId,
    /// The field it serves.
    pub field: FieldName,
    /// Where its curve comes from.
    pub rung: Rung,
    /// How the policy wanted votes to be weighted.
    pub weighting: Weighting,
    /// How weights, counting and curve were found: given by the policy, or chosen among all that was tried.
    #[serde(default)]
    pub selection: MethodSelection,
    /// Fitted on all gold: scores items that have no gold.
    pub production: FittedFold,
    /// Fitted without one fold each, [`FOLD_COUNT`] of them: scores items of that fold that have gold. None where the
    /// other folds hold too little gold.
    pub folds: Vec<Option<FittedFold>>,
    /// Gold labels that the curve was fitted on.
    pub gold_count: u32,
    /// Of them, how many the consensus got wrong.
    pub error_count: u32,
    /// Distinct out-of-fold scores of this field with counts, for the reliability diagram.
    pub levels: Vec<ScoreLevel>,
    /// Scores of the same items on the scale that all fields share, for pooling; empty where that is the scale of `levels`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pool_levels: Vec<ScoreLevel>,
    /// Out-of-fold figures; none without gold of the field itself.
    pub report: Option<CalibrationReport>,
    /// The same figures for the share of an even vote taken as if it were a probability: what there was before.
    #[serde(default)]
    pub before: Option<CalibrationReport>,
    /// Gold that took no part in the fit, to certify thresholds on; none where there is too little to set any apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certification: Option<CertificationSet>,
    /// What gold says of the annotators; none without gold of the field itself.
    #[serde(default)]
    pub panel: Option<AnnotatorPanel>,
    /// What a person should know before trusting it.
    #[serde(default)]
    pub warnings: Vec<FitWarning>,
    /// The version of the stopping rule under which its votes were cast: it serves no others.
    #[serde(default = "all_votes_version")]
    pub stopping_version: String,
    /// What gold says of the stopping rule; none where everybody is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopping: Option<StoppingFit>,
    /// Hash of the gold and votes it was fitted on.
    pub data_hash: String,
    /// Version of the code that fitted it.
    pub code_version: String,
    /// When it was fitted.
    pub created_at: Timestamp,
}

/// Voter weights and curve fitted on one selection of the gold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FittedFold {
    /// Weight of each annotator that had gold; others weigh `default_weight`.
    pub weights: BTreeMap<AnnotatorId, f64>,
    /// Weight of annotators without gold.
    pub default_weight: f64,
    /// Log-odds per unit of score: probability = 1 / (1 + exp(-(slope * score + intercept))).
    pub slope: f64,
    /// Log-odds at score 0.
    pub intercept: f64,
    /// Whether more agreement meant more errors, which blocks acceptance.
    pub inverted: bool,
    /// The chosen method, which then takes the place of weights and curve; none where these are the method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<FittedPipeline>,
}

impl Calibrator {
    /// Scores on the scale that all fields share, for pooling with other fields and projects.
    #[must_use]
    pub fn shared_levels(&self) -> &[ScoreLevel] {
        if self.pool_levels.is_empty() {
            &self.levels
        } else {
            &self.pool_levels
        }
    }

    /// Whether it was fitted on votes that were cast under this way of stopping: it serves no others.
    #[must_use]
    pub fn serves(&self, stopping: &Stopping) -> bool {
        self.stopping_version == stopping.version()
    }

    /// The method in words, such as `log-odds weights, Platt`.
    #[must_use]
    pub fn method(&self) -> String {
        self.selection.phrase(self.weighting)
    }
}

/// Gold of a field that took no part in any fitting, scored by what is in production: [`CERTIFICATION_PERCENT`] of its
/// documents, drawn by a hash of their content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CertificationSet {
    /// Distinct scores with the probability that production gives them, and their outcomes.
    pub levels: Vec<ScoreLevel>,
    /// Items of the set on which no value won.
    pub unanswered_count: u32,
}

impl CertificationSet {
    /// Items of the set on which a value won.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.levels.iter().map(|level| level.count).sum()
    }
}

/// One distinct score with its outcome on gold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScoreLevel {
    /// The raw score.
    pub score: f64,
    /// The out-of-fold probability given for it, averaged.
    pub probability: f64,
    /// How many items.
    pub count: u32,
    /// How many of them were right.
    pub correct_count: u32,
}

/// Figures of a calibrator on items it had not seen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CalibrationReport {
    /// Items with gold and a winning value.
    pub count: u32,
    /// Items with gold on which no value won.
    pub unanswered_count: u32,
    /// Share of right values among the `count` items.
    pub accuracy: f64,
    /// Mean probability.
    pub mean_confidence: f64,
    /// Mean squared error of the probability.
    pub brier: f64,
    /// Mean negative log-likelihood.
    pub log_loss: f64,
    /// Expected calibration error.
    pub calibration_error: f64,
    /// The calibration error that a perfect calibrator would show, 5 % and 95 % quantiles.
    pub null_band: [f64; 2],
    /// Area under the receiver operating characteristic; none with one class.
    pub auroc: Option<f64>,
}
