//! What of an item a model sees: the text of its view, in chunks, or the images of its pages.

use accord_documents::{Document, Line};
use accord_domain::{InputView, LanguageModel, Order};

/// The most characters of a document that a model is given.
const MAXIMUM_CHARACTERS: usize = 60_000;

/// What the view of head and tail keeps of each end.
const HEAD_AND_TAIL_CHARACTERS: usize = 4_000;

/// What an example keeps of each end.
const EXAMPLE_CHARACTERS: usize = 1_500;

/// The most lines of a chunk.
const LINES_OF_CHUNK: usize = 40;

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

/// What of an item a model sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The text; none where images are shown.
    pub text: Option<String>,
    /// The images, in the order in which they are shown.
    pub images: Vec<ImageOfPage>,
    /// Whether the images carry the numbers of their pages, because they are not in order.
    pub numbered: bool,
}

impl Shown {
    pub(crate) fn new(document: &Document, model: &LanguageModel, images: Vec<ImageOfPage>) -> Self {
        if model.view == InputView::PageImage || !images.is_empty() {
            return Self {
                text: None,
                images: model.chunk_order.arrange(images),
                numbered: !model.chunk_order.is_declared(),
            };
        }
        let limit = if model.view == InputView::HeadAndTail {
            HEAD_AND_TAIL_CHARACTERS
        } else {
            MAXIMUM_CHARACTERS / 2
        };
        let text = head_and_tail(&text_in_view(document, model.view), limit);
        Self {
            text: Some(in_chunks(text, model.chunk_order)),
            images: Vec::new(),
            numbered: false,
        }
    }

    /// Whether there is nothing to ask about in words.
    #[must_use]
    pub fn is_without_text(&self) -> bool {
        self.text.as_ref().is_some_and(|text| text.trim().is_empty())
    }
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
