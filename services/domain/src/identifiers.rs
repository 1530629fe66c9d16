//! Identifiers: UUID version 7, one type for each kind of thing, so that one cannot be taken for another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::environment::Environment;

/// A text that is not an identifier of the expected form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {kind} identifier: expected a UUID such as 01930d2c-7a5e-7c3e-9d1f-0242ac120002")]
pub struct IdentifierError {
    /// What kind of identifier was expected.
    pub kind: &'static str,
    /// What was given instead.
    pub text: String,
}

/// A UUID of version 7 whose first twelve random bits are the fraction of the millisecond (RFC 9562, 6.2, method 3), so
/// that what is made in one go is kept and read in the order in which it was made.
fn generate(environment: &dyn Environment) -> Uuid {
    let microseconds = u64::try_from(environment.now().as_microseconds()).unwrap_or(0);
    let mut tail = [0; 10];
    tail.copy_from_slice(&environment.random_bytes()[..10]);
    let fraction = u16::try_from((microseconds % 1000) * 4096 / 1000).unwrap_or(0);
    tail[..2].copy_from_slice(&fraction.to_be_bytes());
    uuid::Builder::from_unix_timestamp_millis(microseconds / 1000, &tail).into_uuid()
}

macro_rules! identifier {
    ($(#[$documentation:meta])* $name:ident, $kind:literal) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Makes a new identifier that sorts by the environment's clock.
            #[must_use]
            pub fn generate(environment: &dyn Environment) -> Self {
                Self(generate(environment))
            }

            /// Wraps a UUID that is known to be one of these.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID inside.
            #[must_use]
            pub const fn as_uuid(&self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(formatter)
            }
        }

        impl FromStr for $name {
            type Err = IdentifierError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self).map_err(|_| IdentifierError {
                    kind: $kind,
                    text: text.chars().take(80).collect(),
                })
            }
        }
    };
}

identifier!(
    /// Identifies a project.
    ProjectId, "project"
);
identifier!(
    /// Identifies an item of a project.
    ItemId, "item"
);
identifier!(
    /// Identifies an annotator of a project.
    AnnotatorId, "annotator"
);
identifier!(
    /// Identifies a run.
    RunId, "run"
);
identifier!(
    /// Identifies a batch of requests to a model.
    BatchId, "batch"
);
identifier!(
    /// Identifies one request of a batch.
    BatchRequestId, "request of a batch"
);
identifier!(
    /// Identifies a task.
    TaskId, "task"
);
identifier!(
    /// Identifies an annotation.
    AnnotationId, "annotation"
);
identifier!(
    /// Identifies one consensus of one item and field.
    ConsensusId, "consensus"
);
identifier!(
    /// Identifies an immutable fitted calibrator.
    CalibratorId, "calibrator"
);
identifier!(
    /// Identifies what a judge said in one call.
    JudgementId, "judgement"
);
identifier!(
    /// Identifies a gold value.
    GoldId, "gold"
);
identifier!(
    /// Identifies a person's account.
    UserId, "user"
);
identifier!(
    /// Identifies an access token of the API.
    TokenId, "token"
);
