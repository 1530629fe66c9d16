//! Labels as CSV.

use std::fs::File;
use std::io::{Result, Write};

use super::{BUFFER_BYTES, LabelRow, columns};
use crate::table_file::Name;

/// Rows are put together in one piece of memory: a million of them are not worth six calls each.
pub(super) struct CsvLabels {
    file: File,
    rows: Vec<u8>,
    has_fields: bool,
    integer: itoa::Buffer,
    number: zmij::Buffer,
}

impl CsvLabels {
    pub(super) fn begin(file: File, share: &'static str, has_fields: bool) -> Self {
        let columns: Vec<&str> = columns(share, has_fields).collect();
        let mut rows = Vec::with_capacity(BUFFER_BYTES * 2);
        rows.extend_from_slice(columns.join(",").as_bytes());
        rows.push(b'\n');
        Self {
            file,
            rows,
            has_fields,
            integer: itoa::Buffer::new(),
            number: zmij::Buffer::new(),
        }
    }

    pub(super) fn write(&mut self, row: &LabelRow<'_>) -> Result<()> {
        self.name(row.item);
        self.rows.push(b',');
        if self.has_fields {
            self.text(row.field.unwrap_or_default());
            self.rows.push(b',');
        }
        if let Some(label) = row.label {
            self.name(label);
        }
        self.rows.push(b',');
        self.rows.extend_from_slice(self.number.format(row.share).as_bytes());
        self.rows.push(b',');
        if let Some(margin) = row.margin {
            self.rows.extend_from_slice(self.number.format(margin).as_bytes());
        }
        self.rows.push(b',');
        self.rows.extend_from_slice(self.integer.format(row.votes).as_bytes());
        self.rows.push(b',');
        if let Some(tie) = row.tie() {
            self.text(&tie);
        }
        self.rows.push(b'\n');
        if self.rows.len() >= BUFFER_BYTES {
            self.file.write_all(&self.rows)?;
            self.rows.clear();
        }
        Ok(())
    }

    fn name(&mut self, name: Name<'_>) {
        match name {
            Name::Integer(number) => self.rows.extend_from_slice(self.integer.format(number).as_bytes()),
            Name::Text(text) => self.text(text),
        }
    }

    fn text(&mut self, text: &str) {
        let needs_quotes = |byte: &u8| matches!(byte, b',' | b'"' | b'\n' | b'\r');
        if !text.as_bytes().iter().any(needs_quotes) {
            self.rows.extend_from_slice(text.as_bytes());
            return;
        }
        self.rows.push(b'"');
        let start = self.rows.len();
        // At worst every byte is a quote, which is doubled.
        self.rows.resize(start + 2 * text.len(), 0);
        let space = self.rows.get_mut(start..).unwrap_or_default();
        let (_, _, written) = csv_core::quote(text.as_bytes(), space, b'"', b'"', true);
        self.rows.truncate(start + written);
        self.rows.push(b'"');
    }

    pub(super) fn finish(mut self) -> Result<()> {
        self.file.write_all(&self.rows)
    }
}
