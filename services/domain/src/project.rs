//! Projects: a schema of fields, the annotators that vote, and the policy that decides.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::annotator::AnnotatorDefinition;
use crate::field::{Field, FieldName};
use crate::identifiers::ProjectId;
use crate::judge::Judge;
use crate::policy::Policy;
use crate::time::Timestamp;

/// The most fields that a project may have.
const MAXIMUM_FIELDS: usize = 200;

/// A project as written in a file or sent to the API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ProjectDefinition {
    /// The short name used in addresses and commands: lower-case letters, digits and hyphens.
    pub name: String,
    /// The name that people see.
    #[serde(default)]
    pub title: String,
    /// What the project is for.
    #[serde(default)]
    pub description: String,
    /// Instructions for annotators, as plain text; also given to language models.
    #[serde(default)]
    pub guidelines: String,
    /// The questions.
    pub fields: Vec<Field>,
    /// Who votes on every item without being asked by a person: readers and language models.
    #[serde(default, deserialize_with = "crate::annotator_definition::expanded")]
    pub annotators: Vec<AnnotatorDefinition>,
    /// Who rates the values that won the vote, where confidence methods are compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judge: Option<Judge>,
    /// What happens at which confidence, and how many people vote.
    #[serde(default)]
    pub policy: Policy,
}

/// A project that exists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Project {
    /// Its identifier.
    pub id: ProjectId,
    /// Its present definition.
    pub definition: ProjectDefinition,
    /// Counts the changes of the definition from 1; consensus rows name it.
    pub version: i64,
    /// When it was created.
    pub created_at: Timestamp,
}

/// A project definition that cannot be accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct ProjectError {
    /// Where in the definition, such as `fields[3].name`.
    pub path: String,
    /// What is wrong and what was expected.
    pub problem: String,
}

impl ProjectDefinition {
    /// Checks what no single part can check: names, counts, duplicates, numbers of the policy.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn check(&self) -> Result<(), ProjectError> {
        check_name("name", &self.name)?;
        if self.fields.is_empty() || self.fields.len() > MAXIMUM_FIELDS {
            return Err(problem(
                "fields",
                format!(
                    "a project needs 1 to {MAXIMUM_FIELDS} fields, it has {}",
                    self.fields.len()
                ),
            ));
        }
        let mut names = BTreeSet::new();
        for (position, field) in self.fields.iter().enumerate() {
            if !names.insert(field.name.as_str()) {
                return Err(problem(
                    &format!("fields[{position}].name"),
                    format!("`{}` is given twice", field.name),
                ));
            }
        }
        let mut annotators = BTreeSet::new();
        for (position, annotator) in self.annotators.iter().enumerate() {
            let path = format!("annotators[{position}].name");
            check_name(&path, &annotator.name)?;
            if !annotators.insert(annotator.name.as_str()) {
                return Err(problem(&path, format!("`{}` is given twice", annotator.name)));
            }
        }
        if let Some(judge) = &self.judge {
            judge.check().map_err(|text| problem("judge", text))?;
        }
        self.policy.check().map_err(|text| problem("policy", text))?;
        let stopping = &self.policy.stopping;
        let stages = stopping.check_stages(&self.annotators);
        stages.map_err(|text| problem("policy", text))
    }

    /// The field of that name.
    #[must_use]
    pub fn field(&self, name: &FieldName) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == *name)
    }
}

fn problem(path: &str, problem: impl Into<String>) -> ProjectError {
    ProjectError {
        path: path.to_owned(),
        problem: problem.into(),
    }
}

fn check_name(path: &str, name: &str) -> Result<(), ProjectError> {
    let allowed = name.chars().all(|character| {
        character.is_ascii_lowercase() || character.is_ascii_digit() || matches!(character, '-' | '.' | '_')
    });
    let starts_well = name.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit());
    if allowed && starts_well && name.len() <= 63 {
        Ok(())
    } else {
        let shown: String = name.chars().take(80).collect();
        Err(problem(
            path,
            format!(
                "`{shown}` is not valid: use lower-case letters, digits, hyphens, dots and underscores, start with a letter or digit, at most 63 characters"
            ),
        ))
    }
}
