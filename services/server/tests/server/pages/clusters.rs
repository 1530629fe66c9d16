//! Votes on long texts: which values count as one, and where they differ.

use std::time::Duration;

use accord_domain::{Role, Scope};
use accord_score::worker::ScoreWorker;
use serde_json::{Value, json};

use super::browser::Browser;
use crate::house::House;
use crate::panel::answer_all;
use crate::projects::put;

const FIRST: &str = "The harbour office in Rotterdam confirms the delivery of <b>eleven</b> crates on Monday morning";
const LIKE_FIRST: &str =
    "The harbour office in Rotterdam confirms the delivery of <b>twelve</b> crates on Monday morning";
const OTHER: &str = "Nothing of the sort was ever said";

fn definition(threshold: f64) -> Value {
    let annotator = |name: &str| json!({ "name": name, "kind": "reader", "reader": "labelled_anchors" });
    json!({
        "name": "work",
        "fields": [
            {
                "name": "summary", "title": "Summary", "type": "text",
                "comparison": { "rule": "similarity", "threshold": threshold }
            },
            { "name": "sender", "title": "Sender", "type": "name" },
        ],
        "annotators": (["one", "two", "three", "four"].map(annotator)),
        "policy": { "people": "never" },
    })
}

/// An item on which two annotators say the same, one something like it and one something else, scored as in production.
async fn house() -> (House, String) {
    house_of(|annotator| match annotator {
        "one" => FIRST.to_owned(),
        "two" => FIRST.replace(' ', "  "),
        "three" => LIKE_FIRST.to_owned(),
        _ => OTHER.to_owned(),
    })
    .await
}

/// An item with these summaries by annotator, scored as in production.
async fn house_of(summary: impl Fn(&str) -> String) -> (House, String) {
    let house = House::open().await;
    house.user("rita", Role::Reviewer).await;
    house.project(definition(0.85)).await;
    let admin = house.token(&[Scope::Admin]).await;
    let items = json!([{ "external_id": "letter", "text": "Crates" }]);
    house
        .post("/api/v1/projects/work/items", &admin, &items)
        .await
        .expect(200);
    answer_all(
        &house.state,
        |annotator| json!({ "summary": summary(annotator), "sender": "Port" }),
    )
    .await;
    let (store, environment) = (house.state.store.clone(), house.state.environment.clone());
    let scorer = ScoreWorker::new(store, environment, "scorer".to_owned(), Duration::from_secs(60));
    assert_eq!(scorer.work_once().await.unwrap(), 1);
    let found = house.get("/api/v1/projects/work/items", &admin).await.expect(200);
    let item = found["rows"][0]["id"].as_str().unwrap().to_owned();
    (house, item)
}

async fn clusters(house: &House, item: &str) -> Value {
    let reader = house.token(&[Scope::ReadData]).await;
    let path = format!("/api/v1/projects/work/items/{item}/consensus");
    let rows = house.get(&path, &reader).await.expect(200);
    let rows = rows.as_array().unwrap();
    let exact = rows.iter().find(|row| row["field"] == "sender").unwrap();
    assert_eq!(exact.get("clusters"), None);
    let row = rows.iter().find(|row| row["field"] == "summary").unwrap();
    let of_classes: Vec<&Value> = row["classes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|class| &class["canonical"])
        .collect();
    let found = row["clusters"].as_array().unwrap();
    assert_eq!(
        found.iter().map(|cluster| &cluster["canonical"]).collect::<Vec<_>>(),
        of_classes
    );
    let history = house.get(&format!("{path}?history=true"), &reader).await.expect(200);
    assert!(
        history
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row.get("clusters").is_none())
    );
    row["clusters"].clone()
}

#[tokio::test]
async fn the_api_tells_the_members_of_a_cluster_with_their_similarity_to_its_medoid() {
    let (house, item) = house().await;
    let found = clusters(&house, &item).await;
    let first = &found[0];
    assert_eq!(
        (first["vote_count"].as_u64(), first["threshold"].as_f64()),
        (Some(3), Some(0.85))
    );
    let members = first["members"].as_array().unwrap();
    let votes = |member: &Value| member["annotation_ids"].as_array().unwrap().len();
    assert_eq!(members.iter().map(votes).collect::<Vec<_>>(), [2, 1]);
    // Four edits make "twelve" of "eleven".
    let expected = 1.0 - 4.0 / FIRST.chars().count() as f64;
    let similarity = members[1]["similarity"].as_f64().unwrap();
    assert!((similarity - expected).abs() < 1e-12, "{similarity}, not {expected}");
    assert_eq!(first["least_similarity"].as_f64(), Some(similarity));
    assert_eq!(members[1]["value"], LIKE_FIRST);
    assert_eq!(
        (found[1]["vote_count"].as_u64(), found[1]["least_similarity"].clone()),
        (Some(1), Value::Null)
    );
}

#[tokio::test]
async fn pages_mark_where_the_values_of_a_cluster_differ_and_escape_them() {
    let (house, item) = house().await;
    let rita = Browser::of(&house, "rita").await;
    let page = rita.page(&format!("/projects/work/items/{item}")).await;
    assert!(
        page.contains("<del>eleven</del> <ins>twelve</ins>") || page.contains("<del>eleven</del><ins>twelve</ins>"),
        "{page}"
    );
    assert!(
        page.contains("stands for the cluster") && page.contains("2 votes"),
        "{page}"
    );
    assert!(page.contains("values count as one from 0.850"), "{page}");
    assert!(page.contains("&lt;b&gt;") && !page.contains("<b>"), "{page}");
    assert_eq!(
        page.matches("class=\"cluster\"").count(),
        2,
        "the name has none: {page}"
    );

    let review = rita.get("/projects/work/review/next").await;
    let review = rita.page(review.header("location")).await;
    assert!(review.contains("2 different values count as this one"), "{review}");
    assert!(
        review.contains("<ins>twelve</ins>") && !review.contains("<b>"),
        "{review}"
    );
    assert!(!review.contains("1 different values"), "{review}");
}

#[tokio::test]
async fn a_threshold_that_was_raised_since_is_told() {
    let (house, item) = house().await;
    let rita = Browser::of(&house, "rita").await;
    let path = format!("/projects/work/items/{item}");
    assert!(!rita.page(&path).await.contains("would be split"));
    let admin = house.token(&[Scope::Admin]).await;
    put(&house, &admin, Some("\"1\""), &definition(0.99)).await.expect(200);
    let page = rita.page(&path).await;
    assert!(
        page.contains("threshold is 0.990 now") && page.contains("version 1"),
        "{page}"
    );
    let found = clusters(&house, &item).await;
    assert!(
        found[0]["least_similarity"].as_f64() < found[0]["threshold"].as_f64(),
        "{found}"
    );
}

#[tokio::test]
async fn a_reviewer_can_take_another_value_of_a_cluster_than_its_medoid() {
    let (house, item) = house().await;
    let rita = Browser::of(&house, "rita").await;
    let address = rita
        .get("/projects/work/review/next")
        .await
        .header("location")
        .to_owned();
    let page = rita.page(&address).await;
    assert_eq!(page.matches("take this one instead").count(), 1, "{page}");
    let picked = format!("pick:{LIKE_FIRST}");
    let refused = rita
        .submit(&address, &page, &[("state.summary", &picked), ("action", "submit")])
        .await
        .text();
    assert!(refused.contains("checked> take this one instead"), "{refused}");
    let inputs = [
        ("state.summary", &*picked),
        ("state.sender", "pick:Port"),
        ("action", "submit"),
    ];
    let resolved = rita.submit(&address, &refused, &inputs).await;
    assert_eq!(resolved.status.as_u16(), 303, "{}", resolved.text());
    let reader = house.token(&[Scope::ReadData]).await;
    let path = format!("/api/v1/projects/work/items/{item}/gold");
    let gold = house.get(&path, &reader).await.expect(200);
    let gold = gold
        .as_array()
        .unwrap()
        .iter()
        .find(|gold| gold["field"] == "summary")
        .unwrap();
    assert_eq!(gold["answer"]["raw"], LIKE_FIRST);
}

#[tokio::test]
async fn very_long_texts_are_cut_where_they_are_compared_and_whole_among_the_votes() {
    let long = |last: &str| (0..1_600).map(|number| format!("word{number} ")).collect::<String>() + last;
    let (house, item) = house_of(|annotator| {
        if annotator == "one" {
            long("end")
        } else {
            long("ending")
        }
    })
    .await;
    let rita = Browser::of(&house, "rita").await;
    let path = format!("/projects/work/items/{item}");
    let page = rita.page(&path).await;
    assert!(
        page.contains("Only the first 1,500 words are compared; all of it is in the votes below"),
        "{page}"
    );
    assert!(page.contains("word1599 end<"), "{page}");
    let review = rita.get("/projects/work/review/next").await;
    let review = rita.page(review.header("location")).await;
    assert!(
        review.contains(&format!("<a href=\"{path}#field-summary\" target=\"_blank\"")),
        "{review}"
    );
}
