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

/// The most rows of one statement.
const ROWS_AT_ONCE: usize = 128;

/// Rows in parts whose lengths are powers of two, so that few statements have to be prepared for lists of any length, and
/// each of them once.
pub(crate) fn in_parts<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let length = 1 << rest.len().min(ROWS_AT_ONCE).checked_ilog2()?;
        let (part, others) = rest.split_at(length);
        rest = others;
        Some(part)
    })
}

#[cfg(test)]
mod tests {
    use super::in_parts;

    #[test]
    fn parts_are_powers_of_two_and_hold_everything_once() {
        for length in [0, 1, 5, 77, 128, 300] {
            let rows: Vec<usize> = (0..length).collect();
            let parts: Vec<&[usize]> = in_parts(&rows).collect();
            assert!(
                parts
                    .iter()
                    .all(|part| part.len().is_power_of_two() && part.len() <= 128)
            );
            assert_eq!(parts.concat(), rows);
        }
    }
}
