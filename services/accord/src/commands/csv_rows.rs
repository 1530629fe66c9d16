//! Rows of CSV that commands write.

use std::io::Write;

use accord_datasets::table_file::NameColumn;

/// Writes rows of text, quoted where they must be.
pub(crate) struct CsvRows<W: Write> {
    output: W,
}

impl<W: Write> CsvRows<W> {
    pub(crate) fn new(output: W) -> Self {
        Self { output }
    }

    /// Writes one row.
    pub(crate) fn row(&mut self, cells: &[impl AsRef<str>]) -> anyhow::Result<()> {
        for (place, cell) in cells.iter().enumerate() {
            if place > 0 {
                self.output.write_all(b",")?;
            }
            let cell = cell.as_ref();
            if cell.contains([',', '"', '\n', '\r']) {
                write!(self.output, "\"{}\"", cell.replace('"', "\"\""))?;
            } else {
                self.output.write_all(cell.as_bytes())?;
            }
        }
        Ok(self.output.write_all(b"\n")?)
    }

    /// Writes what is left.
    pub(crate) fn finish(mut self) -> anyhow::Result<()> {
        Ok(self.output.flush()?)
    }
}

/// The name in a row, or nothing.
pub(crate) fn name_at(names: &NameColumn, row: usize) -> String {
    names.get(row).map_or_else(String::new, |name| name.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let mut written = Vec::new();
        let mut rows = CsvRows::new(&mut written);
        rows.row(&["a", "b,c", "say \"so\"", "two\nlines", ""]).unwrap();
        rows.finish().unwrap();
        assert_eq!(
            String::from_utf8(written).unwrap(),
            "a,\"b,c\",\"say \"\"so\"\"\",\"two\nlines\",\n"
        );
    }
}
