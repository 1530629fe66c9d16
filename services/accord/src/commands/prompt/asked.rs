//! The question that the flags of `render` and `try` describe.

use std::path::Path;

use accord_annotate::prompt::{ExampleText, PromptLibrary, answer_text};
use accord_annotate::provider::ProviderSettings;
use accord_annotate::question::{Asked, Candidate, Question, attach, draw, example_text};
use accord_documents::{Limits, read_document};
use accord_domain::{AutomaticKind, InputView, LanguageModel, ProjectDefinition};
use anyhow::{Context, bail};
use sha2::{Digest, Sha256};

use crate::arguments::QuestionArguments;
use crate::commands::project::read_definition;
use crate::commands::provider::settings_of;
use crate::configuration::Configuration;
use crate::documents_with_gold;

/// What provider and model are called that nobody named, where nobody is asked.
const UNNAMED: &str = "unnamed";

/// What is needed to ask.
pub(super) struct Setting {
    pub(super) definition: ProjectDefinition,
    pub(super) model: LanguageModel,
    /// The settings of the model's provider; where none is named, those of one that takes what the view shows.
    pub(super) provider: ProviderSettings,
    library: PromptLibrary,
}

impl Setting {
    pub(super) fn read(configuration: &Configuration, arguments: &QuestionArguments) -> anyhow::Result<Self> {
        let definition = read_definition(&arguments.project)?;
        let model = model(&definition, arguments)?;
        let provider = if arguments.provider.is_none() && arguments.annotator.is_none() {
            serde_json::from_value(serde_json::json!({
                "base_url": "http://127.0.0.1",
                "images": model.view == InputView::PageImage, "files": model.view == InputView::File,
            }))?
        } else {
            settings_of(configuration, &model.provider)?.clone()
        };
        Ok(Self {
            definition,
            model,
            provider,
            library: configuration.prompt_library()?,
        })
    }

    pub(super) fn question(&self) -> anyhow::Result<Question<'_>> {
        Ok(Question::new(
            &self.library,
            &self.definition,
            &self.model,
            &self.provider,
        )?)
    }
}

/// The annotator of the project, or a model at its defaults, with what the flags say otherwise.
fn model(definition: &ProjectDefinition, arguments: &QuestionArguments) -> anyhow::Result<LanguageModel> {
    let given = |name: &Option<String>| name.clone().unwrap_or_else(|| UNNAMED.to_owned());
    let mut model = match &arguments.annotator {
        None => LanguageModel::new(given(&arguments.provider), given(&arguments.model)),
        Some(name) => annotator(definition, name)?,
    };
    model.prompt = arguments.prompt.clone();
    if let Some(provider) = &arguments.provider {
        model.provider.clone_from(provider);
    }
    if let Some(name) = &arguments.model {
        model.model.clone_from(name);
    }
    model.view = arguments.view.unwrap_or(model.view);
    model.field_order = arguments.field_order.unwrap_or(model.field_order);
    model.chunk_order = arguments.chunk_order.unwrap_or(model.chunk_order);
    model.examples = arguments.examples.unwrap_or(model.examples);
    model.examples_seed = arguments.examples_seed.unwrap_or(model.examples_seed);
    if model.examples > 0 && !model.view.shows_text() {
        bail!(
            "examples are texts: they need a view of text, not {}",
            model.view.word()
        );
    }
    Ok(model)
}

fn annotator(definition: &ProjectDefinition, name: &str) -> anyhow::Result<LanguageModel> {
    let models = definition.annotators.iter().filter_map(|one| match &one.kind {
        AutomaticKind::LanguageModel(model) => Some((one.name.as_str(), model)),
        _ => None,
    });
    let models: Vec<(&str, &LanguageModel)> = models.collect();
    let found = models.iter().find(|(known, _)| *known == name);
    found.map(|(_, model)| (*model).clone()).with_context(|| {
        let known: Vec<&str> = models.iter().map(|(known, _)| *known).collect();
        format!(
            "the project has no language model `{name}`; it has {}",
            if known.is_empty() {
                "none".to_owned()
            } else {
                known.join(", ")
            }
        )
    })
}

/// Asks about the document of the arguments.
pub(super) async fn ask(
    question: &Question<'_>,
    setting: &Setting,
    arguments: &QuestionArguments,
    limits: Limits,
) -> anyhow::Result<Asked> {
    let file = arguments.text.clone();
    let bytes = tokio::fs::read(&file)
        .await
        .with_context(|| format!("{} cannot be read", file.display()))?;
    let content_hash = hex::encode(Sha256::digest(&bytes));
    let gold = arguments.gold.clone();
    let fields = setting.definition.fields.clone();
    let with_examples = setting.model.examples > 0;
    let (read, bytes, gold) = tokio::task::spawn_blocking(move || {
        let read = read_document(&bytes, file.file_name().and_then(|name| name.to_str()), &limits);
        let read = read.with_context(|| file.display().to_string())?;
        let gold = match gold.filter(|_| with_examples) {
            Some(path) => documents_with_gold::read_all(Path::new(&path), &fields, &limits)?,
            None => Vec::new(),
        };
        anyhow::Ok((read, bytes, gold))
    })
    .await??;
    if with_examples && arguments.gold.is_none() {
        bail!("examples are drawn from gold: name documents with gold by --gold PATH, or ask for --examples 0");
    }
    let wanted = question.wanted_attachment(&read.document);
    let attached = match wanted.map_err(anyhow::Error::msg)? {
        Some(attachment) => {
            let longest_edge = setting.provider.longest_image_edge;
            let (media_type, pages) = (read.media_type.as_str(), read.document.pages.len());
            let attached = tokio::task::spawn_blocking(move || {
                attach(attachment, media_type, &bytes, pages, longest_edge, &limits)
            })
            .await?
            .map_err(anyhow::Error::msg)
            .with_context(|| arguments.text.display().to_string())?;
            Some(attached)
        }
        None => None,
    };
    let shown = question.shown(&read.document, attached);
    if shown.is_without_text() {
        bail!(
            "{} holds no text: try --view page_image or --view file",
            arguments.text.display()
        );
    }
    let examples = examples(question, setting, &content_hash, &gold)?;
    Ok(question.ask(shown, examples)?)
}

fn examples(
    question: &Question<'_>,
    setting: &Setting,
    content_hash: &str,
    gold: &[documents_with_gold::DocumentWithGold],
) -> anyhow::Result<Vec<ExampleText>> {
    let candidates = gold.iter().map(|document| Candidate {
        item_id: None,
        content_hash: document.content_hash.clone(),
        answers: document.gold.clone(),
    });
    let candidates: Vec<Candidate> = candidates
        .filter(|candidate| candidate.is_complete(&setting.definition.fields))
        .collect();
    let model = &setting.model;
    let drawn = draw(&candidates, content_hash, model.examples, model.examples_seed);
    let examples = drawn.into_iter().filter_map(|candidate| {
        let document = gold.iter().find(|one| one.content_hash == candidate.content_hash)?;
        Some((document, candidate))
    });
    examples
        .map(|(document, candidate)| {
            let read = document
                .document
                .as_ref()
                .map_err(|problem| anyhow::anyhow!("{}: {problem}", document.name))?;
            Ok(ExampleText {
                document: example_text(read, model.view),
                answer: answer_text(question.fields(), &candidate.answers),
            })
        })
        .collect()
}
