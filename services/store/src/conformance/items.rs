//! Items and documents.

use accord_domain::{Item, ItemContent, ItemId, ItemState, ProjectId};

use super::TestStore;
use super::fixture::{Fixture, assert_error, definition};
use crate::in_transaction;
use crate::items::{InsertedItem, ItemCounts, ItemFilter};
use crate::page::PageRequest;

/// Items are found again as they were, alone, by name and many at once.
pub async fn keeps_items(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let inline = fixture.item("inline");
    let file = Item {
        content: ItemContent::File {
            media_type: "application/pdf".to_owned(),
            file_name: "Rechnung Nr. 7.pdf".to_owned(),
            size_bytes: u64::from(u32::MAX) + 1,
        },
        metadata: serde_json::Map::new(),
        ..fixture.item("file")
    };
    let both = [inline.clone(), file.clone()];
    in_transaction!(test, |tx| tx.insert_items(&both)).unwrap();
    let unknown = ItemId::generate(&fixture.environment);
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(tx.item(inline.id).await.unwrap(), Some(inline.clone()));
    assert_eq!(tx.item(unknown).await.unwrap(), None);
    let project_id = fixture.project.id;
    let by_name = tx.item_by_external_id(project_id, "file").await.unwrap();
    assert_eq!(by_name, Some(file.clone()));
    assert_eq!(tx.item_by_external_id(project_id, "File").await.unwrap(), None);
    let elsewhere = ProjectId::generate(&fixture.environment);
    assert_eq!(tx.item_by_external_id(elsewhere, "file").await.unwrap(), None);
    let mut found = tx.items_by_ids(&[file.id, unknown, inline.id]).await.unwrap();
    found.sort_by_key(|item| item.id);
    assert_eq!(found, both);
    assert_eq!(tx.items_by_ids(&[]).await.unwrap(), []);
    // The order of keys in metadata is the owner's.
    let stored = tx.item(inline.id).await.unwrap().unwrap();
    assert_eq!(stored.metadata.keys().collect::<Vec<_>>(), ["z", "a"]);
}

/// Importing again adds nothing, and says whether the content is the same; also within one call.
pub async fn tells_new_unchanged_and_conflicting_apart(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let first = fixture.item("a");
    let repeated = Item {
        content_hash: first.content_hash.clone(),
        ..fixture.item("a")
    };
    let changed = Item {
        content_hash: "another".to_owned(),
        ..fixture.item("a")
    };
    let second = fixture.item("b");
    let items = [first.clone(), repeated.clone(), changed.clone(), second.clone()];
    let outcomes = in_transaction!(test, |tx| tx.insert_items(&items)).unwrap();
    let expected = [
        InsertedItem::Created { id: first.id },
        InsertedItem::Unchanged { id: first.id },
        InsertedItem::Conflicting { id: first.id },
        InsertedItem::Created { id: second.id },
    ];
    assert_eq!(outcomes, expected);
    let again = in_transaction!(test, |tx| tx.insert_items(&[changed, second.clone(), repeated])).unwrap();
    let expected = [
        InsertedItem::Conflicting { id: first.id },
        InsertedItem::Unchanged { id: second.id },
        InsertedItem::Unchanged { id: first.id },
    ];
    assert_eq!(again, expected);
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(tx.item(first.id).await.unwrap(), Some(first));
    assert_eq!(tx.count_items(fixture.project.id).await.unwrap().pending, 2);
    drop(tx);
    // The same name in another project is another item.
    let other = Fixture::create_with(test, definition("others", 0)).await;
    let elsewhere = other.item("a");
    let outcome = in_transaction!(test, |tx| tx.insert_items(&[elsewhere])).unwrap();
    assert!(matches!(outcome[..], [InsertedItem::Created { .. }]));
}

/// Filters and pages work together, without gap or overlap.
pub async fn filters_and_pages(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 25).await;
    for item in items.iter().step_by(5) {
        in_transaction!(test, |tx| tx.set_item_state(item.id, ItemState::NeedsReview)).unwrap();
    }
    let mut tx = test.store.read().await.unwrap();
    let mut seen = Vec::new();
    let mut request = PageRequest::first(7);
    loop {
        let page = tx
            .list_items(fixture.project.id, &ItemFilter::default(), request)
            .await
            .unwrap();
        seen.extend(page.rows.iter().map(|item| item.id));
        match page.next {
            Some(last) => request = request.after(last),
            None => break,
        }
    }
    assert_eq!(seen, items.iter().map(|item| item.id).collect::<Vec<_>>());
    let filter = ItemFilter {
        state: Some(ItemState::NeedsReview),
        external_id_prefix: Some("item-1".to_owned()),
    };
    let page = tx
        .list_items(fixture.project.id, &filter, PageRequest::first(100))
        .await
        .unwrap();
    let names: Vec<&str> = page.rows.iter().map(|item| item.external_id.as_str()).collect();
    assert_eq!(names, ["item-10", "item-15"]);
    assert_eq!(page.next, None);
    let exact = tx
        .list_items(fixture.project.id, &filter, PageRequest::first(2))
        .await
        .unwrap();
    assert_eq!((exact.rows.len(), exact.next), (2, None));
}

/// A prefix is a prefix: no character of it is a pattern, and case counts.
pub async fn finds_prefixes_literally(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let names = ["a%b", "axb", "a_b", "A%b", "ä1", "ä2", "a%", "\u{10FFFF}x", "\\'\"", ""];
    let items: Vec<Item> = names.iter().map(|name| fixture.item(name)).collect();
    in_transaction!(test, |tx| tx.insert_items(&items)).unwrap();
    let mut tx = test.store.read().await.unwrap();
    for prefix in ["a%", "a_", "A", "ä", "\u{10FFFF}", "\\'", "", "zzz"] {
        let filter = ItemFilter {
            state: None,
            external_id_prefix: Some(prefix.to_owned()),
        };
        let page = tx
            .list_items(fixture.project.id, &filter, PageRequest::first(100))
            .await
            .unwrap();
        let found: Vec<&str> = page.rows.iter().map(|item| item.external_id.as_str()).collect();
        let expected: Vec<&str> = names.iter().copied().filter(|name| name.starts_with(prefix)).collect();
        assert_eq!(found, expected, "prefix {prefix:?}");
    }
}

/// Counts follow the states.
pub async fn counts_by_state(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 10).await;
    let states = [
        ItemState::Accepted,
        ItemState::Accepted,
        ItemState::NeedsReview,
        ItemState::Resolved,
        ItemState::Resolved,
        ItemState::Resolved,
    ];
    for (item, state) in items.iter().zip(states) {
        in_transaction!(test, |tx| tx.set_item_state(item.id, state)).unwrap();
    }
    let mut tx = test.store.read().await.unwrap();
    let expected = ItemCounts {
        pending: 4,
        accepted: 2,
        needs_review: 1,
        resolved: 3,
    };
    assert_eq!(tx.count_items(fixture.project.id).await.unwrap(), expected);
    let elsewhere = ProjectId::generate(&fixture.environment);
    assert_eq!(tx.count_items(elsewhere).await.unwrap(), ItemCounts::default());
    drop(tx);
    let unknown = ItemId::generate(&fixture.environment);
    assert_error(
        in_transaction!(test, |tx| tx.set_item_state(unknown, ItemState::Accepted)),
        "Missing",
    );
    assert_error(in_transaction!(test, |tx| tx.lock_item(unknown)), "Missing");
    in_transaction!(test, |tx| tx.lock_item(items[0].id)).unwrap();
}

/// Ten thousand items in batches arrive whole and in order, and again add nothing.
pub async fn takes_ten_thousand_in_batches(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items: Vec<Item> = (0..10_000).map(|number| fixture.item(&format!("{number}"))).collect();
    for batch in items.chunks(2_500) {
        let outcomes = in_transaction!(test, |tx| tx.insert_items(batch)).unwrap();
        assert_eq!(outcomes.len(), batch.len());
        assert!(
            outcomes
                .iter()
                .zip(batch)
                .all(|(outcome, item)| *outcome == InsertedItem::Created { id: item.id })
        );
    }
    let again = in_transaction!(test, |tx| tx.insert_items(&items[..2_500])).unwrap();
    assert!(
        again
            .iter()
            .zip(&items)
            .all(|(outcome, item)| *outcome == InsertedItem::Unchanged { id: item.id })
    );
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(tx.count_items(fixture.project.id).await.unwrap().pending, 10_000);
    let page = tx
        .list_items(
            fixture.project.id,
            &ItemFilter::default(),
            PageRequest::first(1_000).after(items[8_999].id.as_uuid()),
        )
        .await
        .unwrap();
    assert_eq!(page.rows, items[9_000..]);
}

/// What was read from a file is kept by hash and version, the first one for good.
pub async fn keeps_documents_once(test: &TestStore) {
    let kept = "{\"pages\": [\"Größe €\\u0000\"]}";
    in_transaction!(test, |tx| tx.put_document("hash", "1", kept)).unwrap();
    in_transaction!(test, |tx| tx.put_document("hash", "1", "{}")).unwrap();
    in_transaction!(test, |tx| tx.put_document("hash", "2", "[]")).unwrap();
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(tx.document("hash", "1").await.unwrap().as_deref(), Some(kept));
    assert_eq!(tx.document("hash", "2").await.unwrap().as_deref(), Some("[]"));
    assert_eq!(tx.document("hash", "3").await.unwrap(), None);
    assert_eq!(tx.document("other", "1").await.unwrap(), None);
}
