//! Resolving one item with all votes side by side.

use std::collections::BTreeMap;

use accord_domain::{Decision, Field, Item, Project, TaskState};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::access::{ProtectedForm, Reviewer};
use crate::pages::annotate::store;
use crate::pages::document::{ShownDocument, show_document};
use crate::pages::form::{Question, TypedAnswers, questions};
use crate::pages::held::{HeldForm, HeldTask};
use crate::pages::item::sought;
use crate::pages::projects::title;
use crate::pages::render::{Frame, page, page_with_status};
use crate::pages::shown::{ShownConfidence, ShownDecision, ShownValue};
use crate::pages::visit::Visit;
use crate::pages::votes::{Ballots, ClassLine, VoteLine};
use crate::people::{PersonTask, Submission, reserve_next, reserve_task, skip};
use crate::problem::{Problem, ProblemKind};
use crate::state::AppState;

/// The most characters of a comment.
const MAXIMUM_COMMENT_CHARACTERS: usize = 4000;

/// What was just done.
#[derive(Debug, Deserialize)]
pub(in crate::pages) struct ReviewQuery {
    #[serde(default)]
    done: String,
}

#[derive(Debug, Serialize)]
struct ReviewShown {
    project: String,
    title: String,
    /// The address of the item's own page.
    item_page: String,
    external_id: String,
    held: HeldTask,
    document: ShownDocument,
    /// Those in doubt first.
    fields: Vec<ReviewField>,
    in_doubt: usize,
    comment: String,
    problem: Option<String>,
}

/// A field with all that was said about it.
#[derive(Debug, Serialize)]
struct ReviewField {
    question: Question,
    value: ShownValue,
    confidence: Option<ShownConfidence>,
    decision: Option<ShownDecision>,
    classes: Vec<ClassLine>,
    any_absent: bool,
    any_silent: bool,
    votes: Vec<VoteLine>,
    in_doubt: bool,
}

/// What is shown again after a form could not be taken.
#[derive(Default)]
struct Typed {
    answers: TypedAnswers,
    errors: BTreeMap<String, String>,
    more_rows: Option<String>,
    comment: String,
    problem: Option<String>,
}

/// Reserves a review and shows it.
pub(in crate::pages) async fn show(
    State(state): State<AppState>,
    visit: Visit<Reviewer>,
    Path((_, task)): Path<(String, String)>,
    Query(query): Query<ReviewQuery>,
) -> Result<Response, Problem> {
    let project = &visit.project;
    let task_id = task.parse()?;
    let Some(reserved) = reserve_task(&state, project, task_id, &visit.person.user).await? else {
        return refuse(&state, project, task_id).await;
    };
    let held = HeldTask::reserved(&reserved.lease, project, state.environment.as_ref());
    let shown = form(&state, project, held, &reserved.item, Typed::default()).await?;
    let frame = Frame::of(&visit.person).with_done((query.done == "resolved").then_some("Resolved."));
    page("review.html", &frame, &shown)
}

async fn refuse(state: &AppState, project: &Project, id: accord_domain::TaskId) -> Result<Response, Problem> {
    let task = state.store.read().await?.task(id).await?;
    if task.is_some_and(|task| task.state == TaskState::Leased) {
        return Err(Problem::new(
            ProblemKind::Conflict,
            "somebody else is reviewing this item at the moment",
        ));
    }
    let address = format!("/projects/{}/review?done=gone", project.definition.name);
    Ok(Redirect::to(&address).into_response())
}

/// Stores the resolution, puts the review off, or shows the form again with what is wrong or with more rows.
pub(in crate::pages) async fn submit_form(
    State(state): State<AppState>,
    visit: Visit<Reviewer>,
    Path((_, task)): Path<(String, String)>,
    posted: ProtectedForm<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let mut inputs = posted.form;
    inputs.retain(|(name, _)| name != "task");
    inputs.push(("task".to_owned(), task));
    let held = HeldForm::read(&inputs, state.environment.as_ref())?;
    let queue = format!("/projects/{}/review", visit.project.definition.name);
    if held.action == "skip" {
        skip(&state, &visit.principal(), held.task, &held.token).await?;
        return Ok(Redirect::to(&format!("{queue}?done=skipped")).into_response());
    }
    let mut typed = Typed {
        answers: TypedAnswers::read(&inputs),
        comment: comment(&inputs),
        ..Typed::default()
    };
    if let Some(field) = held.action.strip_prefix("more:") {
        typed.more_rows = Some(field.to_owned());
        return show_again(&state, &visit, &held, typed, StatusCode::OK).await;
    }
    let answers = match typed.answers.check(&visit.project.definition.fields) {
        Ok(answers) => answers,
        Err(errors) => {
            typed.problem = Some("Some fields in doubt have no answer yet.".to_owned());
            typed.errors = errors;
            return show_again(&state, &visit, &held, typed, StatusCode::UNPROCESSABLE_ENTITY).await;
        }
    };
    let submission = Submission {
        answers,
        latency_milliseconds: Some(held.latency_milliseconds(state.environment.as_ref())),
        comment: (!typed.comment.is_empty()).then(|| typed.comment.clone()),
    };
    store(&state, &visit, &held, submission).await?;
    let following = reserve_next(&state, &visit.project, PersonTask::Review, &visit.person.user).await?;
    let address = match following {
        Some(following) => format!("{queue}/{}?done=resolved", following.lease.task.id),
        None => format!("{queue}?done=resolved"),
    };
    Ok(Redirect::to(&address).into_response())
}

fn comment(inputs: &[(String, String)]) -> String {
    let text = inputs.iter().find(|(name, _)| name == "comment");
    let text = text.map_or("", |(_, text)| text.trim());
    text.chars().take(MAXIMUM_COMMENT_CHARACTERS).collect()
}

async fn show_again(
    state: &AppState,
    visit: &Visit<Reviewer>,
    held: &HeldForm,
    typed: Typed,
    status: StatusCode,
) -> Result<Response, Problem> {
    let project = &visit.project;
    let (task, item) = held.find(state, project, &visit.person.user).await?;
    let environment = state.environment.as_ref();
    let again = HeldTask::shown_again(&task, &held.token, project, held.opened, environment);
    let shown = form(state, project, again, &item, typed).await?;
    page_with_status(status, "review.html", &Frame::of(&visit.person), &shown)
}

async fn form(
    state: &AppState,
    project: &Project,
    held: HeldTask,
    item: &Item,
    typed: Typed,
) -> Result<ReviewShown, Problem> {
    let mut transaction = state.store.read().await?;
    let ballots = Ballots::read(transaction.as_mut(), item).await?;
    drop(transaction);
    let ballots = ballots.with_clusters(project).await?;
    let document = show_document(state, project, item, sought(project, &ballots)).await?;
    let fields = in_doubt_first(project, &ballots);
    let asked = questions(&fields, &typed.answers, &typed.errors, typed.more_rows.as_deref());
    let shown: Vec<ReviewField> = fields
        .iter()
        .zip(asked)
        .map(|(field, question)| review_field(field, question, &ballots))
        .collect();
    Ok(ReviewShown {
        project: project.definition.name.clone(),
        title: title(project),
        item_page: format!("/projects/{}/items/{}", project.definition.name, item.id),
        external_id: item.external_id.clone(),
        held,
        document,
        in_doubt: shown.iter().filter(|field| field.in_doubt).count(),
        fields: shown,
        comment: typed.comment,
        problem: typed.problem,
    })
}

/// The project's fields, those that need a person first.
fn in_doubt_first(project: &Project, ballots: &Ballots) -> Vec<Field> {
    let (mut doubtful, certain): (Vec<Field>, Vec<Field>) = project
        .definition
        .fields
        .iter()
        .cloned()
        .partition(|field| is_in_doubt(field, ballots));
    doubtful.extend(certain);
    doubtful
}

/// Whether a person must look; a field that was never scored is in doubt.
fn is_in_doubt(field: &Field, ballots: &Ballots) -> bool {
    ballots
        .consensus(field)
        .is_none_or(|consensus| matches!(consensus.decision, Decision::NeedsReview { .. }))
}

fn review_field(field: &Field, question: Question, ballots: &Ballots) -> ReviewField {
    let consensus = ballots.consensus(field);
    let classes = ballots.classes(field);
    let votes = ballots.votes(field);
    ReviewField {
        question,
        value: consensus.map_or(ShownValue::Nothing, |consensus| {
            ShownValue::of_consensus(field, consensus)
        }),
        confidence: consensus.map(|consensus| (&consensus.confidence).into()),
        decision: consensus.map(|consensus| (&consensus.decision).into()),
        any_absent: classes.iter().any(ClassLine::is_absent),
        classes,
        any_silent: votes.iter().any(VoteLine::is_silent),
        votes,
        in_doubt: is_in_doubt(field, ballots),
    }
}
