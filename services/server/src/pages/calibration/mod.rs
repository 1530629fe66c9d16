//! How honest the confidence of one field is, and from where on it may be acted on.

mod acceptance;
mod figures;

use accord_domain::{AnnotatorId, Field, Project, Rung};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};

use crate::access::Reviewer;
use crate::figures::{Calibration, CalibratorFigures, Promise, calibration, methods};
use crate::pages::agreement::warning_lines;
use crate::pages::levels::ShownLevels;
use crate::pages::numbers::{Moment, count, probability};
use crate::pages::projects::title;
use crate::pages::reliability::Diagram;
use crate::pages::render::{Frame, page};
use crate::pages::visit::Visit;
use crate::problem::{Problem, ProblemKind};
use crate::state::AppState;
use acceptance::{AcceptanceShown, acceptance};
use figures::{CandidatesShown, DecompositionLine, FiguresLine, before_and_after, candidates, decomposition};

/// The promise that is held against, as typed into the form: percent.
#[derive(Debug, Deserialize)]
pub(super) struct PromiseForm {
    #[serde(default)]
    error: String,
    #[serde(default)]
    risk: String,
}

#[derive(Debug, Serialize)]
struct CalibrationShown {
    name: String,
    title: String,
    field: String,
    field_title: String,
    tabs: Vec<Tab>,
    answer: String,
    calibrator: Option<CalibratorShown>,
    /// As of the last comparison of methods.
    levels: Option<ShownLevels>,
    acceptance: AcceptanceShown,
}

/// A field to go to.
#[derive(Debug, Serialize)]
struct Tab {
    name: String,
    title: String,
    current: bool,
}

#[derive(Debug, Serialize)]
struct CalibratorShown {
    method: String,
    basis: String,
    fitted: Moment,
    inverted: bool,
    warnings: Vec<String>,
    lines: Vec<FiguresLine>,
    decomposition: Option<DecompositionLine>,
    diagram: Option<Diagram>,
    selection: CandidatesShown,
}

/// Goes to the first field.
pub(super) async fn first(visit: Visit<Reviewer>) -> Result<Response, Problem> {
    let definition = &visit.project.definition;
    let field = definition.fields.first();
    let field = field.ok_or_else(|| Problem::not_found("field of the project", &definition.name))?;
    let address = format!("/projects/{}/calibration/{}", definition.name, field.name);
    Ok(Redirect::to(&address).into_response())
}

/// Shows one field.
pub(super) async fn show(
    State(state): State<AppState>,
    visit: Visit<Reviewer>,
    Path((_, field)): Path<(String, String)>,
    Query(form): Query<PromiseForm>,
) -> Result<Response, Problem> {
    let project = &visit.project;
    let definition = &project.definition;
    let known = definition.fields.iter().find(|known| known.name.as_str() == field);
    let field = known.ok_or_else(|| Problem::not_found("field", field))?;
    let alpha = share_of("error", &form.error)?;
    let delta = share_of("risk", &form.risk)?;
    let promise = Promise::of(field, &definition.policy, alpha, delta)?;
    let measured = calibration(&state, project, field, promise).await?;
    let annotators = annotators(&state, project).await?;
    let acceptance = acceptance(field, &measured.acceptance)?;
    let compared = methods(&state, project).await?.comparison;
    let compared = compared.as_ref().and_then(|compared| compared.of_field(&field.name));
    let selection = measured.calibrator.as_ref().map(|calibrator| &calibrator.selection);
    let levels = compared.map(|compared| ShownLevels::of(compared, selection));
    let shown = CalibrationShown {
        name: definition.name.clone(),
        title: title(project),
        field: field.name.to_string(),
        field_title: field.title.clone(),
        tabs: tabs(project, field),
        answer: answer(&measured, &acceptance),
        calibrator: measured
            .calibrator
            .as_ref()
            .map(|calibrator| calibrator_shown(field, calibrator, &annotators))
            .transpose()?,
        levels: levels.transpose()?.flatten(),
        acceptance,
    };
    page("calibration.html", &Frame::of(&visit.person), &shown)
}

/// A share that was typed as percent; none where the field was left empty.
fn share_of(name: &'static str, typed: &str) -> Result<Option<f64>, Problem> {
    let typed = typed.trim().trim_end_matches('%').trim().replace(',', ".");
    if typed.is_empty() {
        return Ok(None);
    }
    match typed.parse::<f64>() {
        Ok(hundredths) if hundredths > 0.0 && hundredths < 100.0 => Ok(Some(hundredths / 100.0)),
        _ => {
            let detail = format!("`{name}` must be a percentage above 0 and below 100, it is `{typed}`");
            Err(Problem::new(ProblemKind::Invalid, detail))
        }
    }
}

pub(super) async fn annotators(state: &AppState, project: &Project) -> Result<Vec<(AnnotatorId, String)>, Problem> {
    let mut transaction = state.store.read().await?;
    let annotators = transaction.annotators_of_project(project.id).await?;
    Ok(annotators
        .into_iter()
        .map(|annotator| (annotator.id, annotator.name))
        .collect())
}

fn tabs(project: &Project, current: &Field) -> Vec<Tab> {
    let fields = project.definition.fields.iter();
    fields
        .map(|field| Tab {
            name: field.name.to_string(),
            title: field.title.clone(),
            current: field.name == current.name,
        })
        .collect()
}

/// The line that answers the first question: may it be acted on?
fn answer(measured: &Calibration, acceptance: &AcceptanceShown) -> String {
    let after = measured
        .calibrator
        .as_ref()
        .and_then(|calibrator| calibrator.after.as_ref());
    let figures = after.map_or_else(
        || "no out-of-fold figures yet".to_owned(),
        |after| {
            let [lower, upper] = after.report.null_band;
            format!(
                "n {}, errors {} · ECE {} (null band {}–{})",
                count(i64::from(after.report.count)),
                count(i64::from(after.error_count)),
                probability(after.report.calibration_error),
                probability(lower),
                probability(upper)
            )
        },
    );
    format!("{figures} · {}: {}", acceptance.word, acceptance.sentence)
}

fn calibrator_shown(
    field: &Field,
    calibrator: &CalibratorFigures,
    annotators: &[(AnnotatorId, String)],
) -> Result<CalibratorShown, Problem> {
    let of_what = match calibrator.rung {
        Rung::Field => "labels of this field",
        Rung::FieldType => "labels of fields of its type",
        Rung::Workspace => "labels of all projects",
    };
    let fitted_on = format!(
        "{} gold {of_what}, {} of them wrong by consensus",
        count(i64::from(calibrator.gold_count)),
        count(i64::from(calibrator.error_count))
    );
    let levels = calibrator.after.as_ref().map_or(&[][..], |after| &after.reliability);
    Ok(CalibratorShown {
        method: calibrator.method.clone(),
        basis: match calibrator.set_apart_count {
            0 => fitted_on,
            apart => format!("{fitted_on}; {} more set apart to certify on", count(i64::from(apart))),
        },
        fitted: calibrator.fitted_at.into(),
        inverted: calibrator.inverted,
        warnings: warning_lines(&calibrator.warnings, annotators),
        lines: before_and_after(calibrator),
        decomposition: calibrator
            .after
            .as_ref()
            .and_then(|after| Some(decomposition(after.report.brier, after.decomposition?))),
        diagram: Diagram::of(field.name.as_str(), &field.title, levels)?,
        selection: candidates(&calibrator.selection)?,
    })
}
