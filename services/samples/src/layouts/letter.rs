//! A business letter: address window, facts at the right, footer in columns.

use super::fittings::{
    TotalsLook, body, continuation, draw_totals, emblem, facts_beside, fitted, footer_columns, make_room, number_pages,
    on_every_page, page, sentences, totals_height, wrap_tightly,
};
use super::table::{Area, ColumnKind, Look, Table, columns};
use crate::canvas::{BLACK, Canvas, GREY, PALE, Style};
use crate::invoice::Invoice;

const LEFT: f32 = 62.0;
const MARGIN_RIGHT: f32 = 48.0;
const FOOTER_HEIGHT: f32 = 92.0;

pub(super) fn draw(invoice: &Invoice<'_>) -> Canvas {
    let mut canvas = page(invoice);
    let style = body(invoice);
    let right = canvas.width - MARGIN_RIGHT;
    let bottom = canvas.height - FOOTER_HEIGHT - 12.0;
    head(&mut canvas, invoice, right);
    let top = opening(&mut canvas, invoice, right);
    let begin_page = |canvas: &mut Canvas| continuation(canvas, invoice, LEFT, right, 60.0);
    let table = Table {
        invoice,
        columns: columns(LEFT, right, &kinds(invoice)),
        look: Look {
            heading: style.bold(),
            heading_rule: Some(BLACK),
            row_padding: 3.0,
            ..Look::plain(style)
        },
        area: Area {
            top,
            bottom,
            next_top: 76.0,
        },
    };
    let mut at = table.draw(&mut canvas, &begin_page);
    canvas.rule(LEFT, right, at + 2.0, BLACK);
    let totals = invoice.totals();
    let needed = totals_height(style, &totals) + 90.0;
    at = make_room(&mut canvas, at + 6.0, needed, bottom, 76.0, &begin_page);
    let look = TotalsLook {
        style,
        left: right - 250.0,
        right,
        fill: None,
        strong_text: BLACK,
        rule: Some(BLACK),
        framed: false,
    };
    at = draw_totals(&mut canvas, at, look, &totals) + 26.0;
    at = sentences(&mut canvas, LEFT, at, right - LEFT, style, &invoice.terms());
    canvas.paragraph(
        LEFT,
        at + 8.0,
        right - LEFT,
        style,
        invoice.supplier.word(invoice.supplier.words.thanks),
    );
    on_every_page(&mut canvas, &|canvas| foot(canvas, invoice, right));
    let page_line = canvas.height - FOOTER_HEIGHT;
    number_pages(&mut canvas, invoice, right, page_line, style.sized(7.5).coloured(GREY));
    canvas
}

fn kinds(invoice: &Invoice<'_>) -> Vec<(ColumnKind, f32)> {
    let mut kinds = vec![(ColumnKind::Position, 26.0)];
    if invoice.supplier.habits.wording % 4 < 2 {
        kinds.push((ColumnKind::Article, 52.0));
    }
    kinds.push((ColumnKind::Description, 0.0));
    kinds.push((ColumnKind::QuantityWithUnit, 66.0));
    kinds.push((ColumnKind::UnitPrice, 66.0));
    if invoice.taxes.len() > 1 {
        kinds.push((ColumnKind::TaxRate, 44.0));
    }
    kinds.push((ColumnKind::LineTotal, 74.0));
    kinds
}

fn head(canvas: &mut Canvas, invoice: &Invoice<'_>, right: f32) {
    let supplier = invoice.supplier;
    let brand = Style::new(supplier.theme.face, 17.0)
        .bold()
        .coloured(supplier.theme.accent);
    let brand = fitted(brand, &supplier.party.brand, right - LEFT - 34.0);
    canvas.text_right(right, 62.0, brand, &supplier.party.brand);
    let emblem_left = right - brand.width(&supplier.party.brand) - 34.0;
    emblem(canvas, invoice, emblem_left, 44.0, 24.0);
    let sender = body(invoice).sized(6.5).coloured(GREY);
    let line = format!(
        "{} · {}",
        supplier.party.name,
        supplier.party.address().replace(", ", " · ")
    );
    canvas.text(LEFT, 128.0, sender, &line);
    canvas.rule(LEFT, LEFT + sender.width(&line), 131.0, PALE);
}

fn opening(canvas: &mut Canvas, invoice: &Invoice<'_>, right: f32) -> f32 {
    let style = body(invoice);
    let buyer_end = canvas.lines(LEFT, 148.0, style.sized(10.0), &invoice.buyer_lines());
    let facts = invoice.facts();
    let facts_left = right - 205.0;
    let facts_end = facts_beside(canvas, (facts_left, facts_left + 108.0), 148.0, style, &facts, ":");
    let subject_line = buyer_end.max(facts_end).max(236.0) + 14.0;
    let subject = format!("{} {}", invoice.title(), invoice.number);
    canvas.text(LEFT, subject_line, style.sized(13.0).bold(), &subject);
    canvas.paragraph(LEFT, subject_line + 22.0, right - LEFT, style, invoice.introduction()) + 4.0
}

fn foot(canvas: &mut Canvas, invoice: &Invoice<'_>, right: f32) {
    let style = body(invoice).sized(6.8).coloured(GREY);
    let top = canvas.height - FOOTER_HEIGHT + 14.0;
    canvas.rule(LEFT, right, top, PALE);
    let columns = footer_columns(invoice);
    let pitch = (right - LEFT) / columns.len() as f32;
    for (index, lines) in columns.iter().enumerate() {
        let wrapped: Vec<String> = lines
            .iter()
            .flat_map(|line| wrap_tightly(style, line, pitch - 6.0))
            .collect();
        canvas.lines(LEFT + pitch * index as f32, top + 12.0, style, &wrapped);
    }
}
