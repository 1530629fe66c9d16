//! Calibrators.

use accord_statistics::calibration::{
    Pooling, SampleWeights, fit_beta, fit_histogram, fit_isotonic, fit_platt, fit_pooled_platt, fit_temperature,
};
use accord_statistics::score::ScoreTransform;
use serde_json::{Value, json};

use crate::Kind;
use crate::compare::{Computed, Tolerance, flags, numbers, whole};

pub(crate) const PLATT: &[Kind] = &[(
    "platt",
    &[
        "grid",
        "k",
        "labels",
        "scores",
        "transform",
        "transform.eps",
        "transform.kind",
        "weights",
    ],
    platt,
)];

pub(crate) const POOLED: &[Kind] = &[(
    "platt_pooled",
    &[
        "fields",
        "fields[].labels",
        "fields[].scores",
        "tau_intercept",
        "tau_slope",
    ],
    pooled,
)];

pub(crate) const CALIBRATORS: &[Kind] = &[
    ("isotonic", &["grid", "weights", "x", "y"], isotonic),
    ("beta_calibration", &["grid", "labels", "scores"], beta),
    ("temperature", &["labels", "scores"], temperature),
    ("histogram_binning", &["bins", "labels", "scores"], histogram),
];

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

fn isotonic(input: &Value) -> Computed {
    let scores = numbers(&input["x"]);
    let weights = SampleWeights::label_counts(&numbers(&input["weights"])).unwrap();
    let curve = fit_isotonic(&scores, &flags(&input["y"]), &weights).unwrap();
    let mut unique = scores;
    unique.sort_by(f64::total_cmp);
    unique.dedup();
    let grid = numbers(&input["grid"]);
    let fitted: Vec<f64> = unique.iter().map(|x| curve.predict_unclipped(*x)).collect();
    let interpolated: Vec<f64> = grid.iter().map(|x| curve.predict_interpolated(*x)).collect();
    let steps: Vec<f64> = grid.iter().map(|x| curve.predict_unclipped(*x)).collect();
    let blocks: Vec<Value> = curve
        .blocks()
        .iter()
        .map(|block| json!({"lo": block.lower, "hi": block.upper, "value": block.value, "weight": block.weight}))
        .collect();
    json!({
        "unique_x": unique,
        "fitted": fitted,
        "blocks": blocks,
        "grid_interpolated": interpolated,
        "grid_step": steps,
    })
    .into()
}

fn beta(input: &Value) -> Computed {
    let scores = numbers(&input["scores"]);
    let even = SampleWeights::even(scores.len());
    let fit = fit_beta(&scores, &flags(&input["labels"]), &even).unwrap();
    assert!(fit.converged);
    let grid = numbers(&input["grid"]);
    let predicted: Vec<f64> = grid.iter().map(|score| fit.curve.predict(*score)).collect();
    json!({
        "a": fit.curve.a,
        "b": fit.curve.b,
        "c": fit.curve.c,
        "nll": fit.objective,
        "grid_probabilities": predicted,
    })
    .into()
}

fn temperature(input: &Value) -> Computed {
    let scores = numbers(&input["scores"]);
    let even = SampleWeights::even(scores.len());
    let fit = fit_temperature(&scores, &flags(&input["labels"]), &even)
        .unwrap()
        .value();
    json!({
        "temperature": fit.as_ref().map(|fit| fit.curve.temperature()),
        "nll": fit.as_ref().map(|fit| fit.objective),
    })
    .into()
}

fn histogram(input: &Value) -> Computed {
    let scores = numbers(&input["scores"]);
    let even = SampleWeights::even(scores.len());
    let bins = whole(&input["bins"]);
    let histogram = fit_histogram(&scores, &flags(&input["labels"]), &even, bins).unwrap();
    let bins = histogram.bins();
    let raw: Vec<Option<f64>> = bins.iter().map(|bin| bin.observed().value()).collect();
    json!({
        "count": bins.iter().map(|bin| bin.count).collect::<Vec<f64>>(),
        "positives": bins.iter().map(|bin| bin.positives).collect::<Vec<f64>>(),
        "value_raw": raw,
        "value_smoothed": bins.iter().map(|bin| bin.smoothed()).collect::<Vec<f64>>(),
    })
    .into()
}
