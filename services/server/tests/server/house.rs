//! A server with a database of its own, credentials of every sort, and a client.

use std::sync::Arc;

use accord_domain::{Project, ProjectDefinition, ProjectId, Role, Scope, Timestamp, User};
use accord_server::accounts::{self, NewToken};
use accord_server::{AppState, PasswordCost, ServerSettings, router};
use accord_store::{LocalBlobs, Store, SystemEnvironment, flow};
use accord_store_sqlite::{SqliteOptions, SqliteStore};
use axum::Router;
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

pub(crate) const PASSWORD: &str = "correct horse battery";

/// A running server.
pub(crate) struct House {
    pub(crate) state: AppState,
    router: Router,
    _folder: TempDir,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body, after checking the status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        if self.body.is_empty() { Value::Null } else { self.json() }
    }
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    pub(crate) async fn open_with(change: impl FnOnce(&mut ServerSettings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("accord.db"), SqliteOptions::default())
            .await
            .unwrap();
        store.migrate().await.unwrap();
        let mut settings = ServerSettings {
            password_cost: PasswordCost {
                memory_kibibytes: 8,
                iterations: 1,
                parallel_hashes: 2,
            },
            ..ServerSettings::default()
        };
        change(&mut settings);
        let blobs = LocalBlobs::new(&folder.path().join("blobs")).unwrap();
        let state = AppState::new(Arc::new(store), Arc::new(blobs), Arc::new(SystemEnvironment), settings).unwrap();
        Self {
            router: router(state.clone()),
            state,
            _folder: folder,
        }
    }

    /// From now on the providers of these names have batches.
    pub(crate) fn offer_batches(&mut self, providers: &[&str]) {
        let names = providers.iter().map(|name| (*name).to_owned()).collect();
        self.state = self.state.clone().with_batch_providers(names);
        self.router = router(self.state.clone());
    }

    /// A token with these scopes for all projects.
    pub(crate) async fn token(&self, scopes: &[Scope]) -> String {
        self.token_for(scopes, None, None).await
    }

    pub(crate) async fn token_for(
        &self,
        scopes: &[Scope],
        project_id: Option<ProjectId>,
        expires_at: Option<Timestamp>,
    ) -> String {
        let new = NewToken {
            name: "test".to_owned(),
            scopes: scopes.to_vec(),
            project_id,
            expires_at,
        };
        let (store, environment) = (self.state.store.as_ref(), self.state.environment.as_ref());
        let (_, secret) = accounts::create_token(store, environment, new).await.unwrap();
        secret.expose_secret().to_owned()
    }

    pub(crate) async fn user(&self, name: &str, role: Role) -> User {
        let (store, environment) = (self.state.store.as_ref(), self.state.environment.as_ref());
        let password = SecretString::from(PASSWORD);
        accounts::create_user(store, environment, &self.state.passwords, name, &password, role)
            .await
            .unwrap()
    }

    /// The cookie of a new session of this person.
    pub(crate) async fn session(&self, name: &str) -> String {
        let password = SecretString::from(PASSWORD);
        let (_, session) = accounts::log_in(&self.state, name, &password, None).await.unwrap();
        let cookie = accord_server::access::session_cookie(&self.state, &session);
        format!("{}={}", cookie.name(), cookie.value())
    }

    pub(crate) async fn project(&self, definition: Value) -> Project {
        let definition: ProjectDefinition = serde_json::from_value(definition).unwrap();
        let mut transaction = self.state.store.write().await.unwrap();
        let environment = self.state.environment.as_ref();
        let project = flow::create_project(transaction.as_mut(), environment, definition)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
        project
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Reply {
            status: parts.status,
            headers: parts.headers,
            body: body.to_vec(),
        }
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Reply {
        self.send(request(Method::GET, path, token, Body::empty())).await
    }

    pub(crate) async fn post(&self, path: &str, token: &str, body: &Value) -> Reply {
        self.post_as(path, token, "application/json", body.to_string()).await
    }

    pub(crate) async fn post_as(&self, path: &str, token: &str, media_type: &str, body: impl Into<Body>) -> Reply {
        let mut request = request(Method::POST, path, token, body.into());
        request.headers_mut().insert(CONTENT_TYPE, media_type.parse().unwrap());
        self.send(request).await
    }

    pub(crate) async fn post_files(&self, path: &str, token: &str, parts: &[(&str, Option<&str>, &[u8])]) -> Reply {
        let (media_type, body) = multipart(parts);
        self.post_as(path, token, &media_type, body).await
    }
}

/// A request with a token, or with a session when the credentials are a cookie.
pub(crate) fn request(method: Method, path: &str, credentials: &str, body: Body) -> Request<Body> {
    let builder = Request::builder().method(method).uri(path);
    let builder = if credentials.is_empty() {
        builder
    } else if credentials.contains('=') {
        builder.header(COOKIE, credentials)
    } else {
        builder.header(AUTHORIZATION, format!("Bearer {credentials}"))
    };
    builder.body(body).unwrap()
}

/// A multipart body of parts with name, file name and content.
pub(crate) fn multipart(parts: &[(&str, Option<&str>, &[u8])]) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (name, file_name, content) in parts {
        body.extend_from_slice(b"--boundary\r\n");
        let file_name = file_name.map_or_else(String::new, |name| format!("; filename=\"{name}\""));
        let disposition = format!("Content-Disposition: form-data; name=\"{name}\"{file_name}\r\n\r\n");
        body.extend_from_slice(disposition.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--boundary--\r\n");
    ("multipart/form-data; boundary=boundary".to_owned(), body)
}

/// A project in which one reader votes on a label and an amount.
pub(crate) fn machine_project(name: &str) -> Value {
    json!({
        "name": name,
        "fields": [
            { "name": "label", "type": "choice", "options": ["yes", "no"] },
            { "name": "total", "type": "decimal", "locale": "en" },
        ],
        "annotators": [
            { "name": "first", "kind": "reader", "reader": "labelled_anchors" },
            { "name": "second", "kind": "reader", "reader": "labelled_anchors" },
        ],
    })
}

/// A project in which only people vote, this many on each item.
pub(crate) fn people_project(name: &str, overlap: u32) -> Value {
    json!({
        "name": name,
        "fields": [{ "name": "label", "type": "choice", "options": ["yes", "no"], "required": true }],
        "policy": { "people": "always", "overlap": overlap },
    })
}
