//! Annotations.

use std::collections::BTreeSet;

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
    async fn insert_annotations(&mut self, annotations: &[&Annotation]) -> StoreResult<BTreeSet<AnnotationId>> {
        let mut texts = Vec::with_capacity(annotations.len());
        for annotation in annotations {
            let answers = write_json("answers", &annotation.answers)?;
            texts.push((answers, write_json("provenance", &annotation.provenance)?));
        }
        let (answers, provenances): (Vec<String>, Vec<String>) = texts.into_iter().unzip();
        let ids = |of: fn(&Annotation) -> Uuid| annotations.iter().map(|one| of(one)).collect::<Vec<Uuid>>();
        let failed = annotations.iter().map(|one| one.provenance.failure.is_some());
        let submitted_at = annotations.iter().map(|one| one.submitted_at.as_microseconds());
        let added: Vec<Uuid> = sqlx::query_scalar(
            "INSERT INTO annotations
                 (id, project_id, item_id, annotator_id, task_id, answers, provenance, failed, submitted_at)
             SELECT id, project_id, item_id, annotator_id, task_id, answers::JSON, provenance::JSON, failed, submitted_at
             FROM UNNEST($1::UUID[], $2::UUID[], $3::UUID[], $4::UUID[], $5::UUID[], $6::TEXT[], $7::TEXT[],
                         $8::BOOLEAN[], $9::BIGINT[])
                 AS new (id, project_id, item_id, annotator_id, task_id, answers, provenance, failed, submitted_at)
             WHERE NOT EXISTS (SELECT FROM annotations WHERE task_id = new.task_id AND NOT failed)
             ON CONFLICT (task_id) WHERE NOT failed DO NOTHING
             RETURNING id",
        )
        .bind(ids(|one| one.id.as_uuid()))
        .bind(ids(|one| one.project_id.as_uuid()))
        .bind(ids(|one| one.item_id.as_uuid()))
        .bind(ids(|one| one.annotator_id.as_uuid()))
        .bind(ids(|one| one.task_id.as_uuid()))
        .bind(answers)
        .bind(provenances)
        .bind(failed.collect::<Vec<bool>>())
        .bind(submitted_at.collect::<Vec<i64>>())
        .fetch_all(self.connection())
        .await
        .map_err(failure)?;
        Ok(added.into_iter().map(AnnotationId::from_uuid).collect())
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
