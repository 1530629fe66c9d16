//! Ways to be sure of a value: what was compared, and what follows from it.

use accord_domain::{Role, Scope};
use accord_score::gold::ProjectGold;
use serde_json::{Value, json};

use super::browser::Browser;
use crate::house::{House, machine_project};
use crate::panel::{calibrate, work_with};
use crate::projects::put;

const API: &str = "/api/v1/projects/work/methods";
const PAGE: &str = "/projects/work/methods";

/// Items on which two machines say the same, wrong on every fourth.
async fn house() -> (House, String) {
    let house = House::open().await;
    house.user("rita", Role::Reviewer).await;
    house.project(machine_project("work")).await;
    let admin = house.token(&[Scope::Admin]).await;
    let items: Vec<Value> = (0..60)
        .map(|number: u32| {
            let label = if number.is_multiple_of(4) { "no" } else { "yes" };
            json!({ "external_id": number.to_string(), "text": format!("t {number}"), "gold": { "label": label } })
        })
        .collect();
    house
        .post("/api/v1/projects/work/items", &admin, &Value::Array(items))
        .await
        .expect(200);
    work_with(&house.state, |_| json!({ "label": "yes", "total": "1" })).await;
    let reader = house.token(&[Scope::ReadData]).await;
    (house, reader)
}

async fn compare(house: &House) {
    let store = house.state.store.as_ref();
    let project = store
        .read()
        .await
        .unwrap()
        .project_by_name("work")
        .await
        .unwrap()
        .unwrap();
    let gold = ProjectGold::read(store, project).await.unwrap();
    let comparison = gold.compare_methods(house.state.environment.as_ref()).unwrap();
    let mut transaction = store.write().await.unwrap();
    transaction.put_method_comparison(&comparison).await.unwrap();
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn before_anything_is_compared_it_says_what_is_needed() {
    let (house, reader) = house().await;
    let found = house.get(API, &reader).await.expect(200);
    assert_eq!(
        found,
        json!({ "judge": null, "comparison": null, "is_current": false, "advice": [] })
    );
    let page = Browser::of(&house, "rita").await.page(PAGE).await;
    assert!(page.contains("nothing is measured yet"), "{page}");
    assert!(page.contains("The project names no judge"), "{page}");
}

#[tokio::test]
async fn figures_advice_and_warnings_are_shown() {
    let (house, reader) = house().await;
    compare(&house).await;
    let found = house.get(API, &reader).await.expect(200);
    let field = &found["comparison"]["fields"][0];
    assert_eq!((&field["field"], &field["items"]), (&json!("label"), &json!(60)));
    let voting = &field["methods"][0];
    assert_eq!(
        (&voting["method"], &voting["accuracy"], &voting["levels"]),
        (&json!("voting"), &json!(0.75), &json!(1))
    );
    let curve = voting["curve"].as_array().unwrap();
    assert_eq!(
        curve.last(),
        Some(&json!({ "coverage": 1.0, "risk": 0.25 })),
        "{curve:?}"
    );
    let left_out: Vec<&Value> = field["left_out"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["method"])
        .collect();
    assert_eq!(left_out, ["logprobs", "judge"]);
    let advice = &found["advice"][0];
    let levels = advice["levels"].as_str().unwrap();
    assert!(levels.starts_with("Voting has 1 level,"), "{levels}");
    assert_eq!((&found["is_current"], &advice["warnings"]), (&json!(true), &json!([])));

    calibrate(&house.state, "work", "label", &[(0.9, 100, 90)]).await;
    let found = house.get(API, &reader).await.expect(200);
    assert_eq!(found["advice"][0]["warnings"][0]["kind"], "even_vote_below_annotator");
    let page = Browser::of(&house, "rita").await.page(PAGE).await;
    for part in [
        "data-field=\"label\"",
        "data-method=\"voting\"",
        "class=\"chart risk-coverage\"",
        "Voting has 1 level",
        "a plain majority is right in 85 %, first alone in 90 %",
        "logprobs is left out: no annotator has token probabilities",
        "<code>logprobs</code>",
        "not better",
    ] {
        assert!(page.contains(part), "{part} is not in\n{page}");
    }
}

#[tokio::test]
async fn a_field_with_too_few_levels_says_so_on_every_page_that_its_thresholds_are_chosen_on() {
    let (house, reader) = house().await;
    compare(&house).await;
    calibrate(&house.state, "work", "label", &[(0.75, 60, 45)]).await;
    let found = house.get(API, &reader).await.expect(200);
    let field = &found["comparison"]["fields"][0];
    let level = &field["voting_levels"][0];
    assert_eq!(
        (&level["count"], &level["correct_count"], &field["even_levels"]),
        (&json!(60), &json!(45), &json!(1))
    );
    let rita = Browser::of(&house, "rita").await;
    for path in [PAGE, "/projects/work/calibration/label"] {
        let page = rita.page(path).await;
        for part in [
            "Voting has 1 level, as many as by plain counting",
            "unequal weights",
            "class=\"level-table\"",
            "0.628–0.842",
        ] {
            assert!(page.contains(part), "{part} is not in {path}\n{page}");
        }
    }
    let overview = rita.page("/projects/work").await;
    assert!(
        overview.contains("/projects/work/calibration/label#levels\">only 1 level</a>"),
        "{overview}"
    );
    let other = rita.page("/projects/work/calibration/total").await;
    assert!(!other.contains("id=\"levels\""), "nothing is known of it: {other}");
}

#[tokio::test]
async fn a_comparison_of_an_earlier_definition_says_so() {
    let (house, reader) = house().await;
    compare(&house).await;
    let admin = house.token(&[Scope::Admin]).await;
    let mut definition = machine_project("work");
    definition["judge"] = json!({ "provider": "hosted", "model": "large" });
    put(&house, &admin, Some("\"1\""), &definition).await.expect(200);
    let found = house.get(API, &reader).await.expect(200);
    assert_eq!(
        (
            &found["is_current"],
            &found["judge"]["calls"],
            &found["judge"]["prompt"]
        ),
        (&json!(false), &json!(3), &json!("judge"))
    );
    let page = Browser::of(&house, "rita").await.page(PAGE).await;
    assert!(page.contains("with an earlier definition of the project"), "{page}");
    assert!(
        page.contains("large of provider hosted, by prompt judge, 3 calls"),
        "{page}"
    );
    definition["judge"]["calls"] = json!(2);
    let refused = put(&house, &admin, Some("\"2\""), &definition).await.expect(422);
    assert!(
        refused.to_string().contains("`calls` must lie between 3 and 20"),
        "{refused}"
    );
}

#[tokio::test]
async fn several_fields_are_told_in_one_table_and_each_by_itself_below() {
    let (house, _) = house().await;
    let admin = house.token(&[Scope::Admin]).await;
    let rita = Browser::of(&house, "rita").await;
    compare(&house).await;
    let page = rita.page(PAGE).await;
    assert!(!page.contains("id=\"summary\""), "one field needs no summary: {page}");
    let gold: Vec<Value> = (0..60)
        .map(|number: u32| json!({ "external_id": number.to_string(), "answers": { "total": "1" } }))
        .collect();
    house
        .post("/api/v1/projects/work/gold", &admin, &Value::Array(gold))
        .await
        .expect(200);
    compare(&house).await;
    let page = rita.page(PAGE).await;
    let summary = page
        .split("id=\"summary\"")
        .nth(1)
        .unwrap()
        .split("</table>")
        .next()
        .unwrap();
    for part in [
        "href=\"#field-label\"",
        "href=\"#field-total\"",
        "voting <span class=\"muted\">· ",
        "not better",
        "<span class=\"muted\">few</span>",
    ] {
        assert!(summary.contains(part), "{part} is not in {summary}");
    }
    for (field, open) in [("label", " open"), ("total", "")] {
        let detail = format!("<details class=\"field-methods\" data-field=\"{field}\"{open}>");
        assert!(page.contains(&detail), "{detail} is not in {page}");
        assert!(page.contains(&format!("<div id=\"field-{field}\">")), "{page}");
    }
}
