//! Whether one field needs another vote.

use std::collections::HashMap;

use accord_domain::{AnnotatorId, Field, FittedFold, StopReason, clusters_by_similarity};
use accord_statistics::InvalidInput;
use accord_statistics::adaptive::{FamilyVote, StoppingRule, cannot_change_by_families};
use accord_statistics::voting::one_vote_per_family;

use super::completions::holds_in_every_completion;
use crate::ballot::Ballot;
use crate::tally::weights_of_voters;

/// Somebody who could still vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting<'a> {
    /// A language model that has not been asked.
    Model {
        /// Which one.
        annotator_id: AnnotatorId,
        /// Its family.
        family: &'a str,
    },
    /// A person, of whom nothing is known; numbered to be told apart.
    Person(usize),
}

/// How a field stands.
pub(super) struct FieldStanding<'a> {
    pub(super) field: &'a Field,
    /// The votes in the order of asking.
    pub(super) ballot: &'a Ballot<'a>,
    /// By what the votes are counted; evenly when there is nothing.
    pub(super) fitted: Option<&'a FittedFold>,
    pub(super) waiting: &'a [Waiting<'a>],
}

/// Why the field needs nobody else; none when it does.
pub(super) fn decide_field(
    rule: StoppingRule,
    standing: &FieldStanding<'_>,
) -> Result<Option<StopReason>, InvalidInput> {
    let has_models = standing
        .waiting
        .iter()
        .any(|waiting| matches!(waiting, Waiting::Model { .. }));
    if !has_models {
        return Ok(Some(StopReason::AllAsked));
    }
    if rule == StoppingRule::AllVotes || standing.ballot.classes.is_empty() {
        return Ok(None);
    }
    if standing.is_safe()? {
        return Ok(Some(StopReason::CannotChange));
    }
    Ok(standing.is_sure(rule)?.then_some(StopReason::Sure))
}

impl FieldStanding<'_> {
    /// Whether nothing that may come can change the winner or tie it.
    fn is_safe(&self) -> Result<bool, InvalidInput> {
        if let Some(is_settled) = self.settled_by_data() {
            return Ok(is_settled);
        }
        if let Some(pipeline) = self.fitted.and_then(|fitted| fitted.pipeline.as_ref())
            && let Some(holds) = holds_in_every_completion(self.field, self.ballot, pipeline, self.waiting)?
        {
            return Ok(holds);
        }
        let own = weights_of_voters(self.ballot, self.fitted);
        let mut waiting: Vec<f64> = self.waiting.iter().map(|waiting| self.weight_of(*waiting)).collect();
        if self.nobody_counts() {
            // Votes of voters without weight count alike, until somebody with weight votes.
            if waiting.iter().any(|weight| *weight > 0.0) {
                return Ok(false);
            }
            waiting.fill(1.0);
        }
        let mut families = Families::default();
        let classes = self.lasting_classes(&own);
        let cast: Vec<FamilyVote> = self
            .voting()
            .zip(classes)
            .map(|(position, class)| FamilyVote {
                family: families.number(self.ballot.votes[position].family),
                class,
                weight: own[position],
            })
            .collect();
        let remaining: Vec<(usize, f64)> = self
            .waiting
            .iter()
            .zip(waiting)
            .map(|(waiting, weight)| (families.number_of(*waiting), weight))
            .collect();
        cannot_change_by_families(&cast, &remaining)
    }

    /// Whether the rule is sure of the leader.
    fn is_sure(&self, rule: StoppingRule) -> Result<bool, InvalidInput> {
        let voting: Vec<usize> = self.voting().collect();
        let class_of = |position: usize| self.ballot.class_of_vote[position].unwrap_or_default();
        let mut families = Families::default();
        let numbers: Vec<usize> = voting
            .iter()
            .map(|position| families.number(self.ballot.votes[*position].family))
            .collect();
        let one_family = self.waiting.iter().all(|waiting| families.number_of(*waiting) == 0) && families.count() == 1;
        let by_class = |values: &[f64]| {
            let mut sums = vec![0.0; self.ballot.classes.len()];
            for (position, value) in voting.iter().zip(values) {
                sums[class_of(*position)] += value;
            }
            sums
        };
        let weights = match (rule, self.fitted) {
            // A posterior needs log-odds, which only gold gives.
            (StoppingRule::Posterior(_), None) => return Ok(false),
            _ => weights_of_voters(self.ballot, self.fitted),
        };
        let own: Vec<f64> = voting.iter().map(|position| weights[*position]).collect();
        // The ways of asking one model are draws of one sampler; beside others they are one vote.
        let votes = if one_family {
            vec![1.0; voting.len()]
        } else {
            one_vote_per_family(&numbers, &vec![1.0; voting.len()])?
        };
        let first_of_family = |place: usize| one_family || !numbers[..place].contains(&numbers[place]);
        let cast: Vec<usize> = (0..voting.len())
            .filter(|place| first_of_family(*place))
            .map(|place| class_of(voting[place]))
            .collect();
        rule.is_sure(
            &by_class(&one_vote_per_family(&numbers, &own)?),
            &by_class(&votes),
            &cast,
        )
    }

    /// The data of a document outweigh all readings of its page, so they settle the field where they agree; none where
    /// there are none.
    fn settled_by_data(&self) -> Option<bool> {
        let data = self.voting().filter(|position| self.ballot.votes[*position].from_data);
        let mut classes = data.map(|position| self.ballot.class_of_vote[position]);
        let first = classes.next()?;
        Some(classes.all(|class| class == first))
    }

    fn voting(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.ballot.votes.len()).filter(|position| self.ballot.class_of_vote[*position].is_some())
    }

    /// The class of every vote, such that no further vote can take a member from the leading one. Clusters of similar values
    /// may fall apart when another value comes between, but equal values stay together: there the heaviest value is held
    /// against all others together.
    fn lasting_classes(&self, weights: &[f64]) -> Vec<usize> {
        let class_of = |position: usize| self.ballot.class_of_vote[position].unwrap_or_default();
        if clusters_by_similarity(self.field).is_none() {
            return self.voting().map(class_of).collect();
        }
        let text_of = |position: usize| self.ballot.votes[position].answer.class();
        let weight_of = |text: Option<&str>| -> f64 {
            let same = self.voting().filter(|position| text_of(*position) == text);
            same.map(|position| weights[position]).sum()
        };
        let heaviest = self
            .voting()
            .map(text_of)
            .max_by(|left, right| weight_of(*left).total_cmp(&weight_of(*right)))
            .flatten();
        self.voting()
            .map(|position| usize::from(text_of(position) != heaviest))
            .collect()
    }

    fn weight_of(&self, waiting: Waiting<'_>) -> f64 {
        let Some(fitted) = self.fitted else { return 1.0 };
        match waiting {
            Waiting::Model { annotator_id, .. } => {
                let known = fitted.weights.get(&annotator_id);
                known.copied().unwrap_or(fitted.default_weight)
            }
            // Nobody knows who it will be: the most that anybody weighs.
            Waiting::Person(_) => fitted.weights.values().copied().fold(fitted.default_weight, f64::max),
        }
    }

    fn nobody_counts(&self) -> bool {
        let Some(fitted) = self.fitted else { return false };
        self.voting().all(|position| {
            let known = fitted.weights.get(&self.ballot.votes[position].annotator_id);
            known.copied().unwrap_or(fitted.default_weight) <= 0.0
        })
    }
}

/// Families numbered by appearance; every person is one.
#[derive(Default)]
struct Families<'a> {
    numbers: HashMap<&'a str, usize>,
    people: HashMap<usize, usize>,
}

impl<'a> Families<'a> {
    fn count(&self) -> usize {
        self.numbers.len() + self.people.len()
    }

    fn number(&mut self, family: &'a str) -> usize {
        let next = self.count();
        *self.numbers.entry(family).or_insert(next)
    }

    fn number_of(&mut self, waiting: Waiting<'a>) -> usize {
        match waiting {
            Waiting::Model { family, .. } => self.number(family),
            Waiting::Person(person) => {
                let next = self.count();
                *self.people.entry(person).or_insert(next)
            }
        }
    }
}
