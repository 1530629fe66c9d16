//! Files of scores: what a calibrator is fitted on and a threshold is certified on.

use std::path::Path;

use crate::table_file::{BadRows, ColumnRequest, NameColumn, ReadError, ReadOptions, read_table};

/// Scores with what is known about them, one entry for each row in every column.
///
/// | column | what it holds |
/// | --- | --- |
/// | `score` | a finite number, higher for what is more likely right |
/// | `correct` | whether the answer was right: 1 or 0, true or false. Needed to fit and to judge, not to apply |
/// | `document` | what is resampled and held out together; each row is its own where the column is missing |
/// | `votes` | how many votes a share comes from, above 0 |
/// | `field` | the field the score belongs to |
/// | `propensity` | the probability, above 0 and at most 1, with which the row was chosen to be labelled |
/// | `id` | a name of the row, given back in outputs |
#[derive(Debug, Clone, Default)]
pub struct ScoreFile {
    /// Scores.
    pub scores: Vec<f64>,
    /// Whether each answer was right.
    pub correct: Option<Vec<bool>>,
    /// Documents.
    pub documents: Option<NameColumn>,
    /// How many votes each share comes from.
    pub votes: Option<Vec<f64>>,
    /// Fields.
    pub fields: Option<NameColumn>,
    /// Inclusion probabilities.
    pub propensities: Option<Vec<f64>>,
    /// Names of the rows.
    pub ids: Option<NameColumn>,
    /// The bad rows that were left out; empty unless that was asked for.
    pub skipped: BadRows,
}

const SCORE: &str = "score";
const CORRECT: &str = "correct";
const DOCUMENT: &str = "document";
const VOTES: &str = "votes";
const FIELD: &str = "field";
const PROPENSITY: &str = "propensity";
const ID: &str = "id";

/// Reads a file of scores, or standard input for the path `-`. `progress` is told the bytes read
/// so far, now and then.
///
/// # Errors
/// The file cannot be read, has no column `score`, or has bad rows that were not to be skipped.
pub fn read_scores(path: &Path, options: ReadOptions, progress: &mut dyn FnMut(u64)) -> Result<ScoreFile, ReadError> {
    let requests = [
        ColumnRequest::numbers(SCORE, "a finite number", |_| true),
        ColumnRequest::flags(CORRECT).optional(),
        ColumnRequest::names(DOCUMENT).optional(),
        ColumnRequest::numbers(VOTES, "a number above 0", |value| value > 0.0).optional(),
        ColumnRequest::names(FIELD).optional(),
        ColumnRequest::numbers(PROPENSITY, "a number above 0 and at most 1", |value| {
            value > 0.0 && value <= 1.0
        })
        .optional(),
        ColumnRequest::names(ID).optional(),
    ];
    let mut table = read_table(path, &requests, options, progress)?;
    Ok(ScoreFile {
        scores: table.take_numbers(SCORE).unwrap_or_default(),
        correct: table.take_flags(CORRECT),
        documents: table.take_names(DOCUMENT),
        votes: table.take_numbers(VOTES),
        fields: table.take_names(FIELD),
        propensities: table.take_numbers(PROPENSITY),
        ids: table.take_names(ID),
        skipped: table.skipped,
    })
}
