//! Domain words as the templates show them: values, confidences, decisions, states, annotators.

use accord_domain::{
    ABSENT_CLASS, Annotator, Answer, Confidence, Consensus, Decision, Field, FieldType, ItemState, Outcome,
    ReviewReason, Rung,
};
use serde::Serialize;
use serde_json::Value;

use crate::pages::numbers::{count, probability};

/// The number of colours that tell annotators apart.
const COLOURS: u32 = 8;

/// The number of forms: circle, square, triangle, diamond.
const FORMS: u32 = 4;

/// Which bits of the hash choose: those that keep the annotators of the ready templates apart.
const COLOUR_BITS: u32 = 24;
const FORM_BITS: u32 = 16;

/// A value of a field.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum ShownValue {
    /// Text.
    Text {
        /// As it was given.
        text: String,
        /// As it is compared, where that looks different.
        read_as: Option<String>,
    },
    /// Rows of a table.
    Rows {
        /// Titles of the columns.
        columns: Vec<String>,
        /// The cells.
        rows: Vec<Vec<String>>,
    },
    /// Not in the document.
    Absent,
    /// There is no value.
    Nothing,
}

impl ShownValue {
    /// A value as given and in canonical form.
    pub(super) fn of(field: &Field, raw: Option<&str>, canonical: &str) -> Self {
        let Some(raw) = raw else {
            return if canonical == ABSENT_CLASS {
                Self::Absent
            } else {
                Self::Nothing
            };
        };
        match &field.field_type {
            FieldType::Table { columns } => rows(columns, raw).unwrap_or_else(|| text(raw, canonical)),
            FieldType::Choices { .. } => match serde_json::from_str::<Vec<String>>(canonical) {
                Ok(options) if options.is_empty() => text("none of the options", "none of the options"),
                Ok(options) => text(&options.join(", "), &options.join(", ")),
                Err(_) => text(raw, canonical),
            },
            FieldType::Boolean => match canonical {
                "true" => text("yes", "yes"),
                "false" => text("no", "no"),
                _ => text(raw, canonical),
            },
            FieldType::Choice { .. } => text(canonical, canonical),
            FieldType::Money | FieldType::Date | FieldType::Integer | FieldType::Decimal | FieldType::Rating { .. } => {
                text(raw, canonical)
            }
            FieldType::Identifier { .. } | FieldType::Name | FieldType::Address | FieldType::Text => text(raw, raw),
        }
    }

    /// An answer; its reason, when it failed, is shown apart.
    pub(super) fn of_answer(field: &Field, answer: &Answer) -> Self {
        match answer {
            Answer::Value(value) => Self::of(field, Some(&value.raw), &value.canonical),
            Answer::Absent => Self::Absent,
            Answer::Abstained | Answer::Failed { .. } => Self::Nothing,
        }
    }

    /// The winning value of a consensus.
    pub(super) fn of_consensus(field: &Field, consensus: &Consensus) -> Self {
        match &consensus.outcome {
            Outcome::Winner { canonical, value, .. } => Self::of(field, value.as_deref(), canonical),
            Outcome::Tie { .. } | Outcome::Undefined { .. } => Self::Nothing,
        }
    }
}

fn text(raw: &str, canonical: &str) -> ShownValue {
    ShownValue::Text {
        text: raw.to_owned(),
        read_as: (raw != canonical).then(|| canonical.to_owned()),
    }
}

fn rows(columns: &[Field], raw: &str) -> Option<ShownValue> {
    let rows: Vec<serde_json::Map<String, Value>> = serde_json::from_str(raw).ok()?;
    let cell = |row: &serde_json::Map<String, Value>, column: &Field| match row.get(column.name.as_str()) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    Some(ShownValue::Rows {
        columns: columns.iter().map(|column| column.title.clone()).collect(),
        rows: rows
            .iter()
            .map(|row| columns.iter().map(|column| cell(row, column)).collect())
            .collect(),
    })
}

/// A confidence: never a number without its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct ShownConfidence {
    kind: &'static str,
    number: Option<String>,
    note: String,
}

impl From<&Confidence> for ShownConfidence {
    fn from(confidence: &Confidence) -> Self {
        match confidence {
            Confidence::Calibrated {
                probability: value,
                rung,
                gold_count,
                ..
            } => {
                let of_what = match rung {
                    Rung::Field => "",
                    Rung::FieldType => " of its type",
                    Rung::Workspace => " of all projects",
                };
                Self {
                    kind: "calibrated",
                    number: Some(probability(*value)),
                    note: format!("calibrated on {}{of_what}", count(i64::from(*gold_count))),
                }
            }
            Confidence::Uncalibrated { share } => Self {
                kind: "uncalibrated",
                number: share.map(probability),
                note: if share.is_some() {
                    "share of votes · uncalibrated"
                } else {
                    "uncalibrated"
                }
                .to_owned(),
            },
        }
    }
}

/// A state: a shape with its colour, and a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct ShownState {
    /// Which shape and colour.
    pub(super) look: &'static str,
    /// The word beside it.
    pub(super) word: &'static str,
}

impl From<ItemState> for ShownState {
    fn from(state: ItemState) -> Self {
        let (look, word) = match state {
            ItemState::Pending => ("pending", "in progress"),
            ItemState::Accepted => ("accepted", "accepted"),
            ItemState::NeedsReview => ("person", "needs a person"),
            ItemState::Resolved => ("resolved", "resolved"),
        };
        Self { look, word }
    }
}

/// A decision with its reason in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct ShownDecision {
    state: ShownState,
    reason: String,
}

impl From<&Decision> for ShownDecision {
    fn from(decision: &Decision) -> Self {
        match decision {
            Decision::Accepted { threshold } => Self {
                state: ItemState::Accepted.into(),
                reason: format!("confidence reaches the threshold {}", probability(*threshold)),
            },
            Decision::NeedsReview { reason, threshold } => Self {
                state: ItemState::NeedsReview.into(),
                reason: match reason {
                    ReviewReason::BelowThreshold => format!("{} {}", reason.sentence(), probability(*threshold)),
                    _ => reason.sentence().to_owned(),
                },
            },
        }
    }
}

/// Whoever votes, with the colour that is theirs everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct ShownAnnotator {
    name: String,
    kind: &'static str,
    family: Option<String>,
    colour: u32,
    form: u32,
}

impl From<&Annotator> for ShownAnnotator {
    fn from(annotator: &Annotator) -> Self {
        let kind = match annotator.kind.word() {
            "human" => "person",
            "reader" => "reader",
            "invoice_xml" => "XML",
            _ => "model",
        };
        Self {
            name: annotator.name.clone(),
            kind,
            family: (annotator.family != annotator.name).then(|| annotator.family.clone()),
            colour: colour(&annotator.name),
            form: form(&annotator.name),
        }
    }
}

/// The colour of a name: the same on every page and every machine.
fn colour(name: &str) -> u32 {
    (hash(name) >> COLOUR_BITS) % COLOURS
}

/// The form of its mark, which tells those of one colour apart, and all of them for whoever sees no colours.
fn form(name: &str) -> u32 {
    (hash(name) >> FORM_BITS) % FORMS
}

/// FNV-1a.
fn hash(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

/// The word for a field's type that people see.
pub(super) const fn type_word(field_type: &FieldType) -> &'static str {
    match field_type {
        FieldType::Choice { .. } => "one of a list",
        FieldType::Choices { .. } => "any of a list",
        FieldType::Boolean => "yes or no",
        FieldType::Integer => "whole number",
        FieldType::Decimal => "number",
        FieldType::Money => "amount",
        FieldType::Date => "date",
        FieldType::Identifier { .. } => "identifier",
        FieldType::Name => "name",
        FieldType::Address => "address",
        FieldType::Text => "text",
        FieldType::Rating { .. } => "rating",
        FieldType::Table { .. } => "table",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn field(definition: Value) -> Field {
        serde_json::from_value(definition).unwrap()
    }

    #[test]
    fn a_money_value_shows_how_it_was_read() {
        let total = field(json!({"name": "total", "type": "money"}));
        assert_eq!(
            ShownValue::of(&total, Some("1.005,55 €"), "1005.55"),
            ShownValue::Text {
                text: "1.005,55 €".to_owned(),
                read_as: Some("1005.55".to_owned())
            }
        );
        assert_eq!(ShownValue::of(&total, None, ABSENT_CLASS), ShownValue::Absent);
    }

    #[test]
    fn a_table_shows_its_rows() {
        let table = field(json!({"name": "lines", "type": "table", "columns": [
            {"name": "what", "title": "What", "type": "text"}, {"name": "count", "title": "Count", "type": "integer"}
        ]}));
        let raw = r#"[{"what": "Tea", "count": 2}, {"what": "Milk"}]"#;
        assert_eq!(
            ShownValue::of(&table, Some(raw), raw),
            ShownValue::Rows {
                columns: vec!["What".to_owned(), "Count".to_owned()],
                rows: vec![
                    vec!["Tea".to_owned(), "2".to_owned()],
                    vec!["Milk".to_owned(), String::new()]
                ],
            }
        );
    }

    #[test]
    fn a_share_of_votes_never_looks_calibrated() {
        let shown = ShownConfidence::from(&Confidence::Uncalibrated { share: Some(1.0) });
        assert_eq!(shown.kind, "uncalibrated");
        assert!(shown.note.contains("uncalibrated"));
    }

    #[test]
    fn a_probability_says_on_how_much_gold_and_whose() {
        let confidence = |rung| Confidence::Calibrated {
            probability: 0.983_2,
            calibrator_id: accord_domain::CalibratorId::from_uuid(uuid::Uuid::nil()),
            rung,
            gold_count: 1412,
        };
        let shown = ShownConfidence::from(&confidence(Rung::Field));
        assert_eq!((shown.kind, shown.number.as_deref()), ("calibrated", Some("0.983")));
        assert_eq!(shown.note, "calibrated on 1,412");
        let shown = ShownConfidence::from(&confidence(Rung::FieldType));
        assert_eq!(shown.note, "calibrated on 1,412 of its type");
    }

    #[test]
    fn the_annotators_of_the_ready_templates_have_colours_of_their_own() {
        let template = accord_domain::template("invoice").unwrap();
        let names: Vec<&str> = template
            .annotators
            .iter()
            .map(|annotator| annotator.name.as_str())
            .collect();
        let colours: std::collections::BTreeSet<u32> = names.iter().map(|name| colour(name)).collect();
        assert_eq!(colours.len(), names.len());
    }

    #[test]
    fn a_name_keeps_its_colour() {
        assert_eq!(colour("labelled-anchors"), colour("labelled-anchors"));
        let colours: std::collections::BTreeSet<u32> =
            ["a", "b", "layout-geometry", "@maria", "gpt-a·p1"].map(colour).into();
        assert!(colours.len() > 2);
        assert!(colours.iter().all(|colour| *colour < COLOURS));
    }
}
