//! The pages of runs.

use accord_domain::{Role, Scope};
use axum::http::StatusCode;
use serde_json::json;

use super::browser::Browser;
use crate::house::{House, machine_project};

/// Whoever may administer pauses, resumes and cancels a run and changes its budget; others look.
#[tokio::test]
async fn a_run_is_steered_from_its_page() {
    let house = House::open().await;
    house.user("rita", Role::Reviewer).await;
    house.user("ada", Role::Administrator).await;
    house.project(machine_project("work")).await;
    let admin = house.token(&[Scope::Admin]).await;
    let items = json!([{ "external_id": "a", "text": "hello" }]);
    house
        .post("/api/v1/projects/work/items", &admin, &items)
        .await
        .expect(200);
    let (rita, ada) = (Browser::of(&house, "rita").await, Browser::of(&house, "ada").await);
    let empty = ada.get("/projects/work/runs").await.text();
    assert!(empty.contains("accord run start --project work"), "{empty}");
    house
        .post("/api/v1/projects/work/runs", &admin, &json!({}))
        .await
        .expect(201);

    let path = "/projects/work/runs/1";
    let shown = rita.get(path).await.text();
    assert!(
        shown.contains("taken over from the queue") && shown.contains("data-refresh"),
        "{shown}"
    );
    assert!(
        !shown.contains("id=\"pause\"") && !shown.contains("budget-form"),
        "{shown}"
    );
    assert_eq!(
        rita.post(&format!("{path}/pause"), &[]).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(ada.get("/projects/work/runs/2").await.status, StatusCode::NOT_FOUND);
    assert_eq!(ada.get("/projects/work/runs/one").await.status, StatusCode::NOT_FOUND);

    let act = async |verb: &str, inputs: &[(&str, &str)]| {
        let shown = ada.page(path).await;
        ada.submit(&format!("{path}/{verb}"), &shown, inputs).await
    };
    let shown = ada.page(path).await;
    assert!(
        shown.contains("id=\"pause\"") && shown.contains("budget-form"),
        "{shown}"
    );
    let forged = ada.post(&format!("{path}/pause"), &[("form_token", "0")]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    let paused = act("pause", &[]).await;
    assert_eq!(paused.header("location"), "/projects/work/runs/1?done=paused");
    let shown = ada.get("/projects/work/runs/1?done=paused").await.text();
    assert!(
        shown.contains("id=\"resume\"") && shown.contains("The run is paused"),
        "{shown}"
    );
    let overview = ada.get("/projects/work").await.text();
    assert!(overview.contains("wait until their run is resumed"), "{overview}");

    let budget = [("money", "12.50"), ("currency", "USD"), ("tokens", "")];
    assert_eq!(act("budget", &budget).await.status, StatusCode::SEE_OTHER);
    assert!(ada.get(path).await.text().contains("12.5 USD"));
    let wrong = act("budget", &[("money", "a lot")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(act("resume", &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(act("cancel", &[]).await.status, StatusCode::SEE_OTHER);
    let shown = ada.get(path).await.text();
    assert!(
        !shown.contains("data-refresh") && !shown.contains("id=\"cancel\""),
        "{shown}"
    );
    assert_eq!(act("resume", &[]).await.status, StatusCode::CONFLICT);
}
