//! Consensus: rows are added, and the last one added for an item and field is present.

use std::collections::{BTreeMap, BTreeSet};

use accord_domain::{Confidence, Consensus, Decision, FieldName, ItemId, ProjectId, Stopped};
use accord_store::{ConsensusRows, FieldSummary, Page, PageRequest, StoppingSummary, StoreResult};
use async_trait::async_trait;
use uuid::Uuid;

use crate::convert::{Place, asked_items, fetch_limit, page_of, read_all, start_of, write_json};
use crate::error::failure;
use crate::transaction::PostgresTransaction;

/// How many rows go into one statement.
const ROWS_PER_STATEMENT: usize = 5000;

type ConsensusRow = (Uuid, String);

fn read_consensus((id, body): ConsensusRow) -> StoreResult<Consensus> {
    Place::new("consensus", "body").read_json(id, &body)
}

fn calibrated_probability(row: &Consensus) -> Option<f64> {
    match row.confidence {
        Confidence::Calibrated { probability, .. } => Some(probability),
        Confidence::Uncalibrated { .. } => None,
    }
}

async fn insert_rows(transaction: &mut PostgresTransaction, rows: &[Consensus]) -> StoreResult<()> {
    let bodies = rows
        .iter()
        .map(|row| write_json("consensus", row))
        .collect::<StoreResult<Vec<_>>>()?;
    sqlx::query(
        "INSERT INTO consensus (id, project_id, item_id, field, body, created_at)
         SELECT id, project_id, item_id, field, body::JSON, created_at
         FROM unnest($1::UUID[], $2::UUID[], $3::UUID[], $4::TEXT[], $5::TEXT[], $6::BIGINT[])
             AS new (id, project_id, item_id, field, body, created_at)",
    )
    .bind(rows.iter().map(|row| row.id.as_uuid()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.project_id.as_uuid()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.item_id.as_uuid()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.field.as_str()).collect::<Vec<_>>())
    .bind(bodies)
    .bind(
        rows.iter()
            .map(|row| row.created_at.as_microseconds())
            .collect::<Vec<_>>(),
    )
    .execute(transaction.connection())
    .await
    .map_err(failure)?;
    Ok(())
}

async fn point_at_rows(transaction: &mut PostgresTransaction, rows: &[Consensus]) -> StoreResult<()> {
    // One row for each item and field, in an order that keeps transactions from waiting for each other in a circle.
    let last: BTreeMap<(ItemId, &FieldName), &Consensus> =
        rows.iter().map(|row| ((row.item_id, &row.field), row)).collect();
    let rows: Vec<&Consensus> = last.into_values().collect();
    sqlx::query(
        "INSERT INTO current_consensus (item_id, field, consensus_id, project_id, accepted, probability,
                                        stopping_version, asked_count, called_count, panel_count)
         SELECT * FROM unnest($1::UUID[], $2::TEXT[], $3::UUID[], $4::UUID[], $5::BOOLEAN[], $6::DOUBLE PRECISION[],
                              $7::TEXT[], $8::BIGINT[], $9::BIGINT[], $10::BIGINT[])
         ON CONFLICT (item_id, field) DO UPDATE
             SET consensus_id = EXCLUDED.consensus_id, project_id = EXCLUDED.project_id,
                 accepted = EXCLUDED.accepted, probability = EXCLUDED.probability,
                 stopping_version = EXCLUDED.stopping_version, asked_count = EXCLUDED.asked_count,
                 called_count = EXCLUDED.called_count, panel_count = EXCLUDED.panel_count",
    )
    .bind(rows.iter().map(|row| row.item_id.as_uuid()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.field.as_str()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.id.as_uuid()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.project_id.as_uuid()).collect::<Vec<_>>())
    .bind(
        rows.iter()
            .map(|row| matches!(row.decision, Decision::Accepted { .. }))
            .collect::<Vec<_>>(),
    )
    .bind(rows.iter().map(|row| calibrated_probability(row)).collect::<Vec<_>>())
    .bind(of_stopped(&rows, |stopped| stopped.version.clone()))
    .bind(of_stopped(&rows, |stopped| i64::from(stopped.asked_count)))
    .bind(of_stopped(&rows, |stopped| i64::from(stopped.called_count())))
    .bind(of_stopped(&rows, |stopped| i64::from(stopped.panel_count)))
    .execute(transaction.connection())
    .await
    .map_err(failure)?;
    Ok(())
}

fn of_stopped<T>(rows: &[&Consensus], part: impl Fn(&Stopped) -> T) -> Vec<Option<T>> {
    rows.iter().map(|row| row.stopped.as_ref().map(&part)).collect()
}

#[async_trait]
impl ConsensusRows for PostgresTransaction {
    async fn insert_consensus(&mut self, rows: &[Consensus]) -> StoreResult<()> {
        for chunk in rows.chunks(ROWS_PER_STATEMENT) {
            insert_rows(self, chunk).await?;
            point_at_rows(self, chunk).await?;
        }
        Ok(())
    }

    async fn consensus_of_items(&mut self, item_ids: &[ItemId]) -> StoreResult<Vec<Consensus>> {
        let item_ids = asked_items(item_ids)?;
        let rows: Vec<ConsensusRow> = sqlx::query_as(
            "SELECT consensus.id, consensus.body::TEXT
             FROM current_consensus JOIN consensus ON consensus.id = current_consensus.consensus_id
             WHERE current_consensus.item_id = ANY($1)
             ORDER BY current_consensus.item_id, current_consensus.field",
        )
        .bind(item_ids)
        .fetch_all(self.connection())
        .await
        .map_err(failure)?;
        read_all(rows, read_consensus)
    }

    async fn consensus_history(&mut self, item_id: ItemId) -> StoreResult<Vec<Consensus>> {
        let rows: Vec<ConsensusRow> =
            sqlx::query_as("SELECT id, body::TEXT FROM consensus WHERE item_id = $1 ORDER BY sequence")
                .bind(item_id.as_uuid())
                .fetch_all(self.connection())
                .await
                .map_err(failure)?;
        read_all(rows, read_consensus)
    }

    async fn list_consensus(&mut self, project_id: ProjectId, page: PageRequest) -> StoreResult<Page<Consensus>> {
        let rows: Vec<ConsensusRow> = sqlx::query_as(
            "SELECT consensus.id, consensus.body::TEXT
             FROM current_consensus JOIN consensus ON consensus.id = current_consensus.consensus_id
             WHERE current_consensus.project_id = $1 AND current_consensus.consensus_id > $2
             ORDER BY current_consensus.consensus_id LIMIT $3",
        )
        .bind(project_id.as_uuid())
        .bind(start_of(page))
        .bind(fetch_limit(page))
        .fetch_all(self.connection())
        .await
        .map_err(failure)?;
        Ok(page_of(read_all(rows, read_consensus)?, page, |row| row.id.as_uuid()))
    }

    async fn summarise_fields(&mut self, project_id: ProjectId) -> StoreResult<Vec<FieldSummary>> {
        let rows: Vec<(String, i64, i64, i64, Option<f64>)> = sqlx::query_as(
            "SELECT field, count(*), count(*) FILTER (WHERE accepted), count(probability), avg(probability)
             FROM current_consensus WHERE project_id = $1 GROUP BY field ORDER BY field",
        )
        .bind(project_id.as_uuid())
        .fetch_all(self.connection())
        .await
        .map_err(failure)?;
        read_all(
            rows,
            |(field, count, accepted_count, calibrated_count, mean_probability)| {
                Ok(FieldSummary {
                    field: Place::new("current_consensus", "field").read_word(project_id, &field)?,
                    count,
                    accepted_count,
                    calibrated_count,
                    mean_probability,
                })
            },
        )
    }

    async fn summarise_stopping(&mut self, project_id: ProjectId, version: &str) -> StoreResult<StoppingSummary> {
        let (item_count, asked_count, called_count, panel_count): (i64, i64, i64, i64) = sqlx::query_as(
            "SELECT count(*), coalesce(sum(asked), 0)::BIGINT, coalesce(sum(called), 0)::BIGINT,
                    coalesce(sum(panel), 0)::BIGINT
             FROM (SELECT max(asked_count) AS asked, max(called_count) AS called, max(panel_count) AS panel
                   FROM current_consensus WHERE project_id = $1 AND stopping_version = $2
                   GROUP BY item_id) AS items",
        )
        .bind(project_id.as_uuid())
        .bind(version)
        .fetch_one(self.connection())
        .await
        .map_err(failure)?;
        Ok(StoppingSummary {
            version: version.to_owned(),
            item_count,
            asked_count,
            called_count,
            panel_count,
        })
    }

    async fn items_stopped_under(&mut self, item_ids: &[ItemId], version: &str) -> StoreResult<BTreeSet<ItemId>> {
        let found: Vec<Uuid> = sqlx::query_scalar(
            "SELECT DISTINCT item_id FROM current_consensus WHERE item_id = ANY($1) AND stopping_version = $2",
        )
        .bind(asked_items(item_ids)?)
        .bind(version)
        .fetch_all(self.connection())
        .await
        .map_err(failure)?;
        Ok(found.into_iter().map(ItemId::from_uuid).collect())
    }
}
