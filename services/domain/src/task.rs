//! Tasks: one item asked of one annotator or of people; they are leased, kept alive, and done, skipped or set aside.

use serde::{Deserialize, Serialize};

use crate::identifiers::{AnnotatorId, ItemId, ProjectId, RunId, TaskId, UserId};
use crate::time::Timestamp;

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// An automatic annotator votes on the item.
    Annotate,
    /// A person votes on the item, blind; `slot` counts the overlap.
    Vote,
    /// A person resolves the item with all votes in sight.
    Review,
    /// The votes of the item are turned into consensus, confidence and decision.
    Score,
    /// The project's weights and calibrators are fitted anew.
    Refit,
}

/// Where a task stands. An expired lease makes a task ready again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// Waits to be claimed, perhaps not before a certain moment.
    Ready,
    /// Claimed by somebody until the lease ends.
    Leased,
    /// Finished with a result.
    Done,
    /// Given back for good by a person.
    Skipped,
    /// Set aside after too many attempts, with the reason; stays visible.
    Dead,
    /// No longer wanted.
    Cancelled,
}

/// A task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Task {
    /// Its identifier.
    pub id: TaskId,
    /// The project.
    pub project_id: ProjectId,
    /// The item; none for tasks about a whole project.
    pub item_id: Option<ItemId>,
    /// What is to be done.
    pub kind: TaskKind,
    /// The automatic annotator that is asked.
    pub annotator_id: Option<AnnotatorId>,
    /// The run it belongs to; none for what was planned by an import.
    pub run_id: Option<RunId>,
    /// Counts the people asked about one item, from 0.
    pub slot: i32,
    /// Where it stands.
    pub state: TaskState,
    /// Higher goes first.
    pub priority: i32,
    /// How often it was claimed, without those that did not count.
    pub attempts: i32,
    /// Attempts that did not count, because the provider was in trouble and not the task.
    pub uncounted: i32,
    /// From when on it may be claimed while it is ready.
    pub ready_at: Timestamp,
    /// The person who holds or did it.
    pub user_id: Option<UserId>,
    /// When the present lease ends, by the database's clock.
    pub lease_until: Option<Timestamp>,
    /// Why the last attempt failed, or why the task waits.
    pub last_error: Option<String>,
    /// When it was planned.
    pub created_at: Timestamp,
}

impl Task {
    /// Whether it was tried before the present claim.
    #[must_use]
    pub const fn was_tried(&self) -> bool {
        self.attempts.saturating_add(self.uncounted) > 1
    }
}

/// A claim on a task: only whoever knows the token may keep it alive or finish it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Lease {
    /// The task as claimed.
    pub task: Task,
    /// The secret of this claim, new at every claim.
    pub token: String,
}

macro_rules! words {
    ($type:ident, $what:literal, $($variant:ident => $word:literal),+ $(,)?) => {
        impl $type {
            /// The word as stored and shown.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::str::FromStr for $type {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    other => Err(format!(concat!("`{}` is not a ", $what), other)),
                }
            }
        }
    };
}

pub(crate) use words;

words!(TaskKind, "kind of task", Annotate => "annotate", Vote => "vote", Review => "review", Score => "score", Refit => "refit");
words!(TaskState, "state of a task", Ready => "ready", Leased => "leased", Done => "done", Skipped => "skipped", Dead => "dead", Cancelled => "cancelled");
