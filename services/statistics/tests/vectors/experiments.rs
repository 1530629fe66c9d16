//! Experiments between two versions.

use accord_statistics::Estimate;
use accord_statistics::experiments::{
    DecisionRule, DecisionTests, ErrorRates, FixedPowerPlan, MetricCounts, PairedCounts, analyse_paired_binary,
    clustered_mean, decide, follow_paired, look_at_two_samples, mean_on_resample, non_inferiority_sample_size,
    paired_mean, rule_levels, sample_ratio, superiority_sample_size,
};
use accord_statistics::resampling::summarise_replicates;
use serde_json::{Value, json};

use crate::Kind;
use crate::compare::{Computed, numbers, whole};

pub(crate) const METHODS: &[Kind] = &[
    (
        "paired_binary",
        &["margin", "n_items", "only_new_correct", "only_old_correct"],
        binary,
    ),
    ("paired_bootstrap", &["differences", "resample_indices"], bootstrap),
    ("clustered_mean", &["cluster", "differences"], clustered),
    (
        "paired_sample_size",
        &[
            "alpha_one_sided",
            "beta",
            "delta",
            "discordant",
            "ni_margin",
            "true_difference_ni",
        ],
        sizes,
    ),
    (
        "fixed_power_paired",
        &["alpha_one_sided", "batch", "beta", "delta", "differences", "min_n"],
        fixed_power,
    ),
    (
        "fixed_power_two_sample",
        &[
            "alpha_one_sided",
            "beta",
            "delta",
            "n_control",
            "n_treatment",
            "var_control",
            "var_treatment",
        ],
        two_samples,
    ),
    (
        "decision_rule_levels",
        &[
            "alpha",
            "alpha_minus",
            "beta",
            "n_deterioration_tests",
            "n_guardrail",
            "n_quality",
            "n_success",
        ],
        levels,
    ),
    (
        "decision",
        &[
            "alpha",
            "alpha_minus",
            "p_deterioration",
            "p_guardrail_noninferiority",
            "p_quality",
            "p_success",
        ],
        decision,
    ),
    ("srm", &["observed", "ratio"], ratio),
];

fn of(input: &Value, key: &str) -> f64 {
    input[key].as_f64().unwrap()
}

fn counts(value: &Value) -> Vec<u64> {
    let entries = value.as_array().unwrap().iter();
    entries.map(|entry| entry.as_u64().unwrap()).collect()
}

fn rates(input: &Value) -> ErrorRates {
    ErrorRates::new(of(input, "alpha_one_sided"), of(input, "beta")).unwrap()
}

fn binary(input: &Value) -> Computed {
    let count = |key: &str| input[key].as_u64().unwrap();
    let counts = PairedCounts::new(count("only_new_correct"), count("only_old_correct"), count("n_items"));
    let result = analyse_paired_binary(counts.unwrap(), of(input, "margin"), 0.95).unwrap();
    json!({
        "mcnemar_exact_p": result.test.exact_p,
        "mcnemar_mid_p": result.test.mid_p,
        "chi2": result.test.chi_squared.value(),
        "chi2_p": result.test.chi_squared_p.value(),
        "chi2_corrected": result.test.chi_squared_corrected.value(),
        "difference": result.difference,
        "se_wald": result.standard_error,
        "ci95_wald": [result.wald.lower, result.wald.upper],
        "ci95_bonett_price": [result.interval.lower, result.interval.upper],
        "noninferiority_z": result.non_inferiority_z.value(),
        "noninferiority_p": result.non_inferiority_p.value(),
        "superiority_p_one_sided": result.superiority_p.value(),
    })
    .into()
}

fn bootstrap(input: &Value) -> Computed {
    let differences = numbers(&input["differences"]);
    let mean = paired_mean(&differences).unwrap();
    let replicates: Vec<Estimate> = input["resample_indices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let positions: Vec<usize> = row.as_array().unwrap().iter().map(whole).collect();
            mean_on_resample(&differences, &positions).unwrap()
        })
        .collect();
    let summary = summarise_replicates(&replicates, 0.95).unwrap();
    json!({
        "mean": mean.mean.value(),
        "se": mean.standard_error.value(),
        "t": mean.t.value(),
        "t_p_two_sided": mean.p.value(),
        "replicate_means": replicates.iter().map(|value| value.value()).collect::<Vec<_>>(),
        "percentile_ci": summary.interval.value().map(|interval| [interval.lower, interval.upper]),
    })
    .into()
}

fn clustered(input: &Value) -> Computed {
    let clusters = counts(&input["cluster"]);
    let result = clustered_mean(&numbers(&input["differences"]), &clusters).unwrap();
    json!({
        "mean": result.mean,
        "se_cluster": result.standard_error.value(),
        "se_naive": result.naive_error.value(),
        "design_effect": result.design_effect.value(),
    })
    .into()
}

fn sizes(input: &Value) -> Computed {
    let discordant = of(input, "discordant");
    let superiority = superiority_sample_size(rates(input), discordant, of(input, "delta")).unwrap();
    let (margin, difference) = (of(input, "ni_margin"), of(input, "true_difference_ni"));
    let other = non_inferiority_sample_size(rates(input), discordant, margin, difference).unwrap();
    json!({
        "n_superiority_raw": superiority.exact,
        "n_superiority": superiority.documents,
        "n_noninferiority": other.documents,
    })
    .into()
}

fn fixed_power(input: &Value) -> Computed {
    let (first, batch) = (whole(&input["min_n"]), whole(&input["batch"]));
    let plan = FixedPowerPlan::new(rates(input), of(input, "delta"), first, batch).unwrap();
    let course = follow_paired(&numbers(&input["differences"]), &plan).unwrap();
    let looks: Vec<Value> = course
        .looks
        .iter()
        .map(|look| json!({"n": look.documents, "variance": look.variance, "required_n": look.required}))
        .collect();
    json!({"looks": looks, "stop_n": course.stopped_at}).into()
}

fn two_samples(input: &Value) -> Computed {
    let arm = |variance: &str, items: &str| (of(input, variance), input[items].as_u64().unwrap());
    let (new, old) = (arm("var_treatment", "n_treatment"), arm("var_control", "n_control"));
    let look = look_at_two_samples(new, old, rates(input), of(input, "delta")).unwrap();
    json!({"se": look.standard_error, "target_se": look.target, "stop": look.stops}).into()
}

fn levels(input: &Value) -> Computed {
    let counts = MetricCounts {
        success: whole(&input["n_success"]),
        guardrails: whole(&input["n_guardrail"]),
        deterioration: whole(&input["n_deterioration_tests"]),
        quality: whole(&input["n_quality"]),
    };
    let minus = of(input, "alpha_minus");
    let levels = rule_levels(counts, of(input, "alpha"), of(input, "beta"), minus).unwrap();
    json!({
        "alpha_success": levels.success.value(),
        "alpha_guardrail": levels.guardrail,
        "alpha_deterioration_each": levels.deterioration.value(),
        "beta_rule1": levels.beta(DecisionRule::Rule1),
        "beta_rule2_union_bound": levels.beta(DecisionRule::Rule2),
        "beta_rule2_product": levels.beta_rule2_product,
    })
    .into()
}

fn decision(input: &Value) -> Computed {
    let tests = DecisionTests {
        success: numbers(&input["p_success"]),
        guardrails: numbers(&input["p_guardrail_noninferiority"]),
        deterioration: numbers(&input["p_deterioration"]),
        quality: numbers(&input["p_quality"]),
    };
    let (alpha, minus) = (of(input, "alpha"), of(input, "alpha_minus"));
    let decision = decide(&tests, DecisionRule::Rule2, alpha, minus).unwrap();
    json!({
        "success": decision.success,
        "guardrails": decision.guardrails,
        "deteriorated": decision.deteriorated,
        "quality_failed": decision.quality_failed,
        "ship": decision.ship,
    })
    .into()
}

fn ratio(input: &Value) -> Computed {
    let result = sample_ratio(&counts(&input["observed"]), &numbers(&input["ratio"])).unwrap();
    json!({"chi2": result.chi_squared, "p": result.p}).into()
}
