//! Errors: always a problem, always with its request, never with what is inside.

use accord_domain::Scope;
use axum::body::Body;
use axum::http::Method;
use serde_json::json;

use crate::house::{House, machine_project, request};

#[tokio::test]
async fn every_error_is_a_problem_that_names_its_request() {
    let house = House::open_with(|settings| settings.maximum_body_bytes = 1000).await;
    let admin = house.token(&[Scope::Admin]).await;
    let long = format!("{{\"name\": \"{}\"}}", "x".repeat(2000));
    let cases = [
        (Method::GET, "/nowhere", "", "", 404),
        (Method::GET, "/api/v1/nowhere", "", "", 404),
        (Method::DELETE, "/api/v1/projects", "", "", 405),
        (Method::GET, "/api/v1/projects/none", "", "", 404),
        (Method::GET, "/api/v1/tasks/x/renew", "", "", 405),
        (Method::POST, "/api/v1/projects", "text/plain", "{}", 415),
        (Method::POST, "/api/v1/projects", "application/json", "{", 400),
        (Method::POST, "/api/v1/projects", "application/json", "{}", 422),
        (Method::POST, "/api/v1/projects", "application/json", long.as_str(), 413),
        (Method::GET, "/api/v1/projects?limit=0", "", "", 422),
        (Method::GET, "/api/v1/projects?limit=x", "", "", 422),
        (Method::GET, "/api/v1/projects?after=x", "", "", 422),
        (Method::GET, "/metrics", "", "", 404),
    ];
    for (method, path, media_type, body, status) in cases {
        let mut request = request(method.clone(), path, &admin, Body::from(body.to_owned()));
        if !media_type.is_empty() {
            request
                .headers_mut()
                .insert("content-type", media_type.parse().unwrap());
        }
        request.headers_mut().insert("x-request-id", "req-7".parse().unwrap());
        let reply = house.send(request).await;
        let context = format!("{method} {path}: {}", reply.text());
        assert_eq!(reply.status.as_u16(), status, "{context}");
        assert_eq!(reply.header("content-type"), "application/problem+json", "{context}");
        assert_eq!(reply.header("x-request-id"), "req-7", "{context}");
        let problem = reply.json();
        assert_eq!(problem["status"], status, "{context}");
        assert_eq!(problem["request_id"], "req-7", "{context}");
        assert_eq!(problem["instance"], path.split('?').next().unwrap(), "{context}");
        assert!(
            problem["type"].as_str().unwrap().starts_with("/api/docs/problems#"),
            "{context}"
        );
        assert!(
            problem["title"].is_string() && problem["detail"].is_string(),
            "{context}"
        );
    }
}

#[tokio::test]
async fn a_wrong_definition_is_told_by_its_place() {
    let house = House::open().await;
    let admin = house.token(&[Scope::Admin]).await;
    let mut twice = machine_project("twice");
    twice["fields"][1]["name"] = json!("label");
    let mut unknown_key = machine_project("unknown");
    unknown_key["colour"] = json!("red");
    let mut wrong_type = machine_project("wrong");
    wrong_type["policy"] = json!({ "overlap": "two" });
    for (definition, field) in [
        (twice, Some("fields[1].name")),
        (wrong_type, Some("policy.overlap")),
        (unknown_key, Some("colour")),
    ] {
        let problem = house.post("/api/v1/projects", &admin, &definition).await.expect(422);
        assert_eq!(problem["errors"][0]["field"].as_str(), field, "{problem}");
        assert!(problem["errors"][0]["message"].is_string());
    }
}

#[tokio::test]
async fn a_harmful_request_identifier_is_replaced() {
    let house = House::open().await;
    for harmful in ["a b", "<script>", &"x".repeat(65)] {
        let mut request = request(Method::GET, "/healthz", "", Body::empty());
        request.headers_mut().insert("x-request-id", harmful.parse().unwrap());
        let reply = house.send(request).await;
        assert_eq!(reply.header("x-request-id").len(), 32, "{harmful}");
    }
}

#[tokio::test]
async fn operators_see_that_it_lives_and_browsers_are_kept_safe() {
    let house = House::open().await;
    for path in [
        "/healthz",
        "/readyz",
        "/api/docs",
        "/api/docs/problems",
        "/api/v1/openapi.json",
    ] {
        let reply = house.get(path, "").await;
        assert_eq!(reply.status.as_u16(), 200, "{path}: {}", reply.text());
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        let policy = reply.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert!(
            policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe-inline"),
            "{policy}"
        );
    }
}
