#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]
//! Accord's store on PostgreSQL 15 and later.
//!
//! Write transactions are READ COMMITTED and lock the rows that they decide about; read transactions are one snapshot.
//! A deadlock or a statement that takes too long ends a transaction with [`accord_store::StoreError::Unavailable`]: the
//! caller repeats the whole step, since only the caller knows what came before it in the transaction.

mod accounts;
mod annotations;
mod annotators;
mod batches;
mod calibrators;
mod calls;
mod consensus;
mod convert;
mod error;
mod gold;
mod idempotency;
mod items;
mod judgements;
mod method_comparisons;
mod options;
mod projects;
mod rates;
mod ruled_items;
mod run_history;
mod runs;
mod spending;
mod store;
mod tasks;
#[cfg(feature = "testing")]
pub mod testing;
mod transaction;
mod wake_up;

pub use options::PostgresOptions;
pub use store::PostgresStore;
