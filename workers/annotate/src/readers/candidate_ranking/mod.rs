//! Collects every candidate of a field's type and ranks them by fixed weights of their features.

mod weights;

use accord_domain::answer::{Answer, Answers};
use accord_domain::field::Field;

use super::features::{self, Candidate};
use super::reading::Reading;
use super::roles::{Role, is_receipt};
use super::{Reader, ReaderInput, answers, line_items};

/// The name of the reader.
pub(super) const NAME: &str = "candidate_ranking";

/// Features first: whatever candidate has the most for it and the least against it.
#[derive(Debug, Clone, Copy)]
pub(super) struct CandidateRanking;

impl Reader for CandidateRanking {
    fn name(&self) -> &str {
        NAME
    }

    fn version(&self) -> &str {
        "1"
    }

    fn read(&self, input: &ReaderInput<'_>) -> Answers {
        let reading = Reading::new(input.document);
        let receipt = is_receipt(input.fields);
        answers::by_role(input.fields, |field, role| match role {
            Role::Currency => answers::currency(field, &reading),
            Role::LineItems => line_items::text_rows::read(&reading, field),
            _ => rank(&reading, receipt, field, role),
        })
    }
}

fn rank(reading: &Reading, receipt: bool, field: &Field, role: Role) -> Option<Answer> {
    let rule = weights::rule(role, receipt)?;
    let mut rated: Vec<(f64, Candidate)> = features::candidates(reading, receipt, role)
        .into_iter()
        .map(|candidate| (score(&candidate, rule.weights), candidate))
        .collect();
    rated.sort_by(|left, right| right.0.total_cmp(&left.0));
    let (best, candidate) = rated.first()?;
    if *best < rule.least {
        return None;
    }
    let answer = features::answer(field, reading, &candidate.proposal)?;
    let rival = rated
        .iter()
        .skip(1)
        .take_while(|(other, _)| best - other < rule.margin)
        .any(|(_, other)| {
            features::answer(field, reading, &other.proposal)
                .is_some_and(|other| features::are_rivals(field, &other, &answer))
        });
    (!rival).then_some(answer)
}

fn score(candidate: &Candidate, weights: &[(&str, f64)]) -> f64 {
    candidate
        .features
        .iter()
        .filter_map(|(name, value)| {
            weights
                .iter()
                .find(|(weighted, _)| weighted == name)
                .map(|(_, weight)| weight * value)
        })
        .sum()
}
