//! Positions from the columns of a table: every number belongs to the heading under which it stands.

use accord_documents::Bounds;
use accord_domain::answer::Answer;
use accord_domain::field::Field;
use rust_decimal::Decimal;

use super::headings::{self, Heading, Headings};
use super::{Item, answer, keep_counted, without_position};
use crate::readers::candidates::amounts::Amount;
use crate::readers::reading::Reading;

/// Letters that may stand beside a number in its cell; a segment with more is text that contains a number.
const LETTERS_OF_A_UNIT: usize = 8;

/// Reads the positions under every row of headings by their columns.
pub(crate) fn read(reading: &Reading, field: &Field) -> Option<Answer> {
    let items = headings::rows_of_tables(reading, |table, row| item_of(reading, table, row));
    answer(field, &keep_counted(items))
}

fn item_of(reading: &Reading, table: &Headings, row: usize) -> Option<Item> {
    let mut item = Item::default();
    let range = reading.view.rows.get(row)?.clone();
    for segment in range.clone() {
        for number in reading.amounts_in(segment).iter().filter(|number| !number.percent) {
            place_number(reading, table, number, &mut item);
        }
    }
    let total = item.line_total.is_some();
    item.description = description_of(reading, table, range)?;
    let worded = item
        .description
        .chars()
        .filter(|character| character.is_alphabetic())
        .count()
        > 3
        || item.quantity.is_some();
    (total && worded && !item.description.is_empty()).then_some(item)
}

fn place_number(reading: &Reading, table: &Headings, number: &Amount, item: &mut Item) {
    let Some(bounds) = reading
        .segment(number.span.segment)
        .and_then(|segment| segment.bounds_of(number.span.start, number.span.end))
    else {
        return;
    };
    let among_words = reading
        .segment(number.span.segment)
        .is_some_and(|segment| segment.letter_count() > LETTERS_OF_A_UNIT);
    let cell = match heading_of(table, bounds, among_words) {
        Some(Heading::Quantity) => &mut item.quantity,
        Some(Heading::UnitPrice) if number.decimals >= 2 || number.currency.is_some() => &mut item.unit_price,
        Some(Heading::LineTotal) if number.decimals >= 2 || number.currency.is_some() => &mut item.line_total,
        _ => return,
    };
    let present: &mut Option<Decimal> = cell;
    present.get_or_insert(number.value);
}

/// The heading whose word overlaps most, else the one whose nearer edge is closest.
fn heading_of(table: &Headings, bounds: Bounds, among_words: bool) -> Option<Heading> {
    let cells = || {
        table
            .cells
            .iter()
            .filter_map(|cell| cell.bounds.map(|heading| (cell.heading, heading)))
    };
    let overlap = |heading: &Bounds| heading.right.min(bounds.right) - heading.left.max(bounds.left);
    let best = cells()
        .filter(|(_, heading)| overlap(heading) > 0.0)
        .max_by(|left, right| overlap(&left.1).total_cmp(&overlap(&right.1)));
    let distance = |heading: &Bounds| {
        let edges = [heading.left - bounds.left, heading.right - bounds.right];
        edges.into_iter().map(f32::abs).fold(f32::MAX, f32::min)
    };
    let nearest = || cells().min_by(|left, right| distance(&left.1).total_cmp(&distance(&right.1)));
    if among_words && best.is_none() {
        return None;
    }
    best.or_else(nearest).map(|(heading, _)| heading)
}

/// The words of the row under the heading of descriptions; the widest text when there is none.
fn description_of(reading: &Reading, table: &Headings, range: std::ops::Range<usize>) -> Option<String> {
    let segments: Vec<_> = range
        .filter_map(|index| reading.segment(index))
        .filter(|segment| segment.letter_count() >= 2)
        .collect();
    let heading = table
        .cells
        .iter()
        .find(|cell| cell.heading == Heading::Description)
        .and_then(|cell| cell.bounds);
    let under = heading.and_then(|heading| {
        segments
            .iter()
            .filter(|segment| segment.letter_count() >= 3)
            .filter(|segment| {
                segment
                    .bounds
                    .is_some_and(|bounds| bounds.left < heading.right && heading.left < bounds.right)
            })
            .max_by_key(|segment| segment.letter_count())
    });
    let widest = || segments.iter().max_by_key(|segment| segment.letter_count());
    under
        .or_else(widest)
        .map(|segment| without_position(&segment.text).to_owned())
}
