//! What administrators do on the overview.

use accord_domain::{Role, TaskKind, TaskState};
use accord_store::{ClaimRequest, PageRequest, TaskFilter, flow};
use axum::http::StatusCode;
use serde_json::json;

use super::browser::Browser;
use crate::house::{House, machine_project};

#[tokio::test]
async fn tasks_that_were_set_aside_are_shown_with_their_reason_and_put_back() {
    let house = House::open().await;
    house.user("ada", Role::Administrator).await;
    house.user("rita", Role::Reviewer).await;
    let project = house.project(machine_project("figures")).await;
    let admin = house.session("ada").await;
    let items = json!([{"external_id": "doc", "text": "x"}]);
    house
        .post("/api/v1/projects/figures/items", &admin, &items)
        .await
        .expect(200);
    let mut transaction = house.state.store.write().await.unwrap();
    let request = ClaimRequest {
        kinds: &[TaskKind::Annotate],
        project_id: None,
        worker: "test",
        lease_milliseconds: 60_000,
        limit: 1,
        limits: &[],
    };
    let environment = house.state.environment.as_ref();
    let leases = flow::claim(transaction.as_mut(), environment, &request).await.unwrap();
    flow::set_aside(
        transaction.as_mut(),
        environment,
        &project,
        &leases[0],
        "no page can be read",
    )
    .await
    .unwrap();
    transaction.commit().await.unwrap();

    let rita = Browser::of(&house, "rita").await;
    let page = rita.page("/projects/figures").await;
    assert!(
        page.contains("no page can be read") && !page.contains("Put back</button>"),
        "{page}"
    );
    let ada = Browser::of(&house, "ada").await;
    let page = ada.page("/projects/figures").await;
    let path = format!("/projects/figures/tasks/{}/revive", leases[0].task.id);
    assert!(page.contains(&path));
    assert_eq!(
        rita.submit(&path, &rita.page("/").await, &[]).await.status,
        StatusCode::FORBIDDEN
    );
    let revived = ada.submit(&path, &page, &[]).await;
    assert_eq!(revived.status, StatusCode::SEE_OTHER, "{}", revived.text());
    assert!(
        !ada.page(revived.header("location"))
            .await
            .contains("no page can be read")
    );
    assert_eq!(ada.submit(&path, &page, &[]).await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_refit_is_planned_once() {
    let house = House::open().await;
    house.user("ada", Role::Administrator).await;
    let project = house.project(machine_project("figures")).await;
    let ada = Browser::of(&house, "ada").await;
    for _ in 0..2 {
        let page = ada.page("/projects/figures").await;
        let reply = ada.submit("/projects/figures/refit", &page, &[]).await;
        assert_eq!(reply.header("location"), "/projects/figures?done=refit");
    }
    let filter = TaskFilter {
        kind: Some(TaskKind::Refit),
        state: Some(TaskState::Ready),
        item_id: None,
    };
    let mut transaction = house.state.store.read().await.unwrap();
    let planned = transaction
        .list_tasks(project.id, &filter, PageRequest::first(10))
        .await
        .unwrap();
    assert_eq!(planned.rows.len(), 1);
}
