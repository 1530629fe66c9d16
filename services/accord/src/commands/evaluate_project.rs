//! `accord evaluate --project`: which way to be sure of a value serves best on a project's own gold, and what it takes.

use std::sync::Arc;

use accord_domain::{ConfidenceMethod, FieldMethods, MethodEvaluation, Project, TOLERATED_RISK};
use accord_score::gold::ProjectGold;
use anyhow::bail;

use super::ask_judge::{Asking, ask_judge, complain_of};
use crate::arguments::EvaluateArguments;
use crate::output::{count, number, percent, say, spinner, table};
use crate::wiring::House;

/// Points of a judge's scale.
const POINTS: f64 = 100.0;

pub(crate) async fn run(name: &str, arguments: EvaluateArguments, house: &House) -> anyhow::Result<()> {
    let project = house.project(name).await?;
    let gold = ProjectGold::read(house.store.as_ref(), project.clone()).await?;
    if gold.items.is_empty() {
        bail!("project `{name}` has no gold: import items with known answers, or review some");
    }
    let methods = methods(&arguments, &project);
    let (gold, asking) = if methods.contains(&ConfidenceMethod::Judge) {
        ask_judge(house, gold).await?
    } else {
        (gold, Asking::default())
    };
    let wait = spinner("evaluate");
    let environment = Arc::clone(&house.environment);
    let compared = tokio::task::spawn_blocking(move || gold.compare_methods(environment.as_ref()));
    let mut comparison = compared.await??;
    let mut transaction = house.store.write().await?;
    transaction.put_method_comparison(&comparison).await?;
    transaction.commit().await?;
    wait.finish_and_clear();
    for field in &mut comparison.fields {
        field.methods.retain(|found| methods.contains(&found.method));
        field.left_out.retain(|left_out| methods.contains(&left_out.method));
    }
    complain_of(&asking);
    if arguments.json {
        let value = serde_json::json!({
            "project": project.definition.name, "fields": comparison.fields, "judge": asking,
        });
        say(&serde_json::to_string_pretty(&value)?);
    } else {
        print(&project, &comparison.fields, &asking);
    }
    Ok(())
}

/// Those that are named; else all, the judge only where the project has one.
fn methods(arguments: &EvaluateArguments, project: &Project) -> Vec<ConfidenceMethod> {
    if !arguments.methods.is_empty() {
        return arguments.methods.iter().map(|method| (*method).into()).collect();
    }
    let has_judge = project.definition.judge.is_some();
    let all = ConfidenceMethod::ALL.into_iter();
    all.filter(|method| has_judge || *method != ConfidenceMethod::Judge)
        .collect()
}

fn print(project: &Project, fields: &[FieldMethods], asking: &Asking) {
    if fields.is_empty() {
        say(&format!(
            "no field of `{}` has both gold and votes yet",
            project.definition.name
        ));
        return;
    }
    if asking.answered > 0 {
        say(&format!("the judge answered {} calls", count(asking.answered)));
    }
    say(&format!(
        "confidence is out of fold; a missing value is a wrong one; `covered` is the share of items of which at most {} are wrong, \
         the surest first; it certifies nothing",
        percent(Some(TOLERATED_RISK))
    ));
    let headings = [
        "field",
        "method",
        "scored",
        "accuracy",
        "AUROC",
        "Brier",
        "base rate",
        "ECE",
        "null band",
        "covered",
        "levels",
        "calls",
        "tokens",
        "money",
        "seconds",
    ];
    let rows = fields
        .iter()
        .flat_map(|field| field.methods.iter().map(|method| row(field, method)));
    say(&table(&headings, 2, rows.collect()));
    say("calls, tokens, money and seconds are means over items");
    for field in fields {
        print_advice(field);
    }
}

fn print_advice(field: &FieldMethods) {
    let say_of_field = |words: &str| say(&format!("{}: {words}", field.field));
    say_of_field(&field.advice());
    if let Some(words) = field.advice_on_levels() {
        say_of_field(&words);
    }
    let is_shown = field.evaluation(ConfidenceMethod::Judge).is_some();
    if let Some(judge) = field.judge.filter(|_| is_shown) {
        say_of_field(&format!(
            "the judge rated {} values, at {:.0} of 100 on average; its ratings of one value differ by {:.1} points (standard \
             deviation), {} of its calls held no rating",
            count(judge.values),
            POINTS * judge.mean_rating,
            POINTS * judge.standard_deviation(),
            count(judge.unreadable)
        ));
    }
    for left_out in &field.left_out {
        say_of_field(&format!("{} is left out: {}", left_out.method.word(), left_out.reason));
    }
}

fn row(field: &FieldMethods, method: &MethodEvaluation) -> Vec<String> {
    let [low, high] = method.null_band;
    let cost = &method.cost;
    vec![
        field.field.to_string(),
        method.method.word().to_owned(),
        format!("{}/{}", method.scored, field.items),
        percent(Some(method.accuracy)),
        number(method.auroc),
        format!("{:.4}", method.brier),
        format!("{:.4}", method.base_rate_brier),
        number(Some(method.calibration_error)),
        format!("{low:.2}–{high:.2}"),
        percent(Some(method.coverage_at_tolerated_risk)),
        method.levels.to_string(),
        format!("{:.1}", cost.calls),
        format!("{:.0}", cost.input_tokens + cost.output_tokens),
        cost.money_in_words().unwrap_or_else(|| "–".to_owned()),
        format!("{:.2}", cost.seconds),
    ]
}
