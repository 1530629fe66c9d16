//! Who may do what: every operation of the document against every sort of credentials.

use accord_domain::{Role, Scope, Timestamp};
use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::Value;

use crate::house::{House, machine_project, request};

struct Operation {
    method: Method,
    path: String,
    in_project: bool,
    whole: bool,
    scopes: Vec<Scope>,
}

impl Operation {
    /// The least role that any of the scopes stands for.
    fn least_role(&self) -> Role {
        let role_of = |scope: &Scope| match scope {
            Scope::Annotate => Role::Annotator,
            Scope::ReadData | Scope::Extract => Role::Reviewer,
            Scope::Admin => Role::Administrator,
        };
        self.scopes.iter().map(role_of).min().unwrap()
    }
}

/// All operations of the OpenAPI document with the variable parts of their addresses filled in.
fn operations(project: &str, item: &str) -> Vec<Operation> {
    let document = serde_json::to_value(accord_server::api::openapi()).unwrap();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let scopes: Vec<Scope> = operation["security"]
                .as_array()
                .unwrap_or_else(|| panic!("{method} {path} declares no security"))
                .iter()
                .filter_map(|way| way.pointer("/bearer/0").and_then(Value::as_str))
                .map(|word| word.parse().unwrap())
                .collect();
            assert!(!scopes.is_empty(), "{method} {path} declares no scope");
            let unknown = "01930d2c-7a5e-7c3e-9d1f-0242ac120002";
            let whole_word = operation["operationId"].as_str().unwrap();
            operations.push(Operation {
                method: method.to_uppercase().parse().unwrap(),
                path: path
                    .replace("{project}", project)
                    .replace("{item}", item)
                    .replace("{field}", "label")
                    .replace("{file}", "votes.csv")
                    .replace("{task}", unknown)
                    .replace("{run}", unknown)
                    .replace("{token}", unknown)
                    .replace("{extraction}", unknown),
                in_project: path.contains("{project}"),
                whole: [
                    "create_project",
                    "list_tokens",
                    "create_token",
                    "withdraw_token",
                    "list_users",
                    "create_user",
                ]
                .contains(&whole_word),
                scopes,
            });
        }
    }
    operations
}

async fn status(house: &House, operation: &Operation, credentials: &str) -> StatusCode {
    let request = request(operation.method.clone(), &operation.path, credentials, Body::empty());
    house.send(request).await.status
}

async fn house_with_an_item() -> (House, String) {
    let house = House::open().await;
    house.project(machine_project("work")).await;
    let admin = house.token(&[Scope::Admin]).await;
    let body = serde_json::json!({ "external_id": "a", "text": "hello" });
    let report = house
        .post("/api/v1/projects/work/items", &admin, &body)
        .await
        .expect(200);
    let item = report["items"][0]["item_id"].as_str().unwrap().to_owned();
    (house, item)
}

#[tokio::test]
async fn nobody_gets_in_without_working_credentials() {
    let (house, item) = house_with_an_item().await;
    let expired = house
        .token_for(&[Scope::Admin], None, Some(Timestamp::from_microseconds(1)))
        .await;
    let withdrawn = house.token(&[Scope::Admin]).await;
    withdraw_all_but_expiring(&house).await;
    let unknown = format!("accord_{}", "0".repeat(64));
    for operation in operations("work", &item) {
        for credentials in [
            "",
            "accord_",
            "not-a-token",
            &unknown,
            &expired,
            &withdrawn,
            "accord_session=",
            "accord_session=0000",
        ] {
            let reply = house
                .send(request(
                    operation.method.clone(),
                    &operation.path,
                    credentials,
                    Body::empty(),
                ))
                .await;
            assert_eq!(
                reply.status,
                StatusCode::UNAUTHORIZED,
                "{} {} with {credentials:?}: {}",
                operation.method,
                operation.path,
                reply.text()
            );
            assert!(reply.header("www-authenticate").starts_with("Bearer"));
            assert_eq!(reply.header("content-type"), "application/problem+json");
        }
    }
}

async fn withdraw_all_but_expiring(house: &House) {
    let mut transaction = house.state.store.write().await.unwrap();
    let tokens = transaction.list_tokens().await.unwrap();
    for token in tokens.into_iter().filter(|token| token.expires_at.is_none()) {
        transaction
            .revoke_token(token.id, house.state.environment.now())
            .await
            .unwrap();
    }
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn a_token_opens_what_its_scope_says_and_nothing_else() {
    let (house, item) = house_with_an_item().await;
    for scope in [Scope::Admin, Scope::Annotate, Scope::ReadData, Scope::Extract] {
        let token = house.token(&[scope]).await;
        for operation in operations("work", &item) {
            let status = status(&house, &operation, &token).await;
            let allowed = scope == Scope::Admin || operation.scopes.contains(&scope);
            let refused = matches!(status, StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED);
            assert_eq!(
                refused,
                !allowed,
                "{} {} with the scope {}: {status}",
                operation.method,
                operation.path,
                scope.word()
            );
            assert!(
                !status.is_server_error(),
                "{} {}: {status}",
                operation.method,
                operation.path
            );
        }
    }
}

#[tokio::test]
async fn a_role_opens_what_it_says_and_nothing_else() {
    let (house, item) = house_with_an_item().await;
    for role in [Role::Annotator, Role::Reviewer, Role::Administrator] {
        house.user(role.word(), role).await;
        let session = house.session(role.word()).await;
        for operation in operations("work", &item) {
            let status = status(&house, &operation, &session).await;
            assert_eq!(
                status == StatusCode::FORBIDDEN,
                role < operation.least_role(),
                "{} {} with the role {}: {status}",
                operation.method,
                operation.path,
                role.word()
            );
            assert_ne!(status, StatusCode::UNAUTHORIZED);
        }
    }
}

#[tokio::test]
async fn a_token_of_another_project_sees_nothing() {
    let (house, item) = house_with_an_item().await;
    let other = house.project(machine_project("other")).await;
    let token = house.token_for(&[Scope::Admin], Some(other.id), None).await;
    for operation in operations("work", &item) {
        let status = status(&house, &operation, &token).await;
        if operation.in_project {
            assert_eq!(status, StatusCode::NOT_FOUND, "{} {}", operation.method, operation.path);
        } else if operation.whole {
            assert_eq!(status, StatusCode::FORBIDDEN, "{} {}", operation.method, operation.path);
        }
    }
    let projects = house.get("/api/v1/projects", &token).await.expect(200);
    assert_eq!(projects["rows"].as_array().unwrap().len(), 1);
    assert_eq!(projects["rows"][0]["definition"]["name"], "other");
    let foreign_item = house.get(&format!("/api/v1/projects/other/items/{item}"), &token).await;
    assert_eq!(foreign_item.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn tokens_are_made_shown_once_and_withdrawn() {
    let house = House::open().await;
    let admin = house.token(&[Scope::Admin]).await;
    let body = serde_json::json!({ "name": "reader", "scopes": ["read-data"] });
    let made = house.post("/api/v1/tokens", &admin, &body).await.expect(201);
    let secret = made["secret"].as_str().unwrap().to_owned();
    house.get("/api/v1/projects", &secret).await.expect(200);
    let listed = house.get("/api/v1/tokens", &admin).await;
    assert!(!listed.text().contains(&secret));
    let address = format!("/api/v1/tokens/{}", made["token"]["id"].as_str().unwrap());
    let withdraw = || request(Method::DELETE, &address, &admin, Body::empty());
    assert_eq!(house.send(withdraw()).await.status, StatusCode::NO_CONTENT);
    assert_eq!(house.send(withdraw()).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        house.get("/api/v1/projects", &secret).await.status,
        StatusCode::UNAUTHORIZED
    );
}
