//! The votes on one field of one item, with equal ones put into one class.

use accord_domain::{AnnotationId, AnnotatorId, Answer, Field, compare};
use accord_statistics::InvalidInput;
use accord_statistics::clusters::{Linkage, SimilarityMatrix, cluster_votes};

/// One annotator's answer on the field.
#[derive(Debug, Clone, Copy)]
pub struct CastVote<'a> {
    /// The annotation that holds it.
    pub annotation_id: AnnotationId,
    /// Who answered.
    pub annotator_id: AnnotatorId,
    /// The annotators that share errors with this one.
    pub family: &'a str,
    /// Whether it comes from data that the document carries rather than from reading its page.
    pub from_data: bool,
    /// What was answered.
    pub answer: &'a Answer,
}

/// Votes that count as the same value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoteClass {
    /// Positions of its votes in the ballot.
    pub members: Vec<usize>,
    /// Position of the vote that stands for the class: the medoid of a cluster, the first of equal values.
    pub representative: usize,
}

/// The votes on one field of one item, classes told apart.
#[derive(Debug, Clone)]
pub struct Ballot<'a> {
    /// The votes in order of submission.
    pub votes: Vec<CastVote<'a>>,
    /// The classes in order of their first vote.
    pub classes: Vec<VoteClass>,
    /// Class index of each vote; none for abstentions and failures.
    pub class_of_vote: Vec<Option<usize>>,
}

impl<'a> Ballot<'a> {
    /// Tells classes apart: equal canonical values, or for long texts clusters in which every pair is similar enough
    /// (complete linkage, methods 3.3). Absence is a class of its own.
    ///
    /// # Errors
    /// The similarity of two values is not a number from 0 to 1, which no comparison rule yields.
    pub fn new(field: &Field, votes: Vec<CastVote<'a>>) -> Result<Self, InvalidInput> {
        let mut classes = equal_classes(&votes);
        if let Some(threshold) = compare::clusters_by_similarity(field) {
            classes = similar_classes(field, &votes, classes, threshold)?;
        }
        let mut class_of_vote = vec![None; votes.len()];
        for (index, class) in classes.iter().enumerate() {
            for member in &class.members {
                if let Some(slot) = class_of_vote.get_mut(*member) {
                    *slot = Some(index);
                }
            }
        }
        Ok(Self {
            votes,
            classes,
            class_of_vote,
        })
    }

    /// The answer that stands for a class.
    #[must_use]
    pub fn answer_of_class(&self, class: usize) -> Option<&'a Answer> {
        let class = self.classes.get(class)?;
        self.votes.get(class.representative).map(|vote| vote.answer)
    }

    /// How many abstained.
    #[must_use]
    pub fn abstention_count(&self) -> usize {
        self.count_answers(|answer| matches!(answer, Answer::Abstained))
    }

    /// How many failed.
    #[must_use]
    pub fn failure_count(&self) -> usize {
        self.count_answers(|answer| matches!(answer, Answer::Failed { .. }))
    }

    fn count_answers(&self, wanted: impl Fn(&Answer) -> bool) -> usize {
        self.votes.iter().filter(|vote| wanted(vote.answer)).count()
    }
}

/// Votes with the same canonical text, in order of the first of them.
fn equal_classes(votes: &[CastVote<'_>]) -> Vec<VoteClass> {
    let mut classes: Vec<(&str, VoteClass)> = Vec::new();
    for (position, vote) in votes.iter().enumerate() {
        let Some(text) = vote.answer.class() else { continue };
        match classes.iter_mut().find(|(known, _)| *known == text) {
            Some((_, class)) => class.members.push(position),
            None => classes.push((
                text,
                VoteClass {
                    members: vec![position],
                    representative: position,
                },
            )),
        }
    }
    classes.into_iter().map(|(_, class)| class).collect()
}

/// Joins classes of equal values into clusters of similar ones. Equal values weigh as often as they were voted for,
/// so that the medoid is the value most people nearly agree with.
fn similar_classes(
    field: &Field,
    votes: &[CastVote<'_>],
    classes: Vec<VoteClass>,
    threshold: f64,
) -> Result<Vec<VoteClass>, InvalidInput> {
    let texts: Vec<&str> = classes
        .iter()
        .filter_map(|class| votes.get(class.representative)?.answer.class())
        .collect();
    let is_absent: Vec<bool> = classes
        .iter()
        .map(|class| {
            matches!(
                votes.get(class.representative).map(|vote| vote.answer),
                Some(Answer::Absent)
            )
        })
        .collect();
    if texts.len() < 2 {
        return Ok(classes);
    }
    let similarity = |left: usize, right: usize| {
        if left == right {
            1.0
        } else if is_absent[left] || is_absent[right] {
            0.0
        } else {
            compare::vote_similarity(field, texts[left], texts[right])
        }
    };
    let rows: Vec<Vec<f64>> = (0..texts.len())
        .map(|left| (0..texts.len()).map(|right| similarity(left, right)).collect())
        .collect();
    let weights: Vec<f64> = classes.iter().map(|class| class.members.len() as f64).collect();
    let clustering = cluster_votes(
        &SimilarityMatrix::from_rows(&rows)?,
        &weights,
        threshold,
        Linkage::Complete,
    )?;
    let Some(clustering) = clustering.value() else {
        return Ok(classes);
    };
    Ok(clustering
        .clusters
        .into_iter()
        .map(|cluster| VoteClass {
            members: joined_members(&classes, &cluster.members),
            representative: classes[cluster.medoid].representative,
        })
        .collect())
}

fn joined_members(classes: &[VoteClass], parts: &[usize]) -> Vec<usize> {
    let mut members: Vec<usize> = parts
        .iter()
        .flat_map(|part| classes[*part].members.iter().copied())
        .collect();
    members.sort_unstable();
    members
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixture::{FAMILIES, code, field, value, vote};

    fn ballot<'a>(field: &Field, answers: &'a [Answer]) -> Ballot<'a> {
        let cast = |(number, answer)| vote(number, FAMILIES[number], answer);
        Ballot::new(field, answers.iter().enumerate().map(cast).collect()).unwrap()
    }

    #[test]
    fn equal_canonical_values_are_one_class_and_absence_is_its_own() {
        let answers = [
            value("B"),
            Answer::Absent,
            value("A"),
            Answer::Abstained,
            value("B"),
            Answer::Failed { reason: String::new() },
            Answer::Absent,
        ];
        let ballot = ballot(&code(), &answers);
        let members: Vec<_> = ballot.classes.iter().map(|class| class.members.clone()).collect();
        assert_eq!(members, [vec![0, 4], vec![1, 6], vec![2]]);
        let classes = [Some(0), Some(1), Some(2), None, Some(0), None, Some(1)];
        assert_eq!(ballot.class_of_vote, classes);
        assert_eq!(ballot.answer_of_class(1), Some(&Answer::Absent));
        assert_eq!(ballot.answer_of_class(3), None);
        assert_eq!((ballot.abstention_count(), ballot.failure_count()), (1, 1));
    }

    #[test]
    fn a_text_that_looks_like_absence_is_still_told_apart_from_similar_texts() {
        let text = field(json!({"name": "note", "type": "text"}));
        let answers = [value("__ABSENT_"), Answer::Absent];
        assert_eq!(ballot(&text, &answers).classes.len(), 2);
    }

    #[test]
    fn similar_texts_are_one_class_whose_medoid_stands_for_it() {
        let text =
            field(json!({"name": "note", "type": "text", "comparison": {"rule": "similarity", "threshold": 0.8}}));
        let answers = [
            value("grand hotel venicee"),
            value("grand hotel venice"),
            value("grand hotel venice"),
            value("something else"),
            value("grand hotel venic"),
        ];
        let ballot = ballot(&text, &answers);
        assert_eq!(ballot.classes.len(), 2);
        assert_eq!(ballot.classes[0].members, [0, 1, 2, 4]);
        assert_eq!(ballot.answer_of_class(0), Some(&answers[1]));
    }

    #[test]
    fn a_chain_of_similar_texts_does_not_join_its_unlike_ends() {
        let text =
            field(json!({"name": "note", "type": "text", "comparison": {"rule": "similarity", "threshold": 0.75}}));
        let answers = [value("aaaa"), value("aaab"), value("aabb")];
        let ballot = ballot(&text, &answers);
        assert_eq!(ballot.classes.len(), 2, "{:?}", ballot.classes);
    }

    #[test]
    fn the_same_votes_give_the_same_classes_every_time() {
        let address = field(json!({"name": "address", "type": "address"}));
        let answers: Vec<Answer> = (0..8)
            .map(|number| value(&format!("{} high street {}", number / 2, number % 3)))
            .collect();
        let first = ballot(&address, &answers).classes;
        for _ in 0..20 {
            assert_eq!(ballot(&address, &answers).classes, first);
        }
    }
}
