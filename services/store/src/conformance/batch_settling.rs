//! Requests of batches that end: each is settled once, and nobody waits for ever.

use std::collections::BTreeSet;
use std::sync::Arc;

use accord_domain::{BatchStage, Lease, RunState, TaskKind, Timestamp};
use rust_decimal::Decimal;

use super::TestStore;
use super::batches::{OPEN, claim, claim_tasks, claimed, enrol, enrol_within, reserved};
use super::fixture::{Fixture, stored_task};
use super::runs::{money, pause, report, resume, settle};
use crate::batches::{OpenRequests, RequestFailure};
use crate::calls::StoredCall;
use crate::flow::{self, BatchAnswer, BatchOutcome, BatchPrice, Enrolment, Settled};
use crate::in_transaction;

fn answered(key: &str, cost: &str) -> BatchOutcome {
    BatchOutcome {
        key: key.to_owned(),
        result: Ok(BatchAnswer {
            reply: StoredCall {
                key: key.to_owned(),
                provider: "local".to_owned(),
                response: "{\"choices\":[]}".to_owned(),
                latency_milliseconds: 5,
                received_at: Timestamp::from_microseconds(1),
                in_batch: true,
            },
            price: Some(BatchPrice {
                input_tokens: 70,
                output_tokens: 7,
                cost: money(cost),
            }),
        }),
    }
}

fn failure(reason: &str, is_permanent: bool) -> RequestFailure {
    RequestFailure {
        reason: reason.to_owned(),
        is_permanent,
    }
}

fn failed(key: &str, reason: &str, is_permanent: bool) -> BatchOutcome {
    BatchOutcome {
        key: key.to_owned(),
        result: Err(failure(reason, is_permanent)),
    }
}

/// However often a batch tells of a request, it is settled once: the answer is kept and paid, tasks are woken, and a
/// failure is told to each task that waited for it.
pub async fn settles_each_request_once(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let (run, leases) = claimed(test, &fixture, 2).await;
    for (lease, key) in leases.iter().zip(["a", "a", "b", "c"]) {
        enrol(test, &fixture, &run, lease, key).await;
    }
    let batch = claim(test).await.unwrap().batch;
    let outcomes = [
        answered("a", "0.002"),
        failed("b", "provider answered 500: busy", false),
        answered("unknown", "1"),
    ];
    let settled = in_transaction!(test, |tx| flow::settle_requests(tx, batch.id, &outcomes)).unwrap();
    assert_eq!(settled, Settled { settled: 2, others: 1 });
    let settled = in_transaction!(test, |tx| flow::settle_requests(tx, batch.id, &outcomes)).unwrap();
    assert_eq!(settled, Settled { settled: 0, others: 3 }, "told once more");
    assert_eq!(reserved(test, &fixture).await, money("0.01"), "of the one that is open");
    let spent = test
        .store
        .read()
        .await
        .unwrap()
        .spending(fixture.project.id)
        .await
        .unwrap();
    assert_eq!(
        (spent[0].kept_calls, spent[0].failed_calls, spent[0].cost),
        (1, 1, money("0.002"))
    );
    assert_eq!(test.store.read().await.unwrap().call("unknown").await.unwrap(), None);
    let woken = claim_tasks(test, &fixture).await;
    let ids: BTreeSet<_> = woken.iter().map(|lease| lease.task.id).collect();
    assert_eq!(ids, leases[..3].iter().map(|lease| lease.task.id).collect());
    for lease in &woken {
        let key = if lease.task.id == leases[2].task.id { "b" } else { "a" };
        match enrol(test, &fixture, &run, lease, key).await {
            Enrolment::Kept(kept) => assert!(key == "a" && kept.in_batch),
            Enrolment::Failed(told) => {
                assert_eq!((key, told), ("b", failure("provider answered 500: busy", false)));
                let again = enrol(test, &fixture, &run, lease, key).await;
                assert!(matches!(again, Enrolment::Waiting(_)), "it is enrolled anew: {again:?}");
            }
            other => panic!("{other:?}"),
        }
    }
    let last = failure("the batch expired", true);
    assert_eq!(
        in_transaction!(test, |tx| flow::fail_requests(tx, batch.id, OpenRequests::All, &last)).unwrap(),
        2
    );
    let shown = report(test, &fixture, run.id).await;
    let found: Vec<_> = shown
        .batches
        .iter()
        .map(|one| (one.requests, one.answered, one.failed))
        .collect();
    assert_eq!(
        found,
        [(4, 1, 3)],
        "the batch still gathers: what failed came into it again"
    );
    assert_eq!(shown.batches[0].cost.as_ref().unwrap().amount, money("0.002"));
    assert_eq!(shown.spent[0].amount, money("0.002"));
}

/// What a task was told before it waited is told of it again when it is answered; that it waited is forgotten.
pub async fn waiting_leaves_no_trace(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let (run, leases) = claimed(test, &fixture, 1).await;
    in_transaction!(test, |tx| tx.park_task(
        leases[0].task.id,
        &leases[0].token,
        "first trouble",
        0,
        true
    ))
    .unwrap();
    enrol(test, &fixture, &run, &leases[1], "b").await;
    let again = claim_tasks(test, &fixture).await;
    enrol(test, &fixture, &run, &again[0], "a").await;
    let batch = claim(test).await.unwrap().batch;
    let outcomes = [answered("a", "0"), answered("b", "0")];
    in_transaction!(test, |tx| flow::settle_requests(tx, batch.id, &outcomes)).unwrap();
    let told = |id| async move { stored_task(test, id).await.last_error };
    assert_eq!(told(leases[0].task.id).await.as_deref(), Some("first trouble"));
    assert_eq!(told(leases[1].task.id).await, None);
}

/// Nothing of a paused run is sent; what nobody waits for any more is dropped with its reservation.
pub async fn drops_what_nobody_wants(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let (run, leases) = claimed(test, &fixture, 2).await;
    for (lease, key) in leases.iter().zip(["a", "b", "c", "d"]) {
        enrol(test, &fixture, &run, lease, key).await;
    }
    pause(test, &fixture, run.id).await;
    assert!(claim(test).await.is_none(), "a paused run sends nothing");
    resume(test, &fixture, run.id).await;
    let lease = claim(test).await.unwrap();
    let mut batch = lease.batch.clone();
    assert_eq!(
        in_transaction!(test, |tx| flow::drop_unwanted(tx, batch.id)).unwrap(),
        0
    );
    in_transaction!(test, |tx| flow::settle_requests(
        tx,
        batch.id,
        &[answered("a", "0.002")]
    ))
    .unwrap();
    let in_hand = claim_tasks(test, &fixture).await;
    assert_eq!(in_hand.len(), 1);
    in_transaction!(test, |tx| flow::cancel_run(tx, &fixture.environment, run.id)).unwrap();
    let cancelled = settle(test, &fixture, run.id).await;
    assert_eq!(cancelled.state, RunState::Cancelled);
    let mut tx = test.store.read().await.unwrap();
    assert!(!tx.is_batch_wanted(batch.id).await.unwrap());
    drop(tx);
    assert_eq!(
        in_transaction!(test, |tx| flow::drop_unwanted(tx, batch.id)).unwrap(),
        3
    );
    assert_eq!(reserved(test, &fixture).await, Decimal::ZERO);
    batch.stage = BatchStage::Collected { status: None };
    batch.ended_at = Some(Timestamp::from_microseconds(9));
    in_transaction!(test, |tx| tx.update_batch(&batch, &lease.token, Some(0))).unwrap();
    assert!(claim(test).await.is_none(), "there is nothing to do any more");
    let shown = report(test, &fixture, run.id).await;
    assert_eq!((shown.batches[0].requests, shown.batches[0].answered), (1, 1));
    let spent = test
        .store
        .read()
        .await
        .unwrap()
        .spending(fixture.project.id)
        .await
        .unwrap();
    assert_eq!(
        (spent[0].kept_calls, spent[0].failed_calls, spent[0].lost_calls),
        (1, 0, 0)
    );
}

/// Each of many tasks that begin to wait for a request just when it is settled gets its answer or is woken.
pub async fn nobody_waits_for_what_is_settled(test: &TestStore) {
    const ITEMS: usize = 20;
    let fixture = Arc::new(Fixture::create(test).await);
    let (run, leases) = claimed(test, &fixture, ITEMS).await;
    let key = |lease: &Lease| format!("{:?}", lease.task.item_id);
    let (first, second): (Vec<Lease>, Vec<Lease>) = leases
        .into_iter()
        .partition(|lease| lease.task.annotator_id == Some(fixture.annotators[0].id));
    for lease in &first {
        enrol(test, &fixture, &run, lease, &key(lease)).await;
    }
    let batch = claim(test).await.unwrap().batch;
    let mut joining = Vec::new();
    for lease in second {
        let (store, fixture, run, key) = (Arc::clone(&test.second), Arc::clone(&fixture), run.clone(), key(&lease));
        joining.push(tokio::spawn(async move {
            enrol_within(store.as_ref(), &fixture, &run, &lease, (&key, OPEN)).await
        }));
        let outcome = [answered(&self::key_of(&joining, &first), "0")];
        in_transaction!(test, |tx| flow::settle_requests(tx, batch.id, &outcome)).unwrap();
    }
    let mut kept = 0;
    for one in joining {
        kept += usize::from(matches!(one.await.unwrap(), Enrolment::Kept(_)));
    }
    let woken = fixture.claim(test, &[TaskKind::Annotate], 1_000).await.len();
    assert_eq!(
        kept + woken,
        ITEMS * 2,
        "{kept} had their answer at once, {woken} were woken"
    );
}

/// The key of the request that is settled while the last of these joins.
fn key_of<T>(joining: &[T], first: &[Lease]) -> String {
    format!("{:?}", first[joining.len() - 1].task.item_id)
}
