//! The row of headings over the table of positions.

use accord_documents::Bounds;

use super::{Item, RowKind, kind_of};
use crate::readers::reading::Reading;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Heading {
    /// A running number.
    Position,
    /// The number of the article.
    Article,
    /// What was sold.
    Description,
    /// How many units.
    Quantity,
    /// The unit of measure.
    Unit,
    /// The price of one unit.
    UnitPrice,
    /// The amount of the line.
    LineTotal,
    /// The rate or amount of tax.
    Tax,
    /// A discount on the line.
    Discount,
    /// A date.
    Date,
}

/// A heading found over a table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cell {
    /// What the column holds.
    pub(crate) heading: Heading,
    /// Where the word stands, when there are boxes.
    pub(crate) bounds: Option<Bounds>,
}

/// The headings of one table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Headings {
    /// From left to right.
    pub(crate) cells: Vec<Cell>,
    /// The row behind the headings.
    pub(crate) first_row: usize,
}

/// Rows that one table of positions may span, notes between the positions included.
pub(crate) const MAXIMUM_TABLE_ROWS: usize = 1_500;

const WORDS: [(Heading, &str); 10] = [
    (
        Heading::Position,
        "pos position lfd nr no rad linje line ligne linea riga regel",
    ),
    (
        Heading::Article,
        "artnr artikelnr artikelnummer article sku code codice codigo art ref kode varenr artikkelnr reference referencia riferimento referentie item",
    ),
    (
        Heading::Description,
        "description desc items varetekst goods artikelbezeichnung product products artikel artikelbeschreibung artikelbezeichnung bezeichnung beschreibung produkt leistung designation libelle descrizione descripcion concepto omschrijving benamning beskrivelse beskrivning vare tjanst details service services particulars text articolo articulo prestation varebeskrivelse dienst",
    ),
    (
        Heading::Quantity,
        "quantity qty qnty menge anzahl quantite qte antal antall quantita qta cantidad cant aantal hoeveelheid mengd mengde hrs hours stunden std tim ant",
    ),
    (
        Heading::Unit,
        "unit einheit unite enhet unita unidad eenheid uom mengeneinheit stk um ud me",
    ),
    (
        Heading::UnitPrice,
        "price preis einzelpreis stuckpreis prix unitaire pu tarief tarif tarifa tariffa apris enhetspris styckpris stykpris prezzo precio prijs stuksprijs rate nettopreis epreis ep pris unitario stukprijs eenheidsprijs vk",
    ),
    (
        Heading::LineTotal,
        "amount total betrag gesamt gesamtpreis gesamtbetrag nettobetrag zeilenbetrag montant belopp belop summa sum importo totale importe bedrag totaal summe gesamtsumme positionsbetrag entgelt gpreis regeltotaal nettosumme netto radsumma linjesum amt",
    ),
    (
        Heading::Tax,
        "vat mwst ust tva moms mva iva btw tax taxes steuersatz steuer gst",
    ),
    (
        Heading::Discount,
        "rabatt discount disc rem remise sconto dto descuento korting rabais",
    ),
    (Heading::Date, "date datum dato data fecha"),
];

/// Finds the rows of headings: at least two different columns of which one is an amount, and no amounts among them.
pub(crate) fn find(reading: &Reading) -> Vec<Headings> {
    let mut found: Vec<Headings> = Vec::new();
    for row in 0..reading.view.rows.len() {
        if found.last().is_some_and(|last| row < last.first_row) || !is_heading_row(reading, row) {
            continue;
        }
        let (first, last) = band(reading, row);
        let mut cells: Vec<Cell> = (first..=last).flat_map(|row| cells_of(reading, row)).collect();
        cells.sort_by(|left, right| left_of(left).total_cmp(&left_of(right)));
        settle(&mut cells);
        found.push(Headings {
            cells,
            first_row: last + 1,
        });
    }
    found
}

/// Reads every table: a row after the other until the totals, subtotals left out; a repeated heading on the next page continues the table.
pub(crate) fn rows_of_tables(
    reading: &Reading,
    mut item_of: impl FnMut(&Headings, usize) -> Option<Item>,
) -> Vec<Item> {
    let tables = find(reading);
    let mut items = Vec::new();
    for (place, table) in tables.iter().enumerate() {
        let next = tables
            .get(place + 1)
            .map_or(usize::MAX, |next| next.first_row.saturating_sub(1));
        let end = reading
            .view
            .rows
            .len()
            .min(next)
            .min(table.first_row + MAXIMUM_TABLE_ROWS);
        for row in table.first_row..end {
            match kind_of(reading, row) {
                RowKind::Total if !items.is_empty() => return items,
                RowKind::Total => break,
                RowKind::Subtotal => {}
                RowKind::Item => items.extend(item_of(table, row)),
            }
        }
    }
    items
}

/// Whether a folded word stands over columns of tables.
pub(crate) fn is_heading_word(folded: &str) -> bool {
    heading_of_word(folded).is_some()
}

fn heading_of_word(folded: &str) -> Option<Heading> {
    WORDS
        .iter()
        .find(|(_, words)| words.split(' ').any(|word| word == folded))
        .map(|(heading, _)| *heading)
}

fn left_of(cell: &Cell) -> f32 {
    cell.bounds.map_or(0.0, |bounds| bounds.left)
}

/// Whether a row is made of headings of a table of positions.
pub(crate) fn is_heading_row(reading: &Reading, row: usize) -> bool {
    let cells = cells_of(reading, row);
    let has = |wanted: Heading| cells.iter().any(|cell| cell.heading == wanted);
    let kinds = [
        Heading::Description,
        Heading::Quantity,
        Heading::UnitPrice,
        Heading::LineTotal,
        Heading::Position,
    ]
    .into_iter()
    .filter(|heading| has(*heading))
    .count();
    let price = has(Heading::LineTotal) || has(Heading::UnitPrice);
    let words: usize = reading.view.row(row).iter().map(|segment| segment.tokens.len()).sum();
    let apart = reading.view.row(row).len() > 1;
    (kinds >= 3 || (kinds == 2 && apart))
        && price
        && words <= 24
        && super::numbers_of(reading, row)
            .iter()
            .all(|number| number.decimals == 0)
}

/// The row with the rows directly above and below that continue its headings.
fn band(reading: &Reading, row: usize) -> (usize, usize) {
    let continues = |row: usize| {
        let words: usize = reading.view.row(row).iter().map(|segment| segment.tokens.len()).sum();
        let cells = cells_of(reading, row).len();
        words > 0 && cells * 3 >= words && super::numbers_of(reading, row).is_empty()
    };
    let first = row.checked_sub(1).filter(|above| continues(*above)).unwrap_or(row);
    let last = Some(row + 1)
        .filter(|below| *below < reading.view.rows.len() && continues(*below))
        .unwrap_or(row);
    (first, last)
}

fn cells_of(reading: &Reading, row: usize) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    for segment in reading.view.row(row) {
        let mut previous: Option<Heading> = None;
        for (place, token) in segment.tokens.iter().enumerate() {
            let next = segment
                .tokens
                .get(place + 1)
                .filter(|_| token.folded.chars().count() == 1);
            let Some(heading) = next
                .and_then(|next| heading_of_word(&format!("{}{}", token.folded, next.folded)))
                .or_else(|| heading_of_word(&token.folded))
            else {
                continue;
            };
            let heading = &heading;
            let bounds = segment.bounds_of(token.start, token.end);
            // `Line total`, `Total ligne`: a running number stands leftmost, elsewhere the word belongs to its neighbour.
            if *heading == Heading::Position && !cells.is_empty() {
                if let Some(last) = cells.last_mut().filter(|_| previous.is_some()) {
                    last.bounds = widen(last.bounds, bounds);
                }
                continue;
            }
            let same =
                previous == Some(*heading) || (previous == Some(Heading::UnitPrice) && *heading == Heading::Unit);
            match cells.last_mut() {
                Some(last) if same => last.bounds = widen(last.bounds, bounds),
                Some(last) if previous == Some(Heading::Unit) && *heading == Heading::UnitPrice => {
                    last.heading = Heading::UnitPrice;
                    last.bounds = widen(last.bounds, bounds);
                }
                Some(last)
                    if matches!(
                        (previous, *heading),
                        (Some(Heading::LineTotal | Heading::UnitPrice), Heading::Tax)
                    ) && segment.tokens.len() > 1 =>
                {
                    last.bounds = widen(last.bounds, bounds);
                    continue;
                }
                _ => cells.push(Cell {
                    heading: *heading,
                    bounds,
                }),
            }
            previous = Some(*heading);
        }
    }
    cells
}

fn widen(left: Option<Bounds>, right: Option<Bounds>) -> Option<Bounds> {
    match (left, right) {
        (Some(left), Some(right)) => Some(Bounds {
            left: left.left.min(right.left),
            top: left.top.min(right.top),
            right: left.right.max(right.right),
            bottom: left.bottom.max(right.bottom),
        }),
        (one, other) => one.or(other),
    }
}

/// The amount of the line stands rightmost: without a heading for it the last price is it, and of two such headings the left one counts units.
fn settle(cells: &mut [Cell]) {
    let has = |cells: &[Cell], wanted: Heading| cells.iter().any(|cell| cell.heading == wanted);
    if !has(cells, Heading::LineTotal)
        && let Some(last) = cells.iter_mut().rfind(|cell| cell.heading == Heading::UnitPrice)
    {
        last.heading = Heading::LineTotal;
    }
    let totals = cells.iter().filter(|cell| cell.heading == Heading::LineTotal).count();
    if totals > 1
        && !has(cells, Heading::Quantity)
        && has(cells, Heading::UnitPrice)
        && let Some(first) = cells.iter_mut().find(|cell| cell.heading == Heading::LineTotal)
    {
        first.heading = Heading::Quantity;
    }
}
