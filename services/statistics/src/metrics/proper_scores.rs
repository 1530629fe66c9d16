//! Brier score and log loss.

use serde::{Deserialize, Serialize};

use super::{check, indicator};
use crate::Undefined;
use crate::error::InvalidInput;
use crate::estimate::Estimate;
use crate::numeric::sum::sum;

/// Distance from 0 and 1 to which probabilities are clipped for the reported log loss.
pub const LOG_LOSS_CLIP: f64 = 1e-15;

/// Mean squared error `mean (p - y)^2`, from 0 to 1 (less is better) [Brier, 1950, Mon. Weather Rev.].
/// Undefined (`too_few_items`) without items.
///
/// # Errors
/// Arrays of unequal length or a probability outside `[0, 1]`.
pub fn brier_score(probabilities: &[f64], correct: &[bool]) -> Result<Estimate, InvalidInput> {
    check(probabilities, correct)?;
    if probabilities.is_empty() {
        return Ok(Estimate::Undefined(Undefined::TooFewItems));
    }
    let squares = probabilities
        .iter()
        .zip(correct)
        .map(|(p, is_correct)| (p - indicator(*is_correct)).powi(2));
    Ok(Estimate::Value(sum(squares) / probabilities.len() as f64))
}

/// `1 - Brier / (base rate * (1 - base rate))`: the gain over always giving the base rate. Undefined
/// (`no_variation`) with one class only, (`too_few_items`) without items.
///
/// # Errors
/// As [`brier_score`].
pub fn brier_skill(probabilities: &[f64], correct: &[bool]) -> Result<Estimate, InvalidInput> {
    let brier = brier_score(probabilities, correct)?;
    let rate = sum(correct.iter().map(|is_correct| indicator(*is_correct))) / correct.len() as f64;
    Ok(match brier {
        Estimate::Value(_) if rate == 0.0 || rate == 1.0 => Estimate::Undefined(Undefined::NoVariation),
        other => other.map(|score| 1.0 - score / (rate * (1.0 - rate))),
    })
}

/// Log loss of at least one item.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LogLoss {
    /// Mean log loss in nats, probabilities clipped at [`LOG_LOSS_CLIP`].
    pub clipped: f64,
    /// Mean log loss in nats as given; `None` where it is infinite.
    pub unclipped: Option<f64>,
    /// Items given probability 0 or 1 and the opposite happened.
    pub certain_and_wrong: usize,
}

/// Mean of `-ln` of the probability given to what happened. Undefined (`too_few_items`) without items.
///
/// # Errors
/// Arrays of unequal length or a probability outside `[0, 1]`.
pub fn log_loss(probabilities: &[f64], correct: &[bool]) -> Result<Estimate<LogLoss>, InvalidInput> {
    check(probabilities, correct)?;
    if probabilities.is_empty() {
        return Ok(Estimate::Undefined(Undefined::TooFewItems));
    }
    let count = probabilities.len() as f64;
    let loss = |p: f64, is_correct: bool| if is_correct { -p.ln() } else { -(-p).ln_1p() };
    let pairs = || probabilities.iter().copied().zip(correct.iter().copied());
    let certain_and_wrong = pairs().filter(|(p, is_correct)| *p == indicator(!is_correct)).count();
    let clip = |p: f64| p.clamp(LOG_LOSS_CLIP, 1.0 - LOG_LOSS_CLIP);
    let clipped = sum(pairs().map(|(p, is_correct)| loss(clip(p), is_correct))) / count;
    let unclipped = (certain_and_wrong == 0).then(|| sum(pairs().map(|(p, is_correct)| loss(p, is_correct))) / count);
    Ok(Estimate::Value(LogLoss {
        clipped,
        unclipped,
        certain_and_wrong,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_undefined_and_bad_input_refused() {
        assert_eq!(brier_score(&[], &[]).unwrap().reason(), Some(Undefined::TooFewItems));
        assert!(!log_loss(&[], &[]).unwrap().is_defined());
        assert!(!brier_skill(&[], &[]).unwrap().is_defined());
        assert!(brier_score(&[1.2], &[true]).is_err());
        assert!(brier_score(&[f64::NAN], &[true]).is_err());
        assert!(log_loss(&[0.5], &[]).is_err());
    }

    #[test]
    fn certainty_that_fails_is_counted() {
        let loss = log_loss(&[1.0, 0.0, 0.9], &[false, false, true])
            .unwrap()
            .value()
            .unwrap();
        assert_eq!(loss.certain_and_wrong, 1);
        assert_eq!(loss.unclipped, None);
        assert!(loss.clipped.is_finite());
    }
}
