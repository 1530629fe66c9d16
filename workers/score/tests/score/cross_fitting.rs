//! No item is scored by anything that was fitted on its own label.

use accord_domain::fold_of;
use accord_domain::{Answer, FOLD_COUNT, Field, Rung, Weighting};
use accord_score::fit::FittedField;
use accord_score::report::OutOfFold;
use accord_statistics::calibration::{PlattCurve, SampleWeights, fit_platt};
use accord_statistics::metrics::{auroc, brier_score, log_loss};
use accord_statistics::voting::{
    AccuracyRule, BetaPrior, LabelledVotes, TrackRecord, WeightRule, clip_for_shares, effective_classes, voter_weight,
};
use serde_json::json;

use crate::fixture::{Labelled, annotator, fit, fold_of_item, labelled, misleading, value};

fn code(name: &str) -> Field {
    serde_json::from_value(json!({"name": name, "type": "identifier"})).unwrap()
}

fn choice() -> Field {
    let options = ["right", "wrong 0", "wrong 1", "wrong 2"];
    serde_json::from_value(json!({"name": "label", "type": "choice", "options": options})).unwrap()
}

/// What the item got, whether it was right aside.
fn scored(fitted: &FittedField, item: usize) -> (Option<f64>, Option<f64>) {
    match fitted.out_of_fold[item] {
        OutOfFold::Winner { score, probability, .. } => (Some(score), Some(probability)),
        OutOfFold::Uncalibrated { score, .. } => (Some(score), None),
        OutOfFold::NoWinner => (None, None),
    }
}

/// Changes the gold of each of some items, in all fields, and sees whether anything that scores the item moves.
fn assert_own_label_does_not_show(fields: &[Labelled], weighting: Weighting, step: usize) {
    let before = fit(fields, weighting);
    let mut production_moved = false;
    for item in (0..fields[0].gold.len()).step_by(step) {
        for other in ["wrong 0", "wrong 1", "nobody said this"] {
            let mut changed = fields.to_vec();
            for field in &mut changed {
                field.gold[item] = value(other);
            }
            let after = fit(&changed, weighting);
            for (before, after) in before.iter().zip(&after) {
                let (before, after) = (before.as_ref().unwrap(), after.as_ref().unwrap());
                let fold = fold_of_item(item) as usize;
                assert_eq!(
                    after.folds[fold], before.folds[fold],
                    "weights and curve of item {item}"
                );
                assert_eq!(
                    scored(after, item),
                    scored(before, item),
                    "score and probability of item {item}"
                );
                production_moved |= after.production != before.production;
            }
        }
    }
    assert!(production_moved, "changed gold shows in what is fitted on all of it");
}

#[test]
fn the_own_label_moves_neither_weights_nor_classes_nor_curve() {
    for weighting in [Weighting::Even, Weighting::Accuracy, Weighting::LogOdds] {
        assert_own_label_does_not_show(&[labelled(code("number"), 110, 10)], weighting, 11);
        assert_own_label_does_not_show(&[labelled(choice(), 110, 20)], weighting, 11);
    }
}

/// Penalties, curves and the choice among them included.
#[test]
fn the_own_label_moves_no_chosen_method_either() {
    for field in [code("number"), choice()] {
        let data = [misleading(field, 230, 10)];
        let fitted = fit(&data, Weighting::Automatic).remove(0).unwrap();
        assert!(fitted.selection.choice().is_some(), "{:?}", fitted.selection);
        assert!(fitted.folds.iter().flatten().all(|fold| fold.pipeline.is_some()));
        assert_own_label_does_not_show(&data, Weighting::Automatic, 67);
    }
}

#[test]
fn the_own_label_moves_no_pool_of_fields_either() {
    let names = ["first", "second", "third", "fourth", "fifth"];
    let fields: Vec<Labelled> = names
        .iter()
        .zip(0..)
        .map(|(name, number)| labelled(code(name), 33, 30 + 3 * number))
        .collect();
    let fitted = fit(&fields, Weighting::LogOdds);
    assert!(fitted.iter().flatten().all(|fitted| fitted.rung == Rung::Field));
    assert_own_label_does_not_show(&fields, Weighting::LogOdds, 11);
    let few: Vec<Labelled> = names
        .iter()
        .zip(0..)
        .map(|(name, number)| labelled(code(name), 14, 60 + 3 * number))
        .collect();
    assert_own_label_does_not_show(&few, Weighting::LogOdds, 11);
}

#[test]
fn rungs_follow_the_number_of_labels() {
    let fitted = |counts: &[usize]| {
        let names = ["first", "second", "third"];
        let fields: Vec<Labelled> = counts
            .iter()
            .zip(names)
            .map(|(count, name)| labelled(code(name), *count, 70))
            .collect();
        fit(&fields, Weighting::LogOdds)
    };
    assert!(fitted(&[0])[0].is_none());
    assert!(fitted(&[15])[0].is_none());
    assert!(fitted(&[5, 5, 5]).iter().all(Option::is_none));
    let pooled = fitted(&[0, 60, 60]);
    assert_eq!(pooled[0].as_ref().unwrap().rung, Rung::FieldType);
    assert!(pooled[0].as_ref().unwrap().report.is_none());
    assert_eq!(pooled[1].as_ref().unwrap().rung, Rung::Field);
    let own = fitted(&[200]);
    let own = own[0].as_ref().unwrap();
    assert!(own.rung == Rung::Field && own.folds.iter().all(Option::is_some));
    // Four fifths of 22 labels are too few for a curve: such items have a production curve and none of their own.
    let scarce = fitted(&[22]);
    let scarce = scarce[0].as_ref().unwrap();
    assert!(scarce.folds.iter().any(Option::is_none));
    assert!(
        scarce
            .out_of_fold
            .iter()
            .any(|item| matches!(item, OutOfFold::Uncalibrated { .. }))
    );
}

/// The weights of one selection of items, computed with nothing but the statistics.
fn expected_weights(data: &Labelled, weighting: Weighting, seen: impl Fn(usize) -> bool) -> Vec<f64> {
    let items: Vec<usize> = (0..data.gold.len()).filter(|item| seen(*item)).collect();
    let voters = data.votes[0].len();
    let records: Vec<TrackRecord> = (0..voters)
        .map(|voter| {
            let votes = items
                .iter()
                .filter_map(|item| Some((data.votes[*item][voter].class()?, data.gold[*item].class()?)));
            votes.fold(TrackRecord::default(), |record, (vote, gold)| {
                record.with_vote(vote == gold)
            })
        })
        .collect();
    let classes: Vec<Vec<&str>> = items
        .iter()
        .map(|item| data.votes[*item].iter().filter_map(Answer::class).collect())
        .collect();
    let golds: Vec<&str> = items.iter().map(|item| data.gold[*item].class().unwrap()).collect();
    let effective = effective_classes(
        classes
            .iter()
            .zip(&golds)
            .map(|(votes, truth)| LabelledVotes { truth, votes }),
    )
    .classes;
    let rule = match weighting {
        Weighting::Even => WeightRule::Even,
        Weighting::Accuracy => WeightRule::Accuracy,
        Weighting::Automatic | Weighting::LogOdds => WeightRule::LogOdds { classes: effective },
    };
    let prior = BetaPrior::fitted_or_default(&records);
    let weight = |record: &TrackRecord| {
        let accuracy = AccuracyRule::Mean.accuracy(*record, prior).unwrap();
        clip_for_shares(voter_weight(accuracy, rule).unwrap())
    };
    records.iter().map(weight).collect()
}

#[test]
fn weights_are_those_of_the_statistics() {
    let data = labelled(code("number"), 150, 40);
    for weighting in [Weighting::Even, Weighting::Accuracy, Weighting::LogOdds] {
        let fitted = fit(std::slice::from_ref(&data), weighting).remove(0).unwrap();
        let mut pairs = vec![(expected_weights(&data, weighting, |_| true), &fitted.production)];
        for fold in 0..FOLD_COUNT {
            let weights = expected_weights(&data, weighting, |item| fold_of_item(item) != fold);
            pairs.push((weights, fitted.folds[fold as usize].as_ref().unwrap()));
        }
        for (expected, found) in pairs {
            for (voter, weight) in expected.iter().enumerate() {
                assert!(
                    (found.weights[&annotator(voter)] - weight).abs() < 1e-12,
                    "{weighting:?}, voter {voter}"
                );
            }
        }
        if weighting == Weighting::LogOdds {
            let weights: Vec<f64> = fitted.production.weights.values().copied().collect();
            assert!(
                weights.windows(2).all(|pair| pair[0] > pair[1]),
                "skill shows in weight: {weights:?}"
            );
        }
    }
}

#[test]
fn curve_and_report_are_those_of_the_statistics() {
    let data = labelled(code("number"), 150, 50);
    let fitted = fit(&[data], Weighting::LogOdds).remove(0).unwrap();
    let (mut scores, mut probabilities, mut correct) = (Vec::new(), Vec::new(), Vec::new());
    for (item, outcome) in fitted.out_of_fold.iter().enumerate() {
        let OutOfFold::Winner {
            score,
            probability,
            correct: right,
        } = *outcome
        else {
            continue;
        };
        let fold = fitted.folds[fold_of_item(item) as usize].as_ref().unwrap();
        let curve = PlattCurve {
            slope: fold.slope,
            intercept: fold.intercept,
        };
        assert!((curve.predict(score) - probability).abs() < 1e-12);
        scores.push(score);
        probabilities.push(probability);
        correct.push(right);
    }
    let expected = fit_platt(&scores, &correct, &SampleWeights::even(scores.len()))
        .unwrap()
        .curve;
    assert!((fitted.production.slope - expected.slope).abs() < 1e-12);
    assert!((fitted.production.intercept - expected.intercept).abs() < 1e-12);
    let report = fitted.report.unwrap();
    assert_eq!(report.count as usize, scores.len());
    assert_eq!(
        report.unanswered_count as usize,
        fitted.out_of_fold.len() - scores.len()
    );
    assert!((report.brier - brier_score(&probabilities, &correct).unwrap().value().unwrap()).abs() < 1e-12);
    assert!((report.log_loss - log_loss(&probabilities, &correct).unwrap().value().unwrap().clipped).abs() < 1e-12);
    assert_eq!(report.auroc, auroc(&probabilities, &correct).unwrap().value());
    let right = correct.iter().filter(|right| **right).count();
    assert!((report.accuracy - right as f64 / correct.len() as f64).abs() < 1e-12);
    assert_eq!(fitted.gold_count as usize, scores.len());
    assert_eq!(fitted.error_count as usize, scores.len() - right);
}

#[test]
fn levels_count_every_winner_once_and_stay_few() {
    for items in [60, 900] {
        let fitted = fit(&[labelled(code("number"), items, 80)], Weighting::LogOdds)
            .remove(0)
            .unwrap();
        let winners = fitted
            .out_of_fold
            .iter()
            .filter(|item| matches!(item, OutOfFold::Winner { .. }))
            .count();
        let right = fitted
            .out_of_fold
            .iter()
            .filter(|item| matches!(item, OutOfFold::Winner { correct: true, .. }))
            .count();
        assert_eq!(
            fitted.levels.iter().map(|level| level.count as usize).sum::<usize>(),
            winners
        );
        assert_eq!(
            fitted
                .levels
                .iter()
                .map(|level| level.correct_count as usize)
                .sum::<usize>(),
            right
        );
        assert!(fitted.levels.len() <= 200);
        assert!(fitted.levels.windows(2).all(|pair| pair[0].score < pair[1].score));
    }
}

#[test]
fn absence_is_gold_like_any_value() {
    let mut data = labelled(code("number"), 60, 90);
    for (gold, votes) in data.gold.iter_mut().zip(&mut data.votes) {
        *gold = Answer::Absent;
        for vote in votes {
            if vote.class() == Some("right") {
                *vote = Answer::Absent;
            }
        }
    }
    let absent = fit(&[data], Weighting::LogOdds);
    let present = fit(&[labelled(code("number"), 60, 90)], Weighting::LogOdds);
    assert_eq!(absent, present);
}

#[test]
fn copies_of_a_document_share_a_fold_and_folds_are_of_a_size() {
    let mut sizes = [0_usize; FOLD_COUNT as usize];
    for number in 0..2000 {
        let hash = format!("{number:064x}");
        assert_eq!(fold_of(&hash), fold_of(&hash));
        sizes[fold_of(&hash) as usize] += 1;
    }
    assert!(sizes.iter().all(|size| (330..470).contains(size)), "{sizes:?}");
}
