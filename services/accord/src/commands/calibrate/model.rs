//! The file of a fitted calibrator.

use std::path::Path;

use accord_statistics::calibration::{
    CalibrationMethod, CalibrationWarning, CandidateScore, FittedCalibrator, LabelledScores,
};
use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::measure::Measured;
use crate::commands::score_rows::FieldScores;

/// What tells these files from others.
const KIND: &str = "accord calibrator";
/// The form of the file; changes when a reader must know.
const FORM: u32 = 1;

/// Calibrators of all fields of a file of scores.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ModelFile {
    kind: String,
    form: u32,
    /// Version of the program that fitted it.
    version: String,
    /// The file it was fitted on.
    pub(super) file: String,
    /// Seed of folds and intervals.
    pub(super) seed: u64,
    pub(super) fields: Vec<FieldModel>,
}

/// The calibrator of one field and what is known about it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct FieldModel {
    /// The field; missing where the scores had none.
    pub(super) field: Option<String>,
    pub(super) method: CalibrationMethod,
    /// Whether the method was chosen by cross-validation.
    pub(super) chosen: bool,
    pub(super) fitted: FittedCalibrator,
    /// Labels it was fitted on.
    pub(super) items: usize,
    pub(super) errors: usize,
    pub(super) documents: usize,
    /// Labels that unequal weights are worth; as many as items without propensities.
    pub(super) effective_items: f64,
    /// Weights that were so large that they were cut.
    pub(super) trimmed_weights: usize,
    /// SHA-256 of scores, votes, labels, propensities and documents as they were read.
    pub(super) data_sha256: String,
    /// Metrics of the scores themselves, where they are probabilities.
    pub(super) before: Option<Measured>,
    /// Metrics of out-of-fold probabilities.
    pub(super) out_of_fold: Option<Measured>,
    /// All candidates of the choice.
    pub(super) candidates: Vec<CandidateScore>,
}

impl ModelFile {
    pub(super) fn new(file: &Path, seed: u64, fields: Vec<FieldModel>) -> Self {
        Self {
            kind: KIND.to_owned(),
            form: FORM,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            file: file.display().to_string(),
            seed,
            fields,
        }
    }

    /// Reads a model.
    pub(super) fn read(file: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
        let not_a_model = || format!("{} is no model that `accord calibrate fit` wrote", file.display());
        let model: Self = serde_json::from_str(&text).with_context(not_a_model)?;
        if model.kind != KIND {
            bail!("{}: its kind is `{}`", not_a_model(), model.kind);
        }
        if model.form != FORM {
            bail!(
                "{} has form {}; this program reads form {FORM}: fit it again",
                file.display(),
                model.form
            );
        }
        Ok(model)
    }

    /// Writes the model.
    pub(super) fn write(&self, file: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        std::fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))
    }

    /// The model of a field. A model without fields serves every field.
    pub(super) fn of_field(&self, field: Option<&str>) -> Option<&FieldModel> {
        let own = self.fields.iter().find(|model| model.field.as_deref() == field);
        own.or_else(|| self.fields.iter().find(|model| model.field.is_none()))
    }
}

impl FieldModel {
    /// What speaks against accepting on this calibrator, in words.
    pub(super) fn warnings(&self) -> Vec<&'static str> {
        self.fitted
            .warnings
            .iter()
            .map(|warning| warning_text(*warning))
            .collect()
    }
}

fn warning_text(warning: CalibrationWarning) -> &'static str {
    match warning {
        CalibrationWarning::NotConverged => "the fit did not converge",
        CalibrationWarning::Inverted => "higher scores are less often right: nothing may be accepted on it",
        CalibrationWarning::NotIdentifiable => "the probability is a constant, or the labels do not determine it",
        CalibrationWarning::TooFewLabels => "fewer labels than the method needs",
    }
}

/// Fills what can be said about the data.
pub(super) fn describe(
    rows: &FieldScores,
    data: &LabelledScores,
    method: CalibrationMethod,
    fitted: FittedCalibrator,
) -> FieldModel {
    FieldModel {
        field: rows.field.clone(),
        method,
        chosen: false,
        fitted,
        items: data.items(),
        errors: data.errors(),
        documents: documents(rows),
        effective_items: data.weights().total(),
        trimmed_weights: data.weights().trimmed(),
        data_sha256: hash(rows),
        before: None,
        out_of_fold: None,
        candidates: Vec::new(),
    }
}

fn documents(rows: &FieldScores) -> usize {
    if !rows.has_documents {
        return rows.documents.len();
    }
    let mut ids = rows.documents.clone();
    ids.sort_unstable();
    ids.dedup();
    ids.len()
}

/// SHA-256 of the columns as they were read.
pub(super) fn hash(rows: &FieldScores) -> String {
    let mut digest = Sha256::new();
    let mut add = |name: &str, bytes: &mut dyn Iterator<Item = [u8; 8]>| {
        digest.update(name);
        let mut buffer = Vec::with_capacity(1 << 16);
        for value in bytes {
            buffer.extend_from_slice(&value);
            if buffer.len() >= 1 << 16 {
                digest.update(&buffer);
                buffer.clear();
            }
        }
        digest.update(&buffer);
    };
    add("scores", &mut rows.scores.iter().map(|score| score.to_le_bytes()));
    if let Some(votes) = &rows.votes {
        add("votes", &mut votes.iter().map(|votes| votes.to_le_bytes()));
    }
    if let Some(correct) = &rows.correct {
        add(
            "correct",
            &mut correct.iter().map(|flag| u64::from(*flag).to_le_bytes()),
        );
    }
    if let Some(propensities) = &rows.propensities {
        add("propensities", &mut propensities.iter().map(|pi| pi.to_le_bytes()));
    }
    if rows.has_documents {
        add(
            "documents",
            &mut rows.documents.iter().map(|id| u64::from(*id).to_le_bytes()),
        );
    }
    hex::encode(digest.finalize())
}
