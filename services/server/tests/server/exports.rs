//! Exports.

use accord_domain::Scope;
use serde_json::{Value, json};

use crate::house::{House, machine_project};
use crate::panel::{machine_answers, work};

#[tokio::test]
async fn votes_and_consensus_leave_in_every_format() {
    let house = House::open().await;
    house.project(machine_project("work")).await;
    let admin = house.token(&[Scope::Admin]).await;
    let items: Vec<Value> = (0..3)
        .map(|number| json!({ "external_id": format!("i{number}"), "text": "t" }))
        .collect();
    house
        .post("/api/v1/projects/work/items", &admin, &Value::Array(items))
        .await
        .expect(200);
    work(&house.state, &machine_answers()).await;

    let votes = house.get("/api/v1/projects/work/exports/votes.jsonl", &admin).await;
    assert_eq!(
        votes.header("content-disposition"),
        "attachment; filename=\"work-votes.jsonl\""
    );
    let rows: Vec<Value> = votes
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rows.len(), 3 * 2 * 2, "items, annotators, fields");
    let consensus = house.get("/api/v1/projects/work/exports/consensus.csv", &admin).await;
    assert_eq!(consensus.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(consensus.text().lines().count(), 1 + 3 * 2);
    let parquet = house
        .get("/api/v1/projects/work/exports/consensus.parquet", &admin)
        .await;
    assert!(parquet.body.starts_with(b"PAR1") && parquet.body.ends_with(b"PAR1"));
    for wrong in ["votes", "votes.xml", "secrets.csv", "votes.csv.exe"] {
        house
            .get(&format!("/api/v1/projects/work/exports/{wrong}"), &admin)
            .await
            .expect(404);
    }

    let rows = house
        .get("/api/v1/projects/work/consensus?limit=4", &admin)
        .await
        .expect(200);
    assert_eq!(rows["rows"].as_array().unwrap().len(), 4);
    let item = rows["rows"][0]["item_id"].as_str().unwrap();
    let explained = house
        .get(&format!("/api/v1/projects/work/items/{item}/consensus"), &admin)
        .await
        .expect(200);
    assert_eq!(explained[0]["votes"].as_array().unwrap().len(), 2);
    assert!(explained[0]["reason"].is_string() && explained[0]["outcome"]["share"].is_number());
    let annotations = house
        .get(&format!("/api/v1/projects/work/items/{item}/annotations"), &admin)
        .await
        .expect(200);
    assert_eq!(annotations.as_array().unwrap().len(), 2);
}
