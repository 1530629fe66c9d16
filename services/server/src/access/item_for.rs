//! The item that an address names, for whoever may do with it what the handler does.

use std::collections::BTreeMap;

use accord_domain::{Item, ItemId, Project};
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use crate::access::principal::Principal;
use crate::access::project_for::ProjectFor;
use crate::access::requirement::Requirement;
use crate::problem::Problem;
use crate::state::AppState;

/// The item that the part `{item}` of the address names by identifier, in the project that `{project}` names.
#[derive(Debug, Clone)]
pub struct ItemFor<R> {
    /// The item.
    pub item: Item,
    /// Its project.
    pub project: Project,
    /// Whoever makes the request.
    pub principal: Principal,
    requirement: std::marker::PhantomData<R>,
}

impl<R: Requirement> FromRequestParts<AppState> for ItemFor<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let ProjectFor { project, principal, .. } = ProjectFor::<R>::from_request_parts(parts, state).await?;
        let Path(parameters) = Path::<BTreeMap<String, String>>::from_request_parts(parts, state)
            .await
            .map_err(|rejection| Problem::not_found("item", rejection.body_text()))?;
        let id: ItemId = parameters.get("item").map_or("", String::as_str).parse()?;
        let found = state.store.read().await?.item(id).await?;
        let item = found
            .filter(|item| item.project_id == project.id)
            .ok_or_else(|| Problem::not_found("item", id))?;
        Ok(Self {
            item,
            project,
            principal,
            requirement: std::marker::PhantomData,
        })
    }
}
