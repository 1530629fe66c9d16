//! `accord experiment stopping`: what asking fewer annotators would have saved, and lost.

use accord_statistics::Estimate;
use accord_statistics::adaptive::{Replay, ReplayWeights, SequentialTest, StoppingRule, replay};
use accord_statistics::calibration::Folds;
use accord_statistics::votes::VoteTable;
use anyhow::Context;
use serde::Serialize;

use super::panel::Panel;
use crate::arguments::StoppingArguments;
use crate::commands::vote_files::{field_name, gold_of, table_of, votes_of};
use crate::output::{complain, percent, say, spinner, table};

/// All that is printed: with `--json`, these names are the fields.
#[derive(Debug, Serialize)]
struct Stopping {
    /// The file.
    file: String,
    /// Annotators of the panel.
    panel: usize,
    fields: Vec<FieldStopping>,
}

#[derive(Debug, Serialize)]
struct FieldStopping {
    /// Name of the field; null when the file has no column `field`.
    field: Option<String>,
    /// Share of the calls that have a vote.
    answered: f64,
    replays: Vec<Replay>,
}

pub(super) fn run(arguments: &StoppingArguments) -> anyhow::Result<()> {
    let mut votes = votes_of(&arguments.votes, &arguments.input)?;
    let gold = gold_of(Some(&arguments.gold), &mut votes, &arguments.input)?.unwrap_or_default();
    let mut panel = Panel::named(&arguments.panel, &votes.annotators)?;
    if let Some(file) = &arguments.prices {
        panel = panel.priced(file, &votes.annotators, &arguments.input)?;
    }
    let rules = rules(arguments)?;
    let mut stopping = Stopping {
        file: arguments.votes.display().to_string(),
        panel: panel.prices.len(),
        fields: Vec::new(),
    };
    for (field, known) in votes.fields.iter_mut().zip(&gold.labels) {
        if known.is_empty() {
            complain(&format!("field {}: no gold, left out", field_name(field)));
            continue;
        }
        let all = table_of(field, votes.annotators.len())?;
        let known = all.known(known);
        let own = panel.votes(&all.votes)?;
        let wait = spinner("replay");
        let replays = replays(&own, &known, &panel.prices, &rules, arguments);
        wait.finish_and_clear();
        stopping.fields.push(FieldStopping {
            field: field.name.clone(),
            answered: own.votes() as f64 / (own.items() * own.voters()).max(1) as f64,
            replays: replays.with_context(|| format!("field `{}`", field_name(field)))?,
        });
    }
    if arguments.json {
        say(&serde_json::to_string_pretty(&stopping)?);
    } else {
        print(&stopping, arguments.prices.is_some());
    }
    Ok(())
}

/// What is compared, with the votes that count for it.
fn rules(arguments: &StoppingArguments) -> anyhow::Result<Vec<(ReplayWeights, StoppingRule)>> {
    // A vote that backs a wrong leader is a coin toss; one that backs a right leader is right in 9 of 10.
    let test = SequentialTest::new(0.5, 0.9, 0.1, 0.1)?;
    let mut even = vec![StoppingRule::AllVotes, StoppingRule::CannotChange];
    even.extend(arguments.beta.iter().map(|level| StoppingRule::Beta(*level)));
    even.push(StoppingRule::Sequential(test));
    let mut weighted = vec![StoppingRule::AllVotes, StoppingRule::CannotChange];
    weighted.extend(arguments.posterior.iter().map(|level| StoppingRule::Posterior(*level)));
    let even = even.into_iter().map(|rule| (ReplayWeights::Even, rule));
    let weighted = weighted.into_iter().map(|rule| (ReplayWeights::LogOdds, rule));
    Ok(even.chain(weighted).collect())
}

fn replays(
    votes: &VoteTable,
    known: &[Option<usize>],
    prices: &[f64],
    rules: &[(ReplayWeights, StoppingRule)],
    arguments: &StoppingArguments,
) -> anyhow::Result<Vec<Replay>> {
    let items: Vec<usize> = (0..votes.items()).collect();
    let is_known: Vec<bool> = known.iter().map(Option::is_some).collect();
    let folds = Folds::by_document(&items, &is_known, arguments.folds, arguments.seed)?;
    rules
        .iter()
        .map(|(weights, rule)| Ok(replay(votes, known, prices, &folds, *weights, *rule)?))
        .collect()
}

const HEADINGS: [&str; 8] = [
    "votes count",
    "stop",
    "calls an item",
    "calls saved",
    "accuracy",
    "against all votes",
    "winners changed",
    "safe / sure / all asked",
];

/// Below, the votes are hardly those of a panel that was asked as a whole.
const MOSTLY_ANSWERED: f64 = 0.9;

fn print(stopping: &Stopping, has_prices: bool) {
    for field in &stopping.fields {
        let name = field
            .field
            .as_ref()
            .map_or(String::new(), |name| format!(", field {name}"));
        let items = field.replays.first().map_or(0, |replay| replay.items);
        say(&format!(
            "{}{name}: a panel of {} on {} items with gold",
            stopping.file,
            stopping.panel,
            accord_charts::numbers::whole(items)
        ));
        let mut headings = HEADINGS.to_vec();
        if has_prices {
            headings.insert(4, "price saved");
        }
        say(&table(
            &headings,
            2,
            field.replays.iter().map(|replay| row(replay, has_prices)).collect(),
        ));
        if field.answered < MOSTLY_ANSWERED {
            complain(&format!(
                "warning: only {} of the calls have a vote: were all of the panel asked about every item? --panel names it",
                percent(Some(field.answered))
            ));
        }
        say(&advice(&field.replays));
    }
}

fn row(replay: &Replay, has_prices: bool) -> Vec<String> {
    let per_item = replay.calls as f64 / replay.items.max(1) as f64;
    let mut row = vec![
        match replay.weights {
            ReplayWeights::Even => "one each".to_owned(),
            ReplayWeights::LogOdds => "log-odds".to_owned(),
        },
        rule_words(replay.rule),
        format!("{per_item:.2}"),
        percent(replay.calls_saved.value()),
    ];
    if has_prices {
        row.push(percent(replay.price_saved.value()));
    }
    row.extend([
        percent(replay.accuracy.value()),
        difference(replay),
        accord_charts::numbers::whole(replay.changed_winners),
        format!(
            "{} / {} / {}",
            replay.ended_safe, replay.ended_sure, replay.ended_complete
        ),
    ]);
    row
}

fn rule_words(rule: StoppingRule) -> String {
    match rule {
        StoppingRule::AllVotes => "never".to_owned(),
        StoppingRule::CannotChange => "winner is safe".to_owned(),
        StoppingRule::Beta(level) => format!("or Beta {level}"),
        StoppingRule::Posterior(level) => format!("or posterior {level}"),
        StoppingRule::Sequential(_) => "or sequential test".to_owned(),
    }
}

/// In percent points, with its standard error.
fn difference(replay: &Replay) -> String {
    match (replay.difference, replay.standard_error) {
        (Estimate::Value(difference), Estimate::Value(error)) => {
            format!("{:+.2} ± {:.2}", difference * 100.0, error * 100.0)
        }
        _ => "–".to_owned(),
    }
}

/// The rule that saves most and loses nothing that can be told from chance.
fn advice(replays: &[Replay]) -> String {
    let loses_nothing = |replay: &&Replay| match (replay.difference, replay.standard_error) {
        (Estimate::Value(difference), Estimate::Value(error)) => difference >= -error,
        _ => false,
    };
    let saved = |replay: &Replay| replay.price_saved.value().unwrap_or(0.0);
    // Of rules that save alike the plainest, which comes first, is the last of the turned list.
    let best = replays
        .iter()
        .rev()
        .filter(loses_nothing)
        .max_by(|left, right| saved(left).total_cmp(&saved(right)));
    match best.filter(|best| saved(best) > 0.0) {
        None => "No rule saves calls without losing accuracy here.".to_owned(),
        Some(best) => format!(
            "Most is saved without a loss beyond one standard error by: {}, {} ({} of the calls). Calibrate on items voted \
             under the same rule.",
            match best.weights {
                ReplayWeights::Even => "one vote each",
                ReplayWeights::LogOdds => "log-odds weights",
            },
            match best.rule {
                StoppingRule::AllVotes | StoppingRule::CannotChange => rule_words(best.rule),
                other => format!("stop where the winner is safe {}", rule_words(other)),
            },
            percent(best.calls_saved.value())
        ),
    }
}
