//! A coloured panel at the left with the facts; the rest of the page belongs to the lines.

use super::fittings::{
    TotalsLook, body, continuation, draw_totals, emblem, fact_above, make_room, number_pages, page, sentences,
    totals_height, wrap_tightly,
};
use super::table::{Area, ColumnKind, Look, Table, columns};
use crate::canvas::{Canvas, GREY, PALE, Style, WHITE};
use crate::invoice::Invoice;

const PANEL: f32 = 158.0;
const LEFT: f32 = 182.0;
const TOP: f32 = 60.0;

pub(super) fn draw(invoice: &Invoice<'_>) -> Canvas {
    let mut canvas = page(invoice);
    let style = body(invoice);
    let theme = invoice.supplier.theme;
    let right = canvas.width - 36.0;
    let bottom = canvas.height - 56.0;
    panel(&mut canvas, invoice);
    let top = opening(&mut canvas, invoice);
    let begin_page = |canvas: &mut Canvas| {
        canvas.block(0.0, 0.0, 12.0, canvas.height, theme.accent);
        continuation(canvas, invoice, LEFT, right, 44.0);
    };
    let table = Table {
        invoice,
        columns: columns(
            LEFT,
            right,
            &[
                (ColumnKind::Description, 0.0),
                (ColumnKind::Quantity, 44.0),
                (ColumnKind::UnitPrice, 64.0),
                (ColumnKind::LineTotal, 72.0),
            ],
        ),
        look: Look {
            heading: style.sized(style.size * 0.9).bold().coloured(theme.accent),
            row_rule: Some(PALE),
            heading_rule: Some(theme.accent),
            row_padding: 4.0,
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
    let needed = totals_height(style, &totals) + 80.0;
    let at = make_room(&mut canvas, at + 10.0, needed, bottom, TOP, &begin_page);
    let look = TotalsLook {
        style,
        left: LEFT + 110.0,
        right,
        fill: Some(theme.accent),
        strong_text: WHITE,
        rule: None,
        framed: false,
    };
    let at = draw_totals(&mut canvas, at, look, &totals) + 26.0;
    let at = sentences(
        &mut canvas,
        LEFT,
        at,
        right - LEFT,
        style.coloured(GREY),
        &invoice.terms(),
    );
    let thanks = invoice.supplier.word(invoice.supplier.words.thanks);
    canvas.paragraph(LEFT, at + 8.0, right - LEFT, style.coloured(theme.accent), thanks);
    number_pages(
        &mut canvas,
        invoice,
        right,
        bottom + 24.0,
        style.sized(7.5).coloured(GREY),
    );
    canvas
}

fn panel(canvas: &mut Canvas, invoice: &Invoice<'_>) {
    let supplier = invoice.supplier;
    let (style, theme) = (body(invoice).coloured(WHITE), supplier.theme);
    canvas.block(0.0, 0.0, PANEL, canvas.height, theme.accent);
    canvas.block(22.0, 34.0, 34.0, 34.0, WHITE);
    emblem(canvas, invoice, 27.0, 39.0, 24.0);
    let width = PANEL - 36.0;
    let at = canvas.paragraph(22.0, 92.0, width, style.sized(12.0).bold(), &supplier.party.name);
    let mut lines = supplier.party.address_lines();
    lines.extend(invoice.seller_contact_lines());
    let wrapped: Vec<String> = lines
        .iter()
        .flat_map(|line| wrap_tightly(style.sized(7.6), line, width))
        .collect();
    let mut at = canvas.lines(22.0, at + 4.0, style.sized(7.6), &wrapped) + 22.0;
    for fact in invoice.facts() {
        fact_above(canvas, 22.0, at, style, theme.tint, &fact);
        at += style.size * 3.1;
    }
    let mut at = at.max(canvas.height - 200.0);
    let [bank, account, reference] = invoice.payment_facts();
    for fact in invoice.seller_vat_fact().into_iter().chain([bank, account, reference]) {
        fact_above(canvas, 22.0, at, style.sized(7.4), theme.tint, &fact);
        at += 25.0;
    }
}

fn opening(canvas: &mut Canvas, invoice: &Invoice<'_>) -> f32 {
    let style = body(invoice);
    let supplier = invoice.supplier;
    let title = Style::new(supplier.theme.face, 26.0).coloured(supplier.theme.accent);
    canvas.text(LEFT, 74.0, title, invoice.title());
    let label = style.sized(7.5).coloured(GREY);
    canvas.text(LEFT, 112.0, label, supplier.word(supplier.words.bill_to));
    let lines = invoice.buyer_lines();
    let (name, address) = lines.split_at(1);
    let at = canvas.lines(LEFT, 126.0, style.sized(10.0).bold(), name);
    canvas.lines(LEFT, at, style, address) + 18.0
}
