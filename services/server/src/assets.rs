//! What browsers load, embedded: styles, modules, the PDF library; and the templates of the pages.
//!
//! The address of a file holds a hash over all files, so that browsers may keep each for good.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};
use tower_http::compression::CompressionLayer;

use crate::problem::Problem;
use crate::state::AppState;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct BuiltFiles;

/// The templates of the pages.
#[derive(RustEmbed)]
#[folder = "../../web/templates"]
pub(crate) struct Templates;

/// How many digits of the hash are in an address.
const VERSION_DIGITS: usize = 16;

/// The decoders of scanned pages inside the PDF worker are WebAssembly, which no other script here may run.
const WORKER_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";
const WORKER: &str = "pdfjs/pdf.worker.min.mjs";

static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut names: Vec<_> = BuiltFiles::iter().collect();
    names.sort_unstable();
    let mut hash = Sha256::new();
    for name in names {
        hash.update(name.as_bytes());
        if let Some(file) = BuiltFiles::get(&name) {
            hash.update(file.metadata.sha256_hash());
        }
    }
    let mut digits = hex::encode(hash.finalize());
    digits.truncate(VERSION_DIGITS);
    digits
});

/// The beginning of the addresses of all files, without a slash at the end.
pub(crate) fn address() -> String {
    format!("/assets/{}", *VERSION)
}

/// The addresses of the files.
pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/assets/{version}/{*path}", get(serve))
        .layer(CompressionLayer::new())
}

async fn serve(Path((version, path)): Path<(String, String)>, headers: HeaderMap) -> Result<Response, Problem> {
    let file = BuiltFiles::get(&path).ok_or_else(|| Problem::not_found("file", &path))?;
    let tag = format!("\"{}\"", hex::encode(file.metadata.sha256_hash()));
    let mut response = if headers.get(IF_NONE_MATCH).is_some_and(|known| known == tag.as_str()) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        file.data.into_owned().into_response()
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type(&path)));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching(&version)));
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(ETAG, tag);
    }
    if path == WORKER {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(WORKER_POLICY));
    }
    Ok(response)
}

/// A page that was loaded before an update asks for the old version and gets the present file, which it must not keep.
fn caching(version: &str) -> &'static str {
    if version == *VERSION {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    }
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "wasm" => "application/wasm",
        _ => "text/plain; charset=utf-8",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn get_file(version: &str, path: &str, tag: Option<&str>) -> Result<Response, Problem> {
        let mut headers = HeaderMap::new();
        if let Some(tag) = tag {
            headers.insert(IF_NONE_MATCH, HeaderValue::from_str(tag).unwrap());
        }
        serve(Path((version.to_owned(), path.to_owned())), headers).await
    }

    #[tokio::test]
    async fn files_of_this_version_may_be_kept_for_good() {
        let response = get_file(&VERSION, "accord.css", None).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[CONTENT_TYPE], "text/css; charset=utf-8");
        assert_eq!(response.headers()[CACHE_CONTROL], "public, max-age=31536000, immutable");
        let tag = response.headers()[ETAG].to_str().unwrap().to_owned();
        let again = get_file(&VERSION, "accord.css", Some(&tag)).await.unwrap();
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    }

    #[tokio::test]
    async fn files_of_another_version_must_be_asked_for_again() {
        let response = get_file("0123456789abcdef", "modules/main.js", None).await.unwrap();
        assert_eq!(response.headers()[CACHE_CONTROL], "no-cache");
    }

    #[tokio::test]
    async fn nothing_else_is_served() {
        for path in ["../Cargo.toml", "accord.css.map", ""] {
            assert!(get_file(&VERSION, path, None).await.is_err(), "{path}");
        }
    }
}
