//! The form that starts a run: what it offers.

use accord_domain::{Annotator, AnnotatorKind, AutomaticKind, Project};
use serde::Serialize;

use super::typed::{PartErrors, STATES, TypedRun};
use crate::pages::shown::{ShownAnnotator, ShownState};
use crate::problem::Problem;
use crate::state::AppState;

/// The form as it is shown.
#[derive(Debug, Serialize)]
pub(super) struct StartForm {
    annotators: Vec<Offered>,
    states: Vec<StateOffered>,
    /// Whether some provider has batches.
    has_batches: bool,
    /// The project's stopping rule; none where everybody is asked anyway.
    rule: Option<String>,
    typed: TypedRun,
    errors: PartErrors,
}

/// An annotator that can be in the panel.
#[derive(Debug, Serialize)]
struct Offered {
    annotator: ShownAnnotator,
    name: String,
    model: Option<String>,
    checked: bool,
}

/// A state of items.
#[derive(Debug, Serialize)]
struct StateOffered {
    value: &'static str,
    word: &'static str,
}

impl StartForm {
    /// The form before anything is typed: everybody about everything, without limits.
    pub(super) async fn fresh(state: &AppState, project: &Project) -> Result<Self, Problem> {
        Self::of(state, project, TypedRun::fresh(), PartErrors::default(), |_| true).await
    }

    /// The form as it was typed, with what is wrong.
    pub(super) async fn again(
        state: &AppState,
        project: &Project,
        typed: TypedRun,
        errors: PartErrors,
    ) -> Result<Self, Problem> {
        let checked = typed.annotators.clone();
        Self::of(state, project, typed, errors, |name| checked.contains(name)).await
    }

    async fn of(
        state: &AppState,
        project: &Project,
        typed: TypedRun,
        errors: PartErrors,
        is_checked: impl Fn(&str) -> bool,
    ) -> Result<Self, Problem> {
        let annotators = state.store.read().await?.annotators_of_project(project.id).await?;
        let stopping = &project.definition.policy.stopping;
        let offered = annotators.iter().filter_map(|annotator| offer(annotator, &is_checked));
        Ok(Self {
            annotators: offered.collect(),
            states: STATES
                .map(|state| StateOffered {
                    value: state.word(),
                    word: ShownState::from(state).word,
                })
                .into(),
            has_batches: !state.batch_providers.is_empty(),
            rule: stopping.stops_early().then(|| stopping.rule.phrase()),
            typed,
            errors,
        })
    }
}

/// An active automatic annotator; none for others.
fn offer(annotator: &Annotator, is_checked: &impl Fn(&str) -> bool) -> Option<Offered> {
    let AnnotatorKind::Automatic { definition } = &annotator.kind else {
        return None;
    };
    annotator.active.then(|| Offered {
        annotator: annotator.into(),
        name: annotator.name.clone(),
        model: match definition {
            AutomaticKind::LanguageModel(model) => Some(format!("{} of {}", model.model, model.provider)),
            _ => None,
        },
        checked: is_checked(&annotator.name),
    })
}
