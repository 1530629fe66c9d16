//! Calibration of a field, and the threshold that keeps a promise.

use accord_domain::Scope;
use serde_json::{Value, json};

use crate::house::{House, machine_project};
use crate::panel::{calibrate, calibrate_beside};

const PATH: &str = "/api/v1/projects/work/calibration/label";

async fn house() -> (House, String) {
    let house = House::open().await;
    house.project(machine_project("work")).await;
    let reader = house.token(&[Scope::ReadData]).await;
    (house, reader)
}

#[tokio::test]
async fn without_gold_it_says_how_much_is_needed() {
    let (house, reader) = house().await;
    let found = house.get(PATH, &reader).await.expect(200);
    assert_eq!(found["calibrator"], Value::Null);
    assert_eq!(
        found["acceptance"]["outcome"],
        json!({ "outcome": "not_enough_gold", "needed": 124, "missing": 124 }),
        "the policy's threshold of 0.95 allows 5 % of errors"
    );
    let stricter = house
        .get(&format!("{PATH}?alpha=0.01&delta=0.1"), &reader)
        .await
        .expect(200);
    assert_eq!(
        stricter["acceptance"]["promise"],
        json!({ "alpha": 0.01, "delta": 0.1 })
    );
    assert_eq!(stricter["acceptance"]["outcome"]["needed"], json!(531));
}

#[tokio::test]
async fn the_figures_are_those_of_the_present_calibrator() {
    let (house, reader) = house().await;
    calibrate(&house.state, "work", "label", &[(0.97, 628, 626), (0.8, 177, 165)]).await;
    let found = house.get(&format!("{PATH}?alpha=0.01"), &reader).await.expect(200);
    let acceptance = &found["acceptance"];
    assert_eq!(
        acceptance["outcome"],
        json!({ "outcome": "certified", "threshold": 0.97, "coverage": 628.0 / 805.0, "accepted": 628, "errors": 2 })
    );
    assert_eq!(
        (&acceptance["item_count"], &acceptance["error_count"]),
        (&json!(805), &json!(14))
    );
    assert!(acceptance["assumption"].as_str().unwrap().contains("exchangeable"));
    let tests = acceptance["tests"].as_array().unwrap();
    assert_eq!(
        (tests.len(), &tests[0]["certified"], &tests[1]["certified"]),
        (2, &json!(true), &json!(false))
    );
    let calibrator = &found["calibrator"];
    assert_eq!(calibrator["method"], "even weights, Platt");
    assert_eq!(calibrator["before"]["brier"], json!(0.12));
    let after = &calibrator["after"];
    assert_eq!(
        (&after["report"]["brier"], &after["error_count"]),
        (&json!(0.07), &json!(14))
    );
    let number = |value: &Value| value.as_f64().unwrap();
    let parts = &after["decomposition"];
    let sum = number(&parts["reliability"]) - number(&parts["resolution"])
        + number(&parts["uncertainty"])
        + number(&parts["within_levels"]);
    assert!((sum - 0.07).abs() < 1e-12, "the parts add up to the whole: {parts}");
    assert_eq!(after["reliability"][1]["count"], json!(628));
    assert_eq!(
        calibrator["selection"]["choice"]["candidates"][0]["chosen"],
        json!(true)
    );
    assert_eq!(calibrator["warnings"][0]["kind"], "even_vote_below_annotator");

    calibrate(&house.state, "work", "label", &[(0.9, 50, 45)]).await;
    let found = house.get(PATH, &reader).await.expect(200);
    assert_eq!(
        found["acceptance"]["item_count"],
        json!(50),
        "a new calibrator takes its place at once"
    );
}

#[tokio::test]
async fn thresholds_are_certified_on_what_was_set_apart() {
    let (house, reader) = house().await;
    let (fitted, apart) = ([(0.97, 900, 700)], [(0.97, 400, 399), (0.6, 50, 30)]);
    calibrate(&house.state, "work", "label", &fitted).await;
    let found = house.get(&format!("{PATH}?alpha=0.02"), &reader).await.expect(200);
    assert_eq!(
        (&found["acceptance"]["basis"], &found["calibrator"]["set_apart_count"]),
        (&json!("out_of_fold"), &json!(0))
    );
    calibrate_beside(&house.state, "work", "label", &fitted, Some(&apart)).await;
    let found = house.get(&format!("{PATH}?alpha=0.02"), &reader).await.expect(200);
    let acceptance = &found["acceptance"];
    assert_eq!(
        (
            &acceptance["basis"],
            &acceptance["item_count"],
            &found["calibrator"]["set_apart_count"]
        ),
        (&json!("set_apart"), &json!(450), &json!(453))
    );
    assert_eq!(
        acceptance["outcome"],
        json!({ "outcome": "certified", "threshold": 0.97, "coverage": 400.0 / 450.0, "accepted": 400, "errors": 1 })
    );
    assert!(
        acceptance["assumption"]
            .as_str()
            .unwrap()
            .contains("took no part in fitting")
    );
    assert_eq!(
        found["calibrator"]["after"]["error_count"],
        json!(200),
        "figures stay out of fold"
    );
    let stricter = house.get(&format!("{PATH}?alpha=0.01"), &reader).await.expect(200);
    // 628 must be accepted, 178 more than there are; three labels in ten are set apart.
    assert_eq!(
        stricter["acceptance"]["outcome"],
        json!({ "outcome": "not_enough_gold", "needed": 628, "missing": 594 })
    );
}

#[tokio::test]
async fn what_cannot_be_promised_is_refused_or_said() {
    let (house, reader) = house().await;
    for query in ["alpha=0", "alpha=1", "alpha=-0.1", "delta=2", "alpha=NaN"] {
        let problem = house.get(&format!("{PATH}?{query}"), &reader).await.expect(422);
        assert!(
            problem["detail"].as_str().unwrap().contains("above 0 and below 1"),
            "{query}: {problem}"
        );
    }
    house.get(&format!("{PATH}?alpha=much"), &reader).await.expect(422);
    house
        .get("/api/v1/projects/work/calibration/nothing", &reader)
        .await
        .expect(404);
}
