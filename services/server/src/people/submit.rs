//! Answering a task.

use accord_domain::{
    Annotation, AnnotationId, AnnotatorId, Answers, ItemId, NORMALISER_VERSION, Provenance, TaskId, TaskKind,
    answers_from_json,
};
use accord_store::{StoreError, Transaction, flow};
use serde_json::{Map, Value};

use crate::access::Principal;
use crate::people::again::until_available;
use crate::people::held::Held;
use crate::problem::Problem;
use crate::state::AppState;

/// The longest time a task is believed to have been open: a week.
const MAXIMUM_LATENCY_MILLISECONDS: i64 = 7 * 24 * 3_600_000;

/// What a person answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    /// The answers by field: a value, `null` for what is not in the document; what is left out is abstained from.
    pub answers: Map<String, Value>,
    /// How long the task was open.
    pub latency_milliseconds: Option<i64>,
    /// What the person says about it, kept with the annotation.
    pub comment: Option<String>,
}

/// What became of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Submitted {
    /// The annotation that was made of it, or that an earlier one with the same reservation made.
    pub annotation_id: AnnotationId,
    /// The item.
    pub item_id: ItemId,
    /// False for a repetition of one that is stored already.
    pub stored: bool,
}

/// Keeps a person's answer: a vote as an annotation, a resolution also as gold. What follows from it is planned in the
/// same transaction. Repeating the same submission is harmless.
///
/// # Errors
/// An answer does not fit its field, the reservation is no longer held, or the store failed.
pub async fn submit(
    state: &AppState,
    principal: &Principal,
    task_id: TaskId,
    token: &str,
    submission: Submission,
) -> Result<Submitted, Problem> {
    until_available(|| submit_once(state, principal, task_id, token, &submission)).await
}

async fn submit_once(
    state: &AppState,
    principal: &Principal,
    task_id: TaskId,
    token: &str,
    submission: &Submission,
) -> Result<Submitted, Problem> {
    let mut transaction = state.store.write().await?;
    let held = Held::find(transaction.as_mut(), principal, task_id, token).await?;
    let answers = answers_from_json(&held.project.definition.fields, &submission.answers)?;
    let annotation = annotation(state, transaction.as_mut(), &held, answers, submission).await?;
    let environment = state.environment.as_ref();
    let kept = if held.lease.task.kind == TaskKind::Review {
        flow::resolve_item(
            transaction.as_mut(),
            environment,
            &held.project,
            &held.lease,
            &annotation,
            None,
        )
        .await?
    } else {
        flow::submit_annotation(transaction.as_mut(), environment, &held.lease, &annotation).await?
    };
    let earlier = transaction.annotation_of_task(task_id).await?;
    transaction.commit().await?;
    Ok(Submitted {
        annotation_id: earlier.map_or(annotation.id, |earlier| earlier.id),
        item_id: annotation.item_id,
        stored: kept.stored,
    })
}

async fn annotation(
    state: &AppState,
    transaction: &mut dyn Transaction,
    held: &Held,
    answers: Answers,
    submission: &Submission,
) -> Result<Annotation, Problem> {
    let task = &held.lease.task;
    let item_id = task
        .item_id
        .ok_or_else(|| Problem::not_found("item of task", task.id))?;
    let latency = submission.latency_milliseconds;
    let latency_milliseconds = latency.map(|latency| latency.clamp(0, MAXIMUM_LATENCY_MILLISECONDS));
    Ok(Annotation {
        id: AnnotationId::generate(state.environment.as_ref()),
        project_id: task.project_id,
        item_id,
        annotator_id: annotator(state, transaction, held).await?,
        task_id: task.id,
        answers,
        provenance: Provenance {
            raw_output: submission.comment.clone(),
            blind: task.kind == TaskKind::Vote,
            latency_milliseconds,
            code_version: format!("{}+normaliser.{NORMALISER_VERSION}", env!("CARGO_PKG_VERSION")),
            ..Provenance::default()
        },
        submitted_at: state.environment.now(),
    })
}

async fn annotator(state: &AppState, transaction: &mut dyn Transaction, held: &Held) -> Result<AnnotatorId, Problem> {
    let user = transaction.user(held.user_id).await?;
    let user = user.ok_or(StoreError::StaleLease {
        task: held.lease.task.id,
    })?;
    let environment = state.environment.as_ref();
    let annotator = flow::ensure_human_annotator(transaction, environment, held.project.id, &user).await?;
    Ok(annotator.id)
}
