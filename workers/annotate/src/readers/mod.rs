//! Offline readers: deterministic annotators that answer from the text and the layout of a document, without a network.
//!
//! They share what documents have in common (labels of many languages, how amounts and dates are written) and differ in how they decide, so that
//! their agreement means something. A reader that has no ground for an answer abstains; it says that a field is absent only when the document shows it.

mod answers;
mod arithmetic_search;
mod candidate_ranking;
mod candidates;
mod features;
mod header_position;
mod labelled_anchors;
mod labels;
mod layout_geometry;
mod line_items;
mod parties;
mod places;
mod reading;
mod roles;
mod totals;
pub mod trained_model;
pub mod training;
mod view;
mod words;

use accord_documents::Document;
use accord_domain::answer::Answers;
use accord_domain::field::Field;

#[cfg(test)]
mod tests;

pub use trained_model::TrainedModel;
pub use training::{TrainingError, train};

/// One offline reader: deterministic, no network, honest about abstaining.
pub trait Reader: Send + Sync {
    /// The name under which projects refer to the reader; one of [`READER_NAMES`].
    fn name(&self) -> &str;

    /// The version of the reader's rules. Goes up whenever an answer can come out differently; a trained reader's also names its model.
    fn version(&self) -> &str;

    /// Answers every field of the input; fields that the reader does not know are abstained from.
    fn read(&self, input: &ReaderInput<'_>) -> Answers;
}

/// What a reader is given.
#[derive(Debug, Clone, Copy)]
pub struct ReaderInput<'a> {
    /// The document as it was read.
    pub document: &'a Document,
    /// The questions of the project.
    pub fields: &'a [Field],
}

/// The names of all readers.
pub const READER_NAMES: [&str; 6] = [
    labelled_anchors::NAME,
    layout_geometry::NAME,
    candidate_ranking::NAME,
    arithmetic_search::NAME,
    header_position::NAME,
    trained_model::NAME,
];

/// A reader that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReaderError {
    /// There is no reader of that name.
    #[error("there is no reader `{name}`: use one of {known}")]
    UnknownReader {
        /// The name asked for.
        name: String,
        /// The names that exist, for people.
        known: String,
    },
    /// A model was given to a reader that does not learn.
    #[error("the reader `{0}` does not use a trained model: remove `model` from its definition")]
    ModelNotUsed(String),
    /// The model was trained by other rules than those of this program.
    #[error("the trained model has format version {found}, this program reads version {expected}: train it again")]
    ModelVersion {
        /// The version of the model.
        found: u32,
        /// The version that is read.
        expected: u32,
    },
}

/// Makes a reader by its name. The reader that learns abstains from everything when no model is given.
///
/// # Errors
/// When the name is unknown, when a model is given to a reader that does not learn, or when the model's format is another one.
pub fn reader(name: &str, model: Option<&TrainedModel>) -> Result<Box<dyn Reader>, ReaderError> {
    if name == trained_model::NAME {
        return Ok(Box::new(trained_model::TrainedReader::new(model.cloned())?));
    }
    let reader: Box<dyn Reader> = match name {
        labelled_anchors::NAME => Box::new(labelled_anchors::LabelledAnchors),
        layout_geometry::NAME => Box::new(layout_geometry::LayoutGeometry),
        candidate_ranking::NAME => Box::new(candidate_ranking::CandidateRanking),
        arithmetic_search::NAME => Box::new(arithmetic_search::ArithmeticSearch),
        header_position::NAME => Box::new(header_position::HeaderPosition),
        _ => {
            return Err(ReaderError::UnknownReader {
                name: name.chars().take(80).collect(),
                known: READER_NAMES.join(", "),
            });
        }
    };
    match model {
        Some(_) => Err(ReaderError::ModelNotUsed(name.to_owned())),
        None => Ok(reader),
    }
}
