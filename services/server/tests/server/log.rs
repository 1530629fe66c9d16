//! The log: one line for every request, and nothing secret in it.

use std::io;
use std::sync::{Arc, Mutex};

use accord_domain::{Role, Scope};
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use crate::house::{House, PASSWORD, machine_project};

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Kept {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_request_is_one_line_without_secrets() {
    let kept = Kept::default();
    let subscriber = tracing_subscriber::fmt().json().with_writer(kept.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let house = House::open().await;
    house.project(machine_project("work")).await;
    let token = house.token(&[Scope::Admin]).await;
    house.user("ada", Role::Administrator).await;
    let session = house.session("ada").await;
    kept.0.lock().unwrap().clear();

    house
        .get("/api/v1/projects/work?secret=query", &token)
        .await
        .expect(200);
    house.get("/api/v1/projects/work", &session).await.expect(200);
    let body = json!({ "name": "bob", "password": "another long password", "role": "annotator" });
    house.post("/api/v1/users", &token, &body).await.expect(201);

    let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|line| line["fields"]["message"] == "request")
        .collect();
    assert_eq!(lines.len(), 3, "{text}");
    let first = &lines[0];
    assert_eq!(first["fields"]["path"], "/api/v1/projects/{project}");
    assert_eq!(
        (&first["fields"]["method"], &first["fields"]["status"]),
        (&json!("GET"), &json!(200))
    );
    assert!(first["fields"]["latency_milliseconds"].is_number());
    assert!(first["fields"]["principal"].as_str().unwrap().starts_with("token:"));
    assert_eq!(first["span"]["request_id"].as_str().unwrap().len(), 32);
    assert!(lines[1]["fields"]["principal"].as_str().unwrap().starts_with("user:"));
    let cookie = session.split_once('=').unwrap().1;
    for secret in [&token, cookie, PASSWORD, "another long password", "secret=query"] {
        assert!(!text.contains(secret), "{secret} is in the log: {text}");
    }
}
