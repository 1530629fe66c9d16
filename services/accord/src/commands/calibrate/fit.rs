//! `accord calibrate fit`.

use accord_statistics::Estimate;
use accord_statistics::calibration::{
    CalibrationMethod, ChoicePlan, Folds, LabelledScores, choose_calibrator, cross_fit_calibrator, fit_calibrator,
};
use accord_statistics::metrics::RiskCoverage;
use anyhow::{Context, anyhow, bail};

use super::measure::{curve, measure};
use super::model::{FieldModel, ModelFile, describe};
use super::{page, print};
use crate::arguments::FitArguments;
use crate::commands::score_rows::{FieldScores, by_field, scores_of};
use crate::output::{complain, say, spinner};

pub(super) fn run(arguments: &FitArguments) -> anyhow::Result<()> {
    let fields = by_field(scores_of(&arguments.scores, &arguments.input)?);
    let mut models = Vec::with_capacity(fields.len());
    let mut curves = Vec::with_capacity(fields.len());
    for rows in &fields {
        let (model, curve) = fit_field(rows, arguments).with_context(|| format!("field `{}`", rows.name()))?;
        models.push(model);
        curves.push(curve);
    }
    let model = ModelFile::new(&arguments.scores, arguments.measuring.seed, models);
    if let Some(output) = &arguments.output {
        model.write(output)?;
    }
    if let Some(file) = &arguments.result.report {
        page::of_model(&model, &curves).write(file)?;
    }
    if arguments.result.json {
        say(&serde_json::to_string_pretty(&model)?);
    } else {
        print::model(&model);
        match &arguments.output {
            Some(output) => say(&format!("written to {}", output.display())),
            None => complain("nothing was written: -o FILE keeps the model"),
        }
    }
    Ok(())
}

type Curve = Option<RiskCoverage>;

fn fit_field(rows: &FieldScores, arguments: &FitArguments) -> anyhow::Result<(FieldModel, Curve)> {
    let data = rows.labelled()?;
    let (mut model, out_of_fold) = match arguments.method.method(data.votes().is_some()) {
        Some(method) => fit_method(method, rows, &data, arguments)?,
        None => choose(rows, &data, arguments)?,
    };
    if arguments.no_metrics {
        return Ok((model, None));
    }
    if data.are_shares() {
        model.before = Some(measure(
            data.scores(),
            data.correct(),
            &rows.documents,
            arguments.measuring,
        )?);
    }
    let Some(probabilities) = out_of_fold else {
        return Ok((model, None));
    };
    model.out_of_fold = Some(measure(
        &probabilities,
        data.correct(),
        &rows.documents,
        arguments.measuring,
    )?);
    Ok((model, curve(&probabilities, data.correct())?.value()))
}

fn fit_method(
    method: CalibrationMethod,
    rows: &FieldScores,
    data: &LabelledScores,
    arguments: &FitArguments,
) -> anyhow::Result<(FieldModel, Option<Vec<f64>>)> {
    if let Err(reason) = method.check_scores(data) {
        bail!("{} {reason}", method.name());
    }
    let Estimate::Value(fitted) = fit_calibrator(method, data)? else {
        bail!("the labels determine no {}; try another --method", method.name());
    };
    let model = describe(rows, data, method, fitted);
    if arguments.no_metrics {
        return Ok((model, None));
    }
    let spinner = spinner("cross-fitting");
    let out_of_fold = out_of_fold(method, rows, data, arguments.measuring.seed)?;
    spinner.finish_and_clear();
    Ok((model, out_of_fold))
}

/// Probabilities of folds that the calibrator did not see; `None` with fewer than two documents, or where a fold
/// leaves the method nothing to learn from.
pub(super) fn out_of_fold(
    method: CalibrationMethod,
    rows: &FieldScores,
    data: &LabelledScores,
    seed: u64,
) -> anyhow::Result<Option<Vec<f64>>> {
    let mut different = rows.documents.clone();
    different.sort_unstable();
    different.dedup();
    let count = Folds::DEFAULT_COUNT.min(different.len());
    if count < 2 {
        return Ok(None);
    }
    let folds = Folds::by_document(&rows.documents, data.correct(), count, seed)?;
    Ok(cross_fit_calibrator(method, data, &folds)?)
}

fn choose(
    rows: &FieldScores,
    data: &LabelledScores,
    arguments: &FitArguments,
) -> anyhow::Result<(FieldModel, Option<Vec<f64>>)> {
    let plan = ChoicePlan::standard(arguments.measuring.seed);
    let spinner = spinner("choosing");
    let choice = choose_calibrator(data, &rows.documents, plan)
        .map_err(|error| anyhow!("no choice can be made: {error}; name a --method"))?;
    spinner.finish_and_clear();
    let model = FieldModel {
        chosen: true,
        candidates: choice.candidates,
        ..describe(rows, data, choice.method, choice.fitted)
    };
    Ok((model, Some(choice.out_of_fold)))
}
