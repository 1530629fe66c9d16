//! From an annotator's definition to something that answers.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use accord_documents::Limits;
use accord_domain::{Annotator, AnnotatorId, AnnotatorKind, AutomaticKind, Environment, Project, ProjectId};
use accord_store::{Blobs, ClaimLimit, Store};
use tokio_util::task::TaskTracker;

use crate::annotators::{
    AttemptError, AutomaticAnnotator, Book, Caller, InvoiceXmlAnnotator, LanguageModelAnnotator, ReaderAnnotator,
};
use crate::holds::Holds;
use crate::judging::JudgeModel;
use crate::prompt::PromptLibrary;
use crate::provider::Provider;
use crate::question::GoldExamples;
use crate::readers::{TrainedModel, reader};

/// Makes annotators from their definitions.
pub struct AnnotatorFactory {
    store: Arc<dyn Store>,
    blobs: Arc<dyn Blobs>,
    environment: Arc<dyn Environment>,
    providers: BTreeMap<String, Arc<Provider>>,
    prompts: Arc<PromptLibrary>,
    gold: Arc<GoldExamples>,
    limits: Limits,
    /// Trained models by content hash; they never change.
    models: Mutex<HashMap<String, Arc<TrainedModel>>>,
    /// The providers that annotators ask, as far as any of their tasks was seen.
    asked: Mutex<BTreeMap<AnnotatorId, Asked>>,
    calls: TaskTracker,
    book: Book,
    holds: Arc<Holds>,
    /// How long calls are held without a sign of life.
    call_lease: Duration,
}

/// Whom an annotator asks, and who pays.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    provider: String,
    project_id: ProjectId,
}

impl AnnotatorFactory {
    /// A factory over these providers and prompts. `call_lease` is how long a call is held for a process that gives no sign of
    /// life. Must be called inside the runtime in which the store is used.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        blobs: Arc<dyn Blobs>,
        environment: Arc<dyn Environment>,
        providers: BTreeMap<String, Arc<Provider>>,
        prompts: Arc<PromptLibrary>,
        limits: Limits,
        call_lease: Duration,
    ) -> Self {
        let lease_milliseconds = i64::try_from(call_lease.as_millis()).unwrap_or(i64::MAX);
        let book = Book::open(Arc::clone(&store), Arc::clone(&environment), lease_milliseconds);
        let gold = GoldExamples::new(Arc::clone(&store), Arc::clone(&environment));
        Self {
            store,
            blobs,
            environment,
            providers,
            prompts,
            gold: Arc::new(gold),
            limits,
            models: Mutex::default(),
            asked: Mutex::default(),
            calls: TaskTracker::new(),
            book,
            holds: Arc::default(),
            call_lease,
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
                let caller = self.caller(&model.provider)?;
                let asked = Asked {
                    provider: model.provider.clone(),
                    project_id: annotator.project_id,
                };
                self.asked().insert(annotator.id, asked);
                Ok(Box::new(LanguageModelAnnotator {
                    model: model.clone(),
                    caller,
                    prompts: Arc::clone(&self.prompts),
                    gold: Arc::clone(&self.gold),
                    blobs: Arc::clone(&self.blobs),
                    limits: self.limits,
                }))
            }
        }
    }

    /// The judge of a project; none where it names none.
    ///
    /// # Errors
    /// It names a provider that is not there.
    pub fn judge(&self, project: &Project) -> Result<Option<JudgeModel>, AttemptError> {
        let Some(judge) = &project.definition.judge else {
            return Ok(None);
        };
        Ok(Some(JudgeModel {
            judge: judge.clone(),
            caller: self.caller(&judge.provider)?,
            prompts: Arc::clone(&self.prompts),
            blobs: Arc::clone(&self.blobs),
            limits: self.limits,
        }))
    }

    fn caller(&self, provider: &str) -> Result<Caller, AttemptError> {
        let known = self.providers.get(provider).ok_or_else(|| {
            AttemptError::permanent(format!(
                "provider `{provider}` is not configured: add [providers.{provider}] to the configuration"
            ))
        })?;
        Ok(Caller {
            provider: Arc::clone(known),
            store: Arc::clone(&self.store),
            environment: Arc::clone(&self.environment),
            calls: self.calls.clone(),
            book: self.book.clone(),
            holds: Arc::clone(&self.holds),
            lease: self.call_lease,
        })
    }

    /// Where what becomes of tasks is written down, together with what becomes of calls.
    pub(crate) const fn book(&self) -> &Book {
        &self.book
    }

    fn asked(&self) -> MutexGuard<'_, BTreeMap<AnnotatorId, Asked>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many tasks may be fetched now of the annotators of each provider: no more than it may be asked, so that tasks of
    /// one that is down or limited stay in the queue and others go on; none of projects whose budget is spent.
    #[must_use]
    pub fn claim_limits(&self) -> Vec<ClaimLimit> {
        let held = self.holds.at(Instant::now());
        let (mut waiting, mut annotators): (Vec<AnnotatorId>, BTreeMap<&str, Vec<AnnotatorId>>) = Default::default();
        let known = self.asked();
        for (annotator, asked) in known.iter() {
            if held.contains(&asked.project_id) {
                waiting.push(*annotator);
            } else {
                annotators.entry(&asked.provider).or_default().push(*annotator);
            }
        }
        let without_budget = ClaimLimit {
            annotators: waiting,
            tasks: 0,
            repeated: 0,
        };
        let limits = annotators.into_iter().filter_map(|(provider, annotators)| {
            let room = self.providers.get(provider)?.room();
            let count = |calls: usize| u32::try_from(calls).unwrap_or(u32::MAX);
            Some(ClaimLimit {
                annotators,
                tasks: count(room.calls),
                repeated: count(room.repeated),
            })
        });
        let without_budget = Some(without_budget).filter(|limit| !limit.annotators.is_empty());
        limits.chain(without_budget).collect()
    }

    /// How long until a provider that holds tasks now may be asked again; none when no clock tells.
    #[must_use]
    pub fn next_opening(&self) -> Option<Duration> {
        let waits = self.providers.values().filter_map(|provider| provider.opens_in());
        waits.filter(|wait| !wait.is_zero()).min()
    }

    /// Waits for calls under way whose attempts have ended, so that no paid reply is lost.
    pub async fn finish_calls(&self) {
        self.calls.close();
        self.calls.wait().await;
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
