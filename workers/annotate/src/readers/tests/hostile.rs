//! Hostile and huge documents: no panic, no runaway time.

use std::time::{Duration, Instant};

use accord_documents::{Bounds, Document, Line, Page, Word};
use proptest::prelude::*;

use super::documents::{INVOICE, RECEIPT, page};
use super::{fields, read};
use crate::readers::{READER_NAMES, ReaderInput, reader, train};

/// Pieces that look like parts of invoices, and pieces that break things.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,12}",
        "[0-9.,'/ -]{1,24}",
        "[A-ZÄÖÜa-zß.&()/]{1,14}",
        prop::sample::select(vec![
            "TOTAL",
            "Rechnungsnr.",
            "Date:",
            "RM",
            "€",
            "19%",
            "USt-ID",
            "DE123456788",
            "Seller:",
            "Bill to",
            "Gesamt",
            "Menge",
            "Preis",
            "(",
            "S/B",
            "12/13/2099",
            "99999999999999999999",
            "-,",
            "1.234.567,89-",
            "0000-00-00",
            "31/02/2020",
            "· 1 · 12345 X",
            "\u{202e}",
            "İ",
            "ﬀ",
            "e\u{301}",
            "Nº",
            "Rounding 0.01",
        ])
        .prop_map(str::to_owned),
    ]
}

fn bounds() -> impl Strategy<Value = Option<Bounds>> {
    let edge = prop_oneof![-50.0_f32..900.0, Just(f32::NAN), Just(f32::INFINITY), Just(0.0_f32)];
    prop::option::of(
        (edge.clone(), edge.clone(), edge.clone(), edge).prop_map(|(left, top, right, bottom)| Bounds {
            left,
            top,
            right,
            bottom,
        }),
    )
}

fn document() -> impl Strategy<Value = Document> {
    let word = (piece(), bounds()).prop_map(|(text, bounds)| Word { text, bounds });
    let line = (prop::collection::vec(word, 0..6), 0_u32..30).prop_map(|(words, row)| Line { words, row });
    let page = prop::collection::vec(line, 0..40).prop_map(|lines| Page {
        width: 600.0,
        height: 0.0,
        lines,
    });
    prop::collection::vec(page, 0..3).prop_map(|pages| Document {
        pages,
        invoice_xml: None,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_document_makes_a_reader_panic(document in document()) {
        for template in ["invoice", "receipt"] {
            let fields = fields(template);
            for name in READER_NAMES {
                let answers = read(name, &document, &fields);
                prop_assert_eq!(answers.len(), fields.len());
                prop_assert_eq!(&answers, &read(name, &document, &fields));
            }
        }
    }
}

#[test]
fn training_on_documents_without_content_does_not_panic() {
    let fields = fields("invoice");
    let empty = Document::default();
    let gold = accord_domain::answers_from_json(
        &fields,
        serde_json::json!({ "invoice_number": "1", "gross_total": "2.00" })
            .as_object()
            .unwrap(),
    )
    .unwrap();
    let samples: Vec<_> = (0..12).map(|_| (empty.clone(), gold.clone())).collect();
    assert!(train(&samples, &fields).is_err());
}

/// Two hundred crowded pages, with totals on each.
#[test]
fn a_document_of_two_hundred_pages_is_read_in_good_time() {
    let one = page(&format!("{INVOICE}\n{RECEIPT}\n{INVOICE}"));
    let pages: Vec<Page> = one.pages.iter().cycle().take(200).cloned().collect();
    let document = Document {
        pages,
        invoice_xml: None,
    };
    let fields = fields("invoice");
    for name in READER_NAMES {
        let started = Instant::now();
        let made = reader(name, None).unwrap();
        made.read(&ReaderInput {
            document: &document,
            fields: &fields,
        });
        let taken = started.elapsed();
        assert!(taken < Duration::from_secs(20), "{name} took {taken:?}");
    }
}
