//! Arguments of the commands about runs.

use std::path::PathBuf;

use accord_domain::run_report::Money;
use accord_domain::{ItemState, RunBudget};
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum RunCommand {
    /// Ask a panel of annotators about items, as one piece of work with a budget of its own.
    Start(StartRunArguments),
    /// List the runs of a project.
    List {
        /// Name of the project.
        #[arg(long, value_name = "NAME")]
        project: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show how a run stands: progress, pace, costs so far and to come, what is slow and what went wrong.
    Show(RunReference),
    /// Watch a run until it stands still.
    Watch(RunReference),
    /// Begin no new task of a run until it is resumed; what is in hand is finished and kept.
    Pause(RunReference),
    /// Let a paused run go on, with another budget when one is given.
    Resume {
        #[command(flatten)]
        run: RunReference,
        #[command(flatten)]
        budget: BudgetArguments,
    },
    /// Cancel what is open of a run; what is in hand is finished and kept.
    Cancel(RunReference),
}

/// Which run is meant.
#[derive(Debug, Args)]
pub(crate) struct RunReference {
    /// Name of the project.
    #[arg(long, value_name = "NAME")]
    pub(crate) project: String,
    /// Number of the run; the newest one when left out.
    pub(crate) number: Option<i64>,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct StartRunArguments {
    /// Name of the project.
    #[arg(long, value_name = "NAME")]
    pub(crate) project: String,
    #[command(flatten)]
    pub(crate) items: ItemArguments,
    /// The panel: names of automatic annotators, separated by commas; all active ones when left out.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub(crate) annotators: Vec<String>,
    #[command(flatten)]
    pub(crate) budget: BudgetArguments,
    /// Ask the models through batches of their providers, at a lower price and within a day.
    #[arg(long)]
    pub(crate) batch: bool,
    /// Ask the whole panel about every item, whatever the project's stopping rule says.
    #[arg(long)]
    pub(crate) all_votes: bool,
    /// Watch the run until it stands still; workers elsewhere do the work.
    #[arg(long)]
    pub(crate) wait: bool,
    /// Do the work in this process, that of this project only, until the run stands still and its items are scored.
    #[arg(long, conflicts_with = "wait")]
    pub(crate) work: bool,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which items a run is about; all when nothing is given.
#[derive(Debug, Args)]
pub(crate) struct ItemArguments {
    /// Only items in this state: pending, accepted, needs_review or resolved.
    #[arg(long, value_name = "STATE", value_parser = parse_state)]
    pub(crate) state: Option<ItemState>,
    /// Only items whose external identifier begins with this text.
    #[arg(long, value_name = "TEXT")]
    pub(crate) prefix: Option<String>,
    /// Only the items that were imported last.
    #[arg(long, value_name = "COUNT", conflicts_with_all = ["state", "prefix", "items"])]
    pub(crate) newest: Option<u32>,
    /// Only the items whose external identifiers this file lists, one a line; `-` is standard input.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["state", "prefix"])]
    pub(crate) items: Option<PathBuf>,
}

/// What the models of a run may cost; what is left out is not limited.
#[derive(Debug, Args)]
pub(crate) struct BudgetArguments {
    /// The most money with its currency, that of the providers' prices, such as "12.50 USD".
    #[arg(long, value_name = "MONEY", value_parser = parse_money)]
    pub(crate) budget: Option<Money>,
    /// The most tokens of questions and answers.
    #[arg(long, value_name = "COUNT")]
    pub(crate) tokens: Option<i64>,
}

impl BudgetArguments {
    /// The budget; none when nothing was given.
    pub(crate) fn given(&self) -> Option<RunBudget> {
        (self.budget.is_some() || self.tokens.is_some()).then(|| RunBudget {
            currency: self.budget.as_ref().map(|money| money.currency.clone()),
            money: self.budget.as_ref().map(|money| money.amount),
            tokens: self.tokens,
        })
    }
}

fn parse_state(word: &str) -> Result<ItemState, String> {
    let states = [
        ItemState::Pending,
        ItemState::Accepted,
        ItemState::NeedsReview,
        ItemState::Resolved,
    ];
    let found = states.into_iter().find(|state| state.word() == word);
    found.ok_or_else(|| "expected pending, accepted, needs_review or resolved".to_owned())
}

fn parse_money(text: &str) -> Result<Money, String> {
    let expected = || "expected an amount and its currency, such as \"12.50 USD\"".to_owned();
    let (amount, currency) = text.trim().split_once(' ').ok_or_else(expected)?;
    Ok(Money {
        amount: amount.parse().map_err(|_| expected())?,
        currency: currency.trim().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_comes_with_its_currency() {
        let money = parse_money("12.50 USD").unwrap();
        assert_eq!(
            (money.amount.to_string().as_str(), money.currency.as_str()),
            ("12.50", "USD")
        );
        for wrong in ["12.50", "USD 12", "", "a b"] {
            assert!(parse_money(wrong).is_err(), "{wrong}");
        }
        assert_eq!(parse_state("needs_review"), Ok(ItemState::NeedsReview));
        assert!(parse_state("open").is_err());
    }
}
