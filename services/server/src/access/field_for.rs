//! The field that an address names, for whoever may do with its project what the handler does.

use std::collections::BTreeMap;

use accord_domain::{Field, Project};
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use crate::access::project_for::ProjectFor;
use crate::access::requirement::Requirement;
use crate::problem::Problem;
use crate::state::AppState;

/// The field that the part `{field}` of the address names, in the project that `{project}` names.
#[derive(Debug, Clone)]
pub struct FieldFor<R> {
    /// The field.
    pub field: Field,
    /// Its project.
    pub project: Project,
    requirement: std::marker::PhantomData<R>,
}

impl<R: Requirement> FromRequestParts<AppState> for FieldFor<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let ProjectFor { project, .. } = ProjectFor::<R>::from_request_parts(parts, state).await?;
        let field = field_of(parts, state, &project).await?;
        Ok(Self {
            field,
            project,
            requirement: std::marker::PhantomData,
        })
    }
}

/// The field of the project that the part `{field}` of the address names.
async fn field_of(parts: &mut Parts, state: &AppState, project: &Project) -> Result<Field, Problem> {
    let Path(parameters) = Path::<BTreeMap<String, String>>::from_request_parts(parts, state)
        .await
        .map_err(|rejection| Problem::not_found("field", rejection.body_text()))?;
    let name = parameters.get("field").map_or("", String::as_str);
    let fields = &project.definition.fields;
    let field = fields.iter().find(|field| field.name.as_str() == name);
    field.cloned().ok_or_else(|| Problem::not_found("field", name))
}
