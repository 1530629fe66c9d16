//! A reviewer resolves what the machines leave in doubt.

use accord_domain::{Answer, Gold, GoldSource, ItemState, Project, Role};
use accord_store::PageRequest;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::browser::Browser;
use crate::house::{House, machine_project};
use crate::panel::{machine_answers, work};

async fn house(items: usize) -> (House, Project) {
    let house = House::open().await;
    for (name, role) in [
        ("rita", Role::Reviewer),
        ("rolf", Role::Reviewer),
        ("ada", Role::Administrator),
    ] {
        house.user(name, role).await;
    }
    let project = house.project(machine_project("figures")).await;
    let admin = house.session("ada").await;
    let items: Vec<Value> = (0..items)
        .map(|number| json!({"external_id": format!("doc-{number}"), "text": "Total 1,234.50"}))
        .collect();
    let path = "/api/v1/projects/figures/items";
    house.post(path, &admin, &Value::Array(items)).await.expect(200);
    work(&house.state, &machine_answers()).await;
    (house, project)
}

async fn gold(house: &House, project: &Project) -> Vec<Gold> {
    let mut transaction = house.state.store.read().await.unwrap();
    transaction
        .list_gold(project.id, PageRequest::first(100))
        .await
        .unwrap()
        .rows
}

#[tokio::test]
async fn a_resolution_becomes_gold_and_the_next_review_follows() {
    let (house, project) = house(2).await;
    let rita = Browser::of(&house, "rita").await;
    let queue = rita.page("/projects/figures/review").await;
    assert!(queue.contains("doc-0") && queue.contains("uncalibrated"), "{queue}");
    let next = rita.get("/projects/figures/review/next").await;
    let address = next.header("location").to_owned();
    let page = rita.page(&address).await;
    assert!(page.contains("2 of 2 fields in doubt"), "{page}");
    assert!(page.contains("pick:1,234.50") || page.contains("pick:1234.5"), "{page}");
    let inputs = [
        ("state.label", "pick:yes"),
        ("state.total", "value"),
        ("value.total", "1,234.60"),
        ("comment", "the last digit is smudged"),
        ("action", "submit"),
    ];
    let resolved = rita.submit(&address, &page, &inputs).await;
    assert_eq!(resolved.status, StatusCode::SEE_OTHER, "{}", resolved.text());
    let following = resolved.header("location").to_owned();
    assert!(following.starts_with("/projects/figures/review/") && following != address);
    let next = rita.page(&following).await;
    assert!(next.contains("review-form") && next.contains("Resolved."), "{next}");

    let gold = gold(&house, &project).await;
    let value = |field: &str| {
        let found = gold.iter().find(|gold| gold.field.as_str() == field).unwrap();
        assert_eq!(found.source, GoldSource::Adjudicated);
        found.answer.class().unwrap().to_owned()
    };
    assert_eq!(value("label"), "yes");
    assert_eq!(value("total"), "1234.6");
    let mut transaction = house.state.store.read().await.unwrap();
    let item = transaction.item(gold[0].item_id).await.unwrap().unwrap();
    assert_eq!(item.state, ItemState::Resolved);
    let annotations = transaction.annotations_of_items(&[item.id]).await.unwrap();
    let resolution = annotations
        .iter()
        .find(|annotation| !annotation.provenance.blind)
        .unwrap();
    assert_eq!(
        resolution.provenance.raw_output.as_deref(),
        Some("the last digit is smudged")
    );
    drop(transaction);

    let shown = rita.page(&format!("/projects/figures/items/{}", item.id)).await;
    assert!(
        shown.contains("resolved by a person") && shown.contains("the last digit is smudged"),
        "{shown}"
    );
}

#[tokio::test]
async fn fields_in_doubt_need_an_answer_and_doubts_are_no_gold() {
    let (house, project) = house(1).await;
    let rita = Browser::of(&house, "rita").await;
    let address = rita
        .get("/projects/figures/review/next")
        .await
        .header("location")
        .to_owned();
    let page = rita.page(&address).await;
    let refused = rita
        .submit(&address, &page, &[("state.label", "absent"), ("action", "submit")])
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let again = refused.text();
    assert!(
        again.contains("id=\"error-total\"") && !again.contains("id=\"error-label\""),
        "{again}"
    );
    let inputs = [
        ("state.label", "absent"),
        ("state.total", "unknown"),
        ("action", "submit"),
    ];
    let resolved = rita.submit(&address, &again, &inputs).await;
    assert_eq!(resolved.header("location"), "/projects/figures/review?done=resolved");
    let gold = gold(&house, &project).await;
    let [only] = gold.as_slice() else { panic!("{gold:?}") };
    assert_eq!((only.field.as_str(), &only.answer), ("label", &Answer::Absent));
    let gone = rita.get(&address).await;
    assert_eq!(gone.header("location"), "/projects/figures/review?done=gone");
}

#[tokio::test]
async fn two_reviewers_never_have_the_same_item() {
    let (house, _) = house(1).await;
    let rita = Browser::of(&house, "rita").await;
    let rolf = Browser::of(&house, "rolf").await;
    let address = rita
        .get("/projects/figures/review/next")
        .await
        .header("location")
        .to_owned();
    let none = rolf.get("/projects/figures/review/next").await;
    assert_eq!(none.header("location"), "/projects/figures/review?done=empty");
    let taken = rolf.get(&address).await;
    assert_eq!(taken.status, StatusCode::CONFLICT);
    assert!(taken.text().contains("Somebody was faster"));
    assert!(rolf.page("/projects/figures/review").await.contains("rita"));
    let page = rita.page(&address).await;
    let later = rita.submit(&address, &page, &[("action", "skip")]).await;
    assert_eq!(later.status, StatusCode::SEE_OTHER);
    let next = rolf.get("/projects/figures/review/next").await;
    assert!(next.header("location").starts_with("/projects/figures/review/"));
}

#[tokio::test]
async fn any_item_can_be_reviewed_from_its_page() {
    let (house, project) = house(1).await;
    let mut transaction = house.state.store.read().await.unwrap();
    let filter = accord_store::ItemFilter::default();
    let items = transaction
        .list_items(project.id, &filter, PageRequest::first(1))
        .await
        .unwrap();
    let item = items.rows[0].id;
    drop(transaction);
    let rita = Browser::of(&house, "rita").await;
    let path = format!("/projects/figures/items/{item}");
    let page = rita.page(&path).await;
    let reply = rita.submit(&format!("{path}/review"), &page, &[]).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text());
    assert!(rita.page(reply.header("location")).await.contains("review-form"));
    let rolf = Browser::of(&house, "rolf").await;
    let page = rolf.page(&path).await;
    let taken = rolf.submit(&format!("{path}/review"), &page, &[]).await;
    assert_eq!(taken.status, StatusCode::CONFLICT);
}
