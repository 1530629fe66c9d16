//! Embedded electronic invoices of real files against their gold fields.

use std::path::Path;

use accord_documents::{ElectronicInvoice, InvoiceLine, Limits, invoice_xml, read_document};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::shared;

/// Fields whose gold is not what the XML says, and why.
fn is_taken_from_elsewhere(field: &str, record: &Value) -> bool {
    // The due date of these is only printed on the page; the XML has no payment terms.
    field == "due_date" && record["extra"]["due_date_source"] == "pdf-text"
}

fn embedded(pdf: &Path) -> ElectronicInvoice {
    let bytes = std::fs::read(pdf).unwrap();
    let read = read_document(&bytes, None, &Limits::default()).unwrap();
    let xml = read
        .document
        .invoice_xml
        .unwrap_or_else(|| panic!("{} has no invoice inside", pdf.display()));
    invoice_xml::parse_invoice(&xml).unwrap()
}

fn plain(pdf: &Path) -> ElectronicInvoice {
    let bytes = std::fs::read(pdf.with_extension("xml")).unwrap();
    let read = read_document(&bytes, None, &Limits::default()).unwrap();
    invoice_xml::parse_invoice(&read.document.invoice_xml.unwrap()).unwrap()
}

fn header(invoice: &ElectronicInvoice) -> [(&'static str, &Option<String>); 10] {
    [
        ("invoice_number", &invoice.invoice_number),
        ("issue_date", &invoice.issue_date),
        ("due_date", &invoice.due_date),
        ("seller_name", &invoice.seller_name),
        ("seller_vat_id", &invoice.seller_vat_id),
        ("buyer_name", &invoice.buyer_name),
        ("currency", &invoice.currency),
        ("net_total", &invoice.net_total),
        ("tax_total", &invoice.tax_total),
        ("gross_total", &invoice.gross_total),
    ]
}

fn line_fields(line: &InvoiceLine) -> [(&'static str, &Option<String>); 9] {
    [
        ("description", &line.description),
        ("quantity", &line.quantity),
        ("unit_price", &line.unit_price),
        ("line_total", &line.line_total),
        ("line_id", &line.line_identifier),
        ("parent_line_id", &line.parent_line_identifier),
        ("line_status", &line.line_status),
        ("unit_code", &line.unit_code),
        ("price_basis_quantity", &line.price_basis_quantity),
    ]
}

/// Equal as decimals where both are, else letter by letter.
fn is_equal(gold: Option<&str>, read: Option<&str>) -> bool {
    match (gold, read) {
        (Some(gold), Some(read)) => match (gold.parse::<Decimal>(), read.parse::<Decimal>()) {
            (Ok(gold), Ok(read)) => gold == read,
            _ => gold == read,
        },
        (None, None) => true,
        _ => false,
    }
}

fn differences(record: &Value, invoice: &ElectronicInvoice) -> Vec<String> {
    let gold = &record["gold"];
    let mut differences = Vec::new();
    for (field, read) in header(invoice) {
        let expected = gold[field].as_str();
        if !is_taken_from_elsewhere(field, record) && !is_equal(expected, read.as_deref()) {
            differences.push(format!("{field}: gold {expected:?}, read {read:?}"));
        }
    }
    let lines = gold["line_items"].as_array().unwrap();
    if lines.len() != invoice.line_items.len() {
        let (gold, read) = (lines.len(), invoice.line_items.len());
        differences.push(format!("line_items: gold {gold}, read {read}"));
    }
    for (number, (gold, line)) in lines.iter().zip(&invoice.line_items).enumerate() {
        for (field, read) in line_fields(line) {
            let expected = gold[field].as_str();
            // The gold leaves out a price basis of one.
            let is_omitted =
                field == "price_basis_quantity" && expected.is_none() && is_equal(Some("1"), read.as_deref());
            if !is_omitted && !is_equal(expected, read.as_deref()) {
                differences.push(format!("line {number} {field}: gold {expected:?}, read {read:?}"));
            }
        }
    }
    differences
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures are worth seeing")]
fn every_field_that_the_xml_holds_is_exact() {
    let Some(invoices) = shared::invoices() else {
        return;
    };
    let folder = invoices.join("zugferd");
    let mut wrong = Vec::new();
    let mut count = 0;
    for path in shared::files(&folder, "json") {
        let record: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let pdf = folder.join(record["pdf"].as_str().unwrap());
        let invoice = embedded(&pdf);
        assert_eq!(invoice, plain(&pdf), "{}: embedded and plain XML", pdf.display());
        let of_file = differences(&record, &invoice);
        wrong.extend(of_file.into_iter().map(|text| format!("{}: {text}", record["id"])));
        count += 1;
    }
    println!("{count} invoices compared, {} differences", wrong.len());
    assert!(count >= 20);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn stripped_files_carry_no_invoice() {
    let Some(invoices) = shared::invoices() else {
        return;
    };
    for pdf in shared::files(&invoices.join("zugferd/stripped"), "pdf") {
        let bytes = std::fs::read(&pdf).unwrap();
        let read = read_document(&bytes, None, &Limits::default()).unwrap();
        assert_eq!(read.document.invoice_xml, None, "{}", pdf.display());
    }
}
