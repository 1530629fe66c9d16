//! The worker on a database: from votes and gold to calibrators, decisions and states of items.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use accord_domain::fold_of;
use accord_domain::{
    Annotation, AnnotationId, Answer, Answers, Calibrator, Confidence, Consensus, Decision, Environment, FittedFold,
    GoldSource, Item, ItemContent, ItemId, ItemState, Outcome, Project, ProjectDefinition, Provenance, ReviewReason,
    TaskKind, Timestamp,
};
use accord_score::worker::ScoreWorker;
use accord_statistics::calibration::PlattCurve;
use accord_store::flow::{self, GoldAnswers};
use accord_store::{ClaimRequest, PageRequest, Store, SystemEnvironment};
use accord_store_sqlite::{SqliteOptions, SqliteStore};
use serde_json::json;
use tempfile::TempDir;

use crate::fixture::{chance, value};

/// How often each of three annotators is right.
const SKILLS: [f64; 3] = [0.85, 0.75, 0.7];

/// Items with gold, and then items without.
const COUNTS: (usize, usize) = (80, 10);

struct House {
    store: Arc<dyn Store>,
    environment: Arc<SystemEnvironment>,
    project: Project,
    items: Vec<ItemId>,
    _folder: TempDir,
}

fn definition() -> ProjectDefinition {
    let reader = |name: &str| json!({"name": name, "kind": "reader", "reader": "labelled_anchors"});
    serde_json::from_value(json!({
        "name": "letters",
        "fields": [{"name": "number", "type": "identifier", "target": 0.9}],
        "annotators": [reader("first"), reader("second"), reader("third")],
        "policy": {"weighting": "log_odds"},
    }))
    .unwrap()
}

fn item(environment: &dyn Environment, project: &Project, number: usize) -> Item {
    Item {
        id: ItemId::generate(environment),
        project_id: project.id,
        external_id: format!("letter-{number}"),
        content_hash: format!("content {number}"),
        content: ItemContent::Inline {
            data: serde_json::Map::new(),
        },
        metadata: serde_json::Map::new(),
        state: ItemState::Pending,
        created_at: environment.now(),
    }
}

/// What the annotator says: the truth as often as its skill says. The last two items without gold are clear cases:
/// all agree, and all differ.
fn answer(number: usize, voter: usize) -> Answer {
    let last = COUNTS.0 + COUNTS.1 - 1;
    if number == last {
        return value(format!("{voter}"));
    }
    if number == last - 1 || chance(number, voter, 7) < SKILLS[voter] {
        value("right")
    } else {
        value(format!("wrong {voter}"))
    }
}

impl House {
    async fn with_votes() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("accord.db"), SqliteOptions::default())
            .await
            .unwrap();
        store.migrate().await.unwrap();
        let store: Arc<dyn Store> = Arc::new(store);
        let environment = Arc::new(SystemEnvironment);
        let mut tx = store.write().await.unwrap();
        let project = flow::create_project(tx.as_mut(), environment.as_ref(), definition())
            .await
            .unwrap();
        let annotators = tx.annotators_of_project(project.id).await.unwrap();
        let items: Vec<Item> = (0..COUNTS.0 + COUNTS.1)
            .map(|number| item(environment.as_ref(), &project, number))
            .collect();
        flow::add_items(tx.as_mut(), environment.as_ref(), &project, &annotators, &items, 0)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let house = Self {
            store,
            environment,
            project,
            items: items.iter().map(|item| item.id).collect(),
            _folder: folder,
        };
        house
            .annotate(&annotators.iter().map(|annotator| annotator.id).collect::<Vec<_>>())
            .await;
        house
    }

    async fn annotate(&self, annotators: &[accord_domain::AnnotatorId]) {
        let request = ClaimRequest {
            kinds: &[TaskKind::Annotate],
            project_id: None,
            worker: "test",
            lease_milliseconds: 60_000,
            limit: 500,
            limits: &[],
        };
        let mut tx = self.store.write().await.unwrap();
        let leases = flow::claim(tx.as_mut(), self.environment.as_ref(), &request)
            .await
            .unwrap();
        assert_eq!(leases.len(), self.items.len() * SKILLS.len());
        for lease in leases {
            let item_id = lease.task.item_id.unwrap();
            let number = self.items.iter().position(|id| *id == item_id).unwrap();
            let voter = annotators
                .iter()
                .position(|id| Some(*id) == lease.task.annotator_id)
                .unwrap();
            let annotation = Annotation {
                id: AnnotationId::generate(self.environment.as_ref()),
                project_id: self.project.id,
                item_id,
                annotator_id: annotators[voter],
                task_id: lease.task.id,
                answers: BTreeMap::from([("number".parse().unwrap(), answer(number, voter))]),
                provenance: Provenance {
                    blind: true,
                    ..Provenance::default()
                },
                submitted_at: Timestamp::from_microseconds(0),
            };
            flow::submit_annotation(tx.as_mut(), self.environment.as_ref(), &lease, &annotation)
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
    }

    fn worker(&self) -> ScoreWorker {
        let store = Arc::clone(&self.store);
        ScoreWorker::new(
            store,
            Arc::clone(&self.environment) as Arc<dyn Environment>,
            "test".to_owned(),
            Duration::from_secs(60),
        )
    }

    async fn give_gold(&self) {
        let gold: Vec<GoldAnswers> = self.items[..COUNTS.0]
            .iter()
            .map(|item_id| GoldAnswers {
                item_id: *item_id,
                answers: Answers::from([("number".parse().unwrap(), value("right"))]),
            })
            .collect();
        let mut tx = self.store.write().await.unwrap();
        flow::import_gold(
            tx.as_mut(),
            self.environment.as_ref(),
            &self.project,
            &gold,
            GoldSource::Imported,
            None,
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }

    /// Lets the worker do everything that is planned, the refit after its delay included.
    async fn work_until(&self, kind: TaskKind, done: i64) {
        let worker = self.worker();
        for _ in 0..200 {
            if worker.work_once().await.unwrap() == 0 {
                let counts = self
                    .store
                    .read()
                    .await
                    .unwrap()
                    .count_tasks(self.project.id)
                    .await
                    .unwrap();
                let of_kind = counts
                    .iter()
                    .filter(|count| count.kind == kind && count.state.word() == "done");
                if of_kind.map(|count| count.count).sum::<i64>() >= done {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        panic!("{kind:?} was not done {done} times");
    }

    async fn consensus(&self, number: usize) -> Consensus {
        self.store
            .read()
            .await
            .unwrap()
            .consensus_of_items(&[self.items[number]])
            .await
            .unwrap()
            .remove(0)
    }

    async fn state(&self, number: usize) -> ItemState {
        self.store
            .read()
            .await
            .unwrap()
            .item(self.items[number])
            .await
            .unwrap()
            .unwrap()
            .state
    }

    async fn calibrators(&self) -> Vec<Calibrator> {
        self.store
            .read()
            .await
            .unwrap()
            .list_calibrators(self.project.id, PageRequest::first(100))
            .await
            .unwrap()
            .rows
    }
}

fn probability(consensus: &Consensus) -> f64 {
    match consensus.confidence {
        Confidence::Calibrated { probability, .. } => probability,
        Confidence::Uncalibrated { .. } => panic!("uncalibrated: {consensus:?}"),
    }
}

fn curve(fold: &FittedFold) -> PlattCurve {
    PlattCurve {
        slope: fold.slope,
        intercept: fold.intercept,
    }
}

fn reason(consensus: &Consensus) -> Option<ReviewReason> {
    match consensus.decision {
        Decision::Accepted { .. } => None,
        Decision::NeedsReview { reason, .. } => Some(reason),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn gold_turns_votes_into_decisions() {
    let house = House::with_votes().await;
    let count = i64::try_from(house.items.len()).unwrap();
    house.work_until(TaskKind::Score, count).await;
    let (agreed, differing) = (house.items.len() - 2, house.items.len() - 1);
    let before = house.consensus(agreed).await;
    assert_eq!(before.confidence, Confidence::Uncalibrated { share: Some(1.0) });
    assert_eq!(reason(&before), Some(ReviewReason::Uncalibrated));
    assert_eq!(house.state(agreed).await, ItemState::NeedsReview);

    house.give_gold().await;
    house.work_until(TaskKind::Refit, 1).await;
    house.work_until(TaskKind::Score, 2 * count).await;
    let calibrators = house.calibrators().await;
    assert_eq!(calibrators.len(), 1);
    let fresh = house.consensus(agreed).await;
    let expected = curve(&calibrators[0].production).predict(fresh.raw_score.unwrap());
    assert!((probability(&fresh) - expected).abs() < 1e-15);
    assert_eq!((reason(&fresh), house.state(agreed).await), (None, ItemState::Accepted));
    let doubtful = house.consensus(differing).await;
    assert!(probability(&doubtful) < probability(&fresh));
    assert_eq!(reason(&doubtful), Some(ReviewReason::BelowThreshold));
    assert_eq!(house.state(differing).await, ItemState::NeedsReview);
    assert_gold_is_scored_by_folds(&house, &calibrators[0]).await;

    house.give_gold().await;
    house.work_until(TaskKind::Refit, 2).await;
    let after = house.calibrators().await;
    assert_eq!(after, calibrators, "the same gold and votes make no new calibrator");
    let mut tx = house.store.read().await.unwrap();
    let history = tx.consensus_history(house.items[agreed]).await.unwrap();
    assert_eq!(history.len(), 2, "and nothing is scored anew");
}

async fn assert_gold_is_scored_by_folds(house: &House, calibrator: &Calibrator) {
    for number in 0..COUNTS.0 {
        let labelled = house.consensus(number).await;
        if matches!(labelled.outcome, Outcome::Winner { .. }) {
            let fold = fold_of(&format!("content {number}")) as usize;
            let expected = curve(calibrator.folds[fold].as_ref().unwrap()).predict(labelled.raw_score.unwrap());
            assert!((probability(&labelled) - expected).abs() < 1e-15);
        }
    }
}

#[tokio::test]
async fn a_worker_without_work_says_so_and_ends_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("accord.db"), SqliteOptions::default())
        .await
        .unwrap();
    store.migrate().await.unwrap();
    let worker = ScoreWorker::new(
        Arc::new(store),
        Arc::new(SystemEnvironment),
        "test".to_owned(),
        Duration::from_secs(60),
    );
    assert_eq!(worker.work_once().await.unwrap(), 0);
    let stop = tokio_util::sync::CancellationToken::new();
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { worker.run(stop).await }
    });
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(5), running)
        .await
        .unwrap()
        .unwrap();
}
