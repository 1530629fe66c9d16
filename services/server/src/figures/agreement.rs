//! How much annotators agree, field by field.

use std::sync::Arc;

use accord_domain::{FieldName, Project, TaskKind, TaskState, Timestamp};
use accord_statistics::agreement::{
    AgreementSums, AgreementWeights, Coefficient, Level, bootstrap_agreement, fleiss_kappa, gwet_coefficient,
};
use accord_statistics::resampling::BootstrapPlan;
use accord_statistics::{Estimate, InvalidInput, Undefined};
use serde::Serialize;
use utoipa::ToSchema;

use crate::figures::cache::VotesBasis;
use crate::figures::figure::Figure;
use crate::figures::votes::{self, FieldVotes};
use crate::problem::Problem;
use crate::state::AppState;

/// The seed of bootstraps: the same votes give the same interval everywhere.
pub(super) const SEED: u64 = 20_261_123;

/// How many classes of a field are listed with their votes.
const CLASSES_LISTED: usize = 100;

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

/// How much annotators agree on a field. Only blind votes count; votes are alike when the field's own rule says so. No
/// figure is to be read alone: chance-corrected ones fall where one class is frequent, however often people agree.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FieldAgreement {
    /// The field.
    #[schema(value_type = String)]
    pub field: FieldName,
    /// Items with at least two votes.
    pub item_count: usize,
    /// All votes.
    pub vote_count: usize,
    /// Mean share of agreeing pairs of votes of an item; interval by bootstrap over items, 1000 replicates.
    pub percent_agreement: Figure,
    /// Krippendorff's alpha at the nominal level; interval by bootstrap over items, 1000 replicates.
    pub alpha: Figure,
    /// Fleiss' kappa; linearised interval.
    pub fleiss_kappa: Figure,
    /// Gwet's AC1 over the declared classes, of open fields over those seen; linearised interval.
    pub gwet_ac1: Figure,
    /// Votes by class: declared classes in their order, others by number of votes, at most 100.
    pub classes: Vec<ClassCount>,
    /// How many classes there are, listed or not.
    pub class_count: usize,
}

/// How many votes a class got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ClassCount {
    /// The canonical value, or `__ABSENT__`.
    pub class: String,
    /// Votes for it.
    pub vote_count: u64,
}

/// How much the annotators of a project agree at present. Computed off the async threads, and kept until votes come in.
///
/// # Errors
/// The store failed.
pub async fn agreement(state: &AppState, project: &Project) -> Result<Arc<Agreement>, Problem> {
    let basis = basis(state, project).await?;
    let computed_at = state.environment.now();
    let read = votes::load(state.store.as_ref(), project, |_| true);
    let compute = move |votes: Vec<(FieldName, FieldVotes)>| {
        let fields = votes.iter().map(|(field, votes)| measure(field, votes));
        Ok(Agreement {
            fields: fields
                .collect::<Result<_, _>>()
                .map_err(|error| Problem::internal(&error))?,
            annotation_count: basis.annotation_count,
            computed_at,
        })
    };
    let cache = &state.figures.agreement;
    cache.find(project.id, basis, computed_at, read, compute).await
}

/// How much the annotators of a project agree, to the last vote: point figures follow the votes, and intervals are those
/// that were last computed, while newer ones are computed beside. Where a figure has left its old interval, it has none
/// until then. Only the first look at a project waits for everything.
///
/// # Errors
/// The store failed.
pub async fn agreement_now(state: &AppState, project: &Project) -> Result<Arc<Agreement>, Problem> {
    let basis = basis(state, project).await?;
    let latest = state
        .figures
        .agreement
        .latest(&project.id, &basis, state.environment.now());
    let Some((measured, still_does)) = latest else {
        return agreement(state, project).await;
    };
    if still_does && measured.annotation_count == basis.annotation_count {
        return Ok(measured);
    }
    let Some(sums) = state.figures.live.sums(state, project).await? else {
        return agreement(state, project).await;
    };
    if !still_does {
        let (state, project) = (state.clone(), project.clone());
        tokio::spawn(async move {
            // A failure is logged where it happens, and met again by whoever waits for the figures.
            let _ = agreement(&state, &project).await;
        });
    }
    Ok(Arc::new(followed(&measured, &sums)))
}

/// The figures with the values of these sums.
fn followed(measured: &Agreement, sums: &[(FieldName, AgreementSums)]) -> Agreement {
    let mut now = measured.clone();
    for field in &mut now.fields {
        let Some((_, sums)) = sums.iter().find(|(name, _)| *name == field.field) else {
            continue;
        };
        field.item_count = usize::try_from(sums.pairable_items()).unwrap_or(usize::MAX);
        field.percent_agreement = field.percent_agreement.with_value(sums.percent_agreement());
        field.alpha = field.alpha.with_value(
            sums.krippendorff_alpha(Level::Nominal)
                .map_or(Estimate::Undefined(Undefined::NotIdentifiable), |alpha| alpha.alpha),
        );
        field.fleiss_kappa = field.fleiss_kappa.with_value(sums.fleiss_kappa());
        field.gwet_ac1 = field
            .gwet_ac1
            .with_value(sums.gwet_coefficient(AgreementWeights::Identity));
    }
    now
}

/// What figures of votes rest on at present.
pub(super) async fn basis(state: &AppState, project: &Project) -> Result<VotesBasis, Problem> {
    let mut transaction = state.store.read().await?;
    let tasks = transaction.count_tasks(project.id).await?;
    let being_scored = tasks.iter().any(|count| {
        count.kind == TaskKind::Score && matches!(count.state, TaskState::Ready | TaskState::Leased) && count.count > 0
    });
    Ok(VotesBasis {
        project_version: project.version,
        annotation_count: transaction.count_annotations(project.id).await?,
        settled: !being_scored,
    })
}

/// All figures of one field together.
pub(super) fn measure(field: &FieldName, votes: &FieldVotes) -> Result<FieldAgreement, InvalidInput> {
    let table = votes.table()?;
    let plan = BootstrapPlan::standard(SEED);
    let figure = |coefficient| bootstrap_agreement(&table, coefficient, plan).map(Figure::from);
    Ok(FieldAgreement {
        field: field.clone(),
        item_count: votes.compared_item_count(),
        vote_count: votes.vote_count(),
        percent_agreement: figure(Coefficient::PercentAgreement)?,
        alpha: figure(Coefficient::Alpha(Level::Nominal))?,
        fleiss_kappa: fleiss_kappa(&table).kappa.into(),
        gwet_ac1: gwet_coefficient(&table, AgreementWeights::Identity).into(),
        class_count: votes.classes.len(),
        classes: class_counts(votes, &table.class_counts()),
    })
}

fn class_counts(votes: &FieldVotes, counts: &[u64]) -> Vec<ClassCount> {
    let mut classes: Vec<ClassCount> = votes
        .classes
        .iter()
        .zip(counts)
        .map(|(class, vote_count)| ClassCount {
            class: class.clone(),
            vote_count: *vote_count,
        })
        .collect();
    let declared = votes.declared.unwrap_or(0).min(classes.len());
    classes[declared..].sort_by(|left, right| {
        right
            .vote_count
            .cmp(&left.vote_count)
            .then_with(|| left.class.cmp(&right.class))
    });
    classes.truncate(CLASSES_LISTED.max(declared));
    classes
}
