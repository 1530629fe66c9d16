//! Who agrees with whom: all fields in one table, and one field in detail.

mod confusions;
mod pairs;
mod panel;

use accord_domain::Field;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use crate::access::Reviewer;
use crate::figures::{Agreement, AgreementDetail, FieldAgreement, agreement, agreement_detail};
use crate::pages::figure_cell::FigureCell;
use crate::pages::numbers::{count, counted, figure, percent};
use crate::pages::projects::title;
use crate::pages::render::{Frame, page};
use crate::pages::visit::Visit;
use crate::problem::Problem;
use crate::state::AppState;
use confusions::{ConfusionShown, confusions};
use pairs::{PairsShown, PoolsShown, pairs, pools};
pub(super) use panel::warning_lines;
use panel::{PanelShown, panel};

/// How many classes are named in the table of all fields.
const CLASSES_NAMED: usize = 4;

/// Which field is shown in detail.
#[derive(Debug, Deserialize)]
pub(super) struct AgreementQuery {
    #[serde(default)]
    field: String,
}

#[derive(Debug, Serialize)]
struct AgreementShown {
    name: String,
    title: String,
    answer: String,
    basis: String,
    fields: Vec<FieldLine>,
    chosen: Option<FieldShown>,
}

#[derive(Debug, Serialize)]
struct FieldLine {
    name: String,
    title: String,
    current: bool,
    compared: String,
    votes: String,
    percent: FigureCell,
    alpha: FigureCell,
    fleiss: FigureCell,
    gwet: FigureCell,
    classes: String,
}

#[derive(Debug, Serialize)]
struct FieldShown {
    name: String,
    title: String,
    classes: Vec<ClassLine>,
    classes_left_out: Option<String>,
    pairs: Option<PairsShown>,
    pools: Option<PoolsShown>,
    confusions: Vec<ConfusionShown>,
    confusions_against: &'static str,
    confusions_left_out: Option<String>,
    panel: Option<PanelShown>,
    warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
struct ClassLine {
    class: String,
    votes: String,
}

/// Shows the agreement of all fields, and of one of them in detail: the one asked for, else the one with the least alpha.
pub(super) async fn show(
    State(state): State<AppState>,
    visit: Visit<Reviewer>,
    Query(query): Query<AgreementQuery>,
) -> Result<Response, Problem> {
    let project = &visit.project;
    let fields = &project.definition.fields;
    let measured = agreement(&state, project).await?;
    let wanted = if query.field.is_empty() {
        least(&measured).map(|field| field.field.as_str().to_owned())
    } else {
        Some(query.field)
    };
    let chosen = match wanted {
        Some(wanted) => {
            let field = fields.iter().find(|field| field.name.as_str() == wanted);
            let field = field.ok_or_else(|| Problem::not_found("field", wanted))?;
            let detail = agreement_detail(&state, project, &field.name).await?;
            Some(field_shown(field, &detail)?)
        }
        None => None,
    };
    let current = chosen.as_ref().map(|chosen| chosen.name.as_str());
    let shown = AgreementShown {
        name: project.definition.name.clone(),
        title: title(project),
        answer: answer(&measured, fields),
        basis: counted(measured.annotation_count, "annotation"),
        fields: measured
            .fields
            .iter()
            .map(|measured| line(measured, fields, current))
            .collect(),
        chosen,
    };
    page("agreement.html", &Frame::of(&visit.person), &shown)
}

/// The field on which annotators agree least, or the first that has votes.
fn least(measured: &Agreement) -> Option<&FieldAgreement> {
    let with_alpha = measured.fields.iter().filter(|field| field.alpha.value.is_some());
    with_alpha
        .min_by(|left, right| {
            let alpha = |field: &FieldAgreement| field.alpha.value.unwrap_or(f64::INFINITY);
            alpha(left).total_cmp(&alpha(right))
        })
        .or_else(|| measured.fields.iter().find(|field| field.vote_count > 0))
}

fn title_of(name: &str, fields: &[Field]) -> String {
    let field = fields.iter().find(|field| field.name.as_str() == name);
    field.map_or_else(|| name.to_owned(), |field| field.title.clone())
}

/// The line that answers the first question: how far do they agree, and where least.
fn answer(measured: &Agreement, fields: &[Field]) -> String {
    let votes: usize = measured.fields.iter().map(|field| field.vote_count).sum();
    let defined: Vec<(&FieldAgreement, f64)> = measured
        .fields
        .iter()
        .filter_map(|field| Some((field, field.alpha.value?)))
        .collect();
    let by_alpha = |left: &&(&FieldAgreement, f64), right: &&(&FieldAgreement, f64)| left.1.total_cmp(&right.1);
    let (Some(least), Some(most)) = (defined.iter().min_by(by_alpha), defined.iter().max_by(by_alpha)) else {
        return if votes == 0 {
            "Nobody has voted yet".to_owned()
        } else {
            "No item has two votes that can be compared, or all votes are alike".to_owned()
        };
    };
    let named = |(field, alpha): &(&FieldAgreement, f64)| {
        let interval = match (field.alpha.lower, field.alpha.upper) {
            (Some(lower), Some(upper)) => format!(" [{}, {}]", figure(lower), figure(upper)),
            _ => String::new(),
        };
        format!("α {}{interval}", figure(*alpha))
    };
    let title = |field: &FieldAgreement| title_of(field.field.as_str(), fields);
    if defined.len() == 1 {
        let share = least.0.percent_agreement.value.map_or_else(String::new, |share| {
            format!(" · {} of pairs of votes agree", percent(share))
        });
        return format!("{}{share} · {} votes", named(least), whole(votes));
    }
    format!(
        "least agreement: {} {} · most: {} {} · {} votes",
        title(least.0),
        named(least),
        title(most.0),
        named(most),
        whole(votes)
    )
}

fn line(measured: &FieldAgreement, fields: &[Field], current: Option<&str>) -> FieldLine {
    let name = measured.field.as_str();
    FieldLine {
        name: name.to_owned(),
        title: title_of(name, fields),
        current: current == Some(name),
        compared: whole(measured.item_count),
        votes: whole(measured.vote_count),
        percent: FigureCell::new(measured.percent_agreement, percent),
        alpha: FigureCell::new(measured.alpha, figure),
        fleiss: FigureCell::new(measured.fleiss_kappa, figure),
        gwet: FigureCell::new(measured.gwet_ac1, figure),
        classes: named_classes(measured),
    }
}

/// The most frequent classes in a few words: `yes 60 · no 12`, or how many there are where hardly any repeats.
fn named_classes(measured: &FieldAgreement) -> String {
    if measured.class_count > 12 {
        let number = i64::try_from(measured.class_count).unwrap_or(i64::MAX);
        return format!("{} different values", count(number));
    }
    let mut classes: Vec<_> = measured.classes.iter().filter(|class| class.vote_count > 0).collect();
    classes.sort_by_key(|class| std::cmp::Reverse(class.vote_count));
    let named = classes.iter().take(CLASSES_NAMED);
    let mut words: Vec<String> = named
        .map(|class| {
            format!(
                "{} {}",
                class_word(&class.class),
                accord_charts::numbers::whole(class.vote_count)
            )
        })
        .collect();
    if classes.len() > CLASSES_NAMED {
        words.push("…".to_owned());
    }
    words.join(" · ")
}

/// A class as people read it.
fn class_word(class: &str) -> String {
    if class == accord_domain::ABSENT_CLASS {
        "(absent)".to_owned()
    } else {
        class.to_owned()
    }
}

fn field_shown(field: &Field, detail: &AgreementDetail) -> Result<FieldShown, Problem> {
    let measured = &detail.agreement;
    let listed = measured.classes.len();
    let (shown, against, left_out) = confusions(detail)?;
    let compared = detail.annotators.iter();
    let named: Vec<_> = compared
        .map(|annotator| (annotator.id, annotator.name.clone()))
        .collect();
    Ok(FieldShown {
        name: field.name.to_string(),
        title: field.title.clone(),
        classes: measured
            .classes
            .iter()
            .map(|class| ClassLine {
                class: class_word(&class.class),
                votes: accord_charts::numbers::whole(class.vote_count),
            })
            .collect(),
        classes_left_out: (measured.class_count > listed).then(|| {
            format!(
                "{} of {} values are listed.",
                whole(listed),
                whole(measured.class_count)
            )
        }),
        pairs: pairs(detail)?,
        pools: detail.people_and_machines.map(pools),
        confusions: shown,
        confusions_against: against,
        confusions_left_out: left_out,
        panel: detail.panel.as_ref().map(panel).transpose()?,
        warnings: warning_lines(&detail.warnings, &named),
    })
}

/// A count of things in memory.
fn whole(number: usize) -> String {
    count(i64::try_from(number).unwrap_or(i64::MAX))
}

/// Cuts names for the head of a chart in the order of the matrix.
fn names(detail: &AgreementDetail) -> Vec<String> {
    detail
        .annotators
        .iter()
        .map(|annotator| annotator.name.clone())
        .collect()
}
