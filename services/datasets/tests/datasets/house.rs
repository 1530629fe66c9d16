//! A project in a database of its own, and what comes into it.

use std::collections::BTreeMap;
use std::sync::Arc;

use accord_datasets::intake::{ImportError, ImportSummary, Importer, LineFormat};
use accord_documents::Limits;
use accord_domain::{Answer, Environment, FieldName, Item, ItemId, Project, TaskKind};
use accord_store::{Blobs, ItemFilter, LocalBlobs, PageRequest, Store, SystemEnvironment, flow};
use accord_store_sqlite::{SqliteOptions, SqliteStore};
use serde_json::json;
use tempfile::TempDir;

pub(crate) struct House {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) blobs: Arc<dyn Blobs>,
    pub(crate) environment: Arc<SystemEnvironment>,
    pub(crate) project: Project,
    _folder: TempDir,
}

impl House {
    /// A project of two fields and two readers.
    pub(crate) async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("accord.db"), SqliteOptions::default())
            .await
            .unwrap();
        store.migrate().await.unwrap();
        let environment = Arc::new(SystemEnvironment);
        let reader = |name: &str| json!({"name": name, "kind": "reader", "reader": "labelled_anchors"});
        let definition = json!({
            "name": "letters",
            "fields": [{"name": "label", "type": "text"}, {"name": "total", "type": "money", "locale": "en-GB"}],
            "annotators": [reader("first"), reader("second")],
        });
        let mut tx = store.write().await.unwrap();
        let definition = serde_json::from_value(definition).unwrap();
        let project = flow::create_project(tx.as_mut(), environment.as_ref(), definition)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        Self {
            store: Arc::new(store),
            blobs: Arc::new(LocalBlobs::new(&folder.path().join("blobs")).unwrap()),
            environment,
            project,
            _folder: folder,
        }
    }

    pub(crate) fn importer(&self) -> Importer {
        let environment: Arc<dyn Environment> = Arc::clone(&self.environment) as Arc<dyn Environment>;
        Importer::new(
            Arc::clone(&self.store),
            Arc::clone(&self.blobs),
            environment,
            Limits::default(),
        )
    }

    pub(crate) async fn try_import(&self, format: LineFormat, input: &[u8]) -> Result<ImportSummary, ImportError> {
        self.importer()
            .import_lines(&self.project, format, input, |_, _| {})
            .await
    }

    pub(crate) async fn import(&self, format: LineFormat, input: impl AsRef<[u8]>) -> ImportSummary {
        self.try_import(format, input.as_ref()).await.unwrap()
    }

    pub(crate) async fn items(&self) -> Vec<Item> {
        let mut tx = self.store.read().await.unwrap();
        tx.list_items(self.project.id, &ItemFilter::default(), PageRequest::first(1000))
            .await
            .unwrap()
            .rows
    }

    pub(crate) async fn item(&self, external_id: &str) -> Item {
        let mut tx = self.store.read().await.unwrap();
        tx.item_by_external_id(self.project.id, external_id)
            .await
            .unwrap()
            .unwrap()
    }

    /// The gold that counts for an item: class by field.
    pub(crate) async fn gold(&self, item: ItemId) -> BTreeMap<String, String> {
        let rows = self.store.read().await.unwrap().gold_of_items(&[item]).await.unwrap();
        let text = |answer: &Answer| answer.class().unwrap().to_owned();
        rows.iter()
            .map(|gold| (gold.field.to_string(), text(&gold.answer)))
            .collect()
    }

    pub(crate) async fn planned(&self, kind: TaskKind) -> i64 {
        let counts = self
            .store
            .read()
            .await
            .unwrap()
            .count_tasks(self.project.id)
            .await
            .unwrap();
        counts
            .iter()
            .filter(|count| count.kind == kind)
            .map(|count| count.count)
            .sum()
    }
}

pub(crate) fn field(name: &str) -> FieldName {
    name.parse().unwrap()
}

/// What was not taken: place and problem.
pub(crate) fn rejections(summary: &ImportSummary) -> Vec<(&str, &str)> {
    summary
        .rejections
        .iter()
        .map(|rejection| (rejection.place.as_str(), rejection.problem.as_str()))
        .collect()
}
