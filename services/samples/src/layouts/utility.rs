//! The bill of a public utility: the amount in a box at the top and again on a slip to tear off.

use super::fittings::{TotalsLook, body, draw_totals, emblem, fact_above, facts_beside, fitted, page, sentences};
use super::statement::Fact;
use super::table::{Area, ColumnKind, Look, Table, columns};
use crate::canvas::{BLACK, Canvas, GREY, PALE, Style};
use crate::compose::shift;
use crate::invoice::Invoice;

const LEFT: f32 = 44.0;
const SLIP: f32 = 150.0;

pub(super) fn draw(invoice: &Invoice<'_>) -> Canvas {
    let mut canvas = page(invoice);
    let style = body(invoice);
    let theme = invoice.supplier.theme;
    let right = canvas.width - LEFT;
    head(&mut canvas, invoice, right);
    let top = summary(&mut canvas, invoice, right);
    let table = Table {
        invoice,
        columns: columns(
            LEFT,
            right - 120.0,
            &[
                (ColumnKind::Description, 0.0),
                (ColumnKind::QuantityWithUnit, 74.0),
                (ColumnKind::UnitPrice, 60.0),
                (ColumnKind::LineTotal, 68.0),
            ],
        ),
        look: Look {
            heading: style.sized(7.8).coloured(GREY),
            heading_rule: Some(PALE),
            row_padding: 1.8,
            ..Look::plain(style)
        },
        area: Area {
            top,
            bottom: canvas.height,
            next_top: top,
        },
    };
    let at = table.draw(&mut canvas, &|_| {});
    let look = TotalsLook {
        style,
        left: LEFT + 60.0,
        right: right - 120.0,
        fill: Some(theme.tint),
        strong_text: BLACK,
        rule: None,
        framed: false,
    };
    let at = draw_totals(&mut canvas, at + 6.0, look, &invoice.totals()) + 20.0;
    sentences(
        &mut canvas,
        LEFT,
        at,
        right - LEFT - 120.0,
        style.sized(8.0),
        &invoice.terms(),
    );
    slip(&mut canvas, invoice, right);
    canvas
}

fn head(canvas: &mut Canvas, invoice: &Invoice<'_>, right: f32) {
    let supplier = invoice.supplier;
    let style = body(invoice);
    emblem(canvas, invoice, LEFT, 36.0, 30.0);
    let brand = Style::new(supplier.theme.face, 16.0)
        .bold()
        .coloured(supplier.theme.accent);
    let brand = fitted(brand, &supplier.party.brand, 250.0);
    canvas.text(LEFT + 40.0, 56.0, brand, &supplier.party.brand);
    let mut seller = vec![supplier.party.name.clone()];
    seller.extend(supplier.party.address_lines());
    seller.extend(invoice.seller_contact_lines());
    let small = style.sized(7.5).coloured(GREY);
    let widest = seller.iter().map(|line| small.width(line)).fold(0.0, f32::max);
    canvas.lines(right - widest, 44.0, small, &seller);
    canvas.lines(LEFT, 124.0, style.sized(10.0), &invoice.buyer_lines());
}

fn summary(canvas: &mut Canvas, invoice: &Invoice<'_>, right: f32) -> f32 {
    let supplier = invoice.supplier;
    let (style, notation) = (body(invoice), &supplier.notation);
    let left = right - 210.0;
    canvas.block(left, 108.0, 210.0, 74.0, supplier.theme.tint);
    let label = supplier.word(supplier.words.amount_due);
    canvas.text(left + 12.0, 126.0, style, label);
    let amount = notation.money_with_currency(invoice.payable);
    canvas.text(left + 12.0, 148.0, style.sized(19.0).bold(), &amount);
    if let Some(due) = invoice
        .due_date
        .filter(|_| invoice.facts().iter().any(|fact| is_due(invoice, fact)))
    {
        let line = format!("{} {}", supplier.word(supplier.words.due_date), notation.date(due));
        canvas.text(left + 12.0, 170.0, style, &line);
    }
    let title = style.sized(15.0).bold();
    canvas.text(LEFT, 216.0, title, invoice.title());
    let mut at = 240.0;
    let facts_left = right - 104.0;
    for fact in invoice
        .facts()
        .iter()
        .filter(|fact| !is_due(invoice, fact))
        .chain(&meter_facts(invoice))
    {
        fact_above(canvas, facts_left, at, style.sized(8.2), GREY, fact);
        at += 25.0;
    }
    canvas.upright(facts_left - 8.0, 230.0, at, PALE);
    236.0
}

fn is_due(invoice: &Invoice<'_>, fact: &Fact) -> bool {
    fact.label == invoice.supplier.word(invoice.supplier.words.due_date)
}

/// The meter, the period billed and the tax number of the utility.
fn meter_facts(invoice: &Invoice<'_>) -> Vec<Fact> {
    let supplier = invoice.supplier;
    let notation = &supplier.notation;
    let first = shift(invoice.issue_date, -33);
    let last = shift(invoice.issue_date, -4);
    let mut facts = vec![
        Fact {
            label: supplier.word(supplier.words.meter),
            value: invoice.meter_number.clone(),
        },
        Fact {
            label: supplier.word(supplier.words.period),
            value: format!("{} –", notation.date(first)),
        },
        Fact {
            label: "",
            value: notation.date(last),
        },
    ];
    facts.extend(invoice.seller_vat_fact());
    facts
}

fn slip(canvas: &mut Canvas, invoice: &Invoice<'_>, right: f32) {
    let supplier = invoice.supplier;
    let style = body(invoice);
    let top = canvas.height - SLIP;
    canvas.dashes(LEFT - 20.0, right + 20.0, top, GREY);
    canvas.text(
        LEFT,
        top + 24.0,
        style.bold(),
        supplier.word(supplier.words.payment_details),
    );
    let facts = invoice.payment_facts();
    let at = facts_beside(canvas, (LEFT, LEFT + 96.0), top + 42.0, style, &facts, "");
    canvas.text(LEFT, at, style, invoice.number_label());
    canvas.text(LEFT + 96.0, at, style, &invoice.number);
    let amount = supplier.notation.money_with_currency(invoice.payable);
    canvas.frame(right - 170.0, top + 30.0, 170.0, 42.0, BLACK);
    canvas.text(
        right - 162.0,
        top + 43.0,
        style.sized(7.5),
        supplier.word(supplier.words.amount_due),
    );
    canvas.text_right(right - 8.0, top + 63.0, style.sized(14.0).bold(), &amount);
    let code = format!("{}  {}", supplier.habits.customer_number, invoice.payment_reference);
    canvas.text_right(right, top + 118.0, Style::new(crate::font::Face::Mono, 10.0), &code);
}
