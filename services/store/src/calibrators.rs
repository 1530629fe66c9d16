//! Persistence of calibrators: immutable, the newest of a field counts.

use std::collections::BTreeSet;

use accord_domain::{Calibrator, CalibratorId, ProjectId};
use async_trait::async_trait;

use crate::error::StoreResult;
use crate::page::{Page, PageRequest};

/// What consensus of a project is computed by at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoringBasis {
    /// The project's version.
    pub project_version: i64,
    /// The present calibrators.
    pub calibrators: BTreeSet<CalibratorId>,
}

/// How a transaction holds the scoring basis of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// Together with others that only use it.
    Shared,
    /// Alone, to change it.
    Alone,
}

/// Persistence of calibrators.
#[async_trait]
pub trait Calibrators {
    /// Adds calibrators, which become the present ones of their fields.
    async fn insert_calibrators(&mut self, calibrators: &[Calibrator]) -> StoreResult<()>;

    /// The calibrator with this identifier.
    async fn calibrator(&mut self, id: CalibratorId) -> StoreResult<Option<Calibrator>>;

    /// The present calibrator of each field of a project.
    async fn current_calibrators(&mut self, project_id: ProjectId) -> StoreResult<Vec<Calibrator>>;

    /// The present calibrators of every project, for the rung that pools them all.
    async fn current_calibrators_of_all_projects(&mut self) -> StoreResult<Vec<Calibrator>>;

    /// What is scored by at present. `Missing` when there is no such project.
    async fn scoring_basis(&mut self, project_id: ProjectId) -> StoreResult<ScoringBasis>;

    /// Keeps the scoring basis of a project as it is until this transaction ends, or everybody else from using it.
    /// Comes before any item is locked.
    async fn hold_scoring_basis(&mut self, project_id: ProjectId, hold: Hold) -> StoreResult<()>;

    /// All calibrators of a project there ever were, in order of fitting.
    async fn list_calibrators(&mut self, project_id: ProjectId, page: PageRequest) -> StoreResult<Page<Calibrator>>;
}
