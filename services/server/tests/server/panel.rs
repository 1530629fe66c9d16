//! What workers leave behind in the store, brought about by the store's own steps: annotations and consensus.

use accord_domain::{
    Annotation, AnnotationId, Calibrator, CalibratorId, ClassShare, Confidence, Consensus, ConsensusId, Decision,
    FieldName, Item, Lease, Outcome, Project, Provenance, ReviewReason, TaskKind, answers_from_json,
};
use accord_server::AppState;
use accord_store::{ClaimRequest, Transaction, flow};
use serde_json::{Value, json};

/// Answers every automatic task that is ready with the same answers, and scores what is complete. Returns how many
/// tasks were done.
pub(crate) async fn work(state: &AppState, answers: &Value) -> usize {
    work_with(state, |_| answers.clone()).await
}

/// As [`work`], with the answers that belong to the item of this external identifier.
pub(crate) async fn work_with(state: &AppState, answers: impl Fn(&str) -> Value) -> usize {
    let mut done = 0;
    loop {
        let mut transaction = state.store.write().await.unwrap();
        let request = ClaimRequest {
            kinds: &[TaskKind::Annotate, TaskKind::Score],
            project_id: None,
            worker: "panel",
            lease_milliseconds: 60_000,
            limit: 50,
            limits: &[],
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
                let item = transaction.item(lease.task.item_id.unwrap()).await.unwrap().unwrap();
                annotate(state, transaction.as_mut(), &lease, &answers(&item.external_id)).await;
            } else {
                score(state, transaction.as_mut(), &lease).await;
            }
            transaction.commit().await.unwrap();
        }
    }
}

/// Lets every automatic annotator answer with what it has to say, and leaves the scoring to whoever does it.
pub(crate) async fn answer_all(state: &AppState, answers: impl Fn(&str) -> Value) {
    loop {
        let mut transaction = state.store.write().await.unwrap();
        let request = ClaimRequest {
            kinds: &[TaskKind::Annotate],
            project_id: None,
            worker: "panel",
            lease_milliseconds: 60_000,
            limit: 50,
            limits: &[],
        };
        let leases = flow::claim(transaction.as_mut(), state.environment.as_ref(), &request)
            .await
            .unwrap();
        for lease in &leases {
            let annotators = transaction.annotators_of_project(lease.task.project_id).await.unwrap();
            let annotator = annotators
                .iter()
                .find(|known| Some(known.id) == lease.task.annotator_id);
            annotate(state, transaction.as_mut(), lease, &answers(&annotator.unwrap().name)).await;
        }
        transaction.commit().await.unwrap();
        if leases.is_empty() {
            return;
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
    flow::submit_annotation(transaction, environment, lease, &annotation)
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
    let basis = transaction.scoring_basis(project.id).await.unwrap();
    flow::store_score(transaction, state.environment.as_ref(), lease, &basis, &rows)
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
        stopped: None,
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

/// Gives a field a calibrator whose out-of-fold levels are these: probability, items, right ones. Two annotators voted
/// on a hundred items with gold.
pub(crate) async fn calibrate(state: &AppState, project: &str, field: &str, levels: &[(f64, u32, u32)]) {
    calibrate_beside(state, project, field, levels, None).await;
}

/// As [`calibrate`], with gold that was set apart to certify on: its levels, and three items on which nothing won.
pub(crate) async fn calibrate_beside(
    state: &AppState,
    project: &str,
    field: &str,
    levels: &[(f64, u32, u32)],
    apart: Option<&[(f64, u32, u32)]>,
) {
    let mut transaction = state.store.write().await.unwrap();
    let project = transaction.project_by_name(project).await.unwrap().unwrap();
    let annotators = transaction.annotators_of_project(project.id).await.unwrap();
    let id = |name: &str| annotators.iter().find(|known| known.name == name).unwrap().id;
    let (first, second) = (id("first"), id("second"));
    let count: u32 = levels.iter().map(|level| level.1).sum();
    let correct: u32 = levels.iter().map(|level| level.2).sum();
    let accuracy = f64::from(correct) / f64::from(count);
    let report = |brier: f64, calibration_error: f64| {
        json!({
            "count": count, "unanswered_count": 0, "accuracy": accuracy, "mean_confidence": accuracy, "brier": brier,
            "log_loss": 0.2, "calibration_error": calibration_error, "null_band": [0.01, 0.05], "auroc": 0.8
        })
    };
    let candidate = |name: &str, log_loss: f64, chosen: bool| {
        json!({
            "name": name, "aggregator": "even weights", "calibrator": "Platt", "log_loss": log_loss,
            "log_loss_error": 0.02, "excess": log_loss - 0.2, "excess_error": 0.01, "winner_log_loss": log_loss,
            "brier": 0.07, "accuracy": accuracy, "best": !chosen, "chosen": chosen
        })
    };
    let fitted = json!({ "weights": {}, "default_weight": 1.0, "slope": 1.0, "intercept": 0.0, "inverted": false });
    let calibrator = json!({
        "id": CalibratorId::generate(state.environment.as_ref()), "project_id": project.id, "field": field,
        "rung": "field", "weighting": "log_odds", "production": fitted, "folds": [null, null, null, null, null],
        "gold_count": count, "error_count": count - correct,
        "levels": score_levels(levels),
        "certification": apart.map(|apart| json!({ "levels": score_levels(apart), "unanswered_count": 3 })),
        "report": report(0.07, 0.018), "before": report(0.12, 0.09),
        "selection": { "kind": "chosen", "choice": {
            "candidates": [candidate("even weights, Platt", 0.21, true), candidate("stacking, beta", 0.2, false)],
            "folds": [], "label_count": count, "error_count": count - correct, "seed": 7
        } },
        "panel": {
            "annotators": [first, second], "vote_counts": [100, 100], "correct_counts": [90, 80],
            "error_correlations": [[null, 0.5], [0.5, null]], "pair_counts": [[100, 100], [100, 100]],
            "mean_error_correlation": 0.5, "mean_vote_count": 2.0, "mean_effective_vote_count": 4.0 / 3.0,
            "even_vote_accuracy": 0.85, "classes": ["yes", "no"],
            "confusions": [
                { "annotator_id": first, "counts": [[50, 5], [5, 40]] },
                { "annotator_id": second, "counts": [[45, 10], [10, 35]] }
            ]
        },
        "warnings": [{
            "kind": "even_vote_below_annotator", "annotator_id": first, "annotator_accuracy": 0.9,
            "even_vote_accuracy": 0.85
        }],
        "data_hash": "test", "code_version": "test", "created_at": state.environment.now()
    });
    let calibrator: Calibrator = serde_json::from_value(calibrator).unwrap();
    transaction.insert_calibrators(&[calibrator]).await.unwrap();
    transaction.commit().await.unwrap();
}

fn score_levels(levels: &[(f64, u32, u32)]) -> Value {
    let levels = levels.iter().map(|(probability, count, correct)| {
        json!({ "score": probability, "probability": probability, "count": count, "correct_count": correct })
    });
    levels.collect()
}
