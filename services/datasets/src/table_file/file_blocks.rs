//! A file that is read in blocks: a page of a column costs no calls of the operating system of its own.

use std::fs::File;
use std::io::{Chain, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::buf::Reader;
use bytes::{Buf, Bytes};
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

/// Bytes that are read at once.
const BLOCK_BYTES: usize = 64 << 10;

/// What is handed out of a block where nobody says how much is needed; the rest comes from the file.
const LEAST_BYTES: usize = 4 << 10;

/// A file of columns, each of which is read from its beginning to its end while others are.
#[derive(Clone)]
pub(super) struct FileBlocks {
    shared: Arc<Shared>,
}

struct Shared {
    length: u64,
    state: Mutex<State>,
}

struct State {
    file: File,
    /// The blocks in use, the latest last.
    blocks: Vec<Block>,
    most_blocks: usize,
}

struct Block {
    start: u64,
    bytes: Bytes,
}

impl FileBlocks {
    /// For one column, until [more](Self::expect_columns) are named.
    pub(super) fn of(file: File) -> std::io::Result<Self> {
        let length = file.metadata()?.len();
        let state = State {
            file,
            blocks: Vec::new(),
            most_blocks: 1,
        };
        let state = Mutex::new(state);
        Ok(Self {
            shared: Arc::new(Shared { length, state }),
        })
    }

    /// Keeps a block for each of so many columns.
    pub(super) fn expect_columns(&self, columns: usize) {
        self.with_state(|state| state.most_blocks = columns.max(1));
    }

    fn with_state<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.shared.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What a block has from `start` on, `least` bytes at least.
    fn from(&self, start: u64, least: usize) -> Result<Bytes> {
        let rest = usize::try_from(self.shared.length.saturating_sub(start)).unwrap_or(usize::MAX);
        if rest < least {
            return Err(ParquetError::EOF(format!(
                "{least} bytes expected from byte {start} on, but there are {rest}"
            )));
        }
        self.with_state(|state| state.from(start, least, rest))
    }
}

impl State {
    fn from(&mut self, start: u64, least: usize, rest: usize) -> Result<Bytes> {
        let known = self.blocks.iter().position(|block| block.has(start, least));
        if let Some(block) = known.map(|place| self.blocks.remove(place)) {
            let bytes = block.bytes.slice((start - block.start) as usize..);
            self.blocks.push(block);
            return Ok(bytes);
        }
        let wanted = least.max(BLOCK_BYTES).min(rest);
        if self.blocks.len() >= self.most_blocks {
            // Freed first, so that its memory is taken again.
            self.blocks.remove(0);
        }
        let mut bytes = Vec::with_capacity(wanted);
        self.file.seek(SeekFrom::Start(start))?;
        (&self.file).take(wanted as u64).read_to_end(&mut bytes)?;
        if bytes.len() < least {
            return Err(ParquetError::EOF("the file has become shorter".to_owned()));
        }
        let bytes = Bytes::from(bytes);
        self.blocks.push(Block {
            start,
            bytes: bytes.clone(),
        });
        Ok(bytes)
    }
}

impl Block {
    fn has(&self, start: u64, least: usize) -> bool {
        let end = self.start + self.bytes.len() as u64;
        start >= self.start && start + least as u64 <= end
    }
}

impl Length for FileBlocks {
    fn len(&self) -> u64 {
        self.shared.length
    }
}

impl ChunkReader for FileBlocks {
    type T = Chain<Reader<Bytes>, Rest>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        let rest = usize::try_from(self.shared.length.saturating_sub(start)).unwrap_or(usize::MAX);
        let bytes = self.from(start, LEAST_BYTES.min(rest))?;
        let rest = Rest {
            blocks: self.clone(),
            position: start + bytes.len() as u64,
        };
        Ok(bytes.reader().chain(rest))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        Ok(self.from(start, length)?.slice(..length))
    }
}

/// What comes after a block.
pub(super) struct Rest {
    blocks: FileBlocks,
    position: u64,
}

impl Read for Rest {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.blocks.with_state(|state| {
            state.file.seek(SeekFrom::Start(self.position))?;
            state.file.read(buffer)
        })?;
        self.position += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn file(length: usize) -> (FileBlocks, Vec<u8>) {
        let bytes: Vec<u8> = (0..length).map(|place| (place * 31 % 251) as u8).collect();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        (FileBlocks::of(file).unwrap(), bytes)
    }

    #[test]
    fn every_range_is_what_the_file_has() {
        let (blocks, bytes) = file(3 * BLOCK_BYTES + 17);
        for columns in [1, 3] {
            blocks.expect_columns(columns);
            for start in [0, 5, BLOCK_BYTES - 1, 2 * BLOCK_BYTES, bytes.len() - 3] {
                for length in [0, 1, 3, BLOCK_BYTES, 2 * BLOCK_BYTES + 1] {
                    let own = blocks.get_bytes(start as u64, length);
                    match bytes.get(start..start + length) {
                        Some(expected) => assert_eq!(own.unwrap(), expected),
                        None => assert!(own.is_err()),
                    }
                }
                let mut rest = Vec::new();
                blocks.get_read(start as u64).unwrap().read_to_end(&mut rest).unwrap();
                assert_eq!(rest, bytes[start..]);
            }
        }
        assert!(blocks.get_read(bytes.len() as u64).is_ok());
        assert!(blocks.get_bytes(bytes.len() as u64, 1).is_err());
    }

    #[test]
    fn no_more_blocks_are_kept_than_there_are_columns() {
        let (blocks, bytes) = file(5 * BLOCK_BYTES);
        blocks.expect_columns(2);
        for start in (0..bytes.len()).step_by(BLOCK_BYTES) {
            blocks.get_bytes(start as u64, 10).unwrap();
        }
        assert_eq!(blocks.with_state(|state| state.blocks.len()), 2);
    }
}
