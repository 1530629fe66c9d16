//! Comparisons of confidence methods.

use accord_domain::{MethodComparison, ProjectId};
use accord_store::{MethodComparisons, StoreResult};
use async_trait::async_trait;

use crate::failure::{conflict, failed};
use crate::reader::{Reader, to_json};
use crate::transaction::SqliteTransaction;

#[async_trait]
impl MethodComparisons for SqliteTransaction {
    async fn put_method_comparison(&mut self, comparison: &MethodComparison) -> StoreResult<()> {
        let project_id = comparison.project_id;
        sqlx::query(
            "INSERT INTO method_comparisons (project_id, body, computed_at) VALUES (?, ?, ?) \
             ON CONFLICT (project_id) DO UPDATE SET body = excluded.body, computed_at = excluded.computed_at",
        )
        .bind(project_id.as_uuid())
        .bind(to_json("comparison of methods", comparison)?)
        .bind(comparison.computed_at.as_microseconds())
        .execute(self.connection())
        .await
        .map_err(|error| conflict(error, "comparison of methods", &project_id.to_string()))?;
        Ok(())
    }

    async fn method_comparison(&mut self, project_id: ProjectId) -> StoreResult<Option<MethodComparison>> {
        let found = sqlx::query("SELECT project_id AS id, body FROM method_comparisons WHERE project_id = ?")
            .bind(project_id.as_uuid())
            .fetch_optional(self.connection())
            .await
            .map_err(failed)?;
        let read = |row| Reader::new("method_comparisons", row).json("body");
        found.as_ref().map(read).transpose()
    }
}
