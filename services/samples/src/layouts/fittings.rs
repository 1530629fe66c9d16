//! Parts that several layouts share: pages, letterheads, rows of facts, totals and footers.

use super::statement::{Fact, Strength, Total};
use crate::canvas::{Canvas, Colour, GREY, Style};
use crate::country::Country;
use crate::invoice::Invoice;

/// A page of the paper that the seller's country uses.
pub(super) fn page(invoice: &Invoice<'_>) -> Canvas {
    match invoice.supplier.party.country {
        Country::UnitedStates => Canvas::new(612.0, 792.0),
        _ => Canvas::new(595.0, 842.0),
    }
}

/// The body style of the supplier.
pub(super) fn body(invoice: &Invoice<'_>) -> Style {
    Style::new(invoice.supplier.theme.face, invoice.supplier.theme.size)
}

/// A small emblem: a few shapes in the supplier's colour.
pub(super) fn emblem(canvas: &mut Canvas, invoice: &Invoice<'_>, left: f32, top: f32, size: f32) {
    let theme = invoice.supplier.theme;
    match invoice.supplier.habits.wording % 3 {
        0 => {
            canvas.disc(left + size / 2.0, top + size / 2.0, size / 2.0, theme.accent);
            canvas.disc(left + size * 0.62, top + size * 0.4, size * 0.24, theme.tint);
        }
        1 => {
            canvas.block(left, top, size, size, theme.accent);
            canvas.block(
                left + size * 0.2,
                top + size * 0.55,
                size * 0.6,
                size * 0.12,
                theme.tint,
            );
            canvas.block(
                left + size * 0.2,
                top + size * 0.3,
                size * 0.35,
                size * 0.12,
                theme.tint,
            );
        }
        _ => {
            for step in 0..3u8 {
                let part = f32::from(step) / 3.0;
                let height = size * (0.4 + part * 0.6);
                canvas.block(
                    left + size * part,
                    top + size - height,
                    size * 0.26,
                    height,
                    theme.accent,
                );
            }
        }
    }
}

/// Facts below each other, the values beside the labels; gives the baseline that would follow.
pub(super) fn facts_beside(
    canvas: &mut Canvas,
    (left, value_left): (f32, f32),
    baseline: f32,
    style: Style,
    facts: &[Fact],
    separator: &str,
) -> f32 {
    let mut at = baseline;
    for fact in facts {
        canvas.text(left, at, style, &format!("{}{separator}", fact.label));
        canvas.text(value_left, at, style, &fact.value);
        at += style.leading();
    }
    at
}

/// One fact with its label small above its value.
pub(super) fn fact_above(
    canvas: &mut Canvas,
    left: f32,
    baseline: f32,
    style: Style,
    label_colour: Colour,
    fact: &Fact,
) {
    let label = style.sized(style.size * 0.78).coloured(label_colour);
    canvas.text(left, baseline, label, fact.label);
    canvas.text(left, baseline + style.size * 1.25, style, &fact.value);
}

/// How a block of totals is set.
#[derive(Debug, Clone, Copy)]
pub(super) struct TotalsLook {
    pub(super) style: Style,
    pub(super) left: f32,
    pub(super) right: f32,
    /// Behind the strong rows.
    pub(super) fill: Option<Colour>,
    pub(super) strong_text: Colour,
    pub(super) rule: Option<Colour>,
    pub(super) framed: bool,
}

/// The distance between two rows of totals.
fn total_pitch(style: Style) -> f32 {
    style.size * 1.6
}

/// How much room the totals take.
pub(super) fn totals_height(style: Style, totals: &[Total]) -> f32 {
    totals.len() as f32 * total_pitch(style) + 4.0
}

/// Totals below each other; gives the lower edge.
pub(super) fn draw_totals(canvas: &mut Canvas, top: f32, look: TotalsLook, totals: &[Total]) -> f32 {
    let pitch = total_pitch(look.style);
    let mut at = top;
    for total in totals {
        let mut style = look.style;
        if total.strength == Strength::Strong {
            style = style.bold().coloured(look.strong_text);
            if let Some(colour) = look.fill {
                canvas.block(look.left, at, look.right - look.left, pitch, colour);
            }
            if let Some(colour) = look.rule {
                canvas.rule(look.left, look.right, at, colour);
            }
        }
        if look.framed {
            canvas.frame(look.left, at, look.right - look.left, pitch, GREY);
        }
        let baseline = at + pitch * 0.5 + style.size * 0.36;
        canvas.text(look.left + 4.0, baseline, style, &total.label);
        canvas.text_right(look.right - 4.0, baseline, style, &total.amount);
        at += pitch;
    }
    at
}

/// Sentences below each other, wrapped; gives the baseline that would follow.
pub(super) fn sentences(
    canvas: &mut Canvas,
    left: f32,
    baseline: f32,
    width: f32,
    style: Style,
    texts: &[String],
) -> f32 {
    let mut at = baseline;
    for text in texts {
        at = canvas.paragraph(left, at, width, style, text) + style.size * 0.3;
    }
    at
}

/// Starts a new page when less than `needed` is left above `bottom`; gives where to go on.
pub(super) fn make_room(
    canvas: &mut Canvas,
    at: f32,
    needed: f32,
    bottom: f32,
    next_top: f32,
    begin_page: &dyn Fn(&mut Canvas),
) -> f32 {
    if at + needed <= bottom {
        return at;
    }
    canvas.add_page();
    begin_page(canvas);
    next_top
}

/// Which document goes on, at the top of the pages after the first.
pub(super) fn continuation(canvas: &mut Canvas, invoice: &Invoice<'_>, left: f32, right: f32, baseline: f32) {
    let style = body(invoice).coloured(GREY);
    canvas.text(left, baseline, style, &invoice.supplier.party.name);
    let reference = format!("{} {}", invoice.number_label(), invoice.number);
    canvas.text_right(right, baseline, style, &reference);
}

/// Page numbers on every page; where there is one page, only some suppliers print them.
pub(super) fn number_pages(canvas: &mut Canvas, invoice: &Invoice<'_>, right: f32, baseline: f32, style: Style) {
    let count = canvas.pages.len();
    if count == 1 && invoice.supplier.habits.wording.is_multiple_of(2) {
        return;
    }
    let pattern = invoice.supplier.word(invoice.supplier.words.page);
    let last = canvas.pages.split_off(0);
    for (index, page) in last.into_iter().enumerate() {
        canvas.pages.push(page);
        let text = pattern
            .replace("{pages}", &count.to_string())
            .replace("{page}", &(index + 1).to_string());
        canvas.text_right(right, baseline, style, &text);
    }
}

/// Repeats a drawing at the foot of every page.
pub(super) fn on_every_page(canvas: &mut Canvas, draw: &dyn Fn(&mut Canvas)) {
    for page in canvas.pages.split_off(0) {
        canvas.pages.push(page);
        draw(canvas);
    }
}

/// The columns of a letter's footer: the company, how to reach it, its numbers and its bank.
pub(super) fn footer_columns(invoice: &Invoice<'_>) -> Vec<Vec<String>> {
    let party = &invoice.supplier.party;
    let mut company = vec![party.name.clone()];
    company.extend(party.address_lines());
    let fact_line = |fact: &Fact| format!("{} {}", fact.label, fact.value);
    let mut numbers: Vec<String> = invoice.seller_vat_fact().iter().map(fact_line).collect();
    numbers.push(fact_line(&invoice.register_fact()));
    let [bank, account, _] = invoice.payment_facts();
    let bank = vec![bank.value, fact_line(&account)];
    vec![company, invoice.seller_contact_lines(), numbers, bank]
}

/// Wraps, and breaks a word that is too long for a line after a dot, hyphen or at sign where it can.
pub(super) fn wrap_tightly(style: Style, line: &str, width: f32) -> Vec<String> {
    let mut lines = Vec::new();
    for word in style.wrap(line, width) {
        let mut rest = word.as_str();
        while style.width(rest) > width {
            let place = rest
                .match_indices(['.', '-', '@'])
                .map(|(place, _)| place)
                .rfind(|place| *place > 0 && style.width(&rest[..*place]) <= width);
            let Some(place) = place else { break };
            lines.push(rest[..place].to_owned());
            rest = &rest[place..];
        }
        lines.push(rest.to_owned());
    }
    lines
}

/// The style, set smaller where the text would be wider than the room for it.
pub(super) fn fitted(style: Style, text: &str, room: f32) -> Style {
    style.sized(style.size * (room / style.width(text)).min(1.0))
}
