//! Figures that follow the votes, one by one.

use accord_domain::{Role, Scope};
use accord_server::figures::{Agreement, agreement_now};
use serde_json::{Value, json};

use super::browser::Browser;
use crate::house::{House, machine_project};
use crate::panel::{work, work_with};

/// Items that a person votes on after the machines.
const ITEMS: usize = 14;

/// What people and machines say of the item of this number: a number of the sequence decides.
fn answers(number: usize, is_person: bool) -> Value {
    let truth = number.is_multiple_of(3);
    let says = truth != (is_person && number % 4 == 1);
    let total = if is_person && number % 5 == 2 {
        number + 100
    } else {
        number % 6
    };
    json!({ "label": if says { "yes" } else { "no" }, "total": total.to_string() })
}

/// A project in which the machines have voted and a person has not.
async fn house(admin: &mut String) -> House {
    let house = House::open().await;
    house.user("anna", Role::Annotator).await;
    house.user("rita", Role::Reviewer).await;
    *admin = house.token(&[Scope::Admin]).await;
    let mut definition = machine_project("live");
    definition["policy"] = json!({ "people": "always", "overlap": 1 });
    house.project(definition).await;
    let items: Vec<Value> = (0..ITEMS)
        .map(|number| json!({ "external_id": number.to_string(), "text": "t" }))
        .collect();
    house
        .post("/api/v1/projects/live/items", admin, &Value::Array(items))
        .await
        .expect(200);
    work_with(&house.state, |name| answers(name.parse().unwrap(), false)).await;
    house
}

/// One more vote of a person, and everything that follows from it.
async fn vote(house: &House, session: &str) {
    let kind = json!({ "kind": "vote" });
    let claimed = house
        .post("/api/v1/projects/live/tasks/claim", session, &kind)
        .await
        .expect(200);
    let number = claimed["item"]["external_id"].as_str().unwrap().parse().unwrap();
    let path = format!("/api/v1/tasks/{}/submit", claimed["task"]["id"].as_str().unwrap());
    let body = json!({ "lease_token": claimed["lease_token"], "answers": answers(number, true) });
    house.post(&path, session, &body).await.expect(200);
    work(&house.state, &json!({})).await;
}

/// The figures of the sums must be those of a count from nothing.
fn assert_equal(now: &Agreement, whole: &Value) {
    for (now, whole) in now.fields.iter().zip(whole["fields"].as_array().unwrap()) {
        assert_eq!(whole["field"], json!(now.field.as_str()));
        assert_eq!(whole["item_count"], json!(now.item_count), "{whole}");
        for (figure, name) in [
            (now.percent_agreement, "percent_agreement"),
            (now.alpha, "alpha"),
            (now.fleiss_kappa, "fleiss_kappa"),
            (now.gwet_ac1, "gwet_ac1"),
        ] {
            match (figure.value, whole[name]["value"].as_f64()) {
                (Some(now), Some(whole)) => assert!((now - whole).abs() < 1e-12, "{name}: {now} and {whole}"),
                (now, whole) => assert_eq!(now, whole, "{name}"),
            }
        }
    }
}

/// What the overview writes for a figure.
fn written(figure: &Value) -> String {
    figure["value"].as_f64().map_or_else(
        || "undefined".to_owned(),
        |value| format!("<td>{} <span", format!("{value:.2}").replace('-', "\u{2212}")),
    )
}

#[tokio::test]
async fn every_vote_moves_the_overview_to_what_a_full_count_gives() {
    let mut admin = String::new();
    let house = house(&mut admin).await;
    let session = house.session("anna").await;
    let rita = Browser::of(&house, "rita").await;
    let project = {
        let mut transaction = house.state.store.read().await.unwrap();
        transaction.project_by_name("live").await.unwrap().unwrap()
    };
    let path = "/api/v1/projects/live/agreement";
    let mut before = house.get(path, &admin).await.expect(200);
    let mut seen = Vec::new();
    for _ in 0..ITEMS {
        vote(&house, &session).await;
        let now = agreement_now(&house.state, &project).await.unwrap();
        assert_eq!(
            json!(now.annotation_count),
            before["annotation_count"],
            "the intervals are those before the vote, so the values come from the sums"
        );
        let page = rita.page("/projects/live").await;
        let whole = house.get(path, &admin).await.expect(200);
        assert_ne!(whole["annotation_count"], before["annotation_count"]);
        assert_equal(&now, &whole);
        for field in ["label", "total"] {
            let row = page
                .split("<tr ")
                .find(|row| row.starts_with(&format!("data-field=\"{field}\"")));
            let known = whole["fields"].as_array().unwrap().iter();
            let alpha = known.clone().find(|known| known["field"] == field).unwrap()["alpha"].clone();
            assert!(
                row.unwrap().contains(&written(&alpha)),
                "{field}: {alpha} is not in {row:?}"
            );
        }
        seen.push(whole["fields"][0]["alpha"]["value"].to_string());
        before = whole;
    }
    seen.dedup();
    // In whatever order items are given out: four of the votes disagree, and each of these moves alpha.
    assert!(seen.len() > 4, "votes move alpha: {seen:?}");
    assert_eq!(before["fields"][0]["item_count"], json!(ITEMS));
}
