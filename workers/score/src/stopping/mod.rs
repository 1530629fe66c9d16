//! How many of a project's language models are asked about an item, and which ones next (methods 8).

mod completions;
mod field;
mod order;
mod replay;
mod step;

pub use field::Waiting;
pub use order::CallStages;
pub use replay::Replayed;
pub use step::{Ended, NextStep, Voted, next_step};

use std::collections::{BTreeMap, BTreeSet, HashMap};

use accord_domain::{Annotation, Annotator, AnnotatorId, Field, FieldName, FittedFold, StopReason};
use accord_statistics::InvalidInput;
use accord_statistics::adaptive::{self, SequentialTest};

use crate::ballot::Ballot;
use crate::item::cast_votes;
use field::{FieldStanding, decide_field};

/// The rule in the words of the statistics.
///
/// # Errors
/// Numbers that a checked definition does not have.
fn rule_of(rule: accord_domain::StoppingRule) -> Result<adaptive::StoppingRule, InvalidInput> {
    use accord_domain::StoppingRule;
    Ok(match rule {
        StoppingRule::AllVotes => adaptive::StoppingRule::AllVotes,
        StoppingRule::CannotChange => adaptive::StoppingRule::CannotChange,
        StoppingRule::Beta(level) => adaptive::StoppingRule::Beta(level),
        StoppingRule::Posterior(level) => adaptive::StoppingRule::Posterior(level),
        StoppingRule::Sequential(test) => {
            adaptive::StoppingRule::Sequential(SequentialTest::new(test.p0, test.p1, test.alpha, test.beta)?)
        }
    })
}

/// The votes on an item, and who could still vote.
struct Asking<'a> {
    fields: &'a [Field],
    annotations: &'a [Annotation],
    annotators: &'a HashMap<AnnotatorId, Annotator>,
    stages: &'a CallStages,
    rule: adaptive::StoppingRule,
    /// How many people may still vote.
    people: usize,
}

/// Where asking stage by stage leads.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Walk {
    /// The rule stops after these language models were asked.
    Stopped {
        asked: BTreeSet<AnnotatorId>,
        reasons: BTreeMap<FieldName, StopReason>,
    },
    /// It wants votes that are not there.
    Open,
}

impl Asking<'_> {
    /// The language models that have answered, whatever they said.
    fn answered(&self) -> BTreeSet<AnnotatorId> {
        let voted: BTreeSet<AnnotatorId> = self
            .annotations
            .iter()
            .map(|annotation| annotation.annotator_id)
            .collect();
        self.stages.models().filter(|model| voted.contains(model)).collect()
    }

    /// Asks one stage after the other, as if their votes were not known before, until the rule stops.
    fn walk<'f>(&self, fitted: &impl Fn(&Field) -> Option<&'f FittedFold>) -> Result<Walk, InvalidInput> {
        let answered = self.answered();
        let mut asked = BTreeSet::new();
        if let Some(reasons) = self.decide(&asked, fitted)? {
            return Ok(Walk::Stopped { asked, reasons });
        }
        for stage in self.stages.iter() {
            if !stage.iter().all(|model| answered.contains(model)) {
                return Ok(Walk::Open);
            }
            asked.extend(stage.iter().copied());
            if let Some(reasons) = self.decide(&asked, fitted)? {
                return Ok(Walk::Stopped { asked, reasons });
            }
        }
        Ok(Walk::Open)
    }

    /// Why each field needs nobody else, by the votes of readers, people and these language models; none as long as one
    /// does.
    fn decide<'f>(
        &self,
        asked: &BTreeSet<AnnotatorId>,
        fitted: &impl Fn(&Field) -> Option<&'f FittedFold>,
    ) -> Result<Option<BTreeMap<FieldName, StopReason>>, InvalidInput> {
        let waiting = self.waiting(asked);
        let mut reasons = BTreeMap::new();
        for field in self.fields {
            let standing = FieldStanding {
                field,
                ballot: &Ballot::new(field, self.votes(field, asked))?,
                fitted: fitted(field),
                waiting: &waiting,
            };
            let Some(reason) = decide_field(self.rule, &standing)? else {
                return Ok(None);
            };
            reasons.insert(field.name.clone(), reason);
        }
        Ok(Some(reasons))
    }

    /// The votes of readers, people and these language models, the latter in the order of asking.
    fn votes(&self, field: &Field, asked: &BTreeSet<AnnotatorId>) -> Vec<crate::ballot::CastVote<'_>> {
        let mut votes = cast_votes(&field.name, self.annotations, self.annotators);
        votes.retain(|vote| !self.stages.contains(vote.annotator_id) || asked.contains(&vote.annotator_id));
        votes.sort_by_key(|vote| self.stages.position(vote.annotator_id));
        votes
    }

    fn waiting(&self, asked: &BTreeSet<AnnotatorId>) -> Vec<Waiting<'_>> {
        let models = self.stages.models().filter(|model| !asked.contains(model));
        let models = models.filter_map(|model| {
            Some(Waiting::Model {
                annotator_id: model,
                family: &self.annotators.get(&model)?.family,
            })
        });
        models.chain((0..self.people).map(Waiting::Person)).collect()
    }
}
