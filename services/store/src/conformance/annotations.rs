//! Annotations.

use accord_domain::{Annotation, AnnotationId, ItemId, Provenance, TaskId};

use super::TestStore;
use super::fixture::{Fixture, answers, assert_error, plan, stored_task};
use crate::in_transaction;
use crate::page::PageRequest;

fn failure(annotation: &Annotation, id: AnnotationId, reason: &str) -> Annotation {
    Annotation {
        id,
        provenance: Provenance {
            failure: Some(reason.to_owned()),
            ..annotation.provenance.clone()
        },
        ..annotation.clone()
    }
}

/// A task has one answer; the second one is not kept, and is no error.
pub async fn keeps_one_answer_for_a_task(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 1).await;
    let task = fixture.annotate(items[0].id, 0);
    plan(test, std::slice::from_ref(&task)).await;
    let task = stored_task(test, task.id).await;
    let first = fixture.annotation(&task, fixture.annotators[0].id);
    let second = Annotation {
        answers: answers("other"),
        ..fixture.annotation(&task, fixture.annotators[0].id)
    };
    assert!(in_transaction!(test, |tx| tx.insert_annotation(&first)).unwrap());
    assert!(!in_transaction!(test, |tx| tx.insert_annotation(&second)).unwrap());
    let late = failure(&first, AnnotationId::generate(&fixture.environment), "late");
    assert!(!in_transaction!(test, |tx| tx.insert_annotation(&late)).unwrap());
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(tx.annotation(first.id).await.unwrap(), Some(first.clone()));
    assert_eq!(tx.annotation(second.id).await.unwrap(), None);
    assert_eq!(tx.annotation_of_task(task.id).await.unwrap(), Some(first.clone()));
    let unknown = TaskId::generate(&fixture.environment);
    assert_eq!(tx.annotation_of_task(unknown).await.unwrap(), None);
    assert_eq!(tx.annotations_of_items(&[items[0].id]).await.unwrap(), [first]);
    assert_eq!(tx.count_annotations(fixture.project.id).await.unwrap(), 1);
    drop(tx);
    let lost = Annotation {
        item_id: ItemId::generate(&fixture.environment),
        task_id: TaskId::generate(&fixture.environment),
        ..second
    };
    assert_error(in_transaction!(test, |tx| tx.insert_annotation(&lost)), "Missing");
}

/// Failures of a task are kept, the newest counts until an answer comes, and then the answer counts for good.
pub async fn replaces_a_failure_by_a_success(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 1).await;
    let task = fixture.annotate(items[0].id, 0);
    plan(test, std::slice::from_ref(&task)).await;
    let task = stored_task(test, task.id).await;
    let answer = fixture.annotation(&task, fixture.annotators[0].id);
    let first = failure(&answer, AnnotationId::generate(&fixture.environment), "timeout");
    let second = failure(&answer, AnnotationId::generate(&fixture.environment), "refusal");
    for (annotation, counts) in [(&first, &first), (&second, &second), (&answer, &answer)] {
        assert!(in_transaction!(test, |tx| tx.insert_annotation(annotation)).unwrap());
        let mut tx = test.store.read().await.unwrap();
        assert_eq!(tx.annotation_of_task(task.id).await.unwrap().as_ref(), Some(counts));
        let of_item = tx.annotations_of_items(&[items[0].id]).await.unwrap();
        assert_eq!(of_item, std::slice::from_ref(counts));
    }
    let mut tx = test.store.read().await.unwrap();
    let listed = tx
        .list_annotations(fixture.project.id, PageRequest::first(10))
        .await
        .unwrap();
    assert_eq!(listed.rows.len(), 3, "nothing is thrown away");
    assert_eq!(tx.count_annotations(fixture.project.id).await.unwrap(), 3);
}

/// Annotations come by item, then in order of submission; lists come in pages.
pub async fn orders_and_pages(test: &TestStore) {
    let fixture = Fixture::create(test).await;
    let items = fixture.add_items(test, 3).await;
    let tasks: Vec<_> = [1, 0]
        .into_iter()
        .flat_map(|annotator| items.iter().map(move |item| (item.id, annotator)))
        .map(|(item_id, annotator)| fixture.annotate(item_id, annotator))
        .collect();
    plan(test, &tasks).await;
    let mut kept = Vec::new();
    for task in &tasks {
        let task = stored_task(test, task.id).await;
        let annotation = fixture.annotation(&task, task.annotator_id.unwrap());
        in_transaction!(test, |tx| tx.insert_annotation(&annotation)).unwrap();
        kept.push(annotation);
    }
    let mut tx = test.store.read().await.unwrap();
    let of_two = tx.annotations_of_items(&[items[2].id, items[0].id]).await.unwrap();
    let expected = [0, 3, 2, 5].map(|position: usize| kept[position].clone());
    assert_eq!(of_two, expected);
    assert_eq!(tx.annotations_of_items(&[]).await.unwrap(), []);
    let project_id = fixture.project.id;
    let first = tx.list_annotations(project_id, PageRequest::first(4)).await.unwrap();
    assert_eq!(first.rows, kept[..4]);
    let request = PageRequest::first(4).after(first.next.unwrap());
    let second = tx.list_annotations(project_id, request).await.unwrap();
    assert_eq!((second.rows.as_slice(), second.next), (&kept[4..], None));
    let submitters: Vec<_> = kept
        .iter()
        .map(|annotation| (annotation.id, annotation.annotator_id))
        .collect();
    let first = tx.list_submitters(project_id, PageRequest::first(4)).await.unwrap();
    assert_eq!(first.rows, submitters[..4]);
    let request = PageRequest::first(4).after(first.next.unwrap());
    let second = tx.list_submitters(project_id, request).await.unwrap();
    assert_eq!((second.rows.as_slice(), second.next), (&submitters[4..], None));
    let too_many = vec![items[0].id; 1001];
    assert_error(tx.annotations_of_items(&too_many).await, "Invalid");
    assert_eq!(
        tx.annotations_of_items(&too_many[..1000]).await.unwrap().len(),
        2,
        "a thousand fit"
    );
}
