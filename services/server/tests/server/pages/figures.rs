//! The pages of agreement and calibration.

use accord_domain::{Role, Scope};
use serde_json::{Value, json};

use super::browser::Browser;
use crate::house::{House, machine_project};
use crate::panel::{calibrate, work_with};

/// Thirty items on which two machines say the same.
async fn house() -> House {
    let house = House::open().await;
    house.user("rita", Role::Reviewer).await;
    house.project(machine_project("work")).await;
    let admin = house.token(&[Scope::Admin]).await;
    let items: Vec<Value> = (0..30)
        .map(|number| json!({ "external_id": number.to_string(), "text": "t" }))
        .collect();
    house
        .post("/api/v1/projects/work/items", &admin, &Value::Array(items))
        .await
        .expect(200);
    work_with(&house.state, |name| {
        let label = if name.parse::<u32>().unwrap().is_multiple_of(3) {
            "yes"
        } else {
            "no"
        };
        json!({ "label": label, "total": name })
    })
    .await;
    house
}

#[track_caller]
fn holds(page: &str, parts: &[&str]) {
    for part in parts {
        assert!(page.contains(part), "{part} is not in\n{page}");
    }
}

#[tokio::test]
async fn the_agreement_of_a_field_is_shown_with_tables_behind_its_charts() {
    let house = house().await;
    let rita = Browser::of(&house, "rita").await;
    let page = rita.page("/projects/work/agreement?field=label").await;
    holds(
        &page,
        &[
            "id=\"answer\"",
            "data-field=\"total\"",
            "aria-current=\"true\">Label",
            "class=\"chart agreement\"",
            "first · second",
            "class=\"chart confusion\"",
            "Against consensus",
            "Not both people and machines",
            "No gold of this field yet",
        ],
    );
    calibrate(&house.state, "work", "label", &[(0.9, 100, 92)]).await;
    let page = rita.page("/projects/work/agreement?field=label").await;
    holds(&page, &["90 of 100", "Against gold"]);
    let page = rita.page("/projects/work/agreement?field=total").await;
    holds(
        &page,
        &["30 different values", "only for fields that declare their classes"],
    );
}

#[tokio::test]
async fn gold_says_what_the_votes_are_worth() {
    let house = house().await;
    calibrate(&house.state, "work", "label", &[(0.9, 100, 92)]).await;
    let rita = Browser::of(&house, "rita").await;
    let page = rita.page("/projects/work/agreement?field=label").await;
    holds(
        &page,
        &[
            "k = 2 annotators of 2 families are worth k_eff = 1.33",
            "class=\"chart correlation\"",
            "90 of 100",
            "a plain majority is right in 85 %, first alone in 90 %",
            "Against gold",
        ],
    );
}

#[tokio::test]
async fn the_calibration_of_a_field_says_from_where_on_it_can_be_trusted() {
    let house = house().await;
    let rita = Browser::of(&house, "rita").await;
    let page = rita.page("/projects/work/calibration/label").await;
    holds(
        &page,
        &["not enough gold yet: 124 more labels needed", "No calibrator yet"],
    );
    calibrate(&house.state, "work", "label", &[(0.962, 628, 626), (0.8, 177, 165)]).await;
    let page = rita.page("/projects/work/calibration/label?error=1").await;
    holds(
        &page,
        &[
            "n 805, errors 14 · ECE 0.018 (null band 0.010–0.050)",
            "threshold 0.962 → 78 % accepted, error ≤ 1.0 % with 95 % (2 of 628)",
            "class=\"chart risk-coverage\"",
            "class=\"chart reliability\"",
            "before: share of an even vote",
            "= reliability",
            "stacking, beta",
            "even weights, Platt · taken",
            "exchangeable",
        ],
    );
    let overview = rita.page("/projects/work").await;
    holds(
        &overview,
        &[
            "/projects/work/agreement",
            "/projects/work/calibration",
            "id=\"reliability-label\"",
        ],
    );
    let refused = rita.get("/projects/work/calibration/label?error=much").await;
    assert_eq!(refused.status.as_u16(), 422, "{}", refused.text());
}
