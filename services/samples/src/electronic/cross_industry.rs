//! The electronic form of an invoice: UN/CEFACT Cross Industry Invoice in the EN 16931 profile of Factur-X.

use std::io;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::{Xml, tax_category, type_code};
use crate::gold::amount as gold_amount;
use crate::invoice::{Invoice, Line};
use crate::party::Party;

/// The identifier of the profile.
pub(crate) const PROFILE: &str = "urn:cen.eu:en16931:2017";

/// The invoice as XML.
pub(crate) fn write(invoice: &Invoice<'_>) -> io::Result<String> {
    let name_spaces = [
        (
            "xmlns:rsm",
            "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
        ),
        (
            "xmlns:ram",
            "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
        ),
        (
            "xmlns:udt",
            "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
        ),
    ];
    Xml::document("rsm:CrossIndustryInvoice", &name_spaces, |xml| {
        xml.inside("rsm:ExchangedDocumentContext", |xml| {
            xml.inside("ram:GuidelineSpecifiedDocumentContextParameter", |xml| {
                xml.leaf("ram:ID", PROFILE)
            })
        })?;
        xml.inside("rsm:ExchangedDocument", |xml| head(xml, invoice))?;
        xml.inside("rsm:SupplyChainTradeTransaction", |xml| transaction(xml, invoice))
    })
}

fn transaction(xml: &mut Xml, invoice: &Invoice<'_>) -> io::Result<()> {
    for (index, line) in invoice.lines.iter().enumerate() {
        xml.inside("ram:IncludedSupplyChainTradeLineItem", |xml| {
            item(xml, invoice, index, line)
        })?;
    }
    xml.inside("ram:ApplicableHeaderTradeAgreement", |xml| agreement(xml, invoice))?;
    xml.inside("ram:ApplicableHeaderTradeDelivery", |xml| {
        xml.inside("ram:ActualDeliverySupplyChainEvent", |xml| {
            xml.date("ram:OccurrenceDateTime", invoice.delivery_date)
        })
    })?;
    xml.inside("ram:ApplicableHeaderTradeSettlement", |xml| settlement(xml, invoice))
}

impl Xml {
    fn date(&mut self, name: &str, date: Date) -> io::Result<()> {
        let digits = format!("{:04}{:02}{:02}", date.year(), date.month(), date.day());
        self.inside(name, |xml| {
            xml.leaf_with("udt:DateTimeString", ("format", "102"), &digits)
        })
    }

    fn amount(&mut self, name: &str, amount: Decimal) -> io::Result<()> {
        self.leaf(name, &gold_amount(amount))
    }

    fn tax_kind(&mut self, rate: i64, reverse_charge: bool) -> io::Result<()> {
        self.leaf("ram:TypeCode", "VAT")?;
        self.category(rate, reverse_charge)
    }

    fn category(&mut self, rate: i64, reverse_charge: bool) -> io::Result<()> {
        self.leaf("ram:CategoryCode", tax_category(rate, reverse_charge))?;
        self.leaf("ram:RateApplicablePercent", &gold_amount(Decimal::new(rate, 1)))
    }
}

fn head(xml: &mut Xml, invoice: &Invoice<'_>) -> io::Result<()> {
    xml.leaf("ram:ID", &invoice.number)?;
    xml.leaf("ram:TypeCode", type_code(invoice.kind))?;
    xml.date("ram:IssueDateTime", invoice.issue_date)?;
    let note = invoice.supplier.word(invoice.supplier.words.thanks);
    xml.inside("ram:IncludedNote", |xml| xml.leaf("ram:Content", note))
}

fn item(xml: &mut Xml, invoice: &Invoice<'_>, index: usize, line: &Line) -> io::Result<()> {
    xml.inside("ram:AssociatedDocumentLineDocument", |xml| {
        xml.leaf("ram:LineID", &(index + 1).to_string())
    })?;
    xml.inside("ram:SpecifiedTradeProduct", |xml| {
        xml.leaf("ram:SellerAssignedID", &line.article)?;
        xml.leaf("ram:Name", &line.description)
    })?;
    xml.inside("ram:SpecifiedLineTradeAgreement", |xml| {
        xml.inside("ram:NetPriceProductTradePrice", |xml| {
            xml.leaf("ram:ChargeAmount", &line.unit_price.to_string())
        })
    })?;
    xml.inside("ram:SpecifiedLineTradeDelivery", |xml| {
        let quantity = line.quantity.to_string();
        xml.leaf_with("ram:BilledQuantity", ("unitCode", line.unit.code()), &quantity)
    })?;
    xml.inside("ram:SpecifiedLineTradeSettlement", |xml| {
        xml.inside("ram:ApplicableTradeTax", |xml| {
            xml.tax_kind(line.rate, invoice.reverse_charge)
        })?;
        xml.inside("ram:SpecifiedTradeSettlementLineMonetarySummation", |xml| {
            xml.amount("ram:LineTotalAmount", line.total)
        })
    })
}

fn agreement(xml: &mut Xml, invoice: &Invoice<'_>) -> io::Result<()> {
    xml.inside("ram:SellerTradeParty", |xml| party(xml, &invoice.supplier.party))?;
    xml.inside("ram:BuyerTradeParty", |xml| party(xml, &invoice.buyer))?;
    if !invoice.supplier.habits.prints_order_facts {
        return Ok(());
    }
    xml.inside("ram:BuyerOrderReferencedDocument", |xml| {
        xml.leaf("ram:IssuerAssignedID", &invoice.order_number)
    })
}

fn party(xml: &mut Xml, party: &Party) -> io::Result<()> {
    xml.leaf("ram:Name", &party.name)?;
    xml.inside("ram:SpecifiedLegalOrganization", |xml| {
        xml.leaf("ram:ID", &party.company_number)
    })?;
    xml.inside("ram:PostalTradeAddress", |xml| {
        xml.leaf("ram:PostcodeCode", &party.postcode)?;
        xml.leaf("ram:LineOne", &party.street)?;
        xml.leaf("ram:CityName", &party.town)?;
        xml.leaf("ram:CountryID", party.country.facts().code)
    })?;
    match party.vat_id() {
        Some(vat_id) => xml.inside("ram:SpecifiedTaxRegistration", |xml| {
            xml.leaf_with("ram:ID", ("schemeID", "VA"), &vat_id)
        }),
        None => Ok(()),
    }
}

fn settlement(xml: &mut Xml, invoice: &Invoice<'_>) -> io::Result<()> {
    let supplier = invoice.supplier;
    xml.leaf("ram:PaymentReference", &invoice.payment_reference)?;
    xml.leaf("ram:InvoiceCurrencyCode", supplier.notation.currency.code)?;
    xml.inside("ram:SpecifiedTradeSettlementPaymentMeans", |xml| {
        xml.leaf("ram:TypeCode", "58")?;
        xml.inside("ram:PayeePartyCreditorFinancialAccount", |xml| {
            xml.leaf("ram:IBANID", &supplier.party.iban)
        })
    })?;
    for tax in &invoice.taxes {
        xml.inside("ram:ApplicableTradeTax", |xml| {
            xml.amount("ram:CalculatedAmount", tax.amount)?;
            xml.leaf("ram:TypeCode", "VAT")?;
            if invoice.reverse_charge {
                xml.leaf("ram:ExemptionReason", supplier.word(supplier.words.reverse_charge))?;
            }
            xml.amount("ram:BasisAmount", tax.basis)?;
            xml.category(tax.rate, invoice.reverse_charge)
        })?;
    }
    for adjustment in &invoice.adjustments {
        xml.inside("ram:SpecifiedTradeAllowanceCharge", |xml| {
            let is_charge = adjustment.amount.is_sign_positive();
            xml.inside("ram:ChargeIndicator", |xml| {
                xml.leaf("udt:Indicator", if is_charge { "true" } else { "false" })
            })?;
            xml.amount("ram:ActualAmount", adjustment.amount.abs())?;
            xml.leaf("ram:Reason", &adjustment.label)?;
            xml.inside("ram:CategoryTradeTax", |xml| {
                xml.tax_kind(adjustment.rate, invoice.reverse_charge)
            })
        })?;
    }
    if let Some(due) = invoice.due_date {
        xml.inside("ram:SpecifiedTradePaymentTerms", |xml| {
            xml.date("ram:DueDateDateTime", due)
        })?;
    }
    xml.inside("ram:SpecifiedTradeSettlementHeaderMonetarySummation", |xml| {
        summation(xml, invoice)
    })?;
    match &invoice.original_number {
        Some(number) => xml.inside("ram:InvoiceReferencedDocument", |xml| {
            xml.leaf("ram:IssuerAssignedID", number)
        }),
        None => Ok(()),
    }
}

fn summation(xml: &mut Xml, invoice: &Invoice<'_>) -> io::Result<()> {
    let (charges, allowances) = invoice.charges_and_allowances();
    xml.amount("ram:LineTotalAmount", invoice.lines_total())?;
    xml.amount("ram:ChargeTotalAmount", charges)?;
    xml.amount("ram:AllowanceTotalAmount", allowances)?;
    xml.amount("ram:TaxBasisTotalAmount", invoice.net_total)?;
    let currency = invoice.supplier.notation.currency.code;
    xml.leaf_with(
        "ram:TaxTotalAmount",
        ("currencyID", currency),
        &gold_amount(invoice.tax_total),
    )?;
    if let Some(rounding) = invoice.settlement.rounding {
        xml.amount("ram:RoundingAmount", rounding)?;
    }
    xml.amount("ram:GrandTotalAmount", invoice.gross_total)?;
    if let Some(deposit) = invoice.settlement.deposit {
        xml.amount("ram:TotalPrepaidAmount", deposit)?;
    }
    xml.amount("ram:DuePayableAmount", invoice.payable)
}
