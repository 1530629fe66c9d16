//! People with a session, for pages.

use std::convert::Infallible;
use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::access::principal::{SignedInPerson, unauthenticated};
use crate::access::requirement::RoleRequirement;
use crate::access::session;
use crate::problem::{Problem, ProblemKind};
use crate::state::AppState;

/// A person with a session and at least the role `R`. Tokens do not open pages.
#[derive(Debug, Clone)]
pub struct SignedIn<R> {
    /// The person.
    pub person: SignedInPerson,
    role: PhantomData<R>,
}

/// The person with a session, if there is one.
#[derive(Debug, Clone)]
pub struct MaybeSignedIn(pub Option<SignedInPerson>);

impl<R: RoleRequirement> FromRequestParts<AppState> for SignedIn<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let person = session::find(parts, state)
            .await?
            .ok_or_else(|| unauthenticated("log in to see this page"))?;
        if person.user.role < R::ROLE {
            return Err(Problem::new(
                ProblemKind::Forbidden,
                format!("this needs an account with the role `{}`", R::ROLE.word()),
            ));
        }
        Ok(Self {
            person,
            role: PhantomData,
        })
    }
}

impl FromRequestParts<AppState> for MaybeSignedIn {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        Ok(Self(session::find(parts, state).await.ok().flatten()))
    }
}
