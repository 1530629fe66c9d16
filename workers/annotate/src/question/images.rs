//! The pages of a file as images.

use std::num::NonZeroU32;

use accord_datasets::turns::Turn;
use accord_documents::image::fitted_image;
use accord_documents::pdf::{PageImage, page_images};
use accord_documents::{Document, Limits, MediaType};
use accord_domain::{InputView, Item, ItemContent, LanguageModel};
use accord_store::Blobs;

use super::ImageOfPage;
use crate::annotators::AttemptError;
use crate::prompt::Prompt;
use crate::provider::{Provider, ProviderSettings};

/// The most page images that one call carries.
const MAXIMUM_IMAGES: usize = 8;

/// The pages of an item as images: the image itself, or those that fill the pages of a scan.
pub(crate) struct PageImages<'a> {
    pub(crate) provider: &'a Provider,
    pub(crate) blobs: &'a dyn Blobs,
    pub(crate) limits: Limits,
}

impl PageImages<'_> {
    /// The images by which a document is to be shown; none where it is to be shown as text.
    pub(crate) async fn shown(
        &self,
        prompt: &Prompt,
        model: &LanguageModel,
        document: &Document,
        item: &Item,
    ) -> Result<Vec<ImageOfPage>, AttemptError> {
        if !wants_images(&self.provider.settings, prompt, model, document) {
            return Ok(Vec::new());
        }
        match self.of_item(item).await {
            // Neither text nor pages that are images: there is nothing to see.
            Err(AttemptError::Permanent { .. }) if model.view != InputView::PageImage => Ok(Vec::new()),
            other => other,
        }
    }

    async fn of_item(&self, item: &Item) -> Result<Vec<ImageOfPage>, AttemptError> {
        let Provider { name, settings, .. } = self.provider;
        if !settings.images {
            return Err(AttemptError::permanent(format!(
                "the view is of page images, but provider `{name}` takes none: set `images = true` in [providers.{name}] if its \
                 models see"
            )));
        }
        let ItemContent::File { media_type, .. } = &item.content else {
            return Err(AttemptError::permanent(
                "the view is of page images, but the item is a text",
            ));
        };
        let turn = Turn::wait().await;
        let bytes = self
            .blobs
            .get(&item.content_hash)
            .await
            .map_err(AttemptError::transient)?;
        let bytes = bytes.ok_or_else(|| AttemptError::permanent("the item's file is missing from the blob store"))?;
        let (limits, media_type, longest_edge) = (self.limits, media_type.clone(), settings.longest_image_edge);
        turn.work(move || images_of_file(&media_type, &bytes, longest_edge, &limits))
            .await
            .map_err(AttemptError::transient)?
            .map_err(AttemptError::permanent)
    }
}

/// Whether the pages of a document are to be shown as images: that is the view, or it has no text layer and the model sees
/// images.
pub(super) fn wants_images(
    settings: &ProviderSettings,
    prompt: &Prompt,
    model: &LanguageModel,
    document: &Document,
) -> bool {
    let can_show = settings.images && prompt.header.views.contains(&InputView::PageImage);
    model.view == InputView::PageImage || (can_show && document.is_without_text())
}

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
