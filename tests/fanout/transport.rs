//! The transport layer: calls in flight at the limit, without a store.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::Arguments;
use crate::model::Model;
use crate::process::used;
use crate::report::{Run, Verdicts, print_runs};
use crate::work::{Watch, calls_of_run};

pub(crate) async fn measure(arguments: &Arguments, verdicts: &mut Verdicts) {
    let mut runs = Vec::new();
    for in_flight in &arguments.in_flight {
        let calls = calls_of_run(arguments, *in_flight);
        runs.push(run(*in_flight, calls, arguments.latency()).await);
    }
    print_runs("Transport: calls are admitted, sent and read, without a store", &runs);
    verdicts.judge_runs("transport", &runs);
}

async fn run(in_flight: usize, calls: usize, latency: Duration) -> Run {
    let mut model = Model::start(0, latency).await;
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["callers", "--base-url", &model.base_url])
        .args(["--in-flight", &in_flight.to_string(), "--calls", &calls.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let id = child.id().expect("the callers run");
    let mut watch = Watch::new(calls, latency);
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    let done = output.next_line();
    tokio::pin!(done);
    loop {
        tokio::select! {
            line = &mut done => {
                assert_eq!(line.unwrap().as_deref(), Some("done"), "the callers failed");
                break;
            }
            () = watch.pause() => {
                watch.look(id, model.totals().await.calls);
            }
        }
    }
    let used = used(id).expect("the callers wait to be looked at");
    let totals = model.totals().await;
    let summary = model.summary().await;
    assert_eq!(
        (totals.calls, summary.answers),
        (calls, calls),
        "each question is answered once"
    );
    child.kill().await.unwrap();
    watch.end(in_flight, &totals, used, model.used())
}
