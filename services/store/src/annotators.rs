//! Persistence of annotators.

use accord_domain::{Annotator, AnnotatorId, ProjectId};
use async_trait::async_trait;

use crate::error::StoreResult;

/// Persistence of annotators.
#[async_trait]
pub trait Annotators {
    /// Adds the annotator, or updates family, kind and activity of the one with the same project and name.
    /// Returns it as stored: an existing one keeps its identifier.
    async fn upsert_annotator(&mut self, annotator: &Annotator) -> StoreResult<Annotator>;

    /// The annotator with this identifier.
    async fn annotator(&mut self, id: AnnotatorId) -> StoreResult<Option<Annotator>>;

    /// All annotators of a project, active or not, by name.
    async fn annotators_of_project(&mut self, project_id: ProjectId) -> StoreResult<Vec<Annotator>>;
}
