//! The store as a whole: where transactions begin and end.

use async_trait::async_trait;
use tokio::sync::watch;

use crate::accounts::Accounts;
use crate::annotations::Annotations;
use crate::annotators::Annotators;
use crate::batches::Batches;
use crate::calibrators::Calibrators;
use crate::calls::Calls;
use crate::consensus::ConsensusRows;
use crate::error::StoreResult;
use crate::gold::GoldValues;
use crate::idempotency::IdempotencyKeys;
use crate::items::Items;
use crate::judgements::Judgements;
use crate::method_comparisons::MethodComparisons;
use crate::projects::Projects;
use crate::rates::Rates;
use crate::ruled_items::RuledItems;
use crate::runs::{RunHistory, Runs};
use crate::spending::Spending;
use crate::tasks::Tasks;

/// A database with all aggregates. One implementation for each database; both pass the same conformance suite.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Brings the schema up to date. Safe to call by several processes at once.
    async fn migrate(&self) -> StoreResult<()>;

    /// Whether the database answers and its schema is the one this program knows.
    async fn check(&self) -> StoreResult<()>;

    /// Begins a transaction that sees one consistent state and must not write.
    async fn read(&self) -> StoreResult<Box<dyn Transaction>>;

    /// Begins a transaction that may write. On SQLite it takes the one write lock at once, waiting its turn.
    /// Keep it short; never hold it across a call to a model or a person.
    async fn write(&self) -> StoreResult<Box<dyn Transaction>>;

    /// Changes its value when tasks may have become ready, in this process or (PostgreSQL) in another one. May miss
    /// wake-ups across processes: poll as well, with jitter.
    fn wake_ups(&self) -> watch::Receiver<u64>;

    /// Whether several write transactions can be under way at the same time.
    fn writes_side_by_side(&self) -> bool;

    /// The word for the database: `sqlite` or `postgres`.
    fn kind(&self) -> &'static str;
}

/// A transaction. Dropped without [`Transaction::commit`], it is rolled back.
#[async_trait]
pub trait Transaction:
    Projects
    + Annotators
    + Items
    + Tasks
    + Annotations
    + ConsensusRows
    + GoldValues
    + Calibrators
    + Accounts
    + Calls
    + IdempotencyKeys
    + Spending
    + Rates
    + Judgements
    + MethodComparisons
    + Runs
    + RunHistory
    + RuledItems
    + Batches
    + Send
{
    /// Makes everything durable, then wakes up workers if tasks became ready (one notification a transaction).
    async fn commit(self: Box<Self>) -> StoreResult<()>;
}
