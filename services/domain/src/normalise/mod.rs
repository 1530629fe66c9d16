//! Normalisation: a raw value becomes the canonical text by which votes are the same or different.

pub mod answer_json;
mod check_digits;
mod choice;
pub mod currency;
mod date;
pub mod fold;
mod iban;
mod identifier;
pub mod locale;
pub mod money;
mod month_names;
mod name;
mod number;
pub mod table;
mod text;
mod value_added_tax;

use rust_decimal::Decimal;

use crate::answer::{ABSENT_CLASS, NormalisedValue};
use crate::field::{Field, FieldType};
use crate::normalise::locale::Locale;
use crate::normalise::money::Money;

pub(crate) use number::read_plain as plain_decimal;

pub use answer_json::{AnswerError, answer_from_json, answer_to_json, answers_from_json};

/// The version of the rules here. Goes up whenever a canonical text can come out differently.
pub const NORMALISER_VERSION: &str = "1";

/// What was read from a raw value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The canonical text.
    pub(crate) canonical: String,
    /// Whether all of it could be read; only tables can be read in part.
    pub(crate) parsed: bool,
    /// Whether check digits hold, where there are any.
    pub(crate) valid: Option<bool>,
}

impl Reading {
    /// A value read as a whole that has no check digits.
    pub(crate) const fn of(canonical: String) -> Self {
        Self {
            canonical,
            parsed: true,
            valid: None,
        }
    }
}

/// Reads a raw value, as printed, as the field's type. A value that cannot be read keeps its folded text and says so.
///
/// Normalising the canonical text of a value that was read gives the same canonical text again, with one exception:
/// amounts in currencies with three decimals, whose canonical text (`1.234`) names no currency and is therefore ambiguous.
#[must_use]
pub fn normalise(field: &Field, raw: &str) -> NormalisedValue {
    finish(raw, read_printed(field, raw))
}

/// Reads a value in the notation of machines, as in JSON and XML: the point of a number always stands before decimals,
/// whatever the field's locale; everything but numbers is read as printed.
#[must_use]
pub fn normalise_plain(field: &Field, raw: &str) -> NormalisedValue {
    let reading = match number::read_plain(raw.trim()) {
        Some(number) => read_number(field, number, raw),
        None => read_printed(field, raw),
    };
    finish(raw, reading)
}

/// The canonical text of a value that cannot be read.
pub(crate) fn unread(raw: &str) -> String {
    fold::fold(raw)
}

fn finish(raw: &str, reading: Option<Reading>) -> NormalisedValue {
    // A value spelt like the label of absence must not vote for absence.
    let reading = reading
        .filter(|reading| reading.canonical != ABSENT_CLASS)
        .unwrap_or_else(|| Reading {
            canonical: unread(raw),
            parsed: false,
            valid: None,
        });
    NormalisedValue {
        raw: raw.to_owned(),
        canonical: reading.canonical,
        parsed: reading.parsed,
        valid: reading.valid,
    }
}

fn read_printed(field: &Field, raw: &str) -> Option<Reading> {
    let locale = Locale::new(field.locale.as_deref());
    match &field.field_type {
        FieldType::Choice { options } => choice::read_choice(raw, options),
        FieldType::Choices { options } => choice::read_choices(raw, options),
        FieldType::Boolean => choice::read_boolean(raw),
        FieldType::Integer => number::read_integer(raw, locale),
        FieldType::Decimal => number::read_decimal(raw, locale),
        FieldType::Money => money::read(raw, locale),
        FieldType::Date => date::read(raw, locale),
        FieldType::Identifier { scheme } => identifier::read(raw, *scheme, locale),
        FieldType::Name => name::read(raw),
        FieldType::Address => text::read_address(raw),
        FieldType::Text => text::read_text(raw),
        FieldType::Rating { minimum, maximum } => number::read_rating(raw, *minimum, *maximum),
        FieldType::Table { columns } => table::read(raw, columns),
    }
}

fn read_number(field: &Field, number: Decimal, raw: &str) -> Option<Reading> {
    match &field.field_type {
        FieldType::Integer => number::whole(number),
        FieldType::Decimal => Some(Reading::of(number::canonical_decimal(number))),
        FieldType::Money => Money::from_decimal(number, None).map(|money| Reading::of(money.canonical())),
        FieldType::Rating { minimum, maximum } => number::on_scale(number, *minimum, *maximum),
        _ => read_printed(field, raw),
    }
}
