//! Agreement.

use accord_domain::Scope;
use serde_json::{Value, json};

use crate::house::{House, machine_project};
use crate::panel::work;

#[tokio::test]
async fn agreement_is_measured_and_follows_the_votes() {
    let house = House::open().await;
    house.project(machine_project("work")).await;
    let admin = house.token(&[Scope::Admin]).await;
    let none = house.get("/api/v1/projects/work/agreement", &admin).await.expect(200);
    assert_eq!(none["fields"][0]["alpha"]["undefined"], "no_pairable_votes");

    for (label, first) in [("yes", 0), ("no", 15)] {
        let items: Vec<Value> = (first..first + 15)
            .map(|number| json!({ "external_id": format!("i{number}"), "text": "t" }))
            .collect();
        house
            .post("/api/v1/projects/work/items", &admin, &Value::Array(items))
            .await
            .expect(200);
        work(&house.state, &json!({ "label": label, "total": "1" })).await;
    }
    let agreement = house.get("/api/v1/projects/work/agreement", &admin).await.expect(200);
    let (label, total) = (&agreement["fields"][0], &agreement["fields"][1]);
    assert_eq!((&label["item_count"], &label["vote_count"]), (&json!(30), &json!(60)));
    assert_eq!(
        (&label["percent_agreement"]["value"], &label["alpha"]["value"]),
        (&json!(1.0), &json!(1.0))
    );
    assert_eq!(label["alpha"]["lower"], json!(1.0));
    assert_eq!(
        total["alpha"]["undefined"], "no_variation",
        "one value only: chance cannot be told apart"
    );
    let again = house.get("/api/v1/projects/work/agreement", &admin).await.expect(200);
    assert_eq!(again, agreement, "the figures are kept until votes come in");
}
