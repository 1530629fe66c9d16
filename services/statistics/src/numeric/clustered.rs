//! Means of observations that come in clusters.

use std::collections::BTreeMap;

use super::sum::Sum;

/// Weighted mean and its cluster-robust standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ClusteredMean {
    pub(crate) mean: f64,
    /// `None` of fewer than two clusters.
    pub(crate) standard_error: Option<f64>,
    pub(crate) clusters: usize,
}

/// `mean = sum w x / sum w` with `sqrt(G/(G-1) sum_g (sum_{i in g} w_i (x_i - mean))^2) / sum w`; `None` of
/// nothing. The arrays are of equal length.
pub(crate) fn mean<D: Ord>(values: &[f64], weights: &[f64], clusters: &[D]) -> Option<ClusteredMean> {
    let (mut total, mut mass) = (Sum::default(), Sum::default());
    for (value, weight) in values.iter().zip(weights) {
        total.add(value * weight);
        mass.add(*weight);
    }
    let mass = mass.total();
    if mass <= 0.0 {
        return None;
    }
    let mean = total.total() / mass;
    let mut by_cluster: BTreeMap<&D, Sum> = BTreeMap::new();
    for ((value, weight), cluster) in values.iter().zip(weights).zip(clusters) {
        by_cluster.entry(cluster).or_default().add(weight * (value - mean));
    }
    let count = by_cluster.len();
    let mut squares = Sum::default();
    for deviation in by_cluster.into_values() {
        squares.add(deviation.total().powi(2));
    }
    let groups = count as f64;
    Some(ClusteredMean {
        mean,
        standard_error: (count > 1).then(|| (groups / (groups - 1.0) * squares.total()).sqrt() / mass),
        clusters: count,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_of_one_give_the_ordinary_error() {
        let values = [1.0, 2.0, 4.0, 9.0];
        let result = mean(&values, &[1.0; 4], &[0, 1, 2, 3]).unwrap();
        let expected = (crate::numeric::sum::sample_variance(&values).unwrap() / 4.0).sqrt();
        assert!((result.standard_error.unwrap() - expected).abs() < 1e-12);
        assert_eq!((result.mean, result.clusters), (4.0, 4));
        assert_eq!(mean(&values, &[1.0; 4], &[7; 4]).unwrap().standard_error, None);
        assert_eq!(mean::<u8>(&[], &[], &[]), None);
    }
}
