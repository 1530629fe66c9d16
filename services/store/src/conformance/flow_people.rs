//! The steps of the way: people's votes, skips, resolutions and imported gold.

use accord_domain::{
    Annotation, Answer, GoldSource, Item, ItemState, Lease, PeopleVote, Provenance, TaskKind, TaskState, User,
};

use super::TestStore;
use super::fixture::{
    Fixture, LONG_LEASE_MILLISECONDS, answers, assert_error, definition, field_name, open_tasks, plan, stored_task,
    value,
};
use crate::flow::{self, GoldAnswers};
use crate::in_transaction;
use crate::page::PageRequest;
use crate::tasks::TaskFilter;

async fn next(test: &TestStore, fixture: &Fixture, kind: TaskKind, user: &User) -> Option<Lease> {
    in_transaction!(test, |tx| tx.claim_task_for_person(
        fixture.project.id,
        kind,
        user.id,
        LONG_LEASE_MILLISECONDS
    ))
    .unwrap()
}

async fn with_people(test: &TestStore, readers: usize, overlap: u32) -> Fixture {
    let mut definition = definition("receipts", readers);
    definition.policy.people = PeopleVote::Always;
    definition.policy.overlap = overlap;
    Fixture::create_with(test, definition).await
}

async fn annotation_of(test: &TestStore, fixture: &Fixture, user: &User, lease: &Lease) -> Annotation {
    let annotator = in_transaction!(test, |tx| flow::ensure_human_annotator(
        tx,
        &fixture.environment,
        fixture.project.id,
        user
    ))
    .unwrap();
    fixture.annotation(&lease.task, annotator.id)
}

/// A person's vote waits for the machines before it leads to scoring, and leads to scoring after them.
pub async fn a_vote_counts_beside_the_machines(test: &TestStore) {
    let fixture = with_people(test, 1, 2).await;
    let item = &fixture.import_items(test, 1).await[0];
    let anna = fixture.add_user(test, "anna").await;
    let bert = fixture.add_user(test, "bert").await;
    let lease = next(test, &fixture, TaskKind::Vote, &anna).await.unwrap();
    let vote = annotation_of(test, &fixture, &anna, &lease).await;
    let again = annotation_of(test, &fixture, &anna, &lease).await;
    assert_eq!(vote.annotator_id, again.annotator_id, "a person is one annotator");
    let submitted = in_transaction!(test, |tx| flow::submit_annotation(
        tx,
        &fixture.environment,
        &lease,
        &vote
    ))
    .unwrap();
    assert_eq!((submitted.stored, submitted.panel_complete), (true, false));
    assert_eq!(open_tasks(test, item.id, TaskKind::Score).await, 0);
    let machine = fixture.claim(test, &[TaskKind::Annotate], 1).await.remove(0);
    let annotation = fixture.annotation(&machine.task, fixture.annotators[0].id);
    in_transaction!(test, |tx| flow::submit_annotation(
        tx,
        &fixture.environment,
        &machine,
        &annotation
    ))
    .unwrap();
    assert_eq!(fixture.claim(test, &[TaskKind::Score], 10).await.len(), 1);
    let lease = next(test, &fixture, TaskKind::Vote, &bert).await.unwrap();
    let vote = annotation_of(test, &fixture, &bert, &lease).await;
    in_transaction!(test, |tx| flow::submit_annotation(
        tx,
        &fixture.environment,
        &lease,
        &vote
    ))
    .unwrap();
    assert_eq!(fixture.claim(test, &[TaskKind::Score], 10).await.len(), 1);
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(tx.annotations_of_items(&[item.id]).await.unwrap().len(), 3);
}

/// A skipped vote is offered to somebody else, and not to the same person again.
pub async fn a_skipped_vote_goes_to_somebody_else(test: &TestStore) {
    let fixture = with_people(test, 0, 1).await;
    let item = &fixture.import_items(test, 1).await[0];
    let anna = fixture.add_user(test, "anna").await;
    let bert = fixture.add_user(test, "bert").await;
    let lease = next(test, &fixture, TaskKind::Vote, &anna).await.unwrap();
    in_transaction!(test, |tx| flow::skip_task(tx, &fixture.environment, &lease)).unwrap();
    assert_eq!(stored_task(test, lease.task.id).await.state, TaskState::Skipped);
    assert_eq!(open_tasks(test, item.id, TaskKind::Vote).await, 1);
    assert_eq!(next(test, &fixture, TaskKind::Vote, &anna).await, None);
    let replacement = next(test, &fixture, TaskKind::Vote, &bert).await.unwrap();
    assert_eq!((replacement.task.item_id, replacement.task.slot), (Some(item.id), 1));
    let twice = in_transaction!(test, |tx| flow::skip_task(tx, &fixture.environment, &lease));
    assert_error(twice, "StaleLease");
    assert_eq!(open_tasks(test, item.id, TaskKind::Vote).await, 1);
}

/// A skipped review comes again, after the others.
pub async fn a_skipped_review_comes_last(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 2).await;
    let reviews: Vec<_> = items
        .iter()
        .map(|item| fixture.task(Some(item.id), TaskKind::Review))
        .collect();
    plan(test, &reviews).await;
    let rita = fixture.add_user(test, "rita").await;
    let mut order = Vec::new();
    for _ in 0..3 {
        let lease = next(test, &fixture, TaskKind::Review, &rita).await.unwrap();
        order.push(lease.task.item_id.unwrap());
        in_transaction!(test, |tx| flow::skip_task(tx, &fixture.environment, &lease)).unwrap();
    }
    assert_eq!(order, [items[0].id, items[1].id, items[0].id]);
}

/// A resolution is an annotation that was not blind, gold with its person, a resolved item, a new score and a refit.
pub async fn a_resolution_becomes_gold(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let item = &fixture.add_items(test, 1).await[0];
    plan(test, &[fixture.task(Some(item.id), TaskKind::Review)]).await;
    let rita = fixture.add_user(test, "rita").await;
    let lease = next(test, &fixture, TaskKind::Review, &rita).await.unwrap();
    let blind = annotation_of(test, &fixture, &rita, &lease).await;
    let refused = in_transaction!(test, |tx| flow::resolve_item(
        tx,
        &fixture.environment,
        &fixture.project,
        &lease,
        &blind,
        None
    ));
    assert_error(refused, "Invalid");
    let mut resolution = Annotation {
        provenance: Provenance::default(),
        ..blind
    };
    resolution.answers.insert(field_name("total"), Answer::Abstained);
    for stored in [true, false] {
        let submitted = in_transaction!(test, |tx| flow::resolve_item(
            tx,
            &fixture.environment,
            &fixture.project,
            &lease,
            &resolution,
            Some(0.25)
        ))
        .unwrap();
        assert_eq!(submitted.stored, stored);
        check_resolution(test, &fixture, item, &rita).await;
    }
    assert_eq!(stored_task(test, lease.task.id).await.state, TaskState::Done);
    assert_eq!(stored_task(test, lease.task.id).await.user_id, Some(rita.id));
    assert_eq!(fixture.claim(test, &[TaskKind::Score], 10).await.len(), 1);
    assert!(fixture.claim(test, &[TaskKind::Refit], 10).await.is_empty());
    let mut tx = test.store.read().await.unwrap();
    let refits = TaskFilter {
        kind: Some(TaskKind::Refit),
        ..TaskFilter::default()
    };
    let page = tx
        .list_tasks(fixture.project.id, &refits, PageRequest::first(10))
        .await
        .unwrap();
    assert_eq!(page.rows.len(), 1);
}

async fn check_resolution(test: &TestStore, fixture: &Fixture, item: &Item, user: &User) {
    let mut tx = test.store.read().await.unwrap();
    let gold = tx
        .list_gold(fixture.project.id, PageRequest::first(10))
        .await
        .unwrap()
        .rows;
    assert_eq!(gold.len(), 1, "an abstention is no gold");
    assert_eq!((gold[0].item_id, &gold[0].answer), (item.id, &value("ACME")));
    assert_eq!(gold[0].source, GoldSource::Adjudicated);
    assert_eq!((gold[0].propensity, gold[0].user_id), (Some(0.25), Some(user.id)));
    let stored = tx.item(item.id).await.unwrap().unwrap();
    assert_eq!(stored.state, ItemState::Resolved);
    let annotations = tx.annotations_of_items(&[item.id]).await.unwrap();
    assert_eq!(annotations.len(), 1);
    assert!(!annotations[0].provenance.blind);
}

/// Any item can be reviewed; asking twice gives the same task, also while somebody works on it.
pub async fn opens_a_review_of_any_item(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let item = &fixture.add_items(test, 1).await[0];
    let rita = fixture.add_user(test, "rita").await;
    let mut tasks = Vec::new();
    for _ in 0..3 {
        let id = in_transaction!(test, |tx| flow::open_review(
            tx,
            &fixture.environment,
            fixture.project.id,
            item.id,
            5
        ))
        .unwrap();
        tasks.push(id);
        in_transaction!(test, |tx| tx.claim_task(id, rita.id, LONG_LEASE_MILLISECONDS))
            .unwrap()
            .unwrap();
    }
    assert!(tasks.iter().all(|id| *id == tasks[0]));
}

/// Imported gold is kept with its source and plans one refit; what is not trustworthy is refused as a whole.
pub async fn imports_gold(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 2).await;
    let values: Vec<GoldAnswers> = items
        .iter()
        .map(|item| GoldAnswers {
            item_id: item.id,
            answers: answers("ACME"),
        })
        .collect();
    for _ in 0..2 {
        in_transaction!(test, |tx| flow::import_gold(
            tx,
            &fixture.environment,
            &fixture.project,
            &values,
            GoldSource::Imported,
            None
        ))
        .unwrap();
    }
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(tx.count_gold(fixture.project.id).await.unwrap(), 4);
    let counts = tx.count_tasks(fixture.project.id).await.unwrap();
    assert_eq!(counts.len(), 1);
    assert_eq!((counts[0].kind, counts[0].count), (TaskKind::Refit, 1));
    drop(tx);
    for (field, answer) in [("unknown", value("x")), ("total", Answer::Abstained)] {
        let wrong = GoldAnswers {
            item_id: items[0].id,
            answers: accord_domain::Answers::from([(field_name(field), answer)]),
        };
        let refused = in_transaction!(test, |tx| flow::import_gold(
            tx,
            &fixture.environment,
            &fixture.project,
            &[wrong],
            GoldSource::Imported,
            None
        ));
        assert_error(refused, "Invalid { what: \"gold\"");
    }
}
