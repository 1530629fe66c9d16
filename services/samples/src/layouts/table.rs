//! The table of lines, over as many pages as it takes.

use rust_decimal::Decimal;

use crate::canvas::{Canvas, Colour, Style};
use crate::invoice::{Invoice, Line};
use crate::notation::CurrencyMark;

/// What a column shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ColumnKind {
    Position,
    Article,
    Description,
    Quantity,
    QuantityWithUnit,
    Unit,
    UnitPrice,
    TaxRate,
    LineTotal,
}

/// A column between two edges.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) kind: ColumnKind,
    pub(super) left: f32,
    pub(super) right: f32,
}

/// How a table is set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) heading: Style,
    pub(super) body: Style,
    pub(super) heading_fill: Option<Colour>,
    pub(super) stripe: Option<Colour>,
    /// The colour of borders around every cell.
    pub(super) grid: Option<Colour>,
    /// The colour of rules between rows.
    pub(super) row_rule: Option<Colour>,
    /// The colour of the rules above and below the heading.
    pub(super) heading_rule: Option<Colour>,
    pub(super) row_padding: f32,
}

impl Look {
    /// One style, no colours and no rules.
    pub(super) fn plain(style: Style) -> Self {
        Self {
            heading: style,
            body: style,
            heading_fill: None,
            stripe: None,
            grid: None,
            row_rule: None,
            heading_rule: None,
            row_padding: 3.0,
        }
    }
}

/// Where the table may stand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Area {
    pub(super) top: f32,
    /// The lowest edge of a row.
    pub(super) bottom: f32,
    /// The upper edge on the pages that follow.
    pub(super) next_top: f32,
}

/// Divides a width among columns: those with a width get it, the description gets the rest.
pub(super) fn columns(left: f32, right: f32, kinds: &[(ColumnKind, f32)]) -> Vec<Column> {
    let fixed: f32 = kinds
        .iter()
        .filter(|(kind, _)| *kind != ColumnKind::Description)
        .map(|(_, width)| width)
        .sum();
    let mut at = left;
    kinds
        .iter()
        .map(|&(kind, width)| {
            let width = match kind {
                ColumnKind::Description => right - left - fixed,
                _ => width,
            };
            let column = Column {
                kind,
                left: at,
                right: at + width,
            };
            at += width;
            column
        })
        .collect()
}

/// The room between a cell's edge and its text.
const CELL_PADDING: f32 = 3.0;

impl Column {
    fn is_right_aligned(&self) -> bool {
        !matches!(
            self.kind,
            ColumnKind::Position | ColumnKind::Article | ColumnKind::Description | ColumnKind::Unit
        )
    }

    fn write(&self, canvas: &mut Canvas, baseline: f32, style: Style, text: &str) {
        if self.is_right_aligned() {
            canvas.text_right(self.right - CELL_PADDING, baseline, style, text);
        } else {
            canvas.text(self.left + CELL_PADDING, baseline, style, text);
        }
    }

    fn text_width(&self) -> f32 {
        self.right - self.left - 2.0 * CELL_PADDING
    }
}

/// One table being drawn.
pub(super) struct Table<'a> {
    pub(super) invoice: &'a Invoice<'a>,
    pub(super) columns: Vec<Column>,
    pub(super) look: Look,
    pub(super) area: Area,
}

impl Table<'_> {
    /// Draws all lines, calling `begin_page` after each new page; gives the lower edge of the last row.
    pub(super) fn draw(&self, canvas: &mut Canvas, begin_page: &dyn Fn(&mut Canvas)) -> f32 {
        let mut at = self.draw_heading(canvas, self.area.top);
        let mut sum = Decimal::ZERO;
        let carry = self.carry_height();
        for (index, line) in self.invoice.lines.iter().enumerate() {
            let description = self.description_lines(line);
            let height = self.row_height(description.len());
            if at + height + carry > self.area.bottom {
                let words = self.invoice.supplier.words;
                self.draw_carry(canvas, at, self.invoice.supplier.word(words.carried_over), sum);
                canvas.add_page();
                begin_page(canvas);
                at = self.draw_heading(canvas, self.area.next_top);
                at += self.draw_carry(canvas, at, self.invoice.supplier.word(words.brought_forward), sum);
            }
            self.draw_row(canvas, at, index, line, &description);
            at += height;
            sum += line.total;
        }
        at
    }

    fn edges(&self) -> (f32, f32) {
        let left = self.columns.first().map_or(0.0, |column| column.left);
        let right = self.columns.last().map_or(0.0, |column| column.right);
        (left, right)
    }

    fn row_height(&self, description_lines: usize) -> f32 {
        description_lines.max(1) as f32 * self.look.body.leading() + 2.0 * self.look.row_padding
    }

    fn first_baseline(&self, top: f32) -> f32 {
        top + self.look.row_padding + self.look.body.size * 0.95
    }

    fn carry_height(&self) -> f32 {
        if self.invoice.supplier.habits.carries_subtotals {
            self.row_height(1)
        } else {
            0.0
        }
    }

    fn description_lines(&self, line: &Line) -> Vec<String> {
        let width = self
            .columns
            .iter()
            .find(|column| column.kind == ColumnKind::Description)
            .map_or(200.0, Column::text_width);
        let mut lines = self.look.body.wrap(&line.description, width);
        lines.extend(line.note.iter().flat_map(|note| self.look.body.wrap(note, width)));
        lines
    }

    fn draw_heading(&self, canvas: &mut Canvas, top: f32) -> f32 {
        let (left, right) = self.edges();
        let wrapped: Vec<Vec<String>> = self
            .columns
            .iter()
            .map(|column| self.look.heading.wrap(&self.heading(column.kind), column.text_width()))
            .collect();
        let rows = wrapped.iter().map(Vec::len).max().unwrap_or(1);
        let height = rows as f32 * self.look.heading.leading() + 2.0 * self.look.row_padding + 1.0;
        if let Some(colour) = self.look.heading_fill {
            canvas.block(left, top, right - left, height, colour);
        }
        for (column, lines) in self.columns.iter().zip(&wrapped) {
            let mut baseline = top + self.look.row_padding + self.look.heading.size;
            for line in lines {
                column.write(canvas, baseline, self.look.heading, line);
                baseline += self.look.heading.leading();
            }
        }
        if let Some(colour) = self.look.heading_rule {
            canvas.rule(left, right, top, colour);
            canvas.rule(left, right, top + height, colour);
        }
        self.draw_grid(canvas, top, height);
        top + height
    }

    fn draw_grid(&self, canvas: &mut Canvas, top: f32, height: f32) {
        if let Some(colour) = self.look.grid {
            for column in &self.columns {
                canvas.frame(column.left, top, column.right - column.left, height, colour);
            }
        }
    }

    fn draw_row(&self, canvas: &mut Canvas, top: f32, index: usize, line: &Line, description: &[String]) {
        let (left, right) = self.edges();
        let height = self.row_height(description.len());
        if let Some(colour) = self.look.stripe.filter(|_| index % 2 == 1) {
            canvas.block(left, top, right - left, height, colour);
        }
        let baseline = self.first_baseline(top);
        for column in &self.columns {
            if column.kind == ColumnKind::Description {
                canvas.lines(column.left + CELL_PADDING, baseline, self.look.body, description);
            } else {
                column.write(canvas, baseline, self.look.body, &self.cell(column.kind, index, line));
            }
        }
        if let Some(colour) = self.look.row_rule {
            canvas.rule(left, right, top + height, colour);
        }
        self.draw_grid(canvas, top, height);
    }

    fn draw_carry(&self, canvas: &mut Canvas, top: f32, label: &str, sum: Decimal) -> f32 {
        if self.carry_height() == 0.0 {
            return 0.0;
        }
        let baseline = self.first_baseline(top);
        let style = self.look.body.bold();
        for column in &self.columns {
            match column.kind {
                ColumnKind::Description => column.write(canvas, baseline, style, label),
                ColumnKind::LineTotal => {
                    let amount = self.invoice.supplier.notation.amount(sum);
                    column.write(canvas, baseline, style, &amount);
                }
                _ => {}
            }
        }
        self.carry_height()
    }

    fn heading(&self, kind: ColumnKind) -> String {
        let supplier = self.invoice.supplier;
        let words = supplier.words;
        let variants = match kind {
            ColumnKind::Position => words.position,
            ColumnKind::Article => words.article,
            ColumnKind::Description => words.description,
            ColumnKind::Quantity | ColumnKind::QuantityWithUnit => words.quantity,
            ColumnKind::Unit => words.unit,
            ColumnKind::UnitPrice => words.unit_price,
            ColumnKind::TaxRate => words.tax_rate,
            ColumnKind::LineTotal => words.line_total,
        };
        let label = supplier.word(variants).to_owned();
        match (kind, supplier.notation.currency_mark) {
            (ColumnKind::LineTotal, CurrencyMark::None) => format!("{label} {}", supplier.notation.currency.code),
            _ => label,
        }
    }

    fn cell(&self, kind: ColumnKind, index: usize, line: &Line) -> String {
        let notation = &self.invoice.supplier.notation;
        let unit = self.unit(line);
        match kind {
            ColumnKind::Position => (index + 1).to_string(),
            ColumnKind::Article => line.article.clone(),
            ColumnKind::Description => line.description.clone(),
            ColumnKind::Quantity => notation.quantity(line.quantity),
            ColumnKind::QuantityWithUnit => format!("{} {unit}", notation.quantity(line.quantity)),
            ColumnKind::Unit => unit.to_owned(),
            ColumnKind::UnitPrice => notation.unit_price(line.unit_price),
            ColumnKind::TaxRate => notation.rate(line.rate),
            ColumnKind::LineTotal => notation.amount(line.total),
        }
    }

    fn unit(&self, line: &Line) -> &'static str {
        let units = &self.invoice.supplier.words.units;
        units.get(line.unit as usize).copied().unwrap_or_default()
    }
}
