//! Reliability diagrams: what was promised against what came true, on gold that was not fitted on.

use accord_domain::{Calibrator, Project, ScoreLevel};
use accord_statistics::metrics::{ReliabilityPoint, reliability_point};
use serde::Serialize;

use crate::pages::numbers::{count, probability};

/// The confidence of the intervals.
const INTERVAL_LEVEL: f64 = 0.95;

/// The most points of a diagram; more levels are joined with their neighbours.
const MAXIMUM_POINTS: usize = 10;

/// The side of the drawing's square and the place of its lower left corner.
const SIDE: f64 = 160.0;
const LEFT: f64 = 30.0;
const BOTTOM: f64 = 170.0;

/// The radius of a point that stands for all items.
const LARGEST_RADIUS: f64 = 7.0;

#[derive(Debug, Serialize)]
pub(super) struct Diagram {
    field: String,
    title: String,
    /// What the diagram shows, for those who do not see it.
    summary: String,
    points: Vec<Point>,
    few: bool,
}

/// A point of a diagram: numbers for the table, and places for the drawing.
#[derive(Debug, Serialize)]
struct Point {
    promised: String,
    observed: String,
    interval: String,
    consistency: String,
    count: String,
    correct: String,
    across: String,
    down: String,
    upper: String,
    lower: String,
    expected_upper: String,
    expected_lower: String,
    radius: String,
}

/// The diagrams of all fields that have gold of their own.
pub(super) fn diagrams(project: &Project, calibrators: &[Calibrator]) -> Vec<Diagram> {
    project
        .definition
        .fields
        .iter()
        .filter_map(|field| {
            let calibrator = calibrators.iter().find(|calibrator| calibrator.field == field.name)?;
            let points = points(&calibrator.levels);
            (!points.is_empty()).then(|| diagram(field.name.as_str(), &field.title, &points))
        })
        .collect()
}

fn diagram(field: &str, title: &str, points: &[ReliabilityPoint]) -> Diagram {
    let total: usize = points.iter().map(|point| point.count).sum();
    let correct: usize = points.iter().map(|point| point.positives).sum();
    let inside = points
        .iter()
        .filter(|point| (point.interval.lower..=point.interval.upper).contains(&point.mean_probability))
        .count();
    Diagram {
        field: field.to_owned(),
        title: title.to_owned(),
        summary: format!(
            "{correct} of {total} right; the promise lies within the interval at {inside} of {} levels",
            points.len()
        ),
        points: points.iter().map(|point| drawn(point, total)).collect(),
        few: points.len() < 5,
    }
}

/// Levels in order of probability, joined so that no more than [`MAXIMUM_POINTS`] are left, each with about as many items.
fn points(levels: &[ScoreLevel]) -> Vec<ReliabilityPoint> {
    let mut levels: Vec<&ScoreLevel> = levels.iter().filter(|level| level.count > 0).collect();
    levels.sort_by(|left, right| left.probability.total_cmp(&right.probability));
    let total: usize = levels.iter().map(|level| level.count as usize).sum();
    let least = total.div_ceil(MAXIMUM_POINTS).max(1);
    let join = levels.len() > MAXIMUM_POINTS;
    let mut points = Vec::new();
    let (mut number, mut right, mut promised) = (0_usize, 0_usize, 0.0_f64);
    for (position, level) in levels.iter().enumerate() {
        number += level.count as usize;
        right += level.correct_count as usize;
        promised += level.probability * f64::from(level.count);
        if !join || number >= least || position + 1 == levels.len() {
            let mean = (promised / as_float(number)).clamp(0.0, 1.0);
            points.extend(reliability_point(right, number, mean, INTERVAL_LEVEL));
            (number, right, promised) = (0, 0, 0.0);
        }
    }
    points
}

fn drawn(point: &ReliabilityPoint, total: usize) -> Point {
    let down = |share: f64| place(BOTTOM - share * SIDE);
    let whole = |number: usize| count(i64::try_from(number).unwrap_or(i64::MAX));
    Point {
        promised: probability(point.mean_probability),
        observed: probability(point.observed),
        interval: format!(
            "{}–{}",
            probability(point.interval.lower),
            probability(point.interval.upper)
        ),
        consistency: format!(
            "{}–{}",
            probability(point.consistency.lower),
            probability(point.consistency.upper)
        ),
        count: whole(point.count),
        correct: whole(point.positives),
        across: place(LEFT + point.mean_probability * SIDE),
        down: down(point.observed),
        upper: down(point.interval.upper),
        lower: down(point.interval.lower),
        expected_upper: down(point.consistency.upper),
        expected_lower: down(point.consistency.lower),
        radius: place(
            (as_float(point.count) / as_float(total.max(1)))
                .sqrt()
                .mul_add(LARGEST_RADIUS, 1.5),
        ),
    }
}

fn place(length: f64) -> String {
    format!("{length:.1}")
}

#[expect(clippy::cast_precision_loss, reason = "counts of items stay far below 2^52")]
fn as_float(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(probability: f64, count: u32, correct_count: u32) -> ScoreLevel {
        ScoreLevel {
            score: probability,
            probability,
            count,
            correct_count,
        }
    }

    #[test]
    fn few_levels_stay_apart() {
        let points = points(&[level(0.9, 20, 18), level(0.5, 10, 4)]);
        let counts: Vec<_> = points.iter().map(|point| (point.count, point.positives)).collect();
        assert_eq!(counts, [(10, 4), (20, 18)]);
    }

    #[test]
    fn many_levels_are_joined_and_none_is_lost() {
        let levels: Vec<ScoreLevel> = (0..100).map(|index| level(f64::from(index) / 100.0, 3, 1)).collect();
        let points = points(&levels);
        assert!(points.len() <= MAXIMUM_POINTS);
        assert_eq!(points.iter().map(|point| point.count).sum::<usize>(), 300);
        assert_eq!(points.iter().map(|point| point.positives).sum::<usize>(), 100);
    }

    #[test]
    fn no_levels_make_no_points() {
        assert!(points(&[]).is_empty());
    }
}
