//! Asking language models until the stopping rule has heard enough, and what calibrators learn of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use accord_domain::{
    Annotation, AnnotationId, Annotator, AnnotatorId, AnnotatorKind, Answer, AutomaticKind, Calibrator, Consensus,
    FieldName, Item, ItemContent, ItemId, ItemState, LanguageModel, Outcome, Project, ProjectId, Provenance,
    StopReason, TaskId, Timestamp, UserId, document_of, fold_of,
};
use accord_score::gold::{GoldItem, ProjectGold};
use accord_score::item::{Asker, ItemToScore, score_item};
use accord_score::stopping::{NextStep, Voted, next_step};
use accord_store::SystemEnvironment;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::fixture::{annotator, chance, value};

/// How often each of five models is right; the last two are ways of asking one.
const MODELS: [(f64, &str); 5] = [(0.8, "a"), (0.7, "b"), (0.65, "c"), (0.6, "d"), (0.6, "d")];

/// The number of a person who votes besides.
const PERSON: usize = 5;

fn field() -> FieldName {
    "label".parse().unwrap()
}

pub(crate) fn project(stopping: &Value, weighting: &str) -> Project {
    let models = (0..MODELS.len()).map(|number| {
        json!({
            "name": format!("model-{number}"), "kind": "language_model", "provider": "p", "model": MODELS[number].1,
        })
    });
    let definition = json!({
        "name": "letters",
        "fields": [{ "name": "label", "type": "choice", "options": ["x", "y", "z"], "target": 0.9 }],
        "annotators": models.collect::<Vec<_>>(),
        "policy": { "weighting": weighting, "stopping": stopping },
    });
    let project = Project {
        id: ProjectId::from_uuid(Uuid::nil()),
        definition: serde_json::from_value(definition).unwrap(),
        version: 1,
        created_at: Timestamp::from_microseconds(0),
    };
    project.definition.check().unwrap();
    project
}

pub(crate) fn annotators() -> HashMap<AnnotatorId, Annotator> {
    let model = |number: usize| Annotator {
        id: annotator(number),
        project_id: ProjectId::from_uuid(Uuid::nil()),
        name: format!("model-{number}"),
        family: MODELS[number].1.to_owned(),
        kind: AnnotatorKind::Automatic {
            definition: AutomaticKind::LanguageModel(LanguageModel::new("p", MODELS[number].1)),
        },
        active: true,
        created_at: Timestamp::from_microseconds(0),
    };
    let person = Annotator {
        name: "ada".to_owned(),
        family: "ada".to_owned(),
        kind: AnnotatorKind::Human {
            user_id: UserId::from_uuid(Uuid::nil()),
        },
        ..model(0)
    };
    (0..MODELS.len())
        .map(|number| (annotator(number), model(number)))
        .chain([(
            annotator(PERSON),
            Annotator {
                id: annotator(PERSON),
                ..person
            },
        )])
        .collect()
}

/// What a model says of an item whose truth is x; every eleventh time it abstains.
fn answer(item: usize, model: usize) -> Answer {
    if chance(item, model, 3) < 1.0 / 11.0 {
        Answer::Abstained
    } else if chance(item, model, 1) < MODELS[model].0 {
        value("x")
    } else {
        value(if chance(item, model, 2) < 0.7 { "y" } else { "z" })
    }
}

pub(crate) fn annotation(item: usize, model: usize) -> Annotation {
    Annotation {
        id: AnnotationId::from_uuid(Uuid::from_u128((item * 10 + model) as u128)),
        project_id: ProjectId::from_uuid(Uuid::nil()),
        item_id: ItemId::from_uuid(Uuid::from_u128(item as u128)),
        annotator_id: annotator(model),
        task_id: TaskId::from_uuid(Uuid::nil()),
        answers: BTreeMap::from([(field(), answer(item, model))]),
        provenance: Provenance {
            blind: true,
            cost: Some(Decimal::new(1, 3)),
            cost_currency: Some("USD".to_owned()),
            ..Provenance::default()
        },
        submitted_at: Timestamp::from_microseconds(0),
    }
}

/// What a person says, who saw nobody's vote.
pub(crate) fn persons_vote(item: usize) -> Annotation {
    Annotation {
        id: AnnotationId::from_uuid(Uuid::from_u128((item * 10 + PERSON) as u128)),
        annotator_id: annotator(PERSON),
        answers: BTreeMap::from([(field(), value("x"))]),
        ..annotation(item, 0)
    }
}

/// Everything there is about one item.
pub(crate) struct Scene<'a> {
    pub(crate) project: &'a Project,
    pub(crate) number: usize,
    pub(crate) annotations: Vec<Annotation>,
    calibrators: BTreeMap<FieldName, Calibrator>,
    pub(crate) present: Vec<Consensus>,
    open_votes: usize,
    pub(crate) has_open_annotations: bool,
    pub(crate) asker: Asker<'a>,
}

impl<'a> Scene<'a> {
    pub(crate) fn new(project: &'a Project, number: usize, calibrators: &[Calibrator]) -> Self {
        let of_rule =
            |calibrator: &&Calibrator| calibrator.stopping_version == project.definition.policy.stopping.version();
        let calibrators = calibrators.iter().filter(of_rule).cloned();
        Self {
            project,
            number,
            annotations: Vec::new(),
            calibrators: calibrators
                .map(|calibrator| (calibrator.field.clone(), calibrator))
                .collect(),
            present: Vec::new(),
            open_votes: 0,
            has_open_annotations: false,
            asker: Asker::Project,
        }
    }

    pub(crate) fn with_votes(mut self, models: &[usize]) -> Self {
        self.annotations = models.iter().map(|model| annotation(self.number, *model)).collect();
        self
    }

    fn look<T>(&self, what: impl FnOnce(ItemToScore<'_>) -> T) -> T {
        let hash = format!("document {}", self.number);
        let item = Item {
            id: ItemId::from_uuid(Uuid::from_u128(self.number as u128)),
            project_id: self.project.id,
            external_id: self.number.to_string(),
            content_hash: hash,
            content: ItemContent::Inline {
                data: serde_json::Map::new(),
            },
            metadata: serde_json::Map::new(),
            state: ItemState::Pending,
            created_at: Timestamp::from_microseconds(0),
        };
        what(ItemToScore {
            project: self.project,
            item: &item,
            annotations: &self.annotations,
            annotators: &annotators(),
            calibrators: &self.calibrators,
            fields_with_gold: &BTreeSet::new(),
            present: &self.present,
            open_votes: self.open_votes,
            has_open_annotations: self.has_open_annotations,
            asker: self.asker,
        })
    }

    pub(crate) fn next(&self) -> NextStep {
        self.look(|input| next_step(input).unwrap())
    }

    pub(crate) fn score(&self, voted: &Voted) -> Consensus {
        self.look(|input| score_item(&SystemEnvironment, input, voted).unwrap().remove(0))
    }

    /// Asks until the rule stops; gives back the consensus.
    pub(crate) fn ask_to_the_end(&mut self) -> Consensus {
        loop {
            match self.next() {
                NextStep::Ask(models) => {
                    for model in models {
                        let is_new = self.annotations.iter().all(|known| known.annotator_id != model);
                        assert!(is_new, "asked twice");
                        let number = model.as_uuid().as_u128() as usize;
                        self.annotations.push(annotation(self.number, number));
                    }
                }
                NextStep::Score(voted) => return self.score(&voted),
                NextStep::Keep => panic!("nothing to keep"),
            }
        }
    }
}

pub(crate) fn winner(consensus: &Consensus) -> Option<&str> {
    match &consensus.outcome {
        Outcome::Winner { canonical, .. } => Some(canonical),
        Outcome::Tie { .. } | Outcome::Undefined { .. } => None,
    }
}

pub(crate) fn gold_item(number: usize, models: &[usize]) -> GoldItem {
    let hash = format!("document {number}");
    GoldItem {
        id: ItemId::from_uuid(Uuid::from_u128(number as u128)),
        fold: fold_of(&hash),
        document: document_of(&hash),
        annotations: models.iter().map(|model| annotation(number, *model)).collect(),
        gold: BTreeMap::from([(field(), value("x"))]),
        stopped: None,
    }
}

pub(crate) fn gold(project: Project, items: Vec<GoldItem>) -> ProjectGold {
    ProjectGold {
        project,
        annotators: annotators(),
        items,
        unlabelled: Vec::new(),
        elsewhere: Vec::new(),
        calibrators: Vec::new(),
        judgements: Vec::new(),
    }
}

pub(crate) fn fitted(stopping: &Value, weighting: &str, items: usize) -> Vec<Calibrator> {
    let items = (0..items).map(|number| gold_item(number, &[0, 1, 2, 3, 4]));
    gold(project(stopping, weighting), items.collect())
        .fit(&SystemEnvironment)
        .unwrap()
}

/// Without gold, by log-odds, and by a method that was chosen: whatever the lossless rule leaves unasked, the winner is that of
/// all votes by the same weights.
#[test]
fn the_lossless_rule_changes_no_winner() {
    let rule = json!({ "rule": "cannot_change" });
    for (weighting, labels) in [("automatic", 0), ("log_odds", 120), ("automatic", 400)] {
        let calibrators = fitted(&rule, weighting, labels);
        let is_chosen = calibrators
            .iter()
            .any(|calibrator| calibrator.production.pipeline.is_some());
        assert_eq!(is_chosen, labels == 400, "{weighting} on {labels}");
        let project = project(&rule, weighting);
        let (mut calls, mut stopped) = (0, 0);
        for number in 1_000..1_150 {
            let mut scene = Scene::new(&project, number, &calibrators);
            let consensus = scene.ask_to_the_end();
            let all = Scene::new(&project, number, &calibrators).with_votes(&[0, 1, 2, 3, 4]);
            assert_eq!(
                winner(&consensus),
                winner(&all.score(&Voted::default())),
                "{weighting} item {number}"
            );
            let told = consensus.stopped.unwrap();
            calls += scene.annotations.len();
            stopped += usize::from(told.reason == StopReason::CannotChange);
            assert_eq!(told.panel_count, 5);
            if told.left_out.is_empty() {
                assert_eq!(told.asked_count as usize, scene.annotations.len());
                assert_eq!(told.reason == StopReason::AllAsked, told.asked_count == 5);
            }
        }
        assert!(
            stopped > 30 && calls < 150 * 5 - 30,
            "{weighting} on {labels}: {stopped} stopped, {calls} calls"
        );
    }
}

/// Three that agree give 15/16 by the Beta rule; families count once. Nobody is asked in vain, and a model that says nothing
/// is no reason to stop.
#[test]
fn a_rule_that_is_sure_stops_sooner() {
    let beta = json!({ "rule": { "beta": 0.9 }, "full_votes": 0.02 });
    let project = project(&beta, "automatic");
    let agrees = |model: usize, number: usize| answer(number, model) == value("x");
    let not_drawn = |number: usize| {
        let id = ItemId::from_uuid(Uuid::from_u128(number as u128));
        !project.definition.policy.stopping.draws_for_full_votes(id)
    };
    let number = (0..1_000).find(|number| not_drawn(*number) && (0..3).all(|model| agrees(model, *number)));
    let mut scene = Scene::new(&project, number.unwrap(), &[]);
    let consensus = scene.ask_to_the_end();
    let told = consensus.stopped.as_ref().unwrap();
    // 4 families, 3 agree: the rest could not change it either, which is said first.
    assert_eq!((told.asked_count, told.reason), (3, StopReason::CannotChange));
    assert_eq!(
        told.sentence(),
        "3 of 5 language models asked: the rest could not change it"
    );
    // A person who may still vote could tie it with the fourth family, but not shake the Beta rule.
    let mut scene = Scene::new(&project, number.unwrap(), &[]);
    scene.open_votes = 2;
    let consensus = scene.ask_to_the_end();
    assert_eq!(consensus.stopped.unwrap().reason, StopReason::Sure);
    let silent = (0..2_000)
        .find(|number| not_drawn(*number) && answer(*number, 0) == Answer::Abstained)
        .unwrap();
    let scene = Scene::new(&project, silent, &[]).with_votes(&[0]);
    assert_eq!(scene.next(), NextStep::Ask(vec![annotator(1)]));
}

/// Stages ask all of their models at once; a drawn item asks everybody at once.
#[test]
fn stages_and_drawn_items_are_asked_at_once() {
    let stages = json!({ "stages": [["model-4", "model-2"], ["model-0", "model-1", "model-3"]] });
    let of_share = |share: f64| json!({ "rule": "cannot_change", "order": stages, "full_votes": share });
    let some = project(&of_share(0.02), "automatic");
    let number = (0..100)
        .find(|number| {
            let id = ItemId::from_uuid(Uuid::from_u128(*number as u128));
            !some.definition.policy.stopping.draws_for_full_votes(id)
        })
        .unwrap();
    let scene = Scene::new(&some, number, &[]);
    assert_eq!(scene.next(), NextStep::Ask(vec![annotator(4), annotator(2)]));
    // Of a stage that was begun, the others.
    let scene = Scene::new(&some, number, &[]).with_votes(&[2]);
    assert_eq!(scene.next(), NextStep::Ask(vec![annotator(4)]));
    let all = project(&of_share(1.0), "automatic");
    let NextStep::Ask(asked) = Scene::new(&all, number, &[]).next() else {
        panic!("everybody is asked");
    };
    assert_eq!(asked.len(), 5);
    // When all have voted, the votes count that the rule would have asked for.
    let scene = Scene::new(&all, number, &[]).with_votes(&[0, 1, 2, 3, 4]);
    let NextStep::Score(voted) = scene.next() else {
        panic!("it is scored")
    };
    let told = scene.score(&voted).stopped.unwrap();
    assert_eq!(told.asked_count as usize + told.left_out.len(), 5);
    assert_eq!(told.called_count(), 5);
}

/// Calibrators serve the rule they were fitted under and no other; an item that was complete before stays.
#[test]
fn calibrators_of_another_rule_are_not_used() {
    let lossless = json!({ "rule": "cannot_change", "full_votes": 0.02 });
    let calibrators = fitted(&lossless, "log_odds", 120);
    let own = project(&lossless, "log_odds");
    let mut scene = Scene::new(&own, 2_001, &calibrators);
    let consensus = scene.ask_to_the_end();
    assert!(matches!(
        consensus.confidence,
        accord_domain::Confidence::Calibrated { .. }
    ));

    let other = project(&json!({ "rule": { "beta": 0.99 } }), "log_odds");
    let mut foreign = Scene::new(&other, 2_001, &calibrators);
    assert!(foreign.calibrators.is_empty());
    assert!(matches!(
        foreign.ask_to_the_end().confidence,
        accord_domain::Confidence::Uncalibrated { .. }
    ));

    // The rule is switched off: what lacks votes is left as it is; what has all of them counts as ever.
    let never = project(&json!({}), "log_odds");
    let number = (2_000..2_100)
        .find(|number| {
            Scene::new(&own, *number, &calibrators)
                .ask_to_the_end()
                .stopped
                .unwrap()
                .called_count()
                < 5
        })
        .unwrap();
    let mut scene = Scene::new(&own, number, &calibrators);
    let consensus = scene.ask_to_the_end();
    scene.present = vec![consensus];
    scene.project = &never;
    assert_eq!(scene.next(), NextStep::Keep);
    scene.project = &own;
    let NextStep::Score(again) = scene.next() else {
        panic!("it is scored anew")
    };
    assert_eq!(scene.score(&again).stopped, scene.present[0].stopped);
    // Somebody who votes since then is heard, but no calibrator knows such votes.
    scene.project = &never;
    scene.annotations.push(persons_vote(number));
    let NextStep::Score(voted) = scene.next() else {
        panic!("it is scored")
    };
    assert!(voted.foreign && scene.score(&voted).stopped.is_some());
    // While it was being asked, the rule was switched off: the others are asked as well.
    let scene = Scene::new(&never, number, &[]).with_votes(&[1]);
    assert_eq!(scene.next(), NextStep::Ask([0, 2, 3, 4].map(annotator).to_vec()));
}

/// Gold on full votes trains calibrators of a rule by the votes that the rule would have asked for; items of another rule that
/// lack votes train nobody.
#[test]
fn full_votes_are_replayed_for_the_fit() {
    let rule = json!({ "rule": { "beta": 0.7 } });
    let mut items: Vec<GoldItem> = (0..100).map(|number| gold_item(number, &[0, 1, 2, 3, 4])).collect();
    let mut partial = gold_item(500, &[0, 1]);
    items.push(gold_item(501, &[0]));
    partial.stopped = Some(accord_domain::Stopped {
        version: project(&rule, "automatic").definition.policy.stopping.version(),
        reason: StopReason::Sure,
        asked_count: 2,
        panel_count: 5,
        left_out: Vec::new(),
        in_full: false,
    });
    items.push(partial.clone());
    // All were asked because they differed: that tells nothing of what the rule loses.
    let mut differed = gold_item(502, &[0, 1, 2, 3, 4]);
    differed.stopped.clone_from(&partial.stopped);
    let is_drawn = project(&rule, "automatic")
        .definition
        .policy
        .stopping
        .draws_for_full_votes(differed.id);
    assert!(!is_drawn);
    items.push(differed);
    let replayed = gold(project(&rule, "automatic"), items.clone()).under_rule().unwrap();
    let votes: BTreeMap<ItemId, usize> = replayed
        .gold
        .items
        .iter()
        .map(|item| (item.id, item.annotations.len()))
        .collect();
    assert_eq!(
        votes.len(),
        102,
        "the item that nobody knows how it was stopped is left away"
    );
    assert_eq!(votes[&partial.id], 2);
    let loss = replayed.fits[&field()].loss.unwrap();
    let differed = ItemId::from_uuid(Uuid::from_u128(502));
    let asked: usize = votes.values().sum::<usize>() - 2 - votes[&differed];
    assert_eq!(
        (loss.count, loss.asked_count as usize, loss.panel_count),
        (100, asked, 500)
    );
    // One vote gives 3/4.
    assert!(asked < 200, "{asked}");
    assert!(
        loss.changed_winner_count > 0 && loss.accuracy < loss.accuracy_of_all,
        "{loss:?}"
    );
    assert!(loss.interval[0] < loss.accuracy - loss.accuracy_of_all);
    assert_eq!(replayed.fits[&field()].order.len(), 5);
    assert_eq!(
        replayed.fits[&field()].order[0],
        annotator(0),
        "the best one first, as all cost the same"
    );

    let lossless = gold(project(&json!({ "rule": "cannot_change" }), "automatic"), items.clone());
    let loss = lossless.under_rule().unwrap().fits[&field()].loss.unwrap();
    assert_eq!((loss.changed_winner_count, loss.accuracy), (0, loss.accuracy_of_all));
    let everybody = gold(project(&json!({}), "automatic"), items).under_rule().unwrap();
    assert!(everybody.fits.is_empty());
    assert_eq!(
        everybody.gold.items.len(),
        102,
        "of the others only what a rule has stopped is left away"
    );
}
