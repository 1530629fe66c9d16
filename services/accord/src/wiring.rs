//! Opening what the configuration names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use accord_annotate::factory::AnnotatorFactory;
use accord_annotate::provider::Provider;
use accord_datasets::intake::Importer;
use accord_domain::{Environment, Project};
use accord_store::environment::SystemEnvironment;
use accord_store::{Blobs, LocalBlobs, Store};
use accord_store_postgres::{PostgresOptions, PostgresStore};
use accord_store_sqlite::{SqliteOptions, SqliteStore};
use anyhow::{Context, bail};

use crate::configuration::{Configuration, Database};

/// Everything that commands work with.
#[derive(Clone)]
pub(crate) struct House {
    pub(crate) configuration: Arc<Configuration>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) blobs: Arc<dyn Blobs>,
    pub(crate) environment: Arc<dyn Environment>,
}

impl House {
    /// Opens database and blobs and brings the schema up to date.
    pub(crate) async fn open(configuration: Configuration) -> anyhow::Result<Self> {
        let store = open_store(&configuration).await?;
        store
            .migrate()
            .await
            .context("the database's schema cannot be brought up to date")?;
        let folder = &configuration.blobs.folder;
        let blobs = LocalBlobs::new(folder).with_context(|| format!("[blobs] folder {}", folder.display()))?;
        Ok(Self {
            configuration: Arc::new(configuration),
            store,
            blobs: Arc::new(blobs),
            environment: Arc::new(SystemEnvironment),
        })
    }

    /// The project of this name.
    pub(crate) async fn project(&self, name: &str) -> anyhow::Result<Project> {
        let project = self.store.read().await?.project_by_name(name).await?;
        project.with_context(|| format!("there is no project `{name}`: `accord project list` shows those there are"))
    }

    /// What brings items in.
    pub(crate) fn importer(&self) -> Importer {
        Importer::new(
            Arc::clone(&self.store),
            Arc::clone(&self.blobs),
            Arc::clone(&self.environment),
            self.configuration.document_limits(),
        )
    }

    /// The providers of the configuration, with their keys from the environment.
    pub(crate) fn providers(&self) -> anyhow::Result<BTreeMap<String, Arc<Provider>>> {
        let providers = self.configuration.providers.iter();
        let prepared = providers.map(|(name, settings)| {
            let variable = |variable: &str| std::env::var(variable).ok();
            let provider = Provider::new(name, settings.clone(), Arc::clone(&self.environment), variable)?;
            Ok((name.clone(), Arc::new(provider.sharing_limits(Arc::clone(&self.store)))))
        });
        prepared.collect()
    }

    /// The names of the providers that have batches.
    pub(crate) fn batch_providers(&self) -> BTreeSet<String> {
        let providers = self.configuration.providers.iter();
        let with_batches = providers.filter(|(_, settings)| settings.batch.is_some());
        with_batches.map(|(name, _)| name.clone()).collect()
    }

    /// What makes automatic annotators that ask these providers.
    pub(crate) fn annotator_factory(
        &self,
        providers: BTreeMap<String, Arc<Provider>>,
    ) -> anyhow::Result<AnnotatorFactory> {
        Ok(AnnotatorFactory::new(
            Arc::clone(&self.store),
            Arc::clone(&self.blobs),
            Arc::clone(&self.environment),
            providers,
            Arc::new(self.configuration.prompt_library()?),
            self.configuration.document_limits(),
            Duration::from_secs(self.configuration.workers.lease_seconds),
        ))
    }
}

async fn open_store(configuration: &Configuration) -> anyhow::Result<Arc<dyn Store>> {
    match configuration.database.location()? {
        Database::Sqlite(file) => {
            let folder = file
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty())
                .unwrap_or(Path::new("."));
            std::fs::create_dir_all(folder)
                .with_context(|| format!("the database's folder {} cannot be made", folder.display()))?;
            let store = SqliteStore::open(&file, SqliteOptions::default())
                .await
                .with_context(|| format!("the database {} cannot be opened", file.display()))?;
            Ok(Arc::new(store))
        }
        Database::Postgres(url) => {
            let options = PostgresOptions {
                maximum_connections: configuration.database.connections,
                ..PostgresOptions::default()
            };
            let store = PostgresStore::connect(&url, &options).await.context("[database] url")?;
            Ok(Arc::new(store))
        }
    }
}

/// Refuses what the store would only refuse later, with a hint.
pub(crate) fn check_folder_is_new_or_ours(folder: &Path, marker: &str) -> anyhow::Result<()> {
    let occupied = folder.exists() && !folder.join(marker).exists() && folder.read_dir()?.next().is_some();
    if occupied {
        bail!(
            "the folder {} holds other things: name another one with --folder",
            folder.display()
        );
    }
    Ok(())
}
