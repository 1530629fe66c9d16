//! From attempts that failed to tasks that are repeated, or set aside with a recorded failure.

use std::collections::{BTreeSet, HashMap};

use accord_domain::{
    Annotation, AnnotationId, Answer, Environment, Lease, Project, ProjectId, Provenance, Task, TaskKind, TaskState,
};

use super::submitting::{Answered, check_kind, complete_panels, plan_what_follows};
use crate::error::{StoreError, StoreResult};
use crate::tasks::AfterFailure;
use crate::text::clean_reason;
use crate::transaction::Transaction;

/// What became of leases that had ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TakenBack {
    /// Tasks that can be claimed again, or whose work another ready task does.
    pub ready: u64,
    /// Tasks that had their last attempt.
    pub dead: u64,
}

/// Notes a failed attempt. The task is tried again after the delay; after the policy's last attempt it is set aside,
/// and a lost annotator's failure is recorded as its annotation, so that the item does not wait for it.
///
/// # Errors
/// `StaleLease` when the lease was taken over.
pub async fn fail_attempt(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    project: &Project,
    lease: &Lease,
    reason: &str,
    delay_milliseconds: i64,
) -> StoreResult<AfterFailure> {
    let maximum_attempts = project.definition.policy.maximum_attempts;
    fail(
        tx,
        environment,
        project,
        lease,
        reason,
        delay_milliseconds,
        maximum_attempts,
    )
    .await
}

/// Sets a task aside at once, when trying again cannot help, such as for an item that cannot be read.
///
/// # Errors
/// `StaleLease` when the lease was taken over.
pub async fn set_aside(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    project: &Project,
    lease: &Lease,
    reason: &str,
) -> StoreResult<()> {
    fail(tx, environment, project, lease, reason, 0, 0).await?;
    Ok(())
}

/// Parks an `annotate` task whose turn it is not: its provider is down or limited, or its budget is spent. It waits in
/// the queue for so long without costing an attempt. `tried` tells whether the provider was asked.
///
/// # Errors
/// `StaleLease` when the lease was taken over.
pub async fn park(
    tx: &mut dyn Transaction,
    lease: &Lease,
    reason: &str,
    delay_milliseconds: i64,
    tried: bool,
) -> StoreResult<()> {
    check_kind(lease, &[TaskKind::Annotate])?;
    tx.park_task(lease.task.id, &lease.token, reason, delay_milliseconds, tried)
        .await
}

async fn fail(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    project: &Project,
    lease: &Lease,
    reason: &str,
    delay_milliseconds: i64,
    maximum_attempts: u32,
) -> StoreResult<AfterFailure> {
    if let Some(item_id) = lease.task.item_id {
        tx.lock_item(item_id).await?;
    }
    let after = tx
        .fail_task(
            lease.task.id,
            &lease.token,
            reason,
            delay_milliseconds,
            maximum_attempts,
        )
        .await?;
    if after == AfterFailure::Dead {
        record_loss(tx, environment, project, lease, reason).await?;
    }
    Ok(after)
}

/// Takes back leases that have ended, at most `limit`: ready again, or set aside after `maximum_attempts` of any
/// project. (A project's own, smaller number applies when the task is claimed next, see [`super::claim`].)
///
/// # Errors
/// Those of the database.
pub async fn take_back(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    maximum_attempts: u32,
    limit: u32,
) -> StoreResult<TakenBack> {
    let mut taken = TakenBack::default();
    let mut projects = HashMap::new();
    for task in tx.take_back_expired(maximum_attempts, limit).await? {
        if task.state != TaskState::Dead {
            taken.ready += 1;
            continue;
        }
        taken.dead += 1;
        let project = project_of(tx, &mut projects, task.project_id).await?;
        if let Some(item_id) = task.item_id {
            tx.lock_item(item_id).await?;
        }
        let reason = reason_of_loss(&task);
        let lease = Lease {
            task,
            token: String::new(),
        };
        record_loss(tx, environment, &project, &lease, &reason).await?;
    }
    Ok(taken)
}

/// Why a task whose workers were lost is set aside.
pub(super) fn reason_of_loss(task: &Task) -> String {
    let lost = format!("its lease ended without a result after {} attempts", task.attempts);
    match &task.last_error {
        Some(error) if !error.contains(&lost) => format!("{lost}; before that: {error}"),
        _ => lost,
    }
}

/// Fetches a project once.
pub(super) async fn project_of(
    tx: &mut dyn Transaction,
    projects: &mut HashMap<ProjectId, Project>,
    id: ProjectId,
) -> StoreResult<Project> {
    if let Some(project) = projects.get(&id) {
        return Ok(project.clone());
    }
    let project = tx.project(id).await?.ok_or_else(|| StoreError::Missing {
        what: "project",
        name: id.to_string(),
    })?;
    projects.insert(id, project.clone());
    Ok(project)
}

/// Records that an automatic annotator was lost for an item, and plans what follows for the rest of the panel.
async fn record_loss(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    project: &Project,
    lease: &Lease,
    reason: &str,
) -> StoreResult<()> {
    let task = &lease.task;
    let (TaskKind::Annotate, Some(item_id), Some(annotator_id)) = (task.kind, task.item_id, task.annotator_id) else {
        return Ok(());
    };
    let reason = clean_reason(reason);
    let answers = project.definition.fields.iter().map(|field| {
        let reason = reason.clone();
        (field.name.clone(), Answer::Failed { reason })
    });
    let annotation = Annotation {
        id: AnnotationId::generate(environment),
        project_id: task.project_id,
        item_id,
        annotator_id,
        task_id: task.id,
        answers: answers.collect(),
        provenance: Provenance {
            blind: true,
            code_version: env!("CARGO_PKG_VERSION").to_owned(),
            failure: Some(reason.clone()),
            ..Provenance::default()
        },
        submitted_at: environment.now(),
    };
    tx.insert_annotation(&annotation).await?;
    let answered = Answered {
        project_id: task.project_id,
        item_id,
        priority: task.priority,
    };
    let complete = complete_panels(tx, BTreeSet::from([item_id])).await?;
    plan_what_follows(tx, environment, &[answered], &complete).await
}
