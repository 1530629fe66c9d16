//! What can go wrong with persistence, by what the caller can do about it.

use accord_domain::TaskId;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A uniqueness rule forbids the write: the thing exists already.
    #[error("{what} `{name}` exists already")]
    Conflict {
        /// What kind of thing, such as `project`.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// Something that the write refers to is not there, or was changed by somebody else in the meantime.
    #[error("{what} `{name}` does not exist or was changed in the meantime: read it again and repeat")]
    Missing {
        /// What kind of thing.
        what: &'static str,
        /// Its name or identifier.
        name: String,
    },
    /// A value cannot be kept as it is.
    #[error("{what} cannot be kept: {problem}")]
    Invalid {
        /// What kind of value, such as `external identifier`.
        what: &'static str,
        /// What is wrong and what was expected.
        problem: String,
    },
    /// The lease on a task has ended or was taken over: the work must be dropped.
    #[error("the lease on task {task} is no longer held: somebody else may be working on it")]
    StaleLease {
        /// The task.
        task: TaskId,
    },
    /// A stored value cannot be understood.
    #[error("stored data is corrupt: {table}.{column} of row {row}: {problem}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's key.
        row: String,
        /// What is wrong.
        problem: String,
    },
    /// The database cannot be reached or did not answer in time; trying again later may help.
    #[error("the database is not available: {problem}")]
    Unavailable {
        /// What the driver said, without secrets.
        problem: String,
    },
    /// A blob could not be written or read.
    #[error("blob {hash}: {problem}")]
    Blob {
        /// Content hash of the blob.
        hash: String,
        /// What is wrong.
        problem: String,
    },
    /// Any other failure of the database.
    #[error("the database refused: {problem}")]
    Database {
        /// What the driver said.
        problem: String,
    },
}

/// The result of an operation on the store.
pub type StoreResult<T> = Result<T, StoreError>;
