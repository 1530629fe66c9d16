//! Annotators.

use accord_domain::{Annotator, AnnotatorId, ProjectId};
use accord_store::text::check_text;
use accord_store::{Annotators, StoreResult};
use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;

use crate::failure::failed;
use crate::reader::{Reader, to_json};
use crate::transaction::SqliteTransaction;

#[async_trait]
impl Annotators for SqliteTransaction {
    async fn upsert_annotator(&mut self, annotator: &Annotator) -> StoreResult<Annotator> {
        check_text("name of annotator", &annotator.name)?;
        check_text("family of annotator", &annotator.family)?;
        let row = sqlx::query(
            "INSERT INTO annotators (id, project_id, name, family, kind, active, created_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?) \
             ON CONFLICT (project_id, name) \
             DO UPDATE SET family = excluded.family, kind = excluded.kind, active = excluded.active \
             RETURNING id, project_id, name, family, kind, active, created_at",
        )
        .bind(annotator.id.as_uuid())
        .bind(annotator.project_id.as_uuid())
        .bind(&annotator.name)
        .bind(&annotator.family)
        .bind(to_json("annotator", &annotator.kind)?)
        .bind(annotator.active)
        .bind(annotator.created_at.as_microseconds())
        .fetch_one(self.connection())
        .await
        .map_err(failed)?;
        read_annotator(&row)
    }

    async fn annotator(&mut self, id: AnnotatorId) -> StoreResult<Option<Annotator>> {
        let found =
            sqlx::query("SELECT id, project_id, name, family, kind, active, created_at FROM annotators WHERE id = ?")
                .bind(id.as_uuid())
                .fetch_optional(self.connection())
                .await
                .map_err(failed)?;
        found.as_ref().map(read_annotator).transpose()
    }

    async fn annotators_of_project(&mut self, project_id: ProjectId) -> StoreResult<Vec<Annotator>> {
        let found = sqlx::query(
            "SELECT id, project_id, name, family, kind, active, created_at FROM annotators \
             WHERE project_id = ? ORDER BY name",
        )
        .bind(project_id.as_uuid())
        .fetch_all(self.connection())
        .await
        .map_err(failed)?;
        found.iter().map(read_annotator).collect()
    }
}

fn read_annotator(row: &SqliteRow) -> StoreResult<Annotator> {
    let reader = Reader::new("annotators", row);
    Ok(Annotator {
        id: AnnotatorId::from_uuid(reader.get("id")?),
        project_id: ProjectId::from_uuid(reader.get("project_id")?),
        name: reader.get("name")?,
        family: reader.get("family")?,
        kind: reader.json("kind")?,
        active: reader.get("active")?,
        created_at: reader.moment("created_at")?,
    })
}
