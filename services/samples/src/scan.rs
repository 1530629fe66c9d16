//! What scanning does to a page: skew, blur, grey paper, noise; and what character recognition makes of its text.

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder, ImageError};

use crate::canvas::{Canvas, Mark};
use crate::chance::Chance;
use crate::raster::{GreyImage, rasterise};

/// One scanned page.
pub(crate) struct ScannedPage {
    pub(crate) jpeg: Vec<u8>,
    /// In pixels.
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// The recognised text where it stands on the skewed page; empty when nothing was recognised.
    pub(crate) text: Vec<Mark>,
}

/// How one scanner treats all pages of a document.
struct Scanner {
    dots_per_inch: f32,
    /// How far a row sinks per unit to the right.
    slope: f32,
    blurs: bool,
    paper: u8,
    noise: u8,
    jpeg_quality: u8,
}

/// The share of words in a hundred that recognition gets wrong.
const MISREAD_WORDS_PERCENT: i64 = 3;

/// How many different grains of noise there are.
const NOISE_TABLE: usize = 1 << 15;

/// Scans every page; with recognised text if `recognises`.
pub(crate) fn scan(canvas: &Canvas, recognises: bool, chance: &mut Chance) -> Result<Vec<ScannedPage>, ImageError> {
    let scanner = Scanner {
        dots_per_inch: chance.pick(&[110.0, 120.0, 130.0]),
        slope: chance.between(-70, 70) as f32 / 10_000.0,
        blurs: chance.happens(60),
        paper: u8::try_from(chance.between(232, 250)).unwrap_or(240),
        noise: u8::try_from(chance.between(10, 26)).unwrap_or(16),
        jpeg_quality: u8::try_from(chance.between(50, 72)).unwrap_or(60),
    };
    canvas
        .pages
        .iter()
        .map(|marks| {
            let size = (canvas.width, canvas.height);
            let image = rasterise(marks, size, scanner.dots_per_inch);
            let mut image = skew(&image, scanner.slope);
            if scanner.blurs {
                image = blur(&image);
            }
            soil(&mut image, &scanner, chance);
            let text = match recognises {
                true => recognise(marks, size, scanner.slope, chance),
                false => Vec::new(),
            };
            Ok(ScannedPage {
                jpeg: encode(&image, scanner.jpeg_quality)?,
                width: image.width,
                height: image.height,
                text,
            })
        })
        .collect()
}

/// Turns the image by a small angle around its centre. Only square roots and products are used, which are the same
/// on every machine.
fn skew(image: &GreyImage, slope: f32) -> GreyImage {
    let cosine = 1.0 / (1.0 + slope * slope).sqrt();
    let sine = slope * cosine;
    let (middle_x, middle_y) = (image.width as f32 / 2.0, image.height as f32 / 2.0);
    let mut turned = GreyImage::blank(image.width, image.height);
    for (place, pixel) in turned.pixels.iter_mut().enumerate() {
        let across = (place % image.width) as f32 - middle_x;
        let down = (place / image.width) as f32 - middle_y;
        let x = across * cosine + down * sine + middle_x;
        let y = down * cosine - across * sine + middle_y;
        *pixel = interpolated(image, x, y);
    }
    turned
}

fn interpolated(image: &GreyImage, x: f32, y: f32) -> u8 {
    let (column, row) = (x.floor(), y.floor());
    let (right, below) = (x - column, y - row);
    let (column, row) = (column as i64, row as i64);
    let upper = f32::from(image.at(column, row)) * (1.0 - right) + f32::from(image.at(column + 1, row)) * right;
    let lower = f32::from(image.at(column, row + 1)) * (1.0 - right) + f32::from(image.at(column + 1, row + 1)) * right;
    (upper * (1.0 - below) + lower * below + 0.5) as u8
}

/// The mean of each pixel, counted four times, and its four neighbours.
fn blur(image: &GreyImage) -> GreyImage {
    let mut blurred = GreyImage::blank(image.width, image.height);
    for (place, pixel) in blurred.pixels.iter_mut().enumerate() {
        let (x, y) = ((place % image.width) as i64, (place / image.width) as i64);
        let neighbours: u32 = [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)]
            .into_iter()
            .map(|(x, y)| u32::from(image.at(x, y)))
            .sum();
        let sum = neighbours + 4 * u32::from(image.at(x, y));
        *pixel = u8::try_from(sum / 8).unwrap_or(255);
    }
    blurred
}

/// Grey paper that darkens towards one side, faded ink, noise and a few specks.
fn soil(image: &mut GreyImage, scanner: &Scanner, chance: &mut Chance) {
    let (ink, shade) = (38u32, u32::from(scanner.paper));
    // Every row takes its noise from a random place of one table.
    let mut table = vec![0u8; NOISE_TABLE + image.width];
    chance.fill(&mut table);
    for row in image.pixels.chunks_mut(image.width.max(1)) {
        let noise = table.iter().skip(chance.below(NOISE_TABLE));
        for (column, (pixel, grain)) in row.iter_mut().zip(noise).enumerate() {
            let paper = shade - (column * 14 / image.width) as u32;
            let value = ink + u32::from(*pixel) * (paper - ink) / 255;
            let deviation = i32::from(*grain) * i32::from(scanner.noise) / 255 - i32::from(scanner.noise) / 2;
            let noisy = i32::try_from(value).unwrap_or(255) + deviation;
            *pixel = u8::try_from(noisy.clamp(0, 255)).unwrap_or(255);
        }
    }
    for _ in 0..chance.between(4, 18) {
        let x = chance.below(image.width.saturating_sub(2));
        let y = chance.below(image.height.saturating_sub(2));
        for place in [y * image.width + x, y * image.width + x + 1, (y + 1) * image.width + x] {
            if let Some(pixel) = image.pixels.get_mut(place) {
                *pixel /= 2;
            }
        }
    }
}

fn encode(image: &GreyImage, quality: u8) -> Result<Vec<u8>, ImageError> {
    let mut jpeg = Vec::new();
    let (width, height) = (
        u32::try_from(image.width).unwrap_or(u32::MAX),
        u32::try_from(image.height).unwrap_or(u32::MAX),
    );
    JpegEncoder::new_with_quality(&mut jpeg, quality).write_image(
        &image.pixels,
        width,
        height,
        ExtendedColorType::L8,
    )?;
    Ok(jpeg)
}

/// The text of a page as character recognition would give it: nearly right, on the skewed lines.
fn recognise(marks: &[Mark], (width, height): (f32, f32), slope: f32, chance: &mut Chance) -> Vec<Mark> {
    let (middle_x, middle_y) = (width / 2.0, height / 2.0);
    marks
        .iter()
        .filter_map(|mark| match mark {
            Mark::Text {
                left,
                baseline,
                style,
                text,
            } => {
                let words: Vec<String> = text.split(' ').map(|word| misread(word, chance)).collect();
                let (across, down) = (left - middle_x, baseline - middle_y);
                Some(Mark::Text {
                    left: middle_x + across - down * slope,
                    baseline: middle_y + down + across * slope,
                    style: *style,
                    text: words.join(" "),
                })
            }
            _ => None,
        })
        .collect()
}

/// A word as it was read: now and then with one look-alike for another, or without a separator.
pub(crate) fn misread(word: &str, chance: &mut Chance) -> String {
    const LOOK_ALIKES: [(&str, &str); 12] = [
        ("0", "O"),
        ("O", "0"),
        ("1", "l"),
        ("l", "1"),
        ("5", "S"),
        ("8", "B"),
        ("B", "8"),
        ("rn", "m"),
        ("m", "rn"),
        (",", "."),
        (".", ""),
        ("ü", "u"),
    ];
    if !chance.happens(MISREAD_WORDS_PERCENT) {
        return word.to_owned();
    }
    let possible: Vec<&(&str, &str)> = LOOK_ALIKES.iter().filter(|(right, _)| word.contains(right)).collect();
    match possible.get(chance.below(possible.len())) {
        Some((right, wrong)) => word.replacen(right, wrong, 1),
        None => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Purpose;

    #[test]
    fn some_words_are_misread_and_most_are_not() {
        let mut chance = Chance::new(3, Purpose::Scan, 0);
        let wrong = (0..2_000)
            .filter(|_| misread("1.050,00", &mut chance) != "1.050,00")
            .count();
        assert!((20..120).contains(&wrong), "{wrong}");
    }

    #[test]
    fn turning_moves_the_sides_in_opposite_directions() {
        let mut image = GreyImage::blank(200, 100);
        image.pixels[50 * 200..51 * 200].fill(0);
        let turned = skew(&image, 0.05);
        let darkest_row = |column: usize| (0..100).min_by_key(|row| turned.pixels[row * 200 + column]);
        assert!(darkest_row(10) < Some(50) && darkest_row(190) > Some(50));
    }
}
