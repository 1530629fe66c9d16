//! The written form of an annotator in project files and in the API, checked on its way to an [`AnnotatorDefinition`].

use serde::{Deserialize, Serialize};

use crate::annotator::{AnnotatorDefinition, AutomaticKind, InputView, LanguageModel};

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
    /// Annotators that share a base model share a family.
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
    /// Of language models: the prompt template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    prompt: Option<String>,
    /// Of language models: the sampling temperature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    /// Of language models: the seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    /// Of language models: the part of the item that is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    view: Option<InputView>,
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
        Ok(language_model)
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
