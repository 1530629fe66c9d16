//! The pages of a file as images.

use std::num::NonZeroU32;

use accord_documents::image::fitted_image;
use accord_documents::pdf::{PageImage, page_images};
use accord_documents::{Limits, MediaType};

use super::ImageOfPage;

/// The most page images that one call carries.
const MAXIMUM_IMAGES: usize = 8;

/// The file itself when it is an image, else the images that fill the pages of a scan: upright, and no edge longer than
/// `longest_edge` pixels.
///
/// # Errors
/// The file cannot be read, or its pages are no images.
pub fn images_of_file(
    media_type: &str,
    bytes: &[u8],
    longest_edge: NonZeroU32,
    limits: &Limits,
) -> Result<Vec<ImageOfPage>, String> {
    let image = |media_type: MediaType, bytes: Vec<u8>, page: usize| {
        let bytes = fitted_image(bytes, media_type, longest_edge, limits).map_err(|error| error.to_string())?;
        Ok(ImageOfPage {
            media_type: media_type.as_str().to_owned(),
            bytes,
            page,
        })
    };
    let mut images = [MediaType::Png, MediaType::Jpeg].into_iter();
    if let Some(own) = images.find(|own| own.as_str() == media_type) {
        return Ok(vec![image(own, bytes.to_vec(), 1)?]);
    }
    let pages = page_images(bytes, limits).map_err(|error| error.to_string())?;
    if pages.is_empty() {
        return Err("the view is of page images, but the document's pages are not images".to_owned());
    }
    let pages = pages.into_iter().take(MAXIMUM_IMAGES);
    pages
        .map(
            |PageImage {
                 page,
                 media_type,
                 bytes,
                 ..
             }| image(media_type, bytes, page + 1),
        )
        .collect()
}
