//! Monitors of drift.

use accord_statistics::drift::{CalibrationProcess, CusumSettings, MeanProcessSettings, run_cusum, run_mean_process};
use serde_json::{Value, json};

use crate::Kind;
use crate::compare::{Computed, flags, numbers};

pub(crate) const METHODS: &[Kind] = &[
    (
        "risk_adjusted_cusum",
        &["error", "odds_ratio", "predicted_error", "threshold"],
        cusum,
    ),
    ("e_process_mean", &["alpha", "lambdas", "x"], mean),
    ("e_process_calibration", &["p", "q", "y"], calibration),
];

/// The level of the alarm in the expected keys.
const DELTA: f64 = 0.05;

fn cusum(input: &Value) -> Computed {
    let of = |key: &str| input[key].as_f64().unwrap();
    let settings = CusumSettings::new(of("odds_ratio"), of("threshold")).unwrap();
    let course = run_cusum(settings, &numbers(&input["predicted_error"]), &flags(&input["error"])).unwrap();
    json!({"statistic": course.statistics, "alarm_index": course.alarm.raised_at()}).into()
}

fn mean(input: &Value) -> Computed {
    let alpha = input["alpha"].as_f64().unwrap();
    let settings = MeanProcessSettings::new(alpha, DELTA, numbers(&input["lambdas"])).unwrap();
    let course = run_mean_process(settings, &numbers(&input["x"])).unwrap();
    json!({"log_e": course.log_e, "first_index_log_e_ge_log20": course.alarm.raised_at()}).into()
}

fn calibration(input: &Value) -> Computed {
    let mut process = CalibrationProcess::new(DELTA).unwrap();
    let mut log_e = Vec::new();
    let pairs = numbers(&input["p"]).into_iter().zip(numbers(&input["q"]));
    for ((probability, alternative), is_correct) in pairs.zip(flags(&input["y"])) {
        process.push(probability, alternative, is_correct).unwrap();
        log_e.push(process.log_e());
    }
    json!({ "log_e": log_e }).into()
}
