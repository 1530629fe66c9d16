//! Pieces of SQL that several statements share, as macros so that statements stay constants.

/// The present moment by the database's clock, in microseconds since 1970, to the millisecond.
macro_rules! now {
    () => {
        "CAST(ROUND(unixepoch('subsec') * 1000) AS INTEGER) * 1000"
    };
}

/// The columns of a task.
macro_rules! task_columns {
    () => {
        "id, project_id, item_id, kind, annotator_id, run_id, slot, state, priority, attempts, uncounted, ready_at, user_id, \
         lease_until, last_error, created_at"
    };
}

/// The token of a new lease.
macro_rules! new_token {
    () => {
        "lower(hex(randomblob(16)))"
    };
}

pub(crate) use {new_token, now, task_columns};
