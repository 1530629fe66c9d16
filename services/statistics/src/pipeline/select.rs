//! One round of cross-validation: all ways of counting with all curves, and the one that is taken.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::aggregator::{CountingMethod, CountingModel};
use super::ballots::LabelledBallots;
use super::belief::Belief;
use super::curve::{CurveMethod, FittedCurve, JudgedScore, Remainder, ScoreTable};
use crate::calibration::{CHOICE_CLIP, Folds, LossComparison, simplest_within_one_standard_error};
use crate::error::InvalidInput;
use crate::numeric::sum::Sum;

/// A way of counting votes and a curve for its score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Method {
    /// How votes are counted.
    pub counting: CountingMethod,
    /// How the score becomes a probability.
    pub curve: CurveMethod,
}

impl Method {
    /// The words for people, such as `log-odds weights, Platt`.
    pub fn phrase(self) -> String {
        let is_share = self.counting.counts_shares();
        format!("{}, {}", self.counting.phrase(), self.curve.phrase(is_share))
    }

    /// All combinations that make sense, the simplest first: curves before tables, then by the way of counting.
    fn all(data: &LabelledBallots, items: &[usize]) -> Vec<Self> {
        let of_counting = |counting: CountingMethod| {
            let curves: &[CurveMethod] = if counting.counts_shares() {
                &CurveMethod::FOR_SHARES
            } else {
                &CurveMethod::FOR_LOG_ODDS
            };
            let sensible = move |curve: &&CurveMethod| **curve != CurveMethod::AsItIs || counting.is_probability();
            curves.iter().filter(sensible).map(move |curve| Self {
                counting,
                curve: *curve,
            })
        };
        let applicable = CountingMethod::ALL
            .into_iter()
            .filter(|method| method.applies(data, items));
        let mut methods: Vec<Self> = applicable.flat_map(of_counting).collect();
        methods.sort_by_key(|method| method.curve.is_table());
        methods
    }
}

/// How a candidate did on items that had no part in fitting it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MethodScore {
    /// The candidate.
    pub method: Method,
    /// Mean of `-ln` of the probability given to the right value among those voted for, or to none of them, clipped to
    /// `[1e-6, 1 - 1e-6]`, and its distance from the least.
    pub log_loss: LossComparison,
    /// Mean log loss of the leader's being right or wrong, over items with a leader.
    pub winner_log_loss: f64,
    /// Mean squared error of the leader's probability, over items with a leader.
    pub brier: f64,
    /// Share of the items whose leader is right; a tie has none.
    pub accuracy: f64,
    /// Whether it has the least log loss.
    pub best: bool,
    /// Whether it is the one that was taken.
    pub chosen: bool,
}

/// A method that was chosen and fitted.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Selected {
    pub(super) method: Method,
    pub(super) model: CountingModel,
    pub(super) curve: FittedCurve,
    pub(super) candidates: Vec<MethodScore>,
}

/// A way of counting fitted without each fold, and what it says of the fold's items.
struct Counted {
    counting: CountingMethod,
    /// By position of the item; empty where some fold does not allow a fit.
    beliefs: Vec<Belief>,
}

/// A candidate that could be fitted everywhere.
struct Tried {
    method: Method,
    losses: Vec<f64>,
    winner_log_loss: f64,
    brier: f64,
    accuracy: f64,
}

/// The labelled items of a selection with their folds.
pub(super) struct Round<'a> {
    data: &'a LabelledBallots,
    items: &'a [usize],
    documents: Vec<usize>,
    folds: Folds,
}

impl<'a> Round<'a> {
    /// Folds by document, stratified by the even vote's being right.
    pub(super) fn new(
        data: &'a LabelledBallots,
        items: &'a [usize],
        folds: usize,
        seed: u64,
    ) -> Result<Self, InvalidInput> {
        let documents: Vec<usize> = items.iter().map(|item| data.document(*item)).collect();
        let correct: Vec<bool> = items.iter().map(|item| data.even_vote_is_right(*item)).collect();
        Ok(Self {
            folds: Folds::by_document(&documents, &correct, folds, seed)?,
            data,
            items,
            documents,
        })
    }

    /// Tries everything and takes the simplest within one standard error of the best. A base rate, which says nothing
    /// of single items, is only taken where nothing does better; a curve that falls is not taken at all.
    pub(super) fn select(&self) -> Result<Option<Selected>, InvalidInput> {
        let methods = Method::all(self.data, self.items);
        let mut ways: Vec<CountingMethod> = methods.iter().map(|method| method.counting).collect();
        ways.sort_unstable();
        ways.dedup();
        let counted: Vec<Counted> = ways
            .into_par_iter()
            .map(|counting| self.count_out_of_fold(counting))
            .collect::<Result<_, _>>()?;
        let beliefs_of = |method: &Method| {
            let own = counted.iter().find(|counted| counted.counting == method.counting);
            own.map(|counted| counted.beliefs.as_slice())
                .filter(|beliefs| !beliefs.is_empty())
        };
        let tried: Vec<Tried> = methods
            .par_iter()
            .filter_map(|method| self.attempt(*method, beliefs_of(method)?).transpose())
            .collect::<Result<_, _>>()?;
        if tried.is_empty() {
            return Ok(None);
        }
        let losses: Vec<&[f64]> = tried.iter().map(|tried| tried.losses.as_slice()).collect();
        let weights = vec![1.0; self.items.len()];
        let choice = simplest_within_one_standard_error(&losses, &weights, &self.documents)?;
        let mut chosen = None;
        let eligible = tried.iter().enumerate().filter(|(position, tried)| {
            let comparison = choice.comparisons[*position];
            comparison.is_as_good_as_best() && (!tried.method.curve.is_constant() || comparison.excess <= 0.0)
        });
        for (position, tried) in eligible {
            let Some(beliefs) = beliefs_of(&tried.method) else {
                continue;
            };
            let curve = self.curve(tried.method, beliefs, None)?.filter(|curve| !curve.inverted);
            let model = tried.method.counting.fit(self.data, self.items)?;
            if let (Some(curve), Some(model)) = (curve, model) {
                chosen = Some((position, curve, model));
                break;
            }
        }
        let Some((position, curve, model)) = chosen else {
            return Ok(None);
        };
        let scores = tried.iter().enumerate().map(|(index, tried)| MethodScore {
            method: tried.method,
            log_loss: choice.comparisons[index],
            winner_log_loss: tried.winner_log_loss,
            brier: tried.brier,
            accuracy: tried.accuracy,
            best: index == choice.best,
            chosen: index == position,
        });
        Ok(Some(Selected {
            method: tried[position].method,
            model,
            curve,
            candidates: scores.collect(),
        }))
    }

    fn count_out_of_fold(&self, counting: CountingMethod) -> Result<Counted, InvalidInput> {
        let mut beliefs: Vec<Option<Belief>> = vec![None; self.items.len()];
        for fold in 0..self.folds.count() {
            let training: Vec<usize> = self.folds.training(fold).iter().map(|row| self.items[*row]).collect();
            let Some(model) = counting.fit(self.data, &training)? else {
                return Ok(Counted {
                    counting,
                    beliefs: Vec::new(),
                });
            };
            for row in self.folds.held_out(fold) {
                beliefs[row] = Some(model.belief(self.data.panel(), self.data.ballot(self.items[row])));
            }
        }
        Ok(Counted {
            counting,
            beliefs: beliefs.into_iter().flatten().collect(),
        })
    }

    /// The curve on all items, or on all outside one fold.
    fn curve(
        &self,
        method: Method,
        beliefs: &[Belief],
        left_out: Option<usize>,
    ) -> Result<Option<FittedCurve>, InvalidInput> {
        let rows: Vec<usize> = match left_out {
            Some(fold) => self.folds.training(fold),
            None => (0..self.items.len()).collect(),
        };
        let is_right = |row: usize, class: usize| self.data.is_right(self.items[row], class);
        let judged = rows.iter().filter_map(|row| {
            let belief = &beliefs[*row];
            Some(JudgedScore {
                score: belief.score,
                votes: belief.votes,
                is_right: is_right(*row, belief.winner?),
            })
        });
        let table = ScoreTable::of(judged.collect());
        let open = rows.iter().filter(|row| beliefs[**row].shares.len() > 1);
        let open = open.filter(|row| !beliefs[**row].winner.is_some_and(|winner| is_right(**row, winner)));
        let outcomes = open.map(|row| {
            let belief = &beliefs[*row];
            let somebody = (0..belief.shares.len()).any(|class| is_right(*row, class));
            (belief.winner.is_some(), somebody)
        });
        let knows_none = matches!(
            method.counting,
            CountingMethod::ConditionalStrong | CountingMethod::Conditional
        );
        FittedCurve::fit(method.curve, &table, Remainder::learn(outcomes, knows_none))
    }

    fn attempt(&self, method: Method, beliefs: &[Belief]) -> Result<Option<Tried>, InvalidInput> {
        let mut losses = vec![0.0; self.items.len()];
        let (mut log_loss, mut squares) = (Sum::default(), Sum::default());
        let (mut leaders, mut right) = (0_usize, 0_usize);
        for fold in 0..self.folds.count() {
            let Some(curve) = self.curve(method, beliefs, Some(fold))? else {
                return Ok(None);
            };
            for row in self.folds.held_out(fold) {
                let (belief, item) = (&beliefs[row], self.items[row]);
                let confidence = curve.confidence(belief)?;
                let truth = curve.probability_of_truth(belief, confidence, |class| self.data.is_right(item, class));
                losses[row] = clipped_loss(truth);
                if let (Some(winner), Some(confidence)) = (belief.winner, confidence) {
                    let is_right = self.data.is_right(item, winner);
                    let of_outcome = if is_right { confidence } else { 1.0 - confidence };
                    log_loss.add(clipped_loss(of_outcome));
                    squares.add((1.0 - of_outcome).powi(2));
                    leaders += 1;
                    right += usize::from(is_right);
                }
            }
        }
        if leaders == 0 {
            return Ok(None);
        }
        Ok(Some(Tried {
            method,
            losses,
            winner_log_loss: log_loss.total() / leaders as f64,
            brier: squares.total() / leaders as f64,
            accuracy: right as f64 / self.items.len() as f64,
        }))
    }
}

fn clipped_loss(probability: f64) -> f64 {
    -probability.clamp(CHOICE_CLIP, 1.0 - CHOICE_CLIP).ln()
}
