//! `accord prompt show`.

use super::list::facts;
use super::texts::find;
use crate::configuration::Configuration;
use crate::output::{complain, say};

pub(super) async fn run(configuration: &Configuration, wanted: &str, as_json: bool) -> anyhow::Result<()> {
    let library = configuration.prompt_library()?;
    let prompt = find(configuration, &library, wanted).await?;
    if as_json {
        let mut facts = facts(&prompt);
        facts["text"] = prompt.text.as_str().into();
        say(&serde_json::to_string_pretty(&facts)?);
    } else {
        complain(&format!("{}@{} ({})", prompt.header.name, prompt.hash, prompt.origin));
        say(prompt.text.trim_end());
    }
    Ok(())
}
