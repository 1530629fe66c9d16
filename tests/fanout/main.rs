//! Fan-out at the limit: how near the calls under way come to what latency and concurrency allow, what a call costs in
//! processor time and memory, and what becomes of calls when the provider errs and workers are killed.
//!
//! Three processes of their own take part: a scripted server of models (this program, as `model`), those who call
//! (this program, as `callers`, for the transport alone; the program itself, as `accord work`, for the whole way) and this
//! one, which starts them and reads from the system what they used.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark prints and ends by panicking"
)]

mod callers;
mod faults;
mod model;
mod process;
mod report;
mod transport;
mod whole;
mod work;

#[path = "../it/client.rs"]
#[expect(dead_code, reason = "shared with the tests, which use more of it")]
mod client;
#[path = "../it/database.rs"]
mod database;
#[path = "../it/house.rs"]
#[expect(dead_code, reason = "shared with the tests, which use more of it")]
mod house;
#[path = "../it/program.rs"]
mod program;
#[path = "../it/scripted/mod.rs"]
#[expect(dead_code, reason = "shared with the tests, which use more of it")]
mod scripted;

use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

use crate::database::DatabaseKind;
use crate::report::Verdicts;

/// Callers and server use the allocator that the program uses.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures the fan-out of calls to models and says of each promise whether it is kept.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    /// Calls of the longest runs.
    #[arg(long, default_value_t = 100_000)]
    calls: usize,
    /// Calls in flight, one run for each; the last one makes the longest run.
    #[arg(long, value_delimiter = ',', default_values_t = [64, 128, 256, 512])]
    in_flight: Vec<usize>,
    /// How long the scripted server thinks about each call, in milliseconds.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=60_000))]
    latency: u64,
    /// What to measure; all of it when left out.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Layer>,
    /// On which databases; PostgreSQL needs ACCORD_TEST_POSTGRES_URL.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [On::Sqlite])]
    database: Vec<On>,
    /// Calls of the run with faults.
    #[arg(long, default_value_t = 100_000)]
    faulty_calls: usize,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// The scripted server, told what to do on its standard input.
    #[command(hide = true)]
    Model(model::ModelArguments),
    /// Callers without a store.
    #[command(hide = true)]
    Callers(callers::CallersArguments),
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Layer {
    /// Admission, sending and reading of calls, without a store.
    Transport,
    /// From the queue through the call to the decision, all of it kept.
    Whole,
    /// The whole way with faults and kills.
    Faults,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum On {
    Sqlite,
    Postgres,
}

impl std::fmt::Display for On {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.to_possible_value().expect("no value is hidden").get_name())
    }
}

impl On {
    const fn kind(self) -> DatabaseKind {
        match self {
            Self::Sqlite => DatabaseKind::Sqlite,
            Self::Postgres => DatabaseKind::Postgres,
        }
    }
}

impl Arguments {
    const fn latency(&self) -> Duration {
        Duration::from_millis(self.latency)
    }

    fn measures(&self, layer: Layer) -> bool {
        self.only.is_empty() || self.only.contains(&layer)
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.part {
        Some(Part::Model(ref part)) => model::run(part).await,
        Some(Part::Callers(ref part)) => callers::run(part).await,
        None => return measure(&arguments).await,
    }
    ExitCode::SUCCESS
}

async fn measure(arguments: &Arguments) -> ExitCode {
    report::surroundings(arguments.latency());
    let mut verdicts = Verdicts::default();
    if arguments.measures(Layer::Transport) {
        transport::measure(arguments, &mut verdicts).await;
    }
    for on in &arguments.database {
        if arguments.measures(Layer::Whole) {
            whole::measure(on.kind(), arguments, &mut verdicts).await;
        }
        if arguments.measures(Layer::Faults) {
            faults::measure(on.kind(), arguments, &mut verdicts).await;
        }
    }
    verdicts.print()
}
