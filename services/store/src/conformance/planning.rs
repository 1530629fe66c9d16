//! Planning tasks.

use accord_domain::{TaskKind, TaskState};

use super::TestStore;
use super::fixture::{Fixture, open_tasks, plan, request, stored_task};
use crate::in_transaction;
use crate::page::PageRequest;
use crate::tasks::{NewTask, TaskCount, TaskFilter};

/// What is unique is planned once, and repeating it is no error.
pub async fn keeps_unique_tasks_once(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 2).await;
    let tasks = || {
        vec![
            fixture.annotate(items[0].id, 0),
            fixture.annotate(items[0].id, 1),
            fixture.annotate(items[1].id, 0),
            fixture.vote(items[0].id, 0),
            fixture.vote(items[0].id, 1),
            fixture.task(Some(items[0].id), TaskKind::Review),
            fixture.task(Some(items[0].id), TaskKind::Score),
            fixture.task(None, TaskKind::Refit),
        ]
    };
    let doubled: Vec<NewTask> = tasks().into_iter().chain(tasks()).collect();
    assert_eq!(plan(test, &doubled).await, 8);
    assert_eq!(plan(test, &tasks()).await, 0);
    assert_eq!(plan(test, &[]).await, 0);
    assert_eq!(open_tasks(test, items[0].id, TaskKind::Annotate).await, 2);
    assert_eq!(open_tasks(test, items[0].id, TaskKind::Vote).await, 2);
    // A finished review may be followed by another one; a finished annotation not.
    let leases = fixture.claim(test, &[TaskKind::Annotate], 10).await;
    for lease in &leases {
        in_transaction!(test, |tx| tx.finish_task(lease.task.id, &lease.token, TaskState::Done)).unwrap();
    }
    let user = fixture.add_user(test, "rita").await;
    let review = in_transaction!(test, |tx| tx.claim_task_for_person(
        fixture.project.id,
        TaskKind::Review,
        user.id,
        60_000
    ))
    .unwrap()
    .unwrap();
    let another = fixture.task(Some(items[0].id), TaskKind::Review);
    assert_eq!(plan(test, std::slice::from_ref(&another)).await, 0);
    in_transaction!(test, |tx| tx.finish_task(
        review.task.id,
        &review.token,
        TaskState::Done
    ))
    .unwrap();
    assert_eq!(plan(test, &[another]).await, 1);
    assert_eq!(plan(test, &[fixture.annotate(items[0].id, 0)]).await, 0);
}

/// While a score or refit task runs, what is new gets another one.
pub async fn lets_a_running_score_be_followed_by_another(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 1).await;
    let tasks = || {
        [
            fixture.task(Some(items[0].id), TaskKind::Score),
            fixture.task(None, TaskKind::Refit),
        ]
    };
    assert_eq!(plan(test, &tasks()).await, 2);
    assert_eq!(
        fixture.claim(test, &[TaskKind::Score, TaskKind::Refit], 10).await.len(),
        2
    );
    assert_eq!(plan(test, &tasks()).await, 2);
    assert_eq!(plan(test, &tasks()).await, 0);
    assert_eq!(open_tasks(test, items[0].id, TaskKind::Score).await, 2);
}

/// A score or refit task that is planned again goes as urgently and as early as the more urgent and earlier of both.
pub async fn raises_what_is_planned_already(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 1).await;
    let score = fixture.task(Some(items[0].id), TaskKind::Score);
    let score_id = score.id;
    let later = NewTask {
        delay_milliseconds: 600_000,
        priority: -1,
        ..score
    };
    assert_eq!(plan(test, &[later]).await, 1);
    assert!(fixture.claim(test, &[TaskKind::Score], 1).await.is_empty());
    let urgent = NewTask {
        priority: 7,
        ..fixture.task(Some(items[0].id), TaskKind::Score)
    };
    assert_eq!(plan(test, &[urgent]).await, 0);
    let idle = NewTask {
        priority: -9,
        delay_milliseconds: 600_000,
        ..fixture.task(Some(items[0].id), TaskKind::Score)
    };
    assert_eq!(plan(test, &[idle]).await, 0);
    let leases = fixture.claim(test, &[TaskKind::Score], 1).await;
    assert_eq!(leases.len(), 1);
    assert_eq!((leases[0].task.id, leases[0].task.priority), (score_id, 7));
}

/// All items whose panel is complete are scored, and no others.
pub async fn plans_scoring_of_all_complete_panels(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 5).await;
    let project_id = fixture.project.id;
    // Item 0: complete. Item 1: one annotator at work. Item 2: one annotator still to come. Item 3: complete and being
    // scored. Item 4: nothing yet.
    let tasks = [
        fixture.annotate(items[0].id, 0),
        fixture.annotate(items[1].id, 0),
        fixture.annotate(items[2].id, 0),
        fixture.annotate(items[3].id, 0),
    ];
    plan(test, &tasks).await;
    for lease in fixture.claim(test, &[TaskKind::Annotate], 10).await {
        let annotation = fixture.annotation(&lease.task, fixture.annotators[0].id);
        in_transaction!(test, |tx| tx.insert_annotation(&annotation)).unwrap();
        in_transaction!(test, |tx| tx.finish_task(lease.task.id, &lease.token, TaskState::Done)).unwrap();
    }
    plan(test, &[fixture.annotate(items[1].id, 1)]).await;
    assert_eq!(fixture.claim(test, &[TaskKind::Annotate], 10).await.len(), 1);
    plan(test, &[fixture.annotate(items[2].id, 1)]).await;
    plan(test, &[fixture.task(Some(items[3].id), TaskKind::Score)]).await;
    fixture.claim(test, &[TaskKind::Score], 10).await;
    let planned = in_transaction!(test, |tx| tx.plan_scoring_of_all(project_id, 3)).unwrap();
    assert_eq!(planned, 2);
    let again = in_transaction!(test, |tx| tx.plan_scoring_of_all(project_id, 3)).unwrap();
    assert_eq!(again, 0);
    let leases = fixture.claim(test, &[TaskKind::Score], 10).await;
    let mut scored: Vec<_> = leases.iter().map(|lease| lease.task.item_id.unwrap()).collect();
    scored.sort();
    assert_eq!(scored, [items[0].id, items[3].id]);
    for lease in &leases {
        assert_eq!(lease.task.priority, 3);
        assert_eq!(
            lease.task.id.as_uuid().get_version_num(),
            7,
            "identifiers made by the database sort by time"
        );
    }
    assert_ne!(leases[0].task.id, leases[1].task.id);
}

/// Cancelling leaves alone what somebody works on and what is finished.
pub async fn cancels_only_what_nobody_works_on(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 2).await;
    let votes: Vec<NewTask> = (0..3).map(|slot| fixture.vote(items[0].id, slot)).collect();
    plan(test, &votes).await;
    plan(test, &[fixture.vote(items[1].id, 0)]).await;
    let user = fixture.add_user(test, "anna").await;
    in_transaction!(test, |tx| tx.claim_task(votes[1].id, user.id, 60_000))
        .unwrap()
        .unwrap();
    let cancelled = in_transaction!(test, |tx| tx.cancel_tasks(items[0].id, TaskKind::Vote)).unwrap();
    assert_eq!(cancelled, 2);
    assert_eq!(stored_task(test, votes[0].id).await.state, TaskState::Cancelled);
    assert_eq!(stored_task(test, votes[1].id).await.state, TaskState::Leased);
    assert_eq!(open_tasks(test, items[1].id, TaskKind::Vote).await, 1);

    // Of an annotator: ready ones, and those whose lease has ended.
    let tasks: Vec<NewTask> = items
        .iter()
        .flat_map(|item| [fixture.annotate(item.id, 0), fixture.annotate(item.id, 1)])
        .collect();
    plan(test, &tasks).await;
    let short = crate::tasks::ClaimRequest {
        lease_milliseconds: super::fixture::SHORT_LEASE_MILLISECONDS,
        ..request(&[TaskKind::Annotate], 1)
    };
    let lease = in_transaction!(test, |tx| tx.claim_tasks(&short)).unwrap();
    assert_eq!(lease[0].task.id, tasks[0].id);
    tokio::time::sleep(super::fixture::UNTIL_SHORT_LEASE_ENDS).await;
    let first = fixture.annotators[0].id;
    let cancelled = in_transaction!(test, |tx| tx.cancel_tasks_of_annotator(first)).unwrap();
    assert_eq!(cancelled, 2);
    assert_eq!(open_tasks(test, items[0].id, TaskKind::Annotate).await, 1);
    // An annotator that comes back gets new tasks.
    assert_eq!(plan(test, &[fixture.annotate(items[0].id, 0)]).await, 1);
}

/// Lists follow filters and pages; counts go by kind and state.
pub async fn lists_and_counts_tasks(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 3).await;
    let mut tasks: Vec<NewTask> = items.iter().map(|item| fixture.annotate(item.id, 0)).collect();
    tasks.push(fixture.vote(items[0].id, 0));
    tasks.push(fixture.task(None, TaskKind::Refit));
    plan(test, &tasks).await;
    let claimed = fixture.claim(test, &[TaskKind::Annotate], 1).await;
    let mut tx = test.store.read().await.unwrap();
    let project_id = fixture.project.id;
    let all = tx
        .list_tasks(project_id, &TaskFilter::default(), PageRequest::first(4))
        .await
        .unwrap();
    let ids: Vec<_> = all.rows.iter().map(|task| task.id).collect();
    assert_eq!(ids, tasks[..4].iter().map(|task| task.id).collect::<Vec<_>>());
    assert_eq!(all.next, Some(tasks[3].id.as_uuid()));
    let filter = TaskFilter {
        kind: Some(TaskKind::Annotate),
        state: Some(TaskState::Leased),
        item_id: Some(items[0].id),
    };
    let filtered = tx.list_tasks(project_id, &filter, PageRequest::first(4)).await.unwrap();
    assert_eq!(filtered.rows, [claimed[0].task.clone()]);
    let mut counts = tx.count_tasks(project_id).await.unwrap();
    counts.sort_by_key(|count| (count.kind.word(), count.state.word()));
    let count = |kind, state, count| TaskCount { kind, state, count };
    assert_eq!(
        counts,
        [
            count(TaskKind::Annotate, TaskState::Leased, 1),
            count(TaskKind::Annotate, TaskState::Ready, 2),
            count(TaskKind::Refit, TaskState::Ready, 1),
            count(TaskKind::Vote, TaskState::Ready, 1),
        ]
    );
}
