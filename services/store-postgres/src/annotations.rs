//! Annotations.

use accord_domain::{Annotation, AnnotationId, AnnotatorId, ItemId, ProjectId, TaskId, Timestamp};
use accord_store::{Annotations, Page, PageRequest, StoreResult};
use async_trait::async_trait;
use sqlx::FromRow;
use uuid::Uuid;

use crate::convert::{Place, asked_items, fetch_limit, page_of, read_all, start_of, write_json};
use crate::error::failure;
use crate::transaction::PostgresTransaction;

macro_rules! columns {
    () => {
        "id, project_id, item_id, annotator_id, task_id, answers::TEXT, provenance::TEXT, submitted_at"
    };
}

#[derive(FromRow)]
struct AnnotationRow {
    id: Uuid,
    project_id: Uuid,
    item_id: Uuid,
    annotator_id: Uuid,
    task_id: Uuid,
    answers: String,
    provenance: String,
    submitted_at: i64,
}

impl AnnotationRow {
    fn read(self) -> StoreResult<Annotation> {
        Ok(Annotation {
            id: AnnotationId::from_uuid(self.id),
            project_id: ProjectId::from_uuid(self.project_id),
            item_id: ItemId::from_uuid(self.item_id),
            annotator_id: AnnotatorId::from_uuid(self.annotator_id),
            task_id: TaskId::from_uuid(self.task_id),
            answers: Place::new("annotations", "answers").read_json(self.id, &self.answers)?,
            provenance: Place::new("annotations", "provenance").read_json(self.id, &self.provenance)?,
            submitted_at: Timestamp::from_microseconds(self.submitted_at),
        })
    }
}

#[async_trait]
impl Annotations for PostgresTransaction {
    async fn insert_annotation(&mut self, annotation: &Annotation) -> StoreResult<bool> {
        let result = sqlx::query(
            "INSERT INTO annotations
                 (id, project_id, item_id, annotator_id, task_id, answers, provenance, failed, submitted_at)
             SELECT $1, $2, $3, $4, $5, $6::JSON, $7::JSON, $8, $9
             WHERE NOT EXISTS (SELECT FROM annotations WHERE task_id = $5 AND NOT failed)
             ON CONFLICT (task_id) WHERE NOT failed DO NOTHING",
        )
        .bind(annotation.id.as_uuid())
        .bind(annotation.project_id.as_uuid())
        .bind(annotation.item_id.as_uuid())
        .bind(annotation.annotator_id.as_uuid())
        .bind(annotation.task_id.as_uuid())
        .bind(write_json("answers", &annotation.answers)?)
        .bind(write_json("provenance", &annotation.provenance)?)
        .bind(annotation.provenance.failure.is_some())
        .bind(annotation.submitted_at.as_microseconds())
        .execute(self.connection())
        .await
        .map_err(failure)?;
        Ok(result.rows_affected() == 1)
    }

    async fn annotation(&mut self, id: AnnotationId) -> StoreResult<Option<Annotation>> {
        let row: Option<AnnotationRow> =
            sqlx::query_as(concat!("SELECT ", columns!(), " FROM annotations WHERE id = $1"))
                .bind(id.as_uuid())
                .fetch_optional(self.connection())
                .await
                .map_err(failure)?;
        row.map(AnnotationRow::read).transpose()
    }

    async fn annotation_of_task(&mut self, task_id: TaskId) -> StoreResult<Option<Annotation>> {
        let row: Option<AnnotationRow> = sqlx::query_as(concat!(
            "SELECT ",
            columns!(),
            " FROM annotations WHERE task_id = $1 ORDER BY failed, id DESC LIMIT 1"
        ))
        .bind(task_id.as_uuid())
        .fetch_optional(self.connection())
        .await
        .map_err(failure)?;
        row.map(AnnotationRow::read).transpose()
    }

    async fn annotations_of_items(&mut self, item_ids: &[ItemId]) -> StoreResult<Vec<Annotation>> {
        let item_ids = asked_items(item_ids)?;
        let rows: Vec<AnnotationRow> = sqlx::query_as(concat!(
            "SELECT ",
            columns!(),
            " FROM (SELECT DISTINCT ON (task_id) * FROM annotations WHERE item_id = ANY($1)
                    ORDER BY task_id, failed, id DESC) AS counting
              ORDER BY item_id, id"
        ))
        .bind(item_ids)
        .fetch_all(self.connection())
        .await
        .map_err(failure)?;
        read_all(rows, AnnotationRow::read)
    }

    async fn list_annotations(&mut self, project_id: ProjectId, page: PageRequest) -> StoreResult<Page<Annotation>> {
        let rows: Vec<AnnotationRow> = sqlx::query_as(concat!(
            "SELECT ",
            columns!(),
            " FROM annotations WHERE project_id = $1 AND id > $2 ORDER BY id LIMIT $3"
        ))
        .bind(project_id.as_uuid())
        .bind(start_of(page))
        .bind(fetch_limit(page))
        .fetch_all(self.connection())
        .await
        .map_err(failure)?;
        Ok(page_of(read_all(rows, AnnotationRow::read)?, page, |annotation| {
            annotation.id.as_uuid()
        }))
    }

    async fn list_submitters(
        &mut self,
        project_id: ProjectId,
        page: PageRequest,
    ) -> StoreResult<Page<(AnnotationId, AnnotatorId)>> {
        let rows: Vec<(Uuid, Uuid)> = sqlx::query_as(
            "SELECT id, annotator_id FROM annotations WHERE project_id = $1 AND id > $2 ORDER BY id LIMIT $3",
        )
        .bind(project_id.as_uuid())
        .bind(start_of(page))
        .bind(fetch_limit(page))
        .fetch_all(self.connection())
        .await
        .map_err(failure)?;
        let rows = rows
            .into_iter()
            .map(|(id, annotator_id)| (AnnotationId::from_uuid(id), AnnotatorId::from_uuid(annotator_id)))
            .collect();
        Ok(page_of(rows, page, |(id, _)| id.as_uuid()))
    }

    async fn count_annotations(&mut self, project_id: ProjectId) -> StoreResult<i64> {
        sqlx::query_scalar("SELECT count(*) FROM annotations WHERE project_id = $1")
            .bind(project_id.as_uuid())
            .fetch_one(self.connection())
            .await
            .map_err(failure)
    }
}
