//! Many people at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use accord_domain::{Role, Scope};
use serde_json::{Value, json};

use crate::house::{House, people_project};

const PEOPLE: usize = 32;
const ITEMS: usize = 20;
const OVERLAP: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_people_at_once_never_exceed_the_overlap() {
    let house = Arc::new(House::open().await);
    house
        .project(people_project("work", u32::try_from(OVERLAP).unwrap()))
        .await;
    let admin = house.token(&[Scope::Admin]).await;
    let lines: Vec<Value> = (0..ITEMS)
        .map(|number| json!({ "external_id": format!("i{number}"), "text": "t" }))
        .collect();
    house
        .post("/api/v1/projects/work/items", &admin, &Value::Array(lines))
        .await
        .expect(200);

    let mut people = Vec::new();
    for number in 0..PEOPLE {
        let name = format!("person-{number}");
        house.user(&name, Role::Annotator).await;
        let session = house.session(&name).await;
        let house = Arc::clone(&house);
        people.push(tokio::spawn(async move {
            vote_until_nothing_is_left(&house, &session, number).await
        }));
    }
    let mut submitted = 0;
    for person in people {
        submitted += person.await.unwrap();
    }
    assert_eq!(submitted, ITEMS * OVERLAP);

    let annotations = house
        .get("/api/v1/projects/work/annotations?limit=1000", &admin)
        .await
        .expect(200);
    let mut voters: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for annotation in annotations["rows"].as_array().unwrap() {
        let text = |key: &str| annotation[key].as_str().unwrap().to_owned();
        voters.entry(text("item_id")).or_default().push(text("annotator_id"));
    }
    assert_eq!(voters.len(), ITEMS);
    for (item, mut annotators) in voters {
        annotators.sort();
        annotators.dedup();
        assert_eq!(annotators.len(), OVERLAP, "item {item}");
    }
}

/// Votes until there is nothing to do; now and then gives a task back. Returns how many votes were counted.
async fn vote_until_nothing_is_left(house: &House, session: &str, person: usize) -> usize {
    let mut submitted = 0;
    for round in 0.. {
        let claimed = house
            .post("/api/v1/projects/work/tasks/claim", session, &json!({ "kind": "vote" }))
            .await;
        if claimed.status.as_u16() == 204 {
            return submitted;
        }
        let claimed = claimed.expect(200);
        let task = claimed["task"]["id"].as_str().unwrap();
        let lease = json!({ "lease_token": claimed["lease_token"] });
        if round == 0 && person.is_multiple_of(4) {
            house
                .post(&format!("/api/v1/tasks/{task}/release"), session, &lease)
                .await
                .expect(204);
            continue;
        }
        let label = if person.is_multiple_of(2) { "yes" } else { "no" };
        let submission = json!({ "lease_token": claimed["lease_token"], "answers": { "label": label } });
        let reply = house
            .post(&format!("/api/v1/tasks/{task}/submit"), session, &submission)
            .await
            .expect(200);
        submitted += usize::from(reply["stored"] == json!(true));
    }
    submitted
}
