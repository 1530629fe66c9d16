//! Pages as grey images: the marks of a canvas, drawn with the same typefaces.

use ab_glyph::{Font, PxScale, point};

use crate::canvas::{Colour, Mark, Style};

/// A grey image, row by row from the top; 0 is black.
#[derive(Debug, Clone)]
pub(crate) struct GreyImage {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) pixels: Vec<u8>,
}

impl GreyImage {
    pub(crate) fn blank(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            pixels: vec![255; width * height],
        }
    }

    /// The grey at a place, white outside of the image.
    pub(crate) fn at(&self, x: i64, y: i64) -> u8 {
        let inside = usize::try_from(x).ok().zip(usize::try_from(y).ok());
        inside
            .filter(|&(x, y)| x < self.width && y < self.height)
            .and_then(|(x, y)| self.pixels.get(y * self.width + x))
            .copied()
            .unwrap_or(255)
    }

    /// Lays a grey over a place; `cover` is from 0 (nothing) to 1 (all of it).
    fn lay(&mut self, x: i64, y: i64, grey: u8, cover: f32) {
        let inside = usize::try_from(x).ok().zip(usize::try_from(y).ok());
        if let Some((x, y)) = inside.filter(|&(x, y)| x < self.width && y < self.height)
            && let Some(pixel) = self.pixels.get_mut(y * self.width + x)
        {
            let mixed = f32::from(*pixel) * (1.0 - cover) + f32::from(grey) * cover;
            *pixel = (mixed + 0.5) as u8;
        }
    }
}

/// Draws a page of the given size in points.
pub(crate) fn rasterise(marks: &[Mark], (width, height): (f32, f32), dots_per_inch: f32) -> GreyImage {
    let scale = dots_per_inch / 72.0;
    let mut image = GreyImage::blank((width * scale).round() as usize, (height * scale).round() as usize);
    for mark in marks {
        match mark {
            Mark::Block {
                left,
                top,
                width,
                height,
                colour,
            } => draw_block(
                &mut image,
                [*left, *top, *width, *height].map(|length| length * scale),
                grey(*colour),
            ),
            Mark::Disc { x, y, radius, colour } => {
                draw_disc(
                    &mut image,
                    [*x, *y, *radius].map(|length| length * scale),
                    grey(*colour),
                );
            }
            Mark::Text {
                left,
                baseline,
                style,
                text,
            } => draw_text(&mut image, (*left * scale, *baseline * scale), *style, scale, text),
        }
    }
    image
}

/// The luma of a colour (ITU-R BT.601), as grey scanners see it.
fn grey(Colour(red, green, blue): Colour) -> u8 {
    let sum = u32::from(red) * 299 + u32::from(green) * 587 + u32::from(blue) * 114;
    u8::try_from(sum / 1000).unwrap_or(255)
}

fn draw_block(image: &mut GreyImage, [left, top, width, height]: [f32; 4], grey: u8) {
    let first_column = left.round() as i64;
    let first_row = top.round() as i64;
    let last_column = ((left + width).round() as i64).max(first_column + 1);
    let last_row = ((top + height).round() as i64).max(first_row + 1);
    for y in first_row..last_row {
        for x in first_column..last_column {
            image.lay(x, y, grey, 1.0);
        }
    }
}

fn draw_disc(image: &mut GreyImage, [x, y, radius]: [f32; 3], grey: u8) {
    for row in (y - radius).floor() as i64..=(y + radius).ceil() as i64 {
        for column in (x - radius).floor() as i64..=(x + radius).ceil() as i64 {
            let (across, down) = (column as f32 + 0.5 - x, row as f32 + 0.5 - y);
            let inside = radius + 0.5 - (across * across + down * down).sqrt();
            image.lay(column, row, grey, inside.clamp(0.0, 1.0));
        }
    }
}

fn draw_text(image: &mut GreyImage, (left, baseline): (f32, f32), style: Style, scale: f32, text: &str) {
    let face = style.face.load();
    let units = face.font.units_per_em().unwrap_or(1000.0);
    // The scale of this library is the height of a line, not of the em.
    let pixels = PxScale::from(style.size * scale * face.font.height_unscaled() / units);
    let ink = grey(style.colour);
    let mut at = left;
    for character in text.chars() {
        let glyph = face
            .font
            .glyph_id(character)
            .with_scale_and_position(pixels, point(at, baseline));
        if let Some(outline) = face.font.outline_glyph(glyph) {
            let bounds = outline.px_bounds();
            outline.draw(|x, y, cover| {
                let column = i64::from(x) + bounds.min.x as i64;
                let row = i64::from(y) + bounds.min.y as i64;
                image.lay(column, row, ink, cover.clamp(0.0, 1.0));
            });
        }
        at += style.face.width(character.encode_utf8(&mut [0; 4]), style.size) * scale;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::font::Face;

    #[test]
    fn text_leaves_ink_where_it_stands() {
        let mark = Mark::Text {
            left: 20.0,
            baseline: 40.0,
            style: Style::new(Face::SansBold, 20.0),
            text: "HE".to_owned(),
        };
        let image = rasterise(&[mark], (100.0, 60.0), 72.0);
        let dark: Vec<usize> = (0..image.pixels.len())
            .filter(|&place| image.pixels[place] < 100)
            .collect();
        let columns: Vec<usize> = dark.iter().map(|place| place % image.width).collect();
        let rows: Vec<usize> = dark.iter().map(|place| place / image.width).collect();
        assert!(columns.iter().min().is_some_and(|column| (20..24).contains(column)));
        assert!(columns.iter().max().is_some_and(|column| (44..49).contains(column)));
        assert!(rows.iter().min().is_some_and(|row| (25..27).contains(row)), "{rows:?}");
        assert!(rows.iter().max().is_some_and(|row| (38..41).contains(row)));
    }
}
