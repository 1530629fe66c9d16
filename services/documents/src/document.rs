//! What reading a file yields: pages of lines of words, and what was attached to them.

use serde::{Deserialize, Serialize};

/// A rectangle on a page, in the page's own units with the origin at the top left.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// Distance of the left edge from the left side of the page.
    pub left: f32,
    /// Distance of the upper edge from the top of the page.
    pub top: f32,
    /// Distance of the right edge from the left side of the page.
    pub right: f32,
    /// Distance of the lower edge from the top of the page.
    pub bottom: f32,
}

/// A run of characters without white space between its parts, as the text layer holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Word {
    /// The characters of the word.
    pub text: String,
    /// Where the word stands, when the source gives it.
    pub bounds: Option<Bounds>,
}

/// A segment of text that reads as one: the words of one column cell or one printed line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The words from left to right.
    pub words: Vec<Word>,
    /// The visual row on the page; segments side by side share a row. Counted from 0 from the top.
    pub row: u32,
}

impl Line {
    /// The words joined by single spaces.
    #[must_use]
    pub fn text(&self) -> String {
        let words: Vec<&str> = self.words.iter().map(|word| word.text.as_str()).collect();
        words.join(" ")
    }

    /// The rectangle around all words that have one.
    #[must_use]
    pub fn bounds(&self) -> Option<Bounds> {
        self.words
            .iter()
            .filter_map(|word| word.bounds)
            .reduce(|whole, part| Bounds {
                left: whole.left.min(part.left),
                top: whole.top.min(part.top),
                right: whole.right.max(part.right),
                bottom: whole.bottom.max(part.bottom),
            })
    }
}

/// One page, its lines in reading order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// Width in the units of the bounds (points for PDF, pixels for scans); 0 when unknown.
    pub width: f32,
    /// Height in the units of the bounds; 0 when unknown.
    pub height: f32,
    /// The segments in reading order.
    pub lines: Vec<Line>,
}

impl Page {
    /// The segments of each visual row joined by two spaces, rows in order: `TOTAL  RM 53.20`.
    #[must_use]
    pub fn rows(&self) -> Vec<String> {
        let mut rows: Vec<(u32, String)> = Vec::new();
        for line in &self.lines {
            let text = line.text();
            match rows.iter_mut().rev().find(|(row, _)| *row == line.row) {
                Some((_, joined)) => {
                    joined.push_str("  ");
                    joined.push_str(&text);
                }
                None => rows.push((line.row, text)),
            }
        }
        rows.into_iter().map(|(_, text)| text).collect()
    }
}

/// A file that was read: its pages, and the structured invoice that it carries, if any.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Document {
    /// The pages in order; a plain text has one page without size.
    pub pages: Vec<Page>,
    /// The electronic invoice inside the file (Factur-X/ZUGFeRD in a PDF/A-3, or a plain XML invoice), as XML text.
    pub invoice_xml: Option<String>,
}

impl Document {
    /// All rows of all pages, one row a line: what a model is usually given.
    #[must_use]
    pub fn text(&self) -> String {
        let rows: Vec<String> = self.pages.iter().flat_map(Page::rows).collect();
        rows.join("\n")
    }

    /// Whether no page has a text layer worth reading (a scan).
    #[must_use]
    pub fn is_without_text(&self) -> bool {
        self.pages
            .iter()
            .all(|page| page.lines.iter().all(|line| line.words.is_empty()))
    }
}
