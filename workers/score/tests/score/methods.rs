//! Ways to be sure of a value, side by side.

use std::collections::HashMap;

use accord_domain::{FieldName, Provenance, ValueLogprob};
use accord_score::gold::ProjectGold;
use accord_score::methods::{ConfidenceMethod, FieldMethods, JudgeRatings, MethodEvaluation};
use serde_json::json;

use crate::fixture::chance;
use crate::project_gold::{gold, item, project};

const ALL: [ConfidenceMethod; 4] = [
    ConfidenceMethod::Voting,
    ConfidenceMethod::Logprobs,
    ConfidenceMethod::Judge,
    ConfidenceMethod::Combined,
];

fn number() -> FieldName {
    "number".parse().unwrap()
}

/// Items on which the first annotator, right on nine of ten, mostly knows when it is wrong.
fn codes(items: usize) -> ProjectGold {
    let items = (0..items).map(|number_of_item| {
        let mut item = item(number_of_item, &number(), ("right", "wrong"), true);
        for (voter, annotation) in item.annotations.iter_mut().enumerate() {
            annotation.provenance.call_key = Some(format!("{number_of_item} {voter}"));
            annotation.provenance.input_tokens = Some(100);
            annotation.provenance.output_tokens = Some(20);
            annotation.provenance.latency_milliseconds = Some(250);
            annotation.provenance.cost = Some("0.001".parse().unwrap());
            annotation.provenance.cost_currency = Some("EUR".to_owned());
        }
        let first = &mut item.annotations[0];
        let is_right = first.answers[&number()].class() == Some("right");
        let knows = chance(number_of_item, 7, 3) < 0.85;
        let sum = if is_right == knows { -0.1 } else { -2.0 } - chance(number_of_item, 8, 4);
        let logprob = ValueLogprob {
            tokens: 2,
            sum,
            minimum: sum / 2.0,
        };
        first.provenance.logprobs.insert(number(), logprob);
        item
    });
    let project = project(&json!({ "name": "number", "type": "identifier" }), "log_odds");
    gold(project, items.collect(), Vec::new())
}

/// A judge that tells right from wrong nearly always, by three calls an item.
fn judge(gold: &ProjectGold) -> JudgeRatings {
    let mut ratings = JudgeRatings::default();
    let winners = gold.winners().unwrap();
    for item in &gold.items {
        let Some(winner) = winners.get(&item.id) else { continue };
        let is_right = winner[&number()].class() == item.gold[&number()].class();
        let rating = |call: usize| {
            let errs = chance(item.id.as_uuid().as_u128() as usize, call, 9) < 0.1;
            Some(if is_right == errs { 0.2 } else { 0.9 })
        };
        ratings
            .ratings
            .insert((item.id, number()), (0..3).map(rating).collect());
        let call = Provenance {
            call_key: Some("judge".to_owned()),
            cost: Some("0.002".parse().unwrap()),
            cost_currency: Some("EUR".to_owned()),
            ..Provenance::default()
        };
        ratings.calls.insert(item.id, vec![call; 3]);
    }
    ratings
}

fn evaluated(gold: &ProjectGold, judge: &JudgeRatings) -> FieldMethods {
    gold.confidence_methods(&ALL, judge).unwrap().remove(0)
}

fn of(field: &FieldMethods, method: ConfidenceMethod) -> &MethodEvaluation {
    field.methods.iter().find(|found| found.method == method).unwrap()
}

#[test]
fn what_knows_more_ranks_better_and_costs_what_it_costs() {
    let gold = codes(300);
    let field = evaluated(&gold, &judge(&gold));
    assert_eq!((field.items, field.methods.len(), field.left_out.len()), (300, 4, 0));
    let [voting, logprobs, judge, combined] = ALL.map(|method| of(&field, method));
    for method in [voting, logprobs, judge, combined] {
        assert!(method.brier < method.base_rate_brier, "{method:?}");
        assert!(method.auroc.unwrap() > 0.6, "{method:?}");
        assert!(method.scored > 280 && method.levels > 1, "{method:?}");
    }
    assert!(
        combined.brier < voting.brier.min(judge.brier),
        "{combined:?} {voting:?} {judge:?}"
    );
    assert!(
        logprobs.accuracy > 0.85 && logprobs.levels > 200,
        "one annotator, nine of ten right"
    );
    let eur = |method: &MethodEvaluation| method.cost.money["EUR"].to_string();
    assert_eq!(
        [voting, logprobs, judge, combined].map(eur),
        ["0.003", "0.001", "0.009", "0.009"]
    );
    assert_eq!(
        [voting, logprobs, judge].map(|method| method.cost.calls),
        [3.0, 1.0, 6.0]
    );
    assert_eq!((voting.cost.input_tokens, voting.cost.seconds), (300.0, 0.75));
}

#[test]
fn a_method_without_scores_says_what_it_needs() {
    let mut gold = codes(300);
    for annotation in gold.items.iter_mut().flat_map(|item| &mut item.annotations) {
        annotation.provenance.logprobs.clear();
    }
    let field = evaluated(&gold, &JudgeRatings::default());
    let left_out: Vec<ConfidenceMethod> = field.left_out.iter().map(|left_out| left_out.method).collect();
    assert_eq!(left_out, [ConfidenceMethod::Logprobs, ConfidenceMethod::Judge]);
    assert!(
        field.left_out[0].reason.contains("set `logprobs`"),
        "{:?}",
        field.left_out
    );
    // Without other sources the combination is the vote's lead, with a curve of its own.
    assert!(of(&field, ConfidenceMethod::Combined).auroc.unwrap() > 0.6);
    let few = evaluated(&codes(12), &JudgeRatings::default());
    assert!(few.methods.is_empty() && few.left_out.len() == 4, "{few:?}");
}

#[test]
fn two_ratings_are_no_judgement() {
    let gold = codes(100);
    let mut ratings = judge(&gold);
    ratings.ratings.values_mut().for_each(|ratings| ratings[2] = None);
    let field = evaluated(&gold, &ratings);
    assert!(
        field
            .methods
            .iter()
            .all(|found| found.method != ConfidenceMethod::Judge)
    );
    let ratings = JudgeRatings {
        ratings: HashMap::new(),
        ..ratings
    };
    assert_eq!(
        of(&evaluated(&gold, &ratings), ConfidenceMethod::Voting).cost.calls,
        3.0
    );
}
