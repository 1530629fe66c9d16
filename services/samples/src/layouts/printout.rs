//! The print of an old accounting system: one typewriter face, rules made of hyphens.

use super::fittings::{body, make_room, page};
use super::statement::Strength;
use super::table::{Area, ColumnKind, Look, Table, columns};
use crate::canvas::{Canvas, Style};
use crate::font::Face;
use crate::invoice::Invoice;

const LEFT: f32 = 46.0;
const TOP: f32 = 104.0;

pub(super) fn draw(invoice: &Invoice<'_>) -> Canvas {
    let mut canvas = page(invoice);
    let style = body(invoice);
    let right = canvas.width - LEFT;
    let bottom = canvas.height - 70.0;
    head(&mut canvas, invoice, right);
    let top = opening(&mut canvas, invoice, right);
    let begin_page = |canvas: &mut Canvas| {
        head(canvas, invoice, right);
        let line = format!("{} {}", invoice.number_label(), invoice.number);
        canvas.text(LEFT, 84.0, style, &line);
        rule(canvas, style, right, 96.0);
    };
    let table = Table {
        invoice,
        columns: columns(
            LEFT - 3.0,
            right + 3.0,
            &[
                (ColumnKind::Position, 34.0),
                (ColumnKind::Article, 52.0),
                (ColumnKind::Description, 0.0),
                (ColumnKind::Quantity, 54.0),
                (ColumnKind::Unit, 44.0),
                (ColumnKind::UnitPrice, 66.0),
                (ColumnKind::LineTotal, 82.0),
            ],
        ),
        look: Look {
            row_padding: 1.2,
            ..Look::plain(style)
        },
        area: Area {
            top,
            bottom,
            next_top: TOP,
        },
    };
    let at = table.draw(&mut canvas, &begin_page);
    let count = invoice.totals().len() as f32;
    let needed = (count + 8.0) * style.leading() + 30.0;
    let at = make_room(&mut canvas, at + 8.0, needed, bottom, TOP, &begin_page);
    closing(&mut canvas, invoice, at, right);
    page_numbers(&mut canvas, invoice, right);
    canvas
}

/// A row of hyphens from the left margin to the right.
fn rule(canvas: &mut Canvas, style: Style, right: f32, baseline: f32) {
    let count = ((right - LEFT) / style.width("-")) as usize;
    canvas.text(LEFT, baseline, style, &"-".repeat(count));
}

fn head(canvas: &mut Canvas, invoice: &Invoice<'_>, right: f32) {
    let party = &invoice.supplier.party;
    let style = body(invoice);
    canvas.text(LEFT, 48.0, Style::new(Face::MonoBold, 11.0), &party.name.to_uppercase());
    canvas.text(LEFT, 60.0, style, &party.address());
    canvas.text_right(right, 48.0, style.bold(), &invoice.title().to_uppercase());
}

fn opening(canvas: &mut Canvas, invoice: &Invoice<'_>, right: f32) -> f32 {
    let style = body(invoice);
    let mut at = canvas.lines(LEFT, 104.0, style, &invoice.buyer_lines()) + 14.0;
    rule(canvas, style, right, at);
    at += style.leading();
    let facts = invoice.facts();
    let middle = f32::midpoint(LEFT, right) + 4.0;
    let half = facts.len().div_ceil(2);
    for (index, fact) in facts.iter().enumerate() {
        let left = if index < half { LEFT } else { middle };
        let row = if index < half { index } else { index - half };
        let baseline = at + row as f32 * style.leading();
        let text = format!("{:.<20} {}", fact.label, fact.value);
        canvas.text(left, baseline, style, &text);
    }
    at += half as f32 * style.leading();
    if let Some(fact) = invoice.seller_vat_fact() {
        canvas.text(LEFT, at, style, &format!("{:.<20} {}", fact.label, fact.value));
        at += style.leading();
    }
    rule(canvas, style, right, at);
    at + 4.0
}

fn closing(canvas: &mut Canvas, invoice: &Invoice<'_>, top: f32, right: f32) {
    let style = body(invoice);
    rule(canvas, style, right, top);
    let mut at = top + style.leading();
    for total in invoice.totals() {
        let row = match total.strength {
            Strength::Strong => style.bold(),
            Strength::Plain => style,
        };
        canvas.text_right(right - 110.0, at, row, &total.label);
        canvas.text_right(right, at, row, &total.amount);
        at += style.leading();
    }
    rule(canvas, style, right, at);
    at += style.leading() * 1.5;
    for sentence in invoice.terms() {
        at = canvas.paragraph(LEFT, at, right - LEFT, style, &sentence);
    }
    let [bank, account, reference] = invoice.payment_facts();
    let line = format!("{} {}  {} {}", bank.label, bank.value, account.label, account.value);
    canvas.text(LEFT, at, style, &line);
    canvas.text(
        LEFT,
        at + style.leading(),
        style,
        &format!("{} {}", reference.label, reference.value),
    );
}

fn page_numbers(canvas: &mut Canvas, invoice: &Invoice<'_>, right: f32) {
    let style = body(invoice);
    let count = canvas.pages.len();
    let pattern = invoice.supplier.word(invoice.supplier.words.page);
    for (index, page) in canvas.pages.split_off(0).into_iter().enumerate() {
        canvas.pages.push(page);
        let text = pattern
            .replace("{pages}", &count.to_string())
            .replace("{page}", &(index + 1).to_string());
        canvas.text_right(right, 60.0, style, &text);
    }
}
