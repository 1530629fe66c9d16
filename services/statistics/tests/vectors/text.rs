//! String similarity and clusters of votes.

use accord_statistics::clusters::{Clustering, Linkage, SimilarityMatrix, cluster_votes};
use accord_statistics::similarity::{
    indel_ratio, jaro_winkler, levenshtein_distance, levenshtein_similarity, token_set_ratio, token_sort_ratio,
};
use serde_json::{Value, json};

use crate::Kind;
use crate::compare::{Computed, numbers, rows};

pub(crate) const METHODS: &[Kind] = &[
    ("string_similarity", &["pairs"], similarity),
    ("clusters", &["similarity", "threshold", "weights"], clusters),
];

fn similarity(input: &Value) -> Computed {
    let results: Vec<Value> = input["pairs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| {
            let (first, second) = (pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
            json!({
                "levenshtein_distance": levenshtein_distance(first, second),
                "levenshtein_similarity": levenshtein_similarity(first, second),
                "jaro_winkler": jaro_winkler(first, second),
                "indel_ratio": indel_ratio(first, second),
                "token_set_ratio": token_set_ratio(first, second),
                "token_sort_ratio": token_sort_ratio(first, second),
            })
        })
        .collect();
    json!({ "results": results }).into()
}

fn clusters(input: &Value) -> Computed {
    let matrix = SimilarityMatrix::from_rows(&rows(&input["similarity"])).unwrap();
    let weights = numbers(&input["weights"]);
    let threshold = input["threshold"].as_f64().unwrap();
    let of = |linkage| {
        describe(
            &cluster_votes(&matrix, &weights, threshold, linkage)
                .unwrap()
                .value()
                .unwrap(),
        )
    };
    json!({"single": of(Linkage::Single), "complete": of(Linkage::Complete)}).into()
}

fn describe(clustering: &Clustering) -> Value {
    let clusters: Vec<Value> = clustering
        .clusters
        .iter()
        .enumerate()
        .map(|(index, cluster)| {
            json!({
                "cluster": index,
                "members": cluster.members,
                "share": cluster.share,
                "medoid": cluster.medoid,
                "soft_share": cluster.soft_share,
                "soft_share_all": cluster.soft_share_all,
            })
        })
        .collect();
    json!({"labels": clustering.labels, "clusters": clusters})
}
