//! Projects.

use accord_domain::{Project, ProjectDefinition, ProjectId};

use super::TestStore;
use super::fixture::{SteppingEnvironment, assert_error, definition};
use crate::in_transaction;
use crate::page::PageRequest;
use accord_domain::Environment;

fn project(environment: &SteppingEnvironment, name: &str) -> Project {
    Project {
        id: ProjectId::generate(environment),
        definition: definition(name, 2),
        version: 1,
        created_at: environment.now(),
    }
}

/// A project is found again, as it was, by identifier and by name.
pub async fn keeps_projects(test: &TestStore) {
    let environment = SteppingEnvironment::new(0);
    let kept = project(&environment, "receipts");
    in_transaction!(test, |tx| tx.insert_project(&kept)).unwrap();
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(tx.project(kept.id).await.unwrap(), Some(kept.clone()));
    assert_eq!(tx.project_by_name("receipts").await.unwrap(), Some(kept));
    assert_eq!(tx.project_by_name("Receipts").await.unwrap(), None);
    assert_eq!(tx.project(ProjectId::generate(&environment)).await.unwrap(), None);
}

/// Two projects cannot have one name, neither from the start nor by a change.
pub async fn refuses_a_taken_name(test: &TestStore) {
    let environment = SteppingEnvironment::new(0);
    let (first, second) = (project(&environment, "one"), project(&environment, "two"));
    in_transaction!(test, |tx| tx.insert_project(&first)).unwrap();
    in_transaction!(test, |tx| tx.insert_project(&second)).unwrap();
    let again = project(&environment, "one");
    assert_error(
        in_transaction!(test, |tx| tx.insert_project(&again)),
        "Conflict { what: \"project\", name: \"one\" }",
    );
    let renamed = definition("one", 0);
    assert_error(
        in_transaction!(test, |tx| tx.update_project(second.id, 1, &renamed)),
        "Conflict { what: \"project\", name: \"one\" }",
    );
}

/// A change counts the version up, and only whoever knows the present version may make it.
pub async fn counts_versions_and_refuses_old_ones(test: &TestStore) {
    let environment = SteppingEnvironment::new(0);
    let kept = project(&environment, "receipts");
    in_transaction!(test, |tx| tx.insert_project(&kept)).unwrap();
    let changed = ProjectDefinition {
        title: "Beläge".to_owned(),
        ..definition("beleg", 1)
    };
    let updated = in_transaction!(test, |tx| tx.update_project(kept.id, 1, &changed)).unwrap();
    assert_eq!(
        updated,
        Project {
            definition: changed.clone(),
            version: 2,
            ..kept.clone()
        }
    );
    assert_error(
        in_transaction!(test, |tx| tx.update_project(kept.id, 1, &changed)),
        "Missing",
    );
    let unknown = ProjectId::generate(&environment);
    assert_error(
        in_transaction!(test, |tx| tx.update_project(unknown, 1, &changed)),
        "Missing",
    );
    let mut tx = test.store.read().await.unwrap();
    assert_eq!(tx.project_by_name("beleg").await.unwrap(), Some(updated));
    assert_eq!(tx.project_by_name("receipts").await.unwrap(), None);
}

/// Pages follow each other without gap or overlap, and the last one says so.
pub async fn pages_through_projects(test: &TestStore) {
    let environment = SteppingEnvironment::new(0);
    let mut ids = Vec::new();
    for number in 0..5 {
        let kept = project(&environment, &format!("project-{number}"));
        ids.push(kept.id);
        in_transaction!(test, |tx| tx.insert_project(&kept)).unwrap();
    }
    let mut tx = test.store.read().await.unwrap();
    let first = tx.list_projects(PageRequest::first(2)).await.unwrap();
    assert_eq!(first.rows.iter().map(|row| row.id).collect::<Vec<_>>(), ids[..2]);
    assert_eq!(first.next, Some(ids[1].as_uuid()));
    let second = tx
        .list_projects(PageRequest::first(3).after(ids[1].as_uuid()))
        .await
        .unwrap();
    assert_eq!(second.rows.iter().map(|row| row.id).collect::<Vec<_>>(), ids[2..]);
    assert_eq!(second.next, None);
}
