//! Gold: the labels that are known to be right.

use std::path::Path;

use super::{FIELD, ITEM, LABEL, VoteFile};
use crate::table_file::{BadRows, ColumnRequest, NameColumn, NameTable, ReadError, ReadOptions, name_of, read_table};

/// Known labels, for the votes they were read for.
#[derive(Debug, Clone, Default)]
pub struct Gold {
    /// For each field of the votes and each item, the number of the label in [`FieldVotes::labels`]; `None` where
    /// nothing is known. A field without any gold has an empty list.
    ///
    /// [`FieldVotes::labels`]: super::FieldVotes::labels
    pub labels: Vec<Vec<Option<u16>>>,
    /// Rows about items or fields without votes.
    pub unused: u64,
    /// The bad rows that were left out; empty unless that was asked for.
    pub skipped: BadRows,
}

/// Reads gold for votes: a file with the columns `item` and `label`, and `field` when the votes have fields. Labels that
/// nobody gave are added to the votes' labels.
///
/// # Errors
/// The file cannot be read, lacks a column, has bad rows, has two labels for one item, knows no item of the votes, or
/// has too many labels.
pub fn read_gold(path: &Path, votes: &mut VoteFile, options: ReadOptions) -> Result<Gold, ReadError> {
    let has_fields = votes.fields.iter().any(|field| field.name.is_some());
    let field = ColumnRequest::names(FIELD);
    let requests = [
        ColumnRequest::names(ITEM),
        ColumnRequest::names(LABEL),
        if has_fields { field } else { field.optional() },
    ];
    let form = |problem: String| ReadError::Form {
        file: name_of(path),
        problem,
    };
    let mut table = read_table(path, &requests, options, &mut |_| {})?;
    let items = table.take_names(ITEM).unwrap_or_default();
    let labels = table.take_names(LABEL).unwrap_or_default();
    let fields = table.take_names(FIELD).filter(|_| has_fields);
    let places = field_places(fields.as_ref(), votes);
    let own_items: Vec<Option<u32>> = items.names.iter().map(|item| votes.items.position(item)).collect();
    let item_count = votes.items.len();
    let mut gold = Gold {
        labels: vec![Vec::new(); votes.fields.len()],
        unused: 0,
        skipped: std::mem::take(&mut table.skipped),
    };
    let mut used: Vec<Vec<Option<u16>>> = vec![vec![None; labels.names.len()]; votes.fields.len()];
    for row in 0..table.rows {
        let place = match &fields {
            None => Some(0),
            Some(column) => column
                .ids
                .get(row)
                .and_then(|id| places.get(*id as usize).copied().flatten()),
        };
        let item = items
            .ids
            .get(row)
            .and_then(|id| own_items.get(*id as usize).copied().flatten());
        let (Some(place), Some(item), Some(label)) = (place, item, labels.ids.get(row).copied()) else {
            gold.unused += 1;
            continue;
        };
        let own = own_label(votes, (place, label), &labels.names, &mut used).map_err(form)?;
        let Some(known) = gold.labels.get_mut(place) else {
            continue;
        };
        known.resize(item_count, None);
        if let Some(there) = known.get_mut(item as usize) {
            if there.is_some_and(|there| there != own) {
                let item = votes.items.text(item);
                return Err(form(format!("item `{item}` has two different labels")));
            }
            *there = Some(own);
        }
    }
    if gold.labels.iter().all(Vec::is_empty) {
        return Err(form("none of its items is among the votes".to_owned()));
    }
    renumber_in_natural_order(votes, &mut gold);
    Ok(gold)
}

/// For each field that the gold names, which one of the votes it is.
fn field_places(fields: Option<&NameColumn>, votes: &VoteFile) -> Vec<Option<usize>> {
    let Some(fields) = fields else {
        return Vec::new();
    };
    let place_of = |name: String| {
        votes
            .fields
            .iter()
            .position(|field| field.name.as_deref() == Some(name.as_str()))
    };
    fields.names.iter().map(|name| place_of(name.to_string())).collect()
}

/// The number that a label of the gold has in a field of the votes.
fn own_label(
    votes: &mut VoteFile,
    (place, label): (usize, u32),
    names: &NameTable,
    used: &mut [Vec<Option<u16>>],
) -> Result<u16, String> {
    let known = used.get_mut(place).and_then(|used| used.get_mut(label as usize));
    if let Some(Some(own)) = known.as_deref() {
        return Ok(*own);
    }
    let (Some(field), Some(name)) = (votes.fields.get_mut(place), names.get(label)) else {
        return Err("a label without a name".to_owned());
    };
    let own = field.add_label(name)?;
    if let Some(known) = known {
        *known = Some(own);
    }
    Ok(own)
}

/// Labels that only the gold has were added behind the others.
fn renumber_in_natural_order(votes: &mut VoteFile, gold: &mut Gold) {
    for (field, known) in votes.fields.iter_mut().zip(&mut gold.labels) {
        let before = field.labels.clone();
        field.order_naturally();
        let new_ids: Vec<Option<u16>> = before
            .iter()
            .map(|name| field.labels.position(name).and_then(|id| u16::try_from(id).ok()))
            .collect();
        for label in known.iter_mut() {
            *label = label.and_then(|old| new_ids.get(usize::from(old)).copied().flatten());
        }
    }
}
