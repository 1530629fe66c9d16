//! A project with one language model in a database of its own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use accord_annotate::factory::AnnotatorFactory;
use accord_annotate::prompt::PromptLibrary;
use accord_annotate::provider::{Provider, ProviderSettings};
use accord_annotate::worker::{AnnotateWorker, WorkerSettings};
use accord_documents::Limits;
use accord_domain::{Annotation, Environment, Item, ItemContent, ItemId, ItemState, Project, Task, TaskKind};
use accord_store::{Blobs, LocalBlobs, PageRequest, Store, SystemEnvironment, TaskFilter, flow};
use accord_store_sqlite::{SqliteOptions, SqliteStore};
use serde_json::{Value, json};
use tempfile::TempDir;

/// What a letter says where nothing else is said.
pub(crate) const LETTER: &str = "Dear Ann,\nwhat a day! Yours, Ben";

/// The key of the provider in tests.
pub(crate) const KEY: &str = "sk-never-to-be-seen";

pub(crate) struct House {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) project: Project,
    pub(crate) blobs: Arc<dyn Blobs>,
    /// The items that were there at first.
    pub(crate) items: Vec<Item>,
    environment: Arc<dyn Environment>,
    base_url: String,
    _folder: TempDir,
}

/// Settings of a provider at this address, with what a test wants otherwise.
pub(crate) fn settings(base_url: &str, other: &Value) -> ProviderSettings {
    let mut settings = json!({
        "base_url": base_url, "key_variable": "KEY", "timeout_seconds": 20,
        "input_price": "2.50", "output_price": "10", "currency": "EUR",
    });
    for (key, value) in other.as_object().unwrap() {
        settings[key] = value.clone();
    }
    serde_json::from_value(settings).unwrap()
}

pub(crate) fn provider(base_url: &str, other: &Value) -> Provider {
    named_provider("local", base_url, other)
}

/// A provider of another name: a kept reply is that of one provider.
pub(crate) fn named_provider(name: &str, base_url: &str, other: &Value) -> Provider {
    // Another test of this process may have been faster.
    let _result = rustls::crypto::ring::default_provider().install_default();
    Provider::new(name, settings(base_url, other), Arc::new(SystemEnvironment), |_| {
        Some(KEY.to_owned())
    })
    .unwrap()
}

pub(crate) fn definition() -> Value {
    json!({
        "name": "letters", "title": "Letters", "guidelines": "Read with care.",
        "fields": [
            {"name": "sender", "type": "name", "description": "Who wrote it"},
            {"name": "mood", "type": "choice", "options": ["glad", "sad"]},
        ],
        "annotators": [{
            "name": "model", "kind": "language_model", "provider": "local", "model": "tiny",
            "temperature": 0.5, "seed": 7, "sample": 2, "maximum_tokens": 300,
        }],
        "policy": {"maximum_attempts": 2},
    })
}

impl House {
    /// A project whose letters all say the same, so that they are one question.
    pub(crate) async fn with_letters(base_url: &str, letters: usize) -> Self {
        let texts = vec![LETTER.to_owned(); letters];
        Self::with_texts(base_url, definition(), &texts).await
    }

    /// A project of this definition with these letters.
    pub(crate) async fn with_texts(base_url: &str, definition: Value, texts: &[String]) -> Self {
        let names: Vec<String> = (0..texts.len()).map(|number| format!("letter-{number}")).collect();
        let letters: Vec<(&str, &str)> = names
            .iter()
            .zip(texts)
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        Self::with(base_url, definition, &letters).await
    }

    /// A project of this definition with these letters, each a name and a text.
    pub(crate) async fn with(base_url: &str, definition: Value, letters: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("accord.db"), SqliteOptions::default())
            .await
            .unwrap();
        store.migrate().await.unwrap();
        let environment: Arc<dyn Environment> = Arc::new(SystemEnvironment);
        let mut tx = store.write().await.unwrap();
        let definition = serde_json::from_value(definition).unwrap();
        let project = flow::create_project(tx.as_mut(), environment.as_ref(), definition)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let mut house = Self {
            store: Arc::new(store),
            blobs: Arc::new(LocalBlobs::new(&folder.path().join("blobs")).unwrap()),
            environment,
            project,
            items: Vec::new(),
            base_url: base_url.to_owned(),
            _folder: folder,
        };
        house.items = house.add(letters).await;
        house
    }

    /// Adds letters, each a name and a text.
    pub(crate) async fn add(&self, letters: &[(&str, &str)]) -> Vec<Item> {
        let environment = self.environment.as_ref();
        let letters = letters
            .iter()
            .map(|(name, text)| letter(environment, &self.project, name, text));
        let items: Vec<Item> = letters.collect();
        let mut tx = self.store.write().await.unwrap();
        let annotators = tx.annotators_of_project(self.project.id).await.unwrap();
        flow::add_items(tx.as_mut(), environment, &self.project, &annotators, &items, 0)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        items
    }

    pub(crate) fn worker(&self, lease: Duration) -> AnnotateWorker {
        let provider = Arc::new(provider(&self.base_url, &json!({})));
        self.worker_with(BTreeMap::from([("local".to_owned(), provider)]), lease)
    }

    pub(crate) fn worker_with(&self, providers: BTreeMap<String, Arc<Provider>>, lease: Duration) -> AnnotateWorker {
        self.worker_as(
            providers,
            WorkerSettings {
                name: "test".to_owned(),
                concurrency: 1,
                lease,
                deadline: Duration::from_secs(60),
            },
        )
    }

    pub(crate) fn worker_as(
        &self,
        providers: BTreeMap<String, Arc<Provider>>,
        settings: WorkerSettings,
    ) -> AnnotateWorker {
        AnnotateWorker::new(
            Arc::clone(&self.store),
            Arc::clone(&self.blobs),
            Arc::clone(&self.environment),
            self.factory_with(providers),
            Limits::default(),
            settings,
        )
    }

    /// What makes annotators and judges that ask this house's provider.
    pub(crate) fn factory(&self) -> AnnotatorFactory {
        let provider = Arc::new(provider(&self.base_url, &json!({})));
        self.factory_with(BTreeMap::from([("local".to_owned(), provider)]))
    }

    fn factory_with(&self, providers: BTreeMap<String, Arc<Provider>>) -> AnnotatorFactory {
        AnnotatorFactory::new(
            Arc::clone(&self.store),
            Arc::clone(&self.blobs),
            Arc::clone(&self.environment),
            providers,
            Arc::new(PromptLibrary::open(None).unwrap()),
            Limits::default(),
            Duration::from_secs(5),
        )
    }

    /// Lets a worker try once.
    pub(crate) async fn work(&self) -> usize {
        self.worker(Duration::from_secs(60)).work_once().await.unwrap()
    }

    pub(crate) async fn tasks(&self, kind: TaskKind) -> Vec<Task> {
        let filter = TaskFilter {
            kind: Some(kind),
            ..TaskFilter::default()
        };
        let mut tx = self.store.read().await.unwrap();
        tx.list_tasks(self.project.id, &filter, PageRequest::first(100))
            .await
            .unwrap()
            .rows
    }

    pub(crate) async fn annotations(&self) -> Vec<Annotation> {
        let mut tx = self.store.read().await.unwrap();
        tx.list_annotations(self.project.id, PageRequest::first(100))
            .await
            .unwrap()
            .rows
    }
}

fn letter(environment: &dyn Environment, project: &Project, name: &str, text: &str) -> Item {
    let data = json!({"text": text});
    Item {
        id: ItemId::generate(environment),
        project_id: project.id,
        external_id: name.to_owned(),
        content_hash: format!("hash of {text}"),
        content: ItemContent::Inline {
            data: data.as_object().unwrap().clone(),
        },
        metadata: serde_json::Map::new(),
        state: ItemState::Pending,
        created_at: environment.now(),
    }
}
