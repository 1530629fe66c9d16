//! The steps of the way: from definitions and items to tasks.

use accord_domain::{Annotator, AnnotatorKind, PeopleVote, Project, ProjectDefinition, TaskKind};

use super::TestStore;
use super::fixture::{Fixture, SteppingEnvironment, assert_error, definition, open_tasks};
use crate::StoreResult;
use crate::flow;
use crate::in_transaction;
use crate::items::InsertedItem;

/// A project comes with the annotators of its definition; a bad definition does not come at all.
pub async fn creates_a_project_with_its_annotators(test: &TestStore) {
    let environment = SteppingEnvironment::new(3);
    let mut wanted = definition("receipts", 2);
    wanted.annotators[1].family = Some("anchors".to_owned());
    let project = in_transaction!(test, |tx| flow::create_project(tx, &environment, wanted.clone())).unwrap();
    assert_eq!((project.version, &project.definition), (1, &wanted));
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(tx.project(project.id).await.unwrap(), Some(project.clone()));
    let annotators = tx.annotators_of_project(project.id).await.unwrap();
    drop(tx);
    let names: Vec<_> = annotators
        .iter()
        .map(|one| (one.name.as_str(), one.family.as_str(), one.active))
        .collect();
    assert_eq!(names, [("reader-0", "reader-0", true), ("reader-1", "anchors", true)]);
    let taken = in_transaction!(test, |tx| flow::create_project(tx, &environment, wanted.clone()));
    assert_error(taken, "Conflict { what: \"project\"");
    let mut wrong = definition("wrong", 0);
    wrong.fields.clear();
    let refused = in_transaction!(test, |tx| flow::create_project(tx, &environment, wrong.clone()));
    assert_error(refused, "Invalid { what: \"project\"");
}

async fn update(
    test: &TestStore,
    fixture: &Fixture,
    version: i64,
    definition: &ProjectDefinition,
) -> StoreResult<Project> {
    in_transaction!(test, |tx| flow::update_project(
        tx,
        &fixture.environment,
        fixture.project.id,
        version,
        definition
    ))
}

/// A changed definition brings new annotators to the items that are there, and gives those that left no more tasks.
pub async fn matches_annotators_to_a_new_definition(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.import_items(test, 2).await;
    let human = fixture.add_user(test, "anna").await;
    let project_id = fixture.project.id;
    let anna = in_transaction!(test, |tx| flow::ensure_human_annotator(
        tx,
        &fixture.environment,
        project_id,
        &human
    ))
    .unwrap();
    // reader-1 leaves, reader-2 comes.
    let mut changed = definition("receipts", 3);
    changed.annotators.remove(1);
    let updated = update(test, &fixture, 1, &changed).await.unwrap();
    assert_eq!(updated.version, 2);
    let mut tx = test.store.read().await.unwrap();
    let annotators = tx.annotators_of_project(project_id).await.unwrap();
    let active: Vec<_> = annotators.iter().map(|one| (one.name.as_str(), one.active)).collect();
    assert_eq!(
        active,
        [
            ("@anna", true),
            ("reader-0", true),
            ("reader-1", false),
            ("reader-2", true)
        ]
    );
    assert_eq!(annotators[0], anna);
    assert_eq!(annotators[1].id, fixture.annotators[0].id);
    drop(tx);
    for item in &items {
        assert_eq!(open_tasks(test, item.id, TaskKind::Annotate).await, 2);
        assert_eq!(open_tasks(test, item.id, TaskKind::Score).await, 0);
    }
    assert_error(update(test, &fixture, 1, &changed).await, "Missing");
}

/// When the last annotator that an item waited for leaves, the item is scored with what there is.
pub async fn scores_items_that_their_last_annotator_left(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.import_items(test, 2).await;
    // The first item: reader-0 is through, reader-1 not.
    let lease = fixture.claim(test, &[TaskKind::Annotate], 1).await.remove(0);
    assert_eq!(lease.task.item_id, Some(items[0].id));
    let annotation = fixture.annotation(&lease.task, fixture.annotators[0].id);
    in_transaction!(test, |tx| flow::submit_annotation(
        tx,
        &fixture.environment,
        &lease,
        &annotation
    ))
    .unwrap();
    update(test, &fixture, 1, &definition("receipts", 1)).await.unwrap();
    assert_eq!(open_tasks(test, items[0].id, TaskKind::Annotate).await, 0);
    assert_eq!(open_tasks(test, items[0].id, TaskKind::Score).await, 1);
    assert_eq!(open_tasks(test, items[1].id, TaskKind::Annotate).await, 1);
    assert_eq!(open_tasks(test, items[1].id, TaskKind::Score).await, 0);
}

/// Each active automatic annotator is asked, and as many people as the policy says; with nobody to ask, the item goes
/// straight to scoring.
pub async fn plans_what_the_policy_asks(test: &TestStore) {
    let mut with_people = definition("with-people", 2);
    with_people.policy.people = PeopleVote::Always;
    with_people.policy.overlap = 3;
    let fixture = Fixture::create_with(test, with_people).await;
    let user = fixture.add_user(test, "anna").await;
    let human = in_transaction!(test, |tx| flow::ensure_human_annotator(
        tx,
        &fixture.environment,
        fixture.project.id,
        &user
    ))
    .unwrap();
    assert!(matches!(human.kind, AnnotatorKind::Human { user_id } if user_id == user.id));
    let inactive = Annotator {
        active: false,
        ..fixture.annotators[1].clone()
    };
    let items = fixture.add_items(test, 3).await;
    let ids: Vec<_> = items.iter().map(|item| item.id).collect();
    let annotators = [fixture.annotators[0].clone(), inactive, human];
    let planned = in_transaction!(test, |tx| flow::plan_items(
        tx,
        &fixture.environment,
        &fixture.project,
        &annotators,
        &ids,
        4
    ))
    .unwrap();
    assert_eq!(planned, 3 * (1 + 3));
    for item in &items {
        assert_eq!(open_tasks(test, item.id, TaskKind::Annotate).await, 1);
        assert_eq!(open_tasks(test, item.id, TaskKind::Vote).await, 3);
        assert_eq!(open_tasks(test, item.id, TaskKind::Score).await, 0);
    }
    let lease = fixture.claim(test, &[TaskKind::Annotate], 1).await.remove(0);
    assert_eq!(lease.task.priority, 4);

    let alone = Fixture::create_with(test, definition("nobody", 0)).await;
    let item = &alone.import_items(test, 1).await[0];
    assert_eq!(open_tasks(test, item.id, TaskKind::Score).await, 1);
}

/// Importing the same items again plans nothing.
pub async fn plans_nothing_twice_on_import(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.import_items(test, 3).await;
    let outcomes = in_transaction!(test, |tx| flow::add_items(
        tx,
        &fixture.environment,
        &fixture.project,
        &fixture.annotators,
        &items,
        0
    ))
    .unwrap();
    assert!(
        outcomes
            .iter()
            .zip(&items)
            .all(|(outcome, item)| *outcome == InsertedItem::Unchanged { id: item.id })
    );
    assert_eq!(fixture.claim(test, &[TaskKind::Annotate], 100).await.len(), 6);
}
