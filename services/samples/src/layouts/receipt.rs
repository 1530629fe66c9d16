//! A strip of till paper that is an invoice all the same.

use super::statement::{Fact, Strength};
use crate::canvas::{BLACK, Canvas, Mark, Style};
use crate::font::Face;
use crate::invoice::{Invoice, Line};

const WIDTH: f32 = 226.0;
const LEFT: f32 = 14.0;
const RIGHT: f32 = WIDTH - LEFT;
const STYLE: Style = Style {
    face: Face::Mono,
    size: 7.4,
    colour: BLACK,
};

pub(super) fn draw(invoice: &Invoice<'_>) -> Canvas {
    // The strip is as long as what is printed on it, so it is drawn first and cut afterwards.
    let mut canvas = Canvas::new(WIDTH, 0.0);
    let mut at = head(&mut canvas, invoice);
    for line in &invoice.lines {
        at = item(&mut canvas, invoice, line, at);
    }
    dashes(&mut canvas, at);
    at += STYLE.leading();
    for total in invoice.totals() {
        let style = match total.strength {
            Strength::Strong => STYLE.bold().sized(9.2),
            Strength::Plain => STYLE,
        };
        at = pair(&mut canvas, style, &total.label, &total.amount, at);
    }
    dashes(&mut canvas, at);
    at = foot(&mut canvas, invoice, at + STYLE.leading());
    canvas.height = at + 16.0;
    canvas
}

fn dashes(canvas: &mut Canvas, baseline: f32) {
    let count = ((RIGHT - LEFT) / STYLE.width("-")) as usize;
    canvas.text(LEFT, baseline, STYLE, &"-".repeat(count));
}

/// A label at the left and a value at the right, on two lines where one is too short.
fn pair(canvas: &mut Canvas, style: Style, label: &str, value: &str, baseline: f32) -> f32 {
    let fits = style.width(label) + style.width(value) + style.width(" ") <= RIGHT - LEFT;
    let mut at = canvas.paragraph(LEFT, baseline, RIGHT - LEFT, style, label);
    if fits {
        at = baseline + style.leading();
        canvas.text_right(RIGHT, baseline, style, value);
    } else {
        canvas.text_right(RIGHT, at, style, value);
        at += style.leading();
    }
    at
}

fn head(canvas: &mut Canvas, invoice: &Invoice<'_>) -> f32 {
    let supplier = invoice.supplier;
    let centre = WIDTH / 2.0;
    let name = STYLE.bold().sized(10.0);
    let mut at = 26.0;
    let mut lines = name.wrap(&supplier.party.name, RIGHT - LEFT);
    for line in lines.drain(..) {
        canvas.text_centred(centre, at, name, &line);
        at += name.leading();
    }
    lines.extend(supplier.party.address_lines());
    lines.extend(invoice.seller_contact_lines().into_iter().take(1));
    lines.extend(
        invoice
            .seller_vat_fact()
            .map(|fact| format!("{} {}", fact.label, fact.value)),
    );
    for line in &lines {
        canvas.text_centred(centre, at, STYLE, line);
        at += STYLE.leading();
    }
    at += 6.0;
    canvas.text_centred(centre, at, name, invoice.title());
    at += name.leading() + 2.0;
    for Fact { label, value } in invoice.facts() {
        at = pair(canvas, STYLE, label, &value, at);
    }
    at = canvas.lines(LEFT, at + 6.0, STYLE, &invoice.buyer_lines());
    dashes(canvas, at);
    at + STYLE.leading()
}

fn item(canvas: &mut Canvas, invoice: &Invoice<'_>, line: &Line, baseline: f32) -> f32 {
    let notation = &invoice.supplier.notation;
    let units = &invoice.supplier.words.units;
    let unit = units.get(line.unit as usize).copied().unwrap_or_default();
    let at = canvas.paragraph(LEFT, baseline, RIGHT - LEFT, STYLE, &line.description);
    let calculation = format!(
        "  {} {unit} x {}",
        notation.quantity(line.quantity),
        notation.unit_price(line.unit_price)
    );
    pair(canvas, STYLE, &calculation, &notation.amount(line.total), at)
}

fn foot(canvas: &mut Canvas, invoice: &Invoice<'_>, baseline: f32) -> f32 {
    let mut at = baseline;
    for sentence in invoice.terms() {
        at = canvas.paragraph(LEFT, at, RIGHT - LEFT, STYLE, &sentence);
    }
    if !invoice.paid_by_card {
        for Fact { label, value } in invoice.payment_facts() {
            at = pair(canvas, STYLE, label, &value, at);
        }
    }
    let thanks = invoice.supplier.word(invoice.supplier.words.thanks);
    for line in STYLE.wrap(thanks, RIGHT - LEFT) {
        canvas.text_centred(WIDTH / 2.0, at + 6.0, STYLE, &line);
        at += STYLE.leading();
    }
    stripes(canvas, invoice, at + 12.0)
}

/// A bar code of the document's number.
fn stripes(canvas: &mut Canvas, invoice: &Invoice<'_>, top: f32) -> f32 {
    let mut left = LEFT + 24.0;
    for byte in invoice.number.bytes().cycle().take(26) {
        let width = 0.8 + f32::from(byte % 4) * 0.7;
        canvas.mark(Mark::Block {
            left,
            top,
            width,
            height: 24.0,
            colour: BLACK,
        });
        left += width + 1.2 + f32::from(byte % 3) * 0.8;
    }
    top + 24.0
}
