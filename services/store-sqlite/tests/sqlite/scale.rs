//! Many items and tasks. `ACCORD_TEST_ITEMS=100000` makes it as many as a large import.

use std::time::{Duration, Instant};

use accord_domain::{Item, TaskKind};
use accord_store::conformance::fixture::{SteppingEnvironment, definition, item, request};
use accord_store::{Store, flow};

use super::open_file;

const BATCH: usize = 1_000;

/// An import with six annotators goes at a steady pace, and claiming from its queue stays quick.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stderr, reason = "shows the figures")]
async fn imports_and_claims_at_size() {
    let count: usize = std::env::var("ACCORD_TEST_ITEMS").map_or(3_000, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let store = open_file(&folder.path().join("accord.sqlite")).await;
    store.migrate().await.unwrap();
    let environment = SteppingEnvironment::new(0);
    let mut tx = store.write().await.unwrap();
    let project = flow::create_project(tx.as_mut(), &environment, definition("receipts", 6))
        .await
        .unwrap();
    let annotators = tx.annotators_of_project(project.id).await.unwrap();
    tx.commit().await.unwrap();

    let begin = Instant::now();
    let mut slowest = Duration::ZERO;
    for batch in 0..count.div_ceil(BATCH) {
        let items: Vec<Item> = (batch * BATCH..count.min((batch + 1) * BATCH))
            .map(|number| item(&environment, project.id, &format!("item-{number}")))
            .collect();
        let batch_begin = Instant::now();
        let mut tx = store.write().await.unwrap();
        flow::add_items(tx.as_mut(), &environment, &project, &annotators, &items, 0)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        slowest = slowest.max(batch_begin.elapsed());
    }
    let imported = begin.elapsed();
    eprintln!("{count} items with 6 tasks each: {imported:.1?}, slowest batch of {BATCH}: {slowest:.1?}");

    let begin = Instant::now();
    let claims = 50;
    for _ in 0..claims {
        let mut tx = store.write().await.unwrap();
        let kinds = [TaskKind::Annotate, TaskKind::Score, TaskKind::Refit];
        let leases = tx.claim_tasks(&request(&kinds, 10)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(leases.len(), 10);
    }
    let claim = begin.elapsed() / claims;
    let begin = Instant::now();
    let mut tx = store.read().await.unwrap();
    let counts = tx.count_tasks(project.id).await.unwrap();
    let counted = begin.elapsed();
    let total: i64 = counts.iter().map(|count| count.count).sum();
    assert_eq!(total, i64::try_from(count * 6).unwrap());
    eprintln!("claim of 10: {claim:.1?}, count of tasks: {counted:.1?}");
    assert!(claim < Duration::from_millis(100), "a claim took {claim:.1?}");
}
