//! The items about which runs ask by a stopping rule.

use std::collections::{BTreeMap, BTreeSet};

use accord_domain::run_records::RuledCount;
use accord_domain::{AnnotatorId, ItemId, RunId};
use accord_store::{Ruled, RuledItems, StoreResult};
use async_trait::async_trait;
use uuid::Uuid;

use crate::convert::asked_items;
use crate::error::failure;
use crate::transaction::PostgresTransaction;

#[async_trait]
impl RuledItems for PostgresTransaction {
    async fn open_ruled_items(&mut self, run_id: RunId, item_ids: &[ItemId]) -> StoreResult<BTreeSet<ItemId>> {
        let opened: Vec<Uuid> = sqlx::query_scalar(
            "INSERT INTO ruled_items (run_id, item_id, is_open) SELECT $1, unnest($2::UUID[]), true
             ON CONFLICT DO NOTHING RETURNING item_id",
        )
        .bind(run_id.as_uuid())
        .bind(asked_items(item_ids)?)
        .fetch_all(self.connection())
        .await
        .map_err(failure)?;
        Ok(opened.into_iter().map(ItemId::from_uuid).collect())
    }

    async fn ruled_items(&mut self, item_ids: &[ItemId]) -> StoreResult<BTreeMap<ItemId, Ruled>> {
        let rows: Vec<(Uuid, Uuid, bool)> =
            sqlx::query_as("SELECT item_id, run_id, is_open FROM ruled_items WHERE item_id = ANY($1) ORDER BY is_open")
                .bind(asked_items(item_ids)?)
                .fetch_all(self.connection())
                .await
                .map_err(failure)?;
        // An open one comes last and is kept.
        let rows = rows.into_iter().map(|(item_id, run_id, is_open)| {
            let ruled = if is_open {
                Ruled::By(RunId::from_uuid(run_id))
            } else {
                Ruled::Before
            };
            (ItemId::from_uuid(item_id), ruled)
        });
        Ok(rows.collect())
    }

    async fn end_ruled_items(&mut self, run_id: RunId, ended: &[(ItemId, u32)]) -> StoreResult<()> {
        let items: Vec<Uuid> = ended.iter().map(|(id, _)| id.as_uuid()).collect();
        let unasked: Vec<i32> = ended
            .iter()
            .map(|(_, unasked)| i32::try_from(*unasked).unwrap_or(i32::MAX))
            .collect();
        sqlx::query(
            "UPDATE ruled_items SET is_open = false, unasked = ended.unasked
             FROM unnest($2::UUID[], $3::INTEGER[]) AS ended (item_id, unasked)
             WHERE ruled_items.run_id = $1 AND ruled_items.item_id = ended.item_id AND ruled_items.is_open",
        )
        .bind(run_id.as_uuid())
        .bind(items)
        .bind(unasked)
        .execute(self.connection())
        .await
        .map_err(failure)?;
        Ok(())
    }

    async fn still_ruled_items(&mut self, run_id: RunId, limit: u32) -> StoreResult<Vec<ItemId>> {
        let ids: Vec<Uuid> = sqlx::query_scalar(
            "SELECT item_id FROM ruled_items WHERE run_id = $1 AND is_open ORDER BY item_id LIMIT $2",
        )
        .bind(run_id.as_uuid())
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await
        .map_err(failure)?;
        Ok(ids.into_iter().map(ItemId::from_uuid).collect())
    }

    async fn is_ruling(&mut self, run_id: RunId) -> StoreResult<bool> {
        sqlx::query_scalar(
            "SELECT EXISTS (
                 SELECT FROM ruled_items JOIN tasks USING (item_id)
                 WHERE ruled_items.run_id = $1 AND ruled_items.is_open
                     AND tasks.kind IN ('annotate', 'score') AND tasks.state IN ('ready', 'leased')
             )",
        )
        .bind(run_id.as_uuid())
        .fetch_one(self.connection())
        .await
        .map_err(failure)
    }

    async fn count_ruled_items(&mut self, run_id: RunId) -> StoreResult<Option<RuledCount>> {
        let (all, open, unasked): (i64, i64, i64) = sqlx::query_as(
            "SELECT count(*), count(*) FILTER (WHERE is_open), coalesce(sum(unasked), 0)::BIGINT
             FROM ruled_items WHERE run_id = $1",
        )
        .bind(run_id.as_uuid())
        .fetch_one(self.connection())
        .await
        .map_err(failure)?;
        if all == 0 {
            return Ok(None);
        }
        let asked: Vec<(Uuid, i64)> = sqlx::query_as(
            "SELECT tasks.annotator_id, count(*)
             FROM ruled_items JOIN tasks USING (item_id)
             WHERE ruled_items.run_id = $1 AND ruled_items.is_open
                 AND tasks.kind = 'annotate' AND tasks.state <> 'cancelled' AND tasks.run_id = $1
             GROUP BY tasks.annotator_id ORDER BY tasks.annotator_id",
        )
        .bind(run_id.as_uuid())
        .fetch_all(self.connection())
        .await
        .map_err(failure)?;
        Ok(Some(RuledCount {
            ended: all - open,
            open,
            unasked,
            asked_of_open: asked
                .into_iter()
                .map(|(id, count)| (AnnotatorId::from_uuid(id), count))
                .collect(),
        }))
    }
}
