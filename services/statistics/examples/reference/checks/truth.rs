//! Aggregation beside crowd-kit.

use accord_statistics::truth_inference::{
    ConfusionPrior, OneCoinPrior, Stopping, TopClasses, fit_confusions_to_top_classes, fit_one_coin_to_top_classes,
};
use accord_statistics::votes::VoteTable;
use serde_json::Value;

use super::Failure;
use super::report::{Section, Verdict};
use super::sets::VoteSet;

/// Accuracies in `reference.json` are rounded to six decimals.
const ROUNDING: f64 = 1e-6;

/// Votes that have gold, and how often something is right on them.
struct Judge<'a> {
    gold: &'a [Option<usize>],
    has_votes: Vec<bool>,
}

impl Judge<'_> {
    /// Share of the items with gold and votes where the class is the true one.
    fn accuracy(&self, class: impl Fn(usize) -> Option<usize>) -> f64 {
        let judged = || (0..self.gold.len()).filter(|item| self.gold[*item].is_some() && self.has_votes[*item]);
        let right = judged().filter(|item| class(*item) == self.gold[*item]).count();
        right as f64 / judged().count().max(1) as f64
    }
}

/// The class with the largest value; the lowest of several.
fn largest(values: &[f64]) -> Option<usize> {
    let better = |best: Option<usize>, class: usize| match best {
        Some(best) if values[class] <= values[best] + 1e-12 => Some(best),
        _ => Some(class),
    };
    (0..values.len()).fold(None, better)
}

/// The likeliest class; the lowest of several.
fn likeliest(truths: &TopClasses, item: usize) -> Option<usize> {
    truths.classes.get(item).map(|class| usize::from(*class))
}

/// Majority, Dawid-Skene and one-coin on a set of classes.
pub(crate) fn compare(section: &mut Section, votes: &VoteSet, peers: &Value) -> Result<(), Failure> {
    let table = votes.table()?;
    let judge = Judge {
        gold: &votes.gold,
        has_votes: table.rows().map(|row| !row.is_empty()).collect(),
    };
    majority(section, &table, &judge, &peers["majority_bounds"]);
    let fit = fit_confusions_to_top_classes(&table, &[], ConfusionPrior::default(), Stopping::default())?;
    let accuracy = judge.accuracy(|item| likeliest(&fit.posteriors, item));
    beside(
        section,
        "Dawid-Skene: accuracy",
        accuracy,
        &peers["DawidSkene"]["accuracy"],
    );
    let coin = fit_one_coin_to_top_classes(&table, &[], OneCoinPrior::default(), Stopping::default())?;
    let accuracy = judge.accuracy(|item| likeliest(&coin.posteriors, item));
    beside(
        section,
        "one-coin: accuracy",
        accuracy,
        &peers["OneCoinDawidSkene"]["accuracy"],
    );
    Ok(())
}

/// Accuracy of the even vote, ties to the lowest class, which has to lie between losing and winning all ties.
fn majority(section: &mut Section, table: &VoteTable, judge: &Judge<'_>, bounds: &Value) {
    let winners: Vec<Option<usize>> = table
        .rows()
        .map(|row| {
            let mut counts = vec![0.0; table.classes()];
            for (_, class) in row.pairs() {
                counts[class] += 1.0;
            }
            largest(&counts).filter(|_| !row.is_empty())
        })
        .collect();
    let accuracy = judge.accuracy(|item| winners[item]);
    let bound = |key: &str| bounds[key].as_f64().unwrap_or(f64::NAN);
    let (lost, won) = (bound("accuracy_ties_lost"), bound("accuracy_ties_won"));
    let is_inside = (lost - ROUNDING..=won + ROUNDING).contains(&accuracy);
    let verdict = if is_inside {
        Verdict::Met("between ties lost and ties won".to_owned())
    } else {
        Verdict::Missed("outside of what any rule for ties gives".to_owned())
    };
    section.add(
        "majority vote: accuracy",
        format!("{accuracy:.6}"),
        format!("{lost:.6}..{won:.6}"),
        verdict,
    );
}

/// A row of accuracies that promises nothing.
fn beside(section: &mut Section, figure: &str, accuracy: f64, peer: &Value) {
    let shown = peer
        .as_f64()
        .map_or_else(|| "not run".to_owned(), |peer| format!("{peer:.6}"));
    let difference = peer.as_f64().map_or_else(
        || "the peer did not finish".to_owned(),
        |peer| format!("{:+.2} points", 100.0 * (accuracy - peer)),
    );
    section.add(figure, format!("{accuracy:.6}"), shown, Verdict::Note(difference));
}
