//! Annotators.

use accord_domain::{Annotator, AnnotatorDefinition, AnnotatorId, AnnotatorKind, ProjectId};
use serde_json::json;

use super::TestStore;
use super::fixture::{Fixture, annotator, assert_error, definition};
use crate::in_transaction;

/// An annotator of a known name keeps its identifier and takes the new family, kind and activity.
pub async fn upserts_by_name(test: &TestStore) {
    let fixture = Fixture::create_with(test, definition("receipts", 0)).await;
    let first = annotator(&fixture.environment, fixture.project.id, "anchors");
    assert_eq!(in_transaction!(test, |tx| tx.upsert_annotator(&first)).unwrap(), first);
    let again = Annotator {
        family: "other".to_owned(),
        active: false,
        ..annotator(&fixture.environment, fixture.project.id, "anchors")
    };
    let stored = in_transaction!(test, |tx| tx.upsert_annotator(&again)).unwrap();
    let expected = Annotator {
        id: first.id,
        created_at: first.created_at,
        ..again
    };
    assert_eq!(stored, expected);
    let second = annotator(&fixture.environment, fixture.project.id, "Amounts");
    in_transaction!(test, |tx| tx.upsert_annotator(&second)).unwrap();
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(tx.annotator(first.id).await.unwrap(), Some(expected.clone()));
    let unknown = AnnotatorId::generate(&fixture.environment);
    assert_eq!(tx.annotator(unknown).await.unwrap(), None);
    // Names are ordered byte by byte: capitals come first.
    let all = tx.annotators_of_project(fixture.project.id).await.unwrap();
    assert_eq!(all, [second, expected]);
    drop(tx);
    let lost = annotator(&fixture.environment, ProjectId::generate(&fixture.environment), "x");
    assert_error(in_transaction!(test, |tx| tx.upsert_annotator(&lost)), "Missing");
}

/// Every kind of annotator comes back as it was.
pub async fn keeps_every_kind(test: &TestStore) {
    let fixture = Fixture::create_with(test, definition("receipts", 0)).await;
    let user = fixture.add_user(test, "anna").await;
    let automatic = [
        json!({"name": "a", "kind": "reader", "reader": "learned", "model": "abc"}),
        json!({"name": "b", "kind": "invoice_xml"}),
        json!({"name": "c", "kind": "language_model", "provider": "local", "model": "smol", "temperature": 0.7,
               "seed": -3, "view": "page_image", "sample": 2}),
    ];
    let mut kinds: Vec<AnnotatorKind> = automatic
        .into_iter()
        .map(|text| {
            let definition: AnnotatorDefinition = serde_json::from_value(text).unwrap();
            AnnotatorKind::Automatic {
                definition: definition.kind,
            }
        })
        .collect();
    kinds.push(AnnotatorKind::Human { user_id: user.id });
    let mut kept = Vec::new();
    for (number, kind) in kinds.into_iter().enumerate() {
        let one = Annotator {
            kind,
            ..annotator(&fixture.environment, fixture.project.id, &format!("kind-{number}"))
        };
        in_transaction!(test, |tx| tx.upsert_annotator(&one)).unwrap();
        kept.push(one);
    }
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(tx.annotators_of_project(fixture.project.id).await.unwrap(), kept);
}
