//! A question to a language model: what of an item is shown, what it is asked by which prompt, and what its reply says.

mod answers;
mod attached;
mod examples;
mod gold;
mod request;
mod view;

use std::sync::Arc;

use accord_documents::Document;
use accord_domain::{Field, FieldType, LanguageModel, ProjectDefinition};
use serde_json::Value;

pub use answers::Reading;
pub(crate) use attached::Attachments;
pub use attached::{Attached, Attachment, ImageOfPage, PdfFile, attach};
pub use examples::{Candidate, draw};
pub use gold::GoldExamples;
pub use request::call_key;
pub(crate) use request::{body, schema_in_words};
pub use view::{Shown, example_text};

use crate::prompt::{ExampleText, Prompt, PromptError, PromptLibrary};
use crate::provider::ProviderSettings;

/// What a model is asked in a project, whatever the item.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    definition: &'a ProjectDefinition,
    model: &'a LanguageModel,
    settings: &'a ProviderSettings,
    prompt: Arc<Prompt>,
    /// The fields in the order in which they are named.
    fields: Vec<Field>,
}

/// One question about one item.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The body of the chat completion, which may hold images or a file.
    pub body: Arc<Value>,
    /// What of the item the model sees.
    pub shown: Shown,
    /// The examples that it sees.
    pub examples: Vec<ExampleText>,
}

impl<'a> Question<'a> {
    /// What a model of a project is asked, through a provider of these settings.
    ///
    /// # Errors
    /// There is no such prompt, or it is made for something else.
    pub fn new(
        library: &PromptLibrary,
        definition: &'a ProjectDefinition,
        model: &'a LanguageModel,
        settings: &'a ProviderSettings,
    ) -> Result<Self, PromptError> {
        Ok(Self {
            definition,
            model,
            settings,
            prompt: library.for_model(definition, model)?,
            fields: named_in_order(definition, model),
        })
    }

    /// The prompt.
    #[must_use]
    pub fn prompt(&self) -> &Prompt {
        &self.prompt
    }

    /// The fields in the order in which they are named, with the options of choices in theirs.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// How a document is to be attached: as the view says, or as images where it has no text layer and the model sees
    /// images.
    ///
    /// # Errors
    /// The provider takes nothing of the kind that the view says; the words tell what to set.
    pub fn wanted_attachment(&self, document: &Document) -> Result<Option<Attachment>, String> {
        attached::wanted(self.settings, &self.prompt, self.model, document)
    }

    /// What the model sees of a document: its text in the view, or what is attached, given by whoever has the file.
    #[must_use]
    pub fn shown(&self, document: &Document, attached: Option<Attached>) -> Shown {
        Shown::new(document, self.model, attached)
    }

    /// Asks about an item of which this is shown.
    ///
    /// # Errors
    /// The prompt cannot be rendered.
    pub fn ask(&self, shown: Shown, examples: Vec<ExampleText>) -> Result<Asked, PromptError> {
        let body = Arc::new(request::build(self, &shown, &examples)?);
        Ok(Asked { body, shown, examples })
    }

    /// What the reply to a question says: answers for the project's fields, and nothing else of it.
    #[must_use]
    pub fn read(&self, reply: &str, asked: &Asked) -> Reading {
        answers::read(self.definition, self.prompt.header.output, reply, asked)
    }
}

/// The fields in the order in which a model is to be asked about them, and the options of choices in the same order.
fn named_in_order(definition: &ProjectDefinition, model: &LanguageModel) -> Vec<Field> {
    let mut fields = model.field_order.arrange(definition.fields.clone());
    for field in &mut fields {
        if let FieldType::Choice { options } | FieldType::Choices { options } = &mut field.field_type {
            *options = model.field_order.arrange(std::mem::take(options));
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use accord_domain::Order;
    use serde_json::json;

    const TEMPLATE: &str = "+++\nname = \"letters\"\npurpose = \"Reads letters.\"\noutput = \"all_fields\"\nviews = [\"rows\"]\n\
        variables = [\"fields\", \"schema\", \"document\"]\n+++\n=== system ===\nRead.\n=== user ===\n\
        {% for field in fields %}{{ field.name }} {% endfor %}{{ schema }}\n{{ document }}\n";

    fn definition() -> ProjectDefinition {
        serde_json::from_value(json!({"name": "letters", "fields": [
            {"name": "sender", "type": "name"}, {"name": "mood", "type": "choice", "options": ["glad", "sad"]},
        ]}))
        .unwrap()
    }

    fn settings() -> ProviderSettings {
        serde_json::from_value(json!({"base_url": "http://models.example"})).unwrap()
    }

    /// The key of the call about a letter to a model that differs in this.
    fn key(change: impl FnOnce(&mut LanguageModel)) -> String {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("letters.md"), TEMPLATE).unwrap();
        let library = PromptLibrary::open(Some(folder.path())).unwrap();
        let (definition, settings) = (definition(), settings());
        let mut model = LanguageModel::new("local", "tiny");
        model.prompt = "letters".parse().unwrap();
        change(&mut model);
        let question = Question::new(&library, &definition, &model, &settings).unwrap();
        let limits = accord_documents::Limits::default();
        let document = accord_documents::text::document_from_text("Dear Ann,\nYours, Ben", &limits).unwrap();
        let asked = question.ask(question.shown(&document, None), Vec::new()).unwrap();
        call_key(
            "local",
            "hash of the letter",
            &question.prompt().hash,
            &model,
            &asked.body,
        )
    }

    #[test]
    fn pages_that_change_places_carry_their_numbers() {
        let (library, definition, settings) = (PromptLibrary::open(None).unwrap(), definition(), settings());
        let mut model = LanguageModel::new("local", "tiny");
        model.view = accord_domain::InputView::PageImage;
        let page = |page| ImageOfPage {
            media_type: "image/png".to_owned(),
            bytes: vec![u8::try_from(page).unwrap(); 3],
            page,
        };
        let mut sent = |order| {
            model.chunk_order = order;
            let question = Question::new(&library, &definition, &model, &settings).unwrap();
            let shown = question.shown(&Document::default(), Some(Attached::Images(vec![page(1), page(2)])));
            let asked = question.ask(shown, Vec::new()).unwrap();
            let parts = asked.body["messages"][1]["content"].as_array().unwrap()[1..].to_vec();
            let words = parts.iter().map(|part| {
                let url = part["image_url"]["url"].as_str();
                part["text"].as_str().or(url).unwrap().to_owned()
            });
            words.collect::<Vec<_>>()
        };
        let (first, second) = ("data:image/png;base64,AQEB", "data:image/png;base64,AgIC");
        assert_eq!(sent(Order::Declared), [first, second]);
        assert_eq!(sent(Order::Reversed), ["Page 2:", second, "Page 1:", first]);
    }

    #[test]
    fn a_question_keeps_its_key_and_another_has_another() {
        // Replies that were paid for are found by it: it may change only where the question does.
        assert_eq!(
            key(|_| {}),
            "15a24d211d780879b0fcd5071cdc4aafd24d0fbf6c179f4b2198a2f4061ccf55"
        );
        let keys = [
            key(|_| {}),
            key(|model| model.field_order = Order::Reversed),
            key(|model| model.chunk_order = Order::Reversed),
            key(|model| model.temperature = 0.5),
            key(|model| model.seed = Some(1)),
            key(|model| model.sample = 1),
            key(|model| model.maximum_tokens = 100),
            key(|model| model.model = "small".to_owned()),
        ];
        for (position, one) in keys.iter().enumerate() {
            assert!(!keys[..position].contains(one), "{position}");
        }
    }
}
