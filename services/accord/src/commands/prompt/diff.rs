//! `accord prompt diff`.

use accord_annotate::prompt::Prompt;
use serde_json::json;
use similar::TextDiff;

use super::list::facts;
use super::short;
use super::texts::find;
use crate::configuration::Configuration;
use crate::output::say;

pub(super) async fn run(configuration: &Configuration, old: &str, new: &str, as_json: bool) -> anyhow::Result<()> {
    let library = configuration.prompt_library()?;
    let old = find(configuration, &library, old).await?;
    let new = find(configuration, &library, new).await?;
    let name = |prompt: &Prompt| format!("{}@{} ({})", prompt.header.name, short(&prompt.hash), prompt.origin);
    let lines = TextDiff::from_lines(&old.text, &new.text);
    let difference = lines.unified_diff().header(&name(&old), &name(&new)).to_string();
    if as_json {
        let value = json!({
            "old": facts(&old), "new": facts(&new), "same": old.hash == new.hash, "ratio": lines.ratio(),
            "diff": difference,
        });
        say(&serde_json::to_string_pretty(&value)?);
    } else if old.hash == new.hash {
        say(&format!("{} and {} are the same text", name(&old), name(&new)));
    } else {
        say(difference.trim_end());
    }
    Ok(())
}
