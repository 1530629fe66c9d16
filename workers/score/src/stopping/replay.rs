//! Gold as a stopping rule sees it: on items that everybody voted on, the votes that the rule would have asked for, which
//! the weights and calibrators of its version are fitted on, and what the rule loses against all votes.

use std::collections::{BTreeMap, BTreeSet};

use accord_domain::{
    AnnotatorId, CallOrder, FOLD_COUNT, Field, FieldName, FittedFold, StoppingFit, StoppingLoss, compare,
};
use accord_statistics::InvalidInput;
use accord_statistics::experiments::{PairedCounts, analyse_paired_binary};
use rayon::prelude::*;

use super::order::OrderGold;
use super::{Asking, CallStages, Walk, rule_of};
use crate::ballot::Ballot;
use crate::fit::only_weights;
use crate::gold::{GoldItem, ProjectGold};
use crate::item::cast_votes;
use crate::tally::{count, weights_of_voters};
use crate::weights::{Folds, LabelledBallot, TrackRecords};

/// From so many items with gold that everybody voted on whatever the rule, order and weights are learned on those alone: of the others, models
/// that come late saw only the hard ones.
const FEWEST_FULL_ITEMS: usize = 20;

/// The confidence of the intervals of losses.
const CONFIDENCE: f64 = 0.95;

/// The gold of a project as its stopping rule sees it.
#[derive(Debug, Clone)]
pub struct Replayed {
    /// The items that were or could have been voted on under the rule, with the votes that it asks for.
    pub gold: ProjectGold,
    /// What gold says of the rule, by field; empty where everybody is asked.
    pub fits: BTreeMap<FieldName, StoppingFit>,
}

/// Order and weights without each fold, so that no item's votes are chosen by its own gold.
struct Learned {
    stages: Vec<CallStages>,
    weights: Vec<BTreeMap<FieldName, FittedFold>>,
    order: Vec<AnnotatorId>,
}

/// Whose votes the rule leaves out; none where it cannot be told what the rule would have done.
type LeftOut = Option<BTreeSet<AnnotatorId>>;

impl ProjectGold {
    /// Replays the votes on every item that everybody voted on under the project's rule. Items that were voted on under
    /// another rule, and lack votes that this one would want, are left away.
    ///
    /// # Errors
    /// None that a checked definition and well-formed annotations cause.
    pub fn under_rule(mut self) -> Result<Replayed, InvalidInput> {
        let definition = &self.project.definition;
        let stages = CallStages::of(definition, &self.annotators, &[]);
        let is_full = |item: &GoldItem| stages.models().all(|model| item.has_answer_of(model));
        if !definition.policy.stopping.stops_early() || stages.count() == 0 {
            self.items.retain(|item| item.stopped.is_none() || is_full(item));
            self.unlabelled.retain(|item| item.stopped.is_none() || is_full(item));
            return Ok(Replayed {
                gold: self,
                fits: BTreeMap::new(),
            });
        }
        // Of the items on which a rule asked all, those that tell nothing of others: all were asked because they differed.
        let stopping = &definition.policy.stopping;
        let is_measure = |item: &GoldItem| {
            let whatever_the_rule = item.stopped.as_ref().is_none_or(|stopped| stopped.in_full);
            is_full(item) && (whatever_the_rule || stopping.draws_for_full_votes(item.id))
        };
        let full: Vec<&GoldItem> = self.items.iter().filter(|item| is_measure(item)).collect();
        let learned = Learned::on(&self, &stages, &full)?;
        let left_out = |items: &[GoldItem]| -> Result<Vec<LeftOut>, InvalidInput> {
            let replayed = items.par_iter();
            replayed
                .map(|item| self.left_out(&learned, item, is_full(item)))
                .collect()
        };
        let (of_items, of_unlabelled) = (left_out(&self.items)?, left_out(&self.unlabelled)?);
        let fits = definition.fields.iter().map(|field| {
            let items = self.items.iter().zip(&of_items).filter(|(item, _)| is_measure(item));
            let fit = StoppingFit {
                order: learned.order.clone(),
                loss: loss(&self, &learned, field, items)?,
            };
            Ok((field.name.clone(), fit))
        });
        let fits = fits.collect::<Result<_, InvalidInput>>()?;
        self.items = without(self.items, of_items);
        self.unlabelled = without(self.unlabelled, of_unlabelled);
        Ok(Replayed { gold: self, fits })
    }

    fn left_out(&self, learned: &Learned, item: &GoldItem, is_full: bool) -> Result<LeftOut, InvalidInput> {
        let stopping = &self.project.definition.policy.stopping;
        if !is_full {
            let own = item
                .stopped
                .as_ref()
                .filter(|stopped| stopped.version == stopping.version());
            return Ok(own.map(|stopped| stopped.left_out.iter().copied().collect()));
        }
        let fold = item.fold as usize;
        let asking = Asking {
            fields: &self.project.definition.fields,
            annotations: &item.annotations,
            annotators: &self.annotators,
            stages: &learned.stages[fold],
            rule: rule_of(stopping.rule)?,
            people: 0,
        };
        Ok(
            match asking.walk(&|field: &Field| learned.weights[fold].get(&field.name))? {
                Walk::Stopped { asked, .. } => Some(asking.answered().difference(&asked).copied().collect()),
                Walk::Open => None,
            },
        )
    }
}

impl Learned {
    fn on(gold: &ProjectGold, stages: &CallStages, full: &[&GoldItem]) -> Result<Self, InvalidInput> {
        let definition = &gold.project.definition;
        let all: Vec<&GoldItem> = gold.items.iter().collect();
        let items = if full.len() < FEWEST_FULL_ITEMS { &all } else { full };
        let labelled = definition
            .fields
            .iter()
            .map(|field| Ok((field, gold.labelled_ballots(field, items.iter().copied())?)))
            .collect::<Result<Vec<(&Field, Vec<LabelledBallot<'_>>)>, InvalidInput>>()?;
        let by_field = labelled.iter().map(|(field, labelled)| (*field, labelled.as_slice()));
        let annotations = gold
            .items
            .iter()
            .chain(&gold.unlabelled)
            .flat_map(|item| &item.annotations);
        let order = OrderGold::count(by_field, annotations)?;
        let models: Vec<AnnotatorId> = stages.models().collect();
        let arranged = |folds: Folds| match definition.policy.stopping.order {
            CallOrder::Automatic => order.arrange(&models, folds),
            CallOrder::Stages(_) => Ok(models.clone()),
        };
        let weights = labelled
            .iter()
            .filter(|(_, labelled)| !labelled.is_empty())
            .map(|(field, labelled)| {
                let records = TrackRecords::count(field, labelled, definition.policy.weighting)?;
                let by_fold = (0..FOLD_COUNT).map(|fold| records.weigh(Folds::without(fold)));
                Ok((&field.name, by_fold.collect::<Result<Vec<_>, _>>()?))
            })
            .collect::<Result<Vec<_>, InvalidInput>>()?;
        let of_fold = |fold: usize| {
            let fields = weights.iter();
            fields
                .map(|(field, weights)| ((*field).clone(), only_weights(&weights[fold])))
                .collect()
        };
        Ok(Self {
            stages: (0..FOLD_COUNT)
                .map(|fold| {
                    Ok(CallStages::of(
                        definition,
                        &gold.annotators,
                        &arranged(Folds::without(fold))?,
                    ))
                })
                .collect::<Result<_, InvalidInput>>()?,
            weights: (0..FOLD_COUNT as usize).map(of_fold).collect(),
            order: arranged(Folds::ALL)?,
        })
    }
}

/// The items whose votes under the rule are known, without the votes that it leaves out.
fn without(items: Vec<GoldItem>, left_out: Vec<LeftOut>) -> Vec<GoldItem> {
    let known = items.into_iter().zip(left_out);
    let known = known.filter_map(|(mut item, left_out)| {
        let left_out = left_out?;
        item.annotations
            .retain(|annotation| !left_out.contains(&annotation.annotator_id));
        Some(item)
    });
    known.collect()
}

/// What the rule loses on a field; none without gold.
fn loss<'a>(
    gold: &ProjectGold,
    learned: &Learned,
    field: &Field,
    items: impl Iterator<Item = (&'a GoldItem, &'a LeftOut)>,
) -> Result<Option<StoppingLoss>, InvalidInput> {
    let (mut right, mut right_by_all) = (Vec::new(), Vec::new());
    let (mut changed, mut asked, mut panel) = (0, 0, 0);
    for (item, left_out) in items {
        let (Some(left_out), Some(answer)) = (left_out, item.gold.get(&field.name)) else {
            continue;
        };
        if answer.class().is_none() {
            continue;
        }
        let fitted = learned.weights[item.fold as usize].get(&field.name);
        let winner = |left_out: &BTreeSet<AnnotatorId>| -> Result<(Option<String>, bool), InvalidInput> {
            let mut votes = cast_votes(&field.name, &item.annotations, &gold.annotators);
            votes.retain(|vote| !left_out.contains(&vote.annotator_id));
            let ballot = Ballot::new(field, votes)?;
            let counted = count(&ballot, &weights_of_voters(&ballot, fitted), &field.field_type)?;
            let class = counted.tally.and_then(|tally| tally.outcome.winner());
            let winner = class.and_then(|class| ballot.answer_of_class(class));
            let is_right = winner
                .and_then(|winner| compare::match_gold(field, winner, answer))
                .is_some_and(|verdict| verdict.correct);
            Ok((winner.and_then(|winner| winner.class()).map(str::to_owned), is_right))
        };
        let (by_rule, by_all) = (winner(left_out)?, winner(&BTreeSet::new())?);
        changed += u32::from(by_rule.0 != by_all.0);
        right.push(by_rule.1);
        right_by_all.push(by_all.1);
        let models = learned.stages[item.fold as usize].count();
        panel += models;
        asked += models.saturating_sub(left_out.len());
    }
    if right.is_empty() {
        return Ok(None);
    }
    let share = |right: &[bool]| right.iter().filter(|right| **right).count() as f64 / right.len() as f64;
    let compared = analyse_paired_binary(PairedCounts::count(&right_by_all, &right)?, 0.0, CONFIDENCE)?;
    Ok(Some(StoppingLoss {
        count: number(right.len()),
        accuracy: share(&right),
        accuracy_of_all: share(&right_by_all),
        interval: [compared.interval.lower, compared.interval.upper],
        changed_winner_count: changed,
        asked_count: number(asked),
        panel_count: number(panel),
    }))
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
