//! Pages as drawings of their words, and texts as lines.

use accord_documents::{Bounds, Document, Line, Page};
use serde::Serialize;

use super::places::Place;

/// The most words that are drawn; what follows is left to the original.
const MAXIMUM_WORDS: usize = 20_000;

/// How far above the lower edge of a word's rectangle its letters stand, in heights of the rectangle.
const DESCENT: f32 = 0.22;

/// The size of letters in heights of the rectangle.
const LETTER_SIZE: f32 = 0.9;

/// A page in its own units.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Sheet {
    number: usize,
    width: String,
    height: String,
    lines: Vec<Vec<DrawnWord>>,
    marks: Vec<Mark>,
}

/// A word with the place of its first letter.
#[derive(Debug, Clone, Serialize)]
struct DrawnWord {
    text: String,
    left: String,
    baseline: String,
    width: String,
    size: String,
}

/// A highlight.
#[derive(Debug, Clone, Serialize)]
struct Mark {
    field: String,
    left: String,
    top: String,
    width: String,
    height: String,
}

/// A line of a text.
#[derive(Debug, Clone, Serialize)]
pub(super) struct TextLine {
    pieces: Vec<Piece>,
}

/// Words of a line that show the value of a field, or none.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Piece {
    text: String,
    field: Option<String>,
}

/// Draws the first pages of a document.
pub(super) fn draw_sheets(document: &Document, places: &[Place], maximum: usize) -> Vec<Sheet> {
    let mut words_left = MAXIMUM_WORDS;
    document
        .pages
        .iter()
        .enumerate()
        .take(maximum)
        .map(|(index, page)| draw_sheet(index, page, places, &mut words_left))
        .collect()
}

fn draw_sheet(index: usize, page: &Page, places: &[Place], words_left: &mut usize) -> Sheet {
    let lines = page
        .lines
        .iter()
        .map(|line| draw_line(line, words_left))
        .filter(|line| !line.is_empty())
        .collect();
    let marks = places
        .iter()
        .filter(|place| place.page == index)
        .filter_map(|place| mark(page, place))
        .collect();
    Sheet {
        number: index + 1,
        width: units(page.width.max(1.0)),
        height: units(page.height.max(1.0)),
        lines,
        marks,
    }
}

fn draw_line(line: &Line, words_left: &mut usize) -> Vec<DrawnWord> {
    let drawn: Vec<DrawnWord> = line
        .words
        .iter()
        .filter_map(|word| {
            let bounds = word.bounds?;
            let height = (bounds.bottom - bounds.top).max(1.0);
            Some(DrawnWord {
                text: word.text.clone(),
                left: units(bounds.left),
                baseline: units(bounds.bottom - height * DESCENT),
                width: units((bounds.right - bounds.left).max(1.0)),
                size: units(height * LETTER_SIZE),
            })
        })
        .take(*words_left)
        .collect();
    *words_left -= drawn.len();
    drawn
}

fn mark(page: &Page, place: &Place) -> Option<Mark> {
    let words = page.lines.get(place.line)?.words.get(place.first..=place.last)?;
    let around = words
        .iter()
        .filter_map(|word| word.bounds)
        .reduce(|whole, part| Bounds {
            left: whole.left.min(part.left),
            top: whole.top.min(part.top),
            right: whole.right.max(part.right),
            bottom: whole.bottom.max(part.bottom),
        })?;
    let margin = ((around.bottom - around.top) * 0.12).max(0.5);
    Some(Mark {
        field: place.field.clone(),
        left: units(around.left - margin),
        top: units(around.top - margin),
        width: units(around.right - around.left + 2.0 * margin),
        height: units(around.bottom - around.top + 2.0 * margin),
    })
}

fn units(length: f32) -> String {
    let text = format!("{length:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The lines of a text, segments of a row side by side.
pub(super) fn write_lines(document: &Document, places: &[Place]) -> Vec<TextLine> {
    let mut written: Vec<((usize, u32), TextLine)> = Vec::new();
    for (page_index, page) in document.pages.iter().enumerate() {
        for (line_index, line) in page.lines.iter().enumerate() {
            let here: Vec<&Place> = places
                .iter()
                .filter(|place| place.page == page_index && place.line == line_index)
                .collect();
            let pieces = pieces(line, &here);
            match written.last_mut() {
                Some((row, text)) if *row == (page_index, line.row) => {
                    text.pieces.push(plain("  "));
                    text.pieces.extend(pieces);
                }
                last => {
                    let blank_lines = last.map_or(0, |((page, row), _)| {
                        if *page == page_index {
                            line.row.saturating_sub(*row + 1).min(1)
                        } else {
                            1
                        }
                    });
                    for _ in 0..blank_lines {
                        written.push(((page_index, line.row), TextLine { pieces: Vec::new() }));
                    }
                    written.push(((page_index, line.row), TextLine { pieces }));
                }
            }
        }
    }
    written.into_iter().map(|(_, line)| line).collect()
}

fn pieces(line: &Line, places: &[&Place]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for (index, word) in line.words.iter().enumerate() {
        let place = places.iter().find(|place| place.first <= index && index <= place.last);
        let field = place.map(|place| place.field.clone());
        let continues = place.is_none_or(|place| place.first < index);
        match pieces.last_mut() {
            Some(last) if last.field == field && continues => {
                last.text.push(' ');
                last.text.push_str(&word.text);
            }
            Some(_) => {
                pieces.push(plain(" "));
                pieces.push(Piece {
                    text: word.text.clone(),
                    field,
                });
            }
            None => pieces.push(Piece {
                text: word.text.clone(),
                field,
            }),
        }
    }
    pieces
}

fn plain(text: &str) -> Piece {
    Piece {
        text: text.to_owned(),
        field: None,
    }
}

#[cfg(test)]
mod tests {
    use accord_documents::Limits;
    use accord_documents::text::document_from_text;

    use super::*;

    fn place(line: usize, first: usize, last: usize) -> Place {
        Place {
            page: 0,
            line,
            first,
            last,
            field: "total".to_owned(),
        }
    }

    #[test]
    fn lines_keep_their_words_and_show_places() {
        let document = document_from_text("to pay 12 EUR now\nthank you", &Limits::default()).unwrap();
        let lines = write_lines(&document, &[place(0, 2, 3)]);
        let texts: Vec<String> = lines
            .iter()
            .map(|line| line.pieces.iter().map(|piece| piece.text.as_str()).collect())
            .collect();
        assert_eq!(texts, ["to pay 12 EUR now", "thank you"]);
        let marked: Vec<&str> = lines[0]
            .pieces
            .iter()
            .filter(|piece| piece.field.is_some())
            .map(|piece| piece.text.as_str())
            .collect();
        assert_eq!(marked, ["12 EUR"]);
    }

    #[test]
    fn lengths_are_short() {
        assert_eq!(units(12.0), "12");
        assert_eq!(units(12.345_6), "12.35");
        assert_eq!(units(0.0), "0");
    }
}
