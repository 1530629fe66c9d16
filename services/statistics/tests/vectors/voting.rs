//! Weights, weighted votes, posteriors, correlated voters.

use std::collections::BTreeMap;

use accord_statistics::Estimate;
use accord_statistics::voting::{
    AccuracyRule, Agreement, BetaPrior, Categories, LabelledVotes, Tally, TrackRecord, WeightRule, clip_for_shares,
    discount_families, effective_classes, error_correlation, fit_stacker, minimum_variance_weights, one_coin_posterior,
    voter_weight, voter_weights, weighted_vote,
};
use serde_json::{Value, json};

use crate::Kind;
use crate::compare::{Computed, flags, numbers, rows, votes, whole};

pub(crate) const WEIGHTS: &[Kind] = &[
    (
        "voter_weights",
        &["K", "correct", "prior_a", "prior_b", "scored"],
        weights,
    ),
    ("weighted_vote", &["n_categories", "votes", "weights"], vote),
    (
        "one_coin_posterior",
        &["accuracies", "n_categories", "prior", "votes"],
        posterior,
    ),
    ("effective_K", &["items", "items[].truth", "items[].votes"], classes),
];

pub(crate) const CORRELATED: &[Kind] = &[
    ("family_discount", &["family", "rho", "rho.*"], families),
    ("error_correlation", &["errors"], correlation),
    ("min_variance", &["covariance"], minimum_variance),
    ("stacking_logistic_l2", &["features", "l2", "labels"], stacking),
];

fn weights(input: &Value) -> Computed {
    let correct = numbers(&input["correct"]);
    let records: Vec<TrackRecord> = correct
        .iter()
        .zip(numbers(&input["scored"]))
        .map(|(correct, scored)| TrackRecord::new(*correct as u64, scored as u64).unwrap())
        .collect();
    let a = input["prior_a"].as_f64().unwrap();
    let prior = BetaPrior::new(a, input["prior_b"].as_f64().unwrap()).unwrap();
    let log_odds = WeightRule::LogOdds {
        classes: input["K"].as_f64().unwrap(),
    };
    let means: Vec<f64> = records.iter().map(|record| prior.mean_accuracy(*record)).collect();
    let raw: Vec<f64> = means
        .iter()
        .map(|mean| voter_weight(*mean, log_odds).unwrap())
        .collect();
    let clipped = voter_weights(&records, prior, AccuracyRule::Mean, log_odds).unwrap();
    assert!(
        raw.iter()
            .zip(&clipped)
            .all(|(raw, clipped)| clip_for_shares(*raw) == *clipped)
    );
    let lower = records
        .iter()
        .map(|record| prior.accuracy_quantile(*record, 0.05).unwrap());
    json!({
        "accuracy_shrunk": means,
        "weight_accuracy": voter_weights(&records, prior, AccuracyRule::Mean, WeightRule::Accuracy).unwrap(),
        "weight_log_odds": raw,
        "weight_log_odds_clipped": clipped,
        "accuracy_lower_5pct": lower.collect::<Vec<f64>>(),
    })
    .into()
}

fn vote(input: &Value) -> Computed {
    let categories = Categories::Declared(whole(&input["n_categories"]));
    let count = weighted_vote(&votes(&input["votes"]), &numbers(&input["weights"]), categories).unwrap();
    let tally: Option<&Tally> = count.tally.as_value();
    json!({
        "n_votes": count.votes,
        "n_abstain": count.abstentions,
        "share": tally.map(|tally| tally.shares.clone()),
        "winner": tally.and_then(|tally| tally.outcome.winner()),
        "tied": tally.map_or(&[][..], |tally| tally.outcome.tied()),
        "margin": tally.map(|tally| tally.margin),
        "entropy_nats": tally.map(|tally| tally.entropy_nats),
        "entropy_normalised": tally.and_then(|tally| tally.entropy_normalised.value()),
        "n_eff_kish": tally.map(|tally| tally.effective_votes),
    })
    .into()
}

fn posterior(input: &Value) -> Computed {
    let prior = numbers(&input["prior"]);
    let accuracies = numbers(&input["accuracies"]);
    let posterior = one_coin_posterior(&votes(&input["votes"]), &accuracies, &prior).unwrap();
    assert_eq!(prior.len(), whole(&input["n_categories"]));
    json!({
        "posterior": posterior.probabilities,
        "log_odds_score": posterior.log_odds_scores,
    })
    .into()
}

fn classes(input: &Value) -> Computed {
    let items: Vec<(&Value, Vec<Value>)> = input["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            let votes = item["votes"].as_array().unwrap().iter();
            let cast = votes.filter(|vote| !vote.is_null()).cloned();
            (&item["truth"], cast.collect())
        })
        .collect();
    let labelled = items
        .iter()
        .map(|(truth, votes)| LabelledVotes { truth: *truth, votes });
    let result = effective_classes(labelled);
    json!({
        "wrong_pairs": result.wrong_pairs,
        "colliding_pairs": result.colliding_pairs,
        "collision_prob_smoothed": result.collision_probability,
        "K_eff": result.classes,
    })
    .into()
}

fn families(input: &Value) -> Computed {
    let rho = input["rho"].as_object().unwrap();
    let index: BTreeMap<&str, usize> = rho
        .keys()
        .enumerate()
        .map(|(index, name)| (name.as_str(), index))
        .collect();
    let members = input["family"].as_array().unwrap().iter();
    let family: Vec<usize> = members.map(|name| index[name.as_str().unwrap()]).collect();
    let correlation: Vec<f64> = rho.values().map(|value| value.as_f64().unwrap()).collect();
    let discount = discount_families(&family, &correlation).unwrap();
    let by_family: BTreeMap<&str, f64> = index
        .iter()
        .map(|(name, index)| (*name, discount.effective_votes_by_family[*index]))
        .collect();
    json!({
        "voter_weight": discount.voter_factors,
        "n_eff_by_family": by_family,
        "n_eff_total": discount.effective_votes,
    })
    .into()
}

fn correlation(input: &Value) -> Computed {
    let errors: Vec<Vec<Option<bool>>> = rows(&input["errors"])
        .into_iter()
        .map(|row| row.into_iter().map(|error| Some(error == 1.0)).collect())
        .collect();
    let panel = error_correlation(&errors).unwrap();
    let matrix: Vec<Vec<Option<f64>>> = panel
        .correlations
        .iter()
        .map(|row| row.iter().map(|entry| entry.value()).collect())
        .collect();
    let rates: Vec<Option<f64>> = panel.error_rates.iter().map(|rate| rate.value()).collect();
    json!({
        "error_rate": rates,
        "correlation": matrix,
        "mean_offdiagonal": panel.mean.value(),
        "n_eff": panel.effective_votes,
    })
    .into()
}

fn minimum_variance(input: &Value) -> Computed {
    match minimum_variance_weights(&rows(&input["covariance"]), 0.0).unwrap() {
        Estimate::Value(result) => json!({"weights": result.weights, "variance": result.variance}),
        Estimate::Undefined(_) => json!({"weights": null, "variance": null}),
    }
    .into()
}

fn stacking(input: &Value) -> Computed {
    let agreement: Vec<Vec<Agreement>> = rows(&input["features"])
        .iter()
        .map(|row| row.iter().map(|feature| stance(*feature)).collect())
        .collect();
    let l2 = input["l2"].as_f64().unwrap();
    let stacker = fit_stacker(&agreement, &flags(&input["labels"]), l2).unwrap();
    assert!(stacker.converged);
    let predicted: Vec<f64> = agreement.iter().map(|row| stacker.predict(row).unwrap()).collect();
    json!({
        "intercept": stacker.intercept,
        "coef": stacker.coefficients,
        "predicted": predicted,
        "penalised_nll": stacker.penalised_loss,
    })
    .into()
}

fn stance(feature: f64) -> Agreement {
    if feature > 0.0 {
        Agreement::Agrees
    } else if feature < 0.0 {
        Agreement::Disagrees
    } else {
        Agreement::Abstains
    }
}
