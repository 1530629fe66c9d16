//! Images: their size is checked from the header, without decoding a pixel.

use std::io::Cursor;

use image::{ImageFormat, ImageReader};

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
    let format = match media_type {
        MediaType::Png => ImageFormat::Png,
        MediaType::Jpeg => ImageFormat::Jpeg,
        other => {
            return Err(DocumentError::Unsupported {
                found: format!("{other} where an image was expected"),
            });
        }
    };
    let (width, height) = ImageReader::with_format(Cursor::new(bytes), format)
        .into_dimensions()
        .map_err(|error| DocumentError::broken(media_type, error))?;
    if width == 0 || height == 0 {
        return Err(DocumentError::broken(media_type, "it has no pixels"));
    }
    let pixels = u64::from(width) * u64::from(height);
    DocumentError::check(LimitedAmount::ImagePixels, pixels, limits.image_pixels)?;
    Ok(ImageSize { width, height })
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
