//! `accord agreement`: how far annotators agree, from a file of votes.

mod measure;
mod page;
mod panel;
mod pools;
mod print;
mod ratings;

use std::process::ExitCode;

use accord_datasets::table_file::BadRows;
use accord_datasets::vote_file::VoteFile;
use anyhow::{Context, bail};
use serde::Serialize;

use self::measure::{FieldAgreement, Measuring};
use self::pools::Pools;
use super::vote_files::{gold_of, votes_of};
use crate::arguments::{AgreementArguments, LabelLevel};
use crate::output::say;

/// All that is printed: with `--json`, these names are the fields.
#[derive(Debug, Serialize)]
struct Agreement {
    /// The file.
    file: String,
    /// Votes, items and annotators of all fields.
    votes: usize,
    items: usize,
    annotators: usize,
    /// Bad rows that were left out.
    skipped: BadRows,
    /// Level of measurement of alpha and of the kappas of pairs.
    level: &'static str,
    fields: Vec<FieldAgreement>,
}

impl Agreement {
    /// Nothing measured yet.
    fn of(arguments: &AgreementArguments) -> Self {
        Self {
            file: arguments.votes.display().to_string(),
            votes: 0,
            items: 0,
            annotators: 0,
            skipped: BadRows::default(),
            level: level_word(arguments.level),
            fields: Vec::new(),
        }
    }
}

pub(crate) fn run(arguments: &AgreementArguments) -> anyhow::Result<ExitCode> {
    let agreement = match ratings::item_by_item(arguments)? {
        Some(agreement) => agreement,
        None => vote_by_vote(arguments)?,
    };
    if let Some(file) = &arguments.result.report {
        page::report(&agreement).write(file)?;
    }
    if arguments.result.json {
        say(&serde_json::to_string_pretty(&agreement)?);
    } else {
        print::print(&agreement);
    }
    Ok(ExitCode::SUCCESS)
}

/// The agreement of any file, for which all of its votes are held.
fn vote_by_vote(arguments: &AgreementArguments) -> anyhow::Result<Agreement> {
    let mut votes = votes_of(&arguments.votes, &arguments.input)?;
    let gold = gold_of(arguments.gold.as_deref(), &mut votes, &arguments.input)?;
    if !arguments.order.is_empty() && gold.is_some() {
        bail!("--order and --gold do not go together yet: the labels of the gold are ordered with the others");
    }
    order_labels(&mut votes, arguments)?;
    let pools = Pools::of(arguments, &votes.annotators)?;
    let mut agreement = Agreement {
        votes: votes.votes(),
        items: votes.items.len(),
        annotators: votes.annotators.len(),
        skipped: std::mem::take(&mut votes.skipped),
        ..Agreement::of(arguments)
    };
    let fields = std::mem::take(&mut votes.fields);
    for (place, field) in fields.into_iter().enumerate() {
        let known = gold.as_ref().and_then(|gold| gold.labels.get(place));
        let measuring = Measuring {
            annotators: &votes.annotators,
            known: known.map(Vec::as_slice).filter(|known| !known.is_empty()),
            pools: &pools,
            arguments,
        };
        agreement.fields.push(measuring.measure(field)?);
    }
    Ok(agreement)
}

fn order_labels(votes: &mut VoteFile, arguments: &AgreementArguments) -> anyhow::Result<()> {
    if arguments.order.is_empty() {
        return Ok(());
    }
    for field in &mut votes.fields {
        let ordered = field.order_labels(&arguments.order).map_err(anyhow::Error::msg);
        ordered.with_context(|| format!("--order, field `{}`", super::vote_files::field_name(field)))?;
    }
    Ok(())
}

fn level_word(level: LabelLevel) -> &'static str {
    match level {
        LabelLevel::Nominal => "nominal",
        LabelLevel::Ordinal => "ordinal",
        LabelLevel::Interval => "interval",
        LabelLevel::Ratio => "ratio",
    }
}
