//! The votes on a field, one by one and by value.

use std::collections::BTreeMap;

use accord_domain::{
    ABSENT_CLASS, Annotation, Annotator, AnnotatorId, Answer, Consensus, Field, FieldName, FieldType, Item, Project,
    clusters_by_similarity,
};
use accord_store::{StoreResult, Transaction};
use serde::Serialize;

use crate::pages::clusters::{ClusterSource, ShownCluster};
use crate::pages::numbers::{Moment, count, percent, span};
use crate::pages::shown::{ShownAnnotator, ShownValue};
use crate::problem::Problem;

/// Values of more characters are shown by their beginning where votes stand one below the other.
const LONG_VALUE_CHARACTERS: usize = 160;

/// How many characters of a long value are its beginning.
const BEGINNING_CHARACTERS: usize = 80;

/// Everything that was said about an item.
pub(super) struct Ballots {
    pub(super) annotations: Vec<Annotation>,
    pub(super) annotators: BTreeMap<AnnotatorId, Annotator>,
    pub(super) consensus: Vec<Consensus>,
    clusters: BTreeMap<FieldName, Vec<ShownCluster>>,
}

/// One annotator's answer.
#[derive(Debug, Clone, Serialize)]
pub(super) struct VoteLine {
    annotator: ShownAnnotator,
    /// `value`, `absent`, `abstained` or `failed`.
    status: &'static str,
    value: ShownValue,
    /// The beginning of a text that is too long to stand among the other votes.
    beginning: Option<String>,
    /// Why there is no answer, or what is odd about it.
    remark: Option<String>,
    counted: bool,
}

/// One value that got votes.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ClassLine {
    value: ShownValue,
    /// What a form sends for it: the raw value of a vote; none for absence.
    raw: Option<String>,
    share: String,
    share_width: f64,
    votes: u32,
    annotators: Vec<ShownAnnotator>,
    /// What is in it, where votes cluster by similarity.
    cluster: Option<ShownCluster>,
}

impl VoteLine {
    /// Whether it is no vote at all.
    pub(super) fn is_silent(&self) -> bool {
        matches!(self.status, "abstained" | "failed")
    }
}

impl ClassLine {
    /// Whether it is the class of those who found nothing.
    pub(super) const fn is_absent(&self) -> bool {
        matches!(self.value, ShownValue::Absent)
    }

    /// Whether different values count as one in it.
    pub(super) fn has_differences(&self) -> bool {
        self.cluster.as_ref().is_some_and(ShownCluster::has_differences)
    }
}

/// One submission as a whole.
#[derive(Debug, Clone, Serialize)]
pub(super) struct AnnotationLine {
    annotator: ShownAnnotator,
    submitted: Moment,
    latency: Option<String>,
    cost: Option<String>,
    tokens: Option<String>,
    model: Option<String>,
    blind: bool,
    comment: Option<String>,
    failure: Option<String>,
}

impl Ballots {
    /// Reads what was said about an item.
    pub(super) async fn read(transaction: &mut dyn Transaction, item: &Item) -> StoreResult<Self> {
        let annotators = transaction.annotators_of_project(item.project_id).await?;
        Ok(Self {
            annotations: transaction.annotations_of_items(&[item.id]).await?,
            annotators: annotators
                .into_iter()
                .map(|annotator| (annotator.id, annotator))
                .collect(),
            consensus: transaction.consensus_of_items(&[item.id]).await?,
            clusters: BTreeMap::new(),
        })
    }

    /// Looks into the clusters of the fields whose votes cluster by similarity. Long texts take a while to compare, so it
    /// is done off the threads that serve others.
    pub(super) async fn with_clusters(self, project: &Project) -> Result<Self, Problem> {
        let fields = project.definition.fields.iter();
        let fields: Vec<Field> = fields
            .filter(|field| clusters_by_similarity(field).is_some())
            .cloned()
            .collect();
        if fields.is_empty() {
            return Ok(self);
        }
        tokio::task::spawn_blocking(move || self.compare(&fields))
            .await
            .map_err(|error| Problem::internal(&error))
    }

    fn compare(mut self, fields: &[Field]) -> Self {
        let source = ClusterSource {
            annotations: &self.annotations,
            annotators: &self.annotators,
        };
        let clusters = fields.iter().filter_map(|field| {
            let consensus = self.consensus(field)?;
            Some((field.name.clone(), source.clusters(field, consensus)))
        });
        self.clusters = clusters.collect();
        self
    }

    /// The present consensus on a field.
    pub(super) fn consensus(&self, field: &Field) -> Option<&Consensus> {
        self.consensus.iter().find(|consensus| consensus.field == field.name)
    }

    /// Every answer on a field in order of submission.
    pub(super) fn votes(&self, field: &Field) -> Vec<VoteLine> {
        let counted = self
            .consensus(field)
            .map(|consensus| consensus.annotation_ids.as_slice());
        self.annotations
            .iter()
            .filter_map(|annotation| {
                let answer = annotation.answers.get(&field.name)?;
                Some(VoteLine {
                    annotator: self.annotator(annotation)?,
                    status: answer.status(),
                    value: ShownValue::of_answer(field, answer),
                    beginning: beginning(field, answer),
                    remark: remark(answer, annotation),
                    counted: counted.is_some_and(|ids| ids.contains(&annotation.id)),
                })
            })
            .collect()
    }

    /// The values that got votes, the heaviest first.
    pub(super) fn classes(&self, field: &Field) -> Vec<ClassLine> {
        let Some(consensus) = self.consensus(field) else {
            return Vec::new();
        };
        let mut clusters = self.clusters.get(&field.name).cloned().unwrap_or_default().into_iter();
        consensus
            .classes
            .iter()
            .map(|class| ClassLine {
                cluster: clusters.next(),
                value: ShownValue::of(field, class.value.as_deref(), &class.canonical),
                raw: class.value.clone().filter(|_| class.canonical != ABSENT_CLASS),
                share: percent(class.share),
                share_width: (class.share * 1e4).round() / 1e2,
                votes: class.vote_count,
                annotators: self
                    .annotations
                    .iter()
                    .filter(|annotation| class.annotation_ids.contains(&annotation.id))
                    .filter_map(|annotation| self.annotator(annotation))
                    .collect(),
            })
            .collect()
    }

    /// Every submission with what it took.
    pub(super) fn submissions(&self) -> Vec<AnnotationLine> {
        self.annotations
            .iter()
            .filter_map(|annotation| Some(submission(annotation, self.annotator(annotation)?)))
            .collect()
    }

    fn annotator(&self, annotation: &Annotation) -> Option<ShownAnnotator> {
        self.annotators.get(&annotation.annotator_id).map(ShownAnnotator::from)
    }
}

/// The beginning of a long text in a field whose votes cluster by similarity.
fn beginning(field: &Field, answer: &Answer) -> Option<String> {
    let Answer::Value(value) = answer else { return None };
    let is_long = value.raw.chars().nth(LONG_VALUE_CHARACTERS).is_some();
    let is_text = !matches!(field.field_type, FieldType::Table { .. });
    (is_long && is_text && clusters_by_similarity(field).is_some())
        .then(|| value.raw.chars().take(BEGINNING_CHARACTERS).collect())
}

fn remark(answer: &Answer, annotation: &Annotation) -> Option<String> {
    match answer {
        Answer::Failed { reason } => Some(reason.clone()),
        Answer::Value(value) if !value.parsed => Some("cannot be read as the field's type".to_owned()),
        Answer::Value(value) if value.valid == Some(false) => Some("check digits do not hold".to_owned()),
        Answer::Value(_) | Answer::Absent | Answer::Abstained if !annotation.provenance.blind => {
            Some("saw the other votes".to_owned())
        }
        Answer::Value(_) | Answer::Absent | Answer::Abstained => None,
    }
}

fn submission(annotation: &Annotation, annotator: ShownAnnotator) -> AnnotationLine {
    let provenance = &annotation.provenance;
    let tokens = match (provenance.input_tokens, provenance.output_tokens) {
        (None, None) => None,
        (input, output) => Some(format!(
            "{} + {}",
            count(input.unwrap_or(0)),
            count(output.unwrap_or(0))
        )),
    };
    let cost = provenance.cost.map(|cost| {
        let currency = provenance.cost_currency.as_deref().unwrap_or_default();
        format!("{} {currency}", cost.normalize()).trim().to_owned()
    });
    let is_resolution = !provenance.blind;
    AnnotationLine {
        annotator,
        submitted: annotation.submitted_at.into(),
        latency: provenance.latency_milliseconds.map(span),
        cost,
        tokens,
        model: provenance.model.clone(),
        blind: provenance.blind,
        comment: provenance.raw_output.clone().filter(|_| is_resolution),
        failure: provenance.failure.clone(),
    }
}
