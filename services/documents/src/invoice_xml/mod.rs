//! Electronic invoices: UN/CEFACT Cross Industry Invoice (ZUGFeRD 1.0, ZUGFeRD 2 and Factur-X in all profiles, XRechnung CII) and UBL 2.1
//! (XRechnung, Peppol), read into the business terms of EN 16931.

mod cii;
mod tree;
mod ubl;
mod values;

use serde::{Deserialize, Serialize};

use crate::error::DocumentError;

/// Which standard an XML invoice follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceKind {
    /// ZUGFeRD 1.0 (`CrossIndustryDocument`).
    CrossIndustryDocument,
    /// ZUGFeRD 2, Factur-X and XRechnung in CII (`CrossIndustryInvoice`).
    CrossIndustryInvoice,
    /// UBL 2.1 `Invoice`.
    UblInvoice,
    /// UBL 2.1 `CreditNote`.
    UblCreditNote,
}

/// The fields of an electronic invoice. Numbers are plain decimals with a point, dates are ISO 8601; what the invoice does not hold is `None`.
///
/// Money stays the text that the invoice has, so that nothing is rounded here.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ElectronicInvoice {
    /// BT-1, the number of the invoice.
    pub invoice_number: Option<String>,
    /// BT-2, the date of issue.
    pub issue_date: Option<String>,
    /// BT-9, the last day for paying the full amount: the latest where there are several because of early-payment discounts.
    /// Where only the words of the payment terms (BT-20) hold it, it is taken from them if they leave no doubt.
    pub due_date: Option<String>,
    /// BT-27, the name of the seller.
    pub seller_name: Option<String>,
    /// BG-5 (BT-35, BT-36, BT-162, BT-38, BT-37), street, post code and town of the seller on one line, without the country code.
    pub seller_address: Option<String>,
    /// BT-31, the VAT identifier of the seller.
    pub seller_vat_id: Option<String>,
    /// BT-44, the name of the buyer.
    pub buyer_name: Option<String>,
    /// BT-5, the currency of the amounts (ISO 4217).
    pub currency: Option<String>,
    /// BT-109, the total without tax, with two decimals.
    pub net_total: Option<String>,
    /// BT-110, the total tax in the currency of the invoice, with two decimals.
    pub tax_total: Option<String>,
    /// BT-112, the total with tax, with two decimals (not what remains to be paid, BT-115).
    pub gross_total: Option<String>,
    /// BG-25, the lines in the order of the invoice, subtotals and free-text lines included.
    pub line_items: Vec<InvoiceLine>,
}

/// One line of an electronic invoice (BG-25).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct InvoiceLine {
    /// BT-153, the name of the item.
    pub description: Option<String>,
    /// BT-129, the invoiced quantity.
    pub quantity: Option<String>,
    /// BT-146, the net price of the item, for [`Self::price_basis_quantity`] of it.
    pub unit_price: Option<String>,
    /// BT-131, the net amount of the line, with two decimals.
    pub line_total: Option<String>,
    /// BT-126, the identifier of the line.
    pub line_identifier: Option<String>,
    /// BT-X-304, the identifier of the line that this one belongs to (Factur-X EXTENDED).
    pub parent_line_identifier: Option<String>,
    /// BT-X-8, what the line is: `DETAIL`, `GROUP` (a subtotal that is not to be added) or `INFORMATION` (Factur-X EXTENDED).
    pub line_status: Option<String>,
    /// BT-130, the unit of the quantity (UN/ECE Recommendation 20).
    pub unit_code: Option<String>,
    /// BT-149, the quantity that the price is for, when it is given.
    pub price_basis_quantity: Option<String>,
}

/// The standard that an XML text follows, by its root element; `None` for any other XML and for what is no XML.
#[must_use]
pub fn root_kind(xml: &str) -> Option<InvoiceKind> {
    let (name, namespace) = tree::root_name(xml.trim_start_matches('\u{feff}'))?;
    match name.as_str() {
        "CrossIndustryDocument" => Some(InvoiceKind::CrossIndustryDocument),
        "CrossIndustryInvoice" => Some(InvoiceKind::CrossIndustryInvoice),
        "Invoice" if namespace.contains("ubl:schema:xsd:Invoice") => Some(InvoiceKind::UblInvoice),
        "CreditNote" if namespace.contains("ubl:schema:xsd:CreditNote") => Some(InvoiceKind::UblCreditNote),
        _ => None,
    }
}

/// Reads the fields of an electronic invoice.
///
/// # Errors
/// `Unsupported` when the root is not that of an invoice, `Broken` when the XML is not well-formed, declares a document type or is nested too
/// deeply.
pub fn parse_invoice(xml: &str) -> Result<ElectronicInvoice, DocumentError> {
    let xml = xml.trim_start_matches('\u{feff}');
    // Well-formedness and the refusal of document types come first: they are the better message.
    let root = tree::parse(xml)?;
    match root_kind(xml) {
        Some(InvoiceKind::CrossIndustryDocument | InvoiceKind::CrossIndustryInvoice) => Ok(cii::read(&root)),
        Some(InvoiceKind::UblInvoice | InvoiceKind::UblCreditNote) => Ok(ubl::read(&root)),
        None => Err(DocumentError::Unsupported {
            found: format!("XML with the root element {}", root.name),
        }),
    }
}

/// Street, post code and town on one line.
fn join_address(street: Vec<Option<String>>, post_code: Option<String>, town: Option<String>) -> Option<String> {
    let town: Vec<String> = [post_code, town].into_iter().flatten().collect();
    let town = (!town.is_empty()).then(|| town.join(" "));
    let parts: Vec<String> = street.into_iter().chain([town]).flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
