//! UBL 2.1 invoices and credit notes, as XRechnung and Peppol use them.

use super::tree::Element;
use super::values;
use super::{ElectronicInvoice, InvoiceLine, join_address};

/// Sub-lines inside sub-lines that are read.
const MAXIMUM_LINE_DEPTH: usize = 8;

pub(super) fn read(root: &Element) -> ElectronicInvoice {
    let nothing = Element::default();
    let seller = root.at("AccountingSupplierParty/Party").unwrap_or(&nothing);
    let buyer = root.at("AccountingCustomerParty/Party").unwrap_or(&nothing);
    let totals = root.child("LegalMonetaryTotal").unwrap_or(&nothing);
    let currency = root.text_at("DocumentCurrencyCode");
    let issue_date = root.text_at("IssueDate").and_then(|text| values::date(&text));
    let amount = |name: &str| totals.text_at(name).and_then(|text| values::amount(&text));
    let mut line_items = Vec::new();
    for line in root.all("InvoiceLine").chain(root.all("CreditNoteLine")) {
        add_line(&mut line_items, line, None, 0);
    }
    ElectronicInvoice {
        invoice_number: root.text_at("ID"),
        due_date: due_date(root, issue_date.as_deref()),
        issue_date,
        seller_name: party_name(seller),
        seller_address: seller.child("PostalAddress").and_then(address),
        seller_vat_id: vat_identifier(seller),
        buyer_name: party_name(buyer),
        net_total: amount("TaxExclusiveAmount"),
        tax_total: tax_total(root, currency.as_deref()),
        gross_total: amount("TaxInclusiveAmount"),
        currency,
        line_items,
    }
}

/// A credit note has its due date with the means of payment.
fn due_date(root: &Element, issue_date: Option<&str>) -> Option<String> {
    let means = root
        .all("PaymentMeans")
        .filter_map(|means| means.text_at("PaymentDueDate"));
    let latest = root
        .text_at("DueDate")
        .into_iter()
        .chain(means)
        .filter_map(|text| values::date(&text))
        .max();
    latest.or_else(|| {
        let terms: Vec<String> = root
            .all("PaymentTerms")
            .filter_map(|terms| terms.text_at("Note"))
            .collect();
        values::due_date_in_terms(&terms, issue_date)
    })
}

fn party_name(party: &Element) -> Option<String> {
    party
        .text_at("PartyLegalEntity/RegistrationName")
        .or_else(|| party.text_at("PartyName/Name"))
}

fn address(address: &Element) -> Option<String> {
    join_address(
        vec![
            address.text_at("StreetName"),
            address.text_at("AdditionalStreetName"),
            address.text_at("AddressLine/Line"),
        ],
        address.text_at("PostalZone"),
        address.text_at("CityName"),
    )
}

fn vat_identifier(party: &Element) -> Option<String> {
    party
        .all("PartyTaxScheme")
        .find(|scheme| scheme.text_at("TaxScheme/ID").as_deref() == Some("VAT"))
        .and_then(|scheme| scheme.text_at("CompanyID"))
}

/// The total tax in the currency of the invoice; a second one may be in the seller's accounting currency (BT-111).
fn tax_total(root: &Element, currency: Option<&str>) -> Option<String> {
    let amounts: Vec<&Element> = root
        .all("TaxTotal")
        .filter_map(|total| total.child("TaxAmount"))
        .collect();
    let in_currency = amounts.iter().find(|amount| {
        amount
            .attribute("currencyID")
            .is_none_or(|given| Some(given) == currency)
    });
    let amount = in_currency.or_else(|| amounts.first())?;
    values::amount(&amount.plain_text()?)
}

fn add_line(lines: &mut Vec<InvoiceLine>, element: &Element, parent: Option<&str>, depth: usize) {
    let quantity = element.child("InvoicedQuantity|CreditedQuantity");
    let number_at = |path: &str| element.text_at(path).and_then(|text| values::number(&text));
    let identifier = element.text_at("ID");
    let has_sub_lines = element.child("SubInvoiceLine|SubCreditNoteLine").is_some();
    lines.push(InvoiceLine {
        description: element.text_at("Item/Name"),
        quantity: quantity
            .and_then(Element::plain_text)
            .and_then(|text| values::number(&text)),
        unit_price: number_at("Price/PriceAmount"),
        line_total: element
            .text_at("LineExtensionAmount")
            .and_then(|text| values::amount(&text)),
        line_identifier: identifier.clone(),
        parent_line_identifier: parent.map(str::to_owned),
        // As Factur-X marks hierarchies: what is the sum of other lines is a group (XRechnung extension).
        line_status: match (has_sub_lines, parent) {
            (true, _) => Some("GROUP".to_owned()),
            (false, Some(_)) => Some("DETAIL".to_owned()),
            (false, None) => None,
        },
        unit_code: quantity
            .and_then(|quantity| quantity.attribute("unitCode"))
            .map(str::to_owned),
        price_basis_quantity: number_at("Price/BaseQuantity"),
    });
    if has_sub_lines && depth < MAXIMUM_LINE_DEPTH {
        for line in element.all("SubInvoiceLine").chain(element.all("SubCreditNoteLine")) {
            add_line(lines, line, identifier.as_deref(), depth + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::invoice_xml::{InvoiceKind, parse_invoice, root_kind};

    const INVOICE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<ubl:Invoice xmlns:ubl="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" xmlns:cac="a" xmlns:cbc="b">
 <cbc:ID>123456XX</cbc:ID><cbc:IssueDate>2026-04-04</cbc:IssueDate>
 <cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
 <cac:AccountingSupplierParty><cac:Party>
  <cac:PartyName><cbc:Name>Trading name</cbc:Name></cac:PartyName>
  <cac:PostalAddress><cbc:StreetName>Weg 2</cbc:StreetName><cbc:CityName>Bonn</cbc:CityName><cbc:PostalZone>53111</cbc:PostalZone></cac:PostalAddress>
  <cac:PartyTaxScheme><cbc:CompanyID>123/456</cbc:CompanyID><cac:TaxScheme><cbc:ID>FC</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>
  <cac:PartyTaxScheme><cbc:CompanyID>DE123</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>
  <cac:PartyLegalEntity><cbc:RegistrationName>Seller GmbH</cbc:RegistrationName></cac:PartyLegalEntity>
 </cac:Party></cac:AccountingSupplierParty>
 <cac:AccountingCustomerParty><cac:Party><cac:PartyLegalEntity><cbc:RegistrationName>Buyer AG</cbc:RegistrationName></cac:PartyLegalEntity></cac:Party></cac:AccountingCustomerParty>
 <cac:PaymentMeans><cbc:PaymentDueDate>2026-05-04</cbc:PaymentDueDate></cac:PaymentMeans>
 <cac:TaxTotal><cbc:TaxAmount currencyID="GBP">5.00</cbc:TaxAmount></cac:TaxTotal>
 <cac:TaxTotal><cbc:TaxAmount currencyID="EUR">6.3</cbc:TaxAmount></cac:TaxTotal>
 <cac:LegalMonetaryTotal><cbc:TaxExclusiveAmount>90</cbc:TaxExclusiveAmount><cbc:TaxInclusiveAmount>96.30</cbc:TaxInclusiveAmount><cbc:PayableAmount>0</cbc:PayableAmount></cac:LegalMonetaryTotal>
 <cac:InvoiceLine><cbc:ID>1</cbc:ID><cbc:InvoicedQuantity unitCode="XPP">3</cbc:InvoicedQuantity><cbc:LineExtensionAmount>90.00</cbc:LineExtensionAmount><cac:Item><cbc:Name>Papers</cbc:Name></cac:Item><cac:Price><cbc:PriceAmount>30.0</cbc:PriceAmount><cbc:BaseQuantity>1</cbc:BaseQuantity></cac:Price></cac:InvoiceLine>
</ubl:Invoice>"#;

    #[test]
    fn an_invoice_is_read() {
        let invoice = parse_invoice(INVOICE).unwrap();
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        assert_eq!(text(&invoice.invoice_number), "123456XX");
        assert_eq!(text(&invoice.due_date), "2026-05-04");
        assert_eq!(text(&invoice.seller_name), "Seller GmbH");
        assert_eq!(text(&invoice.seller_address), "Weg 2, 53111 Bonn");
        assert_eq!(text(&invoice.seller_vat_id), "DE123");
        assert_eq!(text(&invoice.buyer_name), "Buyer AG");
        assert_eq!(text(&invoice.net_total), "90.00");
        assert_eq!(text(&invoice.tax_total), "6.30");
        assert_eq!(text(&invoice.gross_total), "96.30");
        let line = &invoice.line_items[0];
        assert_eq!(text(&line.quantity), "3");
        assert_eq!(text(&line.unit_code), "XPP");
        assert_eq!(text(&line.unit_price), "30.0");
    }

    #[test]
    fn a_credit_note_has_its_own_names() {
        let xml = INVOICE
            .replace("xsd:Invoice-2", "xsd:CreditNote-2")
            .replace("ubl:Invoice", "ubl:CreditNote")
            .replace("InvoiceLine", "CreditNoteLine")
            .replace("InvoicedQuantity", "CreditedQuantity");
        assert_eq!(root_kind(&xml), Some(InvoiceKind::UblCreditNote));
        assert_eq!(parse_invoice(&xml).unwrap(), parse_invoice(INVOICE).unwrap());
    }

    #[test]
    fn a_line_with_sub_lines_is_a_group() {
        let sub_line = "<cac:SubInvoiceLine><cbc:ID>1.1</cbc:ID><cac:Item><cbc:Name>Part</cbc:Name></cac:Item></cac:SubInvoiceLine></cac:InvoiceLine>";
        let invoice = parse_invoice(&INVOICE.replace("</cac:InvoiceLine>", sub_line)).unwrap();
        let lines: Vec<(&str, Option<&str>, Option<&str>)> = invoice
            .line_items
            .iter()
            .map(|line| {
                let identifier = line.line_identifier.as_deref().unwrap();
                let parent = line.parent_line_identifier.as_deref();
                (identifier, parent, line.line_status.as_deref())
            })
            .collect();
        let expected = [("1", None, Some("GROUP")), ("1.1", Some("1"), Some("DETAIL"))];
        assert_eq!(lines, expected);
    }

    #[test]
    fn an_invoice_element_of_another_vocabulary_is_none() {
        assert_eq!(root_kind("<Invoice xmlns='urn:other'/>"), None);
        assert_eq!(parse_invoice("<Invoice/>").unwrap_err().code(), "unsupported");
    }
}
