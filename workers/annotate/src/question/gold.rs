//! The gold of a project as candidates for examples, read anew once in a while.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use accord_domain::{Answers, Environment, ItemId, Project, ProjectId, Timestamp};
use accord_store::{PageRequest, Store, StoreResult};

use super::examples::Candidate;

/// Rows of gold and items read at a time.
const ROWS_PER_READ: u32 = 1000;

/// How long gold is taken as read, in microseconds: examples need not be of this minute.
const FRESH_MICROSECONDS: i64 = 60_000_000;

/// The candidates of one project.
struct Read {
    version: i64,
    at: Timestamp,
    candidates: Arc<Vec<Candidate>>,
}

/// The gold of projects as candidates for examples.
pub struct GoldExamples {
    store: Arc<dyn Store>,
    environment: Arc<dyn Environment>,
    read: Mutex<HashMap<ProjectId, Read>>,
}

impl GoldExamples {
    /// Over this store and clock.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, environment: Arc<dyn Environment>) -> Self {
        Self {
            store,
            environment,
            read: Mutex::default(),
        }
    }

    /// The items of a project that have gold on every field, as of a minute ago at the latest.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn candidates(&self, project: &Project) -> StoreResult<Arc<Vec<Candidate>>> {
        if let Some(known) = self.known(project) {
            return Ok(known);
        }
        let candidates = Arc::new(read(self.store.as_ref(), project).await?);
        let entry = Read {
            version: project.version,
            at: self.environment.now(),
            candidates: Arc::clone(&candidates),
        };
        self.read
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(project.id, entry);
        Ok(candidates)
    }

    fn known(&self, project: &Project) -> Option<Arc<Vec<Candidate>>> {
        let now = self.environment.now().as_microseconds();
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let known = read.get(&project.id)?;
        let is_fresh = (0..FRESH_MICROSECONDS).contains(&(now - known.at.as_microseconds()));
        (known.version == project.version && is_fresh).then(|| Arc::clone(&known.candidates))
    }
}

async fn read(store: &dyn Store, project: &Project) -> StoreResult<Vec<Candidate>> {
    let mut transaction = store.read().await?;
    let mut gold: BTreeMap<ItemId, Answers> = BTreeMap::new();
    let mut page = PageRequest::first(ROWS_PER_READ);
    loop {
        let rows = transaction.list_gold(project.id, page).await?;
        for row in rows.rows {
            gold.entry(row.item_id).or_default().insert(row.field, row.answer);
        }
        match rows.next {
            Some(last) => page = page.after(last),
            None => break,
        }
    }
    let ids: Vec<ItemId> = gold.keys().copied().collect();
    let mut candidates = Vec::with_capacity(ids.len());
    for part in ids.chunks(ROWS_PER_READ as usize) {
        for item in transaction.items_by_ids(part).await? {
            let answers = gold.remove(&item.id).unwrap_or_default();
            candidates.push(Candidate {
                item_id: Some(item.id),
                content_hash: item.content_hash,
                answers,
            });
        }
    }
    candidates.retain(|candidate| candidate.is_complete(&project.definition.fields));
    Ok(candidates)
}
