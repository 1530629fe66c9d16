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
    let empty = rita.page("/projects/work/runs").await;
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

/// Whoever may administer starts a run by a form; what is wrong stands beside what was typed.
#[tokio::test]
async fn a_run_is_started_by_a_form() {
    let house = House::open().await;
    house.user("rita", Role::Reviewer).await;
    house.user("ada", Role::Administrator).await;
    let project = house.project(machine_project("work")).await;
    let admin = house.token(&[Scope::Admin]).await;
    let items = json!([{ "external_id": "a-1", "text": "hello" }, { "external_id": "b-1", "text": "hello" }]);
    house
        .post("/api/v1/projects/work/items?hold=true", &admin, &items)
        .await
        .expect(200);
    let path = "/projects/work/runs";
    let (rita, ada) = (Browser::of(&house, "rita").await, Browser::of(&house, "ada").await);
    assert!(!rita.page(path).await.contains("start-run"));
    let page = ada.page(path).await;
    assert!(
        page.contains("value=\"first\" checked") && page.contains("value=\"second\" checked"),
        "{page}"
    );
    assert!(!page.contains("id=\"start-run\" open"), "{page}");
    let good = [("select", "all"), ("annotator", "first")];
    assert_eq!(rita.submit(path, &page, &good).await.status, StatusCode::FORBIDDEN);
    let forged = ada
        .post(path, &[("form_token", "0"), ("select", "all"), ("annotator", "first")])
        .await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);

    type Inputs<'a> = &'a [(&'a str, &'a str)];
    let wrong: [(Inputs<'_>, &str, &str); 6] = [
        (&[("select", "all")], "annotators", "choose at least one annotator"),
        (
            &[("select", "all"), ("annotator", "nobody")],
            "annotators",
            "use first, second",
        ),
        (
            &[("select", "listed"), ("listed", "a-1\n<i>"), ("annotator", "first")],
            "items",
            "`&lt;i&gt;`",
        ),
        (
            &[("select", "newest"), ("count", "0"), ("annotator", "first")],
            "items",
            "at least 1",
        ),
        (
            &[("select", "all"), ("annotator", "first"), ("money", "a lot")],
            "money",
            "12.50",
        ),
        (
            &[("select", "all"), ("annotator", "first"), ("money", "5")],
            "budget",
            "currency",
        ),
    ];
    for (inputs, part, message) in wrong {
        let refused = ada.submit(path, &page, inputs).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{inputs:?}");
        let again = refused.text();
        let beside = again.split(&format!("id=\"error-{part}\"")).nth(1).unwrap_or_default();
        let beside = beside.split("</p>").next().unwrap();
        assert!(beside.contains(message), "{message} is not in {beside} of\n{again}");
        assert!(
            again.contains("id=\"start-run\" open") && !again.contains("<i>"),
            "{again}"
        );
        assert!(!again.contains("value=\"second\" checked"), "{again}");
    }
    let mut transaction = house.state.store.read().await.unwrap();
    assert_eq!(
        transaction.latest_runs(project.id, 10).await.unwrap(),
        [],
        "nothing is half done"
    );
    drop(transaction);

    let inputs = [
        ("select", "matching"),
        ("state", "pending"),
        ("prefix", "a-"),
        ("annotator", "first"),
        ("money", "2.50"),
        ("currency", "EUR"),
        ("tokens", "1000"),
    ];
    let started = ada.submit(path, &page, &inputs).await;
    assert_eq!(
        started.header("location"),
        "/projects/work/runs/1?done=started",
        "{}",
        started.text()
    );
    let shown = ada.page("/projects/work/runs/1?done=started").await;
    assert!(
        shown.contains("The run is started") && shown.contains("by ada"),
        "{shown}"
    );
    let runs = house.get("/api/v1/projects/work/runs", &admin).await.expect(200);
    let run = &runs["rows"][0];
    assert_eq!(run["annotators"], json!(["first"]));
    assert_eq!(
        run["budget"],
        json!({ "currency": "EUR", "money": "2.50", "tokens": 1000 })
    );
    assert_eq!(
        (&run["planning"]["planned"], &run["started_by"]),
        (&json!(1), &json!("ada"))
    );
}

/// Where a provider has batches the form offers them, and what the panel has against them stands beside the choice.
#[tokio::test]
async fn batches_are_offered_where_a_provider_has_them() {
    let mut house = House::open().await;
    house.user("ada", Role::Administrator).await;
    house.project(machine_project("work")).await;
    let path = "/projects/work/runs";
    assert!(
        !Browser::of(&house, "ada")
            .await
            .page(path)
            .await
            .contains("name=\"batch\"")
    );
    house.offer_batches(&["hosted"]);
    let ada = Browser::of(&house, "ada").await;
    let page = ada.page(path).await;
    let inputs = [("select", "all"), ("annotator", "first"), ("batch", "yes")];
    let refused = ada.submit(path, &page, &inputs).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let again = refused.text();
    assert!(
        again.contains("name=\"batch\" value=\"yes\" checked") && again.contains("error-batch"),
        "{again}"
    );
    assert!(again.contains("only these are asked through batches"), "{again}");
}
