//! What is to be done about an item: ask somebody else, score it, or leave it as it is.

use std::collections::{BTreeMap, BTreeSet};

use accord_domain::{AnnotatorId, AnnotatorKind, Consensus, Field, FieldName, FittedFold, StopReason, Stopped};
use accord_statistics::InvalidInput;

use super::order::learned_order;
use super::{Asking, CallStages, Walk, rule_of};
use crate::item::{Asker, ItemToScore, calibration_for};

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
/// as long as the item is not complete, by a run that asked under the rule those of its panel.
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
    let wanted: Vec<AnnotatorId> = match input.asker {
        _ if input.has_open_annotations => Vec::new(),
        Asker::Project if input.present.is_empty() => unasked.iter().map(|one| one.id).collect(),
        Asker::Run(panel) => unasked
            .iter()
            .map(|one| one.id)
            .filter(|id| panel.contains(id))
            .collect(),
        Asker::Project | Asker::Nobody => Vec::new(),
    };
    if !wanted.is_empty() {
        return NextStep::Ask(wanted);
    }
    let mut unasked = unasked.iter();
    match stopped_before(input.present) {
        Some(before) if unasked.any(|annotator| annotator.kind.is_language_model()) => {
            if is_known(input) {
                NextStep::Keep
            } else {
                NextStep::Score(still_stopped(input, before, &voted))
            }
        }
        _ => NextStep::Score(Voted::default()),
    }
}

/// An item that a rule stopped before it was switched off, on which somebody has voted since: it lacks votes as before, and
/// no calibrator knows those that it has.
fn still_stopped(input: ItemToScore<'_>, before: &Stopped, voted: &BTreeSet<AnnotatorId>) -> Voted {
    let models = input.annotators.values();
    let models = models.filter(|annotator| annotator.active && annotator.kind.is_language_model());
    let answered: BTreeSet<AnnotatorId> = models.map(|model| model.id).filter(|id| voted.contains(id)).collect();
    let asked_count = number(answered.len());
    Voted {
        left_out: BTreeSet::new(),
        ended: Some(Ended {
            version: input.project.definition.policy.stopping.version_among(&answered),
            reasons: reasons_before(input.present),
            asked_count,
            panel_count: before.panel_count.max(asked_count),
            in_full: false,
        }),
        foreign: true,
    }
}

/// How the asking ended by the present consensus.
fn stopped_before(present: &[Consensus]) -> Option<&Stopped> {
    present.iter().find_map(|row| row.stopped.as_ref())
}

/// Why nobody else was asked, by the present consensus.
fn reasons_before(present: &[Consensus]) -> BTreeMap<FieldName, StopReason> {
    let reasons = present
        .iter()
        .filter_map(|row| Some((row.field.clone(), row.stopped.as_ref()?.reason)));
    reasons.collect()
}

/// Whether the present consensus knows all votes, and all fields have one: what was complete under another rule stays as it
/// is then. Where somebody has voted since, or a field is new, it is scored again, by votes that no present calibrator knows.
fn is_known(input: ItemToScore<'_>) -> bool {
    let counted: BTreeSet<_> = input.present.iter().flat_map(|row| &row.annotation_ids).collect();
    let left_out = left_out(input.present);
    let knows_all = input.annotations.iter().all(|annotation| {
        !annotation.provenance.blind || counted.contains(&annotation.id) || left_out.contains(&annotation.annotator_id)
    });
    let fields = &input.project.definition.fields;
    let has_row = |field: &Field| input.present.iter().any(|row| row.field == field.name);
    knows_all && fields.iter().all(has_row)
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
        if answered.len() == self.asking.stages.count() {
            return self.as_the_rule_would(&answered);
        }
        let mut stopped = input.present.iter().filter_map(|row| row.stopped.as_ref());
        if let Some(stopped) = stopped.find(|stopped| stopped.version == self.version) {
            // Models that voted since were not asked by the rule.
            return if number(answered.len()) > stopped.called_count() {
                self.as_the_rule_would(&answered)
            } else {
                Ok(self.as_before(&answered))
            };
        }
        match input.asker {
            Asker::Run(_) if input.has_open_annotations => Ok(NextStep::Keep),
            Asker::Run(panel) => self.asked_by_run(panel, &answered),
            Asker::Project | Asker::Nobody if !input.present.is_empty() => self.as_the_rule_would(&answered),
            _ if input.has_open_annotations => Ok(NextStep::Keep),
            // It waits for a run.
            Asker::Nobody if input.annotations.is_empty() => Ok(NextStep::Keep),
            Asker::Nobody => self.as_the_rule_would(&answered),
            Asker::Project => self.asked_by_project(&answered),
        }
    }

    fn asked_by_project(&self, answered: &BTreeSet<AnnotatorId>) -> Result<NextStep, InvalidInput> {
        let stages = self.asking.stages;
        if self.is_drawn() {
            return Ok(NextStep::Ask(unasked(stages.models(), answered)));
        }
        if let Some(reasons) = self.asking.decide(answered, &|field| self.fitted(field))? {
            return Ok(self.score(answered, answered, reasons));
        }
        Ok(next_of(stages, answered))
    }

    /// A run of all models asks as the project does. One of some of them asks no further where the rule would ask no other of
    /// all models; else the rule goes over the models of the panel alone, whose votes are not those that the project's
    /// calibrators know: they are counted evenly, in deciding as in scoring.
    fn asked_by_run(
        &self,
        panel: &BTreeSet<AnnotatorId>,
        answered: &BTreeSet<AnnotatorId>,
    ) -> Result<NextStep, InvalidInput> {
        let stages = self.asking.stages.among(panel);
        if stages.count() == self.asking.stages.count() && self.input.present.is_empty() {
            return self.asked_by_project(answered);
        }
        let waiting = unasked(stages.models(), answered);
        if self.is_drawn() && !waiting.is_empty() {
            return Ok(NextStep::Ask(waiting));
        }
        if let Walk::Stopped { asked, reasons } = self.asking.walk(&|field| self.fitted(field))? {
            return Ok(self.score(answered, &asked, reasons));
        }
        let own = Asking {
            stages: &stages,
            ..self.asking
        };
        let models = stages.models().collect();
        if self.is_drawn()
            && let Walk::Stopped { asked, reasons } = own.walk(&|_| None)?
        {
            let before = answered.difference(&models).copied();
            let asked = asked.into_iter().chain(before).collect();
            return Ok(self.score_among(&models, answered, &asked, reasons));
        }
        Ok(match own.decide(answered, &|_| None)? {
            Some(reasons) => self.score_among(&models, answered, answered, reasons),
            None => next_of(&stages, answered),
        })
    }

    /// By the votes that the rule would have asked for, where they are there.
    fn as_the_rule_would(&self, answered: &BTreeSet<AnnotatorId>) -> Result<NextStep, InvalidInput> {
        Ok(match self.asking.walk(&|field| self.fitted(field))? {
            Walk::Stopped { asked, reasons } => self.score(answered, &asked, reasons),
            Walk::Open if is_known(self.input) => NextStep::Keep,
            Walk::Open => self.score_among(answered, answered, answered, reasons_before(self.input.present)),
        })
    }

    /// By the votes for which the rule asked when the item was scored first, and those of people since.
    fn as_before(&self, answered: &BTreeSet<AnnotatorId>) -> NextStep {
        let asked = answered.difference(&left_out(self.input.present)).copied().collect();
        self.score(answered, &asked, reasons_before(self.input.present))
    }

    /// By votes that were asked for under the project's rule.
    fn score(
        &self,
        answered: &BTreeSet<AnnotatorId>,
        asked: &BTreeSet<AnnotatorId>,
        reasons: BTreeMap<FieldName, StopReason>,
    ) -> NextStep {
        NextStep::Score(Voted {
            left_out: answered.difference(asked).copied().collect(),
            ended: Some(self.ended(self.version.clone(), answered, asked, reasons)),
            foreign: false,
        })
    }

    /// By votes that were asked for among these models alone: no calibrator knows such.
    fn score_among(
        &self,
        models: &BTreeSet<AnnotatorId>,
        answered: &BTreeSet<AnnotatorId>,
        asked: &BTreeSet<AnnotatorId>,
        reasons: BTreeMap<FieldName, StopReason>,
    ) -> NextStep {
        let version = self.input.project.definition.policy.stopping.version_among(models);
        NextStep::Score(Voted {
            left_out: answered.difference(asked).copied().collect(),
            ended: Some(self.ended(version, answered, asked, reasons)),
            foreign: true,
        })
    }

    fn ended(
        &self,
        version: String,
        answered: &BTreeSet<AnnotatorId>,
        asked: &BTreeSet<AnnotatorId>,
        reasons: BTreeMap<FieldName, StopReason>,
    ) -> Ended {
        Ended {
            version,
            reasons,
            asked_count: number(asked.len()),
            panel_count: self.panel_count(answered),
            in_full: self.in_full(answered),
        }
    }

    /// How many language models could be asked. Nobody is spared by the rule whom a run left out of its panel.
    fn panel_count(&self, answered: &BTreeSet<AnnotatorId>) -> u32 {
        let models = self.asking.stages.models();
        let before = stopped_before(self.input.present);
        match (self.input.asker, before) {
            (Asker::Run(panel), _) => number(
                models
                    .filter(|model| panel.contains(model) || answered.contains(model))
                    .count(),
            ),
            (_, Some(before)) => before.panel_count.max(number(answered.len())),
            (Asker::Project, None) => number(models.count()),
            (Asker::Nobody, None) => number(answered.len()),
        }
    }

    /// Whether all vote on the item whatever the rule says: it is drawn, or was complete when nobody was left out. Where
    /// somebody has not answered, the rule may yet ask because the others differ.
    fn in_full(&self, answered: &BTreeSet<AnnotatorId>) -> bool {
        let input = self.input;
        let was_in_full = || match stopped_before(input.present) {
            Some(before) => before.in_full,
            None => !input.present.is_empty() && (!matches!(input.asker, Asker::Run(_)) || is_known(input)),
        };
        self.is_drawn() || (answered.len() == self.asking.stages.count() && was_in_full())
    }

    fn is_drawn(&self) -> bool {
        let stopping = &self.input.project.definition.policy.stopping;
        stopping.draws_for_full_votes(self.input.item.id)
    }

    fn fitted(&self, field: &Field) -> Option<&FittedFold> {
        calibration_for(self.input, field).map(|calibration| calibration.fitted)
    }
}

fn unasked(models: impl Iterator<Item = AnnotatorId>, answered: &BTreeSet<AnnotatorId>) -> Vec<AnnotatorId> {
    models.filter(|model| !answered.contains(model)).collect()
}

/// Those of the first stage that has somebody left.
fn next_of(stages: &CallStages, answered: &BTreeSet<AnnotatorId>) -> NextStep {
    let mut left = stages.iter().map(|stage| unasked(stage.iter().copied(), answered));
    let next = left.find(|stage| !stage.is_empty());
    next.map_or(NextStep::Keep, NextStep::Ask)
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
