//! Keyset pages.

use accord_store::{MAXIMUM_PAGE_SIZE, Page, PageRequest, StoreResult};
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{QueryBuilder, SqliteConnection};
use uuid::Uuid;

use crate::failure::failed;

/// Ends a query with the condition, order and limit of a page by the identifier in `column`, and runs it. The query
/// must end in a condition already.
pub(crate) async fn fetch_page<T>(
    connection: &mut SqliteConnection,
    mut query: QueryBuilder<Sqlite>,
    column: &'static str,
    request: PageRequest,
    read: fn(&SqliteRow) -> StoreResult<T>,
    id: fn(&T) -> Uuid,
) -> StoreResult<Page<T>> {
    let limit = request.limit.clamp(1, MAXIMUM_PAGE_SIZE) as usize;
    if let Some(after) = request.after {
        query.push(" AND ").push(column).push(" > ").push_bind(after);
    }
    query.push(" ORDER BY ").push(column).push(" LIMIT ");
    query.push_bind(i64::from(request.limit.clamp(1, MAXIMUM_PAGE_SIZE)) + 1);
    let found = query.build().fetch_all(connection).await.map_err(failed)?;
    let rows: Vec<T> = found.iter().take(limit).map(read).collect::<StoreResult<_>>()?;
    let next = (found.len() > limit).then(|| rows.last().map(id)).flatten();
    Ok(Page { rows, next })
}
