//! The value nearest to a label, to its right or below it, by the distances of their boxes.

use accord_documents::Bounds;

use crate::readers::candidates::Span;
use crate::readers::candidates::codes::{self, Code, document_number};
use crate::readers::candidates::dates::DateCandidate;
use crate::readers::labelled_anchors::{says_payment, section};
use crate::readers::labels::{Label, LabelHit};
use crate::readers::reading::Reading;

/// A step down counts as much as so many steps to the right.
const COST_OF_A_STEP_DOWN: f32 = 3.0;

/// Heights of a line that a value may lie below its label.
const LINES_BELOW: f32 = 3.2;

/// Heights of a line that a value may lie to the right of its label.
const LINES_TO_THE_RIGHT: f32 = 45.0;

/// The page and the box of a place.
fn located(reading: &Reading, span: Span) -> Option<(usize, Bounds)> {
    let segment = reading.segment(span.segment)?;
    Some((segment.page, segment.bounds_of(span.start, span.end)?))
}

/// How far a value lies from its label: to the right on the same line, or below and not left of it. None when it lies elsewhere.
pub(super) fn distance(label: Bounds, value: Bounds) -> Option<f32> {
    let height = (label.bottom - label.top).max(1.0);
    let overlap = label.bottom.min(value.bottom) - label.top.max(value.top);
    let same_line = overlap > 0.45 * height.min((value.bottom - value.top).max(1.0));
    let right = value.left - label.right;
    if same_line && right > -0.5 * height {
        return (right < LINES_TO_THE_RIGHT * height).then_some(right.max(0.0));
    }
    let down = value.top - label.bottom;
    let below = down > -0.4 * height && down < LINES_BELOW * height;
    let column = value.left < label.right + 0.5 * height && value.right > label.left - 0.5 * height;
    if below && column {
        return Some(down.max(0.0) * COST_OF_A_STEP_DOWN + height + (value.left - label.left).abs() * 0.3);
    }
    None
}

/// The nearest of the places to a label and its cost.
fn nearest<'a, T>(
    reading: &Reading,
    hit: &LabelHit,
    values: impl Iterator<Item = &'a T>,
    span_of: impl Fn(&T) -> Span,
) -> Option<(f32, &'a T)> {
    let own = Span {
        segment: hit.segment,
        start: hit.start,
        end: hit.end,
    };
    let (page, label) = located(reading, own)?;
    values
        .filter_map(|value| {
            let span = span_of(value);
            if span.overlaps(&own) {
                return None;
            }
            let (other_page, bounds) = located(reading, span)?;
            let cost = distance(label, bounds).filter(|_| other_page == page)?;
            Some((cost, value))
        })
        .min_by(|left, right| left.0.total_cmp(&right.0))
}

/// The date nearest to a label of its kind, the strongest label first; of due dates the latest.
pub(super) fn date(reading: &Reading, label: Label) -> Option<&DateCandidate> {
    let taken_by_other = |date: &DateCandidate, cost: f32| {
        let others = reading.labels.iter().filter(|hit| {
            hit.label != label && matches!(hit.label, Label::IssueDate | Label::DueDate | Label::OtherDate)
        });
        others.filter(|hit| hit.strength >= 5).any(|hit| {
            nearest(reading, hit, std::iter::once(date), |date| date.span).is_some_and(|(other, _)| other < cost)
        })
    };
    let found = reading
        .labels_of(label)
        .filter(|hit| says_payment(reading, hit))
        .filter_map(|hit| {
            let dates = reading.dates.iter().filter(|date| !date.compact || hit.strength >= 5);
            let (cost, date) = nearest(reading, hit, dates, |date| date.span)?;
            (!taken_by_other(date, cost)).then_some((hit.strength, cost, date))
        });
    if label == Label::DueDate {
        return found.max_by_key(|(_, _, date)| date.date).map(|(_, _, date)| date);
    }
    found
        .min_by(|left, right| right.0.cmp(&left.0).then(left.1.total_cmp(&right.1)))
        .map(|(_, _, date)| date)
}

/// The date that stands highest on the first page.
pub(super) fn topmost_date(reading: &Reading) -> Option<&DateCandidate> {
    let top = |date: &DateCandidate| {
        located(reading, date.span)
            .filter(|(page, _)| *page == 0)
            .map(|(_, bounds)| bounds.top)
    };
    let dates = reading
        .dates
        .iter()
        .filter(|date| !date.compact)
        .filter_map(|date| top(date).map(|top| (top, date)));
    dates
        .min_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, date)| date)
}

/// The document number nearest to a label of such numbers, the strongest label first.
pub(super) fn invoice_number(reading: &Reading) -> Option<Code> {
    let numbers: Vec<Code> = (0..reading.view.segments.len())
        .flat_map(|index| numbers_of(reading, index))
        .collect();
    let strength = |hit: &LabelHit| {
        if hit.label == Label::DocumentTitle {
            hit.strength.min(5)
        } else {
            hit.strength
        }
    };
    let hits = reading
        .labels
        .iter()
        .filter(|hit| hit.label == Label::InvoiceNumber || (hit.label == Label::DocumentTitle && hit.first_token == 0));
    let best = hits.filter_map(|hit| {
        let (cost, code) = nearest(reading, hit, numbers.iter(), |code| code.span)?;
        let own_line = code.span.segment == hit.segment;
        (hit.label == Label::InvoiceNumber || own_line).then_some((strength(hit), cost, code))
    });
    best.min_by(|left, right| right.0.cmp(&left.0).then(left.1.total_cmp(&right.1)))
        .map(|(_, _, code)| code.clone())
}

/// The codes of a segment: the first from its beginning and the first behind each of its labels.
fn numbers_of(reading: &Reading, index: usize) -> Vec<Code> {
    let Some(segment) = reading.segment(index) else {
        return Vec::new();
    };
    let ends = reading.labels_in(index).iter().map(|hit| hit.end);
    let mut found: Vec<Code> = std::iter::once(0)
        .chain(ends)
        .filter_map(|from| document_number(index, segment, from))
        .collect();
    found.retain(|code| {
        !reading
            .dates_in(index)
            .iter()
            .any(|date| !date.compact && date.span.overlaps(&code.span))
    });
    found.dedup_by_key(|code| code.span);
    found
}

/// The tax number nearest to a label of tax numbers, unless a label of the buyer's is nearer or it stands under the buyer.
pub(super) fn seller_tax_number(reading: &Reading) -> Option<Code> {
    let numbers = codes::tax_numbers(&reading.view);
    let cost = |label: Label, code: &Code| {
        reading
            .labels_of(label)
            .filter_map(|hit| nearest(reading, hit, std::iter::once(code), |code| code.span))
            .map(|(cost, _)| cost)
            .fold(f32::MAX, f32::min)
    };
    let of_seller = numbers
        .iter()
        .filter(|code| section(reading, code) != Some(Label::Buyer));
    let rated = of_seller.filter_map(|code| {
        let (own, buyer) = (cost(Label::VatId, code), cost(Label::BuyerVatId, code));
        (own < f32::MAX && own < buyer).then_some((own, code))
    });
    rated
        .min_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, code)| code.clone())
}

/// The box of an amount's place.
pub(super) fn bounds_of(reading: &Reading, span: Span) -> Option<(usize, Bounds)> {
    located(reading, span)
}
