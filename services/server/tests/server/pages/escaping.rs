//! Hostile texts stay texts, wherever they come from.

use accord_domain::Role;
use serde_json::json;

use super::browser::Browser;
use crate::house::House;
use crate::panel::work;

const HOSTILE: &str = "<script>alert('x')</script>\"'><img src=x onerror=alert(1)>{{ 7 * 7 }}";

/// Whether a page holds the text as markup.
#[track_caller]
fn check(place: &str, page: &str) {
    assert!(!page.contains("<script>alert"), "{place}: {page}");
    assert!(!page.contains("<img src=x"), "{place}: {page}");
    assert!(!page.contains("\"'><img"), "{place}: {page}");
    assert!(!page.contains("style=\""), "{place} has an inline style: {page}");
    assert!(!page.contains(" onclick=") && !page.contains("javascript:"), "{place}");
    let scripts = page.matches("<script").count();
    assert_eq!(scripts, 1, "{place} has the one script of its own: {page}");
}

#[tokio::test]
async fn names_values_guidelines_and_reasons_are_escaped_on_every_page() {
    let house = House::open().await;
    house.user("ada", Role::Administrator).await;
    house.user(HOSTILE, Role::Reviewer).await;
    house
        .project(json!({
            "name": "hostile", "title": HOSTILE, "description": HOSTILE, "guidelines": HOSTILE,
            "fields": [
                {"name": "label", "title": HOSTILE, "description": HOSTILE, "type": "choice", "options": [HOSTILE, "no"]},
                {"name": "seller", "title": HOSTILE, "type": "name"},
                {"name": "lines", "title": HOSTILE, "type": "table", "columns": [{"name": "what", "title": HOSTILE, "type": "text"}]},
            ],
            "annotators": [{"name": "first", "kind": "reader", "reader": "labelled_anchors", "family": HOSTILE}],
            "policy": {"people": "always"},
        }))
        .await;
    let admin = house.session("ada").await;
    let items = json!([
        {"external_id": HOSTILE, "text": HOSTILE, "metadata": {HOSTILE: HOSTILE}},
        {"external_id": "other", "text": HOSTILE},
    ]);
    house
        .post("/api/v1/projects/hostile/items", &admin, &items)
        .await
        .expect(200);
    let answers = json!({"label": HOSTILE, "seller": HOSTILE, "lines": [{"what": HOSTILE}]});

    let person = Browser::of(&house, HOSTILE).await;
    let annotate = person.page("/projects/hostile/annotate").await;
    check("annotate", &annotate);
    let inputs = [
        ("value.label", HOSTILE),
        ("value.seller", HOSTILE),
        ("cell.lines.0.what", HOSTILE),
    ];
    let refused = person
        .submit(
            "/projects/hostile/annotate",
            &annotate,
            &[inputs[1], inputs[2], ("action", "submit")],
        )
        .await;
    check("annotate again", &refused.text());
    let stored = person
        .submit(
            "/projects/hostile/annotate",
            &annotate,
            &[inputs[0], inputs[1], inputs[2], ("action", "submit")],
        )
        .await;
    assert_eq!(stored.status.as_u16(), 303, "{}", stored.text());
    work(&house.state, &answers).await;

    let found = house.get("/api/v1/projects/hostile/items", &admin).await.expect(200);
    for row in found["rows"].as_array().unwrap() {
        let page = person
            .page(&format!("/projects/hostile/items/{}", row["id"].as_str().unwrap()))
            .await;
        check("item", &page);
        assert!(page.contains("&lt;script&gt;"), "{page}");
    }
    for path in [
        "/",
        "/projects/hostile",
        "/projects/hostile/items",
        "/projects/hostile/items?name=%3Cscript%3Ealert('x')%3C/script%3E",
        "/projects/hostile/review",
        "/projects/hostile/agreement",
        "/projects/hostile/agreement?field=label",
        "/projects/hostile/agreement?field=%3Cscript%3E",
        "/projects/hostile/calibration/label",
    ] {
        check(path, &person.get(path).await.text());
    }
    let review = person
        .get("/projects/hostile/review/next")
        .await
        .header("location")
        .to_owned();
    if !review.contains('?') {
        check("review", &person.page(&review).await);
    }
    check(
        "problem",
        &person.get("/projects/%3Cscript%3Ealert(1)%3C/script%3E").await.text(),
    );
    let stranger = Browser::stranger(&house);
    let login = stranger
        .post("/login", &[("name", HOSTILE), ("password", "wrong"), ("next", HOSTILE)])
        .await;
    check("login", &login.text());
}
