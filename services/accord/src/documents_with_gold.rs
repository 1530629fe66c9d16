//! Documents with gold on disk: JSONL lines with `gold`, or a folder with NAME.gold.json for each document.

use std::path::{Path, PathBuf};

use accord_datasets::content::document_of_data;
use accord_datasets::intake::{IncomingContent, Place, item_of_object};
use accord_documents::{Document, Limits, read_document};
use accord_domain::normalise::answers_from_json;
use accord_domain::{Answers, Field};
use anyhow::{Context, bail};
use rayon::prelude::*;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// Endings of files that can be documents.
pub(crate) const DOCUMENT_ENDINGS: [&str; 6] = ["pdf", "png", "jpg", "jpeg", "txt", "xml"];

/// What gold files are called.
const GOLD_ENDING: &str = ".gold.json";

/// A document with gold.
pub(crate) struct DocumentWithGold {
    /// Its name.
    pub(crate) name: String,
    /// SHA-256 of its content, which decides its fold.
    pub(crate) content_hash: String,
    /// What was read from it; or why it cannot be read.
    pub(crate) document: Result<Document, String>,
    /// The gold of the fields that are on the page.
    pub(crate) gold: Answers,
}

/// Reads all documents at a path, several at a time.
pub(crate) fn read_all(path: &Path, fields: &[Field], limits: &Limits) -> anyhow::Result<Vec<DocumentWithGold>> {
    if path.is_dir() {
        return read_folder(path, fields, limits);
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let lines: Vec<(usize, &str)> = text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
        .filter(|(_, line)| !line.trim().is_empty())
        .collect();
    if lines.is_empty() {
        bail!("{} holds no lines", path.display());
    }
    lines
        .par_iter()
        .map(|(number, line)| {
            read_line(line, *number, fields, limits).with_context(|| format!("{} line {number}", path.display()))
        })
        .collect()
}

fn read_line(line: &str, number: usize, fields: &[Field], limits: &Limits) -> anyhow::Result<DocumentWithGold> {
    let value: Value = serde_json::from_str(line).context("not valid JSON")?;
    let Value::Object(mut object) = value else {
        bail!("expected a JSON object")
    };
    let place = Place::Line(u64::try_from(number)?);
    let item = item_of_object(&mut object, place).map_err(anyhow::Error::msg)?;
    let IncomingContent::Data(data) = item.content else {
        bail!("expected data")
    };
    let gold = item
        .gold
        .context("`gold` is missing: an object of trusted values by field")?;
    Ok(DocumentWithGold {
        name: item.external_id,
        content_hash: hex::encode(Sha256::digest(Value::Object(data.clone()).to_string())),
        document: document_of_data(&data, limits).map_err(|error| error.to_string()),
        gold: answers(fields, &gold)?,
    })
}

fn read_folder(folder: &Path, fields: &[Field], limits: &Limits) -> anyhow::Result<Vec<DocumentWithGold>> {
    let files = document_files(folder)?;
    let with_gold: Vec<(PathBuf, PathBuf)> = files
        .into_iter()
        .filter_map(|file| gold_file_of(&file).map(|gold| (file, gold)))
        .collect();
    if with_gold.is_empty() {
        bail!(
            "{} holds no document with gold: expected NAME.pdf with NAME{GOLD_ENDING} beside it or in the folder above",
            folder.display()
        );
    }
    with_gold
        .par_iter()
        .map(|(file, gold)| {
            let bytes = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let document = read_document(&bytes, Some(&name), limits).map(|read| read.document);
            Ok(DocumentWithGold {
                name,
                content_hash: hex::encode(Sha256::digest(&bytes)),
                document: document.map_err(|error| error.to_string()),
                gold: answers(fields, &read_gold(gold)?).with_context(|| gold.display().to_string())?,
            })
        })
        .collect()
}

/// The documents of a folder in order of their names. Where one document stands there in several forms (PDF, its text,
/// its XML), the PDF is the document.
pub(crate) fn document_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    let mut files: Vec<PathBuf> = entries
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .map(|entry| entry.path())
        .filter(|path| path.is_file() && preference(path).is_some())
        .collect();
    files.sort_by_key(|path| (path.file_stem().map(ToOwned::to_owned), preference(path)));
    files.dedup_by(|later, kept| later.file_stem() == kept.file_stem());
    Ok(files)
}

/// The position of a file's ending among those of documents.
fn preference(path: &Path) -> Option<usize> {
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    DOCUMENT_ENDINGS.iter().position(|known| *known == ending)
}

/// The gold of a document: beside it, or in the folder above.
pub(crate) fn gold_file_of(document: &Path) -> Option<PathBuf> {
    let name = format!("{}{GOLD_ENDING}", document.file_stem()?.to_str()?);
    let folder = document.parent()?;
    let beside = folder.join(&name);
    let above = folder.join("..").join(&name);
    [beside, above].into_iter().find(|file| file.is_file())
}

/// The trusted values of a gold file that are on the page: nobody can read what is not there.
pub(crate) fn read_gold(file: &Path) -> anyhow::Result<Map<String, Value>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let mut whole: Map<String, Value> =
        serde_json::from_str(&text).with_context(|| format!("{} is not a JSON object", file.display()))?;
    let Some(Value::Object(mut gold)) = whole.remove("gold") else {
        bail!(
            "{}: `gold` is missing: an object of trusted values by field",
            file.display()
        );
    };
    if let Some(Value::Object(on_page)) = whole.get("gold_in_text") {
        gold.retain(|field, _| on_page.get(field) != Some(&Value::Bool(false)));
    }
    Ok(gold)
}

/// Values of fields that the project does not have are left out.
pub(crate) fn of_fields(fields: &[Field], gold: &Map<String, Value>) -> Map<String, Value> {
    gold.iter()
        .filter(|(name, _)| fields.iter().any(|field| field.name.as_str() == name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn answers(fields: &[Field], gold: &Map<String, Value>) -> anyhow::Result<Answers> {
    let mut answers = answers_from_json(fields, &of_fields(fields, gold))?;
    answers.retain(|_, answer| answer.class().is_some());
    Ok(answers)
}
