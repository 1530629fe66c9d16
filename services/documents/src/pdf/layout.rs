//! Puts words into visual rows, and rows into segments, in reading order.

use std::collections::BTreeSet;

use super::words::PlacedWord;
use crate::document::{Bounds, Line, Page, Word};

/// Gap that separates two segments of a row, in ems.
const SEGMENT_GAP: f64 = 1.0;
/// How far the baselines of one row may differ, in ems of the smaller type.
const BASELINE_TOLERANCE: f64 = 0.35;
/// How far the middles of one row may differ, in ems of the smaller type.
const MIDDLE_TOLERANCE: f64 = 0.2;
/// Rows that are looked back for one that a word belongs to.
const ROWS_LOOKED_BACK: usize = 12;
/// Words that are looked back for one that a word is the shadow of.
const SHADOWS_LOOKED_BACK: usize = 16;

/// A visual row being filled.
struct Row {
    baseline: f64,
    em: f64,
    words: Vec<PlacedWord>,
}

impl Row {
    fn takes(&self, word: &PlacedWord) -> bool {
        let em = self.em.min(word.em);
        let middle = |baseline: f64, em: f64| baseline - 0.3 * em;
        (self.baseline - word.baseline).abs() <= BASELINE_TOLERANCE * em
            || (middle(self.baseline, self.em) - middle(word.baseline, word.em)).abs() <= MIDDLE_TOLERANCE * em
    }

    fn distance(&self, word: &PlacedWord) -> f64 {
        (self.baseline - word.baseline).abs()
    }
}

/// Builds the page: horizontal text from top to bottom and left to right, then text in other directions in rows of its own.
pub(super) fn lay_out(words: Vec<PlacedWord>, width: f32, height: f32) -> Page {
    let visible: Vec<PlacedWord> = words
        .into_iter()
        .filter(|word| is_visible(word.bounds(), width, height))
        .collect();
    let angles: BTreeSet<i32> = visible.iter().map(|word| word.angle).collect();
    let mut lines = Vec::new();
    let mut row_number = 0_u32;
    for angle in angles {
        let of_angle = visible.iter().filter(|word| word.angle == angle).cloned();
        for row in rows(of_angle.collect()) {
            for segment in segments(row.words) {
                lines.push(Line {
                    words: segment.iter().map(|word| clip(word, width, height)).collect(),
                    row: row_number,
                });
            }
            row_number = row_number.saturating_add(1);
        }
    }
    Page { width, height, lines }
}

fn is_visible(bounds: Bounds, width: f32, height: f32) -> bool {
    let horizontal = bounds.left.midpoint(bounds.right);
    let vertical = bounds.top.midpoint(bounds.bottom);
    (0.0..=width).contains(&horizontal) && (0.0..=height).contains(&vertical)
}

fn clip(word: &PlacedWord, width: f32, height: f32) -> Word {
    let bounds = word.bounds();
    Word {
        text: word.text.clone(),
        bounds: Some(Bounds {
            left: bounds.left.clamp(0.0, width),
            top: bounds.top.clamp(0.0, height),
            right: bounds.right.clamp(0.0, width),
            bottom: bounds.bottom.clamp(0.0, height),
        }),
    }
}

fn rows(mut words: Vec<PlacedWord>) -> Vec<Row> {
    words.sort_by(|first, second| {
        first
            .baseline
            .total_cmp(&second.baseline)
            .then(first.left.total_cmp(&second.left))
    });
    let mut rows: Vec<Row> = Vec::new();
    for word in words {
        let recent = rows.len().saturating_sub(ROWS_LOOKED_BACK);
        let nearest = rows
            .iter_mut()
            .skip(recent)
            .filter(|row| row.takes(&word))
            .min_by(|first, second| first.distance(&word).total_cmp(&second.distance(&word)));
        match nearest {
            Some(row) => row.words.push(word),
            None => rows.push(Row {
                baseline: word.baseline,
                em: word.em,
                words: vec![word],
            }),
        }
    }
    rows
}

fn segments(mut words: Vec<PlacedWord>) -> Vec<Vec<PlacedWord>> {
    words.sort_by(|first, second| first.left.total_cmp(&second.left));
    let mut segments: Vec<Vec<PlacedWord>> = Vec::new();
    for word in without_shadows(words) {
        let Some(last) = segments.last_mut().and_then(|segment| segment.last_mut()) else {
            segments.push(vec![word]);
            continue;
        };
        if last.continues_with(&word) {
            last.text.push_str(&word.text);
            last.right = last.right.max(word.right);
            last.em = last.em.max(word.em);
            last.precedes_blank = word.precedes_blank;
            continue;
        }
        let gap = word.left - last.right;
        if gap > SEGMENT_GAP * last.em.min(word.em) {
            segments.push(vec![word]);
        } else if let Some(segment) = segments.last_mut() {
            segment.push(word);
        }
    }
    segments
}

/// Drops words that are printed a second time in nearly the same place to look bold.
fn without_shadows(words: Vec<PlacedWord>) -> Vec<PlacedWord> {
    let mut kept: Vec<PlacedWord> = Vec::with_capacity(words.len());
    for word in words {
        let is_shadow = kept
            .iter()
            .rev()
            .take(SHADOWS_LOOKED_BACK)
            .take_while(|earlier| word.left - earlier.left < word.em)
            .any(|earlier| earlier.is_shadow_of(&word));
        if !is_shadow {
            kept.push(word);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str, left: f64, baseline: f64, em: f64) -> PlacedWord {
        PlacedWord {
            text: text.to_owned(),
            angle: 0,
            left,
            right: left + 0.5 * em * f64::from(u32::try_from(text.len()).unwrap()),
            baseline,
            em,
            follows_blank: false,
            precedes_blank: false,
        }
    }

    #[test]
    fn rows_run_down_and_segments_across() {
        let words = vec![
            word("9.00", 200.0, 60.2, 10.0),
            word("Invoice", 10.0, 20.0, 24.0),
            word("one", 10.0, 60.0, 10.0),
            word("Pen,", 28.0, 60.0, 10.0),
            word("small", 200.0, 12.0, 7.0),
            word("print", 200.0, 20.0, 7.0),
            word("out", 700.0, 20.0, 7.0),
        ];
        let page = lay_out(words, 600.0, 800.0);
        let lines: Vec<(u32, String)> = page.lines.iter().map(|line| (line.row, line.text())).collect();
        let expected = [(0, "small"), (1, "Invoice"), (1, "print"), (2, "one Pen,"), (2, "9.00")];
        assert_eq!(lines, expected.map(|(row, text)| (row, text.to_owned())));
    }

    #[test]
    fn pieces_of_a_word_are_joined_and_shadows_dropped() {
        let words = vec![
            word("To", 10.0, 60.0, 10.0),
            word("tal", 20.0, 60.0, 10.0),
            word("tal", 20.4, 60.0, 10.0),
        ];
        let page = lay_out(words, 600.0, 800.0);
        assert_eq!(page.rows(), ["Total"]);
    }
}
