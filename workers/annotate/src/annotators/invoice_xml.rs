//! The reader of electronic invoices as an annotator: exact where the document carries its own data.

use std::time::Instant;

use accord_documents::invoice_xml::{ElectronicInvoice, InvoiceLine, parse_invoice};
use accord_domain::normalise::normalise_plain;
use accord_domain::{Answer, Answers, Field, Provenance};
use async_trait::async_trait;
use serde_json::{Map, Value};

use super::{AnnotatorInput, AnnotatorOutput, AttemptError, AutomaticAnnotator};

/// The version of the mapping from invoice to fields.
const VERSION: &str = "invoice_xml 1";

/// Answers from the XML that an electronic invoice carries; abstains from documents without one.
#[derive(Debug, Clone, Copy, Default)]
pub struct InvoiceXmlAnnotator;

#[async_trait]
impl AutomaticAnnotator for InvoiceXmlAnnotator {
    async fn annotate(&self, input: &AnnotatorInput) -> Result<AnnotatorOutput, AttemptError> {
        let started = Instant::now();
        let fields = &input.project.definition.fields;
        let answers = read_invoice(fields, input.document.invoice_xml.as_deref());
        Ok(AnnotatorOutput {
            answers,
            provenance: Provenance {
                blind: true,
                latency_milliseconds: i64::try_from(started.elapsed().as_millis()).ok(),
                code_version: VERSION.to_owned(),
                ..Provenance::default()
            },
        })
    }
}

/// The answers that the XML holds. What it leaves out may still stand on the page, so that is an abstention.
#[must_use]
pub fn read_invoice(fields: &[Field], xml: Option<&str>) -> Answers {
    let Some(xml) = xml else {
        return fields
            .iter()
            .map(|field| (field.name.clone(), Answer::Abstained))
            .collect();
    };
    match parse_invoice(xml) {
        Ok(invoice) => {
            let values = values_of(&invoice);
            fields
                .iter()
                .map(|field| (field.name.clone(), answer(field, &values)))
                .collect()
        }
        Err(error) => super::all_failed(fields, &format!("the electronic invoice cannot be read: {error}")),
    }
}

fn answer(field: &Field, values: &Map<String, Value>) -> Answer {
    match values.get(field.name.as_str()) {
        None | Some(Value::Null) => Answer::Abstained,
        Some(Value::String(text)) => Answer::Value(normalise_plain(field, text)),
        Some(structure) => Answer::Value(normalise_plain(field, &structure.to_string())),
    }
}

fn values_of(invoice: &ElectronicInvoice) -> Map<String, Value> {
    let single = [
        ("invoice_number", &invoice.invoice_number),
        ("issue_date", &invoice.issue_date),
        ("due_date", &invoice.due_date),
        ("seller_name", &invoice.seller_name),
        ("seller_address", &invoice.seller_address),
        ("seller_vat_id", &invoice.seller_vat_id),
        ("buyer_name", &invoice.buyer_name),
        ("currency", &invoice.currency),
        ("net_total", &invoice.net_total),
        ("tax_total", &invoice.tax_total),
        ("gross_total", &invoice.gross_total),
    ];
    let mut values: Map<String, Value> = single
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.clone().into()))
        .collect();
    if !invoice.line_items.is_empty() {
        let lines = invoice
            .line_items
            .iter()
            .filter(|line| !is_subtotal(line))
            .map(line_of)
            .collect();
        values.insert("line_items".to_owned(), Value::Array(lines));
    }
    values
}

/// Rows that only add up others are not lines of their own.
fn is_subtotal(line: &InvoiceLine) -> bool {
    line.line_status.as_deref() == Some("GROUP")
}

fn line_of(line: &InvoiceLine) -> Value {
    serde_json::json!({
        "description": line.description,
        "quantity": line.quantity.as_deref().map(unmistakable),
        "unit_price": line.unit_price.as_deref().map(unmistakable),
        "line_total": line.line_total.as_deref().map(unmistakable),
    })
}

/// XML writes decimals with a point. Three of them look like a thousands separator on a printed page; four do not.
fn unmistakable(number: &str) -> String {
    match number.split_once('.') {
        Some((_, decimals)) if decimals.len() == 3 => format!("{number}0"),
        _ => number.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_decimals_do_not_become_thousands() {
        assert_eq!(unmistakable("1.000"), "1.0000");
        assert_eq!(unmistakable("1.00"), "1.00");
        assert_eq!(unmistakable("1000"), "1000");
    }

    #[test]
    fn a_document_without_xml_gets_abstentions() {
        let project = accord_domain::template("invoice").unwrap();
        let answers = read_invoice(&project.fields, None);
        assert_eq!(answers.len(), project.fields.len());
        assert!(answers.values().all(|answer| *answer == Answer::Abstained));
    }

    #[test]
    fn broken_xml_is_a_failure_and_not_an_abstention() {
        let project = accord_domain::template("invoice").unwrap();
        let answers = read_invoice(&project.fields, Some("<Invoice"));
        assert!(answers.values().all(|answer| matches!(answer, Answer::Failed { .. })));
    }
}
