//! Aggregation beside crowd-kit.

use accord_statistics::truth_inference::{
    AutomaticFit, ConfusionFit, ConfusionPrior, EarlyStopping, GladPrior, InferenceWarning, MacePrior, OneCoinPrior,
    Restarts, Stopping, TopClasses, fit_automatically, fit_confusions_to_top_classes, fit_glad_to_top_classes,
    fit_mace_to_top_classes, fit_one_coin_to_top_classes, supports_confusions,
};
use accord_statistics::votes::VoteTable;
use serde_json::Value;

use super::Failure;
use super::report::{Section, Verdict};
use super::sets::VoteSet;

/// How far below the peer's accuracy a method may be.
const BELOW_PEER: f64 = 0.005;
/// How far below the majority's accuracy a method may be where the peer is not.
const BELOW_MAJORITY: f64 = 0.01;
/// What is not met, and why: data set, method, reason.
const NOT_MET: [(&str, &str, &str); 2] = [
    (
        "fact_eval",
        "MACE",
        "voters share errors that depend on the label, which it takes for what voters draw without looking, as Dawid-Skene \
         takes them for confusions when it converges (0.876736); they are 12 of 576 items with gold, and there is no peer",
    ),
    (
        "textclass_envclaims_en",
        "MACE",
        "the peer numbers voters by appearance and counts their labels in string order, so it gives them one another's labels; \
         with voters named in order of appearance it has 0.864151 too",
    ),
];
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

/// Majority, Dawid-Skene, one-coin, GLAD and MACE on a set of classes.
pub(crate) fn compare(section: &mut Section, votes: &VoteSet, peers: &Value, set: &str) -> Result<(), Failure> {
    let table = votes.table()?;
    let judge = Judge {
        gold: &votes.gold,
        has_votes: table.rows().map(|row| !row.is_empty()).collect(),
    };
    let majority = majority(section, &table, &judge, &peers["majority_bounds"]);
    confusions(section, &table, &judge, majority, peers)?;
    let coin = fit_one_coin_to_top_classes(&table, &[], OneCoinPrior::default(), Stopping::EARLY)?;
    let glad = fit_glad_to_top_classes(&table, &[], GladPrior::default(), Stopping::EARLY)?;
    let restarts = Restarts { runs: 10, seed: 0 };
    let mace = fit_mace_to_top_classes(&table, &[], MacePrior::default(), restarts, Stopping::EARLY)?;
    for (method, key, posteriors, warnings) in [
        ("one-coin", "OneCoinDawidSkene", &coin.posteriors, &coin.warnings),
        ("GLAD", "GLAD", &glad.posteriors, &glad.warnings),
        ("MACE", "MACE", &mace.posteriors, &mace.warnings),
    ] {
        let accuracy = judge.accuracy(|item| top(posteriors, item));
        let peer = peers[key]["accuracy"].as_f64();
        let verdict = match judged(accuracy, majority, peer, warnings) {
            Verdict::Missed(why) => match NOT_MET.iter().find(|known| (known.0, known.1) == (set, method)) {
                Some((_, _, reason)) => Verdict::Note(format!("NOT MET, {why}: {reason}")),
                None => Verdict::Missed(why),
            },
            verdict => verdict,
        };
        let shown = peer.map_or_else(|| "not run".to_owned(), |peer| format!("{peer:.6}"));
        section.add(format!("{method}: accuracy"), format!("{accuracy:.6}"), shown, verdict);
    }
    automatic(section, &table, &judge, majority)
}

/// What is taken without known truths, which must not be worse than the majority.
fn automatic(section: &mut Section, table: &VoteTable, judge: &Judge<'_>, majority: f64) -> Result<(), Failure> {
    let (taken, accuracy) = match fit_automatically(table)? {
        AutomaticFit::Majority(_) => ("majority", majority),
        AutomaticFit::OneCoin(fit) => ("one-coin", judge.accuracy(|item| top(&fit.posteriors, item))),
        AutomaticFit::Confusions(fit) => ("Dawid-Skene", judge.accuracy(|item| top(&fit.posteriors, item))),
    };
    let verdict = if accuracy >= majority - BELOW_MAJORITY {
        Verdict::Met(format!("takes {taken}, at least the majority less 1 point"))
    } else {
        Verdict::Missed(format!("takes {taken}, {:.4} below the majority", majority - accuracy))
    };
    section.add(
        "rule without gold: accuracy",
        format!("{accuracy:.6}"),
        String::new(),
        verdict,
    );
    Ok(())
}

/// Accuracy of the even vote, ties to the lowest class, which has to lie between losing and winning all ties.
fn majority(section: &mut Section, table: &VoteTable, judge: &Judge<'_>, bounds: &Value) -> f64 {
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
    accuracy
}

/// Dawid-Skene, which must not be worse than the peer, and must say so itself where it leaves a better majority.
fn confusions(
    section: &mut Section,
    table: &VoteTable,
    judge: &Judge<'_>,
    majority: f64,
    peers: &Value,
) -> Result<(), Failure> {
    let peer = &peers["DawidSkene"]["accuracy"];
    if !supports_confusions(table) {
        let note = Verdict::Note("too few voters or items for confusion matrices".to_owned());
        section.add("Dawid-Skene", String::new(), String::new(), note);
        return Ok(());
    }
    let fit = fit_confusions_to_top_classes(table, &[], ConfusionPrior::NONE, EarlyStopping::default())?;
    let accuracy = judge.accuracy(|item| top(&fit.posteriors, item));
    let shown = peer.as_f64().map_or_else(String::new, |peer| format!("{peer:.6}"));
    let verdict = judged(accuracy, majority, peer.as_f64(), &fit.warnings);
    section.add("Dawid-Skene: accuracy", format!("{accuracy:.6}"), shown, verdict);
    let peer_iterations = peers["DawidSkene"]["iterations"].as_u64();
    section.add(
        "Dawid-Skene: iterations",
        fit.course.iterations.to_string(),
        peer_iterations.map_or_else(String::new, |peer| peer.to_string()),
        Verdict::Note(warned(&fit)),
    );
    let converged = fit_confusions_to_top_classes(table, &[], ConfusionPrior::default(), Stopping::default())?;
    let accuracy = judge.accuracy(|item| top(&converged.posteriors, item));
    beside(section, "Dawid-Skene, with prior, converged: accuracy", accuracy, peer);
    Ok(())
}

fn judged(accuracy: f64, majority: f64, peer: Option<f64>, warnings: &[InferenceWarning]) -> Verdict {
    let falls = |value: f64| value < majority - BELOW_MAJORITY;
    let is_warned = warnings.iter().any(|warning| {
        warning.is_of_errors_in_common()
            || matches!(
                warning,
                InferenceWarning::DisagreesWithMajority { .. } | InferenceWarning::WorseThanGuessing { .. }
            )
    });
    match peer {
        // Votes that lead this kind of model astray have to be found out, by whatever model.
        Some(peer) if falls(accuracy) && falls(peer) && is_warned => {
            let to_peer = 100.0 * (accuracy - peer);
            Verdict::Met(format!(
                "below the majority as the peer is ({to_peer:+.2} points to it), and warned of"
            ))
        }
        Some(peer) if accuracy < peer - BELOW_PEER => Verdict::Missed(format!("{:.4} below the peer", peer - accuracy)),
        _ if falls(accuracy) && !is_warned => Verdict::Missed("below the majority without a warning".to_owned()),
        _ if falls(accuracy) => Verdict::Missed(format!("{:.4} below the majority", majority - accuracy)),
        Some(_) => Verdict::Met("at least the peer less 0.5 points".to_owned()),
        None => Verdict::Met("at least the majority less 1 point".to_owned()),
    }
}

/// The warnings of a fit in few words.
fn warned(fit: &ConfusionFit<TopClasses>) -> String {
    let words = fit.warnings.iter().map(|warning| match warning {
        InferenceWarning::FewVoters { voters } => format!("only {voters} voters"),
        InferenceWarning::FewItems { items } => format!("only {items} items"),
        InferenceWarning::WorseThanGuessing { voters } => format!("{} voters worse than guessing", voters.len()),
        InferenceWarning::DisagreesWithMajority { share } => format!("leaves {:.0} % of majorities", 100.0 * share),
        InferenceWarning::SharedErrors {
            correlation,
            votes,
            effective_votes,
        } => format!("errors correlate by {correlation:.2}: {votes:.1} votes are worth {effective_votes:.1}"),
        InferenceWarning::PairedErrors { correlation, pairs, .. } => {
            format!("pairs of voters that err together: {pairs}, by {correlation:.2}")
        }
        InferenceWarning::NotConverged { iterations } => format!("not converged after {iterations} iterations"),
    });
    let words: Vec<String> = words.collect();
    if words.is_empty() {
        "no warning".to_owned()
    } else {
        format!("warns: {}", words.join(", "))
    }
}

/// The likeliest class of an item, the lowest of several.
fn top(truths: &TopClasses, item: usize) -> Option<usize> {
    truths.classes.get(item).map(|class| usize::from(*class))
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
