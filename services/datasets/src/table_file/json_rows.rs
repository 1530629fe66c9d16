//! Rows of JSONL: one object a line.

use std::borrow::Cow;
use std::fmt;
use std::io::{BufRead, BufReader, Read};

use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};

use super::MAXIMUM_LINE_BYTES;
use super::cell::{Cell, canonical_integer};
use super::problem::{Problem, ReadError};
use super::source::{MAXIMUM_WANTED, Reading, RowSink, Wanted};

/// Bytes that are read at once.
const BLOCK_BYTES: usize = 256 << 10;

/// Lines between two words about the progress.
const LINES_PER_WORD: u64 = 8192;

/// Sends every row to the sink.
pub(super) fn read<S: RowSink>(reading: &mut Reading<'_, S>, input: impl Read) -> Result<(), ReadError> {
    let mut input = BufReader::with_capacity(BLOCK_BYTES, input);
    let mut bytes = Vec::new();
    let mut bytes_read = 0;
    let mut line = 0;
    let mut first: Option<FirstRow> = None;
    loop {
        bytes.clear();
        let limit = MAXIMUM_LINE_BYTES as u64 + 1;
        let count = input.by_ref().take(limit).read_until(b'\n', &mut bytes);
        let count = count.map_err(|error| reading.input(error))?;
        if count == 0 {
            break;
        }
        line += 1;
        bytes_read += count as u64;
        if count > MAXIMUM_LINE_BYTES && !bytes.ends_with(b"\n") {
            let limit = MAXIMUM_LINE_BYTES >> 20;
            reading.bad.add(line, Problem::LineTooLong { limit });
            input.skip_until(b'\n').map_err(|error| reading.input(error))?;
            continue;
        }
        if line % LINES_PER_WORD == 0 {
            (reading.progress)(bytes_read);
            reading.check_rows()?;
        }
        let record = if line == 1 { without_mark(&bytes) } else { &bytes };
        let record = record.trim_ascii();
        if !record.is_empty() {
            read_line(reading, record, line, &mut first)?;
        }
    }
    (reading.progress)(bytes_read);
    match first {
        None if reading.bad.is_empty() => Err(reading.form("the file is empty; one JSON object a line was expected")),
        None => Ok(()),
        Some(first) => first.check(reading),
    }
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// What the first row has, which the others must have too.
struct FirstRow {
    present: Vec<bool>,
    keys: Vec<String>,
    /// Required columns that some row has.
    seen: [bool; MAXIMUM_WANTED],
}

impl FirstRow {
    /// A column that no row has is missing from the file; one that some rows lack is their problem.
    fn check<S: RowSink>(&self, reading: &Reading<'_, S>) -> Result<(), ReadError> {
        for (wanted, seen) in reading.wanted.iter().zip(&self.seen) {
            if wanted.required && !seen {
                return Err(reading.missing(wanted.name, &self.keys));
            }
        }
        Ok(())
    }
}

fn read_line<S: RowSink>(
    reading: &mut Reading<'_, S>,
    record: &[u8],
    line: u64,
    first: &mut Option<FirstRow>,
) -> Result<(), ReadError> {
    let row = match parse(record, reading.wanted) {
        Ok(row) => row,
        Err(problem) => {
            reading.bad.add(line, problem);
            return Ok(());
        }
    };
    let mut cells = [Cell::Missing; MAXIMUM_WANTED];
    for (cell, value) in cells.iter_mut().zip(&row.values) {
        *cell = value.as_ref().map_or(Cell::Missing, Value::cell);
    }
    let known = match first {
        Some(known) => known,
        None => {
            let found = FirstRow {
                present: row.values.iter().map(Option::is_some).collect(),
                keys: keys_of(record),
                seen: [false; MAXIMUM_WANTED],
            };
            let is_there = |(wanted, present): (&Wanted, &bool)| wanted.required || *present;
            let present: Vec<bool> = reading.wanted.iter().zip(&found.present).map(is_there).collect();
            reading.sink.begin(&present);
            first.insert(found)
        }
    };
    for (place, wanted) in reading.wanted.iter().enumerate() {
        let is_there = row.values.get(place).is_some_and(Option::is_some);
        if let Some(seen) = known.seen.get_mut(place) {
            *seen |= is_there;
        }
        if is_there && !wanted.required && known.present.get(place) == Some(&false) {
            reading.bad.add(line, Problem::Late { column: wanted.name });
            return Ok(());
        }
    }
    reading.row(line, cells.get(..reading.wanted.len()).unwrap_or_default())
}

/// What an object has in the wanted columns; `None` where it has no such key.
struct JsonRow<'a> {
    values: [Option<Value<'a>>; MAXIMUM_WANTED],
}

enum Value<'a> {
    Null,
    Integer(i64),
    Number(f64),
    Boolean(bool),
    Text(Cow<'a, str>),
}

impl Value<'_> {
    fn cell(&self) -> Cell<'_> {
        match self {
            Self::Null => Cell::Missing,
            Self::Integer(number) => Cell::Integer(*number),
            Self::Number(number) => Cell::Number(*number),
            Self::Boolean(flag) => Cell::Boolean(*flag),
            Self::Text(text) if text.is_empty() => Cell::Missing,
            Self::Text(text) => canonical_integer(text.as_bytes()).map_or(Cell::Text(text.as_bytes()), Cell::Integer),
        }
    }
}

fn parse<'a>(record: &'a [u8], wanted: &'a [Wanted]) -> Result<JsonRow<'a>, Problem> {
    let bad = |error: serde_json::Error| Problem::Json(without_place(&error));
    let text = str::from_utf8(record).map_err(|_| Problem::Json("not valid UTF-8".to_owned()))?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let row = deserializer.deserialize_map(RowVisitor { wanted }).map_err(bad)?;
    deserializer.end().map_err(bad)?;
    Ok(row)
}

/// The line that the message names is always the first of its own little text.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.replace(" at line 1 column ", " at column ")
}

fn keys_of(record: &[u8]) -> Vec<String> {
    let object = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(record);
    object
        .map(|object| object.keys().cloned().collect())
        .unwrap_or_default()
}

struct RowVisitor<'a> {
    wanted: &'a [Wanted],
}

impl<'de> Visitor<'de> for RowVisitor<'de> {
    type Value = JsonRow<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut row = JsonRow {
            values: [const { None }; MAXIMUM_WANTED],
        };
        while let Some(place) = map.next_key_seed(KeySeed { wanted: self.wanted })? {
            let Some(there) = row.values.get_mut(place) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let wanted = self.wanted.get(place).map_or("", |wanted| wanted.name);
            if there.is_some() {
                return Err(serde::de::Error::custom(format!("`{wanted}` is there twice")));
            }
            *there = Some(map.next_value_seed(ValueSeed { name: wanted })?);
        }
        Ok(row)
    }
}

/// A key becomes the place of its column, or a place past all of them.
struct KeySeed<'a> {
    wanted: &'a [Wanted],
}

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed<'_> {
    type Value = usize;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<usize, E> {
        let place = self.wanted.iter().position(|wanted| wanted.name == key);
        Ok(place.unwrap_or(usize::MAX))
    }
}

struct ValueSeed {
    name: &'static str,
}

impl<'de> DeserializeSeed<'de> for ValueSeed {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed {
    type Value = Value<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "text, a number or a boolean in `{}`", self.name)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Value::Boolean(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Value::Integer(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).map_or_else(|_| Value::Text(Cow::Owned(number.to_string())), Value::Integer))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Value::Number(number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }
}
