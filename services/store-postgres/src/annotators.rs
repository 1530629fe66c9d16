//! Annotators.

use accord_domain::{Annotator, AnnotatorId, ProjectId, Timestamp};
use accord_store::text::check_text;
use accord_store::{Annotators, StoreResult};
use async_trait::async_trait;
use uuid::Uuid;

use crate::convert::{Place, read_all, write_json};
use crate::error::failure;
use crate::transaction::PostgresTransaction;

type AnnotatorRow = (Uuid, Uuid, String, String, String, bool, i64);

fn read_annotator((id, project_id, name, family, kind, active, created_at): AnnotatorRow) -> StoreResult<Annotator> {
    Ok(Annotator {
        id: AnnotatorId::from_uuid(id),
        project_id: ProjectId::from_uuid(project_id),
        name,
        family,
        kind: Place::new("annotators", "kind").read_json(id, &kind)?,
        active,
        created_at: Timestamp::from_microseconds(created_at),
    })
}

#[async_trait]
impl Annotators for PostgresTransaction {
    async fn upsert_annotator(&mut self, annotator: &Annotator) -> StoreResult<Annotator> {
        check_text("annotator name", &annotator.name)?;
        check_text("annotator family", &annotator.family)?;
        let row: AnnotatorRow = sqlx::query_as(
            "INSERT INTO annotators (id, project_id, name, family, kind, active, created_at)
             VALUES ($1, $2, $3, $4, $5::JSON, $6, $7)
             ON CONFLICT (project_id, name) DO UPDATE
                 SET family = EXCLUDED.family, kind = EXCLUDED.kind, active = EXCLUDED.active
             RETURNING id, project_id, name, family, kind::TEXT, active, created_at",
        )
        .bind(annotator.id.as_uuid())
        .bind(annotator.project_id.as_uuid())
        .bind(&annotator.name)
        .bind(&annotator.family)
        .bind(write_json("kind of annotator", &annotator.kind)?)
        .bind(annotator.active)
        .bind(annotator.created_at.as_microseconds())
        .fetch_one(self.connection())
        .await
        .map_err(failure)?;
        read_annotator(row)
    }

    async fn annotator(&mut self, id: AnnotatorId) -> StoreResult<Option<Annotator>> {
        let row: Option<AnnotatorRow> = sqlx::query_as(
            "SELECT id, project_id, name, family, kind::TEXT, active, created_at FROM annotators WHERE id = $1",
        )
        .bind(id.as_uuid())
        .fetch_optional(self.connection())
        .await
        .map_err(failure)?;
        row.map(read_annotator).transpose()
    }

    async fn annotators_of_project(&mut self, project_id: ProjectId) -> StoreResult<Vec<Annotator>> {
        let rows: Vec<AnnotatorRow> = sqlx::query_as(
            "SELECT id, project_id, name, family, kind::TEXT, active, created_at FROM annotators
             WHERE project_id = $1 ORDER BY name",
        )
        .bind(project_id.as_uuid())
        .fetch_all(self.connection())
        .await
        .map_err(failure)?;
        read_all(rows, read_annotator)
    }
}
