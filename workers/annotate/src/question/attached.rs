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

impl Attachment {
    const fn words(self) -> &'static str {
        match self {
            Self::Images => "page images",
            Self::File => "PDF files",
        }
    }
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
        let wanted = wanted(&self.provider.settings, prompt, model, document);
        let Some(attachment) = wanted.map_err(AttemptError::permanent)? else {
            return Ok(None);
        };
        match self.of_item(attachment, document.pages.len(), item).await {
            // Neither text nor pages that are images: there is nothing to see.
            Err(AttemptError::Permanent { .. }) if model.view.shows_text() => Ok(None),
            attached => attached.map(Some),
        }
    }

    async fn of_item(&self, attachment: Attachment, pages: usize, item: &Item) -> Result<Attached, AttemptError> {
        let ItemContent::File { media_type, .. } = &item.content else {
            return Err(AttemptError::permanent(format!(
                "the view is of {}, but the item is a text",
                attachment.words()
            )));
        };
        let turn = Turn::wait().await;
        let bytes = self
            .blobs
            .get(&item.content_hash)
            .await
            .map_err(AttemptError::transient)?;
        let bytes = bytes.ok_or_else(|| AttemptError::permanent("the item's file is missing from the blob store"))?;
        let (limits, media_type, longest_edge) = (
            self.limits,
            media_type.clone(),
            self.provider.settings.longest_image_edge,
        );
        turn.work(move || attach(attachment, &media_type, &bytes, pages, longest_edge, &limits))
            .await
            .map_err(AttemptError::transient)?
            .map_err(AttemptError::permanent)
    }
}

/// How a document is to be attached: as the view says, or as images where it has no text layer and the model sees images.
///
/// # Errors
/// The provider takes nothing of the kind that the view says.
pub(super) fn wanted(
    settings: &ProviderSettings,
    prompt: &Prompt,
    model: &LanguageModel,
    document: &Document,
) -> Result<Option<Attachment>, String> {
    let (attachment, is_taken, setting) = match model.view {
        InputView::PageImage => (Attachment::Images, settings.images, "images"),
        InputView::File => (Attachment::File, settings.files, "files"),
        InputView::Rows | InputView::ReadingOrder | InputView::HeadAndTail => {
            let can_show = settings.images && prompt.header.views.contains(&InputView::PageImage);
            return Ok((can_show && document.is_without_text()).then_some(Attachment::Images));
        }
    };
    if is_taken {
        return Ok(Some(attachment));
    }
    let (what, provider) = (attachment.words(), &model.provider);
    Err(format!(
        "the view is of {what}, but provider `{provider}` takes none: set `{setting} = true` in [providers.{provider}] if its \
         models do"
    ))
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
