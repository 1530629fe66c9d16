//! Images: their size is checked from the header, without decoding a pixel.

use std::io::Cursor;
use std::num::NonZeroU32;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader};

use crate::document::{Document, Page};
use crate::error::{DocumentError, LimitedAmount};
use crate::limits::Limits;
use crate::media::MediaType;

/// Width and height of an image in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageSize {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

/// Reads the size of a PNG or JPEG from its header.
///
/// # Errors
/// `Broken` when the header is damaged, `Unsupported` for other media types, `TooLarge` when there are more pixels than the limit.
pub fn image_size(bytes: &[u8], media_type: MediaType, limits: &Limits) -> Result<ImageSize, DocumentError> {
    let (width, height) = ImageReader::with_format(Cursor::new(bytes), format_of(media_type)?)
        .into_dimensions()
        .map_err(|error| DocumentError::broken(media_type, error))?;
    if width == 0 || height == 0 {
        return Err(DocumentError::broken(media_type, "it has no pixels"));
    }
    let pixels = u64::from(width) * u64::from(height);
    DocumentError::check(LimitedAmount::ImagePixels, pixels, limits.image_pixels)?;
    Ok(ImageSize { width, height })
}

/// The image as models are to see it: upright, its longest edge no longer than `longest_edge`. The bytes as they are where that
/// is so already, else a new file of the same type.
///
/// # Errors
/// As [`image_size`], and `Broken` when the pixels cannot be decoded.
pub fn fitted_image(
    bytes: Vec<u8>,
    media_type: MediaType,
    longest_edge: NonZeroU32,
    limits: &Limits,
) -> Result<Vec<u8>, DocumentError> {
    let size = image_size(&bytes, media_type, limits)?;
    let broken = |error| DocumentError::broken(media_type, error);
    let format = format_of(media_type)?;
    let mut decoder = ImageReader::with_format(Cursor::new(&bytes), format)
        .into_decoder()
        .map_err(broken)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let edge = longest_edge.get();
    let is_larger = size.width.max(size.height) > edge;
    if !is_larger && orientation == Orientation::NoTransforms {
        drop(decoder);
        return Ok(bytes);
    }
    let mut image = DynamicImage::from_decoder(decoder).map_err(broken)?;
    image.apply_orientation(orientation);
    if is_larger {
        image = image.resize(edge, edge, FilterType::CatmullRom);
    }
    encoded(&image, format).map_err(broken)
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Result<Vec<u8>, image::ImageError> {
    /// Letters stay clean; larger files say no more.
    const JPEG_QUALITY: u8 = 90;
    let mut bytes = Cursor::new(Vec::new());
    if format == ImageFormat::Jpeg {
        let encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
        DynamicImage::from(image.to_rgb8()).write_with_encoder(encoder)?;
    } else {
        image.write_to(&mut bytes, format)?;
    }
    Ok(bytes.into_inner())
}

fn format_of(media_type: MediaType) -> Result<ImageFormat, DocumentError> {
    match media_type {
        MediaType::Png => Ok(ImageFormat::Png),
        MediaType::Jpeg => Ok(ImageFormat::Jpeg),
        other => Err(DocumentError::Unsupported {
            found: format!("{other} where an image was expected"),
        }),
    }
}

/// Makes a page of the image's size, without lines: there is no text layer in an image.
///
/// # Errors
/// As [`image_size`].
pub fn read_image(bytes: &[u8], media_type: MediaType, limits: &Limits) -> Result<Document, DocumentError> {
    let size = image_size(bytes, media_type, limits)?;
    Ok(Document {
        pages: vec![Page {
            width: pixels_to_f32(size.width),
            height: pixels_to_f32(size.height),
            lines: Vec::new(),
        }],
        invoice_xml: None,
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "an edge within the pixel limit is exact in 24 bits unless the image is a thin strip"
)]
const fn pixels_to_f32(pixels: u32) -> f32 {
    pixels as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{GrayImage, ImageFormat};

    fn encode(format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        GrayImage::new(30, 40).write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn the_page_has_the_size_of_the_image() {
        for (format, media_type) in [(ImageFormat::Png, MediaType::Png), (ImageFormat::Jpeg, MediaType::Jpeg)] {
            let document = read_image(&encode(format), media_type, &Limits::default()).unwrap();
            assert_eq!(document.pages[0].width, 30.0);
            assert_eq!(document.pages[0].height, 40.0);
            assert!(document.is_without_text());
        }
    }

    #[test]
    fn the_limit_is_checked_from_the_header_alone() {
        let limits = Limits {
            image_pixels: 1_000_000,
            ..Limits::default()
        };
        let mut header = encode(ImageFormat::Png);
        header[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
        header[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
        let checksum = crc32(&header[12..29]);
        header[29..33].copy_from_slice(&checksum.to_be_bytes());
        assert_eq!(
            image_size(&header, MediaType::Png, &limits),
            Err(DocumentError::TooLarge {
                amount: LimitedAmount::ImagePixels,
                limit: 1_000_000,
                actual: 3_600_000_000
            })
        );
    }

    #[test]
    fn large_images_are_made_smaller_and_others_left_as_they_are() {
        let edge = |pixels| NonZeroU32::new(pixels).unwrap();
        for (format, media_type) in [(ImageFormat::Png, MediaType::Png), (ImageFormat::Jpeg, MediaType::Jpeg)] {
            let bytes = encode(format);
            let limits = Limits::default();
            assert_eq!(
                fitted_image(bytes.clone(), media_type, edge(40), &limits).unwrap(),
                bytes
            );
            let smaller = fitted_image(bytes.clone(), media_type, edge(20), &limits).unwrap();
            let size = image_size(&smaller, media_type, &limits).unwrap();
            assert_eq!((size.width, size.height), (15, 20));
            let cut = bytes[..bytes.len() - 20].to_vec();
            assert!(
                fitted_image(cut, MediaType::Png, edge(20), &limits).is_err(),
                "{format:?}"
            );
        }
        let text = fitted_image(b"text".to_vec(), MediaType::PlainText, edge(20), &Limits::default());
        assert_eq!(text.unwrap_err().code(), "unsupported");
    }

    #[test]
    fn photographs_are_turned_upright() {
        // The segment in which cameras say how they were held: a quarter turn to the right is needed.
        let held: [u8; 36] = [
            0xff, 0xe1, 0, 34, b'E', b'x', b'i', b'f', 0, 0, b'M', b'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0,
            0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0,
        ];
        let plain = encode(ImageFormat::Jpeg);
        let photograph = [&plain[..2], &held, &plain[2..]].concat();
        let edge = NonZeroU32::new(1000).unwrap();
        let upright = fitted_image(photograph, MediaType::Jpeg, edge, &Limits::default()).unwrap();
        let size = image_size(&upright, MediaType::Jpeg, &Limits::default()).unwrap();
        assert_eq!((size.width, size.height), (40, 30));
    }

    #[test]
    fn a_cut_header_is_broken() {
        let bytes = encode(ImageFormat::Png);
        let error = image_size(&bytes[..20], MediaType::Png, &Limits::default()).unwrap_err();
        assert_eq!(error.code(), "broken");
    }

    fn crc32(bytes: &[u8]) -> u32 {
        let mut remainder = u32::MAX;
        for byte in bytes {
            remainder ^= u32::from(*byte);
            for _ in 0..8 {
                let carry = remainder & 1;
                remainder >>= 1;
                if carry == 1 {
                    remainder ^= 0xedb8_8320;
                }
            }
        }
        !remainder
    }
}
