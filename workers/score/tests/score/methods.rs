//! Ways to be sure of a value, side by side.

use std::collections::BTreeMap;

use accord_domain::{
    Answers, ConfidenceMethod, FieldMethods, FieldName, ItemId, Judgement, JudgementId, MethodComparison,
    MethodEvaluation, ProjectId, Provenance, Recommendation, Timestamp, ValueLogprob,
};
use accord_score::gold::ProjectGold;
use accord_store::SystemEnvironment;
use serde_json::json;
use uuid::Uuid;

use crate::fixture::chance;
use crate::project_gold::{gold, item, project};

const ALL: [ConfidenceMethod; 4] = ConfidenceMethod::ALL;

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

/// What the judge of the project said in one call of an item's value.
fn judgement(gold: &ProjectGold, item: ItemId, values: &Answers, (sample, rating): (u32, Option<f64>)) -> Judgement {
    let judge = gold.project.definition.judge.as_ref().unwrap();
    Judgement {
        id: JudgementId::from_uuid(Uuid::from_u128(item.as_uuid().as_u128() * 100 + u128::from(sample))),
        project_id: ProjectId::from_uuid(Uuid::nil()),
        item_id: item,
        asked: judge.asked(sample),
        values: values.clone(),
        ratings: rating.map(|rating| (number(), rating)).into_iter().collect(),
        provenance: Provenance {
            call_key: Some(format!("judge {sample}")),
            cost: Some("0.002".parse().unwrap()),
            cost_currency: Some("EUR".to_owned()),
            prompt_hash: Some("prompt".to_owned()),
            ..Provenance::default()
        },
        created_at: Timestamp::from_microseconds(1),
    }
}

/// The project with a judge that tells right from wrong so often, by three calls an item.
fn judged(mut gold: ProjectGold, knows: f64) -> ProjectGold {
    let judge = json!({"provider": "local", "model": "large"});
    gold.project.definition.judge = Some(serde_json::from_value(judge).unwrap());
    let winners = gold.winners().unwrap();
    let mut judgements = Vec::new();
    for item in &gold.items {
        let Some(winner) = winners.get(&item.id) else { continue };
        let is_right = winner[&number()].class() == item.gold[&number()].class();
        for sample in 0..3 {
            let errs = chance(item.id.as_uuid().as_u128() as usize, sample as usize, 9) >= knows;
            let rating = if is_right == errs { 0.2 } else { 0.9 };
            judgements.push(judgement(&gold, item.id, winner, (sample, Some(rating))));
        }
    }
    gold.judgements = judgements;
    gold
}

fn compared(gold: &ProjectGold) -> MethodComparison {
    gold.compare_methods(&SystemEnvironment).unwrap()
}

fn evaluated(gold: &ProjectGold) -> FieldMethods {
    compared(gold).fields.remove(0)
}

fn of(field: &FieldMethods, method: ConfidenceMethod) -> &MethodEvaluation {
    field.evaluation(method).unwrap()
}

#[test]
fn what_knows_more_ranks_better_and_costs_what_it_costs() {
    let field = evaluated(&judged(codes(300), 0.9));
    assert_eq!((field.items, field.methods.len(), field.left_out.len()), (300, 4, 0));
    let [voting, logprobs, judge, combined] = ALL.map(|method| of(&field, method));
    for method in [voting, logprobs, judge, combined] {
        assert!(method.brier < method.base_rate_brier, "{method:?}");
        assert!(method.auroc.unwrap() > 0.6, "{method:?}");
        assert!(method.scored > 280 && method.levels > 1, "{method:?}");
        assert!(method.curve.len() <= 100, "{method:?}");
        let last = method.curve.last().unwrap();
        assert!((last.coverage - 1.0).abs() < 1e-12 && (last.risk - (1.0 - method.accuracy)).abs() < 1e-12);
    }
    assert!(
        combined.brier < voting.brier.min(judge.brier),
        "{combined:?} {voting:?} {judge:?}"
    );
    assert!(
        logprobs.accuracy > 0.85 && logprobs.levels > 200,
        "one annotator, nine of ten right"
    );
    let table = &field.voting_levels;
    assert_eq!(table.len(), voting.levels);
    assert!(table.is_sorted_by(|left, right| left.score < right.score), "{table:?}");
    assert_eq!(
        table.iter().map(|level| level.count as usize).sum::<usize>(),
        voting.scored
    );
    let right: u32 = table.iter().map(|level| level.correct_count).sum();
    assert!((f64::from(right) / 300.0 - voting.accuracy).abs() < 1e-12, "{table:?}");
    // Three alike: unanimous, two of three, and three values tied.
    assert!(
        field.even_levels.unwrap() <= 3 && field.even_levels.unwrap() < voting.levels,
        "{field:?}"
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
    let figures = field.judge.unwrap();
    assert_eq!((figures.values, figures.ratings, figures.unreadable), (300, 900, 0));
    assert!(
        (0.1..0.3).contains(&figures.standard_deviation()),
        "one in ten calls disagrees: {figures:?}"
    );
}

#[test]
fn a_judge_that_knows_is_recommended_and_one_that_guesses_is_not() {
    let knows = evaluated(&judged(codes(300), 0.97));
    let guesses = evaluated(&judged(codes(300), 0.5));
    let auroc = |field: &FieldMethods| of(field, ConfidenceMethod::Judge).auroc.unwrap();
    assert!(
        auroc(&knows) > 0.85 && auroc(&guesses) < 0.65,
        "{} {}",
        auroc(&knows),
        auroc(&guesses)
    );
    let Recommendation::Better { best, difference, .. } = knows.recommendation() else {
        panic!("{:?}", knows.recommendation());
    };
    assert!(matches!(
        best.method,
        ConfidenceMethod::Judge | ConfidenceMethod::Combined
    ));
    assert!(
        difference.upper < 0.0 && knows.advice().starts_with("Use "),
        "{}",
        knows.advice()
    );
    let difference = of(&guesses, ConfidenceMethod::Judge).area_difference.unwrap();
    assert!(difference.upper > 0.0, "{difference:?}");
    assert!(!guesses.advice().starts_with("Use judge"), "{}", guesses.advice());
}

#[test]
fn a_method_without_scores_says_what_it_needs() {
    let mut gold = codes(300);
    for annotation in gold.items.iter_mut().flat_map(|item| &mut item.annotations) {
        annotation.provenance.logprobs.clear();
    }
    let field = evaluated(&gold);
    let left_out: Vec<ConfidenceMethod> = field.left_out.iter().map(|left_out| left_out.method).collect();
    assert_eq!(left_out, [ConfidenceMethod::Logprobs, ConfidenceMethod::Judge]);
    let reason = |field: &FieldMethods, place: usize| field.left_out[place].reason.clone();
    assert!(reason(&field, 0).contains("set `logprobs`"), "{:?}", field.left_out);
    assert!(reason(&field, 1).contains("add [judge]"), "{:?}", field.left_out);
    let mut unasked = judged(gold, 0.9);
    unasked.judgements.clear();
    let reason = reason(&evaluated(&unasked), 1);
    assert!(reason.contains("`accord evaluate --project` asks it"), "{reason}");
    // Without other sources the combination is the vote's lead, with a curve of its own.
    assert!(of(&field, ConfidenceMethod::Combined).auroc.unwrap() > 0.6);
    let few = evaluated(&codes(12));
    assert!(few.methods.is_empty() && few.left_out.len() == 4, "{few:?}");
}

#[test]
fn two_ratings_are_no_judgement() {
    let mut gold = judged(codes(100), 0.9);
    for judgement in gold
        .judgements
        .iter_mut()
        .filter(|judgement| judgement.asked.sample == 2)
    {
        judgement.ratings.clear();
    }
    let field = evaluated(&gold);
    assert!(field.evaluation(ConfidenceMethod::Judge).is_none());
    assert_eq!(field.judge, None);
    assert_eq!(of(&field, ConfidenceMethod::Voting).cost.calls, 3.0);
}

#[test]
fn only_what_the_present_judge_said_of_the_present_value_counts() {
    let gold = judged(codes(100), 0.9);
    let values = |gold: &ProjectGold| evaluated(gold).judge.map_or(0, |figures| figures.values);
    let all = values(&gold);
    assert!(all > 90, "{all}");
    let with = |change: &dyn Fn(&mut ProjectGold)| {
        let mut changed = gold.clone();
        change(&mut changed);
        values(&changed)
    };
    let first = gold.items[0].id;
    let of_first = |gold: &mut ProjectGold, change: &dyn Fn(&mut Judgement)| {
        let of_first = gold
            .judgements
            .iter_mut()
            .filter(|judgement| judgement.item_id == first);
        of_first.for_each(change);
    };
    assert_eq!(
        with(&|gold| of_first(gold, &|judgement| judgement.values.clear())),
        all - 1
    );
    let other_model = |judgement: &mut Judgement| judgement.asked.model = "other".to_owned();
    assert_eq!(with(&|gold| of_first(gold, &other_model)), all - 1);
    let other_prompt = |judgement: &mut Judgement| judgement.provenance.prompt_hash = Some("older".to_owned());
    assert_eq!(
        with(&|gold| of_first(gold, &|one| {
            other_prompt(one);
            one.created_at = Timestamp::from_microseconds(0);
        })),
        all - 1
    );
    assert_eq!(
        with(&|gold| of_first(gold, &|one| {
            other_prompt(one);
            one.created_at = Timestamp::from_microseconds(2);
        })),
        1,
        "the newest text of the prompt counts"
    );
    assert_eq!(with(&|gold| gold.project.definition.judge = None), 0);
}

#[test]
fn a_refit_compares_anew_when_something_changed_and_only_then() {
    let mut gold = judged(codes(100), 0.9);
    let first = gold.clone().refit(&SystemEnvironment, None).unwrap();
    let comparison = first.comparison.unwrap();
    assert_eq!(first.calibrators.len(), 1);
    gold.calibrators = first.calibrators;
    let second = gold.clone().refit(&SystemEnvironment, Some(&comparison)).unwrap();
    assert!(second.calibrators.is_empty() && second.comparison.is_none());
    gold.judgements.pop();
    let third = gold.clone().refit(&SystemEnvironment, Some(&comparison)).unwrap();
    assert!(third.calibrators.is_empty(), "ratings change no calibrator");
    assert_ne!(third.comparison.unwrap().data_hash, comparison.data_hash);
    let fields: BTreeMap<_, _> = comparison
        .fields
        .iter()
        .map(|field| (field.field.clone(), field.items))
        .collect();
    assert_eq!(fields[&number()], 100);
}

#[test]
fn only_what_is_missing_is_asked_of_the_judge() {
    let gold = judged(codes(100), 0.9);
    assert!(gold.unjudged("prompt").unwrap().is_empty());
    assert_eq!(gold.unjudged("another text").unwrap().len(), gold.items.len());
    let mut missing = gold.clone();
    let first = gold.items[0].id;
    missing
        .judgements
        .retain(|one| one.item_id != first || one.asked.sample == 1);
    let asked = missing.unjudged("prompt").unwrap();
    assert_eq!(
        (asked.len(), asked[0].item_id, asked[0].samples.as_slice()),
        (1, first, &[0, 2][..])
    );
    let mut more = gold.clone();
    more.project.definition.judge.as_mut().unwrap().calls = 4;
    assert!(more.unjudged("prompt").unwrap().iter().all(|one| one.samples == [3]));
    let mut none = gold;
    none.project.definition.judge = None;
    assert!(none.unjudged("prompt").unwrap().is_empty());
}
