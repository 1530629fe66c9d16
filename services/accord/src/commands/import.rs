//! `accord import`: files, folders, JSONL and CSV into a project.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use accord_datasets::intake::{ImportSummary, Importer, IncomingContent, IncomingItem, LineFormat, Place, Rejection};
use accord_domain::Project;
use anyhow::{Context, bail};
use serde_json::Map;

use crate::arguments::ImportArguments;
use crate::documents_with_gold::{DOCUMENT_ENDINGS, document_files, gold_file_of, of_fields, read_gold};
use crate::output::{bar, byte_bar, complain, say};
use crate::wiring::House;

/// Files that are imported in one transaction.
const FILES_PER_BATCH: usize = 16;

/// Problems that are printed; the rest is counted.
const SHOWN_PROBLEMS: usize = 20;

pub(crate) async fn run(arguments: &ImportArguments, house: &House) -> anyhow::Result<ExitCode> {
    let project = house.project(&arguments.project).await?;
    let sources = Sources::find(&arguments.paths)?;
    let importer = house.importer().holding(arguments.hold);
    let mut summary = ImportSummary::default();
    for (path, format) in &sources.lines {
        summary.merge(import_lines(&importer, &project, path, *format).await?);
    }
    if !sources.files.is_empty() {
        summary.merge(import_files(house, &importer, &project, &sources.files).await?);
    }
    report(&summary, arguments.json)?;
    Ok(if summary.rejected == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(2)
    })
}

/// What the paths of a command lead to.
#[derive(Default)]
struct Sources {
    lines: Vec<(PathBuf, LineFormat)>,
    files: Vec<PathBuf>,
}

impl Sources {
    /// Looks at all paths before anything is imported.
    fn find(paths: &[PathBuf]) -> anyhow::Result<Self> {
        let mut sources = Self::default();
        for path in paths {
            if path.is_dir() {
                sources.add_folder(path)?;
            } else if !path.is_file() {
                bail!("{} does not exist", path.display());
            } else if let Some(format) = line_format(path) {
                sources.lines.push((path.clone(), format));
            } else {
                sources.files.push(path.clone());
            }
        }
        Ok(sources)
    }

    fn add_folder(&mut self, folder: &Path) -> anyhow::Result<()> {
        let documents = document_files(folder)?;
        let mut lines: Vec<(PathBuf, LineFormat)> = std::fs::read_dir(folder)?
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .map(|entry| entry.path())
            .filter(|path| path.is_file())
            .filter_map(|path| line_format(&path).map(|format| (path, format)))
            .collect();
        lines.sort_by(|left, right| left.0.cmp(&right.0));
        if documents.is_empty() && lines.is_empty() {
            bail!(
                "{} holds nothing that can be imported: expected {}, jsonl or csv",
                folder.display(),
                DOCUMENT_ENDINGS.join(", ")
            );
        }
        self.files.extend(documents);
        self.lines.extend(lines);
        Ok(())
    }
}

fn line_format(path: &Path) -> Option<LineFormat> {
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    match ending.as_str() {
        "jsonl" | "ndjson" => Some(LineFormat::JsonLines),
        "csv" => Some(LineFormat::Csv),
        _ => None,
    }
}

async fn import_lines(
    importer: &Importer,
    project: &Project,
    path: &Path,
    format: LineFormat,
) -> anyhow::Result<ImportSummary> {
    let file = tokio::fs::File::open(path)
        .await
        .with_context(|| format!("{} cannot be read", path.display()))?;
    let progress = byte_bar(file.metadata().await?.len(), "import");
    let summary = importer
        .import_lines(project, format, file, |summary, bytes| {
            progress.set_position(bytes);
            progress.set_message(format!("{} new, {} rejected", summary.created, summary.rejected));
        })
        .await
        .with_context(|| path.display().to_string())?;
    progress.finish();
    Ok(summary)
}

/// Imports files in batches, each with the gold beside it.
pub(crate) async fn import_files(
    house: &House,
    importer: &Importer,
    project: &Project,
    files: &[PathBuf],
) -> anyhow::Result<ImportSummary> {
    let progress = bar(u64::try_from(files.len())?, "import");
    let mut summary = ImportSummary::default();
    for batch in files.chunks(FILES_PER_BATCH) {
        let mut items = Vec::with_capacity(batch.len());
        for file in batch {
            match incoming(house, project, file).await {
                Ok(item) => items.push(item),
                Err(error) => summary.reject(Rejection {
                    place: Place::File(file.display().to_string()).to_string(),
                    external_id: None,
                    problem: format!("{error:#}"),
                }),
            }
        }
        summary.merge(importer.import(project, items, 0).await?);
        progress.inc(u64::try_from(batch.len())?);
    }
    progress.finish();
    Ok(summary)
}

async fn incoming(house: &House, project: &Project, file: &Path) -> anyhow::Result<IncomingItem> {
    let limit = house.configuration.document_limits().bytes;
    let size = tokio::fs::metadata(file).await.context("it cannot be read")?.len();
    if size > limit {
        bail!("it has {size} bytes, more than the limit of {limit} ([documents] bytes)");
    }
    let bytes = tokio::fs::read(file).await.context("it cannot be read")?;
    let name = file
        .file_name()
        .context("a file without a name")?
        .to_string_lossy()
        .into_owned();
    let gold = match gold_file_of(file) {
        Some(gold) => Some(of_fields(&project.definition.fields, &read_gold(&gold)?)),
        None => None,
    };
    Ok(IncomingItem {
        place: Place::File(file.display().to_string()),
        external_id: name.clone(),
        content: IncomingContent::File {
            file_name: name,
            bytes: bytes.into(),
        },
        metadata: Map::new(),
        gold,
    })
}

fn report(summary: &ImportSummary, json: bool) -> anyhow::Result<()> {
    if json {
        say(&serde_json::to_string_pretty(summary)?);
        return Ok(());
    }
    for rejection in summary.rejections.iter().take(SHOWN_PROBLEMS) {
        let name = rejection.external_id.as_deref().unwrap_or("?");
        complain(&format!(
            "not imported: {} ({name}): {}",
            rejection.place, rejection.problem
        ));
    }
    let shown = summary.rejections.len().min(SHOWN_PROBLEMS);
    let hidden = summary.rejected.saturating_sub(u64::try_from(shown)?);
    if hidden > 0 {
        complain(&format!("... and {hidden} more; --json lists the first thousand"));
    }
    say(&format!(
        "{} new, {} there already, {} rejected, {} gold values",
        summary.created, summary.unchanged, summary.rejected, summary.gold
    ));
    Ok(())
}
