//! Wald's sequential probability ratio test.

use serde::{Deserialize, Serialize};

use crate::error::{InvalidInput, open_unit, parameter};

/// A test of "a vote agrees with the leader with probability `p1`" against `p0 < p1`. The leader must have been
/// chosen BEFORE, not by the votes that are tested.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawTest")]
pub struct SequentialTest {
    p0: f64,
    p1: f64,
    alpha: f64,
    beta: f64,
}

#[derive(Deserialize)]
struct RawTest {
    p0: f64,
    p1: f64,
    alpha: f64,
    beta: f64,
}

impl TryFrom<RawTest> for SequentialTest {
    type Error = InvalidInput;

    fn try_from(raw: RawTest) -> Result<Self, InvalidInput> {
        Self::new(raw.p0, raw.p1, raw.alpha, raw.beta)
    }
}

/// What the votes so far say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SequentialDecision {
    /// The leader is backed: `p1`.
    AcceptAlternative,
    /// It is not: `p0`.
    AcceptNull,
    /// More votes are needed.
    Continue,
}

/// The course of a test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SequentialTrace {
    /// Log likelihood ratio after every vote, up to the decision.
    pub log_ratios: Vec<f64>,
    /// The decision.
    pub decision: SequentialDecision,
    /// Votes it took; `None` while undecided.
    pub stopped_at: Option<usize>,
}

impl SequentialTest {
    /// Probabilities of agreement and of the two errors: `alpha` of backing a wrong leader, `beta` of dropping a
    /// right one.
    ///
    /// # Errors
    /// A number outside (0, 1), `p0 >= p1`, or `alpha + beta >= 1`.
    pub fn new(p0: f64, p1: f64, alpha: f64, beta: f64) -> Result<Self, InvalidInput> {
        for (what, value) in [("p0", p0), ("p1", p1), ("alpha", alpha), ("beta", beta)] {
            open_unit(what, value)?;
        }
        parameter("p0", p0, "below p1", p0 < p1)?;
        parameter("alpha + beta", alpha + beta, "below 1", alpha + beta < 1.0)?;
        Ok(Self { p0, p1, alpha, beta })
    }

    /// Log ratio at which the leader is backed, `ln((1 - beta) / alpha)`.
    pub fn upper(&self) -> f64 {
        ((1.0 - self.beta) / self.alpha).ln()
    }

    /// Log ratio at which it is dropped, `ln(beta / (1 - alpha))`.
    pub fn lower(&self) -> f64 {
        (self.beta / (1.0 - self.alpha)).ln()
    }

    fn step(&self, agrees: bool) -> f64 {
        if agrees {
            (self.p1 / self.p0).ln()
        } else {
            ((1.0 - self.p1) / (1.0 - self.p0)).ln()
        }
    }

    /// Follows the votes until a decision [Wald, 1945, Ann. Math. Stat.]; later votes are not looked at.
    pub fn run(&self, agrees: &[bool]) -> SequentialTrace {
        let (upper, lower) = (self.upper(), self.lower());
        let mut log_ratios = Vec::new();
        let mut ratio = 0.0;
        for vote in agrees {
            ratio += self.step(*vote);
            log_ratios.push(ratio);
            let decision = if ratio >= upper {
                SequentialDecision::AcceptAlternative
            } else if ratio <= lower {
                SequentialDecision::AcceptNull
            } else {
                continue;
            };
            return SequentialTrace {
                stopped_at: Some(log_ratios.len()),
                log_ratios,
                decision,
            };
        }
        SequentialTrace {
            log_ratios,
            decision: SequentialDecision::Continue,
            stopped_at: None,
        }
    }

    /// Wald's approximation of the expected number of votes if agreement is `p1`.
    pub fn expected_votes_if_backed(&self) -> f64 {
        let mean = (1.0 - self.beta) * self.upper() + self.beta * self.lower();
        mean / self.drift(self.p1)
    }

    /// Wald's approximation of the expected number of votes if agreement is `p0`.
    pub fn expected_votes_if_not(&self) -> f64 {
        let mean = self.alpha * self.upper() + (1.0 - self.alpha) * self.lower();
        mean / self.drift(self.p0)
    }

    fn drift(&self, agreement: f64) -> f64 {
        agreement * self.step(true) + (1.0 - agreement) * self.step(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_checked() {
        assert!(SequentialTest::new(0.8, 0.5, 0.05, 0.1).is_err());
        assert!(SequentialTest::new(0.5, 0.8, 0.6, 0.5).is_err());
        assert!(serde_json::from_str::<SequentialTest>(r#"{"p0":1,"p1":0.8,"alpha":0.1,"beta":0.1}"#).is_err());
    }

    #[test]
    fn an_early_decision_ignores_later_votes() {
        let test = SequentialTest::new(0.5, 0.9, 0.05, 0.05).unwrap();
        let trace = test.run(&[true; 30]);
        assert_eq!(trace.decision, SequentialDecision::AcceptAlternative);
        assert_eq!(trace.stopped_at, Some(trace.log_ratios.len()));
        assert!(trace.log_ratios.len() < 30);
    }
}
