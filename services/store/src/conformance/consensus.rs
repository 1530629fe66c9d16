//! Consensus.

use accord_domain::{AnnotatorId, Consensus, ItemId, StopReason, Stopped};

use super::TestStore;
use super::fixture::{Fixture, assert_error, field_name};
use crate::consensus::{FieldSummary, StoppingSummary};
use crate::in_transaction;
use crate::page::PageRequest;

/// All rows are kept, in order; the one added last counts, whatever its identifier and time.
pub async fn keeps_history_and_counts_the_last(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 2).await;
    let item = items[0].id;
    // Made first, added last.
    let last = fixture.consensus(item, "company", Some(0.1 + 0.2), true);
    let first = fixture.consensus(item, "company", None, false);
    let total = fixture.consensus(item, "total", Some(1.0 / 3.0), false);
    let other = fixture.consensus(items[1].id, "company", None, false);
    let twice = fixture.consensus(items[1].id, "company", Some(1e-9), true);
    let rows = [first.clone(), total.clone(), other.clone(), twice.clone()];
    in_transaction!(test, |tx| tx.insert_consensus(&rows)).unwrap();
    in_transaction!(test, |tx| tx.insert_consensus(std::slice::from_ref(&last))).unwrap();
    in_transaction!(test, |tx| tx.insert_consensus(&[])).unwrap();
    let mut tx = test.store.read().await.unwrap();
    let present = tx.consensus_of_items(&[items[1].id, item]).await.unwrap();
    assert_eq!(present, [last.clone(), total.clone(), twice.clone()]);
    assert_eq!(tx.consensus_of_items(&[]).await.unwrap(), []);
    assert_eq!(tx.consensus_history(item).await.unwrap(), [first, total, last]);
    assert_eq!(tx.consensus_history(items[1].id).await.unwrap(), [other, twice]);
    drop(tx);
    let lost = fixture.consensus(ItemId::generate(&fixture.environment), "company", None, false);
    assert_error(in_transaction!(test, |tx| tx.insert_consensus(&[lost])), "Missing");
}

/// Present rows come in pages in order of computation; replaced ones do not come.
pub async fn pages_present_rows(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 4).await;
    let rows = || -> Vec<Consensus> {
        items
            .iter()
            .flat_map(|item| ["company", "total"].map(|field| fixture.consensus(item.id, field, None, false)))
            .collect()
    };
    let (old, new) = (rows(), rows());
    in_transaction!(test, |tx| tx.insert_consensus(&old)).unwrap();
    in_transaction!(test, |tx| tx.insert_consensus(&new[2..])).unwrap();
    let expected: Vec<Consensus> = old[..2].iter().chain(&new[2..]).cloned().collect();
    let mut tx = test.store.read().await.unwrap();
    let mut request = PageRequest::first(3);
    let mut seen = Vec::new();
    loop {
        let page = tx.list_consensus(fixture.project.id, request).await.unwrap();
        assert!(page.rows.len() <= 3);
        seen.extend(page.rows);
        match page.next {
            Some(last) => request = request.after(last),
            None => break,
        }
    }
    assert_eq!(seen, expected);
}

/// Fields are summarised over the rows that count.
pub async fn summarises_fields(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 3).await;
    let replaced = fixture.consensus(items[0].id, "company", None, false);
    in_transaction!(test, |tx| tx.insert_consensus(&[replaced])).unwrap();
    let rows = [
        fixture.consensus(items[0].id, "company", Some(0.5), true),
        fixture.consensus(items[1].id, "company", Some(0.25), false),
        fixture.consensus(items[2].id, "company", None, false),
        fixture.consensus(items[0].id, "total", None, false),
    ];
    in_transaction!(test, |tx| tx.insert_consensus(&rows)).unwrap();
    let mut tx = test.store.read().await.unwrap();
    let summaries = tx.summarise_fields(fixture.project.id).await.unwrap();
    let company = FieldSummary {
        field: field_name("company"),
        count: 3,
        accepted_count: 1,
        calibrated_count: 2,
        mean_probability: Some(0.375),
    };
    let total = FieldSummary {
        field: field_name("total"),
        count: 1,
        accepted_count: 0,
        calibrated_count: 0,
        mean_probability: None,
    };
    assert_eq!(summaries, [company, total]);
}

/// Present rows tell how many were asked, each item once; rows that were replaced, and those of other rules, do not count.
pub async fn sums_up_how_many_were_asked(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 3).await;
    let row = |item: usize, field: &str, version: &str, asked_count: u32, left_out: usize| Consensus {
        stopped: Some(Stopped {
            version: version.to_owned(),
            reason: StopReason::CannotChange,
            asked_count,
            panel_count: 7,
            in_full: left_out > 0,
            left_out: (0..left_out)
                .map(|_| AnnotatorId::generate(&fixture.environment))
                .collect(),
        }),
        ..fixture.consensus(items[item].id, field, None, false)
    };
    let replaced = row(0, "company", "a", 7, 0);
    let rows = [
        row(0, "company", "a", 3, 0),
        row(0, "total", "a", 3, 0),
        row(1, "company", "a", 4, 3),
        row(2, "company", "b", 5, 0),
        fixture.consensus(items[2].id, "total", None, false),
    ];
    in_transaction!(test, |tx| tx.insert_consensus(&[replaced])).unwrap();
    in_transaction!(test, |tx| tx.insert_consensus(&rows)).unwrap();
    let mut tx = test.store.read().await.unwrap();
    let summary = tx.summarise_stopping(fixture.project.id, "a").await.unwrap();
    let expected = StoppingSummary {
        version: "a".to_owned(),
        item_count: 2,
        asked_count: 7,
        called_count: 10,
        panel_count: 14,
    };
    assert_eq!(summary, expected);
    assert_eq!(summary.calls_saved_by_rule(), Some(0.5));
    let nothing = tx.summarise_stopping(fixture.project.id, "c").await.unwrap();
    assert_eq!((nothing.item_count, nothing.calls_saved()), (0, None));
    let present = tx.consensus_of_items(&[items[1].id]).await.unwrap();
    assert_eq!(present[0], rows[2]);
}
