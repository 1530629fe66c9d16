//! Tasks with everything that belongs to them.

use std::collections::{BTreeSet, HashMap, hash_map};
use std::sync::Arc;

use accord_datasets::content::{ContentError, document_of_item};
use accord_documents::{Document, Limits};
use accord_domain::{Annotator, Item, ItemId, Lease, Project};
use accord_store::{Blobs, Store, StoreError};
use tokio::sync::OnceCell;

/// A task with everything that belongs to it.
pub(crate) struct Assignment {
    pub(crate) project: Arc<Project>,
    pub(crate) of_item: Arc<ItemInHand>,
    pub(crate) annotator: Annotator,
    /// Whether its run asks models through batches.
    pub(crate) in_batch: bool,
}

/// An item about which several annotators may be asked at the same time: its document is read once for all of them.
pub(crate) struct ItemInHand {
    pub(crate) item: Arc<Item>,
    document: OnceCell<Arc<Document>>,
}

impl ItemInHand {
    fn new(item: Item) -> Self {
        Self {
            item: Arc::new(item),
            document: OnceCell::new(),
        }
    }

    /// The document of the item.
    pub(crate) async fn document(
        &self,
        store: &dyn Store,
        blobs: &dyn Blobs,
        limits: &Limits,
    ) -> Result<Arc<Document>, ContentError> {
        let read = async || document_of_item(store, blobs, limits, &self.item).await.map(Arc::new);
        self.document.get_or_try_init(read).await.map(Arc::clone)
    }
}

/// What belongs to each of these tasks, in order.
pub(crate) async fn assignments(
    store: &dyn Store,
    leases: &[Lease],
) -> Result<Vec<Result<Assignment, StoreError>>, StoreError> {
    let mut transaction = store.read().await?;
    let item_ids: BTreeSet<ItemId> = leases.iter().filter_map(|lease| lease.task.item_id).collect();
    let items = transaction
        .items_by_ids(&item_ids.into_iter().collect::<Vec<_>>())
        .await?;
    let in_hand = |item: Item| (item.id, Arc::new(ItemInHand::new(item)));
    let items: HashMap<ItemId, Arc<ItemInHand>> = items.into_iter().map(in_hand).collect();
    let (mut projects, mut annotators, mut runs) = (HashMap::new(), HashMap::new(), HashMap::new());
    for lease in leases {
        if let Some(id) = lease.task.run_id
            && let hash_map::Entry::Vacant(place) = runs.entry(id)
        {
            place.insert(transaction.run(id).await?.is_some_and(|run| run.batch));
        }
        if let hash_map::Entry::Vacant(place) = projects.entry(lease.task.project_id) {
            place.insert(transaction.project(lease.task.project_id).await?.map(Arc::new));
        }
        let Some(id) = lease.task.annotator_id else { continue };
        if let hash_map::Entry::Vacant(place) = annotators.entry(id) {
            place.insert(transaction.annotator(id).await?);
        }
    }
    let assignment = |lease: &Lease| {
        let missing = |what: &'static str| StoreError::Missing {
            what,
            name: lease.task.id.to_string(),
        };
        let project = projects.get(&lease.task.project_id).cloned().flatten();
        let of_item = lease.task.item_id.and_then(|id| items.get(&id).cloned());
        let annotator = lease
            .task
            .annotator_id
            .and_then(|id| annotators.get(&id).cloned().flatten());
        Ok(Assignment {
            project: project.ok_or_else(|| missing("project of task"))?,
            of_item: of_item.ok_or_else(|| missing("item of task"))?,
            annotator: annotator.ok_or_else(|| missing("annotator of task"))?,
            in_batch: lease.task.run_id.is_some_and(|id| runs.get(&id) == Some(&true)),
        })
    };
    Ok(leases.iter().map(assignment).collect())
}
