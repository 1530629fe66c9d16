//! Documents from segments that were transcribed elsewhere, such as the boxes of an OCR engine.

use serde::{Deserialize, Serialize};

use crate::document::{Bounds, Document, Line, Page, Word};

/// One transcribed segment: its text and where it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// The characters of the segment.
    pub text: String,
    /// Left, top, right and bottom edge in the units of the page, origin at the top left.
    #[serde(rename = "box")]
    pub edges: [f32; 4],
    /// The visual row on the page, counted from 0 from the top.
    pub row: u32,
}

/// Builds a page from transcribed segments in reading order.
///
/// A segment's box is spread over its words in proportion to their characters, each blank counting as one, because the source has no word boxes.
/// Segments without visible characters are left out. A width or height of 0 means unknown.
#[must_use]
pub fn page_from_segments(segments: &[Segment], width: f32, height: f32) -> Page {
    let lines = segments
        .iter()
        .map(|segment| Line {
            words: spread_words(&segment.text, segment.edges),
            row: segment.row,
        })
        .filter(|line| !line.words.is_empty())
        .collect();
    Page { width, height, lines }
}

/// Builds a document of one page from transcribed segments; see [`page_from_segments`].
#[must_use]
pub fn from_segments(segments: &[Segment], width: f32, height: f32) -> Document {
    Document {
        pages: vec![page_from_segments(segments, width, height)],
        invoice_xml: None,
    }
}

fn spread_words(text: &str, [left, top, right, bottom]: [f32; 4]) -> Vec<Word> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let lengths: Vec<usize> = words.iter().map(|word| word.chars().count()).collect();
    let blanks = words.len().saturating_sub(1);
    let characters = lengths.iter().sum::<usize>() + blanks;
    let (left, right) = (left.min(right), left.max(right));
    let (top, bottom) = (top.min(bottom), top.max(bottom));
    let per_character = (right - left) / to_f32(characters.max(1));
    let mut position = 0_usize;
    words
        .iter()
        .zip(lengths)
        .map(|(word, length)| {
            let word_left = left + per_character * to_f32(position);
            let word_right = left + per_character * to_f32(position + length);
            position += length + 1;
            Word {
                text: (*word).to_owned(),
                bounds: Some(Bounds {
                    left: word_left,
                    top,
                    right: word_right.min(right),
                    bottom,
                }),
            }
        })
        .collect()
}

fn to_f32(count: usize) -> f32 {
    // More characters than a u16 counts cannot be told apart on a page anyway.
    f32::from(u16::try_from(count).unwrap_or(u16::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_box_is_spread_over_the_words() {
        let line = r#"{"text": "TOTAL RM 5", "box": [10.0, 20.0, 110.0, 30.0], "row": 3}"#;
        let segment: Segment = serde_json::from_str(line).unwrap();
        let document = from_segments(&[segment], 439.0, 1004.0);
        let words = &document.pages[0].lines[0].words;
        let edges: Vec<(f32, f32)> = words
            .iter()
            .filter_map(|word| word.bounds)
            .map(|bounds| (bounds.left, bounds.right))
            .collect();
        assert_eq!(edges, [(10.0, 60.0), (70.0, 90.0), (100.0, 110.0)]);
        assert_eq!(document.pages[0].lines[0].row, 3);
        assert_eq!(document.text(), "TOTAL RM 5");
    }

    #[test]
    fn blank_segments_are_left_out() {
        let segment = Segment {
            text: "  ".to_owned(),
            edges: [0.0; 4],
            row: 0,
        };
        assert!(from_segments(&[segment], 0.0, 0.0).is_without_text());
    }

    proptest! {
        #[test]
        fn words_stay_inside_the_segment_in_order(text in "[ -~]{0,80}", left in 0.0_f32..500.0, width in 0.0_f32..500.0) {
            let segment = Segment { text, edges: [left, 5.0, left + width, 9.0], row: 0 };
            let page = page_from_segments(&[segment], 1000.0, 10.0);
            let mut reached = left;
            for word in page.lines.iter().flat_map(|line| &line.words) {
                let bounds = word.bounds.unwrap();
                prop_assert!(bounds.left >= reached - 0.01 && bounds.right <= left + width + 0.01);
                prop_assert!(bounds.left <= bounds.right);
                reached = bounds.right;
            }
        }
    }
}
