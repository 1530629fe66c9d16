//! Whatever happens to the program or the provider while a batch is on its way: each answer is paid once.

use serde_json::{Value, json};

use super::{
    COST, address, answers, finished, hold, letters, open, open_with, scripted_model, spent, start, wait_until,
};
use crate::database::DatabaseKind;
use crate::scripted::batches::Hold;

crate::on_both_databases!(
    each_answer_is_paid_once_wherever_the_program_is_killed,
    a_provider_in_trouble_is_waited_for_and_paid_once,
    processes_side_by_side_make_good_for_one_that_is_killed,
);

/// The program is killed when the file is up, when the batch is created and nobody knows it yet, and in the middle of the
/// answers: what was paid is found again.
async fn each_answer_is_paid_once_wherever_the_program_is_killed(kind: DatabaseKind) {
    // Of the last batch half of the answers come: more than are settled in one transaction.
    const PLACES: [(Hold, usize); 3] = [
        (Hold::BeforeCreation, 12),
        (Hold::AfterCreation, 12),
        (Hold::InAnswers, 430),
    ];
    let model = scripted_model().await;
    let (mut house, admin) = open(kind, &model, &[]).await;
    for (seed, (place, items)) in (1_i64..).zip(PLACES) {
        let project = format!("killed-{seed}");
        hold(&admin, &project, seed, &letters(items)).await;
        model.batches().hold(place);
        let held = model.batches().held();
        let run = start(&admin, &project, true).await;
        wait_until("held", || model.batches().held() > held).await;
        if place == Hold::InAnswers {
            let are_some = |report: &Value| report["batches"][0]["answered"] == 200;
            let report = admin.wait_for(&address(&run), "partly settled", are_some).await;
            assert_eq!(report["batches"][0]["state"], "ended", "{report}");
        }
        house.kill_server().await;
        house.start_server().await;
        let report = finished(&admin, &run).await;
        assert_eq!(report["batches"].as_array().unwrap().len(), 1, "{report}");
        let kept = i64::try_from(items).unwrap();
        assert_eq!(
            spent(&admin, &project).await,
            (kept, 0, items as u64 * COST / 2),
            "{place:?}"
        );
        assert_eq!(answers(&admin, &project).await.len(), items);
    }
    assert_eq!(model.batches().statuses(), ["completed"; 3], "one batch for each run");
    let counts = model.counts();
    assert_eq!(counts.len(), PLACES.iter().map(|(_, items)| items).sum::<usize>());
    for (question, counts) in counts {
        assert_eq!(counts.answers, 1, "{question:?}");
    }
}

/// A provider whose batches are out of order, or that does not say that it created one, holds up nobody else, and nothing
/// is paid twice.
async fn a_provider_in_trouble_is_waited_for_and_paid_once(kind: DatabaseKind) {
    let model = scripted_model().await;
    let (_house, admin) = open(kind, &model, &[("TIMEOUT_SECONDS", "3")]).await;
    model.batches().refuse(4, 503);
    model.batches().hold(Hold::AfterCreation);
    hold(&admin, "work", 1, &letters(6)).await;
    hold(&admin, "other", 2, &letters(6)).await;
    let run = start(&admin, "work", true).await;
    let noted = |report: &Value| {
        report["batches"][0]["note"]
            .as_str()
            .is_some_and(|note| note.contains("503"))
    };
    let waiting = admin.wait_for(&address(&run), "in trouble", noted).await;
    assert_eq!(waiting["tasks"]["set_aside"], 0, "{waiting}");
    let other = start(&admin, "other", false).await;
    finished(&admin, &other).await;
    wait_until("held", || model.batches().held() == 1).await;
    // Whatever is said of the list: as long as the batch may be there, nothing is given up.
    model.batches().refuse(2, 404);
    let report = finished(&admin, &run).await;
    assert_eq!(model.batches().statuses(), ["completed"], "it was found again");
    assert_eq!(
        (spent(&admin, "work").await, &report["tasks"]["retries"]),
        ((6, 0, 6 * COST / 2), &json!(0))
    );
    assert!(model.counts().values().all(|counts| counts.answers == 1));
}

/// Of processes that work side by side one is killed while it creates a batch: the others go on with it, and whatever the
/// command that started the run waits for comes.
async fn processes_side_by_side_make_good_for_one_that_is_killed(kind: DatabaseKind) {
    const ITEMS: usize = 40;
    let model = scripted_model().await;
    let settings = [("TIMEOUT_SECONDS", "4"), ("BATCH__MAXIMUM_REQUESTS", "15")];
    let (house, admin) = open_with(kind, &model, &settings, &["--no-workers"]).await;
    hold(&admin, "work", 1, &letters(ITEMS)).await;
    model.batches().hold(Hold::AfterCreation);
    let mut workers: Vec<_> = (0..3)
        .map(|number| house.surroundings.start(&format!("work-{number}"), &["work"]))
        .collect();
    let arguments = ["run", "start", "--project", "work", "--batch", "--wait", "--json"];
    let started = house.surroundings.run(&arguments);
    let killed = async {
        wait_until("held", || model.batches().held() == 1).await;
        workers.remove(0).kill().await;
    };
    let (printed, ()) = tokio::join!(started, killed);
    let report: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(
        (&report["state"], &report["tasks"]["done"]),
        (&json!("finished"), &json!(ITEMS * 2)),
        "{report}"
    );
    let batches = report["batches"].as_array().unwrap().len();
    assert_eq!(
        model.batches().statuses(),
        vec!["completed"; batches],
        "each was created once"
    );
    let kept = i64::try_from(ITEMS).unwrap();
    assert_eq!(spent(&admin, "work").await, (kept, 0, ITEMS as u64 * COST / 2));
    assert!(model.counts().values().all(|counts| counts.answers == 1));
}
