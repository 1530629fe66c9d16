//! The head of a receipt: the first rows, each with what it is.

use std::sync::LazyLock;

use regex::Regex;

use crate::readers::labels::Label;
use crate::readers::parties::{
    address_score, clean_name, has_business_word, has_legal_form, is_name_like, is_registration,
};
use crate::readers::reading::Reading;
use crate::readers::words::{Token, tokens};

/// Rows from the top that can belong to the head.
const MAXIMUM_ROWS: usize = 16;

/// What a row of the head is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineKind {
    /// Could name the shop or its owner.
    Name,
    /// A company registration number alone.
    Registration,
    /// Part of an address.
    Address,
    /// Telephone, tax registration, web.
    Contact,
    /// The kind of document: `TAX INVOICE`.
    Title,
    /// A greeting, a slogan, a number, a stray mark.
    Noise,
    /// A row behind the head: a date, an amount, a heading of the items.
    Body,
}

/// A row of the head.
#[derive(Debug, Clone)]
pub(crate) struct HeaderLine {
    /// The text of the row, segments joined by single blanks.
    pub(crate) text: String,
    /// Its folded tokens.
    pub(crate) tokens: Vec<Token>,
    /// What it is.
    pub(crate) kind: LineKind,
    /// The row in the view.
    pub(crate) row: usize,
}

#[expect(clippy::expect_used, reason = "a fixed pattern, tried by the tests of this file")]
static COURTESY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(?:thank|thanks|tq|goods|welcome|please|returnable|feedback|redeem|voucher|order number|queue|visit|enjoy|shopping|posted|copy|duplicate|reprint|customer copy|operated by|owned by|hours|hrs|sold|exchange|refund|terima kasih|selamat|received|paid)\b").expect("the pattern is valid")
});

#[expect(clippy::expect_used, reason = "a fixed pattern, tried by the tests of this file")]
static TITLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:simplified |full |e )?(?:tax ?invoice|invoice|receipt|official receipt|cash bill|cash sales?|cash receipt|bill|credit note|guest check|check|sales invoice|delivery order|quotation|cash|adjustment note|taxinvoice|tax invoice adjustment note|self billed invoice|kassenbon|quittung|rechnung|ticket|kvitto|bon|scontrino|factura simplificada)(?: (?:sales?|counter|bill|copy|invoice))*$").expect("the pattern is valid")
});

#[expect(clippy::expect_used, reason = "a fixed pattern, tried by the tests of this file")]
static PHONE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^\W*(?:\+?6?0\d{1,2}\s?-\s?\d{3,4}\s?-?\s?\d{3,5}|\+?6?0\d{1,2} \d{3,4} ?\d{3,5}|1[- ]?[38]00[-\d ]{6,12})",
    )
    .expect("the pattern is valid")
});

/// The rows of the head, from the top until the body has begun.
pub(crate) fn lines(reading: &Reading) -> Vec<HeaderLine> {
    let mut found: Vec<HeaderLine> = Vec::new();
    for row in 0..reading.view.rows.len().min(MAXIMUM_ROWS) {
        let line = classify(reading, row);
        if line.kind == LineKind::Body && found.iter().any(|before| before.kind == LineKind::Address) {
            break;
        }
        found.push(line);
    }
    rename_weak_addresses(&mut found);
    found
}

/// A line that only names a town is a name when it stands above every other name, or between names and the legal entity.
fn rename_weak_addresses(lines: &mut [HeaderLine]) {
    let strong = lines
        .iter()
        .position(|line| line.kind == LineKind::Address && !is_weak(line))
        .unwrap_or(lines.len());
    let first_name = lines.iter().position(|line| line.kind == LineKind::Name);
    let entity = lines
        .iter()
        .take(strong)
        .rposition(|line| line.kind == LineKind::Name && has_legal_form(&line.tokens));
    for (place, line) in lines.iter_mut().enumerate().take(strong) {
        let above = first_name.is_none_or(|name| place < name) || entity.is_some_and(|entity| place < entity);
        if line.kind == LineKind::Address && above {
            line.kind = LineKind::Name;
        }
    }
}

/// Whether nothing but a word speaks for an address: no number, no comma.
fn is_weak(line: &HeaderLine) -> bool {
    !line.text.contains(',') && !line.text.chars().any(|character| character.is_ascii_digit())
}

fn classify(reading: &Reading, row: usize) -> HeaderLine {
    let segments = reading.view.row(row);
    let texts: Vec<&str> = segments.iter().map(|segment| segment.text.as_str()).collect();
    let text = texts.join(" ");
    let words = tokens(&text);
    let kind = kind_of(reading, row, &text, &words);
    HeaderLine {
        text,
        tokens: words,
        kind,
        row,
    }
}

fn kind_of(reading: &Reading, row: usize, text: &str, words: &[Token]) -> LineKind {
    let folded: Vec<&str> = words.iter().map(|token| token.folded.as_str()).collect();
    let folded = folded.join(" ");
    let letters = text.chars().filter(|character| character.is_alphabetic()).count();
    let segments = reading.view.rows.get(row).cloned().unwrap_or_default();
    let has = |label: Label| segments.clone().any(|segment| reading.has_label(segment, label));
    let begins_with = |label: Label| {
        segments.clone().next().is_some_and(|segment| {
            reading
                .labels_in(segment)
                .iter()
                .any(|hit| hit.label == label && hit.first_token == 0)
        })
    };
    if TITLE.is_match(&folded) {
        return LineKind::Title;
    }
    if is_registration(text) {
        return LineKind::Registration;
    }
    if (has_legal_form(words) || (row == 0 && has_business_word(words)))
        && !begins_with(Label::Registration)
        && is_name_like(&clean_name(text))
    {
        return LineKind::Name;
    }
    if begins_with(Label::Registration)
        || begins_with(Label::Contact)
        || PHONE.is_match(text)
        || text.contains('@') && !text.contains("@ ")
        || folded.contains("www ")
    {
        return LineKind::Contact;
    }
    if segments.clone().any(|segment| !reading.dates_in(segment).is_empty())
        || has_item_amount(reading, row)
        || has(Label::InvoiceNumber)
        || has(Label::OtherParty) && words.len() <= 4
    {
        return LineKind::Body;
    }
    if COURTESY.is_match(&folded) || letters < 3 {
        return LineKind::Noise;
    }
    if address_score(text, words) >= 1 {
        return LineKind::Address;
    }
    if has(Label::Registration) || has(Label::Contact) && words.len() > 1 && text.contains(':') {
        return LineKind::Contact;
    }
    if is_name_like(&clean_name(text)) {
        LineKind::Name
    } else {
        LineKind::Noise
    }
}

fn has_item_amount(reading: &Reading, row: usize) -> bool {
    let segments = reading.view.rows.get(row).cloned().unwrap_or_default();
    segments.into_iter().any(|segment| {
        reading
            .amounts_in(segment)
            .iter()
            .any(super::super::candidates::amounts::Amount::is_money)
    })
}

/// Whether a line cannot be a name of its own: it ends open, or the next one only finishes it.
pub(crate) fn continues(line: &HeaderLine, next: &HeaderLine) -> bool {
    if next.kind != LineKind::Name || line.kind != LineKind::Name {
        return false;
    }
    let text = line.text.trim_end();
    if text.ends_with(['&', '(', ',', '-', '/']) || text.matches('(').count() > text.matches(')').count() {
        return true;
    }
    let first = next.tokens.first().map(|token| token.folded.as_str());
    let fragment = !next.text.starts_with('(')
        && !next.text.to_uppercase().starts_with("CO. REG")
        && matches!(
            first,
            Some("co" | "sdn" | "bhd" | "enterprise" | "trading" | "m" | "and" | "&")
        );
    let lone_business_word = next.tokens.len() == 1 && has_business_word(&next.tokens) && !has_legal_form(&line.tokens);
    (fragment && !has_legal_form(&line.tokens)) || lone_business_word
}
