//! `accord provider`: what the endpoints of language models can do.

use std::process::ExitCode;
use std::sync::Arc;

use accord_annotate::provider::{Extra, Provider, ProviderCheck, ProviderSettings, StructuredOutput, Verdict};
use accord_store::SystemEnvironment;
use anyhow::{Context, bail};

use crate::arguments::ProviderCommand;
use crate::configuration::Configuration;
use crate::output::{complain, say, spinner, table};

pub(crate) async fn run(command: ProviderCommand, configuration: &Configuration) -> anyhow::Result<ExitCode> {
    let ProviderCommand::Check { name, model, json } = command;
    let settings = settings_of(configuration, &name)?;
    let model = model
        .or_else(|| settings.check_model.clone())
        .with_context(|| format!("which model? --model MODEL, or check_model in [providers.{name}]"))?;
    let provider = Provider::new(&name, settings.clone(), Arc::new(SystemEnvironment), |variable| {
        std::env::var(variable).ok()
    })?;
    let wait = spinner("ask");
    let checked = provider.check(&model).await;
    wait.finish_and_clear();
    let check = checked.with_context(|| format!("provider `{name}` at {} does not answer", settings.base_url))?;
    if json {
        say(&serde_json::to_string_pretty(&check)?);
    } else {
        print(&name, settings, &check);
    }
    let advice = advice(settings, &check);
    for line in &advice {
        complain(&format!("[providers.{name}] {line}"));
    }
    Ok(if advice.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// What the configuration says of the provider of this name.
pub(crate) fn settings_of<'a>(configuration: &'a Configuration, name: &str) -> anyhow::Result<&'a ProviderSettings> {
    let Some(settings) = configuration.providers.get(name) else {
        let known: Vec<&str> = configuration.providers.keys().map(String::as_str).collect();
        bail!(
            "no provider `{name}` in the configuration; there {}",
            match known.as_slice() {
                [] => "is none: add [providers.NAME] with a base_url".to_owned(),
                names => format!("are: {}", names.join(", ")),
            }
        );
    };
    Ok(settings)
}

fn print(name: &str, settings: &ProviderSettings, check: &ProviderCheck) {
    let answered = check.answered_as.as_deref().unwrap_or("a model without a name");
    say(&format!(
        "provider `{name}` answers: {} asked, {answered} answered in {} ms ({})",
        check.model,
        check.latency_milliseconds,
        match check.calls {
            1 => "1 call".to_owned(),
            calls => format!("{calls} calls, since extras were refused"),
        }
    ));
    let rows = check
        .extras
        .iter()
        .map(|found| plain_row(found.extra.word(), word_of(found.verdict), &found.reason));
    let mut rows: Vec<Vec<String>> = rows.collect();
    if let Some(batches) = &check.batches {
        rows.push(plain_row("batches", word_of(batches.verdict), &batches.reason));
    }
    rows.push(match (check.input_tokens, check.output_tokens) {
        (None, None) => plain_row("usage", "missing", "the server counts no tokens: costs stay unknown"),
        (input, output) => {
            let cost = settings.cost(input, output);
            let cost = cost.map(|cost| format!(", {cost} {}", settings.currency.as_deref().unwrap_or_default()));
            let tokens = |tokens: Option<i64>| tokens.map_or_else(|| "?".to_owned(), |tokens| tokens.to_string());
            let text = format!(
                "{} in, {} out{}",
                tokens(input),
                tokens(output),
                cost.unwrap_or_default()
            );
            plain_row("usage", "works", text.trim_end())
        }
    });
    let finish = check.finish_reason.as_deref();
    rows.push(plain_row(
        "finish_reason",
        if finish.is_some() { "works" } else { "missing" },
        finish.unwrap_or("cut-off answers can be told by their JSON only"),
    ));
    say(&table(&["what", "verdict", "seen"], 3, rows));
}

const fn word_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Works => "works",
        Verdict::Accepted => "accepted",
        Verdict::Ignored => "ignored",
        Verdict::Refused => "refused",
    }
}

fn plain_row(what: &str, verdict: &str, seen: &str) -> Vec<String> {
    [what, verdict, seen].map(str::to_owned).to_vec()
}

/// What to change in the settings, because what they say was not found so.
fn advice(settings: &ProviderSettings, check: &ProviderCheck) -> Vec<String> {
    let verdict = |extra: Extra| {
        let found = check.extras.iter().find(|found| found.extra == extra);
        found.map(|found| found.verdict)
    };
    let mut lines = Vec::new();
    let schema = verdict(Extra::JsonSchema);
    if settings.structured_output == StructuredOutput::JsonSchema
        && matches!(schema, Some(Verdict::Ignored | Verdict::Refused))
    {
        lines.push(
            "structured_output = \"json_schema\" has no effect there: use \"json_object\" or \"none\", the schema then stands \
             in the prompt"
                .to_owned(),
        );
    }
    if check
        .batches
        .as_ref()
        .is_some_and(|batches| batches.verdict == Verdict::Refused)
    {
        lines.push("there are no batches: leave [batch] out".to_owned());
    }
    let switches = [
        (Extra::Logprobs, settings.logprobs),
        (Extra::Seed, settings.seed),
        (Extra::Temperature, settings.temperature),
        (Extra::Images, settings.images),
        (Extra::Files, settings.files),
    ];
    for (extra, is_on) in switches {
        if is_on && verdict(extra) == Some(Verdict::Refused) {
            lines.push(format!("{} = true is refused there: set it to false", extra.word()));
        }
    }
    lines
}
