//! Agreement.

use accord_domain::{Role, Scope};
use serde_json::{Value, json};

use crate::house::{House, machine_project};
use crate::panel::{calibrate, work, work_with};

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
    for figure in ["fleiss_kappa", "gwet_ac1"] {
        assert_eq!(label[figure]["value"], json!(1.0), "{figure}");
    }
    assert_eq!(
        label["classes"],
        json!([{"class": "yes", "vote_count": 30}, {"class": "no", "vote_count": 30}]),
        "declared classes in their order"
    );
    let again = house.get("/api/v1/projects/work/agreement", &admin).await.expect(200);
    assert_eq!(again, agreement, "the figures are kept until votes come in");
}

#[tokio::test]
async fn pairs_pools_and_confusions_of_a_field_are_told_apart() {
    let house = House::open().await;
    let admin = house.token(&[Scope::Admin]).await;
    mixed_votes(&house, &admin).await;
    let path = "/api/v1/projects/work/agreement/label";
    let detail = house.get(path, &admin).await.expect(200);
    let names: Vec<&str> = detail["annotators"]
        .as_array()
        .unwrap()
        .iter()
        .map(|annotator| annotator["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["@anna", "first", "second"],
        "the most votes first, then by name"
    );
    assert_eq!(detail["annotators_left_out"], json!(0));
    // The machines say the same throughout; anna said `no` twice where they said `yes`, of 24: chance is a half.
    let (machines, person) = (&detail["pairs"][1][2], &detail["pairs"][0][1]);
    assert_eq!((&machines["kappa"], &machines["item_count"]), (&json!(1.0), &json!(24)));
    assert_eq!(person["item_count"], json!(24));
    let number = |value: &Value| value.as_f64().unwrap();
    assert!((number(&person["percent_agreement"]) - 22.0 / 24.0).abs() < 1e-12);
    assert!((number(&person["kappa"]) - 5.0 / 6.0).abs() < 1e-12, "{person}");
    assert_eq!(detail["pairs"][1][0], *person, "the matrix is symmetric");
    let pools = &detail["people_and_machines"];
    assert_eq!(
        (
            &pools["people"],
            &pools["machines"],
            &pools["item_count"],
            &pools["machines_alpha"]
        ),
        (&json!(1), &json!(2), &json!(24), &json!(1.0))
    );
    let across = &pools["kappa"];
    assert!((number(&across["value"]) - 5.0 / 6.0).abs() < 1e-12);
    assert!(number(&across["lower"]) < 5.0 / 6.0 && number(&across["upper"]) > 5.0 / 6.0);
    assert_eq!(detail["confusion_classes"], json!(["yes", "no"]));
    let anna = &detail["against_consensus"][0];
    assert_eq!(
        (&anna["annotator"], &anna["counts"]),
        (&json!("@anna"), &json!([[10, 2], [0, 12]]))
    );
    assert_eq!(detail["panel"], Value::Null, "there is no gold");
    house
        .get("/api/v1/projects/work/agreement/nothing", &admin)
        .await
        .expect(404);
}

#[tokio::test]
async fn what_gold_says_of_the_panel_is_shown_with_families() {
    let house = House::open().await;
    let admin = house.token(&[Scope::Admin]).await;
    mixed_votes(&house, &admin).await;
    let path = "/api/v1/projects/work/agreement/label";
    let before = house.get(path, &admin).await.expect(200);
    assert_eq!((&before["panel"], &before["against_gold"]), (&Value::Null, &json!([])));
    calibrate(&house.state, "work", "label", &[(0.9, 100, 92)]).await;
    let detail = house.get(path, &admin).await.expect(200);
    assert_eq!(
        (&detail["annotation_count"], &detail["agreement"]),
        (&before["annotation_count"], &before["agreement"]),
        "a new calibrator shows at once, although the votes are the same"
    );
    let again = house.get(path, &admin).await.expect(200);
    assert_eq!(again, detail, "and what it says is kept");
    let panel = &detail["panel"];
    assert_eq!(
        (&panel["votes"], &panel["families"].as_array().unwrap().len()),
        (&json!(2), &2)
    );
    // Two votes at a correlation of a half are worth 2 / 1.5.
    let worth = panel["effective_votes"].as_f64().unwrap();
    assert!((worth - 2.0 / 1.5).abs() < 1e-12, "{worth}");
    assert_eq!(panel["annotators"][0]["correct_count"], json!(90));
    assert_eq!(detail["against_gold"][0]["counts"], json!([[50, 5], [5, 40]]));
    assert_eq!(detail["warnings"][0]["kind"], "even_vote_below_annotator");
}

/// Two machines that always say the same on 24 items, and a person who twice says something else.
async fn mixed_votes(house: &House, admin: &str) {
    house.user("anna", Role::Annotator).await;
    let mut definition = machine_project("work");
    definition["policy"] = json!({ "people": "always", "overlap": 1 });
    house.project(definition).await;
    let items: Vec<Value> = (0..24)
        .map(|number| json!({ "external_id": number.to_string(), "text": "t" }))
        .collect();
    house
        .post("/api/v1/projects/work/items", admin, &Value::Array(items))
        .await
        .expect(200);
    let answer = |is_yes: bool| json!({ "label": if is_yes { "yes" } else { "no" }, "total": "1" });
    let number = |name: &str| name.parse::<u32>().unwrap();
    work_with(&house.state, |name| answer(number(name).is_multiple_of(2))).await;
    let session = house.session("anna").await;
    for _ in 0..24 {
        let claimed = house
            .post(
                "/api/v1/projects/work/tasks/claim",
                &session,
                &json!({ "kind": "vote" }),
            )
            .await
            .expect(200);
        let number = number(claimed["item"]["external_id"].as_str().unwrap());
        let answers = answer(number.is_multiple_of(2) && number > 2);
        let path = format!("/api/v1/tasks/{}/submit", claimed["task"]["id"].as_str().unwrap());
        let body = json!({ "lease_token": claimed["lease_token"], "answers": answers });
        house.post(&path, &session, &body).await.expect(200);
    }
    work(&house.state, &answer(true)).await;
}
