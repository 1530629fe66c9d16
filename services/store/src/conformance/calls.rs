//! Stored answers of models.

use accord_domain::Timestamp;

use super::TestStore;
use crate::calls::StoredCall;
use crate::in_transaction;

/// The first answer under a key is kept byte for byte, and no other takes its place.
pub async fn keeps_the_first_answer(test: &TestStore) {
    let call = |key: &str, response: &str| StoredCall {
        key: key.to_owned(),
        provider: "local".to_owned(),
        response: response.to_owned(),
        latency_milliseconds: 1234,
        received_at: Timestamp::from_microseconds(1_767_225_600_123_456),
        in_batch: false,
    };
    let hostile = "{\"content\": \"\u{0}'; DROP TABLE calls; -- é€😀\\u0000\"}\r\n";
    let (first, second) = (call("k", hostile), call("k", "{}"));
    assert_eq!(in_transaction!(test, |tx| tx.insert_calls(&[&first])).unwrap(), [true]);
    assert_eq!(
        in_transaction!(test, |tx| tx.insert_calls(&[&second])).unwrap(),
        [false]
    );
    let empty = call("empty", "");
    let other = call("empty", "{}");
    assert_eq!(
        in_transaction!(test, |tx| tx.insert_calls(&[&second, &empty, &other])).unwrap(),
        [false, true, false]
    );
    assert!(in_transaction!(test, |tx| tx.insert_calls(&[])).unwrap().is_empty());
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(tx.call("k").await.unwrap().as_ref(), Some(&first));
    assert_eq!(tx.call("empty").await.unwrap().as_ref(), Some(&empty));
    let mut both = tx.calls(&["other", "empty", "k"]).await.unwrap();
    both.sort_by(|one, another| one.key.cmp(&another.key));
    assert_eq!(both, [empty, first]);
    assert_eq!(tx.call("other").await.unwrap(), None);
}
