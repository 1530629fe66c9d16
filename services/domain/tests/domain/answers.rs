//! Answers as JSON: shapes that are taken, and what is said of those that are not.

use accord_domain::{Answer, Field, answer_from_json, answer_to_json, answers_from_json, normalise_plain};
use serde_json::{Value, json};

use crate::shared::field;

fn canonical(field: &Field, value: &Value) -> Option<String> {
    answer_from_json(field, value).unwrap().class().map(str::to_owned)
}

fn error(field: &Field, value: &Value) -> String {
    answer_from_json(field, value).unwrap_err().to_string()
}

fn line_items() -> Field {
    field(json!({ "name": "line_items", "type": "table", "columns": [
        { "name": "description", "type": "text" },
        { "name": "quantity", "type": "decimal", "locale": "de-DE" },
    ] }))
}

#[test]
fn numbers_have_the_notation_of_json_and_text_that_of_the_locale() {
    let decimal = field(json!({ "name": "rate", "type": "decimal", "locale": "de-DE" }));
    assert_eq!(canonical(&decimal, &json!(1.234)).as_deref(), Some("1.2340"));
    assert_eq!(canonical(&decimal, &json!("1.234")).as_deref(), Some("1234"));
    assert_eq!(normalise_plain(&decimal, " 1.234 ").canonical, "1.2340");
    let money = field(json!({ "name": "total", "type": "money", "locale": "de-DE" }));
    assert_eq!(canonical(&money, &json!(1234.5)).as_deref(), Some("1234.50"));
    assert_eq!(canonical(&money, &json!("1.234,5 €")).as_deref(), Some("1234.50"));
}

#[test]
fn null_and_blank_text_are_votes_for_absence() {
    let text = field(json!({ "name": "note", "type": "text" }));
    assert_eq!(answer_from_json(&text, &Value::Null), Ok(Answer::Absent));
    assert_eq!(answer_from_json(&text, &json!(" \n")), Ok(Answer::Absent));
    assert_eq!(answer_to_json(&text, &Answer::Absent), Value::Null);
}

#[test]
fn what_cannot_be_read_still_votes_with_its_folded_text() {
    let date = field(json!({ "name": "day", "type": "date" }));
    let Ok(Answer::Value(value)) = answer_from_json(&date, &json!("Next TUESDAY")) else {
        panic!("text is a value");
    };
    assert_eq!((value.canonical.as_str(), value.parsed), ("next tuesday", false));
}

#[test]
fn wrong_shapes_are_named_with_what_was_expected() {
    let text = field(json!({ "name": "note", "type": "text" }));
    assert_eq!(
        error(&text, &json!(["a"])),
        "field `note`: expected text or null, found a list"
    );
    assert_eq!(
        error(&text, &json!(true)),
        "field `note`: expected text or null, found a truth value"
    );
    let items = line_items();
    assert_eq!(
        error(&items, &json!({})),
        "field `line_items`: expected a list of objects or null, found an object"
    );
    assert_eq!(
        error(&items, &json!([{ "quantity": 1 }, { "quantity": [] }])),
        "field `line_items[1].quantity`: expected a number or null, found a list"
    );
    assert_eq!(
        error(&items, &json!([{ "amount": 1 }])),
        "field `line_items[0]`: expected an object with the columns description, quantity, found an object without any of them"
    );
}

#[test]
fn tables_become_rows_of_canonical_cells() {
    let items = line_items();
    let given = json!([
        { "quantity": "2,50", "description": "  Brass  SCREW ", "unit_code": "C62" },
        { "description": "Group", "line_status": "GROUP" },
        { "description": "Nail" },
    ]);
    assert_eq!(
        canonical(&items, &given).as_deref(),
        Some(r#"[{"description":"brass screw","quantity":"2.5"},{"description":"nail","quantity":null}]"#)
    );
    let Ok(Answer::Value(value)) = answer_from_json(&items, &json!([{ "quantity": "some" }])) else {
        panic!("a list of rows is a value");
    };
    assert!(!value.parsed);
}

#[test]
fn unknown_fields_are_refused_and_missing_ones_abstained_from() {
    let fields = [
        field(json!({ "name": "note", "type": "text" })),
        field(json!({ "name": "day", "type": "date" })),
    ];
    let members = |value: Value| value.as_object().unwrap().clone();
    let answers = answers_from_json(&fields, &members(json!({ "day": null }))).unwrap();
    assert_eq!(answers.get(&"note".parse().unwrap()), Some(&Answer::Abstained));
    assert_eq!(answers.get(&"day".parse().unwrap()), Some(&Answer::Absent));
    let error = answers_from_json(&fields, &members(json!({ "dya": "x" }))).unwrap_err();
    assert_eq!(error.to_string(), "field `dya` is not known, the project has note, day");
}
