//! Items with their documents, tasks and gold, stored in one transaction.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use accord_documents::Limits;
use accord_domain::normalise::answers_from_json;
use accord_domain::{
    Answer, Answers, Environment, FieldName, GoldSource, Item, ItemContent, ItemId, ItemState, Project,
};
use accord_store::flow::{self, GoldAnswers};
use accord_store::{Blobs, InsertedItem, Store};
use futures::{StreamExt, TryStreamExt};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::line::MAXIMUM_EXTERNAL_ID_BYTES;
use super::{ImportError, ImportSummary, ImportedItem, IncomingContent, IncomingItem, Place, Rejection};
use crate::content::{DOCUMENT_VERSION, document_of_data};
use crate::turns::Turn;

/// Brings items in: checks them, reads their documents, and stores them with their tasks and gold.
#[derive(Clone)]
pub struct Importer {
    store: Arc<dyn Store>,
    blobs: Arc<dyn Blobs>,
    environment: Arc<dyn Environment>,
    limits: Limits,
    /// Whether automatic annotators wait for a run.
    hold: bool,
}

/// Items whose gold is read at a time.
const ITEMS_PER_READ: usize = 1000;

/// Files of one import that are under way at the same time: some are read while others are kept.
const FILES_READ_AT_ONCE: usize = 4;

/// An item whose file, if it has one, was read and kept.
struct ReadItem {
    place: Place,
    external_id: String,
    content: ReadContent,
    metadata: Map<String, Value>,
    gold: Option<Map<String, Value>>,
}

enum ReadContent {
    Data(Map<String, Value>),
    File {
        content: ItemContent,
        hash: String,
        /// What was read from it, as JSON.
        document: String,
    },
}

/// An item that passed all checks.
struct CheckedItem {
    place: Place,
    item: Item,
    document: Option<String>,
    gold: Option<Answers>,
}

impl Importer {
    /// An importer that keeps rows in `store`, files in `blobs`, and reads documents within `limits`.
    #[must_use]
    pub const fn new(
        store: Arc<dyn Store>,
        blobs: Arc<dyn Blobs>,
        environment: Arc<dyn Environment>,
        limits: Limits,
    ) -> Self {
        Self {
            store,
            blobs,
            environment,
            limits,
            hold: false,
        }
    }

    /// The same; with `hold`, automatic annotators are not asked about what is imported until a run asks them.
    #[must_use]
    pub const fn holding(mut self, hold: bool) -> Self {
        self.hold = hold;
        self
    }

    /// Imports items in one transaction: all that pass the checks are stored together with their tasks and gold, the
    /// others are rejected with a reason. Tasks get this priority; higher goes first.
    ///
    /// # Errors
    /// The store fails; then nothing of this call is stored but files, which the next try finds again.
    pub async fn import(
        &self,
        project: &Project,
        items: Vec<IncomingItem>,
        priority: i32,
    ) -> Result<ImportSummary, ImportError> {
        let read: Vec<Result<ReadItem, Rejection>> = futures::stream::iter(items)
            .map(|item| self.read(item))
            .buffered(FILES_READ_AT_ONCE)
            .try_collect()
            .await?;
        let (this, owner) = (self.clone(), project.clone());
        let checked = tokio::task::spawn_blocking(move || {
            read.into_iter()
                .map(|item| item.and_then(|item| this.check(&owner, item)))
                .collect::<Vec<_>>()
        })
        .await
        .map_err(|_| ImportError::Interrupted)?;
        let mut summary = ImportSummary::default();
        let mut good = Vec::with_capacity(checked.len());
        for item in checked {
            match item {
                Ok(item) => good.push(item),
                Err(rejection) => summary.reject(rejection),
            }
        }
        if !good.is_empty() {
            self.store_checked(project, good, priority, &mut summary).await?;
        }
        Ok(summary)
    }

    /// Reads the item's file and keeps it, if it is one.
    async fn read(&self, incoming: IncomingItem) -> Result<Result<ReadItem, Rejection>, ImportError> {
        let rejection = |place: &Place, external_id: &str, problem| Rejection {
            place: place.to_string(),
            external_id: Some(external_id.to_owned()),
            problem,
        };
        let IncomingItem {
            place,
            external_id,
            content,
            metadata,
            gold,
        } = incoming;
        if let Err(problem) = check_external_id(&external_id) {
            return Ok(Err(rejection(&place, &external_id, problem)));
        }
        let content = match content {
            IncomingContent::Data(data) => ReadContent::Data(data),
            IncomingContent::File { file_name, bytes } => match self.read_file(file_name, bytes).await? {
                Ok(content) => content,
                Err(problem) => return Ok(Err(rejection(&place, &external_id, problem))),
            },
        };
        Ok(Ok(ReadItem {
            place,
            external_id,
            content,
            metadata,
            gold,
        }))
    }

    /// Checks gold and data. Busy for a while with many lines: not for async threads.
    fn check(&self, project: &Project, read: ReadItem) -> Result<CheckedItem, Rejection> {
        let rejection = |problem| Rejection {
            place: read.place.to_string(),
            external_id: Some(read.external_id.clone()),
            problem,
        };
        let gold = read
            .gold
            .as_ref()
            .map(|gold| answers_from_json(&project.definition.fields, gold))
            .transpose()
            .map_err(|error| rejection(format!("gold: {error}")))?;
        let (content, content_hash, document) = match read.content {
            ReadContent::Data(data) => {
                document_of_data(&data, &self.limits).map_err(|error| rejection(error.to_string()))?;
                let text = serde_json::to_string(&data).map_err(|error| rejection(error.to_string()))?;
                let hash = hash_of(text.as_bytes());
                (ItemContent::Inline { data }, hash, None)
            }
            ReadContent::File {
                content,
                hash,
                document,
            } => (content, hash, Some(document)),
        };
        Ok(CheckedItem {
            place: read.place,
            item: Item {
                id: ItemId::generate(self.environment.as_ref()),
                project_id: project.id,
                external_id: read.external_id,
                content_hash,
                content,
                metadata: read.metadata,
                state: ItemState::Pending,
                created_at: self.environment.now(),
            },
            document,
            gold,
        })
    }

    /// Reads a file off the async threads and keeps its bytes; the document comes back as JSON.
    async fn read_file(
        &self,
        file_name: String,
        bytes: bytes::Bytes,
    ) -> Result<Result<ReadContent, String>, ImportError> {
        let (limits, shared, name) = (self.limits, bytes.clone(), file_name.clone());
        let read = Turn::wait()
            .await
            .work(move || {
                let read = accord_documents::read_document(&shared, Some(&name), &limits)?;
                let document = serde_json::to_string(&read.document);
                Ok::<_, accord_documents::DocumentError>((read.media_type, document))
            })
            .await
            .map_err(|_| ImportError::Interrupted)?;
        let (media_type, document) = match read {
            Ok((media_type, Ok(document))) => (media_type, document),
            Ok((_, Err(error))) => return Ok(Err(error.to_string())),
            Err(error) => return Ok(Err(error.to_string())),
        };
        let size_bytes = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let hash = self.blobs.put(bytes).await?;
        let content = ItemContent::File {
            media_type: media_type.as_str().to_owned(),
            file_name,
            size_bytes,
        };
        Ok(Ok(ReadContent::File {
            content,
            hash,
            document,
        }))
    }

    async fn store_checked(
        &self,
        project: &Project,
        checked: Vec<CheckedItem>,
        priority: i32,
        summary: &mut ImportSummary,
    ) -> Result<(), ImportError> {
        let items: Vec<Item> = checked.iter().map(|checked| checked.item.clone()).collect();
        let mut transaction = self.store.write().await?;
        let outcomes = transaction.insert_items(&items).await?;
        let mut created = Vec::new();
        let mut gold = Vec::new();
        for (checked, outcome) in checked.into_iter().zip(&outcomes) {
            match outcome {
                InsertedItem::Created { id } => {
                    if let Some(document) = &checked.document {
                        transaction
                            .put_document(&checked.item.content_hash, DOCUMENT_VERSION, document)
                            .await?;
                    }
                    created.push(*id);
                    gold.extend(checked.gold.map(|answers| (*id, answers)));
                    summary.accept(imported(&checked.place, &checked.item, *id, true));
                }
                InsertedItem::Unchanged { id } => {
                    gold.extend(checked.gold.map(|answers| (*id, answers)));
                    summary.accept(imported(&checked.place, &checked.item, *id, false));
                }
                InsertedItem::Conflicting { .. } => summary.reject(Rejection {
                    place: checked.place.to_string(),
                    external_id: Some(checked.item.external_id),
                    problem:
                        "an item with this external_id and other content is there already: give it another external_id"
                            .to_owned(),
                }),
            }
        }
        let (tx, environment) = (transaction.as_mut(), self.environment.as_ref());
        if self.hold {
            flow::hold_items(tx, environment, project, &created, priority).await?;
        } else {
            let annotators = tx.annotators_of_project(project.id).await?;
            flow::plan_items(tx, environment, project, &annotators, &created, priority).await?;
        }
        summary.gold += self.store_gold(transaction.as_mut(), project, gold).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Stores gold that is new or differs from what was imported before, so that a repeated import adds nothing. What
    /// a person resolved or audited outranks what comes with the data.
    async fn store_gold(
        &self,
        transaction: &mut dyn accord_store::Transaction,
        project: &Project,
        gold: Vec<(ItemId, Answers)>,
    ) -> Result<u64, ImportError> {
        let ids: BTreeSet<ItemId> = gold.iter().map(|(id, _)| *id).collect();
        let ids: Vec<ItemId> = ids.into_iter().collect();
        let mut known: HashMap<(ItemId, FieldName), (GoldSource, Answer)> = HashMap::new();
        for part in ids.chunks(ITEMS_PER_READ) {
            let rows = transaction.gold_of_items(part).await?;
            known.extend(
                rows.into_iter()
                    .map(|row| ((row.item_id, row.field), (row.source, row.answer))),
            );
        }
        let mut fresh = Vec::with_capacity(gold.len());
        for (item_id, mut answers) in gold {
            answers.retain(|field, answer| {
                let before = known.get(&(item_id, field.clone()));
                let is_outranked = before.is_some_and(|(source, _)| *source != GoldSource::Imported);
                let is_same = before.is_some_and(|(_, before)| before.class() == answer.class());
                let is_fresh = answer.class().is_some() && !is_outranked && !is_same;
                if is_fresh {
                    // A later line about the same item is held against this one.
                    known.insert((item_id, field.clone()), (GoldSource::Imported, answer.clone()));
                }
                is_fresh
            });
            if !answers.is_empty() {
                fresh.push(GoldAnswers { item_id, answers });
            }
        }
        if fresh.is_empty() {
            return Ok(0);
        }
        let count = fresh.iter().map(|gold| gold.answers.len()).sum::<usize>();
        flow::import_gold(
            transaction,
            self.environment.as_ref(),
            project,
            &fresh,
            GoldSource::Imported,
            None,
        )
        .await?;
        Ok(u64::try_from(count).unwrap_or(u64::MAX))
    }
}

fn imported(place: &Place, item: &Item, item_id: ItemId, created: bool) -> ImportedItem {
    ImportedItem {
        place: place.to_string(),
        external_id: item.external_id.clone(),
        item_id,
        created,
    }
}

fn check_external_id(external_id: &str) -> Result<(), String> {
    if external_id.trim().is_empty() {
        return Err("`external_id` is empty".to_owned());
    }
    if external_id.len() > MAXIMUM_EXTERNAL_ID_BYTES {
        return Err(format!(
            "`external_id` is longer than {MAXIMUM_EXTERNAL_ID_BYTES} bytes"
        ));
    }
    if external_id.contains(char::is_control) {
        return Err("`external_id` contains control characters".to_owned());
    }
    Ok(())
}

fn hash_of(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
