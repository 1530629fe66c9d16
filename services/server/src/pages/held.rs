//! A task that a person holds while a page is open: what the page needs to keep it, and the addresses that keep it.

use accord_domain::{Environment, Item, Lease, Project, Task, TaskId, Timestamp, User};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Json, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::access::{Annotator, Principal, ProtectedForm};
use crate::pages::numbers::Moment;
use crate::pages::visit::Visit;
use crate::people::{give_back, renew as renew_reservation};
use crate::problem::Problem;
use crate::state::AppState;

/// What a page needs to keep and answer a task.
#[derive(Debug, Clone, Serialize)]
pub(super) struct HeldTask {
    pub(super) task: String,
    pub(super) token: String,
    until: Moment,
    reservation_milliseconds: i64,
    /// When the person first saw it, in milliseconds since 1970.
    opened: i64,
}

impl HeldTask {
    /// A task that was just reserved.
    pub(super) fn reserved(lease: &Lease, project: &Project, environment: &dyn Environment) -> Self {
        Self::shown_again(&lease.task, &lease.token, project, now(environment), environment)
    }

    /// A task whose page is shown once more.
    pub(super) fn shown_again(
        task: &Task,
        token: &str,
        project: &Project,
        opened: i64,
        environment: &dyn Environment,
    ) -> Self {
        let reservation_milliseconds = i64::from(project.definition.policy.reservation_minutes) * 60_000;
        let until = task
            .lease_until
            .unwrap_or_else(|| environment.now().plus_milliseconds(reservation_milliseconds));
        Self {
            task: task.id.to_string(),
            token: token.to_owned(),
            until: until.into(),
            reservation_milliseconds,
            opened,
        }
    }
}

fn now(environment: &dyn Environment) -> i64 {
    environment.now().as_microseconds() / 1000
}

/// What every form about a held task carries.
#[derive(Debug, Clone)]
pub(super) struct HeldForm {
    pub(super) task: TaskId,
    pub(super) token: String,
    pub(super) opened: i64,
    pub(super) action: String,
}

impl HeldForm {
    /// Reads it from the inputs of a form.
    pub(super) fn read(inputs: &[(String, String)], environment: &dyn Environment) -> Result<Self, Problem> {
        let text = |wanted: &str| {
            inputs
                .iter()
                .find(|(name, _)| name == wanted)
                .map(|(_, text)| text.as_str())
                .unwrap_or_default()
        };
        Ok(Self {
            task: text("task").parse()?,
            token: text("token").to_owned(),
            opened: text("opened").parse().unwrap_or_else(|_| now(environment)),
            action: text("action").to_owned(),
        })
    }

    /// How long the task was open.
    pub(super) fn latency_milliseconds(&self, environment: &dyn Environment) -> i64 {
        now(environment).saturating_sub(self.opened).max(0)
    }

    /// The task and its item, while the person holds it.
    pub(super) async fn find(&self, state: &AppState, project: &Project, user: &User) -> Result<(Task, Item), Problem> {
        let not_found = || Problem::not_found("task of yours", self.task);
        let mut transaction = state.store.read().await?;
        let task = transaction
            .task(self.task)
            .await?
            .filter(|task| task.project_id == project.id && task.user_id == Some(user.id))
            .ok_or_else(not_found)?;
        let item_id = task.item_id.ok_or_else(not_found)?;
        let item = transaction.item(item_id).await?.ok_or_else(not_found)?;
        Ok((task, item))
    }
}

/// The claim that is prolonged or given back.
#[derive(Debug, Deserialize)]
pub(super) struct TokenForm {
    token: String,
}

#[derive(Debug, Serialize)]
struct Renewed {
    until: Timestamp,
}

/// Prolongs a reservation while its page lives.
pub(super) async fn renew(
    State(state): State<AppState>,
    visit: Visit<Annotator>,
    Path((_, task)): Path<(String, String)>,
    form: ProtectedForm<TokenForm>,
) -> Result<Response, Problem> {
    let principal = Principal::Person(visit.person);
    let until = renew_reservation(&state, &principal, task.parse()?, &form.form.token).await?;
    Ok(Json(Renewed { until }).into_response())
}

/// Gives a task back when its page is left.
pub(super) async fn release(
    State(state): State<AppState>,
    visit: Visit<Annotator>,
    Path((_, task)): Path<(String, String)>,
    form: ProtectedForm<TokenForm>,
) -> Result<StatusCode, Problem> {
    let principal = Principal::Person(visit.person);
    give_back(&state, &principal, task.parse()?, &form.form.token).await?;
    Ok(StatusCode::NO_CONTENT)
}
