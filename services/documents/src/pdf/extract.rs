//! Has the text library show the reduced pages, one at a time, in a small document of our own making.

use std::collections::HashMap;
use std::time::Instant;

use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};

use super::characters::{Character, Collector, Stop};
use super::fonts::{FontList, FontPrograms};
use super::panics;
use super::streams::Budget;
use crate::error::DocumentError;

/// Why the characters of a page are not known.
#[derive(Debug)]
pub(super) enum ExtractError {
    /// The text library failed on this page.
    Failed,
    /// More characters than were asked for.
    TooManyCharacters,
    /// The file as a whole cannot be read further.
    Document(DocumentError),
}

/// A document with one page, whose content is exchanged.
pub(super) struct TextStage<'document> {
    source: &'document Document,
    programs: FontPrograms,
    stage: Document,
    page: ObjectId,
    content: ObjectId,
    fonts: HashMap<usize, ObjectId>,
}

impl<'document> TextStage<'document> {
    pub(super) fn new(source: &'document Document, programs: FontPrograms) -> Self {
        let mut stage = Document::with_version("1.7");
        let content = stage.new_object_id();
        let page = stage.new_object_id();
        let tree = dictionary! {
            "Type" => "Pages",
            "Kids" => vec![Object::Reference(page)],
            "Count" => 1,
        };
        let tree = stage.add_object(tree);
        let catalog = stage.add_object(dictionary! { "Type" => "Catalog", "Pages" => tree });
        stage.trailer.set("Root", catalog);
        Self {
            source,
            programs,
            stage,
            page,
            content,
            fonts: HashMap::new(),
        }
    }

    /// The characters that the reduced content shows.
    pub(super) fn characters(
        &mut self,
        parts: &[Vec<u8>],
        fonts: &FontList<'document>,
        most_characters: usize,
        deadline: Instant,
        budget: &mut Budget,
    ) -> Result<Vec<Character>, ExtractError> {
        let mut collector = Collector::new(most_characters, deadline);
        for part in parts {
            self.set_page(part, fonts, budget).map_err(ExtractError::Document)?;
            let stage = &self.stage;
            let outcome = panics::catch(|| pdf_extract::output_doc_page(stage, &mut collector, 1));
            match (collector.stop, outcome) {
                (Some(Stop::TooMany), _) => return Err(ExtractError::TooManyCharacters),
                (Some(Stop::TimedOut), _) => {
                    return Err(ExtractError::Document(budget.timed_out()));
                }
                (None, Ok(Ok(()))) => {}
                (None, _) => return Err(ExtractError::Failed),
            }
        }
        Ok(collector.characters)
    }

    fn set_page(
        &mut self,
        operators: &[u8],
        fonts: &FontList<'document>,
        budget: &mut Budget,
    ) -> Result<(), DocumentError> {
        let mut resources = Dictionary::new();
        for index in 0..fonts.len() {
            let font = match self.fonts.get(&index) {
                Some(font) => *font,
                None => {
                    let font = fonts.rebuild(index, self.source, self.programs, &mut self.stage, budget)?;
                    self.fonts.insert(index, font);
                    font
                }
            };
            resources.set(FontList::name(index), font);
        }
        let content = Stream::new(Dictionary::new(), operators.to_vec());
        self.stage.objects.insert(self.content, content.into());
        // The coordinates are those of the page as shown already; the size of this page plays no part.
        let edges: Vec<Object> = [0, 0, 1000, 1000].map(Object::Integer).to_vec();
        let page = dictionary! {
            "Type" => "Page",
            "MediaBox" => edges,
            "Resources" => dictionary! { "Font" => resources },
            "Contents" => self.content,
        };
        self.stage.objects.insert(self.page, page.into());
        Ok(())
    }
}
