//! Features of names.

use std::collections::BTreeSet;

use super::{Candidate, Feature, Proposal, flag, number, share};
use crate::readers::labelled_anchors::heading_names;
use crate::readers::labels::Label;
use crate::readers::parties::blocks::{self, Block};
use crate::readers::parties::header::{self, HeaderLine, LineKind};
use crate::readers::parties::{clean_name, has_business_word, has_legal_form, has_registration, is_name_like};
use crate::readers::reading::Reading;
use crate::readers::totals::sum_word_strength;
use crate::readers::words::{folded_text, tokens};

/// Names under headings of one kind that are candidates.
const MAXIMUM_HEADED: usize = 10;

/// Lines that one name may run over.
const MAXIMUM_LINES: usize = 3;

/// Names in the head of a receipt: each line, and lines joined with those that follow.
pub(super) fn of_receipt(reading: &Reading) -> Vec<Candidate> {
    let lines = header::lines(reading);
    let mut found = Vec::new();
    for first in 0..lines.len() {
        for last in first..lines.len().min(first + MAXIMUM_LINES) {
            let run = lines.get(first..=last).unwrap_or_default();
            let nameable = |line: &HeaderLine| {
                matches!(line.kind, LineKind::Name | LineKind::Noise | LineKind::Address)
                    && line.text.chars().any(char::is_alphabetic)
            };
            if !run.iter().all(nameable) {
                break;
            }
            let joined: Vec<&str> = run.iter().map(|line| line.text.as_str()).collect();
            let name = clean_name(&joined.join(" "));
            if is_name_like(&name) {
                found.push(Candidate {
                    features: receipt_features(reading, &lines, first, last, &name),
                    proposal: Proposal::Text(name),
                });
            }
        }
    }
    found
}

fn receipt_features(reading: &Reading, lines: &[HeaderLine], first: usize, last: usize, name: &str) -> Vec<Feature> {
    let run = lines.get(first..=last).unwrap_or_default();
    let mut features = features_of_words(reading, run, name);
    features.extend(features_of_place(lines, first, last));
    features.extend(features_of_joining(lines, first, last));
    features
}

/// What the words of a name say.
fn features_of_words(reading: &Reading, run: &[HeaderLine], name: &str) -> Vec<Feature> {
    let words = tokens(name);
    let (entity, business) = (has_legal_form(&words), has_business_word(&words));
    let letters_only = name
        .chars()
        .all(|character| character.is_alphabetic() || character == ' ');
    let owner = |line: &HeaderLine| {
        let first = line.tokens.first().map(|token| token.folded.as_str());
        matches!(first, Some("owned" | "own" | "dimiliki" | "operated"))
    };
    let person = letters_only && (2..=3).contains(&words.len()) && !business && !entity;
    vec![
        ("all_names", flag(run.iter().all(|line| line.kind == LineKind::Name))),
        ("legal_form", flag(entity)),
        ("business_word", flag(business)),
        (
            "registration_inside",
            flag(run.iter().any(|line| has_registration(&line.text))),
        ),
        ("words", number(words.len().min(10)) / 10.0),
        ("person_like", flag(person)),
        ("repeated", number(reading.occurrences(&folded_text(name)).min(5))),
        ("height", relative_height(reading, run)),
        ("owner_named", flag(run.iter().any(owner))),
    ]
}

/// What stands before and behind a name.
fn features_of_place(lines: &[HeaderLine], first: usize, last: usize) -> Vec<Feature> {
    let kind_at = |place: Option<usize>| place.and_then(|place| lines.get(place)).map(|line| line.kind);
    let (before, after) = (kind_at(first.checked_sub(1)), kind_at(Some(last + 1)));
    let count_before = |kind: LineKind| lines.iter().take(first).filter(|line| line.kind == kind).count();
    let names_before = count_before(LineKind::Name);
    vec![
        ("registration_after", flag(after == Some(LineKind::Registration))),
        ("address_after", flag(after == Some(LineKind::Address))),
        ("name_after", flag(after == Some(LineKind::Name))),
        ("contact_after", flag(after == Some(LineKind::Contact))),
        ("nothing_before", flag(before.is_none())),
        (
            "noise_before",
            flag(matches!(before, Some(LineKind::Noise | LineKind::Title))),
        ),
        ("name_before", flag(before == Some(LineKind::Name))),
        ("first_name", flag(names_before == 0)),
        ("second_name", flag(names_before == 1)),
        ("later_name", flag(names_before > 1)),
        ("after_address", flag(count_before(LineKind::Address) > 0)),
        ("row", number(first.min(12)) / 12.0),
    ]
}

/// How a name of one or several lines fits to the other lines.
fn features_of_joining(lines: &[HeaderLine], first: usize, last: usize) -> Vec<Feature> {
    let run = lines.get(first..=last).unwrap_or_default();
    let continues_at = |place: usize| {
        let pair = lines.get(place).zip(lines.get(place + 1));
        pair.is_some_and(|(line, next)| header::continues(line, next))
    };
    let entity_elsewhere = lines.iter().enumerate().any(|(place, line)| {
        !(first..=last).contains(&place) && line.kind == LineKind::Name && has_legal_form(&line.tokens)
    });
    let entity = run.iter().any(|line| has_legal_form(&line.tokens));
    vec![
        ("entity_elsewhere", flag(entity_elsewhere)),
        ("entity_and_legal_form", flag(entity_elsewhere && entity)),
        ("joined", flag(last > first)),
        ("joined_openly", flag(last > first && (first..last).all(continues_at))),
        ("continued_below", flag(continues_at(last))),
        ("continues_above", flag(first.checked_sub(1).is_some_and(continues_at))),
    ]
}

/// The height of the lines over the usual height of the document's segments, where there are boxes.
fn relative_height(reading: &Reading, run: &[HeaderLine]) -> f64 {
    let heights = run
        .iter()
        .flat_map(|line| reading.view.row(line.row))
        .filter_map(|segment| segment.bounds)
        .map(|bounds| f64::from(bounds.bottom - bounds.top));
    let greatest = heights.fold(0.0, f64::max);
    if greatest > 0.0 && reading.usual_height > 0.0 {
        (greatest / reading.usual_height).clamp(0.3, 4.0)
    } else {
        1.0
    }
}

/// Names of the blocks of an invoice, and names behind headings of parties.
pub(super) fn of_invoice(reading: &Reading) -> Vec<Candidate> {
    let domains = domains(reading);
    let mut blocks: Vec<Block> = blocks::find(reading)
        .into_iter()
        .filter(|block| block.name.is_some())
        .collect();
    for label in [Label::Seller, Label::Buyer, Label::Owner] {
        let headed: Vec<String> = heading_names(reading, label).take(MAXIMUM_HEADED).collect();
        for name in headed {
            match blocks.iter_mut().find(|block| {
                block.name.as_ref() == Some(&name) && block.heading.is_none_or(|heading| heading == label)
            }) {
                Some(block) => block.heading = Some(label),
                None => blocks.push(Block::headed(reading, label, name)),
            }
        }
    }
    let named_under =
        |label: Label| -> BTreeSet<String> { heading_names(reading, label).take(MAXIMUM_HEADED).collect() };
    let (sellers, buyers) = (named_under(Label::Seller), named_under(Label::Buyer));
    let mut seen: BTreeSet<(String, Option<Label>, bool)> = BTreeSet::new();
    blocks.retain(|block| {
        seen.insert((
            block.name.clone().unwrap_or_default(),
            block.heading,
            block.is_under_sender_line,
        ))
    });
    blocks
        .into_iter()
        .filter_map(|block| invoice_candidate(reading, block, &domains, (&sellers, &buyers)))
        .collect()
}

fn invoice_candidate(
    reading: &Reading,
    block: Block,
    domains: &BTreeSet<String>,
    (sellers, buyers): (&BTreeSet<String>, &BTreeSet<String>),
) -> Option<Candidate> {
    let name = block.name.clone()?;
    let words = tokens(&name);
    let segment = reading.segment(block.first_segment);
    let height = segment
        .and_then(|segment| segment.bounds)
        .map_or(0.0, |bounds| f64::from(bounds.bottom - bounds.top));
    let features = vec![
        (
            "seller_heading",
            flag(block.is_headed(Label::Seller) || sellers.contains(&name)),
        ),
        (
            "buyer_heading",
            flag(block.is_headed(Label::Buyer) || buyers.contains(&name)),
        ),
        ("other_heading", flag(block.is_headed(Label::OtherParty))),
        ("owner_heading", flag(block.is_headed(Label::Owner))),
        ("sender_line", flag(block.is_sender_line)),
        ("under_sender_line", flag(block.is_under_sender_line)),
        ("contact_inside", flag(block.has_contact)),
        ("has_address", flag(!block.address.is_empty())),
        ("legal_form", flag(block.has_legal_form)),
        ("business_word", flag(has_business_word(&words))),
        ("domain", flag(matches_domain(&name, domains))),
        ("left", block.left_share),
        ("top", block.top_share),
        ("upper_right", flag(block.left_share > 0.5 && block.top_share < 0.4)),
        ("upper_left", flag(block.left_share < 0.4 && block.top_share < 0.4)),
        ("repeated", number(block.repetitions.min(6)).ln_1p()),
        ("words", number(words.len().min(10)) / 10.0),
        (
            "height",
            if reading.usual_height > 0.0 {
                (height / reading.usual_height).clamp(0.3, 4.0)
            } else {
                1.0
            },
        ),
        ("order", share(block.first_segment.min(100), 100)),
        (
            "sum_word",
            flag(words.iter().any(|token| sum_word_strength(&token.folded).is_some())),
        ),
    ];
    Some(Candidate {
        proposal: Proposal::Text(name),
        features,
    })
}

/// The second-level domains of mail and web addresses in the document, folded.
pub(in crate::readers) fn domains(reading: &Reading) -> BTreeSet<String> {
    let mut domains = BTreeSet::new();
    for segment in &reading.view.segments {
        for word in segment.text.split([' ', '@', '/']).filter(|word| word.contains('.')) {
            let labels: Vec<&str> = word
                .trim_matches(|edge: char| !edge.is_alphanumeric())
                .split('.')
                .collect();
            let last = labels.last().copied().unwrap_or_default();
            if labels.len() >= 2 && (2..=4).contains(&last.len()) && last.chars().all(char::is_alphabetic) {
                let second = labels.get(labels.len() - 2).copied().unwrap_or_default();
                let folded: String = folded_text(second).split(' ').collect();
                if folded.len() >= 4 {
                    domains.insert(folded);
                }
            }
        }
    }
    domains
}

/// Whether the name without blanks begins like a domain of the document.
pub(in crate::readers) fn matches_domain(name: &str, domains: &BTreeSet<String>) -> bool {
    let compact: String = folded_text(name).split(' ').collect();
    domains.iter().any(|domain| {
        compact.starts_with(domain)
            || (compact.len() >= 4 && domain.starts_with(&compact))
            || domain.contains(&compact) && compact.len() >= 5
    })
}
