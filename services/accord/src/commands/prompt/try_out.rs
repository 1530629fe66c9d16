//! `accord prompt try`: one real call, of which nothing is stored.

use std::process::ExitCode;
use std::sync::Arc;

use accord_annotate::provider::Provider;
use accord_annotate::question::{Asked, Question, Reading};
use accord_domain::{Answer, Field};
use accord_store::SystemEnvironment;
use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::asked::{Setting, ask};
use super::list::facts;
use super::short;
use crate::arguments::QuestionArguments;
use crate::configuration::Configuration;
use crate::output::{complain, count, say, spinner, table};

/// Characters of a reply without an answer that are shown.
const SHOWN_CHARACTERS: usize = 500;

/// What came of the call.
struct Tried {
    reading: Reading,
    body: String,
    latency_milliseconds: i64,
    cost: Option<String>,
}

pub(super) async fn run(configuration: &Configuration, arguments: &QuestionArguments) -> anyhow::Result<ExitCode> {
    if arguments.annotator.is_none() && (arguments.provider.is_none() || arguments.model.is_none()) {
        bail!("who is to be asked? --provider NAME and --model NAME, or --annotator NAME of the project");
    }
    let setting = Setting::read(configuration, arguments)?;
    let question = setting.question()?;
    let asked = ask(&question, &setting, arguments, configuration.document_limits()).await?;
    let name = &setting.model.provider;
    let provider = Provider::new(
        name,
        setting.provider.clone(),
        Arc::new(SystemEnvironment),
        |variable| std::env::var(variable).ok(),
    )?;
    let wait = spinner("ask");
    let reply = provider.ask(&asked.body).await;
    wait.finish_and_clear();
    let reply = reply.with_context(|| format!("provider `{name}`"))?;
    let reading = question.read(&reply.body, &asked);
    let cost = setting.provider.cost(reading.input_tokens, reading.output_tokens);
    let cost = cost.map(|cost| cost.to_string());
    let tried = Tried {
        reading,
        body: reply.body,
        latency_milliseconds: reply.latency_milliseconds,
        cost,
    };
    if arguments.json {
        say(&serde_json::to_string_pretty(&as_json(
            &question, &setting, &asked, &tried,
        ))?);
    } else {
        print(&question, &setting, &asked, &tried);
    }
    Ok(match tried.reading.failure {
        None => ExitCode::SUCCESS,
        Some(_) => ExitCode::FAILURE,
    })
}

/// Characters of the words of each message.
fn characters(asked: &Asked) -> [usize; 2] {
    let length = |message: usize| match &asked.body["messages"][message]["content"] {
        Value::String(text) => text.chars().count(),
        parts => {
            let parts = parts.as_array().into_iter().flatten();
            parts
                .filter_map(|part| part["text"].as_str())
                .map(|text| text.chars().count())
                .sum()
        }
    };
    [length(0), length(1)]
}

fn as_json(question: &Question<'_>, setting: &Setting, asked: &Asked, tried: &Tried) -> Value {
    let reading = &tried.reading;
    let [system, user] = characters(asked);
    json!({
        "prompt": facts(question.prompt()), "provider": setting.model.provider, "model": setting.model.model,
        "answered_as": reading.model, "system_characters": system, "user_characters": user,
        "images": asked.shown.images().len(), "file_pages": asked.shown.file_pages(),
        "examples": asked.examples.len(), "answers": reading.answers,
        "failure": reading.failure, "input_tokens": reading.input_tokens, "output_tokens": reading.output_tokens,
        "cost": tried.cost, "currency": tried.cost.as_ref().and(setting.provider.currency.as_ref()),
        "latency_milliseconds": tried.latency_milliseconds, "reply": tried.body,
    })
}

fn print(question: &Question<'_>, setting: &Setting, asked: &Asked, tried: &Tried) {
    let (prompt, reading) = (question.prompt(), &tried.reading);
    let [system, user] = characters(asked);
    let mut sent = format!("{} characters of rules, {} of question", count(system), count(user));
    for (number, what) in [
        (asked.shown.images().len(), "images"),
        (asked.shown.file_pages(), "pages of a file"),
        (asked.examples.len(), "examples"),
    ] {
        if number > 0 {
            sent.push_str(&format!(", {number} {what}"));
        }
    }
    say(&format!(
        "{}@{} to {} at {}: {sent}",
        prompt.header.name,
        short(&prompt.hash),
        setting.model.model,
        setting.model.provider
    ));
    let rows = setting
        .definition
        .fields
        .iter()
        .map(|field| row(field, reading.answers.get(&field.name)));
    say(&table(&["field", "answer", "read as"], 3, rows.collect()));
    let tokens = |tokens: Option<i64>| tokens.map_or_else(|| "?".to_owned(), |tokens| tokens.to_string());
    let currency = setting.provider.currency.as_deref().unwrap_or_default();
    let cost = tried.cost.as_ref().map(|cost| format!(", {cost} {currency}"));
    say(&format!(
        "{} answered in {} ms: {} tokens in, {} out{}",
        reading.model.as_deref().unwrap_or("a model without a name"),
        tried.latency_milliseconds,
        tokens(reading.input_tokens),
        tokens(reading.output_tokens),
        cost.unwrap_or_default().trim_end()
    ));
    if let Some(failure) = &reading.failure {
        complain(&format!("no answer: {failure}"));
        let start: String = tried.body.chars().take(SHOWN_CHARACTERS).collect();
        complain(&format!("the reply begins: {start}"));
    }
}

fn row(field: &Field, answer: Option<&Answer>) -> Vec<String> {
    let (given, read) = match answer {
        Some(Answer::Value(value)) if value.parsed => (value.raw.clone(), value.canonical.clone()),
        Some(Answer::Value(value)) => (value.raw.clone(), "not readable as its type".to_owned()),
        Some(Answer::Absent) => ("null".to_owned(), "absent".to_owned()),
        Some(Answer::Failed { reason }) => ("–".to_owned(), format!("failed: {reason}")),
        Some(Answer::Abstained) | None => ("–".to_owned(), "not answered".to_owned()),
    };
    vec![field.name.to_string(), given, read]
}
