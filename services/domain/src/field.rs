//! Fields: the questions of a project, each with a type and the rule by which two values are the same.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The machine name of a field: lower-case letters, digits and underscores, a letter first, at most 63 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(try_from = "String", into = "String")]
pub struct FieldName(String);

/// A field definition that cannot be accepted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FieldError {
    /// The name has a character, a length or a start that names may not have.
    #[error(
        "field name `{0}` is not valid: use lower-case letters, digits and underscores, start with a letter, at most 63 characters"
    )]
    Name(String),
    /// A property that the field's type needs is missing, or one is given that it does not have.
    #[error("field `{field}`: {problem}")]
    Property {
        /// The field.
        field: String,
        /// What is wrong and what was expected.
        problem: String,
    },
}

impl FieldName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FieldName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for FieldName {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let starts_with_letter = text.starts_with(|first: char| first.is_ascii_lowercase());
        let allowed = text
            .chars()
            .all(|character| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '_');
        if starts_with_letter && allowed && text.len() <= 63 {
            Ok(Self(text.to_owned()))
        } else {
            Err(FieldError::Name(text.chars().take(80).collect()))
        }
    }
}

impl TryFrom<String> for FieldName {
    type Error = FieldError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<FieldName> for String {
    fn from(name: FieldName) -> Self {
        name.0
    }
}

/// The type of a field's values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FieldType {
    /// Exactly one of the declared options.
    Choice {
        /// The options in declared order.
        options: Vec<String>,
    },
    /// Any number of the declared options.
    Choices {
        /// The options in declared order.
        options: Vec<String>,
    },
    /// Yes or no.
    Boolean,
    /// A whole number.
    Integer,
    /// A decimal number; never a binary fraction.
    Decimal,
    /// An amount of money in minor units, with its currency when the text names one.
    Money,
    /// A calendar date.
    Date,
    /// A code compared character by character after separators are dropped.
    Identifier {
        /// The numbering scheme, which decides the separators and check digits.
        scheme: IdentifierScheme,
    },
    /// The name of a person or an organisation.
    Name,
    /// A postal address.
    Address,
    /// Free text, compared by similarity.
    Text,
    /// A whole number on a scale.
    Rating {
        /// The lowest point of the scale.
        minimum: i64,
        /// The highest point of the scale.
        maximum: i64,
    },
    /// Rows of columns, such as the line items of an invoice.
    Table {
        /// The columns, which may not be tables themselves.
        columns: Vec<Field>,
    },
}

/// A numbering scheme of identifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum IdentifierScheme {
    /// Any code: upper-cased, blanks dropped, other punctuation and leading zeros kept.
    #[default]
    Plain,
    /// A value added tax number: blanks, dots and hyphens dropped, check digits of the member state tested.
    ValueAddedTax,
    /// An International Bank Account Number, ISO 13616.
    Iban,
    /// A currency code, ISO 4217.
    Currency,
}

/// How a value is held against gold, and when two votes count as one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "rule", rename_all = "snake_case", deny_unknown_fields)]
pub enum Comparison {
    /// Canonical texts are equal.
    Exact,
    /// Decimal values differ by at most this share of the gold value.
    Relative {
        /// The share, such as 0.005.
        tolerance: f64,
    },
    /// F1 of the folded words reaches this value; votes cluster at the same value.
    Tokens {
        /// The least F1.
        threshold: f64,
    },
    /// Levenshtein similarity of the folded texts reaches this value; votes cluster at the same value.
    Similarity {
        /// The least similarity.
        threshold: f64,
    },
    /// Rows are paired one to one; F1 of equal rows reaches this value.
    Rows {
        /// The least F1.
        threshold: f64,
    },
}

/// One question of a project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    try_from = "crate::field_definition::FieldDefinition",
    into = "crate::field_definition::FieldDefinition"
)]
pub struct Field {
    /// The machine name, unique in the project.
    pub name: FieldName,
    /// The name that people see.
    pub title: String,
    /// What exactly is asked, for people and prompts.
    pub description: String,
    /// The type of the values.
    pub field_type: FieldType,
    /// Whether the absence of the field from a document needs a person's look.
    pub required: bool,
    /// The rule by which two values are the same.
    pub comparison: Comparison,
    /// The language and country whose number and date notation is assumed, such as `de-DE`; none means that ambiguous notations stay unread.
    pub locale: Option<String>,
    /// How much the field matters in figures over all fields; positive.
    pub weight: f64,
    /// The least calibrated confidence at which a value may be accepted; the policy's when none is given.
    pub target: Option<f64>,
}

impl FieldType {
    /// The word for this type, as in the `type` of a field definition.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Choice { .. } => "choice",
            Self::Choices { .. } => "choices",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Money => "money",
            Self::Date => "date",
            Self::Identifier { .. } => "identifier",
            Self::Name => "name",
            Self::Address => "address",
            Self::Text => "text",
            Self::Rating { .. } => "rating",
            Self::Table { .. } => "table",
        }
    }

    /// The comparison used when a definition names none.
    #[must_use]
    pub const fn default_comparison(&self) -> Comparison {
        match self {
            Self::Address => Comparison::Tokens { threshold: 0.8 },
            Self::Text => Comparison::Similarity { threshold: 0.85 },
            Self::Table { .. } => Comparison::Rows { threshold: 1.0 },
            _ => Comparison::Exact,
        }
    }
}
