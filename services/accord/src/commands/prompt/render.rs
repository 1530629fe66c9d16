//! `accord prompt render`.

use serde_json::{Value, json};

use super::asked::{Setting, ask};
use super::list::facts;
use crate::arguments::QuestionArguments;
use crate::configuration::Configuration;
use crate::output::{complain, say};

pub(super) async fn run(configuration: &Configuration, arguments: &QuestionArguments) -> anyhow::Result<()> {
    let setting = Setting::read(configuration, arguments)?;
    let question = setting.question()?;
    let asked = ask(&question, &setting, arguments, configuration.document_limits()).await?;
    if arguments.json {
        let value = json!({
            "prompt": facts(question.prompt()), "examples": asked.examples.len(), "request": asked.body,
        });
        say(&serde_json::to_string_pretty(&value)?);
        return Ok(());
    }
    let prompt = question.prompt();
    complain(&format!("{}@{} ({})", prompt.header.name, prompt.hash, prompt.origin));
    for message in asked.body["messages"].as_array().into_iter().flatten() {
        say(&format!("=== {} ===", message["role"].as_str().unwrap_or_default()));
        match &message["content"] {
            Value::String(text) => say(text),
            parts => parts.as_array().into_iter().flatten().for_each(say_part),
        }
    }
    Ok(())
}

/// Words as they are; of an image or a file how large it is.
fn say_part(part: &Value) {
    let attached = |what: &str, url: &Value| {
        let (kind, data) = url.as_str().and_then(|url| url.split_once(',')).unwrap_or_default();
        say(&format!("[{what}: {kind}, {} characters]", data.len()));
    };
    match (part["text"].as_str(), part["file"]["filename"].as_str()) {
        (Some(text), _) => say(text),
        (None, Some(name)) => attached(&format!("file {name}"), &part["file"]["file_data"]),
        (None, None) => attached("image", &part["image_url"]["url"]),
    }
}
