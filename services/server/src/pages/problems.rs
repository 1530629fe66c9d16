//! Problems as pages, for whoever asks with a browser.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{ACCEPT, REFERER, RETRY_AFTER};
use http::{HeaderMap, Method, Uri};
use serde::Serialize;

use crate::pages::render::{Frame, page_with_status, percent_encode};
use crate::problem::{Problem, ProblemKind};

/// What the page of a problem shows.
#[derive(Debug, Serialize)]
struct ProblemShown {
    status: u16,
    title: &'static str,
    detail: String,
    advice: &'static str,
}

/// Shows a problem as a page when a browser asked for one; who is not logged in is sent to the login and back.
pub(crate) async fn show_problems_as_pages(request: Request, next: Next) -> Response {
    let wants_page = wants_page(request.headers(), request.uri().path());
    let way_back = way_back(request.method(), request.uri(), request.headers());
    let response = next.run(request).await;
    if !wants_page {
        return response;
    }
    let Some(problem) = response.extensions().get::<Problem>().cloned() else {
        return response;
    };
    if problem.kind() == ProblemKind::Unauthenticated {
        return Redirect::to(&login_address(&way_back)).into_response();
    }
    let shown = ProblemShown {
        status: problem.status,
        title: title(problem.kind()),
        detail: problem.detail.clone().unwrap_or_default(),
        advice: advice(problem.kind()),
    };
    match page_with_status(problem.status_code(), "problem.html", &Frame::anonymous(), &shown) {
        Ok(mut page) => {
            if let Some(pause) = response.headers().get(RETRY_AFTER) {
                page.headers_mut().insert(RETRY_AFTER, pause.clone());
            }
            page
        }
        Err(_) => response,
    }
}

fn wants_page(headers: &HeaderMap, path: &str) -> bool {
    let accepts_pages = headers
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("text/html"));
    let is_of_machines = ["/api/", "/assets/", "/healthz", "/readyz", "/metrics"]
        .iter()
        .any(|start| path.starts_with(start));
    accepts_pages && !is_of_machines
}

/// Where to go after the login: the page that was asked for, or the one that a form was on.
fn way_back(method: &Method, uri: &Uri, headers: &HeaderMap) -> String {
    if method == Method::GET || method == Method::HEAD {
        return uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    }
    headers
        .get(REFERER)
        .and_then(|value| value.to_str().ok())
        .and_then(|referer| referer.parse::<Uri>().ok())
        .map_or_else(|| "/".to_owned(), |referer| referer.path().to_owned())
}

/// The address of the login that leads back to this page.
pub(super) fn login_address(way_back: &str) -> String {
    if way_back == "/" || !is_own_address(way_back) {
        return "/login".to_owned();
    }
    format!("/login?next={}", percent_encode(way_back))
}

/// Whether an address leads to a page of this server whatever a browser makes of it.
pub(super) fn is_own_address(address: &str) -> bool {
    address.starts_with('/')
        && !address.starts_with("//")
        && !address.contains('\\')
        && !address.chars().any(char::is_control)
}

const fn title(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::Forbidden => "This account may not do that",
        ProblemKind::NotFound => "There is nothing here",
        ProblemKind::Conflict | ProblemKind::PreconditionFailed => "Somebody was faster",
        ProblemKind::Invalid | ProblemKind::Malformed => "This cannot be accepted",
        ProblemKind::Unavailable | ProblemKind::Timeout => "Not available at the moment",
        ProblemKind::TooManyRequests => "Too many attempts",
        ProblemKind::Internal => "The server failed",
        other => other.title(),
    }
}

const fn advice(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::Forbidden => {
            "Ask an administrator for the role that is named here, or log in with another account."
        }
        ProblemKind::NotFound => "Check the address, or find what you look for from the list of projects.",
        ProblemKind::Conflict | ProblemKind::PreconditionFailed => {
            "Go back, load the page again and look at how things are now."
        }
        ProblemKind::Invalid | ProblemKind::Malformed => "Go back and correct it; what you typed is still there.",
        ProblemKind::Unavailable | ProblemKind::Timeout | ProblemKind::TooManyRequests => {
            "Wait a moment and try again."
        }
        _ => "Try again. If it stays like this, tell the operator of this server when it happened.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_addresses_are_gone_back_to() {
        for own in ["/", "/projects/a?state=pending"] {
            assert!(is_own_address(own), "{own}");
        }
        for other in [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "javascript:alert(1)",
            "",
            "/a\nb",
        ] {
            assert!(!is_own_address(other), "{other}");
        }
    }

    #[test]
    fn the_way_back_is_encoded() {
        assert_eq!(
            login_address("/projects/a?state=pending&x=1"),
            "/login?next=/projects/a%3Fstate%3Dpending%26x%3D1"
        );
        assert_eq!(login_address("//evil.example"), "/login");
    }
}
