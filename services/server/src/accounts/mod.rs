//! Accounts, tokens and sessions: made and checked here, for the server and for the commands of the program alike.

mod login;
mod login_limit;
mod password;
mod secret;
mod sessions;
mod tokens;
mod users;

use accord_domain::ProjectId;
use accord_store::StoreError;

pub use login::{LoginError, log_in};
pub use login_limit::{LoginLimit, TooManyAttempts};
pub use password::{LEAST_PASSWORD_CHARACTERS, MAXIMUM_PASSWORD_BYTES, Passwords};
pub(crate) use sessions::form_token;
pub use sessions::{NewSession, begin_session, end_session, verify_session};
pub use tokens::{NewToken, TOKEN_PREFIX, create_token, verify_token};
pub use users::{create_user, set_password, verify_password};

/// An account or token that cannot be made or checked.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The name cannot be used.
    #[error("the name must have 1 to 100 characters (a token's, 200) and no control characters")]
    Name,
    /// The password cannot be used.
    #[error(
        "the password must have at least {LEAST_PASSWORD_CHARACTERS} characters and at most {MAXIMUM_PASSWORD_BYTES} bytes"
    )]
    Password,
    /// A token without scopes would be of no use.
    #[error("a token needs at least one scope: admin, annotate, read-data or extract")]
    NoScope,
    /// There is no such account.
    #[error("there is no account `{0}`")]
    UnknownUser(String),
    /// There is no such project.
    #[error("there is no project {0}")]
    UnknownProject(ProjectId),
    /// Hashing failed, or a stored hash cannot be read.
    #[error("password hashing failed: {0}")]
    Hashing(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
