//! Logging in and out.

use accord_domain::Role;
use axum::http::StatusCode;

use super::browser::Browser;
use crate::house::{House, PASSWORD};

#[tokio::test]
async fn the_first_visitor_is_told_how_to_make_an_account() {
    let house = House::open().await;
    let page = Browser::stranger(&house).page("/login").await;
    assert!(page.contains("accord user create"), "{page}");
    house.user("ada", Role::Administrator).await;
    let page = Browser::stranger(&house).page("/login").await;
    assert!(!page.contains("accord user create"));
}

#[tokio::test]
async fn a_login_leads_back_to_the_page_and_a_logout_ends_it() {
    let house = House::open().await;
    house.user("ada", Role::Administrator).await;
    let stranger = Browser::stranger(&house);
    let sent_away = stranger.get("/?after=00000000-0000-0000-0000-000000000000").await;
    assert_eq!(
        sent_away.header("location"),
        "/login?next=/%3Fafter%3D00000000-0000-0000-0000-000000000000"
    );
    let inputs = [("name", "ada"), ("password", PASSWORD), ("next", "/?after=1")];
    let reply = stranger.post("/login", &inputs).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text());
    assert_eq!(reply.header("location"), "/?after=1");
    let cookie = reply.header("set-cookie").split_once(';').unwrap().0.to_owned();
    let ada = Browser {
        cookie,
        ..Browser::stranger(&house)
    };
    let page = ada.page("/").await;
    assert_eq!(ada.get("/login").await.status, StatusCode::SEE_OTHER);
    let left = ada.submit("/logout", &page, &[]).await;
    assert_eq!(left.status, StatusCode::SEE_OTHER);
    assert_eq!(ada.get("/").await.header("location"), "/login");
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_the_name_is_kept() {
    let house = House::open().await;
    house.user("ada", Role::Administrator).await;
    let stranger = Browser::stranger(&house);
    let reply = stranger.post("/login", &[("name", "ada"), ("password", "wrong")]).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    let page = reply.text();
    assert!(page.contains("Name or password are not right."), "{page}");
    assert!(page.contains("value=\"ada\""));
    assert!(!page.contains("wrong"));
}

#[tokio::test]
async fn too_many_attempts_are_told_to_wait() {
    let house = House::open_with(|settings| settings.login_attempts = 1).await;
    house.user("ada", Role::Administrator).await;
    let stranger = Browser::stranger(&house);
    stranger.post("/login", &[("name", "ada"), ("password", "wrong")]).await;
    let reply = stranger
        .post("/login", &[("name", "ada"), ("password", PASSWORD)])
        .await;
    assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(reply.header("retry-after").parse::<u64>().unwrap() > 0);
}

#[tokio::test]
async fn a_login_leads_nowhere_else() {
    let house = House::open().await;
    house.user("ada", Role::Administrator).await;
    let stranger = Browser::stranger(&house);
    for next in [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/login?next=/",
    ] {
        let inputs = [("name", "ada"), ("password", PASSWORD), ("next", next)];
        let reply = stranger.post("/login", &inputs).await;
        assert_eq!(reply.header("location"), "/", "{next}");
    }
}
