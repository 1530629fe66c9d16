//! Items without gold whose votes teach what no label says: which annotators tend to agree (methods 2.6).

use accord_domain::{Field, Item, ItemId, ItemState, Project, Weighting};
use accord_store::{ItemFilter, PageRequest, StoreResult, Transaction};

use crate::ballot::Ballot;
use crate::numbered::class_names;

/// The most items without gold that a fit learns from. Each is read with all its votes and weighed in every fold; beyond
/// some thousands, more of them hardly move what gold fixes.
pub const MAXIMUM_UNLABELLED: usize = 2_000;

/// Items read at a time, and how often at most: a project whose first ten thousand items are all labelled or still being
/// voted on gets no more than is found among them.
const ITEMS_PER_PAGE: u32 = 1_000;
const MAXIMUM_PAGES: usize = 10;

/// The votes on an item without gold.
#[derive(Debug, Clone)]
pub struct UnlabelledBallot<'a> {
    /// The part of the gold that a copy of the item would belong to.
    pub fold: u32,
    /// A number for the document; copies share it.
    pub document: u64,
    /// The votes.
    pub ballot: Ballot<'a>,
}

/// Whether the field's method may learn from items without gold: it is chosen, and the field declares its classes.
#[must_use]
pub fn are_of_use(project: &Project, field: &Field) -> bool {
    project.definition.policy.weighting == Weighting::Automatic && !class_names(&field.field_type).is_empty()
}

/// The first items of a project, in order of import, that are fully voted on and have no gold: at most
/// [`MAXIMUM_UNLABELLED`], found among at most ten thousand.
///
/// # Errors
/// Those of the store.
pub async fn find(
    transaction: &mut dyn Transaction,
    project: &Project,
    has_gold: impl Fn(&ItemId) -> bool + Send + Sync,
) -> StoreResult<Vec<Item>> {
    let mut found = Vec::new();
    let mut page = PageRequest::first(ITEMS_PER_PAGE);
    for _ in 0..MAXIMUM_PAGES {
        let rows = transaction.list_items(project.id, &ItemFilter::default(), page).await?;
        let wanted = rows.rows.into_iter();
        found.extend(wanted.filter(|item| item.state != ItemState::Pending && !has_gold(&item.id)));
        if found.len() >= MAXIMUM_UNLABELLED {
            found.truncate(MAXIMUM_UNLABELLED);
            break;
        }
        match rows.next {
            Some(last) => page = page.after(last),
            None => break,
        }
    }
    Ok(found)
}
