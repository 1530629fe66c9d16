//! The Universal Business Language (UBL 2.1) as XRechnung 3.0 uses it.

use std::io;

use rust_decimal::Decimal;

use super::{Xml, tax_category, type_code};
use crate::gold::amount;
use crate::invoice::{DocumentKind, Invoice, Line};
use crate::party::Party;

const CUSTOMIZATION: &str = "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0";
const PROCESS: &str = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0";

/// The names that differ between an invoice and a credit note.
struct Names {
    root: &'static str,
    name_space: &'static str,
    type_code: &'static str,
    line: &'static str,
    quantity: &'static str,
}

const INVOICE: Names = Names {
    root: "Invoice",
    name_space: "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2",
    type_code: "cbc:InvoiceTypeCode",
    line: "cac:InvoiceLine",
    quantity: "cbc:InvoicedQuantity",
};

const CREDIT_NOTE: Names = Names {
    root: "CreditNote",
    name_space: "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2",
    type_code: "cbc:CreditNoteTypeCode",
    line: "cac:CreditNoteLine",
    quantity: "cbc:CreditedQuantity",
};

/// The invoice as XML.
pub(super) fn write(invoice: &Invoice<'_>) -> io::Result<String> {
    let names = match invoice.kind {
        DocumentKind::Invoice => INVOICE,
        DocumentKind::CreditNote => CREDIT_NOTE,
    };
    let name_spaces = [
        ("xmlns", names.name_space),
        (
            "xmlns:cac",
            "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
        ),
        (
            "xmlns:cbc",
            "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
        ),
    ];
    Xml::document(names.root, &name_spaces, |xml| {
        head(xml, invoice, &names)?;
        parties(xml, invoice)?;
        payment(xml, invoice)?;
        taxes(xml, invoice)?;
        xml.inside("cac:LegalMonetaryTotal", |xml| totals(xml, invoice))?;
        for (index, line) in invoice.lines.iter().enumerate() {
            xml.inside(names.line, |xml| item(xml, invoice, &names, index, line))?;
        }
        Ok(())
    })
}

fn money(xml: &mut Xml, invoice: &Invoice<'_>, name: &str, value: Decimal) -> io::Result<()> {
    let currency = invoice.supplier.notation.currency.code;
    xml.leaf_with(name, ("currencyID", currency), &amount(value))
}

fn category(xml: &mut Xml, invoice: &Invoice<'_>, name: &str, rate: i64, says_why: bool) -> io::Result<()> {
    xml.inside(name, |xml| {
        xml.leaf("cbc:ID", tax_category(rate, invoice.reverse_charge))?;
        xml.leaf("cbc:Percent", &amount(Decimal::new(rate, 1)))?;
        if says_why && invoice.reverse_charge {
            let words = invoice.supplier.words;
            xml.leaf("cbc:TaxExemptionReason", invoice.supplier.word(words.reverse_charge))?;
        }
        xml.inside("cac:TaxScheme", |xml| xml.leaf("cbc:ID", "VAT"))
    })
}

fn head(xml: &mut Xml, invoice: &Invoice<'_>, names: &Names) -> io::Result<()> {
    xml.leaf("cbc:CustomizationID", CUSTOMIZATION)?;
    xml.leaf("cbc:ProfileID", PROCESS)?;
    xml.leaf("cbc:ID", &invoice.number)?;
    xml.leaf("cbc:IssueDate", &invoice.issue_date.to_string())?;
    if let Some(due) = invoice.due_date.filter(|_| invoice.kind == DocumentKind::Invoice) {
        xml.leaf("cbc:DueDate", &due.to_string())?;
    }
    xml.leaf(names.type_code, type_code(invoice.kind))?;
    xml.leaf("cbc:DocumentCurrencyCode", invoice.supplier.notation.currency.code)?;
    xml.leaf("cbc:BuyerReference", &invoice.supplier.habits.customer_number)?;
    xml.inside("cac:OrderReference", |xml| xml.leaf("cbc:ID", &invoice.order_number))?;
    match &invoice.original_number {
        Some(number) => xml.inside("cac:BillingReference", |xml| {
            xml.inside("cac:InvoiceDocumentReference", |xml| xml.leaf("cbc:ID", number))
        }),
        None => Ok(()),
    }
}

fn parties(xml: &mut Xml, invoice: &Invoice<'_>) -> io::Result<()> {
    xml.inside("cac:AccountingSupplierParty", |xml| party(xml, &invoice.supplier.party))?;
    xml.inside("cac:AccountingCustomerParty", |xml| party(xml, &invoice.buyer))?;
    xml.inside("cac:Delivery", |xml| {
        xml.leaf("cbc:ActualDeliveryDate", &invoice.delivery_date.to_string())
    })
}

fn party(xml: &mut Xml, party: &Party) -> io::Result<()> {
    xml.inside("cac:Party", |xml| {
        let mail = format!("info@{}", party.domain);
        xml.leaf_with("cbc:EndpointID", ("schemeID", "EM"), &mail)?;
        xml.inside("cac:PartyName", |xml| xml.leaf("cbc:Name", &party.brand))?;
        xml.inside("cac:PostalAddress", |xml| {
            xml.leaf("cbc:StreetName", &party.street)?;
            xml.leaf("cbc:CityName", &party.town)?;
            xml.leaf("cbc:PostalZone", &party.postcode)?;
            xml.inside("cac:Country", |xml| {
                xml.leaf("cbc:IdentificationCode", party.country.facts().code)
            })
        })?;
        if let Some(vat_id) = party.vat_id() {
            xml.inside("cac:PartyTaxScheme", |xml| {
                xml.leaf("cbc:CompanyID", &vat_id)?;
                xml.inside("cac:TaxScheme", |xml| xml.leaf("cbc:ID", "VAT"))
            })?;
        }
        xml.inside("cac:PartyLegalEntity", |xml| {
            xml.leaf("cbc:RegistrationName", &party.name)?;
            xml.leaf("cbc:CompanyID", &party.company_number)
        })?;
        xml.inside("cac:Contact", |xml| {
            xml.leaf("cbc:Name", party.contact)?;
            xml.leaf("cbc:Telephone", &party.phone)?;
            xml.leaf("cbc:ElectronicMail", &mail)
        })
    })
}

fn payment(xml: &mut Xml, invoice: &Invoice<'_>) -> io::Result<()> {
    xml.inside("cac:PaymentMeans", |xml| {
        xml.leaf("cbc:PaymentMeansCode", "58")?;
        xml.leaf("cbc:PaymentID", &invoice.payment_reference)?;
        xml.inside("cac:PayeeFinancialAccount", |xml| {
            xml.leaf("cbc:ID", &invoice.supplier.party.iban)
        })
    })?;
    for adjustment in &invoice.adjustments {
        xml.inside("cac:AllowanceCharge", |xml| {
            let is_charge = adjustment.amount.is_sign_positive();
            xml.leaf("cbc:ChargeIndicator", if is_charge { "true" } else { "false" })?;
            xml.leaf("cbc:AllowanceChargeReason", &adjustment.label)?;
            money(xml, invoice, "cbc:Amount", adjustment.amount.abs())?;
            category(xml, invoice, "cac:TaxCategory", adjustment.rate, false)
        })?;
    }
    Ok(())
}

fn taxes(xml: &mut Xml, invoice: &Invoice<'_>) -> io::Result<()> {
    xml.inside("cac:TaxTotal", |xml| {
        money(xml, invoice, "cbc:TaxAmount", invoice.tax_total)?;
        for tax in &invoice.taxes {
            xml.inside("cac:TaxSubtotal", |xml| {
                money(xml, invoice, "cbc:TaxableAmount", tax.basis)?;
                money(xml, invoice, "cbc:TaxAmount", tax.amount)?;
                category(xml, invoice, "cac:TaxCategory", tax.rate, true)
            })?;
        }
        Ok(())
    })
}

fn totals(xml: &mut Xml, invoice: &Invoice<'_>) -> io::Result<()> {
    money(xml, invoice, "cbc:LineExtensionAmount", invoice.lines_total())?;
    money(xml, invoice, "cbc:TaxExclusiveAmount", invoice.net_total)?;
    money(xml, invoice, "cbc:TaxInclusiveAmount", invoice.gross_total)?;
    let (charges, allowances) = invoice.charges_and_allowances();
    money(xml, invoice, "cbc:AllowanceTotalAmount", allowances)?;
    money(xml, invoice, "cbc:ChargeTotalAmount", charges)?;
    if let Some(deposit) = invoice.settlement.deposit {
        money(xml, invoice, "cbc:PrepaidAmount", deposit)?;
    }
    if let Some(rounding) = invoice.settlement.rounding {
        money(xml, invoice, "cbc:PayableRoundingAmount", rounding)?;
    }
    money(xml, invoice, "cbc:PayableAmount", invoice.payable)
}

fn item(xml: &mut Xml, invoice: &Invoice<'_>, names: &Names, index: usize, line: &Line) -> io::Result<()> {
    xml.leaf("cbc:ID", &(index + 1).to_string())?;
    let quantity = line.quantity.to_string();
    xml.leaf_with(names.quantity, ("unitCode", line.unit.code()), &quantity)?;
    money(xml, invoice, "cbc:LineExtensionAmount", line.total)?;
    xml.inside("cac:Item", |xml| {
        xml.leaf("cbc:Name", &line.description)?;
        xml.inside("cac:SellersItemIdentification", |xml| xml.leaf("cbc:ID", &line.article))?;
        category(xml, invoice, "cac:ClassifiedTaxCategory", line.rate, false)
    })?;
    let currency = invoice.supplier.notation.currency.code;
    xml.inside("cac:Price", |xml| {
        let price = line.unit_price.to_string();
        xml.leaf_with("cbc:PriceAmount", ("currencyID", currency), &price)
    })
}
