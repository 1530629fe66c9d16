//! Certified thresholds and stopping rules.

use accord_statistics::adaptive::{
    EvenRule, SequentialDecision, SequentialTest, cannot_change, expected_votes, leader_probability,
    leader_probability_of_all,
};
use accord_statistics::risk_control::{
    RiskTarget, binomial_p_value, certify_threshold, conformal_threshold, error_lower_bound, error_upper_bound,
    loss_p_values, smallest_sample,
};
use serde_json::{Value, json};

use crate::Kind;
use crate::compare::{Computed, flags, numbers, whole};

pub(crate) const RISK: &[Kind] = &[
    (
        "clopper_pearson",
        &["rows", "rows[].delta", "rows[].errors", "rows[].n"],
        bounds,
    ),
    (
        "min_n",
        &["rows", "rows[].alpha", "rows[].delta", "rows[].errors"],
        samples,
    ),
    (
        "risk_p_values",
        &["rows", "rows[].alpha", "rows[].errors", "rows[].n"],
        p_values,
    ),
    (
        "fixed_sequence_threshold",
        &["alpha", "delta", "errors", "scores", "start_allows_errors"],
        fixed_sequence,
    ),
    ("conformal_risk_control", &["alpha", "errors", "scores"], conformal),
];

pub(crate) const ADAPTIVE: &[Kind] = &[
    ("beta_stop", &["counts"], leaders),
    (
        "cannot_change",
        &["rows", "rows[].remaining_weights", "rows[].weights_by_class"],
        changes,
    ),
    (
        "expected_votes_cannot_change",
        &["max_votes", "vote_probabilities"],
        votes_until_fixed,
    ),
    (
        "expected_votes_beta_stop",
        &["max_votes", "threshold", "vote_probabilities"],
        votes_until_likely,
    ),
    ("sprt", &["alpha", "beta", "observations", "p0", "p1"], sequential),
];

fn rows(input: &Value) -> impl Iterator<Item = &Value> {
    input["rows"].as_array().unwrap().iter()
}

fn bounds(input: &Value) -> Computed {
    let described: Vec<Value> = rows(input)
        .map(|row| {
            let (errors, items) = (row["errors"].as_u64().unwrap(), row["n"].as_u64().unwrap());
            let delta = row["delta"].as_f64().unwrap();
            json!({
                "lower": error_lower_bound(errors, items, delta).unwrap(),
                "upper": error_upper_bound(errors, items, delta).unwrap(),
            })
        })
        .collect();
    json!({ "rows": described }).into()
}

fn samples(input: &Value) -> Computed {
    let needed: Vec<u64> = rows(input)
        .map(|row| {
            let errors = row["errors"].as_u64().unwrap();
            let alpha = row["alpha"].as_f64().unwrap();
            smallest_sample(errors, alpha, row["delta"].as_f64().unwrap()).unwrap()
        })
        .collect();
    json!({ "n": needed }).into()
}

fn p_values(input: &Value) -> Computed {
    let described: Vec<Value> = rows(input)
        .map(|row| {
            let (errors, items) = (row["errors"].as_u64().unwrap(), row["n"].as_u64().unwrap());
            let alpha = row["alpha"].as_f64().unwrap();
            let binomial = binomial_p_value(errors, items, alpha).unwrap();
            let general = loss_p_values(errors as f64, items, alpha).unwrap();
            json!({
                "binomial": binomial,
                "hoeffding": general.hoeffding,
                "bentkus_general": general.bentkus,
                "hb_general": general.combined,
                "hb_binary": binomial,
            })
        })
        .collect();
    json!({ "rows": described }).into()
}

fn fixed_sequence(input: &Value) -> Computed {
    let target = RiskTarget::new(input["alpha"].as_f64().unwrap(), input["delta"].as_f64().unwrap()).unwrap();
    let start = input["start_allows_errors"].as_u64().unwrap();
    let result = certify_threshold(&numbers(&input["scores"]), &flags(&input["errors"]), target, start).unwrap();
    let tested: Vec<Value> = result
        .levels
        .iter()
        .map(|level| {
            json!({
                "threshold": level.threshold,
                "n": level.accepted,
                "errors": level.errors,
                "p_value": level.p_value,
            })
        })
        .collect();
    json!({
        "n_min": result.smallest_sample,
        "tested": tested,
        "selected_threshold": result.threshold,
        "naive_point_estimate_threshold_DO_NOT_USE": result.threshold,
        "coverage": result.coverage,
    })
    .into()
}

fn conformal(input: &Value) -> Computed {
    let alpha = input["alpha"].as_f64().unwrap();
    let result = conformal_threshold(&numbers(&input["scores"]), &flags(&input["errors"]), alpha).unwrap();
    let path: Vec<Value> = result
        .steps
        .iter()
        .map(|step| {
            json!({
                "threshold": step.threshold,
                "joint_risk": step.joint_risk,
                "bound": step.bound,
                "ok": step.passes,
            })
        })
        .collect();
    json!({
        "path": path,
        "selected_threshold": result.threshold,
        "approve_nothing": result.threshold.is_none(),
    })
    .into()
}

fn leaders(input: &Value) -> Computed {
    let described: Vec<Value> = input["counts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|counts| {
            let counts: Vec<u32> = numbers(counts).into_iter().map(|count| count as u32).collect();
            let mut descending = counts.clone();
            descending.sort_unstable_by(|left, right| right.cmp(left));
            let two = leader_probability(f64::from(descending[0]), f64::from(descending[1])).unwrap();
            json!({"beta_prob": two, "dirichlet_prob": leader_probability_of_all(&counts).unwrap()})
        })
        .collect();
    json!({ "rows": described }).into()
}

fn changes(input: &Value) -> Computed {
    let stops: Vec<bool> = rows(input)
        .map(|row| cannot_change(&numbers(&row["weights_by_class"]), &numbers(&row["remaining_weights"])).unwrap())
        .collect();
    json!({ "stop": stops }).into()
}

fn votes_until_fixed(input: &Value) -> Computed {
    votes_needed(input, EvenRule::CannotChange)
}

fn votes_until_likely(input: &Value) -> Computed {
    votes_needed(input, EvenRule::LeaderProbability(input["threshold"].as_f64().unwrap()))
}

fn votes_needed(input: &Value, rule: EvenRule) -> Computed {
    let most = u32::try_from(whole(&input["max_votes"])).unwrap();
    let expected = expected_votes(&numbers(&input["vote_probabilities"]), most, rule).unwrap();
    json!({"expected_votes": expected, "saving": 1.0 - expected / f64::from(most)}).into()
}

fn sequential(input: &Value) -> Computed {
    let of = |key: &str| input[key].as_f64().unwrap();
    let test = SequentialTest::new(of("p0"), of("p1"), of("alpha"), of("beta")).unwrap();
    let trace = test.run(&flags(&input["observations"]));
    let decision = match trace.decision {
        SequentialDecision::AcceptAlternative => "accept_h1",
        SequentialDecision::AcceptNull => "accept_h0",
        SequentialDecision::Continue => "continue",
    };
    json!({
        "upper": test.upper(),
        "lower": test.lower(),
        "trajectory": trace.log_ratios,
        "decision": decision,
        "stopped_at": trace.stopped_at,
        "expected_n_h1": test.expected_votes_if_backed(),
        "expected_n_h0": test.expected_votes_if_not(),
    })
    .into()
}
