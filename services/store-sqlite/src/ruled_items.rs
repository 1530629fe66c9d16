//! The items about which runs ask by a stopping rule.

use std::collections::{BTreeMap, BTreeSet};

use accord_domain::run_records::RuledCount;
use accord_domain::{AnnotatorId, ItemId, RunId};
use accord_store::{Ruled, RuledItems, StoreResult};
use async_trait::async_trait;
use sqlx::QueryBuilder;
use sqlx::sqlite::Sqlite;
use uuid::Uuid;

use crate::failure::failed;
use crate::sql::{ROWS_AT_ONCE, push_identifiers, push_rows};
use crate::transaction::SqliteTransaction;

#[async_trait]
impl RuledItems for SqliteTransaction {
    async fn open_ruled_items(&mut self, run_id: RunId, item_ids: &[ItemId]) -> StoreResult<BTreeSet<ItemId>> {
        let mut opened = BTreeSet::new();
        for part in item_ids.chunks(ROWS_AT_ONCE) {
            let mut query = QueryBuilder::<Sqlite>::new("INSERT INTO ruled_items (run_id, item_id, is_open) ");
            push_rows(&mut query, 3, part.iter(), |row, item_id| {
                row.push_bind(run_id.as_uuid())
                    .push_bind(item_id.as_uuid())
                    .push_bind(true);
            });
            query.push(" ON CONFLICT DO NOTHING RETURNING item_id");
            let ids: Vec<Uuid> = query
                .build_query_scalar()
                .fetch_all(self.connection())
                .await
                .map_err(failed)?;
            opened.extend(ids.into_iter().map(ItemId::from_uuid));
        }
        Ok(opened)
    }

    async fn ruled_items(&mut self, item_ids: &[ItemId]) -> StoreResult<BTreeMap<ItemId, Ruled>> {
        let mut found = BTreeMap::new();
        for part in item_ids.chunks(ROWS_AT_ONCE) {
            let mut query = QueryBuilder::new("SELECT item_id, run_id, is_open FROM ruled_items WHERE item_id IN ");
            push_identifiers(&mut query, part.iter().map(|id| id.as_uuid()))?;
            query.push(" ORDER BY is_open");
            let rows: Vec<(Uuid, Uuid, bool)> = query
                .build_query_as()
                .fetch_all(self.connection())
                .await
                .map_err(failed)?;
            // An open one comes last and is kept.
            found.extend(rows.into_iter().map(|(item_id, run_id, is_open)| {
                let ruled = if is_open {
                    Ruled::By(RunId::from_uuid(run_id))
                } else {
                    Ruled::Before
                };
                (ItemId::from_uuid(item_id), ruled)
            }));
        }
        Ok(found)
    }

    async fn end_ruled_items(&mut self, run_id: RunId, ended: &[(ItemId, u32)]) -> StoreResult<()> {
        for part in ended.chunks(ROWS_AT_ONCE) {
            let mut query = QueryBuilder::<Sqlite>::new("WITH ended (item_id, unasked) AS (");
            push_rows(&mut query, 2, part.iter(), |row, (item_id, unasked)| {
                row.push_bind(item_id.as_uuid()).push_bind(i64::from(*unasked));
            });
            query.push(
                ") UPDATE ruled_items SET is_open = 0, unasked = ended.unasked FROM ended \
                 WHERE ruled_items.item_id = ended.item_id AND ruled_items.is_open = 1 AND ruled_items.run_id = ",
            );
            query.push_bind(run_id.as_uuid());
            query.build().execute(self.connection()).await.map_err(failed)?;
        }
        Ok(())
    }

    async fn still_ruled_items(&mut self, run_id: RunId, limit: u32) -> StoreResult<Vec<ItemId>> {
        let ids: Vec<Uuid> = sqlx::query_scalar(
            "SELECT item_id FROM ruled_items WHERE run_id = ? AND is_open = 1 ORDER BY item_id LIMIT ?",
        )
        .bind(run_id.as_uuid())
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await
        .map_err(failed)?;
        Ok(ids.into_iter().map(ItemId::from_uuid).collect())
    }

    async fn is_ruling(&mut self, run_id: RunId) -> StoreResult<bool> {
        sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM ruled_items AS ruled CROSS JOIN tasks ON tasks.item_id = ruled.item_id \
                 WHERE ruled.run_id = ? AND ruled.is_open = 1 AND tasks.kind IN ('annotate', 'score') \
                     AND tasks.state IN ('ready', 'leased'))",
        )
        .bind(run_id.as_uuid())
        .fetch_one(self.connection())
        .await
        .map_err(failed)
    }

    async fn count_ruled_items(&mut self, run_id: RunId) -> StoreResult<Option<RuledCount>> {
        let (all, open, unasked): (i64, i64, i64) = sqlx::query_as(
            "SELECT count(*), coalesce(sum(is_open), 0), coalesce(sum(unasked), 0) FROM ruled_items WHERE run_id = ?",
        )
        .bind(run_id.as_uuid())
        .fetch_one(self.connection())
        .await
        .map_err(failed)?;
        if all == 0 {
            return Ok(None);
        }
        let asked: Vec<(Uuid, i64)> = sqlx::query_as(
            "SELECT tasks.annotator_id, count(*) FROM ruled_items AS ruled CROSS JOIN tasks ON tasks.item_id = ruled.item_id \
             WHERE ruled.run_id = ?1 AND ruled.is_open = 1 AND tasks.kind = 'annotate' AND tasks.state <> 'cancelled' \
                 AND tasks.run_id = ?1 \
             GROUP BY tasks.annotator_id ORDER BY tasks.annotator_id",
        )
        .bind(run_id.as_uuid())
        .fetch_all(self.connection())
        .await
        .map_err(failed)?;
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
