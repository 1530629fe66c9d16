//! Structured log lines on standard error.

use std::io::IsTerminal;

use anyhow::Context;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::Directive;

use crate::configuration::{LogFormat, LoggingSection};

/// The client library of language models logs whole replies, and so the contents of documents.
const SILENCED: [&str; 2] = ["async_openai=off", "pdf_extract=off"];

/// Starts logging. Commands that only print a result log warnings alone, unless asked otherwise.
pub(crate) fn start(section: &LoggingSection, quiet: bool) -> anyhow::Result<()> {
    let chosen = if quiet && section.filter == "info" {
        "warn"
    } else {
        &section.filter
    };
    let mut filter = EnvFilter::try_new(chosen)
        .with_context(|| format!("[logging] filter `{chosen}`: expected a level or target=level pairs"))?;
    for directive in SILENCED {
        filter = filter.add_directive(directive.parse::<Directive>()?);
    }
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(is_coloured())
        .with_writer(std::io::stderr);
    let result = match section.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    result.map_err(|error| anyhow::anyhow!("logging cannot start: {error}"))
}

/// Colours are for people at a terminal who did not decline them (no-color.org).
fn is_coloured() -> bool {
    let is_declined = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    std::io::stderr().is_terminal() && !is_declined
}
