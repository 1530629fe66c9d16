//! The page of an item: its document beside its fields, every vote, and how it came to where it stands.

use accord_domain::{
    Consensus, Decision, Field, Gold, GoldSource, Item, ItemId, ItemState, Outcome, Project, ReviewReason, Role,
    Stopped, clusters_by_similarity,
};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

use crate::access::{ProtectedForm, Reviewer};
use crate::pages::document::{ShownDocument, SoughtValue, show_document};
use crate::pages::numbers::{Moment, figure, probability};
use crate::pages::projects::title;
use crate::pages::render::{Frame, page};
use crate::pages::shown::{ShownConfidence, ShownDecision, ShownState, ShownValue, type_word};
use crate::pages::visit::Visit;
use crate::pages::votes::{AnnotationLine, Ballots, ClassLine, VoteLine};
use crate::people::reserve_review;
use crate::problem::{Problem, ProblemKind};
use crate::state::AppState;

/// The most rows of the history.
const MAXIMUM_HISTORY_ROWS: usize = 300;

#[derive(Debug, Serialize)]
struct ItemShown {
    project: String,
    title: String,
    id: String,
    external_id: String,
    state: ShownState,
    answer: String,
    may_review: bool,
    metadata: Vec<(String, String)>,
    content_hash: String,
    imported: Moment,
    document: ShownDocument,
    fields: Vec<FieldResult>,
    submissions: Vec<AnnotationLine>,
    history: Vec<HistoryLine>,
    history_left_out: usize,
}

/// What is known about one field.
#[derive(Debug, Serialize)]
struct FieldResult {
    name: String,
    title: String,
    type_word: &'static str,
    /// Whether votes cluster by similarity and there is more than one value.
    has_clusters: bool,
    /// Whether some cluster holds different values.
    has_differences: bool,
    result: Option<Scored>,
    votes: Vec<VoteLine>,
    classes: Vec<ClassLine>,
    gold: Option<GoldShown>,
    open: bool,
}

/// What the votes on a field come to.
#[derive(Debug, Serialize)]
struct Scored {
    value: ShownValue,
    tied: bool,
    confidence: ShownConfidence,
    decision: ShownDecision,
    votes: u32,
    effective_votes: String,
    /// How many language models were asked, and why no more; none where everybody is.
    stopped: Option<String>,
    abstentions: u32,
    failures: u32,
}

#[derive(Debug, Serialize)]
struct GoldShown {
    value: ShownValue,
    source: &'static str,
    given: Moment,
}

/// One computation of one field.
#[derive(Debug, Serialize)]
struct HistoryLine {
    at: Moment,
    field: String,
    value: ShownValue,
    confidence: ShownConfidence,
    decision: ShownDecision,
    votes: u32,
    project_version: i64,
    weights_version: String,
    calibrator: Option<String>,
    code_version: String,
}

/// Shows an item with everything that is known about it.
pub(super) async fn show(
    State(state): State<AppState>,
    visit: Visit<Reviewer>,
    Path((_, item)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let project = &visit.project;
    let mut transaction = state.store.read().await?;
    let item = find_item(transaction.as_mut(), project, &item).await?;
    let ballots = Ballots::read(transaction.as_mut(), &item).await?;
    let gold = transaction.gold_of_items(&[item.id]).await?;
    let history = transaction.consensus_history(item.id).await?;
    drop(transaction);
    let ballots = ballots.with_clusters(project).await?;
    let document = show_document(&state, project, &item, sought(project, &ballots)).await?;
    let history_left_out = history.len().saturating_sub(MAXIMUM_HISTORY_ROWS);
    let shown = ItemShown {
        project: project.definition.name.clone(),
        title: title(project),
        id: item.id.to_string(),
        external_id: item.external_id.clone(),
        state: item.state.into(),
        answer: answer(project, &item, &ballots),
        may_review: visit.person.user.role >= Role::Reviewer,
        metadata: item
            .metadata
            .iter()
            .map(|(key, value)| (key.clone(), plain(value)))
            .collect(),
        content_hash: item.content_hash.clone(),
        imported: item.created_at.into(),
        document,
        fields: project
            .definition
            .fields
            .iter()
            .map(|field| field_result(field, &ballots, &gold))
            .collect(),
        submissions: ballots.submissions(),
        history: history
            .iter()
            .rev()
            .take(MAXIMUM_HISTORY_ROWS)
            .filter_map(|row| Some(history_line(project.definition.field(&row.field)?, row)))
            .collect(),
        history_left_out,
    };
    page("item.html", &Frame::of(&visit.person), &shown)
}

/// Reserves the review of an item and goes there.
pub(super) async fn review(
    State(state): State<AppState>,
    visit: Visit<Reviewer>,
    Path((_, item)): Path<(String, String)>,
    _form: ProtectedForm<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let project = &visit.project;
    let mut transaction = state.store.read().await?;
    let item = find_item(transaction.as_mut(), project, &item).await?;
    drop(transaction);
    let reserved = reserve_review(&state, project, item.id, &visit.person.user).await?;
    let reserved = reserved.ok_or_else(|| {
        Problem::new(
            ProblemKind::Conflict,
            "somebody else is reviewing this item at the moment",
        )
    })?;
    let address = format!(
        "/projects/{}/review/{}",
        project.definition.name, reserved.lease.task.id
    );
    Ok(Redirect::to(&address).into_response())
}

async fn find_item(
    transaction: &mut dyn accord_store::Transaction,
    project: &Project,
    id: &str,
) -> Result<Item, Problem> {
    let id: ItemId = id.parse()?;
    let found = transaction.item(id).await?;
    found
        .filter(|item| item.project_id == project.id)
        .ok_or_else(|| Problem::not_found("item", id))
}

/// The winning values, to be highlighted.
pub(super) fn sought(project: &Project, ballots: &Ballots) -> Vec<SoughtValue> {
    let fields = &project.definition.fields;
    let value = |field: &Field| match &ballots.consensus(field)?.outcome {
        Outcome::Winner { value, .. } => value.clone(),
        Outcome::Tie { .. } | Outcome::Undefined { .. } => None,
    };
    fields
        .iter()
        .filter_map(|field| {
            Some(SoughtValue {
                field: field.clone(),
                raw: value(field)?,
            })
        })
        .collect()
}

fn field_result(field: &Field, ballots: &Ballots, gold: &[Gold]) -> FieldResult {
    let consensus = ballots.consensus(field);
    let classes = ballots.classes(field);
    let has_differences = classes.iter().any(ClassLine::has_differences);
    FieldResult {
        name: field.name.to_string(),
        title: field.title.clone(),
        type_word: type_word(&field.field_type),
        has_clusters: clusters_by_similarity(field).is_some() && (classes.len() > 1 || has_differences),
        has_differences,
        result: consensus.map(|consensus| scored(field, consensus)),
        votes: ballots.votes(field),
        classes,
        gold: gold.iter().find(|gold| gold.field == field.name).map(|gold| GoldShown {
            value: ShownValue::of_answer(field, &gold.answer),
            source: match gold.source {
                GoldSource::Imported => "came with the data",
                GoldSource::Adjudicated => "resolved by a person",
                GoldSource::Audited => "checked in an audit",
            },
            given: gold.created_at.into(),
        }),
        open: consensus.is_some_and(|consensus| matches!(consensus.decision, Decision::NeedsReview { .. })),
    }
}

fn scored(field: &Field, consensus: &Consensus) -> Scored {
    Scored {
        value: ShownValue::of_consensus(field, consensus),
        tied: matches!(consensus.outcome, Outcome::Tie { .. }),
        confidence: (&consensus.confidence).into(),
        decision: (&consensus.decision).into(),
        votes: consensus.vote_count,
        effective_votes: figure(consensus.effective_vote_count),
        stopped: consensus.stopped.as_ref().map(Stopped::sentence),
        abstentions: consensus.abstention_count,
        failures: consensus.failure_count,
    }
}

fn history_line(field: &Field, row: &Consensus) -> HistoryLine {
    let calibrator = match &row.confidence {
        accord_domain::Confidence::Calibrated { calibrator_id, .. } => Some(short(&calibrator_id.to_string())),
        accord_domain::Confidence::Uncalibrated { .. } => None,
    };
    HistoryLine {
        at: row.created_at.into(),
        field: field.title.clone(),
        value: ShownValue::of_consensus(field, row),
        confidence: (&row.confidence).into(),
        decision: (&row.decision).into(),
        votes: row.vote_count,
        project_version: row.project_version,
        weights_version: short(&row.weights_version),
        calibrator,
        code_version: row.code_version.clone(),
    }
}

/// The end of an identifier, which tells those of one day apart.
fn short(identifier: &str) -> String {
    let skipped = identifier.chars().count().saturating_sub(8);
    identifier.chars().skip(skipped).collect()
}

fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Why the item stands where it stands, in one line.
fn answer(project: &Project, item: &Item, ballots: &Ballots) -> String {
    match item.state {
        ItemState::Pending => "annotators are still voting".to_owned(),
        ItemState::Accepted => "every field reached its threshold".to_owned(),
        ItemState::Resolved => "a person resolved what was in doubt".to_owned(),
        ItemState::NeedsReview => doubts(project, ballots),
    }
}

fn doubts(project: &Project, ballots: &Ballots) -> String {
    let parts: Vec<String> = project
        .definition
        .fields
        .iter()
        .filter_map(|field| {
            let consensus = ballots.consensus(field)?;
            let Decision::NeedsReview { reason, threshold } = &consensus.decision else {
                return None;
            };
            let why = match (reason, &consensus.confidence) {
                (ReviewReason::BelowThreshold, accord_domain::Confidence::Calibrated { probability: value, .. }) => {
                    format!("{} < {}", probability(*value), probability(*threshold))
                }
                (ReviewReason::BelowThreshold, _) => "below the threshold".to_owned(),
                (ReviewReason::Uncalibrated, _) => "uncalibrated".to_owned(),
                (ReviewReason::Tie, _) => "tie".to_owned(),
                (ReviewReason::NoVotes, _) => "no votes".to_owned(),
                (ReviewReason::RequiredAbsent, _) => "absent but required".to_owned(),
                (ReviewReason::Unparsed, _) => "unreadable value".to_owned(),
                (ReviewReason::InvertedCalibrator, _) => "calibration blocked".to_owned(),
            };
            Some(format!("{} {why}", field.title))
        })
        .collect();
    match parts.as_slice() {
        [] => "a person is asked to look".to_owned(),
        [first, second, third, rest @ ..] if !rest.is_empty() => {
            format!("{first} · {second} · {third} · {} more", rest.len())
        }
        few => few.join(" · "),
    }
}
