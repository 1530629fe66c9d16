//! What stands in a cluster of votes, beside the vote that stands for it.

use std::collections::BTreeMap;

use accord_domain::{
    Annotation, AnnotationId, Annotator, AnnotatorId, Cluster, ClusterMember, Consensus, Field, FieldType,
    vote_similarity,
};
use serde::Serialize;

use crate::pages::difference::{Difference, difference, whole};
use crate::pages::numbers::{counted, probability};
use crate::pages::rows_difference::{RowsDifference, rows_difference};
use crate::pages::shown::{ShownAnnotator, ShownValue};

/// The most different values of a cluster that are shown; all of them are in the API.
const MAXIMUM_MEMBERS: usize = 25;

/// A cluster of votes.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ShownCluster {
    /// The similarity of its least similar values, and that from which values count as one.
    unity: Option<String>,
    /// That the field's present threshold would part it.
    split: Option<String>,
    /// How similar the value that stands for it is to that of the heaviest cluster; none of the heaviest.
    likeness: Option<String>,
    members: Vec<ShownMember>,
    /// How many different values are not shown.
    left_out: usize,
}

/// Equal votes.
#[derive(Debug, Clone, Serialize)]
struct ShownMember {
    value: MemberValue,
    /// What a form sends for it; none for absence.
    raw: Option<String>,
    /// Whether it stands for the cluster.
    is_medoid: bool,
    similarity: String,
    votes: String,
    annotators: Vec<ShownAnnotator>,
}

/// A value with its differences from the one that stands for the cluster.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum MemberValue {
    Text(Difference),
    Rows(RowsDifference),
    Absent,
}

/// Everything a cluster is shown from.
pub(super) struct ClusterSource<'a> {
    pub(super) annotations: &'a [Annotation],
    pub(super) annotators: &'a BTreeMap<AnnotatorId, Annotator>,
}

impl ShownCluster {
    /// Whether different values count as one in it.
    pub(super) const fn has_differences(&self) -> bool {
        self.members.len() > 1
    }
}

impl ClusterSource<'_> {
    /// The clusters of a field whose votes cluster by similarity, in the order of the consensus's classes; empty for
    /// other fields.
    pub(super) fn clusters(&self, field: &Field, consensus: &Consensus) -> Vec<ShownCluster> {
        let heaviest = consensus.classes.first().map(|class| class.canonical.as_str());
        consensus
            .classes
            .iter()
            .filter_map(|class| {
                let cluster = Cluster::of(field, class, |id| self.annotation(id)?.answers.get(&field.name))?;
                let heaviest = heaviest.filter(|heaviest| *heaviest != class.canonical);
                Some(self.shown(field, consensus, &cluster, heaviest))
            })
            .collect()
    }

    fn shown(&self, field: &Field, consensus: &Consensus, cluster: &Cluster, heaviest: Option<&str>) -> ShownCluster {
        let medoid = cluster.members.first();
        let members = cluster.members.iter().take(MAXIMUM_MEMBERS);
        ShownCluster {
            unity: unity(cluster),
            split: cluster.would_be_split().then(|| split(cluster, consensus)),
            likeness: heaviest.map(|heaviest| {
                let similarity = vote_similarity(field, heaviest, &cluster.canonical);
                format!("similarity to the first {}", probability(similarity))
            }),
            members: members.map(|member| self.member(field, medoid, member)).collect(),
            left_out: cluster.members.len().saturating_sub(MAXIMUM_MEMBERS),
        }
    }

    fn member(&self, field: &Field, medoid: Option<&ClusterMember>, member: &ClusterMember) -> ShownMember {
        let votes = i64::try_from(member.annotation_ids.len()).unwrap_or(i64::MAX);
        let medoid = medoid.filter(|medoid| medoid.canonical != member.canonical);
        let annotators = member.annotation_ids.iter().filter_map(|id| {
            let annotation = self.annotation(*id)?;
            self.annotators.get(&annotation.annotator_id).map(ShownAnnotator::from)
        });
        ShownMember {
            value: value(field, medoid.and_then(|medoid| medoid.value.as_deref()), member),
            raw: member.value.clone(),
            is_medoid: medoid.is_none(),
            similarity: probability(member.similarity),
            votes: counted(votes, "vote"),
            annotators: annotators.collect(),
        }
    }

    fn annotation(&self, id: AnnotationId) -> Option<&Annotation> {
        self.annotations.iter().find(|annotation| annotation.id == id)
    }
}

fn unity(cluster: &Cluster) -> Option<String> {
    if cluster.members.len() < 2 {
        return None;
    }
    let threshold = probability(cluster.threshold);
    Some(match cluster.least_similarity {
        Some(least) => format!(
            "least similarity of two of its values {}; values count as one from {threshold}",
            probability(least)
        ),
        None => format!("values count as one from {threshold}; these are too long to compare every pair here"),
    })
}

fn split(cluster: &Cluster, consensus: &Consensus) -> String {
    format!(
        "The field's threshold is {} now, at which these values would be split: they were scored with version {} of the project.",
        probability(cluster.threshold),
        consensus.project_version
    )
}

/// The value with its differences from the medoid's, which is none for the medoid itself.
fn value(field: &Field, medoid: Option<&str>, member: &ClusterMember) -> MemberValue {
    let Some(raw) = member.value.as_deref() else {
        return MemberValue::Absent;
    };
    if let FieldType::Table { columns } = &field.field_type
        && let ShownValue::Rows { columns: titles, rows } = ShownValue::of(field, Some(raw), &member.canonical)
    {
        let other = match medoid.map(|medoid| ShownValue::of(field, Some(medoid), medoid)) {
            Some(ShownValue::Rows { rows, .. }) => rows,
            _ => rows.clone(),
        };
        return MemberValue::Rows(rows_difference(columns, titles, &other, &rows));
    }
    MemberValue::Text(match medoid {
        Some(medoid) => difference(field, medoid, raw),
        None => whole(field, raw),
    })
}
