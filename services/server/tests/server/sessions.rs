//! Sessions of people and the protection of what they send.

use accord_domain::Role;
use accord_server::accounts::{self, LoginError};
use axum::body::Body;
use axum::http::{Method, StatusCode};
use secrecy::SecretString;

use crate::house::{House, PASSWORD, request};

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_are_refused_alike() {
    let house = House::open().await;
    house.user("ada", Role::Annotator).await;
    for (name, password) in [("ada", "wrong password"), ("nobody", PASSWORD), ("ada", ""), ("", "")] {
        let refused = accounts::log_in(&house.state, name, &SecretString::from(password), None).await;
        assert!(matches!(refused, Err(LoginError::Refused)), "{name}: {refused:?}");
    }
}

#[tokio::test]
async fn guessing_is_slowed_down_even_with_the_right_password() {
    let house = House::open_with(|settings| settings.login_attempts = 3).await;
    house.user("ada", Role::Annotator).await;
    for _ in 0..3 {
        let refused = accounts::log_in(&house.state, "ada", &SecretString::from("wrong"), None).await;
        assert!(matches!(refused, Err(LoginError::Refused)));
    }
    let limited = accounts::log_in(&house.state, "ada", &SecretString::from(PASSWORD), None).await;
    let Err(error @ LoginError::TooMany(_)) = limited else {
        panic!("not limited: {limited:?}");
    };
    let problem = accord_server::Problem::from(error);
    assert_eq!(problem.status_code(), StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_session_ends_with_a_new_password_and_on_demand() {
    let house = House::open().await;
    house.user("ada", Role::Administrator).await;
    let first = house.session("ada").await;
    house.get("/api/v1/projects", &first).await.expect(200);
    let secret = SecretString::from(first.split_once('=').unwrap().1);
    accounts::end_session(house.state.store.as_ref(), &secret)
        .await
        .unwrap();
    assert_eq!(
        house.get("/api/v1/projects", &first).await.status,
        StatusCode::UNAUTHORIZED
    );

    let second = house.session("ada").await;
    let new_password = SecretString::from("another long password");
    let (store, environment) = (house.state.store.as_ref(), house.state.environment.as_ref());
    accounts::set_password(store, environment, &house.state.passwords, "ada", &new_password)
        .await
        .unwrap();
    assert_eq!(
        house.get("/api/v1/projects", &second).await.status,
        StatusCode::UNAUTHORIZED
    );
    accounts::log_in(&house.state, "ada", &new_password, None)
        .await
        .unwrap();
}

#[tokio::test]
async fn other_sites_cannot_post_in_somebodys_name() {
    let house =
        House::open_with(|settings| settings.trusted_origins = vec!["https://trusted.example".to_owned()]).await;
    house.user("ada", Role::Administrator).await;
    let session = house.session("ada").await;
    let post = |name: &'static str, value: &'static str| {
        let mut request = request(Method::POST, "/api/v1/users", &session, Body::from("{}"));
        let headers = request.headers_mut();
        headers.insert("content-type", "application/json".parse().unwrap());
        headers.insert("host", "accord.example".parse().unwrap());
        headers.insert(name, value.parse().unwrap());
        house.send(request)
    };
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        let reply = post(name, value).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{name}: {value}");
        assert_eq!(reply.json()["detail"], "the request comes from another site");
    }
    for (name, value) in [
        ("sec-fetch-site", "same-origin"),
        ("origin", "http://accord.example"),
        ("origin", "https://trusted.example"),
    ] {
        let reply = post(name, value).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}: {value}");
    }
}

#[tokio::test]
async fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
    let house = House::open_with(|settings| settings.secure_cookies = true).await;
    house.user("ada", Role::Annotator).await;
    let (_, session) = accounts::log_in(&house.state, "ada", &SecretString::from(PASSWORD), None)
        .await
        .unwrap();
    let cookie = accord_server::access::session_cookie(&house.state, &session).to_string();
    assert!(cookie.starts_with("__Host-accord_session="), "{cookie}");
    for attribute in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
}
