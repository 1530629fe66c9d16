//! Annotations.

use std::collections::BTreeSet;

use accord_domain::{Annotation, AnnotationId, AnnotatorId, ItemId, ProjectId, TaskId};
use accord_store::{Annotations, Page, PageRequest, StoreResult};
use async_trait::async_trait;
use sqlx::QueryBuilder;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::failure::{conflict, failed};
use crate::page::fetch_page;
use crate::reader::{Reader, to_json};
use crate::sql::{ROWS_AT_ONCE, push_identifiers, push_rows};
use crate::transaction::SqliteTransaction;

#[async_trait]
impl Annotations for SqliteTransaction {
    async fn insert_annotations(&mut self, annotations: &[&Annotation]) -> StoreResult<BTreeSet<AnnotationId>> {
        let mut added = BTreeSet::new();
        for part in annotations.chunks(ROWS_AT_ONCE) {
            added.extend(insert_part(self, part).await?);
        }
        Ok(added)
    }

    async fn annotation(&mut self, id: AnnotationId) -> StoreResult<Option<Annotation>> {
        let found = sqlx::query(
            "SELECT id, project_id, item_id, annotator_id, task_id, answers, provenance, submitted_at \
             FROM annotations WHERE id = ?",
        )
        .bind(id.as_uuid())
        .fetch_optional(self.connection())
        .await
        .map_err(failed)?;
        found.as_ref().map(read_annotation).transpose()
    }

    async fn annotation_of_task(&mut self, task_id: TaskId) -> StoreResult<Option<Annotation>> {
        let found = sqlx::query(
            "SELECT id, project_id, item_id, annotator_id, task_id, answers, provenance, submitted_at \
             FROM annotations WHERE task_id = ? ORDER BY failed, rowid DESC LIMIT 1",
        )
        .bind(task_id.as_uuid())
        .fetch_optional(self.connection())
        .await
        .map_err(failed)?;
        found.as_ref().map(read_annotation).transpose()
    }

    async fn annotations_of_items(&mut self, item_ids: &[ItemId]) -> StoreResult<Vec<Annotation>> {
        if item_ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = QueryBuilder::new(
            "SELECT id, project_id, item_id, annotator_id, task_id, answers, provenance, submitted_at \
             FROM annotations \
             WHERE (failed = 0 OR NOT EXISTS (SELECT 1 FROM annotations AS later \
                        WHERE later.task_id = annotations.task_id \
                          AND (later.failed = 0 OR later.rowid > annotations.rowid))) \
               AND item_id IN ",
        );
        push_identifiers(&mut query, item_ids.iter().map(|id| id.as_uuid()))?;
        query.push(" ORDER BY item_id, id");
        let found = query.build().fetch_all(self.connection()).await.map_err(failed)?;
        found.iter().map(read_annotation).collect()
    }

    async fn list_annotations(&mut self, project_id: ProjectId, page: PageRequest) -> StoreResult<Page<Annotation>> {
        let mut query = QueryBuilder::new(
            "SELECT id, project_id, item_id, annotator_id, task_id, answers, provenance, submitted_at \
             FROM annotations WHERE project_id = ",
        );
        query.push_bind(project_id.as_uuid());
        fetch_page(self.connection(), query, "id", page, read_annotation, |annotation| {
            annotation.id.as_uuid()
        })
        .await
    }

    async fn list_submitters(
        &mut self,
        project_id: ProjectId,
        page: PageRequest,
    ) -> StoreResult<Page<(AnnotationId, AnnotatorId)>> {
        let mut query = QueryBuilder::new("SELECT id, annotator_id FROM annotations WHERE project_id = ");
        query.push_bind(project_id.as_uuid());
        let read = |row: &SqliteRow| {
            let reader = Reader::new("annotations", row);
            Ok((
                AnnotationId::from_uuid(reader.get("id")?),
                AnnotatorId::from_uuid(reader.get("annotator_id")?),
            ))
        };
        fetch_page(self.connection(), query, "id", page, read, |(id, _)| id.as_uuid()).await
    }

    async fn count_annotations(&mut self, project_id: ProjectId) -> StoreResult<i64> {
        sqlx::query_scalar("SELECT count(*) FROM annotations WHERE project_id = ?")
            .bind(project_id.as_uuid())
            .fetch_one(self.connection())
            .await
            .map_err(failed)
    }
}

async fn insert_part(tx: &mut SqliteTransaction, annotations: &[&Annotation]) -> StoreResult<Vec<AnnotationId>> {
    let mut texts = Vec::with_capacity(annotations.len());
    for annotation in annotations {
        let answers = to_json("answers", &annotation.answers)?;
        texts.push((annotation, answers, to_json("provenance", &annotation.provenance)?));
    }
    let mut query = QueryBuilder::new(
        "INSERT INTO annotations \
             (id, project_id, item_id, annotator_id, task_id, answers, provenance, failed, submitted_at) ",
    );
    push_rows(
        &mut query,
        9,
        texts.into_iter(),
        |row, (annotation, answers, provenance)| {
            row.push_bind(annotation.id.as_uuid())
                .push_bind(annotation.project_id.as_uuid())
                .push_bind(annotation.item_id.as_uuid())
                .push_bind(annotation.annotator_id.as_uuid())
                .push_bind(annotation.task_id.as_uuid())
                .push_bind(answers)
                .push_bind(provenance)
                .push_bind(annotation.provenance.failure.is_some())
                .push_bind(annotation.submitted_at.as_microseconds());
        },
    );
    query.push(" AND NOT EXISTS (SELECT 1 FROM annotations WHERE task_id = column5 AND failed = 0) RETURNING id");
    let added: Vec<Uuid> = query
        .build_query_scalar()
        .fetch_all(tx.connection())
        .await
        .map_err(|error| conflict(error, "annotation", &names_of(annotations)))?;
    Ok(added.into_iter().map(AnnotationId::from_uuid).collect())
}

fn names_of(annotations: &[&Annotation]) -> String {
    let names: Vec<String> = annotations.iter().map(|annotation| annotation.id.to_string()).collect();
    names.join(", ")
}

fn read_annotation(row: &SqliteRow) -> StoreResult<Annotation> {
    let reader = Reader::new("annotations", row);
    Ok(Annotation {
        id: AnnotationId::from_uuid(reader.get("id")?),
        project_id: ProjectId::from_uuid(reader.get("project_id")?),
        item_id: ItemId::from_uuid(reader.get("item_id")?),
        annotator_id: AnnotatorId::from_uuid(reader.get("annotator_id")?),
        task_id: TaskId::from_uuid(reader.get("task_id")?),
        answers: reader.json("answers")?,
        provenance: reader.json("provenance")?,
        submitted_at: reader.moment("submitted_at")?,
    })
}
