//! Ways to be sure of a value, as they were last compared on the gold of a project.

use accord_domain::{ConfidenceMethod, FieldName, FitWarning, Judge, MethodComparison, Project, Recommendation};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::state::AppState;

/// Which ways to be sure of a value there are, what each is worth and what it takes.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Methods {
    /// Who rates the values that win, where the project names somebody. Only `accord evaluate --project` asks.
    pub judge: Option<Judge>,
    /// The last comparison; none before there is gold.
    pub comparison: Option<MethodComparison>,
    /// Whether it is one of the project's present definition.
    pub is_current: bool,
    /// What follows from it for each field that was compared.
    pub advice: Vec<FieldAdvice>,
}

/// What the comparison says of one field.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FieldAdvice {
    /// The field.
    #[schema(value_type = String)]
    pub field: FieldName,
    /// The method to use; none where gold does not tell the methods apart yet, or there is too little of it.
    pub method: Option<ConfidenceMethod>,
    /// Which method to use and what it costs, in words.
    pub sentence: String,
    /// That there are too few levels to choose a threshold from, and what gives more.
    pub levels: Option<String>,
    /// What gold warns of, as of the last fit.
    pub warnings: Vec<FitWarning>,
}

/// The last comparison of a project's methods. Nothing is computed and nobody is asked here: comparisons are made with each
/// refit and by `accord evaluate`.
///
/// # Errors
/// Those of the store.
pub async fn methods(state: &AppState, project: &Project) -> Result<Methods, Problem> {
    let mut transaction = state.store.read().await?;
    let comparison = transaction.method_comparison(project.id).await?;
    let calibrators = transaction.current_calibrators(project.id).await?;
    let fields = comparison.iter().flat_map(|comparison| &comparison.fields);
    let advice = fields.map(|field| {
        let calibrator = calibrators.iter().find(|calibrator| calibrator.field == field.field);
        FieldAdvice {
            field: field.field.clone(),
            method: match field.recommendation() {
                Recommendation::Better { best, .. } => Some(best.method),
                Recommendation::Voting { voting, .. } => Some(voting.method),
                Recommendation::NotToldApart { .. } | Recommendation::TooLittleGold => None,
            },
            sentence: field.advice(),
            levels: field.advice_on_levels(),
            warnings: calibrator
                .map(|calibrator| calibrator.warnings.clone())
                .unwrap_or_default(),
        }
    });
    Ok(Methods {
        judge: project.definition.judge.clone(),
        is_current: comparison
            .as_ref()
            .is_some_and(|comparison| comparison.project_version == project.version),
        advice: advice.collect(),
        comparison,
    })
}
