//! From an item to the document that annotators read.

use accord_documents::text::document_from_text;
use accord_documents::{Document, Limits, Segment, from_segments};
use accord_domain::{Item, ItemContent};
use accord_store::{Blobs, Store, StoreError};
use serde_json::{Map, Value};

use crate::turns::Turn;

/// The version of the code that reads files; documents read by another version are read again.
pub const DOCUMENT_VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "+1");

/// An item whose content cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The stored file is not there.
    #[error("the file of item {0} is missing from the blob store")]
    Missing(String),
    /// The file or the data of a line cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// The reading thread ended early.
    #[error("reading was interrupted")]
    Interrupted,
}

/// The document of an item: made from the data of its line, or read from its file once and kept.
///
/// # Errors
/// The store or blob store fails, or the content cannot be read within the limits.
pub async fn document_of_item(
    store: &dyn Store,
    blobs: &dyn Blobs,
    limits: &Limits,
    item: &Item,
) -> Result<Document, ContentError> {
    match &item.content {
        ItemContent::Inline { data } => document_of_data(data, limits),
        ItemContent::File { file_name, .. } => document_of_file(store, blobs, limits, item, file_name).await,
    }
}

async fn document_of_file(
    store: &dyn Store,
    blobs: &dyn Blobs,
    limits: &Limits,
    item: &Item,
    file_name: &str,
) -> Result<Document, ContentError> {
    let stored = store
        .read()
        .await?
        .document(&item.content_hash, DOCUMENT_VERSION)
        .await?;
    if let Some(stored) = stored {
        return serde_json::from_str(&stored).map_err(|error| {
            ContentError::Store(StoreError::Corrupt {
                table: "documents",
                column: "document",
                row: item.content_hash.clone(),
                problem: error.to_string(),
            })
        });
    }
    let turn = Turn::wait().await;
    let bytes = blobs
        .get(&item.content_hash)
        .await?
        .ok_or_else(|| ContentError::Missing(item.external_id.clone()))?;
    let (limits, name) = (*limits, file_name.to_owned());
    let read = turn
        .work(move || accord_documents::read_document(&bytes, Some(&name), &limits))
        .await
        .map_err(|_| ContentError::Interrupted)?
        .map_err(|error| ContentError::Unreadable(error.to_string()))?;
    keep_document(store, &item.content_hash, &read.document).await?;
    Ok(read.document)
}

async fn keep_document(store: &dyn Store, content_hash: &str, document: &Document) -> Result<(), ContentError> {
    let text = serde_json::to_string(document).map_err(|error| ContentError::Unreadable(error.to_string()))?;
    let mut transaction = store.write().await?;
    transaction.put_document(content_hash, DOCUMENT_VERSION, &text).await?;
    transaction.commit().await?;
    Ok(())
}

/// The document that the data of a line holds: `lines` with boxes when given, else `text_rows`, else `text`.
///
/// # Errors
/// Says which key is missing or malformed.
pub fn document_of_data(data: &Map<String, Value>, limits: &Limits) -> Result<Document, ContentError> {
    if let Some(lines) = data.get("lines").filter(|lines| !lines.is_null()) {
        let segments: Vec<Segment> = serde_json::from_value(lines.clone()).map_err(|error| {
            ContentError::Unreadable(format!(
                "`lines` must be a list of {{\"text\", \"box\": [x0, y0, x1, y1], \"row\"}}: {error}"
            ))
        })?;
        let [width, height]: [f32; 2] = match data.get("image_size") {
            None | Some(Value::Null) => [0.0, 0.0],
            Some(value) => serde_json::from_value(value.clone())
                .map_err(|_| ContentError::Unreadable("`image_size` must be [width, height] in pixels".to_owned()))?,
        };
        return Ok(from_segments(&segments, width, height));
    }
    let given = |key: &str| data.get(key).filter(|value| !value.is_null());
    match given("text_rows").or_else(|| given("text")) {
        Some(Value::String(text)) if !text.trim().is_empty() => {
            document_from_text(text, limits).map_err(|error| ContentError::Unreadable(error.to_string()))
        }
        Some(Value::String(_)) => Err(ContentError::Unreadable("`text` is empty".to_owned())),
        Some(_) => Err(ContentError::Unreadable("`text` must be a string".to_owned())),
        None => Err(ContentError::Unreadable(
            "`text` is missing: it is what annotators read".to_owned(),
        )),
    }
}
