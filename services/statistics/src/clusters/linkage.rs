//! Agglomerative clustering of a handful of votes.

use serde::{Deserialize, Serialize};

use super::matrix::SimilarityMatrix;
use crate::error::{InvalidInput, is_probability, parameter};
use crate::voting::TIE_TOLERANCE;

/// When two clusters are close enough to merge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Linkage {
    /// Every pair within a cluster is at least as similar as the threshold: the default.
    #[default]
    Complete,
    /// A chain of similar pairs suffices, so the ends of a cluster may be unlike each other.
    Single,
}

/// Cluster label of every vote, numbered by first member.
///
/// Merges the most similar pair of clusters again and again while their similarity is at least
/// `threshold` (less 1e-12 for rounding). Among equally similar pairs the one that is lexicographically
/// lowest by first members merges, so the result is the same on every run. Cubic in the number of votes,
/// which is at most a few dozen.
///
/// # Errors
/// A threshold outside `[0, 1]`.
pub fn cluster_labels(
    similarity: &SimilarityMatrix,
    threshold: f64,
    linkage: Linkage,
) -> Result<Vec<usize>, InvalidInput> {
    parameter(
        "threshold",
        threshold,
        "a number from 0 to 1",
        is_probability(threshold),
    )?;
    let size = similarity.size();
    let mut clusters: Vec<Vec<usize>> = (0..size).map(|vote| vec![vote]).collect();
    // links[a][b] is the similarity of clusters a and b, kept up to date while clusters merge.
    let mut links: Vec<Vec<f64>> = (0..size)
        .map(|row| (0..size).map(|column| similarity.at(row, column)).collect())
        .collect();
    while let Some((first, second)) = closest(&links, threshold) {
        let absorbed = clusters.remove(second);
        clusters[first].extend(absorbed);
        merge(&mut links, first, second, linkage);
    }
    let mut labels = vec![0; size];
    for (label, members) in clusters.iter().enumerate() {
        for member in members {
            labels[*member] = label;
        }
    }
    Ok(labels)
}

/// The most similar pair of clusters, lowest first; `None` where none reaches the threshold.
fn closest(links: &[Vec<f64>], threshold: f64) -> Option<(usize, usize)> {
    let mut best = None;
    let mut best_link = threshold - 2.0 * TIE_TOLERANCE;
    for (first, row) in links.iter().enumerate() {
        for (second, link) in row.iter().enumerate().skip(first + 1) {
            if *link > best_link + TIE_TOLERANCE {
                best_link = *link;
                best = Some((first, second));
            }
        }
    }
    best
}

/// Puts cluster `second` into `first < second`. Since a cluster stands at the place of its first member,
/// clusters stay ordered by first members.
fn merge(links: &mut Vec<Vec<f64>>, first: usize, second: usize, linkage: Linkage) {
    let absorbed = links.remove(second);
    for (other, link) in absorbed.iter().enumerate() {
        let row = if other > second { other - 1 } else { other };
        if other == first || other == second {
            continue;
        }
        let joined = match linkage {
            Linkage::Complete => link.min(links[first][other]),
            Linkage::Single => link.max(links[first][other]),
        };
        links[first][other] = joined;
        links[row][first] = joined;
    }
    for row in links.iter_mut() {
        row.remove(second);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matrix(rows: &[Vec<f64>]) -> SimilarityMatrix {
        SimilarityMatrix::from_rows(rows).unwrap()
    }

    #[test]
    fn equal_similarities_merge_lowest_first() {
        // 0~1 and 1~2 equally, 0 and 2 not: complete linkage must pair 0 with 1.
        let rows = [vec![1.0, 0.9, 0.1], vec![0.9, 1.0, 0.9], vec![0.1, 0.9, 1.0]];
        let labels = cluster_labels(&matrix(&rows), 0.8, Linkage::Complete).unwrap();
        assert_eq!(labels, vec![0, 0, 1]);
        let labels = cluster_labels(&matrix(&rows), 0.8, Linkage::Single).unwrap();
        assert_eq!(labels, vec![0, 0, 0]);
    }

    #[test]
    fn a_pair_at_the_threshold_merges() {
        let rows = [vec![1.0, 0.85], vec![0.85, 1.0]];
        let labels = cluster_labels(&matrix(&rows), 0.85, Linkage::Complete).unwrap();
        assert_eq!(labels, vec![0, 0]);
        assert!(cluster_labels(&matrix(&rows), 1.5, Linkage::Complete).is_err());
    }

    fn similarities() -> impl Strategy<Value = SimilarityMatrix> {
        (1..9_usize).prop_flat_map(|size| {
            prop::collection::vec(0.0..1.0_f64, size * size).prop_map(move |entries| {
                let rows: Vec<Vec<f64>> = (0..size)
                    .map(|row| {
                        (0..size)
                            .map(|column| match row.cmp(&column) {
                                std::cmp::Ordering::Equal => 1.0,
                                std::cmp::Ordering::Less => entries[row * size + column],
                                std::cmp::Ordering::Greater => entries[column * size + row],
                            })
                            .collect()
                    })
                    .collect();
                matrix(&rows)
            })
        })
    }

    proptest! {
        #[test]
        fn complete_linkage_keeps_every_pair_similar(similarity in similarities(), threshold in 0.1..0.9_f64) {
            let labels = cluster_labels(&similarity, threshold, Linkage::Complete).unwrap();
            for first in 0..similarity.size() {
                for second in 0..first {
                    if labels[first] == labels[second] {
                        prop_assert!(similarity.at(first, second) >= threshold - 1e-9);
                    }
                }
            }
        }

        #[test]
        fn single_linkage_separates_only_unlike_votes(similarity in similarities(), threshold in 0.1..0.9_f64) {
            let labels = cluster_labels(&similarity, threshold, Linkage::Single).unwrap();
            for first in 0..similarity.size() {
                for second in 0..first {
                    if labels[first] != labels[second] {
                        prop_assert!(similarity.at(first, second) < threshold);
                    }
                }
            }
        }

        #[test]
        fn labels_are_numbered_by_first_member(similarity in similarities(), threshold in 0.1..0.9_f64) {
            let labels = cluster_labels(&similarity, threshold, Linkage::Complete).unwrap();
            let mut next = 0;
            for label in labels {
                prop_assert!(label <= next);
                next = next.max(label + 1);
            }
        }
    }
}
