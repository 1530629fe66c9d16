//! From an annotator's definition to something that answers.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use accord_documents::Limits;
use accord_domain::{Annotator, AnnotatorKind, AutomaticKind, Environment};
use accord_store::{Blobs, Store};

use crate::annotators::{
    AttemptError, AutomaticAnnotator, InvoiceXmlAnnotator, LanguageModelAnnotator, ReaderAnnotator,
};
use crate::provider::Provider;
use crate::readers::{TrainedModel, reader};

/// Makes annotators from their definitions.
pub struct AnnotatorFactory {
    store: Arc<dyn Store>,
    blobs: Arc<dyn Blobs>,
    environment: Arc<dyn Environment>,
    providers: BTreeMap<String, Arc<Provider>>,
    limits: Limits,
    /// Trained models by content hash; they never change.
    models: Mutex<HashMap<String, Arc<TrainedModel>>>,
}

impl AnnotatorFactory {
    /// A factory over these providers.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        blobs: Arc<dyn Blobs>,
        environment: Arc<dyn Environment>,
        providers: BTreeMap<String, Arc<Provider>>,
        limits: Limits,
    ) -> Self {
        Self {
            store,
            blobs,
            environment,
            providers,
            limits,
            models: Mutex::default(),
        }
    }

    /// What answers for this annotator.
    ///
    /// # Errors
    /// The definition names a provider, a reader or a model that is not there, or the annotator is a person.
    pub async fn make(&self, annotator: &Annotator) -> Result<Box<dyn AutomaticAnnotator>, AttemptError> {
        let AnnotatorKind::Automatic { definition } = &annotator.kind else {
            return Err(AttemptError::permanent(format!(
                "annotator `{}` is a person",
                annotator.name
            )));
        };
        match definition {
            AutomaticKind::InvoiceXml => Ok(Box::new(InvoiceXmlAnnotator)),
            AutomaticKind::Reader { reader: name, model } => {
                let model = match model {
                    Some(hash) => Some(self.model(hash).await?),
                    None => None,
                };
                let reader = reader(name, model.as_deref()).map_err(AttemptError::permanent)?;
                Ok(Box::new(ReaderAnnotator::new(Arc::from(reader))))
            }
            AutomaticKind::LanguageModel(model) => {
                let provider = self.providers.get(&model.provider).ok_or_else(|| {
                    AttemptError::permanent(format!(
                        "provider `{}` is not configured: add [providers.{}] to the configuration of this worker",
                        model.provider, model.provider
                    ))
                })?;
                Ok(Box::new(LanguageModelAnnotator {
                    model: model.clone(),
                    provider: Arc::clone(provider),
                    store: Arc::clone(&self.store),
                    blobs: Arc::clone(&self.blobs),
                    environment: Arc::clone(&self.environment),
                    limits: self.limits,
                }))
            }
        }
    }

    async fn model(&self, hash: &str) -> Result<Arc<TrainedModel>, AttemptError> {
        if let Some(known) = self.models.lock().unwrap_or_else(PoisonError::into_inner).get(hash) {
            return Ok(Arc::clone(known));
        }
        let bytes = self
            .blobs
            .get(hash)
            .await
            .map_err(AttemptError::transient)?
            .ok_or_else(|| {
                AttemptError::permanent(format!(
                    "the trained model {hash} is missing: train it again with `accord train-reader`"
                ))
            })?;
        let model: TrainedModel = serde_json::from_slice(&bytes)
            .map_err(|error| AttemptError::permanent(format!("the trained model {hash} cannot be read: {error}")))?;
        let model = Arc::new(model);
        self.models
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(hash.to_owned(), Arc::clone(&model));
        Ok(model)
    }
}
