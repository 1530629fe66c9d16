//! A person votes.

use accord_domain::{Answer, Project, Role};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::browser::{Browser, attribute, hidden};
use crate::house::House;

const PATH: &str = "/projects/forms/annotate";

fn forms_project(overlap: u32) -> Value {
    json!({
        "name": "forms",
        "title": "Forms",
        "guidelines": "Take values as printed.",
        "fields": [
            {"name": "label", "type": "choice", "options": ["invoice", "receipt"], "required": true},
            {"name": "tags", "type": "choices", "options": ["paid", "late"]},
            {"name": "signed", "type": "boolean"},
            {"name": "day", "type": "date", "locale": "en-GB"},
            {"name": "total", "type": "money", "locale": "en-GB"},
            {"name": "seller", "type": "name"},
            {"name": "stars", "type": "rating", "minimum": 1, "maximum": 5},
            {"name": "lines", "type": "table", "columns": [
                {"name": "what", "type": "text"}, {"name": "amount", "type": "money", "locale": "en-GB"}
            ]},
        ],
        "policy": {"people": "always", "overlap": overlap},
    })
}

async fn house(overlap: u32, items: usize) -> (House, Project) {
    let house = House::open().await;
    for (name, role) in [
        ("anna", Role::Annotator),
        ("otto", Role::Annotator),
        ("ada", Role::Administrator),
    ] {
        house.user(name, role).await;
    }
    let project = house.project(forms_project(overlap)).await;
    let admin = house.session("ada").await;
    let items: Vec<Value> = (0..items)
        .map(|number| json!({"external_id": format!("form-{number}"), "text": format!("Form {number}, 12.50")}))
        .collect();
    let path = "/api/v1/projects/forms/items";
    house.post(path, &admin, &Value::Array(items)).await.expect(200);
    (house, project)
}

/// Which form a page shows.
fn form_number(page: &str) -> char {
    page.split_once("Form ").unwrap().1.chars().next().unwrap()
}

const GOOD: [(&str, &str); 13] = [
    ("value.label", "receipt"),
    ("value.tags", "paid"),
    ("value.tags", "late"),
    ("value.signed", "true"),
    ("state.day", "value"),
    ("value.day", "23 November 2026"),
    ("value.total", "£1,234.50"),
    ("state.seller", "absent"),
    ("state.stars", "unknown"),
    ("cell.lines.0.what", "Tea"),
    ("cell.lines.0.amount", "2.50"),
    ("cell.lines.1.what", ""),
    ("action", "submit"),
];

#[tokio::test]
async fn a_vote_is_stored_blind_and_the_next_item_follows() {
    let (house, project) = house(1, 2).await;
    let anna = Browser::of(&house, "anna").await;
    let first = anna.page(PATH).await;
    assert!(first.contains("Take values as printed."), "{first}");
    let number = form_number(&first);
    let stored = anna.submit(PATH, &first, &GOOD).await;
    assert_eq!(stored.status, StatusCode::SEE_OTHER, "{}", stored.text());
    let next = anna.page(stored.header("location")).await;
    assert!(next.contains("Stored."), "{next}");
    assert_ne!(form_number(&next), number);

    let mut transaction = house.state.store.read().await.unwrap();
    let page = accord_store::PageRequest::first(10);
    let annotations = transaction.list_annotations(project.id, page).await.unwrap().rows;
    let [annotation] = annotations.as_slice() else {
        panic!("{annotations:?}");
    };
    assert!(annotation.provenance.blind);
    assert!(annotation.provenance.latency_milliseconds.unwrap() < 60_000);
    let class = |name: &str| annotation.answers[&name.parse().unwrap()].class().map(str::to_owned);
    assert_eq!(class("label").unwrap(), "receipt");
    assert_eq!(class("tags").unwrap(), r#"["paid","late"]"#);
    assert_eq!(class("signed").unwrap(), "true");
    assert_eq!(class("day").unwrap(), "2026-11-23");
    assert_eq!(class("total").unwrap(), "1234.50");
    assert_eq!(annotation.answers[&"seller".parse().unwrap()], Answer::Absent);
    assert_eq!(annotation.answers[&"stars".parse().unwrap()], Answer::Abstained);
    assert!(class("lines").unwrap().contains("2.50"));
}

#[tokio::test]
async fn what_cannot_be_read_is_named_beside_its_field_and_nothing_is_lost() {
    let (house, project) = house(1, 1).await;
    let anna = Browser::of(&house, "anna").await;
    let page = anna.page(PATH).await;
    let mut wrong: Vec<(&str, &str)> = GOOD.to_vec();
    wrong[5].1 = "some day";
    wrong[10].1 = "much";
    wrong.push(("cell.lines.2.what", "Milk"));
    let reply = anna.submit(PATH, &page, &wrong).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    let again = reply.text();
    assert!(again.contains("2 fields need a look"), "{again}");
    for part in [
        "id=\"error-day\"",
        "id=\"error-lines\"",
        "some day",
        "£1,234.50",
        "much",
        "Milk",
    ] {
        assert!(again.contains(part), "{part} is not in\n{again}");
    }
    assert!(!again.contains("id=\"error-total\""));
    let store = house.state.store.as_ref();
    assert_eq!(
        store.read().await.unwrap().count_annotations(project.id).await.unwrap(),
        0
    );
    let stored = anna.submit(PATH, &again, &GOOD).await;
    assert_eq!(stored.status, StatusCode::SEE_OTHER, "{}", stored.text());
}

#[tokio::test]
async fn more_rows_keep_what_was_typed() {
    let (house, _) = house(1, 1).await;
    let anna = Browser::of(&house, "anna").await;
    let page = anna.page(PATH).await;
    let reply = anna
        .submit(
            PATH,
            &page,
            &[
                ("cell.lines.0.what", "Tea"),
                ("value.seller", "Acme"),
                ("action", "more:lines"),
            ],
        )
        .await;
    assert_eq!(reply.status, StatusCode::OK);
    let more = reply.text();
    assert!(
        more.contains("cell.lines.2.what") && more.contains("Tea") && more.contains("Acme"),
        "{more}"
    );
}

#[tokio::test]
async fn skipped_items_go_to_somebody_else() {
    let (house, _) = house(1, 1).await;
    let anna = Browser::of(&house, "anna").await;
    let page = anna.page(PATH).await;
    let skipped = anna.submit(PATH, &page, &[("action", "skip")]).await;
    assert_eq!(skipped.status, StatusCode::SEE_OTHER);
    let nothing = anna.page(PATH).await;
    assert!(nothing.contains("nothing-to-do"), "{nothing}");
    let otto = Browser::of(&house, "otto").await;
    assert!(otto.page(PATH).await.contains("Form 0"));
}

#[tokio::test]
async fn nobody_sees_the_votes_of_others() {
    let (house, _) = house(2, 1).await;
    let anna = Browser::of(&house, "anna").await;
    let page = anna.page(PATH).await;
    let mut answers = GOOD.to_vec();
    answers[6].1 = "£4,321.99";
    anna.submit(PATH, &page, &answers).await;
    let otto = Browser::of(&house, "otto").await;
    let page = otto.page(PATH).await;
    assert!(page.contains("Form 0"));
    assert!(
        !page.contains("4,321.99") && !page.contains("4321.99") && !page.contains("anna"),
        "{page}"
    );
}

#[tokio::test]
async fn a_form_without_proof_is_refused() {
    let (house, project) = house(1, 1).await;
    let anna = Browser::of(&house, "anna").await;
    let page = anna.page(PATH).await;
    let otto = Browser::of(&house, "otto").await;
    let stolen = hidden(&otto.page("/").await, "form_token").unwrap();
    let (task, token) = (hidden(&page, "task").unwrap(), hidden(&page, "token").unwrap());
    for form_token in ["", "wrong", &stolen] {
        let mut inputs = vec![("form_token", form_token), ("task", &task), ("token", &token)];
        inputs.extend_from_slice(&GOOD);
        let reply = anna.post(PATH, &inputs).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{}", reply.text());
    }
    for path in ["/logout", "/projects/forms/refit"] {
        let ada = Browser::of(&house, "ada").await;
        assert_eq!(ada.post(path, &[]).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let store = house.state.store.as_ref();
    assert_eq!(
        store.read().await.unwrap().count_annotations(project.id).await.unwrap(),
        0
    );
}

#[tokio::test]
async fn a_reservation_is_kept_given_back_and_only_its_holders() {
    let (house, _) = house(1, 1).await;
    let anna = Browser::of(&house, "anna").await;
    let page = anna.page(PATH).await;
    let held = attribute(&page, "annotate-form", "data-held").unwrap();
    let renewed = anna.submit(&format!("{held}/renew"), &page, &[]).await;
    assert!(renewed.expect(200)["until"].is_string());
    let otto = Browser::of(&house, "otto").await;
    let own = hidden(&otto.page("/").await, "form_token").unwrap();
    let token = hidden(&page, "token").unwrap();
    let inputs = [("form_token", own.as_str()), ("token", token.as_str())];
    assert_eq!(
        otto.post(&format!("{held}/renew"), &inputs).await.status,
        StatusCode::CONFLICT
    );
    assert_eq!(
        otto.post(&format!("{held}/release"), &inputs).await.status,
        StatusCode::CONFLICT
    );
    assert!(otto.page(PATH).await.contains("nothing-to-do"));
    let released = anna.submit(&format!("{held}/release"), &page, &[]).await;
    assert_eq!(released.status, StatusCode::NO_CONTENT);
    assert!(otto.page(PATH).await.contains("Form 0"));
}

#[tokio::test]
async fn a_slow_hand_loses_nothing_unless_somebody_else_took_the_item() {
    let (house, _) = house(1, 2).await;
    let anna = Browser::of(&house, "anna").await;
    let page = anna.page(PATH).await;
    let held = attribute(&page, "annotate-form", "data-held").unwrap();
    anna.submit(&format!("{held}/release"), &page, &[]).await;
    let stored = anna.submit(PATH, &page, &GOOD).await;
    assert_eq!(
        stored.status,
        StatusCode::SEE_OTHER,
        "nobody else had it: {}",
        stored.text()
    );

    let page = anna.page(PATH).await;
    let held = attribute(&page, "annotate-form", "data-held").unwrap();
    anna.submit(&format!("{held}/release"), &page, &[]).await;
    let otto = Browser::of(&house, "otto").await;
    assert_eq!(form_number(&otto.page(PATH).await), form_number(&page));
    let lost = anna.submit(PATH, &page, &GOOD).await;
    assert_eq!(lost.status, StatusCode::CONFLICT, "{}", lost.text());
    let shown = lost.text();
    assert!(
        shown.contains("no longer yours") && shown.contains("£1,234.50"),
        "{shown}"
    );
}

#[tokio::test]
async fn values_are_read_while_they_are_typed() {
    let (house, _) = house(1, 1).await;
    let anna = Browser::of(&house, "anna").await;
    let read = async |query: &str| anna.get(&format!("/projects/forms/reading?{query}")).await.expect(200);
    assert_eq!(
        read("field=day&value=23%20November%202026").await["canonical"],
        "2026-11-23"
    );
    assert_eq!(read("field=lines&column=amount&value=2.5").await["canonical"], "2.50");
    assert!(
        read("field=total&value=much").await["problem"]
            .as_str()
            .unwrap()
            .contains("amount")
    );
    assert_eq!(
        anna.get("/projects/forms/reading?field=none&value=1").await.status,
        StatusCode::NOT_FOUND
    );
}
