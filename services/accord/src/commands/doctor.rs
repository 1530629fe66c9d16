//! `accord doctor`: says what is wrong, and what to do about it.

use std::process::ExitCode;
use std::sync::Arc;

use accord_annotate::prompt::PromptLibrary;
use accord_annotate::provider::Provider;
use accord_domain::{AutomaticKind, Judge, Project, ProjectDefinition};
use accord_store::{PageRequest, SystemEnvironment};
use anyhow::Context;

use crate::configuration::{Configuration, Database};
use crate::output::say;
use crate::wiring::House;

/// Counts what is wrong while it is told.
#[derive(Default)]
struct Findings {
    problems: usize,
}

impl Findings {
    fn good(&self, what: &str) {
        say(&format!("  ok       {what}"));
    }

    fn bad(&mut self, what: &str) {
        self.problems += 1;
        say(&format!("  PROBLEM  {what}"));
    }

    fn check<T>(&mut self, what: &str, result: anyhow::Result<T>) -> Option<T> {
        match result {
            Ok(value) => {
                self.good(what);
                Some(value)
            }
            Err(error) => {
                self.bad(&format!("{what}: {error:#}"));
                None
            }
        }
    }
}

pub(crate) async fn run(configuration: Configuration) -> anyhow::Result<ExitCode> {
    let mut findings = Findings::default();
    say(&format!("accord {}", env!("CARGO_PKG_VERSION")));
    findings.good("configuration is valid");
    for (name, settings) in &configuration.providers {
        let provider = Provider::new(name, settings.clone(), Arc::new(SystemEnvironment), |variable| {
            std::env::var(variable).ok()
        });
        findings.check(
            &format!("provider `{name}` has what it needs"),
            provider.map_err(anyhow::Error::from),
        );
    }
    let prompts = findings.check("prompt templates are well-formed", configuration.prompt_library());
    let database = match configuration.database.location()? {
        Database::Sqlite(file) => format!("database (SQLite, {})", file.display()),
        Database::Postgres(_) => "database (PostgreSQL)".to_owned(),
    };
    if let Some(house) = findings.check(&database, House::open(configuration).await) {
        findings.check(
            "database answers with the expected schema",
            house.store.check().await.map_err(Into::into),
        );
        findings.check("blobs can be written and read", check_blobs(&house).await);
        check_people(&house, &mut findings).await?;
        if let Some(prompts) = &prompts {
            check_projects(&house, prompts, &mut findings).await?;
        }
    }
    match findings.problems {
        0 => {
            say("nothing is wrong");
            Ok(ExitCode::SUCCESS)
        }
        count => {
            say(&format!(
                "{count} {} found",
                if count == 1 { "problem" } else { "problems" }
            ));
            Ok(ExitCode::FAILURE)
        }
    }
}

async fn check_blobs(house: &House) -> anyhow::Result<()> {
    let hash = house
        .blobs
        .put(bytes::Bytes::from_static(b"accord doctor was here\n"))
        .await?;
    house.blobs.get(&hash).await?.context("what was written is not there")?;
    Ok(())
}

async fn check_people(house: &House, findings: &mut Findings) -> anyhow::Result<()> {
    let users = house.store.read().await?.list_users().await?;
    if users.is_empty() {
        findings.bad("nobody can log in: `accord user create NAME --role administrator` makes the first account");
    } else {
        findings.good(&format!("{} accounts", users.len()));
    }
    Ok(())
}

async fn check_projects(house: &House, prompts: &PromptLibrary, findings: &mut Findings) -> anyhow::Result<()> {
    let mut page = PageRequest::first(100);
    loop {
        let projects = house.store.read().await?.list_projects(page).await?;
        for project in &projects.rows {
            check_project(house, prompts, project, findings).await?;
        }
        match projects.next {
            Some(last) => page = page.after(last),
            None => return Ok(()),
        }
    }
}

async fn check_project(
    house: &House,
    prompts: &PromptLibrary,
    project: &Project,
    findings: &mut Findings,
) -> anyhow::Result<()> {
    let definition = &project.definition;
    let name = &definition.name;
    let mut wrong = 0;
    for annotator in &definition.annotators {
        if let Err(error) = check_annotator(house, prompts, definition, &annotator.kind).await {
            wrong += 1;
            findings.bad(&format!("project `{name}`, annotator `{}`: {error:#}", annotator.name));
        }
    }
    if let Some(judge) = &definition.judge
        && let Err(error) = check_judge(house, prompts, judge)
    {
        wrong += 1;
        findings.bad(&format!("project `{name}`, judge: {error:#}"));
    }
    let tasks = house.store.read().await?.count_tasks(project.id).await?;
    let dead: i64 = tasks
        .iter()
        .filter(|count| count.state == accord_domain::TaskState::Dead)
        .map(|count| count.count)
        .sum();
    if dead > 0 {
        findings.bad(&format!(
            "project `{name}`: {dead} tasks were set aside; its page shows why and can revive them"
        ));
    } else if wrong == 0 {
        findings.good(&format!("project `{name}`"));
    }
    Ok(())
}

async fn check_annotator(
    house: &House,
    prompts: &PromptLibrary,
    definition: &ProjectDefinition,
    kind: &AutomaticKind,
) -> anyhow::Result<()> {
    match kind {
        AutomaticKind::InvoiceXml => {}
        AutomaticKind::Reader { reader, model } => {
            accord_annotate::readers::reader(reader, None)?;
            if let Some(model) = model {
                let known = house.blobs.get(model).await?;
                known.with_context(|| format!("its model {model} is missing: train it again"))?;
            }
        }
        AutomaticKind::LanguageModel(model) => {
            prompts.for_model(definition, model)?;
            check_provider(house, &model.provider)?;
        }
    }
    Ok(())
}

fn check_judge(house: &House, prompts: &PromptLibrary, judge: &Judge) -> anyhow::Result<()> {
    prompts.for_judge(judge)?;
    check_provider(house, &judge.provider)
}

fn check_provider(house: &House, provider: &str) -> anyhow::Result<()> {
    let known = house.configuration.providers.contains_key(provider);
    known
        .then_some(())
        .with_context(|| format!("provider `{provider}` is not configured here"))
}
