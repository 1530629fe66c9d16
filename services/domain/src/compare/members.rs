//! What stands in one cluster of votes: the different values that count as one, and how alike they are.

use serde::Serialize;

use crate::answer::Answer;
use crate::compare::{clusters_by_similarity, vote_similarity};
use crate::consensus::ClassShare;
use crate::field::Field;
use crate::identifiers::AnnotationId;

/// The most characters times characters whose similarity is measured to find the least of all pairs of a cluster.
const MAXIMUM_PAIR_CELLS: usize = 100_000_000;

/// How far below the threshold a pair may be by rounding alone.
const ROUNDING: f64 = 1e-9;

/// Values of a field that count as one because every two of them were similar enough when they were scored.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cluster {
    /// The canonical value of its medoid: the real vote that stands for it.
    pub canonical: String,
    /// Its share of the weight.
    pub share: f64,
    /// How many votes are in it.
    pub vote_count: u32,
    /// The similarity from which two values count as one, by the project's present definition.
    pub threshold: f64,
    /// The similarity of its least similar pair of values; none where there is only one value, or where the texts are
    /// too long to measure every pair.
    pub least_similarity: Option<f64>,
    /// The different values in it: the medoid, then the others, the most similar to it first.
    pub members: Vec<ClusterMember>,
}

/// Equal votes in a cluster.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ClusterMember {
    /// The canonical value.
    pub canonical: String,
    /// The value as the first of those who voted so gave it; none for absence.
    pub value: Option<String>,
    /// How similar it is to the medoid, from 0 to 1.
    pub similarity: f64,
    /// The annotations that voted so.
    pub annotation_ids: Vec<AnnotationId>,
}

impl Cluster {
    /// Looks into a class of a consensus on a field whose votes cluster by similarity; none for other fields.
    ///
    /// Which votes are in it is what the consensus says, never counted anew; their similarity is the one by which votes
    /// are clustered.
    #[must_use]
    pub fn of<'a>(
        field: &Field,
        class: &ClassShare,
        answer: impl Fn(AnnotationId) -> Option<&'a Answer>,
    ) -> Option<Self> {
        let threshold = clusters_by_similarity(field)?;
        let mut members = equal_votes(field, class, answer);
        let least_similarity = least_similarity(field, &members);
        // Stable, so that equally similar values stay in the order of their first votes.
        members.sort_by(|left, right| {
            let is_medoid = |member: &ClusterMember| member.canonical == class.canonical;
            let by_similarity = right.similarity.total_cmp(&left.similarity);
            is_medoid(right).cmp(&is_medoid(left)).then(by_similarity)
        });
        Some(Self {
            canonical: class.canonical.clone(),
            share: class.share,
            vote_count: class.vote_count,
            threshold,
            least_similarity,
            members,
        })
    }

    /// Whether some two of its values would not count as one by the project's present threshold, which is then another
    /// than the one they were scored with.
    #[must_use]
    pub fn would_be_split(&self) -> bool {
        self.least_similarity
            .is_some_and(|least| least < self.threshold - ROUNDING)
    }
}

/// The votes of a class with the same canonical value, in order of the first of them.
fn equal_votes<'a>(
    field: &Field,
    class: &ClassShare,
    answer: impl Fn(AnnotationId) -> Option<&'a Answer>,
) -> Vec<ClusterMember> {
    let mut members: Vec<ClusterMember> = Vec::new();
    for id in &class.annotation_ids {
        let Some(answer) = answer(*id) else { continue };
        let Some(canonical) = answer.class() else { continue };
        if let Some(member) = members.iter_mut().find(|member| member.canonical == canonical) {
            member.annotation_ids.push(*id);
            continue;
        }
        members.push(ClusterMember {
            canonical: canonical.to_owned(),
            value: match answer {
                Answer::Value(value) => Some(value.raw.clone()),
                Answer::Absent | Answer::Abstained | Answer::Failed { .. } => None,
            },
            similarity: vote_similarity(field, &class.canonical, canonical),
            annotation_ids: vec![*id],
        });
    }
    members
}

fn least_similarity(field: &Field, members: &[ClusterMember]) -> Option<f64> {
    let lengths: Vec<usize> = members.iter().map(|member| member.canonical.chars().count()).collect();
    let pairs = || (0..members.len()).flat_map(|right| (0..right).map(move |left| (left, right)));
    let cells = pairs().fold(0_usize, |sum, (left, right)| {
        sum.saturating_add(lengths[left].saturating_mul(lengths[right]))
    });
    if cells > MAXIMUM_PAIR_CELLS {
        return None;
    }
    pairs()
        .map(|(left, right)| vote_similarity(field, &members[left].canonical, &members[right].canonical))
        .min_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::answer::ABSENT_CLASS;
    use crate::normalise::answer_from_json;

    fn field(threshold: f64) -> Field {
        serde_json::from_value(json!({
            "name": "note", "type": "text", "comparison": { "rule": "similarity", "threshold": threshold }
        }))
        .unwrap()
    }

    fn id(number: usize) -> AnnotationId {
        AnnotationId::from_uuid(Uuid::from_u128(number as u128))
    }

    fn class(canonical: &str, votes: usize) -> ClassShare {
        ClassShare {
            canonical: canonical.to_owned(),
            value: Some(canonical.to_owned()),
            share: 1.0,
            vote_count: u32::try_from(votes).unwrap(),
            annotation_ids: (0..votes).map(id).collect(),
        }
    }

    fn cluster(field: &Field, canonical: &str, texts: &[&str]) -> Cluster {
        let answers: Vec<Answer> = texts
            .iter()
            .map(|text| answer_from_json(field, &json!(text)).unwrap())
            .collect();
        let answer = |wanted: AnnotationId| (0..answers.len()).find(|number| id(*number) == wanted);
        Cluster::of(field, &class(canonical, texts.len()), |wanted| {
            answers.get(answer(wanted)?)
        })
        .unwrap()
    }

    #[test]
    fn equal_votes_are_one_member_and_the_medoid_stands_first() {
        let texts = [
            "grand hotel venic",
            "Grand  Hotel Venice",
            "grand hotel venicee",
            "grand hotel venice",
        ];
        let cluster = cluster(&field(0.8), "grand hotel venice", &texts);
        let members: Vec<(&str, usize)> = cluster
            .members
            .iter()
            .map(|member| (member.canonical.as_str(), member.annotation_ids.len()))
            .collect();
        assert_eq!(
            members,
            [
                ("grand hotel venice", 2),
                ("grand hotel venicee", 1),
                ("grand hotel venic", 1)
            ]
        );
        assert_eq!(cluster.members[0].value.as_deref(), Some("Grand  Hotel Venice"));
        let similarity: Vec<f64> = cluster.members.iter().map(|member| member.similarity).collect();
        assert_eq!(similarity, [1.0, 18.0 / 19.0, 17.0 / 18.0]);
        assert_eq!(cluster.least_similarity, Some(17.0 / 19.0));
        assert!(!cluster.would_be_split());
    }

    #[test]
    fn a_threshold_raised_since_would_split_what_was_one() {
        let texts = ["aaaaaaaaab", "aaaaaaaaac"];
        assert!(!cluster(&field(0.9), "aaaaaaaaab", &texts).would_be_split());
        assert!(cluster(&field(0.91), "aaaaaaaaab", &texts).would_be_split());
    }

    #[test]
    fn one_value_has_no_least_similar_pair_and_very_long_ones_are_not_measured() {
        assert_eq!(cluster(&field(0.8), "one", &["one", "One"]).least_similarity, None);
        let long: Vec<String> = (0..6).map(|number| format!("{}{number}", "a".repeat(5_100))).collect();
        let texts: Vec<&str> = long.iter().map(String::as_str).collect();
        let cluster = cluster(&field(0.8), &long[0], &texts);
        assert_eq!((cluster.least_similarity, cluster.members.len()), (None, 6));
    }

    #[test]
    fn absence_is_a_cluster_of_its_own_and_exact_fields_have_none() {
        let field = field(0.8);
        let absent = class(ABSENT_CLASS, 2);
        let cluster = Cluster::of(&field, &absent, |_| Some(&Answer::Absent)).unwrap();
        assert_eq!(cluster.members.len(), 1);
        assert_eq!(
            (cluster.members[0].value.as_deref(), cluster.members[0].similarity),
            (None, 1.0)
        );
        let exact: Field = serde_json::from_value(json!({ "name": "date", "type": "date" })).unwrap();
        assert_eq!(Cluster::of(&exact, &absent, |_| Some(&Answer::Absent)), None);
    }
}
