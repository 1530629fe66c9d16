//! The documentation of the API as pages, made from the OpenAPI document. No script, nothing from elsewhere.

mod html;
mod operations;
mod schemas;

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::problem::ProblemKind;

use html::{escape, inline, page};

const STYLE: &str = include_str!("style.css");

/// All operations and schemas.
pub(super) async fn operations() -> Response {
    static PAGE: LazyLock<String> = LazyLock::new(|| {
        let document = serde_json::to_value(super::openapi()).unwrap_or_default();
        let body = format!("{}{}", operations::render(&document), schemas::render(&document));
        page("Accord API", &body)
    });
    cached(PAGE.as_str(), "text/html; charset=utf-8")
}

/// All kinds of problems.
pub(super) async fn problems() -> Response {
    static PAGE: LazyLock<String> = LazyLock::new(|| {
        let rows: String = ProblemKind::ALL
            .iter()
            .map(|kind| {
                format!(
                    "<section id=\"{word}\"><h2><span class=\"status\">{status}</span> {title}</h2><p><code>{word}</code></p><p>{advice}</p></section>",
                    word = kind.word(),
                    status = kind.status().as_u16(),
                    title = escape(kind.title()),
                    advice = inline(kind.advice()),
                )
            })
            .collect();
        let body = format!(
            "<h1>Problems</h1><p>Errors are <code>application/problem+json</code> (RFC 9457). Their <code>type</code> leads here. <a href=\"/api/docs\">All operations</a></p>{rows}"
        );
        page("Accord API problems", &body)
    });
    cached(PAGE.as_str(), "text/html; charset=utf-8")
}

/// The style sheet of both.
pub(super) async fn style() -> Response {
    cached(STYLE, "text/css; charset=utf-8")
}

fn cached(body: &'static str, media_type: &'static str) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
