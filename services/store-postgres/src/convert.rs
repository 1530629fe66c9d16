//! Between the program's types and the columns.

use std::fmt::Display;

use accord_domain::ItemId;
use accord_store::{MAXIMUM_PAGE_SIZE, Page, PageRequest, StoreError, StoreResult};
use serde::Serialize;
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, IntoDeserializer};
use uuid::Uuid;

/// Where a stored value stands, for the message when it cannot be understood.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) table: &'static str,
    pub(crate) column: &'static str,
}

impl Place {
    pub(crate) const fn new(table: &'static str, column: &'static str) -> Self {
        Self { table, column }
    }

    pub(crate) fn corrupt(self, row: impl Display, problem: impl Display) -> StoreError {
        StoreError::Corrupt {
            table: self.table,
            column: self.column,
            row: row.to_string(),
            problem: problem.to_string(),
        }
    }

    /// Reads a JSON column.
    pub(crate) fn read_json<T: DeserializeOwned>(self, row: impl Display, text: &str) -> StoreResult<T> {
        serde_json::from_str(text).map_err(|error| self.corrupt(row, error))
    }

    /// Reads a column that holds the word of an enumeration or a checked name.
    pub(crate) fn read_word<T: DeserializeOwned>(self, row: impl Display, text: &str) -> StoreResult<T> {
        let deserializer: StrDeserializer<'_, serde::de::value::Error> = text.into_deserializer();
        T::deserialize(deserializer).map_err(|error| self.corrupt(row, error))
    }
}

/// Writes a JSON column.
pub(crate) fn write_json<T: Serialize>(what: &'static str, value: &T) -> StoreResult<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Invalid {
        what,
        problem: error.to_string(),
    })
}

/// The most items about which one call asks.
const MAXIMUM_ITEMS_OF_A_CALL: usize = 1000;

/// The identifiers of the items that a call asks about.
pub(crate) fn asked_items(ids: &[ItemId]) -> StoreResult<Vec<Uuid>> {
    if ids.len() > MAXIMUM_ITEMS_OF_A_CALL {
        return Err(StoreError::Invalid {
            what: "list of items",
            problem: format!(
                "it names {} items, at most {MAXIMUM_ITEMS_OF_A_CALL} may be asked for at once",
                ids.len()
            ),
        });
    }
    Ok(ids.iter().map(ItemId::as_uuid).collect())
}

/// Whether a text can be in the database at all. It cannot with a NUL character, which the server would refuse even in a
/// search, and with that the whole transaction.
pub(crate) fn may_be_stored(text: &str) -> bool {
    !text.contains('\0')
}

/// The identifier after which a page starts; the nil UUID sorts before all others.
pub(crate) fn start_of(page: PageRequest) -> Uuid {
    page.after.unwrap_or(Uuid::nil())
}

/// How many rows to fetch for a page: one more than wanted tells whether there is a next page.
pub(crate) fn fetch_limit(page: PageRequest) -> i64 {
    i64::from(page.limit.clamp(1, MAXIMUM_PAGE_SIZE)) + 1
}

/// Makes a page of the rows fetched with [`fetch_limit`].
pub(crate) fn page_of<T>(mut rows: Vec<T>, page: PageRequest, identifier: impl Fn(&T) -> Uuid) -> Page<T> {
    let limit = page.limit.clamp(1, MAXIMUM_PAGE_SIZE) as usize;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = if more { rows.last().map(identifier) } else { None };
    Page { rows, next }
}

/// Reads every row, or says which one cannot be understood.
pub(crate) fn read_all<R, T>(rows: Vec<R>, read: impl Fn(R) -> StoreResult<T>) -> StoreResult<Vec<T>> {
    rows.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use accord_domain::{FieldName, ItemState};

    #[test]
    fn reads_words_and_refuses_others() {
        let place = Place::new("items", "state");
        assert_eq!(
            place.read_word::<ItemState>("x", "needs_review").unwrap(),
            ItemState::NeedsReview
        );
        let error = place.read_word::<ItemState>("x", "lost").unwrap_err().to_string();
        assert!(error.contains("items.state of row x"), "{error}");
        assert!(place.read_word::<FieldName>("x", "gross_total").is_ok());
        assert!(place.read_word::<FieldName>("x", "Gross total").is_err());
    }

    #[test]
    fn pages_know_whether_there_is_more() {
        let rows: Vec<Uuid> = (1..=3).map(Uuid::from_u128).collect();
        let page = PageRequest::first(2);
        assert_eq!(fetch_limit(page), 3);
        let full = page_of(rows.clone(), page, |row| *row);
        assert_eq!((full.rows.len(), full.next), (2, Some(Uuid::from_u128(2))));
        let last = page_of(rows, PageRequest::first(3), |row| *row);
        assert_eq!((last.rows.len(), last.next), (3, None));
    }
}
