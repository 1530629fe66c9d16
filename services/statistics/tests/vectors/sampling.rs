//! Allocation, inclusion probabilities and estimates.

use accord_statistics::sampling::{
    ErrorStratum, SamplingStratum, estimate_mean, neyman_allocation, poisson_propensities, stratified_mean,
};
use serde_json::{Value, json};

use crate::Kind;
use crate::compare::{Computed, numbers};

pub(crate) const METHODS: &[Kind] = &[
    (
        "neyman_allocation",
        &["min_per_stratum", "n", "stratum_sd", "stratum_sizes"],
        allocation,
    ),
    ("poisson_propensity", &["expected_n", "floor", "priority"], propensities),
    ("ipw_mean", &["population", "propensity", "y"], mean),
    (
        "stratified_mean",
        &["strata", "strata[].errors", "strata[].n", "strata[].size"],
        stratified,
    ),
];

fn allocation(input: &Value) -> Computed {
    let sizes = input["stratum_sizes"].as_array().unwrap().iter();
    let strata: Vec<SamplingStratum> = sizes
        .map(|size| size.as_u64().unwrap())
        .zip(numbers(&input["stratum_sd"]))
        .map(|(size, deviation)| SamplingStratum { size, deviation })
        .collect();
    let whole = |key: &str| input[key].as_u64().unwrap();
    let result = neyman_allocation(&strata, whole("n"), whole("min_per_stratum")).unwrap();
    json!({
        "real_valued": result.exact,
        "allocation": result.sizes,
        "propensity": result.propensities,
    })
    .into()
}

fn propensities(input: &Value) -> Computed {
    let of = |key: &str| input[key].as_f64().unwrap();
    let design = poisson_propensities(&numbers(&input["priority"]), of("expected_n"), of("floor")).unwrap();
    json!({"scale": design.scale, "propensity": design.propensities}).into()
}

fn mean(input: &Value) -> Computed {
    let population = input["population"].as_u64().unwrap();
    let result = estimate_mean(&numbers(&input["y"]), &numbers(&input["propensity"]), population).unwrap();
    json!({
        "ht_mean": result.horvitz_thompson.value(),
        "ht_se": result.horvitz_thompson_error.value(),
        "hajek_mean": result.hajek.value(),
        "hajek_se": result.hajek_error.value(),
        "n_eff_kish": result.effective_items,
    })
    .into()
}

fn stratified(input: &Value) -> Computed {
    let strata: Vec<ErrorStratum> = input["strata"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stratum| ErrorStratum {
            size: stratum["size"].as_u64().unwrap(),
            drawn: stratum["n"].as_u64().unwrap(),
            errors: stratum["errors"].as_u64().unwrap(),
        })
        .collect();
    let result = stratified_mean(&strata).unwrap();
    json!({"mean": result.mean.value(), "se": result.standard_error.value()}).into()
}
