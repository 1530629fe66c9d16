//! A strip of paper with rows of typewriter text, and what is recognised on it.

use super::ReceiptLine;
use crate::chance::Chance;
use crate::scan::misread;

/// A segment and the column that its text begins in.
struct Segment {
    column: usize,
    text: String,
    row: usize,
}

/// The strip while it is printed.
pub(super) struct Paper {
    columns: usize,
    segments: Vec<Segment>,
    /// The rows so far, and how many of them are empty.
    row: usize,
    /// The distance of each row from the top in pixels.
    tops: Vec<u32>,
    top: u32,
    character_width: u32,
    row_height: u32,
}

/// The margin around the text in pixels.
const MARGIN: u32 = 24;

impl Paper {
    pub(super) fn new(chance: &mut Chance) -> Self {
        let row_height = chance.pick(&[22, 24, 28]);
        Self {
            columns: chance.pick(&[36, 40, 44]),
            segments: Vec::new(),
            row: 0,
            tops: Vec::new(),
            top: MARGIN,
            character_width: row_height / 2,
            row_height,
        }
    }

    /// Text in the middle of a row.
    pub(super) fn centre(&mut self, text: &str) {
        let column = self.columns.saturating_sub(text.chars().count()) / 2;
        self.put(column, text);
        self.end_row();
    }

    /// Text at the left of a row.
    pub(super) fn left(&mut self, text: &str) {
        self.put(0, text);
        self.end_row();
    }

    /// Text at both ends of a row.
    pub(super) fn pair(&mut self, left: &str, right: &str) {
        self.put(0, left);
        self.put(self.columns.saturating_sub(right.chars().count()), right);
        self.end_row();
    }

    /// An empty row, which counts for the distance only.
    pub(super) fn skip(&mut self) {
        self.top += self.row_height;
    }

    fn put(&mut self, column: usize, text: &str) {
        let indent = text.chars().take_while(|character| *character == ' ').count();
        self.segments.push(Segment {
            column: column + indent,
            text: text.trim().to_owned(),
            row: self.row,
        });
    }

    fn end_row(&mut self) {
        self.tops.push(self.top);
        self.top += self.row_height;
        self.row += 1;
    }

    /// The size of the scan, and its segments with boxes that are a little off and words that are misread now and then.
    pub(super) fn recognise(self, is_upper_case: bool, chance: &mut Chance) -> ([u32; 2], Vec<ReceiptLine>) {
        let longest = self
            .segments
            .iter()
            .map(|segment| segment.column + segment.text.chars().count())
            .max();
        let columns = u32::try_from(longest.unwrap_or(0).max(self.columns)).unwrap_or(u32::MAX);
        let width = columns * self.character_width + 2 * MARGIN;
        let height = self.top + MARGIN;
        let lines = self
            .segments
            .iter()
            .map(|segment| {
                let printed = match is_upper_case {
                    true => segment.text.to_uppercase(),
                    false => segment.text.clone(),
                };
                let words: Vec<String> = printed.split(' ').map(|word| misread(word, chance)).collect();
                let length = u32::try_from(segment.text.chars().count()).unwrap_or(0);
                let left = MARGIN + u32::try_from(segment.column).unwrap_or(0) * self.character_width;
                let top = self.tops.get(segment.row).copied().unwrap_or(MARGIN);
                let mut off = || u32::try_from(chance.between(0, 3)).unwrap_or(0);
                ReceiptLine {
                    text: words.join(" "),
                    bounds: [
                        left - off(),
                        top + off(),
                        left + length * self.character_width + off(),
                        top + self.row_height - 2 + off(),
                    ],
                    row: segment.row,
                }
            })
            .collect();
        ([width, height], lines)
    }
}
