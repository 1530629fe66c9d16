//! Whoever makes a request.

use std::sync::{Arc, OnceLock};

use accord_domain::{AccessToken, ProjectId, Scope, User};
use axum::http::request::Parts;
use secrecy::SecretString;

use crate::access::requirement::Requirement;
use crate::access::{bearer, session};
use crate::accounts::form_token;
use crate::problem::{Problem, ProblemKind};
use crate::state::AppState;

/// Whoever makes a request: a program with a token, or a person in a browser.
#[derive(Debug, Clone)]
pub enum Principal {
    /// A program.
    Token(AccessToken),
    /// A person with a session.
    Person(SignedInPerson),
}

/// A person with a session.
#[derive(Debug, Clone)]
pub struct SignedInPerson {
    /// The account.
    pub user: User,
    secret: SecretString,
}

impl SignedInPerson {
    pub(super) const fn new(user: User, secret: SecretString) -> Self {
        Self { user, secret }
    }

    /// What every form of this session must carry as `form_token`.
    #[must_use]
    pub fn form_token(&self) -> String {
        form_token(&self.secret)
    }

    /// The session's secret, to end it.
    #[must_use]
    pub const fn session_secret(&self) -> &SecretString {
        &self.secret
    }
}

impl Principal {
    /// Finds out who makes the request: by the header `Authorization` if there is one, else by the session's cookie.
    pub(super) async fn find(parts: &Parts, state: &AppState) -> Result<Option<Self>, Problem> {
        let Some(secret) = bearer::secret(parts)? else {
            return Ok(session::find(parts, state).await?.map(Self::Person));
        };
        let principal = Self::Token(bearer::verify(state, &secret).await?);
        if let Some(slot) = parts.extensions.get::<PrincipalSlot>() {
            slot.set(principal.label());
        }
        Ok(Some(principal))
    }

    /// Refuses whoever lacks what the requirement asks for.
    pub(super) fn check<R: Requirement>(&self) -> Result<(), Problem> {
        let refuse = |needed: String| Err(Problem::new(ProblemKind::Forbidden, format!("this needs {needed}")));
        match self {
            Self::Token(token) if !has_scope(token, R::SCOPES) => {
                let words: Vec<&str> = R::SCOPES.iter().map(|scope| scope.word()).collect();
                refuse(format!("a token with the scope `{}`", words.join("` or `")))
            }
            Self::Token(token) if R::WHOLE && token.project_id.is_some() => {
                refuse("a token that is not bound to one project".to_owned())
            }
            Self::Person(person) if person.user.role < R::ROLE => {
                refuse(format!("an account with the role `{}`", R::ROLE.word()))
            }
            Self::Token(_) | Self::Person(_) => Ok(()),
        }
    }

    /// Whether things of this project may be seen at all: a token may be bound to one project.
    #[must_use]
    pub fn may_see(&self, project_id: ProjectId) -> bool {
        match self {
            Self::Token(token) => token.project_id.is_none_or(|bound| bound == project_id),
            Self::Person(_) => true,
        }
    }

    /// The only project that may be seen, when the token is bound to one.
    #[must_use]
    pub const fn bound_project(&self) -> Option<ProjectId> {
        match self {
            Self::Token(token) => token.project_id,
            Self::Person(_) => None,
        }
    }

    /// A name that is unique among all principals, for the log and for idempotency keys.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Token(token) => format!("token:{}", token.id),
            Self::Person(person) => user_label(&person.user),
        }
    }
}

pub(super) fn user_label(user: &User) -> String {
    format!("user:{}", user.id)
}

fn has_scope(token: &AccessToken, scopes: &[Scope]) -> bool {
    token
        .scopes
        .iter()
        .any(|scope| *scope == Scope::Admin || scopes.contains(scope))
}

/// Where the layer that logs requests learns who made one.
#[derive(Debug, Clone, Default)]
pub(crate) struct PrincipalSlot(Arc<OnceLock<String>>);

impl PrincipalSlot {
    pub(super) fn set(&self, label: String) {
        // A request that is looked at by several extractors has the same principal each time.
        let _ = self.0.set(label);
    }

    pub(crate) fn label(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}

/// The problem of a request without credentials.
pub(super) fn unauthenticated(detail: &str) -> Problem {
    Problem::new(ProblemKind::Unauthenticated, detail).with_header(
        http::header::WWW_AUTHENTICATE,
        http::HeaderValue::from_static("Bearer realm=\"accord\""),
    )
}
