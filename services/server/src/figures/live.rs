//! Agreement that follows the votes: point figures whose sums are changed by each new consensus instead of being counted
//! again. Kept in this process only, and built anew whenever it may have missed something.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as StandardMutex, PoisonError};

use accord_domain::{Consensus, Field, FieldName, ItemId, Project, ProjectId};
use accord_statistics::InvalidInput;
use accord_statistics::agreement::{AgreementSums, ItemVotes};
use accord_store::{MAXIMUM_PAGE_SIZE, PageRequest};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::figures::votes::declared_classes;
use crate::problem::Problem;
use crate::state::AppState;

/// Identifiers are given when work begins and seen when it is committed: rows of so long ago may still appear.
const OVERLAP_MILLISECONDS: u64 = 60_000;

/// How many projects are followed.
const MAXIMUM_PROJECTS: usize = 50;

/// Beyond so many values of fields a project is not followed: its figures are computed as a whole.
const MAXIMUM_ROWS: i64 = 3_000_000;

/// Where the time of an identifier begins, and the version and variant that follow it (RFC 9562).
const TIME_SHIFT: u32 = 80;
const EARLIEST: u128 = 0x7000_8000_0000_0000_0000;

/// The projects that are followed.
#[derive(Default)]
pub(super) struct LiveAgreement {
    projects: StandardMutex<HashMap<ProjectId, Arc<Mutex<Followed>>>>,
}

/// The votes of a project as far as they were seen.
struct Followed {
    version: i64,
    last: Option<Uuid>,
    items: HashMap<ItemId, usize>,
    fields: Vec<FollowedField>,
}

struct FollowedField {
    name: FieldName,
    numbers: HashMap<String, usize>,
    sums: AgreementSums,
    /// The votes of each item, by its number; none where the field has no consensus yet.
    votes: Vec<Option<ItemVotes>>,
    seen_count: i64,
}

impl LiveAgreement {
    /// The sums of each field with all votes that there are now; none where the project is too large to be followed.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn sums(
        &self,
        state: &AppState,
        project: &Project,
    ) -> Result<Option<Vec<(FieldName, AgreementSums)>>, Problem> {
        let counts = state.store.read().await?.summarise_fields(project.id).await?;
        if counts.iter().map(|field| field.count).sum::<i64>() > MAXIMUM_ROWS {
            self.forget(project.id);
            return Ok(None);
        }
        let entry = self.entry(project);
        let mut followed = entry.lock().await;
        if followed.version != project.version {
            *followed = Followed::new(project);
        }
        followed.catch_up(state, project.id).await?;
        // Rows that were missed, because they were committed late or a field changed, show in their number. What was
        // added since is seen too, so there may be more.
        let missed = counts.iter().any(|count| {
            let known = followed.fields.iter().find(|field| field.name == count.field);
            known.is_some_and(|field| field.seen_count < count.count)
        });
        if missed {
            *followed = Followed::new(project);
            followed.catch_up(state, project.id).await?;
        }
        let fields = followed.fields.iter();
        Ok(Some(
            fields.map(|field| (field.name.clone(), field.sums.clone())).collect(),
        ))
    }

    fn entry(&self, project: &Project) -> Arc<Mutex<Followed>> {
        let mut projects = self.projects.lock().unwrap_or_else(PoisonError::into_inner);
        if projects.len() >= MAXIMUM_PROJECTS && !projects.contains_key(&project.id) {
            // Any that nobody looks at right now can be built again.
            let idle = projects.iter().find(|(_, entry)| Arc::strong_count(entry) == 1);
            let idle = idle.map(|(id, _)| *id);
            idle.and_then(|id| projects.remove(&id));
        }
        let entry = projects
            .entry(project.id)
            .or_insert_with(|| Arc::new(Mutex::new(Followed::new(project))));
        Arc::clone(entry)
    }

    fn forget(&self, id: ProjectId) {
        let mut projects = self.projects.lock().unwrap_or_else(PoisonError::into_inner);
        projects.remove(&id);
    }
}

impl Followed {
    fn new(project: &Project) -> Self {
        Self {
            version: project.version,
            last: None,
            items: HashMap::new(),
            fields: project.definition.fields.iter().map(FollowedField::new).collect(),
        }
    }

    /// Takes in every row since the last one, and those shortly before it again.
    async fn catch_up(&mut self, state: &AppState, id: ProjectId) -> Result<(), Problem> {
        let mut request = PageRequest::first(MAXIMUM_PAGE_SIZE);
        request.after = self.last.map(earlier);
        loop {
            let page = state.store.read().await?.list_consensus(id, request).await?;
            for consensus in page.rows {
                self.last = self.last.max(Some(consensus.id.as_uuid()));
                self.take(consensus).map_err(|error| Problem::internal(&error))?;
            }
            match page.next {
                Some(last) => request = request.after(last),
                None => return Ok(()),
            }
        }
    }

    fn take(&mut self, consensus: Consensus) -> Result<(), InvalidInput> {
        let next = self.items.len();
        let item = *self.items.entry(consensus.item_id).or_insert(next);
        match self.fields.iter_mut().find(|field| field.name == consensus.field) {
            Some(field) => field.take(item, consensus),
            None => Ok(()),
        }
    }
}

impl FollowedField {
    fn new(field: &Field) -> Self {
        let classes = declared_classes(&field.field_type).unwrap_or_default();
        Self {
            name: field.name.clone(),
            sums: AgreementSums::new(classes.len()),
            numbers: classes.into_iter().zip(0..).collect(),
            votes: Vec::new(),
            seen_count: 0,
        }
    }

    /// Puts the votes of this consensus in the place of those that were known of the item.
    fn take(&mut self, item: usize, consensus: Consensus) -> Result<(), InvalidInput> {
        if item >= self.votes.len() {
            self.votes.resize(item + 1, None);
        }
        let slot = &mut self.votes[item];
        self.seen_count += i64::from(slot.is_none());
        let known = slot.get_or_insert_default();
        let before: Vec<(usize, u32)> = known.counts().collect();
        for (class, count) in before {
            for _ in 0..count {
                self.sums.remove_vote(known, class)?;
            }
        }
        for class in consensus.classes {
            let next = self.numbers.len();
            let number = *self.numbers.entry(class.canonical).or_insert(next);
            self.sums.widen(self.numbers.len());
            for _ in 0..class.vote_count {
                self.sums.add_vote(known, number)?;
            }
        }
        Ok(())
    }
}

/// The first identifier that can have been given a minute before this one.
fn earlier(id: Uuid) -> Uuid {
    let milliseconds = (id.as_u128() >> TIME_SHIFT) as u64;
    let before = u128::from(milliseconds.saturating_sub(OVERLAP_MILLISECONDS));
    Uuid::from_u128((before << TIME_SHIFT) | EARLIEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_identifier_lies_a_minute_before() {
        let id = Uuid::from_u128((1_800_000_000_000_u128 << TIME_SHIFT) | EARLIEST | 0x1234);
        let before = earlier(id);
        assert_eq!(before.get_version_num(), 7);
        assert!(before < id);
        assert_eq!(
            (before.as_u128() >> TIME_SHIFT) as u64,
            1_800_000_000_000 - OVERLAP_MILLISECONDS
        );
        assert_eq!(earlier(Uuid::nil()).as_u128() >> TIME_SHIFT, 0);
    }
}
