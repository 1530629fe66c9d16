//! `accord samples`: writes sample documents with gold.

use std::fmt::Write;
use std::path::Path;

use accord_samples::{generate_receipts, generate_text_classification, write_folder};
use anyhow::Context;
use serde::Serialize;

use crate::arguments::{SampleKind, SamplesArguments};
use crate::output::{bar, say};

pub(crate) fn run(arguments: &SamplesArguments) -> anyhow::Result<()> {
    let (folder, seed, count) = (&arguments.folder, arguments.seed, arguments.count);
    std::fs::create_dir_all(folder).with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    match arguments.kind {
        SampleKind::Invoices => {
            let progress = bar(u64::try_from(count)?, "write");
            write_folder(folder, seed, count, |written| {
                progress.set_position(u64::try_from(written).unwrap_or(0))
            })?;
            progress.finish();
            say(&format!("{count} invoices with their gold in {}", folder.display()));
        }
        SampleKind::Receipts => write_lines(&folder.join("receipts.jsonl"), &generate_receipts(seed, count))?,
        SampleKind::Texts => write_lines(&folder.join("texts.jsonl"), &generate_text_classification(seed, count))?,
    }
    Ok(())
}

fn write_lines<T: Serialize>(file: &Path, samples: &[T]) -> anyhow::Result<()> {
    let mut text = String::new();
    for sample in samples {
        writeln!(text, "{}", serde_json::to_string(sample)?)?;
    }
    std::fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))?;
    say(&format!("{} lines with gold in {}", samples.len(), file.display()));
    Ok(())
}
