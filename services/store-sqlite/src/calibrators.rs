//! Calibrators.

use accord_domain::{Calibrator, CalibratorId, ProjectId};
use accord_store::{Calibrators, Hold, Page, PageRequest, ScoringBasis, StoreError, StoreResult};
use async_trait::async_trait;
use sqlx::QueryBuilder;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

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

    async fn scoring_basis(&mut self, project_id: ProjectId) -> StoreResult<ScoringBasis> {
        let version: Option<i64> = sqlx::query_scalar("SELECT version FROM projects WHERE id = ?")
            .bind(project_id.as_uuid())
            .fetch_optional(self.connection())
            .await
            .map_err(failed)?;
        let calibrators: Vec<Uuid> =
            sqlx::query_scalar("SELECT calibrator_id FROM current_calibrators WHERE project_id = ?")
                .bind(project_id.as_uuid())
                .fetch_all(self.connection())
                .await
                .map_err(failed)?;
        Ok(ScoringBasis {
            project_version: version.ok_or_else(|| StoreError::Missing {
                what: "project",
                name: project_id.to_string(),
            })?,
            calibrators: calibrators.into_iter().map(CalibratorId::from_uuid).collect(),
        })
    }

    async fn hold_scoring_basis(&mut self, _project_id: ProjectId, _hold: Hold) -> StoreResult<()> {
        // The transaction has the only write lock of the database already.
        Ok(())
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
