//! Runs that ask by the stopping rule: all models of a project, or some of them.

use std::collections::BTreeSet;

use accord_domain::{AnnotatorId, Calibrator, Confidence, Consensus, ItemId, Project};
use accord_score::item::Asker;
use accord_score::stopping::{NextStep, Voted};
use serde_json::json;
use uuid::Uuid;

use crate::fixture::annotator;
use crate::stopping::{Scene, annotation, fitted, project, winner};

fn panel(models: &[usize]) -> BTreeSet<AnnotatorId> {
    models.iter().map(|model| annotator(*model)).collect()
}

fn is_drawn(project: &Project, number: usize) -> bool {
    let id = ItemId::from_uuid(Uuid::from_u128(number as u128));
    project.definition.policy.stopping.draws_for_full_votes(id)
}

fn numbers(project: &Project, drawn: bool, count: usize) -> Vec<usize> {
    let numbers = (3_000..20_000).filter(|number| is_drawn(project, *number) == drawn);
    numbers.take(count).collect()
}

fn is_calibrated(consensus: &Consensus) -> bool {
    matches!(consensus.confidence, Confidence::Calibrated { .. })
}

/// The order in which models are asked, and the consensus.
fn asked_by(
    project: &Project,
    number: usize,
    calibrators: &[Calibrator],
    asker: Asker<'_>,
) -> (Vec<AnnotatorId>, Consensus) {
    let mut scene = Scene::new(project, number, calibrators);
    scene.asker = asker;
    let consensus = scene.ask_to_the_end();
    (
        scene.annotations.iter().map(|one| one.annotator_id).collect(),
        consensus,
    )
}

#[test]
fn a_run_of_all_models_asks_as_the_project_does() {
    let rule = json!({ "rule": { "beta": 0.9 }, "full_votes": 0.1 });
    let calibrators = fitted(&rule, "log_odds", 120);
    let project = project(&rule, "log_odds");
    let all = panel(&[0, 1, 2, 3, 4]);
    for number in 3_000..3_100 {
        let (order, expected) = asked_by(&project, number, &calibrators, Asker::Project);
        let (of_run, consensus) = asked_by(&project, number, &calibrators, Asker::Run(&all));
        assert_eq!(of_run, order);
        assert_eq!(
            (&consensus.stopped, &consensus.outcome),
            (&expected.stopped, &expected.outcome)
        );
        assert_eq!(consensus.confidence, expected.confidence);
        assert!(is_calibrated(&consensus));
    }
}

/// The rule goes over the models of the panel: nobody else is asked, nobody else counts as saved, and the project's
/// calibrators speak only where the rule would have asked no other of all models either.
#[test]
fn a_run_of_some_models_asks_these_alone() {
    let rule = json!({ "rule": "cannot_change", "full_votes": 0.02 });
    let calibrators = fitted(&rule, "log_odds", 120);
    let project = project(&rule, "log_odds");
    let version = project.definition.policy.stopping.version();
    let some = panel(&[0, 1, 2]);
    let (mut known, mut unknown, mut saved) = (0, 0, 0);
    for number in numbers(&project, false, 150) {
        let (asked, consensus) = asked_by(&project, number, &calibrators, Asker::Run(&some));
        assert!(asked.iter().all(|model| some.contains(model)), "{asked:?}");
        let told = consensus.stopped.as_ref().unwrap();
        assert_eq!((told.panel_count, told.called_count() as usize), (3, asked.len()));
        saved += told.unasked_count();
        let (order, expected) = asked_by(&project, number, &calibrators, Asker::Project);
        if told.version == version {
            known += 1;
            assert!(is_calibrated(&consensus));
            assert_eq!((order, expected.outcome), (asked, consensus.outcome.clone()));
        } else {
            unknown += 1;
            assert!(!is_calibrated(&consensus), "{number}");
            // No vote of the panel is missing that could change the winner of its own, counted evenly.
            let all_of_panel = Scene::new(&project, number, &[]).with_votes(&[0, 1, 2]);
            assert_eq!(
                winner(&consensus),
                winner(&all_of_panel.score(&Voted::default())),
                "{number}"
            );
            assert!(order.len() > asked.len() || order.iter().any(|model| !some.contains(model)));
        }
    }
    assert!(known > 10 && unknown > 10 && saved > 10, "{known} {unknown} {saved}");
}

/// A run of all models asks on where one of some of them ended, and only whom the rule still wants.
#[test]
fn another_run_asks_on() {
    let rule = json!({ "rule": "cannot_change", "full_votes": 0.02 });
    let project = project(&rule, "automatic");
    let version = project.definition.policy.stopping.version();
    let (some, all) = (panel(&[0, 1]), panel(&[0, 1, 2, 3, 4]));
    for number in numbers(&project, false, 60) {
        let mut scene = Scene::new(&project, number, &[]);
        scene.asker = Asker::Run(&some);
        let first = scene.ask_to_the_end();
        scene.present = vec![first];
        // Between them, it stays as it is.
        scene.asker = Asker::Nobody;
        assert_eq!(scene.next(), NextStep::Keep);
        scene.asker = Asker::Run(&all);
        let second = scene.ask_to_the_end();
        let (order, expected) = asked_by(&project, number, &[], Asker::Project);
        let asked: Vec<AnnotatorId> = scene.annotations.iter().map(|one| one.annotator_id).collect();
        assert_eq!((asked, &second.outcome), (order, &expected.outcome), "{number}");
        assert_eq!(second.stopped.as_ref().unwrap().version, version);
        assert_eq!(second.stopped.unwrap().panel_count, 5);
    }
}

/// All of the panel are asked about a drawn item; those count for whom the rule would have asked.
#[test]
fn all_of_the_panel_vote_on_drawn_items() {
    let rule = json!({ "rule": { "beta": 0.7 }, "full_votes": 0.5 });
    let project = project(&rule, "automatic");
    let some = panel(&[1, 3]);
    let mut left_out = 0;
    for number in numbers(&project, true, 40) {
        let mut scene = Scene::new(&project, number, &[]);
        scene.asker = Asker::Run(&some);
        assert_eq!(scene.next(), NextStep::Ask([1, 3].map(annotator).to_vec()));
        let told = scene.ask_to_the_end().stopped.unwrap();
        assert_eq!((told.panel_count, told.called_count(), told.unasked_count()), (2, 2, 0));
        assert!(told.in_full);
        left_out += told.left_out.len();
    }
    assert!(left_out > 10, "{left_out}");
}

/// What a run left behind before its end is scored by what there is, as votes that nobody stopped by the rule; nothing was
/// saved on it, and what nobody was asked about waits.
#[test]
fn what_is_left_to_runs_is_nobodys_saving() {
    let rule = json!({ "rule": "cannot_change", "full_votes": 0.02 });
    let calibrators = fitted(&rule, "log_odds", 120);
    let project = project(&rule, "log_odds");
    let number = numbers(&project, false, 1)[0];
    let mut scene = Scene::new(&project, number, &calibrators);
    scene.asker = Asker::Nobody;
    assert_eq!(scene.next(), NextStep::Keep);
    scene.annotations = vec![annotation(number, 4)];
    let NextStep::Score(voted) = scene.next() else {
        panic!("it is scored")
    };
    let consensus = scene.score(&voted);
    let told = consensus.stopped.clone().unwrap();
    assert_eq!((told.asked_count, told.panel_count), (1, 1));
    assert!(!is_calibrated(&consensus) && told.version != project.definition.policy.stopping.version());
}

/// Whoever asks for all votes of some models afterwards does not change what the rule had asked for.
#[test]
fn votes_beyond_the_rule_do_not_count() {
    let rule = json!({ "rule": "cannot_change", "full_votes": 0.02 });
    let project = project(&rule, "automatic");
    let all = panel(&[0, 1, 2, 3, 4]);
    let numbers = numbers(&project, false, 200);
    let stopped_after_three = numbers.into_iter().find_map(|number| {
        let mut scene = Scene::new(&project, number, &[]);
        scene.asker = Asker::Run(&all);
        let consensus = scene.ask_to_the_end();
        (scene.annotations.len() == 3).then_some((scene, consensus))
    });
    let (mut scene, consensus) = stopped_after_three.unwrap();
    scene.present = vec![consensus.clone()];
    scene.asker = Asker::Nobody;
    scene.annotations.push(annotation(scene.number, 4));
    let NextStep::Score(voted) = scene.next() else {
        panic!("it is scored")
    };
    let again = scene.score(&voted);
    let told = again.stopped.unwrap();
    assert_eq!((told.asked_count, told.left_out), (3, vec![annotator(4)]));
    assert_eq!(again.outcome, consensus.outcome);
}

/// A rule that is switched off while a run asks by it lets the run ask the rest of its panel.
#[test]
fn a_run_whose_rule_is_switched_off_asks_its_panel() {
    let never = project(&json!({}), "automatic");
    let some = panel(&[0, 2, 3]);
    let mut scene = Scene::new(&never, 3_001, &[]).with_votes(&[2]);
    scene.asker = Asker::Run(&some);
    assert_eq!(scene.next(), NextStep::Ask([0, 3].map(annotator).to_vec()));
    let mut scene = Scene::new(&never, 3_001, &[]).with_votes(&[0, 2, 3]);
    scene.asker = Asker::Run(&some);
    assert!(matches!(scene.next(), NextStep::Score(_)));
}
