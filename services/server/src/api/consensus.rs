//! Consensus.

use accord_domain::{
    Annotation, AnnotationId, Annotator, AnnotatorId, Answer, Cluster, Consensus, Decision, FieldName, Project,
};
use accord_store::Transaction;
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::access::{ItemFor, ProjectFor, ReadData};
use crate::extract::{ApiJson, ApiQuery, PageOf, PageQuery, page_response};
use crate::problem::Problem;
use crate::state::AppState;

/// Lists the present consensus of all items and fields in order of computation.
#[utoipa::path(
    get,
    path = "/api/v1/projects/{project}/consensus",
    operation_id = "list_consensus",
    tag = "consensus",
    params(("project" = String, Path, description = "Identifier or name of the project"), PageQuery),
    security(("bearer" = ["read-data"]), ("session" = [])),
    responses(
        (status = 200, description = "A page of consensus", body = PageOf<Consensus>),
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
    let page = transaction.list_consensus(access.project.id, page).await?;
    Ok(page_response(&uri, page, |consensus| consensus))
}

/// What is wanted of the consensus of an item.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ConsensusQuery {
    /// Whether rows that newer ones have replaced are wanted too, oldest first.
    #[serde(default)]
    history: bool,
}

/// A consensus with the votes behind it and the reason of its decision in words.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ExplainedConsensus {
    /// The consensus.
    #[serde(flatten)]
    consensus: Consensus,
    /// Why it was decided so, for people.
    reason: String,
    /// What each annotator said about the field.
    votes: Vec<FieldVote>,
    /// What is in each class, in the order of the classes, where votes cluster by similarity; left out of the history.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    clusters: Vec<Cluster>,
}

/// What one annotator said about one field.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct FieldVote {
    /// The annotator.
    pub(super) annotator_id: AnnotatorId,
    /// Its name.
    pub(super) annotator: String,
    /// What it is: `human`, `reader`, `invoice_xml` or `language_model`.
    pub(super) kind: String,
    /// Whether it saw nobody else's votes.
    pub(super) blind: bool,
    /// What it said.
    #[serde(flatten)]
    pub(super) answer: Answer,
}

/// Shows the consensus of an item, field by field, with votes and reasons.
#[utoipa::path(
    get,
    path = "/api/v1/projects/{project}/items/{item}/consensus",
    operation_id = "list_consensus_of_item",
    tag = "consensus",
    params(
        ("project" = String, Path, description = "Identifier or name of the project"),
        ("item" = String, Path, description = "Identifier of the item", format = Uuid),
        ConsensusQuery,
    ),
    security(("bearer" = ["read-data"]), ("session" = [])),
    responses(
        (status = 200, description = "One row a field; none before the item is scored", body = Vec<ExplainedConsensus>),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list_of_item(
    State(state): State<AppState>,
    access: ItemFor<ReadData>,
    ApiQuery(query): ApiQuery<ConsensusQuery>,
) -> Result<ApiJson<Vec<ExplainedConsensus>>, Problem> {
    let mut transaction = state.store.read().await?;
    let rows = if query.history {
        transaction.consensus_history(access.item.id).await?
    } else {
        transaction.consensus_of_items(&[access.item.id]).await?
    };
    let ballots = Ballots::load(transaction.as_mut(), &access.item).await?;
    drop(transaction);
    let project = access.project;
    // Long texts take a while to compare.
    let explained = tokio::task::spawn_blocking(move || {
        let looked_into = (!query.history).then_some(&project);
        let explain = |consensus| explain(looked_into, &ballots, consensus);
        rows.into_iter().map(explain).collect()
    });
    Ok(ApiJson(explained.await.map_err(|error| Problem::internal(&error))?))
}

/// `looked_into` is the project whose clusters are wanted.
fn explain(looked_into: Option<&Project>, ballots: &Ballots, consensus: Consensus) -> ExplainedConsensus {
    let field = looked_into.and_then(|project| project.definition.field(&consensus.field));
    let classes = consensus.classes.iter();
    let clusters = classes.filter_map(|class| Cluster::of(field?, class, |id| ballots.answer(id, &consensus.field)));
    ExplainedConsensus {
        reason: reason(&consensus.decision),
        votes: ballots.votes(&consensus.field),
        clusters: clusters.collect(),
        consensus,
    }
}

/// The annotations of an item with the names of those who made them.
pub(super) struct Ballots {
    annotations: Vec<Annotation>,
    annotators: Vec<Annotator>,
}

impl Ballots {
    pub(super) async fn load(transaction: &mut dyn Transaction, item: &accord_domain::Item) -> Result<Self, Problem> {
        Ok(Self {
            annotations: transaction.annotations_of_items(&[item.id]).await?,
            annotators: transaction.annotators_of_project(item.project_id).await?,
        })
    }

    /// What an annotation says about a field.
    fn answer(&self, annotation: AnnotationId, field: &FieldName) -> Option<&Answer> {
        let mut annotations = self.annotations.iter();
        let annotation = annotations.find(|known| known.id == annotation)?;
        annotation.answers.get(field)
    }

    /// What every annotator said about a field, by name.
    pub(super) fn votes(&self, field: &FieldName) -> Vec<FieldVote> {
        let vote = |annotation: &Annotation| {
            let answer = annotation.answers.get(field)?.clone();
            let annotator = self
                .annotators
                .iter()
                .find(|annotator| annotator.id == annotation.annotator_id);
            Some(FieldVote {
                annotator_id: annotation.annotator_id,
                annotator: annotator.map_or_else(String::new, |annotator| annotator.name.clone()),
                kind: annotator.map_or("", |annotator| annotator.kind.word()).to_owned(),
                blind: annotation.provenance.blind,
                answer,
            })
        };
        let mut votes: Vec<FieldVote> = self.annotations.iter().filter_map(vote).collect();
        votes.sort_by(|left, right| left.annotator.cmp(&right.annotator));
        votes
    }
}

/// Why it was decided so, for people.
pub(super) fn reason(decision: &Decision) -> String {
    match decision {
        Decision::Accepted { threshold } => format!("confidence reaches the threshold {threshold}"),
        Decision::NeedsReview { reason, .. } => reason.sentence().to_owned(),
    }
}
