//! A model trained on the gold of a project: it ranks the candidates of known fields and classifies texts for choice fields.

use std::collections::BTreeMap;

use accord_domain::answer::{Answer, Answers};
use accord_domain::field::{Field, FieldName};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::features::{self, Candidate};
use super::reading::Reading;
use super::roles::{Role, is_receipt, role_of};
use super::{Reader, ReaderError, ReaderInput, answers};
use crate::readers::training::bag_of_words;

/// The name of the reader.
pub(super) const NAME: &str = "trained_model";

/// The version of features and file format; a model of another version cannot be read.
pub const FORMAT_VERSION: u32 = 1;

/// The version of the reader without a model.
const UNTRAINED: &str = "1+untrained";

/// What was learned from gold. Serialises as JSON; equal training data give equal bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainedModel {
    /// The version of features and file format.
    pub format_version: u32,
    /// SHA-256 of documents and gold that it was trained on, in hexadecimal.
    pub data_hash: String,
    /// How many documents it was trained on.
    pub sample_count: usize,
    /// What was learned, by field. Fields without enough gold are missing.
    pub fields: BTreeMap<FieldName, FieldModel>,
}

/// What was learned for one field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FieldModel {
    /// Ranks the candidates that the document offers.
    Ranking(RankingModel),
    /// Chooses one of the options by the words of the document.
    Classification(ClassificationModel),
}

/// A binary logistic regression over candidates: how probably is one the value?
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RankingModel {
    /// Names of the features in order.
    pub features: Vec<String>,
    /// Mean of each feature over the training candidates.
    pub means: Vec<f64>,
    /// Standard deviation of each feature; 1 for features that never vary.
    pub scales: Vec<f64>,
    /// Weight of each standardised feature.
    pub coefficients: Vec<f64>,
    /// The constant term.
    pub intercept: f64,
    /// In how many training documents the field was absent.
    pub absence_count: usize,
}

/// A multinomial logistic regression over the words of a text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassificationModel {
    /// The options in the order of the coefficients.
    pub classes: Vec<String>,
    /// The words and pairs of words that count, sorted.
    pub vocabulary: Vec<String>,
    /// The weight of each word by its rarity, ln((1 + documents) / (1 + documents with the word)) + 1.
    pub rarities: Vec<f64>,
    /// For each class the weight of each word.
    pub coefficients: Vec<Vec<f64>>,
    /// For each class the constant term.
    pub intercepts: Vec<f64>,
}

/// The least probability at which the best candidate is given as the answer.
const LEAST_PROBABILITY: f64 = 0.2;

/// The probability of the best candidate below which the field is said to be absent, by a model that has seen absences.
const PROBABILITY_OF_ABSENCE: f64 = 0.03;

/// Absences that a model must have seen to recognise one.
const LEAST_ABSENCES: usize = 8;

/// The least lead in probability over the best candidate with another value.
const LEAST_LEAD: f64 = 0.01;

impl RankingModel {
    /// The probability that the candidate is the value; none when its features are not those of the model.
    #[must_use]
    pub(crate) fn probability(&self, candidate: &Candidate) -> Option<f64> {
        let same = candidate.features.len() == self.features.len()
            && candidate
                .features
                .iter()
                .zip(&self.features)
                .all(|((name, _), own)| name == own);
        if !same {
            return None;
        }
        let mut score = self.intercept;
        for (place, (_, value)) in candidate.features.iter().enumerate() {
            let (mean, scale) = (self.means.get(place)?, self.scales.get(place)?);
            score += self.coefficients.get(place)? * (value - mean) / scale;
        }
        Some(1.0 / (1.0 + (-score).exp()))
    }
}

/// The reader that applies a trained model; without one it abstains.
#[derive(Debug, Clone)]
pub(super) struct TrainedReader {
    model: Option<TrainedModel>,
    version: String,
}

impl TrainedReader {
    /// Takes a model of the version that this program reads.
    pub(super) fn new(model: Option<TrainedModel>) -> Result<Self, ReaderError> {
        if let Some(found) = model
            .as_ref()
            .map(|model| model.format_version)
            .filter(|found| *found != FORMAT_VERSION)
        {
            return Err(ReaderError::ModelVersion {
                found,
                expected: FORMAT_VERSION,
            });
        }
        let version = model.as_ref().map_or_else(|| UNTRAINED.to_owned(), version_of);
        Ok(Self { model, version })
    }
}

fn version_of(model: &TrainedModel) -> String {
    let json = serde_json::to_vec(model).unwrap_or_default();
    let digest = hex::encode(Sha256::digest(&json));
    format!("{FORMAT_VERSION}+{}", digest.get(..12).unwrap_or_default())
}

impl Reader for TrainedReader {
    fn name(&self) -> &str {
        NAME
    }

    fn version(&self) -> &str {
        &self.version
    }

    fn read(&self, input: &ReaderInput<'_>) -> Answers {
        let abstained = || {
            input
                .fields
                .iter()
                .map(|field| (field.name.clone(), Answer::Abstained))
                .collect()
        };
        let Some(model) = &self.model else {
            return abstained();
        };
        let reading = Reading::new(input.document);
        let receipt = is_receipt(input.fields);
        let mut candidates: BTreeMap<Role, Vec<Candidate>> = BTreeMap::new();
        let answer = |field: &Field| match model.fields.get(&field.name)? {
            FieldModel::Classification(model) => classify(model, field, &reading),
            FieldModel::Ranking(model) => {
                let role = role_of(field)?;
                let candidates = candidates
                    .entry(role)
                    .or_insert_with(|| features::candidates(&reading, receipt, role));
                rank(model, field, &reading, candidates)
            }
        };
        let mut answer = answer;
        input
            .fields
            .iter()
            .map(|field| (field.name.clone(), answer(field).unwrap_or(Answer::Abstained)))
            .collect()
    }
}

/// The value of the most probable candidate, when it is probable enough and ahead of every other value.
fn rank(model: &RankingModel, field: &Field, reading: &Reading, candidates: &[Candidate]) -> Option<Answer> {
    let mut rated: Vec<(f64, &Candidate)> = candidates
        .iter()
        .filter_map(|candidate| Some((model.probability(candidate)?, candidate)))
        .collect();
    rated.sort_by(|left, right| right.0.total_cmp(&left.0));
    let probability = rated.first().map_or(0.0, |(probability, _)| *probability);
    if probability < PROBABILITY_OF_ABSENCE && model.absence_count >= LEAST_ABSENCES {
        return Some(Answer::Absent);
    }
    let (_, best) = rated.first()?;
    if probability < LEAST_PROBABILITY {
        return None;
    }
    let answer = features::answer(field, reading, &best.proposal)?;
    let rival = rated
        .iter()
        .skip(1)
        .take_while(|(other, _)| probability - other < LEAST_LEAD)
        .any(|(_, other)| {
            features::answer(field, reading, &other.proposal)
                .is_some_and(|other| features::are_rivals(field, &other, &answer))
        });
    (!rival).then_some(answer)
}

fn classify(model: &ClassificationModel, field: &Field, reading: &Reading) -> Option<Answer> {
    let words = bag_of_words::weights(reading, &model.vocabulary, &model.rarities);
    if words.is_empty() {
        return None;
    }
    let score = |place: usize| -> Option<f64> {
        let coefficients = model.coefficients.get(place)?;
        let parts = words
            .iter()
            .map(|(word, weight)| Some(coefficients.get(*word)? * weight));
        Some(model.intercepts.get(place)? + parts.sum::<Option<f64>>()?)
    };
    let scores: Vec<f64> = (0..model.classes.len()).map(score).collect::<Option<_>>()?;
    let best = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut winners = scores.iter().zip(&model.classes).filter(|(score, _)| **score >= best);
    let (_, class) = winners.next()?;
    winners.next().is_none().then(|| answers::text(field, class))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> TrainedModel {
        TrainedModel {
            format_version: FORMAT_VERSION,
            data_hash: "00".to_owned(),
            sample_count: 1,
            fields: BTreeMap::new(),
        }
    }

    #[test]
    fn a_model_of_another_format_is_refused() {
        let other = TrainedModel {
            format_version: 99,
            ..model()
        };
        let error = TrainedReader::new(Some(other)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the trained model has format version 99, this program reads version 1: train it again"
        );
    }

    #[test]
    fn the_version_names_the_model() {
        let one = TrainedReader::new(Some(model())).unwrap();
        let other = TrainedReader::new(Some(TrainedModel {
            sample_count: 2,
            ..model()
        }))
        .unwrap();
        assert_ne!(one.version(), other.version());
        assert_eq!(TrainedReader::new(None).unwrap().version(), UNTRAINED);
        let text = serde_json::to_string(&model()).unwrap();
        assert_eq!(serde_json::from_str::<TrainedModel>(&text).unwrap(), model());
    }
}
