//! The choice for production, and the same choice without each fold for the items of that fold.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::ballots::LabelledBallots;
use super::fitted::{FittedPipeline, PipelineOutcome};
use super::select::{MethodScore, Round, Selected};
use crate::Undefined;
use crate::calibration::Folds;
use crate::error::{InvalidInput, parameter, same_length};
use crate::estimate::Estimate;

/// When and how to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PipelinePlan {
    /// Folds by which every choice is made.
    pub inner_folds: usize,
    /// Seed of those folds.
    pub seed: u64,
    /// Labelled items with a vote from which on there is a choice.
    pub fewest_labels: usize,
    /// Of them, how many an even vote must get wrong.
    pub fewest_errors: usize,
}

impl PipelinePlan {
    /// Five folds; a choice opens with 50 labels, 25 of them wrong by an even vote. It is the errors that tell methods
    /// apart: with 10 to 18 of them on 350 receipts, what was chosen did worse out of fold than log-odds weights with
    /// Platt's curve, which a caller falls back to.
    pub fn standard(seed: u64) -> Self {
        Self {
            inner_folds: Folds::DEFAULT_COUNT,
            seed,
            fewest_labels: 50,
            fewest_errors: 25,
        }
    }

    fn check(&self) -> Result<(), InvalidInput> {
        let folds = self.inner_folds as f64;
        parameter("inner folds", folds, "at least 2", self.inner_folds >= 2)
    }
}

/// A choice with everything that was weighed.
#[derive(Debug, Clone, PartialEq)]
pub struct PipelineChoice {
    /// Chosen and fitted on all labelled items: for items without gold. None where they are too few, or no candidate
    /// can be taken, though it was so without some fold.
    pub production: Option<FittedPipeline>,
    /// All candidates, the simplest first, as judged on all labelled items; none without a choice for production.
    pub candidates: Vec<MethodScore>,
    /// Chosen and fitted without each outer fold; none where the other folds hold too little gold.
    pub folds: Vec<Option<FittedPipeline>>,
    /// What each labelled item with a vote got from the choice without its fold, by item; none for other items, and
    /// where there was no choice.
    pub out_of_fold: Vec<Option<PipelineOutcome>>,
    /// Labelled items with a vote.
    pub labels: usize,
    /// Of them, how many an even vote gets wrong, ties included.
    pub errors: usize,
}

/// Chooses how votes are counted and calibrated, by cross-validated log loss with the one-standard-error rule; once on all
/// labelled items, and once without each outer fold.
///
/// `outer[i]` is the outer fold of item `i`, below `outer_folds`; all items of a document share one. What is kept for
/// a fold has not seen the fold in any way: neither weights, curves, penalties nor the choice among them. Undefined
/// (`too_few_items`) below the plan's labels and errors or with fewer documents than inner folds, and (`not_identifiable`) where no candidate can be taken. A
/// choice without a fold needs its part of the labels, `1 - 1/outer_folds`.
///
/// # Errors
/// An outer fold out of range, documents that straddle folds, fewer than two folds.
pub fn choose_pipeline(
    data: &LabelledBallots,
    outer: &[usize],
    outer_folds: usize,
    plan: PipelinePlan,
    data_hash: &str,
) -> Result<Estimate<PipelineChoice>, InvalidInput> {
    plan.check()?;
    check_outer(data, outer, outer_folds)?;
    let judged = data.judged_items();
    let errors = count_errors(data, &judged);
    let has_folds = |items: &[usize]| count_documents(data, items) >= plan.inner_folds;
    let part = 1.0 - 1.0 / outer_folds as f64;
    let parts: Vec<Option<usize>> = std::iter::once(None).chain((0..outer_folds).map(Some)).collect();
    let mut selected: Vec<Option<(Selected, usize)>> = parts
        .into_par_iter()
        .map(|left_out| {
            let items: Vec<usize> = judged
                .iter()
                .copied()
                .filter(|item| Some(outer[*item]) != left_out)
                .collect();
            let share = if left_out.is_some() { part } else { 1.0 };
            let is_enough = items.len() as f64 >= (share * plan.fewest_labels as f64).floor()
                && count_errors(data, &items) as f64 >= (share * plan.fewest_errors as f64).floor()
                && has_folds(&items);
            if !is_enough {
                return Ok(None);
            }
            let found = Round::new(data, &items, plan.inner_folds, plan.seed)?.select()?;
            Ok(found.map(|found| (found, items.len())))
        })
        .collect::<Result<_, InvalidInput>>()?;
    let folds: Vec<Option<FittedPipeline>> = selected
        .split_off(1)
        .into_iter()
        .map(|found| found.map(|(found, labels)| FittedPipeline::new(found, labels, data_hash, plan.seed)))
        .collect();
    let production = selected.pop().flatten();
    if production.is_none() && folds.iter().all(Option::is_none) {
        return Ok(Estimate::Undefined(Undefined::TooFewItems));
    }
    let labels = judged.len();
    let mut out_of_fold = vec![None; data.items()];
    for item in judged {
        if let Some(fitted) = &folds[outer[item]] {
            out_of_fold[item] = fitted.apply(data.panel(), data.ballot(item))?;
        }
    }
    Ok(Estimate::Value(PipelineChoice {
        candidates: production
            .as_ref()
            .map(|(found, _)| found.candidates.clone())
            .unwrap_or_default(),
        production: production.map(|(found, labels)| FittedPipeline::new(found, labels, data_hash, plan.seed)),
        folds,
        out_of_fold,
        labels,
        errors,
    }))
}

fn count_errors(data: &LabelledBallots, items: &[usize]) -> usize {
    items.iter().filter(|item| !data.even_vote_is_right(**item)).count()
}

fn count_documents(data: &LabelledBallots, items: &[usize]) -> usize {
    let documents: std::collections::BTreeSet<usize> = items.iter().map(|item| data.document(*item)).collect();
    documents.len()
}

fn check_outer(data: &LabelledBallots, outer: &[usize], outer_folds: usize) -> Result<(), InvalidInput> {
    same_length("outer folds", data.items(), outer.len())?;
    parameter("outer folds", outer_folds as f64, "at least 2", outer_folds >= 2)?;
    let mut fold_of = std::collections::BTreeMap::new();
    for (index, fold) in outer.iter().enumerate() {
        if *fold >= outer_folds {
            return Err(InvalidInput::Index {
                what: "outer folds",
                index,
                found: *fold,
                bound: outer_folds,
            });
        }
        let first = *fold_of.entry(data.document(index)).or_insert(*fold);
        let what = "outer fold of a document's item";
        parameter(
            what,
            *fold as f64,
            "the fold of the document's other items",
            first == *fold,
        )?;
    }
    Ok(())
}
