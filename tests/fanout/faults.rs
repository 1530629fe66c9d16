//! The whole way with a fifth of all calls going wrong and a worker that is killed again and again: nothing is lost, nothing is
//! doubled, repetitions keep to their budget, and what was spent is told to the last digit.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Arguments;
use crate::client::{Client, open_tasks};
use crate::database::DatabaseKind;
use crate::house::House;
use crate::model::{Model, Summary, Totals};
use crate::report::{Verdicts, heading};
use crate::whole::{
    ANNOTATORS, COST, annotations, dead_tasks, definition, import, open, progress, start_worker, thousandths_of,
};

/// Calls in a hundred that go wrong.
const FAULT_PERCENT: u64 = 20;

/// How long a worker lives.
const LIFE: Duration = Duration::from_secs(10);

/// Between two looks.
const LOOK: Duration = Duration::from_millis(500);

/// Repeated calls that are allowed in a minute, however few calls there are; else one call in ten.
const RETRIES_PER_MINUTE: usize = 1000;

/// Calls for each repetition that is allowed.
const CALLS_PER_RETRY: usize = 10;

/// Fields of the project.
const FIELDS: usize = 2;

/// When a run has failed.
const PATIENCE: Duration = Duration::from_secs(1800);

/// What one worker did before it was killed.
struct Life {
    totals: Totals,
    lasted: Duration,
}

impl Life {
    /// The most repetitions that its budget allowed it.
    fn most_repeated(&self) -> usize {
        let minutes = usize::try_from(self.lasted.as_secs()).unwrap().div_ceil(60).max(1);
        (RETRIES_PER_MINUTE * minutes).max(self.totals.calls / CALLS_PER_RETRY)
    }
}

pub(crate) async fn measure(kind: DatabaseKind, arguments: &Arguments, verdicts: &mut Verdicts) {
    let in_flight = *arguments.in_flight.last().expect("one number at least");
    let items = arguments.faulty_calls.div_ceil(ANNOTATORS);
    let mut model = Model::start(FAULT_PERCENT, arguments.latency()).await;
    let retries = RETRIES_PER_MINUTE.to_string();
    let house = open(kind, &model, in_flight, &[("RETRIES_PER_MINUTE", &retries)]).await;
    let admin = house.administrator().await;
    admin.post("/api/v1/projects", &definition()).await.expect(201);
    import(&admin, items).await;
    let started = Instant::now();
    let lives = live_and_die(&house, &admin, &mut model).await;
    let outcome = Outcome {
        items,
        elapsed: started.elapsed(),
        lives,
        progress: progress(&admin).await,
        spending: admin.get("/api/v1/projects/letters/spending").await.expect(200),
        summary: model.summary().await,
    };
    outcome.report(kind, in_flight, &admin, verdicts).await;
}

/// Workers live one after the other until nothing is left to do.
async fn live_and_die(house: &House, admin: &Client, model: &mut Model) -> Vec<Life> {
    let mut lives = Vec::new();
    let started = Instant::now();
    loop {
        model.begin().await;
        let (worker, born) = (start_worker(house), Instant::now());
        let is_done = loop {
            tokio::time::sleep(LOOK).await;
            if open_tasks(&progress(admin).await) == 0 {
                break true;
            }
            if born.elapsed() >= LIFE {
                break false;
            }
        };
        if is_done {
            assert!(worker.terminate().await.success());
        } else {
            worker.kill().await;
        }
        lives.push(Life {
            totals: model.totals().await,
            lasted: born.elapsed(),
        });
        if is_done {
            return lives;
        }
        assert!(started.elapsed() < PATIENCE, "not done in {:?}", started.elapsed());
    }
}

struct Outcome {
    items: usize,
    elapsed: Duration,
    lives: Vec<Life>,
    progress: Value,
    spending: Value,
    summary: Summary,
}

impl Outcome {
    fn sum(&self, key: &str) -> usize {
        let days = self.spending["days"].as_array().unwrap().iter();
        let sum: i64 = days.map(|day| day[key].as_i64().unwrap()).sum();
        usize::try_from(sum).unwrap()
    }

    fn cost(&self) -> u64 {
        let days = self.spending["days"].as_array().unwrap().iter();
        days.map(|day| thousandths_of(day["cost"].as_str().unwrap())).sum()
    }

    async fn report(&self, kind: DatabaseKind, in_flight: usize, admin: &Client, verdicts: &mut Verdicts) {
        let calls: usize = self.lives.iter().map(|life| life.totals.calls).sum();
        let repeated: usize = self.lives.iter().map(|life| life.totals.repeated).sum();
        let wanted = self.items * ANNOTATORS;
        heading(&format!(
            "Faults and kills ({kind:?}): {wanted} questions, {in_flight} calls in flight, {FAULT_PERCENT} % of calls go wrong, \
             a worker lives {} s",
            LIFE.as_secs()
        ));
        println!(
            "{calls} calls in {:.1} s, {} workers killed; faults: {}",
            self.elapsed.as_secs_f64(),
            self.lives.len() - 1,
            self.faults()
        );
        self.judge_results(kind, admin, verdicts).await;
        self.judge_retries(kind, calls, repeated, verdicts);
    }

    fn faults(&self) -> String {
        let faults = self.summary.faults.iter();
        let words: Vec<String> = faults.map(|(name, count)| format!("{count} {name}")).collect();
        words.join(", ")
    }

    async fn judge_results(&self, kind: DatabaseKind, admin: &Client, verdicts: &mut Verdicts) {
        let wanted = self.items * ANNOTATORS;
        let kept = annotations(admin).await;
        let (rows, doubled_rows) = consensus(admin).await;
        let dead = dead_tasks(&self.progress);
        println!(
            "{} annotations, {} of them failed for a malformed answer, {dead} tasks given up; {rows} values decided",
            kept.tasks, kept.failed
        );
        verdicts.must(
            &format!("{kind:?}: 0 results lost"),
            format!(
                "{} annotations and {} values lost",
                wanted - kept.tasks,
                self.items * FIELDS - rows
            ),
            kept.tasks == wanted && rows == self.items * FIELDS && dead == 0,
        );
        verdicts.must(
            &format!("{kind:?}: 0 results doubled"),
            format!("{} annotations and {doubled_rows} values doubled", kept.doubled),
            kept.doubled == 0 && doubled_rows == 0,
        );
        let (kept_calls, lost_calls) = (self.sum("kept_calls"), self.sum("lost_calls"));
        let in_vain = self.summary.answers - kept_calls;
        println!(
            "Accord reports {} of {kept_calls} calls and {lost_calls} lost calls; the server gave {} answers for {}: {in_vain} \
             answers went down with their worker",
            dollars(self.cost()),
            self.summary.answers,
            dollars(self.summary.answers as u64 * COST),
        );
        verdicts.must(
            &format!("{kind:?}: spending is told to the cent"),
            format!(
                "{} reported, {} in annotations, {} by the server of what was kept",
                dollars(self.cost()),
                dollars(kept.cost),
                dollars(kept_calls as u64 * COST)
            ),
            kept_calls == wanted
                && self.cost() == wanted as u64 * COST
                && kept.cost == self.cost()
                && self.spending["calls_under_way"] == json!(0),
        );
        verdicts.must(
            &format!("{kind:?}: what was paid in vain was in flight at a kill"),
            format!("{in_vain} answers, {lost_calls} calls reported as lost"),
            in_vain <= lost_calls,
        );
    }

    fn judge_retries(&self, kind: DatabaseKind, calls: usize, repeated: usize, verdicts: &mut Verdicts) {
        let exceeding = self
            .lives
            .iter()
            .filter(|life| life.totals.repeated > life.most_repeated());
        verdicts.must(
            &format!("{kind:?}: retries within budget"),
            format!(
                "{repeated} of {calls} calls, {:.1} %; {} of {} workers exceeded a tenth or {RETRIES_PER_MINUTE} a minute",
                repeated as f64 * 100.0 / calls as f64,
                exceeding.count(),
                self.lives.len()
            ),
            self.lives.iter().all(|life| life.totals.repeated <= life.most_repeated()),
        );
    }
}

/// How many present values there are, and how many beside them for the same item and field.
async fn consensus(admin: &Client) -> (usize, usize) {
    let rows = admin.rows("/api/v1/projects/letters/consensus").await;
    let places: BTreeSet<(&str, &str)> = rows
        .iter()
        .map(|row| (row["item_id"].as_str().unwrap(), row["field"].as_str().unwrap()))
        .collect();
    (places.len(), rows.len() - places.len())
}

/// Thousandths of a cent as dollars.
fn dollars(thousandths: u64) -> String {
    format!("{}.{:05} USD", thousandths / 100_000, thousandths % 100_000)
}
