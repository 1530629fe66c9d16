//! A centred letterhead, seller and buyer side by side.

use super::fittings::{
    TotalsLook, body, continuation, draw_totals, facts_beside, fitted, make_room, number_pages, page, sentences,
    totals_height,
};
use super::table::{Area, ColumnKind, Look, Table, columns};
use crate::canvas::{BLACK, Canvas, GREY, PALE, Style};
use crate::invoice::Invoice;

const LEFT: f32 = 56.0;
const TOP: f32 = 70.0;

pub(super) fn draw(invoice: &Invoice<'_>) -> Canvas {
    let mut canvas = page(invoice);
    let style = body(invoice);
    let right = canvas.width - LEFT;
    let bottom = canvas.height - 70.0;
    head(&mut canvas, invoice, right);
    let top = parties(&mut canvas, invoice, right);
    let begin_page = |canvas: &mut Canvas| continuation(canvas, invoice, LEFT, right, 52.0);
    let table = Table {
        invoice,
        columns: columns(
            LEFT,
            right,
            &[
                (ColumnKind::Quantity, 44.0),
                (ColumnKind::Unit, 48.0),
                (ColumnKind::Description, 0.0),
                (ColumnKind::UnitPrice, 74.0),
                (ColumnKind::LineTotal, 80.0),
            ],
        ),
        look: Look {
            heading: style.bold(),
            row_rule: Some(PALE),
            heading_rule: Some(BLACK),
            row_padding: 3.5,
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
    let needed = totals_height(style, &totals) + 110.0;
    let at = make_room(&mut canvas, at + 8.0, needed, bottom, TOP, &begin_page);
    let look = TotalsLook {
        style,
        left: right - 250.0,
        right,
        fill: None,
        strong_text: BLACK,
        rule: Some(BLACK),
        framed: false,
    };
    let at = draw_totals(&mut canvas, at, look, &totals) + 28.0;
    closing(&mut canvas, invoice, at, right);
    let centre = f32::midpoint(LEFT, right);
    let small = style.sized(8.0).coloured(GREY);
    let mut line = invoice.seller_contact_lines().join("   ");
    line.insert_str(0, &format!("{}   ", invoice.supplier.party.name));
    let line_style = fitted(small, &line, right - LEFT);
    canvas.text_centred(centre, canvas.height - 40.0, line_style, &line);
    number_pages(&mut canvas, invoice, right, bottom + 16.0, small);
    canvas
}

fn head(canvas: &mut Canvas, invoice: &Invoice<'_>, right: f32) {
    let supplier = invoice.supplier;
    let centre = f32::midpoint(LEFT, right);
    let brand = Style::new(supplier.theme.face, 20.0)
        .bold()
        .coloured(supplier.theme.accent);
    let name = supplier.party.brand.to_uppercase();
    canvas.text_centred(centre, 66.0, fitted(brand, &name, right - LEFT), &name);
    canvas.rule(LEFT, right, 78.0, supplier.theme.accent);
    canvas.rule(LEFT, right, 80.5, supplier.theme.accent);
    canvas.text_centred(centre, 108.0, body(invoice).sized(15.0), invoice.title());
}

fn parties(canvas: &mut Canvas, invoice: &Invoice<'_>, right: f32) -> f32 {
    let supplier = invoice.supplier;
    let style = body(invoice);
    let middle = f32::midpoint(LEFT, right) + 10.0;
    let small = style.sized(8.0).coloured(GREY);
    canvas.text(LEFT, 134.0, small, supplier.word(supplier.words.from));
    canvas.text(middle, 134.0, small, supplier.word(supplier.words.bill_to));
    let mut seller = vec![supplier.party.name.clone()];
    seller.extend(supplier.party.address_lines());
    seller.extend(
        invoice
            .seller_vat_fact()
            .map(|fact| format!("{} {}", fact.label, fact.value)),
    );
    let seller_end = canvas.lines(LEFT, 148.0, style, &seller);
    let buyer_end = canvas.lines(middle, 148.0, style, &invoice.buyer_lines());
    let facts = invoice.facts();
    let half = facts.len().div_ceil(2);
    let (first, second) = facts.split_at(half);
    let top = seller_end.max(buyer_end) + 12.0;
    let first_end = facts_beside(canvas, (LEFT, LEFT + 112.0), top, style, first, ":");
    let second_end = facts_beside(canvas, (middle, middle + 112.0), top, style, second, ":");
    first_end.max(second_end) + 8.0
}

fn closing(canvas: &mut Canvas, invoice: &Invoice<'_>, baseline: f32, right: f32) {
    let style = body(invoice);
    let supplier = invoice.supplier;
    let at = sentences(canvas, LEFT, baseline, right - LEFT, style, &invoice.terms());
    let at = canvas.paragraph(
        LEFT,
        at + 6.0,
        right - LEFT,
        style,
        supplier.word(supplier.words.thanks),
    );
    let facts = invoice.payment_facts();
    let at = facts_beside(canvas, (LEFT, LEFT + 112.0), at + 6.0, style, &facts, ":");
    canvas.text(LEFT, at + 14.0, style, supplier.party.contact);
}
