//! A document laid out for reading: segments in visual rows, each with its words, place and folded tokens.

use std::ops::Range;

use accord_documents::{Bounds, Document};

use super::words::{Token, tokens};

/// Segments read from the beginning of a document; totals stand on the last pages, so as many are read from its end.
const MAXIMUM_SEGMENTS_AT_EACH_END: usize = 4_000;

/// The longest segment in bytes that is looked at; what is longer is cut.
const MAXIMUM_SEGMENT_BYTES: usize = 2_000;

/// A segment of text on a visual row.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    /// The words joined by single blanks.
    pub(crate) text: String,
    /// The folded tokens of the text.
    pub(crate) tokens: Vec<Token>,
    /// The page, counted from 0.
    pub(crate) page: usize,
    /// The row over all pages, counted from 0.
    pub(crate) row: usize,
    /// The place in the row from the left, counted from 0.
    pub(crate) column: usize,
    /// The rectangle around the words.
    pub(crate) bounds: Option<Bounds>,
    words: Vec<(usize, usize, Option<Bounds>)>,
}

impl Segment {
    /// The rectangle around the words that a byte range of the text touches; the whole segment's when its words have none.
    pub(crate) fn bounds_of(&self, start: usize, end: usize) -> Option<Bounds> {
        self.words
            .iter()
            .filter(|(from, to, _)| *from < end && start < *to)
            .filter_map(|(_, _, bounds)| *bounds)
            .reduce(union)
            .or(self.bounds)
    }

    /// The part of the text from a byte offset on.
    pub(crate) fn text_from(&self, start: usize) -> &str {
        self.text.get(start..).unwrap_or_default()
    }

    /// Whether the folded tokens contain the word.
    pub(crate) fn has_word(&self, word: &str) -> bool {
        self.tokens.iter().any(|token| token.folded == word)
    }

    /// How many of the characters are letters.
    pub(crate) fn letter_count(&self) -> usize {
        self.text.chars().filter(|character| character.is_alphabetic()).count()
    }
}

fn union(whole: Bounds, part: Bounds) -> Bounds {
    Bounds {
        left: whole.left.min(part.left),
        top: whole.top.min(part.top),
        right: whole.right.max(part.right),
        bottom: whole.bottom.max(part.bottom),
    }
}

/// The segments of a document in visual order, row by row from the top of the first page.
#[derive(Debug, Clone)]
pub(crate) struct View {
    /// All segments, row by row, from left to right.
    pub(crate) segments: Vec<Segment>,
    /// The range of segments of each row.
    pub(crate) rows: Vec<Range<usize>>,
    /// The places in `segments` in the reading order of the document.
    pub(crate) reading_order: Vec<usize>,
    /// Width and height of each page; what the boxes span when the document does not say.
    pub(crate) page_sizes: Vec<(f32, f32)>,
    /// Whether nearly all segments have boxes.
    pub(crate) has_boxes: bool,
}

impl View {
    /// Lays a document out. Only the first and the last segments of very long documents are kept.
    pub(crate) fn new(document: &Document) -> Self {
        let mut unsorted = Vec::new();
        let total: usize = document.pages.iter().map(|page| page.lines.len()).sum();
        let mut position = 0_usize;
        for (page_index, page) in document.pages.iter().enumerate() {
            for line in &page.lines {
                position += 1;
                let kept = position <= MAXIMUM_SEGMENTS_AT_EACH_END || position + MAXIMUM_SEGMENTS_AT_EACH_END > total;
                if kept && let Some(segment) = segment_of(line, page_index) {
                    unsorted.push((unsorted.len(), line.row, segment));
                }
            }
        }
        let page_sizes = page_sizes(document);
        unsorted.sort_by(|left, right| {
            let by_row = (left.2.page, left.1).cmp(&(right.2.page, right.1));
            by_row
                .then_with(|| left_edge(&left.2).total_cmp(&left_edge(&right.2)))
                .then(left.0.cmp(&right.0))
        });
        Self::from_sorted(unsorted, page_sizes)
    }

    fn from_sorted(sorted: Vec<(usize, u32, Segment)>, page_sizes: Vec<(f32, f32)>) -> Self {
        let mut reading_order = vec![0; sorted.len()];
        let mut segments: Vec<Segment> = Vec::with_capacity(sorted.len());
        let mut rows: Vec<Range<usize>> = Vec::new();
        let mut present = None;
        for (index, (order, row, mut segment)) in sorted.into_iter().enumerate() {
            if let Some(place) = reading_order.get_mut(order) {
                *place = index;
            }
            if present != Some((segment.page, row)) {
                present = Some((segment.page, row));
                rows.push(index..index);
            }
            segment.row = rows.len().saturating_sub(1);
            if let Some(range) = rows.last_mut() {
                segment.column = index - range.start;
                range.end = index + 1;
            }
            segments.push(segment);
        }
        let with_boxes = segments.iter().filter(|segment| segment.bounds.is_some()).count();
        let has_boxes = !segments.is_empty() && with_boxes * 10 >= segments.len() * 9;
        Self {
            segments,
            rows,
            reading_order,
            page_sizes,
            has_boxes,
        }
    }

    /// The segments of a row; none for a row that does not exist.
    pub(crate) fn row(&self, row: usize) -> &[Segment] {
        self.rows
            .get(row)
            .and_then(|range| self.segments.get(range.clone()))
            .unwrap_or_default()
    }

    /// The place in `segments` of the first segment of a row.
    pub(crate) fn row_start(&self, row: usize) -> usize {
        self.rows.get(row).map_or(self.segments.len(), |range| range.start)
    }

    /// Width and height of a page; zeros when nothing is known.
    pub(crate) fn page_size(&self, page: usize) -> (f32, f32) {
        self.page_sizes.get(page).copied().unwrap_or_default()
    }
}

fn left_edge(segment: &Segment) -> f32 {
    segment.bounds.map_or(f32::MAX, |bounds| bounds.left)
}

fn segment_of(line: &accord_documents::Line, page: usize) -> Option<Segment> {
    let mut text = String::new();
    let mut words = Vec::with_capacity(line.words.len());
    for word in &line.words {
        let part = word.text.trim();
        if part.is_empty() || text.len() + part.len() > MAXIMUM_SEGMENT_BYTES {
            continue;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        let start = text.len();
        text.push_str(part);
        words.push((start, text.len(), word.bounds.filter(is_finite)));
    }
    if text.is_empty() {
        return None;
    }
    let bounds = words.iter().filter_map(|(_, _, bounds)| *bounds).reduce(union);
    Some(Segment {
        tokens: tokens(&text),
        text,
        page,
        row: 0,
        column: 0,
        bounds,
        words,
    })
}

fn is_finite(bounds: &Bounds) -> bool {
    [bounds.left, bounds.top, bounds.right, bounds.bottom]
        .iter()
        .all(|edge| edge.is_finite())
}

fn page_sizes(document: &Document) -> Vec<(f32, f32)> {
    document
        .pages
        .iter()
        .map(|page| {
            let extent = page
                .lines
                .iter()
                .filter_map(accord_documents::Line::bounds)
                .filter(is_finite)
                .fold((0.0_f32, 0.0_f32), |(width, height), bounds| {
                    (width.max(bounds.right), height.max(bounds.bottom))
                });
            let known = |given: f32, seen: f32| if given.is_finite() && given > 0.0 { given } else { seen };
            (known(page.width, extent.0), known(page.height, extent.1))
        })
        .collect()
}
