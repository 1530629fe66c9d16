//! Reads names and addresses from where they stand: at the head of a receipt, in the sender's line and the head of a letter.

use accord_domain::answer::{Answer, Answers};
use accord_domain::field::Field;

use super::labelled_anchors::{join_address, joined_name};
use super::parties::header::{self, HeaderLine, LineKind};
use super::parties::vocabulary::is_business_word;
use super::parties::{address_score, clean_name, has_business_word, has_legal_form, has_postal_code, is_name_like};
use super::reading::Reading;
use super::roles::{Role, is_receipt};
use super::words::tokens;
use super::{Reader, ReaderInput, answers};

/// The name of the reader.
pub(super) const NAME: &str = "header_position";

/// Rows from the top of a letter in which its sender's line is looked for.
const ROWS_OF_A_LETTERHEAD: usize = 40;

/// The most lines of an address.
const MAXIMUM_ADDRESS_LINES: usize = 6;

/// Position first: the top of a document says who issued it, the lines under the sender's line to whom.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeaderPosition;

impl Reader for HeaderPosition {
    fn name(&self) -> &str {
        NAME
    }

    fn version(&self) -> &str {
        "1"
    }

    fn read(&self, input: &ReaderInput<'_>) -> Answers {
        let reading = Reading::new(input.document);
        let receipt = is_receipt(input.fields);
        answers::by_role(input.fields, |field, role| answer(&reading, receipt, field, role))
    }
}

fn answer(reading: &Reading, receipt: bool, field: &Field, role: Role) -> Option<Answer> {
    let text = |found: Option<String>| found.map(|text| answers::text(field, &text));
    match role {
        Role::SellerName if receipt => text(company(&header::lines(reading))),
        Role::SellerAddress if receipt => text(address(&header::lines(reading))),
        Role::SellerName => text(sender_line(reading).map(|sender| sender.name).or_else(|| letterhead_company(reading))),
        Role::SellerAddress => text(sender_line(reading).map(|sender| sender.address)),
        Role::BuyerName => text(addressee(reading)),
        _ => None,
    }
}

/// The first line of the head that can be a shop's name; a legal entity before the address goes before a brand, a person's name is passed over.
fn company(lines: &[HeaderLine]) -> Option<String> {
    let first_address = lines.iter().position(|line| line.kind == LineKind::Address).unwrap_or(lines.len());
    let head = lines.get(..first_address)?;
    let names: Vec<usize> = (0..head.len()).filter(|place| head.get(*place).is_some_and(|line| line.kind == LineKind::Name)).collect();
    let entity = names.iter().copied().find(|place| head.get(*place).is_some_and(|line| has_legal_form(&line.tokens)));
    let chosen = entity.or_else(|| first_shop(head, &names)).or_else(|| names.first().copied());
    let Some(mut last) = chosen else {
        return lines.iter().position(|line| line.kind == LineKind::Name).map(|place| joined_name(lines, place));
    };
    while let (Some(line), Some(next)) = (head.get(last), head.get(last + 1))
        && header::continues(line, next)
    {
        last += 1;
    }
    Some(joined_name(head, last))
}

/// The first name, or the second when the first looks like a person's and the second like a shop's.
fn first_shop(head: &[HeaderLine], names: &[usize]) -> Option<usize> {
    let (first, second) = (*names.first()?, names.get(1).copied());
    let person = head.get(first).is_some_and(|line| {
        (2..=3).contains(&line.tokens.len())
            && !has_business_word(&line.tokens)
            && line.text.chars().all(|character| character.is_alphabetic() || character == ' ')
    });
    let shop = second.filter(|place| head.get(*place).is_some_and(|line| has_business_word(&line.tokens) && !is_kind_of_shop(line)));
    match shop {
        Some(place) if person && head.get(first).is_some_and(|line| line.row + 1 == head.get(place).map_or(0, |other| other.row)) => Some(place),
        _ => Some(first),
    }
}

/// Whether the line only says what kind of shop it is: `BISTRO & CAFE`.
fn is_kind_of_shop(line: &HeaderLine) -> bool {
    line.tokens.iter().filter(|token| token.folded.len() > 2).all(|token| is_business_word(&token.folded))
}

/// The first run of lines of an address in the head.
fn address(lines: &[HeaderLine]) -> Option<String> {
    let first = lines.iter().position(|line| line.kind == LineKind::Address)?;
    let mut run: Vec<&str> = Vec::new();
    for line in lines.iter().skip(first).take(MAXIMUM_ADDRESS_LINES + 1) {
        let open = run.last().is_some_and(|before| before.trim_end().ends_with(','));
        match line.kind {
            LineKind::Address => run.push(&line.text),
            LineKind::Name if open => run.push(&line.text),
            _ => break,
        }
    }
    Some(join_address(run.into_iter()))
}

struct Sender {
    name: String,
    address: String,
    segment: usize,
}

/// The sender in small print above the addressee: name, street and town in one line, parted by dots, bars or hyphens.
fn sender_line(reading: &Reading) -> Option<Sender> {
    let end = reading.view.row_start(ROWS_OF_A_LETTERHEAD);
    (0..end).find_map(|index| {
        let segment = reading.segment(index)?;
        let parts = parts_of(&segment.text);
        let (name, rest) = parts.split_first()?;
        let address = rest.join(", ");
        let has_town = rest.iter().any(|part| has_postal_code(part));
        let is_name = is_name_like(name) && address_score(name, &tokens(name)) == 0;
        (rest.len() >= 2 && has_town && is_name).then(|| Sender {
            name: clean_name(name),
            address,
            segment: index,
        })
    })
}

fn parts_of(text: &str) -> Vec<&str> {
    for separator in [" · ", " • ", " ● ", " | ", " – ", " - ", " * ", " / ", ", "] {
        let parts: Vec<&str> = text.split(separator).map(str::trim).filter(|part| !part.is_empty()).collect();
        if parts.len() >= 3 {
            return parts;
        }
    }
    Vec::new()
}

/// The first line of the first page when it is a company's name.
fn letterhead_company(reading: &Reading) -> Option<String> {
    (0..reading.view.row_start(6)).find_map(|index| {
        let segment = reading.segment(index)?;
        let name = clean_name(&segment.text);
        (has_legal_form(&segment.tokens) && is_name_like(&name) && segment.tokens.len() <= 8).then_some(name)
    })
}

/// The first line under the sender's line.
fn addressee(reading: &Reading) -> Option<String> {
    let sender = sender_line(reading)?;
    let own = reading.segment(sender.segment)?;
    for row in own.row + 1..own.row + 5 {
        let first = reading.view.rows.get(row)?.clone().find(|index| {
            let left = reading.segment(*index).and_then(|segment| segment.bounds);
            match (left, own.bounds) {
                (Some(left), Some(own)) => left.left < own.right && left.right > own.left - 20.0,
                _ => reading.segment(*index).is_some_and(|segment| segment.column == 0),
            }
        });
        let Some(segment) = first.and_then(|index| reading.segment(index)) else {
            continue;
        };
        let name = clean_name(&segment.text);
        if is_name_like(&name) && address_score(&name, &segment.tokens) == 0 {
            return Some(name);
        }
    }
    None
}
