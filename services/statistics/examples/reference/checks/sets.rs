//! Folders of real votes with gold.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use accord_statistics::InvalidInput;
use accord_statistics::votes::VoteTable;
use serde_json::Value;

use super::Failure;

/// Votes for classes, with gold.
#[derive(Debug, Clone)]
pub(crate) struct VoteSet {
    /// Names in string order.
    pub(crate) items: Vec<String>,
    /// Names, those of a whole set in string order.
    pub(crate) annotators: Vec<String>,
    /// Number of classes, declared or seen in votes or gold.
    pub(crate) classes: usize,
    /// The classes as numbers, where all of them are.
    pub(crate) numbers: Option<Vec<f64>>,
    /// Item, annotator, class.
    pub(crate) votes: Vec<(usize, usize, usize)>,
    /// The true class of an item, where it is known.
    pub(crate) gold: Vec<Option<usize>>,
}

impl VoteSet {
    /// Reads `votes.csv` and `gold.csv`.
    pub(crate) fn read(folder: &Path) -> Result<Self, Failure> {
        let votes = records(&folder.join("votes.csv"))?;
        let gold = records(&folder.join("gold.csv"))?;
        let named = votes.iter().map(|row| &row[2]).chain(gold.iter().map(|row| &row[1]));
        let labels = in_order(named.collect());
        let items: Vec<String> = distinct(votes.iter().map(|row| &row[0]));
        let annotators: Vec<String> = distinct(votes.iter().map(|row| &row[1]));
        let (item, annotator, class) = (positions(&items), positions(&annotators), positions(&labels));
        let truth: BTreeMap<&String, usize> = gold.iter().map(|row| (&row[0], class[&row[1]])).collect();
        Ok(Self {
            votes: votes
                .iter()
                .map(|row| (item[&row[0]], annotator[&row[1]], class[&row[2]]))
                .collect(),
            gold: items.iter().map(|name| truth.get(name).copied()).collect(),
            numbers: labels.iter().map(|label| label.parse().ok()).collect(),
            classes: labels.len(),
            items,
            annotators,
        })
    }

    /// The votes of some annotators only, in the order of their names here, on the same items.
    pub(crate) fn of(&self, names: &[String]) -> Self {
        let annotators = names.to_vec();
        let kept = positions(&annotators);
        let own = |(item, annotator, class): &(usize, usize, usize)| {
            let place = kept.get(&self.annotators[*annotator])?;
            Some((*item, *place, *class))
        };
        Self {
            votes: self.votes.iter().filter_map(own).collect(),
            annotators,
            ..self.clone()
        }
    }

    /// The votes as a table.
    pub(crate) fn table(&self) -> Result<VoteTable, InvalidInput> {
        VoteTable::from_triples(&self.votes, self.items.len(), self.annotators.len(), self.classes)
    }

    /// What an annotator said of each item.
    pub(crate) fn column(&self, annotator: &str) -> Vec<Option<usize>> {
        let mut column = vec![None; self.items.len()];
        let place = self.annotators.iter().position(|name| name == annotator);
        for (item, _, class) in self.votes.iter().filter(|vote| Some(vote.1) == place) {
            column[*item] = Some(*class);
        }
        column
    }
}

/// The name of an item and its votes, which are numbers.
pub(crate) type NumericItem = (String, Vec<Option<f64>>);

/// Votes that are numbers, item by item.
pub(crate) fn read_numbers(folder: &Path) -> Result<Vec<NumericItem>, Failure> {
    let mut rows: BTreeMap<String, Vec<Option<f64>>> = BTreeMap::new();
    for row in records(&folder.join("votes.csv"))? {
        let value: f64 = row[2].parse()?;
        rows.entry(row[0].clone()).or_default().push(Some(value));
    }
    Ok(rows.into_iter().collect())
}

/// Reads a file of JSON.
pub(crate) fn read_json(path: &Path) -> Result<Value, Failure> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(serde_json::from_str(&text)?)
}

fn records(path: &Path) -> Result<Vec<Vec<String>>, Failure> {
    let mut reader = csv::Reader::from_path(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let rows = reader
        .records()
        .map(|record| Ok(record?.iter().map(str::to_owned).collect()));
    rows.collect()
}

fn distinct<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    names.collect::<BTreeSet<_>>().into_iter().cloned().collect()
}

fn positions(names: &[String]) -> BTreeMap<&String, usize> {
    names
        .iter()
        .enumerate()
        .map(|(position, name)| (name, position))
        .collect()
}

/// Numeric labels in the order of the numbers, others by length and text.
fn in_order(labels: BTreeSet<&String>) -> Vec<String> {
    let mut labels: Vec<String> = labels.into_iter().cloned().collect();
    let number = |label: &String| label.parse::<f64>().unwrap_or(f64::INFINITY);
    labels.sort_by(|left, right| {
        let by_number = number(left).total_cmp(&number(right));
        by_number.then_with(|| (left.len(), left).cmp(&(right.len(), right)))
    });
    labels
}
