//! Risk-coverage curves: how many errors are let through when so much is accepted.

use crate::check::{InvalidChart, number, share, some};
use crate::numbers::{percent, probability, rate, whole};
use crate::plane::{Axis, Plane, halves, quarters};
use crate::svg::{Anchor, Drawing};

/// The most that the risk axis shows is one of these.
const RISK_TOPS: [f64; 10] = [0.01, 0.02, 0.04, 0.05, 0.1, 0.2, 0.4, 0.5, 0.8, 1.0];

/// What accepting everything at or above one score gives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RiskPoint {
    /// The share of items accepted, 0 to 1.
    pub coverage: f64,
    /// The share of errors among them, 0 to 1.
    pub risk: f64,
}

/// The threshold that holds the target with confidence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CertifiedThreshold {
    /// The least score that is accepted; finite.
    pub threshold: f64,
    /// The share of items it accepts, 0 to 1.
    pub coverage: f64,
    /// How sure it is that the share of errors among them is no greater than the target, 0 to 1.
    pub confidence: f64,
    /// Errors among the accepted.
    pub errors: u64,
    /// The accepted.
    pub accepted: u64,
}

/// Draws the share of errors (up) against the share accepted (across), from the strictest threshold to none, with the
/// target as a dashed line. The certified threshold is marked at its coverage and said in words; `None` says that there is
/// none.
///
/// `points` are the curve's levels; they may stand in any order.
///
/// # Errors
/// No points, a share outside 0 to 1, a threshold that is not finite.
pub fn risk_coverage_curve(
    title: &str,
    points: &[RiskPoint],
    target: f64,
    certified: Option<CertifiedThreshold>,
) -> Result<String, InvalidChart> {
    let points = checked(points, target, certified)?;
    let plane = Plane {
        left: 54.0,
        top: 42.0,
        width: 288.0,
        height: 200.0,
        across: (0.0, 1.0),
        up: (0.0, top_of_risk(&points, target)),
    };
    let mut drawing = Drawing::default();
    let coverage = Axis {
        name: "accepted",
        marks: quarters(plane.across),
        write: percent,
    };
    let risk = Axis {
        name: "errors among them",
        marks: halves(plane.up),
        write: rate,
    };
    plane.draw(&mut drawing, coverage, risk);
    let aim = plane.y(target);
    drawing.line("target", (plane.left, aim), (plane.right(), aim));
    let words = format!("target {}", rate(target));
    drawing.text("note", (plane.left + 4.0, aim - 8.0), Anchor::Start, &words);
    draw_curve(&mut drawing, &plane, &points);
    if let Some(certified) = certified {
        mark_certified(&mut drawing, &plane, certified);
    }
    let lines = certified.map_or_else(
        || vec!["no threshold holds the target with confidence yet".to_owned()],
        |certified| summary(certified, target).into(),
    );
    for (line, down) in lines.iter().rev().zip([26.0, 10.0]) {
        drawing.text("summary", (plane.left, down), Anchor::Start, line);
    }
    let description = description(&points, target, &lines.join(", "));
    Ok(drawing.finish("risk-coverage", 280.0, title, &description))
}

fn checked(
    points: &[RiskPoint],
    target: f64,
    certified: Option<CertifiedThreshold>,
) -> Result<Vec<RiskPoint>, InvalidChart> {
    let points = checked_points(points)?;
    share("target", 0, target)?;
    if let Some(certified) = certified {
        let threshold = certified.threshold;
        number("threshold", 0, threshold, "a finite number", threshold.is_finite())?;
        share("coverage of the threshold", 0, certified.coverage)?;
        share("confidence", 0, certified.confidence)?;
    }
    Ok(points)
}

/// The points of a curve in order of coverage.
pub(crate) fn checked_points(points: &[RiskPoint]) -> Result<Vec<RiskPoint>, InvalidChart> {
    some("points", points.len())?;
    for (position, point) in points.iter().enumerate() {
        share("coverage", position, point.coverage)?;
        share("risk", position, point.risk)?;
    }
    let mut points = points.to_vec();
    points.sort_by(|left, right| left.coverage.total_cmp(&right.coverage));
    Ok(points)
}

/// The whole curve and the target have room, but a first level of few items with an error among them must not press
/// everything else flat: where it lies before a tenth is accepted it may leave the plane.
pub(crate) fn top_of_risk(points: &[RiskPoint], target: f64) -> f64 {
    let highest = points
        .iter()
        .filter(|point| point.coverage >= 0.1)
        .map(|point| point.risk)
        .chain([target * 1.25])
        .fold(0.0, f64::max);
    *RISK_TOPS.iter().find(|top| highest <= **top).unwrap_or(&1.0)
}

/// A curve in steps: between two levels nothing can be accepted.
pub(crate) fn steps(plane: &Plane, points: &[RiskPoint]) -> Vec<(f64, f64)> {
    let mut places = Vec::with_capacity(2 * points.len());
    for (position, point) in points.iter().enumerate() {
        let across = plane.x(point.coverage);
        if let Some(before) = position.checked_sub(1).and_then(|before| points.get(before)) {
            places.push((across, plane.y(before.risk)));
        }
        places.push((across, plane.y(point.risk)));
    }
    places
}

fn draw_curve(drawing: &mut Drawing, plane: &Plane, points: &[RiskPoint]) {
    if points.len() > 1 {
        drawing.path("curve", &steps(plane, points));
    }
    if points.len() <= 20 {
        for point in points {
            let words = format!("{} accepted, {} errors", percent(point.coverage), rate(point.risk));
            drawing.with_words(&words, |drawing| {
                drawing.circle("level", (plane.x(point.coverage), plane.y(point.risk)), 2.5);
            });
        }
    }
}

fn mark_certified(drawing: &mut Drawing, plane: &Plane, certified: CertifiedThreshold) {
    let across = plane.x(certified.coverage);
    let size = (across - plane.left, plane.height);
    drawing.rectangle("accepted", (plane.left, plane.top), size, None);
    drawing.line("certified", (across, plane.top), (across, plane.bottom()));
    drawing.circle("certified-point", (across, plane.bottom()), 4.0);
}

fn summary(certified: CertifiedThreshold, target: f64) -> [String; 2] {
    [
        format!(
            "threshold {} → {} accepted",
            probability(certified.threshold),
            percent(certified.coverage)
        ),
        format!(
            "error ≤ {} with {} confidence ({} of {})",
            rate(target),
            percent(certified.confidence),
            whole(certified.errors),
            whole(certified.accepted)
        ),
    ]
}

fn description(points: &[RiskPoint], target: f64, summary: &str) -> String {
    let last = points.last().map_or_else(String::new, |point| {
        format!(
            " Accepting {} lets through {} errors.",
            percent(point.coverage),
            rate(point.risk)
        )
    });
    format!(
        "Errors among the accepted at {} thresholds, against a target of {}: {summary}.{last}",
        points.len(),
        rate(target)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_holds_target_and_curve() {
        let point = |coverage, risk| RiskPoint { coverage, risk };
        assert_eq!(top_of_risk(&[point(0.05, 1.0), point(1.0, 0.03)], 0.01), 0.04);
        assert_eq!(top_of_risk(&[point(1.0, 0.0)], 0.05), 0.1);
        assert_eq!(top_of_risk(&[point(1.0, 0.9)], 0.05), 1.0);
    }
}
