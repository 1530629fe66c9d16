//! Persistence of annotations: append-only.

use std::collections::BTreeSet;

use accord_domain::{Annotation, AnnotationId, AnnotatorId, ItemId, ProjectId, TaskId};
use async_trait::async_trait;

use crate::error::StoreResult;
use crate::page::{Page, PageRequest};

/// Persistence of annotations.
#[async_trait]
pub trait Annotations: Send {
    /// Adds annotations of different tasks, in this order. Returns which were added; one whose task already has an
    /// annotation that is not a failure of the whole (`provenance.failure`) is left out: a task that was set aside and put
    /// back may succeed after all.
    async fn insert_annotations(&mut self, annotations: &[&Annotation]) -> StoreResult<BTreeSet<AnnotationId>>;

    /// Adds one annotation. Returns whether it was added.
    async fn insert_annotation(&mut self, annotation: &Annotation) -> StoreResult<bool> {
        Ok(!self.insert_annotations(&[annotation]).await?.is_empty())
    }

    /// The annotation with this identifier.
    async fn annotation(&mut self, id: AnnotationId) -> StoreResult<Option<Annotation>>;

    /// The annotation that answers this task: the one that is not a failure, else the newest.
    async fn annotation_of_task(&mut self, task_id: TaskId) -> StoreResult<Option<Annotation>>;

    /// The annotations of these items that count, by item, then in order of submission: the one of each task that
    /// [`Annotations::annotation_of_task`] gives. At most 1,000 items a call.
    async fn annotations_of_items(&mut self, item_ids: &[ItemId]) -> StoreResult<Vec<Annotation>>;

    /// Annotations of a project in order of submission, failures that were made good later included.
    async fn list_annotations(&mut self, project_id: ProjectId, page: PageRequest) -> StoreResult<Page<Annotation>>;

    /// Who submitted each annotation of a project, in order of submission: what figures over all votes need, without
    /// the answers.
    async fn list_submitters(
        &mut self,
        project_id: ProjectId,
        page: PageRequest,
    ) -> StoreResult<Page<(AnnotationId, AnnotatorId)>>;

    /// How many annotations a project has.
    async fn count_annotations(&mut self, project_id: ProjectId) -> StoreResult<i64>;
}
