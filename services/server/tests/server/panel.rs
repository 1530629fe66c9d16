//! What workers leave behind in the store, brought about by the store's own steps: annotations and consensus.

use accord_domain::{
    Annotation, AnnotationId, ClassShare, Confidence, Consensus, ConsensusId, Decision, FieldName, Item, Lease,
    Outcome, Project, Provenance, ReviewReason, TaskKind, answers_from_json,
};
use accord_server::AppState;
use accord_store::{ClaimRequest, Transaction, flow};
use serde_json::{Value, json};

/// Answers every automatic task that is ready with the same answers, and scores what is complete. Returns how many
/// tasks were done.
pub(crate) async fn work(state: &AppState, answers: &Value) -> usize {
    let mut done = 0;
    loop {
        let mut transaction = state.store.write().await.unwrap();
        let request = ClaimRequest {
            kinds: &[TaskKind::Annotate, TaskKind::Score],
            project_id: None,
            worker: "panel",
            lease_milliseconds: 60_000,
            limit: 50,
        };
        let leases = flow::claim(transaction.as_mut(), state.environment.as_ref(), &request)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
        if leases.is_empty() {
            return done;
        }
        done += leases.len();
        for lease in leases {
            let mut transaction = state.store.write().await.unwrap();
            if lease.task.kind == TaskKind::Annotate {
                annotate(state, transaction.as_mut(), &lease, answers).await;
            } else {
                score(state, transaction.as_mut(), &lease).await;
            }
            transaction.commit().await.unwrap();
        }
    }
}

async fn annotate(state: &AppState, transaction: &mut dyn Transaction, lease: &Lease, answers: &Value) {
    let environment = state.environment.as_ref();
    let project = transaction.project(lease.task.project_id).await.unwrap().unwrap();
    let annotation = Annotation {
        id: AnnotationId::generate(environment),
        project_id: project.id,
        item_id: lease.task.item_id.unwrap(),
        annotator_id: lease.task.annotator_id.unwrap(),
        task_id: lease.task.id,
        answers: answers_from_json(&project.definition.fields, answers.as_object().unwrap()).unwrap(),
        provenance: Provenance {
            blind: true,
            code_version: "test".to_owned(),
            ..Provenance::default()
        },
        submitted_at: environment.now(),
    };
    flow::submit_annotation(transaction, environment, &project, lease, &annotation)
        .await
        .unwrap();
}

async fn score(state: &AppState, transaction: &mut dyn Transaction, lease: &Lease) {
    let project = transaction.project(lease.task.project_id).await.unwrap().unwrap();
    let item = transaction.item(lease.task.item_id.unwrap()).await.unwrap().unwrap();
    let annotations = transaction.annotations_of_items(&[item.id]).await.unwrap();
    let fields = project.definition.fields.iter();
    let rows: Vec<Consensus> = fields
        .map(|field| consensus(state, &project, &item, &field.name, &annotations))
        .collect();
    flow::store_score(transaction, state.environment.as_ref(), lease, &rows)
        .await
        .unwrap();
}

/// The first vote wins with the share of those that say the same; nothing is calibrated.
fn consensus(
    state: &AppState,
    project: &Project,
    item: &Item,
    field: &FieldName,
    annotations: &[Annotation],
) -> Consensus {
    let votes: Vec<(&Annotation, &str)> = annotations
        .iter()
        .filter_map(|annotation| Some((annotation, annotation.answers.get(field)?.class()?)))
        .collect();
    let mut classes: Vec<ClassShare> = Vec::new();
    let count = votes.len() as f64;
    for (annotation, canonical) in &votes {
        match classes.iter_mut().find(|class| class.canonical == *canonical) {
            Some(class) => {
                class.vote_count += 1;
                class.share += 1.0 / count;
                class.annotation_ids.push(annotation.id);
            }
            None => classes.push(ClassShare {
                canonical: (*canonical).to_owned(),
                value: Some((*canonical).to_owned()),
                share: 1.0 / count,
                vote_count: 1,
                annotation_ids: vec![annotation.id],
            }),
        }
    }
    let outcome = classes.first().map_or_else(
        || Outcome::Undefined {
            reason: "nobody voted".to_owned(),
        },
        |class| Outcome::Winner {
            canonical: class.canonical.clone(),
            value: class.value.clone(),
            share: class.share,
        },
    );
    Consensus {
        id: ConsensusId::generate(state.environment.as_ref()),
        project_id: project.id,
        item_id: item.id,
        field: field.clone(),
        outcome,
        confidence: Confidence::Uncalibrated {
            share: classes.first().map(|class| class.share),
        },
        decision: Decision::NeedsReview {
            reason: ReviewReason::Uncalibrated,
            threshold: project.definition.policy.accept_at,
        },
        vote_count: u32::try_from(votes.len()).unwrap(),
        effective_vote_count: count,
        abstention_count: 0,
        failure_count: 0,
        margin: 0.0,
        entropy: None,
        raw_score: None,
        annotation_ids: votes.iter().map(|(annotation, _)| annotation.id).collect(),
        classes,
        project_version: project.version,
        weights_version: "even".to_owned(),
        code_version: "test".to_owned(),
        created_at: state.environment.now(),
    }
}

/// Answers that fit [`crate::house::machine_project`].
pub(crate) fn machine_answers() -> Value {
    json!({ "label": "yes", "total": "1,234.50" })
}
