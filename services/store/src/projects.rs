//! Persistence of projects.

use accord_domain::{Project, ProjectDefinition, ProjectId};
use async_trait::async_trait;

use crate::error::StoreResult;
use crate::page::{Page, PageRequest};

/// Persistence of projects.
#[async_trait]
pub trait Projects {
    /// Adds a project. `Conflict` when the name is taken.
    async fn insert_project(&mut self, project: &Project) -> StoreResult<()>;

    /// Replaces the definition and counts the version up. `Missing` when the present version is not `expected_version`.
    async fn update_project(
        &mut self,
        id: ProjectId,
        expected_version: i64,
        definition: &ProjectDefinition,
    ) -> StoreResult<Project>;

    /// The project with this identifier.
    async fn project(&mut self, id: ProjectId) -> StoreResult<Option<Project>>;

    /// The project of this name.
    async fn project_by_name(&mut self, name: &str) -> StoreResult<Option<Project>>;

    /// Projects in order of creation.
    async fn list_projects(&mut self, page: PageRequest) -> StoreResult<Page<Project>>;
}
