//! The weights of the features, by role: what usually speaks for a value on invoices and receipts, set by hand.

use crate::readers::features::Feature;
use crate::readers::roles::Role;

/// How candidates of a role are ranked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    /// The weights of the features that count.
    pub(super) weights: &'static [Feature],
    /// The least score of an answer.
    pub(super) least: f64,
    /// The least lead over a candidate with another value.
    pub(super) margin: f64,
}

/// The rule of a role; none for roles that are not ranked.
pub(super) fn rule(role: Role, receipt: bool) -> Option<Rule> {
    let (weights, least, margin): (&'static [Feature], f64, f64) = match role {
        Role::ShopTotal => (SHOP_TOTAL, 3.0, 0.2),
        Role::GrossTotal => (GROSS_TOTAL, 3.0, 0.2),
        Role::NetTotal => (NET_TOTAL, 3.0, 0.2),
        Role::TaxTotal => (TAX_TOTAL, 3.0, 0.2),
        Role::IssueDate if receipt => (SHOP_DATE, 0.5, 0.0),
        Role::IssueDate => (ISSUE_DATE, 1.0, 0.1),
        Role::DueDate => (DUE_DATE, 3.0, 0.1),
        Role::InvoiceNumber => (INVOICE_NUMBER, 1.5, 0.1),
        Role::SellerVatId => (SELLER_TAX_NUMBER, 0.0, 0.1),
        Role::SellerName if receipt => (SHOP_NAME, 1.0, 0.05),
        Role::SellerName => (SELLER_NAME, 1.5, 0.2),
        Role::BuyerName => (BUYER_NAME, 1.5, 0.2),
        Role::SellerAddress if receipt => (SHOP_ADDRESS, 1.0, 0.0),
        Role::SellerAddress => (SELLER_ADDRESS, 0.5, 0.1),
        Role::Currency | Role::LineItems => return None,
    };
    Some(Rule { weights, least, margin })
}

const SHOP_TOTAL: &[Feature] = &[
    ("row_plain_total", 4.0),
    ("row_gross", 4.5),
    ("row_payable", 5.0),
    ("row_rounded", 6.5),
    ("row_net", 1.5),
    ("row_subtotal", 1.0),
    ("row_tax", -2.0),
    ("row_rounding", -3.0),
    ("row_discount", -3.0),
    ("row_paid", 1.0),
    ("row_change", -4.0),
    ("row_count", -1.5),
    ("strength", 1.0),
    ("last_on_row", 1.0),
    ("after_change", -2.0),
    ("after_payment", -1.0),
    ("after_rounding", 1.5),
    ("before_sums", -1.5),
    ("of_greatest", 1.5),
    ("zero", -6.0),
    ("negative", -3.0),
    ("repetitions", 1.2),
    ("marked", 0.4),
    ("is_sum", 0.5),
    ("is_spent", 2.5),
    ("is_rounded", 2.5),
    ("whole_coins", 0.8),
    ("height", 0.4),
];

const GROSS_TOTAL: &[Feature] = &[
    ("row_plain_total", 4.0),
    ("row_gross", 5.5),
    ("row_payable", 3.2),
    ("row_rounded", 4.5),
    ("row_net", -2.0),
    ("row_subtotal", -1.0),
    ("row_tax", -3.0),
    ("row_discount", -3.0),
    ("row_charge", -3.0),
    ("row_paid", -1.0),
    ("row_count", -3.0),
    ("strength", 1.0),
    ("last_on_row", 1.0),
    ("row_share", 1.0),
    ("greatest", 1.5),
    ("of_greatest", 2.0),
    ("zero", -6.0),
    ("repetitions", 0.4),
    ("marked", 0.3),
    ("is_sum", 0.5),
    ("is_tax_sum", 1.5),
    ("before_sums", -1.5),
];

const NET_TOTAL: &[Feature] = &[
    ("row_net", 5.5),
    ("row_subtotal", 3.5),
    ("row_plain_total", 0.5),
    ("row_gross", -2.0),
    ("row_payable", -2.0),
    ("row_tax", -1.0),
    ("row_discount", -3.0),
    ("row_charge", -2.0),
    ("row_paid", -3.0),
    ("strength", 1.0),
    ("last_on_row", 0.6),
    ("row_share", 1.0),
    ("of_greatest", 1.5),
    ("is_summand", 1.8),
    ("zero", -5.0),
    ("repetitions", 0.3),
    ("before_sums", -1.0),
];

const TAX_TOTAL: &[Feature] = &[
    ("row_tax", 5.5),
    ("row_net", -2.0),
    ("row_gross", -3.0),
    ("row_plain_total", -1.0),
    ("row_payable", -3.0),
    ("row_subtotal", -2.0),
    ("row_discount", -3.0),
    ("strength", 2.0),
    ("last_on_row", 1.0),
    ("row_share", 1.0),
    ("of_greatest", -1.0),
    ("greatest", -3.0),
    ("is_summand", 1.5),
    ("before_sums", -1.0),
];

const SHOP_DATE: &[Feature] = &[
    ("labelled_issue", 2.0),
    ("labelled_issue_plainly", 1.0),
    ("labelled_due", -3.0),
    ("labelled_other", -2.0),
    ("first", 1.2),
    ("order", -2.0),
    ("compact", -2.5),
    ("repeated", 0.8),
    ("time_follows", 1.0),
    ("unlabelled", 0.8),
];

const ISSUE_DATE: &[Feature] = &[
    ("labelled_issue", 3.0),
    ("labelled_issue_plainly", 2.5),
    ("labelled_due", -4.0),
    ("labelled_other", -3.0),
    ("beside_title", 2.0),
    ("first", 1.2),
    ("order", -1.0),
    ("row_share", -1.5),
    ("label_above", -0.3),
    ("compact", -2.5),
    ("only_day", 1.0),
    ("repeated", 0.5),
    ("words_before", -0.8),
];

const DUE_DATE: &[Feature] = &[
    ("labelled_due", 4.5),
    ("labelled_issue", -2.0),
    ("labelled_issue_plainly", -2.0),
    ("labelled_other", -2.0),
    ("latest", 1.0),
    ("label_above", -0.4),
    ("compact", -2.0),
];

const INVOICE_NUMBER: &[Feature] = &[
    ("labelled_invoice_number", 5.0),
    ("behind_title", 3.5),
    ("labelled_other", -3.0),
    ("label_above", -0.5),
    ("same_segment", 0.3),
    ("has_letters", 0.3),
    ("digits", 1.0),
    ("short", -2.0),
    ("repeated", 0.4),
    ("row_share", -1.2),
    ("beside_contact", -2.0),
    ("beside_bank", -2.5),
    ("beside_registration", -2.0),
    ("beside_tax_number", -2.0),
];

const SELLER_TAX_NUMBER: &[Feature] = &[
    ("labelled", 1.5),
    ("labelled_buyer", -4.0),
    ("under_seller", 2.0),
    ("under_buyer", -3.0),
    ("only", 0.5),
    ("row_share", 0.4),
    ("first", 0.3),
    ("repeated", 0.5),
    ("beside_bank", 0.4),
];

const SHOP_NAME: &[Feature] = &[
    ("all_names", 2.0),
    ("legal_form", 2.0),
    ("business_word", 1.0),
    ("registration_inside", 1.0),
    ("registration_after", 1.0),
    ("address_after", 0.8),
    ("contact_after", 0.4),
    ("first_name", 1.0),
    ("later_name", -1.0),
    ("after_address", -2.5),
    ("entity_elsewhere", -0.5),
    ("joined", -4.0),
    ("joined_openly", 5.0),
    ("continued_below", -2.0),
    ("continues_above", -2.0),
    ("row", -1.5),
    ("person_like", -0.8),
    ("repeated", 0.1),
];

const SELLER_NAME: &[Feature] = &[
    ("seller_heading", 4.0),
    ("buyer_heading", -4.0),
    ("other_heading", -2.5),
    ("owner_heading", 1.0),
    ("sender_line", 2.5),
    ("under_sender_line", -2.5),
    ("contact_inside", 0.8),
    ("has_address", 0.6),
    ("legal_form", 1.2),
    ("business_word", 0.3),
    ("domain", 2.0),
    ("repeated", 0.8),
    ("top", -0.5),
    ("sum_word", -2.0),
    ("upper_left", 0.2),
];

const BUYER_NAME: &[Feature] = &[
    ("buyer_heading", 4.0),
    ("seller_heading", -4.0),
    ("other_heading", -2.0),
    ("owner_heading", -2.0),
    ("sender_line", -4.0),
    ("under_sender_line", 3.0),
    ("has_address", 1.5),
    ("contact_inside", -1.0),
    ("legal_form", 0.4),
    ("domain", -2.0),
    ("upper_left", 0.6),
    ("top", -0.8),
    ("sum_word", -2.0),
    ("repeated", -0.2),
];

const SHOP_ADDRESS: &[Feature] = &[
    ("address_lines", 1.2),
    ("other_lines", -1.2),
    ("first_is_address", 0.8),
    ("last_is_address", 0.6),
    ("postal_codes", 0.8),
    ("no_postal_code", -0.5),
    ("address_before", -1.5),
    ("name_before", 0.4),
    ("registration_before", 0.4),
    ("address_after", -0.8),
    ("contact_after", 0.6),
    ("begins_with_number", 0.6),
    ("ends_open", -0.4),
    ("begins_at", -1.5),
    ("has_registration", -1.0),
];

const SELLER_ADDRESS: &[Feature] = &[
    ("domain", 2.0),
    ("seller_heading", 4.0),
    ("buyer_heading", -4.0),
    ("other_heading", -3.0),
    ("sender_line", 2.0),
    ("under_sender_line", -3.0),
    ("contact_inside", 1.2),
    ("legal_form", 0.6),
    ("repeated_name", 0.8),
    ("top", -0.4),
];
