//! The annotators of a panel, with their prices.

use std::path::Path;

use accord_datasets::table_file::{Name, NameTable};
use accord_statistics::votes::VoteTable;
use anyhow::bail;

use crate::arguments::InputArguments;
use crate::commands::annotator_numbers::AnnotatorNumbers;

/// Who is asked, in the order of their numbers in the panel.
pub(super) struct Panel {
    /// For each annotator of the file the place in the panel.
    places: Vec<Option<u32>>,
    /// Price of a call by place.
    pub(super) prices: Vec<f64>,
}

impl Panel {
    /// The named annotators, or all.
    pub(super) fn named(names: &[String], annotators: &NameTable) -> anyhow::Result<Self> {
        let mut places = vec![None; annotators.len()];
        if names.is_empty() {
            places = (0_u32..).map(Some).take(annotators.len()).collect();
        }
        for (place, name) in (0_u32..).zip(names) {
            let own = annotators.position(Name::Text(name));
            let Some(own) = own.and_then(|number| places.get_mut(number as usize)) else {
                bail!("annotator `{name}` of --panel has no votes");
            };
            if own.is_some() {
                bail!("annotator `{name}` is named twice by --panel");
            }
            *own = Some(place);
        }
        let size = places.iter().flatten().count();
        if size < 2 {
            bail!("a panel of {size} cannot be asked for less: at least 2 annotators are needed");
        }
        Ok(Self {
            places,
            prices: vec![1.0; size],
        })
    }

    /// The same panel with the prices of a file.
    pub(super) fn priced(
        mut self,
        file: &Path,
        annotators: &NameTable,
        input: &InputArguments,
    ) -> anyhow::Result<Self> {
        let prices = AnnotatorNumbers {
            file,
            column: "price",
            expected: ("a number above 0", |price| price > 0.0),
        };
        let numbered = (0_u32..).zip(&self.places);
        let mut members: Vec<(u32, u32)> = numbered
            .filter_map(|(annotator, place)| Some(((*place)?, annotator)))
            .collect();
        members.sort_unstable();
        let members: Vec<u32> = members.into_iter().map(|(_, annotator)| annotator).collect();
        self.prices = prices.read(annotators, &members, input)?;
        Ok(self)
    }

    fn place(&self, annotator: u32) -> Option<u32> {
        self.places.get(annotator as usize).copied().flatten()
    }

    /// The votes of the panel alone, on the same items.
    pub(super) fn votes(&self, votes: &VoteTable) -> anyhow::Result<VoteTable> {
        let (mut items, mut voters, mut classes) = (Vec::new(), Vec::new(), Vec::new());
        for (item, row) in (0_u32..).zip(votes.rows()) {
            for (voter, class) in row.voters.iter().zip(row.classes) {
                if let Some(place) = self.place(*voter) {
                    items.push(item);
                    voters.push(place);
                    classes.push(*class);
                }
            }
        }
        let counts = (votes.items(), self.prices.len(), votes.classes());
        Ok(VoteTable::from_columns(
            items, voters, classes, counts.0, counts.1, counts.2,
        )?)
    }
}
