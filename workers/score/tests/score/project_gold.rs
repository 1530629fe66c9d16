//! A project's gold as a whole: what is set apart for certification, and what is learned from items without gold.

use std::collections::{BTreeMap, HashMap};

use accord_domain::{
    Annotation, AnnotationId, Annotator, AnnotatorId, AnnotatorKind, Answer, AutomaticKind, Calibrator, FieldName,
    ItemId, Project, ProjectId, Provenance, TaskId, Timestamp,
};
use accord_domain::{document_of, fold_of, is_set_apart};
use accord_score::gold::{GoldItem, ProjectGold};
use accord_store::SystemEnvironment;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::fixture::{annotator, chance, value};

/// How often each of three annotators is right.
const SKILLS: [f64; 3] = [0.9, 0.75, 0.7];

pub(crate) fn project(field: &Value, weighting: &str) -> Project {
    let definition = json!({ "name": "letters", "fields": [field], "policy": { "weighting": weighting } });
    Project {
        id: ProjectId::from_uuid(Uuid::nil()),
        definition: serde_json::from_value(definition).unwrap(),
        version: 1,
        created_at: Timestamp::from_microseconds(0),
    }
}

fn reader(voter: usize) -> (AnnotatorId, Annotator) {
    let definition = AutomaticKind::Reader {
        reader: "labelled_anchors".to_owned(),
        model: None,
    };
    let reader = Annotator {
        id: annotator(voter),
        project_id: ProjectId::from_uuid(Uuid::nil()),
        name: format!("reader-{voter}"),
        family: format!("reader-{voter}"),
        kind: AnnotatorKind::Automatic { definition },
        active: true,
        created_at: Timestamp::from_microseconds(0),
    };
    (reader.id, reader)
}

/// An item whose true value is `truth`, with a vote of each annotator; wrong ones say `other`.
pub(crate) fn item(number: usize, field: &FieldName, (truth, other): (&str, &str), has_gold: bool) -> GoldItem {
    let hash = format!("document {number}");
    let id = ItemId::from_uuid(Uuid::from_u128(number as u128));
    let vote = |(voter, skill): (usize, &f64)| Annotation {
        id: AnnotationId::from_uuid(Uuid::from_u128((number * 10 + voter) as u128)),
        project_id: ProjectId::from_uuid(Uuid::nil()),
        item_id: id,
        annotator_id: annotator(voter),
        task_id: TaskId::from_uuid(Uuid::nil()),
        answers: BTreeMap::from([(
            field.clone(),
            value(if chance(number, voter, 1) < *skill {
                truth
            } else {
                other
            }),
        )]),
        provenance: Provenance {
            blind: true,
            ..Provenance::default()
        },
        submitted_at: Timestamp::from_microseconds(0),
    };
    GoldItem {
        id,
        fold: fold_of(&hash),
        document: document_of(&hash),
        annotations: SKILLS.iter().enumerate().map(vote).collect(),
        gold: has_gold.then(|| (field.clone(), value(truth))).into_iter().collect(),
        stopped: None,
    }
}

pub(crate) fn gold(project: Project, items: Vec<GoldItem>, unlabelled: Vec<GoldItem>) -> ProjectGold {
    ProjectGold {
        project,
        annotators: HashMap::from([reader(0), reader(1), reader(2)]),
        items,
        unlabelled,
        elsewhere: Vec::new(),
        calibrators: Vec::new(),
        judgements: Vec::new(),
    }
}

fn fit(gold: &ProjectGold) -> Calibrator {
    gold.clone().fit(&SystemEnvironment).unwrap().remove(0)
}

fn codes(items: usize) -> ProjectGold {
    let field = "number".parse().unwrap();
    let items = (0..items).map(|number| item(number, &field, ("right", "wrong"), true));
    let project = project(
        &json!({ "name": "number", "type": "identifier", "target": 0.95 }),
        "log_odds",
    );
    gold(project, items.collect(), Vec::new())
}

/// The same with other gold for some items.
fn relabelled(gold: &ProjectGold, is_changed: impl Fn(&GoldItem) -> bool) -> ProjectGold {
    let mut changed = gold.clone();
    for item in changed.items.iter_mut().filter(|item| is_changed(item)) {
        item.gold
            .values_mut()
            .for_each(|answer: &mut Answer| *answer = value("nobody said this"));
    }
    changed
}

#[test]
fn nothing_is_set_apart_before_that_part_alone_can_certify() {
    let few = codes(300);
    let drawn = few.items.iter().filter(|item| is_set_apart(item.document)).count();
    assert!(drawn < 124, "a promise of 5 % takes 124 labels with two errors");
    let calibrator = fit(&few);
    assert_eq!((calibrator.certification, calibrator.gold_count), (None, 300));
}

#[test]
fn what_is_set_apart_reaches_nothing_that_is_fitted() {
    let whole = codes(600);
    let is_apart = |item: &GoldItem| is_set_apart(item.document);
    let drawn = whole.items.iter().filter(|item| is_apart(item)).count();
    assert!(drawn >= 124, "{drawn}");
    let before = fit(&whole);
    let set = before.certification.clone().unwrap();
    assert_eq!((set.count() + set.unanswered_count) as usize, drawn);
    assert_eq!(before.gold_count as usize, 600 - drawn);
    let right: u32 = set.levels.iter().map(|level| level.correct_count).sum();
    assert!(right > set.count() / 2 && right < set.count());

    let after = fit(&relabelled(&whole, is_apart));
    assert_eq!(after.production, before.production);
    assert_eq!((&after.folds, &after.levels), (&before.folds, &before.levels));
    assert_eq!((&after.panel, &after.report), (&before.panel, &before.report));
    let changed = after.certification.unwrap();
    let score = |set: &accord_domain::CertificationSet| -> Vec<(f64, f64, u32)> {
        let levels = set.levels.iter();
        levels
            .map(|level| (level.score, level.probability, level.count))
            .collect()
    };
    assert!(changed.levels.iter().all(|level| level.correct_count == 0));
    assert_eq!(
        score(&changed).iter().map(|level| level.2).sum::<u32>(),
        set.count(),
        "the same items, now all wrong"
    );

    let first = whole.items.iter().find(|item| !is_apart(item)).unwrap().id;
    let other = fit(&relabelled(&whole, |item| item.id == first));
    assert_ne!(
        other.production, before.production,
        "what is not set apart is learned from"
    );
}

#[test]
fn items_without_gold_are_learned_from_where_classes_are_declared() {
    let field: FieldName = "label".parse().unwrap();
    let made = |numbers: std::ops::Range<usize>, has_gold: bool| -> Vec<GoldItem> {
        let truth = |number| {
            if chance(number, 9, 9) < 0.3 {
                ("true", "false")
            } else {
                ("false", "true")
            }
        };
        numbers
            .map(|number| item(number, &field, truth(number), has_gold))
            .collect()
    };
    let definition = json!({ "name": "label", "type": "boolean", "target": 0.999 });
    let alone = gold(project(&definition, "automatic"), made(0..400, true), Vec::new());
    let beside = ProjectGold {
        unlabelled: made(400..700, false),
        ..alone.clone()
    };
    let tried = |gold: &ProjectGold| -> Vec<String> {
        let calibrator = fit(gold);
        let choice = calibrator.selection.choice().unwrap().clone();
        assert_eq!(choice.label_count, 400);
        choice
            .candidates
            .into_iter()
            .map(|candidate| candidate.aggregator)
            .collect()
    };
    let names = ["Dawid-Skene posterior", "one-coin posterior with unlabelled items"];
    let (without, with) = (tried(&alone), tried(&beside));
    for name in names {
        assert!(!without.iter().any(|tried| tried == name), "{name}");
        assert!(with.iter().any(|tried| tried == name), "{name}");
    }
    assert_ne!(alone.data_hash(), beside.data_hash());
}
