//! `accord aggregate`: the votes of a file become one label for each item.

mod automatic;
mod decide;
mod judge;
mod page;
mod print;
mod weights;
mod write;

use std::process::ExitCode;

use accord_datasets::table_file::{BadRows, NameTable};
use accord_datasets::vote_file::FieldVotes;
use serde::Serialize;

use self::decide::{Decided, Deciding};
use self::judge::{Judged, judge};
use self::weights::Weights;
use super::vote_files::{FieldTable, gold_of, table_of, votes_of};
use crate::arguments::{AggregateArguments, Method};
use crate::output::say;

/// All that is printed: with `--json`, these names are the fields.
#[derive(Debug, Serialize)]
struct Aggregation {
    /// The file.
    file: String,
    method: &'static str,
    /// Votes, items and annotators of all fields.
    votes: usize,
    items: usize,
    annotators: usize,
    /// Bad rows that were left out.
    skipped: BadRows,
    /// The file with the labels; null when none was asked for.
    output: Option<String>,
    fields: Vec<Judged>,
}

/// A field with its votes and what became of them.
struct DecidedField<'a> {
    field: &'a FieldVotes,
    table: &'a FieldTable,
    decided: &'a Decided,
    items: &'a NameTable,
    annotators: &'a NameTable,
    /// Known labels by row of the table.
    known: Option<Vec<Option<usize>>>,
}

pub(crate) fn run(arguments: &AggregateArguments) -> anyhow::Result<ExitCode> {
    let mut votes = votes_of(&arguments.votes, &arguments.input)?;
    let gold = gold_of(arguments.gold.as_deref(), &mut votes, &arguments.input)?;
    let weights = Weights::of(arguments, &votes)?;
    let mut writer = write::begin(arguments, votes.fields.iter().any(|field| field.name.is_some()))?;
    let mut aggregation = Aggregation {
        file: arguments.votes.display().to_string(),
        method: method_word(arguments.method),
        votes: votes.votes(),
        items: votes.items.len(),
        annotators: votes.annotators.len(),
        skipped: std::mem::take(&mut votes.skipped),
        output: arguments.output.as_ref().map(|file| file.display().to_string()),
        fields: Vec::with_capacity(votes.fields.len()),
    };
    let fields = std::mem::take(&mut votes.fields);
    for (place, mut field) in fields.into_iter().enumerate() {
        let table = table_of(&mut field, votes.annotators.len())?;
        let known = gold
            .as_ref()
            .and_then(|gold| gold.labels.get(place))
            .filter(|known| !known.is_empty());
        let known = known.map(|known| table.known(known));
        let deciding = Deciding {
            votes: &table.votes,
            weights: &weights,
            known: known.as_deref(),
            arguments,
        };
        let decided = deciding.decide()?;
        let field = DecidedField {
            known,
            field: &field,
            table: &table,
            decided: &decided,
            items: &votes.items,
            annotators: &votes.annotators,
        };
        aggregation.fields.push(judge(&field)?);
        if let Some(writer) = &mut writer {
            write::write(writer, &field)?;
        }
    }
    if let Some(writer) = writer {
        writer.finish()?;
    }
    if let Some(file) = &arguments.result.report {
        page::report(&aggregation).write(file)?;
    }
    if arguments.result.json {
        say(&serde_json::to_string_pretty(&aggregation)?);
    } else {
        print::print(&aggregation);
    }
    Ok(ExitCode::SUCCESS)
}

/// The method as it is typed.
fn method_word(method: Method) -> &'static str {
    match method {
        Method::Majority => "majority",
        Method::Weighted => "weighted",
        Method::DawidSkene => "dawid-skene",
        Method::OneCoin => "one-coin",
        Method::Glad => "glad",
        Method::Mace => "mace",
        Method::Auto => "auto",
    }
}
