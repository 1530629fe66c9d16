//! Which items count as voted on in full, and which as stopped by a rule.

use accord_domain::{Annotation, Confidence, ItemId};
use accord_score::item::Asker;
use accord_score::stopping::{NextStep, Voted};
use serde_json::json;
use uuid::Uuid;

use crate::fixture::annotator;
use crate::stopping::{Scene, annotation, fitted, gold, gold_item, persons_vote, project};

/// An item that a rule stopped, on which a person votes after the rule was switched off, while a run asks the others or not,
/// is still one that lacks votes: in the fit as in scoring, until all have answered.
#[test]
fn a_persons_vote_does_not_make_votes_full() {
    let lossless = json!({ "rule": "cannot_change", "full_votes": 0.02 });
    let (own, never) = (project(&lossless, "log_odds"), project(&json!({}), "log_odds"));
    let calibrators = fitted(&json!({}), "log_odds", 120);
    let mut seen = 0;
    for number in 2_000..2_040 {
        let mut scene = Scene::new(&own, number, &[]);
        let first = scene.ask_to_the_end();
        let told = first.stopped.clone().unwrap();
        if told.unasked_count() == 0 {
            continue;
        }
        seen += 1;
        for has_open_annotations in [false, true] {
            let mut scene = Scene::new(&never, number, &calibrators);
            scene.annotations = (0..told.called_count() as usize)
                .map(|model| annotation(number, model))
                .collect();
            scene.present = vec![first.clone()];
            scene.asker = Asker::Nobody;
            scene.has_open_annotations = has_open_annotations;
            assert_eq!(scene.next(), NextStep::Keep);
            scene.annotations.push(persons_vote(number));
            let NextStep::Score(voted) = scene.next() else {
                panic!("it is scored")
            };
            let again = scene.score(&voted);
            let stopped = again.stopped.clone().unwrap();
            assert_eq!(again.annotation_ids.len(), scene.annotations.len(), "all votes count");
            assert!(!matches!(again.confidence, Confidence::Calibrated { .. }));
            assert_eq!((stopped.asked_count, stopped.panel_count), (told.called_count(), 5));
            assert_eq!((stopped.reason, stopped.in_full), (told.reason, false));
            let versions = [&never, &own].map(|project| project.definition.policy.stopping.version());
            assert!(!versions.contains(&stopped.version), "no rule asked for these votes");
            // It stays so.
            scene.present = vec![again];
            assert_eq!(scene.next(), NextStep::Keep);
            let mut partial = gold_item(number, &[]);
            partial.annotations.clone_from(&scene.annotations);
            partial.stopped = Some(stopped.clone());
            let replayed = gold(never.clone(), vec![partial.clone()]).under_rule().unwrap();
            assert!(replayed.gold.items.is_empty(), "it trains nobody");
            // Back under the rule it is what the rule made of it, and tells nothing of what the rule loses.
            scene.project = &own;
            if let NextStep::Score(voted) = scene.next() {
                assert!(!scene.score(&voted).stopped.unwrap().in_full);
            }
            // When all have answered it is as full as any.
            scene.project = &never;
            scene.has_open_annotations = false;
            let others = (0..5).filter(|model| {
                scene
                    .annotations
                    .iter()
                    .all(|one| one.annotator_id != annotator(*model))
            });
            let others: Vec<Annotation> = others.map(|model| annotation(number, model)).collect();
            scene.annotations.extend(others);
            let NextStep::Score(voted) = scene.next() else {
                panic!("it is scored")
            };
            assert_eq!((scene.score(&voted).stopped, voted.foreign), (None, false));
        }
    }
    assert!(seen > 10, "{seen}");
}

/// What was complete before the rule with some models alone was not voted on by all: that the rule then asks the others,
/// because they differ, tells nothing of what it loses.
#[test]
fn only_what_all_have_answered_is_voted_on_in_full() {
    let rule = json!({ "rule": "cannot_change", "full_votes": 0.02 });
    let (own, never) = (project(&rule, "automatic"), project(&json!({}), "automatic"));
    let all = (0..5).map(annotator).collect();
    let (mut stopped, mut open) = (0, 0);
    for number in 2_000..2_060 {
        let id = ItemId::from_uuid(Uuid::from_u128(number as u128));
        if own.definition.policy.stopping.draws_for_full_votes(id) {
            continue;
        }
        for (models, in_full) in [(&[0, 1, 2][..], false), (&[0, 1, 2, 3, 4][..], true)] {
            let before = Scene::new(&never, number, &[]).with_votes(models);
            let mut scene = Scene::new(&own, number, &[]).with_votes(models);
            scene.present = vec![before.score(&Voted::default())];
            scene.asker = Asker::Nobody;
            match scene.next() {
                NextStep::Score(voted) => {
                    assert_eq!(scene.score(&voted).stopped.unwrap().in_full, in_full);
                    stopped += 1;
                }
                // A person has voted, and then a run asks the others.
                NextStep::Keep => {
                    scene.annotations.push(persons_vote(number));
                    let NextStep::Score(voted) = scene.next() else {
                        panic!("it is scored")
                    };
                    let again = scene.score(&voted);
                    assert!(!again.stopped.as_ref().unwrap().in_full);
                    scene.present = vec![again];
                    scene.asker = Asker::Run(&all);
                    let told = scene.ask_to_the_end().stopped.unwrap();
                    assert!(!told.in_full, "{told:?}");
                    open += 1;
                }
                NextStep::Ask(_) => panic!("nobody asks"),
            }
        }
    }
    assert!(stopped > 30 && open > 5, "{stopped} {open}");
}
