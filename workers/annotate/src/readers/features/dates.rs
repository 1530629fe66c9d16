//! Features of dates.

use super::{Candidate, Proposal, flag, number, share};
use crate::readers::labelled_anchors::says_payment;
use crate::readers::labels::Label;
use crate::readers::places;
use crate::readers::reading::Reading;

/// Dates that are candidates.
const MAXIMUM_CANDIDATES: usize = 200;

/// The label of a date.
#[derive(Debug, Clone, Copy)]
struct Named {
    label: Label,
    strength: u8,
    rows_below: usize,
}

/// The dates with what speaks for their being the day of issue or of payment.
pub(super) fn candidates(reading: &Reading) -> Vec<Candidate> {
    let named = labels_of_dates(reading);
    let kept = reading
        .dates
        .iter()
        .take(MAXIMUM_CANDIDATES)
        .filter(|date| !date.compact);
    let (earliest, latest) = (
        kept.clone().map(|date| date.date).min(),
        kept.map(|date| date.date).max(),
    );
    let written_out = reading.dates.iter().position(|date| !date.compact);
    (0..reading.dates.len().min(MAXIMUM_CANDIDATES))
        .filter_map(|place| {
            let date = reading.dates.get(place)?;
            let segment = reading.segment(date.span.segment)?;
            let label = named.get(place).copied().flatten();
            let is = |wanted: Label| flag(label.is_some_and(|label| label.label == wanted));
            let strong = |wanted: Label| flag(label.is_some_and(|label| label.label == wanted && label.strength >= 8));
            let behind = segment.text_from(date.span.end);
            let behind = if behind.trim().is_empty() {
                following_text(reading, date.span.segment)
            } else {
                behind
            };
            let time = behind
                .trim_start()
                .get(..5)
                .is_some_and(|next| next.contains(':') && next.starts_with(|first: char| first.is_ascii_digit()));
            let repeated = reading.dates.iter().filter(|other| other.date == date.date).count();
            let words_before = segment
                .tokens
                .iter()
                .filter(|token| token.end <= date.span.start)
                .count();
            Some(Candidate {
                proposal: Proposal::Date(place),
                features: vec![
                    ("labelled_issue", is(Label::IssueDate)),
                    ("labelled_issue_plainly", strong(Label::IssueDate)),
                    ("labelled_due", is(Label::DueDate)),
                    ("labelled_other", is(Label::OtherDate)),
                    ("unlabelled", flag(label.is_none())),
                    ("label_above", label.map_or(0.0, |label| number(label.rows_below))),
                    ("first", flag(written_out == Some(place))),
                    ("order", number(place.min(10)) / 10.0),
                    ("row_share", share(segment.row, reading.view.rows.len())),
                    ("compact", flag(date.compact)),
                    ("earliest", flag(Some(date.date) == earliest)),
                    ("latest", flag(Some(date.date) == latest)),
                    ("only_day", flag(earliest == latest)),
                    ("repeated", number(repeated).ln()),
                    ("time_follows", flag(time)),
                    ("words_before", number(words_before.min(10)) / 10.0),
                    ("beside_title", flag(beside_title(reading, date.span.segment))),
                ],
            })
        })
        .collect()
}

fn beside_title(reading: &Reading, segment: usize) -> bool {
    let hits = reading.labels_in(segment);
    hits.iter().any(|hit| {
        hit.first_token == 0 && matches!(hit.label, Label::DocumentTitle | Label::InvoiceNumber) && hit.strength >= 5
    })
}

/// The text of the next segment on the row.
fn following_text(reading: &Reading, segment: usize) -> &str {
    match (reading.segment(segment), reading.segment(segment + 1)) {
        (Some(own), Some(next)) if own.row == next.row => &next.text,
        _ => "",
    }
}

/// The label of each date: the strongest of those whose nearest date it is.
fn labels_of_dates(reading: &Reading) -> Vec<Option<Named>> {
    let mut named: Vec<Option<Named>> = vec![None; reading.dates.len()];
    let hits = reading
        .labels
        .iter()
        .filter(|hit| matches!(hit.label, Label::IssueDate | Label::DueDate | Label::OtherDate));
    for hit in hits.filter(|hit| says_payment(reading, hit)) {
        let found = places::of_label(reading, hit).into_iter().find_map(|place| {
            let first = reading.dates.partition_point(|date| date.span.segment < place.segment);
            let on_place = reading
                .dates
                .iter()
                .enumerate()
                .skip(first)
                .take_while(|(_, date)| date.span.segment == place.segment);
            on_place
                .into_iter()
                .find(|(_, date)| date.span.start >= place.from && date.span.end <= place.to)
                .map(|(index, _)| (index, place.rows_below))
        });
        let Some((index, rows_below)) = found else { continue };
        let new = Named {
            label: hit.label,
            strength: hit.strength,
            rows_below,
        };
        if let Some(present) = named.get_mut(index)
            && present.is_none_or(|present| {
                (present.rows_below, std::cmp::Reverse(present.strength))
                    > (rows_below, std::cmp::Reverse(hit.strength))
            })
        {
            *present = Some(new);
        }
    }
    named
}
