//! The automatic choice on panels of language models, out of fold, beside logistic regression on one-hot votes.

#[path = "../../../tests/panels/peer_folds.rs"]
mod peer_folds;

use std::collections::{BTreeMap, BTreeSet};

use accord_statistics::metrics::{BinRule, brier_score, calibration_error, null_band};
use accord_statistics::pipeline::{
    Ballot, GoldLabel, LabelledBallots, Panel, PipelineChoice, PipelinePlan, choose_pipeline,
};
use serde_json::Value;

use super::Failure;
use super::report::{Section, Verdict};
use super::sets::VoteSet;

/// Folds and seed of the peer's split.
const FOLDS: usize = 5;
const SEED: u32 = 0;
/// Simulations of the band that calibrated confidences stay in.
const SIMULATIONS: usize = 1000;
const PEER: &str = "logistic_regression_on_one_hot_votes_C1";

/// Confidences of the delivered labels, and whether these are right.
struct Judged {
    probabilities: Vec<f64>,
    right: Vec<bool>,
}

/// Chooses on the peer's split and adds what came of it.
pub(crate) fn compare(section: &mut Section, votes: &VoteSet, reference: &Value) -> Result<(), Failure> {
    let data = ballots(votes)?;
    let split = peer_folds::shuffled_folds(data.items(), FOLDS, SEED);
    let plan = PipelinePlan::standard(u64::from(SEED));
    let choice = match choose_pipeline(&data, &split, FOLDS, plan, "panel")?.into_result() {
        Ok(choice) => choice,
        Err(reason) => {
            let missed = Verdict::Missed(reason.to_string());
            section.add("automatic choice", reason.code().to_owned(), String::new(), missed);
            return Ok(());
        }
    };
    let judged = judge(&data, &choice);
    brier(section, &judged, reference)?;
    accuracy(section, &judged, reference);
    calibration(section, &judged, reference)?;
    let mut methods: Vec<String> = choice
        .folds
        .iter()
        .flatten()
        .map(|fold| fold.method().phrase())
        .collect();
    methods.sort();
    methods.dedup();
    let note = match data.voter_above_even_vote()? {
        None => methods.join(" / "),
        Some(better) => format!(
            "{}; warns: {} alone is right in {:.1} %, an even vote in {:.1} %",
            methods.join(" / "),
            votes.annotators[better.voter],
            100.0 * better.accuracy,
            100.0 * better.even_vote_accuracy
        ),
    };
    section.add(
        "automatic choice: chosen",
        String::new(),
        String::new(),
        Verdict::Note(note),
    );
    Ok(())
}

/// A tie delivers nothing: neither right nor sure.
fn judge(data: &LabelledBallots, choice: &PipelineChoice) -> Judged {
    let (mut probabilities, mut right) = (Vec::new(), Vec::new());
    for item in data.judged_items() {
        let outcome = choice.out_of_fold[item].as_ref();
        let winner = outcome.and_then(|outcome| outcome.winner);
        probabilities.push(outcome.and_then(|outcome| outcome.confidence).unwrap_or(0.0));
        let label = data.gold(item);
        right.push(winner.zip(label).is_some_and(|(winner, label)| label.right[winner]));
    }
    Judged { probabilities, right }
}

/// At or below the peer's, to the three digits to which it is stated.
fn brier(section: &mut Section, judged: &Judged, reference: &Value) -> Result<(), Failure> {
    let ours = brier_score(&judged.probabilities, &judged.right)?.into_result()?;
    let peer = reference["supervised_5fold_sklearn"][PEER]["brier_binary_correctness"].as_f64();
    let stated = |value: f64| (value * 1000.0).round();
    let verdict = match peer {
        Some(peer) if stated(ours) <= stated(peer) => Verdict::Met("at or below the peer".to_owned()),
        Some(peer) => Verdict::Missed(format!("{:.4} above the peer", ours - peer)),
        None => Verdict::Note("no peer".to_owned()),
    };
    let shown = peer.map_or_else(String::new, |peer| format!("{peer:.4}"));
    section.add("automatic choice: Brier score", format!("{ours:.4}"), shown, verdict);
    Ok(())
}

/// At least the best annotator's less one standard error.
fn accuracy(section: &mut Section, judged: &Judged, reference: &Value) {
    let items = judged.right.len() as f64;
    let ours = judged.right.iter().filter(|right| **right).count() as f64 / items;
    let alone = reference["accuracy_of_each"]
        .as_object()
        .into_iter()
        .flat_map(|each| each.values());
    let best = alone.filter_map(Value::as_f64).fold(0.0, f64::max);
    let error = (best * (1.0 - best) / items).sqrt();
    let verdict = if ours >= best - error {
        Verdict::Met("at least the best annotator alone less one standard error".to_owned())
    } else {
        Verdict::Missed(format!("{:.4} below the best annotator alone", best - ours))
    };
    section.add(
        "automatic choice: accuracy",
        format!("{ours:.4}"),
        format!("{best:.4}"),
        verdict,
    );
}

/// Inside the band that chance alone gives to calibrated confidences.
fn calibration(section: &mut Section, judged: &Judged, reference: &Value) -> Result<(), Failure> {
    let rule = BinRule::for_continuous(judged.right.len());
    let ours = calibration_error(&judged.probabilities, &judged.right, rule)?
        .into_result()?
        .expected;
    let band = null_band(&judged.probabilities, rule, SIMULATIONS, u64::from(SEED))?.into_result()?;
    let inside = format!("inside {:.3}..{:.3}", band.lower, band.upper);
    let verdict = if ours <= band.upper {
        Verdict::Met(inside)
    } else {
        Verdict::Missed(format!("not {inside}"))
    };
    let peer = reference["supervised_5fold_sklearn"][PEER]["ece15_top_label"].as_f64();
    let shown = peer.map_or_else(String::new, |peer| format!("{peer:.4}"));
    section.add(
        "automatic choice: calibration error",
        format!("{ours:.4}"),
        shown,
        verdict,
    );
    Ok(())
}

/// The votes item by item, every item its own document and every annotator its own family. Declared are the classes that the panel or
/// the gold names.
fn ballots(votes: &VoteSet) -> Result<LabelledBallots, Failure> {
    let named = votes
        .votes
        .iter()
        .map(|vote| vote.2)
        .chain(votes.gold.iter().copied().flatten());
    let named: BTreeSet<usize> = named.collect();
    let declared_as: BTreeMap<usize, usize> = named.into_iter().zip(0..).collect();
    let panel = Panel::new((0..votes.annotators.len()).collect(), Some(declared_as.len()))?;
    let mut cast: BTreeMap<usize, Vec<(usize, usize)>> = BTreeMap::new();
    for (item, annotator, class) in &votes.votes {
        cast.entry(*item).or_default().push((*annotator, *class));
    }
    let (mut ballots, mut gold) = (Vec::new(), Vec::new());
    for (item, own) in cast {
        let mut seen: Vec<usize> = Vec::new();
        let mut numbered = Vec::with_capacity(own.len());
        for (annotator, class) in own {
            let position = seen.iter().position(|known| *known == class).unwrap_or(seen.len());
            if position == seen.len() {
                seen.push(class);
            }
            numbered.push((annotator, position));
        }
        let declared: Vec<Option<usize>> = seen.iter().map(|class| declared_as.get(class).copied()).collect();
        ballots.push(Ballot::new(&panel, &numbered, &declared)?);
        gold.push(votes.gold[item].map(|truth| GoldLabel {
            right: seen.iter().map(|class| *class == truth).collect(),
            truth: declared_as.get(&truth).copied(),
        }));
    }
    let documents = (0..ballots.len()).collect();
    Ok(LabelledBallots::new(panel, ballots, gold, documents)?)
}
