//! What language models cost a project, what is left of its budget, and which tasks wait and why.

use accord_domain::budget::{date_of, day_of};
use accord_domain::{Amounts, Budget, Timestamp};
use accord_store::{BegunCalls, ParkedTasks, Spent, flow};
use axum::extract::State;
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::{ProjectFor, ReadData};
use crate::extract::ApiJson;
use crate::problem::Problem;
use crate::state::AppState;

/// What language models cost a project.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Spending)]
pub(super) struct SpendingShown {
    /// The budget of the project's policy.
    budget: Budget,
    /// Spent and reserved today, in the budget's currency.
    today: AmountsShown,
    /// Spent and reserved in all, in the budget's currency.
    total: AmountsShown,
    /// Calls that are under way.
    calls_under_way: i64,
    /// Calls that were begun and of which nothing was heard again: what was paid in vain, at most.
    lost_calls: i64,
    /// By day, provider and currency.
    days: Vec<DayShown>,
    /// Tasks that wait, by reason.
    parked: Vec<ParkedShown>,
}

/// Money and tokens.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Amounts)]
struct AmountsShown {
    /// Money in the budget's currency.
    money: Decimal,
    /// Tokens of questions and answers.
    tokens: i64,
}

/// What one provider has cost in one day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DaySpending)]
struct DayShown {
    /// The day of Coordinated Universal Time.
    day: String,
    /// The provider.
    provider: String,
    /// The currency of its prices; none where it has no prices.
    currency: Option<String>,
    /// Calls whose reply is kept.
    kept_calls: i64,
    /// Calls that ended without a reply.
    failed_calls: i64,
    /// Calls of which nothing was heard again.
    lost_calls: i64,
    /// Tokens of the questions.
    input_tokens: i64,
    /// Tokens of the answers.
    output_tokens: i64,
    /// What they cost, exactly.
    cost: Decimal,
}

/// Tasks that wait for the same reason.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ParkedTasks)]
struct ParkedShown {
    /// Why.
    reason: String,
    /// How many.
    count: i64,
    /// When the first of them may be tried.
    ready_at: Timestamp,
}

/// Shows what language models cost a project.
#[utoipa::path(
    get,
    path = "/api/v1/projects/{project}/spending",
    operation_id = "read_spending",
    tag = "projects",
    params(("project" = String, Path, description = "Identifier or name of the project")),
    security(("bearer" = ["read-data"]), ("session" = [])),
    responses(
        (status = 200, description = "Costs, calls, the budget and the tasks that wait", body = SpendingShown),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn read(
    State(state): State<AppState>,
    access: ProjectFor<ReadData>,
) -> Result<ApiJson<SpendingShown>, Problem> {
    let project = &access.project;
    let mut transaction = state.store.read().await?;
    let begun = transaction.begun_calls(project.id).await?;
    let spent = transaction.spending(project.id).await?;
    let parked = transaction.parked_tasks(project.id).await?;
    let today = day_of(state.environment.now());
    Ok(ApiJson(shown(
        project.definition.policy.budget.clone(),
        today,
        &spent,
        &begun,
        parked,
    )))
}

fn shown(budget: Budget, day: i64, spent: &[Spent], begun: &[BegunCalls], parked: Vec<ParkedTasks>) -> SpendingShown {
    let (today, total) = flow::spent_and_reserved(spent, begun, day, budget.currency.as_deref());
    let count = |are_lost: bool| {
        let calls = begun.iter().filter(|calls| calls.are_lost == are_lost);
        calls.map(|calls| calls.calls).sum::<i64>()
    };
    SpendingShown {
        budget,
        today: today.into(),
        total: total.into(),
        calls_under_way: count(false),
        lost_calls: count(true) + spent.iter().map(|row| row.lost_calls).sum::<i64>(),
        days: spent.iter().map(DayShown::from).collect(),
        parked: parked.into_iter().map(ParkedShown::from).collect(),
    }
}

impl From<Amounts> for AmountsShown {
    fn from(amounts: Amounts) -> Self {
        Self {
            money: amounts.money.normalize(),
            tokens: amounts.tokens,
        }
    }
}

impl From<&Spent> for DayShown {
    fn from(spent: &Spent) -> Self {
        Self {
            day: date_of(spent.day),
            provider: spent.provider.clone(),
            currency: spent.currency.clone(),
            kept_calls: spent.kept_calls,
            failed_calls: spent.failed_calls,
            lost_calls: spent.lost_calls,
            input_tokens: spent.input_tokens,
            output_tokens: spent.output_tokens,
            cost: spent.cost,
        }
    }
}

impl From<ParkedTasks> for ParkedShown {
    fn from(parked: ParkedTasks) -> Self {
        Self {
            reason: parked.reason,
            count: parked.count,
            ready_at: parked.ready_at,
        }
    }
}
