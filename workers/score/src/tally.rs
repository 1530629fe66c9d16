//! Counting a ballot: weighted shares, the winner, and the raw score that calibrators take.

use std::collections::HashMap;

use accord_domain::{FieldType, FittedFold};
use accord_statistics::InvalidInput;
use accord_statistics::score::add_half_logit;
use accord_statistics::voting::{Categories, Tally, one_vote_per_family, weighted_effective_votes, weighted_vote};

use crate::ballot::Ballot;

/// The result of counting a ballot.
#[derive(Debug, Clone)]
pub struct CountedBallot {
    /// Shares, winner or tie, margin and entropy; none when nobody voted.
    pub tally: Option<Tally>,
    /// How many votes they are worth: members of one family together count as one.
    pub effective_votes: f64,
    /// The add-half logit of the leading share at the effective number of votes (methods 4.2); none when nobody voted.
    pub raw_score: Option<f64>,
}

/// The weight of each voter: learned ones where given, else all the same.
#[must_use]
pub fn weights_of_voters(ballot: &Ballot<'_>, fitted: Option<&FittedFold>) -> Vec<f64> {
    let weight = |vote: &crate::ballot::CastVote<'_>| {
        fitted.map_or(1.0, |fitted| {
            fitted
                .weights
                .get(&vote.annotator_id)
                .copied()
                .unwrap_or(fitted.default_weight)
        })
    };
    let weights: Vec<f64> = ballot.votes.iter().map(weight).collect();
    let somebody_counts = weights
        .iter()
        .zip(&ballot.class_of_vote)
        .any(|(weight, class)| class.is_some() && *weight > 0.0);
    if somebody_counts {
        weights
    } else {
        // Everybody who voted is known to be no better than chance: their votes are all there is, so they count alike,
        // and calibration tells what that is worth.
        vec![1.0; ballot.votes.len()]
    }
}

/// Counts a ballot with these weights, one for each vote. Members of one family that voted share one vote (methods 2.9a).
///
/// # Errors
/// Weights that are negative or not finite, or of another number than the votes.
pub fn count(ballot: &Ballot<'_>, weights: &[f64], field_type: &FieldType) -> Result<CountedBallot, InvalidInput> {
    let voting: Vec<usize> = (0..ballot.votes.len())
        .filter(|position| ballot.class_of_vote[*position].is_some())
        .collect();
    if voting.is_empty() {
        return Ok(CountedBallot {
            tally: None,
            effective_votes: 0.0,
            raw_score: None,
        });
    }
    let classes: Vec<Option<usize>> = voting.iter().map(|position| ballot.class_of_vote[*position]).collect();
    let own: Vec<f64> = voting
        .iter()
        .map(|position| weights.get(*position).copied().unwrap_or(1.0))
        .collect();
    let families = number_families(ballot, &voting);
    let mut shared = one_vote_per_family(&families, &own)?;
    let from_data: Vec<bool> = voting
        .iter()
        .map(|position| ballot.votes[*position].from_data)
        .collect();
    let_data_outweigh_readings(&mut shared, &from_data);
    let counted = weighted_vote(&classes, &shared, categories(field_type, ballot.classes.len()))?;
    let family_count = families.iter().max().map_or(0, |last| last + 1);
    let effective = weighted_effective_votes(&families, &own, &vec![1.0; family_count])?;
    let effective_votes = effective.value().unwrap_or(0.0);
    let tally = counted.tally.value();
    let raw_score = match &tally {
        Some(tally) if effective_votes > 0.0 => Some(add_half_logit(tally.top_share(), effective_votes)?),
        _ => None,
    };
    Ok(CountedBallot {
        tally,
        effective_votes,
        raw_score,
    })
}

/// How much more the data of a document weigh than all readings of its page together.
const DATA_OVER_READINGS: f64 = 1.05;

/// The data that an electronic invoice carries are the invoice; its page is a picture of them. So they win where they
/// answer, and readings that differ show as a small lead, hence as little confidence.
fn let_data_outweigh_readings(weights: &mut [f64], from_data: &[bool]) {
    let readings: f64 = weights
        .iter()
        .zip(from_data)
        .filter(|(_, data)| !**data)
        .map(|(weight, _)| weight)
        .sum();
    for (weight, data) in weights.iter_mut().zip(from_data) {
        if *data {
            *weight = weight.max(DATA_OVER_READINGS * readings);
        }
    }
}

/// Numbers the families of those who voted, from 0 in order of appearance.
fn number_families(ballot: &Ballot<'_>, voting: &[usize]) -> Vec<usize> {
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    voting
        .iter()
        .map(|position| {
            let next = numbers.len();
            *numbers.entry(ballot.votes[*position].family).or_insert(next)
        })
        .collect()
}

/// Declared classes are numbered by appearance as well: only their count matters, and absence is one more.
fn categories(field_type: &FieldType, seen: usize) -> Categories {
    match declared_classes(field_type) {
        Some(declared) => Categories::Declared((declared + 1).max(seen)),
        None => Categories::Open(seen),
    }
}

/// How many values a field can take, for fields that declare them.
#[must_use]
pub fn declared_classes(field_type: &FieldType) -> Option<usize> {
    match field_type {
        FieldType::Choice { options } => Some(options.len()),
        FieldType::Boolean => Some(2),
        FieldType::Rating { minimum, maximum } => usize::try_from(maximum - minimum + 1).ok(),
        _ => None,
    }
}
