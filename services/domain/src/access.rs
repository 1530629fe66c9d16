//! Who may do what: accounts with roles, and tokens with scopes.

use serde::{Deserialize, Serialize};

use crate::identifiers::{ProjectId, TokenId, UserId};
use crate::task::words;
use crate::time::Timestamp;

/// A person's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct User {
    /// Its identifier.
    pub id: UserId,
    /// The name used to log in, unique.
    pub name: String,
    /// What the person may do.
    pub role: Role,
    /// Whether the person may still log in.
    pub active: bool,
    /// When the account was made.
    pub created_at: Timestamp,
}

/// What a person may do. Each role includes the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Votes on items.
    Annotator,
    /// Also resolves what needs review, and sees all votes and figures.
    Reviewer,
    /// Also creates projects, accounts and tokens.
    Administrator,
}

words!(Role, "role", Annotator => "annotator", Reviewer => "reviewer", Administrator => "administrator");

/// What a token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Everything.
    Admin,
    /// Submitting annotations and resolutions.
    Annotate,
    /// Reading items, annotations, consensus, gold and exports.
    ReadData,
    /// Sending documents and fetching their scored fields.
    Extract,
}

words!(Scope, "scope", Admin => "admin", Annotate => "annotate", ReadData => "read-data", Extract => "extract");

/// A token of the API. Its secret is shown once and kept only as a hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccessToken {
    /// Its identifier.
    pub id: TokenId,
    /// What it is for, for people.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// The only project it opens; all when none.
    pub project_id: Option<ProjectId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops to work; never when none.
    pub expires_at: Option<Timestamp>,
    /// When it was withdrawn.
    pub revoked_at: Option<Timestamp>,
}
