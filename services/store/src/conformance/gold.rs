//! Gold.

use accord_domain::{Answer, Gold, GoldSource, ItemId};

use super::TestStore;
use super::fixture::{Fixture, assert_error};
use crate::in_transaction;
use crate::page::PageRequest;

/// All gold is kept; the value added last counts, whatever its identifier and time.
pub async fn keeps_all_and_counts_the_last(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 2).await;
    let user = fixture.add_user(test, "rita").await;
    let last = Gold {
        source: GoldSource::Adjudicated,
        propensity: Some(0.1 + 0.2),
        user_id: Some(user.id),
        ..fixture.gold(items[0].id, "company", "ACME GmbH")
    };
    let first = fixture.gold(items[0].id, "company", "ACME");
    let total = Gold {
        answer: Answer::Absent,
        source: GoldSource::Audited,
        ..fixture.gold(items[0].id, "total", "")
    };
    let other = fixture.gold(items[1].id, "total", "1");
    let twice = fixture.gold(items[1].id, "total", "2");
    in_transaction!(test, |tx| tx.insert_gold(&[
        first.clone(),
        total.clone(),
        other,
        twice.clone()
    ]))
    .unwrap();
    in_transaction!(test, |tx| tx.insert_gold(std::slice::from_ref(&last))).unwrap();
    in_transaction!(test, |tx| tx.insert_gold(&[])).unwrap();
    let mut tx = test.store.read().await.unwrap();
    let counting = tx.gold_of_items(&[items[1].id, items[0].id]).await.unwrap();
    assert_eq!(counting, [last, total, twice]);
    assert_eq!(tx.gold_of_items(&[]).await.unwrap(), []);
    assert_eq!(tx.count_gold(fixture.project.id).await.unwrap(), 3);
    drop(tx);
    let lost = fixture.gold(ItemId::generate(&fixture.environment), "total", "1");
    assert_error(in_transaction!(test, |tx| tx.insert_gold(&[lost])), "Missing");
}

/// The gold that counts comes in pages in the order in which it was given.
pub async fn pages_present_gold(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 5).await;
    let old: Vec<Gold> = items.iter().map(|item| fixture.gold(item.id, "total", "1")).collect();
    let new: Vec<Gold> = items.iter().map(|item| fixture.gold(item.id, "total", "2")).collect();
    in_transaction!(test, |tx| tx.insert_gold(&old)).unwrap();
    in_transaction!(test, |tx| tx.insert_gold(&new[..2])).unwrap();
    let mut tx = test.store.read().await.unwrap();
    let first = tx.list_gold(fixture.project.id, PageRequest::first(4)).await.unwrap();
    let second = tx
        .list_gold(fixture.project.id, PageRequest::first(4).after(first.next.unwrap()))
        .await
        .unwrap();
    assert_eq!(second.next, None);
    let seen: Vec<Gold> = first.rows.into_iter().chain(second.rows).collect();
    let expected: Vec<Gold> = old[2..].iter().chain(&new[..2]).cloned().collect();
    assert_eq!(seen, expected);
}
