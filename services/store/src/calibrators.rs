//! Persistence of calibrators: immutable, the newest of a field counts.

use accord_domain::{Calibrator, CalibratorId, ProjectId};
use async_trait::async_trait;

use crate::error::StoreResult;
use crate::page::{Page, PageRequest};

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

    /// All calibrators of a project there ever were, in order of fitting.
    async fn list_calibrators(&mut self, project_id: ProjectId, page: PageRequest) -> StoreResult<Page<Calibrator>>;
}
