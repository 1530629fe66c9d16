//! The automatic choice on panels of language models with gold, fully out of fold, beside logistic regression on one-hot
//! votes as another library does it. `--no-capture` prints every figure. Skips where the data are absent.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests fail by panicking and print what they measured"
)]

mod peer_folds;
mod read;

use accord_statistics::calibration::Folds;
use accord_statistics::metrics::{BinRule, brier_score, calibration_error, null_band};
use accord_statistics::pipeline::{LabelledBallots, PipelinePlan, choose_pipeline};

use crate::peer_folds::shuffled_folds;
use crate::read::{Panel, read};

/// Splits of our own, stratified by document, that are tried beside the peer's.
const SEEDS: u64 = 3;

/// Figures of out-of-fold confidences.
struct Figures {
    accuracy: f64,
    brier: f64,
    calibration_error: f64,
    band: (f64, f64),
    methods: Vec<String>,
}

fn measure(data: &LabelledBallots, outer: &[usize], seed: u64) -> Figures {
    let choice = choose_pipeline(data, outer, 5, PipelinePlan::standard(seed), "panel").unwrap();
    let choice = choice.value().unwrap();
    let (mut probabilities, mut right) = (Vec::new(), Vec::new());
    for item in data.judged_items() {
        // A tie delivers nothing: neither right nor sure.
        let outcome = choice.out_of_fold[item].as_ref().unwrap();
        let label = data.gold(item).unwrap();
        probabilities.push(outcome.confidence.unwrap_or(0.0));
        right.push(outcome.winner.is_some_and(|winner| label.right[winner]));
    }
    let rule = BinRule::for_continuous(right.len());
    let band = null_band(&probabilities, rule, 1000, 1).unwrap().value().unwrap();
    Figures {
        accuracy: right.iter().filter(|right| **right).count() as f64 / right.len() as f64,
        brier: brier_score(&probabilities, &right).unwrap().value().unwrap(),
        calibration_error: calibration_error(&probabilities, &right, rule)
            .unwrap()
            .value()
            .unwrap()
            .expected,
        band: (band.lower, band.upper),
        methods: choice
            .folds
            .iter()
            .flatten()
            .map(|fold| fold.method().phrase())
            .collect(),
    }
}

fn show(name: &str, split: &str, figures: &Figures) {
    let mut methods = figures.methods.clone();
    methods.sort();
    methods.dedup();
    println!(
        "{name}, {split}: accuracy {:.4}, Brier {:.4}, ECE {:.3} ({:.3}-{:.3} if calibrated), by {}",
        figures.accuracy,
        figures.brier,
        figures.calibration_error,
        figures.band.0,
        figures.band.1,
        methods.join(" / ")
    );
}

/// Measures a panel on the peer's split and on splits of our own.
fn run(folder: &str) -> Option<(Panel, Figures, Vec<Figures>)> {
    let panel = read(folder)?;
    let items = panel.data.items();
    let peer = measure(&panel.data, &shuffled_folds(items, 5, 0), 0);
    println!(
        "{folder}: {items} items; logistic regression on one-hot votes: Brier {:.4}; best model alone {:.4}",
        panel.peer_brier, panel.best_alone
    );
    show(folder, "the peer's split", &peer);
    let documents: Vec<usize> = (0..items).collect();
    let correct: Vec<bool> = documents
        .iter()
        .map(|item| panel.data.even_vote_is_right(*item))
        .collect();
    let own = (0..SEEDS).map(|seed| {
        let folds = Folds::by_document(&documents, &correct, 5, 100 + seed).unwrap();
        let figures = measure(&panel.data, folds.assignment(), seed);
        show(folder, &format!("split {seed}"), &figures);
        figures
    });
    let own = own.collect();
    Some((panel, peer, own))
}

/// The peer's Brier score to the digits to which it is stated, the best model's accuracy within one standard error, and
/// calibration inside the band that chance alone would give, on the peer's own split.
fn assert_reached(panel: &Panel, peer: &Figures, own: &[Figures]) {
    let stated = (panel.peer_brier * 1000.0).round() / 1000.0;
    assert!(
        (peer.brier * 1000.0).round() / 1000.0 <= stated,
        "{} against {stated}",
        peer.brier
    );
    let error = (panel.best_alone * (1.0 - panel.best_alone) / panel.data.items() as f64).sqrt();
    for figures in own.iter().chain([peer]) {
        assert!(figures.accuracy >= panel.best_alone - error, "{}", figures.accuracy);
    }
    assert!(peer.calibration_error <= peer.band.1, "{}", peer.calibration_error);
}

#[test]
fn a_panel_whose_majority_is_wrong_is_rescued_and_warned_of() {
    let Some((panel, peer, own)) = run("llmbar") else {
        return;
    };
    assert_reached(&panel, &peer, &own);
    let better = panel.data.voter_above_even_vote().unwrap().unwrap();
    assert_eq!(better.voter, 0, "the first model is far better than all together");
    assert!(better.accuracy > 0.8 && better.even_vote_accuracy < 0.6);
}

#[test]
fn a_panel_on_two_classes_reaches_its_peer() {
    let Some((panel, peer, own)) = run("textclass_envclaims_en") else {
        return;
    };
    assert_reached(&panel, &peer, &own);
    assert_eq!(panel.data.voter_above_even_vote().unwrap(), None);
}

#[test]
fn a_panel_on_many_classes_reaches_its_peer() {
    let Some((panel, peer, own)) = run("textclass_policy_en") else {
        return;
    };
    assert_reached(&panel, &peer, &own);
    assert!(peer.brier <= panel.peer_brier);
}
