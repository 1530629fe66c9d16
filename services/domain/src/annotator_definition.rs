//! The written form of an annotator in project files and in the API, checked on its way to an [`AnnotatorDefinition`].

use serde::{Deserialize, Deserializer, Serialize};

use crate::annotator::{AnnotatorDefinition, AutomaticKind, InputView, LanguageModel};
use crate::order::Order;
use crate::permutation::Permutations;
use crate::prompt_reference::PromptReference;

/// The most examples that a model may be shown.
const MOST_EXAMPLES: u32 = 20;

/// An annotator definition that cannot be accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("annotator `{annotator}`: {problem}")]
pub struct AnnotatorError {
    /// The annotator.
    pub annotator: String,
    /// What is wrong and what was expected.
    pub problem: String,
}

/// An annotator as written in TOML or JSON. Unknown keys are refused, so that a misspelt one cannot pass unseen.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = AnnotatorDefinition))]
#[serde(deny_unknown_fields)]
pub struct AnnotatorForm {
    /// The name, unique in the project.
    name: String,
    /// What kind of annotator: `reader`, `invoice_xml` or `language_model`.
    kind: String,
    /// Annotators that share a base model share a family; when none is given, language models are of the family of their
    /// model, all others of one of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    family: Option<String>,
    /// Of readers: which one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reader: Option<String>,
    /// Of readers that learn: the content hash of a trained model. Of language models: the name that the provider knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    /// Of language models: the provider in the program's configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    /// Of language models: the prompt template by name (`extract`), or pinned to a version by its hash (`extract@1f0c3a`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    prompt: Option<PromptReference>,
    /// Of language models: the sampling temperature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    /// Of language models: the seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    /// Of language models: the part of the item that is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    view: Option<InputView>,
    /// Of language models: the order in which fields, and the options of each choice, are named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    field_order: Option<Order>,
    /// Of language models: the order in which the parts of the document are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chunk_order: Option<Order>,
    /// Of language models: the most examples from gold that are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    examples: Option<u32>,
    /// Of language models: the seed by which examples are drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    examples_seed: Option<u32>,
    /// Of language models: the ways in which the same question is asked, each an annotator of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    permutations: Option<Permutations>,
    /// Of language models with permutations: the prompt that says the same in other words; that with `-paraphrase` behind
    /// its name when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    paraphrase: Option<PromptReference>,
    /// Of language models: whether the provider is asked how probable the model found each token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    logprobs: Option<bool>,
    /// Of language models: the most tokens of an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    maximum_tokens: Option<u32>,
    /// Of language models: tells repeated calls with the same prompt apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sample: Option<u32>,
}

impl AnnotatorForm {
    fn named(name: String, family: Option<String>, kind: &str) -> Self {
        Self {
            name,
            kind: kind.to_owned(),
            family,
            reader: None,
            model: None,
            provider: None,
            prompt: None,
            temperature: None,
            seed: None,
            view: None,
            field_order: None,
            chunk_order: None,
            examples: None,
            examples_seed: None,
            permutations: None,
            paraphrase: None,
            logprobs: None,
            maximum_tokens: None,
            sample: None,
        }
    }

    fn problem(&self, problem: impl Into<String>) -> AnnotatorError {
        AnnotatorError {
            annotator: self.name.chars().take(80).collect(),
            problem: problem.into(),
        }
    }

    fn needed(&self, key: &str, value: Option<String>) -> Result<String, AnnotatorError> {
        match value {
            Some(text) if !text.trim().is_empty() => Ok(text),
            _ => Err(self.problem(format!("an annotator of kind {} needs `{key}`", self.kind))),
        }
    }

    fn take_kind(&mut self) -> Result<AutomaticKind, AnnotatorError> {
        let kind = match self.kind.as_str() {
            "reader" => {
                let reader = self.reader.take();
                AutomaticKind::Reader {
                    reader: self.needed("reader", reader)?,
                    model: self.model.take(),
                }
            }
            "invoice_xml" => AutomaticKind::InvoiceXml,
            "language_model" => AutomaticKind::LanguageModel(self.take_language_model()?),
            unknown => {
                return Err(self.problem(format!(
                    "kind `{unknown}` is not known: use reader, invoice_xml or language_model"
                )));
            }
        };
        self.refuse_foreign_keys()?;
        Ok(kind)
    }

    fn take_language_model(&mut self) -> Result<LanguageModel, AnnotatorError> {
        let (provider, model) = (self.provider.take(), self.model.take());
        let mut language_model = LanguageModel::new(self.needed("provider", provider)?, self.needed("model", model)?);
        if let Some(prompt) = self.prompt.take() {
            language_model.prompt = prompt;
        }
        if let Some(temperature) = self.temperature.take() {
            if !(0.0..=2.0).contains(&temperature) {
                return Err(self.problem(format!("`temperature` must lie between 0 and 2, it is {temperature}")));
            }
            language_model.temperature = temperature;
        }
        if let Some(maximum_tokens) = self.maximum_tokens.take() {
            if maximum_tokens == 0 {
                return Err(self.problem("`maximum_tokens` must be at least 1"));
            }
            language_model.maximum_tokens = maximum_tokens;
        }
        language_model.seed = self.seed.take();
        language_model.view = self.view.take().unwrap_or_default();
        language_model.sample = self.sample.take().unwrap_or_default();
        language_model.field_order = self.field_order.take().unwrap_or_default();
        language_model.chunk_order = self.chunk_order.take().unwrap_or_default();
        language_model.logprobs = self.logprobs.take().unwrap_or_default();
        self.take_examples(&mut language_model)?;
        Ok(language_model)
    }

    fn take_examples(&mut self, model: &mut LanguageModel) -> Result<(), AnnotatorError> {
        model.examples = self.examples.take().unwrap_or_default();
        model.examples_seed = self.examples_seed.take().unwrap_or_default();
        if model.examples > MOST_EXAMPLES {
            return Err(self.problem(format!(
                "`examples` must lie between 0 and {MOST_EXAMPLES}, it is {}",
                model.examples
            )));
        }
        if model.examples > 0 && !model.view.shows_text() {
            return Err(self.problem(format!(
                "`examples` are texts: they need a view of text, not `{}`",
                model.view.word()
            )));
        }
        if model.examples == 0 && model.examples_seed > 0 {
            return Err(self.problem("`examples_seed` draws nothing without `examples`"));
        }
        Ok(())
    }

    /// Keys are taken by the kind that owns them; what is left belongs to another kind.
    fn refuse_foreign_keys(&self) -> Result<(), AnnotatorError> {
        let left = [
            ("reader", self.reader.is_some()),
            ("model", self.model.is_some()),
            ("provider", self.provider.is_some()),
            ("prompt", self.prompt.is_some()),
            ("temperature", self.temperature.is_some()),
            ("seed", self.seed.is_some()),
            ("view", self.view.is_some()),
            ("field_order", self.field_order.is_some()),
            ("chunk_order", self.chunk_order.is_some()),
            ("examples", self.examples.is_some()),
            ("examples_seed", self.examples_seed.is_some()),
            ("permutations", self.permutations.is_some()),
            ("paraphrase", self.paraphrase.is_some()),
            ("logprobs", self.logprobs.is_some()),
            ("maximum_tokens", self.maximum_tokens.is_some()),
            ("sample", self.sample.is_some()),
        ];
        match left.iter().find(|(_, given)| *given) {
            Some((key, _)) => {
                Err(self.problem(format!("`{key}` does not belong to an annotator of kind {}", self.kind)))
            }
            None => Ok(()),
        }
    }
}

impl TryFrom<AnnotatorForm> for AnnotatorDefinition {
    type Error = AnnotatorError;

    fn try_from(mut form: AnnotatorForm) -> Result<Self, Self::Error> {
        let kind = form.take_kind()?;
        Ok(Self {
            name: form.name,
            family: form.family,
            kind,
        })
    }
}

/// What one entry of a project's annotators stands for: one annotator, or all permutations of one.
#[derive(Deserialize)]
#[serde(try_from = "AnnotatorForm")]
struct Entry(Vec<AnnotatorDefinition>);

impl TryFrom<AnnotatorForm> for Entry {
    type Error = AnnotatorError;

    fn try_from(mut form: AnnotatorForm) -> Result<Self, Self::Error> {
        if form.kind != "language_model" {
            return AnnotatorDefinition::try_from(form).map(|annotator| Self(vec![annotator]));
        }
        let (permutations, paraphrase) = (form.permutations.take(), form.paraphrase.take());
        let AutomaticKind::LanguageModel(model) = form.take_kind()? else {
            return Err(form.problem("only language models have permutations"));
        };
        let named = |name: String, model: LanguageModel| AnnotatorDefinition {
            name,
            family: form.family.clone(),
            kind: AutomaticKind::LanguageModel(model),
        };
        let Some(permutations) = permutations else {
            return match paraphrase {
                Some(_) => Err(form.problem("`paraphrase` is for one of the `permutations`, and there are none")),
                None => Ok(Self(vec![named(form.name.clone(), model)])),
            };
        };
        let list = permutations.list().map_err(|problem| form.problem(problem))?;
        let annotators = list.iter().map(|permutation| {
            let changed = permutation.apply(&model, paraphrase.as_ref());
            let changed = changed.map_err(|problem| form.problem(problem))?;
            if changed.examples > 0 && !changed.view.shows_text() {
                return Err(form.problem(format!(
                    "`examples` are texts: they need a view of text, not `{}`",
                    changed.view.word()
                )));
            }
            Ok(named(format!("{}.{}", form.name, permutation.ending()), changed))
        });
        annotators.collect::<Result<_, _>>().map(Self)
    }
}

/// Reads a project's annotators, each permutation of a model as one of its own.
pub(crate) fn expanded<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<AnnotatorDefinition>, D::Error> {
    let entries: Vec<Entry> = Vec::deserialize(deserializer)?;
    Ok(entries.into_iter().flat_map(|Entry(annotators)| annotators).collect())
}

/// What a definition has to say: nothing where it is the default.
fn given<T: Default + PartialEq>(value: T) -> Option<T> {
    (value != T::default()).then_some(value)
}

impl From<AnnotatorDefinition> for AnnotatorForm {
    fn from(definition: AnnotatorDefinition) -> Self {
        let word = definition.kind.word();
        let mut form = Self::named(definition.name, definition.family, word);
        match definition.kind {
            AutomaticKind::Reader { reader, model } => {
                form.reader = Some(reader);
                form.model = model;
            }
            AutomaticKind::InvoiceXml => {}
            AutomaticKind::LanguageModel(language_model) => {
                form.provider = Some(language_model.provider);
                form.model = Some(language_model.model);
                form.prompt = Some(language_model.prompt);
                form.temperature = Some(language_model.temperature);
                form.seed = language_model.seed;
                form.view = Some(language_model.view);
                form.field_order = given(language_model.field_order);
                form.chunk_order = given(language_model.chunk_order);
                form.examples = given(language_model.examples);
                form.examples_seed = given(language_model.examples_seed);
                form.logprobs = given(language_model.logprobs);
                form.maximum_tokens = Some(language_model.maximum_tokens);
                form.sample = Some(language_model.sample);
            }
        }
        form
    }
}

#[cfg(feature = "openapi")]
mod schema {
    use utoipa::openapi::{RefOr, Schema};
    use utoipa::{PartialSchema, ToSchema};

    use super::{AnnotatorDefinition, AnnotatorForm};

    impl PartialSchema for AnnotatorDefinition {
        fn schema() -> RefOr<Schema> {
            AnnotatorForm::schema()
        }
    }

    impl ToSchema for AnnotatorDefinition {
        fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
            AnnotatorForm::schemas(schemas);
        }
    }
}
