//! Blocks: lines of text that stand together like a letterhead, an addressee or a sender's line.

use std::collections::BTreeSet;

use accord_documents::Bounds;

use super::{address_score, clean_name, has_legal_form, has_postal_code, is_legal_form_word, is_name_like};
use crate::readers::labels::Label;
use crate::readers::reading::Reading;
use crate::readers::view::Segment;
use crate::readers::words::{Token, folded_text, tokens};

/// Segments of the first page that are put into blocks.
const MAXIMUM_SEGMENTS: usize = 400;

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
    let groups = if reading.view.has_boxes { groups_by_place(reading) } else { groups_by_row(reading) };
    let mut blocks: Vec<Block> = groups.iter().filter_map(|group| block_of(reading, group)).collect();
    let sender_lines: Vec<(usize, Option<Bounds>)> = blocks.iter().filter(|block| block.is_sender_line).map(|block| (block.first_segment, reading.segment(block.first_segment).and_then(|segment| segment.bounds))).collect();
    for block in &mut blocks {
        block.is_under_sender_line = sender_lines.iter().any(|(line, bounds)| is_under(reading, *line, *bounds, block));
    }
    blocks
}

fn is_under(reading: &Reading, line: usize, line_bounds: Option<Bounds>, block: &Block) -> bool {
    let (Some(above), Some(first)) = (reading.segment(line), reading.segment(block.first_segment)) else {
        return false;
    };
    let near = block.first_segment != line && first.page == above.page && first.row > above.row && first.row <= above.row + 5;
    match (line_bounds, first.bounds) {
        (Some(line), Some(own)) => near && own.left < line.right && own.right > line.left,
        _ => near && first.column == above.column,
    }
}

/// Segments grouped by their left edges and distances.
fn groups_by_place(reading: &Reading) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = sender_runs(reading);
    let taken: BTreeSet<usize> = groups.iter().flatten().copied().collect();
    let own_groups = groups.len();
    let segments = reading.view.segments.iter().enumerate().take_while(|(_, segment)| segment.page == 0).take(MAXIMUM_SEGMENTS);
    for (index, segment) in segments {
        let Some(bounds) = segment.bounds.filter(|_| !taken.contains(&index)) else { continue };
        let home = groups.iter_mut().skip(own_groups).rev().take(40).find(|group| {
            let last = group.last().and_then(|last| reading.segment(*last)).and_then(|last| last.bounds);
            let addressed = group.iter().filter_map(|index| reading.segment(*index)).any(|segment| has_postal_code(&segment.text));
            last.is_some_and(|last| belongs_under(last, bounds, group.len(), addressed))
        });
        match home {
            Some(group) => group.push(index),
            None => groups.push(vec![index]),
        }
    }
    groups
}

/// Sender's lines: single segments, or segments with nothing but dots between them.
fn sender_runs(reading: &Reading) -> Vec<Vec<usize>> {
    let mut runs = Vec::new();
    for row in reading.view.rows.iter().take(MAXIMUM_SEGMENTS) {
        let mut run: Vec<usize> = Vec::new();
        for index in row.clone() {
            let Some(segment) = reading.segment(index).filter(|segment| segment.page == 0) else { break };
            let mark = is_mark(segment);
            let after_mark = run.last().and_then(|last| reading.segment(*last)).is_some_and(is_mark);
            if !(mark || after_mark) {
                keep_sender(reading, &mut runs, &run);
                run.clear();
            }
            run.push(index);
        }
        keep_sender(reading, &mut runs, &run);
    }
    runs
}

fn is_mark(segment: &Segment) -> bool {
    segment.text.chars().count() <= 2 && segment.text.chars().all(|character| matches!(character, '·' | '•' | '●' | '|' | '-' | '–' | '*' | '∙' | '■'))
}

fn keep_sender(reading: &Reading, runs: &mut Vec<Vec<usize>>, run: &[usize]) {
    let labelled = run.first().is_some_and(|first| reading.labels_in(*first).iter().any(|hit| hit.first_token == 0));
    if !labelled && sender_parts(&joined(reading, run)).is_some() {
        runs.push(run.to_vec());
    }
}

fn joined(reading: &Reading, group: &[usize]) -> String {
    let texts: Vec<&str> = group.iter().filter_map(|index| reading.segment(*index)).map(|segment| segment.text.as_str()).collect();
    texts.join(" ")
}

fn belongs_under(last: Bounds, bounds: Bounds, lines: usize, addressed: bool) -> bool {
    let height = (last.bottom - last.top).max(bounds.bottom - bounds.top).max(1.0);
    let gap = bounds.top - last.bottom;
    let own_height = (bounds.bottom - bounds.top).max(1.0);
    let last_height = (last.bottom - last.top).max(1.0);
    let aligned = (bounds.left - last.left).abs() < 0.7 * height || (bounds.right - last.right).abs() < 0.5 * height;
    let alike = own_height < 1.6 * last_height && last_height < 1.6 * own_height || lines == 1;
    let widest = if addressed { 1.2 } else { 1.9 };
    gap > -0.6 * height && gap < widest * height && aligned && alike
}

/// Without boxes: segments of the same column in following rows.
fn groups_by_row(reading: &Reading) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = sender_runs(reading);
    let taken: BTreeSet<usize> = groups.iter().flatten().copied().collect();
    let own_groups = groups.len();
    for (index, segment) in reading.view.segments.iter().enumerate().take_while(|(_, segment)| segment.page == 0).take(MAXIMUM_SEGMENTS) {
        if taken.contains(&index) {
            continue;
        }
        let home = groups.iter_mut().skip(own_groups).rev().take(20).find(|group| {
            let last = group.last().and_then(|last| reading.segment(*last));
            last.is_some_and(|last| last.row + 1 == segment.row && last.column == segment.column)
        });
        match home {
            Some(group) => group.push(index),
            None => groups.push(vec![index]),
        }
    }
    groups
}

fn block_of(reading: &Reading, group: &[usize]) -> Option<Block> {
    let first_segment = *group.first()?;
    let first = reading.segment(first_segment)?;
    let one_row = group.iter().all(|index| reading.segment(*index).is_some_and(|segment| segment.row == first.row));
    let labelled = reading.labels_in(first_segment).iter().any(|hit| hit.first_token == 0);
    let sender = if one_row && !labelled { sender_parts(&joined(reading, group)) } else { None };
    let lines: Vec<(usize, &Segment)> = group.iter().filter_map(|index| reading.segment(*index).map(|segment| (*index, segment))).collect();
    let is_contact = |index: usize| reading.labels_in(index).iter().any(|hit| matches!(hit.label, Label::Contact | Label::Bank | Label::VatId | Label::Registration) && hit.first_token == 0);
    let is_labelled = |index: usize| reading.labels_in(index).iter().any(|hit| !matches!(hit.label, Label::Seller | Label::Buyer | Label::PartyName | Label::PartyAddress) && hit.first_token == 0 && hit.strength >= 5);
    let has_contact = lines.iter().any(|(index, segment)| is_contact(*index) || segment.text.contains('@'));
    let name = match &sender {
        Some((name, _)) => Some(name.clone()),
        None => lines.iter().enumerate().find_map(|(place, (index, segment))| {
            let name = name_of(reading, *index, segment)?;
            let following: Vec<&Segment> = lines.iter().skip(place + 1).map(|(_, segment)| *segment).collect();
            Some(joined_name(&name, &following))
        }),
    };
    let name = name.map(|name| complete_name(reading, name));
    let address = match sender.clone() {
        Some((_, address)) => address,
        None => address_of(&lines, name.as_deref(), &is_labelled, &|index, segment| before_contact(reading, index, segment)),
    };
    let (width, height) = reading.view.page_size(first.page);
    let share = |edge: f32, whole: f32| if whole > 0.0 { f64::from(edge / whole).clamp(0.0, 1.0) } else { 0.5 };
    Some(Block {
        heading: heading_of(reading, first_segment),
        has_legal_form: name.as_deref().is_some_and(|name| has_legal_form(&tokens(name))),
        repetitions: name.as_deref().map_or(0, |name| reading.occurrences(&folded_text(name)).saturating_sub(1)),
        name,
        address,
        is_sender_line: sender.is_some(),
        is_under_sender_line: false,
        has_contact,
        left_share: first.bounds.map_or_else(|| if first.column == 0 { 0.1 } else { 0.6 }, |bounds| share(bounds.left, width)),
        top_share: first.bounds.map_or_else(
            || super::super::features::share(first.row, reading.view.rows.len()),
            |bounds| share(bounds.top, height),
        ),
        first_segment,
    })
}

/// A name that runs over the next lines until its legal form.
fn joined_name(name: &str, following: &[&Segment]) -> String {
    const MOST_LINES: usize = 2;
    if has_legal_form(&tokens(name)) {
        return name.to_owned();
    }
    let mut joined = name.to_owned();
    for segment in following.iter().take(MOST_LINES) {
        let continues = !segment.text.chars().any(|character| character.is_ascii_digit()) && !segment.text.contains(['@', ':', ',']) && segment.tokens.len() <= 5;
        if !continues {
            break;
        }
        joined.push(' ');
        joined.push_str(&segment.text);
        if has_legal_form(&tokens(&joined)) {
            return clean_name(&joined);
        }
    }
    name.to_owned()
}

/// The full name with its legal form where the document has it elsewhere: a brand at the head, the company at the foot.
pub(crate) fn complete_name(reading: &Reading, name: String) -> String {
    let folded = folded_text(&name);
    if folded.len() < 4 || has_legal_form(&tokens(&name)) {
        return name;
    }
    let longer = reading.view.segments.iter().find_map(|segment| {
        let first = segment.text.split(['|', '·', '•', '●', ',']).next().unwrap_or_default().split(" - ").next().unwrap_or_default();
        let full = clean_name(first);
        let words = tokens(&full);
        let begins = folded_text(&full).strip_prefix(&folded).is_some_and(|rest| rest.starts_with(' '));
        (begins && words.len() <= 9 && has_legal_form(&words) && is_name_like(&full)).then_some(full)
    });
    longer.unwrap_or(name)
}

fn name_of(reading: &Reading, index: usize, segment: &Segment) -> Option<String> {
    let label = reading.labels_in(index).first().filter(|hit| hit.first_token == 0 && hit.strength >= 4);
    let text = match label {
        Some(hit) if matches!(hit.label, Label::Seller | Label::Buyer | Label::PartyName) => segment.text_from(hit.end).trim_start_matches([':', ' ', '/', '.']),
        Some(_) => return None,
        None => &segment.text,
    };
    if label.is_none() && is_value_of_label(reading, index, segment) {
        return None;
    }
    let name = clean_name(text);
    let words = tokens(&name);
    let plain = address_score(&name, &words) == 0 || has_legal_form(&words);
    let fits = is_party_name(&name, &words) && plain && reading.dates_in(index).is_empty() && !reading.amounts_in(index).iter().any(crate::readers::candidates::amounts::Amount::is_money);
    fits.then_some(name)
}

/// Whether a label that is no heading of a party stands directly to the left: the segment is its value.
fn is_value_of_label(reading: &Reading, index: usize, segment: &Segment) -> bool {
    let Some(left) = index.checked_sub(1).filter(|_| segment.column > 0) else {
        return false;
    };
    let Some(text) = reading.segment(left).map(|left| left.text.trim_end()) else {
        return false;
    };
    let labelled = reading.labels_in(left).iter().any(|hit| {
        let fills = hit.first_token == 0 && hit.end + 2 >= text.trim_end_matches([':', '.', ' ']).len();
        fills && !matches!(hit.label, Label::Seller | Label::Buyer | Label::PartyName | Label::DocumentTitle)
    });
    labelled || text.ends_with(':')
}

/// Whether the text can be the name of a party of an invoice: like a name, with a capital, no heading of a table, no title of a document, no town.
pub(crate) fn is_party_name(name: &str, words: &[Token]) -> bool {
    let capital = name.chars().any(char::is_uppercase) || name.contains('.');
    let headings = words.iter().all(|token| crate::readers::line_items::headings::is_heading_word(&token.folded));
    let only_form = words.iter().all(|token| is_legal_form_word(&token.folded));
    let digits_first = name.starts_with(|first: char| first.is_ascii_digit()) && has_postal_code(name);
    let sentence = !has_legal_form(words) && (words.len() > 7 || (words.len() > 3 && name.ends_with(['.', '!', '?'])));
    is_name_like(name) && capital && !headings && !only_form && !digits_first && !sentence && !name.starts_with(['(', '<', '#', '*'])
}

/// The lines of the block from its first postal code up to the name and down to the telephone.
fn address_of<'a>(lines: &[(usize, &'a Segment)], name: Option<&str>, is_labelled: &dyn Fn(usize) -> bool, cut: &dyn Fn(usize, &'a Segment) -> &'a str) -> String {
    let Some(anchor) = lines.iter().position(|(index, segment)| has_postal_code(&segment.text) && !is_labelled(*index)) else {
        return String::new();
    };
    let named_at = name.and_then(|name| lines.iter().position(|(_, segment)| segment.text.contains(name)));
    let first = named_at.filter(|place| *place < anchor).map_or(anchor.saturating_sub(2), |place| place + 1);
    let country = lines.get(anchor + 1).filter(|(index, segment)| !is_labelled(*index) && is_country_like(segment));
    let last = if country.is_some() { anchor + 1 } else { anchor };
    let parts: Vec<&str> = lines.get(first..=last).unwrap_or_default().iter().rev().take(MAXIMUM_ADDRESS_LINES).rev().filter(|(index, segment)| !is_labelled(*index) && (has_postal_code(&segment.text) || is_country_like(segment) || address_score(&segment.text, &segment.tokens) >= 1)).map(|(index, segment)| cut(*index, segment)).filter(|part| !part.is_empty()).collect();
    parts.join(", ")
}

/// The text of a line up to a telephone number or the like.
fn before_contact<'a>(reading: &Reading, index: usize, segment: &'a Segment) -> &'a str {
    let contact = reading.labels_in(index).iter().find(|hit| hit.first_token > 0 && matches!(hit.label, Label::Contact | Label::VatId | Label::Registration | Label::Bank));
    let end = contact.map_or(segment.text.len(), |hit| hit.start);
    segment.text.get(..end).unwrap_or(&segment.text).trim_end_matches([' ', '|', '·', '•', '-', '–', ',', ';'])
}

fn is_country_like(segment: &Segment) -> bool {
    segment.tokens.len() <= 3 && segment.text.chars().all(|character| character.is_alphabetic() || matches!(character, ' ' | '-' | '.')) && segment.letter_count() >= 4
}

fn heading_of(reading: &Reading, first: usize) -> Option<Label> {
    let is_party = |label: Label| matches!(label, Label::Seller | Label::Buyer | Label::OtherParty | Label::Owner);
    let own = reading.labels_in(first).iter().find(|hit| hit.first_token == 0 && is_party(hit.label));
    if let Some(hit) = own {
        return Some(hit.label);
    }
    let segment = reading.segment(first)?;
    for distance in 1..=ROWS_ABOVE {
        let row = segment.row.checked_sub(distance)?;
        let range = reading.view.rows.get(row)?.clone();
        let above = range.rev().find(|index| match (reading.segment(*index).and_then(|other| other.bounds), segment.bounds) {
            (Some(above), Some(own)) => {
                let height = (own.bottom - own.top).max(1.0);
                above.left < own.right && own.left < above.right + height && (above.left - own.left).abs() < 6.0 * height && own.top - above.bottom < 2.5 * height
            }
            _ => distance <= 2 && reading.segment(*index).is_some_and(|other| other.column == segment.column),
        });
        if let Some(above) = above {
            let hit = reading.labels_in(above).iter().find(|hit| hit.first_token == 0 && is_party(hit.label))?;
            let short = reading.segment(above).is_some_and(|segment| segment.tokens.len() <= 4);
            return short.then_some(hit.label);
        }
    }
    None
}

/// Name and address of a sender's line: parts between dots, bars or hyphens, of which a later one has a postal code.
pub(crate) fn sender_parts(text: &str) -> Option<(String, String)> {
    for separator in [" · ", " • ", " ● ", " | ", " – ", " - ", " * ", " / ", "; ", ", "] {
        let parts: Vec<&str> = text.split(separator).map(str::trim).filter(|part| !part.is_empty()).collect();
        let Some((name, rest)) = parts.split_first() else { continue };
        let town = rest.iter().rposition(|part| has_postal_code(part));
        let fits = rest.len() >= 2 && is_name_like(name) && address_score(name, &tokens(name)) == 0;
        if let Some(town) = town.filter(|_| fits) {
            let end = if rest.get(town + 1).is_some_and(|next| tokens(next).len() <= 2 && next.chars().all(|character| character.is_alphabetic() || character == ' ')) { town + 1 } else { town };
            return Some((clean_name(name), rest.get(..=end).unwrap_or_default().join(", ")));
        }
    }
    None
}
