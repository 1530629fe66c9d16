//! Reliability diagrams: what was promised against what came true, on gold that was not fitted on.

use accord_charts::{ReliabilityPoint, reliability_diagram};
use serde::Serialize;

use crate::figures::ReliabilityLevel;
use crate::pages::numbers::{count, probability};
use crate::problem::Problem;

/// From so many points on a curve can be read.
const CURVE_FROM: usize = 5;

/// A diagram with the table behind it.
#[derive(Debug, Serialize)]
pub(super) struct Diagram {
    field: String,
    title: String,
    /// What the diagram shows in one line.
    summary: String,
    svg: String,
    points: Vec<PointLine>,
    few: bool,
}

/// A point of a diagram in numbers.
#[derive(Debug, Serialize)]
struct PointLine {
    promised: String,
    observed: String,
    interval: String,
    consistency: String,
    count: String,
    correct: String,
}

impl Diagram {
    /// The diagram of a field; none without levels.
    pub(super) fn of(field: &str, title: &str, levels: &[ReliabilityLevel]) -> Result<Option<Self>, Problem> {
        if levels.is_empty() {
            return Ok(None);
        }
        let points: Vec<ReliabilityPoint> = levels.iter().map(point).collect();
        let svg = reliability_diagram(&format!("Reliability of {title}"), &points)
            .map_err(|error| Problem::internal(&error))?;
        let total: usize = levels.iter().map(|level| level.count).sum();
        let correct: usize = levels.iter().map(|level| level.correct_count).sum();
        let inside = levels
            .iter()
            .filter(|level| (level.interval[0]..=level.interval[1]).contains(&level.mean_probability))
            .count();
        Ok(Some(Self {
            field: field.to_owned(),
            title: title.to_owned(),
            summary: format!(
                "{} of {} right; the promise lies within the interval at {inside} of {} levels",
                whole(correct),
                whole(total),
                levels.len()
            ),
            svg,
            points: levels.iter().map(line).collect(),
            few: levels.len() < CURVE_FROM,
        }))
    }
}

fn point(level: &ReliabilityLevel) -> ReliabilityPoint {
    ReliabilityPoint {
        mean_probability: level.mean_probability,
        observed: level.observed,
        interval: level.interval,
        consistency: level.consistency,
        count: u64::try_from(level.count).unwrap_or(u64::MAX),
    }
}

fn line(level: &ReliabilityLevel) -> PointLine {
    let span = |ends: [f64; 2]| format!("{}–{}", probability(ends[0]), probability(ends[1]));
    PointLine {
        promised: probability(level.mean_probability),
        observed: probability(level.observed),
        interval: span(level.interval),
        consistency: span(level.consistency),
        count: whole(level.count),
        correct: whole(level.correct_count),
    }
}

fn whole(number: usize) -> String {
    count(i64::try_from(number).unwrap_or(i64::MAX))
}
