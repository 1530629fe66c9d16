#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]
//! Persistence as traits, one for each aggregate, and the steps of the data's way that are one transaction each.

pub mod accounts;
pub mod annotations;
pub mod annotators;
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
pub mod local_blobs;
pub mod page;
pub mod projects;
pub mod rates;
pub mod spending;
pub mod tasks;
pub mod text;
pub mod transaction;

pub use accounts::Accounts;
pub use annotations::Annotations;
pub use annotators::Annotators;
pub use blobs::Blobs;
pub use calibrators::{Calibrators, Hold, ScoringBasis};
pub use calls::{Calls, StoredCall};
pub use consensus::{ConsensusRows, FieldSummary, StoppingSummary};
pub use environment::SystemEnvironment;
pub use error::{StoreError, StoreResult};
pub use gold::GoldValues;
pub use idempotency::{IdempotencyKeys, KeyState};
pub use items::{InsertedItem, ItemCounts, ItemFilter, Items};
pub use local_blobs::LocalBlobs;
pub use page::{MAXIMUM_PAGE_SIZE, Page, PageRequest};
pub use projects::Projects;
pub use rates::{RateTaken, RateWanted, Rates};
pub use spending::{BegunCall, CallEnd, CallStart, NewCall, Spending, Spent};
pub use tasks::{AfterFailure, ClaimLimit, ClaimRequest, NewTask, ParkedTasks, TaskCount, TaskFilter, Tasks};
pub use transaction::{Store, Transaction};
