//! The Cross Industry Invoice in both generations: `|` separates the element names of ZUGFeRD 1.0 and of all later versions.

use super::tree::Element;
use super::values;
use super::{ElectronicInvoice, InvoiceLine, join_address};

const DOCUMENT: &str = "HeaderExchangedDocument|ExchangedDocument";
const TRANSACTION: &str = "SpecifiedSupplyChainTradeTransaction|SupplyChainTradeTransaction";
const AGREEMENT: &str = "ApplicableSupplyChainTradeAgreement|ApplicableHeaderTradeAgreement";
const SETTLEMENT: &str = "ApplicableSupplyChainTradeSettlement|ApplicableHeaderTradeSettlement";
const SUMMATION: &str = "SpecifiedTradeSettlementMonetarySummation|SpecifiedTradeSettlementHeaderMonetarySummation";
const LINE_AGREEMENT: &str = "SpecifiedSupplyChainTradeAgreement|SpecifiedLineTradeAgreement";
const LINE_DELIVERY: &str = "SpecifiedSupplyChainTradeDelivery|SpecifiedLineTradeDelivery";
const LINE_SETTLEMENT: &str = "SpecifiedSupplyChainTradeSettlement|SpecifiedLineTradeSettlement";
const LINE_SUMMATION: &str = "SpecifiedTradeSettlementMonetarySummation|SpecifiedTradeSettlementLineMonetarySummation";

pub(super) fn read(root: &Element) -> ElectronicInvoice {
    let nothing = Element::default();
    let document = root.at(DOCUMENT).unwrap_or(&nothing);
    let transaction = root.at(TRANSACTION).unwrap_or(&nothing);
    let agreement = transaction.child(AGREEMENT).unwrap_or(&nothing);
    let settlement = transaction.child(SETTLEMENT).unwrap_or(&nothing);
    let summation = settlement.child(SUMMATION).unwrap_or(&nothing);
    let seller = agreement.child("SellerTradeParty").unwrap_or(&nothing);
    let currency = settlement.text_at("InvoiceCurrencyCode");
    let issue_date = date_at(document, "IssueDateTime/DateTimeString|DateTime");
    let amount = |name: &str| amount_in(summation, name, currency.as_deref());
    ElectronicInvoice {
        invoice_number: document.text_at("ID"),
        due_date: due_date(settlement, issue_date.as_deref()),
        issue_date,
        seller_name: seller.text_at("Name"),
        seller_address: seller.child("PostalTradeAddress").and_then(address),
        seller_vat_id: vat_identifier(seller),
        buyer_name: agreement.text_at("BuyerTradeParty/Name"),
        net_total: amount("TaxBasisTotalAmount"),
        tax_total: amount("TaxTotalAmount"),
        gross_total: amount("GrandTotalAmount"),
        currency,
        line_items: transaction
            .all("IncludedSupplyChainTradeLineItem")
            .filter_map(line)
            .collect(),
    }
}

fn date_at(element: &Element, path: &str) -> Option<String> {
    values::date(&element.text_at(path)?)
}

/// The amount in the currency of the invoice where it is given in several (BT-110 beside BT-111).
fn amount_in(summation: &Element, name: &str, currency: Option<&str>) -> Option<String> {
    let in_currency = summation.all(name).find(|amount| {
        amount
            .attribute("currencyID")
            .is_none_or(|given| Some(given) == currency)
    });
    let amount = in_currency.or_else(|| summation.child(name))?;
    values::amount(&amount.plain_text()?)
}

fn due_date(settlement: &Element, issue_date: Option<&str>) -> Option<String> {
    let terms: Vec<&Element> = settlement.all("SpecifiedTradePaymentTerms").collect();
    let latest = terms
        .iter()
        .filter_map(|terms| date_at(terms, "DueDateDateTime/DateTimeString|DateTime"))
        .max();
    latest.or_else(|| {
        let texts: Vec<String> = terms
            .iter()
            .flat_map(|terms| terms.all("Description"))
            .filter_map(Element::plain_text)
            .collect();
        values::due_date_in_terms(&texts, issue_date)
    })
}

fn address(address: &Element) -> Option<String> {
    join_address(
        vec![
            address.text_at("LineOne"),
            address.text_at("LineTwo"),
            address.text_at("LineThree"),
        ],
        address.text_at("PostcodeCode"),
        address.text_at("CityName"),
    )
}

fn vat_identifier(seller: &Element) -> Option<String> {
    seller
        .all("SpecifiedTaxRegistration")
        .filter_map(|registration| registration.child("ID"))
        .find(|identifier| identifier.attribute("schemeID") == Some("VA"))
        .and_then(Element::plain_text)
}

/// A line; one that holds nothing but a note is no line item.
fn line(item: &Element) -> Option<InvoiceLine> {
    let quantity = item
        .child(LINE_DELIVERY)
        .and_then(|delivery| delivery.child("BilledQuantity"));
    let price = item
        .child(LINE_AGREEMENT)
        .and_then(|agreement| agreement.child("NetPriceProductTradePrice"));
    let number_at = |element: Option<&Element>, path: &str| {
        element
            .and_then(|element| element.text_at(path))
            .and_then(|text| values::number(&text))
    };
    let line = InvoiceLine {
        description: item.text_at("SpecifiedTradeProduct/Name"),
        quantity: quantity
            .and_then(Element::plain_text)
            .and_then(|text| values::number(&text)),
        unit_price: number_at(price, "ChargeAmount"),
        line_total: item
            .child(LINE_SETTLEMENT)
            .and_then(|settlement| settlement.child(LINE_SUMMATION))
            .and_then(|summation| summation.text_at("LineTotalAmount"))
            .and_then(|text| values::amount(&text)),
        line_identifier: item.text_at("AssociatedDocumentLineDocument/LineID"),
        parent_line_identifier: item.text_at("AssociatedDocumentLineDocument/ParentLineID"),
        line_status: item.text_at("AssociatedDocumentLineDocument/LineStatusReasonCode"),
        unit_code: quantity
            .and_then(|quantity| quantity.attribute("unitCode"))
            .map(str::to_owned),
        price_basis_quantity: number_at(price, "BasisQuantity"),
    };
    let is_item = line.description.is_some() || line.line_total.is_some();
    is_item.then_some(line)
}

#[cfg(test)]
mod tests {
    use crate::invoice_xml::parse_invoice;

    const EXTENDED: &str = r#"<?xml version="1.0"?>
<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100" xmlns:ram="r" xmlns:udt="u">
 <rsm:ExchangedDocument><ram:ID>R-7</ram:ID><ram:IssueDateTime><udt:DateTimeString format="102">20260530</udt:DateTimeString></ram:IssueDateTime></rsm:ExchangedDocument>
 <rsm:SupplyChainTradeTransaction>
  <ram:IncludedSupplyChainTradeLineItem>
   <ram:AssociatedDocumentLineDocument><ram:LineID>0101</ram:LineID><ram:ParentLineID>01</ram:ParentLineID><ram:LineStatusReasonCode>DETAIL</ram:LineStatusReasonCode></ram:AssociatedDocumentLineDocument>
   <ram:SpecifiedTradeProduct><ram:Name>Screws &amp; nuts</ram:Name></ram:SpecifiedTradeProduct>
   <ram:SpecifiedLineTradeAgreement><ram:NetPriceProductTradePrice><ram:ChargeAmount>3.1250</ram:ChargeAmount><ram:BasisQuantity>100</ram:BasisQuantity></ram:NetPriceProductTradePrice></ram:SpecifiedLineTradeAgreement>
   <ram:SpecifiedLineTradeDelivery><ram:BilledQuantity unitCode="H87">400.0000</ram:BilledQuantity></ram:SpecifiedLineTradeDelivery>
   <ram:SpecifiedLineTradeSettlement><ram:SpecifiedTradeSettlementLineMonetarySummation><ram:LineTotalAmount>12.5</ram:LineTotalAmount></ram:SpecifiedTradeSettlementLineMonetarySummation></ram:SpecifiedLineTradeSettlement>
  </ram:IncludedSupplyChainTradeLineItem>
  <ram:IncludedSupplyChainTradeLineItem><ram:AssociatedDocumentLineDocument><ram:IncludedNote><ram:Content>thank you</ram:Content></ram:IncludedNote></ram:AssociatedDocumentLineDocument></ram:IncludedSupplyChainTradeLineItem>
  <ram:ApplicableHeaderTradeAgreement>
   <ram:SellerTradeParty><ram:Name>Haus GmbH</ram:Name><ram:PostalTradeAddress><ram:PostcodeCode>8000</ram:PostcodeCode><ram:LineOne>Gasse 1</ram:LineOne><ram:CityName>Zug</ram:CityName><ram:CountryID>CH</ram:CountryID></ram:PostalTradeAddress>
    <ram:SpecifiedTaxRegistration><ram:ID schemeID="FC">201/113/40209</ram:ID></ram:SpecifiedTaxRegistration><ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">DE1</ram:ID></ram:SpecifiedTaxRegistration></ram:SellerTradeParty>
   <ram:BuyerTradeParty><ram:Name>Kauf AG</ram:Name></ram:BuyerTradeParty>
  </ram:ApplicableHeaderTradeAgreement>
  <ram:ApplicableHeaderTradeSettlement>
   <ram:InvoiceCurrencyCode>CHF</ram:InvoiceCurrencyCode>
   <ram:SpecifiedTradePaymentTerms><ram:DueDateDateTime><udt:DateTimeString format="102">20260606</udt:DateTimeString></ram:DueDateDateTime></ram:SpecifiedTradePaymentTerms>
   <ram:SpecifiedTradePaymentTerms><ram:DueDateDateTime><udt:DateTimeString format="102">20260613</udt:DateTimeString></ram:DueDateDateTime></ram:SpecifiedTradePaymentTerms>
   <ram:SpecifiedTradeSettlementHeaderMonetarySummation><ram:TaxBasisTotalAmount>12.5</ram:TaxBasisTotalAmount><ram:TaxTotalAmount currencyID="EUR">1.05</ram:TaxTotalAmount><ram:TaxTotalAmount currencyID="CHF">1.00</ram:TaxTotalAmount><ram:GrandTotalAmount>13.50</ram:GrandTotalAmount><ram:DuePayableAmount>3.50</ram:DuePayableAmount></ram:SpecifiedTradeSettlementHeaderMonetarySummation>
  </ram:ApplicableHeaderTradeSettlement>
 </rsm:SupplyChainTradeTransaction>
</rsm:CrossIndustryInvoice>"#;

    #[test]
    fn an_extended_invoice_is_read() {
        let invoice = parse_invoice(EXTENDED).unwrap();
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        assert_eq!(text(&invoice.invoice_number), "R-7");
        assert_eq!(text(&invoice.issue_date), "2026-05-30");
        assert_eq!(text(&invoice.due_date), "2026-06-13");
        assert_eq!(text(&invoice.seller_address), "Gasse 1, 8000 Zug");
        assert_eq!(text(&invoice.seller_vat_id), "DE1");
        assert_eq!(text(&invoice.tax_total), "1.00");
        assert_eq!(text(&invoice.gross_total), "13.50");
        assert_eq!(invoice.line_items.len(), 1);
        let line = &invoice.line_items[0];
        assert_eq!(text(&line.description), "Screws & nuts");
        assert_eq!(text(&line.quantity), "400.0000");
        assert_eq!(text(&line.unit_price), "3.1250");
        assert_eq!(text(&line.price_basis_quantity), "100");
        assert_eq!(text(&line.line_total), "12.50");
        assert_eq!(text(&line.parent_line_identifier), "01");
        assert_eq!(text(&line.line_status), "DETAIL");
        assert_eq!(text(&line.unit_code), "H87");
    }

    #[test]
    fn the_first_generation_has_other_names() {
        let xml = EXTENDED
            .replace("CrossIndustryInvoice", "CrossIndustryDocument")
            .replace("rsm:ExchangedDocument", "rsm:HeaderExchangedDocument")
            .replace("rsm:SupplyChain", "rsm:SpecifiedSupplyChain")
            .replace("SpecifiedLineTrade", "SpecifiedSupplyChainTrade")
            .replace("ApplicableHeaderTrade", "ApplicableSupplyChainTrade")
            .replace("SettlementLineMonetary", "SettlementMonetary")
            .replace("SettlementHeaderMonetary", "SettlementMonetary");
        assert_eq!(parse_invoice(&xml).unwrap(), parse_invoice(EXTENDED).unwrap());
    }
}
