//! Runs over the API.

use accord_domain::Scope;
use http::Method;
use serde_json::{Value, json};

use crate::house::{House, Reply, machine_project, request};
use crate::panel::{machine_answers, work};

async fn house_with_held_items(count: usize) -> (House, String) {
    let house = House::open().await;
    house.project(machine_project("work")).await;
    let admin = house.token(&[Scope::Admin]).await;
    let items: Vec<Value> = (0..count)
        .map(|number| json!({ "external_id": format!("letter-{number}"), "text": "hello" }))
        .collect();
    let path = "/api/v1/projects/work/items?hold=true";
    house.post(path, &admin, &json!(items)).await.expect(200);
    (house, admin)
}

async fn put(house: &House, path: &str, token: &str, body: &Value) -> Reply {
    let mut request = request(Method::PUT, path, token, body.to_string().into());
    let json = http::HeaderValue::from_static("application/json");
    request.headers_mut().insert(http::header::CONTENT_TYPE, json);
    house.send(request).await
}

/// What is held is asked by a run and by nothing else; a run ends when its tasks have.
#[tokio::test]
async fn a_run_asks_what_was_held() {
    let (house, admin) = house_with_held_items(3).await;
    let counts = house
        .get("/api/v1/projects/work/tasks/counts", &admin)
        .await
        .expect(200);
    assert_eq!(counts, json!([]), "nothing is planned yet");
    let created = house
        .post(
            "/api/v1/projects/work/runs",
            &admin,
            &json!({ "items": { "select": "newest", "count": 2 } }),
        )
        .await;
    let location = created.header("location").to_owned();
    let run = created.expect(201);
    let width = i64::try_from(run["annotators"].as_array().unwrap().len()).unwrap();
    assert_eq!(run["planning"]["planned"], json!(2 * width));
    assert_eq!((&run["state"], &run["number"]), (&json!("running"), &json!(1)));
    assert!(run["started_by"].as_str().unwrap().starts_with("token "), "{run}");
    assert_eq!(house.get(&location, &admin).await.expect(200)["id"], run["id"]);
    work(&house.state, &machine_answers()).await;
    let paused = house
        .post(&format!("{location}/resume"), &admin, &json!({}))
        .await
        .expect(200);
    assert_eq!(paused["state"], "finished");
    let listed = house.get("/api/v1/projects/work/runs", &admin).await.expect(200);
    assert_eq!(
        (listed["rows"].as_array().unwrap().len(), &listed["rows"][0]["state"]),
        (1, &json!("finished"))
    );
}

/// Changes are harmless when repeated, refused once the run has ended, and say what is wrong with them.
#[tokio::test]
async fn changes_have_the_right_statuses() {
    let (house, admin) = house_with_held_items(2).await;
    let start = async |body: &Value| house.post("/api/v1/projects/work/runs", &admin, body).await;
    for (body, status, part) in [
        (json!({ "annotators": ["nobody"] }), 422, "nobody"),
        (
            json!({ "items": { "select": "listed", "external_ids": ["letter-9"] } }),
            422,
            "letter-9",
        ),
        (json!({ "items": { "select": "some" } }), 422, "unknown variant"),
        (json!({ "budget": { "money": "5" } }), 422, "currency"),
        (json!({ "budgets": {} }), 422, "budgets"),
    ] {
        let refused = start(&body).await;
        assert_eq!(refused.status.as_u16(), status, "{body}: {}", refused.text());
        assert!(refused.text().contains(part), "{}", refused.text());
    }
    let run = start(&json!({})).await.expect(201);
    let address = format!("/api/v1/runs/{}", run["id"].as_str().unwrap());
    let act = async |verb: &str| house.post(&format!("{address}/{verb}"), &admin, &json!({})).await;
    for verb in ["pause", "pause"] {
        assert_eq!(act(verb).await.expect(200)["state"], "paused");
    }
    let budget = json!({ "currency": "EUR", "money": "2.50" });
    let path = format!("{address}/budget");
    assert_eq!(put(&house, &path, &admin, &budget).await.expect(200)["budget"], budget);
    let negative = put(&house, &path, &admin, &json!({ "tokens": -1 })).await;
    assert_eq!(negative.status.as_u16(), 422, "{}", negative.text());
    assert_eq!(act("resume").await.expect(200)["state"], "running");
    for verb in ["cancel", "cancel"] {
        assert_eq!(act(verb).await.expect(200)["state"], "cancelled");
    }
    for verb in ["pause", "resume"] {
        assert_eq!(act(verb).await.status.as_u16(), 409);
    }
    assert_eq!(put(&house, &path, &admin, &budget).await.status.as_u16(), 409);
}

/// A token that is bound to one project sees no runs of others.
#[tokio::test]
async fn runs_of_other_projects_are_not_there() {
    let (house, admin) = house_with_held_items(1).await;
    let other = house.project(machine_project("other")).await;
    let bound = house.token_for(&[Scope::Admin], Some(other.id), None).await;
    let run = house
        .post("/api/v1/projects/work/runs", &admin, &json!({}))
        .await
        .expect(201);
    let address = format!("/api/v1/runs/{}", run["id"].as_str().unwrap());
    assert_eq!(house.get(&address, &bound).await.status.as_u16(), 404);
    assert_eq!(
        house
            .post(&format!("{address}/cancel"), &bound, &json!({}))
            .await
            .status
            .as_u16(),
        404
    );
    assert_eq!(house.get(&address, &admin).await.expect(200)["state"], "running");
}
