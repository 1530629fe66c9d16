//! The votes of a project as counts by item and class, field by field.

use std::collections::HashMap;

use accord_domain::{Consensus, FieldName, Project};
use accord_statistics::agreement::RatingTable;
use accord_store::{MAXIMUM_PAGE_SIZE, PageRequest, Store};

use crate::problem::Problem;

/// The votes on one field: whoever voted alike on an item by the field's own rule is in one class.
#[derive(Debug, Default)]
pub(super) struct FieldRatings {
    classes: HashMap<String, usize>,
    votes: Vec<(usize, usize)>,
    item_count: usize,
}

impl FieldRatings {
    fn add(&mut self, consensus: Consensus) {
        let item = self.item_count;
        self.item_count += 1;
        for class in consensus.classes {
            let next = self.classes.len();
            let number = *self.classes.entry(class.canonical).or_insert(next);
            let count = usize::try_from(class.vote_count).unwrap_or_default();
            self.votes.extend(std::iter::repeat_n((item, number), count));
        }
    }

    /// How many votes there are.
    pub(super) fn vote_count(&self) -> usize {
        self.votes.len()
    }

    /// Items with at least two votes.
    pub(super) fn compared_item_count(&self) -> usize {
        let mut counts = vec![0_usize; self.item_count];
        for (item, _) in &self.votes {
            if let Some(count) = counts.get_mut(*item) {
                *count += 1;
            }
        }
        counts.into_iter().filter(|count| *count >= 2).count()
    }

    /// The votes as the statistics take them.
    pub(super) fn table(&self) -> Result<RatingTable, accord_statistics::InvalidInput> {
        RatingTable::from_votes(self.votes.iter().copied(), self.item_count, self.classes.len())
    }
}

/// Reads the votes behind the present consensus of a project, page by page. Only blind votes are in it.
pub(super) async fn load(store: &dyn Store, project: &Project) -> Result<Vec<(FieldName, FieldRatings)>, Problem> {
    let mut fields: Vec<(FieldName, FieldRatings)> = project
        .definition
        .fields
        .iter()
        .map(|field| (field.name.clone(), FieldRatings::default()))
        .collect();
    let mut request = PageRequest::first(MAXIMUM_PAGE_SIZE);
    loop {
        let page = store.read().await?.list_consensus(project.id, request).await?;
        for consensus in page.rows {
            if let Some((_, ratings)) = fields.iter_mut().find(|(name, _)| *name == consensus.field) {
                ratings.add(consensus);
            }
        }
        match page.next {
            Some(last) => request = request.after(last),
            None => return Ok(fields),
        }
    }
}
