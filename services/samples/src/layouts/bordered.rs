//! Boxes everywhere: facts in a grid with small labels, a table with all its borders.

use super::fittings::{
    TotalsLook, body, continuation, draw_totals, emblem, fact_above, fitted, make_room, number_pages, page, sentences,
    totals_height,
};
use super::table::{Area, ColumnKind, Look, Table, columns};
use crate::canvas::{BLACK, Canvas, GREY, Style};
use crate::invoice::Invoice;

const LEFT: f32 = 40.0;
const TOP: f32 = 62.0;
const COLUMNS: [(ColumnKind, f32); 7] = [
    (ColumnKind::Article, 56.0),
    (ColumnKind::Description, 0.0),
    (ColumnKind::Quantity, 44.0),
    (ColumnKind::Unit, 42.0),
    (ColumnKind::UnitPrice, 62.0),
    (ColumnKind::TaxRate, 42.0),
    (ColumnKind::LineTotal, 74.0),
];

pub(super) fn draw(invoice: &Invoice<'_>) -> Canvas {
    let mut canvas = page(invoice);
    let style = body(invoice);
    let right = canvas.width - LEFT;
    let bottom = canvas.height - 60.0;
    head(&mut canvas, invoice, right);
    let top = boxes(&mut canvas, invoice, right);
    let begin_page = |canvas: &mut Canvas| continuation(canvas, invoice, LEFT, right, 48.0);
    let table = Table {
        invoice,
        columns: columns(LEFT, right, &COLUMNS),
        look: Look {
            heading: style.sized(style.size * 0.9).bold(),
            heading_fill: Some(invoice.supplier.theme.tint),
            grid: Some(GREY),
            row_padding: 3.0,
            ..Look::plain(style)
        },
        area: Area {
            top,
            bottom,
            next_top: TOP,
        },
    };
    let at = table.draw(&mut canvas, &begin_page);
    let totals = invoice.totals();
    let height = totals_height(style, &totals);
    let at = make_room(&mut canvas, at, height.max(110.0) + 10.0, bottom, TOP, &begin_page);
    let look = TotalsLook {
        style,
        left: right - 238.0,
        right,
        fill: Some(invoice.supplier.theme.tint),
        strong_text: BLACK,
        rule: None,
        framed: true,
    };
    draw_totals(&mut canvas, at, look, &totals);
    notes(&mut canvas, invoice, at + 14.0, look.left - LEFT - 14.0);
    number_pages(&mut canvas, invoice, right, bottom + 30.0, style.sized(7.5));
    canvas
}

fn head(canvas: &mut Canvas, invoice: &Invoice<'_>, right: f32) {
    let supplier = invoice.supplier;
    let style = body(invoice);
    let name = style.sized(11.0).bold();
    let widest = name.width(&supplier.party.name).max(150.0);
    emblem(canvas, invoice, right - widest - 34.0, 42.0, 24.0);
    let title = Style::new(supplier.theme.face, 22.0).bold();
    let title = fitted(title, invoice.title(), right - widest - 34.0 - LEFT - 20.0);
    canvas.text(LEFT, 64.0, title, invoice.title());
    let mut lines = supplier.party.address_lines();
    lines.extend(invoice.seller_contact_lines());
    lines.extend(
        invoice
            .seller_vat_fact()
            .map(|fact| format!("{}: {}", fact.label, fact.value)),
    );
    canvas.text(right - widest, 52.0, name, &supplier.party.name);
    canvas.lines(right - widest, 65.0, style.sized(8.0), &lines);
}

fn boxes(canvas: &mut Canvas, invoice: &Invoice<'_>, right: f32) -> f32 {
    let style = body(invoice);
    let top = 146.0;
    let facts = invoice.facts();
    let rows = facts.len().div_ceil(2);
    let cell_height = style.size * 3.1;
    let height = (rows as f32 * cell_height).max(84.0);
    let middle = LEFT + 222.0;
    canvas.frame(LEFT, top, middle - LEFT, height, GREY);
    let words = invoice.supplier.words;
    let label = style.sized(style.size * 0.78).coloured(GREY);
    canvas.text(LEFT + 6.0, top + 11.0, label, invoice.supplier.word(words.bill_to));
    canvas.lines(LEFT + 6.0, top + 26.0, style.sized(9.5), &invoice.buyer_lines());
    let width = (right - middle) / 2.0;
    let pitch = height / rows as f32;
    for (index, fact) in facts.iter().enumerate() {
        let left = middle + width * (index % 2) as f32;
        let cell_top = top + pitch * (index / 2) as f32;
        canvas.frame(left, cell_top, width, pitch, GREY);
        fact_above(canvas, left + 5.0, cell_top + 9.5, style, GREY, fact);
    }
    top + height + 16.0
}

fn notes(canvas: &mut Canvas, invoice: &Invoice<'_>, baseline: f32, width: f32) {
    let style = body(invoice).sized(8.0);
    let words = invoice.supplier.words;
    let mut at = sentences(canvas, LEFT, baseline, width, style, &invoice.terms()) + 6.0;
    canvas.text(LEFT, at, style.bold(), invoice.supplier.word(words.payment_details));
    at += style.leading();
    for fact in invoice.payment_facts() {
        canvas.text(LEFT, at, style, &format!("{}: {}", fact.label, fact.value));
        at += style.leading();
    }
}
