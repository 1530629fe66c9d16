//! Weight shares of clusters, their medoids, and the choice among them.

use serde::{Deserialize, Serialize};

use super::linkage::{Linkage, cluster_labels};
use super::matrix::SimilarityMatrix;
use crate::error::{InvalidInput, non_negative, same_length};
use crate::estimate::{Estimate, Undefined};
use crate::numeric::sum::sum;
use crate::voting::{Outcome, TIE_TOLERANCE};

/// Votes that count as the same answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    /// Indices of its votes, ascending.
    pub members: Vec<usize>,
    /// Index of the vote that speaks for it: a real vote, never a blend.
    pub medoid: usize,
    /// Hard share: weight of the members over the weight of all.
    pub share: f64,
    /// Soft share: weight of the members times their similarity to the medoid, over the weight of all.
    pub soft_share: f64,
    /// As the soft share, but summed over all voters, members or not.
    pub soft_share_all: f64,
}

/// All clusters of one vote and the choice among them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clustering {
    /// Cluster of every vote.
    pub labels: Vec<usize>,
    /// Clusters, numbered by first member.
    pub clusters: Vec<Cluster>,
    /// Cluster with the largest hard share, among equals the largest soft share; tied where both are
    /// equal within 1e-12.
    pub choice: Outcome,
}

/// Clusters votes and weighs the clusters.
///
/// `weights[j] >= 0` belongs to vote `j` of the matrix; abstentions are left out by the caller. The medoid
/// maximises `sum_j w_j s(i, j)` within its cluster; ties at 1e-12 go to the lowest index. Undefined
/// without votes (`too_few_items`) or without weight (`not_identifiable`).
///
/// # Errors
/// Weights of another length, negative or not finite; a threshold outside `[0, 1]`.
pub fn cluster_votes(
    similarity: &SimilarityMatrix,
    weights: &[f64],
    threshold: f64,
    linkage: Linkage,
) -> Result<Estimate<Clustering>, InvalidInput> {
    same_length("weights", similarity.size(), weights.len())?;
    non_negative("weights", weights)?;
    let labels = cluster_labels(similarity, threshold, linkage)?;
    if weights.is_empty() {
        return Ok(Estimate::Undefined(Undefined::TooFewItems));
    }
    let largest = weights.iter().copied().fold(0.0, f64::max);
    if largest == 0.0 {
        return Ok(Estimate::Undefined(Undefined::NotIdentifiable));
    }
    let scaled: Vec<f64> = weights.iter().map(|weight| weight / largest).collect();
    let count = labels.iter().map(|label| label + 1).max().unwrap_or(0);
    let clusters: Vec<Cluster> = (0..count)
        .map(|label| {
            let members = (0..labels.len()).filter(|vote| labels[*vote] == label);
            describe(similarity, &scaled, members.collect())
        })
        .collect();
    Ok(Estimate::Value(Clustering {
        choice: choose(&clusters),
        labels,
        clusters,
    }))
}

fn describe(similarity: &SimilarityMatrix, weights: &[f64], members: Vec<usize>) -> Cluster {
    let total = sum(weights.iter().copied());
    let support =
        |medoid: usize, votes: &[usize]| sum(votes.iter().map(|vote| weights[*vote] * similarity.at(medoid, *vote)));
    let mut medoid = members.first().copied().unwrap_or(0);
    let mut best = support(medoid, &members);
    for candidate in members.iter().skip(1) {
        let candidate_support = support(*candidate, &members);
        if candidate_support > best + TIE_TOLERANCE {
            medoid = *candidate;
            best = candidate_support;
        }
    }
    let everyone: Vec<usize> = (0..weights.len()).collect();
    Cluster {
        share: sum(members.iter().map(|vote| weights[*vote])) / total,
        soft_share: best / total,
        soft_share_all: support(medoid, &everyone) / total,
        medoid,
        members,
    }
}

fn choose(clusters: &[Cluster]) -> Outcome {
    let leaders_by = |candidates: &[usize], measure: fn(&Cluster) -> f64| -> Vec<usize> {
        let values = candidates.iter().map(|index| measure(&clusters[*index]));
        let best = values.fold(f64::NEG_INFINITY, f64::max);
        candidates
            .iter()
            .copied()
            .filter(|index| best - measure(&clusters[*index]) <= TIE_TOLERANCE)
            .collect()
    };
    let everyone: Vec<usize> = (0..clusters.len()).collect();
    let hard = leaders_by(&everyone, |cluster| cluster.share);
    let soft = leaders_by(&hard, |cluster| cluster.soft_share);
    match soft.as_slice() {
        [winner] => Outcome::Winner(*winner),
        _ => Outcome::Tie(soft),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::similarity::Similarity;

    fn cluster(values: &[&str], weights: &[f64]) -> Estimate<Clustering> {
        let similarity = SimilarityMatrix::measure(values, Similarity::Levenshtein);
        cluster_votes(&similarity, weights, 0.85, Linkage::Complete).unwrap()
    }

    #[test]
    fn the_medoid_is_a_real_vote_of_the_largest_cluster() {
        let values = ["Kungsgatan 12", "Kungsgatan 12 ", "Storgatan 1", "Kungsgatan 12"];
        let clustering = cluster(&values, &[1.0; 4]).value().unwrap();
        assert_eq!(clustering.choice, Outcome::Winner(0));
        assert_eq!(clustering.clusters[0].medoid, 0);
        assert_eq!(clustering.clusters[0].share, 0.75);
        assert!(clustering.clusters[0].soft_share < 0.75);
    }

    #[test]
    fn soft_share_breaks_a_hard_tie() {
        let values = ["abcdefghij", "abcdefghiX", "zzzz", "zzzz"];
        let clustering = cluster(&values, &[1.0; 4]).value().unwrap();
        assert_eq!(clustering.choice, Outcome::Winner(1));
        let even = cluster(&["a", "b"], &[1.0; 2]).value().unwrap();
        assert_eq!(even.choice, Outcome::Tie(vec![0, 1]));
    }

    #[test]
    fn nothing_to_cluster_is_undefined() {
        assert_eq!(cluster(&[], &[]).reason(), Some(Undefined::TooFewItems));
        assert_eq!(cluster(&["a"], &[0.0]).reason(), Some(Undefined::NotIdentifiable));
    }
}
