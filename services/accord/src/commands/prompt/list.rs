//! `accord prompt list`.

use accord_annotate::prompt::Prompt;
use accord_domain::InputView;
use serde_json::{Value, json};

use super::short;
use crate::configuration::Configuration;
use crate::output::{say, table};

pub(super) fn run(configuration: &Configuration, as_json: bool) -> anyhow::Result<()> {
    let library = configuration.prompt_library()?;
    if as_json {
        let prompts: Vec<Value> = library.prompts().map(facts).collect();
        say(&serde_json::to_string_pretty(&prompts)?);
        return Ok(());
    }
    let rows = library.prompts().map(|prompt| {
        let header = &prompt.header;
        let views: Vec<&str> = header.views.iter().copied().map(InputView::word).collect();
        vec![
            header.name.clone(),
            short(&prompt.hash).to_owned(),
            header.purpose.clone(),
            header.output.word().to_owned(),
            views.join(", "),
            header.variables.join(", "),
            prompt.origin.to_string(),
        ]
    });
    let headings = ["name", "hash", "purpose", "answer", "views", "variables", "from"];
    say(&table(&headings, headings.len(), rows.collect()));
    Ok(())
}

/// What is told about a template to machines.
pub(super) fn facts(prompt: &Prompt) -> Value {
    let header = &prompt.header;
    json!({
        "name": header.name, "hash": prompt.hash, "purpose": header.purpose, "output": header.output,
        "views": header.views, "variables": header.variables, "from": prompt.origin.to_string(),
    })
}
