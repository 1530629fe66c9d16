//! One line of JSONL or CSV to an item: identifier, data, metadata and gold taken apart.

use serde_json::{Map, Value};

use super::{IncomingContent, IncomingItem, Place};

/// The longest external identifier, in bytes.
pub(super) const MAXIMUM_EXTERNAL_ID_BYTES: usize = 500;

/// Reads a JSON object: `external_id` (or `id`), `metadata`, `gold`; everything else is the item's data.
pub(super) fn item_of_json(line: &str, place: Place) -> Result<IncomingItem, String> {
    let value: Value = serde_json::from_str(line).map_err(|error| format!("not valid JSON: {error}"))?;
    let Value::Object(mut object) = value else {
        return Err("expected a JSON object such as {\"external_id\": \"a1\", \"text\": \"...\"}".to_owned());
    };
    item_of_object(&mut object, place)
}

/// Takes `external_id` (or `id`), `metadata` and `gold` out of a JSON object; everything else is the item's data.
///
/// # Errors
/// Says which key is missing or has another form than expected.
pub fn item_of_object(object: &mut Map<String, Value>, place: Place) -> Result<IncomingItem, String> {
    let external_id = match object.shift_remove("external_id").or_else(|| object.shift_remove("id")) {
        Some(Value::String(text)) => text,
        Some(Value::Number(number)) => number.to_string(),
        Some(_) => return Err("`external_id` must be a string or a number".to_owned()),
        None => return Err("`external_id` is missing: every line needs a name that stays the same".to_owned()),
    };
    let metadata = take_object(object, "metadata")?.unwrap_or_default();
    let gold = take_object(object, "gold")?;
    Ok(IncomingItem {
        place,
        external_id,
        content: IncomingContent::Data(std::mem::take(object)),
        metadata,
        gold,
    })
}

fn take_object(object: &mut Map<String, Value>, key: &str) -> Result<Option<Map<String, Value>>, String> {
    match object.shift_remove(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(inner)) => Ok(Some(inner)),
        Some(_) => Err(format!("`{key}` must be an object")),
    }
}

/// Reads a row of a CSV file: columns `external_id` (or `id`), `gold.<field>`, `metadata.<key>`; the others are data.
/// An empty gold cell means that there is no gold for the field.
pub(super) fn item_of_record(
    headers: &csv::StringRecord,
    record: &csv::StringRecord,
    place: Place,
) -> Result<IncomingItem, String> {
    let mut object = Map::new();
    let mut metadata = Map::new();
    let mut gold = Map::new();
    for (header, cell) in headers.iter().zip(record) {
        let value = Value::String(cell.to_owned());
        if let Some(field) = header.strip_prefix("gold.") {
            if !cell.is_empty() {
                gold.insert(field.to_owned(), value);
            }
        } else if let Some(key) = header.strip_prefix("metadata.") {
            metadata.insert(key.to_owned(), value);
        } else {
            object.insert(header.to_owned(), value);
        }
    }
    let mut item = item_of_object(&mut object, place)?;
    item.metadata.extend(metadata);
    if !gold.is_empty() {
        item.gold = Some(gold);
    }
    Ok(item)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_line_apart() {
        let line = r#"{"id": 7, "text": "hello", "metadata": {"source": "mail"}, "gold": {"label": "greeting"}}"#;
        let item = item_of_json(line, Place::Line(1)).unwrap();
        assert_eq!(item.external_id, "7");
        assert_eq!(item.metadata["source"], "mail");
        assert_eq!(item.gold.unwrap()["label"], "greeting");
        let IncomingContent::Data(data) = item.content else {
            panic!("a line is data")
        };
        assert_eq!(data.keys().collect::<Vec<_>>(), ["text"]);
    }

    #[test]
    fn says_what_is_wrong_with_a_line() {
        for (line, expected) in [
            ("{\"text\": \"a\"}", "`external_id` is missing"),
            ("[1]", "expected a JSON object"),
            ("{", "not valid JSON"),
            ("{\"id\": true}", "must be a string or a number"),
            ("{\"id\": \"a\", \"gold\": 3}", "`gold` must be an object"),
        ] {
            let problem = item_of_json(line, Place::Line(1)).unwrap_err();
            assert!(problem.contains(expected), "{line}: {problem}");
        }
    }

    #[test]
    fn reads_gold_and_metadata_columns() {
        let headers = csv::StringRecord::from(vec!["external_id", "text", "gold.label", "metadata.day"]);
        let record = csv::StringRecord::from(vec!["a", "hello", "", "monday"]);
        let item = item_of_record(&headers, &record, Place::Line(2)).unwrap();
        assert_eq!(item.gold, None);
        assert_eq!(item.metadata["day"], "monday");
    }
}
