//! Names and addresses beside the headings of parties, and around registration numbers and postal codes.

use crate::readers::labels::{Label, LabelHit};
use crate::readers::parties::header::{self, HeaderLine, LineKind};
use crate::readers::parties::party_names::{complete_name, is_party_name};
use crate::readers::parties::{address_score, clean_name, has_legal_form, has_postal_code, has_registration};
use crate::readers::places;
use crate::readers::reading::Reading;
use crate::readers::words::tokens;

/// Rows below a heading in which a line `Name:` belongs to it.
const ROWS_OF_A_HEADING: usize = 8;

/// Rows below a heading in which its name is looked for; other columns may have rows between.
const ROWS_BELOW_A_HEADING: usize = 4;

/// The most lines of an address.
const MAXIMUM_ADDRESS_LINES: usize = 6;

/// The name under a heading of the seller; else the holder of the account, when that is a company.
pub(super) fn seller(reading: &Reading) -> Option<String> {
    heading_names(reading, Label::Seller)
        .next()
        .or_else(|| heading_names(reading, Label::Owner).find(|name| has_legal_form(&tokens(name))))
}

/// The name under a heading of the buyer.
pub(super) fn buyer(reading: &Reading) -> Option<String> {
    heading_names(reading, Label::Buyer).next()
}

/// The names under headings of a kind.
pub(in crate::readers) fn heading_names(reading: &Reading, label: Label) -> impl Iterator<Item = String> {
    reading
        .labels_of(label)
        .filter(|hit| is_heading(reading, hit))
        .filter_map(|hit| name_of_heading(reading, hit))
}

/// Whether the label begins its segment and nothing or a colon follows it.
pub(in crate::readers) fn is_heading(reading: &Reading, hit: &LabelHit) -> bool {
    let Some(segment) = reading.segment(hit.segment) else {
        return false;
    };
    let rest = segment.text_from(hit.end).trim_start();
    hit.first_token == 0 && (rest.is_empty() || rest.starts_with([':', '/']) || hit.end + 1 >= segment.text.len())
}

fn name_of_heading(reading: &Reading, hit: &LabelHit) -> Option<String> {
    if let Some(name) = labelled_name(reading, hit) {
        return Some(name);
    }
    let mut places = places::beside(reading, hit.segment, hit.end);
    places.extend(places::below(
        reading,
        hit.segment,
        hit.start,
        hit.end,
        ROWS_BELOW_A_HEADING,
    ));
    places.iter().find_map(|place| {
        let segment = reading.segment(place.segment)?;
        let text = segment
            .text
            .get(place.from..place.to)?
            .trim_start_matches([':', ' ', '/', '.']);
        let inner = reading.labels_in(place.segment).first().filter(|other| {
            other.first_token == 0 && matches!(other.label, Label::Buyer | Label::PartyName) && place.from == 0
        });
        let text = inner.map_or(text, |other| {
            segment.text_from(other.end).trim_start_matches([':', ' '])
        });
        accept_name(text).map(|name| complete_name(reading, name))
    })
}

/// The value of a line `Name:` within the rows below the heading, before the next heading.
fn labelled_name(reading: &Reading, hit: &LabelHit) -> Option<String> {
    let row = reading.segment(hit.segment)?.row;
    let end = reading.view.row_start(row + ROWS_OF_A_HEADING);
    let line = reading
        .labels
        .iter()
        .filter(|other| other.segment > hit.segment && other.segment < end && other.first_token == 0)
        .take_while(|other| {
            !(matches!(other.label, Label::Seller | Label::Buyer | Label::OtherParty)
                && is_heading(reading, other)
                && other.label != hit.label)
        })
        .find(|other| other.label == Label::PartyName && is_heading(reading, other))?;
    places::beside(reading, line.segment, line.end)
        .iter()
        .find_map(|place| {
            let text = reading.segment(place.segment)?.text.get(place.from..place.to)?;
            accept_name(text.trim_start_matches([':', ' ']))
        })
}

fn accept_name(text: &str) -> Option<String> {
    let name = clean_name(text);
    let words = tokens(&name);
    (is_party_name(&name, &words) && (address_score(&name, &words) < 2 || has_legal_form(&words))).then_some(name)
}

/// The company of a receipt by its registration number: the text before the number, or the line above it.
pub(super) fn company_of_registration(reading: &Reading) -> Option<String> {
    let lines = header::lines(reading);
    let first_address = lines
        .iter()
        .position(|line| line.kind == LineKind::Address)
        .unwrap_or(lines.len());
    let head = lines.get(..first_address.max(1)).unwrap_or(&lines);
    let named = head
        .iter()
        .position(|line| line.kind == LineKind::Name && (has_registration(&line.text) || has_legal_form(&line.tokens)));
    let numbered = || {
        head.iter()
            .position(|line| line.kind == LineKind::Registration)
            .and_then(|place| place.checked_sub(1))
            .filter(|place| head.get(*place).is_some_and(|line| line.kind == LineKind::Name))
    };
    let place = named.or_else(numbered)?;
    Some(joined_name(head, place))
}

/// The name that ends on a line, with the lines before it that only begin it.
pub(in crate::readers) fn joined_name(lines: &[HeaderLine], last: usize) -> String {
    let mut first = last;
    while let Some(before) = first.checked_sub(1)
        && let (Some(line), Some(next)) = (lines.get(before), lines.get(first))
        && header::continues(line, next)
    {
        first = before;
    }
    let parts: Vec<String> = lines
        .get(first..=last)
        .unwrap_or_default()
        .iter()
        .map(|line| line.text.clone())
        .collect();
    clean_name(&parts.join(" "))
}

/// The address of a receipt around its first postal code: upwards to the name, downwards to the telephone.
pub(super) fn address_of_postal_code(reading: &Reading) -> Option<String> {
    let lines = header::lines(reading);
    let anchor = lines
        .iter()
        .position(|line| line.kind == LineKind::Address && has_postal_code(&line.text))?;
    let is_part = |line: &HeaderLine| line.kind == LineKind::Address;
    let mut first = anchor;
    while let Some(before) = first.checked_sub(1)
        && lines.get(before).is_some_and(is_part)
        && anchor - before < MAXIMUM_ADDRESS_LINES
    {
        first = before;
    }
    let mut last = anchor;
    while lines.get(last + 1).is_some_and(is_part) && last - first < MAXIMUM_ADDRESS_LINES {
        last += 1;
    }
    Some(join_address(
        lines.get(first..=last)?.iter().map(|line| line.text.as_str()),
    ))
}

/// Lines of an address in one line.
pub(in crate::readers) fn join_address<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut joined = String::new();
    for line in lines {
        let line = line.trim().trim_matches([';', '|', '·', '•']).trim();
        if line.is_empty() {
            continue;
        }
        if !joined.is_empty() {
            joined.push_str(if joined.ends_with([',', '.']) { " " } else { ", " });
        }
        joined.push_str(line);
    }
    joined
}

/// The lines of an address under the name of the seller.
pub(super) fn seller_address(reading: &Reading) -> Option<String> {
    let heading = reading
        .labels_of(Label::Seller)
        .find(|hit| is_heading(reading, hit) && name_of_heading(reading, hit).is_some())?;
    let row = reading.segment(heading.segment)?.row;
    let end = reading.view.row_start(row + ROWS_OF_A_HEADING);
    let labelled = reading.labels.iter().find(|other| {
        other.label == Label::PartyAddress && other.first_token == 0 && (heading.segment..end).contains(&other.segment)
    });
    let left = reading.segment(heading.segment)?.bounds.map(|bounds| bounds.left);
    let candidates = (heading.segment..end)
        .filter_map(|index| reading.segment(index))
        .filter(|segment| match (left, segment.bounds) {
            (Some(left), Some(bounds)) if labelled.is_none() => (bounds.left - left).abs() < 40.0,
            _ => true,
        });
    let lines: Vec<&str> = candidates
        .filter(|segment| address_score(&segment.text, &segment.tokens) >= 1)
        .take(MAXIMUM_ADDRESS_LINES)
        .map(|segment| segment.text.as_str())
        .collect();
    lines
        .iter()
        .any(|line| has_postal_code(line))
        .then(|| join_address(lines.into_iter()))
}
