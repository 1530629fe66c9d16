//! Consensus.

use std::collections::BTreeSet;

use accord_domain::{Confidence, Consensus, Decision, ItemId, ProjectId};
use accord_store::{ConsensusRows, FieldSummary, Page, PageRequest, StoppingSummary, StoreResult};
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
impl ConsensusRows for SqliteTransaction {
    async fn insert_consensus(&mut self, rows: &[Consensus]) -> StoreResult<()> {
        for chunk in rows.chunks(ROWS_AT_ONCE) {
            insert_rows(self, chunk).await?;
            point_at_rows(self, chunk).await?;
        }
        Ok(())
    }

    async fn consensus_of_items(&mut self, item_ids: &[ItemId]) -> StoreResult<Vec<Consensus>> {
        if item_ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = QueryBuilder::new(
            "SELECT consensus.id, consensus.body FROM current_consensus AS present \
             JOIN consensus ON consensus.id = present.consensus_id WHERE present.item_id IN ",
        );
        push_identifiers(&mut query, item_ids.iter().map(|id| id.as_uuid()))?;
        query.push(" ORDER BY present.item_id, present.field");
        let found = query.build().fetch_all(self.connection()).await.map_err(failed)?;
        found.iter().map(read_consensus).collect()
    }

    async fn consensus_history(&mut self, item_id: ItemId) -> StoreResult<Vec<Consensus>> {
        let found = sqlx::query("SELECT id, body FROM consensus WHERE item_id = ? ORDER BY rowid")
            .bind(item_id.as_uuid())
            .fetch_all(self.connection())
            .await
            .map_err(failed)?;
        found.iter().map(read_consensus).collect()
    }

    async fn list_consensus(&mut self, project_id: ProjectId, page: PageRequest) -> StoreResult<Page<Consensus>> {
        let mut query = QueryBuilder::new(
            "SELECT consensus.id, consensus.body FROM current_consensus AS present \
             JOIN consensus ON consensus.id = present.consensus_id WHERE present.project_id = ",
        );
        query.push_bind(project_id.as_uuid());
        let id = |row: &Consensus| row.id.as_uuid();
        fetch_page(
            self.connection(),
            query,
            "present.consensus_id",
            page,
            read_consensus,
            id,
        )
        .await
    }

    async fn summarise_fields(&mut self, project_id: ProjectId) -> StoreResult<Vec<FieldSummary>> {
        let found = sqlx::query(
            "SELECT field, count(*) AS number, sum(accepted) AS accepted_count, \
                    count(probability) AS calibrated_count, avg(probability) AS mean_probability \
             FROM current_consensus WHERE project_id = ? GROUP BY field ORDER BY field",
        )
        .bind(project_id.as_uuid())
        .fetch_all(self.connection())
        .await
        .map_err(failed)?;
        found.iter().map(read_summary).collect()
    }

    async fn summarise_stopping(&mut self, project_id: ProjectId, version: &str) -> StoreResult<StoppingSummary> {
        let found = sqlx::query(
            "SELECT count(*) AS item_count, coalesce(sum(asked), 0) AS asked_count, \
                    coalesce(sum(called), 0) AS called_count, coalesce(sum(panel), 0) AS panel_count \
             FROM (SELECT max(asked_count) AS asked, max(called_count) AS called, max(panel_count) AS panel \
                   FROM current_consensus WHERE project_id = ? AND stopping_version = ? GROUP BY item_id)",
        )
        .bind(project_id.as_uuid())
        .bind(version)
        .fetch_one(self.connection())
        .await
        .map_err(failed)?;
        let reader = Reader::new("current_consensus", &found);
        Ok(StoppingSummary {
            version: version.to_owned(),
            item_count: reader.get("item_count")?,
            asked_count: reader.get("asked_count")?,
            called_count: reader.get("called_count")?,
            panel_count: reader.get("panel_count")?,
        })
    }

    async fn items_stopped_under(&mut self, item_ids: &[ItemId], version: &str) -> StoreResult<BTreeSet<ItemId>> {
        let mut found = BTreeSet::new();
        for part in item_ids.chunks(ROWS_AT_ONCE) {
            let mut query =
                QueryBuilder::new("SELECT DISTINCT item_id FROM current_consensus WHERE stopping_version = ");
            query.push_bind(version).push(" AND item_id IN ");
            push_identifiers(&mut query, part.iter().map(|id| id.as_uuid()))?;
            let ids: Vec<Uuid> = query
                .build_query_scalar()
                .fetch_all(self.connection())
                .await
                .map_err(failed)?;
            found.extend(ids.into_iter().map(ItemId::from_uuid));
        }
        Ok(found)
    }
}

async fn insert_rows(tx: &mut SqliteTransaction, rows: &[Consensus]) -> StoreResult<()> {
    let mut bodies = Vec::with_capacity(rows.len());
    for row in rows {
        bodies.push((row, to_json("consensus", row)?));
    }
    let mut query = QueryBuilder::new("INSERT INTO consensus (id, project_id, item_id, field, body, created_at) ");
    push_rows(&mut query, 6, bodies.into_iter(), |columns, (row, body)| {
        columns
            .push_bind(row.id.as_uuid())
            .push_bind(row.project_id.as_uuid())
            .push_bind(row.item_id.as_uuid())
            .push_bind(row.field.to_string())
            .push_bind(body)
            .push_bind(row.created_at.as_microseconds());
    });
    query
        .build()
        .execute(tx.connection())
        .await
        .map_err(|error| conflict(error, "consensus", "with one of these identifiers"))?;
    Ok(())
}

async fn point_at_rows(tx: &mut SqliteTransaction, rows: &[Consensus]) -> StoreResult<()> {
    let mut query = QueryBuilder::new(
        "INSERT INTO current_consensus (item_id, field, consensus_id, project_id, accepted, probability, \
                                        stopping_version, asked_count, called_count, panel_count) ",
    );
    push_rows(&mut query, 10, rows.iter(), |columns, row| {
        let probability = match row.confidence {
            Confidence::Calibrated { probability, .. } => Some(probability),
            Confidence::Uncalibrated { .. } => None,
        };
        let stopped = row.stopped.as_ref();
        columns
            .push_bind(row.item_id.as_uuid())
            .push_bind(row.field.to_string())
            .push_bind(row.id.as_uuid())
            .push_bind(row.project_id.as_uuid())
            .push_bind(matches!(row.decision, Decision::Accepted { .. }))
            .push_bind(probability)
            .push_bind(stopped.map(|stopped| stopped.version.clone()))
            .push_bind(stopped.map(|stopped| i64::from(stopped.asked_count)))
            .push_bind(stopped.map(|stopped| i64::from(stopped.called_count())))
            .push_bind(stopped.map(|stopped| i64::from(stopped.panel_count)));
    });
    query.push(
        " ON CONFLICT (item_id, field) DO UPDATE SET consensus_id = excluded.consensus_id, \
         accepted = excluded.accepted, probability = excluded.probability, \
         stopping_version = excluded.stopping_version, asked_count = excluded.asked_count, \
         called_count = excluded.called_count, panel_count = excluded.panel_count",
    );
    query.build().execute(tx.connection()).await.map_err(failed)?;
    Ok(())
}

fn read_consensus(row: &SqliteRow) -> StoreResult<Consensus> {
    Reader::new("consensus", row).json("body")
}

fn read_summary(row: &SqliteRow) -> StoreResult<FieldSummary> {
    let reader = Reader::new("current_consensus", row);
    Ok(FieldSummary {
        field: reader.word("field")?,
        count: reader.get("number")?,
        accepted_count: reader.get("accepted_count")?,
        calibrated_count: reader.get("calibrated_count")?,
        mean_probability: reader.get("mean_probability")?,
    })
}
