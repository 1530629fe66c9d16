//! Proper scores, calibration error, reliability, risk and coverage.

use accord_statistics::metrics::{
    BinRule, CalibrationError, MurphyDecomposition, area_under_risk_coverage_in_order, auroc, brier_score, brier_skill,
    calibration_error, corp_decomposition, log_loss, murphy_decomposition, murphy_decomposition_in_bins,
    reliability_point, risk_coverage,
};
use serde_json::{Value, json};

use crate::Kind;
use crate::compare::{Computed, flags, numbers, whole};

pub(crate) const METHODS: &[Kind] = &[
    ("ece", &["bins", "p", "y"], ece),
    ("scores", &["p", "y"], scores),
    ("risk_coverage", &["error", "score"], coverage),
    ("reliability_bin", &["level", "mean_p", "n", "positives"], reliability),
];

fn ece(input: &Value) -> Computed {
    let probabilities = numbers(&input["p"]);
    let correct = flags(&input["y"]);
    let bins = whole(&input["bins"]);
    let error = |rule| {
        calibration_error(&probabilities, &correct, rule)
            .unwrap()
            .value()
            .unwrap()
    };
    let right = error(BinRule::EqualWidthRightClosed(bins));
    let mass = error(BinRule::EqualMass(bins));
    json!({
        "ece_right_closed": right.expected,
        "mce_right_closed": right.maximum,
        "bins_right_closed": describe(&right),
        "ece_left_closed": error(BinRule::EqualWidthLeftClosed(bins)).expected,
        "ece_distinct_levels": error(BinRule::DistinctLevels).expected,
        "ece_equal_mass_ties_together": mass.expected,
        "bins_equal_mass": describe(&mass),
        "ce2_equal_mass_plugin": mass.squared,
        "ce2_equal_mass_debiased": mass.squared_debiased,
        "ece_expected_if_calibrated_normal_approx": right.expected_if_calibrated,
    })
    .into()
}

fn describe(error: &CalibrationError) -> Vec<Value> {
    error
        .bins
        .iter()
        .map(|bin| {
            json!({
                "bin": bin.index,
                "n": bin.count,
                "mean_p": bin.mean_probability,
                "mean_y": bin.observed,
            })
        })
        .collect()
}

fn scores(input: &Value) -> Computed {
    let probabilities = numbers(&input["p"]);
    let correct = flags(&input["y"]);
    let loss = log_loss(&probabilities, &correct).unwrap().value().unwrap();
    let murphy = murphy_decomposition(&probabilities, &correct).unwrap().value().unwrap();
    let corp = corp_decomposition(&probabilities, &correct).unwrap().value().unwrap();
    let rule = BinRule::EqualWidthRightClosed(5);
    let binned = murphy_decomposition_in_bins(&probabilities, &correct, rule)
        .unwrap()
        .value()
        .unwrap();
    let mut five = terms(&binned.murphy);
    five["within_bin_variance"] = json!(binned.within_bin_variance);
    five["within_bin_covariance"] = json!(binned.within_bin_covariance);
    json!({
        "brier": brier_score(&probabilities, &correct).unwrap().value(),
        "log_loss_clip_1e-15": loss.clipped,
        "log_loss_unclipped": loss.unclipped,
        "auroc": auroc(&probabilities, &correct).unwrap().value(),
        "murphy": terms(&murphy),
        "corp": {"mcb": corp.miscalibration, "dsc": corp.discrimination, "unc": corp.uncertainty},
        "brier_skill": brier_skill(&probabilities, &correct).unwrap().value(),
        "binned5": five,
    })
    .into()
}

fn terms(murphy: &MurphyDecomposition) -> Value {
    json!({
        "reliability": murphy.reliability,
        "resolution": murphy.resolution,
        "uncertainty": murphy.uncertainty,
    })
}

fn coverage(input: &Value) -> Computed {
    let scores = numbers(&input["score"]);
    let errors = flags(&input["error"]);
    let curve = risk_coverage(&scores, &errors).unwrap().value().unwrap();
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|left, right| scores[*right].total_cmp(&scores[*left]));
    let stable: Vec<bool> = order.iter().map(|item| errors[*item]).collect();
    let levels: Vec<Value> = curve
        .levels
        .iter()
        .map(|level| {
            json!({
                "threshold": level.threshold,
                "coverage": level.coverage,
                "risk": level.risk,
                "n_accepted": level.accepted,
                "n_errors": level.errors,
            })
        })
        .collect();
    json!({
        "curve": levels,
        "aurc": curve.area,
        "aurc_stable_order": area_under_risk_coverage_in_order(&stable).value(),
        "aurc_oracle": curve.oracle_area,
        "e_aurc": curve.excess_area,
    })
    .into()
}

fn reliability(input: &Value) -> Computed {
    let mean = input["mean_p"].as_f64().unwrap();
    let level = input["level"].as_f64().unwrap();
    let positives = whole(&input["positives"]);
    let point = reliability_point(positives, whole(&input["n"]), mean, level).unwrap();
    json!({
        "mean_y": point.observed,
        "wilson": [point.interval.lower, point.interval.upper],
        "consistency_bar": [point.consistency.lower, point.consistency.upper],
    })
    .into()
}
