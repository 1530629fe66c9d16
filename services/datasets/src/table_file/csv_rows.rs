//! Rows of CSV, read in large blocks.

use std::io::Read;

use memchr::{memchr, memchr_iter};

use super::MAXIMUM_LINE_BYTES;
use super::cell::{Cell, canonical_integer};
use super::problem::{Problem, ReadError};
use super::source::{MAXIMUM_WANTED, Reading, RowSink};
use super::split::{PADDING, Row, split_row};

/// Bytes that are read at once.
const BLOCK_BYTES: usize = 256 << 10;

const TOO_LONG: Problem = Problem::LineTooLong {
    limit: MAXIMUM_LINE_BYTES >> 20,
};

/// Bytes that are read, and which of them wait to be taken apart.
struct Block<R> {
    input: R,
    /// Holds at least `PADDING` bytes behind the data.
    data: Vec<u8>,
    filled: usize,
    /// Where the next row begins.
    start: usize,
    ended: bool,
    bytes_read: u64,
}

impl<R: Read> Block<R> {
    fn new(input: R) -> Self {
        Self {
            input,
            data: vec![0; BLOCK_BYTES + PADDING],
            filled: 0,
            start: 0,
            ended: false,
            bytes_read: 0,
        }
    }

    /// Moves what waits to the front and reads more behind it. At the end of the input the last line gets its end.
    fn fill(&mut self) -> std::io::Result<()> {
        self.data.copy_within(self.start..self.filled, 0);
        self.filled -= self.start;
        self.start = 0;
        let room = self.data.len() - PADDING;
        if self.filled * 2 > room {
            self.data.resize(room * 2 + PADDING, 0);
        }
        let room = self.data.len() - PADDING;
        while self.filled < room {
            match self
                .input
                .read(self.data.get_mut(self.filled..room).unwrap_or_default())
            {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(count) => {
                    self.filled += count;
                    self.bytes_read += count as u64;
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if self.ended && self.filled > 0 && self.data.get(self.filled - 1) != Some(&b'\n') {
            self.data.insert(self.filled, b'\n');
            self.filled += 1;
        }
        Ok(())
    }

    fn waiting(&self) -> &[u8] {
        self.data.get(self.start..self.filled).unwrap_or_default()
    }
}

/// What the header says.
struct Header {
    columns: usize,
    /// For each column of the file, which wanted one it is.
    slots: Vec<usize>,
}

impl Header {
    fn other_count(&self, found: usize) -> Problem {
        let expected = self.columns;
        Problem::CellCount { found, expected }
    }
}

/// Sends every row to the sink.
pub(super) fn read<S: RowSink>(reading: &mut Reading<'_, S>, input: impl Read) -> Result<(), ReadError> {
    let mut block = Block::new(input);
    block.fill().map_err(|error| reading.input(error))?;
    if block.waiting().starts_with(b"\xef\xbb\xbf") {
        block.start = 3;
    }
    let mut careful = CarefulReader::new();
    let mut line = 1;
    let header = read_header(reading, &mut block, &mut careful, &mut line)?;
    loop {
        let stopped = read_rows_of_block(reading, &mut block, &header, &mut careful, &mut line)?;
        (reading.progress)(block.bytes_read);
        reading.check_rows()?;
        match stopped {
            Stop::TooLong => skip_line(reading, &mut block, &mut line)?,
            Stop::Unfinished if block.ended => {
                if !block.waiting().is_empty() {
                    reading.bad.add(line, Problem::OpenQuote);
                }
                return Ok(());
            }
            Stop::Unfinished => block.fill().map_err(|error| reading.input(error))?,
        }
    }
}

/// Why the rows of a block are at their end.
enum Stop {
    Unfinished,
    TooLong,
}

fn read_rows_of_block<S: RowSink, R: Read>(
    reading: &mut Reading<'_, S>,
    block: &mut Block<R>,
    header: &Header,
    careful: &mut CarefulReader,
    line: &mut u64,
) -> Result<Stop, ReadError> {
    let width = reading.wanted.len();
    let mut cells = [Cell::Missing; MAXIMUM_WANTED];
    let cells = cells.get_mut(..width).unwrap_or_default();
    let data = &block.data;
    let filled = block.filled;
    let mut start = block.start;
    let stop = loop {
        match split_row(data, filled, start, &header.slots, cells) {
            Row::Whole { cells: count, next } => {
                if next - start > MAXIMUM_LINE_BYTES {
                    reading.bad.add(*line, TOO_LONG);
                } else if count == header.columns {
                    reading.row(*line, cells)?;
                } else {
                    reading.bad.add(*line, header.other_count(count));
                }
                *line += 1;
                start = next;
            }
            Row::Blank { next } => {
                *line += 1;
                start = next;
            }
            Row::Careful if let Some(record) = record_of(data, start, filled, block.ended) => {
                let next = start + record.length;
                if record.length > MAXIMUM_LINE_BYTES {
                    reading.bad.add(*line, TOO_LONG);
                } else {
                    careful.read(data.get(start..next).unwrap_or_default());
                    careful.give(header, reading, *line)?;
                }
                *line += record.lines;
                start = next;
            }
            Row::Careful | Row::Unfinished => {
                let is_long = filled - start > MAXIMUM_LINE_BYTES;
                break if is_long { Stop::TooLong } else { Stop::Unfinished };
            }
        }
    };
    block.start = start;
    Ok(stop)
}

/// Leaves out a line that is too long.
fn skip_line<S: RowSink, R: Read>(
    reading: &mut Reading<'_, S>,
    block: &mut Block<R>,
    line: &mut u64,
) -> Result<(), ReadError> {
    reading.bad.add(*line, TOO_LONG);
    loop {
        if let Some(end) = memchr(b'\n', block.waiting()) {
            block.start += end + 1;
            *line += 1;
            return Ok(());
        }
        block.start = block.filled;
        if block.ended {
            return Ok(());
        }
        block.fill().map_err(|error| reading.input(error))?;
    }
}

fn read_header<S: RowSink, R: Read>(
    reading: &mut Reading<'_, S>,
    block: &mut Block<R>,
    careful: &mut CarefulReader,
    line: &mut u64,
) -> Result<Header, ReadError> {
    let record = loop {
        match record_of(&block.data, block.start, block.filled, block.ended) {
            Some(record) if record.is_blank => {
                block.start += record.length;
                *line += record.lines;
            }
            Some(record) => break record,
            None if block.ended && block.waiting().is_empty() => {
                return Err(reading.form("the file is empty; a header of column names was expected"));
            }
            None if block.ended || block.waiting().len() > MAXIMUM_LINE_BYTES => {
                return Err(reading.form("the header has no end: is a quote left open?"));
            }
            None => block.fill().map_err(|error| reading.input(error))?,
        }
    };
    careful.read(block.waiting().get(..record.length).unwrap_or_default());
    block.start += record.length;
    *line += record.lines;
    let mut names = Vec::new();
    for cell in careful.cells() {
        let Ok(name) = str::from_utf8(cell) else {
            return Err(reading.form("the header is not valid UTF-8: save the file as UTF-8"));
        };
        names.push(name.trim().to_owned());
    }
    let places = reading.places(&names)?;
    let mut slots = vec![usize::MAX; names.len()];
    for (slot, place) in places.iter().enumerate() {
        if let Some(there) = place.and_then(|place| slots.get_mut(place)) {
            *there = slot;
        }
    }
    let present: Vec<bool> = places.iter().map(Option::is_some).collect();
    reading.sink.begin(&present);
    Ok(Header {
        columns: names.len(),
        slots,
    })
}

/// A row with all its lines.
struct Record {
    length: usize,
    lines: u64,
    is_blank: bool,
}

/// The row that begins at `start`; `None` when it does not end before `filled`.
fn record_of(data: &[u8], start: usize, filled: usize, ended: bool) -> Option<Record> {
    let data = data.get(start..filled).unwrap_or_default();
    let mut place = Place::Start;
    for (position, byte) in data.iter().enumerate() {
        place = match (place, byte) {
            (Place::Quoted, b'"') => Place::QuoteInQuoted,
            (Place::Quoted, _) | (Place::Start | Place::QuoteInQuoted, b'"') => Place::Quoted,
            (_, b',') => Place::Start,
            (_, b'\n') => return Some(record(data, position, 1)),
            (_, b'\r') => {
                return match data.get(position + 1) {
                    Some(b'\n') => Some(record(data, position, 2)),
                    None if !ended => None,
                    _ => Some(record(data, position, 1)),
                };
            }
            _ => Place::Plain,
        };
    }
    None
}

fn record(data: &[u8], end: usize, width: usize) -> Record {
    let content = data.get(..end).unwrap_or_default();
    Record {
        length: end + width,
        lines: 1 + memchr_iter(b'\n', content).count() as u64,
        is_blank: content.is_empty(),
    }
}

/// Where in a row one stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At the start of a cell, where a quote opens.
    Start,
    /// In a cell without quotes, where a quote is a character like any other.
    Plain,
    /// Between quotes, where a line break belongs to the cell.
    Quoted,
    /// After a quote between quotes: the end of the cell, or the first half of a doubled quote.
    QuoteInQuoted,
}

/// Takes rows apart exactly as the `csv` crate does.
struct CarefulReader {
    machine: csv_core::Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
    count: usize,
}

impl CarefulReader {
    fn new() -> Self {
        Self {
            machine: csv_core::Reader::new(),
            text: vec![0; 1024],
            ends: vec![0; 32],
            count: 0,
        }
    }

    /// Takes one whole row apart.
    fn read(&mut self, record: &[u8]) {
        self.machine.reset();
        self.count = 0;
        // No text is longer than what it was read from.
        self.text.resize(self.text.len().max(record.len()), 0);
        let most_cells = memchr_iter(b',', record).count() + 2;
        self.ends.resize(self.ends.len().max(most_cells), 0);
        let (_, _, _, count) = self.machine.read_record(record, &mut self.text, &mut self.ends);
        self.count = count;
    }

    fn cells(&self) -> impl Iterator<Item = &[u8]> {
        let ends = self.ends.get(..self.count).unwrap_or_default();
        let starts = std::iter::once(0).chain(ends.iter().copied());
        starts
            .zip(ends)
            .map(|(start, end)| self.text.get(start..*end).unwrap_or_default())
    }

    /// Hands the row over.
    fn give<S: RowSink>(&self, header: &Header, reading: &mut Reading<'_, S>, line: u64) -> Result<(), ReadError> {
        if self.count != header.columns {
            // A blank line may end with a lone carriage return.
            if self.count > 0 {
                reading.bad.add(line, header.other_count(self.count));
            }
            return Ok(());
        }
        let mut cells = [Cell::Missing; MAXIMUM_WANTED];
        for (bytes, slot) in self.cells().zip(&header.slots) {
            if let Some(cell) = cells.get_mut(*slot) {
                *cell = match canonical_integer(bytes) {
                    Some(number) => Cell::Integer(number),
                    None if bytes.is_empty() => Cell::Missing,
                    None => Cell::Text(bytes),
                };
            }
        }
        let cells = cells.get(..reading.wanted.len()).unwrap_or_default();
        reading.row(line, cells)
    }
}
