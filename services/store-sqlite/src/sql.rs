//! Pieces of SQL that several statements share: macros, so that statements stay constants, and lists.

use accord_store::{StoreError, StoreResult};
use sqlx::query_builder::Separated;
use sqlx::sqlite::Sqlite;
use sqlx::{Encode, QueryBuilder, Type};
use uuid::Uuid;

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
pub(crate) const ROWS_AT_ONCE: usize = 256;

/// The most identifiers of one call that fetches by identifier.
const MAXIMUM_IDENTIFIERS: usize = 1000;

/// Adds `SELECT * FROM (VALUES ...)` with rows of so many columns, called `column1`, `column2` and so on, to a query; the
/// first one is never null. `bind` binds each column of a row. Rows of nulls, which are left out, fill them up to a power
/// of two, so that few statements have to be prepared for any number of rows, and each of them once. More conditions may
/// follow.
pub(crate) fn push_rows<T>(
    query: &mut QueryBuilder<Sqlite>,
    columns: usize,
    rows: impl ExactSizeIterator<Item = T>,
    mut bind: impl FnMut(&mut Separated<'_, Sqlite, &'static str>, T),
) {
    let missing = rows.len().next_power_of_two() - rows.len();
    let rows = rows.map(Some).chain(std::iter::repeat_with(|| None).take(missing));
    query.push("SELECT * FROM (");
    query.push_values(rows, |mut place, row| match row {
        Some(row) => bind(&mut place, row),
        None => {
            for _ in 0..columns {
                place.push_bind(None::<i64>);
            }
        }
    });
    query.push(") WHERE column1 IS NOT NULL");
}

/// Adds `(?, ?, ...)` with values to a query, the last one several times where they are no power of two.
pub(crate) fn push_list<'a, T>(query: &mut QueryBuilder<Sqlite>, values: impl ExactSizeIterator<Item = T>)
where
    T: Clone + Encode<'a, Sqlite> + Type<Sqlite> + 'a,
{
    let length = values.len();
    let mut last = None;
    query.push("(");
    let mut list = query.separated(", ");
    for value in values {
        list.push_bind(value.clone());
        last = Some(value);
    }
    for _ in length..length.next_power_of_two() {
        list.push_bind(last.clone());
    }
    query.push(")");
}

/// Adds `(?, ?, ...)` with identifiers to a query.
pub(crate) fn push_identifiers(
    query: &mut QueryBuilder<Sqlite>,
    ids: impl ExactSizeIterator<Item = Uuid>,
) -> StoreResult<()> {
    if ids.len() > MAXIMUM_IDENTIFIERS {
        return Err(StoreError::Invalid {
            what: "list of identifiers",
            problem: format!("it has {}, at most {MAXIMUM_IDENTIFIERS} fit in a call", ids.len()),
        });
    }
    push_list(query, ids);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::Connection;
    use sqlx::sqlite::SqliteConnection;

    /// Three rows and four are one statement, and what fills them up is not there.
    #[tokio::test]
    async fn lists_are_filled_up_to_powers_of_two() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let mut statements = Vec::new();
        for length in [3_i32, 4] {
            let mut query = QueryBuilder::new("");
            push_rows(&mut query, 2, 0..length, |place, number| {
                place.push_bind(number).push_bind(format!("text {number}"));
            });
            query.push(" AND column1 IN ");
            push_list(&mut query, 1..length);
            let found: Vec<(i32, String)> = query.build_query_as().fetch_all(&mut connection).await.unwrap();
            let expected: Vec<(i32, String)> = (1..length).map(|number| (number, format!("text {number}"))).collect();
            assert_eq!(found, expected);
            statements.push(query.into_string());
        }
        let lists: Vec<_> = statements
            .iter()
            .map(|statement| statement.split(" AND ").next())
            .collect();
        assert_eq!(lists[0], lists[1]);
    }
}
