//! Training: logistic regressions on the gold of a project.

pub(crate) mod bag_of_words;
mod regression;

use std::collections::{BTreeMap, BTreeSet};

use accord_documents::Document;
use accord_domain::answer::{Answer, Answers};
use accord_domain::compare::{GoldMatch, match_gold};
use accord_domain::field::{Field, FieldType};
use sha2::{Digest, Sha256};

use super::features::{self, Candidate};
use super::reading::Reading;
use super::roles::{Role, is_receipt, role_of};
use super::trained_model::{FORMAT_VERSION, FieldModel, RankingModel, TrainedModel};

/// Documents with gold that a field needs to be learned.
pub const LEAST_SAMPLES: usize = 8;

/// The most documents that are trained on.
pub const MOST_SAMPLES: usize = 20_000;

/// The weight of the squared coefficients in the loss; keeps weights of rare features small.
const REGULARISATION: f64 = 1.0;

/// Training that is not possible.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrainingError {
    /// No field has enough gold.
    #[error(
        "no field has gold in at least {LEAST_SAMPLES} documents that the reader can learn from ({samples} documents were given): add gold, or check that the field names are those of a template"
    )]
    TooLittleGold {
        /// The documents given.
        samples: usize,
    },
    /// More documents than can be held at once.
    #[error("{found} documents are more than the {MOST_SAMPLES} that can be trained on at once: draw a sample of them")]
    TooManySamples {
        /// The documents given.
        found: usize,
    },
    /// The regression found no finite solution.
    #[error("field `{field}`: the regression did not converge: {reason}")]
    NotConverged {
        /// The field.
        field: String,
        /// What the solver said.
        reason: String,
    },
}

/// Trains a model on documents with gold. Deterministic: equal samples in equal order give an equal model. A field is learned when it has a
/// role that the readers know, or is a choice, and enough documents have a gold value for it.
///
/// # Errors
/// When no field has enough gold, when there are too many documents, or when a regression finds no finite solution.
pub fn train(samples: &[(Document, Answers)], fields: &[Field]) -> Result<TrainedModel, TrainingError> {
    if samples.len() > MOST_SAMPLES {
        return Err(TrainingError::TooManySamples { found: samples.len() });
    }
    let readings: Vec<Reading> = samples.iter().map(|(document, _)| Reading::new(document)).collect();
    let receipt = is_receipt(fields);
    let mut learned = BTreeMap::new();
    for field in fields {
        let golds: Vec<Option<&Answer>> = samples.iter().map(|(_, gold)| gold.get(&field.name)).collect();
        let model = match (&field.field_type, role_of(field)) {
            (FieldType::Choice { .. }, _) => {
                bag_of_words::train(field, &readings, &golds)?.map(FieldModel::Classification)
            }
            (_, Some(role)) => train_ranking(field, role, receipt, &readings, &golds)?.map(FieldModel::Ranking),
            _ => None,
        };
        learned.extend(model.map(|model| (field.name.clone(), model)));
    }
    if learned.is_empty() {
        return Err(TrainingError::TooLittleGold { samples: samples.len() });
    }
    Ok(TrainedModel {
        format_version: FORMAT_VERSION,
        data_hash: data_hash(samples, fields),
        sample_count: samples.len(),
        fields: learned,
    })
}

/// What a ranking learns from.
#[derive(Default)]
struct Examples {
    names: Vec<String>,
    rows: Vec<Vec<f64>>,
    right: Vec<bool>,
    documents: usize,
    absences: usize,
}

impl Examples {
    fn add(&mut self, candidate: &Candidate, right: bool) {
        if self.names.is_empty() {
            self.names = candidate.features.iter().map(|(name, _)| (*name).to_owned()).collect();
        }
        self.rows
            .push(candidate.features.iter().map(|(_, value)| *value).collect());
        self.right.push(right);
    }
}

/// One example for each candidate of each document with gold: its features, and whether it is right. Where gold says that the field is absent
/// every candidate is wrong.
fn examples(field: &Field, role: Role, receipt: bool, readings: &[Reading], golds: &[Option<&Answer>]) -> Examples {
    let mut examples = Examples::default();
    for (reading, gold) in readings.iter().zip(golds) {
        match gold {
            Some(gold @ Answer::Value(_)) => {
                let judged = judge(field, reading, features::candidates(reading, receipt, role), gold);
                if judged.iter().any(|(_, right)| *right) {
                    examples.documents += 1;
                    judged
                        .iter()
                        .for_each(|(candidate, right)| examples.add(candidate, *right));
                }
            }
            Some(Answer::Absent) => {
                examples.absences += 1;
                features::candidates(reading, receipt, role)
                    .iter()
                    .for_each(|candidate| examples.add(candidate, false));
            }
            _ => {}
        }
    }
    examples
}

/// The candidates that can be compared with gold, and whether they are right.
fn judge(field: &Field, reading: &Reading, candidates: Vec<Candidate>, gold: &Answer) -> Vec<(Candidate, bool)> {
    let matched: Vec<(Candidate, GoldMatch)> = candidates
        .into_iter()
        .filter_map(|candidate| {
            let answer = features::answer(field, reading, &candidate.proposal)?;
            let matched = match_gold(field, &answer, gold)?;
            Some((candidate, matched))
        })
        .collect();
    // Of several texts that are alike enough only the best teaches what a good one looks like.
    let best = matched.iter().map(|(_, matched)| matched.score).fold(0.0, f64::max);
    let is_right = |matched: &GoldMatch| matched.correct && matched.score >= best;
    matched
        .into_iter()
        .map(|(candidate, matched)| (candidate, is_right(&matched)))
        .collect()
}

fn train_ranking(
    field: &Field,
    role: Role,
    receipt: bool,
    readings: &[Reading],
    golds: &[Option<&Answer>],
) -> Result<Option<RankingModel>, TrainingError> {
    let examples = examples(field, role, receipt, readings, golds);
    if examples.documents < LEAST_SAMPLES {
        return Ok(None);
    }
    let fitted = regression::fit_binary(&examples.rows, &examples.right, REGULARISATION).map_err(|reason| {
        TrainingError::NotConverged {
            field: field.name.to_string(),
            reason,
        }
    })?;
    Ok(Some(RankingModel {
        features: examples.names,
        means: fitted.means,
        scales: fitted.scales,
        coefficients: fitted.coefficients,
        intercept: fitted.intercept,
        absence_count: examples.absences,
    }))
}

/// SHA-256 over the fields, the texts and the gold, each part with its length.
fn data_hash(samples: &[(Document, Answers)], fields: &[Field]) -> String {
    let mut hasher = Sha256::new();
    let mut add = |part: &[u8]| {
        hasher.update(part.len().to_le_bytes());
        hasher.update(part);
    };
    for field in fields {
        add(field.name.as_str().as_bytes());
    }
    let known: BTreeSet<_> = fields.iter().map(|field| &field.name).collect();
    for (document, gold) in samples {
        add(&serde_json::to_vec(document).unwrap_or_default());
        for (name, answer) in gold.iter().filter(|(name, _)| known.contains(name)) {
            add(name.as_str().as_bytes());
            add(answer.class().unwrap_or_default().as_bytes());
        }
    }
    hex::encode(hasher.finalize())
}
