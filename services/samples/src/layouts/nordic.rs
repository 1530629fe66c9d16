//! Facts in two columns, a row of boxed totals and a payment slip at the foot.

use super::fittings::{
    body, continuation, emblem, fact_above, facts_beside, fitted, make_room, number_pages, page, sentences,
};
use super::statement::Strength;
use super::table::{Area, ColumnKind, Look, Table, columns};
use crate::canvas::{BLACK, Canvas, GREY, PALE, Style};
use crate::font::Face;
use crate::invoice::Invoice;

const LEFT: f32 = 44.0;
const TOP: f32 = 64.0;
const SLIP: f32 = 132.0;

pub(super) fn draw(invoice: &Invoice<'_>) -> Canvas {
    let mut canvas = page(invoice);
    let style = body(invoice);
    let right = canvas.width - LEFT;
    let bottom = canvas.height - SLIP - 24.0;
    let top = head(&mut canvas, invoice, right);
    let begin_page = |canvas: &mut Canvas| continuation(canvas, invoice, LEFT, right, 46.0);
    let table = Table {
        invoice,
        columns: columns(
            LEFT,
            right,
            &[
                (ColumnKind::Article, 58.0),
                (ColumnKind::Description, 0.0),
                (ColumnKind::Quantity, 50.0),
                (ColumnKind::Unit, 40.0),
                (ColumnKind::UnitPrice, 64.0),
                (ColumnKind::LineTotal, 78.0),
            ],
        ),
        look: Look {
            heading: style.sized(8.0).coloured(GREY),
            heading_rule: Some(PALE),
            row_padding: 2.4,
            ..Look::plain(style)
        },
        area: Area {
            top,
            bottom,
            next_top: TOP,
        },
    };
    let at = table.draw(&mut canvas, &begin_page);
    let boxes = invoice.totals().len().div_ceil(4) as f32;
    let needed = boxes * 34.0 + 96.0;
    let at = make_room(&mut canvas, at + 14.0, needed, bottom, TOP, &begin_page);
    let at = total_boxes(&mut canvas, invoice, at, right) + 18.0;
    let at = sentences(&mut canvas, LEFT, at, right - LEFT, style, &invoice.terms());
    let thanks = invoice.supplier.word(invoice.supplier.words.thanks);
    canvas.paragraph(LEFT, at + 2.0, right - LEFT, style, thanks);
    slip(&mut canvas, invoice, right);
    number_pages(&mut canvas, invoice, right, 30.0, style.sized(7.5).coloured(GREY));
    canvas
}

fn head(canvas: &mut Canvas, invoice: &Invoice<'_>, right: f32) -> f32 {
    let supplier = invoice.supplier;
    let style = body(invoice);
    emblem(canvas, invoice, LEFT, 42.0, 22.0);
    let brand = style.sized(14.0).bold().coloured(supplier.theme.accent);
    let brand = fitted(brand, &supplier.party.brand, 206.0);
    canvas.text(LEFT + 30.0, 58.0, brand, &supplier.party.brand);
    let middle = LEFT + 256.0;
    canvas.text(middle, 58.0, style.sized(18.0).bold(), invoice.title());
    let facts = invoice.facts();
    let facts_end = facts_beside(canvas, (middle, middle + 120.0), 82.0, style, &facts, "");
    canvas.text(
        LEFT,
        108.0,
        style.sized(7.5).coloured(GREY),
        supplier.word(supplier.words.bill_to),
    );
    let buyer_end = canvas.lines(LEFT, 122.0, style.sized(9.5), &invoice.buyer_lines());
    let top = facts_end.max(buyer_end) + 8.0;
    canvas.paragraph(LEFT, top + 8.0, right - LEFT, style, invoice.introduction()) + 2.0
}

fn total_boxes(canvas: &mut Canvas, invoice: &Invoice<'_>, top: f32, right: f32) -> f32 {
    let style = body(invoice);
    let totals = invoice.totals();
    let columns = totals.len().clamp(1, 4);
    let width = (right - LEFT) / columns as f32;
    for (index, total) in totals.iter().enumerate() {
        let left = LEFT + width * (index % columns) as f32;
        let box_top = top + 34.0 * (index / columns) as f32;
        let strong = total.strength == Strength::Strong;
        if strong {
            canvas.block(left, box_top, width, 34.0, invoice.supplier.theme.tint);
        }
        canvas.frame(left, box_top, width, 34.0, GREY);
        let label = fitted(style.sized(7.4).coloured(GREY), &total.label, width - 10.0);
        canvas.text(left + 5.0, box_top + 11.0, label, &total.label);
        let amount = if strong { style.sized(11.0).bold() } else { style };
        canvas.text_right(left + width - 6.0, box_top + 27.0, amount, &total.amount);
    }
    top + 34.0 * totals.len().div_ceil(columns) as f32
}

fn slip(canvas: &mut Canvas, invoice: &Invoice<'_>, right: f32) {
    let supplier = invoice.supplier;
    let style = body(invoice).sized(7.8);
    let top = canvas.height - SLIP;
    canvas.rule(LEFT, right, top, GREY);
    let pitch = (right - LEFT) / 3.0;
    let mut seller = vec![supplier.party.name.clone()];
    seller.extend(supplier.party.address_lines());
    let mut numbers = vec![invoice.register_fact()];
    numbers.extend(invoice.seller_vat_fact());
    let numbers: Vec<String> = numbers
        .iter()
        .map(|fact| format!("{} {}", fact.label, fact.value))
        .collect();
    for (index, lines) in [seller, invoice.seller_contact_lines(), numbers].iter().enumerate() {
        let mut baseline = top + 14.0;
        for line in lines {
            let left = LEFT + pitch * index as f32;
            canvas.text(left, baseline, fitted(style, line, pitch - 8.0), line);
            baseline += style.leading();
        }
    }
    let line = top + 62.0;
    canvas.dashes(LEFT, right, line - 12.0, GREY);
    let [bank, account, reference] = invoice.payment_facts();
    for (index, fact) in [&reference, &account, &bank].into_iter().enumerate() {
        let left = LEFT + [0.0, 120.0, 300.0][index];
        fact_above(canvas, left, line + 4.0, style, GREY, fact);
    }
    let amount = supplier.notation.amount(invoice.payable);
    canvas.text_right(right, line + 15.0, style.sized(11.0).bold(), &amount);
    let code = format!(
        "# {} #  {} >",
        invoice.payment_reference,
        amount.replace(['.', ',', ' ', '\u{a0}', '\''], "")
    );
    let typewriter = Style::new(Face::Mono, 10.0).coloured(BLACK);
    canvas.text_right(right, canvas.height - 26.0, typewriter, &code);
}
