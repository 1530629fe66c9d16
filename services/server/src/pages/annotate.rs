//! Voting: the next item beside the form made from the fields, blind to all other votes.

use std::collections::BTreeMap;

use accord_domain::{Item, Project, Role, TaskKind};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::access::{Annotator, ProtectedForm};
use crate::pages::document::{ShownDocument, show_document};
use crate::pages::form::{Question, TypedAnswers, questions};
use crate::pages::held::{HeldForm, HeldTask};
use crate::pages::numbers::count;
use crate::pages::projects::{open_tasks, title};
use crate::pages::render::{Frame, page, page_with_status};
use crate::pages::visit::Visit;
use crate::people::{PersonTask, Submission, Submitted, reserve_next, reserve_task, skip, submit};
use crate::problem::{Problem, ProblemKind};
use crate::state::AppState;

/// What was just done.
#[derive(Debug, Deserialize)]
pub(super) struct AnnotateQuery {
    #[serde(default)]
    done: String,
}

#[derive(Debug, Serialize)]
struct AnnotateShown {
    project: String,
    title: String,
    guidelines: String,
    held: HeldTask,
    document: ShownDocument,
    questions: Vec<Question>,
    /// What is wrong with the form as a whole.
    problem: Option<String>,
    lost: bool,
    votes_left: String,
}

#[derive(Debug, Serialize)]
struct NothingShown {
    project: String,
    title: String,
    people_vote: bool,
    may_review: bool,
    reviews_open: String,
    any_review: bool,
}

/// What is shown again after a form could not be taken.
struct Again<'a> {
    held: HeldTask,
    item: &'a Item,
    typed: &'a TypedAnswers,
    errors: BTreeMap<String, String>,
    more_rows: Option<&'a str>,
    problem: Option<String>,
    lost: bool,
}

/// Reserves the next item and shows it with the form.
pub(super) async fn show(
    State(state): State<AppState>,
    visit: Visit<Annotator>,
    Query(query): Query<AnnotateQuery>,
) -> Result<Response, Problem> {
    let frame = Frame::of(&visit.person).with_done(match query.done.as_str() {
        "stored" => Some("Stored."),
        "skipped" => Some("Skipped: somebody else gets it."),
        _ => None,
    });
    let project = &visit.project;
    let Some(reserved) = reserve_next(&state, project, PersonTask::Vote, &visit.person.user).await? else {
        return nothing_to_do(&state, &visit, &frame).await;
    };
    let nothing_typed = TypedAnswers::default();
    let again = Again {
        held: HeldTask::reserved(&reserved.lease, project, state.environment.as_ref()),
        item: &reserved.item,
        typed: &nothing_typed,
        errors: BTreeMap::new(),
        more_rows: None,
        problem: None,
        lost: false,
    };
    let shown = form(&state, project, again).await?;
    page("annotate.html", &frame, &shown)
}

/// Stores the vote, skips the item, or shows the form again with what is wrong or with more rows.
pub(super) async fn submit_form(
    State(state): State<AppState>,
    visit: Visit<Annotator>,
    posted: ProtectedForm<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let held = HeldForm::read(&posted.form, state.environment.as_ref())?;
    let address = format!("/projects/{}/annotate", visit.project.definition.name);
    if held.action == "skip" {
        skip(&state, &visit.principal(), held.task, &held.token).await?;
        return Ok(Redirect::to(&format!("{address}?done=skipped")).into_response());
    }
    let typed = TypedAnswers::read(&posted.form);
    if let Some(field) = held.action.strip_prefix("more:") {
        return show_again(&state, &visit, &held, &typed, Refused::MoreRows(field)).await;
    }
    match typed.check(&visit.project.definition.fields) {
        Err(errors) => show_again(&state, &visit, &held, &typed, Refused::Errors(errors)).await,
        Ok(answers) => {
            let submission = Submission {
                answers,
                latency_milliseconds: Some(held.latency_milliseconds(state.environment.as_ref())),
                comment: None,
            };
            match store(&state, &visit, &held, submission).await {
                Ok(_) => Ok(Redirect::to(&format!("{address}?done=stored")).into_response()),
                Err(problem) if problem.kind() == ProblemKind::Conflict => {
                    show_again(&state, &visit, &held, &typed, Refused::Lost).await
                }
                Err(problem) => Err(problem),
            }
        }
    }
}

/// Stores a submission. When the reservation has ended but nobody took the task, it is reserved again first: what a
/// person typed is not thrown away because of a slow hand.
pub(super) async fn store(
    state: &AppState,
    visit: &Visit<impl Sized>,
    held: &HeldForm,
    submission: Submission,
) -> Result<Submitted, Problem> {
    let principal = visit.principal();
    let first = submit(state, &principal, held.task, &held.token, submission.clone()).await;
    let refused = match first {
        Err(problem) if problem.kind() == ProblemKind::Conflict => problem,
        other => return other,
    };
    match reserve_task(state, &visit.project, held.task, &visit.person.user).await? {
        Some(again) => submit(state, &principal, held.task, &again.lease.token, submission).await,
        None => Err(refused),
    }
}

enum Refused<'a> {
    MoreRows(&'a str),
    Errors(BTreeMap<String, String>),
    Lost,
}

async fn show_again(
    state: &AppState,
    visit: &Visit<Annotator>,
    held: &HeldForm,
    typed: &TypedAnswers,
    refused: Refused<'_>,
) -> Result<Response, Problem> {
    let project = &visit.project;
    let (task, item) = match held.find(state, project, &visit.person.user).await {
        Ok(found) => found,
        Err(problem) if matches!(refused, Refused::Lost) && problem.kind() == ProblemKind::NotFound => {
            find_lost(state, project, held).await?
        }
        Err(problem) => return Err(problem),
    };
    let environment = state.environment.as_ref();
    let mut again = Again {
        held: HeldTask::shown_again(&task, &held.token, project, held.opened, environment),
        item: &item,
        typed,
        errors: BTreeMap::new(),
        more_rows: None,
        problem: None,
        lost: false,
    };
    let status = match refused {
        Refused::MoreRows(field) => {
            again.more_rows = Some(field);
            StatusCode::OK
        }
        Refused::Errors(errors) => {
            again.problem = Some(match errors.len() {
                1 => "One field needs a look before this can be stored.".to_owned(),
                number => format!("{number} fields need a look before this can be stored."),
            });
            again.errors = errors;
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Refused::Lost => {
            again.problem = Some(
                "Your reservation had ended and this item is no longer yours to answer; nothing was stored.".to_owned(),
            );
            again.lost = true;
            StatusCode::CONFLICT
        }
    };
    let shown = form(state, project, again).await?;
    page_with_status(status, "annotate.html", &Frame::of(&visit.person), &shown)
}

/// The task of a form whose reservation somebody else took over.
async fn find_lost(
    state: &AppState,
    project: &Project,
    held: &HeldForm,
) -> Result<(accord_domain::Task, Item), Problem> {
    let not_found = || Problem::not_found("task", held.task);
    let mut transaction = state.store.read().await?;
    let task = transaction.task(held.task).await?;
    let task = task
        .filter(|task| task.project_id == project.id)
        .ok_or_else(not_found)?;
    let item = match task.item_id {
        Some(id) => transaction.item(id).await?,
        None => None,
    };
    Ok((task, item.ok_or_else(not_found)?))
}

async fn form(state: &AppState, project: &Project, again: Again<'_>) -> Result<AnnotateShown, Problem> {
    let document = show_document(state, project, again.item, Vec::new()).await?;
    let tasks = state.store.read().await?.count_tasks(project.id).await?;
    Ok(AnnotateShown {
        project: project.definition.name.clone(),
        title: title(project),
        guidelines: project.definition.guidelines.clone(),
        held: again.held,
        document,
        questions: questions(&project.definition.fields, again.typed, &again.errors, again.more_rows),
        problem: again.problem,
        lost: again.lost,
        votes_left: count(open_tasks(&tasks, TaskKind::Vote)),
    })
}

async fn nothing_to_do(state: &AppState, visit: &Visit<Annotator>, frame: &Frame) -> Result<Response, Problem> {
    let project = &visit.project;
    let tasks = state.store.read().await?.count_tasks(project.id).await?;
    let reviews = open_tasks(&tasks, TaskKind::Review);
    let shown = NothingShown {
        project: project.definition.name.clone(),
        title: title(project),
        people_vote: tasks.iter().any(|task| task.kind == TaskKind::Vote),
        may_review: visit.person.user.role >= Role::Reviewer,
        reviews_open: count(reviews),
        any_review: reviews > 0,
    };
    page("nothing.html", frame, &shown)
}
