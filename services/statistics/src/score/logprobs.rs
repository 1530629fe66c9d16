//! Scores from token log probabilities.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::error::{InvalidInput, every, parameter};
use crate::estimate::{Estimate, Undefined};
use crate::numeric::sum::sum;

/// How probable a model found the tokens of one value. Comparable between values of one model only.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LogprobScore {
    /// Number of tokens.
    pub tokens: usize,
    /// Sum of the natural log probabilities; keep this one, the product underflows.
    pub sum: f64,
    /// Smallest log probability: the weakest token.
    pub minimum: f64,
    /// Arithmetic mean of the probabilities.
    pub mean_probability: f64,
}

impl LogprobScore {
    /// `exp(sum)`, the probability of the whole value. Falls with its length.
    pub fn product(&self) -> f64 {
        self.sum.exp()
    }

    /// `exp(sum / tokens)`. Does not fall with length: the default for calibration.
    pub fn geometric_mean(&self) -> f64 {
        (self.sum / self.tokens as f64).exp()
    }

    /// Probability of the weakest token.
    pub fn minimum_probability(&self) -> f64 {
        self.minimum.exp()
    }
}

/// Score of a value from the log probabilities (natural logarithm) of its tokens.
///
/// Undefined (`too_few_items`) without tokens: a value that was not found in the completion has no score,
/// and never the score 1.
///
/// # Errors
/// A log probability that is NaN or above 0 (1e-9 above is taken for rounding).
pub fn logprob_score(logprobs: &[f64]) -> Result<Estimate<LogprobScore>, InvalidInput> {
    every("logprobs", logprobs, "at most 0", |value| value <= 1e-9)?;
    let Some(minimum) = logprobs.iter().copied().reduce(f64::min) else {
        return Ok(Estimate::Undefined(Undefined::TooFewItems));
    };
    // An infinite term would turn the compensated sum into NaN.
    let total = if minimum == f64::NEG_INFINITY {
        f64::NEG_INFINITY
    } else {
        sum(logprobs.iter().copied())
    };
    let probabilities = sum(logprobs.iter().map(|value| value.exp()));
    Ok(Estimate::Value(LogprobScore {
        tokens: logprobs.len(),
        sum: total.min(0.0),
        minimum: minimum.min(0.0),
        mean_probability: (probabilities / logprobs.len() as f64).min(1.0),
    }))
}

/// Indices of the tokens that overlap a value, however little; the quotes around the value do not count.
///
/// `tokens` are the texts of the completion's tokens in order; `value` is the half-open range of the
/// value in Unicode code points of their concatenation. An empty value overlaps nothing. The indices
/// are adjacent.
///
/// # Errors
/// A range that ends before it starts or beyond the text.
pub fn overlapping_tokens<T: AsRef<str>>(tokens: &[T], value: Range<usize>) -> Result<Range<usize>, InvalidInput> {
    overlapping_parts(tokens.iter().map(|token| token.as_ref().chars().count()), value)
}

/// As [`overlapping_tokens`], for tokens of these lengths: in bytes where tokens hold parts of characters, `value` then being
/// a range of bytes.
///
/// # Errors
/// As [`overlapping_tokens`].
pub fn overlapping_parts(
    lengths: impl IntoIterator<Item = usize>,
    value: Range<usize>,
) -> Result<Range<usize>, InvalidInput> {
    parameter(
        "start of the value",
        value.start as f64,
        "at most its end",
        value.start <= value.end,
    )?;
    let (mut first, mut after) = (None, 0);
    let mut position = 0;
    for (index, length) in lengths.into_iter().enumerate() {
        let end = position + length;
        if position.max(value.start) < end.min(value.end) {
            first.get_or_insert(index);
            after = index + 1;
        }
        position = end;
    }
    parameter(
        "end of the value",
        value.end as f64,
        "at most the length of the text",
        value.end <= position,
    )?;
    Ok(first.map_or(0..0, |first| first..after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_count_code_points() {
        // Three code points before the value, of four bytes in total.
        let tokens = ["{\u{fc}\"", "ab", "\"}"];
        assert_eq!(overlapping_tokens(&tokens, 3..5).unwrap(), 1..2);
        assert_eq!(overlapping_tokens(&tokens, 3..3).unwrap(), 0..0);
        assert!(overlapping_tokens(&tokens, 3..99).is_err());
    }

    #[test]
    fn nothing_is_not_certainty() {
        let nothing = logprob_score(&[]).unwrap();
        assert_eq!(nothing.reason(), Some(Undefined::TooFewItems));
        assert!(logprob_score(&[0.5]).is_err());
        assert!(logprob_score(&[f64::NAN]).is_err());
        let impossible = logprob_score(&[f64::NEG_INFINITY, -0.1]).unwrap();
        assert_eq!(impossible.value().unwrap().product(), 0.0);
    }
}
