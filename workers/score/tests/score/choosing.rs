//! The choice of methods, from gold to the confidence of an item.

use accord_domain::{Answer, Field, FittedFold, MethodSelection, Rung, Weighting};
use accord_score::ballot::{Ballot, CastVote};
use accord_score::report::OutOfFold;
use accord_score::tally::score;
use serde_json::json;
use uuid::Uuid;

use crate::fixture::{Labelled, SKILLS, annotator, chance, fit, fold_of_item, misleading, value};

fn code() -> Field {
    serde_json::from_value(json!({"name": "number", "type": "identifier"})).unwrap()
}

fn boolean() -> Field {
    serde_json::from_value(json!({"name": "label", "type": "boolean"})).unwrap()
}

/// The votes of an item as they would be cast, first those of the voters given.
fn ballot<'a>(data: &'a Labelled, answers: &'a [Answer]) -> Ballot<'a> {
    let cast = answers.iter().enumerate().map(|(voter, answer)| CastVote {
        annotation_id: accord_domain::AnnotationId::from_uuid(Uuid::nil()),
        annotator_id: annotator(voter),
        family: SKILLS[voter].1,
        from_data: false,
        answer,
    });
    Ballot::new(&data.field, cast.collect()).unwrap()
}

fn probability(data: &Labelled, answers: &[Answer], fitted: &FittedFold) -> Option<f64> {
    score(&ballot(data, answers), Some(fitted), &data.field.field_type)
        .unwrap()
        .probability
}

#[test]
fn few_labels_or_errors_keep_the_ladder_and_say_what_is_missing() {
    for (items, is_chosen) in [(45, false), (400, true)] {
        let fitted = fit(&[misleading(code(), items, 10)], Weighting::Automatic)
            .remove(0)
            .unwrap();
        match fitted.selection {
            MethodSelection::TooLittleGold {
                label_count,
                labels_needed,
                errors_needed,
                ..
            } => {
                assert!(!is_chosen && label_count as usize == items);
                assert_eq!((labels_needed, errors_needed), (50, 25));
                assert!(fitted.production.pipeline.is_none() && fitted.pool_levels.is_empty());
                let given = fit(&[misleading(code(), items, 10)], Weighting::LogOdds)
                    .remove(0)
                    .unwrap();
                assert_eq!(given.production, fitted.production);
            }
            MethodSelection::Chosen { choice } => {
                assert!(is_chosen && fitted.rung == Rung::Field);
                assert_eq!(choice.candidates.iter().filter(|candidate| candidate.chosen).count(), 1);
                assert_eq!(choice.candidates.iter().filter(|candidate| candidate.best).count(), 1);
                assert_eq!(choice.folds.len(), 5);
                assert!(choice.candidates.iter().all(|candidate| candidate.excess >= 0.0));
                assert!(!fitted.pool_levels.is_empty());
            }
            MethodSelection::Given => panic!("the choice was automatic"),
        }
    }
}

#[test]
fn an_item_with_gold_gets_what_its_fold_was_fitted_without() {
    for field in [code(), boolean()] {
        let mut data = misleading(field, 300, 20);
        if data.field.name.as_str() == "label" {
            // Two classes, the rarer one harder to tell.
            for item in 0..data.gold.len() {
                let truth = chance(item, 0, 77) < 0.3;
                data.gold[item] = value(truth.to_string());
                for (voter, vote) in data.votes[item].iter_mut().enumerate() {
                    let skill = if truth { 0.6 } else { 0.9 - 0.05 * voter as f64 };
                    let is_right = chance(item, voter, 78) < skill;
                    *vote = value((truth == is_right).to_string());
                }
            }
        }
        let fitted = fit(std::slice::from_ref(&data), Weighting::Automatic)
            .remove(0)
            .unwrap();
        assert!(fitted.selection.choice().is_some());
        for item in 0..data.gold.len() {
            let fold = fitted.folds[fold_of_item(item) as usize].as_ref().unwrap();
            let found = probability(&data, &data.votes[item], fold);
            match fitted.out_of_fold[item] {
                OutOfFold::Winner { probability, .. } => {
                    assert!((found.unwrap() - probability).abs() < 1e-12);
                }
                OutOfFold::NoWinner => assert_eq!(found, None),
                OutOfFold::Uncalibrated { .. } => panic!("every fold has gold enough"),
            }
        }
        let (report, before) = (fitted.report.unwrap(), fitted.before.unwrap());
        assert!(report.brier < before.brier && report.log_loss < before.log_loss);
        let panel = fitted.panel.unwrap();
        assert_eq!(panel.annotators.len(), SKILLS.len());
        assert!(panel.mean_effective_vote_count <= panel.mean_vote_count);
        assert_eq!(
            panel.confusions.len(),
            if panel.classes.is_empty() { 0 } else { SKILLS.len() }
        );
    }
}

#[test]
fn a_model_that_cannot_be_read_leaves_the_item_uncalibrated() {
    let data = misleading(code(), 300, 20);
    let fitted = fit(std::slice::from_ref(&data), Weighting::Automatic)
        .remove(0)
        .unwrap();
    let answers = vec![value("right"); 3];
    assert!(probability(&data, &answers, &fitted.production).is_some());
    let mut later = fitted.production;
    later.pipeline.as_mut().unwrap().model["format"] = json!(2);
    assert_eq!(probability(&data, &answers, &later), None);
}

#[test]
fn annotators_yet_unknown_and_second_votes_count_as_unknown() {
    let data = misleading(code(), 300, 20);
    let fitted = fit(std::slice::from_ref(&data), Weighting::Automatic)
        .remove(0)
        .unwrap();
    let (right, other) = (value("right"), value("other"));
    let vote = |voter: usize, answer| CastVote {
        annotation_id: accord_domain::AnnotationId::from_uuid(Uuid::nil()),
        annotator_id: annotator(voter),
        family: "late",
        from_data: false,
        answer,
    };
    let votes = vec![vote(0, &right), vote(0, &right), vote(99, &other)];
    let ballot = Ballot::new(&data.field, votes).unwrap();
    let scored = score(&ballot, Some(&fitted.production), &data.field.field_type).unwrap();
    assert_eq!(scored.counted.tally.unwrap().outcome.winner(), Some(0));
    assert!(scored.probability.is_some());
}

#[test]
fn data_of_a_document_outweigh_readings_by_any_method() {
    let data = misleading(code(), 300, 20);
    let fitted = fit(std::slice::from_ref(&data), Weighting::Automatic)
        .remove(0)
        .unwrap();
    let (right, other) = (value("right"), value("other"));
    let vote = |voter: usize, answer, from_data| CastVote {
        annotation_id: accord_domain::AnnotationId::from_uuid(Uuid::nil()),
        annotator_id: annotator(voter),
        family: SKILLS[voter].1,
        from_data,
        answer,
    };
    let votes = vec![vote(0, &right, false), vote(1, &right, false), vote(4, &other, true)];
    let ballot = Ballot::new(&data.field, votes).unwrap();
    let scored = score(&ballot, Some(&fitted.production), &data.field.field_type).unwrap();
    assert_eq!(scored.counted.tally.unwrap().outcome.winner(), Some(1));
}
