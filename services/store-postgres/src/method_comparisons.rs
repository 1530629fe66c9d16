//! Comparisons of confidence methods.

use accord_domain::{MethodComparison, ProjectId};
use accord_store::{MethodComparisons, StoreResult};
use async_trait::async_trait;

use crate::convert::{Place, write_json};
use crate::error::failure;
use crate::transaction::PostgresTransaction;

#[async_trait]
impl MethodComparisons for PostgresTransaction {
    async fn put_method_comparison(&mut self, comparison: &MethodComparison) -> StoreResult<()> {
        sqlx::query(
            "INSERT INTO method_comparisons (project_id, body, computed_at) VALUES ($1, $2::JSON, $3)
             ON CONFLICT (project_id) DO UPDATE SET body = EXCLUDED.body, computed_at = EXCLUDED.computed_at",
        )
        .bind(comparison.project_id.as_uuid())
        .bind(write_json("comparison of methods", comparison)?)
        .bind(comparison.computed_at.as_microseconds())
        .execute(self.connection())
        .await
        .map_err(failure)?;
        Ok(())
    }

    async fn method_comparison(&mut self, project_id: ProjectId) -> StoreResult<Option<MethodComparison>> {
        let body: Option<String> =
            sqlx::query_scalar("SELECT body::TEXT FROM method_comparisons WHERE project_id = $1")
                .bind(project_id.as_uuid())
                .fetch_optional(self.connection())
                .await
                .map_err(failure)?;
        let place = Place::new("method_comparisons", "body");
        body.map(|body| place.read_json(project_id.as_uuid(), &body))
            .transpose()
    }
}
