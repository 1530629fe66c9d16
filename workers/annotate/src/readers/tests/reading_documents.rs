//! What each reader answers on a plain receipt and a plain invoice.

use super::documents::{INVOICE, RECEIPT, page};
use super::{canonical, fields, read};
use crate::readers::{READER_NAMES, ReaderError, reader};

/// A reader and the canonical answers expected of it, by field.
type Expected = (&'static str, &'static [(&'static str, &'static str)]);

const RECEIPT_ANSWERS: [Expected; 5] = [
    (
        "labelled_anchors",
        &[
            ("company", "kedaibukuserimajusdnbhd"),
            ("date", "2018-02-14"),
            ("total", "15.55"),
        ],
    ),
    (
        "layout_geometry",
        &[
            ("company", "kedaibukuserimajusdnbhd"),
            ("date", "2018-02-14"),
            ("total", "15.55"),
        ],
    ),
    (
        "candidate_ranking",
        &[
            ("company", "kedaibukuserimajusdnbhd"),
            ("date", "2018-02-14"),
            ("total", "15.55"),
        ],
    ),
    (
        "arithmetic_search",
        &[("company", "abstained"), ("date", "abstained"), ("total", "15.55")],
    ),
    (
        "header_position",
        &[
            ("company", "kedaibukuserimajusdnbhd"),
            ("date", "abstained"),
            ("total", "abstained"),
        ],
    ),
];

#[test]
fn every_reader_reads_the_receipt_in_its_way() {
    let (document, fields) = (page(RECEIPT), fields("receipt"));
    for (name, expected) in RECEIPT_ANSWERS {
        let answers = read(name, &document, &fields);
        assert_eq!(answers.len(), fields.len());
        for (field, value) in expected {
            assert_eq!(canonical(&answers, field), *value, "{name} on {field}");
        }
    }
    for name in [
        "labelled_anchors",
        "layout_geometry",
        "candidate_ranking",
        "header_position",
    ] {
        let address = canonical(&read(name, &document, &fields), "address");
        assert!(
            address.contains("mawar") && address.contains("kajang") && !address.contains("8733"),
            "{name}: {address}"
        );
    }
}

const INVOICE_ANSWERS: [Expected; 5] = [
    (
        "labelled_anchors",
        &[
            ("invoice_number", "RE-2023/118"),
            ("issue_date", "2023-05-03"),
            ("due_date", "2023-06-02"),
            ("seller_vat_id", "DE123456788"),
            ("currency", "EUR"),
            ("net_total", "572.00"),
            ("tax_total", "108.68"),
            ("gross_total", "680.68"),
        ],
    ),
    (
        "layout_geometry",
        &[
            ("invoice_number", "RE-2023/118"),
            ("issue_date", "2023-05-03"),
            ("due_date", "2023-06-02"),
            ("seller_name", "holzwerkaurachgmbh"),
            ("buyer_name", "schreinereilindnerkg"),
            ("net_total", "572.00"),
            ("tax_total", "108.68"),
            ("gross_total", "680.68"),
        ],
    ),
    (
        "candidate_ranking",
        &[
            ("invoice_number", "RE-2023/118"),
            ("issue_date", "2023-05-03"),
            ("due_date", "2023-06-02"),
            ("seller_name", "holzwerkaurachgmbh"),
            ("buyer_name", "schreinereilindnerkg"),
            ("seller_vat_id", "DE123456788"),
            ("net_total", "572.00"),
            ("tax_total", "108.68"),
            ("gross_total", "680.68"),
        ],
    ),
    (
        "arithmetic_search",
        &[
            ("invoice_number", "abstained"),
            ("net_total", "572.00"),
            ("tax_total", "108.68"),
            ("gross_total", "680.68"),
        ],
    ),
    (
        "header_position",
        &[
            ("seller_name", "holzwerkaurachgmbh"),
            ("buyer_name", "schreinereilindnerkg"),
            ("gross_total", "abstained"),
        ],
    ),
];

#[test]
fn every_reader_reads_the_invoice_in_its_way() {
    let (document, fields) = (page(INVOICE), fields("invoice"));
    for (name, expected) in INVOICE_ANSWERS {
        let answers = read(name, &document, &fields);
        for (field, value) in expected {
            assert_eq!(canonical(&answers, field), *value, "{name} on {field}");
        }
    }
}

#[test]
fn positions_are_read_by_text_by_columns_and_by_products() {
    let (document, fields) = (page(INVOICE), fields("invoice"));
    for name in ["labelled_anchors", "layout_geometry", "arithmetic_search"] {
        let items: serde_json::Value =
            serde_json::from_str(&canonical(&read(name, &document, &fields), "line_items")).unwrap();
        let expected = serde_json::json!([
            { "description": "eichenbohle 40 mm", "quantity": "12", "unit_price": "38.5", "line_total": "462.00" },
            { "description": "zuschnitt", "quantity": "2", "unit_price": "55", "line_total": "110.00" },
        ]);
        assert_eq!(items, expected, "{name}");
    }
}

#[test]
fn geometry_abstains_from_text_without_boxes() {
    let limits = accord_documents::Limits::default();
    let document = accord_documents::text::document_from_text(INVOICE, &limits).unwrap();
    let fields = fields("invoice");
    let answers = read("layout_geometry", &document, &fields);
    assert!(answers.values().all(|answer| answer.status() == "abstained"));
    let anchors = read("labelled_anchors", &document, &fields);
    assert_eq!(canonical(&anchors, "gross_total"), "680.68");
    assert_eq!(canonical(&anchors, "invoice_number"), "RE-2023/118");
}

#[test]
fn unknown_fields_are_abstained_from() {
    let fields = fields("text-classification");
    for name in READER_NAMES {
        assert_eq!(
            canonical(&read(name, &page(INVOICE), &fields), "label"),
            "abstained",
            "{name}"
        );
    }
}

#[test]
fn the_lack_of_a_tax_number_is_said_only_when_none_is_announced() {
    let fields = fields("invoice");
    let without = INVOICE.replace("USt-IdNr. DE123456788", "");
    assert_eq!(
        canonical(&read("labelled_anchors", &page(&without), &fields), "seller_vat_id"),
        "absent"
    );
    let unreadable = INVOICE.replace("DE123456788", "D? 12");
    assert_eq!(
        canonical(&read("labelled_anchors", &page(&unreadable), &fields), "seller_vat_id"),
        "abstained"
    );
}

#[test]
fn readers_are_made_by_name() {
    for name in READER_NAMES {
        let made = reader(name, None).unwrap();
        assert_eq!(made.name(), name);
        assert!(!made.version().is_empty());
    }
    let error = reader("crystal_ball", None).map(|_| ()).unwrap_err();
    assert!(matches!(error, ReaderError::UnknownReader { .. }));
    assert!(error.to_string().contains("labelled_anchors"), "{error}");
}
