//! What people do with tasks: reserve one, keep it, give it back, answer it. The pages and the API share these steps.

mod again;
mod held;
mod reserve;
mod submit;

use accord_domain::TaskKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use held::{give_back, renew, skip};
pub use reserve::{Reservation, reserve_next, reserve_review, reserve_task};
pub use submit::{Submission, Submitted, submit};

/// What a person can be asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PersonTask {
    /// Vote on an item, blind.
    Vote,
    /// Resolve an item with all votes in sight.
    Review,
}

impl PersonTask {
    /// The kind of task.
    #[must_use]
    pub const fn kind(self) -> TaskKind {
        match self {
            Self::Vote => TaskKind::Vote,
            Self::Review => TaskKind::Review,
        }
    }
}
