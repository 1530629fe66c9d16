//! Gold: values are added, and the last one added for an item and field counts.

use std::collections::BTreeMap;

use accord_domain::{FieldName, Gold, GoldId, ItemId, ProjectId, Timestamp, UserId};
use accord_store::{GoldValues, Page, PageRequest, StoreResult};
use async_trait::async_trait;
use sqlx::FromRow;
use uuid::Uuid;

use crate::convert::{Place, asked_items, fetch_limit, page_of, read_all, start_of, write_json};
use crate::error::failure;
use crate::transaction::PostgresTransaction;

/// How many values go into one statement.
const VALUES_PER_STATEMENT: usize = 5000;

macro_rules! select_current_gold {
    ($rest:literal) => {
        concat!(
            "SELECT gold.id, gold.project_id, gold.item_id, gold.field, gold.answer::TEXT, gold.source, gold.propensity,
                    gold.user_id, gold.created_at
             FROM current_gold JOIN gold ON gold.id = current_gold.gold_id ",
            $rest
        )
    };
}

#[derive(FromRow)]
struct GoldRow {
    id: Uuid,
    project_id: Uuid,
    item_id: Uuid,
    field: String,
    answer: String,
    source: String,
    propensity: Option<f64>,
    user_id: Option<Uuid>,
    created_at: i64,
}

impl GoldRow {
    fn read(self) -> StoreResult<Gold> {
        Ok(Gold {
            id: GoldId::from_uuid(self.id),
            project_id: ProjectId::from_uuid(self.project_id),
            item_id: ItemId::from_uuid(self.item_id),
            field: Place::new("gold", "field").read_word(self.id, &self.field)?,
            answer: Place::new("gold", "answer").read_json(self.id, &self.answer)?,
            source: Place::new("gold", "source").read_word(self.id, &self.source)?,
            propensity: self.propensity,
            user_id: self.user_id.map(UserId::from_uuid),
            created_at: Timestamp::from_microseconds(self.created_at),
        })
    }
}

async fn insert_values(transaction: &mut PostgresTransaction, values: &[Gold]) -> StoreResult<()> {
    let answers = values
        .iter()
        .map(|gold| write_json("gold", &gold.answer))
        .collect::<StoreResult<Vec<_>>>()?;
    sqlx::query(
        "INSERT INTO gold (id, project_id, item_id, field, answer, source, propensity, user_id, created_at)
         SELECT id, project_id, item_id, field, answer::JSON, source, propensity, user_id, created_at
         FROM unnest($1::UUID[], $2::UUID[], $3::UUID[], $4::TEXT[], $5::TEXT[], $6::TEXT[], $7::DOUBLE PRECISION[],
                     $8::UUID[], $9::BIGINT[])
             AS new (id, project_id, item_id, field, answer, source, propensity, user_id, created_at)",
    )
    .bind(values.iter().map(|gold| gold.id.as_uuid()).collect::<Vec<_>>())
    .bind(values.iter().map(|gold| gold.project_id.as_uuid()).collect::<Vec<_>>())
    .bind(values.iter().map(|gold| gold.item_id.as_uuid()).collect::<Vec<_>>())
    .bind(values.iter().map(|gold| gold.field.as_str()).collect::<Vec<_>>())
    .bind(answers)
    .bind(values.iter().map(|gold| gold.source.word()).collect::<Vec<_>>())
    .bind(values.iter().map(|gold| gold.propensity).collect::<Vec<_>>())
    .bind(
        values
            .iter()
            .map(|gold| gold.user_id.map(|id| id.as_uuid()))
            .collect::<Vec<_>>(),
    )
    .bind(
        values
            .iter()
            .map(|gold| gold.created_at.as_microseconds())
            .collect::<Vec<_>>(),
    )
    .execute(transaction.connection())
    .await
    .map_err(failure)?;
    Ok(())
}

async fn point_at_values(transaction: &mut PostgresTransaction, values: &[Gold]) -> StoreResult<()> {
    // One value for each item and field, in an order that keeps transactions from waiting for each other in a circle.
    let last: BTreeMap<(ItemId, &FieldName), &Gold> =
        values.iter().map(|gold| ((gold.item_id, &gold.field), gold)).collect();
    let values: Vec<&Gold> = last.into_values().collect();
    sqlx::query(
        "INSERT INTO current_gold (item_id, field, gold_id, project_id)
         SELECT * FROM unnest($1::UUID[], $2::TEXT[], $3::UUID[], $4::UUID[])
         ON CONFLICT (item_id, field) DO UPDATE SET gold_id = EXCLUDED.gold_id, project_id = EXCLUDED.project_id",
    )
    .bind(values.iter().map(|gold| gold.item_id.as_uuid()).collect::<Vec<_>>())
    .bind(values.iter().map(|gold| gold.field.as_str()).collect::<Vec<_>>())
    .bind(values.iter().map(|gold| gold.id.as_uuid()).collect::<Vec<_>>())
    .bind(values.iter().map(|gold| gold.project_id.as_uuid()).collect::<Vec<_>>())
    .execute(transaction.connection())
    .await
    .map_err(failure)?;
    Ok(())
}

#[async_trait]
impl GoldValues for PostgresTransaction {
    async fn insert_gold(&mut self, values: &[Gold]) -> StoreResult<()> {
        for chunk in values.chunks(VALUES_PER_STATEMENT) {
            insert_values(self, chunk).await?;
            point_at_values(self, chunk).await?;
        }
        Ok(())
    }

    async fn gold_of_items(&mut self, item_ids: &[ItemId]) -> StoreResult<Vec<Gold>> {
        let item_ids = asked_items(item_ids)?;
        let rows: Vec<GoldRow> = sqlx::query_as(select_current_gold!(
            "WHERE current_gold.item_id = ANY($1) ORDER BY current_gold.item_id, current_gold.field"
        ))
        .bind(item_ids)
        .fetch_all(self.connection())
        .await
        .map_err(failure)?;
        read_all(rows, GoldRow::read)
    }

    async fn list_gold(&mut self, project_id: ProjectId, page: PageRequest) -> StoreResult<Page<Gold>> {
        let rows: Vec<GoldRow> = sqlx::query_as(select_current_gold!(
            "WHERE current_gold.project_id = $1 AND current_gold.gold_id > $2 ORDER BY current_gold.gold_id LIMIT $3"
        ))
        .bind(project_id.as_uuid())
        .bind(start_of(page))
        .bind(fetch_limit(page))
        .fetch_all(self.connection())
        .await
        .map_err(failure)?;
        Ok(page_of(read_all(rows, GoldRow::read)?, page, |gold| gold.id.as_uuid()))
    }

    async fn count_gold(&mut self, project_id: ProjectId) -> StoreResult<i64> {
        sqlx::query_scalar("SELECT count(*) FROM current_gold WHERE project_id = $1")
            .bind(project_id.as_uuid())
            .fetch_one(self.connection())
            .await
            .map_err(failure)
    }
}
