//! What is to be done about an item: ask somebody else, score it, or leave it as it is.

use std::collections::{BTreeMap, BTreeSet};

use accord_domain::{AnnotatorId, AnnotatorKind, Consensus, Field, FieldName, FittedFold, StopReason, Stopped};
use accord_statistics::InvalidInput;

use super::order::learned_order;
use super::{Asking, CallStages, Walk, rule_of};
use crate::item::{ItemToScore, calibration_for};

/// What is to be done about an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextStep {
    /// Ask these annotators.
    Ask(Vec<AnnotatorId>),
    /// Score it by these votes.
    Score(Voted),
    /// Leave it as it is: somebody is being asked, or it was complete before the present rule and lacks the votes that the
    /// rule would want.
    Keep,
}

/// Which votes on an item count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Voted {
    /// Language models whose votes do not count, because the rule would not have asked them.
    pub left_out: BTreeSet<AnnotatorId>,
    /// How the asking ended; none where everybody is asked.
    pub ended: Option<Ended>,
    /// Whether the votes were cast under another rule than the present calibrators': then these serve them not.
    pub foreign: bool,
}

/// How the asking about an item ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    version: String,
    reasons: BTreeMap<FieldName, StopReason>,
    asked_count: u32,
    panel_count: u32,
    in_full: bool,
}

impl Voted {
    /// What a consensus says of the asking about its field.
    pub(crate) fn stopped(&self, field: &FieldName) -> Option<Stopped> {
        let ended = self.ended.as_ref()?;
        Some(Stopped {
            version: ended.version.clone(),
            reason: ended.reasons.get(field).copied().unwrap_or(StopReason::AllAsked),
            asked_count: ended.asked_count,
            panel_count: ended.panel_count,
            left_out: self.left_out.iter().copied().collect(),
            in_full: ended.in_full,
        })
    }
}

/// Decides what comes next for an item.
///
/// # Errors
/// None that a checked definition and well-formed annotations cause.
pub fn next_step(input: ItemToScore<'_>) -> Result<NextStep, InvalidInput> {
    if !input.project.definition.policy.stopping.stops_early() {
        return Ok(under_all_votes(input));
    }
    let definition = &input.project.definition;
    let stages = CallStages::of(definition, input.annotators, &learned_order(input.calibrators.values()));
    if stages.count() == 0 {
        return Ok(under_all_votes(input));
    }
    let step = Step {
        asking: Asking {
            fields: &definition.fields,
            annotations: input.annotations,
            annotators: input.annotators,
            stages: &stages,
            rule: rule_of(definition.policy.stopping.rule)?,
            people: input.open_votes,
        },
        version: definition.policy.stopping.version(),
        input,
    };
    step.decide()
}

/// Where everybody votes: whoever was not asked, because a rule that was switched off since had not come to them, is asked
/// as long as the item is not complete.
fn under_all_votes(input: ItemToScore<'_>) -> NextStep {
    let voted: BTreeSet<AnnotatorId> = input
        .annotations
        .iter()
        .map(|annotation| annotation.annotator_id)
        .collect();
    let automatic = input.annotators.values().filter(|annotator| {
        annotator.active && matches!(annotator.kind, AnnotatorKind::Automatic { .. }) && !voted.contains(&annotator.id)
    });
    let mut unasked: Vec<&accord_domain::Annotator> = automatic.collect();
    unasked.sort_by_key(|annotator| annotator.id);
    if unasked.is_empty() || input.has_open_annotations {
        return NextStep::Score(Voted::default());
    }
    if input.present.is_empty() && !input.left_to_runs {
        return NextStep::Ask(unasked.iter().map(|annotator| annotator.id).collect());
    }
    let was_stopped = input.present.iter().any(|row| row.stopped.is_some());
    if was_stopped && unasked.iter().any(|annotator| annotator.kind.is_language_model()) {
        return keep_or_uncalibrated(input);
    }
    NextStep::Score(Voted::default())
}

/// What was complete stays as it is. Only when somebody has voted since, or a field is new, is it scored again, by votes
/// that no present calibrator knows.
fn keep_or_uncalibrated(input: ItemToScore<'_>) -> NextStep {
    let counted: BTreeSet<_> = input.present.iter().flat_map(|row| &row.annotation_ids).collect();
    let left_out = left_out(input.present);
    let is_known = input.annotations.iter().all(|annotation| {
        !annotation.provenance.blind || counted.contains(&annotation.id) || left_out.contains(&annotation.annotator_id)
    });
    let fields = &input.project.definition.fields;
    let has_row = |field: &Field| input.present.iter().any(|row| row.field == field.name);
    if is_known && fields.iter().all(has_row) {
        return NextStep::Keep;
    }
    NextStep::Score(Voted {
        foreign: true,
        ..Voted::default()
    })
}

fn left_out(rows: &[Consensus]) -> BTreeSet<AnnotatorId> {
    let stopped = rows.iter().filter_map(|row| row.stopped.as_ref());
    stopped.flat_map(|stopped| stopped.left_out.iter().copied()).collect()
}

/// An item of a project with a rule.
struct Step<'a> {
    asking: Asking<'a>,
    version: String,
    input: ItemToScore<'a>,
}

impl Step<'_> {
    fn decide(&self) -> Result<NextStep, InvalidInput> {
        let input = self.input;
        let answered = self.asking.answered();
        let is_full = answered.len() == self.asking.stages.count();
        let under_this_rule = |row: &&Consensus| {
            let stopped = row.stopped.as_ref();
            stopped.is_some_and(|stopped| stopped.version == self.version)
        };
        if is_full {
            return self.as_the_rule_would(&answered);
        }
        if input.present.iter().any(|row| under_this_rule(&row)) {
            return Ok(self.as_before(&answered));
        }
        if !input.present.is_empty() {
            return self.as_the_rule_would(&answered);
        }
        if input.has_open_annotations {
            return Ok(NextStep::Keep);
        }
        if input.left_to_runs {
            // A run asks whom it names, whatever the rule.
            return Ok(self.score(&answered, &answered, BTreeMap::new()));
        }
        if input
            .project
            .definition
            .policy
            .stopping
            .draws_for_full_votes(input.item.id)
        {
            let models = self.asking.stages.models();
            return Ok(NextStep::Ask(
                models.filter(|model| !answered.contains(model)).collect(),
            ));
        }
        if let Some(reasons) = self.asking.decide(&answered, &|field| self.fitted(field))? {
            return Ok(self.score(&answered, &answered, reasons));
        }
        let next = self.asking.stages.iter().find_map(|stage| {
            let unasked: Vec<AnnotatorId> = stage
                .iter()
                .copied()
                .filter(|model| !answered.contains(model))
                .collect();
            (!unasked.is_empty()).then_some(unasked)
        });
        Ok(next.map_or(NextStep::Keep, NextStep::Ask))
    }

    /// By the votes that the rule would have asked for, where they are there.
    fn as_the_rule_would(&self, answered: &BTreeSet<AnnotatorId>) -> Result<NextStep, InvalidInput> {
        Ok(match self.asking.walk(&|field| self.fitted(field))? {
            Walk::Stopped { asked, reasons } => self.score(answered, &asked, reasons),
            Walk::Open => keep_or_uncalibrated(self.input),
        })
    }

    /// By the votes for which the rule asked when the item was scored first, and those of people since.
    fn as_before(&self, answered: &BTreeSet<AnnotatorId>) -> NextStep {
        let rows = self.input.present.iter();
        let reasons = rows.filter_map(|row| Some((row.field.clone(), row.stopped.as_ref()?.reason)));
        let asked = answered.difference(&left_out(self.input.present)).copied().collect();
        self.score(answered, &asked, reasons.collect())
    }

    fn score(
        &self,
        answered: &BTreeSet<AnnotatorId>,
        asked: &BTreeSet<AnnotatorId>,
        reasons: BTreeMap<FieldName, StopReason>,
    ) -> NextStep {
        NextStep::Score(Voted {
            left_out: answered.difference(asked).copied().collect(),
            ended: Some(Ended {
                version: self.version.clone(),
                reasons,
                asked_count: number(asked.len()),
                panel_count: number(self.asking.stages.count()),
                in_full: self.in_full(),
            }),
            foreign: false,
        })
    }

    /// Whether all vote on the item whatever the rule says: it is drawn, or was complete when nobody was left out.
    fn in_full(&self) -> bool {
        let input = self.input;
        let stopping = &input.project.definition.policy.stopping;
        let before = input.present.iter().find_map(|row| row.stopped.as_ref());
        stopping.draws_for_full_votes(input.item.id)
            || before.map_or(!input.present.is_empty(), |stopped| stopped.in_full)
    }

    fn fitted(&self, field: &Field) -> Option<&FittedFold> {
        calibration_for(self.input, field).map(|calibration| calibration.fitted)
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
