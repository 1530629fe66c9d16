//! Which way to be sure of a value to use, and what it costs.

use std::collections::BTreeMap;

use accord_charts::{NamedCurve, RiskPoint, risk_coverage_comparison};
use accord_domain::{
    AreaDifference, FieldMethods, Judge, JudgeFigures, MethodComparison, MethodEvaluation, Project, Recommendation,
    TOLERATED_RISK,
};
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

use crate::access::Reviewer;
use crate::figures::{FieldAdvice, methods};
use crate::pages::agreement::warning_lines;
use crate::pages::calibration::annotators;
use crate::pages::levels::ShownLevels;
use crate::pages::numbers::{Moment, count, figure, percent, probability};
use crate::pages::projects::title;
use crate::pages::render::{Frame, page};
use crate::pages::visit::Visit;
use crate::problem::Problem;
use crate::state::AppState;

/// Names of fields that are said in the first line.
const NAMES_SAID: usize = 3;

/// The shares at which the table behind a curve tells the risk.
const SHARES: [f64; 10] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0];

#[derive(Debug, Serialize)]
struct MethodsShown {
    name: String,
    title: String,
    answer: String,
    judge: Option<String>,
    computed: Option<Moment>,
    is_current: bool,
    tolerated: String,
    /// A line a field, where there are several.
    summary: Vec<SummaryLine>,
    fields: Vec<FieldShown>,
}

/// What a field comes to in one line.
#[derive(Debug, Serialize)]
struct SummaryLine {
    name: String,
    title: String,
    items: String,
    /// The method to use; none where nothing is measured.
    best: Option<MethodLine>,
    verdict: &'static str,
    few_levels: bool,
    warned: bool,
}

#[derive(Debug, Serialize)]
struct FieldShown {
    name: String,
    title: String,
    items: String,
    advice: String,
    warnings: Vec<String>,
    levels: Option<ShownLevels>,
    lines: Vec<MethodLine>,
    left_out: Vec<LeftOutLine>,
    judge: Option<String>,
    svg: Option<String>,
    curve: Vec<CurveLine>,
}

#[derive(Debug, Serialize)]
struct MethodLine {
    method: &'static str,
    scored: String,
    accuracy: String,
    auroc: Option<String>,
    brier: String,
    base_rate: String,
    /// Whether it predicts better than the base rate.
    knows: bool,
    calibration_error: String,
    null_band: String,
    inside: bool,
    area: Option<String>,
    difference: Option<String>,
    covered: String,
    levels: String,
    calls: String,
    tokens: String,
    money: Option<String>,
    seconds: String,
}

#[derive(Debug, Serialize)]
struct LeftOutLine {
    method: &'static str,
    reason: String,
}

/// The share of errors among so many of the surest, by method.
#[derive(Debug, Serialize)]
struct CurveLine {
    share: String,
    risks: Vec<String>,
}

/// Shows the last comparison. It asks nobody: a page must not cost money.
pub(super) async fn show(State(state): State<AppState>, visit: Visit<Reviewer>) -> Result<Response, Problem> {
    let project = &visit.project;
    let found = methods(&state, project).await?;
    let annotators = annotators(&state, project).await?;
    let compared = found
        .comparison
        .as_ref()
        .map_or(&[][..], |comparison| &comparison.fields);
    let fields = compared.iter().zip(&found.advice).map(|(field, advice)| {
        let warnings = warning_lines(&advice.warnings, &annotators);
        field_shown(project, field, advice, warnings)
    });
    let summary = compared.iter().zip(&found.advice);
    let summary: Vec<SummaryLine> = summary
        .map(|(field, advice)| summary_line(project, field, advice))
        .collect();
    let shown = MethodsShown {
        name: project.definition.name.clone(),
        title: title(project),
        answer: answer(project, found.comparison.as_ref()),
        judge: found.judge.as_ref().map(judge_in_words),
        computed: found
            .comparison
            .as_ref()
            .map(|comparison| comparison.computed_at.into()),
        is_current: found.is_current,
        tolerated: percent(TOLERATED_RISK),
        summary: if summary.len() > 1 { summary } else { Vec::new() },
        fields: fields.collect::<Result<_, _>>()?,
    };
    page("methods.html", &Frame::of(&visit.person), &shown)
}

/// The line that answers the first question: which method to use?
fn answer(project: &Project, comparison: Option<&MethodComparison>) -> String {
    let fields = comparison.map_or(&[][..], |comparison| &comparison.fields);
    if fields.is_empty() {
        return "nothing is measured yet: methods are compared on items that have gold and votes".to_owned();
    }
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for field in fields {
        groups.entry(verdict(field)).or_default().push(title_of(project, field));
    }
    let groups = groups.into_iter().map(|(verdict, names)| {
        let said = names.iter().take(NAMES_SAID).cloned().collect::<Vec<_>>().join(", ");
        match names.len().saturating_sub(NAMES_SAID) {
            0 => format!("{said}: {verdict}"),
            more => format!("{said} and {} more: {verdict}", whole(more)),
        }
    });
    groups.collect::<Vec<_>>().join(" · ")
}

fn summary_line(project: &Project, field: &FieldMethods, advice: &FieldAdvice) -> SummaryLine {
    let (best, verdict) = match field.recommendation() {
        Recommendation::Better { best, .. } => (Some(best), "better than voting"),
        Recommendation::Voting {
            voting,
            beats_others: true,
        } => (Some(voting), "the others are worse"),
        Recommendation::Voting { voting, .. } => (Some(voting), "the only one with scores"),
        Recommendation::NotToldApart { cheapest, .. } => (Some(cheapest), "not told apart, the cheapest"),
        Recommendation::TooLittleGold => (None, "too little gold"),
    };
    SummaryLine {
        name: field.field.to_string(),
        title: title_of(project, field),
        items: whole(field.items),
        best: best.map(|best| line(field, best)),
        verdict,
        few_levels: advice.levels.is_some(),
        warned: !advice.warnings.is_empty(),
    }
}

fn title_of(project: &Project, field: &FieldMethods) -> String {
    let known = project.definition.field(&field.field);
    known.map_or_else(|| field.field.to_string(), |known| known.title.clone())
}

fn verdict(field: &FieldMethods) -> String {
    match field.recommendation() {
        Recommendation::Better { best, .. } => format!("use {}", best.method.word()),
        Recommendation::Voting { .. } => "use voting".to_owned(),
        Recommendation::NotToldApart { .. } => "gold does not tell the methods apart yet".to_owned(),
        Recommendation::TooLittleGold => "too little gold".to_owned(),
    }
}

fn judge_in_words(judge: &Judge) -> String {
    format!(
        "{} of provider {}, by prompt {}, {} calls about an item",
        judge.model, judge.provider, judge.prompt, judge.calls
    )
}

fn field_shown(
    project: &Project,
    field: &FieldMethods,
    advice: &FieldAdvice,
    warnings: Vec<String>,
) -> Result<FieldShown, Problem> {
    let title = title_of(project, field);
    Ok(FieldShown {
        name: field.field.to_string(),
        items: whole(field.items),
        advice: advice.sentence.clone(),
        warnings,
        levels: ShownLevels::of(field, None)?,
        lines: field.methods.iter().map(|method| line(field, method)).collect(),
        left_out: field
            .left_out
            .iter()
            .map(|left_out| LeftOutLine {
                method: left_out.method.word(),
                reason: left_out.reason.clone(),
            })
            .collect(),
        judge: field.judge.as_ref().map(ratings_in_words),
        svg: draw(&title, field)?,
        curve: curve_lines(field),
        title,
    })
}

fn line(field: &FieldMethods, method: &MethodEvaluation) -> MethodLine {
    let [lower, upper] = method.null_band;
    let cost = &method.cost;
    MethodLine {
        method: method.method.word(),
        scored: format!("{} of {}", whole(method.scored), whole(field.items)),
        accuracy: percent(method.accuracy),
        auroc: method.auroc.map(figure),
        brier: probability(method.brier),
        base_rate: probability(method.base_rate_brier),
        knows: method.brier < method.base_rate_brier,
        calibration_error: probability(method.calibration_error),
        null_band: format!("{}–{}", probability(lower), probability(upper)),
        inside: method.calibration_error <= upper,
        area: method.risk_coverage_area.map(probability),
        difference: method.area_difference.map(difference),
        covered: percent(method.coverage_at_tolerated_risk),
        levels: whole(method.levels),
        calls: format!("{:.1}", cost.calls),
        tokens: format!("{:.0}", cost.input_tokens + cost.output_tokens),
        money: cost.money_in_words(),
        seconds: format!("{:.2}", cost.seconds),
    }
}

fn difference(found: AreaDifference) -> String {
    let signed = |value: f64| format!("{value:+.3}").replace('-', "−");
    format!(
        "{} [{}, {}]",
        signed(found.value),
        signed(found.lower),
        signed(found.upper)
    )
}

fn ratings_in_words(judge: &JudgeFigures) -> String {
    const POINTS: f64 = 100.0;
    let unreadable = match judge.unreadable {
        0 => String::new(),
        1 => " One call held no readable rating.".to_owned(),
        more => format!(" {} calls held no readable rating.", whole(more)),
    };
    format!(
        "The judge rated {} values, at {:.0} of 100 on average. Its ratings of one value differ by {:.1} points from call to call (standard deviation, n {}).{unreadable}",
        whole(judge.values),
        POINTS * judge.mean_rating,
        POINTS * judge.standard_deviation(),
        whole(judge.ratings)
    )
}

fn draw(title: &str, field: &FieldMethods) -> Result<Option<String>, Problem> {
    let curves: Vec<NamedCurve> = field.methods.iter().filter_map(curve).collect();
    if curves.is_empty() {
        return Ok(None);
    }
    let title = format!("Risk and coverage of {title} by method");
    let svg = risk_coverage_comparison(&title, &curves, TOLERATED_RISK);
    svg.map(Some).map_err(|error| Problem::internal(&error))
}

fn curve(method: &MethodEvaluation) -> Option<NamedCurve> {
    let points = method.curve.iter().map(|place| RiskPoint {
        coverage: place.coverage,
        risk: place.risk,
    });
    let points: Vec<RiskPoint> = points.collect();
    (!points.is_empty()).then(|| NamedCurve {
        name: method.method.word().to_owned(),
        points,
    })
}

/// The risk of the first place of each curve that takes so many items.
fn curve_lines(field: &FieldMethods) -> Vec<CurveLine> {
    /// What rounding may take from a share.
    const ROUNDING: f64 = 1e-9;
    let risk_at = |method: &MethodEvaluation, share: f64| {
        let reached = method.curve.iter().find(|place| place.coverage >= share - ROUNDING);
        reached.map_or_else(|| "–".to_owned(), |place| percent(place.risk))
    };
    let with_curve = || field.methods.iter().filter(|method| !method.curve.is_empty());
    if with_curve().next().is_none() {
        return Vec::new();
    }
    let lines = SHARES.into_iter().map(|share| CurveLine {
        share: percent(share),
        risks: with_curve().map(|method| risk_at(method, share)).collect(),
    });
    lines.collect()
}

fn whole(number: usize) -> String {
    count(i64::try_from(number).unwrap_or(i64::MAX))
}
