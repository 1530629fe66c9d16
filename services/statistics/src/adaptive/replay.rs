//! What a stopping rule would have saved, and cost, on votes that are all there.

use serde::{Deserialize, Serialize};

use super::order::call_order;
use super::rule::{Standing, StopReason, StoppingRule};
use crate::calibration::Folds;
use crate::error::{InvalidInput, parameter, same_length};
use crate::estimate::{Estimate, Undefined};
use crate::votes::VoteTable;
use crate::voting::{AccuracyRule, BetaPrior, TIE_TOLERANCE, TrackRecord, WeightRule, clip_for_shares, voter_weight};

/// How votes of a replay are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplayWeights {
    /// One each.
    Even,
    /// Log-odds of each voter's accuracy on the other folds, never negative.
    LogOdds,
}

/// What a rule did on items with known classes. Every voter of the table counts as one of the panel: a voter without a
/// vote on an item was called and abstained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Replay {
    /// The rule.
    pub rule: StoppingRule,
    /// How votes were counted, under the rule and with all votes.
    pub weights: ReplayWeights,
    /// Items with a known class.
    pub items: u64,
    /// Calls made.
    pub calls: u64,
    /// Calls of the whole panel.
    pub calls_of_all: u64,
    /// Share of the calls that were not made.
    pub calls_saved: Estimate,
    /// Share of the price that was not paid.
    pub price_saved: Estimate,
    /// Share of the items where the winner is right.
    pub accuracy: Estimate,
    /// The same with all votes.
    pub accuracy_of_all: Estimate,
    /// The first minus the second.
    pub difference: Estimate,
    /// Its standard error over items, which are paired.
    pub standard_error: Estimate,
    /// Items whose winner is another one than with all votes.
    pub changed_winners: u64,
    /// Items that ended because nothing could change.
    pub ended_safe: u64,
    /// Items that ended because the rule was sure.
    pub ended_sure: u64,
    /// Items where everybody was asked.
    pub ended_complete: u64,
}

/// Replays votes under a rule: on every item voters are asked one after the other, by expected information for each unit
/// of price, until the rule stops. Where classes tie for first place, the one that was voted for first wins, so that there
/// is a winner to compare.
///
/// Accuracies, and with them order and weights, come from the items with a known class in the other folds; they are shrunk
/// towards a common prior. `known[i]` is the class of item `i`; items without one are left out. `prices[v]` is what a call
/// of voter `v` costs, in any unit.
///
/// # Errors
/// Arrays of unequal length, a class that is not below the table's, folds of another number of items, prices that are not
/// above 0, fewer than two classes, and what [`StoppingRule::check`] refuses.
pub fn replay(
    votes: &VoteTable,
    known: &[Option<usize>],
    prices: &[f64],
    folds: &Folds,
    weights: ReplayWeights,
    rule: StoppingRule,
) -> Result<Replay, InvalidInput> {
    rule.check()?;
    votes.check_known(known)?;
    same_length("folds", votes.items(), folds.items())?;
    parameter("classes", votes.classes() as f64, "at least 2", votes.classes() >= 2)?;
    let mut sums = Sums::default();
    for fold in 0..folds.count() {
        let panel = Panel::learned(votes, known, &folds.training(fold), prices, weights)?;
        let mut asking = Asking::new(votes);
        for item in folds.held_out(fold) {
            let Some(truth) = known[item] else { continue };
            asking.load(votes, item);
            let own = asking.ask(&panel, rule)?;
            let all = asking.ask(&panel, StoppingRule::AllVotes)?;
            sums.add(&own, &all, truth);
        }
    }
    Ok(sums.finish(rule, weights))
}

/// Order and weights of the voters.
struct Panel<'a> {
    order: Vec<usize>,
    weights: Vec<f64>,
    prices: &'a [f64],
}

impl<'a> Panel<'a> {
    fn learned(
        votes: &VoteTable,
        known: &[Option<usize>],
        items: &[usize],
        prices: &'a [f64],
        weights: ReplayWeights,
    ) -> Result<Self, InvalidInput> {
        let mut records = vec![TrackRecord::default(); votes.voters()];
        for item in items {
            let Some(truth) = known[*item] else { continue };
            for (voter, class) in votes.row(*item).pairs() {
                records[voter] = records[voter].with_vote(class == truth);
            }
        }
        let prior = BetaPrior::fitted_or_default(&records);
        let accuracies: Vec<f64> = records
            .iter()
            .map(|record| AccuracyRule::Mean.accuracy(*record, prior))
            .collect::<Result<_, _>>()?;
        let classes = votes.classes() as f64;
        let weights = match weights {
            ReplayWeights::Even => vec![1.0; votes.voters()],
            ReplayWeights::LogOdds => accuracies
                .iter()
                .map(|accuracy| voter_weight(*accuracy, WeightRule::LogOdds { classes }).map(clip_for_shares))
                .collect::<Result<_, _>>()?,
        };
        Ok(Self {
            order: call_order(&accuracies, prices, votes.classes())?,
            weights,
            prices,
        })
    }
}

/// One item being asked about, in memory that is used again.
struct Asking {
    /// The vote of each voter.
    votes: Vec<Option<usize>>,
    class_weights: Vec<f64>,
    class_votes: Vec<f64>,
    cast: Vec<usize>,
}

/// How asking about an item ended.
struct Ended {
    calls: u64,
    price: f64,
    winner: Option<usize>,
    reason: StopReason,
}

impl Asking {
    fn new(votes: &VoteTable) -> Self {
        Self {
            votes: vec![None; votes.voters()],
            class_weights: vec![0.0; votes.classes()],
            class_votes: vec![0.0; votes.classes()],
            cast: Vec::new(),
        }
    }

    fn load(&mut self, votes: &VoteTable, item: usize) {
        self.votes.fill(None);
        for (voter, class) in votes.row(item).pairs() {
            self.votes[voter] = Some(class);
        }
    }

    fn ask(&mut self, panel: &Panel<'_>, rule: StoppingRule) -> Result<Ended, InvalidInput> {
        self.class_weights.fill(0.0);
        self.class_votes.fill(0.0);
        self.cast.clear();
        let mut ended = Ended {
            calls: 0,
            price: 0.0,
            winner: None,
            reason: StopReason::AllAsked,
        };
        for (place, voter) in panel.order.iter().enumerate() {
            ended.calls += 1;
            ended.price += panel.prices[*voter];
            if let Some(class) = self.votes[*voter] {
                self.class_weights[class] += panel.weights[*voter];
                self.class_votes[class] += 1.0;
                self.cast.push(class);
            }
            let remaining = &panel.order[place + 1..];
            let standing = Standing {
                weights: &self.class_weights,
                votes: &self.class_votes,
                cast: &self.cast,
                remaining_weight: remaining.iter().map(|voter| panel.weights[*voter]).sum(),
                remaining_voters: remaining.len(),
            };
            if let Some(reason) = rule.decide(&standing)? {
                ended.reason = reason;
                break;
            }
        }
        ended.winner = self.winner();
        Ok(ended)
    }

    /// The class with most weight; of several the one that was voted for first.
    fn winner(&self) -> Option<usize> {
        let top = self.class_weights.iter().copied().fold(0.0, f64::max);
        let is_top = |class: &&usize| top - self.class_weights[**class] <= TIE_TOLERANCE * top;
        self.cast.iter().find(is_top).copied()
    }
}

#[derive(Default)]
struct Sums {
    items: u64,
    calls: u64,
    calls_of_all: u64,
    price: f64,
    price_of_all: f64,
    correct: u64,
    correct_of_all: u64,
    /// Items on which one of both is right and the other wrong.
    discordant: u64,
    changed: u64,
    safe: u64,
    sure: u64,
    complete: u64,
}

impl Sums {
    fn add(&mut self, own: &Ended, all: &Ended, truth: usize) {
        let is_right = |ended: &Ended| ended.winner == Some(truth);
        self.items += 1;
        self.calls += own.calls;
        self.calls_of_all += all.calls;
        self.price += own.price;
        self.price_of_all += all.price;
        self.correct += u64::from(is_right(own));
        self.correct_of_all += u64::from(is_right(all));
        self.discordant += u64::from(is_right(own) != is_right(all));
        self.changed += u64::from(own.winner != all.winner);
        match own.reason {
            StopReason::AllAsked => self.complete += 1,
            StopReason::CannotChange => self.safe += 1,
            StopReason::Sure => self.sure += 1,
        }
    }

    fn finish(self, rule: StoppingRule, weights: ReplayWeights) -> Replay {
        let items = self.items as f64;
        let share = |part: f64, whole: f64| {
            if whole > 0.0 {
                Estimate::Value(part / whole)
            } else {
                Estimate::Undefined(Undefined::TooFewItems)
            }
        };
        let difference = (self.correct as f64 - self.correct_of_all as f64) / items;
        let variance = (self.discordant as f64 / items - difference * difference) / (items - 1.0);
        let saved = |part: f64, whole: f64| share(whole - part, whole);
        Replay {
            rule,
            weights,
            items: self.items,
            calls: self.calls,
            calls_of_all: self.calls_of_all,
            calls_saved: saved(self.calls as f64, self.calls_of_all as f64),
            price_saved: saved(self.price, self.price_of_all),
            accuracy: share(self.correct as f64, items),
            accuracy_of_all: share(self.correct_of_all as f64, items),
            difference: if self.items > 0 {
                Estimate::Value(difference)
            } else {
                Estimate::Undefined(Undefined::TooFewItems)
            },
            standard_error: if self.items > 1 {
                Estimate::Value(variance.max(0.0).sqrt())
            } else {
                Estimate::Undefined(Undefined::TooFewItems)
            },
            changed_winners: self.changed,
            ended_safe: self.safe,
            ended_sure: self.sure,
            ended_complete: self.complete,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn folds(items: usize) -> Folds {
        let documents: Vec<usize> = (0..items).collect();
        Folds::by_document(&documents, &vec![true; items], 2, 1).unwrap()
    }

    /// Ten items of class 0 on which five voters agree, and two on which the two best are wrong.
    fn example() -> (VoteTable, Vec<Option<usize>>) {
        let mut triples = Vec::new();
        for item in 0..12 {
            for voter in 0..5 {
                let is_wrong = item >= 10 && voter < 2;
                triples.push((item, voter, usize::from(is_wrong)));
            }
        }
        let votes = VoteTable::from_triples(&triples, 12, 5, 2).unwrap();
        (votes, vec![Some(0); 12])
    }

    #[test]
    fn all_votes_save_nothing_and_safe_leads_change_nothing() {
        let (votes, known) = example();
        let run = |rule| replay(&votes, &known, &[1.0; 5], &folds(12), ReplayWeights::Even, rule).unwrap();
        let all = run(StoppingRule::AllVotes);
        assert_eq!((all.calls, all.calls_of_all, all.ended_complete), (60, 60, 12));
        assert_eq!(all.calls_saved, Estimate::Value(0.0));
        let safe = run(StoppingRule::CannotChange);
        // Unanimous items end after three of five.
        assert!(safe.calls <= 10 * 3 + 2 * 5);
        assert_eq!((safe.changed_winners, safe.difference), (0, Estimate::Value(0.0)));
        assert_eq!(safe.ended_safe + safe.ended_complete, 12);
    }

    #[test]
    fn bold_rules_pay_with_accuracy() {
        let (votes, known) = example();
        let rule = StoppingRule::Beta(0.7);
        let bold = replay(&votes, &known, &[1.0; 5], &folds(12), ReplayWeights::Even, rule).unwrap();
        // One vote gives 0.75.
        assert_eq!((bold.calls, bold.ended_sure), (12, 12));
        assert_eq!(bold.calls_saved, Estimate::Value(0.8));
        assert!(bold.accuracy_of_all == Estimate::Value(1.0));
    }

    #[test]
    fn prices_decide_who_is_asked_first() {
        let (votes, known) = example();
        let rule = StoppingRule::Beta(0.7);
        let prices = [1.0, 1.0, 100.0, 100.0, 100.0];
        let cheap = replay(&votes, &known, &prices, &folds(12), ReplayWeights::Even, rule).unwrap();
        assert_eq!(cheap.changed_winners, 2);
        assert_eq!(cheap.price_saved, Estimate::Value(1.0 - 1.0 / 302.0));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let (votes, known) = example();
        let run = |known: &[Option<usize>], prices: &[f64], items, rule| {
            replay(&votes, known, prices, &folds(items), ReplayWeights::LogOdds, rule)
        };
        assert!(run(&known[1..], &[1.0; 5], 12, StoppingRule::AllVotes).is_err());
        assert!(run(&known, &[1.0; 4], 12, StoppingRule::AllVotes).is_err());
        assert!(run(&known, &[1.0; 5], 11, StoppingRule::AllVotes).is_err());
        assert!(run(&known, &[1.0; 5], 12, StoppingRule::Posterior(1.5)).is_err());
        let nothing = run(&[None; 12], &[1.0; 5], 12, StoppingRule::AllVotes).unwrap();
        assert_eq!(nothing.accuracy.reason(), Some(Undefined::TooFewItems));
        assert_eq!(nothing.standard_error.reason(), Some(Undefined::TooFewItems));
    }

    proptest! {
        #[test]
        fn a_safe_lead_never_changes_a_winner(
            cast in prop::collection::btree_map((0..20_usize, 0..6_usize), 0..3_usize, 20..120),
            known in prop::collection::vec(prop::option::weighted(0.8, 0..3_usize), 20),
            is_weighted in any::<bool>(),
        ) {
            let triples: Vec<(usize, usize, usize)> = cast.into_iter().map(|((item, voter), class)| (item, voter, class)).collect();
            let votes = VoteTable::from_triples(&triples, 20, 6, 3).unwrap();
            let weights = if is_weighted { ReplayWeights::LogOdds } else { ReplayWeights::Even };
            let safe = replay(&votes, &known, &[1.0; 6], &folds(20), weights, StoppingRule::CannotChange).unwrap();
            prop_assert_eq!(safe.changed_winners, 0);
            prop_assert!(safe.calls <= safe.calls_of_all);
            prop_assert_eq!(safe.ended_safe + safe.ended_sure + safe.ended_complete, safe.items);
        }
    }
}
