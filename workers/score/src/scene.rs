//! Everything that the scoring of items looks at, read in one consistent state.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use accord_domain::{
    Annotation, Annotator, AnnotatorId, AnnotatorKind, Calibrator, Consensus, Environment, FieldName, Item, ItemId,
    Project, ProjectId, RunId, TaskKind,
};
use accord_statistics::InvalidInput;
use accord_store::{
    MAXIMUM_PAGE_SIZE, PageRequest, Ruled, ScoringBasis, Store, StoreError, StoreResult, TaskFilter, Transaction,
};

use crate::item::{Asker, ItemToScore, score_item};
use crate::stopping::{NextStep, next_step};

/// What the scoring of one item looks at.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) panel: Arc<Panel>,
    pub(crate) annotations: Vec<Annotation>,
    item: Item,
    fields_with_gold: BTreeSet<FieldName>,
    present: Vec<Consensus>,
    open_votes: usize,
    has_open_annotations: bool,
    asks: Asks,
}

/// Who asks machines about an item.
#[derive(Debug, Clone)]
enum Asks {
    Project,
    Run(Arc<AskingRun>),
    Nobody,
}

/// A run that asks by the stopping rule.
#[derive(Debug)]
struct AskingRun {
    id: RunId,
    panel: BTreeSet<AnnotatorId>,
}

/// What all items of a project have in common.
#[derive(Debug)]
pub(crate) struct Panel {
    pub(crate) basis: ScoringBasis,
    project: Project,
    annotators: HashMap<AnnotatorId, Annotator>,
    calibrators: BTreeMap<FieldName, Calibrator>,
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
    /// Those of some items of a project.
    pub(crate) async fn read(store: &dyn Store, project_id: ProjectId, item_ids: &[ItemId]) -> StoreResult<Vec<Self>> {
        let mut transaction = store.read().await?;
        let tx = transaction.as_mut();
        let panel = Arc::new(Panel::read(tx, project_id).await?);
        let items = tx.items_by_ids(item_ids).await?;
        let mut annotations = by_item(tx.annotations_of_items(item_ids).await?, |one| one.item_id);
        let mut present = by_item(tx.consensus_of_items(item_ids).await?, |one| one.item_id);
        let mut gold = by_item(tx.gold_of_items(item_ids).await?, |one| one.item_id);
        let mut runs = AskingRuns::default();
        let ruled = tx.ruled_items(item_ids).await?;
        let mut scenes = Vec::with_capacity(items.len());
        for item in items {
            let asks = match ruled.get(&item.id) {
                None => Asks::Project,
                Some(Ruled::Before) => Asks::Nobody,
                Some(Ruled::By(id)) => runs.read(tx, *id, &panel).await?,
            };
            let gold = gold.remove(&item.id).unwrap_or_default();
            let mut scene = Self {
                panel: Arc::clone(&panel),
                annotations: annotations.remove(&item.id).unwrap_or_default(),
                fields_with_gold: gold.into_iter().map(|gold| gold.field).collect(),
                present: present.remove(&item.id).unwrap_or_default(),
                item,
                open_votes: 0,
                has_open_annotations: false,
                asks,
            };
            if scene.may_go_on() {
                scene.look_who_is_asked(tx).await?;
            }
            scenes.push(scene);
        }
        Ok(scenes)
    }

    pub(crate) fn item_id(&self) -> ItemId {
        self.item.id
    }

    /// Whether somebody else may have to be asked, so that it matters who is being asked.
    fn may_go_on(&self) -> bool {
        let Panel {
            project, annotators, ..
        } = self.panel.as_ref();
        let voted: BTreeSet<AnnotatorId> = self.annotations.iter().map(|one| one.annotator_id).collect();
        let waits = |annotator: &Annotator| {
            annotator.active
                && matches!(annotator.kind, AnnotatorKind::Automatic { .. })
                && !voted.contains(&annotator.id)
        };
        project.definition.policy.stopping.stops_early() || annotators.values().any(waits)
    }

    async fn look_who_is_asked(&mut self, tx: &mut dyn Transaction) -> StoreResult<()> {
        let open_votes = tx.count_open_tasks(self.item.id, TaskKind::Vote).await?;
        self.open_votes = usize::try_from(open_votes).unwrap_or(0);
        self.has_open_annotations = tx.count_open_tasks(self.item.id, TaskKind::Annotate).await? > 0;
        let filter = TaskFilter {
            kind: Some(TaskKind::Annotate),
            state: None,
            item_id: Some(self.item.id),
        };
        let page = PageRequest::first(MAXIMUM_PAGE_SIZE);
        let tasks = tx.list_tasks(self.panel.project.id, &filter, page).await?;
        // An item that was imported for runs is only scored before them when a person has voted.
        let was_held = tasks.rows.is_empty() && !self.annotations.is_empty();
        let is_left_to_runs = was_held || tasks.rows.iter().any(|task| task.run_id.is_some());
        if is_left_to_runs && matches!(self.asks, Asks::Project) {
            self.asks = Asks::Nobody;
        }
        Ok(())
    }

    /// The run that asks about the item by the stopping rule.
    pub(crate) fn run_id(&self) -> Option<RunId> {
        match &self.asks {
            Asks::Run(run) => Some(run.id),
            Asks::Project | Asks::Nobody => None,
        }
    }

    /// Asks for more votes or counts those that are there.
    pub(crate) fn conclude(&self, environment: &dyn Environment) -> Result<Conclusion, InvalidInput> {
        let input = ItemToScore {
            project: &self.panel.project,
            item: &self.item,
            annotations: &self.annotations,
            annotators: &self.panel.annotators,
            calibrators: &self.panel.calibrators,
            fields_with_gold: &self.fields_with_gold,
            present: &self.present,
            open_votes: self.open_votes,
            has_open_annotations: self.has_open_annotations,
            asker: match &self.asks {
                Asks::Project => Asker::Project,
                Asks::Run(run) => Asker::Run(&run.panel),
                Asks::Nobody => Asker::Nobody,
            },
        };
        Ok(match next_step(input)? {
            NextStep::Ask(annotators) => Conclusion::Ask(annotators),
            NextStep::Keep => Conclusion::Keep,
            NextStep::Score(voted) => Conclusion::Scored(score_item(environment, input, &voted)?),
        })
    }
}

impl Panel {
    async fn read(tx: &mut dyn Transaction, project_id: ProjectId) -> StoreResult<Self> {
        let project = tx.project(project_id).await?.ok_or_else(|| StoreError::Missing {
            what: "project",
            name: project_id.to_string(),
        })?;
        let annotators = tx.annotators_of_project(project_id).await?;
        let calibrators = tx.current_calibrators(project_id).await?;
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
            project,
        })
    }
}

/// The runs that ask about some items, each read once.
#[derive(Default)]
struct AskingRuns(HashMap<RunId, Asks>);

impl AskingRuns {
    async fn read(&mut self, tx: &mut dyn Transaction, id: RunId, panel: &Panel) -> StoreResult<Asks> {
        if let Some(known) = self.0.get(&id) {
            return Ok(known.clone());
        }
        let run = tx.run(id).await?;
        let asks = run.map_or(Asks::Nobody, |run| {
            let named = panel
                .annotators
                .values()
                .filter(|one| run.annotators.contains(&one.name));
            Asks::Run(Arc::new(AskingRun {
                id,
                panel: named.map(|annotator| annotator.id).collect(),
            }))
        });
        self.0.insert(id, asks.clone());
        Ok(asks)
    }
}

/// Rows by the item that they are about.
fn by_item<T>(rows: Vec<T>, item_of: impl Fn(&T) -> ItemId) -> HashMap<ItemId, Vec<T>> {
    let mut items: HashMap<ItemId, Vec<T>> = HashMap::new();
    for row in rows {
        items.entry(item_of(&row)).or_default().push(row);
    }
    items
}
