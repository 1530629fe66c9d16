//! The OpenAPI document and the page made from it.

use crate::house::House;

#[test]
fn the_document_changes_only_on_purpose() {
    let document = accord_server::api::openapi();
    insta::assert_snapshot!("openapi", document.to_pretty_json().unwrap());
}

#[test]
fn every_reference_leads_somewhere() {
    let document = serde_json::to_value(accord_server::api::openapi()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let text = document.to_string();
    let references: Vec<&str> = text
        .split("\"$ref\":\"#")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert!(references.len() > 20);
    for reference in references {
        assert!(document.pointer(reference).is_some(), "{reference} is missing");
    }
}

#[tokio::test]
async fn the_page_shows_every_operation_without_anything_from_elsewhere() {
    let house = House::open().await;
    let page = house.get("/api/docs", "").await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let (text, document) = (page.text(), house.get("/api/v1/openapi.json", "").await.json());
    for (path, methods) in document["paths"].as_object().unwrap() {
        for operation in methods.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(text.contains(&format!("id=\"{id}\"")), "{id} of {path} is not shown");
        }
    }
    assert!(
        !text.contains("<script") && !text.contains("https://"),
        "the page loads something"
    );
    let style = house.get("/api/docs/style.css", "").await;
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
}
