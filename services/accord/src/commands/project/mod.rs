//! `accord project`: create, change, list and show projects.

mod stopping;

use std::path::Path;

use accord_domain::budget::date_of;
use accord_domain::{AutomaticKind, Project, ProjectDefinition, template, template_names, template_text};
use accord_store::{FieldSummary, ItemCounts, PageRequest, ParkedTasks, Spent, TaskCount, flow};
use anyhow::{Context, bail};

use crate::arguments::ProjectCommand;
use crate::output::{complain, number, percent, say, table};
use crate::wiring::House;
use stopping::StoppingStanding;

pub(crate) async fn run(command: ProjectCommand, house: &House) -> anyhow::Result<()> {
    match command {
        ProjectCommand::Create { file, template, name } => {
            let mut definition = match (&file, &template) {
                (Some(file), _) => read_definition(file)?,
                (None, Some(name)) => named_template(name)?,
                (None, None) => bail!("name a definition file or a --template"),
            };
            if let Some(name) = name {
                definition.name = name;
            }
            create(house, definition).await
        }
        ProjectCommand::Update { project, file } => update(house, &project, &file).await,
        ProjectCommand::List => list(house).await,
        ProjectCommand::Show { project, json } => show(house, &project, json).await,
        ProjectCommand::Template { name } => print_template(&name),
    }
}

/// Reads a definition from TOML or JSON, by the file's ending.
pub(crate) fn read_definition(file: &Path) -> anyhow::Result<ProjectDefinition> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let is_json = file
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
    let definition: ProjectDefinition = if is_json {
        serde_json::from_str(&text).with_context(|| file.display().to_string())?
    } else {
        toml::from_str(&text).with_context(|| file.display().to_string())?
    };
    definition.check().with_context(|| file.display().to_string())?;
    Ok(definition)
}

/// The template of this name.
pub(crate) fn named_template(name: &str) -> anyhow::Result<ProjectDefinition> {
    template(name).with_context(|| {
        let names: Vec<&str> = template_names().collect();
        format!("there is no template `{name}`: use one of {}", names.join(", "))
    })
}

pub(crate) fn print_template(name: &str) -> anyhow::Result<()> {
    named_template(name)?;
    say(template_text(name).unwrap_or_default().trim_end());
    Ok(())
}

/// Tells which models of a definition cannot be asked as it says, which would else be seen with their first tasks.
fn warn_of_prompts(house: &House, definition: &ProjectDefinition) -> anyhow::Result<()> {
    let library = house.configuration.prompt_library()?;
    for annotator in &definition.annotators {
        if let AutomaticKind::LanguageModel(model) = &annotator.kind
            && let Err(error) = library.for_model(definition, model)
        {
            complain(&format!("warning: annotator `{}`: {error}", annotator.name));
        }
    }
    if let Some(judge) = &definition.judge
        && let Err(error) = library.for_judge(judge)
    {
        complain(&format!("warning: judge: {error}"));
    }
    Ok(())
}

async fn create(house: &House, definition: ProjectDefinition) -> anyhow::Result<()> {
    warn_of_prompts(house, &definition)?;
    let mut transaction = house.store.write().await?;
    let project = flow::create_project(transaction.as_mut(), house.environment.as_ref(), definition).await?;
    transaction.commit().await?;
    say(&format!(
        "project `{}` created with {} fields and {} automatic annotators",
        project.definition.name,
        project.definition.fields.len(),
        project.definition.annotators.len()
    ));
    Ok(())
}

async fn update(house: &House, name: &str, file: &Path) -> anyhow::Result<()> {
    let definition = read_definition(file)?;
    warn_of_prompts(house, &definition)?;
    let project = house.project(name).await?;
    let mut transaction = house.store.write().await?;
    let environment = house.environment.as_ref();
    let updated = flow::update_project(
        transaction.as_mut(),
        environment,
        project.id,
        project.version,
        &definition,
    )
    .await?;
    transaction.commit().await?;
    say(&format!(
        "project `{}` is now at version {}",
        updated.definition.name, updated.version
    ));
    Ok(())
}

async fn list(house: &House) -> anyhow::Result<()> {
    let mut transaction = house.store.read().await?;
    let mut rows = Vec::new();
    let mut page = PageRequest::first(100);
    loop {
        let projects = transaction.list_projects(page).await?;
        for project in &projects.rows {
            let counts = transaction.count_items(project.id).await?;
            let items = counts.pending + counts.accepted + counts.needs_review + counts.resolved;
            rows.push(vec![
                project.definition.name.clone(),
                project.definition.title.clone(),
                items.to_string(),
                counts.accepted.to_string(),
                counts.needs_review.to_string(),
                counts.resolved.to_string(),
            ]);
        }
        match projects.next {
            Some(last) => page = page.after(last),
            None => break,
        }
    }
    if rows.is_empty() {
        say("no projects yet: `accord project create --template invoice` makes one");
    } else {
        say(&table(
            &["project", "title", "items", "accepted", "needs review", "resolved"],
            2,
            rows,
        ));
    }
    Ok(())
}

async fn show(house: &House, name: &str, json: bool) -> anyhow::Result<()> {
    let project = house.project(name).await?;
    let mut transaction = house.store.read().await?;
    let counts = transaction.count_items(project.id).await?;
    let fields = transaction.summarise_fields(project.id).await?;
    let tasks = transaction.count_tasks(project.id).await?;
    let spent = transaction.spending(project.id).await?;
    let parked = transaction.parked_tasks(project.id).await?;
    let stopping = StoppingStanding::read(transaction.as_mut(), &project).await?;
    if json {
        let mut value = standing_as_json(&project, counts, &fields, &tasks);
        value["spending"] = spent.iter().map(spent_as_json).collect();
        value["parked"] = parked.iter().map(parked_as_json).collect();
        value["stopping"] = stopping
            .as_ref()
            .map_or(serde_json::Value::Null, StoppingStanding::as_json);
        say(&serde_json::to_string_pretty(&value)?);
    } else if counts == ItemCounts::default() {
        say(&format!(
            "{name} has no items yet: `accord import --project {name} PATH` brings some in"
        ));
    } else {
        say(&format!(
            "{name}: {} pending, {} accepted, {} need review, {} resolved",
            counts.pending, counts.accepted, counts.needs_review, counts.resolved
        ));
        let headings = ["field", "items", "accepted", "mean confidence", "calibrated"];
        say(&table(&headings, 1, fields.iter().map(row_of_field).collect()));
        say(&table(
            &["tasks", "state", "count"],
            2,
            tasks.iter().map(row_of_tasks).collect(),
        ));
        if let Some(stopping) = &stopping {
            stopping.say(&project);
        }
        if !parked.is_empty() {
            say(&table(
                &["tasks wait because", "count"],
                1,
                parked.iter().map(row_of_parked).collect(),
            ));
        }
        if !spent.is_empty() {
            let headings = [
                "day",
                "provider",
                "calls kept",
                "failed",
                "lost",
                "tokens in",
                "tokens out",
                "cost",
            ];
            say(&table(&headings, 2, spent.iter().map(row_of_spent).collect()));
        }
    }
    Ok(())
}

fn standing_as_json(
    project: &Project,
    counts: ItemCounts,
    fields: &[FieldSummary],
    tasks: &[TaskCount],
) -> serde_json::Value {
    serde_json::json!({
        "project": project,
        "items": {
            "pending": counts.pending, "accepted": counts.accepted,
            "needs_review": counts.needs_review, "resolved": counts.resolved,
        },
        "fields": fields.iter().map(|field| serde_json::json!({
            "field": field.field, "count": field.count, "accepted_count": field.accepted_count,
            "calibrated_count": field.calibrated_count, "mean_probability": field.mean_probability,
        })).collect::<Vec<_>>(),
        "tasks": tasks.iter().map(|count| serde_json::json!({
            "kind": count.kind, "state": count.state, "count": count.count,
        })).collect::<Vec<_>>(),
    })
}

fn row_of_field(field: &FieldSummary) -> Vec<String> {
    let accepted = (field.count > 0).then(|| field.accepted_count as f64 / field.count as f64);
    vec![
        field.field.to_string(),
        field.count.to_string(),
        percent(accepted),
        number(field.mean_probability),
        field.calibrated_count.to_string(),
    ]
}

fn spent_as_json(spent: &Spent) -> serde_json::Value {
    serde_json::json!({
        "day": date_of(spent.day), "provider": spent.provider, "currency": spent.currency,
        "kept_calls": spent.kept_calls, "failed_calls": spent.failed_calls, "lost_calls": spent.lost_calls,
        "input_tokens": spent.input_tokens, "output_tokens": spent.output_tokens, "cost": spent.cost.to_string(),
    })
}

fn parked_as_json(parked: &ParkedTasks) -> serde_json::Value {
    serde_json::json!({ "reason": parked.reason, "count": parked.count, "ready_at": parked.ready_at })
}

fn row_of_parked(parked: &ParkedTasks) -> Vec<String> {
    vec![parked.reason.clone(), parked.count.to_string()]
}

fn row_of_spent(spent: &Spent) -> Vec<String> {
    let currency = spent.currency.as_deref();
    vec![
        date_of(spent.day),
        spent.provider.clone(),
        spent.kept_calls.to_string(),
        spent.failed_calls.to_string(),
        spent.lost_calls.to_string(),
        spent.input_tokens.to_string(),
        spent.output_tokens.to_string(),
        currency.map_or_else(
            || "no prices".to_owned(),
            |currency| format!("{} {currency}", spent.cost),
        ),
    ]
}

fn row_of_tasks(count: &TaskCount) -> Vec<String> {
    vec![
        count.kind.word().to_owned(),
        count.state.word().to_owned(),
        count.count.to_string(),
    ]
}
