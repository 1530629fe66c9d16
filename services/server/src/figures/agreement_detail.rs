//! Who agrees with whom on one field: every pair, people against machines, each annotator against the consensus.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use accord_domain::{
    AnnotationId, Annotator, AnnotatorId, AnnotatorKind, Calibrator, FieldName, FitWarning, Project, Timestamp,
};
use accord_statistics::InvalidInput;
use accord_statistics::agreement::{OpenPair, bootstrap_pools, compare_pools, open_pairs};
use accord_statistics::resampling::BootstrapPlan;
use serde::Serialize;
use utoipa::ToSchema;

use crate::figures::agreement::{FieldAgreement, SEED, basis, measure};
use crate::figures::cache::FieldBasis;
use crate::figures::figure::Figure;
use crate::figures::panel::{FieldPanel, panel};
use crate::figures::votes::{self, FieldVotes};
use crate::problem::Problem;
use crate::state::AppState;

/// How many annotators are held against each other: those with the most votes.
pub const MAXIMUM_COMPARED: usize = 50;

/// The most classes of a confusion matrix.
const MAXIMUM_CONFUSED_CLASSES: usize = 50;

/// Who agrees with whom on a field.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AgreementDetail {
    /// The field as a whole.
    pub agreement: FieldAgreement,
    /// Whoever voted, the most votes first, at most 50: the order of the matrices.
    pub annotators: Vec<ComparedAnnotator>,
    /// How many more voted.
    pub annotators_left_out: usize,
    /// Every pair, a symmetric matrix in the order of `annotators`; on the diagonal there is nothing to compare.
    pub pairs: Vec<Vec<PairAgreement>>,
    /// Mean of the kappas that are defined. It hides one bad annotator: look at the matrix.
    pub mean_kappa: Option<f64>,
    /// People against machines; none unless both voted.
    pub people_and_machines: Option<PoolAgreement>,
    /// The classes of the confusion matrices: those that the field declares, and others seen; empty for open fields and
    /// where there are more than 50.
    pub confusion_classes: Vec<String>,
    /// Each annotator against the consensus, in which it has a part itself; empty where there are no classes.
    pub against_consensus: Vec<Confusion>,
    /// Each annotator against gold, at the last fit; empty for open fields and without gold.
    pub against_gold: Vec<Confusion>,
    /// The classes of the matrices against gold.
    pub gold_classes: Vec<String>,
    /// What gold says of the annotators together; none without gold of the field.
    pub panel: Option<FieldPanel>,
    /// What gold warns of: a plain majority that is worse than one of its members, an annotator worse than guessing.
    pub warnings: Vec<FitWarning>,
    /// How many annotations the project had.
    pub annotation_count: i64,
    /// When it was computed.
    pub computed_at: Timestamp,
}

/// An annotator among those compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ComparedAnnotator {
    /// Its identifier.
    #[schema(value_type = String)]
    pub id: AnnotatorId,
    /// Its name.
    pub name: String,
    /// Annotators that share its errors are of one family.
    pub family: String,
    /// Whether it is a person.
    pub is_person: bool,
    /// Its votes on the field.
    pub vote_count: usize,
}

/// How much two annotators agree.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct PairAgreement {
    /// Items that both voted on.
    pub item_count: u64,
    /// Share of them with the same class; none without items.
    pub percent_agreement: Option<f64>,
    /// Cohen's kappa, unweighted; none without items or where both said one and the same throughout.
    pub kappa: Option<f64>,
    /// Why there is no kappa: `no_pairable_votes` or `no_variation`.
    pub undefined: Option<&'static str>,
}

/// How much two groups of annotators agree within and with each other. A high alpha within the machines beside a low
/// kappa across means that they share an error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct PoolAgreement {
    /// How many people voted.
    pub people: usize,
    /// How many machines voted.
    pub machines: usize,
    /// Items with votes of both.
    pub item_count: usize,
    /// Krippendorff's alpha among people.
    pub people_alpha: Option<f64>,
    /// Krippendorff's alpha among machines.
    pub machines_alpha: Option<f64>,
    /// Krippendorff's alpha of all together.
    pub joint_alpha: Option<f64>,
    /// The probability that a person and a machine agree on an item.
    pub percent_agreement: Option<f64>,
    /// Kappa across: Cohen's with one annotator a side; interval by bootstrap over shared items, 1000 replicates.
    pub kappa: Figure,
}

/// What an annotator said for each class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Confusion {
    /// The annotator.
    #[schema(value_type = String)]
    pub annotator_id: AnnotatorId,
    /// Its name.
    pub annotator: String,
    /// How often: by the class that holds, then by the class said.
    pub counts: Vec<Vec<u64>>,
}

/// Everything that is read before computing.
struct Read {
    votes: FieldVotes,
    submitters: HashMap<AnnotationId, AnnotatorId>,
    annotators: Vec<Annotator>,
    calibrator: Option<Calibrator>,
}

/// Who agrees with whom on a field at present. Computed off the async threads, and kept until votes come in or a new
/// calibrator is fitted.
///
/// # Errors
/// The store failed, or the project has no such field.
pub async fn agreement_detail(
    state: &AppState,
    project: &Project,
    field: &FieldName,
) -> Result<Arc<AgreementDetail>, Problem> {
    let calibrators = state.store.read().await?.current_calibrators(project.id).await?;
    let calibrator = calibrators.into_iter().find(|calibrator| calibrator.field == *field);
    let basis = FieldBasis {
        votes: basis(state, project).await?,
        calibrator: calibrator.as_ref().map(|calibrator| calibrator.id),
    };
    let computed_at = state.environment.now();
    let name = field.clone();
    let compute = move |read: Read| {
        detail(&name, &read, basis.votes.annotation_count, computed_at).map_err(|error| Problem::internal(&error))
    };
    let key = (project.id, field.clone());
    let cache = &state.figures.details;
    let read = read(state, project, field, calibrator);
    cache.find(key, basis, computed_at, read, compute).await
}

async fn read(
    state: &AppState,
    project: &Project,
    field: &FieldName,
    calibrator: Option<Calibrator>,
) -> Result<Read, Problem> {
    let store = state.store.as_ref();
    let votes = votes::load(store, project, |name| name == field).await?;
    let votes = votes.into_iter().next().map(|(_, votes)| votes);
    let annotators = store.read().await?.annotators_of_project(project.id).await?;
    Ok(Read {
        votes: votes.ok_or_else(|| Problem::not_found("field", field))?,
        submitters: votes::submitters(store, project).await?,
        annotators,
        calibrator,
    })
}

fn detail(
    field: &FieldName,
    read: &Read,
    annotation_count: i64,
    computed_at: Timestamp,
) -> Result<AgreementDetail, InvalidInput> {
    let by_annotator = read.votes.by_annotator(&read.submitters);
    let annotators = compared(&read.annotators, &by_annotator);
    let left_out = by_annotator.len().saturating_sub(annotators.len());
    let nothing = Vec::new();
    let raters: Vec<Vec<(usize, usize)>> = annotators
        .iter()
        .map(|annotator| by_annotator.get(&annotator.id).unwrap_or(&nothing).clone())
        .collect();
    let measured = open_pairs(&raters)?;
    let confusion_classes = confusion_classes(&read.votes);
    let panel_of_gold = read
        .calibrator
        .as_ref()
        .and_then(|calibrator| calibrator.panel.as_ref());
    Ok(AgreementDetail {
        agreement: measure(field, &read.votes)?,
        pairs: measured
            .pairs
            .iter()
            .map(|row| row.iter().map(PairAgreement::from).collect())
            .collect(),
        mean_kappa: measured.mean_kappa.value(),
        people_and_machines: pools(read)?,
        against_consensus: if confusion_classes.is_empty() {
            Vec::new()
        } else {
            let confused = annotators.iter().zip(&raters);
            confused
                .map(|(annotator, votes)| against_consensus(annotator, votes, &read.votes))
                .collect()
        },
        confusion_classes,
        against_gold: panel_of_gold.map_or_else(Vec::new, |panel| against_gold(panel, &read.annotators)),
        gold_classes: panel_of_gold.map_or_else(Vec::new, |panel| panel.classes.clone()),
        warnings: read
            .calibrator
            .as_ref()
            .map_or_else(Vec::new, |calibrator| calibrator.warnings.clone()),
        panel: panel_of_gold
            .map(|of_gold| panel(of_gold, &read.annotators))
            .transpose()?,
        annotators,
        annotators_left_out: left_out,
        annotation_count,
        computed_at,
    })
}

/// Whoever voted, the most votes first.
fn compared(
    annotators: &[Annotator],
    by_annotator: &BTreeMap<AnnotatorId, Vec<(usize, usize)>>,
) -> Vec<ComparedAnnotator> {
    let mut compared: Vec<ComparedAnnotator> = annotators
        .iter()
        .filter_map(|annotator| {
            Some(ComparedAnnotator {
                id: annotator.id,
                name: annotator.name.clone(),
                family: annotator.family.clone(),
                is_person: is_person(annotator),
                vote_count: by_annotator.get(&annotator.id)?.len(),
            })
        })
        .collect();
    compared.sort_by(|left, right| {
        right
            .vote_count
            .cmp(&left.vote_count)
            .then_with(|| left.name.cmp(&right.name))
    });
    compared.truncate(MAXIMUM_COMPARED);
    compared
}

const fn is_person(annotator: &Annotator) -> bool {
    matches!(annotator.kind, AnnotatorKind::Human { .. })
}

impl From<&OpenPair> for PairAgreement {
    fn from(pair: &OpenPair) -> Self {
        Self {
            item_count: pair.items,
            percent_agreement: pair.percent_agreement.value(),
            kappa: pair.kappa.value(),
            undefined: pair.kappa.reason().map(|reason| reason.code()),
        }
    }
}

fn pools(read: &Read) -> Result<Option<PoolAgreement>, InvalidInput> {
    let people: HashSet<AnnotatorId> = read
        .annotators
        .iter()
        .filter(|annotator| is_person(annotator))
        .map(|annotator| annotator.id)
        .collect();
    let voted: HashSet<&AnnotatorId> = read.submitters.values().collect();
    let people_who_voted = people.iter().filter(|id| voted.contains(id)).count();
    let machines_that_voted = voted.len() - people_who_voted;
    if people_who_voted == 0 || machines_that_voted == 0 {
        return Ok(None);
    }
    let of_a_person = |annotation: &AnnotationId| read.submitters.get(annotation).is_some_and(|id| people.contains(id));
    let first = read.votes.table_of(of_a_person)?;
    let second = read.votes.table_of(|annotation| !of_a_person(annotation))?;
    let comparison = compare_pools(&first, &second)?;
    Ok(Some(PoolAgreement {
        people: people_who_voted,
        machines: machines_that_voted,
        item_count: comparison.items,
        people_alpha: comparison.first_alpha.value(),
        machines_alpha: comparison.second_alpha.value(),
        joint_alpha: comparison.joint_alpha.value(),
        percent_agreement: comparison.observed_agreement.value(),
        kappa: bootstrap_pools(&first, &second, BootstrapPlan::standard(SEED))?.into(),
    }))
}

fn confusion_classes(votes: &FieldVotes) -> Vec<String> {
    if votes.declared.is_some() && votes.classes.len() <= MAXIMUM_CONFUSED_CLASSES {
        votes.classes.clone()
    } else {
        Vec::new()
    }
}

fn against_consensus(annotator: &ComparedAnnotator, own: &[(usize, usize)], votes: &FieldVotes) -> Confusion {
    let side = votes.classes.len();
    let mut counts = vec![vec![0; side]; side];
    for (item, said) in own {
        let cell = votes
            .winner(*item)
            .and_then(|holds| counts.get_mut(holds)?.get_mut(*said));
        if let Some(cell) = cell {
            *cell += 1;
        }
    }
    Confusion {
        annotator_id: annotator.id,
        annotator: annotator.name.clone(),
        counts,
    }
}

fn against_gold(panel: &accord_domain::AnnotatorPanel, annotators: &[Annotator]) -> Vec<Confusion> {
    let confusions = panel.confusions.iter().filter_map(|confusion| {
        let annotator = annotators
            .iter()
            .find(|annotator| annotator.id == confusion.annotator_id)?;
        let rows = confusion.counts.iter();
        Some(Confusion {
            annotator_id: annotator.id,
            annotator: annotator.name.clone(),
            counts: rows
                .map(|row| row.iter().map(|count| u64::from(*count)).collect())
                .collect(),
        })
    });
    confusions.collect()
}
