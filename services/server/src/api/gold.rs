//! Gold.

use std::collections::BTreeMap;

use accord_domain::{Answer, Gold, GoldSource, ItemId, Project, answers_from_json};
use accord_store::Transaction;
use accord_store::flow::{self, GoldAnswers};
use axum::body::Bytes;
use axum::extract::{OriginalUri, Request, State};
use axum::response::Response;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::access::{Admin, ItemFor, Principal, ProjectFor, ReadData};
use crate::api::lines::{Numbered, split};
use crate::extract::{ApiJson, ApiQuery, PageOf, PageQuery, page_response, read_body};
use crate::problem::Problem;
use crate::state::AppState;

/// How many lines are stored in one transaction.
const LINES_PER_TRANSACTION: usize = 500;

/// The most rejected lines that are listed.
const MAXIMUM_LISTED: usize = 1000;

/// Lists the gold that counts, in the order in which it was given.
#[utoipa::path(
    get,
    path = "/api/v1/projects/{project}/gold",
    operation_id = "list_gold",
    tag = "gold",
    params(("project" = String, Path, description = "Identifier or name of the project"), PageQuery),
    security(("bearer" = ["read-data"]), ("session" = [])),
    responses(
        (status = 200, description = "A page of gold", body = PageOf<Gold>),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    State(state): State<AppState>,
    access: ProjectFor<ReadData>,
    OriginalUri(uri): OriginalUri,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Response, Problem> {
    let page = query.request()?;
    let mut transaction = state.store.read().await?;
    let page = transaction.list_gold(access.project.id, page).await?;
    Ok(page_response(&uri, page, |gold| gold))
}

/// Shows the gold that counts for an item, by field.
#[utoipa::path(
    get,
    path = "/api/v1/projects/{project}/items/{item}/gold",
    operation_id = "list_gold_of_item",
    tag = "gold",
    params(
        ("project" = String, Path, description = "Identifier or name of the project"),
        ("item" = String, Path, description = "Identifier of the item", format = Uuid),
    ),
    security(("bearer" = ["read-data"]), ("session" = [])),
    responses(
        (status = 200, description = "The gold of the item", body = Vec<Gold>),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list_of_item(
    State(state): State<AppState>,
    access: ItemFor<ReadData>,
) -> Result<ApiJson<Vec<Gold>>, Problem> {
    let mut transaction = state.store.read().await?;
    Ok(ApiJson(transaction.gold_of_items(&[access.item.id]).await?))
}

/// Trusted answers of one item.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GoldLine {
    /// The name that the item's owner knows it by. Either this or `item_id`.
    #[serde(default)]
    external_id: Option<String>,
    /// The identifier of the item. Either this or `external_id`.
    #[serde(default)]
    item_id: Option<ItemId>,
    /// By field: a value, or `null` for what is not in the document. Fields that are left out get no gold.
    #[schema(value_type = Object)]
    answers: Map<String, Value>,
}

/// What became of gold that was sent.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct GoldReport {
    /// Lines that were kept.
    stored: u64,
    /// Lines that were not.
    rejected: u64,
    /// Why; cut after 1000.
    rejections: Vec<GoldRejection>,
}

/// A line that was not kept.
#[derive(Debug, Serialize, ToSchema)]
struct GoldRejection {
    /// The line, counted from 1; of an array, the place in it.
    line: u64,
    /// What is wrong and what was expected.
    problem: String,
}

/// Adds trusted answers: one object, an array, or one a line (`application/x-ndjson`).
///
/// Good lines are kept, the others are listed with what is wrong. A refit is planned.
#[utoipa::path(
    post,
    path = "/api/v1/projects/{project}/gold",
    operation_id = "add_gold",
    tag = "gold",
    params(("project" = String, Path, description = "Identifier or name of the project")),
    request_body(content(
        (Vec<GoldLine> = "application/json", example = json!([
            { "external_id": "receipt-17", "answers": { "company": "Example Ltd", "total": "53.20", "date": null } },
        ])),
        (GoldLine = "application/x-ndjson"),
    )),
    security(("bearer" = ["admin"]), ("session" = [])),
    responses(
        (status = 200, description = "What became of each line", body = GoldReport),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn add(
    State(state): State<AppState>,
    access: ProjectFor<Admin>,
    headers: HeaderMap,
    request: Request,
) -> Result<ApiJson<GoldReport>, Problem> {
    let body: Bytes = read_body(request).await?;
    let mut lines = split::<GoldLine>(&headers, &body)?;
    let mut report = GoldReport::default();
    while !lines.is_empty() {
        let rest = lines.split_off(lines.len().min(LINES_PER_TRANSACTION));
        store(&state, &access.project, &access.principal, lines, &mut report).await?;
        lines = rest;
    }
    Ok(ApiJson(report))
}

async fn store(
    state: &AppState,
    project: &Project,
    principal: &Principal,
    lines: Vec<Numbered<GoldLine>>,
    report: &mut GoldReport,
) -> Result<(), Problem> {
    let user_id = match principal {
        Principal::Person(person) => Some(person.user.id),
        Principal::Token(_) => None,
    };
    let mut transaction = state.store.write().await?;
    let mut values = Vec::with_capacity(lines.len());
    for numbered in lines {
        let checked = match numbered.content {
            Ok(line) => check(transaction.as_mut(), project, line).await?,
            Err(problem) => Err(problem),
        };
        match checked {
            Ok(answers) => values.push(answers),
            Err(problem) => report.reject(numbered.line, problem),
        }
    }
    report.stored += u64::try_from(values.len()).unwrap_or(u64::MAX);
    if !values.is_empty() {
        let environment = state.environment.as_ref();
        flow::import_gold(
            transaction.as_mut(),
            environment,
            project,
            &values,
            GoldSource::Imported,
            user_id,
        )
        .await?;
        transaction.commit().await?;
    }
    Ok(())
}

/// Finds the item of a line and reads its answers; what is wrong with the line is told, failures of the store stop all.
async fn check(
    transaction: &mut dyn Transaction,
    project: &Project,
    line: GoldLine,
) -> Result<Result<GoldAnswers, String>, Problem> {
    let (found, name) = match (line.item_id, line.external_id) {
        (Some(id), None) => (transaction.item(id).await?, id.to_string()),
        (None, Some(name)) => (transaction.item_by_external_id(project.id, &name).await?, name),
        _ => return Ok(Err("expected either `external_id` or `item_id`".to_owned())),
    };
    let Some(item) = found.filter(|item| item.project_id == project.id) else {
        return Ok(Err(format!("the project has no item `{name}`")));
    };
    let answers = match answers_from_json(&project.definition.fields, &line.answers) {
        Ok(answers) => answers,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let given: BTreeMap<_, _> = answers
        .into_iter()
        .filter(|(_, answer)| matches!(answer, Answer::Value(_) | Answer::Absent))
        .collect();
    if given.is_empty() {
        return Ok(Err("`answers` has no field".to_owned()));
    }
    Ok(Ok(GoldAnswers {
        item_id: item.id,
        answers: given,
    }))
}

impl GoldReport {
    fn reject(&mut self, line: u64, problem: String) {
        self.rejected += 1;
        if self.rejections.len() < MAXIMUM_LISTED {
            self.rejections.push(GoldRejection { line, problem });
        }
    }
}
