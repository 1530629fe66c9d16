//! All ways of counting under one type.

use serde::{Deserialize, Serialize};

use super::ballots::{Ballot, LabelledBallots, Panel};
use super::belief::Belief;
use super::conditional::ConditionalModel;
use super::counts::GoldCounts;
use super::posterior::PosteriorModel;
use super::share::{LABELS_FOR_CLASS_WEIGHTS, ShareModel};
use super::stacked::StackedModel;
use crate::error::InvalidInput;

/// Penalty on the coefficients of stacking.
const STACKING_PENALTY: f64 = 1.0;

/// How the votes on an item are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountingMethod {
    /// Share of an even vote.
    Even,
    /// Share, voters weighing their accuracy.
    Accuracy,
    /// Share, voters weighing the log-odds of their accuracy.
    LogOdds,
    /// The same, members of a family counting for what their measured error correlation leaves.
    LogOddsDiscounted,
    /// The same as log-odds, by class where a class has labels enough.
    LogOddsByClass,
    /// Posterior of voters with one accuracy each, and gold's class shares.
    OneCoin,
    /// The same, learned from unlabelled items as well.
    OneCoinInferred,
    /// Posterior of voters with a confusion matrix each, and gold's class shares.
    Confusion,
    /// The same, learned from unlabelled items as well: Dawid-Skene.
    DawidSkene,
    /// Logistic regression on who votes for and against a value.
    Stacking,
    /// Conditional logit among all values, strongly penalised.
    ConditionalStrong,
    /// Conditional logit among all values.
    Conditional,
}

impl CountingMethod {
    /// All of them, the simplest first: the order of the one-standard-error rule.
    pub const ALL: [Self; 12] = [
        Self::Even,
        Self::Accuracy,
        Self::LogOdds,
        Self::LogOddsDiscounted,
        Self::LogOddsByClass,
        Self::OneCoin,
        Self::OneCoinInferred,
        Self::ConditionalStrong,
        Self::Stacking,
        Self::Conditional,
        Self::Confusion,
        Self::DawidSkene,
    ];

    /// The words for people.
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Even => "even weights",
            Self::Accuracy => "accuracy weights",
            Self::LogOdds => "log-odds weights",
            Self::LogOddsDiscounted => "log-odds weights with family discount",
            Self::LogOddsByClass => "log-odds weights by class",
            Self::OneCoin => "one-coin posterior",
            Self::OneCoinInferred => "one-coin posterior with unlabelled items",
            Self::Confusion => "confusion posterior",
            Self::DawidSkene => "Dawid-Skene posterior",
            Self::Stacking => "stacking",
            Self::ConditionalStrong => "conditional logit, strong penalty",
            Self::Conditional => "conditional logit",
        }
    }

    /// Whether scores are shares of votes; they are log-odds otherwise.
    pub fn counts_shares(self) -> bool {
        matches!(
            self,
            Self::Even | Self::Accuracy | Self::LogOdds | Self::LogOddsDiscounted | Self::LogOddsByClass
        )
    }

    /// Whether its own probabilities can stand without a curve, because they were fitted as such.
    pub fn is_probability(self) -> bool {
        matches!(self, Self::Stacking | Self::ConditionalStrong | Self::Conditional)
    }

    /// Whether the method differs from simpler ones on such data.
    pub(super) fn applies(self, data: &LabelledBallots, items: &[usize]) -> bool {
        let declared = data.panel().declared_classes();
        match self {
            Self::LogOddsDiscounted => data.panel().has_relatives(),
            Self::LogOddsByClass => declared.is_some_and(|classes| {
                let counts = GoldCounts::of(data, items);
                (0..classes).any(|class| counts.items_of_class(class) >= LABELS_FOR_CLASS_WEIGHTS)
            }),
            Self::Confusion => declared.is_some(),
            Self::OneCoinInferred | Self::DawidSkene => declared.is_some() && !data.unlabelled_items().is_empty(),
            _ => true,
        }
    }

    /// Fits it to the labelled items given; none where the labels do not allow it.
    ///
    /// # Errors
    /// None that checked ballots cause.
    pub(super) fn fit(self, data: &LabelledBallots, items: &[usize]) -> Result<Option<CountingModel>, InvalidInput> {
        let counts = GoldCounts::of(data, items);
        let classes = data.panel().declared_classes();
        let model = match self {
            Self::Even => CountingModel::Share(ShareModel::EVEN),
            Self::Accuracy => CountingModel::Share(ShareModel::weighted(&counts, false)?),
            Self::LogOdds => CountingModel::Share(ShareModel::weighted(&counts, true)?),
            Self::LogOddsDiscounted => CountingModel::Share(ShareModel::discounted(data, items, &counts)?),
            Self::LogOddsByClass => CountingModel::Share(ShareModel::by_class(&counts, classes.unwrap_or(0))?),
            Self::OneCoin => CountingModel::Posterior(PosteriorModel::one_coin(&counts)?),
            Self::OneCoinInferred => CountingModel::Posterior(PosteriorModel::one_coin_inferred(data, items)?),
            Self::Confusion => CountingModel::Posterior(PosteriorModel::confusions(&counts)?),
            Self::DawidSkene => CountingModel::Posterior(PosteriorModel::dawid_skene(data, items)?),
            Self::Stacking => match StackedModel::fit(data, items, STACKING_PENALTY)? {
                Some(model) => CountingModel::Stacked(model),
                None => return Ok(None),
            },
            Self::ConditionalStrong | Self::Conditional => {
                let is_strong = self == Self::ConditionalStrong;
                CountingModel::Conditional(ConditionalModel::fit(data, items, &counts, is_strong)?)
            }
        };
        Ok(Some(model))
    }
}

/// A fitted way of counting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "counting", rename_all = "snake_case")]
pub(super) enum CountingModel {
    /// Shares of weight.
    Share(ShareModel),
    /// Posterior under independent voters.
    Posterior(PosteriorModel),
    /// Stacking.
    Stacked(StackedModel),
    /// Conditional logit.
    Conditional(ConditionalModel),
}

impl CountingModel {
    pub(super) fn belief(&self, panel: &Panel, ballot: &Ballot) -> Belief {
        match self {
            Self::Share(model) => model.belief(panel, ballot),
            Self::Posterior(model) => model.belief(panel, ballot),
            Self::Stacked(model) => model.belief(panel, ballot),
            Self::Conditional(model) => model.belief(panel, ballot),
        }
    }

    /// Declared classes it was fitted for, where it depends on them.
    pub(super) fn declared_classes(&self) -> Option<usize> {
        let of_posterior = |model: &PosteriorModel| Some(model.log_prior().len()).filter(|classes| *classes > 0);
        match self {
            Self::Share(_) | Self::Stacked(_) => None,
            Self::Posterior(model) => of_posterior(model),
            Self::Conditional(model) => of_posterior(model.posterior()),
        }
    }

    /// What each vote weighs: its weight in a share, or what it adds to the log-odds of its class.
    pub(super) fn influences(&self, panel: &Panel, ballot: &Ballot) -> Vec<f64> {
        if let Self::Share(model) = self {
            return model.weigh(panel, ballot).0;
        }
        let votes = ballot.votes().iter();
        let influence = |(voter, class): &(usize, usize)| match self {
            Self::Share(_) => 0.0,
            Self::Posterior(model) => model.influence(ballot, *voter, *class),
            Self::Stacked(model) => model.influence(*voter),
            Self::Conditional(model) => model.influence(ballot, *voter, *class),
        };
        votes.map(influence).collect()
    }
}
