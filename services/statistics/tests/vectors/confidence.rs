//! Raw confidence scores.

use accord_statistics::score::{LogprobScore, add_half_logit, logprob_score, overlapping_tokens};
use serde_json::{Value, json};

use crate::Kind;
use crate::compare::{Computed, numbers, whole};

pub(crate) const METHODS: &[Kind] = &[
    ("logprob_field", &["token_logprobs"], field),
    (
        "logprob_alignment",
        &["full_text", "logprobs", "tokens", "value_end", "value_start"],
        alignment,
    ),
    ("logit_add_half", &["k", "share"], add_half),
];

fn field(input: &Value) -> Computed {
    let score = logprob_score(&numbers(&input["token_logprobs"])).unwrap();
    let read = |part: fn(&LogprobScore) -> f64| score.as_value().map(part);
    json!({
        "sum_logprob": read(|score| score.sum),
        "product": read(LogprobScore::product),
        "mean_prob_geometric": read(LogprobScore::geometric_mean),
        "min_prob": read(LogprobScore::minimum_probability),
        "mean_prob_arithmetic": read(|score| score.mean_probability),
    })
    .into()
}

fn alignment(input: &Value) -> Computed {
    let tokens: Vec<&str> = input["tokens"]
        .as_array()
        .unwrap()
        .iter()
        .map(|token| token.as_str().unwrap())
        .collect();
    assert_eq!(tokens.concat(), input["full_text"].as_str().unwrap());
    let value = whole(&input["value_start"])..whole(&input["value_end"]);
    let used = numbers(&input["logprobs"])[overlapping_tokens(&tokens, value).unwrap()].to_vec();
    let score = logprob_score(&used).unwrap();
    json!({"used": used, "sum_logprob": score.value().map(|score| score.sum)}).into()
}

fn add_half(input: &Value) -> Computed {
    let logits: Vec<f64> = numbers(&input["share"])
        .iter()
        .zip(numbers(&input["k"]))
        .map(|(share, votes)| add_half_logit(*share, votes).unwrap())
        .collect();
    json!({ "logit": logits }).into()
}
