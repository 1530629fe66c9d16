//! From the driver's errors to the store's.

use accord_store::StoreError;
use sqlx::Error;
use sqlx::error::{DatabaseError, ErrorKind};

/// Primary result codes of SQLite that trying again later may cure: busy, locked, disk input/output, disk full, cannot
/// open. <https://www.sqlite.org/rescode.html>
const PASSING_CODES: [i64; 5] = [5, 6, 10, 13, 14];

/// What a failed statement means to the caller.
pub(crate) fn failed(error: Error) -> StoreError {
    match error {
        Error::Database(refusal) => refused(refusal.as_ref()),
        Error::PoolTimedOut | Error::PoolClosed | Error::WorkerCrashed | Error::Io(_) => StoreError::Unavailable {
            problem: error.to_string(),
        },
        other => StoreError::Database {
            problem: other.to_string(),
        },
    }
}

/// Like [`failed`], but a uniqueness rule that forbids the write is a conflict over the thing of this name.
pub(crate) fn conflict(error: Error, what: &'static str, name: &str) -> StoreError {
    match error {
        Error::Database(refusal) if refusal.kind() == ErrorKind::UniqueViolation => StoreError::Conflict {
            what,
            name: name.to_owned(),
        },
        other => failed(other),
    }
}

fn refused(refusal: &dyn DatabaseError) -> StoreError {
    let problem = refusal.message().to_owned();
    let code = refusal.code().and_then(|code| code.parse::<i64>().ok());
    if refusal.kind() == ErrorKind::ForeignKeyViolation {
        StoreError::Missing {
            what: "row that the write refers to",
            name: problem,
        }
    } else if code.is_some_and(|code| PASSING_CODES.contains(&(code & 0xff))) {
        StoreError::Unavailable { problem }
    } else {
        StoreError::Database { problem }
    }
}
