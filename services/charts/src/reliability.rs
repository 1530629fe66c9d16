//! Reliability diagrams: what was promised against what came true.

use crate::check::{InvalidChart, interval, number, share, some};
use crate::numbers::{probability, whole};
use crate::plane::{Axis, Plane, quarters};
use crate::svg::{Anchor, Drawing, WIDTH};

/// The fewest points through which a line is drawn.
const CURVE_FROM: usize = 5;

/// The radius of a point that stands for all items.
const LARGEST_RADIUS: f64 = 7.0;

/// The whole windows that the axes may show, narrowest first: confidences lie close to 1, where a whole square would
/// put them on one spot.
const WINDOWS: [(f64, f64); 3] = [(0.8, 1.0), (0.5, 1.0), (0.0, 1.0)];

/// The distance between two counts that stand beside each other, for each character and between them.
const COUNT_CHARACTER: f64 = 6.6;
const COUNT_GAP: f64 = 7.0;

/// A point of a reliability diagram: items that were given about the same probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReliabilityPoint {
    /// The mean probability that they were given, 0 to 1.
    pub mean_probability: f64,
    /// The share of them that was right, 0 to 1.
    pub observed: f64,
    /// The interval of that share, lower end first.
    pub interval: [f64; 2],
    /// Where the share would lie if the probability were right, lower end first.
    pub consistency: [f64; 2],
    /// How many items there are, at least 1.
    pub count: u64,
}

/// Draws points with the intervals of their shares (whiskers), what an honest probability would show (pale bars around
/// the diagonal), and how many items each stands for (the row above). A fine line joins them from five points on. Both
/// axes show the same window: 0.8 to 1 or 0.5 to 1 where everything lies in it, else the whole.
///
/// `points` may stand in any order.
///
/// # Errors
/// No points, a share outside 0 to 1, an interval the wrong way round, a point of no items.
pub fn reliability_diagram(title: &str, points: &[ReliabilityPoint]) -> Result<String, InvalidChart> {
    let points = checked(points)?;
    let window = window(&points);
    let plane = Plane {
        left: 46.0,
        top: 30.0,
        width: 300.0,
        height: 300.0,
        across: window,
        up: window,
    };
    let mut drawing = Drawing::default();
    let axis = |name| Axis {
        name,
        marks: quarters(window),
        write: short,
    };
    plane.draw(&mut drawing, axis("promised"), axis("right"));
    for point in &points {
        let across = plane.x(point.mean_probability);
        let [lower, upper] = point.consistency.map(|end| plane.y(end));
        // Where only one share is likely there is no height; a hair of it shows where.
        drawing.rectangle(
            "expected",
            (across - 5.0, upper.min(lower - 1.5)),
            (10.0, (lower - upper).max(1.5)),
            None,
        );
    }
    drawing.line("diagonal", (plane.left, plane.bottom()), (plane.right(), plane.top));
    if points.len() >= CURVE_FROM {
        let places: Vec<(f64, f64)> = points.iter().map(|point| centre(&plane, point)).collect();
        drawing.path("curve", &places);
    }
    let total: u64 = points.iter().map(|point| point.count).sum();
    for point in &points {
        drawing.with_words(&words(point), |drawing| draw_point(drawing, &plane, point, total));
    }
    draw_counts(&mut drawing, &plane, &points);
    Ok(drawing.finish("reliability", 368.0, title, &description(&points, total)))
}

fn checked(points: &[ReliabilityPoint]) -> Result<Vec<ReliabilityPoint>, InvalidChart> {
    some("points", points.len())?;
    for (position, point) in points.iter().enumerate() {
        share("mean_probability", position, point.mean_probability)?;
        share("observed", position, point.observed)?;
        interval("interval", position, point.interval)?;
        interval("consistency", position, point.consistency)?;
        number("count", position, 0.0, "at least 1", point.count > 0)?;
    }
    let mut points = points.to_vec();
    points.sort_by(|left, right| left.mean_probability.total_cmp(&right.mean_probability));
    Ok(points)
}

fn window(points: &[ReliabilityPoint]) -> (f64, f64) {
    let least = points
        .iter()
        .flat_map(|point| [point.mean_probability, point.interval[0], point.consistency[0]])
        .fold(1.0, f64::min);
    *WINDOWS.iter().find(|(from, _)| least >= *from).unwrap_or(&(0.0, 1.0))
}

/// A number at an axis: `0.5`, `0.95`, `1`.
fn short(value: f64) -> String {
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.to_owned()
}

fn centre(plane: &Plane, point: &ReliabilityPoint) -> (f64, f64) {
    (plane.x(point.mean_probability), plane.y(point.observed))
}

#[expect(clippy::cast_precision_loss, reason = "a radius needs few digits")]
fn draw_point(drawing: &mut Drawing, plane: &Plane, point: &ReliabilityPoint, total: u64) {
    let (across, down) = centre(plane, point);
    let [lower, upper] = point.interval.map(|end| plane.y(end));
    drawing.line("whisker", (across, upper), (across, lower));
    for end in [upper, lower] {
        drawing.line("whisker", (across - 3.0, end), (across + 3.0, end));
    }
    let part = (point.count as f64 / total as f64).sqrt();
    drawing.circle("point", (across, down), part.mul_add(LARGEST_RADIUS - 2.0, 2.0));
}

/// Writes how many items each point stands for above the plane, apart enough to be read, with a line to its point.
fn draw_counts(drawing: &mut Drawing, plane: &Plane, points: &[ReliabilityPoint]) {
    let labels: Vec<String> = points.iter().map(|point| whole(point.count)).collect();
    let widths: Vec<f64> = labels
        .iter()
        .map(|label| COUNT_CHARACTER * length(label.chars().count()) + COUNT_GAP)
        .collect();
    let wanted: Vec<f64> = points.iter().map(|point| plane.x(point.mean_probability)).collect();
    let Some(places) = apart(&wanted, &widths, (plane.left - 10.0, WIDTH)) else {
        return;
    };
    drawing.text("tick", (plane.left - 14.0, 9.0), Anchor::End, "n");
    for ((label, place), across) in labels.iter().zip(&places).zip(&wanted) {
        drawing.line("leader", (*place, 16.0), (*across, plane.top));
        drawing.text("count", (*place, 9.0), Anchor::Middle, label);
    }
}

/// Labels that touch and move together.
#[derive(Debug, Clone, Copy)]
struct Block {
    begin: f64,
    width: f64,
    /// The sum over its labels of where each wants the block to begin.
    wanted: f64,
    labels: usize,
}

impl Block {
    /// Both as one, this one first, where its labels want it on average and both ends leave room.
    fn joined(self, next: Self, (from, to): (f64, f64)) -> Self {
        let width = self.width + next.width;
        let wanted = self.wanted + next.wanted - self.width * length(next.labels);
        let labels = self.labels + next.labels;
        Self {
            begin: (wanted / length(labels)).clamp(from, to - width),
            width,
            wanted,
            labels,
        }
    }
}

/// The places nearest to where labels of these widths are wanted so that none covers another and all lie between the
/// ends; none where they have no room.
fn apart(wanted: &[f64], widths: &[f64], ends: (f64, f64)) -> Option<Vec<f64>> {
    if widths.iter().sum::<f64>() > ends.1 - ends.0 {
        return None;
    }
    let mut blocks: Vec<Block> = Vec::new();
    for (centre, width) in wanted.iter().zip(widths) {
        let begin = (centre - width / 2.0).clamp(ends.0, ends.1 - width);
        let mut block = Block {
            begin,
            width: *width,
            wanted: begin,
            labels: 1,
        };
        while let Some(before) = blocks.pop_if(|before| before.begin + before.width > block.begin) {
            block = before.joined(block, ends);
        }
        blocks.push(block);
    }
    let mut widths = widths.iter();
    let mut places = Vec::with_capacity(wanted.len());
    for block in blocks {
        let mut at = block.begin;
        for width in widths.by_ref().take(block.labels) {
            places.push(at + width / 2.0);
            at += width;
        }
    }
    Some(places)
}

#[expect(clippy::cast_precision_loss, reason = "a diagram has few labels and characters")]
const fn length(count: usize) -> f64 {
    count as f64
}

fn words(point: &ReliabilityPoint) -> String {
    format!(
        "promised {}, right {} [{}, {}] of {}",
        probability(point.mean_probability),
        probability(point.observed),
        probability(point.interval[0]),
        probability(point.interval[1]),
        whole(point.count)
    )
}

fn description(points: &[ReliabilityPoint], total: u64) -> String {
    let inside = points
        .iter()
        .filter(|point| (point.interval[0]..=point.interval[1]).contains(&point.mean_probability))
        .count();
    let each: Vec<String> = points.iter().map(words).collect();
    format!(
        "{} items at {} levels; the promise lies within the interval of what was right at {inside} of them: {}.",
        whole(total),
        points.len(),
        each.join("; ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_stand_apart_and_inside() {
        let widths = [20.0; 5];
        let places = apart(&[300.0, 301.0, 302.0, 340.0, 341.0], &widths, (0.0, 350.0)).unwrap();
        assert!(
            places.windows(2).all(|pair| pair[1] - pair[0] >= 20.0 - 1e-9),
            "{places:?}"
        );
        assert!(places[0] >= 10.0 && places[4] <= 340.0 + 1e-9, "{places:?}");
        assert_eq!(apart(&[50.0], &[20.0], (0.0, 100.0)).unwrap(), [50.0]);
        assert_eq!(apart(&[50.0; 6], &[20.0; 6], (0.0, 100.0)), None);
    }

    #[test]
    fn numbers_at_axes_are_short() {
        assert_eq!(
            [0.0, 0.25, 0.5, 0.95, 0.875, 1.0].map(short),
            ["0", "0.25", "0.5", "0.95", "0.875", "1"]
        );
    }
}
