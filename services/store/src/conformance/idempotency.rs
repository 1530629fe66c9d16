//! Idempotency keys.

use accord_domain::Timestamp;

use super::TestStore;
use crate::idempotency::KeyState;
use crate::in_transaction;

/// A repeated request gets what the first one made; another request under the same key is noticed; owners are apart.
pub async fn knows_repeated_and_mismatching_requests(test: &TestStore) {
    let now = Timestamp::from_microseconds(5);
    let repeated = KeyState::Repeated {
        reference: "item-1".to_owned(),
    };
    for (owner, key, request, reference, expected) in [
        ("anna", "key", "hash", "item-1", KeyState::New),
        ("anna", "key", "hash", "item-2", repeated.clone()),
        ("anna", "key", "other", "item-2", KeyState::Mismatch),
        ("bert", "key", "other", "item-3", KeyState::New),
        ("anna", "Key", "other", "item-4", KeyState::New),
        ("anna", "key", "hash", "item-5", repeated),
    ] {
        let state = in_transaction!(test, |tx| tx.claim_key(owner, key, request, reference, now)).unwrap();
        assert_eq!(state, expected, "{owner} {key} {request}");
    }
    // A key that was claimed in a transaction that came to nothing is free.
    let mut tx = test.store.write().await.unwrap();
    assert_eq!(
        tx.claim_key("anna", "lost", "h", "r", now).await.unwrap(),
        KeyState::New
    );
    drop(tx);
    let state = in_transaction!(test, |tx| tx.claim_key("anna", "lost", "h", "r", now)).unwrap();
    assert_eq!(state, KeyState::New);
}

/// Old keys are forgotten.
pub async fn forgets_old_keys(test: &TestStore) {
    let at = Timestamp::from_microseconds;
    for (key, moment) in [("a", 10), ("b", 20), ("c", 30)] {
        in_transaction!(test, |tx| tx.claim_key("anna", key, "h", "r", at(moment))).unwrap();
    }
    assert_eq!(in_transaction!(test, |tx| tx.delete_keys_before(at(20))).unwrap(), 1);
    let state = in_transaction!(test, |tx| tx.claim_key("anna", "a", "other", "r", at(40))).unwrap();
    assert_eq!(state, KeyState::New);
    let state = in_transaction!(test, |tx| tx.claim_key("anna", "b", "other", "r", at(40))).unwrap();
    assert_eq!(state, KeyState::Mismatch);
}

/// Of many simultaneous requests with one key, one is the first and all others repeat it.
pub async fn gives_a_key_to_one_of_many(test: &TestStore) {
    let requests: Vec<_> = (0..16)
        .map(|number| {
            let store = if number % 2 == 0 { &test.store } else { &test.second }.clone();
            tokio::spawn(async move {
                let mut tx = store.write().await.unwrap();
                let reference = format!("item-{number}");
                let now = Timestamp::from_microseconds(1);
                let state = tx.claim_key("anna", "key", "hash", &reference, now).await.unwrap();
                tx.commit().await.unwrap();
                (reference, state)
            })
        })
        .collect();
    let mut winners = Vec::new();
    let mut repeated = Vec::new();
    for request in requests {
        match request.await.unwrap() {
            (reference, KeyState::New) => winners.push(reference),
            (_, KeyState::Repeated { reference }) => repeated.push(reference),
            (_, KeyState::Mismatch) => panic!("the requests are the same"),
        }
    }
    assert_eq!((winners.len(), repeated.len()), (1, 15));
    assert!(repeated.iter().all(|reference| *reference == winners[0]));
}
