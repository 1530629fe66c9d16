//! A person with a browser that runs no scripts.

use axum::body::Body;
use axum::http::header::{ACCEPT, CONTENT_TYPE, REFERER};
use axum::http::{Method, StatusCode};

use crate::house::{House, Reply, request};

/// A browser with a session, or without one.
pub(super) struct Browser<'a> {
    pub(super) house: &'a House,
    pub(super) cookie: String,
}

impl<'a> Browser<'a> {
    pub(super) async fn of(house: &'a House, name: &str) -> Self {
        Self {
            house,
            cookie: house.session(name).await,
        }
    }

    pub(super) fn stranger(house: &'a House) -> Self {
        Self {
            house,
            cookie: String::new(),
        }
    }

    pub(super) async fn get(&self, path: &str) -> Reply {
        let mut request = request(Method::GET, path, &self.cookie, Body::empty());
        request.headers_mut().insert(ACCEPT, "text/html".parse().unwrap());
        self.house.send(request).await
    }

    /// The page at this address, which must be there.
    #[track_caller]
    pub(super) fn page(&self, path: &str) -> impl Future<Output = String> {
        let place = std::panic::Location::caller();
        async move {
            let reply = self.get(path).await;
            assert_eq!(reply.status, StatusCode::OK, "{place}: {path}: {}", reply.text());
            assert!(reply.header("content-type").starts_with("text/html"));
            reply.text()
        }
    }

    pub(super) async fn post(&self, path: &str, inputs: &[(&str, &str)]) -> Reply {
        let mut request = request(Method::POST, path, &self.cookie, Body::from(encode(inputs)));
        let headers = request.headers_mut();
        headers.insert(ACCEPT, "text/html".parse().unwrap());
        headers.insert(CONTENT_TYPE, "application/x-www-form-urlencoded".parse().unwrap());
        headers.insert(REFERER, format!("http://localhost{path}").parse().unwrap());
        self.house.send(request).await
    }

    /// Posts the hidden inputs of a page's form with these beside them.
    pub(super) async fn submit(&self, path: &str, page: &str, inputs: &[(&str, &str)]) -> Reply {
        let hidden: Vec<(String, String)> = ["form_token", "task", "token", "opened"]
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), hidden(page, name)?)))
            .collect();
        let mut all: Vec<(&str, &str)> = hidden
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        all.extend_from_slice(inputs);
        self.post(path, &all).await
    }
}

/// The value of the last hidden input of this name: the first `form_token` is that of the log-out button.
pub(super) fn hidden(page: &str, name: &str) -> Option<String> {
    let start = format!("<input type=\"hidden\" name=\"{name}\" value=\"");
    let (_, rest) = page.rsplit_once(&start)?;
    Some(rest.split_once('"')?.0.to_owned())
}

/// The value of an attribute of the element with this identifier.
pub(super) fn attribute(page: &str, id: &str, name: &str) -> Option<String> {
    let (before, after) = page.split_once(&format!("id=\"{id}\""))?;
    let tag = format!("{}{}", before.rsplit_once('<')?.1, after.split_once('>')?.0);
    let (_, value) = tag.split_once(&format!("{name}=\""))?;
    Some(value.split_once('"')?.0.to_owned())
}

fn encode(inputs: &[(&str, &str)]) -> String {
    let part = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
                _ => format!("%{byte:02X}"),
            })
            .collect()
    };
    let pairs: Vec<String> = inputs
        .iter()
        .map(|(name, value)| format!("{}={}", part(name), part(value)))
        .collect();
    pairs.join("&")
}
