//! What the commands on files of scores have in common: reading them, and their rows by field.

use std::path::Path;

use accord_datasets::score_file::{ScoreFile, read_scores};
use accord_statistics::calibration::{LabelledScores, SampleWeights};
use anyhow::{Context, bail};

use super::vote_files::{read_with_bar, tell_skipped};
use crate::arguments::InputArguments;

/// Reads scores.
pub(crate) fn scores_of(file: &Path, input: &InputArguments) -> anyhow::Result<ScoreFile> {
    let scores = read_with_bar(file, |progress| read_scores(file, input.options(), progress))?;
    tell_skipped(file, &scores.skipped);
    if scores.scores.is_empty() {
        bail!("{}: no rows", file.display());
    }
    Ok(scores)
}

/// The rows of one field, column by column.
#[derive(Debug)]
pub(crate) struct FieldScores {
    /// The field; `None` where the file has no such column.
    pub(crate) field: Option<String>,
    pub(crate) scores: Vec<f64>,
    pub(crate) votes: Option<Vec<f64>>,
    pub(crate) correct: Option<Vec<bool>>,
    pub(crate) propensities: Option<Vec<f64>>,
    /// Number of each row's document; each row is its own where the file has no such column.
    pub(crate) documents: Vec<u32>,
    /// Whether the file names documents.
    pub(crate) has_documents: bool,
    /// Positions of the rows among all rows read.
    pub(crate) rows: Vec<u32>,
}

impl FieldScores {
    /// What the field is called in tables.
    pub(crate) fn name(&self) -> &str {
        self.field.as_deref().unwrap_or("score")
    }

    /// The labels, which must be there.
    pub(crate) fn labels(&self) -> anyhow::Result<&[bool]> {
        self.correct
            .as_deref()
            .context("the file has no column `correct`; say in it for each row whether the answer was right: 1 or 0")
    }

    /// What a calibrator learns from.
    pub(crate) fn labelled(&self) -> anyhow::Result<LabelledScores> {
        let weights = match &self.propensities {
            Some(propensities) => SampleWeights::from_propensities(propensities)?,
            None => SampleWeights::even(self.scores.len()),
        };
        let correct = self.labels()?.to_vec();
        Ok(LabelledScores::new(
            self.scores.clone(),
            self.votes.clone(),
            correct,
            weights,
        )?)
    }
}

/// The rows of every field, in the order in which fields first came.
pub(crate) fn by_field(file: ScoreFile) -> Vec<FieldScores> {
    let rows = u32::try_from(file.scores.len()).unwrap_or(u32::MAX);
    let has_documents = file.documents.is_some();
    let documents = file
        .documents
        .map_or_else(|| (0..rows).collect(), |documents| documents.ids);
    let everything = FieldScores {
        field: None,
        scores: file.scores,
        votes: file.votes,
        correct: file.correct,
        propensities: file.propensities,
        documents,
        has_documents,
        rows: (0..rows).collect(),
    };
    let Some(fields) = file.fields else {
        return vec![everything];
    };
    let mut positions: Vec<Vec<usize>> = vec![Vec::new(); fields.names.len()];
    for (row, field) in fields.ids.iter().enumerate() {
        if let Some(positions) = positions.get_mut(*field as usize) {
            positions.push(row);
        }
    }
    let named = positions.into_iter().enumerate();
    let named = named.filter(|(_, rows)| !rows.is_empty());
    named
        .map(|(field, rows)| everything.select(fields.names.text(field as u32).into_owned(), &rows))
        .collect()
}

impl FieldScores {
    fn select(&self, field: String, rows: &[usize]) -> Self {
        fn pick<T: Copy>(values: &[T], rows: &[usize]) -> Vec<T> {
            rows.iter().filter_map(|row| values.get(*row).copied()).collect()
        }
        Self {
            field: Some(field),
            scores: pick(&self.scores, rows),
            votes: self.votes.as_ref().map(|votes| pick(votes, rows)),
            correct: self.correct.as_ref().map(|correct| pick(correct, rows)),
            propensities: self.propensities.as_ref().map(|values| pick(values, rows)),
            documents: pick(&self.documents, rows),
            has_documents: self.has_documents,
            rows: pick(&self.rows, rows),
        }
    }
}
