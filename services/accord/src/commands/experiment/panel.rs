//! The annotators of a panel, with their prices.

use std::path::Path;

use accord_datasets::table_file::{ColumnRequest, Name, NameTable, read_table};
use accord_statistics::votes::VoteTable;
use anyhow::bail;

use crate::arguments::InputArguments;
use crate::commands::vote_files::{read_with_bar, tell_skipped};

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
        let requests = [
            ColumnRequest::names("annotator"),
            ColumnRequest::numbers("price", "a number above 0", |price| price > 0.0),
        ];
        let mut table = read_with_bar(file, |progress| read_table(file, &requests, input.options(), progress))?;
        tell_skipped(file, &table.skipped);
        let names = table.take_names("annotator").unwrap_or_default();
        let numbers = table.take_numbers("price").unwrap_or_default();
        let mut given = vec![None; self.prices.len()];
        for (row, price) in numbers.into_iter().enumerate() {
            let place = names.get(row).and_then(|name| self.place(annotators.position(name)));
            let Some(there) = place.and_then(|place| given.get_mut(place as usize)) else {
                continue;
            };
            if there.is_some() {
                let name = names.get(row).map(|name| name.to_string()).unwrap_or_default();
                bail!("{}: annotator `{name}` has two prices", file.display());
            }
            *there = Some(price);
        }
        for (number, place) in (0_u32..).zip(&self.places) {
            let price = place.and_then(|place| given.get(place as usize));
            if matches!(price, Some(None)) {
                bail!(
                    "{}: annotator `{}` has no price",
                    file.display(),
                    annotators.text(number)
                );
            }
        }
        self.prices = given.into_iter().flatten().collect();
        Ok(self)
    }

    fn place(&self, annotator: Option<u32>) -> Option<u32> {
        self.places.get(annotator? as usize).copied().flatten()
    }

    /// The votes of the panel alone, on the same items.
    pub(super) fn votes(&self, votes: &VoteTable) -> anyhow::Result<VoteTable> {
        let (mut items, mut voters, mut classes) = (Vec::new(), Vec::new(), Vec::new());
        for (item, row) in (0_u32..).zip(votes.rows()) {
            for (voter, class) in row.voters.iter().zip(row.classes) {
                if let Some(place) = self.place(Some(*voter)) {
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
