//! Candidates: every place of a document that could be the value of a field, by the form of the text alone.

pub(crate) mod amounts;
pub(crate) mod codes;
mod currency_marks;
pub(crate) mod dates;
pub(crate) mod months;
mod notation;

/// A place in a document: a byte range of the text of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    /// The place of the segment in the view.
    pub(crate) segment: usize,
    /// Byte offset of the first character.
    pub(crate) start: usize,
    /// Byte offset behind the last character.
    pub(crate) end: usize,
}

impl Span {
    /// Whether the two places share a character.
    pub(crate) const fn overlaps(&self, other: &Self) -> bool {
        self.segment == other.segment && self.start < other.end && other.start < self.end
    }
}
