//! Killing a process that writes.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use accord_domain::Project;
use accord_store::conformance::fixture::{SteppingEnvironment, definition, item};
use accord_store::{ItemFilter, PageRequest, Store, flow};

use super::open_file;

const FILE: &str = "ACCORD_TEST_CRASH_FILE";
const WRITER: &str = "ACCORD_TEST_CRASH_WRITER";

/// Two processes write into one database and are killed in the middle of it, again and again. What they were told is
/// committed is there, no transaction is there by half, and the database goes on working.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_processes_lose_nothing_that_was_committed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accord.sqlite");
    let store = open_file(&path).await;
    store.migrate().await.unwrap();
    let mut tx = store.write().await.unwrap();
    let environment = SteppingEnvironment::new(0);
    let project = flow::create_project(tx.as_mut(), &environment, definition("receipts", 1))
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let mut committed = Vec::new();
    for round in 0..3 {
        let mut writers: Vec<Child> = (0..2)
            .map(|number| start_writer(&path, &format!("{round}-{number}")))
            .collect();
        for (number, writer) in writers.iter_mut().enumerate() {
            let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
            // The number of lines differs, so that processes die at different points.
            let names = lines.by_ref().map_while(Result::ok);
            committed.extend(
                names
                    .filter_map(|line| line.rsplit_once("committed ").map(|(_, name)| name.to_owned()))
                    .take(20 + 7 * round + 13 * number),
            );
            writer.kill().unwrap();
            writer.wait().unwrap();
        }
    }

    assert!(committed.len() >= 150, "only {} were committed", committed.len());
    check_all(&store, &project, &committed).await;
    let mut tx = store.write().await.unwrap();
    let another = item(&environment, project.id, "after");
    tx.insert_items(&[another]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn check_all(store: &impl Store, project: &Project, committed: &[String]) {
    let mut tx = store.read().await.unwrap();
    for name in committed {
        for half in ["left", "right"] {
            let external_id = format!("{name}-{half}");
            let found = tx.item_by_external_id(project.id, &external_id).await.unwrap();
            assert!(found.is_some(), "{external_id} was committed and is not there");
        }
    }
    let mut request = PageRequest::first(1000);
    loop {
        let page = tx
            .list_items(project.id, &ItemFilter::default(), request)
            .await
            .unwrap();
        for one in &page.rows {
            let (name, half) = one.external_id.rsplit_once('-').unwrap();
            let other = if half == "left" { "right" } else { "left" };
            let other = format!("{name}-{other}");
            let found = tx.item_by_external_id(project.id, &other).await.unwrap();
            assert!(found.is_some(), "{} is there without {other}", one.external_id);
        }
        match page.next {
            Some(last) => request = request.after(last),
            None => return,
        }
    }
}

fn start_writer(path: &PathBuf, name: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "crash::write_until_killed", "--nocapture"])
        .env(FILE, path)
        .env(WRITER, name)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The process that is killed: writes two items a transaction and says when they are committed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started and killed by the test above"]
#[expect(clippy::print_stdout, reason = "how it tells the test what is committed")]
async fn write_until_killed() {
    let (Some(path), Ok(writer)) = (std::env::var_os(FILE), std::env::var(WRITER)) else {
        return;
    };
    let store = open_file(&PathBuf::from(path)).await;
    let mut tx = store.read().await.unwrap();
    let project = tx.project_by_name("receipts").await.unwrap().unwrap();
    drop(tx);
    let environment = accord_store::SystemEnvironment;
    for number in 0.. {
        let name = format!("{writer}-{number}");
        let mut tx = store.write().await.unwrap();
        for half in ["left", "right"] {
            let one = item(&environment, project.id, &format!("{name}-{half}"));
            tx.insert_items(&[one]).await.unwrap();
        }
        tx.commit().await.unwrap();
        println!("committed {name}");
    }
}
