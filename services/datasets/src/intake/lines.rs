//! Lines of JSONL or rows of CSV, read with flat memory.

use std::str::FromStr;

use accord_domain::Project;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};

use super::importer::Importer;
use super::line::{item_of_json, item_of_record};
use super::{ImportError, ImportSummary, IncomingItem, Place, Rejection};

/// Lines that are imported in one transaction.
const LINES_PER_BATCH: usize = 1000;

/// The most bytes of lines that are imported in one transaction.
const BYTES_PER_BATCH: usize = 8 << 20;

/// The longest line, in bytes.
const MAXIMUM_LINE_BYTES: usize = 8 << 20;

/// The form of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineFormat {
    /// One JSON object a line.
    JsonLines,
    /// Comma-separated values with a header; a quoted cell may hold line breaks.
    Csv,
}

impl FromStr for LineFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "jsonl" => Ok(Self::JsonLines),
            "csv" => Ok(Self::Csv),
            other => Err(format!("`{other}` is not a format of lines: use jsonl or csv")),
        }
    }
}

impl Importer {
    /// Imports lines batch by batch. Good lines are kept, bad ones are rejected with their number. `progress` is told
    /// the summary so far and the bytes read after every batch.
    ///
    /// # Errors
    /// The input cannot be read, its header is unusable, or the store fails; batches before that are kept.
    pub async fn import_lines<R: AsyncRead + Unpin + Send>(
        &self,
        project: &Project,
        format: LineFormat,
        reader: R,
        mut progress: impl FnMut(&ImportSummary, u64) + Send,
    ) -> Result<ImportSummary, ImportError> {
        let mut summary = ImportSummary::default();
        let mut source = LineSource::new(format, reader);
        loop {
            let (items, rejections) = source.next_batch().await?;
            let finished = items.is_empty() && rejections.is_empty();
            for rejection in rejections {
                summary.reject(rejection);
            }
            if finished {
                return Ok(summary);
            }
            summary.merge(self.import(project, items, 0).await?);
            progress(&summary, source.bytes_read);
        }
    }
}

type Batch = (Vec<IncomingItem>, Vec<Rejection>);

/// Reads records one after the other and takes them apart.
struct LineSource<R> {
    format: LineFormat,
    reader: BufReader<R>,
    headers: Option<csv::StringRecord>,
    line_number: u64,
    bytes_read: u64,
}

impl<R: AsyncRead + Unpin + Send> LineSource<R> {
    fn new(format: LineFormat, reader: R) -> Self {
        Self {
            format,
            reader: BufReader::with_capacity(1 << 16, reader),
            headers: None,
            line_number: 0,
            bytes_read: 0,
        }
    }

    /// The next items and rejections; both empty at the end of the input.
    async fn next_batch(&mut self) -> Result<Batch, ImportError> {
        let (mut items, mut rejections) = (Vec::new(), Vec::new());
        let mut bytes = 0;
        while items.len() + rejections.len() < LINES_PER_BATCH && bytes < BYTES_PER_BATCH {
            let first_line = self.line_number + 1;
            let record = match self.next_record().await? {
                None => break,
                Some(Ok(record)) => record,
                Some(Err(problem)) => {
                    rejections.push(rejection(first_line, problem));
                    continue;
                }
            };
            bytes += record.len();
            if record.trim().is_empty() {
                continue;
            }
            match self.item_of(&record, Place::Line(first_line)) {
                Ok(Some(item)) => items.push(item),
                Ok(None) => {}
                Err(RecordError::Line(problem)) => rejections.push(rejection(first_line, problem)),
                Err(RecordError::Header(problem)) => return Err(ImportError::Form(problem)),
            }
        }
        Ok((items, rejections))
    }

    fn item_of(&mut self, record: &str, place: Place) -> Result<Option<IncomingItem>, RecordError> {
        match (self.format, &self.headers) {
            (LineFormat::JsonLines, _) => item_of_json(record, place).map(Some).map_err(RecordError::Line),
            (LineFormat::Csv, None) => {
                self.headers = Some(parse_header(record)?);
                Ok(None)
            }
            (LineFormat::Csv, Some(headers)) => {
                let cells = parse_record(record).map_err(RecordError::Line)?;
                if cells.len() != headers.len() {
                    return Err(RecordError::Line(format!(
                        "{} cells, but the header has {}",
                        cells.len(),
                        headers.len()
                    )));
                }
                item_of_record(headers, &cells, place)
                    .map(Some)
                    .map_err(RecordError::Line)
            }
        }
    }

    /// A line, or for CSV as many lines as an open quote spans.
    async fn next_record(&mut self) -> Result<Option<Result<String, String>>, ImportError> {
        let mut record = match self.next_line().await? {
            Some(Ok(line)) => line,
            other => return Ok(other),
        };
        if self.line_number == 1
            && let Some(rest) = record.strip_prefix('\u{feff}')
        {
            record = rest.to_owned();
        }
        let mut place = CellPlace::Start;
        let mut seen = 0;
        while self.format == LineFormat::Csv {
            place = place.after(record.as_bytes().get(seen..).unwrap_or_default());
            seen = record.len();
            if place != CellPlace::Quoted {
                break;
            }
            if record.len() > MAXIMUM_LINE_BYTES {
                return Ok(Some(Err(format!("{}: is a quote left open?", too_long()))));
            }
            match self.next_line().await? {
                Some(Ok(line)) => record.push_str(&line),
                Some(Err(problem)) => return Ok(Some(Err(problem))),
                None => {
                    return Ok(Some(Err(
                        "a quoted cell is not closed before the end of the input".to_owned()
                    )));
                }
            }
        }
        Ok(Some(Ok(record)))
    }

    async fn next_line(&mut self) -> Result<Option<Result<String, String>>, ImportError> {
        let mut bytes = Vec::new();
        let limit = u64::try_from(MAXIMUM_LINE_BYTES + 1).unwrap_or(u64::MAX);
        let count = (&mut self.reader).take(limit).read_until(b'\n', &mut bytes).await?;
        if count == 0 {
            return Ok(None);
        }
        self.line_number += 1;
        self.bytes_read += u64::try_from(count).unwrap_or(0);
        if count > MAXIMUM_LINE_BYTES && !bytes.ends_with(b"\n") {
            self.skip_rest_of_line().await?;
            return Ok(Some(Err(too_long())));
        }
        Ok(Some(
            String::from_utf8(bytes).map_err(|_| "not valid UTF-8: save the file as UTF-8".to_owned()),
        ))
    }

    async fn skip_rest_of_line(&mut self) -> Result<(), ImportError> {
        loop {
            let buffer = self.reader.fill_buf().await?;
            if buffer.is_empty() {
                return Ok(());
            }
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let used = end.map_or(buffer.len(), |position| position + 1);
            self.reader.consume(used);
            self.bytes_read += u64::try_from(used).unwrap_or(0);
            if end.is_some() {
                return Ok(());
            }
        }
    }
}

/// Where in a row of CSV one stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CellPlace {
    /// At the start of a cell, where a quote opens.
    Start,
    /// In a cell without quotes, where a quote is a character like any other.
    Plain,
    /// Between quotes, where a line break belongs to the cell.
    Quoted,
    /// After a quote between quotes: the end of the cell, or the first half of a doubled quote.
    QuoteInQuoted,
}

impl CellPlace {
    fn after(self, bytes: &[u8]) -> Self {
        bytes.iter().fold(self, |place, byte| match (place, byte) {
            (Self::Quoted, b'"') => Self::QuoteInQuoted,
            (Self::Quoted, _) | (Self::Start | Self::QuoteInQuoted, b'"') => Self::Quoted,
            (_, b',' | b'\n' | b'\r') => Self::Start,
            _ => Self::Plain,
        })
    }
}

enum RecordError {
    Line(String),
    Header(String),
}

fn parse_header(record: &str) -> Result<csv::StringRecord, RecordError> {
    let headers = parse_record(record).map_err(|problem| RecordError::Header(format!("header: {problem}")))?;
    let headers: csv::StringRecord = headers.iter().map(str::trim).collect();
    for (position, header) in headers.iter().enumerate() {
        if headers.iter().take(position).any(|earlier| earlier == header) {
            return Err(RecordError::Header(format!("the header has column `{header}` twice")));
        }
    }
    if !headers.iter().any(|header| header == "external_id" || header == "id") {
        return Err(RecordError::Header(
            "the header has no column `external_id`: every row needs a name that stays the same".to_owned(),
        ));
    }
    Ok(headers)
}

fn parse_record(record: &str) -> Result<csv::StringRecord, String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(record.len())
        .from_reader(record.as_bytes());
    let (mut cells, mut more) = (csv::StringRecord::new(), csv::StringRecord::new());
    let mut read = |cells: &mut csv::StringRecord| reader.read_record(cells).map_err(|error| error.to_string());
    match (read(&mut cells)?, read(&mut more)?) {
        (true, false) => Ok(cells),
        (true, true) => Err("a carriage return stands alone: lines end with LF or CRLF".to_owned()),
        (false, _) => Err("empty".to_owned()),
    }
}

fn too_long() -> String {
    format!("longer than {} MiB", MAXIMUM_LINE_BYTES >> 20)
}

fn rejection(line: u64, problem: String) -> Rejection {
    Rejection {
        place: Place::Line(line).to_string(),
        external_id: None,
        problem,
    }
}
