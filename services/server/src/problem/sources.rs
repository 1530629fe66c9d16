//! Where problems come from: the one place at which errors of other crates become answers.

use accord_domain::{AnswerError, IdentifierError, ProjectError};
use accord_store::StoreError;
use accord_store::flow::RefusedRun;
use http::HeaderValue;
use http::header::RETRY_AFTER;

use crate::accounts::{AccountError, LoginError};
use crate::problem::{Problem, ProblemDetail, ProblemKind};

/// After how long a client may try again when the database was not available.
const RETRY_AFTER_SECONDS: u64 = 2;

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Conflict { .. } | StoreError::StaleLease { .. } => {
                Self::new(ProblemKind::Conflict, error.to_string())
            }
            StoreError::Missing { .. } => Self::new(ProblemKind::NotFound, error.to_string()),
            StoreError::Invalid { what, .. } => Self::invalid(*what, error.to_string()),
            StoreError::Unavailable { .. } => {
                tracing::error!(error = %error, "request failed");
                Self::new(ProblemKind::Unavailable, "the database is not available: try again")
                    .with_header(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS))
            }
            StoreError::Corrupt { .. } | StoreError::Blob { .. } | StoreError::Database { .. } => {
                Self::internal(&error)
            }
        }
    }
}

impl From<RefusedRun> for Problem {
    fn from(refused: RefusedRun) -> Self {
        let problem = Self::new(ProblemKind::Invalid, refused.to_string());
        let parts = refused.parts.into_iter();
        parts.fold(problem, |problem, part| {
            problem.with_error(ProblemDetail {
                field: Some(part.name.to_owned()),
                line: None,
                message: part.problem,
            })
        })
    }
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Name => Self::invalid("name", error.to_string()),
            AccountError::Password => Self::invalid("password", error.to_string()),
            AccountError::NoScope => Self::invalid("scopes", error.to_string()),
            AccountError::UnknownUser(_) => Self::new(ProblemKind::NotFound, error.to_string()),
            AccountError::UnknownProject(_) => Self::invalid("project_id", error.to_string()),
            AccountError::Hashing(_) => Self::internal(&error),
            AccountError::Store(error) => Self::from(error),
        }
    }
}

impl From<LoginError> for Problem {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Refused => Self::new(ProblemKind::Unauthenticated, error.to_string()),
            LoginError::TooMany(limit) => Self::new(ProblemKind::TooManyRequests, error.to_string())
                .with_header(RETRY_AFTER, HeaderValue::from(limit.retry_after_seconds)),
            LoginError::Failed(error) => Self::from(error),
        }
    }
}

impl From<ProjectError> for Problem {
    fn from(error: ProjectError) -> Self {
        Self::invalid(error.path, error.problem)
    }
}

impl From<AnswerError> for Problem {
    fn from(error: AnswerError) -> Self {
        let (AnswerError::Shape { field, .. } | AnswerError::UnknownField { field, .. }) = &error;
        Self::invalid(format!("answers.{field}"), error.to_string())
    }
}

impl From<IdentifierError> for Problem {
    fn from(error: IdentifierError) -> Self {
        Self::new(ProblemKind::NotFound, error.to_string())
    }
}
