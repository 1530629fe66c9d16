//! The project that an address names, for whoever may do with it what the handler does.

use std::collections::BTreeMap;

use accord_domain::{Project, ProjectId};
use accord_store::Transaction;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use crate::access::authorized::Authorized;
use crate::access::principal::Principal;
use crate::access::requirement::Requirement;
use crate::problem::Problem;
use crate::state::AppState;

/// The project that the part `{project}` of the address names, by identifier or by name. A project that the
/// credentials may not see is answered like one that is not there.
#[derive(Debug, Clone)]
pub struct ProjectFor<R> {
    /// The project.
    pub project: Project,
    /// Whoever makes the request.
    pub principal: Principal,
    requirement: std::marker::PhantomData<R>,
}

impl<R: Requirement> FromRequestParts<AppState> for ProjectFor<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let Authorized { principal, .. } = Authorized::<R>::from_request_parts(parts, state).await?;
        let Path(parameters) = Path::<BTreeMap<String, String>>::from_request_parts(parts, state)
            .await
            .map_err(|rejection| Problem::not_found("project", rejection.body_text()))?;
        let name = parameters.get("project").map_or("", String::as_str);
        let mut transaction = state.store.read().await?;
        let project = find_project(transaction.as_mut(), name)
            .await?
            .filter(|project| principal.may_see(project.id))
            .ok_or_else(|| Problem::not_found("project", name))?;
        Ok(Self {
            project,
            principal,
            requirement: std::marker::PhantomData,
        })
    }
}

/// The project with this identifier or name.
pub(crate) async fn find_project(transaction: &mut dyn Transaction, name: &str) -> Result<Option<Project>, Problem> {
    let by_identifier = match name.parse::<ProjectId>() {
        Ok(id) => transaction.project(id).await?,
        Err(_) => None,
    };
    match by_identifier {
        Some(project) => Ok(Some(project)),
        None => Ok(transaction.project_by_name(name).await?),
    }
}
