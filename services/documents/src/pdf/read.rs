//! The steps from the bytes of a PDF to pages of words.

use std::time::Instant;

use super::attachments;
use super::content;
use super::extract::{ExtractError, TextStage};
use super::fonts::{FontList, FontPrograms};
use super::layout;
use super::load::{self, broken};
use super::pages::{self, PageSource};
use super::prescan;
use super::streams::Budget;
use super::words;
use crate::document::{Document, Page};
use crate::error::{DocumentError, LimitedAmount};
use crate::limits::Limits;
use crate::media::MediaType;
use crate::read::{ReadDocument, ReadWarning};

/// Most that the library may have to decompress while parsing a file, in bytes; a file of 1,000 pages needs some 10 MiB.
const MAXIMUM_LOADING_BYTES: u64 = 64 * 1024 * 1024;

/// Reads the text layer of a PDF and the electronic invoice inside of it, on the calling thread.
///
/// Time is watched between the steps and at every stream and glyph, not inside the foreign parsers; a hostile file can therefore outlast the
/// limit, and needs as much stack as the thread has. [`super::read_pdf_guarded`] is for files of strangers; this function suits a process of
/// its own.
///
/// # Errors
/// `Encrypted`, `TooLarge`, `TimedOut`, or `Broken` with the reason.
pub fn read_pdf(bytes: &[u8], limits: &Limits) -> Result<ReadDocument, DocumentError> {
    let deadline = Instant::now() + limits.time();
    let source = open(bytes, limits, deadline)?;
    let page_sources = pages::list(&source, limits.pages)?;
    let mut reader = PageReader::new(&source, limits, deadline);
    let mut result = Vec::with_capacity(page_sources.len());
    for (index, page) in page_sources.iter().enumerate() {
        result.push(reader.read(page, index + 1)?);
    }
    let mut warnings = reader.warnings;
    let mut budget = Budget::new(limits, deadline);
    let invoice_xml = match attachments::invoice_xml(&source, limits, &mut budget) {
        Ok(invoice_xml) => invoice_xml,
        Err(error) => {
            let reason = error.to_string();
            warnings.push(ReadWarning::AttachmentIgnored { reason });
            None
        }
    };
    Ok(ReadDocument {
        media_type: MediaType::Pdf,
        document: Document {
            pages: result,
            invoice_xml,
        },
        warnings,
    })
}

/// Checks and parses the file; shared with what reads its images.
pub(super) fn open(bytes: &[u8], limits: &Limits, deadline: Instant) -> Result<lopdf::Document, DocumentError> {
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    DocumentError::check(LimitedAmount::FileBytes, size, limits.bytes)?;
    if bytes.is_empty() {
        return Err(DocumentError::Empty);
    }
    let mut loading_budget = Budget::new(limits, deadline).at_most(MAXIMUM_LOADING_BYTES);
    prescan::check(bytes, &mut loading_budget)?;
    load::load(bytes, &mut Budget::new(limits, deadline))
}

struct PageReader<'document> {
    source: &'document lopdf::Document,
    limits: Limits,
    deadline: Instant,
    budget: Budget,
    fonts: FontList<'document>,
    stage: TextStage<'document>,
    characters_left: usize,
    warnings: Vec<ReadWarning>,
}

impl<'document> PageReader<'document> {
    fn new(source: &'document lopdf::Document, limits: &Limits, deadline: Instant) -> Self {
        Self {
            source,
            limits: *limits,
            deadline,
            budget: Budget::new(limits, deadline),
            fonts: FontList::new(),
            stage: TextStage::new(source, FontPrograms::Used),
            characters_left: usize::try_from(limits.characters).unwrap_or(usize::MAX),
            warnings: Vec::new(),
        }
    }

    fn read(&mut self, page: &PageSource<'document>, number: usize) -> Result<Page, DocumentError> {
        let content = content::reduce(self.source, page, &mut self.fonts, &mut self.budget)?;
        let mut characters = self.stage.characters(
            &content.parts,
            &self.fonts,
            self.characters_left,
            self.deadline,
            &mut self.budget,
        );
        if matches!(characters, Err(ExtractError::Failed)) {
            characters = TextStage::new(self.source, FontPrograms::Ignored).characters(
                &content.parts,
                &self.fonts,
                self.characters_left,
                self.deadline,
                &mut self.budget,
            );
            if characters.is_ok() {
                self.warnings.push(ReadWarning::FontProgramsIgnored { page: number });
            }
        }
        let characters = characters.map_err(|error| match error {
            ExtractError::Document(error) => error,
            ExtractError::Failed => broken(format!("the text of page {number} cannot be read")),
            ExtractError::TooManyCharacters => DocumentError::TooLarge {
                amount: LimitedAmount::Characters,
                limit: self.limits.characters,
                actual: self.limits.characters.saturating_add(1),
            },
        })?;
        self.characters_left = self.characters_left.saturating_sub(characters.len());
        let words = words::join(&characters);
        Ok(layout::lay_out(words, points(page.width), points(page.height)))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the edges of pages are limited")]
const fn points(length: f64) -> f32 {
    length as f32
}
