//! Everything that the scoring of one item looks at, read in one consistent state.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use accord_domain::{
    Annotation, Annotator, AnnotatorId, AnnotatorKind, Calibrator, Consensus, Environment, FieldName, Item, ItemId,
    Project, ProjectId, TaskKind,
};
use accord_statistics::InvalidInput;
use accord_store::{ScoringBasis, Store, StoreError, StoreResult};

use crate::item::{ItemToScore, score_item};
use crate::stopping::{NextStep, next_step};

/// What the scoring of one item looks at.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) basis: ScoringBasis,
    pub(crate) annotations: Vec<Annotation>,
    project: Project,
    item: Item,
    annotators: HashMap<AnnotatorId, Annotator>,
    calibrators: BTreeMap<FieldName, Calibrator>,
    fields_with_gold: BTreeSet<FieldName>,
    present: Vec<Consensus>,
    open_votes: usize,
    has_open_annotations: bool,
}

/// What becomes of an item.
#[derive(Debug, Clone)]
pub(crate) enum Conclusion {
    /// These annotators are asked next.
    Ask(Vec<AnnotatorId>),
    /// It stays as it is.
    Keep,
    /// This is its consensus.
    Scored(Vec<Consensus>),
}

impl Scene {
    pub(crate) async fn read(store: &dyn Store, project_id: ProjectId, item_id: ItemId) -> StoreResult<Self> {
        let mut transaction = store.read().await?;
        let project = transaction.project(project_id).await?;
        let project = project.ok_or_else(|| missing("project", project_id.to_string()))?;
        let item = transaction.item(item_id).await?;
        let item = item.ok_or_else(|| missing("item", item_id.to_string()))?;
        let annotations = transaction.annotations_of_items(&[item_id]).await?;
        let annotators = transaction.annotators_of_project(project_id).await?;
        let present = transaction.consensus_of_items(&[item_id]).await?;
        let calibrators = transaction.current_calibrators(project_id).await?;
        let gold = transaction.gold_of_items(&[item_id]).await?;
        let (mut open_votes, mut open_annotations) = (0, 0);
        if may_go_on(&project, &annotators, &annotations) {
            open_votes = transaction.count_open_tasks(item_id, TaskKind::Vote).await?;
            open_annotations = transaction.count_open_tasks(item_id, TaskKind::Annotate).await?;
        }
        Ok(Self {
            basis: ScoringBasis {
                project_version: project.version,
                calibrators: calibrators.iter().map(|calibrator| calibrator.id).collect(),
            },
            calibrators: calibrators
                .into_iter()
                .filter(|calibrator| calibrator.serves(&project.definition.policy.stopping))
                .map(|calibrator| (calibrator.field.clone(), calibrator))
                .collect(),
            annotators: annotators
                .into_iter()
                .map(|annotator| (annotator.id, annotator))
                .collect(),
            fields_with_gold: gold.into_iter().map(|gold| gold.field).collect(),
            open_votes: usize::try_from(open_votes).unwrap_or(0),
            has_open_annotations: open_annotations > 0,
            project,
            item,
            annotations,
            present,
        })
    }

    /// Asks for more votes or counts those that are there.
    pub(crate) fn conclude(&self, environment: &dyn Environment) -> Result<Conclusion, InvalidInput> {
        let input = ItemToScore {
            project: &self.project,
            item: &self.item,
            annotations: &self.annotations,
            annotators: &self.annotators,
            calibrators: &self.calibrators,
            fields_with_gold: &self.fields_with_gold,
            present: &self.present,
            open_votes: self.open_votes,
            has_open_annotations: self.has_open_annotations,
        };
        Ok(match next_step(input)? {
            NextStep::Ask(annotators) => Conclusion::Ask(annotators),
            NextStep::Keep => Conclusion::Keep,
            NextStep::Score(voted) => Conclusion::Scored(score_item(environment, input, &voted)?),
        })
    }
}

/// Whether somebody else may have to be asked, so that it matters who is being asked.
fn may_go_on(project: &Project, annotators: &[Annotator], annotations: &[Annotation]) -> bool {
    let voted: BTreeSet<AnnotatorId> = annotations.iter().map(|annotation| annotation.annotator_id).collect();
    let waits = |annotator: &Annotator| {
        annotator.active && matches!(annotator.kind, AnnotatorKind::Automatic { .. }) && !voted.contains(&annotator.id)
    };
    project.definition.policy.stopping.stops_early() || annotators.iter().any(waits)
}

fn missing(what: &'static str, name: String) -> StoreError {
    StoreError::Missing { what, name }
}
