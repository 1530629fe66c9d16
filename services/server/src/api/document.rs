//! The OpenAPI document.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{Components, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Paths};

use crate::access::SESSION_COOKIE;

const DESCRIPTION: &str = "\
Documents and other items in; field values and labels with calibrated confidence and a decision out.\n\n\
**Credentials.** Send a token as `Authorization: Bearer accord_…`; make one with `accord token create` or `POST \
/api/v1/tokens`. Scopes: `admin` (everything), `annotate` (tasks and submissions), `read-data` (items, votes, \
consensus, gold, figures, exports), `extract` (documents in, scored fields out). A token may be bound to one project. \
The session of a logged-in person works too: reviewers may read, administrators may do everything.\n\n\
**Pages.** Lists take `limit` (1 to 1000) and `after`. The answer holds `rows` and `next`, and the header `Link` leads \
to the next page.\n\n\
**Errors.** Every error is `application/problem+json` (RFC 9457) with `type`, `title`, `status`, `detail`, `instance`, \
`request_id`, and `errors` with field and line. The kinds are described under `/api/docs/problems`.";

const TAGS: [(&str, &str); 10] = [
    ("extractions", "One document in, its scored fields out."),
    ("projects", "Fields, annotators and policy; progress and agreement."),
    ("items", "What is annotated: import, state and content."),
    ("annotations", "What annotators submitted, and who they are."),
    (
        "consensus",
        "What the votes come to: winner, shares, confidence and decision.",
    ),
    ("gold", "Trusted values, and the calibrators fitted on them."),
    ("tasks", "The queue, and what people do with tasks."),
    (
        "runs",
        "Items asked of a panel of models: progress, costs, pause and resume.",
    ),
    ("exports", "Votes and consensus as files."),
    ("access", "Accounts and tokens."),
];

/// The document without its addresses.
pub(super) fn frame() -> OpenApi {
    let mut components = Components::new();
    components.add_security_scheme(
        "bearer",
        SecurityScheme::Http(
            HttpBuilder::new()
                .scheme(HttpAuthScheme::Bearer)
                .description(Some("A token; the operation names the scope that it needs."))
                .build(),
        ),
    );
    components.add_security_scheme(
        "session",
        SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
            SESSION_COOKIE,
            "The session of a person who is logged in.",
        ))),
    );
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Accord")
                .version("1")
                .description(Some(DESCRIPTION))
                .license(Some(
                    LicenseBuilder::new()
                        .name("Apache-2.0")
                        .identifier(Some("Apache-2.0"))
                        .build(),
                ))
                .build(),
        )
        .paths(Paths::new())
        .components(Some(components))
        .tags(Some(TAGS.map(|(name, description)| {
            TagBuilder::new().name(name).description(Some(description)).build()
        })))
        .build()
}

/// Serves the document.
pub(super) async fn serve() -> Response {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| super::openapi().to_json().unwrap_or_default());
    let mut response = DOCUMENT.as_str().into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
