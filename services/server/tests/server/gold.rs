//! Gold.

use accord_domain::Scope;
use serde_json::json;

use crate::house::{House, machine_project};

#[tokio::test]
async fn good_gold_is_kept_and_bad_lines_are_listed() {
    let house = House::open().await;
    house.project(machine_project("work")).await;
    let admin = house.token(&[Scope::Admin]).await;
    let items = json!([{ "external_id": "a", "text": "t" }, { "external_id": "b", "text": "t" }]);
    let report = house
        .post("/api/v1/projects/work/items", &admin, &items)
        .await
        .expect(200);
    let item = report["items"][1]["item_id"].as_str().unwrap();
    let lines = [
        json!({ "external_id": "a", "answers": { "label": "yes", "total": null } }).to_string(),
        json!({ "external_id": "unknown", "answers": { "label": "yes" } }).to_string(),
        json!({ "item_id": item, "answers": { "total": "12.50" } }).to_string(),
        json!({ "item_id": item, "external_id": "a", "answers": {} }).to_string(),
        json!({ "external_id": "a", "answers": { "colour": "red" } }).to_string(),
        json!({ "external_id": "a", "answers": {} }).to_string(),
        "broken".to_owned(),
    ]
    .join("\n");
    let report = house
        .post_as("/api/v1/projects/work/gold", &admin, "application/x-ndjson", lines)
        .await
        .expect(200);
    assert_eq!(
        (&report["stored"], &report["rejected"]),
        (&json!(2), &json!(5)),
        "{report}"
    );
    let lines: Vec<u64> = report["rejections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rejection| rejection["line"].as_u64().unwrap())
        .collect();
    assert_eq!(lines, [2, 4, 5, 6, 7]);
    let gold = house.get("/api/v1/projects/work/gold", &admin).await.expect(200);
    assert_eq!(gold["rows"].as_array().unwrap().len(), 3);
    let of_item = house
        .get(&format!("/api/v1/projects/work/items/{item}/gold"), &admin)
        .await
        .expect(200);
    assert_eq!(of_item[0]["field"], "total");
    assert_eq!(of_item[0]["answer"]["status"], "value");
    let tasks = house
        .get("/api/v1/projects/work/tasks?kind=refit", &admin)
        .await
        .expect(200);
    assert_eq!(tasks["rows"].as_array().unwrap().len(), 1, "a refit follows from gold");
}
