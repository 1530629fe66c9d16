//! Items, and the documents read from them.

use std::collections::{BTreeSet, HashMap, HashSet};

use accord_domain::{Item, ItemId, ItemState, ProjectId, Timestamp};
use accord_store::text::check_text;
use accord_store::{InsertedItem, ItemCounts, ItemFilter, Items, Page, PageRequest, StoreError, StoreResult};
use async_trait::async_trait;
use sqlx::{FromRow, Postgres, QueryBuilder};
use uuid::Uuid;

use crate::convert::{Place, asked_items, fetch_limit, may_be_stored, page_of, read_all, start_of, write_json};
use crate::error::failure;
use crate::transaction::PostgresTransaction;

/// How many items go into one statement.
const ITEMS_PER_STATEMENT: usize = 2000;

macro_rules! select_items {
    ($rest:literal) => {
        concat!(
            "SELECT id, project_id, external_id, content_hash, content::TEXT, metadata::TEXT, state, created_at FROM items ",
            $rest
        )
    };
}

#[derive(FromRow)]
struct ItemRow {
    id: Uuid,
    project_id: Uuid,
    external_id: String,
    content_hash: String,
    content: String,
    metadata: String,
    state: String,
    created_at: i64,
}

impl ItemRow {
    fn read(self) -> StoreResult<Item> {
        Ok(Item {
            id: ItemId::from_uuid(self.id),
            project_id: ProjectId::from_uuid(self.project_id),
            external_id: self.external_id,
            content_hash: self.content_hash,
            content: Place::new("items", "content").read_json(self.id, &self.content)?,
            metadata: Place::new("items", "metadata").read_json(self.id, &self.metadata)?,
            state: Place::new("items", "state").read_word(self.id, &self.state)?,
            created_at: Timestamp::from_microseconds(self.created_at),
        })
    }
}

/// An item that holds an external identifier.
struct Holder {
    id: ItemId,
    content_hash: String,
    /// Whether this call added it, and nothing has been said about it yet.
    fresh: bool,
}

type ExternalKey = (Uuid, String);

fn key_of(item: &Item) -> ExternalKey {
    (item.project_id.as_uuid(), item.external_id.clone())
}

/// Adds what is new and returns who holds each external identifier now.
async fn insert_chunk(
    transaction: &mut PostgresTransaction,
    items: &[Item],
) -> StoreResult<HashMap<ExternalKey, Holder>> {
    let mut firsts: HashMap<ExternalKey, &Item> = HashMap::with_capacity(items.len());
    for item in items {
        firsts.entry(key_of(item)).or_insert(item);
    }
    let added = insert_new(transaction, firsts.values().copied()).await?;
    let mut holders: HashMap<ExternalKey, Holder> = HashMap::with_capacity(firsts.len());
    let mut held_already = Vec::new();
    for (key, item) in firsts {
        if added.contains(&item.id.as_uuid()) {
            let content_hash = item.content_hash.clone();
            let (id, fresh) = (item.id, true);
            holders.insert(
                key,
                Holder {
                    id,
                    content_hash,
                    fresh,
                },
            );
        } else {
            held_already.push(key);
        }
    }
    find_holders(transaction, held_already, &mut holders).await?;
    Ok(holders)
}

async fn insert_new(
    transaction: &mut PostgresTransaction,
    items: impl Iterator<Item = &Item>,
) -> StoreResult<HashSet<Uuid>> {
    let mut items: Vec<&Item> = items.collect();
    // Two imports of the same identifiers wait for each other in one order.
    items.sort_unstable_by(|left, right| left.external_id.cmp(&right.external_id));
    let mut contents = Vec::with_capacity(items.len());
    let mut metadata = Vec::with_capacity(items.len());
    for item in &items {
        check_text("external identifier", &item.external_id)?;
        check_text("content hash", &item.content_hash)?;
        contents.push(write_json("item content", &item.content)?);
        metadata.push(write_json("item metadata", &item.metadata)?);
    }
    let added: Vec<Uuid> = sqlx::query_scalar(
        "INSERT INTO items (id, project_id, external_id, content_hash, content, metadata, state, created_at)
         SELECT id, project_id, external_id, content_hash, content::JSON, metadata::JSON, state, created_at
         FROM unnest($1::UUID[], $2::UUID[], $3::TEXT[], $4::TEXT[], $5::TEXT[], $6::TEXT[], $7::TEXT[], $8::BIGINT[])
             AS new (id, project_id, external_id, content_hash, content, metadata, state, created_at)
         ON CONFLICT (project_id, external_id) DO NOTHING
         RETURNING id",
    )
    .bind(items.iter().map(|item| item.id.as_uuid()).collect::<Vec<_>>())
    .bind(items.iter().map(|item| item.project_id.as_uuid()).collect::<Vec<_>>())
    .bind(items.iter().map(|item| item.external_id.as_str()).collect::<Vec<_>>())
    .bind(items.iter().map(|item| item.content_hash.as_str()).collect::<Vec<_>>())
    .bind(contents)
    .bind(metadata)
    .bind(items.iter().map(|item| item.state.word()).collect::<Vec<_>>())
    .bind(
        items
            .iter()
            .map(|item| item.created_at.as_microseconds())
            .collect::<Vec<_>>(),
    )
    .fetch_all(transaction.connection())
    .await
    .map_err(failure)?;
    Ok(added.into_iter().collect())
}

async fn find_holders(
    transaction: &mut PostgresTransaction,
    keys: Vec<ExternalKey>,
    holders: &mut HashMap<ExternalKey, Holder>,
) -> StoreResult<()> {
    if keys.is_empty() {
        return Ok(());
    }
    let (project_ids, external_ids): (Vec<Uuid>, Vec<String>) = keys.into_iter().unzip();
    let rows: Vec<(Uuid, String, Uuid, String)> = sqlx::query_as(
        "SELECT items.project_id, items.external_id, items.id, items.content_hash
         FROM unnest($1::UUID[], $2::TEXT[]) AS wanted (project_id, external_id)
         JOIN items USING (project_id, external_id)",
    )
    .bind(project_ids)
    .bind(external_ids)
    .fetch_all(transaction.connection())
    .await
    .map_err(failure)?;
    for (project_id, external_id, id, content_hash) in rows {
        let id = ItemId::from_uuid(id);
        let fresh = false;
        holders.insert(
            (project_id, external_id),
            Holder {
                id,
                content_hash,
                fresh,
            },
        );
    }
    Ok(())
}

/// What became of an item, given who holds its external identifier now.
fn outcome_of(item: &Item, holders: &mut HashMap<ExternalKey, Holder>) -> StoreResult<InsertedItem> {
    let Some(holder) = holders.get_mut(&key_of(item)) else {
        return Err(StoreError::Missing {
            what: "item",
            name: item.external_id.clone(),
        });
    };
    let id = holder.id;
    Ok(if std::mem::take(&mut holder.fresh) {
        InsertedItem::Created { id }
    } else if holder.content_hash == item.content_hash {
        InsertedItem::Unchanged { id }
    } else {
        InsertedItem::Conflicting { id }
    })
}

#[async_trait]
impl Items for PostgresTransaction {
    async fn insert_items(&mut self, items: &[Item]) -> StoreResult<Vec<InsertedItem>> {
        let mut outcomes = Vec::with_capacity(items.len());
        for chunk in items.chunks(ITEMS_PER_STATEMENT) {
            let mut holders = insert_chunk(self, chunk).await?;
            for item in chunk {
                outcomes.push(outcome_of(item, &mut holders)?);
            }
        }
        Ok(outcomes)
    }

    async fn item(&mut self, id: ItemId) -> StoreResult<Option<Item>> {
        let row: Option<ItemRow> = sqlx::query_as(select_items!("WHERE id = $1"))
            .bind(id.as_uuid())
            .fetch_optional(self.connection())
            .await
            .map_err(failure)?;
        row.map(ItemRow::read).transpose()
    }

    async fn items_by_ids(&mut self, ids: &[ItemId]) -> StoreResult<Vec<Item>> {
        let ids = asked_items(ids)?;
        let rows: Vec<ItemRow> = sqlx::query_as(select_items!("WHERE id = ANY($1)"))
            .bind(ids)
            .fetch_all(self.connection())
            .await
            .map_err(failure)?;
        read_all(rows, ItemRow::read)
    }

    async fn item_by_external_id(&mut self, project_id: ProjectId, external_id: &str) -> StoreResult<Option<Item>> {
        if !may_be_stored(external_id) {
            return Ok(None);
        }
        let row: Option<ItemRow> = sqlx::query_as(select_items!("WHERE project_id = $1 AND external_id = $2"))
            .bind(project_id.as_uuid())
            .bind(external_id)
            .fetch_optional(self.connection())
            .await
            .map_err(failure)?;
        row.map(ItemRow::read).transpose()
    }

    async fn list_items(
        &mut self,
        project_id: ProjectId,
        filter: &ItemFilter,
        page: PageRequest,
    ) -> StoreResult<Page<Item>> {
        let mut query: QueryBuilder<Postgres> = QueryBuilder::new(select_items!("WHERE project_id = "));
        query.push_bind(project_id.as_uuid());
        query.push(" AND id > ").push_bind(start_of(page));
        let prefix = filter.external_id_prefix.as_deref().unwrap_or_default();
        if !may_be_stored(prefix) {
            return Ok(page_of(Vec::new(), page, |item: &Item| item.id.as_uuid()));
        }
        if let Some(state) = filter.state {
            query.push(" AND state = ").push_bind(state.word());
        }
        if !prefix.is_empty() {
            query.push(" AND external_id ^@ ").push_bind(prefix);
        }
        query.push(" ORDER BY id LIMIT ").push_bind(fetch_limit(page));
        let rows: Vec<ItemRow> = query
            .build_query_as()
            .fetch_all(self.connection())
            .await
            .map_err(failure)?;
        Ok(page_of(read_all(rows, ItemRow::read)?, page, |item| item.id.as_uuid()))
    }

    async fn lock_items(&mut self, ids: &BTreeSet<ItemId>) -> StoreResult<()> {
        let asked: Vec<ItemId> = ids.iter().copied().collect();
        // In one order, so that transactions that lock the same items wait for each other and not in a circle.
        let locked: Vec<Uuid> =
            sqlx::query_scalar("SELECT id FROM items WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE")
                .bind(asked_items(&asked)?)
                .fetch_all(self.connection())
                .await
                .map_err(failure)?;
        all_found(ids, locked)
    }

    async fn count_items(&mut self, project_id: ProjectId) -> StoreResult<ItemCounts> {
        let rows: Vec<(String, i64)> =
            sqlx::query_as("SELECT state, count(*) FROM items WHERE project_id = $1 GROUP BY state")
                .bind(project_id.as_uuid())
                .fetch_all(self.connection())
                .await
                .map_err(failure)?;
        let mut counts = ItemCounts::default();
        for (state, count) in rows {
            match Place::new("items", "state").read_word(project_id, &state)? {
                ItemState::Pending => counts.pending = count,
                ItemState::Accepted => counts.accepted = count,
                ItemState::NeedsReview => counts.needs_review = count,
                ItemState::Resolved => counts.resolved = count,
            }
        }
        Ok(counts)
    }

    async fn set_item_states(&mut self, ids: &BTreeSet<ItemId>, state: ItemState) -> StoreResult<()> {
        let asked: Vec<ItemId> = ids.iter().copied().collect();
        let set: Vec<Uuid> = sqlx::query_scalar("UPDATE items SET state = $2 WHERE id = ANY($1) RETURNING id")
            .bind(asked_items(&asked)?)
            .bind(state.word())
            .fetch_all(self.connection())
            .await
            .map_err(failure)?;
        all_found(ids, set)
    }

    async fn put_document(&mut self, content_hash: &str, code_version: &str, document: &str) -> StoreResult<()> {
        check_text("content hash", content_hash)?;
        check_text("code version", code_version)?;
        check_text("document", document)?;
        sqlx::query(
            "INSERT INTO documents (content_hash, code_version, document, created_at)
             VALUES ($1, $2, $3::JSON, clock_microseconds()) ON CONFLICT (content_hash, code_version) DO NOTHING",
        )
        .bind(content_hash)
        .bind(code_version)
        .bind(document)
        .execute(self.connection())
        .await
        .map_err(failure)?;
        Ok(())
    }

    async fn document(&mut self, content_hash: &str, code_version: &str) -> StoreResult<Option<String>> {
        if !may_be_stored(content_hash) || !may_be_stored(code_version) {
            return Ok(None);
        }
        sqlx::query_scalar("SELECT document::TEXT FROM documents WHERE content_hash = $1 AND code_version = $2")
            .bind(content_hash)
            .bind(code_version)
            .fetch_optional(self.connection())
            .await
            .map_err(failure)
    }
}

/// `Missing` names the first of these items that is not among those that were found.
fn all_found(asked: &BTreeSet<ItemId>, found: Vec<Uuid>) -> StoreResult<()> {
    let found: BTreeSet<ItemId> = found.into_iter().map(ItemId::from_uuid).collect();
    match asked.difference(&found).next() {
        Some(unknown) => Err(missing_item(*unknown)),
        None => Ok(()),
    }
}

fn missing_item(id: ItemId) -> StoreError {
    StoreError::Missing {
        what: "item",
        name: id.to_string(),
    }
}
