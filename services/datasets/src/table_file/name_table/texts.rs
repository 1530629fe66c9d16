//! Names that are texts.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::{MAXIMUM_NAME_BYTES, MAXIMUM_NAMES, NameProblem};

/// Texts in the order in which they first came, one behind the other.
#[derive(Debug, Clone, Default)]
pub(super) struct TextNames {
    texts: String,
    ends: Vec<u32>,
    index: HashTable<u32>,
    state: RandomState,
    /// The name that came last; the next one is often the same.
    last: u32,
}

impl TextNames {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, id: u32) -> Option<&str> {
        let (start, end) = extent(&self.ends, id)?;
        self.texts.get(start..end)
    }

    pub(super) fn position(&self, bytes: &[u8]) -> Option<u32> {
        let hash = self.state.hash_one(bytes);
        let found = self
            .index
            .find(hash, |id| bytes_of(&self.texts, &self.ends, *id) == bytes);
        found.copied()
    }

    pub(super) fn intern(&mut self, bytes: &[u8]) -> Result<u32, NameProblem> {
        if bytes_of(&self.texts, &self.ends, self.last) == bytes && !bytes.is_empty() {
            return Ok(self.last);
        }
        if let Some(id) = self.position(bytes) {
            self.last = id;
            return Ok(id);
        }
        self.add(bytes)
    }

    fn add(&mut self, bytes: &[u8]) -> Result<u32, NameProblem> {
        if bytes.is_empty() {
            return Err(NameProblem::Empty);
        }
        if bytes.len() > MAXIMUM_NAME_BYTES {
            return Err(NameProblem::TooLong);
        }
        let text = str::from_utf8(bytes).map_err(|_| NameProblem::NotUtf8)?;
        let end = u32::try_from(self.texts.len() + text.len()).map_err(|_| NameProblem::TooMany)?;
        if self.ends.len() >= MAXIMUM_NAMES {
            return Err(NameProblem::TooMany);
        }
        let id = u32::try_from(self.ends.len()).map_err(|_| NameProblem::TooMany)?;
        self.texts.push_str(text);
        self.ends.push(end);
        let (texts, ends, state) = (&self.texts, &self.ends, &self.state);
        self.index.insert_unique(state.hash_one(bytes), id, |id| {
            state.hash_one(bytes_of(texts, ends, *id))
        });
        self.last = id;
        Ok(id)
    }
}

fn extent(ends: &[u32], id: u32) -> Option<(usize, usize)> {
    let position = id as usize;
    let end = *ends.get(position)? as usize;
    let start = match position.checked_sub(1) {
        None => 0,
        Some(before) => *ends.get(before)? as usize,
    };
    Some((start, end))
}

fn bytes_of<'a>(texts: &'a str, ends: &[u32], id: u32) -> &'a [u8] {
    extent(ends, id)
        .and_then(|(start, end)| texts.as_bytes().get(start..end))
        .unwrap_or_default()
}
