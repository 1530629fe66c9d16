//! The content streams of pages.

use crate::canvas::{Colour, Mark, Style};
use crate::font::{Face, win_ansi};

/// The name of the page image in a page's resources.
pub(super) const IMAGE_NAME: &str = "Scan";

/// The name of a font in a page's resources.
pub(super) fn font_name(face: Face) -> &'static str {
    match face {
        Face::Sans => "F0",
        Face::SansBold => "F1",
        Face::Serif => "F2",
        Face::SerifBold => "F3",
        Face::Mono => "F4",
        Face::MonoBold => "F5",
    }
}

/// The operators that draw a page.
pub(super) fn visible(marks: &[Mark], page_height: f32) -> Vec<u8> {
    let mut content = Vec::new();
    for mark in marks {
        match mark {
            Mark::Text {
                left,
                baseline,
                style,
                text,
            } => show(&mut content, *left, page_height - baseline, *style, text, ""),
            Mark::Block {
                left,
                top,
                width,
                height,
                colour,
            } => {
                let operators = format!(
                    "{} rg {:.2} {:.2} {:.2} {:.2} re f\n",
                    components(*colour),
                    left,
                    page_height - top - height,
                    width,
                    height
                );
                content.extend(operators.into_bytes());
            }
            Mark::Disc { x, y, radius, colour } => {
                content.extend(disc(*x, page_height - y, *radius, *colour).into_bytes());
            }
        }
    }
    content
}

/// The operators for text that can be found and copied but not seen.
pub(super) fn invisible(marks: &[Mark], page_height: f32) -> Vec<u8> {
    let mut content = Vec::new();
    for mark in marks {
        if let Mark::Text {
            left,
            baseline,
            style,
            text,
        } = mark
        {
            show(&mut content, *left, page_height - baseline, *style, text, "3 Tr ");
        }
    }
    content
}

/// The operators that spread the page image over the page.
pub(super) fn image(width: f32, height: f32) -> Vec<u8> {
    format!("q {width:.2} 0 0 {height:.2} 0 0 cm /{IMAGE_NAME} Do Q\n").into_bytes()
}

fn show(content: &mut Vec<u8>, x: f32, y: f32, style: Style, text: &str, mode: &str) {
    let operators = format!(
        "BT {mode}/{} {:.2} Tf {} rg 1 0 0 1 {x:.2} {y:.2} Tm (",
        font_name(style.face),
        style.size,
        components(style.colour)
    );
    content.extend(operators.into_bytes());
    // Characters outside the encoding are noticed by the tests of the word lists; none is dropped here in practice.
    for byte in win_ansi(text).unwrap_or_default() {
        if matches!(byte, b'(' | b')' | b'\\') {
            content.push(b'\\');
        }
        content.push(byte);
    }
    content.extend(b") Tj ET\n");
}

fn components(Colour(red, green, blue): Colour) -> String {
    let [red, green, blue] = [red, green, blue].map(|part| f32::from(part) / 255.0);
    format!("{red:.3} {green:.3} {blue:.3}")
}

/// A circle of four Bézier curves.
fn disc(x: f32, y: f32, radius: f32, colour: Colour) -> String {
    const HANDLE: f32 = 0.552_28;
    let handle = radius * HANDLE;
    let (left, right, below, above) = (x - radius, x + radius, y - radius, y + radius);
    format!(
        "{} rg {right:.2} {y:.2} m \
         {right:.2} {:.2} {:.2} {above:.2} {x:.2} {above:.2} c \
         {:.2} {above:.2} {left:.2} {:.2} {left:.2} {y:.2} c \
         {left:.2} {:.2} {:.2} {below:.2} {x:.2} {below:.2} c \
         {:.2} {below:.2} {right:.2} {:.2} {right:.2} {y:.2} c f\n",
        components(colour),
        y + handle,
        x + handle,
        x - handle,
        y + handle,
        y - handle,
        x - handle,
        x + handle,
        y - handle,
    )
}
