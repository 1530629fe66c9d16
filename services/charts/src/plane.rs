//! The plane that a curve is drawn on: its frame, its axes and its marks.

use crate::svg::{Anchor, Drawing};

/// A rectangle of the drawing that stands for a rectangle of numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plane {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
    /// The numbers at the left and the right end.
    pub(crate) across: (f64, f64),
    /// The numbers at the bottom and the top.
    pub(crate) up: (f64, f64),
}

impl Plane {
    /// Where a number lies across.
    pub(crate) fn x(&self, value: f64) -> f64 {
        self.left + self.width * ((value - self.across.0) / (self.across.1 - self.across.0)).clamp(0.0, 1.0)
    }

    /// Where a number lies down.
    pub(crate) fn y(&self, value: f64) -> f64 {
        self.top + self.height * (1.0 - ((value - self.up.0) / (self.up.1 - self.up.0)).clamp(0.0, 1.0))
    }

    /// The lower edge.
    pub(crate) fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// The right edge.
    pub(crate) fn right(&self) -> f64 {
        self.left + self.width
    }

    /// The frame with fine lines and words at the marks, and what the axes are.
    pub(crate) fn draw(&self, drawing: &mut Drawing, across: Axis<'_>, up: Axis<'_>) {
        for mark in &across.marks {
            let at = self.x(*mark);
            drawing.line("grid", (at, self.top), (at, self.bottom()));
            drawing.text(
                "tick",
                (at, self.bottom() + 11.0),
                Anchor::Middle,
                &(across.write)(*mark),
            );
        }
        for mark in &up.marks {
            let at = self.y(*mark);
            drawing.line("grid", (self.left, at), (self.right(), at));
            drawing.text("tick", (self.left - 5.0, at), Anchor::End, &(up.write)(*mark));
        }
        drawing.rectangle("frame", (self.left, self.top), (self.width, self.height), None);
        let middle = (self.left + self.width / 2.0, self.bottom() + 27.0);
        drawing.text("axis", middle, Anchor::Middle, across.name);
        drawing.upward_text("axis", (10.0, self.top + self.height / 2.0), up.name);
    }
}

/// An axis: what it measures, and the numbers that are written at it.
pub(crate) struct Axis<'a> {
    pub(crate) name: &'a str,
    pub(crate) marks: Vec<f64>,
    pub(crate) write: fn(f64) -> String,
}

/// Four equal steps from one number to another.
pub(crate) fn quarters((from, to): (f64, f64)) -> Vec<f64> {
    [0.0, 0.25, 0.5, 0.75, 1.0]
        .iter()
        .map(|part| from + (to - from) * part)
        .collect()
}

/// Two equal steps from one number to another.
pub(crate) fn halves((from, to): (f64, f64)) -> Vec<f64> {
    vec![from, f64::midpoint(from, to), to]
}
