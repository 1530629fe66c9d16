//! Features of document numbers and tax numbers.

use std::collections::BTreeMap;

use super::{Candidate, Proposal, flag, number, share};
use crate::readers::candidates::Span;
use crate::readers::candidates::codes::{self, Code, document_number, is_document_number};
use crate::readers::labelled_anchors::{number_at, owner, section};
use crate::readers::labels::Label;
use crate::readers::places;
use crate::readers::reading::Reading;

/// Numbers that are candidates.
const MAXIMUM_CANDIDATES: usize = 300;

#[derive(Debug, Clone, Copy, Default)]
struct Naming {
    invoice: u8,
    title: u8,
    other: u8,
    rows_below: usize,
    same_segment: bool,
}

/// Codes behind labels of numbers, and words of letters and digits on the first page.
pub(super) fn document_numbers(reading: &Reading) -> Vec<Candidate> {
    let mut found: BTreeMap<Span, (Code, Naming)> = BTreeMap::new();
    for hit in reading.labels.iter().filter(|hit| {
        matches!(
            hit.label,
            Label::InvoiceNumber | Label::DocumentTitle | Label::OtherNumber
        )
    }) {
        let places = places::of_label(reading, hit);
        let Some((place, code)) = places
            .iter()
            .find_map(|place| number_at(reading, place).map(|code| (place, code)))
        else {
            continue;
        };
        let naming = &mut found.entry(code.span).or_insert((code, Naming::default())).1;
        match hit.label {
            Label::InvoiceNumber => naming.invoice = naming.invoice.max(hit.strength),
            Label::DocumentTitle => naming.title = naming.title.max(hit.strength),
            _ => naming.other = naming.other.max(hit.strength),
        }
        naming.rows_below = place.rows_below;
        naming.same_segment = place.segment == hit.segment;
    }
    for (index, segment) in reading
        .view
        .segments
        .iter()
        .enumerate()
        .take_while(|(_, segment)| segment.page == 0)
        .take(MAXIMUM_CANDIDATES)
    {
        if let Some(code) =
            document_number(index, segment, 0).filter(|code| code.printed.chars().any(char::is_alphabetic))
        {
            let date = reading
                .dates_in(index)
                .iter()
                .any(|date| date.span.overlaps(&code.span));
            if !date {
                found.entry(code.span).or_insert((code, Naming::default()));
            }
        }
    }
    let repetitions = word_counts(reading);
    found
        .into_values()
        .take(MAXIMUM_CANDIDATES)
        .filter_map(|(code, naming)| number_candidate(reading, &code, naming, &repetitions))
        .collect()
}

fn word_counts(reading: &Reading) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for segment in &reading.view.segments {
        for word in segment.text.split(' ') {
            let trimmed = word.trim_matches(|edge: char| !edge.is_alphanumeric());
            if is_document_number(trimmed) {
                *counts.entry(trimmed.to_owned()).or_default() += 1;
            }
        }
    }
    counts
}

fn number_candidate(
    reading: &Reading,
    code: &Code,
    naming: Naming,
    repetitions: &BTreeMap<String, usize>,
) -> Option<Candidate> {
    let segment = reading.segment(code.span.segment)?;
    let digits = code.printed.chars().filter(char::is_ascii_digit).count();
    let length = code.printed.chars().count();
    let beside = |label: Label| flag(reading.has_label(code.span.segment, label));
    Some(Candidate {
        features: vec![
            ("labelled_invoice_number", f64::from(naming.invoice) / 10.0),
            ("behind_title", f64::from(naming.title) / 10.0),
            ("labelled_other", f64::from(naming.other) / 10.0),
            ("unlabelled", flag(naming.invoice + naming.title + naming.other == 0)),
            ("label_above", number(naming.rows_below)),
            ("same_segment", flag(naming.same_segment)),
            ("has_letters", flag(digits < length)),
            ("digits", number(digits.min(15)) / 15.0),
            ("length", number(length.min(30)) / 30.0),
            ("short", flag(length <= 2)),
            ("begins_with_zero", flag(code.printed.starts_with('0'))),
            (
                "repeated",
                number(repetitions.get(&code.printed).copied().unwrap_or(1)).ln(),
            ),
            ("row_share", share(segment.row, reading.view.rows.len())),
            ("alone_in_segment", flag(segment.text.len() == code.printed.len())),
            ("beside_contact", beside(Label::Contact)),
            ("beside_bank", beside(Label::Bank)),
            ("beside_registration", beside(Label::Registration)),
            ("beside_tax_number", beside(Label::VatId)),
        ],
        proposal: Proposal::Text(code.printed.clone()),
    })
}

/// Tax numbers with what says whose they are.
pub(super) fn tax_numbers(reading: &Reading) -> Vec<Candidate> {
    let numbers = codes::tax_numbers(&reading.view);
    let total = numbers.len();
    numbers
        .iter()
        .enumerate()
        .filter_map(|(order, code)| {
            let segment = reading.segment(code.span.segment)?;
            let owner = owner(reading, code);
            let section = section(reading, code);
            let compact = |printed: &str| -> String {
                printed
                    .chars()
                    .filter(|character| character.is_alphanumeric())
                    .collect()
            };
            let same = numbers
                .iter()
                .filter(|other| compact(&other.printed) == compact(&code.printed))
                .count();
            Some(Candidate {
                proposal: Proposal::Text(code.printed.clone()),
                features: vec![
                    ("labelled", flag(owner == Some(Label::VatId))),
                    ("labelled_buyer", flag(owner == Some(Label::BuyerVatId))),
                    ("under_seller", flag(section == Some(Label::Seller))),
                    ("under_buyer", flag(section == Some(Label::Buyer))),
                    ("first", flag(order == 0)),
                    ("last", flag(order + 1 == total)),
                    ("only", flag(same == total)),
                    ("repeated", number(same).ln()),
                    ("row_share", share(segment.row, reading.view.rows.len())),
                    ("beside_bank", flag(reading.has_label(code.span.segment, Label::Bank))),
                ],
            })
        })
        .collect()
}
