//! The scripted server as a process of its own: what it does, what it is asked, and what it counts.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::process::{Used, used};
use crate::scripted::action::{Action, answer, says, status};
use crate::scripted::{Call, Counts, Question, ScriptedModel};

/// How late a slow answer is.
const SLOW: Duration = Duration::from_secs(1);

/// How the server behaves.
#[derive(Debug, clap::Args)]
pub(crate) struct ModelArguments {
    /// Calls in a hundred that go wrong.
    #[arg(long)]
    fault_percent: u64,
    /// Milliseconds until it answers.
    #[arg(long)]
    latency: u64,
}

/// What it counted. Calls belong to the worker that was the newest when they came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Totals {
    /// Calls of this worker.
    pub(crate) calls: usize,
    /// Of these, questions that were asked before.
    pub(crate) repeated: usize,
    /// Calls of all workers.
    pub(crate) all_calls: usize,
    /// From the first call of this worker to the last one, in microseconds.
    pub(crate) microseconds: u64,
}

/// What it counted of each question, summed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Summary {
    /// Questions that differ.
    pub(crate) questions: usize,
    /// Whole answers, for which a provider takes money.
    pub(crate) answers: usize,
    /// Questions that were answered more than once.
    pub(crate) answered_again: usize,
    /// Questions that were never answered.
    pub(crate) unanswered: usize,
    /// Faults by kind.
    pub(crate) faults: BTreeMap<String, usize>,
}

/// What can go wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Busy,
    Broken,
    Cut,
    Slow,
    Malformed,
}

/// All of them, equally often.
const FAULTS: [(Fault, &str); 5] = [
    (Fault::Busy, "429"),
    (Fault::Broken, "500"),
    (Fault::Cut, "cut"),
    (Fault::Slow, "slow"),
    (Fault::Malformed, "malformed"),
];

#[derive(Debug)]
struct Counters {
    started: Instant,
    all_calls: AtomicUsize,
    calls: AtomicUsize,
    repeated: AtomicUsize,
    first: AtomicU64,
    last: AtomicU64,
    faults: [AtomicUsize; FAULTS.len()],
}

impl Counters {
    fn new() -> Self {
        Self {
            started: Instant::now(),
            all_calls: AtomicUsize::new(0),
            calls: AtomicUsize::new(0),
            repeated: AtomicUsize::new(0),
            first: AtomicU64::new(u64::MAX),
            last: AtomicU64::new(0),
            faults: Default::default(),
        }
    }

    fn count(&self, call: &Call<'_>) {
        let now = u64::try_from(self.started.elapsed().as_micros()).unwrap();
        self.first.fetch_min(now, Ordering::Relaxed);
        self.last.fetch_max(now, Ordering::Relaxed);
        self.all_calls.fetch_add(1, Ordering::Relaxed);
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.repeated
            .fetch_add(usize::from(call.attempt > 1), Ordering::Relaxed);
    }

    fn totals(&self) -> Totals {
        let (first, last) = (self.first.load(Ordering::Relaxed), self.last.load(Ordering::Relaxed));
        Totals {
            calls: self.calls.load(Ordering::Relaxed),
            repeated: self.repeated.load(Ordering::Relaxed),
            all_calls: self.all_calls.load(Ordering::Relaxed),
            microseconds: last.saturating_sub(first),
        }
    }

    /// Counts for another worker from now on.
    fn begin(&self) {
        self.calls.store(0, Ordering::Relaxed);
        self.repeated.store(0, Ordering::Relaxed);
        self.first.store(u64::MAX, Ordering::Relaxed);
        self.last.store(0, Ordering::Relaxed);
    }

    fn summary(&self, counts: &BTreeMap<Question, Counts>) -> Summary {
        let with_answers = |wanted: fn(usize) -> bool| counts.values().filter(|counts| wanted(counts.answers)).count();
        let faults = FAULTS.iter().zip(&self.faults);
        Summary {
            questions: counts.len(),
            answers: counts.values().map(|counts| counts.answers).sum(),
            answered_again: with_answers(|answers| answers > 1),
            unanswered: with_answers(|answers| answers == 0),
            faults: faults
                .map(|((_, name), count)| ((*name).to_owned(), count.load(Ordering::Relaxed)))
                .collect(),
        }
    }
}

/// Serves until its standard input ends.
pub(crate) async fn run(arguments: &ModelArguments) {
    let counters = Arc::new(Counters::new());
    let (own, percent) = (Arc::clone(&counters), arguments.fault_percent);
    let model = ScriptedModel::start(Duration::from_millis(arguments.latency), move |call| {
        own.count(call);
        let Some(position) = fault_of(call, percent) else {
            return good();
        };
        own.faults[position].fetch_add(1, Ordering::Relaxed);
        act(FAULTS[position].0)
    })
    .await;
    println!("{}", model.base_url);
    let answer_all = move || {
        std::io::stdin()
            .lines()
            .for_each(|line| answer_to(&line.unwrap(), &counters, &model))
    };
    tokio::task::spawn_blocking(answer_all).await.unwrap();
}

/// Answers one line of what is asked.
fn answer_to(question: &str, counters: &Counters, model: &ScriptedModel) {
    match question {
        "totals" => println!("{}", json!(counters.totals())),
        "summary" => println!("{}", json!(counters.summary(&model.counts()))),
        "begin" => {
            counters.begin();
            println!("{}", json!(counters.totals()));
        }
        other => panic!("`{other}` is nothing that can be asked"),
    }
}

/// What goes wrong with this call, if anything; the same in every run.
fn fault_of(call: &Call<'_>, percent: u64) -> Option<usize> {
    let mut hash = DefaultHasher::new();
    (call.text, call.body["seed"].as_i64(), call.attempt).hash(&mut hash);
    let chance = hash.finish();
    (chance % 100 < percent).then(|| usize::try_from(chance / 100 % FAULTS.len() as u64).unwrap())
}

fn good() -> Action {
    answer(&json!({ "label": "praise", "amount": 12 }))
}

fn act(fault: Fault) -> Action {
    match fault {
        Fault::Busy => status(429, "slow down"),
        Fault::Broken => status(500, "out of order"),
        Fault::Cut => Action::Cut,
        Fault::Slow => Action::Late(SLOW, Box::new(good())),
        Fault::Malformed => says("{\"label\": \"praise\", \"amount\":", "stop"),
    }
}

/// The server, seen from the process that started it; it ends when this value goes.
pub(crate) struct Model {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    pub(crate) base_url: String,
}

impl Model {
    pub(crate) async fn start(fault_percent: u64, latency: Duration) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["model", "--fault-percent", &fault_percent.to_string()])
            .args(["--latency", &latency.as_millis().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let base_url = output.next_line().await.unwrap().expect("the server tells its address");
        Self {
            child,
            input,
            output,
            base_url,
        }
    }

    async fn ask<T: for<'a> Deserialize<'a>>(&mut self, what: &str) -> T {
        self.input.write_all(format!("{what}\n").as_bytes()).await.unwrap();
        let line = self.output.next_line().await.unwrap().expect("the server runs");
        serde_json::from_str(&line).unwrap()
    }

    pub(crate) async fn totals(&mut self) -> Totals {
        self.ask("totals").await
    }

    pub(crate) async fn summary(&mut self) -> Summary {
        self.ask("summary").await
    }

    /// Counts for another worker from now on.
    pub(crate) async fn begin(&mut self) {
        let _: Totals = self.ask("begin").await;
    }

    pub(crate) fn used(&self) -> Used {
        used(self.child.id().expect("the server runs")).expect("the server runs")
    }
}
