//! Figures that were computed and still hold.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use accord_domain::{ProjectId, Timestamp};
use tokio::sync::Semaphore;

use crate::figures::agreement::Agreement;

/// How long figures are shown although votes came in since.
const FRESH_MILLISECONDS: i64 = 15_000;

/// How many projects are remembered.
const MAXIMUM_PROJECTS: usize = 100;

/// What figures were computed from: they hold as long as it is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Basis {
    pub(super) project_version: i64,
    pub(super) annotation_count: i64,
    /// Whether all votes had been turned into consensus.
    pub(super) settled: bool,
}

/// Agreement by project, and the one place to compute it in.
pub(crate) struct AgreementCache {
    entries: Mutex<HashMap<ProjectId, (Basis, Arc<Agreement>)>>,
    place: Semaphore,
}

impl AgreementCache {
    pub(crate) fn new() -> Self {
        Self {
            entries: Mutex::new(HashMap::new()),
            place: Semaphore::new(1),
        }
    }

    /// Only one project is computed at a time; others wait here.
    pub(super) const fn place(&self) -> &Semaphore {
        &self.place
    }

    /// The figures of a project that still hold.
    pub(super) fn get(&self, project_id: ProjectId, basis: Basis, now: Timestamp) -> Option<Arc<Agreement>> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, agreement) = entries.get(&project_id)?;
        let holds = basis.settled && *known == basis;
        let fresh = now.milliseconds_since(agreement.computed_at) < FRESH_MILLISECONDS;
        let same_version = known.project_version == basis.project_version;
        (holds || (fresh && same_version && !basis.settled)).then(|| Arc::clone(agreement))
    }

    pub(super) fn put(&self, project_id: ProjectId, basis: Basis, agreement: Arc<Agreement>) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MAXIMUM_PROJECTS && !entries.contains_key(&project_id) {
            let oldest = entries
                .iter()
                .min_by_key(|(_, (_, agreement))| agreement.computed_at)
                .map(|(id, _)| *id);
            oldest.and_then(|id| entries.remove(&id));
        }
        entries.insert(project_id, (basis, agreement));
    }
}
