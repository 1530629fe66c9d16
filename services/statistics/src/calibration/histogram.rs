//! Histogram binning.

use serde::{Deserialize, Serialize};

use super::platt::check_labelled;
use super::sample_weights::SampleWeights;
use crate::Undefined;
use crate::error::{InvalidInput, parameter, probabilities};
use crate::estimate::Estimate;
use crate::numeric::bins::right_closed;

/// Labels that fell into one bin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct HistogramBin {
    /// Weight of the items.
    pub count: f64,
    /// Weight of the correct ones.
    pub positives: f64,
}

impl HistogramBin {
    /// Share of correct items; undefined (`too_few_items`) for an empty bin.
    pub fn observed(&self) -> Estimate {
        if self.count > 0.0 {
            Estimate::Value(self.positives / self.count)
        } else {
            Estimate::Undefined(Undefined::TooFewItems)
        }
    }

    /// `(k + 1) / (n + 2)`; 1/2 for an empty bin.
    pub fn smoothed(&self) -> f64 {
        (self.positives + 1.0) / (self.count + 2.0)
    }
}

/// Bins of equal width `(lo, hi]` on `[0, 1]`, the first closed at 0. Not monotone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    bins: Vec<HistogramBin>,
}

impl Histogram {
    /// Bins, lowest scores first.
    pub fn bins(&self) -> &[HistogramBin] {
        &self.bins
    }

    /// Smoothed share of correct items in the bin of `score`.
    pub fn predict(&self, score: f64) -> f64 {
        let index = right_closed(score.clamp(0.0, 1.0), self.bins.len().max(1));
        self.bins.get(index).copied().unwrap_or_default().smoothed()
    }
}

/// Counts correct items per bin of equal width [Zadrozny & Elkan, 2001, ICML]. For vote shares use
/// [`fit_levels`](super::fit_levels), whose bins are the levels themselves.
///
/// # Errors
/// No bins, arrays of unequal length, a score outside `[0, 1]`.
pub fn fit_histogram(
    scores: &[f64],
    correct: &[bool],
    weights: &SampleWeights,
    bins: usize,
) -> Result<Histogram, InvalidInput> {
    parameter("bins", bins as f64, "at least 1", bins > 0)?;
    check_labelled(scores, correct, weights)?;
    probabilities("scores", scores)?;
    let mut histogram = vec![HistogramBin::default(); bins];
    for ((score, is_correct), weight) in scores.iter().zip(correct).zip(weights.as_slice()) {
        let bin = &mut histogram[right_closed(*score, bins)];
        bin.count += weight;
        if *is_correct {
            bin.positives += weight;
        }
    }
    Ok(Histogram { bins: histogram })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_bins_say_one_half() {
        let histogram = fit_histogram(&[0.9], &[true], &SampleWeights::even(1), 4).unwrap();
        assert_eq!(histogram.predict(0.1), 0.5);
        assert!((histogram.predict(0.9) - 2.0 / 3.0).abs() < 1e-15);
        assert!(fit_histogram(&[0.9], &[true], &SampleWeights::even(1), 0).is_err());
    }
}
