//! Who visits which project.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use accord_domain::Project;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use crate::access::{Principal, RoleRequirement, SignedIn, SignedInPerson, find_project};
use crate::problem::Problem;
use crate::state::AppState;

/// A signed-in person with at least the role `R`, and the project that `{project}` of the address names.
#[derive(Debug, Clone)]
pub(super) struct Visit<R> {
    /// The person.
    pub(super) person: SignedInPerson,
    /// The project.
    pub(super) project: Project,
    role: PhantomData<R>,
}

impl<R> Visit<R> {
    /// The person as whoever acts.
    pub(super) fn principal(&self) -> Principal {
        Principal::Person(self.person.clone())
    }
}

impl<R: RoleRequirement> FromRequestParts<AppState> for Visit<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let SignedIn { person, .. } = SignedIn::<R>::from_request_parts(parts, state).await?;
        let Path(parameters) = Path::<BTreeMap<String, String>>::from_request_parts(parts, state)
            .await
            .map_err(|rejection| Problem::not_found("project", rejection.body_text()))?;
        let name = parameters.get("project").map_or("", String::as_str);
        let mut transaction = state.store.read().await?;
        let project = find_project(transaction.as_mut(), name).await?;
        Ok(Self {
            person,
            project: project.ok_or_else(|| Problem::not_found("project", name))?,
            role: PhantomData,
        })
    }
}
