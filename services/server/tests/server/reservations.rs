//! What people do with tasks.

use accord_domain::{Role, Scope, Timestamp};
use serde_json::{Value, json};

use crate::house::{House, people_project};

async fn house(items: usize) -> (House, String) {
    let house = House::open().await;
    house.project(people_project("work", 2)).await;
    let admin = house.token(&[Scope::Admin]).await;
    let lines: Vec<Value> = (0..items)
        .map(|number| json!({ "external_id": format!("i{number}"), "text": "t" }))
        .collect();
    house
        .post("/api/v1/projects/work/items", &admin, &Value::Array(lines))
        .await
        .expect(200);
    (house, admin)
}

async fn claim(house: &House, credentials: &str, body: &Value) -> Value {
    house
        .post("/api/v1/projects/work/tasks/claim", credentials, body)
        .await
        .expect(200)
}

fn address(claimed: &Value, verb: &str) -> String {
    format!("/api/v1/tasks/{}/{verb}", claimed["task"]["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_vote_is_reserved_kept_and_submitted_once() {
    let (house, admin) = house(1).await;
    house.user("ada", Role::Annotator).await;
    let session = house.session("ada").await;
    let vote = json!({ "kind": "vote" });
    let claimed = claim(&house, &session, &vote).await;
    assert_eq!(claimed["item"]["external_id"], "i0");
    let content = house
        .get(claimed["content_address"].as_str().unwrap(), &session)
        .await
        .expect(200);
    assert_eq!(content["text"], "t");
    let again = claim(&house, &session, &vote).await;
    assert_eq!(
        again["task"]["id"], claimed["task"]["id"],
        "the task that is held comes first"
    );
    assert_ne!(again["lease_token"], claimed["lease_token"]);

    let lease = json!({ "lease_token": again["lease_token"] });
    let renewed = house
        .post(&address(&again, "renew"), &session, &lease)
        .await
        .expect(200);
    let moment = |value: &Value| serde_json::from_value::<Timestamp>(value.clone()).unwrap();
    assert!(moment(&renewed["lease_until"]) >= moment(&again["task"]["lease_until"]));
    let stale = json!({ "lease_token": claimed["lease_token"] });
    house
        .post(&address(&again, "renew"), &session, &stale)
        .await
        .expect(409);

    let wrong = json!({ "lease_token": again["lease_token"], "answers": { "colour": "red" } });
    let problem = house
        .post(&address(&again, "submit"), &session, &wrong)
        .await
        .expect(422);
    assert_eq!(problem["errors"][0]["field"], "answers.colour");
    let right =
        json!({ "lease_token": again["lease_token"], "answers": { "label": "yes" }, "latency_milliseconds": 1500 });
    let submitted = house
        .post(&address(&again, "submit"), &session, &right)
        .await
        .expect(200);
    assert_eq!(submitted["stored"], true);
    let repeated = house
        .post(&address(&again, "submit"), &session, &right)
        .await
        .expect(200);
    assert_eq!(
        (&repeated["stored"], &repeated["annotation_id"]),
        (&json!(false), &submitted["annotation_id"])
    );

    let nothing = house.post("/api/v1/projects/work/tasks/claim", &session, &vote).await;
    assert_eq!(nothing.status.as_u16(), 204, "nobody votes twice on an item");
    let annotations = house.get("/api/v1/projects/work/annotations", &admin).await.expect(200);
    let row = &annotations["rows"][0];
    assert_eq!(
        (&row["provenance"]["blind"], &row["provenance"]["latency_milliseconds"]),
        (&json!(true), &json!(1500))
    );
}

#[tokio::test]
async fn a_token_acts_for_the_account_it_names() {
    let (house, _) = house(1).await;
    let token = house.token(&[Scope::Annotate]).await;
    house.user("ada", Role::Annotator).await;
    let body = json!({ "kind": "vote" });
    let problem = house
        .post("/api/v1/projects/work/tasks/claim", &token, &body)
        .await
        .expect(422);
    assert_eq!(problem["errors"][0]["field"], "user");
    let unknown = json!({ "kind": "vote", "user": "nobody" });
    house
        .post("/api/v1/projects/work/tasks/claim", &token, &unknown)
        .await
        .expect(422);
    let review = json!({ "kind": "review", "user": "ada" });
    house
        .post("/api/v1/projects/work/tasks/claim", &token, &review)
        .await
        .expect(403);
    let claimed = claim(&house, &token, &json!({ "kind": "vote", "user": "ada" })).await;
    let submission = json!({ "lease_token": claimed["lease_token"], "answers": { "label": "no" } });
    house
        .post(&address(&claimed, "submit"), &token, &submission)
        .await
        .expect(200);
}

#[tokio::test]
async fn a_task_is_given_back_or_left_for_good() {
    let (house, _) = house(1).await;
    house.user("ada", Role::Annotator).await;
    house.user("bob", Role::Annotator).await;
    let (ada, bob) = (house.session("ada").await, house.session("bob").await);
    let vote = json!({ "kind": "vote" });
    let claimed = claim(&house, &ada, &vote).await;
    let lease = json!({ "lease_token": claimed["lease_token"] });
    house
        .post(&address(&claimed, "release"), &bob, &lease)
        .await
        .expect(409);
    house
        .post(&address(&claimed, "release"), &ada, &lease)
        .await
        .expect(204);
    house
        .post(&address(&claimed, "release"), &ada, &lease)
        .await
        .expect(409);

    let claimed = claim(&house, &ada, &vote).await;
    let lease = json!({ "lease_token": claimed["lease_token"] });
    house.post(&address(&claimed, "skip"), &ada, &lease).await.expect(204);
    let nothing = house.post("/api/v1/projects/work/tasks/claim", &ada, &vote).await;
    assert_eq!(nothing.status.as_u16(), 204, "a skipped item does not come back");
    claim(&house, &bob, &vote).await;
}

#[tokio::test]
async fn nobody_can_answer_for_somebody_else() {
    let (house, _) = house(1).await;
    house.user("ada", Role::Annotator).await;
    house.user("bob", Role::Annotator).await;
    let (ada, bob) = (house.session("ada").await, house.session("bob").await);
    let claimed = claim(&house, &ada, &json!({ "kind": "vote" })).await;
    let stolen = json!({ "lease_token": claimed["lease_token"], "answers": { "label": "no" } });
    house
        .post(&address(&claimed, "submit"), &bob, &stolen)
        .await
        .expect(409);
    let as_ada = json!({ "kind": "vote", "user": "ada" });
    house
        .post("/api/v1/projects/work/tasks/claim", &bob, &as_ada)
        .await
        .expect(422);
}

#[tokio::test]
async fn only_a_dead_task_is_revived() {
    let (house, admin) = house(1).await;
    let tasks = house.get("/api/v1/projects/work/tasks", &admin).await.expect(200);
    let task = tasks["rows"][0]["id"].as_str().unwrap();
    house
        .post(&format!("/api/v1/tasks/{task}/revive"), &admin, &Value::Null)
        .await
        .expect(409);
}
