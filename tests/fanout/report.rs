//! What is printed: tables of runs, and of each promise whether it is kept.

use std::process::ExitCode;
use std::time::Duration;

use comfy_table::modifiers::UTF8_ROUND_CORNERS;
use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{CellAlignment, Table};

use crate::process::Used;

/// The share of the ideal throughput that is promised, in percent.
const PROMISED_SHARE: f64 = 95.0;

/// Processor time of a call that is promised, in milliseconds.
const PROMISED_MILLISECONDS: f64 = 0.5;

/// How much more memory than at a tenth of the calls still counts as flat.
const FLAT: f64 = 1.10;

/// One run without faults.
pub(crate) struct Run {
    /// Calls that may be in flight.
    pub(crate) in_flight: usize,
    /// How long the server thinks about each.
    pub(crate) latency: Duration,
    pub(crate) calls: usize,
    /// From the first call to the last one.
    pub(crate) elapsed: Duration,
    /// Those who call.
    pub(crate) callers: Used,
    /// The scripted server.
    pub(crate) model: Used,
    /// What the callers held of the memory after so many calls.
    pub(crate) resident: Vec<(usize, u64)>,
    /// How long after the last call everything was scored, where anything is.
    pub(crate) scored_after: Option<Duration>,
}

impl Run {
    /// Calls in a second if nothing took time but the server's thinking.
    fn ideal(&self) -> f64 {
        self.in_flight as f64 / self.latency.as_secs_f64()
    }

    fn reached(&self) -> f64 {
        self.calls as f64 / self.elapsed.as_secs_f64()
    }

    fn share_percent(&self) -> f64 {
        self.reached() * 100.0 / self.ideal()
    }

    fn milliseconds_per_call(&self, used: Used) -> f64 {
        used.processor.as_secs_f64() * 1000.0 / self.calls as f64
    }

    /// How much of the machine's processors callers and server kept busy, in percent.
    fn busy_percent(&self) -> f64 {
        let used = self.callers.processor + self.model.processor;
        let elapsed = self.elapsed + self.scored_after.unwrap_or_default();
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        used.as_secs_f64() * 100.0 / elapsed.as_secs_f64() / processors as f64
    }

    /// Memory at the end in proportion to that after a tenth of the calls.
    fn growth(&self) -> Option<f64> {
        let (_, first) = self.resident.first()?;
        let (_, last) = self.resident.last()?;
        Some(*last as f64 / *first as f64)
    }

    fn cells(&self) -> Vec<String> {
        let resident = self.resident.iter();
        let resident: Vec<String> = resident.map(|(_, bytes)| mebibytes(*bytes)).collect();
        vec![
            self.in_flight.to_string(),
            self.calls.to_string(),
            format!("{:.0}", self.ideal()),
            format!("{:.0}", self.reached()),
            format!("{:.1} %", self.share_percent()),
            format!("{:.3}", self.milliseconds_per_call(self.callers)),
            format!("{:.3}", self.milliseconds_per_call(self.model)),
            format!("{:.0} %", self.busy_percent()),
            resident.join(" / "),
            mebibytes(self.callers.peak),
            self.scored_after
                .map_or_else(|| "–".to_owned(), |after| format!("{:.1} s", after.as_secs_f64())),
        ]
    }
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.0}", bytes as f64 / f64::from(1 << 20))
}

/// Where the figures come from.
pub(crate) fn surroundings(latency: Duration) {
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<&str> = load.split_whitespace().take(3).collect();
    println!(
        "{processors} processors for callers, scripted server and database together; load before the start: {}; a server that \
         thinks {} ms",
        load.join(" "),
        latency.as_millis()
    );
}

pub(crate) fn heading(text: &str) {
    println!("\n{text}");
}

pub(crate) fn print_runs(title: &str, runs: &[Run]) {
    heading(title);
    let mut table = Table::new();
    table
        .load_preset(UTF8_BORDERS_ONLY)
        .apply_modifier(UTF8_ROUND_CORNERS)
        .set_header([
            "in flight",
            "calls",
            "ideal/s",
            "reached/s",
            "share",
            "CPU ms/call",
            "server's",
            "busy",
            "MiB at 10/50/100 %",
            "peak",
            "scored",
        ]);
    for run in runs {
        table.add_row(run.cells());
    }
    for column in table.column_iter_mut() {
        column.set_cell_alignment(CellAlignment::Right);
    }
    println!("{table}");
}

/// A promise and what was found.
struct Verdict {
    promise: String,
    found: String,
    kept: bool,
    /// Whether it has to hold on any machine.
    everywhere: bool,
}

/// Of each promise whether it is kept.
#[derive(Default)]
pub(crate) struct Verdicts {
    verdicts: Vec<Verdict>,
}

impl Verdicts {
    /// A promise that has to hold on any machine.
    pub(crate) fn must(&mut self, promise: &str, found: String, kept: bool) {
        self.add(promise, found, kept, true);
    }

    fn add(&mut self, promise: &str, found: String, kept: bool, everywhere: bool) {
        self.verdicts.push(Verdict {
            promise: promise.to_owned(),
            found,
            kept,
            everywhere,
        });
    }

    /// Judges the speed, cost and memory of the run with the most calls in flight.
    pub(crate) fn judge_runs(&mut self, layer: &str, runs: &[Run]) {
        let Some(run) = runs.last() else { return };
        self.add(
            &format!(
                "{layer}: {PROMISED_SHARE} % of the ideal throughput with {} in flight",
                run.in_flight
            ),
            format!(
                "{:.1} %, processors {:.0} % busy",
                run.share_percent(),
                run.busy_percent()
            ),
            run.share_percent() >= PROMISED_SHARE,
            false,
        );
        let milliseconds = run.milliseconds_per_call(run.callers);
        self.add(
            &format!("{layer}: less than {PROMISED_MILLISECONDS} ms of processor time a call"),
            format!("{milliseconds:.3} ms"),
            milliseconds < PROMISED_MILLISECONDS,
            false,
        );
        if let Some(growth) = run.growth() {
            self.add(
                &format!("{layer}: memory flat over {} calls", run.calls),
                format!("{:+.1} % from a tenth of the calls to all", (growth - 1.0) * 100.0),
                growth <= FLAT,
                false,
            );
        }
    }

    /// Prints them; fails when one is broken that has to hold on any machine.
    pub(crate) fn print(&self) -> ExitCode {
        heading("Promises");
        let mut table = Table::new();
        table
            .load_preset(UTF8_BORDERS_ONLY)
            .apply_modifier(UTF8_ROUND_CORNERS)
            .set_header(["promise", "found", "kept"]);
        for verdict in &self.verdicts {
            let kept = if verdict.kept { "yes" } else { "no" };
            table.add_row([verdict.promise.as_str(), verdict.found.as_str(), kept]);
        }
        println!("{table}");
        if self.verdicts.iter().all(|verdict| verdict.kept || !verdict.everywhere) {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}
