//! Counting by the posterior of the right value under voters that err independently.

use serde::{Deserialize, Serialize};

use super::ballots::{Ballot, LabelledBallots, Panel};
use super::belief::Belief;
use super::counts::GoldCounts;
use crate::error::InvalidInput;
use crate::truth_inference::{ClassShares, ConfusionPrior, OneCoinPrior, Stopping, fit_confusions, fit_one_coin};
use crate::votes::VoteTable;
use crate::voting::{WeightRule, voter_weight};

/// Where iteration over unlabelled items ends at the latest.
const ITERATIONS: usize = 100;

/// `ln P(c | votes) = ln prior_c + sum_v ln P(vote of v | c)`, up to a constant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "model", rename_all = "snake_case")]
pub(super) enum PosteriorModel {
    /// One accuracy a voter.
    OneCoin {
        /// Log-odds of every voter's accuracy, then that of voters yet unknown; negative below chance.
        log_odds: Vec<f64>,
        /// `ln prior` of the declared classes; empty for open fields, where all values are alike.
        log_prior: Vec<f64>,
        /// How many classes there are, or seem to be.
        classes: f64,
    },
    /// One confusion matrix a voter.
    Confusion {
        /// By voter (the last stands for voters yet unknown), class said and true class: `ln P(said | true)`, one
        /// after another.
        log_votes: Vec<f64>,
        /// `ln prior` of the declared classes.
        log_prior: Vec<f64>,
    },
}

/// Unnormalised log posterior of one item.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LogPosterior {
    /// Of the classes voted for.
    pub(super) voted: Vec<f64>,
    /// Of every declared class; empty for open fields.
    pub(super) declared: Vec<f64>,
    /// Of all values together that nobody voted for.
    pub(super) none: f64,
}

impl PosteriorModel {
    /// Accuracies from gold; the prior is gold's where classes are declared.
    pub(super) fn one_coin(counts: &GoldCounts) -> Result<Self, InvalidInput> {
        let classes = counts.class_number();
        let accuracies = counts.accuracies()?;
        let rule = WeightRule::LogOdds { classes };
        Ok(Self::OneCoin {
            log_odds: accuracies
                .iter()
                .map(|accuracy| voter_weight(*accuracy, rule))
                .collect::<Result<_, _>>()?,
            log_prior: counts.class_shares().iter().map(|share| share.ln()).collect(),
            classes,
        })
    }

    /// Confusion matrices and prior from gold, for declared classes.
    pub(super) fn confusions(counts: &GoldCounts) -> Result<Self, InvalidInput> {
        let accuracies = counts.accuracies()?;
        let shares = counts.class_shares();
        let matrices = accuracies.iter().enumerate();
        let matrices: Vec<Vec<f64>> = matrices
            .map(|(voter, accuracy)| counts.confusion(voter, *accuracy))
            .collect();
        Ok(Self::of_matrices(
            matrices.iter().map(|matrix| matrix.chunks(shares.len())),
            &shares,
        ))
    }

    /// Confusion matrices learned by expectation maximisation from labelled items, whose truths stay fixed, and from
    /// items without gold.
    pub(super) fn dawid_skene(data: &LabelledBallots, labelled: &[usize]) -> Result<Self, InvalidInput> {
        let (table, known) = table_of(data, labelled)?;
        let fit = fit_confusions(&table, &known, ConfusionPrior::default(), stopping())?;
        let counts = GoldCounts::of(data, labelled);
        let unknown = data.panel().voters();
        let accuracy = counts.accuracies()?[unknown];
        let by_voter = fit.confusions.outer_iter();
        let mut matrices: Vec<Vec<f64>> = by_voter.map(|matrix| matrix.iter().copied().collect()).collect();
        matrices.push(counts.confusion(unknown, accuracy));
        let classes = fit.class_shares.len();
        Ok(Self::of_matrices(
            matrices.iter().map(|matrix| matrix.chunks(classes)),
            &fit.class_shares,
        ))
    }

    /// Accuracies learned in the same way.
    pub(super) fn one_coin_inferred(data: &LabelledBallots, labelled: &[usize]) -> Result<Self, InvalidInput> {
        let (table, known) = table_of(data, labelled)?;
        let prior = OneCoinPrior::new(4.0, 1.0, ClassShares::Learned { added: 1.0 })?;
        let fit = fit_one_coin(&table, &known, prior, stopping())?;
        let classes = fit.class_shares.len() as f64;
        let rule = WeightRule::LogOdds { classes };
        let unknown = GoldCounts::of(data, labelled).accuracies()?[data.panel().voters()];
        let skills = fit.skills.iter().chain([&unknown]);
        Ok(Self::OneCoin {
            log_odds: skills
                .map(|skill| voter_weight(*skill, rule))
                .collect::<Result<_, _>>()?,
            log_prior: fit.class_shares.iter().map(|share| share.ln()).collect(),
            classes,
        })
    }

    fn of_matrices<'a, M: Iterator<Item = &'a [f64]>>(matrices: impl Iterator<Item = M>, prior: &[f64]) -> Self {
        let classes = prior.len();
        let mut log_votes = Vec::new();
        for matrix in matrices {
            let rows: Vec<&[f64]> = matrix.collect();
            for said in 0..classes {
                log_votes.extend(rows.iter().map(|row| row[said].ln()));
            }
        }
        Self::Confusion {
            log_votes,
            log_prior: prior.iter().map(|share| share.ln()).collect(),
        }
    }

    /// Log posterior of every class of an item.
    pub(super) fn log_posterior(&self, ballot: &Ballot) -> LogPosterior {
        match self {
            Self::OneCoin {
                log_odds,
                log_prior,
                classes,
            } if log_prior.is_empty() => {
                let mut voted = vec![0.0; ballot.classes()];
                for (voter, class) in ballot.votes() {
                    voted[*class] += log_odds[known(log_odds, *voter)];
                }
                let unseen = (classes - voted.len() as f64).max(0.5);
                LogPosterior {
                    voted,
                    declared: Vec::new(),
                    none: unseen.ln(),
                }
            }
            Self::OneCoin {
                log_odds, log_prior, ..
            } => {
                let mut declared = log_prior.clone();
                let mut outside = vec![0.0; ballot.classes()];
                for (voter, class) in ballot.votes() {
                    match ballot.declared(*class) {
                        Some(index) => declared[index] += log_odds[known(log_odds, *voter)],
                        None => outside[*class] += log_odds[known(log_odds, *voter)],
                    }
                }
                split(ballot, declared, &outside)
            }
            Self::Confusion { log_votes, log_prior } => {
                let classes = log_prior.len();
                let mut declared = log_prior.clone();
                for (voter, class) in ballot.votes() {
                    // A value outside the list says nothing about which of the list is true.
                    let Some(said) = ballot.declared(*class) else { continue };
                    let start = (known_of(log_votes, classes, *voter) * classes + said) * classes;
                    let column = &log_votes[start..start + classes];
                    declared.iter_mut().zip(column).for_each(|(sum, log)| *sum += log);
                }
                split(ballot, declared, &vec![0.0; ballot.classes()])
            }
        }
    }

    /// Logarithms of the classes' shares; empty for open fields.
    pub(super) fn log_prior(&self) -> &[f64] {
        match self {
            Self::OneCoin { log_prior, .. } | Self::Confusion { log_prior, .. } => log_prior,
        }
    }

    pub(super) fn belief(&self, panel: &Panel, ballot: &Ballot) -> Belief {
        let posterior = self.log_posterior(ballot);
        Belief::of_logs(&posterior.voted, posterior.none, may_win(panel, ballot))
    }

    /// What a vote adds to the log-odds of its class: against the average over the classes where it has a row for
    /// each.
    pub(super) fn influence(&self, ballot: &Ballot, voter: usize, class: usize) -> f64 {
        match self {
            Self::OneCoin { log_odds, .. } => log_odds[known(log_odds, voter)],
            Self::Confusion { log_votes, log_prior } => {
                let Some(said) = ballot.declared(class) else { return 0.0 };
                let classes = log_prior.len();
                let start = (known_of(log_votes, classes, voter) * classes + said) * classes;
                let column = &log_votes[start..start + classes];
                let rows = column.iter().zip(log_prior);
                let average: f64 = rows.map(|(log, prior)| (log + prior).exp()).sum();
                column[said] - average.ln()
            }
        }
    }
}

/// The place of a voter among log-odds, of which the last is that of voters yet unknown.
fn known(log_odds: &[f64], voter: usize) -> usize {
    voter.min(log_odds.len() - 1)
}

/// The same among confusion matrices.
fn known_of(log_votes: &[f64], classes: usize, voter: usize) -> usize {
    voter.min(log_votes.len() / (classes * classes) - 1)
}

/// The classes that may lead: those of authoritative votes where there are any.
pub(super) fn may_win<'a>(panel: &'a Panel, ballot: &'a Ballot) -> impl Fn(usize) -> bool + 'a {
    let mut votes = ballot.votes().iter();
    let has_authority = votes.any(|(voter, _)| panel.is_authoritative(*voter));
    move |class| {
        let mut votes = ballot.votes().iter();
        !has_authority || votes.any(|(voter, said)| *said == class && panel.is_authoritative(*voter))
    }
}

/// Takes the declared classes apart into those voted for and the rest. A value outside the list is as likely as the
/// rarest class of it, whatever `outside` adds.
fn split(ballot: &Ballot, declared: Vec<f64>, outside: &[f64]) -> LogPosterior {
    let mut is_voted = vec![false; declared.len()];
    let rarest = declared.iter().copied().fold(f64::INFINITY, f64::min);
    let voted = (0..ballot.classes())
        .map(|class| match ballot.declared(class) {
            Some(known) => {
                is_voted[known] = true;
                declared[known]
            }
            None => rarest + outside[class],
        })
        .collect();
    let rest = declared.iter().zip(&is_voted).filter(|(_, voted)| !**voted);
    let rest: Vec<f64> = rest.map(|(log, _)| *log).collect();
    LogPosterior {
        voted,
        none: crate::numeric::sum::log_sum_exp(&rest),
        declared,
    }
}

fn stopping() -> Stopping {
    Stopping {
        limit: ITERATIONS,
        ..Stopping::default()
    }
}

/// Votes for declared classes on the labelled items and on all items without gold, with the truths that are known.
fn table_of(data: &LabelledBallots, labelled: &[usize]) -> Result<(VoteTable, Vec<Option<usize>>), InvalidInput> {
    let classes = data.panel().declared_classes().unwrap_or(0);
    let mut items = labelled.to_vec();
    items.extend(data.unlabelled_items());
    let mut triples = Vec::new();
    for (row, item) in items.iter().enumerate() {
        let ballot = data.ballot(*item);
        let votes = ballot.votes().iter();
        triples.extend(votes.filter_map(|(voter, class)| Some((row, *voter, ballot.declared(*class)?))));
    }
    let known = items.iter().map(|item| data.gold(*item).and_then(|label| label.truth));
    let table = VoteTable::from_triples(&triples, items.len(), data.panel().voters(), classes)?;
    Ok((table, known.collect()))
}
