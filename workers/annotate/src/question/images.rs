//! The pages of a file as images.

use accord_documents::Limits;
use accord_documents::pdf::{PageImage, page_images};
use accord_domain::{Item, ItemContent};
use accord_store::Blobs;

use super::ImageOfPage;
use crate::annotators::AttemptError;

/// The most page images that one call carries.
const MAXIMUM_IMAGES: usize = 8;

/// The pages of an item as images: the image itself, or those that fill the pages of a scan.
pub(crate) async fn images_of_item(
    blobs: &dyn Blobs,
    limits: Limits,
    item: &Item,
) -> Result<Vec<ImageOfPage>, AttemptError> {
    let ItemContent::File { media_type, .. } = &item.content else {
        return Err(AttemptError::permanent(
            "the view is of page images, but the item is a text",
        ));
    };
    let bytes = blobs.get(&item.content_hash).await.map_err(AttemptError::transient)?;
    let bytes = bytes.ok_or_else(|| AttemptError::permanent("the item's file is missing from the blob store"))?;
    let media_type = media_type.clone();
    tokio::task::spawn_blocking(move || images_of_file(&media_type, &bytes, &limits))
        .await
        .map_err(AttemptError::transient)?
        .map_err(AttemptError::permanent)
}

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
