//! A chosen method, fitted: small, serialisable, cheap to apply, explaining itself.

use serde::{Deserialize, Serialize};

use super::aggregator::CountingModel;
use super::ballots::{Ballot, Panel};
use super::curve::FittedCurve;
use super::select::{Method, Selected};
use crate::error::{InvalidInput, parameter};

/// The version of the form in which fitted pipelines are written.
pub const PIPELINE_FORMAT: u32 = 1;

/// A way of counting and a curve, fitted on gold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawPipeline")]
pub struct FittedPipeline {
    format: u32,
    method: Method,
    model: CountingModel,
    curve: FittedCurve,
    labels: usize,
    data_hash: String,
    seed: u64,
}

#[derive(Deserialize)]
struct RawPipeline {
    format: u32,
    method: Method,
    model: CountingModel,
    curve: FittedCurve,
    labels: usize,
    data_hash: String,
    seed: u64,
}

impl TryFrom<RawPipeline> for FittedPipeline {
    type Error = InvalidInput;

    fn try_from(raw: RawPipeline) -> Result<Self, InvalidInput> {
        let known = raw.format == PIPELINE_FORMAT;
        parameter("format of a fitted pipeline", f64::from(raw.format), "format 1", known)?;
        Ok(Self {
            format: raw.format,
            method: raw.method,
            model: raw.model,
            curve: raw.curve,
            labels: raw.labels,
            data_hash: raw.data_hash,
            seed: raw.seed,
        })
    }
}

/// What a pipeline says about one ballot with at least one vote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PipelineOutcome {
    /// Share of every class voted for, adding up to 1: of weight, or of the probability of those voted for.
    pub shares: Vec<f64>,
    /// The class that leads; none in a tie.
    pub winner: Option<usize>,
    /// Probability that it is right; none in a tie.
    pub confidence: Option<f64>,
    /// The score behind it on the log-odds scale, before the curve.
    pub score: f64,
    /// What every vote weighed, in the order of the ballot: its weight in a share, or what it added to the log-odds of
    /// its class (below 0 where it spoke against it).
    pub influences: Vec<f64>,
}

impl FittedPipeline {
    pub(super) fn new(selected: Selected, labels: usize, data_hash: &str, seed: u64) -> Self {
        Self {
            format: PIPELINE_FORMAT,
            method: selected.method,
            model: selected.model,
            curve: selected.curve,
            labels,
            data_hash: data_hash.to_owned(),
            seed,
        }
    }

    /// The method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Labels it was fitted on.
    pub fn labels(&self) -> usize {
        self.labels
    }

    /// Hash of the data it was fitted on, as the caller gave it.
    pub fn data_hash(&self) -> &str {
        &self.data_hash
    }

    /// The seed of the folds behind it.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Applies it to a ballot; none without votes. The panel numbers the voters as when it was fitted; voters with
    /// higher numbers are taken for ones of whom nothing is known.
    ///
    /// # Errors
    /// None that a checked ballot of the same panel causes; a declared class that was not there when it was fitted.
    pub fn apply(&self, panel: &Panel, ballot: &Ballot) -> Result<Option<PipelineOutcome>, InvalidInput> {
        if ballot.classes() == 0 {
            return Ok(None);
        }
        if let (Some(fitted), Some(now)) = (self.model.declared_classes(), panel.declared_classes()) {
            let same = fitted == now;
            parameter(
                "declared classes",
                now as f64,
                "as many as when the pipeline was fitted",
                same,
            )?;
        }
        let belief = self.model.belief(panel, ballot);
        let confidence = self.curve.confidence(&belief)?;
        let total: f64 = belief.shares.iter().sum();
        let score = match belief.votes {
            Some(votes) => crate::score::add_half_logit(belief.score, votes)?,
            None => belief.score,
        };
        Ok(Some(PipelineOutcome {
            shares: belief.shares.iter().map(|share| share / total).collect(),
            winner: belief.winner,
            confidence,
            score,
            influences: self.model.influences(panel, ballot),
        }))
    }
}
