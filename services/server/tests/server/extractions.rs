//! Extractions.

use std::time::Duration;

use accord_domain::{Role, Scope};
use axum::body::Body;
use axum::http::{Method, StatusCode};
use base64::Engine;
use serde_json::{Value, json};

use crate::house::{House, Reply, machine_project, request};
use crate::panel::{machine_answers, work};

const EXTRACTIONS: &str = "/api/v1/extractions";

async fn house() -> (House, String) {
    let house = House::open().await;
    house.project(machine_project("work")).await;
    let token = house.token(&[Scope::Extract]).await;
    (house, token)
}

async fn extract(house: &House, token: &str, headers: &[(&'static str, &str)], body: &Value) -> Reply {
    let mut request = request(Method::POST, EXTRACTIONS, token, Body::from(body.to_string()));
    request
        .headers_mut()
        .insert("content-type", "application/json".parse().unwrap());
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    house.send(request).await
}

#[tokio::test]
async fn what_takes_longer_is_answered_with_an_address() {
    let (house, token) = house().await;
    let body = json!({ "project": "work", "text": "total 1,234.50", "metadata": { "order": 7 } });
    let reply = extract(&house, &token, &[], &body).await;
    let location = reply.header("location").to_owned();
    let pending = reply.expect(202);
    assert_eq!((&pending["state"], &pending["fields"]), (&json!("pending"), &json!({})));

    assert!(work(&house.state, &machine_answers()).await >= 3);
    let done = house.get(&location, &token).await.expect(200);
    assert_eq!(done["state"], "needs_review");
    assert_eq!(done["metadata"]["order"], 7);
    let total = &done["fields"]["total"];
    assert_eq!(
        (&total["normalised"], &total["resolved"]),
        (&json!("1234.5"), &json!(false)),
        "{total}"
    );
    assert_eq!(total["value"], json!(1234.5));
    assert_eq!(total["confidence"]["kind"], "uncalibrated");
    assert_eq!(total["decision"]["decision"], "needs_review");
    assert!(total["reason"].as_str().unwrap().contains("not calibrated"));
    let voters: Vec<&str> = total["votes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|vote| vote["annotator"].as_str().unwrap())
        .collect();
    assert_eq!(voters, ["first", "second"]);
}

#[tokio::test]
async fn an_answer_in_time_is_given_at_once() {
    let (house, token) = house().await;
    let state = house.state.clone();
    let worker = tokio::spawn(async move {
        loop {
            work(&state, &machine_answers()).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let body = json!({ "project": "work", "text": "total 1,234.50" });
    let reply = extract(&house, &token, &[("prefer", "wait=30")], &body).await;
    worker.abort();
    assert_eq!(reply.header("preference-applied"), "wait=30");
    assert_eq!(reply.expect(200)["fields"]["label"]["value"], "yes");
}

#[tokio::test]
async fn waiting_ends_when_the_client_said() {
    let (house, token) = house().await;
    let started = std::time::Instant::now();
    let body = json!({ "project": "work", "text": "nobody works" });
    let reply = extract(&house, &token, &[("prefer", "wait=1")], &body).await;
    assert_eq!(reply.status, StatusCode::ACCEPTED);
    let elapsed = started.elapsed();
    assert!(
        elapsed >= Duration::from_secs(1) && elapsed < Duration::from_secs(10),
        "{elapsed:?}"
    );
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_ones_extraction() {
    let (house, token) = house().await;
    let body = json!({ "project": "work", "text": "one" });
    let key = [("idempotency-key", "k1")];
    let first = extract(&house, &token, &key, &body).await.expect(202);
    let second = extract(&house, &token, &key, &body).await.expect(202);
    assert_eq!(first["id"], second["id"]);
    let other_body = json!({ "project": "work", "text": "two" });
    let problem = extract(&house, &token, &key, &other_body).await.expect(422);
    assert!(problem["detail"].as_str().unwrap().contains("Idempotency-Key"));
    let without_key = extract(&house, &token, &[], &body).await.expect(202);
    assert_ne!(first["id"], without_key["id"]);
    let other_token = house.token(&[Scope::Extract]).await;
    let of_other = extract(&house, &other_token, &key, &other_body).await.expect(202);
    assert_ne!(first["id"], of_other["id"]);
    extract(&house, &token, &[("idempotency-key", "")], &body)
        .await
        .expect(422);
}

#[tokio::test]
async fn simultaneous_repetitions_make_one_extraction() {
    let (house, token) = house().await;
    let body = json!({ "project": "work", "text": "one" });
    let key = [("idempotency-key", "k1")];
    let replies = futures::future::join_all((0..8).map(|_| extract(&house, &token, &key, &body))).await;
    let mut identifiers: Vec<String> = replies
        .into_iter()
        .map(|reply| reply.expect(202)["id"].as_str().unwrap().to_owned())
        .collect();
    identifiers.dedup();
    assert_eq!(identifiers.len(), 1);
}

#[tokio::test]
async fn a_file_comes_as_a_form_or_in_base64() {
    let (house, token) = house().await;
    let parts: [(&str, Option<&str>, &[u8]); 3] = [
        ("project", None, b"work"),
        ("metadata", None, b"{\"a\": 1}"),
        ("file", Some("a.txt"), b"total 12.00"),
    ];
    let sent = house.post_files(EXTRACTIONS, &token, &parts).await.expect(202);
    assert_eq!(sent["metadata"]["a"], 1);
    let encoded = base64::engine::general_purpose::STANDARD.encode("total 12.00");
    let body = json!({ "content_base64": encoded, "file_name": "a.txt" });
    let bound = house
        .state
        .store
        .read()
        .await
        .unwrap()
        .project_by_name("work")
        .await
        .unwrap()
        .unwrap();
    let bound_token = house.token_for(&[Scope::Extract], Some(bound.id), None).await;
    extract(&house, &bound_token, &[], &body).await.expect(202);
}

#[tokio::test]
async fn what_cannot_be_extracted_is_refused_with_the_reason() {
    let (house, token) = house().await;
    let broken = base64::engine::general_purpose::STANDARD.encode("%PDF-1.7\nnothing that follows is a PDF");
    for (body, field) in [
        (json!({ "text": "no project" }), Some("project")),
        (json!({ "project": "work", "text": " " }), Some("text")),
        (
            json!({ "project": "work", "content_base64": "???" }),
            Some("content_base64"),
        ),
        (
            json!({ "project": "work", "content_base64": broken, "file_name": "a.pdf" }),
            Some("file"),
        ),
        (json!({ "project": "work" }), None),
        (
            json!({ "project": "work", "text": "a", "content_base64": "YQ==" }),
            None,
        ),
    ] {
        let problem = extract(&house, &token, &[], &body).await.expect(422);
        assert_eq!(problem["errors"][0]["field"].as_str(), field, "{problem}");
    }
    extract(&house, &token, &[], &json!({ "project": "none", "text": "a" }))
        .await
        .expect(404);
    house
        .post_files(
            EXTRACTIONS,
            &token,
            &[("file", Some("a.txt"), b"a"), ("file", Some("b.txt"), b"b")],
        )
        .await
        .expect(422);
}

#[tokio::test]
async fn items_that_are_no_extractions_cannot_be_fetched_as_such() {
    let (house, token) = house().await;
    let admin = house.token(&[Scope::Admin]).await;
    let body = json!({ "external_id": "secret", "text": "t" });
    let report = house
        .post("/api/v1/projects/work/items", &admin, &body)
        .await
        .expect(200);
    let address = format!("{EXTRACTIONS}/{}", report["items"][0]["item_id"].as_str().unwrap());
    house.get(&address, &token).await.expect(404);
}

#[tokio::test]
async fn a_reviewers_resolution_takes_the_place_of_the_votes() {
    let (house, token) = house().await;
    let sent = extract(&house, &token, &[], &json!({ "project": "work", "text": "t" }))
        .await
        .expect(202);
    work(&house.state, &machine_answers()).await;
    house.user("rita", Role::Reviewer).await;
    let session = house.session("rita").await;
    let claimed = house
        .post(
            "/api/v1/projects/work/tasks/claim",
            &session,
            &json!({ "kind": "review" }),
        )
        .await
        .expect(200);
    let answers = json!({ "label": "no", "total": null });
    let submission = json!({ "lease_token": claimed["lease_token"], "answers": answers });
    let task = claimed["task"]["id"].as_str().unwrap();
    house
        .post(&format!("/api/v1/tasks/{task}/submit"), &session, &submission)
        .await
        .expect(200);
    let address = format!("{EXTRACTIONS}/{}", sent["id"].as_str().unwrap());
    let resolved = house.get(&address, &token).await.expect(200);
    assert_eq!(resolved["state"], "resolved");
    assert_eq!(resolved["fields"]["label"]["value"], "no");
    assert_eq!(resolved["fields"]["total"]["value"], Value::Null);
    assert_eq!(resolved["fields"]["total"]["resolved"], true);
}
