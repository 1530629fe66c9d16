//! The samples as files: that they repeat, and that what is in them is what their gold says.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

use std::collections::{HashMap, HashSet};
use std::io::Cursor;
use std::sync::LazyLock;

use accord_samples::{
    GoldFile, Presence, SampleInvoice, ScanKind, XmlInvoice, generate, generate_xrechnung, samples, write_folder,
};
use lopdf::{Document, Object};
use quick_xml::events::Event;
use rust_decimal::Decimal;

const COUNT: usize = 72;

/// The samples that most tests read.
static SAMPLES: LazyLock<Vec<SampleInvoice>> = LazyLock::new(|| generate(1, COUNT).unwrap());

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let again = generate(1, 20).unwrap();
    assert!(again == SAMPLES[..20]);
    let other = generate(2, 20).unwrap();
    assert!(other.iter().zip(&again).all(|(left, right)| left.pdf != right.pdf));
}

#[test]
fn a_folder_holds_a_pdf_and_a_gold_file_for_each() {
    let folder = tempfile::tempdir().unwrap();
    let mut reported = Vec::new();
    let ids = write_folder(&folder.path().join("new/samples"), 3, 4, |count| reported.push(count)).unwrap();
    assert_eq!(ids, ["sample-001", "sample-002", "sample-003", "sample-004"]);
    assert_eq!(reported, [1, 2, 3, 4]);
    for (id, sample) in ids.iter().zip(samples(3)) {
        let sample = sample.unwrap();
        let folder = folder.path().join("new/samples");
        assert!(std::fs::read(folder.join(format!("{id}.pdf"))).unwrap() == sample.pdf);
        let gold = std::fs::read_to_string(folder.join(format!("{id}.gold.json"))).unwrap();
        let gold: serde_json::Value = serde_json::from_str(&gold).unwrap();
        assert_eq!(gold["pdf"], format!("{id}.pdf"));
        assert_eq!(gold["gold"]["invoice_number"], sample.gold.gold.invoice_number);
        assert!(gold["gold_in_text"]["gross_total"].is_boolean());
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("taken");
    std::fs::write(&file, "").unwrap();
    let error = write_folder(&file, 1, 1, |_| {}).unwrap_err();
    assert!(error.to_string().contains("taken"), "{error}");
}

#[test]
fn the_arithmetic_is_as_flagged() {
    let decimal = |text: &str| text.parse::<Decimal>().unwrap();
    let mut misprints = 0;
    for sample in SAMPLES.iter() {
        let (gold, flags) = (&sample.gold.gold, sample.gold.arithmetic);
        let difference = decimal(&gold.net_total) + decimal(&gold.tax_total) - decimal(&gold.gross_total);
        assert_eq!(difference.is_zero(), flags.net_plus_tax_equals_gross, "{}", sample.id);
        assert!(difference.abs() <= Decimal::new(1, 2), "{}", sample.id);
        misprints += usize::from(!difference.is_zero());
        let lines: Decimal = gold.line_items.iter().map(|line| decimal(&line.line_total)).sum();
        assert_eq!(
            lines == decimal(&gold.net_total),
            flags.lines_sum_to_net_total,
            "{}",
            sample.id
        );
        let extra = &sample.gold.extra;
        let net = lines - decimal(&extra.allowance_total) + decimal(&extra.charge_total);
        assert_eq!(net, decimal(&gold.net_total), "{}", sample.id);
        for line in &gold.line_items {
            let product = decimal(&line.quantity) * decimal(&line.unit_price);
            assert!(
                (product - decimal(&line.line_total)).abs() <= Decimal::new(5, 3),
                "{line:?}"
            );
        }
    }
    assert!((1..8).contains(&misprints), "{misprints}");
}

#[test]
fn another_reader_finds_the_gold_where_it_is_said_to_be() {
    for sample in SAMPLES.iter() {
        let text = pdf_extract::extract_text_from_mem(&sample.pdf).expect(&sample.id);
        let text: String = text.chars().filter(|character| !character.is_whitespace()).collect();
        let file = &sample.gold;
        let counted = text.chars().count();
        assert!(
            counted.abs_diff(file.text_layer_chars) <= file.text_layer_chars / 50,
            "{}: {counted}",
            sample.id
        );
        let expect_text = |presence: Presence, value: &str| {
            let value: String = value.chars().filter(|character| !character.is_whitespace()).collect();
            let found = text.contains(&value) || text.contains(&value.to_uppercase());
            assert_eq!(found, presence == Presence::Present, "{}: {value}", sample.id);
        };
        expect_text(file.gold_in_text.invoice_number, &file.gold.invoice_number);
        expect_text(file.gold_in_text.seller_name, &file.gold.seller_name);
        expect_text(file.gold_in_text.buyer_name, &file.gold.buyer_name);
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        if file.gold_in_text.gross_total == Presence::Present {
            assert!(digits(&text).contains(&digits(&file.gold.gross_total)), "{}", sample.id);
        }
    }
}

#[test]
fn scans_are_images_and_some_have_no_text() {
    let kinds = |kind: ScanKind| SAMPLES.iter().filter(move |sample| sample.gold.scan == kind);
    assert_eq!(
        kinds(ScanKind::RecognisedText).count() + kinds(ScanKind::ImageOnly).count(),
        COUNT / 8
    );
    for sample in kinds(ScanKind::ImageOnly) {
        assert_eq!(sample.gold.text_layer_chars, 0);
        assert_eq!(sample.gold.gold_in_text.gross_total, Presence::Missing);
    }
    for sample in SAMPLES.iter() {
        let document = Document::load_mem(&sample.pdf).unwrap();
        assert_eq!(document.get_pages().len(), sample.gold.pages);
        for id in document.get_pages().values() {
            let images = document.get_page_images(*id).unwrap();
            let is_scan = sample.gold.scan != ScanKind::Drawn;
            assert_eq!(images.len(), usize::from(is_scan), "{}", sample.id);
            for image in images {
                let reader = image::ImageReader::new(Cursor::new(image.content))
                    .with_guessed_format()
                    .unwrap();
                let (width, height) = reader.into_dimensions().unwrap();
                assert_eq!((i64::from(width), i64::from(height)), (image.width, image.height));
            }
        }
    }
}

/// The content of an attachment, found the way a reader finds it.
fn attachment(document: &Document, name: &str) -> Option<Vec<u8>> {
    let names = document.catalog().ok()?.get(b"Names").ok()?.as_dict().ok()?;
    let files = names
        .get(b"EmbeddedFiles")
        .ok()?
        .as_dict()
        .ok()?
        .get(b"Names")
        .ok()?
        .as_array()
        .ok()?;
    assert_eq!(files.first()?.as_str().ok()?, name.as_bytes());
    let specification = document.get_dictionary(files.get(1)?.as_reference().ok()?).ok()?;
    let file = specification
        .get(b"EF")
        .ok()?
        .as_dict()
        .ok()?
        .get(b"F")
        .and_then(Object::as_reference)
        .ok()?;
    document
        .get_object(file)
        .ok()?
        .as_stream()
        .ok()?
        .decompressed_content()
        .ok()
}

/// The texts of all elements, by the names of the element and the one around it.
fn xml_values(xml: &str) -> HashMap<String, Vec<String>> {
    let mut reader = quick_xml::Reader::from_str(xml);
    let mut path: Vec<(String, String)> = Vec::new();
    let mut values: HashMap<String, Vec<String>> = HashMap::new();
    loop {
        let addition = match reader.read_event().unwrap() {
            Event::Start(start) => {
                let name = String::from_utf8(start.local_name().as_ref().to_vec()).unwrap();
                path.push((name, String::new()));
                continue;
            }
            Event::End(_) => {
                let (name, text) = path.pop().unwrap();
                let around = path.last().map_or("", |(name, _)| name.as_str());
                if !text.trim().is_empty() {
                    values
                        .entry(format!("{around}/{name}"))
                        .or_default()
                        .push(text.trim().to_owned());
                }
                continue;
            }
            Event::Text(text) => text.decode().unwrap().into_owned(),
            Event::GeneralRef(reference) => {
                let name = reference.decode().unwrap().into_owned();
                quick_xml::escape::resolve_predefined_entity(&name).unwrap().to_owned()
            }
            Event::Eof => return values,
            _ => continue,
        };
        if let Some((_, text)) = path.last_mut() {
            text.push_str(&addition);
        }
    }
}

#[test]
fn attached_invoices_say_what_the_gold_says() {
    let mut count = 0;
    for sample in SAMPLES.iter().filter(|sample| sample.gold.embedded_xml.is_some()) {
        let document = Document::load_mem(&sample.pdf).unwrap();
        let xml = String::from_utf8(attachment(&document, "factur-x.xml").unwrap()).unwrap();
        assert_eq!(Some(&xml), sample.invoice_xml.as_ref());
        assert!(document.catalog().unwrap().get(b"AF").is_ok());
        let values = xml_values(&xml);
        let GoldFile {
            gold, extra, type_code, ..
        } = &sample.gold;
        let first = |key: &str| values[key][0].clone();
        let summation = "SpecifiedTradeSettlementHeaderMonetarySummation";
        assert_eq!(first("ExchangedDocument/ID"), gold.invoice_number);
        assert_eq!(first("ExchangedDocument/TypeCode"), *type_code);
        assert_eq!(first("IssueDateTime/DateTimeString"), gold.issue_date.replace('-', ""));
        let due = values
            .get("DueDateDateTime/DateTimeString")
            .map(|dates| dates[0].clone());
        assert_eq!(due, gold.due_date.as_ref().map(|date| date.replace('-', "")));
        assert_eq!(first(&format!("{summation}/TaxBasisTotalAmount")), gold.net_total);
        assert_eq!(first(&format!("{summation}/TaxTotalAmount")), gold.tax_total);
        assert_eq!(first(&format!("{summation}/GrandTotalAmount")), gold.gross_total);
        assert_eq!(first(&format!("{summation}/DuePayableAmount")), extra.due_payable);
        assert_eq!(Some(first("SpecifiedTaxRegistration/ID")), gold.seller_vat_id);
        let totals: Vec<String> = gold.line_items.iter().map(|line| line.line_total.clone()).collect();
        assert_eq!(
            values["SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount"],
            totals
        );
        count += 1;
    }
    assert!((COUNT / 5 - 1..=COUNT / 5 + 1).contains(&count), "{count}");
}

#[test]
fn plain_electronic_invoices_say_what_their_gold_says() {
    let invoices = generate_xrechnung(1, 12).unwrap();
    assert_eq!(invoices, generate_xrechnung(1, 12).unwrap());
    for XmlInvoice { id, xml, gold } in invoices {
        let values = xml_values(&xml);
        let first = |key: &str| values.get(key).map(|texts| texts[0].clone());
        let root = if xml.contains("<CreditNote ") {
            "CreditNote"
        } else {
            "Invoice"
        };
        assert_eq!(first(&format!("{root}/ID")), Some(gold.invoice_number), "{id}");
        assert_eq!(first(&format!("{root}/IssueDate")), Some(gold.issue_date), "{id}");
        assert_eq!(first(&format!("{root}/DueDate")), gold.due_date, "{id}");
        assert_eq!(
            first("PartyLegalEntity/RegistrationName"),
            Some(gold.seller_name),
            "{id}"
        );
        assert_eq!(first("PartyTaxScheme/CompanyID"), gold.seller_vat_id, "{id}");
        assert_eq!(
            first("LegalMonetaryTotal/TaxExclusiveAmount"),
            Some(gold.net_total),
            "{id}"
        );
        assert_eq!(
            first("LegalMonetaryTotal/TaxInclusiveAmount"),
            Some(gold.gross_total),
            "{id}"
        );
        assert_eq!(first("TaxTotal/TaxAmount"), Some(gold.tax_total), "{id}");
        let names: Vec<String> = gold.line_items.into_iter().map(|line| line.description).collect();
        assert_eq!(values["Item/Name"], names, "{id}");
    }
}

#[test]
fn the_inbox_is_varied() {
    let distinct =
        |key: fn(&GoldFile) -> String| SAMPLES.iter().map(|sample| key(&sample.gold)).collect::<HashSet<_>>();
    assert_eq!(distinct(|gold| gold.layout.to_owned()).len(), 10);
    assert!(distinct(|gold| gold.language.to_owned()).len() >= 7);
    assert!(distinct(|gold| gold.gold.currency.clone()).len() >= 5);
    let suppliers = distinct(|gold| gold.gold.seller_name.clone()).len();
    assert!((20..60).contains(&suppliers), "{suppliers}");
    assert_eq!(
        distinct(|gold| format!("{} {}", gold.gold.seller_name, gold.gold.invoice_number)).len(),
        COUNT
    );
    assert_eq!(distinct(|gold| gold.type_code.to_owned()).len(), 2);
    assert!(SAMPLES.iter().any(|sample| sample.gold.pages > 1));
    assert!(SAMPLES.iter().any(|sample| sample.gold.gold.due_date.is_none()));
    assert!(SAMPLES.iter().any(|sample| sample.gold.gold.seller_vat_id.is_none()));
    assert!(
        SAMPLES
            .iter()
            .any(|sample| sample.gold.gold_in_text.issue_date == Presence::MonthFirst)
    );
    assert!(SAMPLES.iter().any(|sample| sample.gold.extra.buyer_vat_id.is_some()));
    assert!(
        SAMPLES
            .iter()
            .any(|sample| sample.gold.extra.due_payable != sample.gold.gold.gross_total)
    );
}
