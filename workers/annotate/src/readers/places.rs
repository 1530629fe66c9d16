//! Where the value of a label stands: behind it, to its right, or below it.

use std::ops::Range;

use super::labels::LabelHit;
use super::reading::Reading;
use super::view::Segment;

/// Rows below a label in which its value is looked for.
const ROWS_BELOW: usize = 2;

/// Segments to the right of a label in which its value is looked for.
const SEGMENTS_TO_THE_RIGHT: usize = 3;

/// Labels from this strength on end the search to the right.
const STRENGTH_THAT_STOPS: u8 = 5;

/// A part of a segment that may hold the value of a label, nearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// The place of the segment in the view.
    pub(crate) segment: usize,
    /// Byte offset from which the value may begin.
    pub(crate) from: usize,
    /// Byte offset at which it must have ended.
    pub(crate) to: usize,
    /// Rows below the label.
    pub(crate) rows_below: usize,
}

/// The places of a label's value in the order in which they are tried: the rest of its segment, the segments to its right, those below.
pub(crate) fn of_label(reading: &Reading, hit: &LabelHit) -> Vec<Place> {
    let mut places = beside(reading, hit.segment, hit.end);
    places.extend(below(reading, hit.segment, hit.start, hit.end, ROWS_BELOW));
    places
}

/// The rest of the segment behind a byte offset, then the segments to the right up to the next label.
pub(crate) fn beside(reading: &Reading, segment: usize, end: usize) -> Vec<Place> {
    let Some(own) = reading.segment(segment) else {
        return Vec::new();
    };
    let next_label = reading
        .labels_in(segment)
        .iter()
        .find(|other| other.start >= end && other.strength >= STRENGTH_THAT_STOPS)
        .map_or(own.text.len(), |other| other.start);
    let mut places = vec![Place {
        segment,
        from: end,
        to: next_label,
        rows_below: 0,
    }];
    if next_label < own.text.len() {
        return places;
    }
    let row = reading.view.rows.get(own.row).cloned().unwrap_or_default();
    for right in (segment + 1..row.end).take(SEGMENTS_TO_THE_RIGHT) {
        if begins_with_label(reading, right) {
            break;
        }
        places.extend(whole(reading, right, 0));
    }
    places
}

/// The segments below a part of a segment, in the same column or else the nearest to the right.
pub(crate) fn below(reading: &Reading, segment: usize, start: usize, end: usize, rows: usize) -> Vec<Place> {
    let Some(own) = reading.segment(segment) else {
        return Vec::new();
    };
    let mut places = Vec::new();
    for depth in 1..=rows {
        let Some(range) = reading.view.rows.get(own.row + depth).cloned() else {
            break;
        };
        if reading.segment(range.start).is_some_and(|first| first.page != own.page) {
            break;
        }
        let Some(chosen) = column_of(reading, own, range, start, end) else {
            continue;
        };
        if begins_with_label(reading, chosen) {
            break;
        }
        places.extend(whole(reading, chosen, depth));
    }
    places
}

fn column_of(reading: &Reading, own: &Segment, row: Range<usize>, start: usize, end: usize) -> Option<usize> {
    let Some(label) = own.bounds_of(start, end) else {
        let same_column = row.start + own.column;
        return if row.len() == 1 {
            Some(row.start)
        } else {
            row.contains(&same_column).then_some(same_column)
        };
    };
    let boxes = || {
        row.clone()
            .filter_map(|index| reading.segment(index)?.bounds.map(|bounds| (index, bounds)))
    };
    let overlapping = boxes().find(|(_, bounds)| bounds.left < label.right && label.left < bounds.right);
    let to_the_right = || boxes().find(|(_, bounds)| bounds.left >= label.left);
    overlapping.or_else(to_the_right).map(|(index, _)| index)
}

fn begins_with_label(reading: &Reading, segment: usize) -> bool {
    reading
        .labels_in(segment)
        .first()
        .is_some_and(|hit| hit.first_token == 0 && hit.strength >= STRENGTH_THAT_STOPS)
}

fn whole(reading: &Reading, segment: usize, rows_below: usize) -> Option<Place> {
    reading.segment(segment).map(|content| Place {
        segment,
        from: 0,
        to: content.text.len(),
        rows_below,
    })
}
