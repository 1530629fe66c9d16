//! Whether a winner by a chosen method stays whatever the others say: no formula tells for all methods, so every way in
//! which a vote may end is tried.

use accord_domain::{
    ABSENT_CLASS, AnnotationId, AnnotatorId, Answer, Field, FittedPipeline, NormalisedValue, clusters_by_similarity,
};
use accord_statistics::InvalidInput;
use accord_statistics::pipeline::FittedPipeline as FittedModel;
use uuid::Uuid;

use super::field::Waiting;
use crate::ballot::{Ballot, CastVote};
use crate::numbered::Numbering;

/// The most ways to complete a vote that are tried; where there are more, the winner counts as open.
const MOST_COMPLETIONS: usize = 1024;

/// Names of people's families; more cannot wait, as even two ways each would be too many to try.
const PEOPLE: [&str; 10] = ["@0", "@1", "@2", "@3", "@4", "@5", "@6", "@7", "@8", "@9"];

/// A value that nobody gives.
const UNHEARD_OF: &str = "\u{fffd}\u{fffd}\u{fffd}";

/// Whether the winner stays in every completion of the vote; none where the method cannot be read, so that votes count
/// evenly. Values that cluster by similarity can come between others in more ways than can be tried: there a winner stays
/// open.
pub(super) fn holds_in_every_completion(
    field: &Field,
    ballot: &Ballot<'_>,
    pipeline: &FittedPipeline,
    waiting: &[Waiting<'_>],
) -> Result<Option<bool>, InvalidInput> {
    let Ok(model) = serde_json::from_value::<FittedModel>(pipeline.model.clone()) else {
        return Ok(None);
    };
    if clusters_by_similarity(field).is_some() {
        return Ok(Some(false));
    }
    let options = options(ballot, pipeline);
    let ways = options.len() + 1;
    let all = u32::try_from(waiting.len())
        .ok()
        .and_then(|count| ways.checked_pow(count));
    let Some(all) = all.filter(|all| *all <= MOST_COMPLETIONS) else {
        return Ok(Some(false));
    };
    let numbering = Numbering::of_pipeline(pipeline);
    let winner = |votes: Vec<CastVote<'_>>| -> Result<Option<String>, InvalidInput> {
        let ballot = Ballot::new(field, votes)?;
        let (panel, numbered) = numbering.ballot(&ballot)?;
        let winner = model.apply(&panel, &numbered)?.and_then(|outcome| outcome.winner);
        let answer = winner.and_then(|class| ballot.answer_of_class(class));
        Ok(answer.and_then(Answer::class).map(str::to_owned))
    };
    let Some(leader) = winner(ballot.votes.clone())? else {
        return Ok(Some(false));
    };
    for completion in 0..all {
        let mut votes = ballot.votes.clone();
        let mut rest = completion;
        for (place, waiting) in waiting.iter().enumerate() {
            let choice = rest % ways;
            rest /= ways;
            // The last choice is to abstain.
            if let Some(answer) = options.get(choice) {
                votes.push(vote(*waiting, place, answer));
            }
        }
        if winner(votes)?.as_ref() != Some(&leader) {
            return Ok(Some(false));
        }
    }
    Ok(Some(true))
}

/// Everything that can be voted for: what was voted for, what the field declares, and something else.
fn options(ballot: &Ballot<'_>, pipeline: &FittedPipeline) -> Vec<Answer> {
    let seen = (0..ballot.classes.len()).filter_map(|class| ballot.answer_of_class(class).cloned());
    let mut options: Vec<Answer> = seen.collect();
    let mut others: Vec<Answer> = pipeline.classes.iter().map(|class| answer_of(class)).collect();
    if others.is_empty() {
        others = vec![answer_of(UNHEARD_OF), Answer::Absent];
    }
    for other in others {
        if !options.iter().any(|known| known.class() == other.class()) {
            options.push(other);
        }
    }
    options
}

fn answer_of(class: &str) -> Answer {
    if class == ABSENT_CLASS {
        return Answer::Absent;
    }
    Answer::Value(NormalisedValue {
        raw: class.to_owned(),
        canonical: class.to_owned(),
        parsed: true,
        valid: None,
    })
}

/// A vote that somebody may yet cast. A person is somebody of whom nothing is known.
fn vote<'a>(waiting: Waiting<'a>, place: usize, answer: &'a Answer) -> CastVote<'a> {
    let number = Uuid::from_u128(place as u128);
    let (annotator_id, family) = match waiting {
        Waiting::Model { annotator_id, family } => (annotator_id, family),
        Waiting::Person(_) => (AnnotatorId::from_uuid(number), PEOPLE[place % PEOPLE.len()]),
    };
    CastVote {
        annotation_id: AnnotationId::from_uuid(number),
        annotator_id,
        family,
        from_data: false,
        answer,
    }
}
