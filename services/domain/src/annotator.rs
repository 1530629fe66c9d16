//! Annotators: whoever votes.

use serde::{Deserialize, Serialize};

use crate::identifiers::{AnnotatorId, ProjectId, UserId};
use crate::order::Order;
use crate::prompt_reference::PromptReference;
use crate::time::Timestamp;

/// An automatic annotator as a project defines it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    try_from = "crate::annotator_definition::AnnotatorForm",
    into = "crate::annotator_definition::AnnotatorForm"
)]
pub struct AnnotatorDefinition {
    /// The name, unique in the project.
    pub name: String,
    /// Annotators that share a base model, and so their errors, share a family. None when the definition names none.
    pub family: Option<String>,
    /// What answers.
    pub kind: AutomaticKind,
}

impl AnnotatorDefinition {
    /// The family: the one that is named; else of language models the model, however and by whatever prompt it is asked,
    /// and of all others the annotator's own name.
    #[must_use]
    pub fn family_name(&self) -> &str {
        match (&self.family, &self.kind) {
            (Some(family), _) => family,
            (None, AutomaticKind::LanguageModel(model)) => &model.model,
            (None, _) => &self.name,
        }
    }
}

/// What answers for an automatic annotator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AutomaticKind {
    /// A reader that runs offline inside the program.
    Reader {
        /// Which one, such as `labelled_anchors`.
        reader: String,
        /// The content hash of a trained model, for readers that learn.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<String>,
    },
    /// The reader of electronic invoices (XML), which is exact where it answers.
    InvoiceXml,
    /// A language model behind an OpenAI-compatible endpoint.
    LanguageModel(LanguageModel),
}

impl AutomaticKind {
    /// The word for the kind: `reader`, `invoice_xml` or `language_model`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Reader { .. } => "reader",
            Self::InvoiceXml => "invoice_xml",
            Self::LanguageModel(_) => "language_model",
        }
    }

    /// Whether it asks a language model, for which money may be due; all others run offline.
    #[must_use]
    pub const fn is_language_model(&self) -> bool {
        matches!(self, Self::LanguageModel(_))
    }
}

/// How a language model is asked. Every part of it is in the key of a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LanguageModel {
    /// The provider of the program's configuration that answers.
    pub provider: String,
    /// The model's name as the provider knows it.
    pub model: String,
    /// The prompt template: its name, or its name and the first digits of its hash.
    #[serde(default = "default_prompt")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub prompt: PromptReference,
    /// The sampling temperature.
    #[serde(default)]
    pub temperature: f64,
    /// The seed, for providers that take one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<i64>,
    /// The part of the item that the model sees.
    #[serde(default)]
    pub view: InputView,
    /// The order in which fields, and the options of each choice, are named.
    #[serde(default, skip_serializing_if = "Order::is_declared")]
    pub field_order: Order,
    /// The order in which the parts of the document are shown.
    #[serde(default, skip_serializing_if = "Order::is_declared")]
    pub chunk_order: Order,
    /// The most examples from the project's gold that are shown before the document, none of them from its own fold.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub examples: u32,
    /// The seed by which the examples are drawn.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub examples_seed: u32,
    /// Whether the provider is asked how probable the model found each token.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub logprobs: bool,
    /// The most tokens of an answer.
    #[serde(default = "default_maximum_tokens")]
    pub maximum_tokens: u32,
    /// Tells repeated calls with the same prompt apart.
    #[serde(default)]
    pub sample: u32,
}

/// The prompt template of models whose definition names none.
const DEFAULT_PROMPT: &str = "extract";

/// The limit of an answer for models whose definition names none.
const DEFAULT_MAXIMUM_TOKENS: u32 = 2048;

impl LanguageModel {
    /// A model with everything else at its default: prompt `extract`, temperature 0, visual rows, declared order, no
    /// examples, 2048 tokens, the first sample.
    #[must_use]
    pub fn new(provider: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            provider: provider.into(),
            model: model.into(),
            prompt: default_prompt(),
            temperature: 0.0,
            seed: None,
            view: InputView::default(),
            field_order: Order::default(),
            chunk_order: Order::default(),
            examples: 0,
            examples_seed: 0,
            logprobs: false,
            maximum_tokens: default_maximum_tokens(),
            sample: 0,
        }
    }
}

fn default_prompt() -> PromptReference {
    PromptReference::named(DEFAULT_PROMPT)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

const fn default_maximum_tokens() -> u32 {
    DEFAULT_MAXIMUM_TOKENS
}

/// The part of an item that a model sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum InputView {
    /// Visual rows, segments side by side joined by two spaces.
    #[default]
    Rows,
    /// Segments in reading order, one a line.
    ReadingOrder,
    /// The beginning and the end of the rows, for long documents.
    HeadAndTail,
    /// The page images.
    PageImage,
    /// The PDF file itself.
    File,
}

impl InputView {
    /// All views.
    pub const ALL: [Self; 5] = [
        Self::Rows,
        Self::ReadingOrder,
        Self::HeadAndTail,
        Self::PageImage,
        Self::File,
    ];

    /// Whether a model gets words in this view, and not something attached to them.
    #[must_use]
    pub const fn shows_text(self) -> bool {
        matches!(self, Self::Rows | Self::ReadingOrder | Self::HeadAndTail)
    }

    /// The word as written in definitions and templates.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::ReadingOrder => "reading_order",
            Self::HeadAndTail => "head_and_tail",
            Self::PageImage => "page_image",
            Self::File => "file",
        }
    }
}

/// An annotator that exists in a project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Annotator {
    /// Its identifier.
    pub id: AnnotatorId,
    /// The project it votes in.
    pub project_id: ProjectId,
    /// Its name, unique in the project.
    pub name: String,
    /// Its family; equal to the name when it stands alone.
    pub family: String,
    /// Who or what it is.
    pub kind: AnnotatorKind,
    /// Whether it still gets new tasks.
    pub active: bool,
    /// When it was first known.
    pub created_at: Timestamp,
}

/// Who or what votes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "who", rename_all = "snake_case")]
pub enum AnnotatorKind {
    /// A person with an account.
    Human {
        /// The account.
        user_id: UserId,
    },
    /// A program.
    Automatic {
        /// What answers.
        definition: AutomaticKind,
    },
}

impl AnnotatorKind {
    /// The word for the kind: `human`, `reader`, `invoice_xml` or `language_model`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Human { .. } => "human",
            Self::Automatic { definition } => definition.word(),
        }
    }

    /// Whether it is automatic and asks a language model.
    #[must_use]
    pub const fn is_language_model(&self) -> bool {
        matches!(self, Self::Automatic { definition } if definition.is_language_model())
    }
}
