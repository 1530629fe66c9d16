//! A reading: the layout of a document with everything that was recognised in it by form alone.

use std::collections::BTreeMap;

use accord_documents::Document;

use super::candidates::Span;
use super::candidates::amounts::{self, Amount};
use super::candidates::dates::{self, DateCandidate};
use super::labels::{self, Label, LabelHit};
use super::totals::{self, TotalRow};
use super::view::{Segment, View};

/// A document with its labels, numbers, dates and rows of totals, each in visual order.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    /// The layout.
    pub(crate) view: View,
    /// The labels.
    pub(crate) labels: Vec<LabelHit>,
    /// The numbers outside of dates.
    pub(crate) amounts: Vec<Amount>,
    /// The dates.
    pub(crate) dates: Vec<DateCandidate>,
    /// The rows that name a sum.
    pub(crate) totals: Vec<TotalRow>,
    /// The median height of the segments in the units of their boxes; 0 without boxes.
    pub(crate) usual_height: f64,
    folded_segments: Vec<String>,
}

/// Segments in which repetitions of a name are counted.
const MAXIMUM_SEGMENTS_FOR_OCCURRENCES: usize = 600;

/// Currency codes that are looked for in the text; others are too easily words.
const CURRENCY_CODES: [&str; 22] = [
    "EUR", "USD", "GBP", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "MYR", "SGD", "INR", "JPY", "AUD", "CAD", "HUF",
    "RON", "BGN", "CNY", "HKD", "THB", "NZD",
];

impl Reading {
    /// Recognises what the document holds.
    pub(crate) fn new(document: &Document) -> Self {
        let view = View::new(document);
        let labels = labels::find(&view);
        let mut dates = dates::collect(&view);
        dates.sort_by_key(|date| date.span);
        let taken: Vec<Span> = dates.iter().map(|date| date.span).collect();
        let amounts = amounts::collect(&view, &taken);
        let mut totals = totals::find(&view);
        totals::settle_rounding(&view, &amounts, &mut totals);
        totals::settle_bases(&view, &amounts, &mut totals);
        let folded_segments = view.segments.iter().map(folded).collect();
        Self {
            usual_height: usual_height(&view),
            folded_segments,
            view,
            labels,
            amounts,
            dates,
            totals,
        }
    }

    /// In how many segments a folded text occurs.
    pub(crate) fn occurrences(&self, folded: &str) -> usize {
        if folded.is_empty() {
            return 0;
        }
        let looked_at = self.folded_segments.iter().take(MAXIMUM_SEGMENTS_FOR_OCCURRENCES);
        looked_at.filter(|segment| segment.contains(folded)).count()
    }

    /// The segment at a place of the view.
    pub(crate) fn segment(&self, index: usize) -> Option<&Segment> {
        self.view.segments.get(index)
    }

    /// The numbers of a segment.
    pub(crate) fn amounts_in(&self, segment: usize) -> &[Amount] {
        slice_of(&self.amounts, segment, |amount| amount.span.segment)
    }

    /// The dates of a segment.
    pub(crate) fn dates_in(&self, segment: usize) -> &[DateCandidate] {
        slice_of(&self.dates, segment, |date| date.span.segment)
    }

    /// The labels of a segment.
    pub(crate) fn labels_in(&self, segment: usize) -> &[LabelHit] {
        slice_of(&self.labels, segment, |hit| hit.segment)
    }

    /// The labels of one kind, in visual order.
    pub(crate) fn labels_of(&self, label: Label) -> impl Iterator<Item = &LabelHit> {
        self.labels.iter().filter(move |hit| hit.label == label)
    }

    /// Whether a segment has a label of the kind.
    pub(crate) fn has_label(&self, segment: usize, label: Label) -> bool {
        self.labels_in(segment).iter().any(|hit| hit.label == label)
    }

    /// The rows of totals that begin in a segment.
    pub(crate) fn total_in(&self, segment: usize) -> Option<&TotalRow> {
        slice_of(&self.totals, segment, |total| total.segment).first()
    }

    /// The amounts that a row of totals names.
    pub(crate) fn amounts_of(&self, total: &TotalRow) -> Vec<&Amount> {
        totals::amounts_of(&self.view, &self.amounts, &self.totals, total)
    }

    /// The currency that most marks beside amounts and codes in the text name; none when nothing does, or two do as often.
    pub(crate) fn currency(&self) -> Option<&'static str> {
        let mut votes: BTreeMap<&'static str, usize> = BTreeMap::new();
        for amount in &self.amounts {
            if let Some(code) = amount.currency.filter(|code| !code.is_empty()) {
                *votes.entry(code).or_default() += 2;
            }
        }
        for segment in &self.view.segments {
            for code in CURRENCY_CODES {
                let named = segment.text.contains(code)
                    && segment
                        .text
                        .split(|character: char| !character.is_alphanumeric())
                        .any(|word| word == code);
                if named {
                    *votes.entry(code).or_default() += 3;
                }
            }
            if segment.tokens.len() < 12 && segment.text.contains('€') {
                *votes.entry("EUR").or_default() += 1;
            }
        }
        if votes.is_empty() {
            votes.extend(self.krona().map(|code| (code, 1)));
        }
        let best = votes.values().copied().max()?;
        let mut winners = votes.iter().filter(|(_, count)| **count == best).map(|(code, _)| *code);
        let winner = winners.next()?;
        winners.next().is_none().then_some(winner)
    }

    /// Which crown `kr` means, by words that only one of the Nordic languages has.
    fn krona(&self) -> Option<&'static str> {
        let marked = self.amounts.iter().any(|amount| amount.currency == Some(""));
        let says = |words: &[&str]| {
            self.view
                .segments
                .iter()
                .any(|segment| words.iter().any(|word| segment.has_word(word)))
        };
        if !marked {
            None
        } else if says(&[
            "moms",
            "momsregnr",
            "forfallodatum",
            "organisationsnummer",
            "bankgiro",
            "oresavrundning",
        ]) {
            if says(&["cvr", "betales", "forfaldsdato"]) {
                Some("DKK")
            } else {
                Some("SEK")
            }
        } else if says(&["mva", "organisasjonsnummer", "forfallsdato", "kontonummer"]) {
            Some("NOK")
        } else {
            None
        }
    }
}

fn folded(segment: &Segment) -> String {
    let words: Vec<&str> = segment.tokens.iter().map(|token| token.folded.as_str()).collect();
    words.join(" ")
}

fn usual_height(view: &View) -> f64 {
    let mut heights: Vec<f32> = view
        .segments
        .iter()
        .filter_map(|segment| segment.bounds)
        .map(|bounds| bounds.bottom - bounds.top)
        .collect();
    heights.sort_by(f32::total_cmp);
    heights.get(heights.len() / 2).copied().map_or(0.0, f64::from)
}

fn slice_of<T>(sorted: &[T], segment: usize, segment_of: impl Fn(&T) -> usize) -> &[T] {
    let from = sorted.partition_point(|item| segment_of(item) < segment);
    let to = sorted.partition_point(|item| segment_of(item) <= segment);
    sorted.get(from..to).unwrap_or_default()
}
