//! Groups of segments that stand together, and sender's lines.

use std::collections::BTreeSet;

use accord_documents::Bounds;

use super::{address_score, clean_name, has_postal_code, is_name_like};
use crate::readers::reading::Reading;
use crate::readers::view::Segment;
use crate::readers::words::tokens;

/// Segments of the first page that are put into groups.
const MAXIMUM_SEGMENTS: usize = 400;

/// Segments grouped by their left edges and distances.
pub(super) fn groups_by_place(reading: &Reading) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = sender_runs(reading);
    let taken: BTreeSet<usize> = groups.iter().flatten().copied().collect();
    let own_groups = groups.len();
    let segments = reading
        .view
        .segments
        .iter()
        .enumerate()
        .take_while(|(_, segment)| segment.page == 0)
        .take(MAXIMUM_SEGMENTS);
    for (index, segment) in segments {
        let Some(bounds) = segment.bounds.filter(|_| !taken.contains(&index)) else {
            continue;
        };
        let home = groups.iter_mut().skip(own_groups).rev().take(40).find(|group| {
            let last = group
                .last()
                .and_then(|last| reading.segment(*last))
                .and_then(|last| last.bounds);
            let addressed = group
                .iter()
                .filter_map(|index| reading.segment(*index))
                .any(|segment| has_postal_code(&segment.text));
            last.is_some_and(|last| belongs_under(last, bounds, group.len(), addressed))
        });
        match home {
            Some(group) => group.push(index),
            None => groups.push(vec![index]),
        }
    }
    groups
}

/// Sender's lines: single segments, or segments with nothing but dots between them.
fn sender_runs(reading: &Reading) -> Vec<Vec<usize>> {
    let mut runs = Vec::new();
    for row in reading.view.rows.iter().take(MAXIMUM_SEGMENTS) {
        let mut run: Vec<usize> = Vec::new();
        for index in row.clone() {
            let Some(segment) = reading.segment(index).filter(|segment| segment.page == 0) else {
                break;
            };
            let mark = is_mark(segment);
            let after_mark = run.last().and_then(|last| reading.segment(*last)).is_some_and(is_mark);
            if !(mark || after_mark) {
                keep_sender(reading, &mut runs, &run);
                run.clear();
            }
            run.push(index);
        }
        keep_sender(reading, &mut runs, &run);
    }
    runs
}

fn is_mark(segment: &Segment) -> bool {
    segment.text.chars().count() <= 2
        && segment
            .text
            .chars()
            .all(|character| matches!(character, '·' | '•' | '●' | '|' | '-' | '–' | '*' | '∙' | '■'))
}

fn keep_sender(reading: &Reading, runs: &mut Vec<Vec<usize>>, run: &[usize]) {
    let labelled = run
        .first()
        .is_some_and(|first| reading.labels_in(*first).iter().any(|hit| hit.first_token == 0));
    if !labelled && sender_parts(&joined(reading, run)).is_some() {
        runs.push(run.to_vec());
    }
}

/// The texts of the segments joined by blanks.
pub(super) fn joined(reading: &Reading, group: &[usize]) -> String {
    let texts: Vec<&str> = group
        .iter()
        .filter_map(|index| reading.segment(*index))
        .map(|segment| segment.text.as_str())
        .collect();
    texts.join(" ")
}

fn belongs_under(last: Bounds, bounds: Bounds, lines: usize, addressed: bool) -> bool {
    let height = (last.bottom - last.top).max(bounds.bottom - bounds.top).max(1.0);
    let gap = bounds.top - last.bottom;
    let own_height = (bounds.bottom - bounds.top).max(1.0);
    let last_height = (last.bottom - last.top).max(1.0);
    let aligned = (bounds.left - last.left).abs() < 0.7 * height || (bounds.right - last.right).abs() < 0.5 * height;
    let alike = own_height < 1.6 * last_height && last_height < 1.6 * own_height || lines == 1;
    let widest = if addressed { 1.2 } else { 1.9 };
    gap > -0.6 * height && gap < widest * height && aligned && alike
}

/// Without boxes: segments of the same column in following rows.
pub(super) fn groups_by_row(reading: &Reading) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = sender_runs(reading);
    let taken: BTreeSet<usize> = groups.iter().flatten().copied().collect();
    let own_groups = groups.len();
    for (index, segment) in reading
        .view
        .segments
        .iter()
        .enumerate()
        .take_while(|(_, segment)| segment.page == 0)
        .take(MAXIMUM_SEGMENTS)
    {
        if taken.contains(&index) {
            continue;
        }
        let home = groups.iter_mut().skip(own_groups).rev().take(20).find(|group| {
            let last = group.last().and_then(|last| reading.segment(*last));
            last.is_some_and(|last| last.row + 1 == segment.row && last.column == segment.column)
        });
        match home {
            Some(group) => group.push(index),
            None => groups.push(vec![index]),
        }
    }
    groups
}

/// Name and address of a sender's line: parts between dots, bars or hyphens, of which a later one has a postal code.
pub(crate) fn sender_parts(text: &str) -> Option<(String, String)> {
    for separator in [" · ", " • ", " ● ", " | ", " – ", " - ", " * ", " / ", "; ", ", "] {
        let parts: Vec<&str> = text
            .split(separator)
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .collect();
        let Some((name, rest)) = parts.split_first() else {
            continue;
        };
        let town = rest.iter().rposition(|part| has_postal_code(part));
        let fits = rest.len() >= 2 && is_name_like(name) && address_score(name, &tokens(name)) == 0;
        if let Some(town) = town.filter(|_| fits) {
            let end = if rest.get(town + 1).is_some_and(|next| {
                tokens(next).len() <= 2
                    && next
                        .chars()
                        .all(|character| character.is_alphabetic() || character == ' ')
            }) {
                town + 1
            } else {
                town
            };
            return Some((clean_name(name), rest.get(..=end).unwrap_or_default().join(", ")));
        }
    }
    None
}
