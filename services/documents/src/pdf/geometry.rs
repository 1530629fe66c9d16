//! Rectangles and matrices in the user space of a PDF, whose origin is at the bottom left.

use lopdf::{Document, Object};

/// A rectangle with its edges in order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rectangle {
    pub(super) left: f64,
    pub(super) bottom: f64,
    pub(super) right: f64,
    pub(super) top: f64,
}

impl Rectangle {
    /// Reads four numbers; the corners may be given in any order.
    pub(super) fn from_objects(document: &Document, objects: &[Object]) -> Option<Self> {
        let numbers = numbers(document, objects)?;
        let [first_x, first_y, second_x, second_y] = *numbers.first_chunk::<4>()?;
        Some(Self {
            left: first_x.min(second_x),
            bottom: first_y.min(second_y),
            right: first_x.max(second_x),
            top: first_y.max(second_y),
        })
    }

    pub(super) const fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(super) const fn height(&self) -> f64 {
        self.top - self.bottom
    }

    /// The common part, if it has an area of at least one point each way.
    pub(super) fn intersection(self, other: Self) -> Option<Self> {
        let common = Self {
            left: self.left.max(other.left),
            bottom: self.bottom.max(other.bottom),
            right: self.right.min(other.right),
            top: self.top.min(other.top),
        };
        (common.width() >= 1.0 && common.height() >= 1.0).then_some(common)
    }
}

/// An affine map: `x' = a x + c y + e`, `y' = b x + d y + f`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Matrix {
    pub(super) entries: [f64; 6],
}

impl Matrix {
    pub(super) const IDENTITY: Self = Self::new(1.0, 0.0, 0.0, 1.0, 0.0, 0.0);

    pub(super) const fn new(a: f64, b: f64, c: f64, d: f64, e: f64, f: f64) -> Self {
        Self {
            entries: [a, b, c, d, e, f],
        }
    }

    pub(super) fn from_objects(document: &Document, objects: &[Object]) -> Option<Self> {
        let entries = *numbers(document, objects)?.first_chunk::<6>()?;
        Some(Self { entries })
    }

    /// The map that applies `self` first and `next` to its result.
    pub(super) fn then(self, next: Self) -> Self {
        let [a, b, c, d, e, f] = self.entries;
        let [na, nb, nc, nd, ne, nf] = next.entries;
        Self::new(
            a * na + b * nc,
            a * nb + b * nd,
            c * na + d * nc,
            c * nb + d * nd,
            e * na + f * nc + ne,
            e * nb + f * nd + nf,
        )
    }

    pub(super) fn apply(self, x: f64, y: f64) -> (f64, f64) {
        let [a, b, c, d, e, f] = self.entries;
        (a * x + c * y + e, b * x + d * y + f)
    }

    pub(super) fn is_finite(&self) -> bool {
        self.entries.iter().all(|entry| entry.is_finite())
    }
}

/// All numbers of an array; `None` when there is anything else in it.
pub(super) fn numbers(document: &Document, objects: &[Object]) -> Option<Vec<f64>> {
    objects.iter().map(|object| number(document, object)).collect()
}

/// A finite number, possibly behind a reference.
pub(super) fn number(document: &Document, object: &Object) -> Option<f64> {
    let (_, object) = document.dereference(object).ok()?;
    let number = object.as_float().ok()?;
    number.is_finite().then_some(f64::from(number))
}
