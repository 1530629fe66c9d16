//! What an invoice says, worded and written as its supplier does: independent of where it stands on the page.

use crate::country::Country;
use crate::invoice::{DocumentKind, Invoice};
use crate::supplier::DueHabit;

/// A label and its value.
#[derive(Debug, Clone)]
pub(super) struct Fact {
    pub(super) label: &'static str,
    pub(super) value: String,
}

/// How strongly a total is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strength {
    Plain,
    Strong,
}

/// One row of the totals.
#[derive(Debug, Clone)]
pub(super) struct Total {
    pub(super) label: String,
    pub(super) amount: String,
    pub(super) strength: Strength,
}

impl Total {
    fn plain(label: impl Into<String>, amount: String) -> Self {
        Self {
            label: label.into(),
            amount,
            strength: Strength::Plain,
        }
    }

    fn strong(label: impl Into<String>, amount: String) -> Self {
        Self {
            label: label.into(),
            amount,
            strength: Strength::Strong,
        }
    }
}

impl Invoice<'_> {
    /// "Invoice" or "Credit note" in the supplier's words.
    pub(super) fn title(&self) -> &'static str {
        let words = self.supplier.words;
        match self.kind {
            DocumentKind::Invoice => self.supplier.word(words.invoice),
            DocumentKind::CreditNote => self.supplier.word(words.credit_note),
        }
    }

    /// The label of the document's number.
    pub(super) fn number_label(&self) -> &'static str {
        let words = self.supplier.words;
        match self.kind {
            DocumentKind::Invoice => self.supplier.word(words.invoice_number),
            DocumentKind::CreditNote => self.supplier.word(words.credit_note_number),
        }
    }

    /// The number, the dates and whatever else stands at the top, in the supplier's order.
    pub(super) fn facts(&self) -> Vec<Fact> {
        let supplier = self.supplier;
        let (words, notation, habits) = (supplier.words, &supplier.notation, &supplier.habits);
        let fact = |variants, value| Fact {
            label: supplier.word(variants),
            value,
        };
        let mut facts = vec![
            Fact {
                label: self.number_label(),
                value: self.number.clone(),
            },
            fact(words.issue_date, notation.date(self.issue_date)),
        ];
        let mut others = vec![fact(words.customer_number, habits.customer_number.clone())];
        if habits.prints_order_facts {
            others.push(fact(words.order_number, self.order_number.clone()));
            others.push(fact(words.order_date, notation.date(self.order_date)));
        }
        if self.kind == DocumentKind::Invoice {
            others.push(fact(words.delivery_date, notation.date(self.delivery_date)));
        }
        if let Some(original) = &self.original_number {
            others.push(fact(words.original_invoice, original.clone()));
        }
        if let (Some(due), DueHabit::AtTop | DueHabit::Both) = (self.due_date, habits.due) {
            let place = if habits.shuffles_facts { others.len() } else { 0 };
            others.insert(place, fact(words.due_date, notation.date(due)));
        }
        if self.reverse_charge {
            others.push(fact(words.buyer_vat_id, self.buyer.tax_number.clone()));
        }
        others.push(fact(words.contact, supplier.party.contact.to_owned()));
        if habits.shuffles_facts {
            others.rotate_left(1);
            facts.splice(0..0, others.drain(..1));
        }
        facts.extend(others);
        facts
    }

    /// The buyer as the lines of an address.
    pub(super) fn buyer_lines(&self) -> Vec<String> {
        let mut lines = vec![self.buyer.name.clone()];
        lines.extend(self.buyer.address_lines());
        if self.buyer.country != self.supplier.party.country {
            lines.push(self.buyer.country.facts().english_name.to_owned());
        }
        lines
    }

    /// All totals from the sum of the lines to the amount to pay.
    pub(super) fn totals(&self) -> Vec<Total> {
        let supplier = self.supplier;
        let (words, notation) = (supplier.words, &supplier.notation);
        let mut totals = Vec::new();
        if !self.adjustments.is_empty() {
            let sum = notation.money(self.lines_total());
            totals.push(Total::plain(supplier.word(words.subtotal), sum));
            for adjustment in &self.adjustments {
                totals.push(Total::plain(
                    adjustment.label.clone(),
                    notation.money(adjustment.amount),
                ));
            }
        }
        totals.push(Total::plain(
            supplier.word(words.net_total),
            notation.money(self.net_total),
        ));
        totals.extend(self.tax_rows());
        let gross = notation.money_with_currency(self.gross_total);
        totals.push(Total::strong(supplier.word(words.gross_total), gross));
        totals.extend(self.settlement_rows());
        totals
    }

    fn tax_rows(&self) -> Vec<Total> {
        let supplier = self.supplier;
        let (words, notation) = (supplier.words, &supplier.notation);
        let variants = match supplier.habits.prints_tax_basis || self.taxes.len() > 1 {
            true => words.tax_on,
            false => words.tax,
        };
        let mut rows: Vec<Total> = self
            .taxes
            .iter()
            .map(|tax| {
                let label = supplier
                    .word(variants)
                    .replace("{rate}", &notation.rate(tax.rate))
                    .replace("{basis}", &notation.amount(tax.basis));
                Total::plain(label, notation.money(tax.amount))
            })
            .collect();
        if self.taxes.len() > 1 && supplier.habits.prints_tax_total {
            let total = notation.money(self.tax_total);
            rows.push(Total::plain(supplier.word(words.tax_total), total));
        }
        rows
    }

    fn settlement_rows(&self) -> Vec<Total> {
        let supplier = self.supplier;
        let (words, notation) = (supplier.words, &supplier.notation);
        let mut rows = Vec::new();
        let parts = [
            (self.settlement.previous_balance, words.previous_balance),
            (self.settlement.payments.map(|paid| -paid), words.payments),
            (self.settlement.deposit.map(|paid| -paid), words.deposit),
            (self.settlement.rounding, words.rounding),
        ];
        for (amount, variants) in parts {
            if let Some(amount) = amount {
                rows.push(Total::plain(supplier.word(variants), notation.money(amount)));
            }
        }
        if self.has_settlement() {
            let payable = notation.money_with_currency(self.payable);
            rows.push(Total::strong(supplier.word(words.amount_due), payable));
        }
        rows
    }

    /// The sentences about paying, the tax and courtesy.
    pub(super) fn terms(&self) -> Vec<String> {
        let supplier = self.supplier;
        let (words, notation, habits) = (supplier.words, &supplier.notation, &supplier.habits);
        let mut sentences = Vec::new();
        if let Some(early) = self.early_payment {
            sentences.push(
                supplier
                    .word(words.terms_discount)
                    .replace("{date}", &notation.date(early.until))
                    .replace("{percent}", &notation.rate(early.rate))
                    .replace("{amount}", &notation.money(early.amount)),
            );
        }
        match (self.due_date, habits.due) {
            (Some(due), DueHabit::InTerms | DueHabit::Both) => {
                let sentence = supplier.word(words.terms_date);
                sentences.push(sentence.replace("{date}", &notation.date(due)));
            }
            (Some(_), DueHabit::DaysOnly | DueHabit::AtTop) => {
                let sentence = supplier.word(words.terms_days);
                sentences.push(sentence.replace("{days}", &habits.net_days.to_string()));
            }
            _ => {}
        }
        if self.paid_by_card {
            sentences.extend(words.terms_immediate.first().map(|sentence| (*sentence).to_owned()));
        }
        if self.kind == DocumentKind::CreditNote {
            sentences.push(supplier.word(words.credit_terms).to_owned());
        }
        if self.reverse_charge {
            sentences.push(supplier.word(words.reverse_charge).to_owned());
        }
        if habits.prints_transfer_sentence && self.kind == DocumentKind::Invoice && !self.paid_by_card {
            sentences.push(
                supplier
                    .word(words.transfer)
                    .replace("{amount}", &notation.money_with_currency(self.payable))
                    .replace("{account}", &self.account())
                    .replace("{reference}", &self.number),
            );
        }
        sentences
    }

    /// The sentence above the table.
    pub(super) fn introduction(&self) -> &'static str {
        let words = self.supplier.words;
        match self.kind {
            DocumentKind::Invoice => self.supplier.word(words.introduction),
            DocumentKind::CreditNote => self.supplier.word(words.credit_introduction),
        }
    }

    /// The seller's account as its country writes it.
    pub(super) fn account(&self) -> String {
        let party = &self.supplier.party;
        match party.country {
            Country::UnitedStates => format!("{} / {}", &party.iban[8..17], &party.iban[12..]),
            _ => party.grouped_iban(),
        }
    }

    /// Bank, account and reference.
    pub(super) fn payment_facts(&self) -> [Fact; 3] {
        let supplier = self.supplier;
        let words = supplier.words;
        let account_label = match supplier.party.country {
            Country::UnitedStates => "Routing / account no.",
            _ => "IBAN",
        };
        [
            Fact {
                label: supplier.word(words.bank),
                value: supplier.party.bank.to_owned(),
            },
            Fact {
                label: account_label,
                value: self.account(),
            },
            Fact {
                label: supplier.word(words.reference),
                value: self.payment_reference.clone(),
            },
        ]
    }

    /// The seller's VAT id with its label, where the supplier prints it.
    pub(super) fn seller_vat_fact(&self) -> Option<Fact> {
        let supplier = self.supplier;
        supplier.habits.prints_vat_id.then(|| Fact {
            label: supplier.word(supplier.words.vat_id),
            value: supplier.party.tax_number.clone(),
        })
    }

    /// The seller's number in the company register, with its label.
    pub(super) fn register_fact(&self) -> Fact {
        Fact {
            label: self.supplier.word(self.supplier.words.registered),
            value: self.supplier.party.company_number.clone(),
        }
    }

    /// Telephone, mail and web address of the seller.
    pub(super) fn seller_contact_lines(&self) -> Vec<String> {
        let party = &self.supplier.party;
        vec![
            format!("{} {}", self.supplier.word(self.supplier.words.phone), party.phone),
            format!("info@{}", party.domain),
            format!("www.{}", party.domain),
        ]
    }
}
