//! What was typed into the forms of runs, and what is wrong with it.

use std::collections::{BTreeMap, BTreeSet};

use accord_domain::{ItemSelection, ItemState, RunBudget};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::api::runs::WantedRun;
use crate::problem::{Problem, ProblemDetail, ProblemKind};

/// The states that items can be selected by.
pub(super) const STATES: [ItemState; 4] = [
    ItemState::Pending,
    ItemState::NeedsReview,
    ItemState::Accepted,
    ItemState::Resolved,
];

/// The parts of the forms beside which something can be wrong.
const PARTS: [&str; 10] = [
    "annotators",
    "items",
    "count",
    "state",
    "listed",
    "money",
    "currency",
    "tokens",
    "budget",
    "batch",
];

/// What is wrong, by the part of the form: at most one message beside each.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct PartErrors(BTreeMap<&'static str, String>);

/// What the form of the budget holds.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(in crate::pages) struct BudgetForm {
    #[serde(default)]
    money: String,
    #[serde(default)]
    currency: String,
    #[serde(default)]
    tokens: String,
}

/// What was typed into the form that starts a run.
#[derive(Debug, Default, Serialize)]
pub(super) struct TypedRun {
    #[serde(skip)]
    pub(super) annotators: BTreeSet<String>,
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

impl PartErrors {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds what is wrong with a part, unless something is known already.
    fn add(&mut self, part: &'static str, message: impl Into<String>) {
        self.0.entry(part).or_insert_with(|| message.into());
    }

    /// Keeps what could be read; else notes what is wrong, and gives what there is without it.
    fn unless<T: Default>(&mut self, read: Result<T, Self>) -> T {
        read.unwrap_or_else(|errors| {
            for (part, message) in errors.0 {
                self.add(part, message);
            }
            T::default()
        })
    }
}

impl<M: Into<String>> From<(&'static str, M)> for PartErrors {
    fn from((part, message): (&'static str, M)) -> Self {
        Self(BTreeMap::from([(part, message.into())]))
    }
}

impl From<PartErrors> for Problem {
    fn from(errors: PartErrors) -> Self {
        let messages: Vec<&str> = errors.0.values().map(String::as_str).collect();
        let problem = Self::new(ProblemKind::Invalid, messages.join("; "));
        errors.0.into_iter().fold(problem, |problem, (part, message)| {
            problem.with_error(ProblemDetail {
                field: Some(part.to_owned()),
                line: None,
                message,
            })
        })
    }
}

impl BudgetForm {
    pub(super) fn read(&self) -> Result<RunBudget, PartErrors> {
        let mut errors = PartErrors::default();
        let money = errors.unless(self.money());
        let currency = filled(&self.currency).filter(|_| filled(&self.money).is_some());
        let budget = RunBudget {
            currency: currency.map(str::to_owned),
            money,
            tokens: errors.unless(self.tokens()),
        };
        // The amounts are right, so it is the currency that is not.
        if budget.check().is_err() {
            errors.add(
                "currency",
                "the money needs its currency: the code of that of the providers' prices, such as USD",
            );
        }
        if errors.is_empty() { Ok(budget) } else { Err(errors) }
    }

    fn money(&self) -> Result<Option<Decimal>, PartErrors> {
        let read = filled(&self.money).map(|text| text.parse::<Decimal>().ok().filter(|money| *money >= Decimal::ZERO));
        amount(read).ok_or_else(|| ("money", "the money must be a number such as 12.50, and not negative").into())
    }

    fn tokens(&self) -> Result<Option<i64>, PartErrors> {
        let read = filled(&self.tokens).map(|text| text.parse().ok().filter(|tokens| *tokens >= 0));
        amount(read).ok_or_else(|| ("tokens", "the tokens must be a whole number, and not negative").into())
    }
}

/// An amount that may be left empty; none where it is filled and cannot be read.
fn amount<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    read.map_or(Some(None), |amount| amount.map(Some))
}

impl TypedRun {
    /// What the form holds before anything is typed: all items.
    pub(super) fn fresh() -> Self {
        Self {
            select: "all".to_owned(),
            ..Self::default()
        }
    }

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

    /// The run that is wanted, and what of it cannot be read: in those parts it is as if nothing was wanted, so that the
    /// others can be checked.
    pub(super) fn wanted(&self) -> (WantedRun, PartErrors) {
        let mut errors = PartErrors::default();
        let has_panel = !self.annotators.is_empty();
        if !has_panel {
            errors.add("annotators", "choose at least one annotator");
        }
        let wanted = WantedRun {
            items: errors.unless(self.items()),
            annotators: self.annotators.iter().cloned().collect(),
            budget: errors.unless(self.budget.read()),
            // Whether that goes depends on the panel.
            batch: self.batch && has_panel,
            all_votes: self.all_votes,
        };
        (wanted, errors)
    }

    /// Puts what was said of the wanted run beside the parts of the form.
    pub(super) fn place(&self, refused: &Problem, errors: &mut PartErrors) {
        for error in &refused.errors {
            let field = error.field.as_deref().unwrap_or_default();
            let part = match (field, self.select.as_str()) {
                ("items", "newest") => "count",
                ("items", "listed") => "listed",
                _ => PARTS.into_iter().find(|part| *part == field).unwrap_or("form"),
            };
            errors.add(part, error.message.clone());
        }
        if errors.is_empty() {
            errors.add("form", refused.detail.clone().unwrap_or_default());
        }
    }

    /// Whether something is typed that would choose some of the items: asking about all of them instead could cost much.
    fn narrows(&self) -> bool {
        [&self.state, &self.prefix, &self.count, &self.listed]
            .into_iter()
            .any(|typed| filled(typed).is_some())
    }

    fn items(&self) -> Result<ItemSelection, PartErrors> {
        Ok(match self.select.as_str() {
            "all" if self.narrows() => {
                let problem = "all items are chosen, and yet a number, a state or identifiers are given: choose that, or leave \
                               them empty";
                return Err(("items", problem).into());
            }
            "all" => ItemSelection::All {},
            "matching" => ItemSelection::Matching {
                state: filled(&self.state).map(state_of).transpose()?,
                external_id_prefix: filled(&self.prefix).map(str::to_owned),
            },
            "newest" => {
                let count = self.count.trim().parse().ok().filter(|count| *count > 0);
                let problem = "the number of items must be a whole number, at least 1";
                ItemSelection::Newest {
                    count: count.ok_or(("count", problem))?,
                }
            }
            "listed" => {
                let lines = self.listed.lines().filter_map(filled);
                ItemSelection::Listed {
                    external_ids: lines.map(str::to_owned).collect(),
                }
            }
            _ => return Err(("items", "choose which items").into()),
        })
    }
}

fn state_of(word: &str) -> Result<ItemState, PartErrors> {
    let found = STATES.into_iter().find(|state| state.word() == word);
    found.ok_or_else(|| ("state", "choose one of the states").into())
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

    #[test]
    fn each_way_to_choose_items_is_read() {
        let items = |inputs: &[(&str, &str)]| {
            let mut all = vec![("annotator", "first")];
            all.extend_from_slice(inputs);
            let (wanted, errors) = typed(&all).wanted();
            if errors.is_empty() {
                Ok(wanted.items)
            } else {
                Err(errors)
            }
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
        for (wrong, part) in [
            (vec![("select", "newest"), ("count", "many")], "count"),
            (vec![("select", "newest"), ("count", "0")], "count"),
            (vec![("select", "matching"), ("state", "open")], "state"),
            (vec![("select", "all"), ("count", "20")], "items"),
            (vec![], "items"),
        ] {
            let errors = items(&wrong).unwrap_err();
            assert_eq!(errors.0.into_keys().collect::<Vec<_>>(), [part], "{wrong:?}");
        }
    }

    #[test]
    fn all_that_is_wrong_is_told_with_its_place() {
        let places = |inputs: &[(&str, &str)]| {
            let (wanted, errors) = typed(inputs).wanted();
            assert!(
                !wanted.batch,
                "nobody is asked: whether it goes through batches is not known"
            );
            errors.0.into_keys().collect::<Vec<_>>()
        };
        assert_eq!(places(&[("select", "all")]), ["annotators"]);
        let wrong = [
            ("select", "newest"),
            ("count", "many"),
            ("money", "much"),
            ("tokens", "1.5"),
            ("batch", "yes"),
        ];
        assert_eq!(places(&wrong), ["annotators", "count", "money", "tokens"]);
        let wrong = [("money", "5"), ("tokens", "-1"), ("annotator", "first")];
        assert_eq!(places(&wrong), ["currency", "items", "tokens"]);
        let wrong = [
            ("select", "all"),
            ("annotator", "first"),
            ("money", "-5"),
            ("currency", "dollars"),
        ];
        assert_eq!(places(&wrong), ["currency", "money"]);
    }

    #[test]
    fn what_is_said_of_items_stands_beside_what_chose_them() {
        let refused = Problem::invalid("items", "there is no such item");
        for (select, part) in [("listed", "listed"), ("newest", "count"), ("all", "items")] {
            let mut errors = PartErrors::default();
            typed(&[("select", select)]).place(&refused, &mut errors);
            assert_eq!(errors, (part, "there is no such item").into());
        }
        let mut errors = PartErrors::default();
        typed(&[]).place(&Problem::invalid("anything", "is wrong"), &mut errors);
        assert_eq!(errors, ("form", "is wrong").into());
    }
}
