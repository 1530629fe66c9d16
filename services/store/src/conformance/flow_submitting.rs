//! The steps of the way: from claimed tasks to annotations, and what happens when there are none.

use accord_domain::{Annotation, Answer, Lease, TaskKind, TaskState};

use super::TestStore;
use super::fixture::{
    Fixture, SHORT_LEASE_MILLISECONDS, UNTIL_SHORT_LEASE_ENDS, assert_error, field_name, open_tasks, request,
    stored_task,
};
use crate::StoreResult;
use crate::flow::{self, Submission, Submitted};
use crate::in_transaction;
use crate::tasks::{AfterFailure, ClaimRequest};

async fn submit(test: &TestStore, fixture: &Fixture, lease: &Lease, annotation: &Annotation) -> StoreResult<Submitted> {
    in_transaction!(test, |tx| flow::submit_annotation(
        tx,
        &fixture.environment,
        lease,
        annotation
    ))
}

fn annotation(fixture: &Fixture, lease: &Lease) -> Annotation {
    fixture.annotation(&lease.task, lease.task.annotator_id.unwrap())
}

/// The last annotator of an item, and no other, plans its scoring, before the annotating of other items.
pub async fn scores_when_the_panel_is_complete(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.import_items(test, 2).await;
    let leases = fixture.claim(test, &[TaskKind::Annotate], 2).await;
    assert!(leases.iter().all(|lease| lease.task.item_id == Some(items[0].id)));
    for (position, lease) in leases.iter().enumerate() {
        let kept = annotation(&fixture, lease);
        let submitted = submit(test, &fixture, lease, &kept).await.unwrap();
        let is_last = position == 1;
        let expected = Submitted {
            stored: true,
            panel_complete: is_last,
        };
        assert_eq!(submitted, expected);
        assert_eq!(stored_task(test, lease.task.id).await.state, TaskState::Done);
        let scores = open_tasks(test, items[0].id, TaskKind::Score).await;
        assert_eq!(scores, i64::from(is_last));
        let mut tx = test.store.read().await.unwrap();
        assert_eq!(tx.annotation_of_task(lease.task.id).await.unwrap(), Some(kept));
    }
    let kinds = [TaskKind::Annotate, TaskKind::Score];
    let next = fixture.claim(test, &kinds, 1).await.remove(0);
    assert_eq!(next.task.kind, TaskKind::Score);
}

/// Submissions in one go come to what they would come to one by one: a lost lease and a repetition leave the others as
/// they are, and the scoring of every item that is complete is planned once.
pub async fn many_at_once_are_like_one_by_one(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.import_items(test, 3).await;
    let leases = fixture.claim(test, &[TaskKind::Annotate], 6).await;
    let answers: Vec<Annotation> = leases.iter().map(|lease| annotation(&fixture, lease)).collect();
    let lost = Lease {
        token: "guess".to_owned(),
        ..leases[5].clone()
    };
    let repeated = annotation(&fixture, &leases[0]);
    let mut submissions: Vec<Submission<'_>> = leases[..5]
        .iter()
        .zip(&answers)
        .map(|(lease, annotation)| Submission { lease, annotation })
        .collect();
    submissions.push(Submission {
        lease: &leases[0],
        annotation: &repeated,
    });
    submissions.push(Submission {
        lease: &lost,
        annotation: &answers[5],
    });
    let outcomes = in_transaction!(test, |tx| flow::submit_annotations(
        tx,
        &fixture.environment,
        &submissions
    ))
    .unwrap();
    let outcome = |stored, panel_complete| Some(Submitted { stored, panel_complete });
    let of_item = |lease: &Lease| items.iter().position(|item| Some(item.id) == lease.task.item_id);
    let expected = leases[..5].iter().map(|lease| outcome(true, of_item(lease) != Some(2)));
    let expected: Vec<Option<Submitted>> = expected.chain([outcome(false, true), None]).collect();
    assert_eq!(outcomes, expected);
    for (position, item) in items.iter().enumerate() {
        let scores = open_tasks(test, item.id, TaskKind::Score).await;
        assert_eq!(scores, i64::from(position < 2), "item {position}");
    }
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(tx.count_annotations(fixture.project.id).await.unwrap(), 5);
    assert_eq!(
        tx.annotation_of_task(leases[0].task.id).await.unwrap().as_ref(),
        Some(&answers[0])
    );
    assert_eq!(tx.annotation_of_task(leases[5].task.id).await.unwrap(), None);
    assert_eq!(stored_task(test, leases[5].task.id).await.state, TaskState::Leased);
    let none = in_transaction!(test, |tx| flow::submit_annotations(tx, &fixture.environment, &[])).unwrap();
    assert_eq!(none, []);
}

/// Submitting the same again is harmless; somebody else's submission for a finished task is refused.
pub async fn repeats_harmlessly(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    fixture.import_items(test, 1).await;
    let lease = fixture.claim(test, &[TaskKind::Annotate], 1).await.remove(0);
    let first = annotation(&fixture, &lease);
    assert!(submit(test, &fixture, &lease, &first).await.unwrap().stored);
    assert!(!submit(test, &fixture, &lease, &first).await.unwrap().stored);
    let repeated = annotation(&fixture, &lease);
    assert!(!submit(test, &fixture, &lease, &repeated).await.unwrap().stored);
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(tx.count_annotations(fixture.project.id).await.unwrap(), 1);
    assert_eq!(tx.annotation_of_task(lease.task.id).await.unwrap(), Some(first));
}

/// A submission without the lease, for another task or by another annotator is refused and leaves nothing behind.
pub async fn refuses_what_does_not_belong(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    fixture.import_items(test, 1).await;
    let leases = fixture.claim(test, &[TaskKind::Annotate], 2).await;
    let right = annotation(&fixture, &leases[0]);
    let guessed = Lease {
        token: "guess".to_owned(),
        ..leases[0].clone()
    };
    assert_error(submit(test, &fixture, &guessed, &right).await, "StaleLease");
    let other_task = annotation(&fixture, &leases[1]);
    assert_error(submit(test, &fixture, &leases[0], &other_task).await, "Invalid");
    let impostor = Annotation {
        annotator_id: fixture.annotators[1].id,
        ..fixture.annotation(&leases[0].task, fixture.annotators[1].id)
    };
    assert_error(submit(test, &fixture, &leases[0], &impostor).await, "Invalid");
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(tx.count_annotations(fixture.project.id).await.unwrap(), 0);
    assert_eq!(stored_task(test, leases[0].task.id).await.state, TaskState::Leased);
}

/// An annotator that fails for good is recorded as failed in every field, and the item goes on without it. Put back in
/// the queue, it can still answer.
pub async fn a_dead_annotator_does_not_hang_the_item(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.import_items(test, 1).await;
    let good = fixture.claim(test, &[TaskKind::Annotate], 1).await.remove(0);
    submit(test, &fixture, &good, &annotation(&fixture, &good))
        .await
        .unwrap();
    let mut task_id = None;
    for attempt in 1..=3 {
        let lease = fixture.claim(test, &[TaskKind::Annotate], 1).await.remove(0);
        task_id = Some(lease.task.id);
        assert_eq!(open_tasks(test, items[0].id, TaskKind::Score).await, 0);
        let after = in_transaction!(test, |tx| flow::fail_attempt(
            tx,
            &fixture.environment,
            &fixture.project,
            &lease,
            "503 Service Unavailable\0",
            0
        ))
        .unwrap();
        let expected = if attempt == 3 {
            AfterFailure::Dead
        } else {
            AfterFailure::Ready
        };
        assert_eq!(after, expected);
    }
    let task_id = task_id.unwrap();
    assert_eq!(open_tasks(test, items[0].id, TaskKind::Score).await, 1);
    let mut tx = test.store.read().await.unwrap();
    let lost = tx.annotation_of_task(task_id).await.unwrap().unwrap();
    drop(tx);
    assert_eq!(lost.annotator_id, fixture.annotators[1].id);
    assert_eq!(
        lost.provenance.failure.as_deref(),
        Some("503 Service Unavailable\u{FFFD}")
    );
    assert_eq!(lost.answers.len(), fixture.project.definition.fields.len());
    assert!(
        lost.answers
            .values()
            .all(|answer| matches!(answer, Answer::Failed { .. }))
    );
    in_transaction!(test, |tx| tx.revive_task(task_id)).unwrap();
    let lease = fixture.claim(test, &[TaskKind::Annotate], 1).await.remove(0);
    let answer = annotation(&fixture, &lease);
    assert!(submit(test, &fixture, &lease, &answer).await.unwrap().stored);
    let mut tx = test.store.read().await.unwrap();
    let counting = tx.annotations_of_items(&[items[0].id]).await.unwrap();
    assert_eq!(counting.len(), 2);
    assert!(counting.iter().all(|one| one.provenance.failure.is_none()));
}

/// What cannot be cured by trying again is set aside at once, and the item goes on.
pub async fn sets_aside_at_once(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.import_items(test, 1).await;
    for lease in fixture.claim(test, &[TaskKind::Annotate], 2).await {
        in_transaction!(test, |tx| flow::set_aside(
            tx,
            &fixture.environment,
            &fixture.project,
            &lease,
            "encrypted"
        ))
        .unwrap();
        assert_eq!(stored_task(test, lease.task.id).await.state, TaskState::Dead);
    }
    assert_eq!(open_tasks(test, items[0].id, TaskKind::Score).await, 1);
    let mut tx = test.store.read().await.unwrap();
    let failures = tx.annotations_of_items(&[items[0].id]).await.unwrap();
    assert_eq!(
        failures[0].answers[&field_name("company")],
        Answer::Failed {
            reason: "encrypted".to_owned()
        }
    );
}

/// Workers that die again and again lose the task in the end, and the item goes on.
pub async fn takes_back_dead_annotators(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.import_items(test, 1).await;
    let short = ClaimRequest {
        lease_milliseconds: SHORT_LEASE_MILLISECONDS,
        ..request(&[TaskKind::Annotate], 2)
    };
    for round in 1..=2_u64 {
        let leases = in_transaction!(test, |tx| tx.claim_tasks(&short)).unwrap();
        assert_eq!(leases.len(), 2);
        tokio::time::sleep(UNTIL_SHORT_LEASE_ENDS).await;
        let taken = in_transaction!(test, |tx| flow::take_back(tx, &fixture.environment, 2, 100)).unwrap();
        let (ready, dead) = if round == 2 { (0, 2) } else { (2, 0) };
        assert_eq!((taken.ready, taken.dead), (ready, dead));
    }
    assert_eq!(open_tasks(test, items[0].id, TaskKind::Annotate).await, 0);
    assert_eq!(open_tasks(test, items[0].id, TaskKind::Score).await, 1);
    let mut tx = test.store.read().await.unwrap();
    let failures = tx.annotations_of_items(&[items[0].id]).await.unwrap();
    assert_eq!(failures.len(), 2);
    let reason = failures[0].provenance.failure.as_deref().unwrap();
    assert!(reason.contains("2 attempts"), "{reason}");
}

/// A task that takes its worker down each time is not handed out more often than the project allows, even when nobody
/// sweeps.
pub async fn does_not_hand_out_poison_again(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.import_items(test, 1).await;
    let short = ClaimRequest {
        lease_milliseconds: SHORT_LEASE_MILLISECONDS,
        ..request(&[TaskKind::Annotate], 2)
    };
    for attempt in 1..=4 {
        let leases = in_transaction!(test, |tx| flow::claim(tx, &fixture.environment, &short)).unwrap();
        // The policy of the project allows three attempts.
        let expected = if attempt <= 3 { 2 } else { 0 };
        assert_eq!(leases.len(), expected, "attempt {attempt}");
        tokio::time::sleep(UNTIL_SHORT_LEASE_ENDS).await;
    }
    assert_eq!(open_tasks(test, items[0].id, TaskKind::Annotate).await, 0);
    assert_eq!(open_tasks(test, items[0].id, TaskKind::Score).await, 1);
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(tx.annotations_of_items(&[items[0].id]).await.unwrap().len(), 2);
}

/// New votes on an item with gold lead to a refit after a while; on one without they do not.
pub async fn refits_when_votes_reach_gold(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.import_items(test, 2).await;
    let gold = fixture.gold(items[1].id, "company", "ACME");
    in_transaction!(test, |tx| tx.insert_gold(&[gold])).unwrap();
    let leases = fixture.claim(test, &[TaskKind::Annotate], 4).await;
    for (position, lease) in leases.iter().enumerate() {
        submit(test, &fixture, lease, &annotation(&fixture, lease))
            .await
            .unwrap();
        let mut tx = test.store.read().await.unwrap();
        let counts = tx.count_tasks(fixture.project.id).await.unwrap();
        let refits: i64 = counts
            .iter()
            .filter(|count| count.kind == TaskKind::Refit)
            .map(|count| count.count)
            .sum();
        assert_eq!(refits, i64::from(position == 3), "after submission {position}");
    }
    let now = fixture.claim(test, &[TaskKind::Refit], 1).await;
    assert!(now.is_empty(), "it waits for more votes");
}
