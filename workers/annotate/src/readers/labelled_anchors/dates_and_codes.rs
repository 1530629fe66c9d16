//! Dates and numbers beside their labels.

use std::collections::BTreeSet;

use crate::readers::candidates::codes::{self, Code, document_number};
use crate::readers::candidates::dates::DateCandidate;
use crate::readers::labels::{Label, LabelHit};
use crate::readers::places::{self, Place};
use crate::readers::reading::Reading;

/// The number behind the strongest label of document numbers; behind the title of the document when no label has one.
pub(super) fn invoice_number(reading: &Reading) -> Option<Code> {
    let mut labelled: Vec<&LabelHit> = reading.labels_of(Label::InvoiceNumber).collect();
    labelled.sort_by_key(|hit| std::cmp::Reverse(hit.strength));
    labelled
        .into_iter()
        .find_map(|hit| {
            places::of_label(reading, hit)
                .iter()
                .find_map(|place| number_at(reading, place))
        })
        .or_else(|| number_of_title(reading))
}

fn number_of_title(reading: &Reading) -> Option<Code> {
    let mut titles: Vec<&LabelHit> = reading
        .labels_of(Label::DocumentTitle)
        .filter(|hit| hit.first_token == 0)
        .collect();
    titles.sort_by_key(|hit| std::cmp::Reverse(hit.strength));
    titles.into_iter().find_map(|hit| {
        let same_segment = Place {
            segment: hit.segment,
            from: hit.end,
            to: reading.segment(hit.segment)?.text.len(),
            rows_below: 0,
        };
        let below = || {
            let weak = hit.strength < 5
                || reading
                    .segment(hit.segment)
                    .is_some_and(|segment| segment.text.trim_end().len() == hit.end);
            let places = if weak {
                places::below(reading, hit.segment, hit.start, hit.end, 2)
            } else {
                Vec::new()
            };
            places
                .iter()
                .take(1)
                .find_map(|place| number_at(reading, place).filter(|code| fills(reading, place, code)))
        };
        number_at(reading, &same_segment).or_else(below)
    })
}

fn fills(reading: &Reading, place: &Place, code: &Code) -> bool {
    reading
        .segment(place.segment)
        .is_some_and(|segment| segment.text.trim().trim_start_matches(['#', ' ']) == code.printed)
}

/// The first document number of a place that is no date.
pub(in crate::readers) fn number_at(reading: &Reading, place: &Place) -> Option<Code> {
    let segment = reading.segment(place.segment)?;
    let code = document_number(place.segment, segment, place.from)?;
    let is_date = reading
        .dates_in(place.segment)
        .iter()
        .any(|date| !date.compact && date.span.overlaps(&code.span));
    (code.span.end <= place.to && !is_date).then_some(code)
}

/// The date behind the strongest label of issue dates.
pub(super) fn issue_date(reading: &Reading) -> Option<&DateCandidate> {
    labelled_date(reading, Label::IssueDate).or_else(|| date_of_title(reading))
}

/// The date behind the title of the document and its number: `Rechnung Nr. 12 vom 18.11.2017`.
pub(in crate::readers) fn date_of_title(reading: &Reading) -> Option<&DateCandidate> {
    let titles = reading
        .labels
        .iter()
        .filter(|hit| hit.first_token == 0 && (hit.label == Label::DocumentTitle || hit.label == Label::InvoiceNumber));
    titles.filter(|hit| hit.strength >= 5).find_map(|hit| {
        reading
            .dates_in(hit.segment)
            .iter()
            .find(|date| date.span.start > hit.end && !date.compact)
    })
}

/// The date behind the strongest label of due dates; the latest when there are several.
pub(super) fn due_date(reading: &Reading) -> Option<&DateCandidate> {
    let dates = reading
        .labels_of(Label::DueDate)
        .filter(|hit| says_payment(reading, hit))
        .flat_map(|hit| {
            date_of(reading, hit)
                .into_iter()
                .chain(dates_further_below(reading, hit))
        });
    dates.max_by_key(|date| date.date)
}

/// A bare `until` is a due date only where payment is spoken of.
pub(in crate::readers) fn says_payment(reading: &Reading, hit: &LabelHit) -> bool {
    const WORDS: [&str; 10] = [
        "zahl", "skonto", "abzug", "netto", "pay", "betal", "pag", "regl", "uberweis", "fallig",
    ];
    hit.strength >= 5
        || reading.segment(hit.segment).is_some_and(|segment| {
            segment
                .tokens
                .iter()
                .any(|token| WORDS.iter().any(|word| token.folded.starts_with(word)))
        })
}

/// Dates in the column under a heading that fills its segment: terms of payment with several days.
fn dates_further_below<'a>(reading: &'a Reading, hit: &LabelHit) -> Vec<&'a DateCandidate> {
    const ROWS: usize = 5;
    let Some((segment, bounds)) = reading
        .segment(hit.segment)
        .and_then(|segment| segment.bounds.map(|bounds| (segment, bounds)))
    else {
        return Vec::new();
    };
    if segment.text.trim_end_matches([':', ' ']).len() > hit.end {
        return Vec::new();
    }
    let rows = reading.view.row_start(segment.row + 1)..reading.view.row_start(segment.row + 1 + ROWS);
    let dates = rows.flat_map(|index| reading.dates_in(index).iter().map(move |date| (index, date)));
    dates
        .filter(|(index, _)| {
            reading.segment(*index).is_some_and(|other| {
                other.page == segment.page
                    && other
                        .bounds
                        .is_some_and(|other| other.left < bounds.right && bounds.left < other.right)
            })
        })
        .map(|(_, date)| date)
        .collect()
}

fn labelled_date(reading: &Reading, label: Label) -> Option<&DateCandidate> {
    let mut labelled: Vec<&LabelHit> = reading.labels_of(label).collect();
    labelled.sort_by_key(|hit| std::cmp::Reverse(hit.strength));
    labelled.into_iter().find_map(|hit| date_of(reading, hit))
}

fn date_of<'a>(reading: &'a Reading, hit: &LabelHit) -> Option<&'a DateCandidate> {
    if is_part_of_other_label(reading, hit) {
        return None;
    }
    places::of_label(reading, hit).iter().find_map(|place| {
        reading
            .dates_in(place.segment)
            .iter()
            .find(|date| date.span.start >= place.from && date.span.end <= place.to)
    })
}

/// `Lieferung Datum`, `order date` read as `order` and `date`: the word before makes it another date.
fn is_part_of_other_label(reading: &Reading, hit: &LabelHit) -> bool {
    hit.strength < 8
        && hit.strength > 4
        && reading.labels_in(hit.segment).iter().any(|other| {
            other.end < hit.start
                && hit.start - other.end <= 2
                && matches!(
                    other.label,
                    Label::OtherDate | Label::DueDate | Label::OtherParty | Label::OtherNumber
                )
        })
}

/// Whether the document names no day of payment: it has a date of issue, no label of due dates, and no second day.
pub(super) fn speaks_of_no_due_date(reading: &Reading) -> bool {
    let days: BTreeSet<_> = reading.dates.iter().map(|date| date.date).collect();
    days.len() == 1 && reading.labels_of(Label::DueDate).next().is_none()
}

/// Why there is no tax number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoTaxNumber {
    /// No text has the form of one.
    NotInText,
    /// There are some, and no label says whose.
    Undecided,
}

/// The tax number behind a label of tax numbers that is not the buyer's.
pub(super) fn seller_tax_number(reading: &Reading) -> Result<Code, NoTaxNumber> {
    let numbers = codes::tax_numbers(&reading.view);
    if numbers.is_empty() {
        let announced = reading.labels_of(Label::VatId).next().is_some();
        return Err(if announced {
            NoTaxNumber::Undecided
        } else {
            NoTaxNumber::NotInText
        });
    }
    numbers
        .into_iter()
        .filter(|code| owner(reading, code) != Some(Label::BuyerVatId))
        .find(|code| owner(reading, code) == Some(Label::VatId) && section(reading, code) != Some(Label::Buyer))
        .ok_or(NoTaxNumber::Undecided)
}

/// The label that a tax number belongs to: before it in its segment, to its left on the row, or above it.
pub(in crate::readers) fn owner(reading: &Reading, code: &Code) -> Option<Label> {
    let is_tax_label = |hit: &&LabelHit| matches!(hit.label, Label::VatId | Label::BuyerVatId);
    let own = reading.segment(code.span.segment)?;
    let in_segment = reading
        .labels_in(code.span.segment)
        .iter()
        .rfind(|hit| is_tax_label(hit) && hit.end <= code.span.start);
    let to_the_left = || {
        let left = code
            .span
            .segment
            .checked_sub(1)
            .filter(|left| reading.segment(*left).is_some_and(|other| other.row == own.row))?;
        reading.labels_in(left).iter().rfind(is_tax_label)
    };
    let above = || {
        let row = own.row.checked_sub(1)?;
        let range = reading.view.rows.get(row)?.clone();
        reading
            .labels
            .iter()
            .filter(|hit| range.contains(&hit.segment))
            .filter(is_tax_label)
            .find(|hit| {
                let label = reading.segment(hit.segment).and_then(|segment| segment.bounds);
                match (label, own.bounds) {
                    (Some(label), Some(own)) => label.left < own.right && own.left < label.right,
                    _ => reading
                        .segment(hit.segment)
                        .is_some_and(|segment| segment.column == own.column),
                }
            })
    };
    in_segment.or_else(to_the_left).or_else(above).map(|hit| hit.label)
}

/// The heading of parties under which a tax number stands, when it stands within some rows of it.
pub(in crate::readers) fn section(reading: &Reading, code: &Code) -> Option<Label> {
    const ROWS_OF_A_SECTION: usize = 14;
    let own = reading.segment(code.span.segment)?;
    let mut headings = reading
        .labels
        .iter()
        .filter(|hit| matches!(hit.label, Label::Seller | Label::Buyer | Label::OtherParty) && hit.first_token == 0)
        .filter(|hit| hit.segment <= code.span.segment);
    let heading = headings.rfind(|hit| {
        reading.segment(hit.segment).is_some_and(|segment| {
            let fills = segment.text.trim_end_matches([':', ' ']).len() <= hit.end;
            fills
                && segment.row + ROWS_OF_A_SECTION >= own.row
                && segment.page == own.page
                && is_left_aligned(segment.bounds, own.bounds)
        })
    })?;
    Some(heading.label)
}

fn is_left_aligned(heading: Option<accord_documents::Bounds>, value: Option<accord_documents::Bounds>) -> bool {
    match (heading, value) {
        (Some(heading), Some(value)) => heading.left <= value.right,
        _ => true,
    }
}
