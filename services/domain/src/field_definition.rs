//! The written form of a field in project files and in the API, checked on its way to a [`Field`].

use serde::{Deserialize, Serialize};

use crate::answer::ABSENT_CLASS;
use crate::field::{Comparison, Field, FieldError, FieldName, FieldType, IdentifierScheme};

/// The most options that a choice may have.
const MAXIMUM_OPTIONS: usize = 1000;

/// A field as written in TOML or JSON. Unknown keys are refused, so that a misspelt one cannot pass unseen.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FieldDefinition {
    /// The machine name, unique in the project.
    name: FieldName,
    /// The name that people see; made of the machine name when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// What exactly is asked, for people and prompts.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    description: String,
    /// The type: choice, choices, boolean, integer, decimal, money, date, identifier, name, address, text, rating or table.
    #[serde(rename = "type")]
    type_word: String,
    /// Of choice and choices: the options in declared order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    options: Option<Vec<String>>,
    /// Of identifiers: the numbering scheme.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scheme: Option<IdentifierScheme>,
    /// Of ratings: the lowest point of the scale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    minimum: Option<i64>,
    /// Of ratings: the highest point of the scale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    maximum: Option<i64>,
    /// Of tables: the columns, which may not be tables themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(no_recursion))]
    columns: Option<Vec<Field>>,
    /// Whether the field's absence needs a person's look.
    #[serde(default)]
    required: bool,
    /// The rule by which two values are the same; by type when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    comparison: Option<Comparison>,
    /// The language and country whose notation is assumed, such as `de-DE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    locale: Option<String>,
    /// How much the field matters in figures over all fields.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    weight: f64,
    /// The least calibrated confidence at which a value is accepted; the policy's when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target: Option<f64>,
}

const fn one() -> f64 {
    1.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_one(weight: &f64) -> bool {
    (*weight - 1.0).abs() < f64::EPSILON
}

impl FieldDefinition {
    fn problem(&self, problem: impl Into<String>) -> FieldError {
        FieldError::Property {
            field: self.name.to_string(),
            problem: problem.into(),
        }
    }

    fn take_options(&mut self) -> Result<Vec<String>, FieldError> {
        let options = self.options.take().unwrap_or_default();
        if options.len() < 2 || options.len() > MAXIMUM_OPTIONS {
            return Err(self.problem(format!(
                "`options` needs 2 to {MAXIMUM_OPTIONS} entries, it has {}",
                options.len()
            )));
        }
        for (position, option) in options.iter().enumerate() {
            if option.trim().is_empty() {
                return Err(self.problem(format!("option {} is empty", position + 1)));
            }
            if option == ABSENT_CLASS {
                return Err(self.problem(format!("option `{ABSENT_CLASS}` is taken: it stands for absence")));
            }
            if options.iter().take(position).any(|earlier| earlier == option) {
                return Err(self.problem(format!("option `{option}` is given twice")));
            }
        }
        Ok(options)
    }

    fn take_scale(&mut self) -> Result<FieldType, FieldError> {
        match (self.minimum.take(), self.maximum.take()) {
            (Some(minimum), Some(maximum)) if minimum < maximum => Ok(FieldType::Rating { minimum, maximum }),
            _ => Err(self.problem("a rating needs `minimum` and `maximum`, the first below the second")),
        }
    }

    fn take_columns(&mut self) -> Result<FieldType, FieldError> {
        let columns = self.columns.take().unwrap_or_default();
        if columns.is_empty() {
            return Err(self.problem("a table needs at least one entry in `columns`"));
        }
        for (position, column) in columns.iter().enumerate() {
            if matches!(column.field_type, FieldType::Table { .. }) {
                return Err(self.problem(format!("column `{}` is itself a table", column.name)));
            }
            if columns.iter().take(position).any(|earlier| earlier.name == column.name) {
                return Err(self.problem(format!("column `{}` is given twice", column.name)));
            }
        }
        Ok(FieldType::Table { columns })
    }

    fn take_type(&mut self) -> Result<FieldType, FieldError> {
        let field_type = match self.type_word.as_str() {
            "choice" => FieldType::Choice {
                options: self.take_options()?,
            },
            "choices" => FieldType::Choices {
                options: self.take_options()?,
            },
            "boolean" => FieldType::Boolean,
            "integer" => FieldType::Integer,
            "decimal" => FieldType::Decimal,
            "money" => FieldType::Money,
            "date" => FieldType::Date,
            "identifier" => FieldType::Identifier {
                scheme: self.scheme.take().unwrap_or_default(),
            },
            "name" => FieldType::Name,
            "address" => FieldType::Address,
            "text" => FieldType::Text,
            "rating" => self.take_scale()?,
            "table" => self.take_columns()?,
            unknown => {
                return Err(self.problem(format!(
                    "type `{unknown}` is not known: use choice, choices, boolean, integer, decimal, money, date, identifier, name, address, text, rating or table"
                )));
            }
        };
        self.refuse_foreign_properties()?;
        Ok(field_type)
    }

    /// Properties are taken by the type that owns them; what is left belongs to another type.
    fn refuse_foreign_properties(&self) -> Result<(), FieldError> {
        let left = [
            ("options", self.options.is_some()),
            ("scheme", self.scheme.is_some()),
            ("minimum", self.minimum.is_some()),
            ("maximum", self.maximum.is_some()),
            ("columns", self.columns.is_some()),
        ];
        match left.iter().find(|(_, given)| *given) {
            Some((property, _)) => Err(self.problem(format!(
                "`{property}` does not belong to a field of type {}",
                self.type_word
            ))),
            None => Ok(()),
        }
    }

    /// Rows are compared as rows and numbers as numbers; a rule of another kind would call everything different.
    fn check_comparison(&self, comparison: Comparison, field_type: &FieldType) -> Result<(), FieldError> {
        let is_table = matches!(field_type, FieldType::Table { .. });
        let is_number = matches!(
            field_type,
            FieldType::Integer | FieldType::Decimal | FieldType::Money | FieldType::Rating { .. }
        );
        let (fits, rule) = match comparison {
            Comparison::Exact => (true, "exact"),
            Comparison::Relative { .. } => (is_number, "relative"),
            Comparison::Rows { .. } => (is_table, "rows"),
            Comparison::Tokens { .. } => (!is_table, "tokens"),
            Comparison::Similarity { .. } => (!is_table, "similarity"),
        };
        if fits {
            Ok(())
        } else {
            Err(self.problem(format!(
                "the comparison `{rule}` does not suit a field of type {}",
                self.type_word
            )))
        }
    }

    /// A language of two or three letters, perhaps a script, perhaps a country: `de`, `de-DE`, `zh-Hans-CN`.
    fn check_locale(&self) -> Result<(), FieldError> {
        let Some(locale) = &self.locale else {
            return Ok(());
        };
        let mut parts = locale.split(['-', '_']);
        let language = parts.next().unwrap_or_default();
        let language_fits =
            matches!(language.len(), 2 | 3) && language.chars().all(|character| character.is_ascii_lowercase());
        let rest_fits = parts.all(|part| match part.len() {
            2 => part.chars().all(|character| character.is_ascii_uppercase()),
            4 => part.chars().all(|character| character.is_ascii_alphabetic()),
            _ => false,
        });
        if language_fits && rest_fits {
            Ok(())
        } else {
            Err(self.problem(format!(
                "`locale` must be a language and a country such as \"de-DE\", it is `{locale}`"
            )))
        }
    }

    fn check_numbers(&self) -> Result<(), FieldError> {
        if !(self.weight.is_finite() && self.weight > 0.0) {
            return Err(self.problem(format!("`weight` must be a positive number, it is {}", self.weight)));
        }
        let threshold = match self.comparison {
            Some(
                Comparison::Tokens { threshold }
                | Comparison::Similarity { threshold }
                | Comparison::Rows { threshold },
            ) => Some(threshold),
            Some(Comparison::Relative { tolerance }) => Some(tolerance),
            Some(Comparison::Exact) | None => None,
        };
        for (property, value) in [("target", self.target), ("comparison", threshold)] {
            if let Some(value) = value
                && !(0.0..=1.0).contains(&value)
            {
                return Err(self.problem(format!("`{property}` must lie between 0 and 1, it is {value}")));
            }
        }
        Ok(())
    }
}

impl TryFrom<FieldDefinition> for Field {
    type Error = FieldError;

    fn try_from(mut definition: FieldDefinition) -> Result<Self, Self::Error> {
        definition.check_numbers()?;
        definition.check_locale()?;
        let field_type = definition.take_type()?;
        let comparison = definition.comparison.unwrap_or_else(|| field_type.default_comparison());
        definition.check_comparison(comparison, &field_type)?;
        let title = definition.title.unwrap_or_else(|| title_of(&definition.name));
        Ok(Self {
            name: definition.name,
            title,
            description: definition.description,
            field_type,
            required: definition.required,
            comparison,
            locale: definition.locale,
            weight: definition.weight,
            target: definition.target,
        })
    }
}

impl From<Field> for FieldDefinition {
    fn from(field: Field) -> Self {
        let type_word = field.field_type.word().to_owned();
        let comparison = (field.comparison != field.field_type.default_comparison()).then_some(field.comparison);
        let mut definition = Self {
            name: field.name,
            title: Some(field.title),
            description: field.description,
            type_word,
            options: None,
            scheme: None,
            minimum: None,
            maximum: None,
            columns: None,
            required: field.required,
            comparison,
            locale: field.locale,
            weight: field.weight,
            target: field.target,
        };
        match field.field_type {
            FieldType::Choice { options } | FieldType::Choices { options } => definition.options = Some(options),
            FieldType::Identifier { scheme } => definition.scheme = Some(scheme),
            FieldType::Rating { minimum, maximum } => {
                definition.minimum = Some(minimum);
                definition.maximum = Some(maximum);
            }
            FieldType::Table { columns } => definition.columns = Some(columns),
            _ => {}
        }
        definition
    }
}

/// `gross_total` reads as `Gross total`.
fn title_of(name: &FieldName) -> String {
    let spaced = name.as_str().replace('_', " ");
    let mut characters = spaced.chars();
    characters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(feature = "openapi")]
mod schema {
    use utoipa::openapi::{RefOr, Schema};
    use utoipa::{PartialSchema, ToSchema};

    use super::{Field, FieldDefinition};

    impl PartialSchema for Field {
        fn schema() -> RefOr<Schema> {
            FieldDefinition::schema()
        }
    }

    impl ToSchema for Field {
        fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
            FieldDefinition::schemas(schemas);
        }
    }
}
