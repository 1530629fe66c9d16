//! Adding items in bulk.

use std::collections::{HashMap, HashSet};

use accord_domain::{Item, ItemId};
use accord_store::text::check_text;
use accord_store::{InsertedItem, StoreResult};
use sqlx::{QueryBuilder, Row};
use uuid::Uuid;

use crate::failure::{conflict, failed};
use crate::reader::{Reader, to_json};
use crate::sql::{ROWS_AT_ONCE, push_rows};
use crate::transaction::SqliteTransaction;

pub(super) async fn insert_items(tx: &mut SqliteTransaction, items: &[Item]) -> StoreResult<Vec<InsertedItem>> {
    let mut outcomes = Vec::with_capacity(items.len());
    for chunk in items.chunks(ROWS_AT_ONCE) {
        let created = insert_new(tx, chunk).await?;
        let others: Vec<&Item> = chunk
            .iter()
            .filter(|item| !created.contains(&item.id.as_uuid()))
            .collect();
        let existing = find_existing(tx, &others).await?;
        for item in chunk {
            outcomes.push(outcome(item, &created, &existing));
        }
    }
    Ok(outcomes)
}

type Existing = HashMap<(Uuid, String), (ItemId, String)>;

fn outcome(item: &Item, created: &HashSet<Uuid>, existing: &Existing) -> InsertedItem {
    let key = (item.project_id.as_uuid(), item.external_id.clone());
    match existing.get(&key) {
        Some((id, _)) if created.contains(&item.id.as_uuid()) && *id == item.id => InsertedItem::Created { id: *id },
        Some((id, content_hash)) if *content_hash == item.content_hash => InsertedItem::Unchanged { id: *id },
        Some((id, _)) => InsertedItem::Conflicting { id: *id },
        None => InsertedItem::Created { id: item.id },
    }
}

/// Inserts what is new and returns the identifiers of it.
async fn insert_new(tx: &mut SqliteTransaction, items: &[Item]) -> StoreResult<HashSet<Uuid>> {
    let mut rows = Vec::with_capacity(items.len());
    for item in items {
        check_text("external identifier", &item.external_id)?;
        check_text("content hash", &item.content_hash)?;
        rows.push((
            item,
            to_json("content of item", &item.content)?,
            to_json("metadata of item", &item.metadata)?,
        ));
    }
    let mut query = QueryBuilder::new(
        "INSERT INTO items (id, project_id, external_id, content_hash, content, metadata, state, created_at) ",
    );
    push_rows(&mut query, 8, rows.into_iter(), |row, (item, content, metadata)| {
        row.push_bind(item.id.as_uuid())
            .push_bind(item.project_id.as_uuid())
            .push_bind(item.external_id.clone())
            .push_bind(item.content_hash.clone())
            .push_bind(content)
            .push_bind(metadata)
            .push_bind(item.state.word())
            .push_bind(item.created_at.as_microseconds());
    });
    query.push(" ON CONFLICT (project_id, external_id) DO NOTHING RETURNING id");
    let inserted = query
        .build()
        .fetch_all(tx.connection())
        .await
        .map_err(|error| conflict(error, "item", "with one of these identifiers"))?;
    inserted.iter().map(|row| row.try_get("id").map_err(failed)).collect()
}

/// Finds the items that have the names of these.
async fn find_existing(tx: &mut SqliteTransaction, items: &[&Item]) -> StoreResult<Existing> {
    let mut existing = HashMap::new();
    for item in items {
        let found = sqlx::query("SELECT id, content_hash FROM items WHERE project_id = ? AND external_id = ?")
            .bind(item.project_id.as_uuid())
            .bind(&item.external_id)
            .fetch_optional(tx.connection())
            .await
            .map_err(failed)?;
        if let Some(row) = found {
            let reader = Reader::new("items", &row);
            existing.insert(
                (item.project_id.as_uuid(), item.external_id.clone()),
                (ItemId::from_uuid(reader.get("id")?), reader.get("content_hash")?),
            );
        }
    }
    Ok(existing)
}
