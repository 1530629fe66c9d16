//! Several ways to be sure of the same items, by their risk-coverage curves in one plane.

use crate::check::{InvalidChart, shape, share, some};
use crate::numbers::{percent, rate};
use crate::plane::{Axis, Plane, halves, quarters};
use crate::risk_coverage::{RiskPoint, checked_points, steps, top_of_risk};
use crate::svg::{Anchor, Drawing, fitted};

/// The most curves in one plane: each has a colour and a pattern of its own.
pub const MAXIMUM_CURVES: usize = 4;

/// The room of a name in the legend.
const NAME_ROOM: f64 = 100.0;

/// The curve of one way.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedCurve {
    /// Its name.
    pub name: String,
    /// Its places, in any order.
    pub points: Vec<RiskPoint>,
}

/// Draws for each way the share of errors (up) against the share that is taken, the surest first (across), with the share of
/// errors that is tolerated as a dashed line. A curve that lies below another lets through fewer errors.
///
/// # Errors
/// No curve or more than [`MAXIMUM_CURVES`], a curve without points, a share outside 0 to 1.
pub fn risk_coverage_comparison(title: &str, curves: &[NamedCurve], tolerated: f64) -> Result<String, InvalidChart> {
    some("curves", curves.len())?;
    shape("curves", curves.len().min(MAXIMUM_CURVES), curves.len())?;
    share("tolerated", 0, tolerated)?;
    let curves = curves
        .iter()
        .map(|curve| Ok((curve.name.as_str(), checked_points(&curve.points)?)))
        .collect::<Result<Vec<_>, InvalidChart>>()?;
    let tops = curves.iter().map(|(_, points)| top_of_risk(points, tolerated));
    let plane = Plane {
        left: 54.0,
        top: 42.0,
        width: 288.0,
        height: 200.0,
        across: (0.0, 1.0),
        up: (0.0, tops.fold(0.0, f64::max)),
    };
    let mut drawing = Drawing::default();
    let coverage = Axis {
        name: "taken, the surest first",
        marks: quarters(plane.across),
        write: percent,
    };
    let risk = Axis {
        name: "errors among them",
        marks: halves(plane.up),
        write: rate,
    };
    plane.draw(&mut drawing, coverage, risk);
    let aim = plane.y(tolerated);
    drawing.line("target", (plane.left, aim), (plane.right(), aim));
    for (number, (name, points)) in curves.iter().enumerate() {
        let class = format!("curve curve-{number}");
        drawing.path(&class, &steps(&plane, points));
        let (column, row) = (number % 2, number / 2);
        let at = (plane.left + 144.0 * column as f64, 10.0 + 16.0 * row as f64);
        drawing.line(&class, at, (at.0 + 26.0, at.1));
        drawing.text("summary", (at.0 + 32.0, at.1), Anchor::Start, &fitted(name, NAME_ROOM));
    }
    Ok(drawing.finish("risk-coverage", 280.0, title, &description(&curves, tolerated)))
}

fn description(curves: &[(&str, Vec<RiskPoint>)], tolerated: f64) -> String {
    let parts = curves.iter().map(|(name, points)| {
        let taken = points.iter().filter(|point| point.risk <= tolerated);
        let taken = taken.map(|point| point.coverage).fold(0.0, f64::max);
        format!("{name} takes {}", percent(taken))
    });
    format!(
        "Errors among the surest items, by way. With at most {} errors {}.",
        rate(tolerated),
        parts.collect::<Vec<_>>().join(", ")
    )
}
