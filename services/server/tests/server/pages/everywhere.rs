//! Every page for every role.

use std::collections::BTreeSet;

use accord_domain::{Project, Role};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::browser::Browser;
use crate::house::{House, machine_project, people_project};
use crate::panel::{machine_answers, work};

struct Place {
    house: House,
    people: Project,
    machines: Project,
    item: String,
}

async fn place() -> Place {
    let house = House::open().await;
    for (name, role) in [
        ("anna", Role::Annotator),
        ("rita", Role::Reviewer),
        ("ada", Role::Administrator),
    ] {
        house.user(name, role).await;
    }
    let people = house.project(people_project("opinions", 1)).await;
    let machines = house.project(machine_project("figures")).await;
    let admin = house.session("ada").await;
    for project in ["opinions", "figures"] {
        let path = format!("/api/v1/projects/{project}/items");
        let items = json!([
            {"external_id": "a-1", "text": "Is it good?\nTotal 1,234.50"},
            {"external_id": "b-2", "text": "It is."},
        ]);
        house.post(&path, &admin, &items).await.expect(200);
    }
    work(&house.state, &machine_answers()).await;
    let found = house.get("/api/v1/projects/figures/items", &admin).await.expect(200);
    let item = found["rows"][0]["id"].as_str().unwrap().to_owned();
    Place {
        house,
        people,
        machines,
        item,
    }
}

#[tokio::test]
async fn each_role_sees_its_pages_and_no_more() {
    let place = place().await;
    let item = format!("/projects/figures/items/{}", place.item);
    let pages: [(&str, u16, u16, u16); 17] = [
        ("/", 200, 200, 200),
        ("/projects/opinions", 200, 200, 200),
        ("/projects/figures", 200, 200, 200),
        ("/projects/figures/annotate", 200, 200, 200),
        ("/projects/figures/items", 403, 200, 200),
        ("/projects/figures/items?state=needs_review&name=a", 403, 200, 200),
        (&item, 403, 200, 200),
        ("/projects/figures/review", 403, 200, 200),
        ("/projects/figures/review/next", 403, 303, 303),
        ("/projects/figures/runs", 403, 200, 200),
        ("/projects/figures/runs/1", 403, 404, 404),
        ("/projects/figures/agreement", 403, 200, 200),
        ("/projects/figures/agreement?field=total", 403, 200, 200),
        ("/projects/figures/calibration", 403, 303, 303),
        ("/projects/figures/calibration/total", 403, 200, 200),
        ("/projects/figures/calibration/nothing", 403, 404, 404),
        ("/projects/figures/methods", 403, 200, 200),
    ];
    let browsers = [
        Browser::of(&place.house, "anna").await,
        Browser::of(&place.house, "rita").await,
        Browser::of(&place.house, "ada").await,
    ];
    let stranger = Browser::stranger(&place.house);
    for (path, annotator, reviewer, administrator) in pages {
        for (browser, expected) in browsers.iter().zip([annotator, reviewer, administrator]) {
            let reply = browser.get(path).await;
            assert_eq!(reply.status.as_u16(), expected, "{path}: {}", reply.text());
            assert_eq!(reply.header("x-content-type-options"), "nosniff");
        }
        let sent_away = stranger.get(path).await;
        assert_eq!(sent_away.status, StatusCode::SEE_OTHER, "{path}");
        assert!(sent_away.header("location").starts_with("/login"), "{path}");
    }
}

#[tokio::test]
async fn annotators_see_no_votes_and_no_figures() {
    let place = place().await;
    let anna = Browser::of(&place.house, "anna").await;
    let overview = anna.page("/projects/figures").await;
    assert!(!overview.contains("id=\"fields\""), "{overview}");
    assert!(!overview.contains("id=\"queue\""));
    let rita = Browser::of(&place.house, "rita").await;
    let overview = rita.page("/projects/figures").await;
    assert!(overview.contains("id=\"fields\""));
    assert!(!overview.contains("id=\"refit\""), "only administrators may refit");
    assert_eq!(place.machines.definition.name, "figures");
    assert_eq!(place.people.definition.name, "opinions");
}

#[tokio::test]
async fn the_page_of_an_item_shows_votes_confidence_and_reasons() {
    let place = place().await;
    let rita = Browser::of(&place.house, "rita").await;
    let page = rita.page(&format!("/projects/figures/items/{}", place.item)).await;
    for part in [
        "needs a person",
        "uncalibrated",
        "first",
        "second",
        "1,234.50",
        "data-field=\"total\"",
        "not calibrated yet: no gold to tell what the votes are worth",
        "2 votes",
    ] {
        assert!(page.contains(part), "{part} is not in\n{page}");
    }
    assert!(!page.contains("confidence calibrated"), "nothing here is calibrated");
    let list = rita.page("/projects/figures/items?name=a-").await;
    assert!(list.contains("a-1") && !list.contains("b-2"));
}

#[tokio::test]
async fn what_is_not_there_is_a_friendly_page() {
    let place = place().await;
    let ada = Browser::of(&place.house, "ada").await;
    let item = format!("/projects/opinions/items/{}", place.item);
    for path in ["/nowhere", "/projects/none", "/projects/figures/items/none", &item] {
        let reply = ada.get(path).await;
        let status = reply.status.as_u16();
        assert!(status == 404 || status == 422, "{path}: {status}");
        let page = reply.text();
        assert!(page.contains("id=\"problem\""), "{path}: {page}");
        assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
    }
    let reply = ada.get("/projects/figures/items?state=wrong").await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(reply.text().contains("needs_review"));
}

#[tokio::test]
async fn the_list_of_items_is_paged() {
    let place = place().await;
    let admin = place.house.session("ada").await;
    let many: Vec<Value> = (0..70)
        .map(|number| json!({"external_id": format!("many-{number:03}"), "text": "more"}))
        .collect();
    let path = "/api/v1/projects/figures/items";
    place.house.post(path, &admin, &Value::Array(many)).await.expect(200);
    let rita = Browser::of(&place.house, "rita").await;
    let first = rita.page("/projects/figures/items?name=many-").await;
    let (_, link) = first.split_once("id=\"next-page\"").unwrap();
    let address = link.split_once("href=\"").unwrap().1.split_once('"').unwrap().0;
    let second = rita.page(&address.replace("&amp;", "&")).await;
    let names = |page: &str| -> BTreeSet<String> {
        let parts = page.split("many-").skip(1);
        parts
            .filter_map(|part| part.get(..3))
            .filter(|part| part.chars().all(|character| character.is_ascii_digit()))
            .map(str::to_owned)
            .collect()
    };
    let (first, second) = (names(&first), names(&second));
    assert_eq!((first.len(), second.len()), (50, 20));
    assert!(first.is_disjoint(&second));
}
