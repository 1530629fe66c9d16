//! What every handler can reach.

use std::collections::BTreeSet;
use std::sync::Arc;

use accord_datasets::intake::Importer;
use accord_documents::Limits;
use accord_domain::Environment;
use accord_store::{Blobs, Store};
use metrics_exporter_prometheus::PrometheusHandle;
use tower_http::csrf::CsrfLayer;

use crate::accounts::{LoginLimit, Passwords};
use crate::figures::Figures;
use crate::middleware::{Refusal, cross_site_protection};
use crate::settings::{ServerSettings, SettingsError};

/// What every handler can reach. Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    /// The database.
    pub store: Arc<dyn Store>,
    /// Files by content hash.
    pub blobs: Arc<dyn Blobs>,
    /// Clock and randomness.
    pub environment: Arc<dyn Environment>,
    /// What the operator set.
    pub settings: Arc<ServerSettings>,
    /// How large and how slow a document may be.
    pub document_limits: Limits,
    /// Hashes passwords off the async threads, a few at a time.
    pub passwords: Passwords,
    /// Counts failed logins.
    pub login_limit: Arc<LoginLimit>,
    /// Renders the figures of `/metrics`; that page does not exist without it.
    pub metrics: Option<PrometheusHandle>,
    /// The names of the providers of models that have batches.
    pub batch_providers: Arc<BTreeSet<String>>,
    pub(crate) figures: Arc<Figures>,
    pub(crate) cross_site_protection: CsrfLayer<Refusal>,
}

impl AppState {
    /// Puts the parts together, without `/metrics`.
    ///
    /// # Errors
    /// Names the first setting that cannot be accepted.
    pub fn new(
        store: Arc<dyn Store>,
        blobs: Arc<dyn Blobs>,
        environment: Arc<dyn Environment>,
        settings: ServerSettings,
    ) -> Result<Self, SettingsError> {
        settings.check()?;
        Ok(Self {
            store,
            blobs,
            environment,
            figures: Arc::new(Figures::new()),
            document_limits: Limits::default(),
            passwords: Passwords::new(settings.password_cost),
            login_limit: Arc::new(LoginLimit::new(settings.login_attempts)),
            cross_site_protection: cross_site_protection(&settings.trusted_origins)?,
            settings: Arc::new(settings),
            metrics: None,
            batch_providers: Arc::default(),
        })
    }

    /// Reads documents within these limits instead of the ordinary ones.
    #[must_use]
    pub fn with_document_limits(self, limits: Limits) -> Self {
        Self {
            document_limits: limits,
            ..self
        }
    }

    /// Brings items in.
    #[must_use]
    pub fn importer(&self) -> Importer {
        Importer::new(
            self.store.clone(),
            self.blobs.clone(),
            self.environment.clone(),
            self.document_limits,
        )
    }

    /// Lets runs ask the models of these providers through batches.
    #[must_use]
    pub fn with_batch_providers(self, names: BTreeSet<String>) -> Self {
        Self {
            batch_providers: Arc::new(names),
            ..self
        }
    }

    /// Serves the figures of the recorder that the program installed under `/metrics`.
    #[must_use]
    pub fn with_metrics(self, handle: PrometheusHandle) -> Self {
        Self {
            metrics: Some(handle),
            ..self
        }
    }
}
