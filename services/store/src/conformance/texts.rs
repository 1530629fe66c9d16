//! Texts as people and attackers write them.

use accord_domain::{Annotation, Item, Provenance};
use serde_json::json;

use super::TestStore;
use super::fixture::{Fixture, answers, assert_error, plan, stored_task, value};
use crate::in_transaction;

/// Texts that have broken programs before.
const TEXTS: [&str; 12] = [
    "'; DROP TABLE items; --",
    "\"quoted\" \\ back\\slash $1 ?1 :name @name %s {}",
    "Grüße aus Österreich, Łódź, Đà Nẵng",
    "日本語 العربية עברית हिन्दी",
    "👩‍👩‍👧‍👦 🏳️‍🌈 \u{10FFFF}",
    "e\u{301} is not é",
    "\u{202E}right to left\u{202C}\u{200B}\u{FEFF}",
    "line\nline\r\nline\u{2028}tab\t",
    "\u{1}\u{2}\u{1b}[31m\u{7f}\u{85}",
    " leading and trailing ",
    "NULL",
    "",
];

/// Every text comes back as it was, as a name, inside JSON and in answers.
pub async fn keeps_unicode_and_hostile_texts(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    for text in TEXTS {
        let mut item = fixture.item(text);
        item.content_hash = text.to_owned();
        item.metadata.insert(text.to_owned(), json!([text]));
        in_transaction!(test, |tx| tx.insert_items(std::slice::from_ref(&item))).unwrap();
        let task = fixture.annotate(item.id, 0);
        plan(test, std::slice::from_ref(&task)).await;
        let task = stored_task(test, task.id).await;
        let annotation = Annotation {
            answers: answers(text),
            provenance: Provenance {
                raw_output: Some(text.to_owned()),
                model: Some(text.to_owned()),
                ..Provenance::default()
            },
            ..fixture.annotation(&task, fixture.annotators[0].id)
        };
        in_transaction!(test, |tx| tx.insert_annotation(&annotation)).unwrap();
        let mut tx = test.store.read().await.unwrap();
        let found = tx.item_by_external_id(fixture.project.id, text).await.unwrap();
        assert_eq!(found, Some(item), "{text:?}");
        assert_eq!(tx.annotation(annotation.id).await.unwrap(), Some(annotation));
    }
    let mut tx = test.store.read().await.unwrap();
    let pending = tx.count_items(fixture.project.id).await.unwrap().pending;
    assert_eq!(pending, i64::try_from(TEXTS.len()).unwrap(), "no two texts are one");
}

/// A NUL character is refused in plain texts with a clear error, on every database, and kept inside JSON.
pub async fn refuses_nul_in_text_and_keeps_it_in_json(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let nul = "a\0b";
    let item = fixture.item(nul);
    let result = in_transaction!(test, |tx| tx.insert_items(&[item]));
    let message = result.as_ref().unwrap_err().to_string();
    assert!(
        message.contains("external identifier") && message.contains("NUL"),
        "{message}"
    );
    assert_error(result, "Invalid");
    let hashed = Item {
        content_hash: nul.to_owned(),
        ..fixture.item("b")
    };
    assert_error(in_transaction!(test, |tx| tx.insert_items(&[hashed])), "Invalid");
    assert_error(
        in_transaction!(test, |tx| tx.put_document("hash", nul, "{}")),
        "Invalid",
    );
    let now = accord_domain::Timestamp::from_microseconds(1);
    assert_error(
        in_transaction!(test, |tx| tx.claim_key("anna", nul, "h", "r", now)),
        "Invalid",
    );
    // Looking for such a text finds nothing, and is no error.
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(tx.item_by_external_id(fixture.project.id, nul).await.unwrap(), None);
    assert_eq!(tx.user_by_name(nul).await.unwrap(), None);
    assert_eq!(tx.token_by_hash(nul).await.unwrap(), None);
    assert_eq!(tx.call(nul).await.unwrap(), None);
    assert_eq!(tx.project_by_name(nul).await.unwrap(), None);
    assert_eq!(tx.session_user(nul, now).await.unwrap(), None);
    assert_eq!(tx.document(nul, nul).await.unwrap(), None);
    let filter = crate::items::ItemFilter {
        state: None,
        external_id_prefix: Some(nul.to_owned()),
    };
    let page = tx
        .list_items(fixture.project.id, &filter, crate::page::PageRequest::first(10))
        .await
        .unwrap();
    assert!(page.rows.is_empty());
    drop(tx);

    let mut item = fixture.item("kept");
    item.metadata.insert("nul".to_owned(), json!(nul));
    in_transaction!(test, |tx| tx.insert_items(std::slice::from_ref(&item))).unwrap();
    let gold = accord_domain::Gold {
        answer: value(nul),
        ..fixture.gold(item.id, "company", "x")
    };
    in_transaction!(test, |tx| tx.insert_gold(std::slice::from_ref(&gold))).unwrap();
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(tx.gold_of_items(&[item.id]).await.unwrap(), [gold]);
    assert_eq!(tx.item(item.id).await.unwrap(), Some(item));
}

/// Megabytes of text come back whole.
pub async fn keeps_very_long_texts(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let long = "Zeile mit Größe €\n".repeat(300_000);
    let mut item = fixture.item("long");
    item.metadata.insert("text".to_owned(), json!(long));
    let name = "n".repeat(2_000);
    let named = fixture.item(&name);
    in_transaction!(test, |tx| tx.insert_items(&[item.clone(), named.clone()])).unwrap();
    let document = serde_json::to_string(&json!({ "text": long })).unwrap();
    in_transaction!(test, |tx| tx.put_document("hash", "1", &document)).unwrap();
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(tx.item(item.id).await.unwrap(), Some(item));
    let found = tx.item_by_external_id(fixture.project.id, &name).await.unwrap();
    assert_eq!(found, Some(named));
    assert_eq!(tx.document("hash", "1").await.unwrap(), Some(document));
}
