//! Reading rows: what cannot be understood is an error that names table, column and row.

use std::fmt::Display;
use std::str::FromStr;

use accord_domain::Timestamp;
use accord_store::{StoreError, StoreResult};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{Decode, Row, Type};
use uuid::Uuid;

/// A row with the name of its table.
pub(crate) struct Reader<'a> {
    table: &'static str,
    row: &'a SqliteRow,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(table: &'static str, row: &'a SqliteRow) -> Self {
        Self { table, row }
    }

    /// The value of a column.
    pub(crate) fn get<T>(&self, column: &'static str) -> StoreResult<T>
    where
        T: Decode<'a, Sqlite> + Type<Sqlite>,
    {
        self.row.try_get(column).map_err(|error| self.corrupt(column, error))
    }

    /// A moment.
    pub(crate) fn moment(&self, column: &'static str) -> StoreResult<Timestamp> {
        self.get(column).map(Timestamp::from_microseconds)
    }

    /// A moment that may be missing.
    pub(crate) fn optional_moment(&self, column: &'static str) -> StoreResult<Option<Timestamp>> {
        let microseconds: Option<i64> = self.get(column)?;
        Ok(microseconds.map(Timestamp::from_microseconds))
    }

    /// An identifier that may be missing.
    pub(crate) fn optional_id<T>(&self, column: &'static str, wrap: fn(Uuid) -> T) -> StoreResult<Option<T>> {
        let id: Option<Uuid> = self.get(column)?;
        Ok(id.map(wrap))
    }

    /// A word of the domain.
    pub(crate) fn word<T>(&self, column: &'static str) -> StoreResult<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        let word: &str = self.get(column)?;
        word.parse().map_err(|error| self.corrupt(column, error))
    }

    /// A value kept as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self, column: &'static str) -> StoreResult<T> {
        let text: &str = self.get(column)?;
        serde_json::from_str(text).map_err(|error| self.corrupt(column, error))
    }

    pub(crate) fn corrupt(&self, column: &'static str, problem: impl Display) -> StoreError {
        let id = self.row.try_get::<Uuid, _>("id");
        StoreError::Corrupt {
            table: self.table,
            column,
            row: id.map_or_else(|_| "unknown".to_owned(), |id| id.to_string()),
            problem: problem.to_string(),
        }
    }
}

/// A value as JSON text.
pub(crate) fn to_json<T: Serialize>(what: &'static str, value: &T) -> StoreResult<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Invalid {
        what,
        problem: error.to_string(),
    })
}
