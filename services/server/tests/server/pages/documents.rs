//! Documents beside fields, without scripts.

use accord_datasets::intake::{IncomingContent, IncomingItem, Place};
use accord_domain::Role;
use serde_json::{Map, Value, json};

use super::browser::Browser;
use crate::house::House;
use crate::panel::work;

async fn import(house: &House, project: &accord_domain::Project, name: &str, bytes: Vec<u8>) -> String {
    let item = IncomingItem {
        place: Place::File(name.to_owned()),
        external_id: name.to_owned(),
        content: IncomingContent::File {
            file_name: name.to_owned(),
            bytes: bytes.into(),
        },
        metadata: Map::new(),
        gold: None,
    };
    let summary = house.state.importer().import(project, vec![item], 0).await.unwrap();
    assert_eq!(summary.created, 1, "{:?}", summary.rejections);
    summary.items[0].item_id.to_string()
}

fn project() -> Value {
    json!({
        "name": "papers",
        "fields": [
            {"name": "invoice_number", "type": "identifier"},
            {"name": "gross_total", "type": "money"},
            {"name": "seller_name", "type": "name"},
        ],
        "annotators": [{"name": "first", "kind": "reader", "reader": "labelled_anchors"}],
    })
}

#[tokio::test]
async fn the_pages_of_a_pdf_are_drawn_with_the_places_of_the_values() {
    let house = House::open().await;
    house.user("rita", Role::Reviewer).await;
    let project = house.project(project()).await;
    let sample = accord_samples::generate(7, 1).unwrap().remove(0);
    let gold = serde_json::to_value(&sample.gold.gold).unwrap();
    let item = import(&house, &project, "invoice.pdf", sample.pdf).await;
    let answers = json!({
        "invoice_number": gold["invoice_number"], "gross_total": gold["gross_total"], "seller_name": gold["seller_name"],
    });
    work(&house.state, &answers).await;
    let rita = Browser::of(&house, "rita").await;
    let page = rita.page(&format!("/projects/papers/items/{item}")).await;
    assert!(page.contains("id=\"page-1\"") && page.contains("data-pdf"), "{page}");
    let number = gold["invoice_number"].as_str().unwrap();
    assert!(
        page.contains(&format!(">{number}</tspan>")),
        "the words can be read and selected: {page}"
    );
    for field in ["invoice_number", "gross_total", "seller_name"] {
        let mark = format!("<rect class=\"mark\" data-field=\"{field}\" x=\"");
        assert!(page.contains(&mark), "{field} is highlighted");
    }
}

#[tokio::test]
async fn an_image_is_shown_as_it_is_and_a_text_as_lines() {
    let house = House::open().await;
    house.user("rita", Role::Reviewer).await;
    let project = house.project(project()).await;
    let rita = Browser::of(&house, "rita").await;
    // The smallest image: one white pixel.
    let pixel = [
        0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0, 0, 1,
        8, 0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 0x0a, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0xf8, 0x0f, 0,
        1, 1, 1, 0, 0x1b, 0xb6, 0xee, 0x56, 0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
    ];
    let image = import(&house, &project, "pixel.png", pixel.to_vec()).await;
    let page = rita.page(&format!("/projects/papers/items/{image}")).await;
    assert!(
        page.contains(&format!("<img src=\"/api/v1/projects/papers/items/{image}/content\"")),
        "{page}"
    );

    let text = import(
        &house,
        &project,
        "note.txt",
        b"Invoice A-17\n\nto pay: 12.50 EUR".to_vec(),
    )
    .await;
    work(&house.state, &json!({"invoice_number": "A-17", "gross_total": "12.50"})).await;
    let page = rita.page(&format!("/projects/papers/items/{text}")).await;
    assert!(page.contains("data-field=\"invoice_number\">A-17</mark>"), "{page}");
    assert!(page.contains("data-field=\"gross_total\">12.50"), "{page}");
}
