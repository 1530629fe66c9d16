//! The content of items: the file as it came, or the data of the line.

use accord_domain::{Item, ItemContent};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::access::{ItemFor, ViewContent};
use crate::extract::ApiJson;
use crate::problem::Problem;
use crate::state::AppState;

/// Files of these types are shown in the page; all others are only offered for saving.
const SHOWN_TYPES: [&str; 3] = ["application/pdf", "image/png", "image/jpeg"];

/// What a file may do when it is opened by itself: nothing. Browsers do not show PDF files in a sandbox, but the viewer
/// itself runs no script of the file in this site's name.
const FILE_POLICY: &str = "default-src 'none'; frame-ancestors 'self'; sandbox";
const PDF_POLICY: &str = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'";

/// Sends the content of an item.
///
/// A file comes as it was imported, with its media type; the data of a line comes as JSON.
#[utoipa::path(
    get,
    path = "/api/v1/projects/{project}/items/{item}/content",
    operation_id = "read_content",
    tag = "items",
    params(
        ("project" = String, Path, description = "Identifier or name of the project"),
        ("item" = String, Path, description = "Identifier of the item", format = Uuid),
    ),
    security(("bearer" = ["read-data"]), ("bearer" = ["annotate"]), ("session" = [])),
    responses(
        (status = 200, description = "The file or the data", content_type = "application/octet-stream"),
        (status = 304, description = "The client has it already (`If-None-Match`)"),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn read(
    State(state): State<AppState>,
    access: ItemFor<ViewContent>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let tag = format!("\"{}\"", access.item.content_hash);
    if headers.get(IF_NONE_MATCH).is_some_and(|given| given == tag.as_str()) {
        return Ok(StatusCode::NOT_MODIFIED.into_response());
    }
    let mut response = match &access.item.content {
        ItemContent::Inline { data } => ApiJson(data).into_response(),
        ItemContent::File {
            media_type, file_name, ..
        } => file(&state, &access.item, media_type, file_name).await?,
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, max-age=3600"));
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(ETAG, tag);
    }
    Ok(response)
}

async fn file(state: &AppState, item: &Item, media_type: &str, file_name: &str) -> Result<Response, Problem> {
    let bytes = state.blobs.get(&item.content_hash).await?;
    let bytes = bytes.ok_or_else(|| Problem::not_found("file of item", item.id))?;
    let shown = SHOWN_TYPES.contains(&media_type);
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    let media_type_header = if shown { media_type } else { "application/octet-stream" };
    if let Ok(value) = HeaderValue::from_str(media_type_header) {
        headers.insert(CONTENT_TYPE, value);
    }
    let policy = if media_type == "application/pdf" {
        PDF_POLICY
    } else {
        FILE_POLICY
    };
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    if let Ok(value) = HeaderValue::try_from(disposition(shown, file_name)) {
        headers.insert(CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// The file's name in the form of RFC 6266: every byte that is not plain is percent-encoded, so that no name can break
/// out of the header.
fn disposition(shown: bool, file_name: &str) -> String {
    let kind = if shown { "inline" } else { "attachment" };
    let encoded: String = file_name
        .bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_') {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect();
    format!("{kind}; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_stays_inside_the_header() {
        let header = disposition(false, "a\"; filename=\"evil.html\r\nSet-Cookie: x=ü");
        assert_eq!(
            header,
            "attachment; filename*=UTF-8''a%22%3B%20filename%3D%22evil.html%0D%0ASet-Cookie%3A%20x%3D%C3%BC"
        );
    }
}
