//! What the tests of the suite start from.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use accord_domain::{
    Annotation, AnnotationId, Annotator, AnnotatorId, AnnotatorKind, Answer, Answers, AutomaticKind, Calibrator,
    CalibratorId, CertificationSet, ClassShare, Confidence, Consensus, ConsensusId, Decision, Environment, FieldName,
    FittedFold, Gold, GoldId, GoldSource, Item, ItemContent, ItemId, ItemState, Lease, MethodSelection,
    NormalisedValue, Outcome, Project, ProjectDefinition, ProjectId, Provenance, ReviewReason, Role, Rung, ScoreLevel,
    Task, TaskId, TaskKind, Timestamp, User, UserId, Weighting, all_votes_version,
};
use serde_json::{Map, json};

use crate::StoreResult;
use crate::calibrators::ScoringBasis;
use crate::conformance::TestStore;
use crate::flow;
use crate::tasks::{ClaimRequest, NewTask};
use crate::transaction::Transaction;

/// The lease of tests in which no lease ends.
pub const LONG_LEASE_MILLISECONDS: i64 = 600_000;

/// A lease that ends while a test waits.
pub const SHORT_LEASE_MILLISECONDS: i64 = 150;

/// Long enough for a short lease to end.
pub const UNTIL_SHORT_LEASE_ENDS: std::time::Duration = std::time::Duration::from_millis(400);

/// A clock that goes a millisecond further at every look, and numbers in place of chance: identifiers sort in the
/// order in which they are made.
#[derive(Debug)]
pub struct SteppingEnvironment {
    microseconds: AtomicI64,
    count: AtomicU64,
}

impl SteppingEnvironment {
    /// Starts at 2026-01-01. `seed` tells the identifiers of several environments apart.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            microseconds: AtomicI64::new(1_767_225_600_000_000),
            count: AtomicU64::new(seed << 40),
        }
    }
}

impl Environment for SteppingEnvironment {
    fn now(&self) -> Timestamp {
        Timestamp::from_microseconds(self.microseconds.fetch_add(1000, Ordering::Relaxed))
    }

    fn random_bytes(&self) -> [u8; 16] {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let mut bytes = [0; 16];
        bytes[2..10].copy_from_slice(&count.to_be_bytes());
        bytes
    }
}

/// A project with annotators, and the store it is in.
#[derive(Debug)]
pub struct Fixture {
    /// Clock and numbers.
    pub environment: SteppingEnvironment,
    /// The project.
    pub project: Project,
    /// Its automatic annotators by name.
    pub annotators: Vec<Annotator>,
}

/// A project definition of two fields and as many offline readers as asked.
#[must_use]
pub fn definition(name: &str, readers: usize) -> ProjectDefinition {
    let annotators: Vec<_> = (0..readers)
        .map(|number| json!({"name": format!("reader-{number}"), "kind": "reader", "reader": "labelled_anchors"}))
        .collect();
    serde_json::from_value(json!({
        "name": name,
        "title": "Receipts",
        "fields": [
            {"name": "company", "type": "text", "required": true},
            {"name": "total", "type": "money", "locale": "de-DE", "target": 0.9},
        ],
        "annotators": annotators,
        "policy": {"maximum_attempts": 3},
    }))
    .expect("the definition is valid")
}

impl Fixture {
    /// Creates the project `receipts` with two annotators.
    pub async fn create(test: &TestStore) -> Self {
        Self::create_with(test, definition("receipts", 2)).await
    }

    /// Creates a project of this definition; its name tells the identifiers of several fixtures apart.
    pub async fn create_with(test: &TestStore, definition: ProjectDefinition) -> Self {
        let seed = definition.name.bytes().map(u64::from).sum();
        let environment = SteppingEnvironment::new(seed);
        let mut tx = test.store.write().await.unwrap();
        let project = flow::create_project(tx.as_mut(), &environment, definition)
            .await
            .unwrap();
        let annotators = tx.annotators_of_project(project.id).await.unwrap();
        tx.commit().await.unwrap();
        Self {
            environment,
            project,
            annotators,
        }
    }

    /// An item of the project that is not stored yet.
    #[must_use]
    pub fn item(&self, external_id: &str) -> Item {
        item(&self.environment, self.project.id, external_id)
    }

    /// Stores items `item-0`, `item-1`, ... without tasks.
    pub async fn add_items(&self, test: &TestStore, count: usize) -> Vec<Item> {
        let items: Vec<Item> = (0..count).map(|number| self.item(&format!("item-{number}"))).collect();
        let mut tx = test.store.write().await.unwrap();
        tx.insert_items(&items).await.unwrap();
        tx.commit().await.unwrap();
        items
    }

    /// Stores items `item-0`, `item-1`, ... and plans their tasks.
    pub async fn import_items(&self, test: &TestStore, count: usize) -> Vec<Item> {
        let items: Vec<Item> = (0..count).map(|number| self.item(&format!("item-{number}"))).collect();
        let mut tx = test.store.write().await.unwrap();
        flow::add_items(
            tx.as_mut(),
            &self.environment,
            &self.project,
            &self.annotators,
            &items,
            0,
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        items
    }

    /// A task without annotator, slot and delay.
    #[must_use]
    pub fn task(&self, item_id: Option<ItemId>, kind: TaskKind) -> NewTask {
        NewTask {
            id: TaskId::generate(&self.environment),
            project_id: self.project.id,
            item_id,
            kind,
            annotator_id: None,
            run_id: None,
            slot: 0,
            priority: 0,
            delay_milliseconds: 0,
        }
    }

    /// An `annotate` task.
    #[must_use]
    pub fn annotate(&self, item_id: ItemId, annotator: usize) -> NewTask {
        NewTask {
            annotator_id: Some(self.annotators[annotator].id),
            ..self.task(Some(item_id), TaskKind::Annotate)
        }
    }

    /// A `vote` task.
    #[must_use]
    pub fn vote(&self, item_id: ItemId, slot: i32) -> NewTask {
        NewTask {
            slot,
            ..self.task(Some(item_id), TaskKind::Vote)
        }
    }

    /// Stores an account.
    pub async fn add_user(&self, test: &TestStore, name: &str) -> User {
        let user = User {
            id: UserId::generate(&self.environment),
            name: name.to_owned(),
            role: Role::Reviewer,
            active: true,
            created_at: self.environment.now(),
        };
        let mut tx = test.store.write().await.unwrap();
        tx.insert_user(&user, "$argon2id$hash").await.unwrap();
        tx.commit().await.unwrap();
        user
    }

    /// A blind annotation that answers the leased task.
    #[must_use]
    pub fn annotation(&self, task: &Task, annotator_id: AnnotatorId) -> Annotation {
        Annotation {
            id: AnnotationId::generate(&self.environment),
            project_id: self.project.id,
            item_id: task.item_id.expect("the task is about an item"),
            annotator_id,
            task_id: task.id,
            answers: answers("ACME"),
            provenance: Provenance {
                raw_output: Some("{\"company\":\"ACME\"}".to_owned()),
                blind: true,
                latency_milliseconds: Some(1234),
                cost: Some(rust_decimal::Decimal::new(1_234_567, 9)),
                cost_currency: Some("USD".to_owned()),
                code_version: "1.2.3".to_owned(),
                ..Provenance::default()
            },
            submitted_at: self.environment.now(),
        }
    }

    /// One consensus of an item and field.
    #[must_use]
    pub fn consensus(&self, item_id: ItemId, field: &str, probability: Option<f64>, accepted: bool) -> Consensus {
        let confidence = match probability {
            Some(probability) => Confidence::Calibrated {
                probability,
                calibrator_id: CalibratorId::generate(&self.environment),
                rung: Rung::Field,
                gold_count: 40,
            },
            None => Confidence::Uncalibrated { share: Some(0.75) },
        };
        let decision = if accepted {
            Decision::Accepted { threshold: 0.9 }
        } else {
            Decision::NeedsReview {
                reason: ReviewReason::BelowThreshold,
                threshold: 0.9,
            }
        };
        Consensus {
            id: ConsensusId::generate(&self.environment),
            project_id: self.project.id,
            item_id,
            field: field_name(field),
            outcome: Outcome::Winner {
                canonical: "acme".to_owned(),
                value: Some("ACME".to_owned()),
                share: 0.75,
            },
            classes: vec![ClassShare {
                canonical: "acme".to_owned(),
                value: Some("ACME".to_owned()),
                share: 0.1 + 0.2,
                vote_count: 3,
                annotation_ids: vec![AnnotationId::generate(&self.environment)],
            }],
            vote_count: 3,
            effective_vote_count: 1.0 / 3.0,
            abstention_count: 1,
            failure_count: 0,
            margin: 0.5,
            entropy: None,
            raw_score: Some(-0.1),
            confidence,
            decision,
            annotation_ids: Vec::new(),
            stopped: None,
            project_version: 1,
            weights_version: "even".to_owned(),
            code_version: "1.2.3".to_owned(),
            created_at: self.environment.now(),
        }
    }

    /// One gold value.
    #[must_use]
    pub fn gold(&self, item_id: ItemId, field: &str, text: &str) -> Gold {
        Gold {
            id: GoldId::generate(&self.environment),
            project_id: self.project.id,
            item_id,
            field: field_name(field),
            answer: value(text),
            source: GoldSource::Imported,
            propensity: None,
            user_id: None,
            created_at: self.environment.now(),
        }
    }

    /// One calibrator.
    #[must_use]
    pub fn calibrator(&self, field: &str, slope: f64) -> Calibrator {
        Calibrator {
            id: CalibratorId::generate(&self.environment),
            project_id: self.project.id,
            field: field_name(field),
            rung: Rung::Field,
            weighting: Weighting::LogOdds,
            selection: MethodSelection::Given,
            production: FittedFold {
                weights: self
                    .annotators
                    .iter()
                    .map(|annotator| (annotator.id, 1.0 / 3.0))
                    .collect(),
                default_weight: 0.1 + 0.2,
                slope,
                intercept: -1e-300,
                inverted: false,
                pipeline: None,
            },
            folds: Vec::new(),
            gold_count: 40,
            error_count: 2,
            levels: Vec::new(),
            pool_levels: Vec::new(),
            report: None,
            before: None,
            certification: Some(CertificationSet {
                levels: vec![ScoreLevel {
                    score: 0.1 + 0.2,
                    probability: 1.0 / 3.0,
                    count: 3,
                    correct_count: 1,
                }],
                unanswered_count: 1,
            }),
            panel: None,
            warnings: Vec::new(),
            stopping_version: all_votes_version(),
            stopping: None,
            data_hash: "abc".to_owned(),
            code_version: "1.2.3".to_owned(),
            created_at: self.environment.now(),
        }
    }

    /// What is scored by at present.
    pub async fn basis(&self, test: &TestStore) -> ScoringBasis {
        let mut tx = test.store.read().await.unwrap();
        tx.scoring_basis(self.project.id).await.unwrap()
    }

    /// Claims automatic tasks with a long lease.
    pub async fn claim(&self, test: &TestStore, kinds: &[TaskKind], limit: u32) -> Vec<Lease> {
        let mut tx = test.store.write().await.unwrap();
        let leases = flow::claim(tx.as_mut(), &self.environment, &request(kinds, limit))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        leases
    }
}

/// A request for tasks of any project with a long lease.
#[must_use]
pub fn request(kinds: &[TaskKind], limit: u32) -> ClaimRequest<'_> {
    ClaimRequest {
        kinds,
        project_id: None,
        worker: "worker-1",
        lease_milliseconds: LONG_LEASE_MILLISECONDS,
        limit,
        limits: &[],
    }
}

/// Runs one step in a write transaction and commits it when it succeeds.
#[macro_export]
#[doc(hidden)]
macro_rules! in_transaction {
    ($test:expr, |$tx:ident| $step:expr) => {{
        let mut transaction = $test.store.write().await.unwrap();
        let result = {
            let $tx: &mut dyn $crate::Transaction = transaction.as_mut();
            $step.await
        };
        if result.is_ok() {
            transaction.commit().await.unwrap();
        }
        result
    }};
}

/// An item that is not stored yet.
#[must_use]
pub fn item(environment: &dyn Environment, project_id: ProjectId, external_id: &str) -> Item {
    let mut data = Map::new();
    data.insert("text".to_owned(), json!(format!("Total of {external_id}: 12.50 €")));
    let mut metadata = Map::new();
    metadata.insert("z".to_owned(), json!(1));
    metadata.insert("a".to_owned(), json!([0.1, null, {"deep": true}]));
    Item {
        id: ItemId::generate(environment),
        project_id,
        external_id: external_id.to_owned(),
        content_hash: format!("hash of {external_id}"),
        content: ItemContent::Inline { data },
        metadata,
        state: ItemState::Pending,
        created_at: environment.now(),
    }
}

/// A field's name.
#[must_use]
pub fn field_name(name: &str) -> FieldName {
    name.parse().expect("a valid field name")
}

/// A value that reads as it is.
#[must_use]
pub fn value(text: &str) -> Answer {
    Answer::Value(NormalisedValue {
        raw: text.to_owned(),
        canonical: text.to_lowercase(),
        parsed: true,
        valid: None,
    })
}

/// Answers to both fields, the second of them absent.
#[must_use]
pub fn answers(company: &str) -> Answers {
    Answers::from([
        (field_name("company"), value(company)),
        (field_name("total"), Answer::Absent),
    ])
}

/// An automatic annotator that is not stored yet.
#[must_use]
pub fn annotator(environment: &dyn Environment, project_id: ProjectId, name: &str) -> Annotator {
    Annotator {
        id: AnnotatorId::generate(environment),
        project_id,
        name: name.to_owned(),
        family: "anchors".to_owned(),
        kind: AnnotatorKind::Automatic {
            definition: AutomaticKind::Reader {
                reader: "labelled_anchors".to_owned(),
                model: None,
            },
        },
        active: true,
        created_at: environment.now(),
    }
}

/// The task as it is stored.
pub async fn stored_task(test: &TestStore, id: TaskId) -> Task {
    let mut tx = test.store.read().await.unwrap();
    tx.task(id).await.unwrap().expect("the task is there")
}

/// How many tasks of one kind are open for an item.
pub async fn open_tasks(test: &TestStore, item_id: ItemId, kind: TaskKind) -> i64 {
    let mut tx = test.store.read().await.unwrap();
    tx.count_open_tasks(item_id, kind).await.unwrap()
}

/// Whether a result is the error that is expected, with a message of what it is instead.
pub fn assert_error<T: std::fmt::Debug>(result: StoreResult<T>, expected: &str) {
    match result {
        Ok(value) => panic!("expected {expected}, it went well: {value:?}"),
        Err(error) => {
            let debug = format!("{error:?}");
            assert!(debug.starts_with(expected), "expected {expected}, got {debug}");
        }
    }
}

/// Inserts tasks in a transaction of their own and returns how many are new.
pub async fn plan(test: &TestStore, tasks: &[NewTask]) -> u64 {
    let mut tx: Box<dyn Transaction> = test.store.write().await.unwrap();
    let planned = tx.insert_tasks(tasks).await.unwrap();
    tx.commit().await.unwrap();
    planned
}
