//! Calibrators.

use accord_statistics::calibration::{Pooling, SampleWeights, fit_platt, fit_pooled_platt};
use accord_statistics::score::ScoreTransform;
use serde_json::{Value, json};

use crate::Method;
use crate::compare::{Computed, Tolerance, flags, numbers};

pub(crate) const PLATT: &[(&str, Method)] = &[("platt", platt)];

pub(crate) const POOLED: &[(&str, Method)] = &[("platt_pooled", pooled)];

/// Tolerance that the file's conventions state for the parameters.
const PARAMETERS: Tolerance = Tolerance {
    absolute: 1e-8,
    relative: 1e-6,
};

fn platt(input: &Value) -> Computed {
    let scores = numbers(&input["scores"]);
    let correct = flags(&input["labels"]);
    let transform = transform(&input["transform"]);
    let votes = input.get("k").map_or_else(|| vec![1.0; scores.len()], numbers);
    let apply = |(score, votes): (&f64, &f64)| match transform {
        // Raw scores of any size are not shares.
        ScoreTransform::Identity => *score,
        other => other.apply(*score, *votes).unwrap(),
    };
    let transformed: Vec<f64> = scores.iter().zip(&votes).map(apply).collect();
    let weights = input.get("weights").map_or_else(
        || SampleWeights::even(scores.len()),
        |weights| SampleWeights::mean_one(&numbers(weights)).unwrap(),
    );
    let fit = fit_platt(&transformed, &correct, &weights).unwrap();
    assert!(fit.converged, "{fit:?}");
    let predict = |scores: &[f64]| -> Vec<f64> { scores.iter().map(|score| fit.curve.predict(*score)).collect() };
    let grid = input.get("grid").map_or_else(Vec::new, numbers);
    let grid: Vec<f64> = grid.iter().map(|score| apply((score, &1.0))).collect();
    Computed {
        value: json!({
            "n_pos_weight": fit.positive_weight,
            "n_neg_weight": fit.negative_weight,
            "target_pos": fit.positive_target,
            "target_neg": fit.negative_target,
            "identifiable": !fit.not_identifiable,
            "A": -fit.curve.slope,
            "B": -fit.curve.intercept,
            "slope": fit.curve.slope,
            "intercept": fit.curve.intercept,
            "objective": fit.objective,
            "probabilities": predict(&transformed),
            "grid_probabilities": predict(&grid),
            "transformed": transformed,
        }),
        looser: ["A", "B", "slope", "intercept"].map(|key| (key, PARAMETERS)).into(),
    }
}

fn transform(value: &Value) -> ScoreTransform {
    match value["kind"].as_str().unwrap() {
        "identity" => ScoreTransform::Identity,
        "logit_add_half" => ScoreTransform::AddHalfLogit,
        "logit_clip" => ScoreTransform::ClippedLogit(value["eps"].as_f64().unwrap()),
        other => panic!("unknown transform {other}"),
    }
}

fn pooled(input: &Value) -> Computed {
    let fields: Vec<(Vec<f64>, Vec<bool>)> = input["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| (numbers(&field["scores"]), flags(&field["labels"])))
        .collect();
    let borrowed: Vec<(&[f64], &[bool])> = fields
        .iter()
        .map(|(scores, correct)| (scores.as_slice(), correct.as_slice()))
        .collect();
    let deviation = |key: &str| input[key].as_f64().unwrap();
    let pooling = Pooling::new(deviation("tau_slope"), deviation("tau_intercept")).unwrap();
    let fit = fit_pooled_platt(&borrowed, pooling).unwrap();
    let fields: Vec<Value> = fit
        .fields
        .iter()
        .map(|field| {
            json!({
                "slope": field.curve.slope,
                "intercept": field.curve.intercept,
                "objective": field.objective,
            })
        })
        .collect();
    json!({
        "global_slope": fit.global.curve.slope,
        "global_intercept": fit.global.curve.intercept,
        "fields": fields,
    })
    .into()
}
