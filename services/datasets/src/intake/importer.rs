//! Items with their documents, tasks and gold, stored in one transaction.

use std::collections::HashMap;
use std::sync::Arc;

use accord_documents::Limits;
use accord_domain::normalise::answers_from_json;
use accord_domain::{Answer, Answers, Environment, GoldSource, Item, ItemContent, ItemId, ItemState, Project};
use accord_store::flow::{self, GoldAnswers};
use accord_store::{Blobs, InsertedItem, Store};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::line::MAXIMUM_EXTERNAL_ID_BYTES;
use super::{ImportError, ImportSummary, ImportedItem, IncomingContent, IncomingItem, Place, Rejection};
use crate::content::{DOCUMENT_VERSION, document_of_data};

/// Brings items in: checks them, reads their documents, and stores them with their tasks and gold.
#[derive(Clone)]
pub struct Importer {
    store: Arc<dyn Store>,
    blobs: Arc<dyn Blobs>,
    environment: Arc<dyn Environment>,
    limits: Limits,
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
        }
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
        let mut summary = ImportSummary::default();
        let mut checked = Vec::with_capacity(items.len());
        for incoming in items {
            let (place, external_id) = (incoming.place.clone(), incoming.external_id.clone());
            match self.check(project, incoming).await? {
                Ok(item) => checked.push(item),
                Err(problem) => summary.reject(Rejection {
                    place: place.to_string(),
                    external_id: Some(external_id),
                    problem,
                }),
            }
        }
        if !checked.is_empty() {
            self.store_checked(project, checked, priority, &mut summary).await?;
        }
        Ok(summary)
    }

    async fn check(
        &self,
        project: &Project,
        incoming: IncomingItem,
    ) -> Result<Result<CheckedItem, String>, ImportError> {
        if let Err(problem) = check_external_id(&incoming.external_id) {
            return Ok(Err(problem));
        }
        let gold = match incoming
            .gold
            .as_ref()
            .map(|gold| answers_from_json(&project.definition.fields, gold))
        {
            None => None,
            Some(Ok(answers)) => Some(answers),
            Some(Err(error)) => return Ok(Err(format!("gold: {error}"))),
        };
        let (content, content_hash, document) = match incoming.content {
            IncomingContent::Data(data) => {
                if let Err(error) = document_of_data(&data, &self.limits) {
                    return Ok(Err(error.to_string()));
                }
                let hash = hash_of(Value::Object(data.clone()).to_string().as_bytes());
                (ItemContent::Inline { data }, hash, None)
            }
            IncomingContent::File { file_name, bytes } => match self.read_file(file_name, bytes).await? {
                Ok((content, hash, document)) => (content, hash, Some(document)),
                Err(problem) => return Ok(Err(problem)),
            },
        };
        let item = Item {
            id: ItemId::generate(self.environment.as_ref()),
            project_id: project.id,
            external_id: incoming.external_id,
            content_hash,
            content,
            metadata: incoming.metadata,
            state: ItemState::Pending,
            created_at: self.environment.now(),
        };
        Ok(Ok(CheckedItem {
            place: incoming.place,
            item,
            document,
            gold,
        }))
    }

    /// Reads a file off the async threads and keeps its bytes; the document comes back as JSON.
    async fn read_file(
        &self,
        file_name: String,
        bytes: bytes::Bytes,
    ) -> Result<Result<(ItemContent, String, String), String>, ImportError> {
        let (limits, shared, name) = (self.limits.clone(), bytes.clone(), file_name.clone());
        let read = tokio::task::spawn_blocking(move || {
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
        Ok(Ok((content, hash, document)))
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
        let annotators = transaction.annotators_of_project(project.id).await?;
        flow::plan_items(
            transaction.as_mut(),
            self.environment.as_ref(),
            project,
            &annotators,
            &created,
            priority,
        )
        .await?;
        summary.gold += self.store_gold(transaction.as_mut(), project, gold).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Stores gold that is new or differs from what counts now, so that a repeated import adds nothing.
    async fn store_gold(
        &self,
        transaction: &mut dyn accord_store::Transaction,
        project: &Project,
        gold: Vec<(ItemId, Answers)>,
    ) -> Result<u64, ImportError> {
        if gold.is_empty() {
            return Ok(0);
        }
        let ids: Vec<ItemId> = gold.iter().map(|(id, _)| *id).collect();
        let known: HashMap<_, _> = transaction
            .gold_of_items(&ids)
            .await?
            .into_iter()
            .map(|known| ((known.item_id, known.field), known.answer))
            .collect();
        let fresh: Vec<GoldAnswers> = gold
            .into_iter()
            .map(|(item_id, answers)| GoldAnswers {
                item_id,
                answers: answers
                    .into_iter()
                    .filter(|(field, answer)| {
                        let before = known.get(&(item_id, field.clone())).and_then(Answer::class);
                        answer.class().is_some() && before != answer.class()
                    })
                    .collect(),
            })
            .collect();
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
