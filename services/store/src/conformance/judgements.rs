//! What judges said, and comparisons of confidence methods.

use std::collections::BTreeMap;

use accord_domain::{
    ConfidenceMethod, FieldMethods, ItemId, Judgement, JudgementId, LanguageModel, LeftOut, MethodComparison,
    Provenance, ScoreLevel,
};

use super::TestStore;
use super::fixture::{Fixture, answers, assert_error, definition, field_name};
use crate::in_transaction;

/// What a judge said of an item in the call with this key.
#[must_use]
pub fn judgement(fixture: &Fixture, item_id: ItemId, key: &str) -> Judgement {
    Judgement {
        id: JudgementId::generate(&fixture.environment),
        project_id: fixture.project.id,
        item_id,
        asked: LanguageModel::new("local", "large"),
        values: answers("ACME"),
        ratings: BTreeMap::from([(field_name("company"), 1.0 / 3.0)]),
        provenance: Provenance {
            call_key: Some(key.to_owned()),
            cost: Some("0.00035".parse().unwrap()),
            ..Provenance::default()
        },
        created_at: fixture.project.created_at,
    }
}

/// A judgement is kept as it is, once for each call and item, and comes back with those of its item in order of time.
pub async fn keeps_each_call_of_an_item_once(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 3).await;
    let [first, second, third] =
        [(0, "a"), (0, "b"), (1, "a")].map(|(item, key)| judgement(&fixture, items[item].id, key));
    for one in [&first, &second, &third] {
        assert!(in_transaction!(test, |tx| tx.insert_judgement(one)).unwrap());
    }
    let again = judgement(&fixture, items[0].id, "a");
    assert!(!in_transaction!(test, |tx| tx.insert_judgement(&again)).unwrap());
    let mut keyless = judgement(&fixture, items[2].id, "c");
    keyless.provenance.call_key = None;
    let refused = in_transaction!(test, |tx| tx.insert_judgement(&keyless));
    assert_error(refused, "Invalid");
    let mut tx = test.store.read().await.unwrap();
    let found = tx.judgements_of_items(&[items[1].id, items[0].id]).await.unwrap();
    assert_eq!(found, [first, second, third]);
    assert_eq!(tx.judgements_of_items(&[items[2].id]).await.unwrap(), []);
    assert_eq!(tx.judgements_of_items(&[]).await.unwrap(), []);
}

/// Each project has its last comparison.
pub async fn keeps_the_last_comparison_of_a_project(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let other = Fixture::create_with(test, definition("others", 0)).await;
    let comparison = |fixture: &Fixture, items: usize| MethodComparison {
        project_id: fixture.project.id,
        project_version: 1,
        fields: vec![FieldMethods {
            field: field_name("total"),
            items,
            methods: Vec::new(),
            left_out: vec![LeftOut {
                method: ConfidenceMethod::Judge,
                reason: "nobody \u{0} asked".to_owned(),
            }],
            judge: None,
            voting_levels: vec![ScoreLevel {
                score: -0.5,
                probability: 0.25,
                count: 4,
                correct_count: 1,
            }],
            even_levels: Some(items),
        }],
        data_hash: "hash".to_owned(),
        code_version: "test".to_owned(),
        computed_at: fixture.project.created_at,
    };
    let (first, last) = (comparison(&fixture, 1), comparison(&fixture, 2));
    let elsewhere = comparison(&other, 3);
    for one in [&first, &elsewhere, &last] {
        in_transaction!(test, |tx| tx.put_method_comparison(one)).unwrap();
    }
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(tx.method_comparison(fixture.project.id).await.unwrap(), Some(last));
    assert_eq!(tx.method_comparison(other.project.id).await.unwrap(), Some(elsewhere));
    let unknown = accord_domain::ProjectId::generate(&fixture.environment);
    assert_eq!(tx.method_comparison(unknown).await.unwrap(), None);
}
