//! The template that somebody means: by name, by name and hash, by hash alone, or a file.

use std::path::Path;
use std::sync::Arc;

use accord_annotate::prompt::{Prompt, PromptError, PromptLibrary, PromptOrigin};
use accord_domain::PromptReference;
use accord_store::{Blobs, LocalBlobs};
use anyhow::Context;

use crate::configuration::Configuration;

/// Digits of a whole hash.
const ALL_DIGITS: usize = 64;

pub(super) async fn find(
    configuration: &Configuration,
    library: &PromptLibrary,
    wanted: &str,
) -> anyhow::Result<Arc<Prompt>> {
    if Path::new(wanted).is_file() {
        let text = std::fs::read_to_string(wanted).with_context(|| format!("{wanted} cannot be read"))?;
        return Ok(Arc::new(Prompt::parse(&text, PromptOrigin::File(wanted.into()))?));
    }
    if is_hash(wanted) {
        return match library.prompts().find(|prompt| prompt.hash == wanted) {
            Some(prompt) => Ok(Arc::new(prompt.clone())),
            None => kept(configuration, wanted).await,
        };
    }
    let reference: PromptReference = wanted.parse()?;
    match library.find(&reference) {
        Err(PromptError::Changed { pin, .. }) if is_hash(&pin) => kept(configuration, &pin).await,
        found => Ok(found?),
    }
}

fn is_hash(text: &str) -> bool {
    text.len() == ALL_DIGITS && text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

/// A text that was used once.
async fn kept(configuration: &Configuration, hash: &str) -> anyhow::Result<Arc<Prompt>> {
    let blobs = LocalBlobs::new(&configuration.blobs.folder)?;
    let bytes = blobs.get(hash).await?;
    let bytes = bytes.with_context(|| {
        format!(
            "no prompt with the hash {hash} is there, and none was used with the files of {}",
            configuration.blobs.folder.display()
        )
    })?;
    let text = String::from_utf8(bytes.to_vec()).with_context(|| format!("the file {hash} is no prompt"))?;
    Ok(Arc::new(Prompt::parse(&text, PromptOrigin::Kept)?))
}
