//! Real votes of crowds and language models: what this crate makes of them beside what other libraries do.

mod agreement;
mod panels;
mod report;
mod sets;
mod truth;

use std::error::Error;
use std::path::{Path, PathBuf};

use serde_json::Value;

use agreement::Peers;
use report::Section;
use sets::{VoteSet, read_json};

/// What can go wrong with the files.
pub(crate) type Failure = Box<dyn Error>;

/// Where the data sets are: `ACCORD_AGREEMENT`, else `data/agreement` below `ACCORD_SHARED`, by default `../shared` beside the
/// workspace.
pub(crate) fn folder() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    match std::env::var_os("ACCORD_AGREEMENT") {
        Some(folder) => PathBuf::from(folder),
        None => workspace
            .join(std::env::var_os("ACCORD_SHARED").unwrap_or_else(|| "../shared".into()))
            .join("data/agreement"),
    }
}

/// The names of the data sets in a folder: each a folder with `reference.json`.
pub(crate) fn set_names(folder: &Path) -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let path = entry?.path();
        if path.join("reference.json").is_file() {
            names.extend(path.file_name().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    Ok(names)
}

/// Compares one data set with its `reference.json`. `exact` may be a folder with agreement figures that are not rounded.
pub(crate) fn compare(folder: &Path, name: &str, exact: Option<&Path>) -> Result<Vec<Section>, Failure> {
    let folder = folder.join(name);
    let reference = read_json(&folder.join("reference.json"))?;
    let exact = match exact {
        Some(exact) => read_json(&exact.join(format!("{name}.json")))?,
        None => Value::Null,
    };
    let peers = Peers {
        rounded: &reference,
        exact: &exact,
    };
    let kind = reference["type"].as_str().unwrap_or_default();
    let mut section = Section::new(format!("{name} ({kind})"));
    if kind == "interval" {
        agreement::compare_numbers(&mut section, &folder, peers.part("agreement"))?;
        return Ok(vec![section]);
    }
    let votes = VoteSet::read(&folder)?;
    agreement::compare_classes(&mut section, &votes, peers.part("agreement"))?;
    truth::compare(&mut section, &votes, &reference["aggregation"], name)?;
    let mut sections = vec![section];
    if let Some(names) = reference["panel"]["annotators"].as_array() {
        let names: Vec<String> = names
            .iter()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect();
        let mut section = Section::new(format!("{name}, panel of {}", names.len()));
        let panel = votes.of(&names);
        agreement::compare_classes(&mut section, &panel, peers.part("panel").part("agreement"))?;
        truth::compare(&mut section, &panel, &reference["panel"]["aggregation"], "")?;
        panels::compare(&mut section, &panel, &reference["panel"])?;
        sections.push(section);
    }
    Ok(sections)
}
