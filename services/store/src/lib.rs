#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]
//! Persistence as traits, one for each aggregate, and the steps of the data's way that are one transaction each.

pub mod accounts;
pub mod annotations;
pub mod annotators;
pub mod batches;
pub mod blobs;
pub mod calibrators;
pub mod calls;
pub mod claim;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod consensus;
pub mod environment;
pub mod error;
pub mod flow;
pub mod gold;
pub mod idempotency;
pub mod idle;
pub mod items;
pub mod judgements;
pub mod local_blobs;
pub mod method_comparisons;
pub mod page;
pub mod projects;
pub mod rates;
pub mod ruled_items;
pub mod runs;
pub mod spending;
pub mod tasks;
pub mod text;
pub mod transaction;

pub use accounts::Accounts;
pub use annotations::Annotations;
pub use annotators::Annotators;
pub use batches::{
    BatchClaim, BatchLease, BatchLimits, BatchLine, Batches, EndedRequest, LONGEST_GATHERING, NewBatchRequest,
    OpenRequest, OpenRequests, OpenSize, RequestEnd, RequestFailure,
};
pub use blobs::Blobs;
pub use calibrators::{Calibrators, Hold, ScoringBasis};
pub use calls::{Calls, StoredCall};
pub use consensus::{ConsensusRows, FieldSummary, StoppingSummary};
pub use environment::SystemEnvironment;
pub use error::{StoreError, StoreResult};
pub use gold::GoldValues;
pub use idempotency::{IdempotencyKeys, KeyState};
pub use items::{InsertedItem, ItemCounts, ItemFilter, Items};
pub use judgements::Judgements;
pub use local_blobs::LocalBlobs;
pub use method_comparisons::MethodComparisons;
pub use page::{MAXIMUM_PAGE_SIZE, Page, PageRequest};
pub use projects::Projects;
pub use rates::{RateTaken, RateWanted, Rates};
pub use ruled_items::{Ruled, RuledItems};
pub use runs::{CancelledTasks, ItemExtent, RunHistory, Runs};
pub use spending::{
    BegunCalls, CallEnd, CallStart, EndedCall, EndedSum, NewCall, Spending, SpendingLine, Spent, by_line,
};
pub use tasks::{AfterFailure, ClaimLimit, ClaimRequest, NewTask, ParkedTasks, TaskCount, TaskFilter, Tasks};
pub use transaction::{Store, Transaction};
