//! Accounts, sessions and tokens.

use accord_domain::{AccessToken, Environment, Role, Scope, Timestamp, TokenId, User, UserId};

use super::TestStore;
use super::fixture::{Fixture, assert_error};
use crate::in_transaction;

/// Accounts are found again; a name is taken once.
pub async fn keeps_accounts(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let user = |name: &str, role| User {
        id: UserId::generate(&fixture.environment),
        name: name.to_owned(),
        role,
        active: true,
        created_at: fixture.environment.now(),
    };
    let rita = user("rita", Role::Reviewer);
    let anna = user("anna", Role::Annotator);
    let root = User {
        active: false,
        ..user("root", Role::Administrator)
    };
    for one in [&rita, &anna, &root] {
        in_transaction!(test, |tx| tx.insert_user(one, "$argon2id$v=19$x")).unwrap();
    }
    let again = user("anna", Role::Administrator);
    assert_error(
        in_transaction!(test, |tx| tx.insert_user(&again, "x")),
        "Conflict { what: \"user\", name: \"anna\" }",
    );
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(tx.user(anna.id).await.unwrap(), Some(anna.clone()));
    assert_eq!(tx.user(again.id).await.unwrap(), None);
    let found = tx.user_by_name("rita").await.unwrap();
    assert_eq!(found, Some((rita.clone(), "$argon2id$v=19$x".to_owned())));
    assert_eq!(tx.user_by_name("Rita").await.unwrap(), None);
    assert_eq!(tx.list_users().await.unwrap(), [anna, rita, root]);
}

/// A session lasts until its end, and only while the account is active.
pub async fn sessions_end(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let anna = fixture.add_user(test, "anna").await;
    let gone = User {
        id: UserId::generate(&fixture.environment),
        name: "gone".to_owned(),
        active: false,
        ..anna.clone()
    };
    in_transaction!(test, |tx| tx.insert_user(&gone, "x")).unwrap();
    let at = Timestamp::from_microseconds;
    for (secret, user_id, end) in [
        ("one", anna.id, 1_000),
        ("two", anna.id, 2_000),
        ("three", gone.id, 9_000),
    ] {
        in_transaction!(test, |tx| tx.insert_session(secret, user_id, at(end))).unwrap();
    }
    assert_error(
        in_transaction!(test, |tx| tx.insert_session("one", anna.id, at(5))),
        "Conflict",
    );
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(tx.session_user("one", at(999)).await.unwrap(), Some(anna.clone()));
    assert_eq!(tx.session_user("one", at(1_000)).await.unwrap(), None);
    assert_eq!(tx.session_user("three", at(0)).await.unwrap(), None);
    assert_eq!(tx.session_user("four", at(0)).await.unwrap(), None);
    drop(tx);
    assert_eq!(
        in_transaction!(test, |tx| tx.delete_expired_sessions(at(1_000))).unwrap(),
        1
    );
    in_transaction!(test, |tx| tx.delete_session("two")).unwrap();
    in_transaction!(test, |tx| tx.delete_session("two")).unwrap();
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(tx.session_user("two", at(0)).await.unwrap(), None);
    assert_eq!(tx.session_user("one", at(0)).await.unwrap(), None);
}

/// A new password ends the sessions of its account, and only those.
pub async fn a_new_password_ends_sessions(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let anna = fixture.add_user(test, "anna").await;
    let bert = fixture.add_user(test, "bert").await;
    let (end, now) = (Timestamp::from_microseconds(10), Timestamp::from_microseconds(1));
    in_transaction!(test, |tx| tx.insert_session("a", anna.id, end)).unwrap();
    in_transaction!(test, |tx| tx.insert_session("b", bert.id, end)).unwrap();
    in_transaction!(test, |tx| tx.set_password(anna.id, "new")).unwrap();
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(tx.session_user("a", now).await.unwrap(), None);
    assert_eq!(tx.session_user("b", now).await.unwrap(), Some(bert));
    assert_eq!(tx.user_by_name("anna").await.unwrap().unwrap().1, "new");
    drop(tx);
    let unknown = UserId::generate(&fixture.environment);
    assert_error(in_transaction!(test, |tx| tx.set_password(unknown, "new")), "Missing");
}

/// Tokens are found by the hash of their secret, and can be withdrawn once.
pub async fn keeps_tokens(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let token = |name: &str| AccessToken {
        id: TokenId::generate(&fixture.environment),
        name: name.to_owned(),
        scopes: vec![Scope::ReadData, Scope::Extract],
        project_id: Some(fixture.project.id),
        created_at: fixture.environment.now(),
        expires_at: Some(Timestamp::from_microseconds(5)),
        revoked_at: None,
    };
    let first = token("pipeline");
    let second = AccessToken {
        scopes: vec![Scope::Admin],
        project_id: None,
        expires_at: None,
        ..token("pipeline")
    };
    in_transaction!(test, |tx| tx.insert_token(&first, "hash-1")).unwrap();
    in_transaction!(test, |tx| tx.insert_token(&second, "hash-2")).unwrap();
    let third = token("other");
    assert_error(
        in_transaction!(test, |tx| tx.insert_token(&third, "hash-2")),
        "Conflict { what: \"token\"",
    );
    let moment = Timestamp::from_microseconds(77);
    in_transaction!(test, |tx| tx.revoke_token(first.id, moment)).unwrap();
    assert_error(in_transaction!(test, |tx| tx.revoke_token(first.id, moment)), "Missing");
    assert_error(in_transaction!(test, |tx| tx.revoke_token(third.id, moment)), "Missing");
    let revoked = AccessToken {
        revoked_at: Some(moment),
        ..first
    };
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(tx.token_by_hash("hash-1").await.unwrap(), Some(revoked.clone()));
    assert_eq!(tx.token_by_hash("hash-3").await.unwrap(), None);
    assert_eq!(tx.list_tokens().await.unwrap(), [revoked, second]);
}
