//! Before and after, what the error consists of, and the methods that were tried.

use accord_charts::{Bar, bars};
use accord_domain::{CalibrationReport, CandidateScore, MethodChoice, MethodSelection};
use serde::Serialize;

use crate::figures::{BrierDecomposition, CalibratorFigures, Figure};
use crate::pages::numbers::{count, figure, percent, probability};
use crate::problem::Problem;

/// How many methods are drawn: those of least log loss. The one that was taken is drawn in any case, and the table has
/// all.
const METHODS_DRAWN: usize = 12;

/// The figures before or after calibration.
#[derive(Debug, Serialize)]
pub(super) struct FiguresLine {
    what: &'static str,
    count: String,
    errors: String,
    accuracy: String,
    confidence: String,
    brier: String,
    brier_interval: Option<String>,
    log_loss: String,
    log_loss_interval: Option<String>,
    calibration_error: String,
    null_band: String,
    /// Whether the calibration error is what a perfect calibrator would show.
    inside: bool,
    auroc: Option<String>,
}

/// What the mean squared error consists of.
#[derive(Debug, Serialize)]
pub(super) struct DecompositionLine {
    brier: String,
    reliability: String,
    resolution: String,
    uncertainty: String,
    within: String,
}

/// The methods that were tried, or why there was no choice.
#[derive(Debug, Serialize)]
pub(super) struct CandidatesShown {
    sentence: String,
    svg: Option<String>,
    /// Which of them are drawn.
    drawn: String,
    lines: Vec<CandidateLine>,
}

#[derive(Debug, Serialize)]
struct CandidateLine {
    name: String,
    log_loss: String,
    error: String,
    excess: String,
    excess_error: String,
    brier: String,
    accuracy: String,
    best: bool,
    chosen: bool,
}

/// The line before calibration, where it is known, and the line after it.
pub(super) fn before_and_after(calibrator: &CalibratorFigures) -> Vec<FiguresLine> {
    let before = calibrator
        .before
        .map(|report| line("before: share of an even vote", &report, None));
    let after = calibrator.after.as_ref().map(|after| {
        line(
            "after: calibrated confidence",
            &after.report,
            Some((after.brier, after.log_loss)),
        )
    });
    before.into_iter().chain(after).collect()
}

fn line(what: &'static str, report: &CalibrationReport, intervals: Option<(Figure, Figure)>) -> FiguresLine {
    let [lower, upper] = report.null_band;
    let right = (report.accuracy * f64::from(report.count)).round();
    let span = |figure: Figure| match (figure.lower, figure.upper) {
        (Some(lower), Some(upper)) => Some(format!("[{}, {}]", probability(lower), probability(upper))),
        _ => None,
    };
    FiguresLine {
        what,
        count: count(i64::from(report.count)),
        errors: format!("{:.0}", f64::from(report.count) - right),
        accuracy: percent(report.accuracy),
        confidence: probability(report.mean_confidence),
        brier: probability(report.brier),
        brier_interval: intervals.and_then(|(brier, _)| span(brier)),
        log_loss: probability(report.log_loss),
        log_loss_interval: intervals.and_then(|(_, loss)| span(loss)),
        calibration_error: probability(report.calibration_error),
        null_band: format!("{}–{}", probability(lower), probability(upper)),
        inside: report.calibration_error <= upper,
        auroc: report.auroc.map(figure),
    }
}

/// The parts of the mean squared error.
pub(super) fn decomposition(brier: f64, parts: BrierDecomposition) -> DecompositionLine {
    let signed = |value: f64| {
        let text = format!("{value:.4}");
        if text
            .trim_start_matches('-')
            .chars()
            .all(|digit| matches!(digit, '0' | '.'))
        {
            return "0.0000".to_owned();
        }
        text.replace('-', "−")
    };
    DecompositionLine {
        brier: signed(brier),
        reliability: signed(parts.reliability),
        resolution: signed(parts.resolution),
        uncertainty: signed(parts.uncertainty),
        within: signed(parts.within_levels),
    }
}

/// The methods that were tried, the simplest first.
pub(super) fn candidates(selection: &MethodSelection) -> Result<CandidatesShown, Problem> {
    let without = |sentence: String| CandidatesShown {
        sentence,
        svg: None,
        drawn: String::new(),
        lines: Vec::new(),
    };
    match selection {
        MethodSelection::Given => Ok(without(
            "The policy names the weighting; the curve is Platt's.".to_owned(),
        )),
        MethodSelection::TooLittleGold {
            label_count,
            error_count,
            labels_needed,
            errors_needed,
        } => Ok(without(format!(
            "Too little gold to choose by: {} labels, {} of them wrong by an even vote; the choice begins at {} labels and {} errors. Until then: log-odds weights and Platt's curve.",
            count(i64::from(*label_count)),
            count(i64::from(*error_count)),
            count(i64::from(*labels_needed)),
            count(i64::from(*errors_needed))
        ))),
        MethodSelection::Chosen { choice } => chosen(choice),
    }
}

fn chosen(choice: &MethodChoice) -> Result<CandidatesShown, Problem> {
    let bar = |candidate: &&CandidateScore| Bar {
        name: if candidate.chosen {
            format!("{} · taken", candidate.name)
        } else {
            candidate.name.clone()
        },
        value: candidate.log_loss.max(0.0),
        text: probability(candidate.log_loss),
        chosen: candidate.chosen,
    };
    let drawn = drawn(&choice.candidates);
    let bars_drawn: Vec<Bar> = drawn.iter().map(bar).collect();
    let title = "Log loss of methods on gold they had not seen";
    let svg = bars(title, &bars_drawn).map_err(|error| Problem::internal(&error))?;
    Ok(CandidatesShown {
        sentence: format!(
            "{} methods were compared on {} labels, {} of them wrong by an even vote: the simplest whose log loss exceeds the least by no more than one standard error is taken.",
            choice.candidates.len(),
            count(i64::from(choice.label_count)),
            count(i64::from(choice.error_count))
        ),
        svg: Some(svg),
        drawn: which_are_drawn(drawn.len(), choice.candidates.len()),
        lines: choice
            .candidates
            .iter()
            .map(|candidate| CandidateLine {
                name: candidate.name.clone(),
                log_loss: probability(candidate.log_loss),
                error: probability(candidate.log_loss_error),
                excess: probability(candidate.excess),
                excess_error: probability(candidate.excess_error),
                brier: probability(candidate.brier),
                accuracy: percent(candidate.accuracy),
                best: candidate.best,
                chosen: candidate.chosen,
            })
            .collect(),
    })
}

fn which_are_drawn(drawn: usize, all: usize) -> String {
    if drawn < all {
        format!("{drawn} of {all} methods: those of least log loss, and the one taken.")
    } else {
        "Log loss: less is better.".to_owned()
    }
}

/// The methods of least log loss, and the one that was taken, the least loss first.
fn drawn(candidates: &[CandidateScore]) -> Vec<&CandidateScore> {
    let mut ranked: Vec<&CandidateScore> = candidates.iter().collect();
    ranked.sort_by(|left, right| left.log_loss.total_cmp(&right.log_loss));
    let best = ranked.iter().take(METHODS_DRAWN);
    let taken = ranked.iter().skip(METHODS_DRAWN).filter(|candidate| candidate.chosen);
    best.chain(taken).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_methods_are_drawn_and_the_one_taken() {
        let candidate = |number: u32, chosen: bool| CandidateScore {
            name: format!("method {number}"),
            aggregator: "even weights".to_owned(),
            calibrator: "Platt".to_owned(),
            log_loss: f64::from((number * 7) % 20) / 100.0,
            log_loss_error: 0.01,
            excess: 0.0,
            excess_error: 0.01,
            winner_log_loss: 0.1,
            brier: 0.05,
            accuracy: 0.9,
            best: number == 0,
            chosen,
        };
        // In order of loss: 0, 3, 6, 9, 12, 15, 18, 1, ...; number 17 has the greatest.
        let taken_last: Vec<CandidateScore> = (0..20).map(|number| candidate(number, number == 17)).collect();
        let names: Vec<&str> = drawn(&taken_last)
            .iter()
            .map(|candidate| candidate.name.as_str())
            .collect();
        assert_eq!((names.len(), names[0], names[12]), (13, "method 0", "method 17"));
        assert_eq!(names[1], "method 3");
        let taken_early: Vec<CandidateScore> = (0..20).map(|number| candidate(number, number == 3)).collect();
        assert_eq!(drawn(&taken_early).len(), METHODS_DRAWN);
        assert_eq!(drawn(&taken_early[..5]).len(), 5);
    }
}
