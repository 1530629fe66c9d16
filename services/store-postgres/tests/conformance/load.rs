//! Many tasks.

use std::time::{Duration, Instant};

use accord_domain::TaskKind;
use accord_store::conformance::fixture::{Fixture, definition, request};

use crate::factory;

const ITEMS: usize = 100_000;
const ANNOTATORS: usize = 6;
const ITEMS_PER_TRANSACTION: usize = 5_000;
const CLAIMS: u32 = 100;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a minute; run with --run-ignored all"]
async fn plans_and_claims_among_six_hundred_thousand_tasks() {
    let test = factory().await;
    let fixture = Fixture::create_with(&test, definition("load", ANNOTATORS)).await;
    let start = Instant::now();
    for batch in 0..ITEMS / ITEMS_PER_TRANSACTION {
        let items: Vec<_> = (0..ITEMS_PER_TRANSACTION)
            .map(|number| fixture.item(&format!("item-{batch}-{number}")))
            .collect();
        let tasks: Vec<_> = items
            .iter()
            .flat_map(|item| (0..ANNOTATORS).map(|annotator| fixture.annotate(item.id, annotator)))
            .collect();
        let mut tx = test.store.write().await.unwrap();
        tx.insert_items(&items).await.unwrap();
        assert_eq!(tx.insert_tasks(&tasks).await.unwrap(), tasks.len() as u64);
        tx.commit().await.unwrap();
    }
    let planning = start.elapsed();
    let start = Instant::now();
    for _ in 0..CLAIMS {
        let mut tx = test.store.write().await.unwrap();
        let leases = tx
            .claim_tasks(&request(&[TaskKind::Annotate, TaskKind::Score], 20))
            .await
            .unwrap();
        assert_eq!(leases.len(), 20);
        tx.commit().await.unwrap();
    }
    let claim = start.elapsed() / CLAIMS;
    let start = Instant::now();
    let mut tx = test.store.read().await.unwrap();
    let counts = tx.count_tasks(fixture.project.id).await.unwrap();
    let counting = start.elapsed();
    assert_eq!(
        counts.iter().map(|count| count.count).sum::<i64>(),
        (ITEMS * ANNOTATORS) as i64
    );
    let figures = format!("planning took {planning:?}, a claim of 20 {claim:?}, counting {counting:?}");
    assert!(planning < Duration::from_secs(180), "{figures}");
    assert!(claim < Duration::from_millis(250), "{figures}");
    eprintln!("{figures}");
}
