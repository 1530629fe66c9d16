//! Names of the parties of an invoice.

use super::{address_score, clean_name, has_legal_form, has_postal_code, is_legal_form_word, is_name_like};
use crate::readers::candidates::amounts::Amount;
use crate::readers::labels::Label;
use crate::readers::line_items::headings::is_heading_word;
use crate::readers::reading::Reading;
use crate::readers::view::Segment;
use crate::readers::words::{Token, folded_text, tokens};

/// A name that runs over the next lines until its legal form.
pub(super) fn joined_name(name: &str, following: &[&Segment]) -> String {
    const MOST_LINES: usize = 2;
    if has_legal_form(&tokens(name)) {
        return name.to_owned();
    }
    let mut joined = name.to_owned();
    for segment in following.iter().take(MOST_LINES) {
        let continues = !segment.text.chars().any(|character| character.is_ascii_digit())
            && !segment.text.contains(['@', ':', ','])
            && segment.tokens.len() <= 5;
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
        let first = segment
            .text
            .split(['|', '·', '•', '●', ','])
            .next()
            .unwrap_or_default()
            .split(" - ")
            .next()
            .unwrap_or_default();
        let full = clean_name(first);
        let words = tokens(&full);
        let begins = folded_text(&full)
            .strip_prefix(&folded)
            .is_some_and(|rest| rest.starts_with(' '));
        (begins && words.len() <= 9 && has_legal_form(&words) && is_name_like(&full)).then_some(full)
    });
    longer.unwrap_or(name)
}

/// The name that a segment is, or that stands behind the heading of a party in it.
pub(super) fn name_of(reading: &Reading, index: usize, segment: &Segment) -> Option<String> {
    let label = reading
        .labels_in(index)
        .first()
        .filter(|hit| hit.first_token == 0 && hit.strength >= 4);
    let text = match label {
        Some(hit) if matches!(hit.label, Label::Seller | Label::Buyer | Label::PartyName) => {
            segment.text_from(hit.end).trim_start_matches([':', ' ', '/', '.'])
        }
        Some(_) => return None,
        None => &segment.text,
    };
    if label.is_none() && is_value_of_label(reading, index, segment) {
        return None;
    }
    let name = clean_name(text);
    let words = tokens(&name);
    let plain = address_score(&name, &words) == 0 || has_legal_form(&words);
    let fits = is_party_name(&name, &words)
        && plain
        && reading.dates_in(index).is_empty()
        && !reading.amounts_in(index).iter().any(Amount::is_money);
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
        fills
            && !matches!(
                hit.label,
                Label::Seller | Label::Buyer | Label::PartyName | Label::DocumentTitle
            )
    });
    labelled || text.ends_with(':')
}

/// Whether the text can be the name of a party of an invoice: like a name, with a capital, no heading of a table, no title of a document, no town.
pub(crate) fn is_party_name(name: &str, words: &[Token]) -> bool {
    let capital = name.chars().any(char::is_uppercase) || name.contains('.');
    let headings = words.iter().all(|token| is_heading_word(&token.folded));
    let only_form = words.iter().all(|token| is_legal_form_word(&token.folded));
    let digits_first = name.starts_with(|first: char| first.is_ascii_digit()) && has_postal_code(name);
    let sentence = !has_legal_form(words) && (words.len() > 7 || (words.len() > 3 && name.ends_with(['.', '!', '?'])));
    is_name_like(name)
        && capital
        && !headings
        && !only_form
        && !digits_first
        && !sentence
        && !name.starts_with(['(', '<', '#', '*'])
}
