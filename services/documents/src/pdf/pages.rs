//! The pages of a PDF: their order, their visible rectangle and how it is turned.

use std::collections::HashSet;

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::geometry::{Matrix, Rectangle};
use super::load::broken;
use crate::error::{DocumentError, LimitedAmount};

/// Deepest page tree that is followed.
const MAXIMUM_TREE_DEPTH: usize = 64;
/// US Letter, which readers assume where a page does not say its size.
const DEFAULT_MEDIA_BOX: Rectangle = Rectangle {
    left: 0.0,
    bottom: 0.0,
    right: 612.0,
    top: 792.0,
};
/// Longest edge of a page in points; PDF viewers stop at 14,400, larger ones are made by mistake or malice.
const LARGEST_EDGE: f64 = 1_000_000.0;

/// One page, ready to be read.
#[derive(Debug)]
pub(super) struct PageSource<'document> {
    /// The page's own dictionary.
    pub(super) dictionary: &'document Dictionary,
    /// Fonts and forms that its content names.
    pub(super) resources: Option<&'document Dictionary>,
    /// From the page's user space to points from the top left of the visible page.
    pub(super) to_top_left: Matrix,
    /// Width of the visible page in points, as it is shown.
    pub(super) width: f64,
    /// Height of the visible page in points, as it is shown.
    pub(super) height: f64,
}

/// What a page takes over from the nodes above it.
#[derive(Debug, Clone, Copy, Default)]
struct Inherited<'document> {
    resources: Option<&'document Dictionary>,
    media_box: Option<Rectangle>,
    crop_box: Option<Rectangle>,
    rotation: i64,
}

/// Lists the pages in order; a page that the tree holds twice counts once.
pub(super) fn list(document: &Document, limit: u64) -> Result<Vec<PageSource<'_>>, DocumentError> {
    let root = document
        .catalog()
        .and_then(|catalog| catalog.get(b"Pages"))
        .map_err(|_| broken("it has no page tree"))?;
    let mut walk = Walk {
        document,
        limit,
        seen: HashSet::new(),
        pages: Vec::new(),
    };
    walk.visit(root, Inherited::default(), 0)?;
    if walk.pages.is_empty() {
        return Err(broken("it has no pages"));
    }
    Ok(walk.pages)
}

struct Walk<'document> {
    document: &'document Document,
    limit: u64,
    seen: HashSet<ObjectId>,
    pages: Vec<PageSource<'document>>,
}

impl<'document> Walk<'document> {
    fn visit(
        &mut self,
        node: &'document Object,
        above: Inherited<'document>,
        depth: usize,
    ) -> Result<(), DocumentError> {
        if depth > MAXIMUM_TREE_DEPTH {
            return Err(broken("its page tree is nested too deeply"));
        }
        let Ok((identifier, Object::Dictionary(dictionary))) = self.document.dereference(node) else {
            return Ok(());
        };
        if let Some(identifier) = identifier
            && !self.seen.insert(identifier)
        {
            return Ok(());
        }
        let here = inherit(self.document, dictionary, above);
        match dictionary.get_deref(b"Kids", self.document) {
            Ok(Object::Array(kids)) => {
                for kid in kids {
                    self.visit(kid, here, depth + 1)?;
                }
                Ok(())
            }
            _ if dictionary.has_type(b"Pages") => Ok(()),
            _ => self.add(dictionary, here),
        }
    }

    fn add(&mut self, dictionary: &'document Dictionary, here: Inherited<'document>) -> Result<(), DocumentError> {
        let count = u64::try_from(self.pages.len()).unwrap_or(u64::MAX);
        DocumentError::check(LimitedAmount::Pages, count.saturating_add(1), self.limit)?;
        let media = here.media_box.unwrap_or(DEFAULT_MEDIA_BOX);
        let visible = here.crop_box.and_then(|crop| crop.intersection(media)).unwrap_or(media);
        let (to_top_left, width, height) = turn(visible, here.rotation);
        self.pages.push(PageSource {
            dictionary,
            resources: here.resources,
            to_top_left,
            width,
            height,
        });
        Ok(())
    }
}

fn inherit<'document>(
    document: &'document Document,
    dictionary: &'document Dictionary,
    above: Inherited<'document>,
) -> Inherited<'document> {
    let resources = dictionary
        .get_deref(b"Resources", document)
        .and_then(Object::as_dict)
        .ok();
    let rotation = dictionary.get_deref(b"Rotate", document).and_then(Object::as_i64).ok();
    Inherited {
        resources: resources.or(above.resources),
        media_box: page_box(document, dictionary, b"MediaBox").or(above.media_box),
        crop_box: page_box(document, dictionary, b"CropBox").or(above.crop_box),
        rotation: rotation.unwrap_or(above.rotation),
    }
}

fn page_box(document: &Document, dictionary: &Dictionary, key: &[u8]) -> Option<Rectangle> {
    let array = dictionary.get_deref(key, document).ok()?.as_array().ok()?;
    let rectangle = Rectangle::from_objects(document, array)?;
    let is_sensible = |edge: f64| (1.0..=LARGEST_EDGE).contains(&edge);
    (is_sensible(rectangle.width()) && is_sensible(rectangle.height())).then_some(rectangle)
}

/// The matrix to the top left of the page as shown, clockwise turned by `rotation` degrees, and the size as shown.
fn turn(visible: Rectangle, rotation: i64) -> (Matrix, f64, f64) {
    let (width, height) = (visible.width(), visible.height());
    let Rectangle {
        left,
        bottom,
        right,
        top,
    } = visible;
    match rotation.rem_euclid(360) / 90 {
        1 => (Matrix::new(0.0, 1.0, 1.0, 0.0, -bottom, -left), height, width),
        2 => (Matrix::new(-1.0, 0.0, 0.0, 1.0, right, -bottom), width, height),
        3 => (Matrix::new(0.0, -1.0, -1.0, 0.0, top, right), height, width),
        _ => (Matrix::new(1.0, 0.0, 0.0, -1.0, -left, top), width, height),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_visible_page_is_turned_clockwise() {
        let visible = Rectangle {
            left: 10.0,
            bottom: 20.0,
            right: 110.0,
            top: 220.0,
        };
        // The top left corner of the unturned page goes to the top right when it is turned by 90 degrees.
        let corner = |rotation| {
            let (matrix, width, height) = turn(visible, rotation);
            (matrix.apply(10.0, 220.0), width, height)
        };
        assert_eq!(corner(0), ((0.0, 0.0), 100.0, 200.0));
        assert_eq!(corner(90), ((200.0, 0.0), 200.0, 100.0));
        assert_eq!(corner(180), ((100.0, 200.0), 100.0, 200.0));
        assert_eq!(corner(-90), ((0.0, 100.0), 200.0, 100.0));
    }
}
