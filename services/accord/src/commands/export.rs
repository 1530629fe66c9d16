//! `accord export`: votes or consensus to a file or to standard output, streamed.

use std::io::Write;
use std::path::{Path, PathBuf};
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
        let written = write_all(house, project.id, kind, format, std::io::stdout().lock()).await;
        return match written {
            // Whoever reads has seen enough, as `head` has.
            Err(error) if is_broken_pipe(&error) => Ok(()),
            other => other.map(drop),
        };
    };
    // The file appears under its name only when it is complete.
    let mut name = file.as_os_str().to_owned();
    name.push(".partial");
    let partial = PathBuf::from(name);
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

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let problem = error.downcast_ref::<std::io::Error>();
    problem.is_some_and(|problem| problem.kind() == std::io::ErrorKind::BrokenPipe)
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
            let format = ending.unwrap_or("jsonl").parse().map_err(anyhow::Error::msg);
            format.context("the format is taken from the file's ending unless --format names one")
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
