//! Runs: items asked of a panel of automatic annotators, as one piece of work that is watched, paused, resumed and
//! cancelled, with a budget of its own.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::budget::{Amounts, Budget};
use crate::identifiers::{AnnotatorId, ItemId, ProjectId, RunId};
use crate::item::ItemState;
use crate::task::words;
use crate::time::Timestamp;

/// The most external identifiers that a run may name.
pub const MAXIMUM_LISTED_ITEMS: usize = 10_000;

/// Items asked of a panel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Run {
    /// Its identifier.
    pub id: RunId,
    /// The project.
    pub project_id: ProjectId,
    /// Counts the runs of the project, from 1.
    pub number: i64,
    /// Which items are asked about.
    pub items: RunItems,
    /// The panel: names of automatic annotators of the project.
    pub annotators: Vec<String>,
    /// What its models may cost.
    pub budget: RunBudget,
    /// Whether its models are asked through batches.
    pub batch: bool,
    /// Whether its whole panel is asked, whatever the project's stopping rule says.
    pub all_votes: bool,
    /// Who started it.
    pub started_by: String,
    /// When it was started.
    pub created_at: Timestamp,
    /// Where it stands.
    pub state: RunState,
    /// Why it is paused, when nobody asked for it.
    pub reason: Option<String>,
    /// How far its tasks are planned.
    pub planning: RunPlanning,
    /// Since when it has been running; none while it does not.
    pub running_since: Option<Timestamp>,
    /// How long it was running before that.
    pub ran_milliseconds: i64,
    /// When its last task was finished or cancelled.
    pub ended_at: Option<Timestamp>,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Its tasks are planned and done.
    Running,
    /// No new task of it is begun until it is resumed.
    Paused,
    /// Its open tasks are cancelled; what was in hand may still be submitted.
    Cancelled,
    /// Every task is done or set aside.
    Finished,
}

words!(RunState, "state of a run", Running => "running", Paused => "paused", Cancelled => "cancelled", Finished => "finished");

/// Which items a run is wanted for, among those that are there when it starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "select", rename_all = "snake_case", deny_unknown_fields)]
pub enum ItemSelection {
    /// All of them; those that the panel has annotated need nothing.
    All {},
    /// Those of them that match.
    Matching {
        /// Only items in this state.
        #[serde(default)]
        state: Option<ItemState>,
        /// Only items whose external identifier starts with this text.
        #[serde(default)]
        external_id_prefix: Option<String>,
    },
    /// Those with these external identifiers.
    Listed {
        /// The external identifiers; at most 10,000.
        external_ids: Vec<String>,
    },
    /// Those that were imported last.
    Newest {
        /// How many.
        count: u32,
    },
}

/// Which items a run is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "select", rename_all = "snake_case")]
pub enum RunItems {
    /// All that were there when it started.
    All {},
    /// Those of them that matched.
    Matching {
        /// Only items in this state.
        state: Option<ItemState>,
        /// Only items whose external identifier starts with this text.
        external_id_prefix: Option<String>,
    },
    /// Those that were named one by one.
    Listed {
        /// How many.
        count: u64,
    },
    /// Those that were imported last.
    Newest {
        /// How many.
        count: u32,
    },
}

impl Default for ItemSelection {
    fn default() -> Self {
        Self::All {}
    }
}

impl From<&ItemSelection> for RunItems {
    fn from(selection: &ItemSelection) -> Self {
        match selection {
            ItemSelection::All {} => Self::All {},
            ItemSelection::Matching {
                state,
                external_id_prefix,
            } => Self::Matching {
                state: *state,
                external_id_prefix: external_id_prefix.clone(),
            },
            ItemSelection::Listed { external_ids } => Self::Listed {
                count: external_ids.len() as u64,
            },
            ItemSelection::Newest { count } => Self::Newest { count: *count },
        }
    }
}

/// How far the tasks of a run are planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunPlanning {
    /// Whether all of its items were looked at.
    pub is_complete: bool,
    /// The items that were looked at.
    pub items: i64,
    /// Tasks that are new.
    pub planned: i64,
    /// Tasks that waited already and belonged to no run: this one took them over.
    pub taken_over: i64,
    /// Items and annotators that need none: annotated, being annotated or set aside before.
    pub present: i64,
    /// The item looked at last.
    #[serde(skip)]
    pub after: Option<ItemId>,
    /// The last item that there was when the run started.
    #[serde(skip)]
    pub until: Option<ItemId>,
}

/// What the language models of a run may cost in all. What is not given is not limited.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RunBudget {
    /// The currency of the money, ISO 4217; the same as that of the providers' prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The most money.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub money: Option<Decimal>,
    /// The most tokens of questions and answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<i64>,
}

/// An annotator's part in a run: what a call is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunAnnotator {
    /// The run.
    pub run_id: RunId,
    /// The annotator.
    pub annotator_id: AnnotatorId,
}

impl Run {
    /// Why no call may begin for it now; none when one may. A task of a cancelled run that was put back after the run's
    /// end is work of its own.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        match self.state {
            RunState::Paused => Some(match &self.reason {
                Some(reason) => format!("run {} is paused: {reason}", self.number),
                None => format!("run {} is paused", self.number),
            }),
            RunState::Cancelled if self.ended_at.is_none() => Some(format!("run {} is cancelled", self.number)),
            RunState::Running | RunState::Cancelled | RunState::Finished => None,
        }
    }

    /// How long it has been running so far, pauses left out.
    #[must_use]
    pub fn running_milliseconds(&self, now: Timestamp) -> i64 {
        let present = self
            .running_since
            .map_or(0, |since| now.milliseconds_since(since).max(0));
        self.ran_milliseconds.saturating_add(present)
    }

    /// Lets it run, or stand still, from now on.
    pub fn enter(&mut self, state: RunState, reason: Option<String>, now: Timestamp) {
        self.ran_milliseconds = self.running_milliseconds(now);
        self.running_since = (state == RunState::Running).then_some(now);
        self.state = state;
        self.reason = reason;
    }
}

impl RunBudget {
    /// Whether nothing is limited.
    #[must_use]
    pub const fn is_unlimited(&self) -> bool {
        self.money.is_none() && self.tokens.is_none()
    }

    /// Checks the amounts.
    ///
    /// # Errors
    /// An amount is negative, or money comes without its currency.
    pub fn check(&self) -> Result<(), String> {
        Budget {
            currency: self.currency.clone(),
            money: self.money,
            tokens: self.tokens,
            ..Budget::default()
        }
        .check()
    }

    /// Whether prices in this currency cannot be held against the budget's money.
    #[must_use]
    pub fn is_foreign(&self, currency: Option<&str>) -> bool {
        self.money.is_some() && currency.is_some() && currency != self.currency.as_deref()
    }

    /// Whether another call fits beside what is spent and reserved.
    ///
    /// # Errors
    /// Which limit it would exceed.
    pub fn fits(&self, used: Amounts, wanted: Amounts) -> Result<(), String> {
        let advice = "give the run a larger one and resume it to go on";
        if let Some(limit) = self.money.filter(|limit| used.money + wanted.money > *limit) {
            let currency = self.currency.as_deref().unwrap_or_default();
            return Err(format!(
                "its budget of {limit} {currency} is spent: {} {currency} are spent or reserved, the next call may need {}; \
                 {advice}",
                used.money.normalize(),
                wanted.money.normalize(),
            ));
        }
        match self.tokens {
            Some(limit) if used.tokens.saturating_add(wanted.tokens) > limit => Err(format!(
                "its budget of {limit} tokens is spent: {} are spent or reserved, the next call may need {}; {advice}",
                used.tokens, wanted.tokens,
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn moment(seconds: i64) -> Timestamp {
        Timestamp::from_microseconds(seconds * 1_000_000)
    }

    fn run() -> Run {
        Run {
            id: RunId::from_uuid(Uuid::nil()),
            project_id: ProjectId::from_uuid(Uuid::nil()),
            number: 3,
            items: RunItems::All {},
            annotators: vec!["gpt".to_owned()],
            budget: RunBudget::default(),
            batch: false,
            all_votes: false,
            started_by: "ada".to_owned(),
            created_at: moment(0),
            state: RunState::Running,
            reason: None,
            planning: RunPlanning::default(),
            running_since: Some(moment(0)),
            ran_milliseconds: 0,
            ended_at: None,
        }
    }

    #[test]
    fn pauses_do_not_count_as_running() {
        let mut run = run();
        run.enter(RunState::Paused, None, moment(10));
        assert_eq!(run.running_milliseconds(moment(100)), 10_000);
        assert_eq!(run.refusal().as_deref(), Some("run 3 is paused"));
        run.enter(RunState::Running, None, moment(100));
        assert_eq!(run.running_milliseconds(moment(105)), 15_000);
        assert_eq!(run.refusal(), None);
        run.enter(RunState::Cancelled, None, moment(106));
        assert!(run.refusal().is_some());
        run.ended_at = Some(moment(107));
        assert_eq!(run.refusal(), None);
    }

    #[test]
    fn budgets_hold_to_the_last_digit() {
        let budget: RunBudget = serde_json::from_str(r#"{"currency": "USD", "money": "0.01", "tokens": 100}"#).unwrap();
        budget.check().unwrap();
        let amounts = |money: &str, tokens| Amounts {
            money: money.parse().unwrap(),
            tokens,
        };
        assert_eq!(budget.fits(amounts("0.004", 50), amounts("0.006", 50)), Ok(()));
        let spent = budget.fits(amounts("0.004", 50), amounts("0.0061", 50)).unwrap_err();
        assert!(spent.contains("0.01 USD is spent: 0.004 USD"), "{spent}");
        let spent = budget.fits(amounts("0.004", 50), amounts("0.006", 51)).unwrap_err();
        assert!(spent.contains("100 tokens"), "{spent}");
        assert!(budget.is_foreign(Some("EUR")) && !budget.is_foreign(Some("USD")) && !budget.is_foreign(None));
        let without_currency: RunBudget = serde_json::from_str(r#"{"money": "1"}"#).unwrap();
        assert!(without_currency.check().unwrap_err().contains("currency"));
        assert!(RunBudget::default().is_unlimited());
    }

    #[test]
    fn selections_are_read_from_json() {
        let read = |text: &str| serde_json::from_str::<ItemSelection>(text);
        assert_eq!(read(r#"{"select": "all"}"#).unwrap(), ItemSelection::All {});
        let newest = read(r#"{"select": "newest", "count": 5}"#).unwrap();
        assert_eq!(RunItems::from(&newest), RunItems::Newest { count: 5 });
        let listed = read(r#"{"select": "listed", "external_ids": ["a", "b"]}"#).unwrap();
        assert_eq!(RunItems::from(&listed), RunItems::Listed { count: 2 });
        assert!(read(r#"{"select": "matching", "prefix": "a"}"#).is_err());
        assert!(read(r#"{"select": "all", "count": 5}"#).is_err());
    }
}
