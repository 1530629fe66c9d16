//! How much annotators agree, field by field.

use std::sync::Arc;

use accord_domain::{FieldName, Project, TaskKind, TaskState, Timestamp};
use accord_statistics::InvalidInput;
use accord_statistics::agreement::{Coefficient, Level, bootstrap_agreement};
use accord_statistics::resampling::{Bootstrap, BootstrapPlan};
use serde::Serialize;
use utoipa::ToSchema;

use crate::figures::cache::Basis;
use crate::figures::ratings::{self, FieldRatings};
use crate::problem::Problem;
use crate::state::AppState;

/// The seed of the bootstrap: the same votes give the same interval everywhere.
const SEED: u64 = 20_261_123;

/// How much the annotators of a project agree.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Agreement {
    /// Field by field, in the project's order.
    pub fields: Vec<FieldAgreement>,
    /// How many annotations the project had.
    pub annotation_count: i64,
    /// When it was computed.
    pub computed_at: Timestamp,
}

/// How much annotators agree on a field. Only blind votes count; votes are alike when the field's own rule says so.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FieldAgreement {
    /// The field.
    #[schema(value_type = String)]
    pub field: FieldName,
    /// Items with at least two votes.
    pub item_count: usize,
    /// All votes.
    pub vote_count: usize,
    /// Mean share of agreeing pairs of votes of an item.
    pub percent_agreement: Figure,
    /// Krippendorff's alpha at the nominal level.
    pub alpha: Figure,
}

/// A figure with its interval, each of which may be undefined for a reason.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Figure {
    /// The figure.
    pub value: Option<f64>,
    /// Why there is no figure: `no_variation`, `no_pairable_votes` or `too_few_items`.
    pub undefined: Option<&'static str>,
    /// The lower end of the 95 % interval: bootstrap over items, 1000 replicates.
    pub lower: Option<f64>,
    /// The upper end.
    pub upper: Option<f64>,
    /// Why there is no interval: `too_few_items` below 20 items.
    pub interval_undefined: Option<&'static str>,
}

impl From<Bootstrap> for Figure {
    fn from(result: Bootstrap) -> Self {
        let interval = result.interval.value().map(|interval| interval.capped(-1.0, 1.0));
        Self {
            value: result.estimate.value(),
            undefined: result.estimate.reason().map(|reason| reason.code()),
            lower: interval.map(|interval| interval.lower),
            upper: interval.map(|interval| interval.upper),
            interval_undefined: result.interval.reason().map(|reason| reason.code()),
        }
    }
}

/// How much the annotators of a project agree at present. Computed off the async threads, and kept until votes come in.
///
/// # Errors
/// The store failed.
pub async fn agreement(state: &AppState, project: &Project) -> Result<Arc<Agreement>, Problem> {
    let basis = basis(state, project).await?;
    if let Some(known) = state.agreement.get(project.id, basis, state.environment.now()) {
        return Ok(known);
    }
    let place = state.agreement.place().acquire().await;
    let _place = place.map_err(|error| Problem::internal(&error))?;
    // Whoever waited for the place may find that it was computed meanwhile.
    if let Some(known) = state.agreement.get(project.id, basis, state.environment.now()) {
        return Ok(known);
    }
    let votes = ratings::load(state.store.as_ref(), project).await?;
    let fields = tokio::task::spawn_blocking(move || votes.iter().map(measure).collect::<Result<Vec<_>, _>>())
        .await
        .map_err(|error| Problem::internal(&error))?
        .map_err(|error| Problem::internal(&error))?;
    let agreement = Arc::new(Agreement {
        fields,
        annotation_count: basis.annotation_count,
        computed_at: state.environment.now(),
    });
    state.agreement.put(project.id, basis, Arc::clone(&agreement));
    Ok(agreement)
}

async fn basis(state: &AppState, project: &Project) -> Result<Basis, Problem> {
    let mut transaction = state.store.read().await?;
    let tasks = transaction.count_tasks(project.id).await?;
    let being_scored = tasks.iter().any(|count| {
        count.kind == TaskKind::Score && matches!(count.state, TaskState::Ready | TaskState::Leased) && count.count > 0
    });
    Ok(Basis {
        project_version: project.version,
        annotation_count: transaction.count_annotations(project.id).await?,
        settled: !being_scored,
    })
}

fn measure((field, ratings): &(FieldName, FieldRatings)) -> Result<FieldAgreement, InvalidInput> {
    let table = ratings.table()?;
    let plan = BootstrapPlan::standard(SEED);
    let figure = |coefficient| bootstrap_agreement(&table, coefficient, plan).map(Figure::from);
    Ok(FieldAgreement {
        field: field.clone(),
        item_count: ratings.compared_item_count(),
        vote_count: ratings.vote_count(),
        percent_agreement: figure(Coefficient::PercentAgreement)?,
        alpha: figure(Coefficient::Alpha(Level::Nominal))?,
    })
}
