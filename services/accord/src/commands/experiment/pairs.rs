//! Reading two versions' results as pairs.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use accord_datasets::table_file::{ColumnRequest, NameColumn, Table, read_table};
use anyhow::{Context, bail};

use crate::arguments::AnalyzeArguments;
use crate::commands::vote_files::{read_with_bar, tell_skipped};

/// Both versions on the same rows.
#[derive(Debug)]
pub(super) struct Pairs {
    pub(super) old: Vec<f64>,
    pub(super) new: Vec<f64>,
    /// Number of each row's document.
    pub(super) documents: Vec<u32>,
    /// Each row's field, where there are fields.
    pub(super) fields: Option<NameColumn>,
    /// Share of rows that the old version did not answer, and the new.
    pub(super) missing: [f64; 2],
}

impl Pairs {
    /// Whether everything is right (1) or wrong (0).
    pub(super) fn are_flags(&self) -> bool {
        self.old
            .iter()
            .chain(&self.new)
            .all(|value| *value == 0.0 || *value == 1.0)
    }
}

/// Reads one file with both versions, or two joined by id.
pub(super) fn read(arguments: &AnalyzeArguments) -> anyhow::Result<Pairs> {
    let pairs = match &arguments.second {
        None => read_both(arguments)?,
        Some(new) => join(one_version(&arguments.first, arguments)?, one_version(new, arguments)?)?,
    };
    if pairs.old.is_empty() {
        bail!("there are no rows that both versions answered");
    }
    Ok(pairs)
}

fn table_of(file: &Path, requests: &[ColumnRequest], arguments: &AnalyzeArguments) -> anyhow::Result<Table> {
    let options = arguments.input.options();
    let table = read_with_bar(file, |progress| read_table(file, requests, options, progress))?;
    tell_skipped(file, &table.skipped);
    Ok(table)
}

const RESULT: &str = "a number: 1 for right and 0 for wrong, or a score";

fn read_both(arguments: &AnalyzeArguments) -> anyhow::Result<Pairs> {
    let requests = [
        ColumnRequest::numbers("old", RESULT, f64::is_finite),
        ColumnRequest::numbers("new", RESULT, f64::is_finite),
        ColumnRequest::names("document").optional(),
        ColumnRequest::names("field").optional(),
    ];
    let mut table = table_of(&arguments.first, &requests, arguments)?;
    let rows = u32::try_from(table.rows).unwrap_or(u32::MAX);
    let documents = table.take_names("document");
    Ok(Pairs {
        old: table.take_numbers("old").unwrap_or_default(),
        new: table.take_numbers("new").unwrap_or_default(),
        documents: documents.map_or_else(|| (0..rows).collect(), |documents| documents.ids),
        fields: table.take_names("field"),
        missing: [0.0; 2],
    })
}

/// The results of one version by id and field.
struct Version {
    results: Vec<f64>,
    keys: Vec<(String, String)>,
    documents: Option<NameColumn>,
    fields: Option<NameColumn>,
}

fn one_version(file: &Path, arguments: &AnalyzeArguments) -> anyhow::Result<Version> {
    let requests = [
        ColumnRequest::names("id"),
        ColumnRequest::flags("correct").optional(),
        ColumnRequest::numbers("score", "a finite number", f64::is_finite).optional(),
        ColumnRequest::names("document").optional(),
        ColumnRequest::names("field").optional(),
    ];
    let mut table = table_of(file, &requests, arguments)?;
    let flags = table.take_flags("correct");
    let flags = flags.map(|flags| flags.into_iter().map(|flag| f64::from(u8::from(flag))).collect());
    let results: Option<Vec<f64>> = flags.or_else(|| table.take_numbers("score"));
    let results = results.with_context(|| format!("{}: neither a column `correct` nor `score`", file.display()))?;
    let ids = table.take_names("id").unwrap_or_default();
    let fields = table.take_names("field");
    let text = |names: &NameColumn, row: usize| names.get(row).map_or_else(String::new, |name| name.to_string());
    let keys = (0..results.len())
        .map(|row| {
            (
                text(&ids, row),
                fields.as_ref().map_or_else(String::new, |fields| text(fields, row)),
            )
        })
        .collect();
    Ok(Version {
        results,
        keys,
        documents: table.take_names("document"),
        fields,
    })
}

/// Joins by id (and field); documents and fields are those of the old version.
fn join(old: Version, new: Version) -> anyhow::Result<Pairs> {
    let mut rows: HashMap<&(String, String), usize> = HashMap::with_capacity(new.keys.len());
    for (row, key) in new.keys.iter().enumerate() {
        if rows.insert(key, row).is_some() {
            bail!("the id `{}` stands twice in the new version", key.0);
        }
    }
    let mut seen: HashSet<&(String, String)> = HashSet::with_capacity(old.keys.len());
    let mut pairs = Pairs {
        old: Vec::new(),
        new: Vec::new(),
        documents: Vec::new(),
        fields: old.fields.as_ref().map(|fields| NameColumn {
            ids: Vec::new(),
            names: fields.names.clone(),
        }),
        missing: [0.0; 2],
    };
    for (row, key) in old.keys.iter().enumerate() {
        if !seen.insert(key) {
            bail!("the id `{}` stands twice in the old version", key.0);
        }
        let Some(partner) = rows.get(key) else {
            continue;
        };
        let own = u32::try_from(row).unwrap_or(u32::MAX);
        pairs.old.push(old.results[row]);
        pairs.new.push(new.results[*partner]);
        let document = old
            .documents
            .as_ref()
            .and_then(|documents| documents.ids.get(row))
            .copied();
        pairs.documents.push(document.unwrap_or(own));
        if let (Some(column), Some(fields)) = (&mut pairs.fields, &old.fields) {
            column.ids.extend(fields.ids.get(row).copied());
        }
    }
    let both = pairs.old.len() as f64;
    let all = old.keys.len() as f64 + new.keys.len() as f64 - both;
    pairs.missing = [old.keys.len(), new.keys.len()].map(|rows| 1.0 - rows as f64 / all.max(1.0));
    Ok(pairs)
}
