//! The export of votes: one row for each answer of each annotation.

use std::collections::HashMap;

use accord_domain::{Annotation, Annotator, AnnotatorId, Answer, FieldName, ItemId};

use super::table::{Cell, Column, Row, columns};

/// The columns of the export of votes.
pub const VOTE_COLUMNS: &[Column] = columns! {
    "item_id": Text,
    "external_id": Text,
    "annotation_id": Text,
    "annotator": Text,
    "annotator_kind": Text,
    "family": Text,
    "field": Text,
    "status": Text,
    "value": Text,
    "canonical": Text,
    "parsed": Boolean,
    "failure": Text,
    "blind": Boolean,
    "submitted_at": Text,
    "latency_milliseconds": Integer,
    "input_tokens": Integer,
    "output_tokens": Integer,
    "cost": Text,
    "cost_currency": Text,
    "model": Text,
    "prompt_hash": Text,
    "code_version": Text,
};

/// The rows of one annotation, one for each field.
#[must_use]
pub(super) fn vote_rows(
    annotation: &Annotation,
    annotators: &HashMap<AnnotatorId, Annotator>,
    external_ids: &HashMap<ItemId, String>,
) -> Vec<Row> {
    annotation
        .answers
        .iter()
        .map(|(field, answer)| vote_row(annotation, field, answer, annotators, external_ids))
        .collect()
}

fn vote_row(
    annotation: &Annotation,
    field: &FieldName,
    answer: &Answer,
    annotators: &HashMap<AnnotatorId, Annotator>,
    external_ids: &HashMap<ItemId, String>,
) -> Row {
    let annotator = annotators.get(&annotation.annotator_id);
    let provenance = &annotation.provenance;
    let (value, parsed) = match answer {
        Answer::Value(value) => (Some(value.raw.as_str()), Some(value.parsed)),
        _ => (None, None),
    };
    let failure = match answer {
        Answer::Failed { reason } => Some(reason.as_str()),
        _ => None,
    };
    vec![
        annotation.item_id.to_string().into(),
        external_ids.get(&annotation.item_id).map(String::as_str).into(),
        annotation.id.to_string().into(),
        annotator.map(|annotator| annotator.name.as_str()).into(),
        annotator.map(|annotator| annotator.kind.word()).into(),
        annotator.map(|annotator| annotator.family.as_str()).into(),
        field.as_str().into(),
        answer.status().into(),
        value.into(),
        answer.class().into(),
        parsed.into(),
        failure.into(),
        provenance.blind.into(),
        annotation.submitted_at.to_string().into(),
        provenance.latency_milliseconds.into(),
        provenance.input_tokens.into(),
        provenance.output_tokens.into(),
        provenance.cost.map(|cost| cost.to_string()).into(),
        provenance.cost_currency.as_deref().into(),
        provenance.model.as_deref().into(),
        provenance.prompt_hash.as_deref().into(),
        Cell::from(provenance.code_version.as_str()),
    ]
}
