//! Calibrators.

use accord_domain::{Calibrator, CalibratorId, ProjectId};
use accord_store::{Calibrators, Page, PageRequest, StoreResult};
use async_trait::async_trait;
use sqlx::QueryBuilder;
use sqlx::sqlite::SqliteRow;

use crate::failure::{conflict, failed};
use crate::page::fetch_page;
use crate::reader::{Reader, to_json};
use crate::transaction::SqliteTransaction;

#[async_trait]
impl Calibrators for SqliteTransaction {
    async fn insert_calibrators(&mut self, calibrators: &[Calibrator]) -> StoreResult<()> {
        for calibrator in calibrators {
            let id = calibrator.id;
            sqlx::query("INSERT INTO calibrators (id, project_id, field, body, created_at) VALUES (?, ?, ?, ?, ?)")
                .bind(id.as_uuid())
                .bind(calibrator.project_id.as_uuid())
                .bind(calibrator.field.as_str())
                .bind(to_json("calibrator", calibrator)?)
                .bind(calibrator.created_at.as_microseconds())
                .execute(self.connection())
                .await
                .map_err(|error| conflict(error, "calibrator", &id.to_string()))?;
            sqlx::query(
                "INSERT INTO current_calibrators (project_id, field, calibrator_id) VALUES (?, ?, ?) \
                 ON CONFLICT (project_id, field) DO UPDATE SET calibrator_id = excluded.calibrator_id",
            )
            .bind(calibrator.project_id.as_uuid())
            .bind(calibrator.field.as_str())
            .bind(id.as_uuid())
            .execute(self.connection())
            .await
            .map_err(failed)?;
        }
        Ok(())
    }

    async fn calibrator(&mut self, id: CalibratorId) -> StoreResult<Option<Calibrator>> {
        let found = sqlx::query("SELECT id, body FROM calibrators WHERE id = ?")
            .bind(id.as_uuid())
            .fetch_optional(self.connection())
            .await
            .map_err(failed)?;
        found.as_ref().map(read_calibrator).transpose()
    }

    async fn current_calibrators(&mut self, project_id: ProjectId) -> StoreResult<Vec<Calibrator>> {
        let found = sqlx::query(
            "SELECT calibrators.id, calibrators.body FROM current_calibrators AS present \
             JOIN calibrators ON calibrators.id = present.calibrator_id \
             WHERE present.project_id = ? ORDER BY present.field",
        )
        .bind(project_id.as_uuid())
        .fetch_all(self.connection())
        .await
        .map_err(failed)?;
        found.iter().map(read_calibrator).collect()
    }

    async fn current_calibrators_of_all_projects(&mut self) -> StoreResult<Vec<Calibrator>> {
        let found = sqlx::query(
            "SELECT calibrators.id, calibrators.body FROM current_calibrators AS present \
             JOIN calibrators ON calibrators.id = present.calibrator_id \
             ORDER BY present.project_id, present.field",
        )
        .fetch_all(self.connection())
        .await
        .map_err(failed)?;
        found.iter().map(read_calibrator).collect()
    }

    async fn list_calibrators(&mut self, project_id: ProjectId, page: PageRequest) -> StoreResult<Page<Calibrator>> {
        let mut query = QueryBuilder::new("SELECT id, body FROM calibrators WHERE project_id = ");
        query.push_bind(project_id.as_uuid());
        let id = |calibrator: &Calibrator| calibrator.id.as_uuid();
        fetch_page(self.connection(), query, "id", page, read_calibrator, id).await
    }
}

fn read_calibrator(row: &SqliteRow) -> StoreResult<Calibrator> {
    Reader::new("calibrators", row).json("body")
}
