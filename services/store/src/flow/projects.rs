//! From a definition to a project with its annotators.

use std::collections::BTreeSet;

use accord_domain::{
    Annotator, AnnotatorId, AnnotatorKind, Environment, Project, ProjectDefinition, ProjectId, TaskKind, User,
};

use super::planning::{is_asked_at_once, new_task, plan_refit};
use super::{REFIT_DELAY_AFTER_GOLD_MILLISECONDS, RESCORE_PRIORITY};
use crate::calibrators::Hold;
use crate::error::{StoreError, StoreResult};
use crate::items::ItemFilter;
use crate::page::{MAXIMUM_PAGE_SIZE, PageRequest};
use crate::tasks::NewTask;
use crate::transaction::Transaction;

/// Creates a project with its automatic annotators.
///
/// # Errors
/// `Conflict` when the name is taken; `Invalid` when the definition does not pass its own check.
pub async fn create_project(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    definition: ProjectDefinition,
) -> StoreResult<Project> {
    check(&definition)?;
    let project = Project {
        id: ProjectId::generate(environment),
        definition,
        version: 1,
        created_at: environment.now(),
    };
    tx.insert_project(&project).await?;
    for annotator in defined_annotators(environment, &project) {
        tx.upsert_annotator(&annotator).await?;
    }
    Ok(project)
}

/// Replaces the definition of a project. Annotators that are new in it vote on the items that are there (language models
/// as the stopping rule says), those that left it get no more tasks; every item is scored anew, and with gold there is a
/// refit, which comes first where calibrators of another stopping rule serve no more.
///
/// # Errors
/// `Missing` when the present version is not `expected_version`; `Conflict` when the new name is taken; `Invalid` when
/// the definition does not pass its own check.
pub async fn update_project(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    id: ProjectId,
    expected_version: i64,
    definition: &ProjectDefinition,
) -> StoreResult<Project> {
    check(definition)?;
    tx.hold_scoring_basis(id, Hold::Alone).await?;
    let stopping_before = tx.project(id).await?.map(|project| project.definition.policy.stopping);
    let project = tx.update_project(id, expected_version, definition).await?;
    let before = tx.annotators_of_project(id).await?;
    let active_before: BTreeSet<AnnotatorId> = before.iter().filter(|one| one.active).map(|one| one.id).collect();
    let mut joined = Vec::new();
    for annotator in defined_annotators(environment, &project) {
        let stored = tx.upsert_annotator(&annotator).await?;
        if !active_before.contains(&stored.id) {
            joined.push(stored);
        }
    }
    for annotator in before {
        let is_defined = definition.annotators.iter().any(|one| one.name == annotator.name);
        let is_automatic = matches!(annotator.kind, AnnotatorKind::Automatic { .. });
        if is_automatic && annotator.active && !is_defined {
            let left = Annotator {
                active: false,
                ..annotator
            };
            tx.upsert_annotator(&left).await?;
            tx.cancel_tasks_of_annotator(left.id).await?;
        }
    }
    plan_for_all_items(tx, environment, &project, &joined).await?;
    let has_gold = tx.count_gold(id).await? > 0;
    let keeps_rule = stopping_before.is_none_or(|before| before.version() == definition.policy.stopping.version());
    if keeps_rule || !has_gold {
        tx.plan_scoring_of_all(id, RESCORE_PRIORITY).await?;
    }
    if has_gold {
        plan_refit(tx, environment, id, REFIT_DELAY_AFTER_GOLD_MILLISECONDS).await?;
    }
    Ok(project)
}

/// The annotator as which a person votes in a project, made when the person first does.
///
/// # Errors
/// `Missing` when the project is not in the database.
pub async fn ensure_human_annotator(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    project_id: ProjectId,
    user: &User,
) -> StoreResult<Annotator> {
    let name = human_annotator_name(&user.name);
    let annotator = Annotator {
        id: AnnotatorId::generate(environment),
        project_id,
        family: name.clone(),
        name,
        kind: AnnotatorKind::Human { user_id: user.id },
        active: true,
        created_at: environment.now(),
    };
    tx.upsert_annotator(&annotator).await
}

/// The name under which a person votes. The sign before it keeps people and automatic annotators apart, whose names
/// cannot begin with it.
#[must_use]
pub fn human_annotator_name(user_name: &str) -> String {
    format!("@{user_name}")
}

fn check(definition: &ProjectDefinition) -> StoreResult<()> {
    definition.check().map_err(|error| StoreError::Invalid {
        what: "project",
        problem: error.to_string(),
    })
}

fn defined_annotators(environment: &dyn Environment, project: &Project) -> Vec<Annotator> {
    let definitions = project.definition.annotators.iter();
    definitions
        .map(|definition| Annotator {
            id: AnnotatorId::generate(environment),
            project_id: project.id,
            name: definition.name.clone(),
            family: definition.family_name().to_owned(),
            kind: AnnotatorKind::Automatic {
                definition: definition.kind.clone(),
            },
            active: true,
            created_at: environment.now(),
        })
        .collect()
}

async fn plan_for_all_items(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    project: &Project,
    annotators: &[Annotator],
) -> StoreResult<()> {
    let stopping = &project.definition.policy.stopping;
    if annotators.is_empty() {
        return Ok(());
    }
    let mut request = PageRequest::first(MAXIMUM_PAGE_SIZE);
    loop {
        let page = tx.list_items(project.id, &ItemFilter::default(), request).await?;
        let tasks: Vec<NewTask> = page
            .rows
            .iter()
            .flat_map(|item| annotators.iter().map(|annotator| (item.id, annotator)))
            .filter(|(item_id, annotator)| is_asked_at_once(stopping, annotator, *item_id))
            .map(|(item_id, annotator)| NewTask {
                annotator_id: Some(annotator.id),
                ..new_task(environment, project.id, Some(item_id), TaskKind::Annotate, 0)
            })
            .collect();
        tx.insert_tasks(&tasks).await?;
        match page.next {
            Some(last) => request = request.after(last),
            None => return Ok(()),
        }
    }
}
