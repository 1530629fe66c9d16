//! One score from vote share, token probabilities and a judge.

use serde::{Deserialize, Serialize};

use crate::error::{InvalidInput, finite, positive, same_length};
use crate::numeric::logistic::sigmoid;
use crate::numeric::newton::LogisticProblem;
use crate::numeric::sum::sum;

/// Labels of the rarer outcome that each feature needs.
pub const LABELS_PER_FEATURE: usize = 10;

/// The scores of one winning value, as log-odds; `None` where a source gave none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ScoreSources {
    /// Add-half logit of the vote share; every value has one.
    pub share: f64,
    /// Logit of the geometric mean of the token probabilities.
    pub logprob: Option<f64>,
    /// Logit of the judge's mean rating.
    pub judge: Option<f64>,
}

/// A feature of the combination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScoreFeature {
    /// The vote share's logit.
    Share,
    /// The token probabilities' logit, 0 where missing.
    Logprob,
    /// 1 where there are no token probabilities.
    LogprobMissing,
    /// The judge's logit, 0 where missing.
    Judge,
    /// 1 where the judge gave no rating.
    JudgeMissing,
}

impl ScoreFeature {
    fn of(self, sources: &ScoreSources) -> f64 {
        let missing = |source: Option<f64>| f64::from(u8::from(source.is_none()));
        match self {
            Self::Share => sources.share,
            Self::Logprob => sources.logprob.unwrap_or(0.0),
            Self::LogprobMissing => missing(sources.logprob),
            Self::Judge => sources.judge.unwrap_or(0.0),
            Self::JudgeMissing => missing(sources.judge),
        }
    }
}

/// A fitted combination.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CombinedScore {
    /// Features with their coefficients, the share first.
    pub coefficients: Vec<(ScoreFeature, f64)>,
    /// Log-odds where all features are 0.
    pub intercept: f64,
    /// Features that were left out because the labels cannot carry them.
    pub left_out: Vec<ScoreFeature>,
    /// Whether the fit reached its tolerance.
    pub converged: bool,
}

impl CombinedScore {
    /// Log-odds that the value is right. A score: cross-fit it and calibrate it like any other.
    pub fn log_odds(&self, sources: &ScoreSources) -> f64 {
        let terms = self.coefficients.iter();
        self.intercept + sum(terms.map(|(feature, coefficient)| coefficient * feature.of(sources)))
    }

    /// The log-odds as a probability.
    pub fn predict(&self, sources: &ScoreSources) -> f64 {
        sigmoid(self.log_odds(sources))
    }
}

/// Logistic regression of "the value is right" on the logits of its sources and on flags for missing ones,
/// under the penalty `(l2/2) |coefficients|^2`, which spares the intercept (stacking of scores [Wolpert, 1992,
/// Neural Netw.]). There is at most one feature for every [`LABELS_PER_FEATURE`] labels of the rarer outcome:
/// the share first, then token probabilities, then the judge, each with its flag if it is ever missing; with
/// fewer labels the share alone. Multiplying scores instead is not calibrated.
///
/// # Errors
/// No rows, arrays of unequal length, a logit that is not finite, `l2` not above 0.
pub fn fit_combination(sources: &[ScoreSources], correct: &[bool], l2: f64) -> Result<CombinedScore, InvalidInput> {
    if sources.is_empty() {
        return Err(InvalidInput::Empty { what: "sources" });
    }
    same_length("correct", sources.len(), correct.len())?;
    positive("l2", l2)?;
    for (what, given) in [
        (
            "share logits",
            sources.iter().map(|row| row.share).collect::<Vec<f64>>(),
        ),
        ("logprob logits", sources.iter().filter_map(|row| row.logprob).collect()),
        ("judge logits", sources.iter().filter_map(|row| row.judge).collect()),
    ] {
        finite(what, &given)?;
    }
    let (features, left_out) = affordable_features(sources, correct);
    let width = features.len() + 1;
    let design: Vec<f64> = sources
        .iter()
        .flat_map(|row| std::iter::once(1.0).chain(features.iter().map(|feature| feature.of(row))))
        .collect();
    let targets: Vec<f64> = correct.iter().map(|right| f64::from(u8::from(*right))).collect();
    let mut precision = vec![l2; width];
    precision[0] = 0.0;
    let problem = LogisticProblem {
        design: &design,
        targets: &smoothed(&targets),
        weights: &vec![1.0; targets.len()],
        centre: &vec![0.0; width],
        precision: &precision,
    };
    let solution = problem.minimise(&vec![0.0; width]);
    Ok(CombinedScore {
        intercept: solution.parameters[0],
        coefficients: features
            .into_iter()
            .zip(solution.parameters.into_iter().skip(1))
            .collect(),
        left_out,
        converged: solution.converged,
    })
}

/// Targets of Platt's form where only one outcome occurs, so that the free intercept stays finite.
fn smoothed(targets: &[f64]) -> Vec<f64> {
    let positives = sum(targets.iter().copied());
    let negatives = targets.len() as f64 - positives;
    if positives > 0.0 && negatives > 0.0 {
        return targets.to_vec();
    }
    let (right, wrong) = ((positives + 1.0) / (positives + 2.0), 1.0 / (negatives + 2.0));
    targets
        .iter()
        .map(|target| if *target > 0.0 { right } else { wrong })
        .collect()
}

/// The features that the labels can carry, and the others that the data would offer.
fn affordable_features(sources: &[ScoreSources], correct: &[bool]) -> (Vec<ScoreFeature>, Vec<ScoreFeature>) {
    let right = correct.iter().filter(|right| **right).count();
    let budget = right.min(correct.len() - right) / LABELS_PER_FEATURE;
    let mut features = vec![ScoreFeature::Share];
    let mut left_out = Vec::new();
    let logprobs = sources.iter().filter(|row| row.logprob.is_some()).count();
    let judged = sources.iter().filter(|row| row.judge.is_some()).count();
    for (given, value, missing) in [
        (logprobs, ScoreFeature::Logprob, ScoreFeature::LogprobMissing),
        (judged, ScoreFeature::Judge, ScoreFeature::JudgeMissing),
    ] {
        if given == 0 {
            continue;
        }
        // A value that is 0 where missing means nothing without its flag: both or neither.
        let mut wanted = vec![value];
        wanted.extend((given < sources.len()).then_some(missing));
        if features.len() + wanted.len() <= budget {
            features.extend(wanted);
        } else {
            left_out.extend(wanted);
        }
    }
    (features, left_out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{brier_score, log_loss};
    use crate::numeric::random::generator;
    use rand::Rng;

    /// A value is right with log-odds `share + 2 judge - 1`; token probabilities tell nothing.
    fn simulated(items: usize) -> (Vec<ScoreSources>, Vec<bool>) {
        let mut random = generator(7, 0);
        (0..items)
            .map(|item| {
                let [share, judge, noise] = [(); 3].map(|()| random.random::<f64>() * 4.0 - 2.0);
                let row = ScoreSources {
                    share,
                    logprob: Some(noise),
                    judge: (item % 5 > 0).then_some(judge),
                };
                let log_odds = share + 2.0 * row.judge.unwrap_or(0.0) - 1.0;
                (row, random.random::<f64>() < sigmoid(log_odds))
            })
            .unzip()
    }

    #[test]
    fn finds_what_each_source_tells() {
        let (rows, correct) = simulated(4000);
        let fit = fit_combination(&rows, &correct, 1.0).unwrap();
        assert!(fit.converged && fit.left_out.is_empty());
        let coefficient = |wanted| {
            fit.coefficients
                .iter()
                .find(|(feature, _)| *feature == wanted)
                .unwrap()
                .1
        };
        assert!((coefficient(ScoreFeature::Share) - 1.0).abs() < 0.15);
        assert!((coefficient(ScoreFeature::Judge) - 2.0).abs() < 0.2);
        assert!(coefficient(ScoreFeature::Logprob).abs() < 0.15);
        assert!((fit.intercept + 1.0).abs() < 0.2);
        let combined: Vec<f64> = rows.iter().map(|row| fit.predict(row)).collect();
        let alone: Vec<f64> = rows.iter().map(|row| sigmoid(row.share)).collect();
        let brier = |probabilities: &[f64]| brier_score(probabilities, &correct).unwrap().value().unwrap();
        assert!(brier(&combined) < brier(&alone) - 0.05);
        assert!(log_loss(&combined, &correct).unwrap().is_defined());
    }

    #[test]
    fn few_labels_leave_the_share_alone() {
        let (rows, correct) = simulated(60);
        let rare = correct.iter().filter(|right| **right).count().min(15);
        let mut taken = 0;
        let correct: Vec<bool> = correct
            .into_iter()
            .map(|right| {
                taken += usize::from(right);
                right && taken <= rare
            })
            .collect();
        let fit = fit_combination(&rows, &correct, 1.0).unwrap();
        assert_eq!(fit.coefficients.len(), 1);
        let others = vec![ScoreFeature::Logprob, ScoreFeature::Judge, ScoreFeature::JudgeMissing];
        assert_eq!(fit.left_out, others);
    }

    #[test]
    fn one_outcome_stays_finite() {
        let rows = vec![
            ScoreSources {
                share: 1.0,
                logprob: None,
                judge: None
            };
            30
        ];
        for outcome in [true, false] {
            let fit = fit_combination(&rows, &[outcome; 30], 1.0).unwrap();
            assert!(fit.converged && fit.predict(&rows[0]) > 0.0 && fit.predict(&rows[0]) < 1.0);
            assert_eq!(fit.predict(&rows[0]) > 0.5, outcome);
        }
    }

    #[test]
    fn bad_input_is_refused() {
        let row = ScoreSources {
            share: f64::INFINITY,
            logprob: None,
            judge: None,
        };
        assert!(fit_combination(&[row], &[true], 1.0).is_err());
        assert!(fit_combination(&[], &[], 1.0).is_err());
        let row = ScoreSources { share: 0.0, ..row };
        assert!(fit_combination(&[row], &[true], 0.0).is_err());
        assert!(fit_combination(&[row], &[true, false], 1.0).is_err());
    }
}
