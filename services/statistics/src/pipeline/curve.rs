//! From the score of a leader to probabilities of all values.

use serde::{Deserialize, Serialize};

use super::belief::Belief;
use crate::calibration::{
    CalibrationMethod, CalibrationWarning, Calibrator, FEWEST_ISOTONIC_ERRORS, FEWEST_ISOTONIC_LABELS,
    FEWEST_LABELS_A_LEVEL, LabelledScores, SampleWeights, fit_calibrator,
};
use crate::error::InvalidInput;
use crate::numeric::logistic::sigmoid;

/// Scores closer than this are one level.
const LEVEL_TOLERANCE: f64 = 1e-9;

/// Added to the share of every value but the leader before what the leader leaves is split among them by shares.
const REMAINDER_FLOOR: f64 = 0.05;

/// How a score becomes a probability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CurveMethod {
    /// The log-odds as they are.
    AsItIs,
    /// A calibrator of a score column.
    Calibrator(CalibrationMethod),
}

impl CurveMethod {
    /// Candidates for shares of votes, the simplest first.
    pub(super) const FOR_SHARES: [Self; 7] = [
        Self::Calibrator(CalibrationMethod::BaseRate),
        Self::Calibrator(CalibrationMethod::Temperature),
        Self::Calibrator(CalibrationMethod::PlattAddHalf),
        Self::Calibrator(CalibrationMethod::PlattRaw),
        Self::Calibrator(CalibrationMethod::Beta),
        Self::Calibrator(CalibrationMethod::Isotonic),
        Self::Calibrator(CalibrationMethod::Levels),
    ];

    /// Candidates for log-odds.
    pub(super) const FOR_LOG_ODDS: [Self; 5] = [
        Self::AsItIs,
        Self::Calibrator(CalibrationMethod::BaseRate),
        Self::Calibrator(CalibrationMethod::PlattRaw),
        Self::Calibrator(CalibrationMethod::Isotonic),
        Self::Calibrator(CalibrationMethod::Levels),
    ];

    /// The words for people, after those for log-odds or for shares.
    pub fn phrase(self, is_share: bool) -> &'static str {
        match self {
            Self::AsItIs => "as it is",
            Self::Calibrator(CalibrationMethod::BaseRate) => "base rate",
            Self::Calibrator(CalibrationMethod::Temperature) => "temperature",
            Self::Calibrator(CalibrationMethod::PlattRaw) if is_share => "Platt on the share",
            Self::Calibrator(
                CalibrationMethod::PlattAddHalf | CalibrationMethod::PlattLogit | CalibrationMethod::PlattRaw,
            ) => "Platt",
            Self::Calibrator(CalibrationMethod::Beta) => "beta",
            Self::Calibrator(CalibrationMethod::Isotonic) => "isotonic",
            Self::Calibrator(CalibrationMethod::Levels) => "levels",
            Self::Calibrator(CalibrationMethod::Histogram) => "histogram",
        }
    }

    /// Whether it gives all items the same probability.
    pub(super) fn is_constant(self) -> bool {
        self == Self::Calibrator(CalibrationMethod::BaseRate)
    }

    /// Whether it is a table rather than a curve: tables come after all curves in the order of simplicity.
    pub(super) fn is_table(self) -> bool {
        matches!(
            self,
            Self::Calibrator(CalibrationMethod::Isotonic | CalibrationMethod::Levels | CalibrationMethod::Histogram)
        )
    }
}

/// A leader held against gold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct JudgedScore {
    pub(super) score: f64,
    pub(super) votes: Option<f64>,
    pub(super) is_right: bool,
}

/// Scores of leaders, equal ones counted together: tables of votes have few levels, and what is fitted to counts is
/// what would be fitted to the items.
pub(super) struct ScoreTable {
    scores: Vec<f64>,
    votes: Option<Vec<f64>>,
    correct: Vec<bool>,
    counts: Vec<f64>,
    labels: usize,
    errors: usize,
    levels: usize,
}

impl ScoreTable {
    pub(super) fn of(mut rows: Vec<JudgedScore>) -> Self {
        let votes = |row: &JudgedScore| row.votes.unwrap_or(0.0);
        rows.sort_by(|left, right| {
            let by_score = left.score.total_cmp(&right.score);
            by_score
                .then(votes(left).total_cmp(&votes(right)))
                .then(left.is_right.cmp(&right.is_right))
        });
        let mut table = Self {
            scores: Vec::new(),
            votes: rows.first().is_some_and(|row| row.votes.is_some()).then(Vec::new),
            correct: Vec::new(),
            counts: Vec::new(),
            labels: rows.len(),
            errors: rows.iter().filter(|row| !row.is_right).count(),
            levels: 0,
        };
        let mut last: Option<JudgedScore> = None;
        for row in rows {
            if last.is_none_or(|last| row.score - last.score > LEVEL_TOLERANCE) {
                table.levels += 1;
            }
            if last == Some(row) {
                if let Some(count) = table.counts.last_mut() {
                    *count += 1.0;
                }
            } else {
                table.scores.push(row.score);
                table.correct.push(row.is_right);
                table.counts.push(1.0);
                if let Some(all) = &mut table.votes {
                    all.push(votes(&row));
                }
                last = Some(row);
            }
        }
        table
    }

    /// Whether there are labels enough for the method.
    fn supports(&self, method: CalibrationMethod) -> bool {
        match method {
            CalibrationMethod::Isotonic => {
                self.labels >= FEWEST_ISOTONIC_LABELS && self.errors >= FEWEST_ISOTONIC_ERRORS
            }
            CalibrationMethod::Levels => self.levels * FEWEST_LABELS_A_LEVEL <= self.labels,
            _ => true,
        }
    }
}

/// A fitted map from a belief to probabilities of all values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct FittedCurve {
    /// None takes the log-odds as they are.
    pub(super) calibrator: Option<Calibrator>,
    /// Whether higher scores are less often right.
    pub(super) inverted: bool,
    /// Where the leader is wrong: how often no value voted for is right. None where the belief knows by itself.
    pub(super) none_when_wrong: Option<f64>,
    /// The same where there is no leader.
    pub(super) none_when_tied: f64,
}

impl FittedCurve {
    /// Fits a curve; none where the labels do not allow it.
    pub(super) fn fit(
        method: CurveMethod,
        table: &ScoreTable,
        remainder: Remainder,
    ) -> Result<Option<Self>, InvalidInput> {
        let (calibrator, inverted) = match method {
            CurveMethod::AsItIs => (None, false),
            CurveMethod::Calibrator(method) => {
                if table.labels == 0 || !table.supports(method) {
                    return Ok(None);
                }
                let weights = SampleWeights::label_counts(&table.counts)?;
                let data = LabelledScores::new(
                    table.scores.clone(),
                    table.votes.clone(),
                    table.correct.clone(),
                    weights,
                )?;
                let Some(fitted) = fit_calibrator(method, &data)?.value() else {
                    return Ok(None);
                };
                let inverted = fitted.warnings.contains(&CalibrationWarning::Inverted);
                (Some(fitted.calibrator), inverted)
            }
        };
        Ok(Some(Self {
            calibrator,
            inverted,
            none_when_wrong: remainder.when_wrong,
            none_when_tied: remainder.when_tied,
        }))
    }

    /// Probability that the leader is right; none without a leader.
    pub(super) fn confidence(&self, belief: &Belief) -> Result<Option<f64>, InvalidInput> {
        if belief.winner.is_none() {
            return Ok(None);
        }
        match &self.calibrator {
            Some(calibrator) => calibrator.predict(belief.score, belief.votes).map(Some),
            None => Ok(Some(sigmoid(belief.score))),
        }
    }

    /// Probability given to any of the values marked right, or to none of them where none is.
    pub(super) fn probability_of_truth(
        &self,
        belief: &Belief,
        confidence: Option<f64>,
        is_right: impl Fn(usize) -> bool,
    ) -> f64 {
        let left = 1.0 - confidence.unwrap_or(0.0);
        // A value whose voters count for nothing may still be right.
        let floor = if self.none_when_wrong.is_some() {
            REMAINDER_FLOOR
        } else {
            0.0
        };
        let others = (0..belief.shares.len()).filter(|class| Some(*class) != belief.winner);
        let rest: f64 = others.clone().map(|class| belief.shares[class] + floor).sum();
        let none = match (self.none_when_wrong, belief.winner) {
            _ if rest <= 0.0 => 1.0,
            (_, None) => self.none_when_tied,
            (Some(share), Some(_)) => share,
            (None, Some(_)) => belief.none / (rest + belief.none),
        };
        let right: f64 = others
            .filter(|class| rest > 0.0 && is_right(*class))
            .map(|class| (belief.shares[class] + floor) / rest)
            .sum();
        let by_leader = match (belief.winner, confidence) {
            (Some(winner), Some(confidence)) if is_right(winner) => confidence,
            _ => 0.0,
        };
        let somebody_is_right = (0..belief.shares.len()).any(&is_right);
        if somebody_is_right {
            by_leader + left * (1.0 - none) * right
        } else {
            left * none
        }
    }
}

/// How often nobody is right where the leader is wrong and where there is no leader, learned from the same items as
/// the curve.
#[derive(Debug, Clone, Copy)]
pub(super) struct Remainder {
    when_wrong: Option<f64>,
    when_tied: f64,
}

impl Remainder {
    /// From pairs of leader's being there and somebody's being right, of items where no right value leads and there
    /// is more than one.
    pub(super) fn learn(rows: impl Iterator<Item = (bool, bool)>, knows_none: bool) -> Self {
        let (mut wrong, mut wrong_none, mut tied, mut tied_none) = (0.0, 0.0, 0.0, 0.0);
        for (has_leader, somebody_is_right) in rows {
            let none = f64::from(u8::from(!somebody_is_right));
            if has_leader {
                wrong += 1.0;
                wrong_none += none;
            } else {
                tied += 1.0;
                tied_none += none;
            }
        }
        Self {
            when_wrong: (!knows_none).then_some((wrong_none + 1.0) / (wrong + 2.0)),
            when_tied: (tied_none + 1.0) / (tied + 2.0),
        }
    }
}
