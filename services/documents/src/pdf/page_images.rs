//! Images of scanned pages, taken out as they are stored, without drawing anything.

use std::io::Cursor;
use std::sync::Arc;
use std::time::Instant;

use image::{DynamicImage, GrayImage, ImageFormat, RgbImage};
use lopdf::{Document, Object, Stream};

use super::content::{self, DrawnImage};
use super::fonts::FontList;
use super::guard;
use super::pages::{self, PageSource};
use super::read::open;
use super::streams::{self, Budget};
use crate::error::{DocumentError, LimitedAmount};
use crate::image::image_size;
use crate::limits::Limits;
use crate::media::MediaType;

/// Share of the page's area that an image has to cover to stand for the page.
const LEAST_COVERAGE: f64 = 0.5;

/// The image that a page consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageImage {
    /// The page, counted from 0.
    pub page: usize,
    /// `Jpeg` as stored in the PDF, or `Png` made from uncompressed pixels.
    pub media_type: MediaType,
    /// The image file.
    pub bytes: Vec<u8>,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// Takes out the images of pages without text that one image covers: JPEG as it is, grey, RGB and black-and-white pixels as PNG.
///
/// Pages with text, with several images or with another codec (JBIG2, JPEG 2000, fax) have none. The image is as it is stored, before the
/// page's rotation. Runs on a thread of its own like [`super::read_pdf_guarded`].
///
/// # Errors
/// As [`super::read_pdf_guarded`].
pub fn page_images(bytes: &[u8], limits: &Limits) -> Result<Vec<PageImage>, DocumentError> {
    let bytes: Arc<[u8]> = bytes.into();
    let limits = *limits;
    guard::run_guarded(&limits, move || take_out(&bytes, &limits))
}

fn take_out(bytes: &[u8], limits: &Limits) -> Result<Vec<PageImage>, DocumentError> {
    let deadline = Instant::now() + limits.time();
    let document = open(bytes, limits, deadline)?;
    let mut budget = Budget::new(limits, deadline);
    let mut found = Vec::new();
    for (index, page) in pages::list(&document, limits.pages)?.iter().enumerate() {
        let mut fonts = FontList::new();
        let content = content::reduce(&document, page, &mut fonts, &mut budget)?;
        if !content.parts.is_empty() {
            continue;
        }
        if let Some(drawn) = covering_image(page, &content.images)
            && let Some(image) = extract(&document, drawn.stream, index, limits, &mut budget)?
        {
            found.push(image);
        }
    }
    Ok(found)
}

/// The only image that is large on the page, if there is just one.
fn covering_image<'images, 'document>(
    page: &PageSource<'_>,
    images: &'images [DrawnImage<'document>],
) -> Option<&'images DrawnImage<'document>> {
    let page_area = page.width * page.height;
    let mut large = images.iter().filter(|image| {
        let [a, b, c, d, ..] = image.matrix.entries;
        (a * d - b * c).abs() >= LEAST_COVERAGE * page_area
    });
    let only = large.next()?;
    large.next().is_none().then_some(only)
}

fn extract(
    document: &Document,
    stream: &Stream,
    page: usize,
    limits: &Limits,
    budget: &mut Budget,
) -> Result<Option<PageImage>, DocumentError> {
    let decoded = streams::decode(document, stream, budget)?;
    match decoded.remaining_filter.as_deref() {
        Some(b"DCTDecode" | b"DCT") => {
            let Ok(size) = image_size(&decoded.bytes, MediaType::Jpeg, limits) else {
                return Ok(None);
            };
            Ok(Some(PageImage {
                page,
                media_type: MediaType::Jpeg,
                bytes: decoded.bytes,
                width: size.width,
                height: size.height,
            }))
        }
        None => encode_pixels(document, stream, decoded.bytes, page, limits),
        Some(_) => Ok(None),
    }
}

fn encode_pixels(
    document: &Document,
    stream: &Stream,
    samples: Vec<u8>,
    page: usize,
    limits: &Limits,
) -> Result<Option<PageImage>, DocumentError> {
    let integer = |key: &[u8]| stream.dict.get_deref(key, document).and_then(Object::as_i64).ok();
    let edge = |key: &[u8]| integer(key).and_then(|edge| u32::try_from(edge).ok());
    let (Some(width), Some(height)) = (edge(b"Width"), edge(b"Height")) else {
        return Ok(None);
    };
    let pixels = u64::from(width) * u64::from(height);
    DocumentError::check(LimitedAmount::ImagePixels, pixels, limits.image_pixels)?;
    let components = components(document, stream);
    let image = match (components, integer(b"BitsPerComponent")) {
        (Some(1), Some(8)) => GrayImage::from_raw(width, height, samples).map(DynamicImage::from),
        (Some(3), Some(8)) => RgbImage::from_raw(width, height, samples).map(DynamicImage::from),
        (Some(1), Some(1)) => unpack_bits(width, height, &samples).map(DynamicImage::from),
        _ => None,
    };
    let Some(image) = image else {
        return Ok(None);
    };
    let mut bytes = Cursor::new(Vec::new());
    Ok(image.write_to(&mut bytes, ImageFormat::Png).is_ok().then(|| PageImage {
        page,
        media_type: MediaType::Png,
        bytes: bytes.into_inner(),
        width,
        height,
    }))
}

/// Samples of a pixel, for the colour spaces whose samples need no conversion.
fn components(document: &Document, stream: &Stream) -> Option<usize> {
    let space = stream.dict.get_deref(b"ColorSpace", document).ok()?;
    match space {
        Object::Name(name) => match name.as_slice() {
            b"DeviceGray" | b"CalGray" => Some(1),
            b"DeviceRGB" | b"CalRGB" => Some(3),
            _ => None,
        },
        Object::Array(parts) => {
            let [family, parameters, ..] = parts.as_slice() else {
                return None;
            };
            match family.as_name().ok()? {
                b"CalGray" => Some(1),
                b"CalRGB" => Some(3),
                b"ICCBased" => {
                    let (_, profile) = document.dereference(parameters).ok()?;
                    let count = profile.as_stream().ok()?.dict.get_deref(b"N", document).ok()?;
                    usize::try_from(count.as_i64().ok()?).ok()
                }
                _ => None,
            }
        }
        _ => None,
    }
}

fn unpack_bits(width: u32, height: u32, samples: &[u8]) -> Option<GrayImage> {
    let row_bytes = usize::try_from(width.div_ceil(8)).ok()?;
    let row_pixels = usize::try_from(width).ok()?;
    let pixels: Vec<u8> = samples
        .chunks_exact(row_bytes.max(1))
        .take(usize::try_from(height).ok()?)
        .flat_map(|row| {
            row.iter()
                .flat_map(|byte| (0..8).rev().map(move |bit| (byte >> bit & 1) * 255))
                .take(row_pixels)
        })
        .collect();
    GrayImage::from_raw(width, height, pixels)
}
