//! Gold.

use accord_domain::{Gold, GoldId, ItemId, ProjectId, UserId};
use accord_store::{GoldValues, Page, PageRequest, StoreResult};
use async_trait::async_trait;
use sqlx::QueryBuilder;
use sqlx::sqlite::SqliteRow;

use crate::failure::{conflict, failed};
use crate::page::fetch_page;
use crate::reader::{Reader, to_json};
use crate::sql::{ROWS_AT_ONCE, push_identifiers, push_rows};
use crate::transaction::SqliteTransaction;

#[async_trait]
impl GoldValues for SqliteTransaction {
    async fn insert_gold(&mut self, values: &[Gold]) -> StoreResult<()> {
        for chunk in values.chunks(ROWS_AT_ONCE) {
            insert_values(self, chunk).await?;
            point_at_values(self, chunk).await?;
        }
        Ok(())
    }

    async fn gold_of_items(&mut self, item_ids: &[ItemId]) -> StoreResult<Vec<Gold>> {
        if item_ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = QueryBuilder::new(
            "SELECT gold.id, gold.project_id, gold.item_id, gold.field, gold.answer, gold.source, gold.propensity, \
                    gold.user_id, gold.created_at \
             FROM current_gold AS present JOIN gold ON gold.id = present.gold_id WHERE present.item_id IN ",
        );
        push_identifiers(&mut query, item_ids.iter().map(|id| id.as_uuid()))?;
        query.push(" ORDER BY present.item_id, present.field");
        let found = query.build().fetch_all(self.connection()).await.map_err(failed)?;
        found.iter().map(read_gold).collect()
    }

    async fn list_gold(&mut self, project_id: ProjectId, page: PageRequest) -> StoreResult<Page<Gold>> {
        let mut query = QueryBuilder::new(
            "SELECT gold.id, gold.project_id, gold.item_id, gold.field, gold.answer, gold.source, gold.propensity, \
                    gold.user_id, gold.created_at \
             FROM current_gold AS present JOIN gold ON gold.id = present.gold_id WHERE present.project_id = ",
        );
        query.push_bind(project_id.as_uuid());
        let id = |gold: &Gold| gold.id.as_uuid();
        fetch_page(self.connection(), query, "present.gold_id", page, read_gold, id).await
    }

    async fn count_gold(&mut self, project_id: ProjectId) -> StoreResult<i64> {
        sqlx::query_scalar("SELECT count(*) FROM current_gold WHERE project_id = ?")
            .bind(project_id.as_uuid())
            .fetch_one(self.connection())
            .await
            .map_err(failed)
    }
}

async fn insert_values(tx: &mut SqliteTransaction, values: &[Gold]) -> StoreResult<()> {
    let mut answers = Vec::with_capacity(values.len());
    for gold in values {
        answers.push((gold, to_json("gold", &gold.answer)?));
    }
    let mut query = QueryBuilder::new(
        "INSERT INTO gold (id, project_id, item_id, field, answer, source, propensity, user_id, created_at) ",
    );
    push_rows(&mut query, 9, answers.into_iter(), |columns, (gold, answer)| {
        columns
            .push_bind(gold.id.as_uuid())
            .push_bind(gold.project_id.as_uuid())
            .push_bind(gold.item_id.as_uuid())
            .push_bind(gold.field.to_string())
            .push_bind(answer)
            .push_bind(gold.source.word())
            .push_bind(gold.propensity)
            .push_bind(gold.user_id.map(|id| id.as_uuid()))
            .push_bind(gold.created_at.as_microseconds());
    });
    query
        .build()
        .execute(tx.connection())
        .await
        .map_err(|error| conflict(error, "gold", "with one of these identifiers"))?;
    Ok(())
}

async fn point_at_values(tx: &mut SqliteTransaction, values: &[Gold]) -> StoreResult<()> {
    let mut query = QueryBuilder::new("INSERT INTO current_gold (item_id, field, gold_id, project_id) ");
    push_rows(&mut query, 4, values.iter(), |columns, gold| {
        columns
            .push_bind(gold.item_id.as_uuid())
            .push_bind(gold.field.to_string())
            .push_bind(gold.id.as_uuid())
            .push_bind(gold.project_id.as_uuid());
    });
    query.push(" ON CONFLICT (item_id, field) DO UPDATE SET gold_id = excluded.gold_id");
    query.build().execute(tx.connection()).await.map_err(failed)?;
    Ok(())
}

fn read_gold(row: &SqliteRow) -> StoreResult<Gold> {
    let reader = Reader::new("gold", row);
    Ok(Gold {
        id: GoldId::from_uuid(reader.get("id")?),
        project_id: ProjectId::from_uuid(reader.get("project_id")?),
        item_id: ItemId::from_uuid(reader.get("item_id")?),
        field: reader.word("field")?,
        answer: reader.json("answer")?,
        source: reader.word("source")?,
        propensity: reader.get("propensity")?,
        user_id: reader.optional_id("user_id", UserId::from_uuid)?,
        created_at: reader.moment("created_at")?,
    })
}
