//! What is attached to a question: the pages of an item's file as images, or the file itself.

use std::num::NonZeroU32;

use accord_datasets::turns::Turn;
use accord_documents::image::fitted_image;
use accord_documents::pdf::{PageImage, page_images};
use accord_documents::{Document, Limits, MediaType};
use accord_domain::{InputView, Item, ItemContent, LanguageModel};
use accord_store::Blobs;

use crate::annotators::AttemptError;
use crate::prompt::Prompt;
use crate::provider::{Provider, ProviderSettings};

/// The most page images that one call carries.
const MAXIMUM_IMAGES: usize = 8;

/// The largest file that a call carries, which makes a third more in the request: providers take 32 MB.
const MAXIMUM_FILE_BYTES: usize = 20 << 20;

/// An image of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageOfPage {
    /// Its media type, such as `image/png`.
    pub media_type: String,
    /// The file.
    pub bytes: Vec<u8>,
    /// The page, from 1.
    pub page: usize,
}

/// How an item is attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attachment {
    /// As images of its pages.
    Images,
    /// As the PDF file that it is.
    File,
}

/// What is attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attached {
    /// Images of pages, in the order of the pages.
    Images(Vec<ImageOfPage>),
    /// A PDF file.
    File(PdfFile),
}

/// A PDF file that is attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PdfFile {
    /// The file.
    pub bytes: Vec<u8>,
    /// How many pages it has.
    pub pages: usize,
}

/// Where what is attached comes from.
pub(crate) struct Attachments<'a> {
    pub(crate) provider: &'a Provider,
    pub(crate) blobs: &'a dyn Blobs,
    pub(crate) limits: Limits,
}

impl Attachments<'_> {
    /// What is to be attached about an item; none where it is to be shown as text.
    pub(crate) async fn of(
        &self,
        prompt: &Prompt,
        model: &LanguageModel,
        document: &Document,
        item: &Item,
    ) -> Result<Option<Attached>, AttemptError> {
        let Some(attachment) = wanted(&self.provider.settings, prompt, model, document) else {
            return Ok(None);
        };
        match self.of_item(attachment, document.pages.len(), item).await {
            // Neither text nor pages that are images: there is nothing to see.
            Err(AttemptError::Permanent { .. }) if model.view.shows_text() => Ok(None),
            attached => attached.map(Some),
        }
    }

    async fn of_item(&self, attachment: Attachment, pages: usize, item: &Item) -> Result<Attached, AttemptError> {
        let Provider { name, settings, .. } = self.provider;
        let (is_taken, setting, what) = match attachment {
            Attachment::Images => (settings.images, "images", "page images"),
            Attachment::File => (settings.files, "files", "PDF files"),
        };
        if !is_taken {
            return Err(AttemptError::permanent(format!(
                "the view is of {what}, but provider `{name}` takes none: set `{setting} = true` in [providers.{name}] if its \
                 models do"
            )));
        }
        let ItemContent::File { media_type, .. } = &item.content else {
            return Err(AttemptError::permanent(format!(
                "the view is of {what}, but the item is a text"
            )));
        };
        let turn = Turn::wait().await;
        let bytes = self
            .blobs
            .get(&item.content_hash)
            .await
            .map_err(AttemptError::transient)?;
        let bytes = bytes.ok_or_else(|| AttemptError::permanent("the item's file is missing from the blob store"))?;
        let (limits, media_type, longest_edge) = (self.limits, media_type.clone(), settings.longest_image_edge);
        turn.work(move || attach(attachment, &media_type, &bytes, pages, longest_edge, &limits))
            .await
            .map_err(AttemptError::transient)?
            .map_err(AttemptError::permanent)
    }
}

/// How a document is to be attached: as the view says, or as images where it has no text layer and the model sees images.
pub(super) fn wanted(
    settings: &ProviderSettings,
    prompt: &Prompt,
    model: &LanguageModel,
    document: &Document,
) -> Option<Attachment> {
    match model.view {
        InputView::PageImage => Some(Attachment::Images),
        InputView::File => Some(Attachment::File),
        InputView::Rows | InputView::ReadingOrder | InputView::HeadAndTail => {
            let can_show = settings.images && prompt.header.views.contains(&InputView::PageImage);
            (can_show && document.is_without_text()).then_some(Attachment::Images)
        }
    }
}

/// What is attached of a file of this media type and so many pages, whose images get no edge longer than `longest_edge`
/// pixels.
///
/// # Errors
/// The file cannot be read, its pages are no images, or it is too large or no PDF file where it is to be attached itself.
pub fn attach(
    attachment: Attachment,
    media_type: &str,
    bytes: &[u8],
    pages: usize,
    longest_edge: NonZeroU32,
    limits: &Limits,
) -> Result<Attached, String> {
    match attachment {
        Attachment::Images => images_of_file(media_type, bytes, longest_edge, limits).map(Attached::Images),
        Attachment::File if media_type != MediaType::Pdf.as_str() => Err(format!(
            "the view is of the file itself, which must be a PDF file, but the item is {media_type}: use the view page_image"
        )),
        Attachment::File if bytes.len() > MAXIMUM_FILE_BYTES => Err(format!(
            "the view is of the file itself, but the file has {} bytes, and a call carries {MAXIMUM_FILE_BYTES} at most",
            bytes.len()
        )),
        Attachment::File => Ok(Attached::File(PdfFile {
            bytes: bytes.to_vec(),
            pages,
        })),
    }
}

/// The file itself when it is an image, else the images that fill the pages of a scan: upright, and no edge longer than
/// `longest_edge` pixels.
fn images_of_file(
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
