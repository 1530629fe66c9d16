//! The levels of a field's score: so many thresholds there are to choose from.

use accord_domain::{FieldMethods, MethodSelection, ScoreLevel};
use accord_statistics::metrics::wilson_interval;
use serde::Serialize;

use crate::pages::numbers::{count, figure, percent, probability};
use crate::problem::Problem;

/// The most levels that are shown one by one where the curve is not itself a table of levels.
const MAXIMUM_LEVELS: usize = 10;

/// The confidence of the intervals.
const INTERVAL_LEVEL: f64 = 0.95;

/// The curves that are tables of levels, as candidates are called.
const TABLE_CURVES: [&str; 2] = ["levels", "histogram"];

/// How many levels voting has on a field, and what gold says of each.
#[derive(Debug, Serialize)]
pub(super) struct ShownLevels {
    /// How many there are, also by plain counting.
    summary: String,
    /// That they are too few, and what gives more.
    advice: Option<String>,
    /// Lowest first; empty where there are too many to be shown one by one.
    lines: Vec<LevelLine>,
}

#[derive(Debug, Serialize)]
struct LevelLine {
    score: String,
    confidence: String,
    count: String,
    correct: String,
    rate: String,
    interval: String,
}

impl ShownLevels {
    /// The levels of a field as of the last comparison of its methods; none where voting has no scores on gold.
    pub(super) fn of(field: &FieldMethods, selection: Option<&MethodSelection>) -> Result<Option<Self>, Problem> {
        let Some(summary) = field.levels_in_words() else {
            return Ok(None);
        };
        let chosen = selection.and_then(MethodSelection::chosen);
        let is_table = chosen.is_some_and(|chosen| TABLE_CURVES.contains(&chosen.calibrator.as_str()));
        let shown = if is_table || field.voting_levels.len() <= MAXIMUM_LEVELS {
            field.voting_levels.as_slice()
        } else {
            &[]
        };
        Ok(Some(Self {
            summary,
            advice: field.advice_on_levels(),
            lines: shown.iter().map(line).collect::<Result<_, _>>()?,
        }))
    }
}

fn line(level: &ScoreLevel) -> Result<LevelLine, Problem> {
    let (correct, all) = (level.correct_count as usize, level.count as usize);
    let interval = wilson_interval(correct, all, INTERVAL_LEVEL).map_err(|error| Problem::internal(&error))?;
    Ok(LevelLine {
        score: figure(level.score),
        confidence: probability(level.probability),
        count: count(i64::from(level.count)),
        correct: count(i64::from(level.correct_count)),
        rate: percent(f64::from(level.correct_count) / f64::from(level.count.max(1))),
        interval: format!("{}–{}", probability(interval.lower), probability(interval.upper)),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn field(levels: u32) -> FieldMethods {
        let table: Vec<_> = (0..levels)
            .map(|level| json!({ "score": f64::from(level), "probability": 0.5, "count": 10, "correct_count": 8 }))
            .collect();
        let voting = json!({
            "method": "voting", "scored": 100, "accuracy": 0.8, "mean_confidence": 0.8, "brier": 0.1,
            "base_rate_brier": 0.16, "calibration_error": 0.02, "null_band": [0.01, 0.08], "auroc": 0.8,
            "risk_coverage_area": 0.1, "area_difference": null, "curve": [], "coverage_at_tolerated_risk": 0.5,
            "levels": levels, "cost": { "calls": 0.0, "input_tokens": 0.0, "output_tokens": 0.0, "money": {}, "seconds": 0.0 }
        });
        serde_json::from_value(json!({
            "field": "total", "items": 100, "methods": [voting], "left_out": [], "judge": null,
            "voting_levels": table, "even_levels": 2
        }))
        .unwrap()
    }

    #[test]
    fn few_levels_are_shown_one_by_one_with_an_interval_and_advice() {
        let shown = ShownLevels::of(&field(3), None).unwrap().unwrap();
        assert_eq!(shown.summary, "Voting has 3 levels, 2 by plain counting");
        let line = &shown.lines[1];
        assert_eq!((line.score.as_str(), line.rate.as_str()), ("1.00", "80 %"));
        assert_eq!(line.interval, "0.490–0.943");
        assert!(shown.advice.unwrap().contains("second signal"));
    }

    #[test]
    fn many_levels_are_only_counted_unless_they_are_the_curve() {
        let shown = ShownLevels::of(&field(11), None).unwrap().unwrap();
        assert!(shown.lines.is_empty() && shown.advice.is_none());
        let candidate = json!({
            "name": "even weights, levels", "aggregator": "even weights", "calibrator": "levels", "log_loss": 0.2,
            "log_loss_error": 0.02, "excess": 0.0, "excess_error": 0.0, "winner_log_loss": 0.2, "brier": 0.1,
            "accuracy": 0.8, "best": true, "chosen": true
        });
        let selection = json!({
            "kind": "chosen",
            "choice": { "candidates": [candidate], "folds": [], "label_count": 100, "error_count": 20, "seed": 1 }
        });
        let selection: MethodSelection = serde_json::from_value(selection).unwrap();
        let shown = ShownLevels::of(&field(11), Some(&selection)).unwrap().unwrap();
        assert_eq!(shown.lines.len(), 11);
    }
}
