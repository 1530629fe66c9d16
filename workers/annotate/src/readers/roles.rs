//! Roles: what a field asks for, derived from its name and type.

use accord_domain::field::{Field, FieldType, IdentifierScheme};

/// What a field of an invoice or a receipt asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Role {
    /// The number that the seller gave the document.
    InvoiceNumber,
    /// The day of issue or purchase.
    IssueDate,
    /// The last day for paying the full amount.
    DueDate,
    /// Who issued the document.
    SellerName,
    /// Where the seller resides.
    SellerAddress,
    /// The seller's value added tax number.
    SellerVatId,
    /// Who owes the amount.
    BuyerName,
    /// The currency of all amounts.
    Currency,
    /// The total without tax.
    NetTotal,
    /// The tax of the whole document.
    TaxTotal,
    /// The total with tax, before amounts paid in advance.
    GrossTotal,
    /// What the customer has to pay in the shop, after rounding.
    ShopTotal,
    /// The billed positions.
    LineItems,
}

/// A column of line items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Column {
    /// What was sold.
    Description,
    /// How many units.
    Quantity,
    /// The price of one unit.
    UnitPrice,
    /// The amount of the line.
    LineTotal,
}

/// Field names and the roles that they stand for, where the type allows it.
const NAMES: [(Role, &[&str]); 13] = [
    (
        Role::InvoiceNumber,
        &[
            "invoice_number",
            "invoice_no",
            "invoice_id",
            "document_number",
            "receipt_number",
            "number",
        ],
    ),
    (
        Role::IssueDate,
        &[
            "issue_date",
            "invoice_date",
            "date",
            "document_date",
            "receipt_date",
            "purchase_date",
            "date_of_issue",
        ],
    ),
    (Role::DueDate, &["due_date", "payment_due_date", "date_due"]),
    (
        Role::SellerName,
        &[
            "seller_name",
            "seller",
            "supplier",
            "supplier_name",
            "vendor",
            "vendor_name",
            "company",
            "company_name",
            "merchant",
            "merchant_name",
            "shop",
            "issuer",
            "issuer_name",
        ],
    ),
    (
        Role::SellerAddress,
        &[
            "seller_address",
            "supplier_address",
            "vendor_address",
            "address",
            "company_address",
            "merchant_address",
            "shop_address",
        ],
    ),
    (
        Role::SellerVatId,
        &[
            "seller_vat_id",
            "vat_id",
            "vat_number",
            "seller_vat_number",
            "supplier_vat_id",
            "supplier_vat_number",
            "seller_tax_id",
        ],
    ),
    (
        Role::BuyerName,
        &[
            "buyer_name",
            "buyer",
            "customer",
            "customer_name",
            "client",
            "client_name",
            "recipient",
            "bill_to",
        ],
    ),
    (Role::Currency, &["currency", "currency_code", "invoice_currency"]),
    (
        Role::NetTotal,
        &[
            "net_total",
            "net_amount",
            "total_net",
            "amount_net",
            "subtotal",
            "total_without_tax",
            "tax_basis",
        ],
    ),
    (
        Role::TaxTotal,
        &[
            "tax_total",
            "tax_amount",
            "total_tax",
            "vat_total",
            "vat_amount",
            "total_vat",
            "tax",
        ],
    ),
    (
        Role::GrossTotal,
        &[
            "gross_total",
            "gross_amount",
            "total_gross",
            "invoice_total",
            "total_with_tax",
            "amount_gross",
        ],
    ),
    (
        Role::ShopTotal,
        &["total", "total_amount", "grand_total", "amount", "amount_paid"],
    ),
    (Role::LineItems, &["line_items", "items", "lines", "positions"]),
];

const COLUMN_NAMES: [(Column, &[&str]); 4] = [
    (
        Column::Description,
        &["description", "item", "name", "article", "product"],
    ),
    (Column::Quantity, &["quantity", "qty", "count", "units"]),
    (Column::UnitPrice, &["unit_price", "price", "price_per_unit"]),
    (
        Column::LineTotal,
        &["line_total", "total", "amount", "line_amount", "net_amount"],
    ),
];

/// The role of a field; none when its name is not known or its type does not fit.
pub(crate) fn role_of(field: &Field) -> Option<Role> {
    let name = field.name.as_str();
    NAMES
        .iter()
        .find(|(role, names)| names.contains(&name) && fits(*role, &field.field_type))
        .map(|(role, _)| *role)
}

/// The column that a column field of a table stands for.
pub(crate) fn column_of(field: &Field) -> Option<Column> {
    let name = field.name.as_str();
    COLUMN_NAMES
        .iter()
        .find(|(_, names)| names.contains(&name))
        .map(|(column, _)| *column)
}

/// Whether the fields together are those of a shop receipt rather than of an invoice.
pub(crate) fn is_receipt(fields: &[Field]) -> bool {
    let has = |wanted: Role| fields.iter().any(|field| role_of(field) == Some(wanted));
    has(Role::ShopTotal) && !has(Role::BuyerName) && !has(Role::GrossTotal) && !has(Role::LineItems)
}

fn fits(role: Role, field_type: &FieldType) -> bool {
    match role {
        Role::InvoiceNumber => matches!(
            field_type,
            FieldType::Identifier {
                scheme: IdentifierScheme::Plain
            } | FieldType::Text
        ),
        Role::SellerVatId => matches!(
            field_type,
            FieldType::Identifier {
                scheme: IdentifierScheme::ValueAddedTax | IdentifierScheme::Plain
            } | FieldType::Text
        ),
        Role::Currency => matches!(
            field_type,
            FieldType::Identifier {
                scheme: IdentifierScheme::Currency | IdentifierScheme::Plain
            } | FieldType::Text
        ),
        Role::IssueDate | Role::DueDate => matches!(field_type, FieldType::Date),
        Role::SellerName | Role::BuyerName => matches!(field_type, FieldType::Name | FieldType::Text),
        Role::SellerAddress => matches!(field_type, FieldType::Address | FieldType::Text),
        Role::NetTotal | Role::TaxTotal | Role::GrossTotal | Role::ShopTotal => {
            matches!(field_type, FieldType::Money | FieldType::Decimal)
        }
        Role::LineItems => matches!(field_type, FieldType::Table { .. }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_the_templates_has_a_role() {
        for (template, receipt) in [("invoice", false), ("receipt", true)] {
            let project = accord_domain::template(template).unwrap();
            assert!(
                project.fields.iter().all(|field| role_of(field).is_some()),
                "{template}"
            );
            assert_eq!(is_receipt(&project.fields), receipt);
        }
        let labels = accord_domain::template("text-classification").unwrap();
        assert!(labels.fields.iter().all(|field| role_of(field).is_none()));
    }
}
