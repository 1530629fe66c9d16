//! The form that starts a run: what it offers, what was typed, and what is wrong with it.

use std::collections::{BTreeMap, BTreeSet};

use accord_domain::{Annotator, AnnotatorKind, AutomaticKind, ItemSelection, ItemState, Project};
use serde::Serialize;

use super::BudgetForm;
use crate::api::runs::WantedRun;
use crate::pages::shown::{ShownAnnotator, ShownState};
use crate::problem::Problem;
use crate::state::AppState;

/// The states that items can be selected by.
const STATES: [ItemState; 4] = [
    ItemState::Pending,
    ItemState::NeedsReview,
    ItemState::Accepted,
    ItemState::Resolved,
];

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
    /// What is wrong, by the part of the form.
    errors: BTreeMap<String, String>,
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

/// What was typed.
#[derive(Debug, Default, Serialize)]
pub(super) struct TypedRun {
    #[serde(skip)]
    annotators: BTreeSet<String>,
    /// `all`, `matching`, `newest` or `listed`.
    select: String,
    state: String,
    prefix: String,
    count: String,
    listed: String,
    budget: BudgetForm,
    /// Whether models are asked through batches of their providers.
    batch: bool,
    /// Whether the whole panel is asked, whatever the stopping rule says.
    all_votes: bool,
}

impl TypedRun {
    /// Reads the inputs; what is not known is passed over.
    pub(super) fn read(inputs: Vec<(String, String)>) -> Self {
        let mut typed = Self::default();
        for (name, value) in inputs {
            let place = match name.as_str() {
                "annotator" => {
                    typed.annotators.insert(value);
                    continue;
                }
                "batch" => {
                    typed.batch = true;
                    continue;
                }
                "all_votes" => {
                    typed.all_votes = true;
                    continue;
                }
                "select" => &mut typed.select,
                "state" => &mut typed.state,
                "prefix" => &mut typed.prefix,
                "count" => &mut typed.count,
                "listed" => &mut typed.listed,
                "money" => &mut typed.budget.money,
                "currency" => &mut typed.budget.currency,
                "tokens" => &mut typed.budget.tokens,
                _ => continue,
            };
            *place = value;
        }
        typed
    }

    /// The run that is wanted.
    pub(super) fn wanted(&self) -> Result<WantedRun, Problem> {
        if self.annotators.is_empty() {
            return Err(Problem::invalid("annotators", "choose at least one annotator"));
        }
        Ok(WantedRun {
            items: self.items()?,
            annotators: self.annotators.iter().cloned().collect(),
            budget: self.budget.read()?,
            batch: self.batch,
            all_votes: self.all_votes,
        })
    }

    /// Whether something is typed that would choose some of the items: asking about all of them instead could cost much.
    fn narrows(&self) -> bool {
        [&self.state, &self.prefix, &self.count, &self.listed]
            .into_iter()
            .any(|typed| filled(typed).is_some())
    }

    fn items(&self) -> Result<ItemSelection, Problem> {
        match self.select.as_str() {
            "all" if self.narrows() => Err(Problem::invalid(
                "items",
                "all items are chosen, and yet a number, a state or identifiers are given: choose that, or leave them empty",
            )),
            "all" => Ok(ItemSelection::All {}),
            "matching" => Ok(ItemSelection::Matching {
                state: filled(&self.state).map(state_of).transpose()?,
                external_id_prefix: filled(&self.prefix).map(str::to_owned),
            }),
            "newest" => {
                Ok(ItemSelection::Newest {
                    count: self.count.trim().parse().map_err(|_| {
                        Problem::invalid("items", "the number of items must be a whole number, at least 1")
                    })?,
                })
            }
            "listed" => {
                let lines = self.listed.lines().filter_map(filled);
                Ok(ItemSelection::Listed {
                    external_ids: lines.map(str::to_owned).collect(),
                })
            }
            _ => Err(Problem::invalid("items", "choose which items")),
        }
    }
}

impl StartForm {
    /// The form before anything is typed: everybody about everything, without limits.
    pub(super) async fn fresh(state: &AppState, project: &Project) -> Result<Self, Problem> {
        let typed = TypedRun {
            select: "all".to_owned(),
            ..TypedRun::default()
        };
        Self::of(state, project, typed, BTreeMap::new(), |_| true).await
    }

    /// The form as it was typed, with what is wrong.
    pub(super) async fn again(
        state: &AppState,
        project: &Project,
        typed: TypedRun,
        refused: &Problem,
    ) -> Result<Self, Problem> {
        let errors = refused.errors.iter().map(|error| {
            let part = error.field.clone().unwrap_or_else(|| "form".to_owned());
            (part, error.message.clone())
        });
        let mut errors: BTreeMap<String, String> = errors.collect();
        if errors.is_empty() {
            errors.insert("form".to_owned(), refused.detail.clone().unwrap_or_default());
        }
        let checked = typed.annotators.clone();
        Self::of(state, project, typed, errors, |name| checked.contains(name)).await
    }

    async fn of(
        state: &AppState,
        project: &Project,
        typed: TypedRun,
        errors: BTreeMap<String, String>,
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

fn state_of(word: &str) -> Result<ItemState, Problem> {
    let found = STATES.into_iter().find(|state| state.word() == word);
    found.ok_or_else(|| Problem::invalid("items", "choose one of the states"))
}

fn filled(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(inputs: &[(&str, &str)]) -> TypedRun {
        let inputs = inputs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        TypedRun::read(inputs.collect())
    }

    fn place(refused: &Problem) -> &str {
        refused.errors[0].field.as_deref().unwrap()
    }

    #[test]
    fn each_way_to_choose_items_is_read() {
        let items = |inputs: &[(&str, &str)]| {
            let mut all = vec![("annotator", "first")];
            all.extend_from_slice(inputs);
            typed(&all).wanted().map(|wanted| wanted.items)
        };
        assert_eq!(items(&[("select", "all"), ("count", " ")]), Ok(ItemSelection::All {}));
        assert_eq!(
            items(&[("select", "matching"), ("state", "pending"), ("prefix", " a- ")]),
            Ok(ItemSelection::Matching {
                state: Some(ItemState::Pending),
                external_id_prefix: Some("a-".to_owned())
            })
        );
        assert_eq!(
            items(&[("select", "newest"), ("count", " 20 ")]),
            Ok(ItemSelection::Newest { count: 20 })
        );
        assert_eq!(
            items(&[("select", "listed"), ("listed", "a\r\n\r\n b\n")]),
            Ok(ItemSelection::Listed {
                external_ids: vec!["a".to_owned(), "b".to_owned()]
            })
        );
        for wrong in [
            vec![("select", "newest"), ("count", "many")],
            vec![("select", "matching"), ("state", "open")],
            vec![("select", "all"), ("count", "20")],
            vec![],
        ] {
            assert_eq!(place(&items(&wrong).unwrap_err()), "items", "{wrong:?}");
        }
    }

    #[test]
    fn what_is_wrong_names_its_place() {
        assert_eq!(place(&typed(&[("select", "all")]).wanted().unwrap_err()), "annotators");
        let money = typed(&[("annotator", "first"), ("select", "all"), ("money", "much")]);
        assert_eq!(place(&money.wanted().unwrap_err()), "money");
        let tokens = typed(&[("annotator", "first"), ("select", "all"), ("tokens", "1.5")]);
        assert_eq!(place(&tokens.wanted().unwrap_err()), "tokens");
    }
}
