//! The overview of a project.

mod fields;
mod people;
mod queue;
mod spending;
mod stopping;

use accord_domain::{Calibrator, Project, Role, TaskKind};
use accord_store::{FieldSummary, ItemCounts, TaskCount, flow};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};

use crate::access::{Administrator, Annotator, ProtectedForm};
use crate::figures::{Agreement, agreement_now, reliability_of};
use crate::pages::numbers::{count, counted, figure, percent_of};
use crate::pages::projects::{open_tasks, title};
use crate::pages::reliability::Diagram;
use crate::pages::render::{Frame, page};
use crate::pages::runs::{self, RunLine};
use crate::pages::visit::Visit;
use crate::problem::Problem;
use crate::state::AppState;
use fields::{FieldLine, field_lines};
use queue::{DeadTask, QueueLine, dead_tasks, queue_lines};
use spending::{ParkedLine, SpendingShown, parked_lines, spending};
use stopping::{StoppingShown, stopping};

/// What was just done.
#[derive(Debug, Deserialize)]
pub(super) struct OverviewQuery {
    #[serde(default)]
    done: String,
}

#[derive(Debug, Serialize)]
struct OverviewShown {
    name: String,
    title: String,
    description: String,
    guidelines: String,
    answer: String,
    votes_open: String,
    votes_done: String,
    people_vote: bool,
    reviews_open: String,
    any_review: bool,
    /// Only for reviewers.
    figures: Option<FiguresShown>,
}

#[derive(Debug, Serialize)]
struct FiguresShown {
    progress: Progress,
    gold: String,
    annotations: String,
    fields: Vec<FieldLine>,
    agreement_at: String,
    diagrams: Vec<Diagram>,
    queue: Vec<QueueLine>,
    parked: Vec<ParkedLine>,
    paused: Option<String>,
    runs: Vec<RunLine>,
    stopping: Option<StoppingShown>,
    spending: Option<SpendingShown>,
    dead: Vec<DeadTask>,
    dead_left_out: bool,
}

#[derive(Debug, Serialize)]
struct Progress {
    total: String,
    pending: String,
    accepted: String,
    needs_review: String,
    resolved: String,
    /// Widths of the bar's parts in percent.
    accepted_width: f64,
    resolved_width: f64,
    review_width: f64,
}

/// What is read about a project in one look.
struct Looked {
    items: ItemCounts,
    tasks: Vec<TaskCount>,
    summaries: Vec<FieldSummary>,
    people: usize,
}

/// Shows how a project stands: to annotators what there is to do, to reviewers all figures.
pub(super) async fn show(
    State(state): State<AppState>,
    visit: Visit<Annotator>,
    Query(query): Query<OverviewQuery>,
) -> Result<Response, Problem> {
    let project = &visit.project;
    let looked = look(&state, project).await?;
    let sees_figures = visit.person.user.role >= Role::Reviewer;
    let measured = if sees_figures {
        Some(agreement_now(&state, project).await?)
    } else {
        None
    };
    let figures = match &measured {
        Some(measured) => Some(figures(&state, project, &looked, measured).await?),
        None => None,
    };
    let shown = OverviewShown {
        name: project.definition.name.clone(),
        title: title(project),
        description: project.definition.description.clone(),
        guidelines: project.definition.guidelines.clone(),
        answer: answer(project, &looked, measured.as_deref()),
        votes_open: count(open_tasks(&looked.tasks, TaskKind::Vote)),
        votes_done: count(done_votes(&looked.tasks)),
        people_vote: looked.tasks.iter().any(|task| task.kind == TaskKind::Vote),
        reviews_open: count(open_tasks(&looked.tasks, TaskKind::Review)),
        any_review: open_tasks(&looked.tasks, TaskKind::Review) > 0,
        figures,
    };
    let frame = Frame::of(&visit.person).with_done(match query.done.as_str() {
        "refit" => Some("A refit is planned; every item is scored anew after it."),
        "revived" => Some("The task is back in the queue."),
        _ => None,
    });
    page("overview.html", &frame, &shown)
}

async fn look(state: &AppState, project: &Project) -> Result<Looked, Problem> {
    let mut transaction = state.store.read().await?;
    Ok(Looked {
        items: transaction.count_items(project.id).await?,
        tasks: transaction.count_tasks(project.id).await?,
        summaries: transaction.summarise_fields(project.id).await?,
        people: people::at_work(transaction.as_mut(), project.id).await?,
    })
}

async fn figures(
    state: &AppState,
    project: &Project,
    looked: &Looked,
    agreement: &Agreement,
) -> Result<FiguresShown, Problem> {
    let mut transaction = state.store.read().await?;
    let mut calibrators = transaction.current_calibrators(project.id).await?;
    calibrators.retain(|calibrator| calibrator.serves(&project.definition.policy.stopping));
    let gold = transaction.count_gold(project.id).await?;
    let annotations = transaction.count_annotations(project.id).await?;
    let compared = transaction.method_comparison(project.id).await?;
    let (dead, dead_left_out) = dead_tasks(transaction.as_mut(), project).await?;
    Ok(FiguresShown {
        progress: progress(looked.items),
        gold: count(gold),
        annotations: count(annotations),
        fields: field_lines(project, &looked.summaries, agreement, &calibrators, compared.as_ref()),
        agreement_at: counted(agreement.annotation_count, "annotation"),
        diagrams: diagrams(project, &calibrators)?,
        queue: queue_lines(&looked.tasks),
        parked: parked_lines(transaction.as_mut(), project).await?,
        paused: paused(transaction.count_paused_tasks(project.id).await?),
        runs: runs::latest(transaction.as_mut(), project).await?,
        stopping: stopping(transaction.as_mut(), project, &calibrators).await?,
        spending: spending(transaction.as_mut(), project, state.environment.now()).await?,
        dead,
        dead_left_out,
    })
}

/// How many tasks wait for their run, if any do.
fn paused(number: i64) -> Option<String> {
    (number > 0).then(|| counted(number, "task"))
}

/// The reliability diagrams of all fields that have gold of their own.
fn diagrams(project: &Project, calibrators: &[Calibrator]) -> Result<Vec<Diagram>, Problem> {
    let mut diagrams = Vec::new();
    for field in &project.definition.fields {
        if let Some(calibrator) = calibrators.iter().find(|calibrator| calibrator.field == field.name) {
            let levels = reliability_of(&calibrator.levels).map_err(|error| Problem::internal(&error))?;
            diagrams.extend(Diagram::of(field.name.as_str(), &field.title, &levels)?);
        }
    }
    Ok(diagrams)
}

#[expect(clippy::cast_precision_loss, reason = "counts of items stay far below 2^52")]
fn progress(items: ItemCounts) -> Progress {
    let total = items.pending + items.accepted + items.needs_review + items.resolved;
    let width = |part: i64| {
        if total > 0 {
            (part as f64 / total as f64 * 1e4).round() / 1e2
        } else {
            0.0
        }
    };
    Progress {
        total: count(total),
        pending: count(items.pending),
        accepted: count(items.accepted),
        needs_review: count(items.needs_review),
        resolved: count(items.resolved),
        accepted_width: width(items.accepted),
        resolved_width: width(items.resolved),
        review_width: width(items.needs_review),
    }
}

fn done_votes(tasks: &[TaskCount]) -> i64 {
    tasks
        .iter()
        .filter(|task| task.kind == TaskKind::Vote && task.state == accord_domain::TaskState::Done)
        .map(|task| task.count)
        .sum()
}

/// The line that answers the first question: how far are we, how good is it, who is at it.
fn answer(project: &Project, looked: &Looked, agreement: Option<&Agreement>) -> String {
    let items = looked.items;
    let total = items.pending + items.accepted + items.needs_review + items.resolved;
    let done = items.accepted + items.resolved;
    let mut parts = vec![format!("{} of {} done", count(done), count(total))];
    if agreement.is_some() {
        if let Some(share) = percent_of(items.accepted, total) {
            parts.push(format!("{share} accepted without a person"));
        }
        if items.needs_review > 0 {
            parts.push(format!("{} to review", count(items.needs_review)));
        }
    }
    if let Some(line) = agreement.and_then(|agreement| least_agreement(project, agreement)) {
        parts.push(line);
    }
    if looked.people > 0 {
        let people = i64::try_from(looked.people).unwrap_or(i64::MAX);
        let noun = if people == 1 { "person" } else { "people" };
        parts.push(format!("{} {noun} working", count(people)));
    }
    parts.join(" · ")
}

fn least_agreement(project: &Project, agreement: &Agreement) -> Option<String> {
    let (field, alpha) = agreement
        .fields
        .iter()
        .filter_map(|field| Some((field, field.alpha.value?)))
        .min_by(|left, right| left.1.total_cmp(&right.1))?;
    let interval = match (field.alpha.lower, field.alpha.upper) {
        (Some(lower), Some(upper)) => format!(" [{}, {}]", figure(lower), figure(upper)),
        _ => String::new(),
    };
    let title = project
        .definition
        .field(&field.field)
        .map_or(field.field.as_str(), |field| field.title.as_str());
    Some(if project.definition.fields.len() == 1 {
        format!("α {}{interval}", figure(alpha))
    } else {
        format!("least agreement: {title} α {}{interval}", figure(alpha))
    })
}

/// Plans a refit at once.
pub(super) async fn refit(
    State(state): State<AppState>,
    visit: Visit<Administrator>,
    _form: ProtectedForm<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let mut transaction = state.store.write().await?;
    flow::plan_refit(transaction.as_mut(), state.environment.as_ref(), visit.project.id, 0).await?;
    transaction.commit().await?;
    Ok(Redirect::to(&format!("/projects/{}?done=refit", visit.project.definition.name)).into_response())
}

/// Puts a task that was set aside back in the queue.
pub(super) async fn revive(
    State(state): State<AppState>,
    visit: Visit<Administrator>,
    Path((_, task)): Path<(String, String)>,
    _form: ProtectedForm<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    queue::revive(&state, &visit.project, task.parse()?).await?;
    Ok(Redirect::to(&format!("/projects/{}?done=revived", visit.project.definition.name)).into_response())
}
