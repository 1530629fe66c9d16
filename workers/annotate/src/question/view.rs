//! What of an item a model sees: the text of its view, in chunks, or what is attached.

use accord_documents::{Document, Line};
use accord_domain::{InputView, LanguageModel, Order};

use super::attached::{Attached, ImageOfPage, PdfFile};

/// The most characters of a document that a model is given.
const MAXIMUM_CHARACTERS: usize = 60_000;

/// What the view of head and tail keeps of each end.
const HEAD_AND_TAIL_CHARACTERS: usize = 4_000;

/// What an example keeps of each end.
const EXAMPLE_CHARACTERS: usize = 1_500;

/// The most lines of a chunk.
const LINES_OF_CHUNK: usize = 40;

/// What of an item a model sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// Its text.
    Text(String),
    /// Images of its pages.
    Images {
        /// In the order in which they are shown.
        images: Vec<ImageOfPage>,
        /// Whether they carry the numbers of their pages, because they are not in order.
        numbered: bool,
    },
    /// The PDF file that it is.
    File(PdfFile),
}

impl Shown {
    pub(crate) fn new(document: &Document, model: &LanguageModel, attached: Option<Attached>) -> Self {
        match attached {
            None => Self::Text(shown_text(document, model)),
            Some(Attached::File(file)) => Self::File(file),
            Some(Attached::Images(images)) => Self::Images {
                images: model.chunk_order.arrange(images),
                numbered: !model.chunk_order.is_declared(),
            },
        }
    }

    /// The text; none where something is attached.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Images { .. } | Self::File(_) => None,
        }
    }

    /// The images, in the order in which they are shown.
    #[must_use]
    pub fn images(&self) -> &[ImageOfPage] {
        match self {
            Self::Images { images, .. } => images,
            Self::Text(_) | Self::File(_) => &[],
        }
    }

    /// How many pages the file has that is attached; 0 where none is.
    #[must_use]
    pub fn file_pages(&self) -> usize {
        match self {
            Self::File(file) => file.pages,
            Self::Text(_) | Self::Images { .. } => 0,
        }
    }

    /// Whether there is nothing to ask about in words.
    #[must_use]
    pub fn is_without_text(&self) -> bool {
        self.text().is_some_and(|text| text.trim().is_empty())
    }
}

fn shown_text(document: &Document, model: &LanguageModel) -> String {
    let limit = if model.view == InputView::HeadAndTail {
        HEAD_AND_TAIL_CHARACTERS
    } else {
        MAXIMUM_CHARACTERS / 2
    };
    let text = head_and_tail(&text_in_view(document, model.view), limit);
    in_chunks(text, model.chunk_order)
}

/// The text of a document as an example, in this view.
#[must_use]
pub fn example_text(document: &Document, view: InputView) -> String {
    head_and_tail(&text_in_view(document, view), EXAMPLE_CHARACTERS)
}

fn text_in_view(document: &Document, view: InputView) -> String {
    if view == InputView::ReadingOrder {
        let lines = document.pages.iter().flat_map(|page| &page.lines);
        lines.map(Line::text).collect::<Vec<_>>().join("\n")
    } else {
        document.text()
    }
}

/// The first and the last characters of a text, when it is longer than both together.
fn head_and_tail(text: &str, characters: usize) -> String {
    let count = text.chars().count();
    if count <= 2 * characters {
        return text.to_owned();
    }
    let head: String = text.chars().take(characters).collect();
    let tail: String = text.chars().skip(count - characters).collect();
    format!(
        "{head}\n[... {} characters left out ...]\n{tail}",
        count - 2 * characters
    )
}

/// The text in chunks of some lines, at least two, in another order than they stand in; each says which part it is.
fn in_chunks(text: String, order: Order) -> String {
    let lines: Vec<&str> = text.lines().collect();
    if order.is_declared() || lines.len() < 2 {
        return text;
    }
    let length = lines.len().div_ceil(2).min(LINES_OF_CHUNK);
    let count = lines.len().div_ceil(length);
    let chunks = lines.chunks(length).enumerate();
    let chunks = chunks.map(|(index, lines)| format!("[part {} of {count}]\n{}", index + 1, lines.join("\n")));
    order.arrange(chunks.collect()).join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_keep_both_ends() {
        let text = format!("{}{}{}", "a".repeat(10), "b".repeat(50), "c".repeat(10));
        let cut = head_and_tail(&text, 10);
        assert!(cut.starts_with("aaaaaaaaaa\n[... 50 characters"), "{cut}");
        assert!(cut.ends_with("\ncccccccccc"));
        assert_eq!(head_and_tail("short", 10), "short");
    }

    #[test]
    fn chunks_change_places_and_say_where_they_belong() {
        let text = "one\ntwo\nthree".to_owned();
        assert_eq!(
            in_chunks(text.clone(), Order::Reversed),
            "[part 2 of 2]\nthree\n[part 1 of 2]\none\ntwo"
        );
        assert_eq!(in_chunks(text.clone(), Order::Declared), text);
        assert_eq!(in_chunks("one".to_owned(), Order::Reversed), "one");
        let long: Vec<String> = (0..100).map(|line| line.to_string()).collect();
        let reversed = in_chunks(long.join("\n"), Order::Reversed);
        assert!(reversed.starts_with("[part 3 of 3]\n80\n"), "{reversed}");
        assert_eq!(reversed.lines().count(), 103);
    }
}
