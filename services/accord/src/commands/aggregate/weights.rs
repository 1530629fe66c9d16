//! Where the weights of annotators come from.

use std::path::Path;

use accord_datasets::vote_file::VoteFile;
use anyhow::bail;

use crate::arguments::{AggregateArguments, Method};
use crate::commands::annotator_numbers::AnnotatorNumbers;

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
        let numbers = AnnotatorNumbers {
            file,
            column: "weight",
            expected: ("a number of at least 0", |weight| weight >= 0.0),
        };
        let everybody: Vec<u32> = (0_u32..).take(votes.annotators.len()).collect();
        let weights = numbers.read(&votes.annotators, &everybody, &arguments.input)?;
        Ok(Self::OfAnnotators(weights))
    }
}
