//! Labels as JSONL.

use std::fs::File;
use std::io::{BufWriter, Result, Write};

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::{BUFFER_BYTES, LabelRow};
use crate::table_file::Name;

pub(super) struct JsonLabels {
    file: BufWriter<File>,
    share: &'static str,
}

impl JsonLabels {
    pub(super) fn begin(file: File, share: &'static str) -> Self {
        let file = BufWriter::with_capacity(BUFFER_BYTES, file);
        Self { file, share }
    }

    pub(super) fn write(&mut self, row: &LabelRow<'_>) -> Result<()> {
        let share = self.share;
        serde_json::to_writer(&mut self.file, &JsonRow { row, share })?;
        self.file.write_all(b"\n")
    }

    pub(super) fn finish(mut self) -> Result<()> {
        self.file.flush()
    }
}

/// A row as an object.
struct JsonRow<'a> {
    row: &'a LabelRow<'a>,
    share: &'static str,
}

impl Serialize for JsonRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let row = self.row;
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("item", &JsonName(row.item))?;
        if let Some(field) = row.field {
            object.serialize_entry("field", field)?;
        }
        object.serialize_entry("label", &row.label.map(JsonName))?;
        object.serialize_entry(self.share, &row.share)?;
        object.serialize_entry("margin", &row.margin)?;
        object.serialize_entry("votes", &row.votes)?;
        let tied: Vec<JsonName<'_>> = row.tied.iter().copied().map(JsonName).collect();
        object.serialize_entry("tie", &tied)?;
        object.end()
    }
}

/// Names are texts, those that are whole numbers too.
struct JsonName<'a>(Name<'a>);

impl Serialize for JsonName<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}
