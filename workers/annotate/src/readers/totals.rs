//! Totals: rows that name a sum of the document, with what they sum.

use rust_decimal::Decimal;

use super::candidates::amounts::Amount;
use super::reading::Reading;
use super::view::{Segment, View};

/// What a row sums up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum TotalKind {
    /// A total without saying of what.
    Plain,
    /// With tax.
    Gross,
    /// What remains to be paid.
    Payable,
    /// After rounding to the smallest coin.
    Rounded,
    /// Without tax, or said to be net.
    Net,
    /// Before something is added or taken away.
    Subtotal,
    /// The tax.
    Tax,
    /// The difference that rounding makes.
    Rounding,
    /// A discount or a saving.
    Discount,
    /// What was handed over or charged to a card.
    Paid,
    /// What was given back.
    Change,
    /// A number of things.
    Count,
    /// Shipping, deposits, service charges.
    Charge,
}

/// A row that names a sum.
#[derive(Debug, Clone)]
pub(crate) struct TotalRow {
    /// What is summed up.
    pub(crate) kind: TotalKind,
    /// How plainly it is said, from 1 to 10.
    pub(crate) strength: u8,
    /// The segment of the words.
    pub(crate) segment: usize,
    /// The row.
    pub(crate) row: usize,
    /// Byte offset behind the naming words in the segment.
    pub(crate) end: usize,
}

/// Words that name a sum, with how plainly they do; a word that only begins so is written with a star.
const SUM_WORDS: [(u8, &str); 6] = [
    (
        8,
        "grandtotal endbetrag endsumme gesamtbetrag gesamtsumme rechnungsbetrag rechnungssumme bruttobetrag bruttosumme gesamtpreis totalbetrag totalsumme totalbelopp totalbelop fakturabelopp fakturabelop fakturatotal totaalbedrag factuurbedrag factuurtotaal eindtotaal eindbedrag fakturasumma slutsumma",
    ),
    (
        7,
        "total totals tot totl tota1 t0tal gesamt totaal totale totalt insgesamt jumlah summe summa sum totaux toplam totalamount totalsales",
    ),
    (
        6,
        "nettobetrag nettosumme nettobelopp nettobelop nettogesamt gesamtnetto nettobedrag warenwert imponibile zwischensumme subtotal sousotal subtotaal subtotale delsumma delsum deltotal nettowert positionssumme",
    ),
    (
        6,
        "zahlbetrag payable due balance betalen betala betale pagare pagar payer restbetrag saldo solde offen",
    ),
    (
        5,
        "mwst ust umsatzsteuer mehrwertsteuer steuerbetrag steuer tva taxe taxes iva imposta impuesto cuota btw moms mva vat gst sst tax merverdiavgift",
    ),
    (
        3,
        "amount betrag montant importo importe bedrag belopp belop netto net nett brutto gross ht ttc",
    ),
];

const NET_WORDS: &str = "net nett netto neto ht htva excl exclusive excluding exclude excluded exc exclusief excl ex exkl exklusive ohne hors without escl esclusa sin excluido uten utan ekskl nettobetrag nettosumme nettobelopp nettobelop gesamtnetto nettobedrag imponibile imponible basis taxable steuerbasisbetrag nettowert before beforetax base";
const GROSS_WORDS: &str = "gross brutto incl inclusive including include inclusief inkl inklusive inklusiv ttc tvac incluida incluido inc compris bruttobetrag bruttosumme bruttobelopp grand grandtotal with avec mit med con compresa endbetrag endsumme rechnungsbetrag after final inci lncl";
const TAX_WORDS: &str = "mwst ust umsatzsteuer mehrwertsteuer steuerbetrag steuer tva taxe taxes iva imposta impuesto cuota btw moms mva vat gst sst tax merverdiavgift ustbetrag mwstbetrag umsatzsteuerbetrag igv cgst sgst";
const PAYABLE_WORDS: &str = "payable due balance zahlbetrag zahlen betalen betala betale pagare pagar payer restbetrag saldo solde offen regler zahlender fallig";
const SUB_WORDS: &str = "sub subtotal zwischensumme sous subtotaal subtotale delsumma delsum deltotal subtl positionssumme positionen zwischentotal teilsumme parziale";
const COUNT_WORDS: &str = "qty quantity qtys item items pcs pts points count menge anzahl quantite antal antall aantal cantidad quantita kuantiti pax pieces units gewicht weight bags ltr litre km hours stunden seiten nos";
const DISCOUNT_WORDS: &str = "discount disc saving savings saved rabatt skonto remise rabais sconto descuento korting rabat dis nachlass abschlag abschlage diskaun voucher";
const PAID_WORDS: &str = "cash tender tendered received paid visa mastercard master card amex debit credit eftpos payment bezahlt anzahlung angezahlt acompte paye regle betalt betald pagato acconto pagado anticipo betaald voldaan bar gegeben tunai bayaran nets edc paypal cheque vorausgezahlt erhalten prepaid deposit ideal";
const CHANGE_WORDS: &str =
    "change ruckgeld wechselgeld zuruck vaxel veksel resto cambio wisselgeld baki monnaie rendu chg chang";
const CHARGE_WORDS: &str = "shipping versand versandkosten porto fracht livraison frais port frakt frakt spedizione trasporto envio portes verzendkosten deposit service charge svc srv zuschlag zuschlage kupon pfand handling freight delivery ansvarsavgift";
const ROUNDING_WORDS: &str = "rounding round rounded rundung oresavrundning avrundning arrondi arrotondamento redondeo afronding rnd rndg roundin oresavrunding oresutjamning oreavrunding avrunding oreafrunding afrunding arrotondamenti rundungsdifferenz afrondingsverschil pembulatan rouding rounded adj";

/// Finds the segments that name a sum, in visual order.
pub(crate) fn find(view: &View) -> Vec<TotalRow> {
    view.segments
        .iter()
        .enumerate()
        .filter_map(|(index, segment)| classify(view, index, segment))
        .collect()
}

fn classify(view: &View, index: usize, segment: &Segment) -> Option<TotalRow> {
    let words: Vec<&str> = segment
        .tokens
        .iter()
        .map(|token| token.folded.as_str())
        .filter(|word| word.chars().all(char::is_alphabetic))
        .collect();
    if words.is_empty() || words.len() > 9 {
        return None;
    }
    let strength = words.iter().filter_map(|word| sum_word_strength(word)).max();
    let kind = kind_of(&words, strength)?;
    let strength = match (strength, kind) {
        (Some(strength), _) => strength,
        (None, _) => 4,
    };
    let end = segment
        .tokens
        .iter()
        .rev()
        .find(|token| token.folded.chars().all(char::is_alphabetic) && !is_currency_word(&token.folded))
        .map_or(0, |token| token.end);
    Some(TotalRow {
        kind,
        strength,
        segment: index,
        row: view.segments.get(index).map_or(0, |segment| segment.row),
        end,
    })
}

/// How plainly a folded word names a sum; none when it does not.
pub(crate) fn sum_word_strength(word: &str) -> Option<u8> {
    SUM_WORDS
        .iter()
        .find(|(_, list)| contains(list, word))
        .map(|(strength, _)| *strength)
}

fn is_currency_word(word: &str) -> bool {
    matches!(
        word,
        "rm" | "myr" | "eur" | "usd" | "gbp" | "chf" | "sek" | "nok" | "dkk" | "kr" | "rs" | "inr" | "sr" | "us"
    )
}

fn contains(list: &str, word: &str) -> bool {
    list.split(' ').any(|listed| listed == word)
}

fn any(words: &[&str], list: &str) -> bool {
    words.iter().any(|word| contains(list, word))
}

fn kind_of(words: &[&str], strength: Option<u8>) -> Option<TotalKind> {
    let says_total = strength.is_some_and(|strength| strength >= 6);
    if any(words, COUNT_WORDS) && strength.is_some() && !any(words, GROSS_WORDS) && !any(words, TAX_WORDS) {
        return Some(TotalKind::Count);
    }
    if any(words, CHANGE_WORDS) {
        return Some(TotalKind::Change);
    }
    if any(words, ROUNDING_WORDS) {
        let after = words
            .iter()
            .any(|word| matches!(*word, "after" | "rounded" | "nach" | "total" | "final"));
        return Some(if after && says_total {
            TotalKind::Rounded
        } else {
            TotalKind::Rounding
        });
    }
    if any(words, DISCOUNT_WORDS) && !words.contains(&"after") {
        return Some(TotalKind::Discount);
    }
    let to_be_paid = words
        .windows(2)
        .any(|pair| pair == ["be", "paid"] || pair == ["to", "pay"]);
    if to_be_paid || any(words, PAYABLE_WORDS) && !any(words, TAX_WORDS) {
        return Some(TotalKind::Payable);
    }
    if any(words, PAID_WORDS) && !(says_total && any(words, GROSS_WORDS)) && !is_total_with_means(words) {
        return Some(TotalKind::Paid);
    }
    if any(words, SUB_WORDS) {
        return Some(TotalKind::Subtotal);
    }
    let gross = any(words, GROSS_WORDS);
    let net = any(words, NET_WORDS);
    let tax = any(words, TAX_WORDS);
    let included_in = words
        .windows(2)
        .any(|pair| pair == ["included", "in"] || pair == ["incl", "in"]);
    let sums_more_than_tax = words
        .iter()
        .any(|word| sum_word_strength(word).is_some() && !contains(TAX_WORDS, word));
    if gross && !net && sums_more_than_tax && !(included_in && tax) {
        return Some(TotalKind::Gross);
    }
    if net && strength.is_some() {
        return Some(TotalKind::Net);
    }
    if tax {
        return Some(TotalKind::Tax);
    }
    if any(words, CHARGE_WORDS) {
        return Some(TotalKind::Charge);
    }
    says_total.then_some(TotalKind::Plain)
}

/// `TOTAL CASH SALES`, `TOTAL PAYMENT`: the sum is meant although a means of payment is named.
fn is_total_with_means(words: &[&str]) -> bool {
    words.first().is_some_and(|first| matches!(*first, "total" | "grand"))
        && words.iter().any(|word| matches!(*word, "sales" | "bill"))
}

/// The amounts that a row names: those behind the words in the segment, else those of the segments to the right up to the next such words.
pub(crate) fn amounts_of<'a>(
    view: &View,
    amounts: &'a [Amount],
    totals: &[TotalRow],
    total: &TotalRow,
) -> Vec<&'a Amount> {
    let range = view.rows.get(total.row).cloned().unwrap_or_default();
    let following = totals.partition_point(|other| other.segment <= total.segment);
    let next = totals.get(following).map_or(range.end, |other| other.segment);
    let end = range.end.min(next);
    let from = amounts.partition_point(|amount| amount.span.segment < range.start);
    amounts
        .iter()
        .skip(from)
        .take_while(|amount| amount.span.segment < end)
        .filter(|amount| {
            amount.span.segment > total.segment
                || (amount.span.segment == total.segment && amount.span.start >= total.end)
        })
        .filter(|amount| !amount.percent)
        .collect()
}

/// A rounding row whose amount is more than a coin names the rounded total.
pub(crate) fn settle_rounding(view: &View, amounts: &[Amount], totals: &mut [TotalRow]) {
    let large: Vec<usize> = (0..totals.len())
        .filter(|place| {
            let total = totals.get(*place).filter(|total| total.kind == TotalKind::Rounding);
            total.is_some_and(|total| {
                let named = amounts_of(view, amounts, totals, total);
                named
                    .iter()
                    .rev()
                    .find(|amount| amount.is_money())
                    .is_some_and(|amount| amount.value.abs() > LARGEST_ROUNDING)
            })
        })
        .collect();
    for place in large {
        if let Some(total) = totals.get_mut(place) {
            total.kind = TotalKind::Rounded;
            total.strength = total.strength.max(6);
        }
    }
}

/// A row with a taxable base and a tax beside each other names the tax of one rate.
pub(crate) fn settle_bases(view: &View, amounts: &[Amount], totals: &mut [TotalRow]) {
    let both: Vec<usize> = (0..totals.len())
        .filter(|place| {
            let total = totals.get(*place).filter(|total| total.kind == TotalKind::Net);
            total.is_some_and(|total| {
                let named = amounts_of(view, amounts, totals, total);
                let taxed = view
                    .segments
                    .get(total.segment)
                    .is_some_and(|segment| segment.tokens.iter().any(|token| contains(TAX_WORDS, &token.folded)));
                let money: Vec<&&Amount> = named.iter().filter(|amount| amount.is_money()).collect();
                taxed
                    && money.len() >= 2
                    && money.last().map(|last| last.value.abs()) < money.first().map(|first| first.value.abs())
            })
        })
        .collect();
    for place in both {
        if let Some(total) = totals.get_mut(place) {
            total.kind = TotalKind::Tax;
            total.strength = 5;
        }
    }
}

/// The largest difference that rounding to coins makes.
const LARGEST_ROUNDING: Decimal = Decimal::from_parts(50, 0, 0, false, 2);

/// The difference that the document's rounding row names, when it is not zero, with its row.
pub(crate) fn rounding(reading: &Reading) -> Option<(usize, Decimal)> {
    reading
        .totals
        .iter()
        .filter(|total| total.kind == TotalKind::Rounding)
        .find_map(|total| {
            let named = reading.amounts_of(total);
            let amount = named.iter().rev().find(|amount| amount.is_money())?;
            (!amount.value.is_zero()).then_some((total.row, amount.value))
        })
}

/// The amount that rounding makes of a total: printed behind the rounding row and different by what it names.
pub(crate) fn after_rounding<'a>(reading: &'a Reading, total: &'a Amount) -> &'a Amount {
    let Some((row, difference)) = rounding(reading) else {
        return total;
    };
    let rounded = |amount: &&Amount| {
        let behind = reading
            .segment(amount.span.segment)
            .is_some_and(|segment| segment.row >= row);
        behind
            && amount.is_money()
            && (amount.value - total.value).abs() == difference.abs()
            && amount.cents().is_some_and(|cents| cents % 5 == 0)
    };
    let is_rounded = total.cents().is_some_and(|cents| cents % 5 == 0);
    if is_rounded {
        total
    } else {
        reading.amounts.iter().find(rounded).unwrap_or(total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> Option<TotalKind> {
        let folded = crate::readers::words::folded_text(text);
        let words: Vec<&str> = folded
            .split(' ')
            .filter(|word| word.chars().all(char::is_alphabetic))
            .collect();
        let strength = words.iter().filter_map(|word| sum_word_strength(word)).max();
        kind_of(&words, strength)
    }

    #[test]
    fn rows_are_told_apart() {
        for (text, expected) in [
            ("TOTAL", TotalKind::Plain),
            ("TOTAL QTY", TotalKind::Count),
            ("TOTAL SALES (INCLUSIVE OF GST)", TotalKind::Gross),
            ("TOTAL SALES (EXCLUDING GST)", TotalKind::Net),
            ("TOTAL GST", TotalKind::Tax),
            ("ROUNDING ADJ", TotalKind::Rounding),
            ("TOTAL AFTER ADJ INCL GST", TotalKind::Rounded),
            ("AMOUNT TO BE PAID", TotalKind::Payable),
            ("GST @6% INCLUDED IN TOTAL", TotalKind::Tax),
            ("inkl. 19% MwSt.", TotalKind::Tax),
            ("TOTAL AFTER ROUNDING", TotalKind::Rounded),
            ("SUB-TOTAL", TotalKind::Subtotal),
            ("CASH", TotalKind::Paid),
            ("CHANGE", TotalKind::Change),
            ("TOTAL AMOUNT PAYABLE", TotalKind::Payable),
            ("TOTAL SAVING", TotalKind::Discount),
            ("Gesamtbetrag", TotalKind::Plain),
            ("Rechnungssumme brutto", TotalKind::Gross),
            ("zuzüglich 19% MwSt.", TotalKind::Tax),
            ("Total HT", TotalKind::Net),
            ("Total TTC", TotalKind::Gross),
            ("Solde à payer", TotalKind::Payable),
            ("Summa exkl. moms", TotalKind::Net),
            ("Totale imponibile", TotalKind::Net),
            ("Exclusief BTW", TotalKind::Net),
            ("BTW 21%", TotalKind::Tax),
            ("Att betala", TotalKind::Payable),
        ] {
            assert_eq!(kind(text), Some(expected), "{text}");
        }
        assert_eq!(kind("LION FILE SPRING FILE"), None);
    }
}
