//! Blocks: lines of text that stand together like a letterhead, an addressee or a sender's line.

use accord_documents::Bounds;

use super::grouping::{groups_by_place, groups_by_row, joined, sender_parts};
use super::party_names::{complete_name, joined_name, name_of};
use super::{address_score, has_legal_form, has_postal_code};
use crate::readers::labels::Label;
use crate::readers::reading::Reading;
use crate::readers::view::Segment;
use crate::readers::words::{folded_text, tokens};

/// Rows above a block in which its heading is looked for; other columns may have rows between.
const ROWS_ABOVE: usize = 4;

/// The most lines of an address.
const MAXIMUM_ADDRESS_LINES: usize = 6;

/// Lines that stand together.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    /// The heading of a party over the block or in its first line.
    pub(crate) heading: Option<Label>,
    /// The first line that can be a name.
    pub(crate) name: Option<String>,
    /// The lines of the address in one line; empty when no postal code stands in the block.
    pub(crate) address: String,
    /// Whether it is one line with name, street and town.
    pub(crate) is_sender_line: bool,
    /// Whether it stands directly under a sender's line.
    pub(crate) is_under_sender_line: bool,
    /// Whether a telephone number, a mail address or bank details stand in it.
    pub(crate) has_contact: bool,
    /// Whether the name has a legal form.
    pub(crate) has_legal_form: bool,
    /// Where it begins, as a share of the width.
    pub(crate) left_share: f64,
    /// Where it begins, as a share of the height.
    pub(crate) top_share: f64,
    /// How often the name occurs in the document beyond the block.
    pub(crate) repetitions: usize,
    /// The place of the first segment.
    pub(crate) first_segment: usize,
}

impl Block {
    /// A name that stands behind a heading, apart from every block.
    pub(crate) fn headed(reading: &Reading, label: Label, name: String) -> Self {
        Self {
            heading: Some(label),
            address: String::new(),
            is_sender_line: false,
            is_under_sender_line: false,
            has_contact: false,
            has_legal_form: has_legal_form(&tokens(&name)),
            left_share: 0.5,
            top_share: 0.3,
            repetitions: reading.occurrences(&folded_text(&name)).saturating_sub(1),
            first_segment: 0,
            name: Some(name),
        }
    }

    /// Whether the block stands under such a heading.
    pub(crate) fn is_headed(&self, label: Label) -> bool {
        self.heading == Some(label)
    }
}

/// The blocks of the first page, and of the foot of the last, in visual order.
pub(crate) fn find(reading: &Reading) -> Vec<Block> {
    let groups = if reading.view.has_boxes {
        groups_by_place(reading)
    } else {
        groups_by_row(reading)
    };
    let mut blocks: Vec<Block> = groups.iter().filter_map(|group| block_of(reading, group)).collect();
    let sender_lines: Vec<(usize, Option<Bounds>)> = blocks
        .iter()
        .filter(|block| block.is_sender_line)
        .map(|block| {
            (
                block.first_segment,
                reading.segment(block.first_segment).and_then(|segment| segment.bounds),
            )
        })
        .collect();
    for block in &mut blocks {
        block.is_under_sender_line = sender_lines
            .iter()
            .any(|(line, bounds)| is_under(reading, *line, *bounds, block));
    }
    blocks
}

fn is_under(reading: &Reading, line: usize, line_bounds: Option<Bounds>, block: &Block) -> bool {
    let (Some(above), Some(first)) = (reading.segment(line), reading.segment(block.first_segment)) else {
        return false;
    };
    let near =
        block.first_segment != line && first.page == above.page && first.row > above.row && first.row <= above.row + 5;
    match (line_bounds, first.bounds) {
        (Some(line), Some(own)) => near && own.left < line.right && own.right > line.left,
        _ => near && first.column == above.column,
    }
}

fn block_of(reading: &Reading, group: &[usize]) -> Option<Block> {
    let first_segment = *group.first()?;
    let first = reading.segment(first_segment)?;
    let lines: Vec<(usize, &Segment)> = group
        .iter()
        .filter_map(|index| reading.segment(*index).map(|segment| (*index, segment)))
        .collect();
    let sender = sender_of(reading, group, &lines);
    let is_sender_line = sender.is_some();
    let (name, address) = match sender {
        Some((name, address)) => (Some(complete_name(reading, name)), address),
        None => {
            let name = first_name(reading, &lines).map(|name| complete_name(reading, name));
            let address = address_of(reading, &lines, name.as_deref());
            (name, address)
        }
    };
    let (left_share, top_share) = shares_of_page(reading, first);
    Some(Block {
        heading: heading_of(reading, first_segment),
        has_legal_form: name.as_deref().is_some_and(|name| has_legal_form(&tokens(name))),
        repetitions: name
            .as_deref()
            .map_or(0, |name| reading.occurrences(&folded_text(name)).saturating_sub(1)),
        name,
        address,
        is_sender_line,
        is_under_sender_line: false,
        has_contact: lines
            .iter()
            .any(|(index, segment)| begins_with_contact(reading, *index) || segment.text.contains('@')),
        left_share,
        top_share,
        first_segment,
    })
}

/// Name and address when the group is a sender's line.
fn sender_of(reading: &Reading, group: &[usize], lines: &[(usize, &Segment)]) -> Option<(String, String)> {
    let (index, first) = lines.first()?;
    let one_row = lines.iter().all(|(_, segment)| segment.row == first.row);
    let labelled = reading.labels_in(*index).iter().any(|hit| hit.first_token == 0);
    if one_row && !labelled {
        sender_parts(&joined(reading, group))
    } else {
        None
    }
}

/// The first line that can be a name, with the lines that finish it.
fn first_name(reading: &Reading, lines: &[(usize, &Segment)]) -> Option<String> {
    lines.iter().enumerate().find_map(|(place, (index, segment))| {
        let name = name_of(reading, *index, segment)?;
        let following: Vec<&Segment> = lines.iter().skip(place + 1).map(|(_, segment)| *segment).collect();
        Some(joined_name(&name, &following))
    })
}

fn begins_with_contact(reading: &Reading, index: usize) -> bool {
    reading.labels_in(index).iter().any(|hit| {
        let contact = matches!(
            hit.label,
            Label::Contact | Label::Bank | Label::VatId | Label::Registration
        );
        contact && hit.first_token == 0
    })
}

/// Whether a label begins the line that is no heading of a party or an address.
fn begins_with_label(reading: &Reading, index: usize) -> bool {
    reading.labels_in(index).iter().any(|hit| {
        let party = matches!(
            hit.label,
            Label::Seller | Label::Buyer | Label::PartyName | Label::PartyAddress
        );
        !party && hit.first_token == 0 && hit.strength >= 5
    })
}

/// Where a segment begins, as shares of the width and the height of its page; by column and row where there are no boxes.
fn shares_of_page(reading: &Reading, segment: &Segment) -> (f64, f64) {
    let (width, height) = reading.view.page_size(segment.page);
    let share = |edge: f32, whole: f32| {
        if whole > 0.0 {
            f64::from(edge / whole).clamp(0.0, 1.0)
        } else {
            0.5
        }
    };
    match segment.bounds {
        Some(bounds) => (share(bounds.left, width), share(bounds.top, height)),
        None => {
            let left = if segment.column == 0 { 0.1 } else { 0.6 };
            (
                left,
                crate::readers::features::share(segment.row, reading.view.rows.len()),
            )
        }
    }
}

/// The lines of the block from its first postal code up to the name and down to the telephone.
fn address_of(reading: &Reading, lines: &[(usize, &Segment)], name: Option<&str>) -> String {
    let is_labelled = |index: usize| begins_with_label(reading, index);
    let Some(anchor) = lines
        .iter()
        .position(|(index, segment)| has_postal_code(&segment.text) && !is_labelled(*index))
    else {
        return String::new();
    };
    let named_at = name.and_then(|name| lines.iter().position(|(_, segment)| segment.text.contains(name)));
    let first = named_at
        .filter(|place| *place < anchor)
        .map_or(anchor.saturating_sub(2), |place| place + 1);
    let country = lines
        .get(anchor + 1)
        .filter(|(index, segment)| !is_labelled(*index) && is_country_like(segment));
    let last = if country.is_some() { anchor + 1 } else { anchor };
    let parts: Vec<&str> = lines
        .get(first..=last)
        .unwrap_or_default()
        .iter()
        .rev()
        .take(MAXIMUM_ADDRESS_LINES)
        .rev()
        .filter(|(index, segment)| {
            !is_labelled(*index)
                && (has_postal_code(&segment.text)
                    || is_country_like(segment)
                    || address_score(&segment.text, &segment.tokens) >= 1)
        })
        .map(|(index, segment)| before_contact(reading, *index, segment))
        .filter(|part| !part.is_empty())
        .collect();
    parts.join(", ")
}

/// The text of a line up to a telephone number or the like.
fn before_contact<'a>(reading: &Reading, index: usize, segment: &'a Segment) -> &'a str {
    let contact = reading.labels_in(index).iter().find(|hit| {
        hit.first_token > 0
            && matches!(
                hit.label,
                Label::Contact | Label::VatId | Label::Registration | Label::Bank
            )
    });
    let end = contact.map_or(segment.text.len(), |hit| hit.start);
    segment
        .text
        .get(..end)
        .unwrap_or(&segment.text)
        .trim_end_matches([' ', '|', '·', '•', '-', '–', ',', ';'])
}

fn is_country_like(segment: &Segment) -> bool {
    segment.tokens.len() <= 3
        && segment
            .text
            .chars()
            .all(|character| character.is_alphabetic() || matches!(character, ' ' | '-' | '.'))
        && segment.letter_count() >= 4
}

fn heading_of(reading: &Reading, first: usize) -> Option<Label> {
    let is_party = |label: Label| matches!(label, Label::Seller | Label::Buyer | Label::OtherParty | Label::Owner);
    let own = reading
        .labels_in(first)
        .iter()
        .find(|hit| hit.first_token == 0 && is_party(hit.label));
    if let Some(hit) = own {
        return Some(hit.label);
    }
    let segment = reading.segment(first)?;
    for distance in 1..=ROWS_ABOVE {
        let row = segment.row.checked_sub(distance)?;
        let range = reading.view.rows.get(row)?.clone();
        let above =
            range.rev().find(
                |index| match (reading.segment(*index).and_then(|other| other.bounds), segment.bounds) {
                    (Some(above), Some(own)) => {
                        let height = (own.bottom - own.top).max(1.0);
                        above.left < own.right
                            && own.left < above.right + height
                            && (above.left - own.left).abs() < 6.0 * height
                            && own.top - above.bottom < 2.5 * height
                    }
                    _ => {
                        distance <= 2
                            && reading
                                .segment(*index)
                                .is_some_and(|other| other.column == segment.column)
                    }
                },
            );
        if let Some(above) = above {
            let hit = reading
                .labels_in(above)
                .iter()
                .find(|hit| hit.first_token == 0 && is_party(hit.label))?;
            let short = reading.segment(above).is_some_and(|segment| segment.tokens.len() <= 4);
            return short.then_some(hit.label);
        }
    }
    None
}
