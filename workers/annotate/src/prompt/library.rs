//! All prompt templates of a program: those that come with it and those of a folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use accord_domain::{Judge, LanguageModel, ProjectDefinition, PromptReference};
use accord_store::{Blobs, StoreResult};
use tokio::sync::Mutex;

use super::{Place, Prompt, PromptError, PromptOrigin};

/// The templates that come with the program, with the names of their files.
const BUILT_IN: [(&str, &str); 7] = [
    ("extract.md", include_str!("../../../../prompts/extract.md")),
    (
        "extract-paraphrase.md",
        include_str!("../../../../prompts/extract-paraphrase.md"),
    ),
    ("classify.md", include_str!("../../../../prompts/classify.md")),
    (
        "classify-paraphrase.md",
        include_str!("../../../../prompts/classify-paraphrase.md"),
    ),
    ("choose.md", include_str!("../../../../prompts/choose.md")),
    (
        "choose-paraphrase.md",
        include_str!("../../../../prompts/choose-paraphrase.md"),
    ),
    ("judge.md", include_str!("../../../../prompts/judge.md")),
];

/// What the names of template files end with.
const ENDING: &str = "md";

/// All prompt templates, by name.
#[derive(Debug, Default)]
pub struct PromptLibrary {
    prompts: BTreeMap<String, Arc<Prompt>>,
    /// Hashes of the texts that are known to be in the blob store.
    kept: Mutex<BTreeSet<String>>,
}

impl PromptLibrary {
    /// The built-in templates and those of a folder: its files NAME.md, without folders inside it.
    ///
    /// # Errors
    /// A file cannot be read or is no template, or two templates have one name; the error names the file.
    pub fn open(folder: Option<&Path>) -> Result<Self, PromptError> {
        let mut library = Self::default();
        for (file, text) in BUILT_IN {
            library.add(Prompt::parse(text, PromptOrigin::BuiltIn(file))?)?;
        }
        if let Some(folder) = folder {
            for file in files_of(folder)? {
                let text = std::fs::read_to_string(&file).map_err(|error| unreadable(&file, &error))?;
                library.add(Prompt::parse(&text, PromptOrigin::File(file))?)?;
            }
        }
        Ok(library)
    }

    fn add(&mut self, prompt: Prompt) -> Result<(), PromptError> {
        let name = prompt.header.name.clone();
        if let Some(first) = self.prompts.get(&name) {
            let is_name = |line: &str| line.trim_start().starts_with("name");
            return Err(PromptError::Twice {
                name,
                first: first.origin.to_string(),
                second: Place {
                    text: prompt.origin.to_string(),
                    line: prompt.text.lines().position(is_name).map(|index| index + 1),
                },
            });
        }
        self.prompts.insert(name, Arc::new(prompt));
        Ok(())
    }

    /// The templates by name.
    pub fn prompts(&self) -> impl Iterator<Item = &Prompt> {
        self.prompts.values().map(AsRef::as_ref)
    }

    /// The template that is meant.
    ///
    /// # Errors
    /// There is none of that name, or it is not the version that is pinned.
    pub fn find(&self, reference: &PromptReference) -> Result<Arc<Prompt>, PromptError> {
        let Some(prompt) = self.prompts.get(&reference.name) else {
            let known: Vec<&str> = self.prompts.keys().map(String::as_str).collect();
            return Err(PromptError::Unknown {
                name: reference.name.clone(),
                known: known.join(", "),
            });
        };
        match &reference.pin {
            Some(pin) if !reference.accepts(&prompt.hash) => Err(PromptError::Changed {
                name: reference.name.clone(),
                pin: pin.clone(),
                hash: prompt.hash.clone(),
                place: prompt.origin.to_string(),
            }),
            _ => Ok(Arc::clone(prompt)),
        }
    }

    /// The template by which a model of a project is asked.
    ///
    /// # Errors
    /// As [`find`](Self::find), or the template is made for something else.
    pub fn for_model(&self, definition: &ProjectDefinition, model: &LanguageModel) -> Result<Arc<Prompt>, PromptError> {
        let prompt = self.find(&model.prompt)?;
        prompt.check_use(definition, model)?;
        Ok(prompt)
    }

    /// The template by which a project's judge is asked.
    ///
    /// # Errors
    /// As [`find`](Self::find), or the template is made for something else.
    pub fn for_judge(&self, judge: &Judge) -> Result<Arc<Prompt>, PromptError> {
        let prompt = self.find(&judge.prompt)?;
        prompt.check_use_by_judge(judge.view)?;
        Ok(prompt)
    }

    /// Keeps the text of a template that is about to be used by its hash, so that what was asked can be told when the file
    /// is long changed. Written once in the life of a process.
    ///
    /// # Errors
    /// Those of the blob store.
    pub async fn keep(&self, prompt: &Prompt, blobs: &dyn Blobs) -> StoreResult<()> {
        // Held while it is written: many begin at the same time to ask by the same template.
        let mut kept = self.kept.lock().await;
        if !kept.contains(&prompt.hash) {
            kept.insert(blobs.put(prompt.text.clone().into()).await?);
        }
        Ok(())
    }
}

fn files_of(folder: &Path) -> Result<Vec<std::path::PathBuf>, PromptError> {
    let entries = std::fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?;
    let mut files = Vec::new();
    for entry in entries {
        let file = entry.map_err(|error| unreadable(folder, &error))?.path();
        if file.is_file() && file.extension().is_some_and(|ending| ending == ENDING) {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

fn unreadable(file: &Path, error: &std::io::Error) -> PromptError {
    PromptError::Unreadable {
        file: file.display().to_string(),
        problem: error.to_string(),
    }
}
