//! A coloured band at the top, the facts in a strip below it, totals at the left.

use super::fittings::{
    TotalsLook, body, continuation, draw_totals, fact_above, fitted, make_room, number_pages, page, sentences,
    totals_height,
};
use super::table::{Area, ColumnKind, Look, Table, columns};
use crate::canvas::{Canvas, GREY, Style, WHITE};
use crate::invoice::Invoice;

const LEFT: f32 = 42.0;
const BAND: f32 = 92.0;
const TOP: f32 = 66.0;

pub(super) fn draw(invoice: &Invoice<'_>) -> Canvas {
    let mut canvas = page(invoice);
    let style = body(invoice);
    let theme = invoice.supplier.theme;
    let right = canvas.width - LEFT;
    let bottom = canvas.height - 58.0;
    band(&mut canvas, invoice, right);
    let top = strip(&mut canvas, invoice, right);
    let begin_page = |canvas: &mut Canvas| {
        canvas.block(0.0, 0.0, canvas.width, 14.0, theme.accent);
        continuation(canvas, invoice, LEFT, right, 44.0);
    };
    let table = Table {
        invoice,
        columns: columns(
            LEFT,
            right,
            &[
                (ColumnKind::Position, 34.0),
                (ColumnKind::Description, 0.0),
                (ColumnKind::UnitPrice, 70.0),
                (ColumnKind::QuantityWithUnit, 70.0),
                (ColumnKind::TaxRate, 46.0),
                (ColumnKind::LineTotal, 76.0),
            ],
        ),
        look: Look {
            heading: style.sized(style.size * 0.92).bold().coloured(WHITE),
            heading_fill: Some(theme.accent),
            stripe: Some(theme.tint),
            row_padding: 3.6,
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
    let needed = totals_height(style, &totals).max(96.0) + 24.0;
    let at = make_room(&mut canvas, at + 16.0, needed, bottom, TOP, &begin_page);
    let look = TotalsLook {
        style,
        left: LEFT,
        right: LEFT + 246.0,
        fill: Some(theme.tint),
        strong_text: theme.accent,
        rule: None,
        framed: false,
    };
    draw_totals(&mut canvas, at, look, &totals);
    closing(&mut canvas, invoice, at + 10.0, right);
    number_pages(
        &mut canvas,
        invoice,
        right,
        bottom + 26.0,
        style.sized(7.5).coloured(GREY),
    );
    canvas
}

fn band(canvas: &mut Canvas, invoice: &Invoice<'_>, right: f32) {
    let supplier = invoice.supplier;
    let style = body(invoice).coloured(WHITE);
    canvas.block(0.0, 0.0, canvas.width, BAND, supplier.theme.accent);
    let title = Style::new(supplier.theme.face, 22.0).coloured(WHITE);
    canvas.text_right(right, 52.0, title, invoice.title());
    let room = right - LEFT - title.width(invoice.title()) - 18.0;
    let name = fitted(style.sized(15.0).bold(), &supplier.party.name, room);
    canvas.text(LEFT, 42.0, name, &supplier.party.name);
    let mut parts = vec![supplier.party.address()];
    parts.extend(invoice.seller_contact_lines());
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if style.sized(7.6).width(line) + style.sized(7.6).width(&part) + 16.0 < room => {
                line.push_str("  |  ");
                line.push_str(&part);
            }
            _ => lines.push(part),
        }
    }
    canvas.lines(LEFT, 57.0, style.sized(7.6), &lines);
}

fn strip(canvas: &mut Canvas, invoice: &Invoice<'_>, right: f32) -> f32 {
    let style = body(invoice);
    let facts = invoice.facts();
    let pitch = (right - LEFT) / 4.0;
    for (index, fact) in facts.iter().enumerate() {
        let left = LEFT + pitch * (index % 4) as f32;
        let baseline = BAND + 20.0 + 30.0 * (index / 4) as f32;
        fact_above(canvas, left, baseline, style, GREY, fact);
    }
    let rows = facts.len().div_ceil(4) as f32;
    let below = BAND + 18.0 + 30.0 * rows;
    canvas.rule(LEFT, right, below - 6.0, invoice.supplier.theme.tint);
    let words = invoice.supplier.words;
    canvas.text(
        LEFT,
        below + 10.0,
        style.sized(7.2).coloured(GREY),
        invoice.supplier.word(words.bill_to),
    );
    let buyer_end = canvas.lines(LEFT, below + 23.0, style, &invoice.buyer_lines());
    canvas.paragraph(LEFT, buyer_end + 8.0, right - LEFT, style, invoice.introduction()) + 2.0
}

fn closing(canvas: &mut Canvas, invoice: &Invoice<'_>, baseline: f32, right: f32) {
    let style = body(invoice).sized(8.0);
    let left = LEFT + 272.0;
    let words = invoice.supplier.words;
    let mut at = sentences(canvas, left, baseline, right - left, style, &invoice.terms()) + 8.0;
    canvas.text(left, at, style.bold(), invoice.supplier.word(words.payment_details));
    at += style.leading();
    let [bank, account, reference] = invoice.payment_facts();
    for fact in [bank, account, reference].into_iter().chain(invoice.seller_vat_fact()) {
        canvas.text(left, at, style, &format!("{}: {}", fact.label, fact.value));
        at += style.leading();
    }
}
