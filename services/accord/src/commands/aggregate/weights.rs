//! Where the weights of annotators come from.

use std::path::Path;

use accord_datasets::table_file::{ColumnRequest, read_table};
use accord_datasets::vote_file::VoteFile;
use anyhow::bail;

use crate::arguments::{AggregateArguments, Method};
use crate::commands::vote_files::{read_with_bar, tell_skipped};

/// The word that stands for the votes' own weights.
const COLUMN: &str = "column";

/// The weights that are asked for.
#[derive(Debug)]
pub(super) enum Weights {
    /// Nothing was said: by agreement with the majority.
    Learned,
    /// Every vote has its own.
    OfVotes,
    /// Every annotator has one, by number.
    OfAnnotators(Vec<f64>),
}

impl Weights {
    pub(super) fn of(arguments: &AggregateArguments, votes: &VoteFile) -> anyhow::Result<Self> {
        let has_column = votes.fields.iter().any(|field| !field.weights.is_empty());
        match &arguments.weights {
            Some(_) if arguments.method != Method::Weighted => bail!("--weights goes with --method weighted"),
            None => Ok(Self::Learned),
            Some(word) if word.as_os_str() == COLUMN => {
                if !has_column {
                    bail!("--weights column: {} has no column `weight`", arguments.votes.display());
                }
                Ok(Self::OfVotes)
            }
            Some(file) => Self::read(file, arguments, votes),
        }
    }

    fn read(file: &Path, arguments: &AggregateArguments, votes: &VoteFile) -> anyhow::Result<Self> {
        let requests = [
            ColumnRequest::names("annotator"),
            ColumnRequest::numbers("weight", "a number of at least 0", |weight| weight >= 0.0),
        ];
        let mut table = read_with_bar(file, |progress| {
            read_table(file, &requests, arguments.input.options(), progress)
        })?;
        tell_skipped(file, &table.skipped);
        let names = table.take_names("annotator").unwrap_or_default();
        let numbers = table.take_numbers("weight").unwrap_or_default();
        let mut given: Vec<Option<f64>> = vec![None; names.names.len()];
        for (id, weight) in names.ids.iter().zip(numbers) {
            let Some(there) = given.get_mut(*id as usize) else {
                continue;
            };
            if there.is_some() {
                bail!(
                    "{}: annotator `{}` has two weights",
                    file.display(),
                    names.names.text(*id)
                );
            }
            *there = Some(weight);
        }
        let weight_of = |position: u32| given.get(position as usize).copied().flatten();
        let weights: Vec<Option<f64>> = votes
            .annotators
            .iter()
            .map(|annotator| names.names.position(annotator).and_then(weight_of))
            .collect();
        if let Some(missing) = weights.iter().position(Option::is_none) {
            let without = weights.iter().filter(|weight| weight.is_none()).count();
            let name = votes.annotators.text(u32::try_from(missing).unwrap_or(u32::MAX));
            bail!(
                "{}: {without} annotators have no weight, such as `{name}`",
                file.display()
            );
        }
        Ok(Self::OfAnnotators(weights.into_iter().flatten().collect()))
    }
}
