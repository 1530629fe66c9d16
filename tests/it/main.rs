//! The program from outside: real processes, real HTTP, both databases.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod access;
mod batches;
mod client;
mod commands;
mod database;
mod documents;
mod extractions;
mod hedging;
mod house;
mod images;
mod judging;
mod killing;
mod language_models;
mod many_people;
mod paying;
mod program;
mod prompts;
mod receipts;
mod ruled_runs;
mod runs;
mod scripted;
mod stopping;

/// Makes a test of each scenario for each database.
macro_rules! on_both_databases {
    ($($scenario:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $scenario() {
                    super::$scenario($crate::database::DatabaseKind::Sqlite).await;
                }
            )+
        }
        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $scenario() {
                    super::$scenario($crate::database::DatabaseKind::Postgres).await;
                }
            )+
        }
    };
}

pub(crate) use on_both_databases;
