//! Truth inference.

use accord_statistics::truth_inference::{
    ConfusionFit, ConfusionPrior, OneCoinPrior, Stopping, fit_confusions, fit_one_coin,
};
use accord_statistics::votes::VoteTable;
use ndarray::ArrayView2;
use serde_json::{Value, json};

use crate::Kind;
use crate::compare::{Computed, rows, whole};

pub(crate) const METHODS: &[Kind] = &[
    (
        "dawid_skene_ml",
        &["iterations", "n_categories", "n_items", "n_voters", "votes"],
        likelihood,
    ),
    (
        "dawid_skene_map",
        &[
            "class_pseudocount",
            "confusion_diag_pseudocount",
            "confusion_pseudocount",
            "iterations",
            "n_categories",
            "n_items",
            "n_voters",
            "votes",
        ],
        posterior,
    ),
    (
        "one_coin_ml",
        &["iterations", "n_categories", "n_items", "n_voters", "votes"],
        one_coin,
    ),
];

fn votes(input: &Value) -> (VoteTable, Vec<Option<usize>>) {
    let triples: Vec<(usize, usize, usize)> = rows(&input["votes"])
        .iter()
        .map(|row| (row[0] as usize, row[1] as usize, row[2] as usize))
        .collect();
    let items = whole(&input["n_items"]);
    let classes = whole(&input["n_categories"]);
    let votes = VoteTable::from_triples(&triples, items, whole(&input["n_voters"]), classes).unwrap();
    (votes, vec![None; items])
}

fn stopping(input: &Value) -> Stopping {
    Stopping {
        limit: whole(&input["iterations"]),
        relative_change: 0.0,
    }
}

fn fit(input: &Value, prior: ConfusionPrior) -> Computed {
    let (votes, unknown) = votes(input);
    let fit: ConfusionFit = fit_confusions(&votes, &unknown, prior, stopping(input)).unwrap();
    assert!(fit.course.largest_fall <= 1e-9);
    let confusions: Vec<Vec<Vec<f64>>> = fit.confusions.outer_iter().map(nested).collect();
    json!({
        "posterior": nested(fit.posteriors.view()),
        "priors": fit.class_shares,
        "confusion": confusions,
        "log_likelihood": fit.course.log_likelihood,
    })
    .into()
}

fn nested(matrix: ArrayView2<'_, f64>) -> Vec<Vec<f64>> {
    matrix.rows().into_iter().map(|row| row.to_vec()).collect()
}

fn likelihood(input: &Value) -> Computed {
    fit(input, ConfusionPrior::NONE)
}

fn posterior(input: &Value) -> Computed {
    let of = |key: &str| input[key].as_f64().unwrap();
    let prior = ConfusionPrior::new(
        of("confusion_pseudocount"),
        of("confusion_diag_pseudocount"),
        of("class_pseudocount"),
    );
    fit(input, prior.unwrap())
}

fn one_coin(input: &Value) -> Computed {
    let (votes, unknown) = votes(input);
    let fit = fit_one_coin(&votes, &unknown, OneCoinPrior::NONE, stopping(input)).unwrap();
    json!({
        "posterior": nested(fit.posteriors.view()),
        "priors": fit.class_shares,
        "skills": fit.skills,
    })
    .into()
}
