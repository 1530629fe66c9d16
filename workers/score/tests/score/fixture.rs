//! Votes made by voters of known skill, the same at every run.

use accord_domain::fold_of;
use accord_domain::{AnnotationId, AnnotatorId, Answer, Field, NormalisedValue, Weighting};
use accord_score::ballot::{Ballot, CastVote};
use accord_score::fit::{FieldGold, FittedField, fit_fields};
use accord_score::weights::LabelledBallot;
use uuid::Uuid;

/// How often each voter is right; no two of them share a family.
pub(crate) const SKILLS: [(f64, &str); 5] = [(0.95, "a"), (0.85, "b"), (0.75, "c"), (0.6, "d"), (0.4, "e")];

/// Labelled items of one field.
#[derive(Clone)]
pub(crate) struct Labelled {
    pub(crate) field: Field,
    pub(crate) gold: Vec<Answer>,
    /// By item, then by voter.
    pub(crate) votes: Vec<Vec<Answer>>,
}

pub(crate) fn value(text: impl Into<String>) -> Answer {
    let text = text.into();
    Answer::Value(NormalisedValue {
        raw: text.clone(),
        canonical: text,
        parsed: true,
        valid: None,
    })
}

/// A number from 0 up to 1 that depends on its arguments only.
pub(crate) fn chance(item: usize, voter: usize, purpose: u64) -> f64 {
    let mut mixed = ((item as u64) << 32) | ((voter as u64) << 8) | purpose;
    for _ in 0..3 {
        mixed = mixed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed ^= mixed >> 27;
    }
    (mixed >> 11) as f64 / (1_u64 << 53) as f64
}

/// Items on which the voters are right as often as their skill says; wrong ones choose among three values, and one in
/// twenty abstains.
pub(crate) fn labelled(field: Field, items: usize, purpose: u64) -> Labelled {
    let vote = |item: usize, voter: usize| {
        if chance(item, voter, purpose + 1) < 0.05 {
            Answer::Abstained
        } else if chance(item, voter, purpose) < SKILLS[voter].0 {
            value("right")
        } else {
            value(format!("wrong {}", (chance(item, voter, purpose + 2) * 3.0) as usize))
        }
    };
    Labelled {
        field,
        gold: vec![value("right"); items],
        votes: (0..items)
            .map(|item| (0..SKILLS.len()).map(|voter| vote(item, voter)).collect())
            .collect(),
    }
}

/// The same, but on one item in seven the three best agree on the same wrong value: errors enough to choose a method by.
pub(crate) fn misleading(field: Field, items: usize, purpose: u64) -> Labelled {
    let mut data = labelled(field, items, purpose);
    for votes in data.votes.iter_mut().step_by(7) {
        votes.iter_mut().take(3).for_each(|vote| *vote = value("wrong 0"));
    }
    data
}

pub(crate) fn fold_of_item(item: usize) -> u32 {
    fold_of(&format!("document {item}"))
}

pub(crate) fn annotator(voter: usize) -> AnnotatorId {
    AnnotatorId::from_uuid(Uuid::from_u128(voter as u128))
}

pub(crate) fn fit(fields: &[Labelled], weighting: Weighting) -> Vec<Option<FittedField>> {
    let gold: Vec<FieldGold<'_>> = fields.iter().map(gold_of).collect();
    fit_fields(&gold, weighting, &[]).unwrap()
}

fn gold_of(data: &Labelled) -> FieldGold<'_> {
    let cast = |(voter, answer)| CastVote {
        annotation_id: AnnotationId::from_uuid(Uuid::nil()),
        annotator_id: annotator(voter),
        family: SKILLS[voter].1,
        from_data: false,
        answer,
    };
    let items = data.gold.iter().zip(&data.votes).enumerate();
    FieldGold {
        field: &data.field,
        labelled: items
            .map(|(item, (gold, votes))| LabelledBallot {
                fold: fold_of_item(item),
                document: item as u64,
                ballot: Ballot::new(&data.field, votes.iter().enumerate().map(cast).collect()).unwrap(),
                gold,
            })
            .collect(),
        unlabelled: Vec::new(),
    }
}
