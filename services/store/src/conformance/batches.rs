//! Requests that come into batches, each once, and batches that are worked at by one at a time.

use std::collections::BTreeSet;

use accord_domain::{Batch, BatchStage, BatchState, Lease, Run, RunAnnotator, TaskKind, TaskState, Timestamp};
use rust_decimal::Decimal;
use serde_json::json;

use super::TestStore;
use super::fixture::{
    Fixture, SHORT_LEASE_MILLISECONDS, UNTIL_SHORT_LEASE_ENDS, assert_error, definition, stored_task,
};
use super::runs::{all, money, report, settle, start};
use crate::batches::{BatchClaim, BatchLease, BatchLimits, OpenRequests};
use crate::flow::{self, CallTurn, Enrolment, NewRun, WantedRequest};
use crate::in_transaction;
use crate::spending::NewCall;
use crate::transaction::{Store, Transaction};

const LONG: i64 = 600_000;

/// Batches that are due at once and hold as much as comes.
pub(super) const OPEN: BatchLimits = BatchLimits {
    requests: 1_000,
    bytes: 1_000_000,
    gather_milliseconds: 0,
};

fn call(fixture: &Fixture, run: &Run, lease: &Lease, key: &str) -> NewCall {
    NewCall {
        key: key.to_owned(),
        token: format!("{}", lease.task.id),
        project_id: fixture.project.id,
        run: Some(RunAnnotator {
            run_id: run.id,
            annotator_id: lease.task.annotator_id.unwrap(),
        }),
        provider: "local".to_owned(),
        day: 20_000,
        tokens: 100,
        cost: money("0.01"),
        currency: Some("USD".to_owned()),
    }
}

pub(super) async fn enrol_within(
    store: &dyn Store,
    fixture: &Fixture,
    run: &Run,
    lease: &Lease,
    (key, limits): (&str, BatchLimits),
) -> Enrolment {
    let wanted = WantedRequest {
        call: call(fixture, run, lease, key),
        run_id: run.id,
        model: "small".to_owned(),
        body: r#"{"model":"small"}"#.to_owned(),
        bytes: 100,
        limits,
    };
    let mut tx = store.write().await.unwrap();
    let enrolled = flow::enrol(tx.as_mut(), &fixture.environment, &fixture.project, lease, &wanted).await;
    tx.commit().await.unwrap();
    enrolled.unwrap()
}

pub(super) async fn enrol(test: &TestStore, fixture: &Fixture, run: &Run, lease: &Lease, key: &str) -> Enrolment {
    enrol_within(test.store.as_ref(), fixture, run, lease, (key, OPEN)).await
}

/// A run of so many items by two annotators, and all of its tasks.
pub(super) async fn claimed(test: &TestStore, fixture: &Fixture, items: usize) -> (Run, Vec<Lease>) {
    fixture.add_items(test, items).await;
    let run = start(test, fixture, &all()).await;
    let run = {
        settle(test, fixture, run.id).await;
        run
    };
    let leases = claim_tasks(test, fixture).await;
    assert_eq!(leases.len(), items * 2);
    (run, leases)
}

pub(super) async fn claim_tasks(test: &TestStore, fixture: &Fixture) -> Vec<Lease> {
    fixture.claim(test, &[TaskKind::Annotate], 1_000).await
}

async fn claim_with(store: &dyn Store, lease_milliseconds: i64) -> Option<BatchLease> {
    let claim = BatchClaim {
        providers: &["other", "local"],
        project_id: None,
        lease_milliseconds,
    };
    let mut tx = store.write().await.unwrap();
    let claimed = tx.claim_batch(&claim).await.unwrap();
    tx.commit().await.unwrap();
    claimed
}

pub(super) async fn claim(test: &TestStore) -> Option<BatchLease> {
    claim_with(test.store.as_ref(), LONG).await
}

async fn batches(test: &TestStore, run: &Run) -> Vec<Batch> {
    test.store
        .read()
        .await
        .unwrap()
        .batches_of_run(run.id, 10)
        .await
        .unwrap()
}

pub(super) async fn reserved(test: &TestStore, fixture: &Fixture) -> Decimal {
    let mut tx = test.store.read().await.unwrap();
    let begun = tx.begun_calls(fixture.project.id).await.unwrap();
    begun.iter().map(|calls| calls.cost).sum()
}

/// Two tasks with the same question wait for one request, which reserves its cost once; nobody fetches a task that waits.
pub async fn enrols_each_question_once(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let (run, leases) = claimed(test, &fixture, 2).await;
    for (lease, key) in leases.iter().zip(["a", "a", "b", "c"]) {
        let enrolled = enrol(test, &fixture, &run, lease, key).await;
        assert!(matches!(enrolled, Enrolment::Waiting(_)), "{enrolled:?}");
    }
    assert!(claim_tasks(test, &fixture).await.is_empty(), "all of them wait");
    assert_eq!(reserved(test, &fixture).await, money("0.03"));
    let task = stored_task(test, leases[0].task.id).await;
    assert_eq!(
        (task.state, task.attempts),
        (TaskState::Ready, 0),
        "no attempt is counted"
    );
    let parked = test
        .store
        .read()
        .await
        .unwrap()
        .parked_tasks(fixture.project.id)
        .await
        .unwrap();
    assert_eq!((parked.len(), parked[0].count), (1, 4), "{parked:?}");
    let shown = report(test, &fixture, run.id).await;
    assert!(shown.failures.is_empty(), "to wait is no failure: {:?}", shown.failures);
    let batch = &shown.batches[0];
    assert_eq!(
        (batch.state, batch.requests, shown.batches.len()),
        (BatchState::Gathering, 3, 1)
    );
    let wanted = WantedRequest {
        call: call(&fixture, &run, &leases[0], "d"),
        run_id: run.id,
        model: "small".to_owned(),
        body: "{}".to_owned(),
        bytes: 3,
        limits: OPEN,
    };
    let enrolled = in_transaction!(test, |tx| flow::enrol(
        tx,
        &fixture.environment,
        &fixture.project,
        &leases[0],
        &wanted
    ));
    assert_error(enrolled, "StaleLease");
    assert_eq!(reserved(test, &fixture).await, money("0.03"), "nothing is left of it");
}

/// A batch gathers until nothing has come for a while, or it is full; then another one is opened.
pub async fn opens_another_batch_when_one_is_full(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let (run, leases) = claimed(test, &fixture, 3).await;
    let by_count = BatchLimits {
        requests: 2,
        gather_milliseconds: LONG,
        ..OPEN
    };
    let by_size = BatchLimits {
        bytes: 350,
        gather_milliseconds: LONG,
        ..OPEN
    };
    for (number, lease) in leases.iter().enumerate() {
        let limits = if number < 3 { by_count } else { by_size };
        enrol_within(
            test.store.as_ref(),
            &fixture,
            &run,
            lease,
            (&format!("key-{number}"), limits),
        )
        .await;
    }
    let found = batches(test, &run).await;
    let sizes: Vec<(BatchState, i64)> = found.iter().map(|one| (one.stage.state(), one.requests)).collect();
    assert_eq!(
        sizes,
        [
            (BatchState::Gathered, 2),
            (BatchState::Gathered, 3),
            (BatchState::Gathering, 1)
        ]
    );
    let due = [claim(test).await, claim(test).await, claim(test).await];
    let due: BTreeSet<_> = due.iter().flatten().map(|lease| lease.batch.id).collect();
    assert_eq!(
        due,
        BTreeSet::from([found[0].id, found[1].id]),
        "the last one still gathers"
    );
}

/// The lines of a batch come in parts and in one order, by which the provider counts them.
pub async fn lines_come_in_parts(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let (run, leases) = claimed(test, &fixture, 3).await;
    for (number, lease) in leases.iter().enumerate() {
        enrol(test, &fixture, &run, lease, &format!("key-{number}")).await;
    }
    let batch = claim(test).await.unwrap().batch;
    let mut tx = test.store.write().await.unwrap();
    let (mut keys, mut after, mut parts) = (Vec::new(), None, 0);
    loop {
        let part = tx.lines_of_batch(batch.id, after, 4, 250).await.unwrap();
        let Some(last) = part.last() else { break };
        assert!(part.len() <= 2 && part.iter().all(|line| line.body == r#"{"model":"small"}"#));
        after = Some(last.id);
        parts += 1;
        keys.extend(part.into_iter().map(|line| line.key));
    }
    let mut sorted = keys.clone();
    sorted.sort_unstable();
    assert_eq!((keys.len(), parts), (6, 3), "{keys:?}");
    assert_eq!(sorted.iter().collect::<BTreeSet<_>>().len(), 6);
    let single = tx.lines_of_batch(batch.id, None, 4, 1).await.unwrap();
    assert_eq!(single.len(), 1, "one at least");
    let size = tx.open_size(batch.id).await.unwrap();
    assert_eq!((size.requests, size.bytes), (6, 600));
    let third = tx.open_requests(batch.id, OpenRequests::Line(3), 9).await.unwrap();
    assert_eq!(third.len(), 1);
    assert_eq!(third[0].call.key, keys[2]);
    let beyond = tx.open_requests(batch.id, OpenRequests::Line(7), 9).await.unwrap();
    assert!(beyond.is_empty());
    let named = tx
        .open_requests(batch.id, OpenRequests::Keys(&["key-1", "x"]), 9)
        .await
        .unwrap();
    assert_eq!(named.len(), 1);
    assert_eq!(named[0].call.cost, money("0.01"));
    assert_eq!(tx.open_requests(batch.id, OpenRequests::All, 4).await.unwrap().len(), 4);
}

/// One works at a batch at a time; whoever lost its lease changes nothing any more. All that is known of it is kept.
pub async fn one_works_at_a_batch_at_a_time(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let (run, leases) = claimed(test, &fixture, 1).await;
    enrol(test, &fixture, &run, &leases[0], "a").await;
    let claim_of_none = BatchClaim {
        providers: &["other"],
        project_id: None,
        lease_milliseconds: LONG,
    };
    assert!(
        in_transaction!(test, |tx| tx.claim_batch(&claim_of_none))
            .unwrap()
            .is_none()
    );
    let first = claim_with(test.store.as_ref(), SHORT_LEASE_MILLISECONDS).await.unwrap();
    assert!(
        claim_with(test.second.as_ref(), LONG).await.is_none(),
        "somebody works at it"
    );
    tokio::time::sleep(UNTIL_SHORT_LEASE_ENDS).await;
    let second = claim_with(test.second.as_ref(), LONG).await.unwrap();
    let mut batch = second.batch.clone();
    batch.stage = BatchStage::Sent {
        input_file: "file-1".to_owned(),
        remote: "batch-1".to_owned(),
        status: "in_progress".to_owned(),
        cancel_asked: true,
    };
    batch.sends = 2;
    batch.sent_at = Some(Timestamp::from_microseconds(5));
    batch.ends_by = Some(Timestamp::from_microseconds(6));
    batch.note = Some("é".to_owned());
    batch.failed_steps = 3;
    let kept = in_transaction!(test, |tx| tx.update_batch(&batch, &first.token, Some(0))).unwrap();
    assert!(!kept, "its lease is lost");
    assert!(!in_transaction!(test, |tx| tx.renew_batch(batch.id, &first.token, LONG)).unwrap());
    assert!(in_transaction!(test, |tx| tx.renew_batch(batch.id, &second.token, LONG)).unwrap());
    assert!(in_transaction!(test, |tx| tx.update_batch(&batch, &second.token, None)).unwrap());
    assert!(claim(test).await.is_none(), "the lease goes on");
    assert!(in_transaction!(test, |tx| tx.update_batch(&batch, &second.token, Some(LONG))).unwrap());
    assert!(claim(test).await.is_none(), "its next step is not due");
    assert_eq!(batches(test, &run).await, [batch.clone()]);
    assert!(
        !in_transaction!(test, |tx| tx.update_batch(&batch, &second.token, Some(0))).unwrap(),
        "the lease has ended"
    );
}

/// A run whose models are to be asked through batches needs providers that have them.
pub async fn refuses_batches_where_there_are_none(test: &TestStore) {
    let mut wanted = serde_json::to_value(definition("receipts", 1)).unwrap();
    wanted["annotators"].as_array_mut().unwrap().push(json!({
        "name": "gpt", "kind": "language_model", "provider": "hosted", "model": "small", "prompt": "extract",
    }));
    let fixture = Fixture::create_with(test, serde_json::from_value(wanted).unwrap()).await;
    fixture.add_items(test, 1).await;
    let through = |providers: &[&str], annotators: &[&str]| NewRun {
        batch: Some(providers.iter().map(|name| (*name).to_owned()).collect()),
        annotators: annotators.iter().map(|name| (*name).to_owned()).collect(),
        ..all()
    };
    for (run, part) in [
        (through(&["other"], &[]), "[providers.hosted.batch]"),
        (through(&["hosted"], &["reader-0"]), "language model"),
    ] {
        let refused = in_transaction!(test, |tx| flow::start_run(
            tx,
            &fixture.environment,
            &fixture.project,
            &run
        ));
        let error = refused.unwrap().unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
    let started = start(test, &fixture, &through(&["hosted"], &[])).await;
    assert!(started.batch);
    let mut tx: Box<dyn Transaction> = test.store.read().await.unwrap();
    assert!(tx.run(started.id).await.unwrap().unwrap().batch);
}

/// What is enrolled is reserved in the run's budget until it ends: what does not fit beside it is not enrolled.
pub async fn a_budget_holds_requests_back(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    fixture.add_items(test, 2).await;
    let wanted = NewRun {
        budget: serde_json::from_value(json!({"currency": "USD", "money": "0.025"})).unwrap(),
        ..all()
    };
    let run = start(test, &fixture, &wanted).await;
    settle(test, &fixture, run.id).await;
    let leases = claim_tasks(test, &fixture).await;
    let mut held = 0;
    for (lease, key) in leases.iter().zip(["a", "b", "c", "a"]) {
        match enrol(test, &fixture, &run, lease, key).await {
            Enrolment::Waiting(_) => {}
            Enrolment::NotNow(CallTurn::RunReserved(reason)) => {
                assert!(key == "c" && reason.contains("0.025 USD"), "{key}: {reason}");
                held += 1;
            }
            other => panic!("{key}: {other:?}"),
        }
    }
    assert_eq!((held, reserved(test, &fixture).await), (1, money("0.02")));
    assert_eq!(batches(test, &run).await[0].requests, 2);
}
