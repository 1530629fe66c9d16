//! `accord export`: votes or consensus to a file or to standard output, streamed.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use accord_datasets::export::{ExportFormat, ExportKind, export};
use anyhow::Context;
use futures::StreamExt;

use crate::arguments::{ExportArguments, ExportAs, ExportWhat};
use crate::output::complain;
use crate::wiring::House;

pub(crate) async fn run(arguments: &ExportArguments, house: &House) -> anyhow::Result<()> {
    let project = house.project(&arguments.project).await?;
    let kind = match arguments.what {
        ExportWhat::Votes => ExportKind::Votes,
        ExportWhat::Consensus => ExportKind::Consensus,
    };
    let format = format_of(arguments)?;
    let Some(file) = &arguments.output else {
        write_all(house, project.id, kind, format, std::io::stdout().lock()).await?;
        return Ok(());
    };
    // The file appears under its name only when it is complete.
    let partial = file.with_extension("partial");
    let opened = std::fs::File::create(&partial);
    let writer = opened.with_context(|| format!("{} cannot be written", partial.display()))?;
    let bytes = match write_all(house, project.id, kind, format, writer).await {
        Ok(bytes) => bytes,
        Err(error) => {
            drop(std::fs::remove_file(&partial));
            return Err(error);
        }
    };
    std::fs::rename(&partial, file).with_context(|| format!("{} cannot be written", file.display()))?;
    complain(&format!("{bytes} bytes written to {}", file.display()));
    Ok(())
}

fn format_of(arguments: &ExportArguments) -> anyhow::Result<ExportFormat> {
    match arguments.format {
        Some(ExportAs::Jsonl) => Ok(ExportFormat::JsonLines),
        Some(ExportAs::Csv) => Ok(ExportFormat::Csv),
        Some(ExportAs::Parquet) => Ok(ExportFormat::Parquet),
        None => {
            let ending = arguments
                .output
                .as_deref()
                .and_then(Path::extension)
                .and_then(|ending| ending.to_str());
            ending.unwrap_or("jsonl").parse().map_err(anyhow::Error::msg)
        }
    }
}

async fn write_all(
    house: &House,
    project_id: accord_domain::ProjectId,
    kind: ExportKind,
    format: ExportFormat,
    mut writer: impl Write,
) -> anyhow::Result<usize> {
    let mut pieces = export(Arc::clone(&house.store), project_id, kind, format);
    let mut bytes = 0;
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        bytes += piece.len();
        writer.write_all(&piece)?;
    }
    writer.flush()?;
    Ok(bytes)
}
