//! Calibrators: they are added, and the last one added for a field is present.

use std::collections::BTreeMap;

use accord_domain::{Calibrator, CalibratorId, FieldName, ProjectId};
use accord_store::{Calibrators, Hold, Page, PageRequest, ScoringBasis, StoreError, StoreResult};
use async_trait::async_trait;
use uuid::Uuid;

use crate::convert::{Place, fetch_limit, page_of, read_all, start_of, write_json};
use crate::error::failure;
use crate::transaction::PostgresTransaction;

type CalibratorRow = (Uuid, String);

fn read_calibrator((id, body): CalibratorRow) -> StoreResult<Calibrator> {
    Place::new("calibrators", "body").read_json(id, &body)
}

async fn insert_all(transaction: &mut PostgresTransaction, calibrators: &[Calibrator]) -> StoreResult<()> {
    let bodies = calibrators
        .iter()
        .map(|calibrator| write_json("calibrator", calibrator))
        .collect::<StoreResult<Vec<_>>>()?;
    sqlx::query(
        "INSERT INTO calibrators (id, project_id, field, body, created_at)
         SELECT id, project_id, field, body::JSON, created_at
         FROM unnest($1::UUID[], $2::UUID[], $3::TEXT[], $4::TEXT[], $5::BIGINT[])
             AS new (id, project_id, field, body, created_at)",
    )
    .bind(
        calibrators
            .iter()
            .map(|calibrator| calibrator.id.as_uuid())
            .collect::<Vec<_>>(),
    )
    .bind(
        calibrators
            .iter()
            .map(|calibrator| calibrator.project_id.as_uuid())
            .collect::<Vec<_>>(),
    )
    .bind(
        calibrators
            .iter()
            .map(|calibrator| calibrator.field.as_str())
            .collect::<Vec<_>>(),
    )
    .bind(bodies)
    .bind(
        calibrators
            .iter()
            .map(|calibrator| calibrator.created_at.as_microseconds())
            .collect::<Vec<_>>(),
    )
    .execute(transaction.connection())
    .await
    .map_err(failure)?;
    Ok(())
}

async fn point_at_all(transaction: &mut PostgresTransaction, calibrators: &[Calibrator]) -> StoreResult<()> {
    let last: BTreeMap<(ProjectId, &FieldName), CalibratorId> = calibrators
        .iter()
        .map(|calibrator| ((calibrator.project_id, &calibrator.field), calibrator.id))
        .collect();
    sqlx::query(
        "INSERT INTO current_calibrators (project_id, field, calibrator_id)
         SELECT * FROM unnest($1::UUID[], $2::TEXT[], $3::UUID[])
         ON CONFLICT (project_id, field) DO UPDATE SET calibrator_id = EXCLUDED.calibrator_id",
    )
    .bind(
        last.keys()
            .map(|(project_id, _)| project_id.as_uuid())
            .collect::<Vec<_>>(),
    )
    .bind(last.keys().map(|(_, field)| field.as_str()).collect::<Vec<_>>())
    .bind(last.values().map(CalibratorId::as_uuid).collect::<Vec<_>>())
    .execute(transaction.connection())
    .await
    .map_err(failure)?;
    Ok(())
}

#[async_trait]
impl Calibrators for PostgresTransaction {
    async fn insert_calibrators(&mut self, calibrators: &[Calibrator]) -> StoreResult<()> {
        if calibrators.is_empty() {
            return Ok(());
        }
        insert_all(self, calibrators).await?;
        point_at_all(self, calibrators).await
    }

    async fn calibrator(&mut self, id: CalibratorId) -> StoreResult<Option<Calibrator>> {
        let row: Option<CalibratorRow> = sqlx::query_as("SELECT id, body::TEXT FROM calibrators WHERE id = $1")
            .bind(id.as_uuid())
            .fetch_optional(self.connection())
            .await
            .map_err(failure)?;
        row.map(read_calibrator).transpose()
    }

    async fn current_calibrators(&mut self, project_id: ProjectId) -> StoreResult<Vec<Calibrator>> {
        let rows: Vec<CalibratorRow> = sqlx::query_as(
            "SELECT calibrators.id, calibrators.body::TEXT
             FROM current_calibrators JOIN calibrators ON calibrators.id = current_calibrators.calibrator_id
             WHERE current_calibrators.project_id = $1 ORDER BY current_calibrators.field",
        )
        .bind(project_id.as_uuid())
        .fetch_all(self.connection())
        .await
        .map_err(failure)?;
        read_all(rows, read_calibrator)
    }

    async fn current_calibrators_of_all_projects(&mut self) -> StoreResult<Vec<Calibrator>> {
        let rows: Vec<CalibratorRow> = sqlx::query_as(
            "SELECT calibrators.id, calibrators.body::TEXT
             FROM current_calibrators JOIN calibrators ON calibrators.id = current_calibrators.calibrator_id
             ORDER BY current_calibrators.project_id, current_calibrators.field",
        )
        .fetch_all(self.connection())
        .await
        .map_err(failure)?;
        read_all(rows, read_calibrator)
    }

    async fn scoring_basis(&mut self, project_id: ProjectId) -> StoreResult<ScoringBasis> {
        let found: Option<(i64, Vec<Uuid>)> = sqlx::query_as(
            "SELECT version, ARRAY(SELECT calibrator_id FROM current_calibrators WHERE project_id = projects.id)
             FROM projects WHERE id = $1",
        )
        .bind(project_id.as_uuid())
        .fetch_optional(self.connection())
        .await
        .map_err(failure)?;
        let (project_version, calibrators) = found.ok_or_else(|| StoreError::Missing {
            what: "project",
            name: project_id.to_string(),
        })?;
        Ok(ScoringBasis {
            project_version,
            calibrators: calibrators.into_iter().map(CalibratorId::from_uuid).collect(),
        })
    }

    async fn hold_scoring_basis(&mut self, project_id: ProjectId, hold: Hold) -> StoreResult<()> {
        let statement = match hold {
            Hold::Shared => "SELECT pg_advisory_xact_lock_shared(hashtextextended('scoring basis ' || $1, 0))",
            Hold::Alone => "SELECT pg_advisory_xact_lock(hashtextextended('scoring basis ' || $1, 0))",
        };
        sqlx::query(statement)
            .bind(project_id.to_string())
            .execute(self.connection())
            .await
            .map_err(failure)?;
        Ok(())
    }

    async fn list_calibrators(&mut self, project_id: ProjectId, page: PageRequest) -> StoreResult<Page<Calibrator>> {
        let rows: Vec<CalibratorRow> = sqlx::query_as(
            "SELECT id, body::TEXT FROM calibrators WHERE project_id = $1 AND id > $2 ORDER BY id LIMIT $3",
        )
        .bind(project_id.as_uuid())
        .bind(start_of(page))
        .bind(fetch_limit(page))
        .fetch_all(self.connection())
        .await
        .map_err(failure)?;
        Ok(page_of(read_all(rows, read_calibrator)?, page, |calibrator| {
            calibrator.id.as_uuid()
        }))
    }
}
