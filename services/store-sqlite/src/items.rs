//! Items and the documents read from them.

mod insert;

use std::collections::BTreeSet;

use accord_domain::{Item, ItemId, ItemState, ProjectId};
use accord_store::text::check_text;
use accord_store::{InsertedItem, ItemCounts, ItemFilter, Items, Page, PageRequest, StoreError, StoreResult};
use async_trait::async_trait;
use sqlx::QueryBuilder;
use sqlx::sqlite::{Sqlite, SqliteRow};
use uuid::Uuid;

use crate::failure::failed;
use crate::page::fetch_page;
use crate::reader::Reader;
use crate::sql::{ROWS_AT_ONCE, now, push_identifiers};
use crate::transaction::SqliteTransaction;

#[async_trait]
impl Items for SqliteTransaction {
    async fn insert_items(&mut self, items: &[Item]) -> StoreResult<Vec<InsertedItem>> {
        insert::insert_items(self, items).await
    }

    async fn item(&mut self, id: ItemId) -> StoreResult<Option<Item>> {
        let found = sqlx::query(
            "SELECT id, project_id, external_id, content_hash, content, metadata, state, created_at FROM items \
             WHERE id = ?",
        )
        .bind(id.as_uuid())
        .fetch_optional(self.connection())
        .await
        .map_err(failed)?;
        found.as_ref().map(read_item).transpose()
    }

    async fn items_by_ids(&mut self, ids: &[ItemId]) -> StoreResult<Vec<Item>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = QueryBuilder::new(
            "SELECT id, project_id, external_id, content_hash, content, metadata, state, created_at FROM items \
             WHERE id IN ",
        );
        push_identifiers(&mut query, ids.iter().map(|id| id.as_uuid()))?;
        let found = query.build().fetch_all(self.connection()).await.map_err(failed)?;
        found.iter().map(read_item).collect()
    }

    async fn item_by_external_id(&mut self, project_id: ProjectId, external_id: &str) -> StoreResult<Option<Item>> {
        let found = sqlx::query(
            "SELECT id, project_id, external_id, content_hash, content, metadata, state, created_at FROM items \
             WHERE project_id = ? AND external_id = ?",
        )
        .bind(project_id.as_uuid())
        .bind(external_id)
        .fetch_optional(self.connection())
        .await
        .map_err(failed)?;
        found.as_ref().map(read_item).transpose()
    }

    async fn list_items(
        &mut self,
        project_id: ProjectId,
        filter: &ItemFilter,
        page: PageRequest,
    ) -> StoreResult<Page<Item>> {
        let mut query = QueryBuilder::new(
            "SELECT id, project_id, external_id, content_hash, content, metadata, state, created_at FROM items \
             WHERE project_id = ",
        );
        query.push_bind(project_id.as_uuid());
        if let Some(state) = filter.state {
            query.push(" AND state = ").push_bind(state.word());
        }
        if let Some(prefix) = &filter.external_id_prefix {
            push_prefix(&mut query, prefix);
        }
        fetch_page(self.connection(), query, "id", page, read_item, |item| {
            item.id.as_uuid()
        })
        .await
    }

    async fn lock_items(&mut self, ids: &BTreeSet<ItemId>) -> StoreResult<()> {
        // The transaction has the only write lock of the database already.
        let ids: Vec<ItemId> = ids.iter().copied().collect();
        for part in ids.chunks(ROWS_AT_ONCE) {
            let mut query = QueryBuilder::new("SELECT id FROM items WHERE id IN ");
            push_identifiers(&mut query, part.iter().map(|id| id.as_uuid()))?;
            let found: Vec<Uuid> = query
                .build_query_scalar()
                .fetch_all(self.connection())
                .await
                .map_err(failed)?;
            all_found(part, &found)?;
        }
        Ok(())
    }

    async fn count_items(&mut self, project_id: ProjectId) -> StoreResult<ItemCounts> {
        let found = sqlx::query("SELECT state, count(*) AS number FROM items WHERE project_id = ? GROUP BY state")
            .bind(project_id.as_uuid())
            .fetch_all(self.connection())
            .await
            .map_err(failed)?;
        let mut counts = ItemCounts::default();
        for row in &found {
            let reader = Reader::new("items", row);
            let number = reader.get("number")?;
            match read_state(&reader)? {
                ItemState::Pending => counts.pending = number,
                ItemState::Accepted => counts.accepted = number,
                ItemState::NeedsReview => counts.needs_review = number,
                ItemState::Resolved => counts.resolved = number,
            }
        }
        Ok(counts)
    }

    async fn set_item_states(&mut self, ids: &BTreeSet<ItemId>, state: ItemState) -> StoreResult<()> {
        let ids: Vec<ItemId> = ids.iter().copied().collect();
        for part in ids.chunks(ROWS_AT_ONCE) {
            let mut query = QueryBuilder::new("UPDATE items SET state = ");
            query.push_bind(state.word()).push(" WHERE id IN ");
            push_identifiers(&mut query, part.iter().map(|id| id.as_uuid()))?;
            query.push(" RETURNING id");
            let found: Vec<Uuid> = query
                .build_query_scalar()
                .fetch_all(self.connection())
                .await
                .map_err(failed)?;
            all_found(part, &found)?;
        }
        Ok(())
    }

    async fn put_document(&mut self, content_hash: &str, code_version: &str, document: &str) -> StoreResult<()> {
        check_text("content hash", content_hash)?;
        check_text("code version", code_version)?;
        check_text("document", document)?;
        sqlx::query(concat!(
            "INSERT INTO documents (content_hash, code_version, document, created_at) VALUES (?, ?, ?, ",
            now!(),
            ") ON CONFLICT (content_hash, code_version) DO NOTHING"
        ))
        .bind(content_hash)
        .bind(code_version)
        .bind(document)
        .execute(self.connection())
        .await
        .map_err(failed)?;
        Ok(())
    }

    async fn document(&mut self, content_hash: &str, code_version: &str) -> StoreResult<Option<String>> {
        sqlx::query_scalar("SELECT document FROM documents WHERE content_hash = ? AND code_version = ?")
            .bind(content_hash)
            .bind(code_version)
            .fetch_optional(self.connection())
            .await
            .map_err(failed)
    }
}

/// `Missing` names the first of these items that is not among those that were found.
fn all_found(asked: &[ItemId], found: &[Uuid]) -> StoreResult<()> {
    let unknown = asked.iter().find(|id| !found.contains(&id.as_uuid()));
    unknown.map_or(Ok(()), |id| Err(missing(*id)))
}

fn missing(id: ItemId) -> StoreError {
    StoreError::Missing {
        what: "item",
        name: id.to_string(),
    }
}

/// Adds the condition that the external identifier starts with this text.
pub(crate) fn push_prefix(query: &mut QueryBuilder<Sqlite>, prefix: &str) {
    query.push(" AND external_id >= ").push_bind(prefix.to_owned());
    if let Some(end) = end_of_prefix(prefix) {
        query.push(" AND external_id < ").push_bind(end);
    }
}

/// The first text after all that start with this one; none when there is no such text.
fn end_of_prefix(prefix: &str) -> Option<String> {
    let mut characters: Vec<char> = prefix.chars().collect();
    while let Some(last) = characters.pop() {
        // The character after U+D7FF is U+E000: what lies between are no characters.
        let next = match last {
            '\u{D7FF}' => Some('\u{E000}'),
            _ => char::from_u32(u32::from(last) + 1),
        };
        if let Some(next) = next {
            characters.push(next);
            return Some(characters.into_iter().collect());
        }
    }
    None
}

fn read_state(reader: &Reader<'_>) -> StoreResult<ItemState> {
    let word: &str = reader.get("state")?;
    let states = [
        ItemState::Pending,
        ItemState::Accepted,
        ItemState::NeedsReview,
        ItemState::Resolved,
    ];
    states
        .into_iter()
        .find(|state| state.word() == word)
        .ok_or_else(|| reader.corrupt("state", format!("`{word}` is not a state of an item")))
}

fn read_item(row: &SqliteRow) -> StoreResult<Item> {
    let reader = Reader::new("items", row);
    Ok(Item {
        id: ItemId::from_uuid(reader.get("id")?),
        project_id: ProjectId::from_uuid(reader.get("project_id")?),
        external_id: reader.get("external_id")?,
        content_hash: reader.get("content_hash")?,
        content: reader.json("content")?,
        metadata: reader.json("metadata")?,
        state: read_state(&reader)?,
        created_at: reader.moment("created_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::end_of_prefix;

    #[test]
    fn ends_prefixes_at_the_next_text() {
        assert_eq!(end_of_prefix("ab").as_deref(), Some("ac"));
        assert_eq!(end_of_prefix("a%_").as_deref(), Some("a%`"));
        assert_eq!(end_of_prefix("\u{D7FF}").as_deref(), Some("\u{E000}"));
        assert_eq!(end_of_prefix("a\u{10FFFF}").as_deref(), Some("b"));
        assert_eq!(end_of_prefix("\u{10FFFF}"), None);
        assert_eq!(end_of_prefix(""), None);
    }
}
