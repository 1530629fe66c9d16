//! Text classification by words and pairs of words.

use std::collections::{BTreeMap, BTreeSet};

use accord_domain::answer::Answer;
use accord_domain::field::{Field, FieldType};

use super::regression;
use super::{LEAST_SAMPLES, TrainingError};
use crate::readers::reading::Reading;
use crate::readers::trained_model::ClassificationModel;

/// Words in the vocabulary; the most frequent are kept.
const MAXIMUM_VOCABULARY: usize = 1_500;

/// Numbers that the table of the regression may hold: documents times words.
const MAXIMUM_TABLE: usize = 12_000_000;

/// Documents in which a word must occur.
const LEAST_DOCUMENTS: usize = 2;

/// Words of one document that are looked at.
const MAXIMUM_WORDS: usize = 4_000;

/// The weight of the squared coefficients in the loss.
const REGULARISATION: f64 = 0.1;

/// Trains a classification of texts; none when too few documents have one of at least two options as gold.
pub(super) fn train(
    field: &Field,
    readings: &[Reading],
    golds: &[Option<&Answer>],
) -> Result<Option<ClassificationModel>, TrainingError> {
    let FieldType::Choice { options } = &field.field_type else {
        return Ok(None);
    };
    let canonical: Vec<String> = options
        .iter()
        .map(|option| accord_domain::normalise::normalise(field, option).canonical)
        .collect();
    let labelled: Vec<(&Reading, usize)> = readings
        .iter()
        .zip(golds)
        .filter_map(|(reading, gold)| {
            let Some(Answer::Value(value)) = gold else { return None };
            let option = canonical.iter().position(|option| *option == value.canonical)?;
            Some((reading, option))
        })
        .collect();
    let classes: BTreeSet<usize> = labelled.iter().map(|(_, option)| *option).collect();
    if labelled.len() < LEAST_SAMPLES || classes.len() < 2 {
        return Ok(None);
    }
    let documents: Vec<BTreeMap<String, usize>> = labelled.iter().map(|(reading, _)| terms(reading)).collect();
    let (vocabulary, rarities) = vocabulary(&documents);
    let rows: Vec<Vec<f64>> = documents
        .iter()
        .map(|terms| dense(&weigh(terms, &vocabulary, &rarities), vocabulary.len()))
        .collect();
    let targets: Vec<usize> = labelled.iter().map(|(_, option)| *option).collect();
    let fitted =
        regression::fit_multinomial(&rows, &targets, REGULARISATION).map_err(|reason| TrainingError::NotConverged {
            field: field.name.to_string(),
            reason,
        })?;
    Ok(Some(ClassificationModel {
        classes: fitted
            .classes
            .iter()
            .filter_map(|class| options.get(*class).cloned())
            .collect(),
        vocabulary,
        rarities,
        coefficients: fitted.coefficients,
        intercepts: fitted.intercepts,
    }))
}

/// The weights of the words of a document that are in the vocabulary, by their place in it; their squares sum to 1.
pub(crate) fn weights(reading: &Reading, vocabulary: &[String], rarities: &[f64]) -> Vec<(usize, f64)> {
    weigh(&terms(reading), vocabulary, rarities)
}

/// Words and pairs of neighbouring words with how often they occur.
fn terms(reading: &Reading) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    let order = &reading.view.reading_order;
    let segments = order.iter().filter_map(|place| reading.segment(*place));
    let words: Vec<&str> = segments
        .flat_map(|segment| &segment.tokens)
        .map(|token| token.folded.as_str())
        .take(MAXIMUM_WORDS)
        .collect();
    for (place, word) in words.iter().enumerate() {
        *counts.entry((*word).to_owned()).or_default() += 1;
        if let Some(next) = words.get(place + 1) {
            *counts.entry(format!("{word} {next}")).or_default() += 1;
        }
    }
    counts
}

/// The most frequent terms that occur in enough documents, sorted, with their rarities.
fn vocabulary(documents: &[BTreeMap<String, usize>]) -> (Vec<String>, Vec<f64>) {
    let mut frequency: BTreeMap<&str, usize> = BTreeMap::new();
    for document in documents {
        for term in document.keys() {
            *frequency.entry(term).or_default() += 1;
        }
    }
    let room = MAXIMUM_VOCABULARY.min(MAXIMUM_TABLE / documents.len().max(1)).max(1);
    let mut frequent: Vec<(&str, usize)> = frequency
        .into_iter()
        .filter(|(_, count)| *count >= LEAST_DOCUMENTS)
        .collect();
    frequent.sort_by(|left, right| right.1.cmp(&left.1).then(left.0.cmp(right.0)));
    frequent.truncate(room);
    frequent.sort_by_key(|(term, _)| *term);
    let count = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    let rarity = |with: usize| ((1.0 + count(documents.len())) / (1.0 + count(with))).ln() + 1.0;
    frequent
        .into_iter()
        .map(|(term, with)| (term.to_owned(), rarity(with)))
        .unzip()
}

fn weigh(terms: &BTreeMap<String, usize>, vocabulary: &[String], rarities: &[f64]) -> Vec<(usize, f64)> {
    let weight = |(term, count): (&String, &usize)| {
        let place = vocabulary.binary_search(term).ok()?;
        let frequency = 1.0 + f64::from(u32::try_from(*count).unwrap_or(u32::MAX)).ln();
        Some((place, frequency * rarities.get(place)?))
    };
    let mut found: Vec<(usize, f64)> = terms.iter().filter_map(weight).collect();
    let length = found.iter().map(|(_, weight)| weight * weight).sum::<f64>().sqrt();
    if length > 0.0 {
        for (_, weight) in &mut found {
            *weight /= length;
        }
    }
    found
}

fn dense(sparse: &[(usize, f64)], width: usize) -> Vec<f64> {
    let mut row = vec![0.0; width];
    for (place, weight) in sparse {
        if let Some(cell) = row.get_mut(*place) {
            *cell = *weight;
        }
    }
    row
}
