//! Tokens open what their scopes say, until they are withdrawn; the server tells how it is.

use serde_json::{Value, json};

use crate::database::DatabaseKind;
use crate::house::House;

crate::on_both_databases!(tokens_open_what_their_scopes_say);

async fn tokens_open_what_their_scopes_say(kind: DatabaseKind) {
    let house = House::open(kind).await;
    let admin = house.administrator().await;
    for name in ["one", "two"] {
        let definition = json!({ "name": name, "fields": [{ "name": "label", "type": "boolean" }] });
        admin.post("/api/v1/projects", &definition).await.expect(201);
    }
    check_scopes(&house).await;
    let bound = house.token(&["read-data"], Some("one")).await;
    let visible = bound.rows("/api/v1/projects").await;
    assert_eq!(visible.len(), 1);
    assert_eq!(visible[0]["definition"]["name"], "one");
    bound.get("/api/v1/projects/two").await.expect(404);
    check_withdrawal(&house).await;
    check_operations(&house).await;
}

async fn check_scopes(house: &House) {
    let anonymous = house.client();
    let reply = anonymous.get("/api/v1/projects").await;
    assert!(reply.header("www-authenticate").starts_with("Bearer"));
    assert_eq!(reply.expect(401)["status"], json!(401));
    let cases = [
        ("read-data", "/api/v1/projects", 200),
        ("annotate", "/api/v1/projects", 403),
        ("extract", "/api/v1/projects", 403),
        ("read-data", "/api/v1/users", 403),
        ("annotate", "/api/v1/projects/one/exports/votes.csv", 403),
        ("read-data", "/api/v1/projects/one/exports/votes.csv", 200),
    ];
    for (scope, path, status) in cases {
        let client = house.token(&[scope], None).await;
        assert_eq!(client.get(path).await.status.as_u16(), status, "{scope} on {path}");
    }
    let reader = house.token(&["read-data"], None).await;
    let gold = json!({ "external_id": "a", "answers": { "label": true } });
    assert_eq!(
        reader.post("/api/v1/projects/one/gold", &gold).await.status.as_u16(),
        403
    );
    let items = json!({ "external_id": "a", "text": "t" });
    assert_eq!(
        reader.post("/api/v1/projects/one/items", &items).await.status.as_u16(),
        403
    );
}

async fn check_withdrawal(house: &House) {
    let client = house.token(&["read-data"], None).await;
    client.get("/api/v1/projects").await.expect(200);
    let admin = house.administrator().await;
    let listed = admin.get("/api/v1/tokens").await.expect(200);
    let listed = listed.get("rows").unwrap_or(&listed).as_array().unwrap().clone();
    let newest_reader = listed
        .iter()
        .filter(|token| token["scopes"] == json!(["read-data"]) && token["project_id"] == Value::Null)
        .max_by_key(|token| token["id"].as_str().unwrap().to_owned())
        .unwrap();
    house
        .surroundings
        .run(&["token", "revoke", newest_reader["id"].as_str().unwrap()])
        .await;
    client.get("/api/v1/projects").await.expect(401);
}

/// Operators' addresses need no credentials and tell no contents.
async fn check_operations(house: &House) {
    let client = house.client();
    assert_eq!(client.get("/healthz").await.text(), "ok\n");
    assert_eq!(client.get("/readyz").await.text(), "ready\n");
    let figures = client.get("/metrics").await;
    assert!(figures.header("content-type").starts_with("text/plain"));
    assert!(figures.text().contains("# TYPE"), "{}", figures.text());
    let document = client.get("/api/v1/openapi.json").await.expect(200);
    assert_eq!(document["openapi"], "3.1.0");
    let page = client.get("/api/docs").await;
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
    let unknown = client.get("/api/v1/nothing").await;
    assert_eq!(unknown.header("content-type"), "application/problem+json");
    unknown.expect(404);
}
