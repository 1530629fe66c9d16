//! Labels: the words that stand beside values and say what they are, in many languages.

mod table;

use std::collections::HashMap;
use std::sync::LazyLock;

use super::view::View;
use super::words::{Token, folded_text};

/// What a label announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Label {
    /// The number of the invoice or receipt.
    InvoiceNumber,
    /// The title of the document, behind which its number may stand.
    DocumentTitle,
    /// Another number: of the order, the customer, the delivery.
    OtherNumber,
    /// The date of issue.
    IssueDate,
    /// The last day for payment.
    DueDate,
    /// Another date: of the order, the delivery, the payment.
    OtherDate,
    /// The party that issues the invoice.
    Seller,
    /// The party that the invoice is addressed to.
    Buyer,
    /// Another party: where goods are delivered, who is in charge.
    OtherParty,
    /// The name of the party under whose heading it stands.
    PartyName,
    /// The address of the party under whose heading it stands.
    PartyAddress,
    /// The owner of a shop, or of the account to pay to.
    Owner,
    /// A value added tax number.
    VatId,
    /// The value added tax number of the buyer.
    BuyerVatId,
    /// Another registration: tax office, commercial register.
    Registration,
    /// The currency of the amounts.
    Currency,
    /// Telephone, fax, mail, web.
    Contact,
    /// Bank details.
    Bank,
    /// Terms, remarks and whatever else has a label.
    Other,
}

/// A label found in a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LabelHit {
    /// What it announces.
    pub(crate) label: Label,
    /// How surely it does, from 1 to 10.
    pub(crate) strength: u8,
    /// The place of the segment in the view.
    pub(crate) segment: usize,
    /// Place of the first token in the segment.
    pub(crate) first_token: usize,
    /// Byte offset where the label begins.
    pub(crate) start: usize,
    /// Byte offset behind the label.
    pub(crate) end: usize,
}

/// The shortest joined form of a label of several words that is also looked up as one word.
const SHORTEST_JOINED: usize = 8;

struct Pattern {
    words: Vec<String>,
    label: Label,
    strength: u8,
}

static PATTERNS: LazyLock<HashMap<String, Vec<Pattern>>> = LazyLock::new(|| {
    let mut by_first: HashMap<String, Vec<Pattern>> = HashMap::new();
    let mut add = |words: Vec<String>, label: Label, strength: u8| {
        if let Some(first) = words.first().cloned() {
            by_first
                .entry(first)
                .or_default()
                .push(Pattern { words, label, strength });
        }
    };
    for &(label, strength, phrases) in table::PHRASES {
        for phrase in phrases.split('|') {
            let words: Vec<String> = folded_text(phrase).split(' ').map(str::to_owned).collect();
            let joined = words.concat();
            if words.len() > 1 && joined.len() >= SHORTEST_JOINED && joined.chars().all(char::is_alphabetic) {
                add(vec![joined], label, strength);
            }
            add(words, label, strength);
        }
    }
    for patterns in by_first.values_mut() {
        patterns.sort_by_key(|pattern| std::cmp::Reverse(pattern.words.len()));
    }
    by_first
});

/// Finds the labels of all segments, the longest at each place, in visual order.
pub(crate) fn find(view: &View) -> Vec<LabelHit> {
    let mut hits = Vec::new();
    for (segment, content) in view.segments.iter().enumerate() {
        find_in(segment, &content.text, &content.tokens, &mut hits);
    }
    hits
}

fn find_in(segment: usize, text: &str, tokens: &[Token], hits: &mut Vec<LabelHit>) {
    let mut place = 0_usize;
    while let Some(token) = tokens.get(place) {
        let rest = tokens.get(place..).unwrap_or_default();
        let pattern = PATTERNS
            .get(&token.folded)
            .and_then(|patterns| patterns.iter().find(|pattern| begins_with(rest, &pattern.words)));
        let Some(pattern) = pattern else {
            place += 1;
            continue;
        };
        let last = tokens.get(place + pattern.words.len() - 1).unwrap_or(token);
        let length = pattern.words.len();
        if is_party(pattern.label) && !stands_apart(text, place, last.end) {
            place += 1;
            continue;
        }
        hits.push(LabelHit {
            label: pattern.label,
            strength: pattern.strength,
            segment,
            first_token: place,
            start: token.start,
            end: last.end,
        });
        place += length;
    }
}

const fn is_party(label: Label) -> bool {
    matches!(
        label,
        Label::Seller | Label::Buyer | Label::OtherParty | Label::PartyName | Label::PartyAddress
    )
}

/// Whether the words are a heading rather than part of a name or a sentence: a colon follows them, or they fill the segment.
fn stands_apart(text: &str, first_token: usize, end: usize) -> bool {
    let behind = text.get(end..).unwrap_or_default();
    let rest = behind.trim_start_matches(['.', ')', ' ']);
    if first_token == 0 && behind.trim_start().starts_with("..") {
        return true;
    }
    rest.starts_with([':', '/', '(', '#']) || (first_token == 0 && rest.is_empty())
}

fn begins_with(tokens: &[Token], words: &[String]) -> bool {
    tokens.len() >= words.len() && tokens.iter().zip(words).all(|(token, word)| token.folded == *word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::readers::words::tokens;

    fn labels(text: &str) -> Vec<(Label, String)> {
        let mut hits = Vec::new();
        find_in(0, text, &tokens(text), &mut hits);
        hits.iter()
            .map(|hit| (hit.label, text.get(hit.start..hit.end).unwrap_or_default().to_owned()))
            .collect()
    }

    #[test]
    fn the_longest_label_wins() {
        assert_eq!(
            labels("Tax Invoice No.: 123"),
            [(Label::InvoiceNumber, "Tax Invoice No".to_owned())]
        );
        assert_eq!(
            labels("N° de facture 12"),
            [(Label::InvoiceNumber, "N° de facture".to_owned())]
        );
        assert_eq!(labels("Bill To: ACME"), [(Label::Buyer, "Bill To".to_owned())]);
        assert!(labels("Lieferant GmbH").is_empty());
        assert_eq!(
            labels("INVOICENUMBER 12"),
            [(Label::InvoiceNumber, "INVOICENUMBER".to_owned())]
        );
    }

    #[test]
    fn no_phrase_is_given_two_meanings() {
        let mut seen: HashMap<String, Label> = HashMap::new();
        for &(label, _, phrases) in table::PHRASES {
            for phrase in phrases.split('|') {
                let folded = folded_text(phrase);
                assert!(!folded.is_empty(), "empty phrase of {label:?}");
                let before = seen.insert(folded.clone(), label);
                assert!(before.is_none(), "`{folded}` is {label:?} and {before:?}");
            }
        }
    }
}
