//! Export of votes and of consensus, streamed: memory does not grow with the size of the project.

mod consensus;
mod encode;
mod table;
mod votes;

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::Arc;

use accord_domain::{Annotator, AnnotatorId, FieldName, Gold, ItemId, ProjectId};
use accord_store::{PageRequest, Store, StoreError, Transaction};
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use uuid::Uuid;

use encode::Encoder;
use table::{Column, Row};

pub use consensus::CONSENSUS_COLUMNS;
pub use votes::VOTE_COLUMNS;

/// Rows of the database read at a time.
const ROWS_PER_PAGE: u32 = 500;

/// Pieces that may wait for a slow reader.
const WAITING_PIECES: usize = 4;

/// What is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportKind {
    /// One row for each answer of each annotation.
    Votes,
    /// One row for each item and field.
    Consensus,
}

/// The format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// One JSON object a line.
    JsonLines,
    /// Comma-separated values with a header.
    Csv,
    /// Apache Parquet.
    Parquet,
}

/// An export that could not be finished.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Rows could not be written in the format.
    #[error("rows could not be encoded: {0}")]
    Encode(String),
    /// The encoding thread ended early.
    #[error("the export was interrupted")]
    Interrupted,
}

impl ExportError {
    fn encode(error: impl std::fmt::Display) -> Self {
        Self::Encode(error.to_string())
    }
}

impl ExportFormat {
    /// The ending of file names.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }

    /// The media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::JsonLines => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }
}

impl FromStr for ExportFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "jsonl" => Ok(Self::JsonLines),
            "csv" => Ok(Self::Csv),
            "parquet" => Ok(Self::Parquet),
            other => Err(format!("`{other}` is not an export format: use jsonl, csv or parquet")),
        }
    }
}

impl FromStr for ExportKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "votes" => Ok(Self::Votes),
            "consensus" => Ok(Self::Consensus),
            other => Err(format!("`{other}` cannot be exported: use votes or consensus")),
        }
    }
}

/// Streams an export of a project. Rows come in order of their creation; rows that are added meanwhile may or may not
/// be included. The stream ends after its first error.
pub fn export(
    store: Arc<dyn Store>,
    project_id: ProjectId,
    kind: ExportKind,
    format: ExportFormat,
) -> ReceiverStream<Result<Bytes, ExportError>> {
    let (sender, receiver) = mpsc::channel(WAITING_PIECES);
    tokio::spawn(async move {
        if let Err(error) = send_all(store, project_id, kind, format, &sender).await {
            tracing::error!(project.id = %project_id, error = %error, "export failed");
            // A reader that has gone away needs no error.
            drop(sender.send(Err(error)).await);
        }
    });
    ReceiverStream::new(receiver)
}

type Sender = mpsc::Sender<Result<Bytes, ExportError>>;

async fn send_all(
    store: Arc<dyn Store>,
    project_id: ProjectId,
    kind: ExportKind,
    format: ExportFormat,
    sender: &Sender,
) -> Result<(), ExportError> {
    let columns: &'static [Column] = match kind {
        ExportKind::Votes => VOTE_COLUMNS,
        ExportKind::Consensus => CONSENSUS_COLUMNS,
    };
    let mut encoder = Encoder::begin(format, columns)?;
    let annotators = load_annotators(store.as_ref(), project_id).await?;
    let mut page = PageRequest::first(ROWS_PER_PAGE);
    loop {
        let (rows, next) = match kind {
            ExportKind::Votes => read_votes(store.as_ref(), project_id, page, &annotators).await?,
            ExportKind::Consensus => read_consensus(store.as_ref(), project_id, page).await?,
        };
        let (returned, bytes) = encode_off_thread(encoder, rows).await?;
        encoder = returned;
        if !bytes.is_empty() && sender.send(Ok(bytes.into())).await.is_err() {
            return Ok(());
        }
        match next {
            Some(last) => page = page.after(last),
            None => break,
        }
    }
    let bytes = tokio::task::spawn_blocking(move || encoder.finish())
        .await
        .map_err(|_| ExportError::Interrupted)??;
    if !bytes.is_empty() {
        // A reader that has gone away needs no last bytes.
        drop(sender.send(Ok(bytes.into())).await);
    }
    Ok(())
}

async fn encode_off_thread(mut encoder: Encoder, rows: Vec<Row>) -> Result<(Encoder, Vec<u8>), ExportError> {
    tokio::task::spawn_blocking(move || {
        let bytes = encoder.encode(&rows)?;
        Ok((encoder, bytes))
    })
    .await
    .map_err(|_| ExportError::Interrupted)?
}

async fn load_annotators(
    store: &dyn Store,
    project_id: ProjectId,
) -> Result<HashMap<AnnotatorId, Annotator>, ExportError> {
    let annotators = store.read().await?.annotators_of_project(project_id).await?;
    Ok(annotators
        .into_iter()
        .map(|annotator| (annotator.id, annotator))
        .collect())
}

async fn read_votes(
    store: &dyn Store,
    project_id: ProjectId,
    page: PageRequest,
    annotators: &HashMap<AnnotatorId, Annotator>,
) -> Result<(Vec<Row>, Option<Uuid>), ExportError> {
    let mut transaction = store.read().await?;
    let annotations = transaction.list_annotations(project_id, page).await?;
    let item_ids: Vec<ItemId> = annotations.rows.iter().map(|annotation| annotation.item_id).collect();
    let external_ids = load_external_ids(transaction.as_mut(), item_ids).await?;
    let rows = annotations
        .rows
        .iter()
        .flat_map(|annotation| votes::vote_rows(annotation, annotators, &external_ids))
        .collect();
    Ok((rows, annotations.next))
}

async fn read_consensus(
    store: &dyn Store,
    project_id: ProjectId,
    page: PageRequest,
) -> Result<(Vec<Row>, Option<Uuid>), ExportError> {
    let mut transaction = store.read().await?;
    let present = transaction.list_consensus(project_id, page).await?;
    let mut item_ids: Vec<ItemId> = present.rows.iter().map(|consensus| consensus.item_id).collect();
    item_ids.sort_unstable();
    item_ids.dedup();
    let gold: HashMap<(ItemId, FieldName), Gold> = transaction
        .gold_of_items(&item_ids)
        .await?
        .into_iter()
        .map(|gold| ((gold.item_id, gold.field.clone()), gold))
        .collect();
    let external_ids = load_external_ids(transaction.as_mut(), item_ids).await?;
    let rows = present
        .rows
        .iter()
        .map(|consensus| consensus::consensus_row(consensus, &external_ids, &gold))
        .collect();
    Ok((rows, present.next))
}

async fn load_external_ids(
    transaction: &mut dyn Transaction,
    mut item_ids: Vec<ItemId>,
) -> Result<HashMap<ItemId, String>, ExportError> {
    item_ids.sort_unstable();
    item_ids.dedup();
    let items = transaction.items_by_ids(&item_ids).await?;
    Ok(items.into_iter().map(|item| (item.id, item.external_id)).collect())
}
