//! One item from its annotations to consensus.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use accord_domain::{
    Annotation, AnnotationId, Annotator, AnnotatorKind, Answer, AutomaticKind, Calibrator, CalibratorId,
    CertificationSet, Confidence, Consensus, Decision, FieldName, FittedFold, Item, ItemContent, ItemId, ItemState,
    MethodSelection, Outcome, Project, ProjectId, Provenance, ReviewReason, Rung, TaskId, Timestamp, UserId, Weighting,
    all_votes_version,
};
use accord_domain::{document_of, fold_of, is_set_apart};
use accord_score::item::{Asker, ItemToScore, score_item};
use accord_score::stopping::Voted;
use accord_statistics::calibration::PlattCurve;
use accord_store::SystemEnvironment;
use serde_json::json;
use uuid::Uuid;

use crate::fixture::{annotator, value};

const CONTENT: &str = "content of the item";

fn project() -> Project {
    let definition = json!({"name": "letters", "fields": [{"name": "number", "type": "identifier"}]});
    Project {
        id: ProjectId::from_uuid(Uuid::nil()),
        definition: serde_json::from_value(definition).unwrap(),
        version: 3,
        created_at: Timestamp::from_microseconds(0),
    }
}

fn number() -> FieldName {
    "number".parse().unwrap()
}

fn fold(slope: f64, weights: &[f64]) -> FittedFold {
    FittedFold {
        weights: weights
            .iter()
            .enumerate()
            .map(|(voter, weight)| (annotator(voter), *weight))
            .collect(),
        default_weight: 1.0,
        slope,
        intercept: 0.5,
        inverted: false,
        pipeline: None,
    }
}

/// Every fold has a slope of its own, so that one can tell which was used.
fn calibrator(folds: Vec<Option<FittedFold>>) -> Calibrator {
    Calibrator {
        id: CalibratorId::from_uuid(Uuid::from_u128(9)),
        project_id: ProjectId::from_uuid(Uuid::nil()),
        field: number(),
        rung: Rung::FieldType,
        weighting: Weighting::LogOdds,
        selection: MethodSelection::Given,
        production: fold(10.0, &[3.0, 1.0, 1.0]),
        folds,
        gold_count: 80,
        error_count: 8,
        levels: Vec::new(),
        pool_levels: Vec::new(),
        report: None,
        before: None,
        certification: None,
        panel: None,
        warnings: Vec::new(),
        stopping_version: all_votes_version(),
        stopping: None,
        data_hash: String::new(),
        code_version: String::new(),
        created_at: Timestamp::from_microseconds(0),
    }
}

struct Scene {
    annotations: Vec<Annotation>,
    annotators: HashMap<accord_domain::AnnotatorId, Annotator>,
}

impl Scene {
    /// Each answer by an annotator of its own.
    fn new(answers: &[Answer]) -> Self {
        let annotations = answers
            .iter()
            .enumerate()
            .map(|(voter, answer)| annotation(voter, answer))
            .collect();
        let annotators = (0..answers.len())
            .map(|voter| (annotator(voter), automatic(voter)))
            .collect();
        Self {
            annotations,
            annotators,
        }
    }

    fn score(&self, calibrator: Option<Calibrator>, has_gold: bool) -> Consensus {
        self.score_content(CONTENT, calibrator, has_gold)
    }

    fn score_content(&self, content: &str, calibrator: Option<Calibrator>, has_gold: bool) -> Consensus {
        let item = Item {
            id: ItemId::from_uuid(Uuid::nil()),
            project_id: ProjectId::from_uuid(Uuid::nil()),
            external_id: "a".to_owned(),
            content_hash: content.to_owned(),
            content: ItemContent::Inline {
                data: serde_json::Map::new(),
            },
            metadata: serde_json::Map::new(),
            state: ItemState::Pending,
            created_at: Timestamp::from_microseconds(0),
        };
        let calibrators: BTreeMap<FieldName, Calibrator> = calibrator
            .into_iter()
            .map(|calibrator| (calibrator.field.clone(), calibrator))
            .collect();
        let fields_with_gold: BTreeSet<FieldName> = has_gold.then(number).into_iter().collect();
        let input = ItemToScore {
            project: &project(),
            item: &item,
            annotations: &self.annotations,
            annotators: &self.annotators,
            calibrators: &calibrators,
            fields_with_gold: &fields_with_gold,
            present: &[],
            open_votes: 0,
            has_open_annotations: false,
            asker: Asker::Project,
        };
        score_item(&SystemEnvironment, input, &Voted::default())
            .unwrap()
            .remove(0)
    }
}

fn annotation(voter: usize, answer: &Answer) -> Annotation {
    Annotation {
        id: AnnotationId::from_uuid(Uuid::from_u128(100 + voter as u128)),
        project_id: ProjectId::from_uuid(Uuid::nil()),
        item_id: ItemId::from_uuid(Uuid::nil()),
        annotator_id: annotator(voter),
        task_id: TaskId::from_uuid(Uuid::from_u128(voter as u128)),
        answers: BTreeMap::from([(number(), answer.clone())]),
        provenance: Provenance {
            blind: true,
            ..Provenance::default()
        },
        submitted_at: Timestamp::from_microseconds(0),
    }
}

fn automatic(voter: usize) -> Annotator {
    Annotator {
        id: annotator(voter),
        project_id: ProjectId::from_uuid(Uuid::nil()),
        name: format!("reader-{voter}"),
        family: format!("reader-{voter}"),
        kind: AnnotatorKind::Automatic {
            definition: AutomaticKind::Reader {
                reader: "labelled_anchors".to_owned(),
                model: None,
            },
        },
        active: true,
        created_at: Timestamp::from_microseconds(0),
    }
}

#[test]
fn what_was_set_apart_is_scored_by_production_once_it_took_no_part() {
    let folds: Vec<Option<FittedFold>> = (0..5)
        .map(|number| Some(fold(f64::from(number), &[1.0, 1.0, 3.0])))
        .collect();
    let scene = Scene::new(&[value("A"), value("A"), value("B")]);
    let with_set = Calibrator {
        certification: Some(CertificationSet {
            levels: Vec::new(),
            unanswered_count: 0,
        }),
        ..calibrator(folds.clone())
    };
    let mut apart = 0;
    for number in 0..40 {
        let content = format!("content {number}");
        let score = |calibrator: &Calibrator, has_gold| {
            probability(&scene.score_content(&content, Some(calibrator.clone()), has_gold))
        };
        let production = score(&with_set, false);
        let is_apart = is_set_apart(document_of(&content));
        apart += u32::from(is_apart);
        assert_eq!(score(&with_set, true) == production, is_apart, "{content}");
        assert_ne!(score(&calibrator(folds.clone()), true), production, "{content}");
    }
    assert!((5..20).contains(&apart), "{apart}");
}

fn probability(consensus: &Consensus) -> Option<f64> {
    match consensus.confidence {
        Confidence::Calibrated { probability, .. } => Some(probability),
        Confidence::Uncalibrated { .. } => None,
    }
}

#[test]
fn gold_decides_between_the_curve_of_the_fold_and_that_of_production() {
    let own = fold_of(CONTENT) as usize;
    let folds: Vec<Option<FittedFold>> = (0..5)
        .map(|number| Some(fold(f64::from(number), &[1.0, 1.0, 3.0])))
        .collect();
    let scene = Scene::new(&[value("A"), value("A"), value("B")]);
    let fresh = scene.score(Some(calibrator(folds.clone())), false);
    assert!(matches!(&fresh.outcome, Outcome::Winner { canonical, .. } if canonical == "A"));
    let curve = PlattCurve {
        slope: 10.0,
        intercept: 0.5,
    };
    assert_eq!(probability(&fresh), Some(curve.predict(fresh.raw_score.unwrap())));
    let with_gold = scene.score(Some(calibrator(folds.clone())), true);
    assert!(matches!(&with_gold.outcome, Outcome::Winner { canonical, .. } if canonical == "B"));
    let curve = PlattCurve {
        slope: own as f64,
        intercept: 0.5,
    };
    assert_eq!(
        probability(&with_gold),
        Some(curve.predict(with_gold.raw_score.unwrap()))
    );
    assert_ne!(fresh.weights_version, with_gold.weights_version);
    let mut without_own = folds;
    without_own[own] = None;
    let unfitted = scene.score(Some(calibrator(without_own)), true);
    assert_eq!(probability(&unfitted), None);
    assert!(matches!(
        unfitted.decision,
        Decision::NeedsReview {
            reason: ReviewReason::Uncalibrated,
            ..
        }
    ));
}

#[test]
fn a_tie_by_learned_weights_names_those_weights() {
    let scene = Scene::new(&[value("A"), value("B"), value("C"), value("B")]);
    let mut learned = calibrator(Vec::new());
    learned.production = fold(10.0, &[2.0, 1.0, 0.5, 1.0]);
    let tie = scene.score(Some(learned), false);
    assert!(matches!(&tie.outcome, Outcome::Tie { canonicals, .. } if canonicals == &["A", "B"]));
    assert!(matches!(
        tie.decision,
        Decision::NeedsReview {
            reason: ReviewReason::Tie,
            ..
        }
    ));
    assert_ne!(tie.weights_version, "even");
    assert_eq!(scene.score(None, false).weights_version, "even");
}

#[test]
fn votes_cast_in_sight_of_others_and_of_annotators_that_left_do_not_count() {
    let mut scene = Scene::new(&[value("A"), value("B"), value("B"), value("B")]);
    scene.annotations[1].provenance.blind = false;
    scene.annotators.get_mut(&annotator(2)).unwrap().active = false;
    let person = scene.annotators.get_mut(&annotator(3)).unwrap();
    person.active = false;
    person.kind = AnnotatorKind::Human {
        user_id: UserId::from_uuid(Uuid::nil()),
    };
    let consensus = scene.score(None, false);
    assert_eq!(
        consensus.vote_count, 2,
        "the vote of a person whose account was closed stays one"
    );
    let ids: Vec<AnnotationId> = vec![scene.annotations[0].id, scene.annotations[3].id];
    assert_eq!(consensus.annotation_ids, ids);
}

#[test]
fn everything_that_a_consensus_came_from_is_in_it() {
    let failed = Answer::Failed {
        reason: "late".to_owned(),
    };
    let scene = Scene::new(&[value("B"), value("A"), value("A"), Answer::Abstained, failed]);
    let consensus = scene.score(None, false);
    assert_eq!(
        (
            consensus.vote_count,
            consensus.abstention_count,
            consensus.failure_count
        ),
        (3, 1, 1)
    );
    assert_eq!(consensus.annotation_ids.len(), 5);
    assert_eq!(consensus.project_version, 3);
    assert_eq!(consensus.classes.len(), 2);
    assert_eq!(
        (consensus.classes[0].canonical.as_str(), consensus.classes[0].vote_count),
        ("A", 2)
    );
    assert_eq!(
        consensus.classes[0].annotation_ids,
        [scene.annotations[1].id, scene.annotations[2].id]
    );
    assert!((consensus.margin - 1.0 / 3.0).abs() < 1e-12);
    assert_eq!(
        consensus.confidence,
        Confidence::Uncalibrated { share: Some(2.0 / 3.0) }
    );
}

#[test]
fn an_item_without_votes_needs_review() {
    let consensus = Scene::new(&[Answer::Abstained]).score(None, false);
    assert!(matches!(consensus.outcome, Outcome::Undefined { .. }));
    assert!(matches!(
        consensus.decision,
        Decision::NeedsReview {
            reason: ReviewReason::NoVotes,
            ..
        }
    ));
    assert_eq!(
        (consensus.raw_score, consensus.confidence),
        (None, Confidence::Uncalibrated { share: None })
    );
}
