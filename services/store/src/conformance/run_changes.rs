//! Runs that are paused, resumed and cancelled, their budgets, and what is told about them.

use std::sync::Arc;
use std::time::Duration;

use accord_domain::run_records::FailureOutcome;
use accord_domain::{Environment, Provenance, Run, RunAnnotator, RunBudget, RunState, TaskKind, Timestamp};
use rust_decimal::Decimal;

use super::TestStore;
use super::fixture::{Fixture, SHORT_LEASE_MILLISECONDS, UNTIL_SHORT_LEASE_ENDS, open_tasks, plan, request};
use super::runs::{all, money, pause, report, resume, settle, start, stored};
use super::spending::{end, keep, turn_of};
use crate::calls::StoredCall;
use crate::flow::{self, CallTurn, NewRun, RunChange};
use crate::in_transaction;
use crate::spending::{CallEnd, EndedCall, NewCall};
use crate::tasks::{ClaimLimit, ClaimRequest};

const LONG: i64 = 600_000;

fn call(of: RunAnnotator, run: &Run, key: &str) -> NewCall {
    NewCall {
        key: key.to_owned(),
        token: "t".to_owned(),
        project_id: run.project_id,
        run: Some(of),
        provider: "local".to_owned(),
        day: 20_000,
        tokens: 100,
        cost: money("0.01"),
        currency: Some("USD".to_owned()),
    }
}

fn reply(key: &str, latency_milliseconds: i64, received_at: Timestamp) -> StoredCall {
    StoredCall {
        key: key.to_owned(),
        provider: "local".to_owned(),
        response: "{}".to_owned(),
        latency_milliseconds,
        received_at,
        in_batch: false,
    }
}

fn kept(cost: &str) -> CallEnd {
    CallEnd::Kept {
        input_tokens: 70,
        output_tokens: 7,
        cost: money(cost),
    }
}

async fn claims_by_all_ways(test: &TestStore, fixture: &Fixture) -> usize {
    let limits = [ClaimLimit {
        annotators: fixture.annotators.iter().map(|annotator| annotator.id).collect(),
        tasks: 9,
        repeated: 9,
    }];
    let free = request(&[TaskKind::Annotate], 9);
    let mut claimed = 0;
    for wanted in [
        free.clone(),
        ClaimRequest {
            project_id: Some(fixture.project.id),
            ..free.clone()
        },
        ClaimRequest {
            limits: &limits,
            ..free
        },
    ] {
        claimed += in_transaction!(test, |tx| tx.claim_tasks(&wanted)).unwrap().len();
    }
    claimed
}

/// Tasks of a run that is paused are not claimed, in whichever way, and are when it is resumed; what was in hand is
/// submitted, or comes back to wait with the others.
pub async fn a_paused_run_is_passed_over(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    fixture.add_items(test, 3).await;
    let run = start(test, &fixture, &all()).await;
    settle(test, &fixture, run.id).await;
    let in_hand = fixture.claim(test, &[TaskKind::Annotate], 2).await;
    let short = ClaimRequest {
        lease_milliseconds: SHORT_LEASE_MILLISECONDS,
        ..request(&[TaskKind::Annotate], 1)
    };
    assert_eq!(in_transaction!(test, |tx| tx.claim_tasks(&short)).unwrap().len(), 1);
    let paused = pause(test, &fixture, run.id).await;
    assert_eq!((paused.state, paused.running_since), (RunState::Paused, None));
    tokio::time::sleep(UNTIL_SHORT_LEASE_ENDS).await;
    assert_eq!(claims_by_all_ways(test, &fixture).await, 0);
    in_transaction!(test, |tx| flow::take_back(tx, &fixture.environment, 9, 9)).unwrap();
    in_transaction!(test, |tx| tx.release_task(in_hand[0].task.id, &in_hand[0].token)).unwrap();
    assert_eq!(claims_by_all_ways(test, &fixture).await, 0);
    let waiting = in_transaction!(test, |tx| tx.count_paused_tasks(fixture.project.id)).unwrap();
    assert_eq!(waiting, 5);
    let annotation = fixture.annotation(&in_hand[1].task, in_hand[1].task.annotator_id.unwrap());
    let submitted = in_transaction!(test, |tx| flow::submit_annotation(
        tx,
        &fixture.environment,
        &in_hand[1],
        &annotation
    ));
    assert!(submitted.unwrap().stored);
    let again = in_transaction!(test, |tx| flow::pause_run(tx, &fixture.environment, run.id)).unwrap();
    assert!(matches!(again, RunChange::Made(_)), "once more is harmless");
    resume(test, &fixture, run.id).await;
    assert_eq!(claims_by_all_ways(test, &fixture).await, 5);
    assert_eq!(
        in_transaction!(test, |tx| tx.count_paused_tasks(fixture.project.id)).unwrap(),
        0
    );
}

/// Many tasks of a run that is paused do not stand in the way of others of the same annotator.
pub async fn finds_one_behind_many_paused(test: &TestStore) {
    const MANY: usize = 20_000;
    let fixture = Fixture::create(test).await;
    fixture.add_items(test, MANY).await;
    let one_annotator = NewRun {
        annotators: vec!["reader-0".to_owned()],
        ..all()
    };
    let run = start(test, &fixture, &one_annotator).await;
    settle(test, &fixture, run.id).await;
    pause(test, &fixture, run.id).await;
    let late = fixture.item("late");
    in_transaction!(test, |tx| tx.insert_items(std::slice::from_ref(&late))).unwrap();
    plan(test, &[fixture.annotate(late.id, 0)]).await;
    let limits = [ClaimLimit {
        annotators: vec![fixture.annotators[0].id],
        tasks: 9,
        repeated: 9,
    }];
    for round in 0..2 {
        let wanted = ClaimRequest {
            limits: if round % 2 == 0 { &limits } else { &[] },
            ..request(&[TaskKind::Annotate], 5)
        };
        let claimed = in_transaction!(test, |tx| tx.claim_tasks(&wanted)).unwrap();
        assert_eq!(claimed.len(), 1);
        assert_eq!(claimed[0].task.item_id, Some(late.id));
        in_transaction!(test, |tx| tx.release_task(claimed[0].task.id, &claimed[0].token)).unwrap();
    }
}

/// Cancelling ends what nobody works on, keeps what is in hand, and lets items be scored by the votes they have.
pub async fn cancelling_loses_nothing(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 3).await;
    let run = start(test, &fixture, &all()).await;
    settle(test, &fixture, run.id).await;
    let leases = fixture.claim(test, &[TaskKind::Annotate], 2).await;
    let submit = async |lease| {
        let lease: &accord_domain::Lease = lease;
        let annotation = fixture.annotation(&lease.task, lease.task.annotator_id.unwrap());
        in_transaction!(test, |tx| flow::submit_annotation(
            tx,
            &fixture.environment,
            lease,
            &annotation
        ))
        .unwrap()
    };
    submit(&leases[0]).await;
    let cancelled = in_transaction!(test, |tx| flow::cancel_run(tx, &fixture.environment, run.id)).unwrap();
    assert!(matches!(cancelled, RunChange::Made(_)));
    let run = settle(test, &fixture, run.id).await;
    assert_eq!(
        (run.state, run.ended_at),
        (RunState::Cancelled, None),
        "one task is in hand"
    );
    let first = leases[0].task.item_id.unwrap();
    let second = leases[1].task.item_id.unwrap();
    if first == second {
        assert_eq!(
            open_tasks(test, first, TaskKind::Score).await,
            0,
            "its panel is not complete"
        );
    } else {
        assert_eq!(open_tasks(test, first, TaskKind::Score).await, 1);
    }
    assert!(submit(&leases[1]).await.panel_complete);
    assert_eq!(open_tasks(test, second, TaskKind::Score).await, 1);
    assert_eq!(
        open_tasks(test, items[2].id, TaskKind::Score).await,
        0,
        "nobody voted on it"
    );
    let run = settle(test, &fixture, run.id).await;
    assert!(run.ended_at.is_some());
    let told = report(test, &fixture, run.id).await;
    assert_eq!((told.tasks.done, told.tasks.cancelled, told.tasks.open()), (2, 4, 0));
    for change in [
        in_transaction!(test, |tx| flow::pause_run(tx, &fixture.environment, run.id)).unwrap(),
        in_transaction!(test, |tx| flow::resume_run(tx, &fixture.environment, run.id)).unwrap(),
    ] {
        assert_eq!(change, RunChange::Ended(run.clone()));
    }
    // Another run asks what was cancelled.
    let next = start(test, &fixture, &all()).await;
    let next = settle(test, &fixture, next.id).await;
    assert_eq!((next.planning.planned, next.planning.present), (4, 2));
}

/// What the calls of a run reserve and spend never exceeds its budget, however many ask at once; a larger one lets it go on.
pub async fn budgets_of_runs_hold_among_many(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let budget = |money: Decimal| RunBudget {
        currency: Some("USD".to_owned()),
        money: Some(money),
        ..RunBudget::default()
    };
    let wanted = NewRun {
        budget: budget(money("0.10")),
        ..all()
    };
    fixture.add_items(test, 1).await;
    let run = start(test, &fixture, &wanted).await;
    settle(test, &fixture, run.id).await;
    let of = RunAnnotator {
        run_id: run.id,
        annotator_id: fixture.annotators[0].id,
    };
    let project = Arc::new(fixture.project.clone());
    let asking: Vec<_> = (0..24)
        .map(|number| {
            let store = if number % 2 == 0 { &test.store } else { &test.second }.clone();
            let (project, one) = (Arc::clone(&project), call(of, &run, &format!("k{number}")));
            tokio::spawn(async move {
                let mut tx = store.write().await.unwrap();
                let turn = turn_of(tx.as_mut(), &project, &one, LONG).await.unwrap();
                tx.commit().await.unwrap();
                (one, turn)
            })
        })
        .collect();
    let mut begun = Vec::new();
    for one in asking {
        match one.await.unwrap() {
            (one, CallTurn::Begun) => begun.push(one),
            (_, CallTurn::RunReserved(reason)) => assert!(reason.contains("budget of 0.10 USD"), "{reason}"),
            (_, other) => panic!("{other:?}"),
        }
    }
    assert_eq!(begun.len(), 10, "ten times a hundredth");
    let now = fixture.environment.now();
    for one in &begun {
        let answer = reply(&one.key, 7, now);
        in_transaction!(test, |tx| keep(tx, one, &answer, kept("0.0095"))).unwrap();
    }
    let next = call(of, &run, "next");
    let turn = in_transaction!(test, |tx| turn_of(tx, &project, &next, LONG)).unwrap();
    let CallTurn::RunOverBudget { reason, budget: judged } = turn else {
        panic!("{turn:?}")
    };
    assert!(reason.contains("0.095 USD are spent or reserved"), "{reason}");
    let pause_spent = async || {
        in_transaction!(test, |tx| flow::pause_spent_run(
            tx,
            &fixture.environment,
            run.id,
            &judged,
            &reason
        ))
        .unwrap();
        stored(test, run.id).await
    };
    let paused = pause_spent().await;
    assert_eq!(
        (paused.state, paused.reason.as_ref()),
        (RunState::Paused, Some(&reason))
    );
    let raised = budget(money("0.20"));
    in_transaction!(test, |tx| flow::set_run_budget(tx, run.id, &raised)).unwrap();
    in_transaction!(test, |tx| flow::resume_run(tx, &fixture.environment, run.id)).unwrap();
    assert_eq!(
        pause_spent().await.state,
        RunState::Running,
        "that budget is not its own any more"
    );
    let turn = in_transaction!(test, |tx| turn_of(tx, &project, &next, LONG)).unwrap();
    assert_eq!(turn, CallTurn::Begun);
    let foreign = NewCall {
        currency: Some("EUR".to_owned()),
        ..call(of, &run, "foreign")
    };
    let turn = in_transaction!(test, |tx| turn_of(tx, &project, &foreign, LONG)).unwrap();
    assert!(
        matches!(&turn, CallTurn::RunOverBudget { reason, .. } if reason.contains("EUR")),
        "{turn:?}"
    );
    pause(test, &fixture, run.id).await;
    let late = call(of, &run, "late");
    let turn = in_transaction!(test, |tx| turn_of(tx, &project, &late, LONG)).unwrap();
    assert_eq!(turn, CallTurn::RunHeld("run 1 is paused".to_owned()));
}

/// Around midnight the calls of a run that end together belong to two days: they wait for one that ended before, and for
/// each other, but not in a circle. Who of those that wait comes first is chance, so it is tried several times.
pub async fn ends_of_two_days_do_not_wait_in_a_circle(test: &TestStore) {
    const ROUNDS: usize = 12;
    const UNTIL_IT_WAITS: Duration = Duration::from_millis(30);
    let fixture = Fixture::create(test).await;
    let run = start(test, &fixture, &all()).await;
    let of = RunAnnotator {
        run_id: run.id,
        annotator_id: fixture.annotators[1].id,
    };
    let on = |day: i64, key: &str| NewCall {
        day,
        ..call(of, &run, key)
    };
    for round in 0..ROUNDS {
        let later = |key: &str| on(20_001, &format!("{key} {round}"));
        let first = NewCall {
            run: None,
            ..later("first")
        };
        let one_day = vec![later("one-day")];
        let two_days = vec![on(20_000, &format!("before {round}")), later("after")];
        for one in one_day.iter().chain(&two_days).chain([&first]) {
            let turn = in_transaction!(test, |tx| turn_of(tx, &fixture.project, one, LONG)).unwrap();
            assert_eq!(turn, CallTurn::Begun);
        }
        let mut tx = test.store.write().await.unwrap();
        end(tx.as_mut(), &first, CallEnd::Failed).await.unwrap();
        let mut ends = Vec::new();
        for (store, calls) in [(test.store.clone(), one_day), (test.second.clone(), two_days)] {
            ends.push(tokio::spawn(async move {
                let mut tx = store.write().await?;
                let ended = calls.iter().map(|call| EndedCall {
                    call,
                    end: CallEnd::Failed,
                });
                tx.end_calls(&ended.collect::<Vec<_>>()).await?;
                tx.commit().await
            }));
            tokio::time::sleep(UNTIL_IT_WAITS).await;
        }
        tx.commit().await.unwrap();
        for ended in ends {
            ended.await.unwrap().unwrap();
        }
    }
    let failed = report(test, &fixture, run.id).await.calls.failed;
    assert_eq!(failed, i64::try_from(3 * ROUNDS).unwrap());
}

/// Calls, costs and failures of a run are told as they were, and those of others are not.
pub async fn tells_what_a_run_cost_and_what_failed(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 3).await;
    let run = start(test, &fixture, &all()).await;
    settle(test, &fixture, run.id).await;
    let annotator_id = fixture.annotators[1].id;
    let of = RunAnnotator {
        run_id: run.id,
        annotator_id,
    };
    let now = fixture.environment.now();
    let calls = ["a", "b", "c", "d"].map(|key| call(of, &run, key));
    let outside = NewCall {
        run: None,
        ..call(of, &run, "outside")
    };
    for one in calls.iter().chain([&outside]) {
        let lease = if one.key == "d" { SHORT_LEASE_MILLISECONDS } else { LONG };
        let turn = in_transaction!(test, |tx| turn_of(tx, &fixture.project, one, lease)).unwrap();
        assert_eq!(turn, CallTurn::Begun);
    }
    for (one, latency) in calls[..2].iter().chain([&outside]).zip([10, 30, 500]) {
        let answer = reply(&one.key, latency, now);
        in_transaction!(test, |tx| keep(tx, one, &answer, kept("0.00125"))).unwrap();
    }
    in_transaction!(test, |tx| end(tx, &calls[2], CallEnd::Failed)).unwrap();
    tokio::time::sleep(UNTIL_SHORT_LEASE_ENDS).await;
    in_transaction!(test, |tx| tx.lose_calls(9)).unwrap();
    let mut tx = test.store.read().await.unwrap();
    let spent = tx.spending_of_run(run.id).await.unwrap();
    assert_eq!(spent.len(), 1);
    assert_eq!(
        (spent[0].annotator_id, spent[0].currency.as_deref()),
        (annotator_id, Some("USD"))
    );
    assert_eq!(
        (spent[0].kept_calls, spent[0].failed_calls, spent[0].lost_calls),
        (2, 1, 1)
    );
    assert_eq!((spent[0].input_tokens, spent[0].output_tokens), (140, 14));
    assert_eq!(spent[0].cost, money("0.0025"));
    let newest = tx.latest_calls_of_run(run.id, 1).await.unwrap();
    assert_eq!((newest.len(), newest[0].latency_milliseconds), (1, 30));
    assert_eq!(tx.latest_calls_of_run(run.id, 9).await.unwrap().len(), 2);
    assert_eq!(
        tx.count_calls_of_run(run.id, now.plus_milliseconds(-1)).await.unwrap(),
        2
    );
    assert_eq!(tx.count_calls_of_run(run.id, now).await.unwrap(), 0);
    drop(tx);
    fail_some(test, &fixture).await;
    let told = report(test, &fixture, run.id).await;
    assert_eq!(
        (told.tasks.done, told.tasks.failed_answers, told.tasks.set_aside),
        (1, 1, 1)
    );
    assert_eq!((told.tasks.retries, told.success), (1, Some(0.0)));
    let mut tx = test.store.read().await.unwrap();
    let mut failures = tx.failures_of_run(&run, 9).await.unwrap();
    failures.sort_by(|one, other| one.reason.cmp(&other.reason));
    let shown: Vec<_> = failures
        .iter()
        .map(|one| (one.reason.as_str(), one.outcome, one.count))
        .collect();
    assert_eq!(
        shown,
        [
            ("cannot be read", FailureOutcome::SetAside, 1),
            ("cut off", FailureOutcome::Answered, 1),
            ("slow down", FailureOutcome::Open, 1),
            ("try later", FailureOutcome::Passed, 1),
        ]
    );
    assert!(
        failures
            .iter()
            .all(|one| items.iter().any(|item| Some(item.id) == one.item_id))
    );
    assert_eq!(tx.count_ended_of_run(run.id, LONG).await.unwrap(), 2);
    assert_eq!(tx.count_ended_of_run(run.id, -LONG).await.unwrap(), 0);
}

/// One task fails and then gets an answer that is a failure, one is set aside, one waits.
async fn fail_some(test: &TestStore, fixture: &Fixture) {
    let (environment, project) = (&fixture.environment, &fixture.project);
    let first = fixture.claim(test, &[TaskKind::Annotate], 1).await.remove(0);
    in_transaction!(test, |tx| flow::fail_attempt(
        tx,
        environment,
        project,
        &first,
        "try later",
        0
    ))
    .unwrap();
    let first = fixture.claim(test, &[TaskKind::Annotate], 1).await.remove(0);
    let failed = fixture.annotation(&first.task, first.task.annotator_id.unwrap());
    let failed = accord_domain::Annotation {
        provenance: Provenance {
            failure: Some("cut off".to_owned()),
            ..failed.provenance
        },
        ..failed
    };
    in_transaction!(test, |tx| flow::submit_annotation(tx, environment, &first, &failed)).unwrap();
    let second = fixture.claim(test, &[TaskKind::Annotate], 1).await.remove(0);
    in_transaction!(test, |tx| flow::set_aside(
        tx,
        environment,
        project,
        &second,
        "cannot be read"
    ))
    .unwrap();
    let third = fixture.claim(test, &[TaskKind::Annotate], 1).await.remove(0);
    in_transaction!(test, |tx| flow::park(tx, &third, "slow down", LONG, false)).unwrap();
}
