//! The pages of a file as images.

use accord_documents::Limits;
use accord_documents::pdf::{PageImage, page_images};

use super::ImageOfPage;

/// The most page images that one call carries.
const MAXIMUM_IMAGES: usize = 8;

/// The file itself when it is an image, else the images that fill the pages of a scan.
///
/// # Errors
/// The file cannot be read, or its pages are no images.
pub fn images_of_file(media_type: &str, bytes: &[u8], limits: &Limits) -> Result<Vec<ImageOfPage>, String> {
    if media_type.starts_with("image/") {
        return Ok(vec![ImageOfPage {
            media_type: media_type.to_owned(),
            bytes: bytes.to_vec(),
            page: 1,
        }]);
    }
    let pages = page_images(bytes, limits).map_err(|error| error.to_string())?;
    if pages.is_empty() {
        return Err("the view is of page images, but the document's pages are not images".to_owned());
    }
    let image = |page: PageImage| ImageOfPage {
        media_type: page.media_type.as_str().to_owned(),
        bytes: page.bytes,
        page: page.page + 1,
    };
    Ok(pages.into_iter().take(MAXIMUM_IMAGES).map(image).collect())
}
