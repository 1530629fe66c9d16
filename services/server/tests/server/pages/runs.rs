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

/// What is said to be wrong with a part of the form.
fn beside<'a>(page: &'a str, part: &str) -> &'a str {
    let rest = page.split(&format!("id=\"error-{part}\"")).nth(1).unwrap_or_default();
    rest.split("</p>").next().unwrap_or_default()
}

/// All that is wrong is told at once, each beside its own input: what cannot be read, and what the project has against the
/// rest. What was typed is kept.
#[tokio::test]
async fn all_that_is_wrong_with_a_run_is_told_at_once() {
    let mut house = House::open().await;
    house.user("ada", Role::Administrator).await;
    house.project(machine_project("work")).await;
    house.offer_batches(&["hosted"]);
    let ada = Browser::of(&house, "ada").await;
    let path = "/projects/work/runs";
    let page = ada.page(path).await;
    let inputs = [
        ("annotator", "nobody"),
        ("select", "listed"),
        ("listed", "a-9"),
        ("money", "7.5"),
        ("currency", "euros"),
        ("tokens", "-3"),
    ];
    let refused = ada.submit(path, &page, &inputs).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let again = refused.text();
    for (part, message) in [
        ("annotators", "use first, second"),
        ("listed", "no item `a-9`"),
        ("currency", "such as USD"),
        ("tokens", "not negative"),
    ] {
        assert!(beside(&again, part).contains(message), "{part}: {again}");
        assert_eq!(
            again.matches(&format!("aria-describedby=\"error-{part}\"")).count(),
            1,
            "{part}"
        );
    }
    assert_eq!(again.matches("id=\"error-").count(), 4, "{again}");
    for typed in [
        "value=\"7.5\"",
        "value=\"euros\"",
        "value=\"-3\"",
        ">a-9</textarea>",
        "value=\"listed\" checked",
    ] {
        assert!(again.contains(typed), "{typed}: {again}");
    }
    // Nobody is asked: whether it goes through batches cannot be said yet.
    let inputs = [
        ("select", "newest"),
        ("count", "few"),
        ("batch", "yes"),
        ("money", "much"),
        ("all_votes", "yes"),
    ];
    let again = ada.submit(path, &page, &inputs).await.text();
    for part in ["annotators", "count", "money"] {
        assert_ne!(beside(&again, part), "", "{part}: {again}");
    }
    assert_eq!(again.matches("id=\"error-").count(), 3, "{again}");
    assert!(
        again.contains("name=\"batch\" value=\"yes\" checked") && again.contains("value=\"few\""),
        "{again}"
    );

    // The API tells all at once as well.
    let admin = house.token(&[Scope::Admin]).await;
    let wanted = json!({
        "annotators": ["nobody"], "items": { "select": "newest", "count": 0 }, "budget": { "money": "5" },
    });
    let problem = house
        .post("/api/v1/projects/work/runs", &admin, &wanted)
        .await
        .expect(422);
    let errors = problem["errors"].as_array().unwrap().iter();
    let fields: Vec<&str> = errors.map(|error| error["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["annotators", "items", "budget"], "{problem}");
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
            "listed",
            "`&lt;i&gt;`",
        ),
        (
            &[("select", "newest"), ("count", "0"), ("annotator", "first")],
            "count",
            "at least 1",
        ),
        (
            &[("select", "all"), ("annotator", "first"), ("money", "a lot")],
            "money",
            "12.50",
        ),
        (
            &[("select", "all"), ("annotator", "first"), ("money", "5")],
            "currency",
            "such as USD",
        ),
    ];
    for (inputs, part, message) in wrong {
        let refused = ada.submit(path, &page, inputs).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{inputs:?}");
        let again = refused.text();
        let beside = beside(&again, part);
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
