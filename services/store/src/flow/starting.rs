//! Starting a run, and all that can be wrong with one that is wanted.

use std::collections::BTreeSet;

use accord_domain::run::MAXIMUM_LISTED_ITEMS;
use accord_domain::{
    AnnotatorKind, AutomaticKind, Environment, ItemId, ItemSelection, Project, ProjectId, Run, RunBudget, RunId,
    RunItems, RunPlanning, RunState,
};

use super::running::is_active_machine;
use crate::error::StoreResult;
use crate::transaction::Transaction;

/// How many unknown names an error lists.
const UNKNOWN_SHOWN: usize = 5;

/// A run that is wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRun {
    /// Which items.
    pub items: ItemSelection,
    /// The panel by names; all active automatic annotators of the project when none are given.
    pub annotators: Vec<String>,
    /// What its models may cost.
    pub budget: RunBudget,
    /// Whether its models are asked through batches, and then the providers that have them.
    pub batch: Option<BTreeSet<String>>,
    /// Whether its whole panel is asked, whatever the project's stopping rule says.
    pub all_votes: bool,
    /// Who starts it.
    pub started_by: String,
}

/// Why a run cannot be started: all that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .parts.iter().map(|part| format!("{}: {}", part.name, part.problem)).collect::<Vec<_>>().join("; "))]
pub struct RefusedRun {
    /// What is wrong, each part once.
    pub parts: Vec<WrongPart>,
}

/// What is wrong with a part of a run that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongPart {
    /// The part: `annotators`, `items`, `batch` or `budget`.
    pub name: &'static str,
    /// What is wrong and what was expected.
    pub problem: String,
}

/// What was looked up for a run that can be started.
struct Checked {
    panel: Vec<String>,
    listed: Vec<ItemId>,
}

/// Starts a run, unless something is wrong with it. Its tasks are planned by [`carry_on`](super::carry_on).
///
/// # Errors
/// Those of the database.
pub async fn start_run(
    tx: &mut dyn Transaction,
    environment: &dyn Environment,
    project: &Project,
    wanted: &NewRun,
) -> StoreResult<Result<Run, RefusedRun>> {
    let checked = match look_up(tx, project, wanted).await? {
        Ok(checked) => checked,
        Err(refused) => return Ok(Err(refused)),
    };
    let newest = match &wanted.items {
        ItemSelection::Newest { count } => Some(*count),
        _ => None,
    };
    let extent = tx.item_extent(project.id, newest).await?;
    let now = environment.now();
    let mut run = Run {
        id: RunId::generate(environment),
        project_id: project.id,
        number: 1,
        items: RunItems::from(&wanted.items),
        annotators: checked.panel,
        budget: wanted.budget.clone(),
        batch: wanted.batch.is_some(),
        all_votes: wanted.all_votes,
        started_by: wanted.started_by.clone(),
        created_at: now,
        state: RunState::Running,
        reason: None,
        planning: RunPlanning {
            after: extent.after,
            until: extent.until,
            ..RunPlanning::default()
        },
        running_since: Some(now),
        ran_milliseconds: 0,
        ended_at: None,
    };
    run.number = tx.insert_run(&run, &checked.listed).await?;
    Ok(Ok(run))
}

/// Says what is wrong with a run that is wanted, and starts none.
///
/// # Errors
/// Those of the database.
pub async fn check_run(
    tx: &mut dyn Transaction,
    project: &Project,
    wanted: &NewRun,
) -> StoreResult<Result<(), RefusedRun>> {
    Ok(look_up(tx, project, wanted).await?.map(drop))
}

async fn look_up(
    tx: &mut dyn Transaction,
    project: &Project,
    wanted: &NewRun,
) -> StoreResult<Result<Checked, RefusedRun>> {
    let panel = panel_of(tx, project, &wanted.annotators).await?;
    let listed = match &wanted.items {
        ItemSelection::Newest { count: 0 } => Err("`count` must be at least 1, it is 0".to_owned()),
        ItemSelection::Listed { external_ids } => find_listed(tx, project.id, external_ids).await?,
        _ => Ok(Vec::new()),
    };
    let batches = match (&panel, &wanted.batch) {
        (Ok(panel), Some(providers)) => check_batches(tx, project, panel, providers).await?,
        _ => Ok(()),
    };
    Ok(match (panel, listed, batches, wanted.budget.check()) {
        (Ok(panel), Ok(listed), Ok(()), Ok(())) => Ok(Checked { panel, listed }),
        (panel, listed, batches, budget) => {
            let parts = [
                ("annotators", panel.err()),
                ("items", listed.err()),
                ("batch", batches.err()),
                ("budget", budget.err()),
            ];
            let parts = parts.into_iter();
            Err(RefusedRun {
                parts: parts
                    .filter_map(|(name, problem)| {
                        Some(WrongPart {
                            name,
                            problem: problem?,
                        })
                    })
                    .collect(),
            })
        }
    })
}

/// The names of the panel, in order, each of an active automatic annotator of the project.
async fn panel_of(
    tx: &mut dyn Transaction,
    project: &Project,
    wanted: &[String],
) -> StoreResult<Result<Vec<String>, String>> {
    let annotators = tx.annotators_of_project(project.id).await?;
    let active: BTreeSet<&str> = annotators
        .iter()
        .filter(|annotator| is_active_machine(annotator))
        .map(|annotator| annotator.name.as_str())
        .collect();
    if active.is_empty() {
        let problem = format!("project `{}` has no automatic annotator", project.definition.name);
        return Ok(Err(problem));
    }
    if wanted.is_empty() {
        return Ok(Ok(active.into_iter().map(str::to_owned).collect()));
    }
    if let Some(unknown) = wanted.iter().find(|name| !active.contains(name.as_str())) {
        let shown: String = unknown.chars().take(80).collect();
        let known: Vec<&str> = active.into_iter().collect();
        return Ok(Err(format!(
            "`{shown}` is no automatic annotator of project `{}`: use {}",
            project.definition.name,
            known.join(", ")
        )));
    }
    let panel: BTreeSet<&String> = wanted.iter().collect();
    Ok(Ok(panel.into_iter().cloned().collect()))
}

/// Whether every language model of the panel is one of a provider with batches.
async fn check_batches(
    tx: &mut dyn Transaction,
    project: &Project,
    panel: &[String],
    providers: &BTreeSet<String>,
) -> StoreResult<Result<(), String>> {
    let annotators = tx.annotators_of_project(project.id).await?;
    let models: Vec<(&str, &str)> = annotators
        .iter()
        .filter(|annotator| panel.contains(&annotator.name))
        .filter_map(|annotator| match &annotator.kind {
            AnnotatorKind::Automatic {
                definition: AutomaticKind::LanguageModel(model),
            } => Some((annotator.name.as_str(), model.provider.as_str())),
            _ => None,
        })
        .collect();
    if models.is_empty() {
        let problem = "none of the annotators is a language model, and only these are asked through batches";
        return Ok(Err(problem.to_owned()));
    }
    let without = models.iter().find(|(_, provider)| !providers.contains(*provider));
    Ok(without.map_or(Ok(()), |(annotator, provider)| {
        Err(format!(
            "annotator `{annotator}` asks provider `{provider}`, which has no batches: add [providers.{provider}.batch] to the \
             configuration, or name other annotators"
        ))
    }))
}

async fn find_listed(
    tx: &mut dyn Transaction,
    project_id: ProjectId,
    external_ids: &[String],
) -> StoreResult<Result<Vec<ItemId>, String>> {
    if external_ids.is_empty() || external_ids.len() > MAXIMUM_LISTED_ITEMS {
        return Ok(Err(format!(
            "it names {} items, expected 1 to {MAXIMUM_LISTED_ITEMS}: a prefix or a state can select more",
            external_ids.len()
        )));
    }
    let (mut found, mut unknown) = (BTreeSet::new(), Vec::new());
    for external_id in external_ids {
        match tx.item_by_external_id(project_id, external_id).await? {
            Some(item) => drop(found.insert(item.id)),
            None => unknown.push(external_id),
        }
    }
    if unknown.is_empty() {
        return Ok(Ok(found.into_iter().collect()));
    }
    let shown: Vec<String> = unknown
        .iter()
        .take(UNKNOWN_SHOWN)
        .map(|name| format!("`{name}`"))
        .collect();
    let rest = unknown.len().saturating_sub(UNKNOWN_SHOWN);
    let more = if rest > 0 {
        format!(" and {rest} more")
    } else {
        String::new()
    };
    Ok(Err(format!("the project has no item {}{more}", shown.join(", "))))
}
