//! Reads names and addresses from where they stand: at the head of a receipt, in the sender's line and the head of a letter.

use accord_domain::answer::{Answer, Answers};
use accord_domain::field::Field;

use super::labelled_anchors::{join_address, joined_name};
use super::parties::blocks::{self, Block};
use super::parties::header::{self, HeaderLine, LineKind};
use super::parties::vocabulary::is_business_word;
use super::parties::{clean_name, has_business_word, has_legal_form, is_name_like};
use super::reading::Reading;
use super::roles::{Role, is_receipt};
use super::words::folded_text;
use super::{Reader, ReaderInput, answers};

/// The name of the reader.
pub(super) const NAME: &str = "header_position";

/// Rows of the first page in which the name of the sender may stand alone.
const ROWS_OF_A_LETTERHEAD: usize = 6;

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
        let blocks = if receipt { Vec::new() } else { blocks::find(&reading) };
        answers::by_role(input.fields, |field, role| {
            answer(&reading, &blocks, receipt, field, role)
        })
    }
}

fn answer(reading: &Reading, blocks: &[Block], receipt: bool, field: &Field, role: Role) -> Option<Answer> {
    let text = |found: Option<String>| found.map(|text| answers::text(field, &text));
    match role {
        Role::SellerName if receipt => text(company(&header::lines(reading))),
        Role::SellerAddress if receipt => text(address(&header::lines(reading))),
        Role::SellerName => text(
            sender_line(blocks)
                .and_then(|sender| sender.name.clone())
                .or_else(|| letterhead_company(reading)),
        ),
        Role::SellerAddress => text(sender_line(blocks).map(|sender| sender.address.clone())),
        Role::BuyerName => text(addressee(blocks)),
        _ => None,
    }
}

/// The first line of the head that can be a shop's name; a legal entity before the address goes before a brand, a person's name is passed over.
fn company(lines: &[HeaderLine]) -> Option<String> {
    let first_address = lines
        .iter()
        .position(|line| line.kind == LineKind::Address)
        .unwrap_or(lines.len());
    let head = lines.get(..first_address)?;
    let names: Vec<usize> = (0..head.len())
        .filter(|place| head.get(*place).is_some_and(|line| line.kind == LineKind::Name))
        .collect();
    let entity = names
        .iter()
        .copied()
        .find(|place| head.get(*place).is_some_and(|line| has_legal_form(&line.tokens)));
    let chosen = entity
        .or_else(|| first_shop(head, &names))
        .or_else(|| names.first().copied());
    let Some(mut last) = chosen else {
        return lines
            .iter()
            .position(|line| line.kind == LineKind::Name)
            .map(|place| joined_name(lines, place));
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
            && line
                .text
                .chars()
                .all(|character| character.is_alphabetic() || character == ' ')
    });
    let shop = second.filter(|place| {
        head.get(*place)
            .is_some_and(|line| has_business_word(&line.tokens) && !is_kind_of_shop(line))
    });
    match shop {
        Some(place)
            if person
                && head
                    .get(first)
                    .is_some_and(|line| line.row + 1 == head.get(place).map_or(0, |other| other.row)) =>
        {
            Some(place)
        }
        _ => Some(first),
    }
}

/// Whether the line only says what kind of shop it is: `BISTRO & CAFE`.
fn is_kind_of_shop(line: &HeaderLine) -> bool {
    line.tokens
        .iter()
        .filter(|token| token.folded.len() > 2)
        .all(|token| is_business_word(&token.folded))
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

/// The sender in small print above the addressee: name, street and town in one line, parted by dots, bars or hyphens.
fn sender_line(blocks: &[Block]) -> Option<&Block> {
    blocks.iter().find(|block| block.is_sender_line)
}

/// A company's name in the first rows of the first page: in the first row, or named again elsewhere in the document.
fn letterhead_company(reading: &Reading) -> Option<String> {
    (0..reading.view.row_start(ROWS_OF_A_LETTERHEAD)).find_map(|index| {
        let segment = reading.segment(index)?;
        let name = clean_name(&segment.text);
        let company = has_legal_form(&segment.tokens) && is_name_like(&name) && segment.tokens.len() <= 8;
        let known = segment.row == 0 || reading.occurrences(&folded_text(&name)) > 1;
        (company && known && reading.labels_in(index).is_empty()).then_some(name)
    })
}

/// The name in the block under the sender's line.
fn addressee(blocks: &[Block]) -> Option<String> {
    let sender = sender_line(blocks)?.name.as_ref();
    let under = blocks
        .iter()
        .filter(|block| block.is_under_sender_line && block.heading.is_none() && block.name.as_ref() != sender);
    let leftmost = under.min_by(|left, right| {
        left.left_share
            .total_cmp(&right.left_share)
            .then(left.first_segment.cmp(&right.first_segment))
    })?;
    leftmost.name.clone()
}
