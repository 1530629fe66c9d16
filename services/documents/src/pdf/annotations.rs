//! Appearances of annotations, such as what was filled into the fields of a form.

use lopdf::{Dictionary, Document, Object, Stream};

use super::geometry::{Matrix, Rectangle};

/// Annotations whose appearance belongs to the text of the page.
const READABLE_ANNOTATIONS: [&[u8]; 3] = [b"Widget", b"FreeText", b"Stamp"];
/// Annotation flags that keep it off the screen: hidden and no view.
const INVISIBLE_FLAGS: i64 = 2 | 32;

/// The normal appearance of a visible annotation, and the matrix that moves its box onto the annotation's rectangle.
pub(super) fn appearance<'document>(
    document: &'document Document,
    annotation: &'document Dictionary,
) -> Option<(&'document Stream, Matrix)> {
    let value = |key: &[u8]| annotation.get_deref(key, document).ok();
    let subtype = value(b"Subtype")?.as_name().ok()?;
    let flags = value(b"F").and_then(|flags| flags.as_i64().ok()).unwrap_or(0);
    if !READABLE_ANNOTATIONS.contains(&subtype) || flags & INVISIBLE_FLAGS != 0 {
        return None;
    }
    let normal = value(b"AP")?.as_dict().ok()?.get_deref(b"N", document).ok()?;
    let form = match normal {
        Object::Stream(form) => form,
        Object::Dictionary(states) => {
            let state = value(b"AS")?.as_name().ok()?;
            states.get_deref(state, document).ok()?.as_stream().ok()?
        }
        _ => return None,
    };
    let rectangle = Rectangle::from_objects(document, value(b"Rect")?.as_array().ok()?)?;
    let form_box = form.dict.get_deref(b"BBox", document).ok()?.as_array().ok()?;
    let form_box = Rectangle::from_objects(document, form_box)?;
    Some((form, place(form_box, form_matrix(document, form), rectangle)))
}

/// Scales and moves the bounding box of `form_box` under `matrix` onto `target`.
fn place(form_box: Rectangle, matrix: Matrix, target: Rectangle) -> Matrix {
    let corners = [
        matrix.apply(form_box.left, form_box.bottom),
        matrix.apply(form_box.left, form_box.top),
        matrix.apply(form_box.right, form_box.bottom),
        matrix.apply(form_box.right, form_box.top),
    ];
    let least = |pick: fn(&(f64, f64)) -> f64| corners.iter().map(pick).fold(f64::INFINITY, f64::min);
    let most = |pick: fn(&(f64, f64)) -> f64| corners.iter().map(pick).fold(f64::NEG_INFINITY, f64::max);
    let (left, right) = (least(|corner| corner.0), most(|corner| corner.0));
    let (bottom, top) = (least(|corner| corner.1), most(|corner| corner.1));
    let ratio = |target: f64, source: f64| if source.abs() > 1.0e-6 { target / source } else { 1.0 };
    let horizontal = ratio(target.width(), right - left);
    let vertical = ratio(target.height(), top - bottom);
    Matrix::new(
        horizontal,
        0.0,
        0.0,
        vertical,
        target.left - left * horizontal,
        target.bottom - bottom * vertical,
    )
}

/// The matrix of a form.
pub(super) fn form_matrix(document: &Document, form: &Stream) -> Matrix {
    form.dict
        .get_deref(b"Matrix", document)
        .and_then(Object::as_array)
        .ok()
        .and_then(|entries| Matrix::from_objects(document, entries))
        .unwrap_or(Matrix::IDENTITY)
}
