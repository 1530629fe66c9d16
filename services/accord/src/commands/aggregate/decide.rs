//! Votes to labels, by each method.

use accord_statistics::truth_inference::{
    ConfusionFit, ConfusionPrior, Course, EarlyStopping, Ending, GladPrior, InferenceWarning, MacePrior, OneCoinFit,
    OneCoinPrior, Restarts, Stopping, TopClasses, fit_confusions_to_top_classes, fit_glad_to_top_classes,
    fit_mace_to_top_classes, fit_one_coin_to_top_classes,
};
use accord_statistics::votes::VoteTable;
use accord_statistics::voting::{
    AccuracyRule, BetaPrior, VoteCounts, VoteWeights, WeightRule, count_votes, records_against_winners, voter_weights,
};
use anyhow::bail;
use serde::Serialize;

use super::automatic::{self, Choice};
use super::weights::Weights;
use crate::arguments::{AggregateArguments, Method};
use crate::output::spinner;

/// Most cells of confusion matrices: beyond, there are too many labels or annotators for them.
const MOST_CELLS: usize = 1 << 27;

/// Runs from which MACE takes the best.
const MACE_RUNS: usize = 10;

/// What a method takes annotators for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Skill {
    /// It says nothing of them.
    None,
    /// What a vote of the annotator weighs.
    Weight,
    /// Probability of naming the truth.
    ChanceOfBeingRight,
    /// GLAD's ability, times the ease of an item the log-odds of being right: 0 is blind, below is worse than that.
    Ability,
    /// MACE's probability of looking at the item: 1 less that of drawing a label without looking.
    ChanceOfLooking,
}

impl Skill {
    /// As a heading.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::None | Self::Weight => "weight",
            Self::ChanceOfBeingRight => "chance of being right",
            Self::Ability => "ability (0 is blind)",
            Self::ChanceOfLooking => "chance of looking",
        }
    }
}

/// The labels of a field, one for each row of the table.
#[derive(Debug)]
pub(super) struct Decided {
    outcome: Outcome,
    /// What the method takes each annotator for; empty where it says nothing of them.
    pub(super) skills: Vec<f64>,
    pub(super) skill: Skill,
    /// By row, from GLAD: what multiplies every ability, as a logarithm; empty from other methods.
    pub(super) log_eases: Vec<f64>,
    /// What `--method auto` took.
    pub(super) choice: Option<Choice>,
    pub(super) course: Option<Course>,
    pub(super) warnings: Vec<InferenceWarning>,
}

#[derive(Debug)]
enum Outcome {
    Counted(VoteCounts),
    Fitted(TopClasses),
}

impl Decided {
    /// The one label of a row; `None` for a tie and where no vote has weight.
    pub(super) fn winner(&self, row: usize) -> Option<usize> {
        match &self.outcome {
            Outcome::Counted(counts) => counts.winner(row),
            Outcome::Fitted(truths) => truths.winner(row),
        }
    }

    /// The labels that share first place; empty where one leads.
    pub(super) fn tied(&self, row: usize) -> Vec<usize> {
        let (of_counts, of_truths) = match &self.outcome {
            Outcome::Counted(counts) => (Some(counts.tied(row)), None),
            Outcome::Fitted(truths) => (None, Some(truths.tied(row))),
        };
        let ties = of_counts.or(of_truths).unwrap_or_default();
        ties.iter().map(|(_, class)| usize::from(*class)).collect()
    }

    /// Rows where several labels share first place.
    pub(super) fn ties(&self) -> usize {
        match &self.outcome {
            Outcome::Counted(counts) => counts.ties(),
            Outcome::Fitted(truths) => truths.ties(),
        }
    }

    /// Rows where no vote has weight.
    pub(super) fn without_weight(&self) -> usize {
        match &self.outcome {
            Outcome::Counted(counts) => counts.undefined().len(),
            Outcome::Fitted(_) => 0,
        }
    }

    /// Share or probability of the leading label; 0 where no vote has weight.
    pub(super) fn share(&self, row: usize) -> f64 {
        match &self.outcome {
            Outcome::Counted(counts) => counts.top_share(row),
            Outcome::Fitted(truths) => truths.probabilities.get(row).copied().unwrap_or_default(),
        }
    }

    /// How far it leads.
    pub(super) fn margin(&self, row: usize) -> f64 {
        match &self.outcome {
            Outcome::Counted(counts) => counts.margin(row),
            Outcome::Fitted(truths) => truths.margins.get(row).copied().unwrap_or_default(),
        }
    }

    /// Whether votes were counted, and not a model fitted.
    pub(super) fn is_counted(&self) -> bool {
        matches!(self.outcome, Outcome::Counted(_))
    }

    /// The plain majority.
    pub(super) fn majority(votes: &VoteTable) -> anyhow::Result<Self> {
        Ok(Self::of(Outcome::Counted(count_votes(votes, VoteWeights::Even)?)))
    }

    fn weighted(counts: VoteCounts, weights: Vec<f64>) -> Self {
        Self {
            skills: weights,
            skill: Skill::Weight,
            ..Self::of(Outcome::Counted(counts))
        }
    }

    /// What was inferred, `skill` being what the method takes annotators for.
    pub(super) fn of_truths(truths: TopClasses, skill: Skill) -> Self {
        Self {
            skill,
            ..Self::of(Outcome::Fitted(truths))
        }
    }

    /// Of an annotator counts the chance of naming the truth, averaged over the labels it may be.
    pub(super) fn of_confusions(fit: ConfusionFit<TopClasses>) -> Self {
        let confusions = fit.confusions.outer_iter();
        let skills = confusions.map(|confusion| confusion.diag().mean().unwrap_or_default());
        Self {
            skills: skills.collect(),
            course: Some(fit.course),
            warnings: fit.warnings,
            ..Self::of_truths(fit.posteriors, Skill::ChanceOfBeingRight)
        }
    }

    pub(super) fn of_one_coin(fit: OneCoinFit<TopClasses>) -> Self {
        Self {
            skills: fit.skills,
            course: Some(fit.course),
            warnings: fit.warnings,
            ..Self::of_truths(fit.posteriors, Skill::ChanceOfBeingRight)
        }
    }

    /// The same, as taken by `--method auto`.
    pub(super) fn with_choice(self, choice: Choice) -> Self {
        Self {
            choice: Some(choice),
            ..self
        }
    }

    fn of(outcome: Outcome) -> Self {
        Self {
            outcome,
            skills: Vec::new(),
            skill: Skill::None,
            log_eases: Vec::new(),
            choice: None,
            course: None,
            warnings: Vec::new(),
        }
    }
}

/// What is needed to decide.
pub(super) struct Deciding<'a> {
    pub(super) votes: &'a VoteTable,
    pub(super) weights: &'a Weights,
    /// Known labels by row, which only `--method auto` looks at.
    pub(super) known: Option<&'a [Option<usize>]>,
    pub(super) arguments: &'a AggregateArguments,
}

impl Deciding<'_> {
    pub(super) fn decide(&self) -> anyhow::Result<Decided> {
        let wait = spinner("aggregate");
        let decided = match self.arguments.method {
            Method::Majority => Decided::majority(self.votes),
            Method::Weighted => self.weighted(),
            Method::DawidSkene => self.confusions(),
            Method::OneCoin => self.one_coin(),
            Method::Glad => self.glad(),
            Method::Mace => self.mace(),
            Method::Auto => self.automatic(),
        };
        wait.finish_and_clear();
        decided
    }

    fn weighted(&self) -> anyhow::Result<Decided> {
        Ok(match self.weights {
            Weights::OfVotes => Decided::of(Outcome::Counted(count_votes(self.votes, VoteWeights::Own)?)),
            Weights::OfAnnotators(weights) => {
                let counts = count_votes(self.votes, VoteWeights::ByVoter(weights))?;
                Decided::weighted(counts, weights.clone())
            }
            Weights::Learned => {
                let majority = count_votes(self.votes, VoteWeights::Even)?;
                let records = records_against_winners(self.votes, &majority)?;
                let prior = BetaPrior::fitted_or_default(&records);
                let weights = voter_weights(&records, prior, AccuracyRule::Mean, WeightRule::Accuracy)?;
                let counts = count_votes(self.votes, VoteWeights::ByVoter(&weights))?;
                Decided::weighted(counts, weights)
            }
        })
    }

    /// When fitted models end, unless something else is said: before errors that annotators share carry them away from the
    /// votes.
    fn stopping(&self) -> Stopping {
        match self.arguments.iterations {
            None => Stopping::EARLY,
            Some(limit) => Stopping {
                limit,
                relative_change: 0.0,
            },
        }
    }

    /// The same for confusion matrices, which have a rule of their own.
    fn ending(&self) -> Ending {
        match self.arguments.iterations {
            None => EarlyStopping::default().into(),
            Some(_) => self.stopping().into(),
        }
    }

    fn confusions(&self) -> anyhow::Result<Decided> {
        let labels = self.votes.classes();
        let cells = self.votes.voters().saturating_mul(labels.saturating_mul(labels));
        if cells > MOST_CELLS {
            bail!(
                "{} annotators and {labels} labels are too many for confusion matrices: use --method one-coin",
                self.votes.voters()
            );
        }
        let fit = fit_confusions_to_top_classes(self.votes, &[], ConfusionPrior::NONE, self.ending())?;
        Ok(Decided::of_confusions(fit))
    }

    fn one_coin(&self) -> anyhow::Result<Decided> {
        self.several_labels()?;
        let fit = fit_one_coin_to_top_classes(self.votes, &[], OneCoinPrior::default(), self.stopping())?;
        Ok(Decided::of_one_coin(fit))
    }

    fn glad(&self) -> anyhow::Result<Decided> {
        self.several_labels()?;
        let fit = fit_glad_to_top_classes(self.votes, &[], GladPrior::default(), self.stopping())?;
        Ok(Decided {
            skills: fit.abilities,
            log_eases: fit.log_eases,
            course: Some(fit.course),
            warnings: fit.warnings,
            ..Decided::of_truths(fit.posteriors, Skill::Ability)
        })
    }

    fn mace(&self) -> anyhow::Result<Decided> {
        self.several_labels()?;
        let restarts = Restarts {
            runs: MACE_RUNS,
            seed: self.arguments.seed,
        };
        let fit = fit_mace_to_top_classes(self.votes, &[], MacePrior::default(), restarts, self.stopping())?;
        Ok(Decided {
            skills: fit.spam.into_iter().map(|spam| 1.0 - spam).collect(),
            course: Some(fit.course),
            warnings: fit.warnings,
            ..Decided::of_truths(fit.posteriors, Skill::ChanceOfLooking)
        })
    }

    fn automatic(&self) -> anyhow::Result<Decided> {
        if self.arguments.iterations.is_some() {
            bail!("--iterations goes with a model that is named, not with --method auto");
        }
        automatic::decide(self.votes, self.known, self.arguments.seed)
    }

    fn several_labels(&self) -> anyhow::Result<()> {
        if self.votes.classes() < 2 {
            bail!("there is a single label: nothing can be learned; use --method majority");
        }
        Ok(())
    }
}
