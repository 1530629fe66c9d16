//! Runs: what they are about, and how their tasks are planned.

use accord_domain::{
    Environment, ItemId, ItemSelection, ItemState, Run, RunBudget, RunId, RunReport, RunState, TaskKind, TaskState,
};
use rust_decimal::Decimal;

use super::TestStore;
use super::fixture::{Fixture, assert_error, plan};
use crate::flow::{self, NewRun, RunStep};
use crate::in_transaction;
use crate::page::PageRequest;

pub(super) fn all() -> NewRun {
    NewRun {
        items: ItemSelection::All {},
        batch: None,
        all_votes: false,
        annotators: Vec::new(),
        budget: RunBudget::default(),
        started_by: "ada".to_owned(),
    }
}

pub(super) async fn start(test: &TestStore, fixture: &Fixture, wanted: &NewRun) -> Run {
    in_transaction!(test, |tx| flow::start_run(
        tx,
        &fixture.environment,
        &fixture.project,
        wanted
    ))
    .unwrap()
    .unwrap()
}

pub(super) async fn settle(test: &TestStore, fixture: &Fixture, id: RunId) -> Run {
    let step = flow::settle_run(test.store.as_ref(), &fixture.environment, id, 1_000)
        .await
        .unwrap();
    assert_eq!(step, RunStep::Settled);
    stored(test, id).await
}

pub(super) async fn stored(test: &TestStore, id: RunId) -> Run {
    let mut tx = test.store.read().await.unwrap();
    tx.run(id).await.unwrap().expect("the run is there")
}

pub(super) async fn report(test: &TestStore, fixture: &Fixture, id: RunId) -> RunReport {
    let run = stored(test, id).await;
    let mut tx = test.store.read().await.unwrap();
    flow::report_run(tx.as_mut(), &fixture.environment, run).await.unwrap()
}

pub(super) async fn pause(test: &TestStore, fixture: &Fixture, id: RunId) -> Run {
    in_transaction!(test, |tx| flow::pause_run(tx, &fixture.environment, id)).unwrap();
    settle(test, fixture, id).await
}

pub(super) async fn resume(test: &TestStore, fixture: &Fixture, id: RunId) -> Run {
    in_transaction!(test, |tx| flow::resume_run(tx, &fixture.environment, id)).unwrap();
    settle(test, fixture, id).await
}

pub(super) fn money(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// Runs are numbered in their project and come back as they were stored.
pub async fn keeps_runs(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let first = start(test, &fixture, &all()).await;
    let budgeted = NewRun {
        budget: RunBudget {
            currency: Some("USD".to_owned()),
            money: Some(money("12.3456789")),
            tokens: Some(5),
        },
        annotators: vec!["reader-1".to_owned()],
        ..all()
    };
    let second = start(test, &fixture, &budgeted).await;
    assert_eq!((first.number, second.number), (1, 2));
    assert_eq!(first.annotators, ["reader-0", "reader-1"]);
    assert_eq!(stored(test, second.id).await, second);
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(
        tx.run_by_number(fixture.project.id, 2).await.unwrap(),
        Some(second.clone())
    );
    assert_eq!(tx.run_by_number(fixture.project.id, 3).await.unwrap(), None);
    let page = tx.list_runs(fixture.project.id, PageRequest::first(1)).await.unwrap();
    assert_eq!((page.rows, page.next), (vec![first.clone()], Some(first.id.as_uuid())));
    let latest = tx.latest_runs(fixture.project.id, 1).await.unwrap();
    assert_eq!(latest.as_slice(), std::slice::from_ref(&second));
    assert_eq!(tx.open_runs(None, 9).await.unwrap(), [first.id, second.id]);
    assert_eq!(tx.open_runs(Some(first.id), 9).await.unwrap(), [second.id]);
    drop(tx);
    let mut changed = second.clone();
    changed.enter(
        RunState::Paused,
        Some("the budget is spent".to_owned()),
        fixture.environment.now(),
    );
    changed.ended_at = Some(fixture.environment.now());
    in_transaction!(test, |tx| tx.update_run(&changed)).unwrap();
    assert_eq!(stored(test, second.id).await, changed);
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(tx.open_runs(None, 9).await.unwrap(), [first.id]);
}

/// What is wrong with a run that is wanted is said before anything is written.
pub async fn refuses_runs_that_cannot_be(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    fixture.add_items(test, 1).await;
    let listed = |external_ids: &[&str]| ItemSelection::Listed {
        external_ids: external_ids.iter().map(|name| (*name).to_owned()).collect(),
    };
    let money_without_currency = RunBudget {
        money: Some(money("1")),
        ..RunBudget::default()
    };
    let wrong = [
        (
            NewRun {
                annotators: vec!["nobody".to_owned()],
                ..all()
            },
            "reader-0, reader-1",
        ),
        (
            NewRun {
                items: listed(&["item-0", "item-7"]),
                ..all()
            },
            "`item-7`",
        ),
        (
            NewRun {
                items: listed(&[]),
                ..all()
            },
            "names 0 items",
        ),
        (
            NewRun {
                items: ItemSelection::Newest { count: 0 },
                ..all()
            },
            "at least 1",
        ),
        (
            NewRun {
                budget: money_without_currency,
                ..all()
            },
            "currency",
        ),
    ];
    for (wanted, part) in wrong {
        let refused = in_transaction!(test, |tx| flow::start_run(
            tx,
            &fixture.environment,
            &fixture.project,
            &wanted
        ));
        let problem = refused.unwrap().unwrap_err().to_string();
        assert!(problem.contains(part), "{problem}");
    }
    // All that is wrong is told at once, whether the run is started or only looked at.
    let all_wrong = NewRun {
        items: ItemSelection::Newest { count: 0 },
        annotators: vec!["nobody".to_owned()],
        budget: RunBudget {
            tokens: Some(-1),
            ..RunBudget::default()
        },
        ..all()
    };
    let (environment, project) = (&fixture.environment, &fixture.project);
    let refused = in_transaction!(test, |tx| flow::start_run(tx, environment, project, &all_wrong));
    let refused = refused.unwrap().unwrap_err();
    let parts: Vec<&str> = refused.parts.iter().map(|part| part.name).collect();
    assert_eq!(parts, ["annotators", "items", "budget"]);
    let looked_at = in_transaction!(test, |tx| flow::check_run(tx, project, &all_wrong));
    assert_eq!(looked_at.unwrap().unwrap_err(), refused);
    let looked_at = in_transaction!(test, |tx| flow::check_run(tx, project, &all()));
    assert_eq!(looked_at.unwrap(), Ok(()));
    let unknown = RunId::generate(&fixture.environment);
    assert_error(in_transaction!(test, |tx| tx.lock_run(unknown)), "Missing");
    let mut tx = test.store.read().await.unwrap();
    assert!(tx.latest_runs(fixture.project.id, 9).await.unwrap().is_empty());
}

/// A run plans what is not there, takes over what waits, leaves alone what was done, and another one finds all of it there.
pub async fn plans_each_task_once(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 4).await;
    // Of item 0 one annotator waits; of item 1 one is done; of item 2 one was cancelled.
    plan(test, &[fixture.annotate(items[1].id, 0)]).await;
    let lease = fixture.claim(test, &[TaskKind::Annotate], 1).await.remove(0);
    in_transaction!(test, |tx| tx.finish_task(lease.task.id, &lease.token, TaskState::Done)).unwrap();
    let cancelled = fixture.annotate(items[2].id, 0);
    plan(test, &[fixture.annotate(items[0].id, 0), cancelled.clone()]).await;
    in_transaction!(test, |tx| tx.cancel_tasks(items[2].id, TaskKind::Annotate)).unwrap();
    let run = start(test, &fixture, &all()).await;
    let run = settle(test, &fixture, run.id).await;
    let planning = run.planning;
    assert!(planning.is_complete && run.state == RunState::Running);
    assert_eq!(
        (planning.items, planning.planned, planning.taken_over, planning.present),
        (4, 6, 1, 1)
    );
    let told = report(test, &fixture, run.id).await;
    assert_eq!((told.tasks.total, told.tasks.ready), (7, 7));
    let again = start(test, &fixture, &all()).await;
    let again = settle(test, &fixture, again.id).await;
    assert_eq!(
        (
            again.planning.planned,
            again.planning.taken_over,
            again.planning.present
        ),
        (0, 0, 8)
    );
    assert_eq!(again.state, RunState::Finished, "nothing of it is open");
    assert!(again.ended_at.is_some());
    for lease in fixture.claim(test, &[TaskKind::Annotate], 99).await {
        assert_eq!(lease.task.run_id, Some(run.id));
        in_transaction!(test, |tx| tx.finish_task(lease.task.id, &lease.token, TaskState::Done)).unwrap();
    }
    assert_eq!(settle(test, &fixture, run.id).await.state, RunState::Finished);
    let told = report(test, &fixture, run.id).await;
    assert_eq!((told.tasks.done, told.tasks.open(), told.success), (7, 0, Some(1.0)));
}

/// Which items a run is about is decided when it starts.
pub async fn selects_items(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 12).await;
    in_transaction!(test, |tx| tx.set_item_state(items[3].id, ItemState::NeedsReview)).unwrap();
    let matching = |state, prefix: Option<&str>| ItemSelection::Matching {
        state,
        external_id_prefix: prefix.map(str::to_owned),
    };
    let listed = ItemSelection::Listed {
        external_ids: ["item-7", "item-2", "item-7"].map(str::to_owned).to_vec(),
    };
    let wanted: [(ItemSelection, Vec<ItemId>); 5] = [
        (ItemSelection::All {}, items.iter().map(|item| item.id).collect()),
        (matching(Some(ItemState::NeedsReview), None), vec![items[3].id]),
        (
            matching(None, Some("item-1")),
            vec![items[1].id, items[10].id, items[11].id],
        ),
        (listed, vec![items[2].id, items[7].id]),
        (ItemSelection::Newest { count: 2 }, vec![items[10].id, items[11].id]),
    ];
    let mut runs = Vec::new();
    for (selection, expected) in wanted {
        let one = NewRun {
            items: selection,
            ..all()
        };
        runs.push((start(test, &fixture, &one).await, expected));
    }
    // What comes later belongs to none of them.
    let late = fixture.item("item-1-late");
    in_transaction!(test, |tx| tx.insert_items(std::slice::from_ref(&late))).unwrap();
    for (mut run, expected) in runs {
        let mut tx = test.store.read().await.unwrap();
        let mut found = Vec::new();
        loop {
            let part = tx.items_of_run(&run, 5).await.unwrap();
            run.planning.after = part.last().copied();
            found.extend_from_slice(&part);
            if part.is_empty() {
                break;
            }
        }
        assert_eq!(found, expected, "{:?}", run.items);
    }
    let many = NewRun {
        items: ItemSelection::Newest { count: 1_000 },
        ..all()
    };
    let run = start(test, &fixture, &many).await;
    assert_eq!((run.planning.after, run.planning.until), (None, Some(late.id)));
}

/// A process that dies while it plans leaves a run that the next one plans to its end, every task once.
pub async fn goes_on_planning_after_a_crash(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    fixture.add_items(test, 2_300).await;
    let run = start(test, &fixture, &all()).await;
    in_transaction!(test, |tx| flow::carry_on(tx, &fixture.environment, run.id)).unwrap();
    let first = stored(test, run.id).await;
    assert_eq!((first.planning.items, first.planning.planned), (1_000, 2_000));
    // The transaction of the next part is never committed.
    let mut tx = test.store.write().await.unwrap();
    flow::carry_on(tx.as_mut(), &fixture.environment, run.id).await.unwrap();
    drop(tx);
    assert_eq!(stored(test, run.id).await, first);
    // While it is paused, nothing more is planned.
    let paused = pause(test, &fixture, run.id).await;
    assert_eq!(paused.planning, first.planning);
    let planned = resume(test, &fixture, run.id).await;
    assert_eq!((planned.planning.items, planned.planning.planned), (2_300, 4_600));
    assert_eq!(planned.planning.present, 0);
    assert_eq!(report(test, &fixture, run.id).await.tasks.ready, 4_600);
}
