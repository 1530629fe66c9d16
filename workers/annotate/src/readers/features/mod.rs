//! Candidates of every role with the features by which they are ranked, by fixed weights or by learned ones.

mod addresses;
mod amounts;
mod codes;
mod dates;
pub(in crate::readers) mod names;

use accord_domain::answer::Answer;
use accord_domain::compare::{clusters_by_similarity, vote_similarity};
use accord_domain::field::Field;

use super::answers;
use super::reading::Reading;
use super::roles::Role;

/// What a candidate would answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Proposal {
    /// The amount at this place of the reading.
    Amount(usize),
    /// The date at this place of the reading.
    Date(usize),
    /// A text.
    Text(String),
}

/// A named number that speaks for or against a candidate.
pub(crate) type Feature = (&'static str, f64);

/// A candidate with its features; all candidates of a role have the same features in the same order.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    /// What it would answer.
    pub(crate) proposal: Proposal,
    /// What speaks for and against it.
    pub(crate) features: Vec<Feature>,
}

/// All candidates of a role in visual order; empty for roles that are not ranked.
pub(crate) fn candidates(reading: &Reading, receipt: bool, role: Role) -> Vec<Candidate> {
    match role {
        Role::NetTotal | Role::TaxTotal | Role::GrossTotal | Role::ShopTotal => amounts::candidates(reading),
        Role::IssueDate | Role::DueDate => dates::candidates(reading),
        Role::InvoiceNumber => codes::document_numbers(reading),
        Role::SellerVatId => codes::tax_numbers(reading),
        Role::SellerName | Role::BuyerName if receipt => names::of_receipt(reading),
        Role::SellerName | Role::BuyerName => names::of_invoice(reading),
        Role::SellerAddress if receipt => addresses::of_receipt(reading),
        Role::SellerAddress => addresses::of_invoice(reading),
        Role::Currency | Role::LineItems => Vec::new(),
    }
}

/// The answer that a candidate proposes.
pub(crate) fn answer(field: &Field, reading: &Reading, proposal: &Proposal) -> Option<Answer> {
    match proposal {
        Proposal::Amount(place) => reading.amounts.get(*place).map(|amount| answers::amount(field, amount)),
        Proposal::Date(place) => reading.dates.get(*place).map(|date| answers::date(field, date)),
        Proposal::Text(text) => Some(answers::text(field, text)),
    }
}

/// Whether two answers contradict each other: different values, and not alike by the field's rule.
pub(crate) fn are_rivals(field: &Field, left: &Answer, right: &Answer) -> bool {
    match (left.class(), right.class()) {
        (Some(left), Some(right)) if left == right => false,
        (Some(left), Some(right)) => {
            clusters_by_similarity(field).is_none_or(|threshold| vote_similarity(field, left, right) < threshold)
        }
        _ => true,
    }
}

/// 1 for yes, 0 for no.
pub(crate) fn flag(holds: bool) -> f64 {
    if holds { 1.0 } else { 0.0 }
}

/// A share of a whole that is at least 1; counts beyond the range of small numbers are cut.
pub(crate) fn share(part: usize, whole: usize) -> f64 {
    number(part) / number(whole.max(1))
}

/// A small count as a number.
pub(crate) fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
