//! From a person's resolution, or imported answers, to gold, and on to a refit.

use accord_domain::{
    Annotation, Answer, Answers, Environment, Gold, GoldId, GoldSource, ItemId, ItemState, Lease, Project, TaskKind,
    UserId,
};

use super::REFIT_DELAY_AFTER_GOLD_MILLISECONDS;
use super::planning::{plan_refit, plan_score};
use super::submitting::{Submission, Submitted, check_belongs, check_kind, finish_with};
use crate::error::{StoreError, StoreResult};
use crate::transaction::Transaction;

/// Trusted answers for one item.
#[derive(Debug, Clone, PartialEq)]
pub struct GoldAnswers {
    /// The item.
    pub item_id: ItemId,
    /// The answers: values and absences.
    pub answers: Answers,
}

/// Keeps a reviewer's resolution of a leased `review` task: as an annotation that was not blind, and its values and
/// absences as gold. The item is resolved; its scoring and a refit are planned. `propensity` is the probability with
/// which the item was selected for review, where known. Repeating the same resolution is harmless.
///
/// # Errors
/// `StaleLease` when the lease was taken over; `Invalid` when the annotation is not one for this task or is marked as
/// blind.
pub async fn resolve_item(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    project: &Project,
    lease: &Lease,
    annotation: &Annotation,
    propensity: Option<f64>,
) -> StoreResult<Submitted> {
    check_kind(lease, &[TaskKind::Review])?;
    check_belongs(lease, annotation)?;
    if annotation.provenance.blind {
        return Err(StoreError::Invalid {
            what: "annotation",
            problem: "a resolution is made with all votes in sight and cannot be blind".to_owned(),
        });
    }
    let item_id = annotation.item_id;
    tx.lock_item(item_id).await?;
    let finished = finish_with(tx, &[Submission { lease, annotation }]).await?;
    let Some(stored) = finished.into_iter().next().flatten() else {
        return Err(StoreError::StaleLease { task: lease.task.id });
    };
    if stored {
        let answers = annotation.answers.iter();
        let gold: Vec<Gold> = answers
            .filter(|(_, answer)| is_trustworthy(answer))
            .map(|(field, answer)| Gold {
                id: GoldId::generate(environment),
                project_id: project.id,
                item_id,
                field: field.clone(),
                answer: answer.clone(),
                source: GoldSource::Adjudicated,
                propensity,
                user_id: lease.task.user_id,
                created_at: environment.now(),
            })
            .collect();
        tx.insert_gold(&gold).await?;
        tx.set_item_state(item_id, ItemState::Resolved).await?;
        plan_score(tx, environment, project.id, item_id, lease.task.priority).await?;
        plan_refit(tx, environment, project.id, REFIT_DELAY_AFTER_GOLD_MILLISECONDS).await?;
    }
    Ok(Submitted {
        stored,
        panel_complete: tx.count_open_tasks(item_id, TaskKind::Annotate).await? == 0,
    })
}

/// Keeps trusted answers as gold and plans a refit.
///
/// # Errors
/// `Invalid` for a field that the project does not have and for an answer that is neither value nor absence, `Missing`
/// when an item is not in the database.
pub async fn import_gold(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    project: &Project,
    values: &[GoldAnswers],
    source: GoldSource,
    user_id: Option<UserId>,
) -> StoreResult<()> {
    let mut gold = Vec::new();
    for value in values {
        for (field, answer) in &value.answers {
            if project.definition.field(field).is_none() || !is_trustworthy(answer) {
                return Err(StoreError::Invalid {
                    what: "gold",
                    problem: format!(
                        "field `{field}` of item {}: expected a value or an absence of a field that the project has",
                        value.item_id
                    ),
                });
            }
            gold.push(Gold {
                id: GoldId::generate(environment),
                project_id: project.id,
                item_id: value.item_id,
                field: field.clone(),
                answer: answer.clone(),
                source,
                propensity: None,
                user_id,
                created_at: environment.now(),
            });
        }
    }
    if gold.is_empty() {
        return Ok(());
    }
    tx.insert_gold(&gold).await?;
    plan_refit(tx, environment, project.id, REFIT_DELAY_AFTER_GOLD_MILLISECONDS).await
}

const fn is_trustworthy(answer: &Answer) -> bool {
    matches!(answer, Answer::Value(_) | Answer::Absent)
}
