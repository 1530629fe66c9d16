//! The title large at the right, bill-to and ship-to, the balance in a box.

use super::fittings::{
    TotalsLook, body, continuation, draw_totals, emblem, fitted, make_room, number_pages, page, sentences,
    totals_height,
};
use super::table::{Area, ColumnKind, Look, Table, columns};
use crate::canvas::{BLACK, Canvas, GREY, PALE, Style};
use crate::invoice::Invoice;

const LEFT: f32 = 48.0;
const TOP: f32 = 66.0;

pub(super) fn draw(invoice: &Invoice<'_>) -> Canvas {
    let mut canvas = page(invoice);
    let style = body(invoice);
    let theme = invoice.supplier.theme;
    let right = canvas.width - LEFT;
    let bottom = canvas.height - 54.0;
    let facts_end = head(&mut canvas, invoice, right);
    let top = parties(&mut canvas, invoice, facts_end);
    let begin_page = |canvas: &mut Canvas| continuation(canvas, invoice, LEFT, right, 46.0);
    let table = Table {
        invoice,
        columns: columns(
            LEFT,
            right,
            &[
                (ColumnKind::Quantity, 52.0),
                (ColumnKind::Article, 60.0),
                (ColumnKind::Description, 0.0),
                (ColumnKind::UnitPrice, 72.0),
                (ColumnKind::LineTotal, 78.0),
            ],
        ),
        look: Look {
            heading: style.bold(),
            heading_fill: Some(theme.tint),
            row_rule: Some(PALE),
            heading_rule: Some(GREY),
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
    let needed = totals_height(style, &totals) + 70.0;
    let at = make_room(&mut canvas, at + 8.0, needed, bottom, TOP, &begin_page);
    let look = TotalsLook {
        style,
        left: right - 226.0,
        right,
        fill: Some(theme.tint),
        strong_text: BLACK,
        rule: None,
        framed: false,
    };
    let end = draw_totals(&mut canvas, at, look, &totals);
    let notes_end = closing(&mut canvas, invoice, at + 14.0, look.left - LEFT - 18.0);
    let thanks = invoice.supplier.word(invoice.supplier.words.thanks);
    let centre = f32::midpoint(LEFT, right);
    canvas.text_centred(
        centre,
        end.max(notes_end) + 30.0,
        style.bold().coloured(theme.accent),
        thanks,
    );
    number_pages(
        &mut canvas,
        invoice,
        right,
        bottom + 24.0,
        style.sized(7.5).coloured(GREY),
    );
    canvas
}

fn head(canvas: &mut Canvas, invoice: &Invoice<'_>, right: f32) -> f32 {
    let supplier = invoice.supplier;
    let style = body(invoice);
    emblem(canvas, invoice, LEFT, 40.0, 28.0);
    let name = fitted(
        style.sized(13.0).bold(),
        &supplier.party.name,
        right - LEFT - 38.0 - 228.0,
    );
    canvas.text(LEFT + 38.0, 54.0, name, &supplier.party.name);
    let mut lines = supplier.party.address_lines();
    lines.extend(invoice.seller_contact_lines());
    lines.extend(
        invoice
            .seller_vat_fact()
            .map(|fact| format!("{}: {}", fact.label, fact.value)),
    );
    let seller_end = canvas.lines(LEFT + 38.0, 68.0, style.sized(8.4), &lines);
    let title = Style::new(supplier.theme.face, 26.0)
        .bold()
        .coloured(supplier.theme.accent);
    let words = invoice.title().to_uppercase();
    canvas.text_right(right, 62.0, fitted(title, &words, 216.0), &words);
    let mut top = 78.0;
    for fact in invoice.facts() {
        canvas.frame(right - 216.0, top, 108.0, 15.0, PALE);
        canvas.frame(right - 108.0, top, 108.0, 15.0, PALE);
        canvas.text_right(right - 112.0, top + 10.8, style, fact.label);
        canvas.text_right(right - 5.0, top + 10.8, style, &fact.value);
        top += 15.0;
    }
    top.max(seller_end)
}

fn parties(canvas: &mut Canvas, invoice: &Invoice<'_>, above: f32) -> f32 {
    let style = body(invoice);
    let words = invoice.supplier.words;
    let top = above + 22.0;
    let second = LEFT + 250.0;
    canvas.text(LEFT, top, style.bold(), invoice.supplier.word(words.bill_to));
    let end = canvas.lines(LEFT, top + 14.0, style, &invoice.buyer_lines());
    canvas.text(second, top, style.bold(), invoice.supplier.word(words.ship_to));
    let [delivery, ..] = words.delivery_address else {
        return end + 10.0;
    };
    canvas.text(second, top + 14.0, style, &invoice.buyer.brand);
    canvas.paragraph(second, top + 14.0 + style.leading(), 210.0, style, delivery);
    end + 10.0
}

fn closing(canvas: &mut Canvas, invoice: &Invoice<'_>, baseline: f32, width: f32) -> f32 {
    let style = body(invoice).sized(8.2);
    let mut at = sentences(canvas, LEFT, baseline, width, style, &invoice.terms()) + 4.0;
    for fact in invoice.payment_facts() {
        canvas.text(LEFT, at, style, &format!("{}: {}", fact.label, fact.value));
        at += style.leading();
    }
    at
}
