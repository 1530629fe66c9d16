//! What judges said.

use accord_domain::{ItemId, Judgement};
use accord_store::judgements::key_of_call;
use accord_store::text::check_text;
use accord_store::{Judgements, StoreResult};
use async_trait::async_trait;
use sqlx::QueryBuilder;
use sqlx::sqlite::SqliteRow;

use crate::failure::{conflict, failed};
use crate::reader::{Reader, to_json};
use crate::sql::push_identifiers;
use crate::transaction::SqliteTransaction;

#[async_trait]
impl Judgements for SqliteTransaction {
    async fn insert_judgement(&mut self, judgement: &Judgement) -> StoreResult<bool> {
        let id = judgement.id;
        let key = key_of_call(judgement)?;
        check_text("key of call", key)?;
        let done = sqlx::query(
            "INSERT INTO judgements (id, project_id, item_id, call_key, body, created_at) VALUES (?, ?, ?, ?, ?, ?) \
             ON CONFLICT (item_id, call_key) DO NOTHING",
        )
        .bind(id.as_uuid())
        .bind(judgement.project_id.as_uuid())
        .bind(judgement.item_id.as_uuid())
        .bind(key)
        .bind(to_json("judgement", judgement)?)
        .bind(judgement.created_at.as_microseconds())
        .execute(self.connection())
        .await
        .map_err(|error| conflict(error, "judgement", &id.to_string()))?;
        Ok(done.rows_affected() == 1)
    }

    async fn judgements_of_items(&mut self, item_ids: &[ItemId]) -> StoreResult<Vec<Judgement>> {
        if item_ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = QueryBuilder::new("SELECT id, body FROM judgements WHERE item_id IN ");
        push_identifiers(&mut query, item_ids.iter().map(|id| id.as_uuid()))?;
        query.push(" ORDER BY item_id, created_at, id");
        let found = query.build().fetch_all(self.connection()).await.map_err(failed)?;
        found.iter().map(read_judgement).collect()
    }
}

fn read_judgement(row: &SqliteRow) -> StoreResult<Judgement> {
    Reader::new("judgements", row).json("body")
}
