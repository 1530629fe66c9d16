//! The order of labels: natural or declared.

use std::cmp::Ordering;

use super::MAXIMUM_LABELS;
use super::field_votes::FieldVotes;
use crate::table_file::{Name, NameTable};

impl FieldVotes {
    /// Numbers the labels anew in this order, which must name every label that is there; labels that nobody gave may be
    /// declared too.
    ///
    /// # Errors
    /// A label is named twice, or one that is there is not named.
    pub fn order_labels(&mut self, order: &[String]) -> Result<(), String> {
        let mut declared = NameTable::default();
        for (place, label) in order.iter().enumerate() {
            if declared.insert(Name::Text(label))? as usize != place {
                return Err(format!("label `{label}` is named twice"));
            }
        }
        let missing: Vec<String> = self
            .labels
            .iter()
            .filter(|label| declared.position(*label).is_none())
            .map(|label| format!("`{label}`"))
            .collect();
        if !missing.is_empty() {
            return Err(format!("not in the order, but there: {}", missing.join(", ")));
        }
        let new_ids = new_ids(&self.labels, &declared);
        self.renumber(declared, &new_ids);
        Ok(())
    }

    /// Adds a label that nobody gave, behind the others, and returns its number. [`Self::order_naturally`] puts it in
    /// its place.
    ///
    /// # Errors
    /// There would be more than [`MAXIMUM_LABELS`].
    pub fn add_label(&mut self, label: Name<'_>) -> Result<u16, String> {
        let id = self.labels.insert(label)?;
        if self.labels.len() > MAXIMUM_LABELS {
            return Err(format!("more than {MAXIMUM_LABELS} labels"));
        }
        u16::try_from(id).map_err(|_| format!("more than {MAXIMUM_LABELS} labels"))
    }

    /// Numbers the labels anew: by size when all are numbers, else by text.
    pub fn order_naturally(&mut self) {
        let (ordered, new_ids) = natural_order(&self.labels);
        self.renumber(ordered, &new_ids);
    }

    fn renumber(&mut self, ordered: NameTable, new_ids: &[u16]) {
        let is_same = new_ids.iter().zip(0_u16..).all(|(new, old)| *new == old);
        if !is_same {
            for label in &mut self.label_ids {
                *label = new_ids.get(usize::from(*label)).copied().unwrap_or(u16::MAX);
            }
        }
        self.labels = ordered;
    }
}

/// The labels by size when all are numbers, else by text, and for each its place among them.
pub(super) fn natural_order(labels: &NameTable) -> (NameTable, Vec<u16>) {
    let mut names: Vec<String> = labels.iter().map(|label| label.to_string()).collect();
    let numbers: Option<Vec<f64>> = names.iter().map(|name| number_of(name)).collect();
    match numbers {
        Some(numbers) => {
            let mut places: Vec<usize> = (0..names.len()).collect();
            places.sort_by(|left, right| {
                by_number(&numbers, *left, *right).then_with(|| names.get(*left).cmp(&names.get(*right)))
            });
            names = places.iter().filter_map(|place| names.get(*place).cloned()).collect();
        }
        None => names.sort(),
    }
    let mut ordered = NameTable::default();
    // Each was a name before, so all of them are taken.
    let taken = names.iter().map_while(|name| ordered.insert(Name::Text(name)).ok());
    taken.for_each(drop);
    let new_ids = new_ids(labels, &ordered);
    (ordered, new_ids)
}

/// For each label its place in another table.
fn new_ids(labels: &NameTable, ordered: &NameTable) -> Vec<u16> {
    let place = |label| ordered.position(label).and_then(|id| u16::try_from(id).ok());
    labels.iter().map(|label| place(label).unwrap_or(u16::MAX)).collect()
}

fn number_of(name: &str) -> Option<f64> {
    name.parse::<f64>().ok().filter(|number| number.is_finite())
}

fn by_number(numbers: &[f64], left: usize, right: usize) -> Ordering {
    match (numbers.get(left), numbers.get(right)) {
        (Some(left), Some(right)) => left.total_cmp(right),
        _ => Ordering::Equal,
    }
}
