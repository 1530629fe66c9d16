//! Where in a document a value stands.

use std::collections::HashSet;

use accord_documents::{Document, Line};
use accord_domain::normalise::fold::fold;
use accord_domain::{Field, FieldType, normalise};
use serde_json::Value;

use super::SoughtValue;

/// The most places of one field.
const MAXIMUM_PLACES: usize = 40;

/// The most words that one value runs over.
const MAXIMUM_WORDS: usize = 60;

/// The most words of an amount, number or date.
const MAXIMUM_WORDS_OF_NUMBERS: usize = 4;

/// The least characters of a table's cell that is looked for: shorter ones stand everywhere.
const LEAST_CELL_CHARACTERS: usize = 3;

/// Some words of a line that show the value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The page, from 0.
    pub(super) page: usize,
    /// The line on the page, from 0.
    pub(super) line: usize,
    /// The first word in the line, from 0.
    pub(super) first: usize,
    /// The last word in the line.
    pub(super) last: usize,
    /// The machine name of the field.
    pub(super) field: String,
}

/// A word in reading order.
struct WordAt<'a> {
    page: usize,
    line: usize,
    word: usize,
    text: &'a str,
    compact: String,
}

/// The places of all values, field by field.
pub(super) fn find_places(document: &Document, sought: &[SoughtValue]) -> Vec<Place> {
    if sought.is_empty() {
        return Vec::new();
    }
    let words = words_of(document);
    let mut places = Vec::new();
    for value in sought {
        let mut found = Vec::new();
        for (field, text) in texts_of(value) {
            let mut runs = equal_runs(&words, &text);
            if runs.is_empty() && is_written_in_many_ways(&field.field_type) {
                runs = runs_read_alike(&words, field, &text);
            }
            found.extend(runs);
        }
        found.truncate(MAXIMUM_PLACES);
        for (first, last) in found {
            places.extend(by_line(&words, first, last, value.field.name.as_str()));
        }
    }
    places
}

/// What is looked for: the value, or of a table its cells.
fn texts_of(value: &SoughtValue) -> Vec<(&Field, String)> {
    let FieldType::Table { columns } = &value.field.field_type else {
        return vec![(&value.field, value.raw.clone())];
    };
    let rows: Vec<serde_json::Map<String, Value>> = serde_json::from_str(&value.raw).unwrap_or_default();
    let mut seen = HashSet::new();
    rows.iter()
        .flat_map(|row| {
            columns
                .iter()
                .filter_map(|column| Some((column, row.get(column.name.as_str())?)))
        })
        .map(|(column, cell)| match cell {
            Value::String(text) => (column, text.clone()),
            other => (column, other.to_string()),
        })
        .filter(|(_, text)| text.chars().count() >= LEAST_CELL_CHARACTERS && text != "null")
        .filter(|(_, text)| seen.insert(text.clone()))
        .collect()
}

fn words_of(document: &Document) -> Vec<WordAt<'_>> {
    let mut words = Vec::new();
    for (page, content) in document.pages.iter().enumerate() {
        for (line, Line { words: in_line, .. }) in content.lines.iter().enumerate() {
            words.extend(in_line.iter().enumerate().map(|(word, found)| WordAt {
                page,
                line,
                word,
                text: &found.text,
                compact: compact(&found.text),
            }));
        }
    }
    words
}

/// The text folded and without blanks and the punctuation that clings to printed words.
fn compact(text: &str) -> String {
    let mut folded = fold(text);
    folded.retain(|character| !character.is_whitespace());
    folded
}

/// Runs of words that together are the text, whatever the blanks between them.
fn equal_runs(words: &[WordAt<'_>], text: &str) -> Vec<(usize, usize)> {
    let target = compact(text);
    let loose = target.trim_matches(is_clinging);
    if loose.is_empty() {
        return Vec::new();
    }
    (0..words.len())
        .filter_map(|first| run_from(words, first, loose).map(|last| (first, last)))
        .collect()
}

/// The last word of the run that begins here and is the text.
fn run_from(words: &[WordAt<'_>], first: usize, target: &str) -> Option<usize> {
    let mut rest = target;
    for (position, word) in words.iter().enumerate().skip(first).take(MAXIMUM_WORDS) {
        let mut part = word.compact.as_str();
        if position == first {
            part = part.trim_start_matches(is_clinging);
        }
        if part.is_empty() {
            if position == first {
                return None;
            }
            continue;
        }
        if let Some(after) = rest.strip_prefix(part) {
            rest = after;
            if rest.is_empty() {
                return Some(position);
            }
        } else if part.trim_end_matches(is_clinging) == rest {
            return Some(position);
        } else {
            return None;
        }
    }
    None
}

/// Punctuation around a printed value that is no part of it.
const fn is_clinging(character: char) -> bool {
    matches!(
        character,
        ',' | ';' | ':' | '.' | '(' | ')' | '"' | '\'' | '[' | ']' | '|' | '!' | '?'
    )
}

const fn is_written_in_many_ways(field_type: &FieldType) -> bool {
    matches!(
        field_type,
        FieldType::Money | FieldType::Date | FieldType::Integer | FieldType::Decimal | FieldType::Identifier { .. }
    )
}

/// Runs of a few words of one line that are read as the same value, such as `23. November 2026` for `2026-11-23`.
fn runs_read_alike(words: &[WordAt<'_>], field: &Field, text: &str) -> Vec<(usize, usize)> {
    let target = normalise(field, text);
    if !target.parsed {
        return Vec::new();
    }
    let mut runs = Vec::new();
    let mut first = 0;
    while first < words.len() {
        let last = longest_run(words, first).rev().find(|last| {
            let joined = joined(words, first, *last);
            joined.contains(|character: char| character.is_ascii_digit() || character.is_alphabetic()) && {
                let read = normalise(field, &joined);
                read.parsed && read.canonical == target.canonical
            }
        });
        match last {
            Some(last) => {
                runs.push((first, last));
                first = last + 1;
            }
            None => first += 1,
        }
    }
    runs
}

fn longest_run(words: &[WordAt<'_>], first: usize) -> std::ops::Range<usize> {
    let length = words
        .iter()
        .skip(first)
        .take(MAXIMUM_WORDS_OF_NUMBERS)
        .take_while(|word| {
            words
                .get(first)
                .is_some_and(|start| start.page == word.page && start.line == word.line)
        })
        .count();
    first..first + length
}

fn joined(words: &[WordAt<'_>], first: usize, last: usize) -> String {
    let texts: Vec<&str> = words
        .iter()
        .skip(first)
        .take(last + 1 - first)
        .map(|word| word.text.trim_matches([',', ';', ':', '(', ')']))
        .collect();
    texts.join(" ")
}

/// A run over several lines has a place in each.
fn by_line(words: &[WordAt<'_>], first: usize, last: usize, field: &str) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for word in words.iter().skip(first).take(last + 1 - first) {
        match places.last_mut() {
            Some(place) if place.page == word.page && place.line == word.line => place.last = word.word,
            _ => places.push(Place {
                page: word.page,
                line: word.line,
                first: word.word,
                last: word.word,
                field: field.to_owned(),
            }),
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use accord_documents::Limits;
    use accord_documents::text::document_from_text;
    use serde_json::json;

    use super::*;

    fn places(definition: Value, raw: &str, text: &str) -> Vec<(usize, usize, usize)> {
        let document = document_from_text(text, &Limits::default()).unwrap();
        let sought = SoughtValue {
            field: serde_json::from_value(definition).unwrap(),
            raw: raw.to_owned(),
        };
        find_places(&document, &[sought])
            .into_iter()
            .map(|place| (place.line, place.first, place.last))
            .collect()
    }

    #[test]
    fn names_are_found_across_words_and_lines() {
        let name = json!({"name": "seller", "type": "name"});
        assert_eq!(places(name.clone(), "ACME Ltd.", "From: Acme Ltd, London"), [(0, 1, 2)]);
        assert_eq!(
            places(name.clone(), "Acme Ltd", "from Acme\nLtd here"),
            [(0, 1, 1), (1, 0, 0)]
        );
        assert!(places(name, "Acme Inc", "Acme Ltd").is_empty());
    }

    #[test]
    fn amounts_and_dates_are_found_in_another_notation() {
        let total = json!({"name": "total", "type": "money", "locale": "de-DE"});
        assert_eq!(places(total, "1005.55", "Summe 1.005,55 EUR"), [(0, 1, 2)]);
        let date = json!({"name": "date", "type": "date", "locale": "de-DE"});
        assert_eq!(places(date, "2026-11-23", "vom 23. November 2026 an"), [(0, 1, 3)]);
    }

    #[test]
    fn cells_of_tables_are_found_when_they_are_long_enough() {
        let table = json!({"name": "lines", "type": "table", "columns": [
            {"name": "what", "type": "text"}, {"name": "count", "type": "integer"}
        ]});
        let found = places(table, r#"[{"what": "Green tea", "count": 2}]"#, "2 Green tea 2");
        assert_eq!(found, [(0, 1, 2)]);
    }

    #[test]
    fn an_empty_value_is_nowhere() {
        assert!(places(json!({"name": "x", "type": "text"}), " . ", "some . text").is_empty());
    }
}
