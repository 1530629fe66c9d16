//! The list of projects.

use accord_domain::{Project, Role, TaskKind, TaskState};
use accord_store::{ItemCounts, PageRequest, TaskCount};
use axum::extract::{Query, State};
use axum::response::{Redirect, Response};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::access::{Annotator, SignedIn};
use crate::pages::numbers::{count, counted, percent_of};
use crate::pages::render::{Frame, page};
use crate::problem::Problem;
use crate::state::AppState;

/// How many projects are on a page.
const PROJECTS_A_PAGE: u32 = 50;

/// Which part of the list.
#[derive(Debug, Deserialize)]
pub(super) struct ProjectsQuery {
    after: Option<Uuid>,
}

#[derive(Debug, Serialize)]
struct ProjectsShown {
    projects: Vec<ProjectLine>,
    next: Option<String>,
}

#[derive(Debug, Serialize)]
struct ProjectLine {
    name: String,
    title: String,
    items: String,
    done: String,
    waiting: String,
    waiting_any: bool,
    votes_open: String,
    state: String,
}

/// The list of projects is the first page.
pub(super) async fn all() -> Redirect {
    Redirect::to("/")
}

/// Lists the projects with one line about each.
pub(super) async fn list(
    State(state): State<AppState>,
    signed_in: SignedIn<Annotator>,
    Query(query): Query<ProjectsQuery>,
) -> Result<Response, Problem> {
    let mut transaction = state.store.read().await?;
    let request = PageRequest {
        after: query.after,
        limit: PROJECTS_A_PAGE,
    };
    let found = transaction.list_projects(request).await?;
    let sees_figures = signed_in.person.user.role >= Role::Reviewer;
    let mut projects = Vec::with_capacity(found.rows.len());
    for project in found.rows {
        let items = transaction.count_items(project.id).await?;
        let tasks = transaction.count_tasks(project.id).await?;
        projects.push(line(&project, items, &tasks, sees_figures));
    }
    let shown = ProjectsShown {
        projects,
        next: found.next.map(|next| next.to_string()),
    };
    page("projects.html", &Frame::of(&signed_in.person), &shown)
}

fn line(project: &Project, items: ItemCounts, tasks: &[TaskCount], sees_figures: bool) -> ProjectLine {
    let total = items.pending + items.accepted + items.needs_review + items.resolved;
    ProjectLine {
        name: project.definition.name.clone(),
        title: title(project),
        items: count(total),
        done: count(items.accepted + items.resolved),
        waiting: count(items.needs_review),
        waiting_any: items.needs_review > 0,
        votes_open: count(open_tasks(tasks, TaskKind::Vote)),
        state: state_line(items, tasks, sees_figures),
    }
}

/// The title of a project, or its name when it has none.
pub(super) fn title(project: &Project) -> String {
    let definition = &project.definition;
    if definition.title.trim().is_empty() {
        definition.name.clone()
    } else {
        definition.title.clone()
    }
}

/// How many tasks of a kind can be worked on or are being worked on.
pub(super) fn open_tasks(tasks: &[TaskCount], kind: TaskKind) -> i64 {
    tasks
        .iter()
        .filter(|task| task.kind == kind && matches!(task.state, TaskState::Ready | TaskState::Leased))
        .map(|task| task.count)
        .sum()
}

fn state_line(items: ItemCounts, tasks: &[TaskCount], sees_figures: bool) -> String {
    let total = items.pending + items.accepted + items.needs_review + items.resolved;
    let votes = open_tasks(tasks, TaskKind::Vote);
    if total == 0 {
        return "no items yet".to_owned();
    }
    let mut parts = Vec::new();
    let dead: i64 = tasks
        .iter()
        .filter(|task| task.state == TaskState::Dead)
        .map(|task| task.count)
        .sum();
    let machines = open_tasks(tasks, TaskKind::Annotate) + open_tasks(tasks, TaskKind::Score);
    if machines > 0 {
        parts.push(format!("{} of machines under way", counted(machines, "task")));
    }
    if votes > 0 {
        parts.push(format!("{} of people wanted", counted(votes, "vote")));
    }
    if items.needs_review > 0 && sees_figures {
        parts.push(format!("{} to review", counted(items.needs_review, "item")));
    }
    if dead > 0 && sees_figures {
        parts.push(format!("{} set aside", counted(dead, "task")));
    }
    if parts.is_empty() && items.accepted + items.resolved == total {
        parts.push("all done".to_owned());
    }
    if let Some(accepted) = percent_of(items.accepted, total).filter(|_| sees_figures && items.accepted > 0) {
        parts.push(format!("{accepted} accepted without a person"));
    }
    parts.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_what_is_to_be_done() {
        let items = ItemCounts {
            pending: 1,
            accepted: 7,
            needs_review: 2,
            resolved: 0,
        };
        let votes = TaskCount {
            kind: TaskKind::Vote,
            state: TaskState::Ready,
            count: 1,
        };
        assert_eq!(
            state_line(items, &[votes], true),
            "1 vote of people wanted · 2 items to review · 70 % accepted without a person"
        );
        assert_eq!(state_line(items, &[votes], false), "1 vote of people wanted");
        assert_eq!(state_line(ItemCounts::default(), &[], true), "no items yet");
    }
}
