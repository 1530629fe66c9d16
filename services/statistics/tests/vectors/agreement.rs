//! Agreement coefficients.

use accord_statistics::Estimate;
use accord_statistics::agreement::{
    AgreementWeights, ChanceCorrected, Coefficient, DisagreementWeights, Level, PairTable, RatingTable, Span,
    alpha_standard_error, compare_pools, evaluate_on_resample, fleiss_kappa, gwet_coefficient, krippendorff_alpha,
    pairwise_span_agreement, percent_agreement,
};
use accord_statistics::resampling::summarise_replicates;
use serde_json::{Map, Value, json};

use crate::Kind;
use crate::compare::{Computed, numbers, votes, whole};

pub(crate) const TWO_RATERS: &[Kind] = &[("two_raters", &["n_categories", "rater_a", "rater_b"], two_raters)];
pub(crate) const FLEISS: &[Kind] = &[("fleiss", &["n_categories", "ratings"], fleiss)];
pub(crate) const KRIPPENDORFF: &[Kind] = &[("krippendorff", &["levels", "ratings", "values"], krippendorff)];
pub(crate) const GWET: &[Kind] = &[("gwet", &["n_categories", "ratings"], gwet)];
pub(crate) const SPANS: &[Kind] = &[("span_f1", &["annotators", "n_tokens_per_doc"], spans)];
pub(crate) const BOOTSTRAP: &[Kind] = &[(
    "bootstrap_alpha",
    &["confidence", "level", "ratings", "resample_indices", "values"],
    bootstrap,
)];
pub(crate) const POOLS: &[Kind] = &[("pools", &["human", "llm", "n_categories"], pools)];

fn table(ratings: &Value, classes: usize) -> RatingTable {
    let rows: Vec<Vec<Option<usize>>> = ratings.as_array().unwrap().iter().map(votes).collect();
    RatingTable::from_ratings(&rows, classes).unwrap()
}

/// Ratings given as values of a declared domain.
fn valued_table(input: &Value) -> (RatingTable, Vec<f64>) {
    let values = numbers(&input["values"]);
    let class = |vote: &Value| values.iter().position(|value| Some(*value) == vote.as_f64());
    let rows: Vec<Vec<Option<usize>>> = input["ratings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row.as_array().unwrap().iter().map(class).collect())
        .collect();
    (RatingTable::from_ratings(&rows, values.len()).unwrap(), values)
}

fn level<'a>(name: &str, values: &'a [f64]) -> Level<'a> {
    match name {
        "nominal" => Level::Nominal,
        "ordinal" => Level::Ordinal,
        "interval" => Level::Interval(values),
        "ratio" => Level::Ratio(values),
        other => panic!("unknown level {other}"),
    }
}

fn two_raters(input: &Value) -> Computed {
    let classes = whole(&input["n_categories"]);
    let table = PairTable::from_votes(&votes(&input["rater_a"]), &votes(&input["rater_b"]), classes).unwrap();
    let plain = table.cohen_kappa(DisagreementWeights::Nominal);
    let linear = table.cohen_kappa(DisagreementWeights::Linear);
    let quadratic = table.cohen_kappa(DisagreementWeights::Quadratic);
    let indices = table.prevalence_indices();
    json!({
        "n_items_used": table.items(),
        "percent_agreement": table.percent_agreement().value(),
        "kappa_none": plain.kappa.value(),
        "se_kappa_none": plain.standard_error.value(),
        "se0_kappa_none": plain.standard_error_if_independent.value(),
        "ci95_kappa_none": plain.interval.value().map(|interval| [interval.lower, interval.upper]),
        "kappa_linear": linear.kappa.value(),
        "se_kappa_linear": linear.standard_error.value(),
        "kappa_quadratic": quadratic.kappa.value(),
        "se_kappa_quadratic": quadratic.standard_error.value(),
        "scott_pi": table.scott_pi().value(),
        "chance_agreement_cohen": table.chance_agreement().value(),
        "chance_agreement_scott": table.shared_chance_agreement().value(),
        "pabak": indices.map(|indices| indices.adjusted_kappa),
        "prevalence_index": indices.map(|indices| indices.prevalence),
        "bias_index": indices.map(|indices| indices.bias),
    })
    .into()
}

fn fleiss(input: &Value) -> Computed {
    let table = table(&input["ratings"], whole(&input["n_categories"]));
    let result = fleiss_kappa(&table);
    assert_eq!(result.kappa.observed_agreement, percent_agreement(&table));
    json!({
        "percent_agreement": result.kappa.observed_agreement.value(),
        "chance_agreement": result.kappa.chance_agreement.value(),
        "fleiss_kappa": result.kappa.coefficient.value(),
        "fleiss_kappa_pooled_marginals_DO_NOT_USE": result.kappa.coefficient.value(),
        "se": result.kappa.standard_error.value(),
        "ci95_t": interval(&result.kappa),
        "randolph_free_marginal_kappa": result.free_marginal.value(),
    })
    .into()
}

fn interval(coefficient: &ChanceCorrected) -> Option<[f64; 2]> {
    coefficient
        .interval
        .value()
        .map(|interval| [interval.lower, interval.upper])
}

fn gwet(input: &Value) -> Computed {
    let table = table(&input["ratings"], whole(&input["n_categories"]));
    let schemes = [
        ("identity", AgreementWeights::Identity),
        ("linear", AgreementWeights::Linear),
        ("quadratic", AgreementWeights::Quadratic),
        ("ordinal", AgreementWeights::Ordinal),
    ];
    let described = schemes.map(|(name, weights)| {
        let result = gwet_coefficient(&table, weights);
        let value = json!({
            "coefficient": result.coefficient.value(),
            "pa": result.observed_agreement.value(),
            "pe": result.chance_agreement.value(),
            "se": result.standard_error.value(),
            "ci95_t": interval(&result),
        });
        (name.to_owned(), value)
    });
    Value::Object(described.into_iter().collect()).into()
}

fn krippendorff(input: &Value) -> Computed {
    let (table, values) = valued_table(input);
    let mut described = Map::new();
    for name in input["levels"].as_array().unwrap() {
        let name = name.as_str().unwrap();
        let result = krippendorff_alpha(&table, level(name, &values)).unwrap();
        described.insert("n_pairable".to_owned(), json!(result.pairable_votes));
        let mut value = json!({
            "alpha": result.alpha.value(),
            "observed_disagreement": result.observed_disagreement.value(),
            "expected_disagreement": result.expected_disagreement.value(),
        });
        if name == "nominal" {
            value["se_irrcac"] = json!(alpha_standard_error(&table).value());
        }
        described.insert(name.to_owned(), value);
    }
    Value::Object(described).into()
}

fn bootstrap(input: &Value) -> Computed {
    let (table, values) = valued_table(input);
    let coefficient = Coefficient::Alpha(level(input["level"].as_str().unwrap(), &values));
    let replicates: Vec<Estimate> = input["resample_indices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let items: Vec<usize> = row.as_array().unwrap().iter().map(whole).collect();
            evaluate_on_resample(&table, coefficient, &items).unwrap()
        })
        .collect();
    let summary = summarise_replicates(&replicates, input["confidence"].as_f64().unwrap()).unwrap();
    json!({
        "replicates": replicates.iter().map(|value| value.value()).collect::<Vec<Option<f64>>>(),
        "n_undefined": summary.undefined,
        "percentile_ci": summary.interval.value().map(|interval| [interval.lower, interval.upper]),
        "bootstrap_se": summary.standard_error.value(),
    })
    .into()
}

fn spans(input: &Value) -> Computed {
    let annotators: Vec<Vec<Vec<Span<&str>>>> = input["annotators"]
        .as_array()
        .unwrap()
        .iter()
        .map(|documents| documents.as_array().unwrap().iter().map(document).collect())
        .collect();
    let (pairs, exact, positions) = pairwise_span_agreement(&annotators).unwrap();
    let described: Vec<Value> = pairs
        .iter()
        .map(|pair| {
            json!({
                "a": pair.first,
                "b": pair.second,
                "exact_f1": pair.agreement.exact.value(),
                "token_f1": pair.agreement.positions.value(),
            })
        })
        .collect();
    json!({
        "pairs": described,
        "mean_exact_f1": exact.value(),
        "mean_token_f1": positions.value(),
    })
    .into()
}

fn document(spans: &Value) -> Vec<Span<&str>> {
    spans
        .as_array()
        .unwrap()
        .iter()
        .map(|span| Span {
            start: whole(&span[0]),
            end: whole(&span[1]),
            label: span[2].as_str().unwrap(),
        })
        .collect()
}

fn pools(input: &Value) -> Computed {
    let classes = whole(&input["n_categories"]);
    let human = table(&input["human"], classes);
    let model = table(&input["llm"], classes);
    let comparison = compare_pools(&human, &model).unwrap();
    json!({
        "n_items_used": comparison.items,
        "cross_observed": comparison.observed_agreement.value(),
        "cross_expected": comparison.chance_agreement.value(),
        "cross_kappa": comparison.kappa.value(),
        "alpha_human": comparison.first_alpha.value(),
        "alpha_llm": comparison.second_alpha.value(),
        "alpha_all": comparison.joint_alpha.value(),
    })
    .into()
}
