//! `accord evaluate --project`: which way to be sure of a value serves best on a project's own gold, and what it takes.

use accord_domain::Project;
use accord_score::gold::ProjectGold;
use accord_score::methods::{
    ConfidenceMethod, FieldMethods, JudgeRatings, MethodCost, MethodEvaluation, TOLERATED_RISK,
};
use anyhow::bail;

use crate::arguments::EvaluateArguments;
use crate::output::{number, percent, say, spinner, table};
use crate::wiring::House;

pub(crate) async fn run(name: &str, arguments: EvaluateArguments, house: &House) -> anyhow::Result<()> {
    let project = house.project(name).await?;
    let gold = ProjectGold::read(house.store.as_ref(), project.clone()).await?;
    if gold.items.is_empty() {
        bail!("project `{name}` has no gold: import items with known answers, or review some");
    }
    let methods: Vec<ConfidenceMethod> = arguments.methods.iter().map(|method| (*method).into()).collect();
    let wait = spinner("evaluate");
    let evaluated = tokio::task::spawn_blocking(move || gold.confidence_methods(&methods, &JudgeRatings::default()));
    let fields = evaluated.await??;
    wait.finish_and_clear();
    if arguments.json {
        let value = serde_json::json!({"project": project.definition.name, "fields": fields});
        say(&serde_json::to_string_pretty(&value)?);
    } else {
        print(&project, &fields);
    }
    Ok(())
}

fn print(project: &Project, fields: &[FieldMethods]) {
    if fields.is_empty() {
        say(&format!(
            "no field of `{}` has both gold and votes yet",
            project.definition.name
        ));
        return;
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
        for left_out in &field.left_out {
            say(&format!(
                "{}: {} is left out: {}",
                field.field,
                word(left_out.method),
                left_out.reason
            ));
        }
    }
}

fn row(field: &FieldMethods, method: &MethodEvaluation) -> Vec<String> {
    let [low, high] = method.null_band;
    let cost = &method.cost;
    vec![
        field.field.to_string(),
        word(method.method).to_owned(),
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
        money(cost),
        format!("{:.2}", cost.seconds),
    ]
}

/// Digits of money that are shown.
const MONEY_DIGITS: u32 = 2;

fn money(cost: &MethodCost) -> String {
    if cost.money.is_empty() {
        return "–".to_owned();
    }
    let parts = cost.money.iter().map(|(currency, money)| {
        let rounded = money.round_sf(MONEY_DIGITS).unwrap_or(*money).normalize();
        format!("{rounded} {currency}")
    });
    parts.collect::<Vec<_>>().join(", ")
}

const fn word(method: ConfidenceMethod) -> &'static str {
    match method {
        ConfidenceMethod::Voting => "voting",
        ConfidenceMethod::Logprobs => "logprobs",
        ConfidenceMethod::Judge => "judge",
        ConfidenceMethod::Combined => "combined",
    }
}
