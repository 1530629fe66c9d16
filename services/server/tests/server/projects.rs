//! Projects and their versions.

use accord_domain::Scope;
use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};

use crate::house::{House, Reply, machine_project, request};

pub(crate) async fn put(house: &House, token: &str, version: Option<&str>, definition: &Value) -> Reply {
    let mut request = request(
        Method::PUT,
        "/api/v1/projects/work",
        token,
        Body::from(definition.to_string()),
    );
    request
        .headers_mut()
        .insert("content-type", "application/json".parse().unwrap());
    if let Some(version) = version {
        request.headers_mut().insert("if-match", version.parse().unwrap());
    }
    house.send(request).await
}

#[tokio::test]
async fn a_project_is_created_read_by_name_and_identifier_and_not_twice() {
    let house = House::open().await;
    let admin = house.token(&[Scope::Admin]).await;
    let created = house.post("/api/v1/projects", &admin, &machine_project("work")).await;
    let location = created.header("location").to_owned();
    assert_eq!(created.header("etag"), "\"1\"");
    let project = created.expect(201);
    let by_name = house.get("/api/v1/projects/work", &admin).await.expect(200);
    let by_identifier = house.get(&location, &admin).await.expect(200);
    assert_eq!(by_name, project);
    assert_eq!(by_identifier, project);
    house
        .post("/api/v1/projects", &admin, &machine_project("work"))
        .await
        .expect(409);
}

#[tokio::test]
async fn a_definition_is_replaced_only_by_who_knows_the_version() {
    let house = House::open().await;
    house.project(machine_project("work")).await;
    let admin = house.token(&[Scope::Admin]).await;
    let mut definition = machine_project("work");
    definition["title"] = json!("Work");
    put(&house, &admin, None, &definition).await.expect(428);
    put(&house, &admin, Some("\"7\""), &definition).await.expect(412);
    put(&house, &admin, Some("nonsense"), &definition).await.expect(412);
    let replaced = put(&house, &admin, Some("\"1\""), &definition).await;
    assert_eq!(replaced.header("etag"), "\"2\"");
    assert_eq!(replaced.expect(200)["definition"]["title"], "Work");
    put(&house, &admin, Some("\"1\""), &definition).await.expect(412);
}

#[tokio::test]
async fn pages_lead_through_all_rows_once() {
    let house = House::open().await;
    house.project(machine_project("work")).await;
    let admin = house.token(&[Scope::Admin]).await;
    let lines: Vec<Value> = (0..25)
        .map(|number| json!({ "external_id": format!("i{number}"), "text": "t" }))
        .collect();
    house
        .post("/api/v1/projects/work/items", &admin, &Value::Array(lines))
        .await
        .expect(200);
    let mut seen = Vec::new();
    let mut address = "/api/v1/projects/work/items?state=pending&limit=10".to_owned();
    loop {
        let reply = house.get(&address, &admin).await;
        let link = reply.header("link").to_owned();
        let page = reply.expect(200);
        let rows = page["rows"].as_array().unwrap();
        seen.extend(rows.iter().map(|item| item["external_id"].as_str().unwrap().to_owned()));
        if page["next"].is_null() {
            assert_eq!(link, "");
            break;
        }
        address = link.trim_start_matches('<').split('>').next().unwrap().to_owned();
        assert!(address.contains("state=pending"), "{address}");
    }
    let mut expected: Vec<String> = (0..25).map(|number| format!("i{number}")).collect();
    expected.sort();
    seen.sort();
    assert_eq!(seen, expected, "every row on exactly one page");
    let none = house
        .get("/api/v1/projects/work/items?state=resolved", &admin)
        .await
        .expect(200);
    assert_eq!(none["rows"], json!([]));
}

#[tokio::test]
async fn progress_and_tasks_are_counted() {
    let house = House::open().await;
    house.project(machine_project("work")).await;
    let admin = house.token(&[Scope::Admin]).await;
    let body = json!([{ "external_id": "a", "text": "t" }, { "external_id": "b", "text": "t" }]);
    house
        .post("/api/v1/projects/work/items", &admin, &body)
        .await
        .expect(200);
    let progress = house.get("/api/v1/projects/work/progress", &admin).await.expect(200);
    assert_eq!(progress["items"]["pending"], 2);
    assert_eq!(progress["items"]["total"], 2);
    assert_eq!(
        progress["tasks"],
        json!([{ "kind": "annotate", "state": "ready", "count": 4 }])
    );
    let counts = house
        .get("/api/v1/projects/work/tasks/counts", &admin)
        .await
        .expect(200);
    assert_eq!(counts, progress["tasks"]);
    let tasks = house
        .get("/api/v1/projects/work/tasks?kind=annotate&limit=3", &admin)
        .await
        .expect(200);
    assert_eq!(tasks["rows"].as_array().unwrap().len(), 3);
    let annotators = house.get("/api/v1/projects/work/annotators", &admin).await.expect(200);
    assert_eq!(annotators[0]["name"], "first");
}
