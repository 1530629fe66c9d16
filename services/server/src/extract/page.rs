//! Keyset pages: what the query asks for and how the answer leads on.

use accord_store::{MAXIMUM_PAGE_SIZE, Page, PageRequest};
use axum::response::{IntoResponse, Response};
use http::header::LINK;
use http::{HeaderValue, Uri};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::extract::ApiJson;
use crate::problem::Problem;

/// The rows of a page when the query does not say.
const DEFAULT_PAGE_SIZE: u32 = 100;

/// Which page is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Only rows after this identifier: `next` of the page before.
    pub after: Option<Uuid>,
    /// The most rows, 1 to 1000; 100 when not given.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}

/// One page of rows. The header `Link` with `rel="next"` leads to the next one.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PageOf<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Send it as `after` to go on; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Uuid>,
}

impl PageQuery {
    /// The page as the store knows it.
    ///
    /// # Errors
    /// The limit is out of range.
    pub fn request(self) -> Result<PageRequest, Problem> {
        let limit = self.limit.unwrap_or(DEFAULT_PAGE_SIZE);
        if !(1..=MAXIMUM_PAGE_SIZE).contains(&limit) {
            return Err(Problem::invalid(
                "limit",
                format!("`limit` must lie between 1 and {MAXIMUM_PAGE_SIZE}, it is {limit}"),
            ));
        }
        Ok(PageRequest {
            after: self.after,
            limit,
        })
    }
}

/// Answers with a page whose header `Link` leads to the next one.
#[must_use]
pub fn page_response<Row, Shown: Serialize>(uri: &Uri, page: Page<Row>, show: impl FnMut(Row) -> Shown) -> Response {
    let body = PageOf {
        rows: page.rows.into_iter().map(show).collect::<Vec<Shown>>(),
        next: page.next,
    };
    let mut response = ApiJson(body).into_response();
    if let Some(link) = page.next.and_then(|next| link_to_next(uri, next)) {
        response.headers_mut().insert(LINK, link);
    }
    response
}

/// The same address and query with another `after`.
fn link_to_next(uri: &Uri, next: Uuid) -> Option<HeaderValue> {
    let kept = uri.query().unwrap_or_default().split('&');
    let mut parts: Vec<String> = kept
        .filter(|part| !part.is_empty() && !part.starts_with("after="))
        .map(str::to_owned)
        .collect();
    parts.push(format!("after={next}"));
    HeaderValue::try_from(format!("<{}?{}>; rel=\"next\"", uri.path(), parts.join("&"))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_keeps_the_filter_and_moves_on() {
        let uri = Uri::from_static("/api/v1/projects/p/items?state=pending&after=x&limit=2");
        let link = link_to_next(&uri, Uuid::nil()).unwrap();
        assert_eq!(
            link.to_str().unwrap(),
            format!(
                "</api/v1/projects/p/items?state=pending&limit=2&after={}>; rel=\"next\"",
                Uuid::nil()
            )
        );
    }

    #[test]
    fn a_limit_out_of_range_is_named() {
        let query = PageQuery {
            after: None,
            limit: Some(0),
        };
        assert_eq!(query.request().unwrap_err().errors[0].field.as_deref(), Some("limit"));
    }
}
