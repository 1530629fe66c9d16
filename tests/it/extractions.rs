//! One document in, its scored fields out, as finance automation uses it.

use std::time::Duration;

use accord_samples::{generate, generate_receipts};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::client::{Client, Reply};
use crate::database::DatabaseKind;
use crate::house::{House, template};

crate::on_both_databases!(documents_are_extracted_while_somebody_waits);

const EXTRACTIONS: &str = "/api/v1/extractions";

async fn documents_are_extracted_while_somebody_waits(kind: DatabaseKind) {
    let house = House::open(kind).await;
    let admin = house.administrator().await;
    for name in ["receipt", "invoice"] {
        let definition = template(&house, name, name).await;
        admin.post("/api/v1/projects", &definition).await.expect(201);
    }
    let client = house.token(&["extract"], None).await;
    let receipt = serde_json::to_value(&generate_receipts(3, 1)[0]).unwrap();
    let body = json!({ "project": "receipt", "text": receipt["text"], "metadata": { "order": "A-7" } });

    waits(&client, &body).await;
    answers_later(&client, &body).await;
    repeats(&client, &body).await;
    takes_files(&client).await;
    check_refusals(&house, &body).await;
}

async fn extract(client: &Client, headers: &[(&'static str, &str)], body: &Value) -> Reply {
    let mut request = client.request(Method::POST, EXTRACTIONS).json(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    client.send(request).await
}

async fn waits(client: &Client, body: &Value) {
    let reply = extract(client, &[("prefer", "wait=60")], body).await;
    assert_eq!(reply.header("preference-applied"), "wait=60");
    let done = reply.expect(200);
    assert_ne!(done["state"], "pending");
    assert_eq!(done["metadata"]["order"], "A-7");
    for field in ["company", "date", "address", "total"] {
        let field = &done["fields"][field];
        assert_eq!(field["confidence"]["kind"], "uncalibrated", "{field}");
        assert!(!field["votes"].as_array().unwrap().is_empty());
        assert!(field["reason"].as_str().is_some_and(|reason| !reason.is_empty()));
    }
}

async fn answers_later(client: &Client, body: &Value) {
    let reply = extract(client, &[], body).await;
    let location = reply.header("location").to_owned();
    let sent = reply.expect(202);
    assert_eq!(location, format!("{EXTRACTIONS}/{}", sent["id"].as_str().unwrap()));
    let done = client
        .wait_for(&location, "extraction", |extraction| extraction["state"] != "pending")
        .await;
    assert_eq!(done["id"], sent["id"]);
    assert!(done["fields"]["total"]["vote_count"].as_u64().unwrap() > 0, "{done}");
}

async fn repeats(client: &Client, body: &Value) {
    let key = [("idempotency-key", "payment-1"), ("prefer", "wait=60")];
    let first = extract(client, &key, body).await.expect(200);
    let second = extract(client, &key, body).await.expect(200);
    assert_eq!(first["id"], second["id"]);
    let mut other = body.clone();
    other["metadata"]["order"] = json!("A-8");
    let problem = extract(client, &key, &other).await.expect(422);
    assert!(
        problem["detail"].as_str().unwrap().contains("Idempotency-Key"),
        "{problem}"
    );
    let without = extract(client, &[("prefer", "wait=60")], body).await.expect(200);
    assert_ne!(first["id"], without["id"]);
    check_simultaneous(client, body).await;
}

/// Many requests with one key at once are one extraction.
async fn check_simultaneous(client: &Client, body: &Value) {
    let requests = (0..8).map(|_| extract(client, &[("idempotency-key", "payment-2")], body));
    let replies = futures::future::join_all(requests).await;
    let mut ids: Vec<String> = replies
        .into_iter()
        .map(|reply| {
            assert!(matches!(reply.status.as_u16(), 200 | 202), "{}", reply.text());
            reply.json()["id"].to_string()
        })
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
}

async fn takes_files(client: &Client) {
    let invoice = generate(8, 1).unwrap().remove(0);
    let send = async |bytes: Vec<u8>| {
        let part = Part::bytes(bytes).file_name("invoice.pdf");
        let form = Form::new().text("project", "invoice").part("file", part);
        let request = client.request(Method::POST, EXTRACTIONS).header("prefer", "wait=60");
        client
            .send(request.multipart(form).timeout(Duration::from_secs(90)))
            .await
    };
    let done = send(invoice.pdf).await.expect(200);
    let number = &done["fields"]["invoice_number"];
    assert!(number["vote_count"].as_u64().unwrap() > 0, "{number}");
    let problem = send(b"%PDF-1.7 and then nothing".to_vec()).await.expect(422);
    assert!(!problem["detail"].as_str().unwrap().is_empty(), "{problem}");
}

async fn check_refusals(house: &House, body: &Value) {
    assert_eq!(extract(&house.client(), &[], body).await.status.as_u16(), 401);
    let reader = house.token(&["read-data"], None).await;
    assert_eq!(extract(&reader, &[], body).await.status.as_u16(), 403);
    let bound = house.token(&["extract"], Some("invoice")).await;
    assert_eq!(
        extract(&bound, &[], body).await.status.as_u16(),
        404,
        "bound to another project"
    );
    let missing = json!({ "project": "nowhere", "text": "t" });
    let client = house.token(&["extract"], None).await;
    assert_eq!(extract(&client, &[], &missing).await.status.as_u16(), 404);
    let wrong = json!({ "project": "receipt", "txt": "t" });
    let problem = extract(&client, &[], &wrong).await;
    assert_eq!(problem.header("content-type"), "application/problem+json");
    assert!(problem.text().contains("txt"), "{}", problem.text());
}
