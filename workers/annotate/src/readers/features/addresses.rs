//! Features of runs of lines that could be an address.

use std::collections::BTreeSet;

use super::{Candidate, Proposal, flag, names, number};
use crate::readers::labelled_anchors::{heading_names, join_address};
use crate::readers::labels::Label;
use crate::readers::parties::header::{self, HeaderLine, LineKind};
use crate::readers::parties::{blocks, has_postal_code};
use crate::readers::reading::Reading;

/// Names under headings of one kind that are looked at.
const MAXIMUM_HEADED: usize = 10;

/// The most lines of an address.
const MAXIMUM_LINES: usize = 7;

/// Runs of lines of a receipt's head.
pub(super) fn of_receipt(reading: &Reading) -> Vec<Candidate> {
    let lines = header::lines(reading);
    let mut found = Vec::new();
    for first in 0..lines.len() {
        for last in first..lines.len().min(first + MAXIMUM_LINES) {
            let run = lines.get(first..=last).unwrap_or_default();
            if run.last().is_some_and(|line| {
                matches!(
                    line.kind,
                    LineKind::Contact | LineKind::Title | LineKind::Noise | LineKind::Body
                )
            }) {
                break;
            }
            found.push(candidate_of(&lines, first, last));
        }
    }
    found
}

fn candidate_of(lines: &[HeaderLine], first: usize, last: usize) -> Candidate {
    let run = lines.get(first..=last).unwrap_or_default();
    let kind_at = |place: Option<usize>| place.and_then(|place| lines.get(place)).map(|line| line.kind);
    let (before, after) = (kind_at(first.checked_sub(1)), kind_at(Some(last + 1)));
    let addresses = run.iter().filter(|line| line.kind == LineKind::Address).count();
    let postal = run.iter().filter(|line| has_postal_code(&line.text)).count();
    let begins_with_number = run.first().and_then(|line| line.tokens.first()).is_some_and(|token| {
        token.folded.chars().all(|character| character.is_ascii_digit())
            || matches!(
                token.folded.as_str(),
                "no" | "lot" | "unit" | "level" | "g" | "block" | "suite"
            )
    });
    let text = join_address(run.iter().map(|line| line.text.as_str()));
    let features = vec![
        ("address_lines", number(addresses)),
        ("other_lines", number(run.len() - addresses)),
        ("all_address", flag(addresses == run.len())),
        (
            "first_is_address",
            flag(run.first().is_some_and(|line| line.kind == LineKind::Address)),
        ),
        (
            "last_is_address",
            flag(run.last().is_some_and(|line| line.kind == LineKind::Address)),
        ),
        ("postal_codes", number(postal.min(2))),
        ("no_postal_code", flag(postal == 0)),
        ("address_before", flag(before == Some(LineKind::Address))),
        ("name_before", flag(before == Some(LineKind::Name))),
        ("registration_before", flag(before == Some(LineKind::Registration))),
        ("contact_before", flag(before == Some(LineKind::Contact))),
        ("address_after", flag(after == Some(LineKind::Address))),
        ("name_after", flag(after == Some(LineKind::Name))),
        ("contact_after", flag(after == Some(LineKind::Contact))),
        (
            "title_after",
            flag(matches!(after, Some(LineKind::Title | LineKind::Body))),
        ),
        ("begins_with_number", flag(begins_with_number)),
        ("ends_open", flag(text.trim_end().ends_with(','))),
        ("begins_at", number(first.min(12)) / 12.0),
        ("lines", number(run.len())),
        (
            "has_registration",
            flag(run.iter().any(|line| line.kind == LineKind::Registration)),
        ),
    ];
    Candidate {
        proposal: Proposal::Text(text),
        features,
    }
}

/// Addresses of the blocks of an invoice.
pub(super) fn of_invoice(reading: &Reading) -> Vec<Candidate> {
    let named_under =
        |label: Label| -> BTreeSet<String> { heading_names(reading, label).take(MAXIMUM_HEADED).collect() };
    let (sellers, buyers) = (named_under(Label::Seller), named_under(Label::Buyer));
    let domains = names::domains(reading);
    let is_in =
        |names: &BTreeSet<String>, block: &blocks::Block| block.name.as_ref().is_some_and(|name| names.contains(name));
    blocks::find(reading)
        .into_iter()
        .filter(|block| !block.address.is_empty())
        .map(|block| Candidate {
            features: vec![
                (
                    "seller_heading",
                    flag(block.is_headed(Label::Seller) || is_in(&sellers, &block)),
                ),
                (
                    "buyer_heading",
                    flag(block.is_headed(Label::Buyer) || is_in(&buyers, &block)),
                ),
                ("other_heading", flag(block.is_headed(Label::OtherParty))),
                ("sender_line", flag(block.is_sender_line)),
                ("under_sender_line", flag(block.is_under_sender_line)),
                (
                    "domain",
                    flag(
                        block
                            .name
                            .as_deref()
                            .is_some_and(|name| names::matches_domain(name, &domains)),
                    ),
                ),
                ("contact_inside", flag(block.has_contact)),
                ("legal_form", flag(block.has_legal_form)),
                ("left", block.left_share),
                ("top", block.top_share),
                ("repeated_name", number(block.repetitions).ln_1p()),
            ],
            proposal: Proposal::Text(block.address),
        })
        .collect()
}
