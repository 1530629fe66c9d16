//! Small documents made for the tests.

use accord_documents::{Document, Segment, from_segments};

/// Width of a character in the made documents.
const CHARACTER_WIDTH: f32 = 6.0;

/// Height of a row in the made documents.
const ROW_HEIGHT: f32 = 14.0;

/// A page from text as it looks: columns parted by two or more blanks stand where they stand in the text.
pub(super) fn page(text: &str) -> Document {
    let mut segments = Vec::new();
    let mut row = 0_u32;
    for (line_number, line) in text.lines().enumerate() {
        let before = segments.len();
        segments.extend(
            columns(line)
                .into_iter()
                .map(|(start, column)| segment(&column, start, line_number, row)),
        );
        if segments.len() > before {
            row += 1;
        }
    }
    from_segments(&segments, 600.0, 840.0)
}

fn segment(text: &str, start: usize, line: usize, row: u32) -> Segment {
    let number = |count: usize| f32::from(u16::try_from(count).unwrap());
    let left = number(start) * CHARACTER_WIDTH;
    let top = number(line) * ROW_HEIGHT;
    Segment {
        text: text.to_owned(),
        edges: [
            left,
            top,
            left + number(text.chars().count()) * CHARACTER_WIDTH,
            top + 10.0,
        ],
        row,
    }
}

fn columns(line: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut blanks = 2;
    for (place, character) in line.chars().enumerate() {
        if character == ' ' {
            blanks += 1;
            continue;
        }
        match found.last_mut() {
            Some((_, column)) if blanks == 1 => {
                column.push(' ');
                column.push(character);
            }
            Some((_, column)) if blanks == 0 => column.push(character),
            _ => found.push((place, character.to_string())),
        }
        blanks = 0;
    }
    found
}

/// A receipt with a rounding of the total.
pub(super) const RECEIPT: &str = "\
          KEDAI BUKU SERI MAJU SDN BHD (123456-A)
             NO. 12, JALAN MAWAR 3,
             TAMAN BUNGA RAYA,
             43000 KAJANG, SELANGOR
             TEL : 03-8733 1234
             TAX INVOICE
INV NO : CS-004711      DATE : 14/02/2018 10:15
ITEM            QTY   PRICE   AMOUNT
EXERCISE BOOK     3    4.51    13.53
RULER             1    2.00     2.00
TOTAL SALES (INCLUSIVE OF GST)   RM 15.53
ROUNDING ADJ                         0.02
TOTAL AFTER ROUNDING             RM 15.55
CASH                             RM 20.00
CHANGE                           RM  4.45
THANK YOU
";

/// A German invoice with a sender's line, a table and totals.
pub(super) const INVOICE: &str = "\
                                                         Holzwerk Aurach GmbH
                                                         Mühlgasse 4
                                                         91589 Aurach
Holzwerk Aurach GmbH · Mühlgasse 4 · 91589 Aurach        Tel. 09804 1234
                                                         info@holzwerk-aurach.example
Schreinerei Lindner KG
Hafenstraße 9
90402 Nürnberg

Rechnungsnummer: RE-2023/118      Rechnungsdatum: 03.05.2023
Kundennummer: 20014               Lieferdatum: 28.04.2023

Pos.  Bezeichnung                 Menge     Einzelpreis     Gesamt
1     Eichenbohle 40 mm           12        38,50           462,00
2     Zuschnitt                   2         55,00           110,00

                                  Summe netto               572,00
                                  zzgl. 19 % MwSt.          108,68
                                  Rechnungsbetrag           680,68 EUR

Zahlbar bis 02.06.2023 ohne Abzug.

Holzwerk Aurach GmbH    USt-IdNr. DE123456788    IBAN DE02 1203 0000 0000 2020 51
";
