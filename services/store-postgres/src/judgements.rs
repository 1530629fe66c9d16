//! What judges said.

use accord_domain::{ItemId, Judgement};
use accord_store::judgements::key_of_call;
use accord_store::text::check_text;
use accord_store::{Judgements, StoreResult};
use async_trait::async_trait;
use uuid::Uuid;

use crate::convert::{Place, asked_items, read_all, write_json};
use crate::error::failure;
use crate::transaction::PostgresTransaction;

type JudgementRow = (Uuid, String);

fn read_judgement((id, body): JudgementRow) -> StoreResult<Judgement> {
    Place::new("judgements", "body").read_json(id, &body)
}

#[async_trait]
impl Judgements for PostgresTransaction {
    async fn insert_judgement(&mut self, judgement: &Judgement) -> StoreResult<bool> {
        let key = key_of_call(judgement)?;
        check_text("key of a call", key)?;
        let result = sqlx::query(
            "INSERT INTO judgements (id, project_id, item_id, call_key, body, created_at)
             VALUES ($1, $2, $3, $4, $5::JSON, $6) ON CONFLICT (item_id, call_key) DO NOTHING",
        )
        .bind(judgement.id.as_uuid())
        .bind(judgement.project_id.as_uuid())
        .bind(judgement.item_id.as_uuid())
        .bind(key)
        .bind(write_json("judgement", judgement)?)
        .bind(judgement.created_at.as_microseconds())
        .execute(self.connection())
        .await
        .map_err(failure)?;
        Ok(result.rows_affected() == 1)
    }

    async fn judgements_of_items(&mut self, item_ids: &[ItemId]) -> StoreResult<Vec<Judgement>> {
        let rows: Vec<JudgementRow> = sqlx::query_as(
            "SELECT id, body::TEXT FROM judgements WHERE item_id = ANY($1) ORDER BY item_id, created_at, id",
        )
        .bind(asked_items(item_ids)?)
        .fetch_all(self.connection())
        .await
        .map_err(failure)?;
        read_all(rows, read_judgement)
    }
}
