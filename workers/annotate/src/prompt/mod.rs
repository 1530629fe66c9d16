//! Prompt templates: Tera text with front matter, known by the hash of their content.

mod error;
mod library;
mod marks;
mod template;

use std::path::PathBuf;

use accord_domain::{Field, FieldType, InputView, LanguageModel, ProjectDefinition, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tera::{Context, Tera};

pub use error::{Place, PromptError};
pub use library::PromptLibrary;
use marks::{DOCUMENT, Marks, VALUES};

/// The rating of a value that is certainly right; 0 is that of one that is certainly wrong.
pub const HIGHEST_RATING: u32 = 100;

/// A prompt template.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// What its front matter says.
    pub header: PromptHeader,
    /// SHA-256 of its whole text, in lower-case hexadecimal: its identity.
    pub hash: String,
    /// Its whole text.
    pub text: String,
    /// Where the text comes from.
    pub origin: PromptOrigin,
    templates: Tera,
}

/// Where the text of a template comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PromptOrigin {
    /// It came with the program, as this file of `prompts/`.
    BuiltIn(&'static str),
    /// A file.
    File(PathBuf),
    /// The blob store, where every text is kept that was used once.
    Kept,
}

/// The front matter of a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptHeader {
    /// The name by which annotators refer to it.
    pub name: String,
    /// What it is for. Templates of one purpose say the same in other words.
    pub purpose: String,
    /// What the answer must look like.
    pub output: OutputForm,
    /// The views of an item that it is made for.
    pub views: Vec<InputView>,
    /// The variables that it uses, all of them.
    pub variables: Vec<String>,
}

/// What an answer must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputForm {
    /// One object with every field of the project as a member, absence as `null`.
    AllFields,
    /// One object with one member, whose value is one of the options and never `null`. For projects with one field, a
    /// choice.
    OneChoice,
    /// One object with a whole number from 0 to 100 for each field whose value is to be judged. For a project's judge.
    Ratings,
}

/// What a template is rendered with.
#[derive(Debug, Clone, Copy)]
pub struct PromptInput<'a> {
    /// The project that asks.
    pub definition: &'a ProjectDefinition,
    /// Its fields in the order in which they are named; for a judge, those whose values are to be judged.
    pub fields: &'a [Field],
    /// The text of the document; none where page images are attached instead.
    pub document: Option<&'a str>,
    /// The schema, where the provider cannot be told it otherwise.
    pub schema: Option<&'a Value>,
    /// Examples.
    pub examples: &'a [ExampleText],
    /// The values that a judge is to rate, as JSON; empty for annotators.
    pub values: &'a str,
}

/// An example: a document and what was right for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExampleText {
    /// The document in the view of the question.
    pub document: String,
    /// The right answer as JSON.
    pub answer: String,
}

/// The two messages of a rendered prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Messages {
    /// The rules.
    pub system: String,
    /// The question with the document.
    pub user: String,
}

/// What a template sees of a field.
#[derive(Serialize)]
struct FieldInPrompt<'a> {
    name: &'a str,
    r#type: &'static str,
    title: &'a str,
    description: &'a str,
    required: bool,
    options: &'a [String],
}

/// What a template sees of an example.
#[derive(Serialize)]
struct ExampleInPrompt<'a> {
    document: String,
    answer: &'a str,
}

impl OutputForm {
    /// The word as written in front matter.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::AllFields => "all_fields",
            Self::OneChoice => "one_choice",
            Self::Ratings => "ratings",
        }
    }

    /// The JSON Schema of an answer about these fields, in their order.
    #[must_use]
    pub fn schema(self, fields: &[Field]) -> Value {
        if self == Self::Ratings {
            return ratings_schema(fields);
        }
        let mut schema = json_schema(fields);
        if self == Self::OneChoice {
            let options = fields.iter().filter_map(|field| match &field.field_type {
                FieldType::Choice { options } => Some((field.name.as_str(), options)),
                _ => None,
            });
            for (name, options) in options {
                schema["properties"][name]["type"] = "string".into();
                schema["properties"][name]["enum"] = json!(options);
            }
        }
        schema
    }
}

impl Prompt {
    /// Checks that it is made for what a model of a project is to be asked.
    ///
    /// # Errors
    /// It is made for other views or another kind of project, or shows no examples where some are wanted.
    pub fn check_use(&self, definition: &ProjectDefinition, model: &LanguageModel) -> Result<(), PromptError> {
        if self.header.output == OutputForm::Ratings {
            return self.unsuited("rates values and answers no fields: it is for the `judge` of a project");
        }
        self.check_view(model.view)?;
        if model.examples > 0 && !self.header.variables.iter().any(|variable| variable == "examples") {
            return self.unsuited("shows no `examples`, and the annotator is to get some");
        }
        let one_choice =
            matches!(definition.fields.as_slice(), [field] if matches!(field.field_type, FieldType::Choice { .. }));
        if self.header.output == OutputForm::OneChoice && !one_choice {
            return self.unsuited(format!(
                "asks for one choice, and the project has {} fields: it needs to have one of type choice",
                definition.fields.len()
            ));
        }
        Ok(())
    }

    /// Checks that a judge can be asked by it who sees an item in this view.
    ///
    /// # Errors
    /// It asks for something else than ratings, or is made for other views.
    pub fn check_use_by_judge(&self, view: InputView) -> Result<(), PromptError> {
        if self.header.output != OutputForm::Ratings {
            return self.unsuited(format!(
                "asks for {}, and a judge gives ratings: use one whose `output` is {}",
                self.header.output.word(),
                OutputForm::Ratings.word()
            ));
        }
        self.check_view(view)
    }

    fn check_view(&self, view: InputView) -> Result<(), PromptError> {
        if self.header.views.contains(&view) {
            return Ok(());
        }
        let views: Vec<&str> = self.header.views.iter().map(|view| view.word()).collect();
        self.unsuited(format!(
            "is not made for the view {}, only for {}",
            view.word(),
            views.join(", ")
        ))
    }

    fn unsuited(&self, problem: impl Into<String>) -> Result<(), PromptError> {
        Err(PromptError::Unsuited {
            name: self.header.name.clone(),
            problem: problem.into(),
        })
    }

    /// Renders the messages. Documents stand between marks that nothing inside them can close.
    ///
    /// # Errors
    /// The template does something with a variable that cannot be done.
    pub fn render(&self, input: &PromptInput<'_>) -> Result<Messages, PromptError> {
        let definition = input.definition;
        let title = if definition.title.is_empty() {
            &definition.name
        } else {
            &definition.title
        };
        let fields: Vec<FieldInPrompt<'_>> = input.fields.iter().map(field_in_prompt).collect();
        let shown = input
            .examples
            .iter()
            .flat_map(|example| [&*example.document, &*example.answer]);
        let marks = Marks::new(shown.chain(input.document).chain([input.values]));
        let examples = input.examples.iter().map(|example| ExampleInPrompt {
            document: marks.around(DOCUMENT, &example.document),
            answer: &example.answer,
        });
        let mut context = Context::new();
        context.insert("title", title);
        context.insert("guidelines", &definition.guidelines);
        context.insert("fields", &fields);
        context.insert("schema", &input.schema.map(Value::to_string));
        context.insert("examples", &examples.collect::<Vec<_>>());
        context.insert("values", &marks.around(VALUES, input.values));
        let document = input.document.map(|document| marks.around(DOCUMENT, document));
        context.insert("document", &document);
        let render = |section: &str| {
            self.templates
                .render(section, &context)
                .map_err(|error| PromptError::Render {
                    name: self.header.name.clone(),
                    problem: error.to_string(),
                })
        };
        Ok(Messages {
            system: render(template::SYSTEM)?,
            user: render(template::USER)?,
        })
    }
}

impl std::fmt::Display for PromptOrigin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::BuiltIn(file) => write!(formatter, "built-in prompts/{file}"),
            Self::File(file) => file.display().fmt(formatter),
            Self::Kept => formatter.write_str("a text kept from an earlier use"),
        }
    }
}

fn field_in_prompt(field: &Field) -> FieldInPrompt<'_> {
    let options: &[String] = match &field.field_type {
        FieldType::Choice { options } | FieldType::Choices { options } => options,
        _ => &[],
    };
    FieldInPrompt {
        name: field.name.as_str(),
        r#type: field.field_type.word(),
        title: &field.title,
        description: &field.description,
        required: field.required,
        options,
    }
}

fn ratings_schema(fields: &[Field]) -> Value {
    let rating = |field: &Field| {
        let rating = json!({"title": field.title, "type": "integer", "minimum": 0, "maximum": HIGHEST_RATING});
        (field.name.to_string(), rating)
    };
    let properties: Map<String, Value> = fields.iter().map(rating).collect();
    let required: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

/// The answers of an example, or values that are to be judged, as JSON, in the order of the fields.
#[must_use]
pub fn answer_text(fields: &[Field], answers: &accord_domain::Answers) -> String {
    let members = fields.iter().filter_map(|field| {
        let answer = answers.get(&field.name)?;
        Some((field.name.to_string(), accord_domain::answer_to_json(field, answer)))
    });
    Value::Object(members.collect::<Map<String, Value>>()).to_string()
}

#[cfg(test)]
mod tests;
