//! Calls under way, their reservations, and what calls have cost.

use accord_domain::{Budget, Project, ProjectId, Timestamp};
use rust_decimal::Decimal;

use super::TestStore;
use super::fixture::{Fixture, UNTIL_SHORT_LEASE_ENDS, definition};
use crate::calls::StoredCall;
use crate::error::StoreResult;
use crate::flow::{self, CallTurn, RepliedCall};
use crate::in_transaction;
use crate::spending::{CallEnd, CallStart, EndedCall, NewCall, Spent};
use crate::transaction::Transaction;

const LONG: i64 = 600_000;
const SHORT: i64 = 40;

fn money(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn call(project_id: ProjectId, key: &str, token: &str) -> NewCall {
    NewCall {
        key: key.to_owned(),
        token: token.to_owned(),
        project_id,
        run: None,
        provider: "local".to_owned(),
        day: 20_000,
        tokens: 100,
        cost: money("0.01"),
        currency: Some("USD".to_owned()),
    }
}

fn kept(cost: &str) -> CallEnd {
    CallEnd::Kept {
        input_tokens: 70,
        output_tokens: 7,
        cost: money(cost),
    }
}

fn reply(key: &str) -> StoredCall {
    StoredCall {
        key: key.to_owned(),
        provider: "local".to_owned(),
        response: "{}".to_owned(),
        latency_milliseconds: 5,
        received_at: Timestamp::from_microseconds(1),
        in_batch: false,
    }
}

async fn begin(tx: &mut dyn Transaction, call: &NewCall, lease_milliseconds: i64) -> StoreResult<CallStart> {
    let mut starts = tx.begin_calls(&[call], lease_milliseconds).await?;
    assert_eq!(starts.len(), 1);
    Ok(starts.remove(0))
}

pub(super) async fn end(tx: &mut dyn Transaction, call: &NewCall, end: CallEnd) -> StoreResult<()> {
    tx.end_calls(&[EndedCall { call, end }]).await
}

pub(super) async fn turn_of(
    tx: &mut dyn Transaction,
    project: &Project,
    call: &NewCall,
    lease_milliseconds: i64,
) -> StoreResult<CallTurn> {
    let mut turns = flow::begin_calls(tx, project, &[call], lease_milliseconds).await?;
    assert_eq!(turns.len(), 1);
    Ok(turns.remove(0))
}

pub(super) async fn keep(
    tx: &mut dyn Transaction,
    call: &NewCall,
    reply: &StoredCall,
    end: CallEnd,
) -> StoreResult<Option<StoredCall>> {
    let mut earlier = flow::keep_calls(tx, &[RepliedCall { call, reply, end }]).await?;
    assert_eq!(earlier.len(), 1);
    Ok(earlier.remove(0))
}

async fn spending(test: &TestStore, project_id: ProjectId) -> Vec<Spent> {
    let mut tx = test.store.read().await.unwrap();
    tx.spending(project_id).await.unwrap()
}

/// A call holds its key until it ends; whoever comes second is told, also through another opening of the database.
pub async fn a_call_is_made_by_one(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let id = fixture.project.id;
    let (first, second) = (call(id, "k", "one"), call(id, "k", "two"));
    assert_eq!(
        in_transaction!(test, |tx| begin(tx, &first, LONG)).unwrap(),
        CallStart::Begun
    );
    assert_eq!(
        in_transaction!(test, |tx| begin(tx, &first, LONG)).unwrap(),
        CallStart::Begun,
        "the same once more"
    );
    let mut tx = test.second.write().await.unwrap();
    let start = begin(tx.as_mut(), &second, LONG).await.unwrap();
    let CallStart::UnderWay { wait_milliseconds } = start else {
        panic!("{start:?}");
    };
    assert!((LONG / 2..=LONG).contains(&wait_milliseconds));
    drop(tx);
    assert!(in_transaction!(test, |tx| tx.renew_call("k", "one", LONG)).unwrap());
    assert!(!in_transaction!(test, |tx| tx.renew_call("k", "two", LONG)).unwrap());
    in_transaction!(test, |tx| end(tx, &first, CallEnd::NotMade)).unwrap();
    assert!(spending(test, id).await.is_empty(), "what was not made costs nothing");
    assert_eq!(
        in_transaction!(test, |tx| begin(tx, &second, LONG)).unwrap(),
        CallStart::Begun
    );
    assert_eq!(in_transaction!(test, |tx| tx.begun_calls(id)).unwrap().len(), 1);
}

/// Makes the lease of a call one that soon ends.
async fn shorten(test: &TestStore, call: &NewCall) {
    let renewed = in_transaction!(test, |tx| tx.renew_call(&call.key, &call.token, SHORT));
    assert!(renewed.unwrap());
}

/// What calls cost is summed by day, provider and currency, exactly.
pub async fn costs_are_summed_to_the_last_digit(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let id = fixture.project.id;
    let mut expected = Decimal::ZERO;
    for number in 0..30_u32 {
        let one = call(id, &format!("k{number}"), "t");
        in_transaction!(test, |tx| begin(tx, &one, LONG)).unwrap();
        let cost = format!("0.{:017}1", number * 7919);
        expected += money(&cost);
        in_transaction!(test, |tx| end(tx, &one, kept(&cost))).unwrap();
    }
    let failed = call(id, "failed", "t");
    in_transaction!(test, |tx| begin(tx, &failed, LONG)).unwrap();
    in_transaction!(test, |tx| end(tx, &failed, CallEnd::Failed)).unwrap();
    let other = NewCall {
        day: 20_001,
        provider: "another".to_owned(),
        currency: None,
        ..call(id, "other", "t")
    };
    in_transaction!(test, |tx| begin(tx, &other, LONG)).unwrap();
    in_transaction!(test, |tx| end(tx, &other, kept("0"))).unwrap();
    let rows = spending(test, id).await;
    assert_eq!(rows.len(), 2);
    let row = &rows[0];
    assert_eq!(
        (row.day, row.provider.as_str(), row.currency.as_deref()),
        (20_000, "local", Some("USD"))
    );
    assert_eq!((row.kept_calls, row.failed_calls, row.lost_calls), (30, 1, 0));
    assert_eq!((row.input_tokens, row.output_tokens), (2100, 210));
    assert_eq!(row.cost, expected);
    assert_eq!(row.cost.to_string(), expected.normalize().to_string());
    assert_eq!(
        (rows[1].day, rows[1].currency.as_deref(), rows[1].cost),
        (20_001, None, Decimal::ZERO)
    );
}

/// A call that is never heard of again loses its key and its reservation, and is counted as lost; one that is heard of late
/// is counted as what it is.
pub async fn a_crashed_call_is_counted_as_lost(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let id = fixture.project.id;
    let calls = [call(id, "a", "1"), call(id, "b", "1"), call(id, "c", "1")];
    for one in &calls {
        in_transaction!(test, |tx| begin(tx, one, LONG)).unwrap();
    }
    assert_eq!(in_transaction!(test, |tx| tx.lose_calls(10)).unwrap(), 0);
    for one in &calls {
        shorten(test, one).await;
    }
    tokio::time::sleep(UNTIL_SHORT_LEASE_ENDS).await;
    let begun = in_transaction!(test, |tx| tx.begun_calls(id)).unwrap();
    assert_eq!(begun.len(), 1);
    let sum = (begun[0].are_lost, begun[0].calls, begun[0].tokens, begun[0].cost);
    assert_eq!(sum, (true, 3, 300, money("0.03")));
    let again = call(id, "a", "2");
    assert_eq!(
        in_transaction!(test, |tx| begin(tx, &again, LONG)).unwrap(),
        CallStart::Begun
    );
    assert_eq!(spending(test, id).await[0].lost_calls, 1);
    assert_eq!(in_transaction!(test, |tx| tx.lose_calls(1)).unwrap(), 1);
    assert_eq!(in_transaction!(test, |tx| tx.lose_calls(10)).unwrap(), 1);
    assert_eq!(spending(test, id).await[0].lost_calls, 3);
    in_transaction!(test, |tx| end(tx, &calls[1], kept("0.005"))).unwrap();
    in_transaction!(test, |tx| end(tx, &again, kept("0.003"))).unwrap();
    let row = spending(test, id).await.remove(0);
    assert_eq!((row.kept_calls, row.lost_calls, row.cost), (2, 2, money("0.008")));
}

async fn with_budget(test: &TestStore, budget: Budget) -> Project {
    let mut wanted = definition("dear", 1);
    wanted.policy.budget = budget;
    Fixture::create_with(test, wanted).await.project
}

/// What is reserved and spent never exceeds a budget, however many ask at once; what ends gives back what it did not need.
pub async fn budgets_hold_among_many(test: &TestStore) {
    let project = with_budget(
        test,
        Budget {
            currency: Some("USD".to_owned()),
            money_per_day: Some(money("0.10")),
            tokens: Some(2_000),
            ..Budget::default()
        },
    )
    .await;
    let asking: Vec<_> = (0..24)
        .map(|number| {
            let store = if number % 2 == 0 { &test.store } else { &test.second }.clone();
            let project = project.clone();
            tokio::spawn(async move {
                let one = call(project.id, &format!("k{number}"), "t");
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
            (_, CallTurn::Reserved(hold)) => assert!(hold.reason().contains("0.10 USD a day"), "{hold:?}"),
            (_, other) => panic!("{other:?}"),
        }
    }
    assert_eq!(begun.len(), 10, "ten times a hundredth");
    let (first, end) = (&begun[0], kept("0.001"));
    let kept_reply = in_transaction!(test, |tx| keep(tx, first, &reply(&first.key), end)).unwrap();
    assert_eq!(kept_reply, None);
    let next = call(project.id, "next", "t");
    let turn = in_transaction!(test, |tx| turn_of(tx, &project, &next, LONG)).unwrap();
    assert!(
        matches!(turn, CallTurn::Reserved(_)),
        "0.091 and 0.01 are more than 0.10"
    );
    let (second, end) = (&begun[1], kept("0.001"));
    in_transaction!(test, |tx| keep(tx, second, &reply(&second.key), end)).unwrap();
    let turn = in_transaction!(test, |tx| turn_of(tx, &project, &next, LONG)).unwrap();
    assert_eq!(turn, CallTurn::Begun);
    let tomorrow = NewCall {
        day: 20_001,
        tokens: 800,
        ..call(project.id, "tomorrow", "t")
    };
    let turn = in_transaction!(test, |tx| turn_of(tx, &project, &tomorrow, LONG)).unwrap();
    assert_eq!(turn, CallTurn::Begun);
    let more = NewCall {
        tokens: 300,
        ..call(project.id, "more", "t")
    };
    let more = NewCall { day: 20_001, ..more };
    let turn = in_transaction!(test, |tx| turn_of(tx, &project, &more, LONG)).unwrap();
    assert!(
        matches!(&turn, CallTurn::Reserved(hold) if hold.reason().contains("2000 tokens in all")),
        "{turn:?}"
    );
}

/// A reservation ends with its lease, a kept reply is used, and prices in another currency are refused.
pub async fn turns_of_calls(test: &TestStore) {
    let project = with_budget(
        test,
        Budget {
            currency: Some("USD".to_owned()),
            money: Some(money("0.01")),
            ..Budget::default()
        },
    )
    .await;
    let first = call(project.id, "first", "t");
    in_transaction!(test, |tx| turn_of(tx, &project, &first, LONG)).unwrap();
    let second = call(project.id, "second", "t");
    let turn = in_transaction!(test, |tx| turn_of(tx, &project, &second, LONG)).unwrap();
    assert!(matches!(turn, CallTurn::Reserved(_)), "{turn:?}");
    shorten(test, &first).await;
    tokio::time::sleep(UNTIL_SHORT_LEASE_ENDS).await;
    let turn = in_transaction!(test, |tx| turn_of(tx, &project, &second, LONG)).unwrap();
    assert_eq!(turn, CallTurn::Begun);
    let repeated = NewCall {
        token: "another".to_owned(),
        cost: Decimal::ZERO,
        ..second.clone()
    };
    let turn = in_transaction!(test, |tx| turn_of(tx, &project, &repeated, LONG)).unwrap();
    assert!(matches!(turn, CallTurn::UnderWay { .. }), "{turn:?}");
    let kept_reply = reply("second");
    in_transaction!(test, |tx| keep(tx, &second, &kept_reply, kept("0.002"))).unwrap();
    let turn = in_transaction!(test, |tx| turn_of(tx, &project, &repeated, LONG)).unwrap();
    assert_eq!(turn, CallTurn::Kept(kept_reply.clone()));
    let again = in_transaction!(test, |tx| keep(tx, &second, &kept_reply, kept("0.002"))).unwrap();
    assert_eq!(again, None, "the same once more");
    let late = StoredCall {
        latency_milliseconds: 6,
        ..reply("second")
    };
    let earlier = in_transaction!(test, |tx| keep(tx, &second, &late, CallEnd::NotMade)).unwrap();
    assert_eq!(earlier, Some(kept_reply));
    let row = spending(test, project.id).await.remove(0);
    assert_eq!((row.kept_calls, row.lost_calls, row.cost), (1, 0, money("0.002")));
    let fourth = call(project.id, "fourth", "t");
    let turn = in_transaction!(test, |tx| turn_of(tx, &project, &fourth, LONG)).unwrap();
    assert!(
        matches!(&turn, CallTurn::OverBudget(hold) if hold.reason().contains("0.002 USD are spent")),
        "{turn:?}"
    );
    let other = NewCall {
        currency: Some("EUR".to_owned()),
        ..call(project.id, "third", "t")
    };
    let turn = in_transaction!(test, |tx| turn_of(tx, &project, &other, LONG)).unwrap();
    assert_eq!(turn, CallTurn::OtherCurrency);
}

/// Many calls in one transaction are treated as one after the other: of two about the same the first is made, a budget is
/// reserved until it does not suffice, and each end counts once.
pub async fn many_calls_at_once(test: &TestStore) {
    let project = with_budget(
        test,
        Budget {
            currency: Some("USD".to_owned()),
            money: Some(money("0.05")),
            ..Budget::default()
        },
    )
    .await;
    let id = project.id;
    let lost = call(id, "lost", "before");
    in_transaction!(test, |tx| begin(tx, &lost, SHORT)).unwrap();
    let known = call(id, "known", "before");
    in_transaction!(test, |tx| begin(tx, &known, LONG)).unwrap();
    in_transaction!(test, |tx| keep(tx, &known, &reply("known"), kept("0"))).unwrap();
    tokio::time::sleep(UNTIL_SHORT_LEASE_ENDS).await;

    let other_currency = NewCall {
        currency: Some("EUR".to_owned()),
        ..call(id, "foreign", "t")
    };
    let calls = [
        call(id, "one", "t"),
        call(id, "known", "t"),
        call(id, "one", "another"),
        call(id, "lost", "t"),
        other_currency,
        call(id, "two", "t"),
        call(id, "three", "t"),
        call(id, "four", "t"),
    ];
    let asked: Vec<&NewCall> = calls.iter().collect();
    let turns = in_transaction!(test, |tx| flow::begin_calls(tx, &project, &asked, LONG)).unwrap();
    assert_eq!(turns[0], CallTurn::Begun);
    assert_eq!(turns[1], CallTurn::Kept(reply("known")));
    assert!(matches!(turns[2], CallTurn::UnderWay { .. }), "{turns:?}");
    assert_eq!((&turns[3], &turns[4]), (&CallTurn::Begun, &CallTurn::OtherCurrency));
    assert_eq!((&turns[5], &turns[6]), (&CallTurn::Begun, &CallTurn::Begun));
    assert!(matches!(turns[7], CallTurn::Reserved(_)), "{turns:?}");

    let replies = [reply("one"), reply("lost"), reply("two")];
    let end = kept("0.01");
    let replied: Vec<RepliedCall<'_>> = [&calls[0], &calls[3], &calls[5]]
        .into_iter()
        .zip(&replies)
        .map(|(call, reply)| RepliedCall { call, reply, end })
        .collect();
    for time in 0..2 {
        let earlier = in_transaction!(test, |tx| flow::keep_calls(tx, &replied)).unwrap();
        assert_eq!(earlier, [None, None, None], "time {time}");
    }
    let ended = [
        EndedCall {
            call: &calls[6],
            end: CallEnd::Failed,
        },
        // It was given up as lost, and is heard of after all.
        EndedCall {
            call: &lost,
            end: CallEnd::Failed,
        },
    ];
    assert_eq!(spending(test, id).await[0].lost_calls, 1);
    in_transaction!(test, |tx| tx.end_calls(&ended)).unwrap();
    let row = spending(test, id).await.remove(0);
    assert_eq!((row.kept_calls, row.failed_calls, row.lost_calls), (4, 2, 0));
    assert_eq!((row.cost, row.input_tokens), (money("0.03"), 4 * 70));
    assert!(in_transaction!(test, |tx| tx.begun_calls(id)).unwrap().is_empty());
}
