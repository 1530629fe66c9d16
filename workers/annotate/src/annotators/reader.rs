//! Offline readers as annotators.

use std::sync::Arc;
use std::time::Instant;

use accord_datasets::turns::Turn;
use accord_domain::Provenance;
use async_trait::async_trait;

use super::{AnnotatorInput, AnnotatorOutput, AttemptError, AutomaticAnnotator};
use crate::readers::{Reader, ReaderInput};

/// An offline reader as an annotator.
#[derive(Clone)]
pub struct ReaderAnnotator {
    reader: Arc<dyn Reader>,
}

impl ReaderAnnotator {
    /// Lets a reader vote.
    #[must_use]
    pub const fn new(reader: Arc<dyn Reader>) -> Self {
        Self { reader }
    }
}

#[async_trait]
impl AutomaticAnnotator for ReaderAnnotator {
    async fn annotate(&self, input: &AnnotatorInput) -> Result<AnnotatorOutput, AttemptError> {
        let (reader, input) = (Arc::clone(&self.reader), input.clone());
        Turn::wait()
            .await
            .work(move || {
                let started = Instant::now();
                let answers = reader.read(&ReaderInput {
                    document: &input.document,
                    fields: &input.project.definition.fields,
                });
                AnnotatorOutput {
                    answers,
                    provenance: Provenance {
                        blind: true,
                        latency_milliseconds: i64::try_from(started.elapsed().as_millis()).ok(),
                        code_version: format!("{} {}", reader.name(), reader.version()),
                        ..Provenance::default()
                    },
                }
            })
            .await
            .map_err(|error| AttemptError::permanent(format!("the reader broke off: {error}")))
    }
}
