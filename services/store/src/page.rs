//! Keyset pages: stable under inserts, equally fast at any depth.

use uuid::Uuid;

/// The most rows of one page.
pub const MAXIMUM_PAGE_SIZE: u32 = 1000;

/// Which page is wanted. Rows are ordered by identifier, and so by time of creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// Only rows whose identifier sorts after this one.
    pub after: Option<Uuid>,
    /// The most rows, 1 to [`MAXIMUM_PAGE_SIZE`].
    pub limit: u32,
}

impl PageRequest {
    /// The first page of at most `limit` rows.
    #[must_use]
    pub fn first(limit: u32) -> Self {
        Self {
            after: None,
            limit: limit.clamp(1, MAXIMUM_PAGE_SIZE),
        }
    }

    /// The page that follows the row with this identifier.
    #[must_use]
    pub const fn after(self, last: Uuid) -> Self {
        Self {
            after: Some(last),
            limit: self.limit,
        }
    }
}

/// One page of rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Ask for the page after this identifier to go on; none on the last page.
    pub next: Option<Uuid>,
}
