//! An extraction as it is shown.

use std::collections::BTreeMap;

use accord_domain::{
    Answer, Confidence, Consensus, Decision, Field, FieldName, Gold, Item, ItemId, ItemState, NormalisedValue, Outcome,
    Project, ProjectId, Timestamp, answer_to_json, normalise,
};
use accord_store::Transaction;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::api::consensus::{Ballots, FieldVote, reason};
use crate::problem::Problem;

/// An extraction.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Extraction {
    /// Its identifier, which is also the item's.
    id: ItemId,
    /// The project whose fields were asked for.
    project_id: ProjectId,
    /// The project's name.
    project: String,
    /// Where it stands: `pending` while annotators vote; `accepted` when every field is; `needs_review` when a person must
    /// look; `resolved` when one has.
    state: ItemState,
    /// When it was sent.
    created_at: Timestamp,
    /// What was sent with it.
    #[schema(value_type = Object)]
    metadata: serde_json::Map<String, Value>,
    /// The fields by name; empty while it is pending.
    fields: BTreeMap<FieldName, ExtractedField>,
}

/// A field of an extraction.
#[derive(Debug, Serialize, ToSchema)]
struct ExtractedField {
    /// The value: a number, truth value or list for fields of such a type, else the text of the document; `null` when the
    /// field is absent or the votes have no winner. A person's resolution, where there is one, else the winner of the votes.
    value: Value,
    /// The value in its normal form, such as `2026-11-23` for a date.
    normalised: Option<String>,
    /// Whether a person gave the value.
    resolved: bool,
    /// How sure it is, and what that number is: a calibrated probability, or only a share of votes.
    confidence: Confidence,
    /// What follows from it.
    decision: Decision,
    /// Why, for people.
    reason: String,
    /// The winner's share of the weighted votes.
    share: Option<f64>,
    /// How many voted.
    vote_count: u32,
    /// How many votes they are worth, given that some share their errors.
    effective_vote_count: f64,
    /// What each annotator said.
    votes: Vec<FieldVote>,
}

impl Extraction {
    /// Puts an extraction together.
    pub(super) async fn load(
        transaction: &mut dyn Transaction,
        project: &Project,
        item: Item,
    ) -> Result<Self, Problem> {
        let fields = match item.state {
            ItemState::Pending => BTreeMap::new(),
            _ => extracted_fields(transaction, project, &item).await?,
        };
        Ok(Self {
            id: item.id,
            project_id: project.id,
            project: project.definition.name.clone(),
            state: item.state,
            created_at: item.created_at,
            metadata: item.metadata,
            fields,
        })
    }
}

async fn extracted_fields(
    transaction: &mut dyn Transaction,
    project: &Project,
    item: &Item,
) -> Result<BTreeMap<FieldName, ExtractedField>, Problem> {
    let rows = transaction.consensus_of_items(&[item.id]).await?;
    let gold = transaction.gold_of_items(&[item.id]).await?;
    let ballots = Ballots::load(transaction, item).await?;
    let show = |consensus: Consensus| {
        let field = project.definition.field(&consensus.field)?;
        let resolution = gold.iter().find(|gold| gold.field == consensus.field);
        let votes = ballots.votes(&consensus.field);
        Some((consensus.field.clone(), show_field(field, consensus, resolution, votes)))
    };
    Ok(rows.into_iter().filter_map(show).collect())
}

fn show_field(field: &Field, consensus: Consensus, resolution: Option<&Gold>, votes: Vec<FieldVote>) -> ExtractedField {
    let share = match &consensus.outcome {
        Outcome::Winner { share, .. } | Outcome::Tie { share, .. } => Some(*share),
        Outcome::Undefined { .. } => None,
    };
    let answer = resolution.map_or_else(|| winner(field, &consensus.outcome), |gold| gold.answer.clone());
    ExtractedField {
        value: answer_to_json(field, &answer),
        normalised: match &answer {
            Answer::Value(value) => Some(value.canonical.clone()),
            Answer::Absent | Answer::Abstained | Answer::Failed { .. } => None,
        },
        resolved: resolution.is_some(),
        reason: reason(&consensus.decision),
        confidence: consensus.confidence,
        decision: consensus.decision,
        share,
        vote_count: consensus.vote_count,
        effective_vote_count: consensus.effective_vote_count,
        votes,
    }
}

/// The winner as an answer; abstention stands for no winner.
fn winner(field: &Field, outcome: &Outcome) -> Answer {
    match outcome {
        Outcome::Winner {
            canonical,
            value: Some(value),
            ..
        } => Answer::Value(NormalisedValue {
            canonical: canonical.clone(),
            ..normalise(field, value)
        }),
        Outcome::Winner { value: None, .. } => Answer::Absent,
        Outcome::Tie { .. } | Outcome::Undefined { .. } => Answer::Abstained,
    }
}
