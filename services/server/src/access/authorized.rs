//! Requests of the API whose sender may do what the handler does.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::access::principal::{Principal, unauthenticated};
use crate::access::requirement::Requirement;
use crate::problem::Problem;
use crate::state::AppState;

/// Whoever makes the request, allowed to do what `R` stands for. Takes tokens and sessions alike.
///
/// A project in the address is checked by [`ProjectFor`](crate::access::ProjectFor), not here.
#[derive(Debug, Clone)]
pub struct Authorized<R> {
    /// Whoever makes the request.
    pub principal: Principal,
    requirement: PhantomData<R>,
}

impl<R: Requirement> FromRequestParts<AppState> for Authorized<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let principal = Principal::find(parts, state)
            .await?
            .ok_or_else(|| unauthenticated("send a token in the header `Authorization: Bearer accord_…`, or log in"))?;
        principal.check::<R>()?;
        Ok(Self {
            principal,
            requirement: PhantomData,
        })
    }
}
