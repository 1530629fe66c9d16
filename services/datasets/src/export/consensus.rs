//! The export of consensus: one row for each item and field, with its gold where there is some.

use std::collections::HashMap;

use accord_domain::{Answer, Confidence, Consensus, Decision, FieldName, Gold, ItemId, Outcome, ReviewReason};

use super::table::{Cell, Column, Row, columns};

/// The columns of the export of consensus.
pub const CONSENSUS_COLUMNS: &[Column] = columns! {
    "item_id": Text,
    "external_id": Text,
    "field": Text,
    "outcome": Text,
    "value": Text,
    "canonical": Text,
    "share": Number,
    "margin": Number,
    "entropy": Number,
    "vote_count": Integer,
    "effective_vote_count": Number,
    "abstention_count": Integer,
    "failure_count": Integer,
    "raw_score": Number,
    "confidence_kind": Text,
    "probability": Number,
    "calibrator_id": Text,
    "rung": Text,
    "gold_count": Integer,
    "decision": Text,
    "reason": Text,
    "threshold": Number,
    "gold_status": Text,
    "gold_value": Text,
    "gold_canonical": Text,
    "gold_source": Text,
    "gold_propensity": Number,
    "project_version": Integer,
    "weights_version": Text,
    "code_version": Text,
    "created_at": Text,
};

/// The row of one consensus.
#[must_use]
pub(super) fn consensus_row(
    consensus: &Consensus,
    external_ids: &HashMap<ItemId, String>,
    gold: &HashMap<(ItemId, FieldName), Gold>,
) -> Row {
    let mut row: Row = vec![
        consensus.item_id.to_string().into(),
        external_ids.get(&consensus.item_id).map(String::as_str).into(),
        consensus.field.as_str().into(),
    ];
    row.extend(outcome_cells(&consensus.outcome));
    row.extend([
        consensus.margin.into(),
        consensus.entropy.into(),
        consensus.vote_count.into(),
        consensus.effective_vote_count.into(),
        consensus.abstention_count.into(),
        consensus.failure_count.into(),
        consensus.raw_score.into(),
    ]);
    row.extend(confidence_cells(&consensus.confidence));
    row.extend(decision_cells(&consensus.decision));
    row.extend(gold_cells(gold.get(&(consensus.item_id, consensus.field.clone()))));
    row.extend([
        consensus.project_version.into(),
        consensus.weights_version.as_str().into(),
        consensus.code_version.as_str().into(),
        consensus.created_at.to_string().into(),
    ]);
    row
}

fn outcome_cells(outcome: &Outcome) -> [Cell; 4] {
    match outcome {
        Outcome::Winner {
            canonical,
            value,
            share,
        } => [
            "winner".into(),
            value.as_deref().into(),
            canonical.as_str().into(),
            (*share).into(),
        ],
        Outcome::Tie { share, .. } => ["tie".into(), Cell::Empty, Cell::Empty, (*share).into()],
        Outcome::Undefined { .. } => ["undefined".into(), Cell::Empty, Cell::Empty, Cell::Empty],
    }
}

fn confidence_cells(confidence: &Confidence) -> [Cell; 5] {
    match confidence {
        Confidence::Calibrated {
            probability,
            calibrator_id,
            rung,
            gold_count,
        } => [
            "calibrated".into(),
            (*probability).into(),
            calibrator_id.to_string().into(),
            rung.word().into(),
            (*gold_count).into(),
        ],
        Confidence::Uncalibrated { .. } => [
            "uncalibrated".into(),
            Cell::Empty,
            Cell::Empty,
            Cell::Empty,
            Cell::Empty,
        ],
    }
}

fn decision_cells(decision: &Decision) -> [Cell; 3] {
    match decision {
        Decision::Accepted { threshold } => ["accepted".into(), Cell::Empty, (*threshold).into()],
        Decision::NeedsReview { reason, threshold } => ["needs_review".into(), word_of(*reason), (*threshold).into()],
    }
}

/// The reason as in the API.
fn word_of(reason: ReviewReason) -> Cell {
    match serde_json::to_value(reason) {
        Ok(serde_json::Value::String(word)) => word.into(),
        _ => Cell::Empty,
    }
}

fn gold_cells(gold: Option<&Gold>) -> [Cell; 5] {
    let Some(gold) = gold else {
        return [Cell::Empty, Cell::Empty, Cell::Empty, Cell::Empty, Cell::Empty];
    };
    let value = match &gold.answer {
        Answer::Value(value) => Cell::from(value.raw.as_str()),
        _ => Cell::Empty,
    };
    [
        gold.answer.status().into(),
        value,
        gold.answer.class().into(),
        gold.source.word().into(),
        gold.propensity.into(),
    ]
}
