//! Calibrators.

use accord_domain::CalibratorId;

use super::TestStore;
use super::fixture::{Fixture, definition};
use crate::in_transaction;
use crate::page::PageRequest;

/// All calibrators are kept; the one added last is the present one of its field.
pub async fn keeps_all_and_gives_the_last(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let other = Fixture::create_with(test, definition("others", 0)).await;
    let last = fixture.calibrator("company", 2.0);
    let first = fixture.calibrator("company", 1.0);
    let total = fixture.calibrator("total", 3.0);
    let elsewhere = other.calibrator("company", 4.0);
    in_transaction!(test, |tx| tx.insert_calibrators(&[first.clone(), total.clone()])).unwrap();
    in_transaction!(test, |tx| tx.insert_calibrators(std::slice::from_ref(&last))).unwrap();
    in_transaction!(test, |tx| tx.insert_calibrators(std::slice::from_ref(&elsewhere))).unwrap();
    let mut tx = test.store.read().await.unwrap();
    let project_id = fixture.project.id;
    let mut present = tx.current_calibrators(project_id).await.unwrap();
    present.sort_by(|left, right| left.field.cmp(&right.field));
    assert_eq!(present, [last.clone(), total.clone()]);
    assert_eq!(tx.calibrator(first.id).await.unwrap(), Some(first.clone()));
    let unknown = CalibratorId::generate(&fixture.environment);
    assert_eq!(tx.calibrator(unknown).await.unwrap(), None);
    let everywhere = tx.current_calibrators_of_all_projects().await.unwrap();
    assert_eq!(everywhere.len(), 3);
    assert!(everywhere.contains(&elsewhere) && everywhere.contains(&last));
    let page = tx.list_calibrators(project_id, PageRequest::first(2)).await.unwrap();
    assert_eq!(page.rows, [last, first]);
    let rest = tx
        .list_calibrators(project_id, PageRequest::first(2).after(page.next.unwrap()))
        .await
        .unwrap();
    assert_eq!((rest.rows, rest.next), (vec![total], None));
}

/// Numbers come back to the last bit.
pub async fn keeps_every_digit(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let slopes = [
        0.1 + 0.2,
        1.0 / 3.0,
        -f64::MIN_POSITIVE,
        5e-324,
        f64::MAX,
        -0.0,
        123_456_789.123_456_79,
        std::f64::consts::PI * 1e-200,
    ];
    for slope in slopes {
        let kept = fixture.calibrator("company", slope);
        in_transaction!(test, |tx| tx.insert_calibrators(std::slice::from_ref(&kept))).unwrap();
        let mut tx = test.store.read().await.unwrap();
        let found = tx.calibrator(kept.id).await.unwrap().unwrap();
        assert_eq!(found.production.slope.to_bits(), slope.to_bits(), "{slope:e}");
        assert_eq!(found, kept);
    }
}
