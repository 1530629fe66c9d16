//! Line items: the billed positions between the headings of a table and its totals.

pub(crate) mod columns;
pub(crate) mod headings;
pub(crate) mod products;
pub(crate) mod text_rows;

use std::collections::BTreeSet;

use accord_domain::answer::Answer;
use accord_domain::field::{Field, FieldType};
use accord_domain::normalise::normalise;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::candidates::amounts::Amount;
use super::reading::Reading;
use super::roles::{Column, column_of};
use super::totals::TotalKind;

/// The most positions that are read from one document.
const MAXIMUM_ITEMS: usize = 500;

/// A billed position.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Item {
    /// What was sold.
    pub(crate) description: String,
    /// How many units.
    pub(crate) quantity: Option<Decimal>,
    /// The price of one unit as printed.
    pub(crate) unit_price: Option<Decimal>,
    /// The amount of the line.
    pub(crate) line_total: Option<Decimal>,
}

/// Items as the value of a table field; none when there are no items or the field is no table.
pub(crate) fn answer(field: &Field, items: &[Item]) -> Option<Answer> {
    let FieldType::Table { columns } = &field.field_type else {
        return None;
    };
    if items.is_empty() {
        return None;
    }
    let rows: Vec<Value> = items
        .iter()
        .take(MAXIMUM_ITEMS)
        .map(|item| row_of(item, columns))
        .collect();
    Some(Answer::Value(normalise(field, &Value::Array(rows).to_string())))
}

fn row_of(item: &Item, columns: &[Field]) -> Value {
    let decimal = |value: Option<Decimal>| value.map(|value| value.to_string());
    let mut row = Map::new();
    for column in columns {
        let cell = match column_of(column) {
            Some(Column::Description) => Some(item.description.clone()).filter(|text| !text.is_empty()),
            Some(Column::Quantity) => decimal(item.quantity.map(|value| value.normalize())),
            Some(Column::UnitPrice) => decimal(item.unit_price.map(at_least_two_decimals)),
            Some(Column::LineTotal) => decimal(item.line_total.map(at_least_two_decimals)),
            None => None,
        };
        row.insert(column.name.to_string(), cell.map_or(Value::Null, Value::String));
    }
    Value::Object(row)
}

fn at_least_two_decimals(value: Decimal) -> Decimal {
    let mut value = value;
    if value.scale() < 2 {
        value.rescale(2);
    }
    value
}

/// Whether the total of a line is what its quantity and price make, within a cent or the rounding of the price.
pub(crate) fn multiplies(quantity: Decimal, price: Decimal, total: Decimal) -> bool {
    let Some(product) = quantity.checked_mul(price) else {
        return false;
    };
    let slack = (quantity.abs() * Decimal::new(5, 3))
        .min(Decimal::new(5, 1))
        .max(Decimal::new(11, 3));
    let difference = (product - total).abs();
    difference <= Decimal::new(11, 3) || (difference <= slack && price.scale() >= 2 && total.abs() > Decimal::TEN)
}

/// What a row below the headings is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowKind {
    /// Perhaps a position.
    Item,
    /// A sum over some of the positions, with more of them to come.
    Subtotal,
    /// One of the totals that end the table.
    Total,
}

/// Tells positions from subtotals and totals by the words of the row.
pub(crate) fn kind_of(reading: &Reading, row: usize) -> RowKind {
    let range = reading.view.rows.get(row).cloned().unwrap_or_default();
    let named: BTreeSet<TotalKind> = range
        .clone()
        .filter_map(|segment| reading.total_in(segment))
        .map(|total| total.kind)
        .collect();
    if named.len() >= 2 && numbers_of(reading, row).iter().all(|number| !number.is_money()) {
        return RowKind::Total;
    }
    let money = numbers_of(reading, row)
        .iter()
        .filter(|number| number.is_money())
        .count();
    for total in range.filter_map(|segment| reading.total_in(segment)) {
        let short = reading
            .segment(total.segment)
            .is_some_and(|content| content.tokens.len() <= 8);
        let named = short && reading.amounts_of(total).iter().any(|amount| amount.is_money());
        if !named || (total.strength < 5 && money != 1) {
            continue;
        }
        match total.kind {
            TotalKind::Subtotal => return RowKind::Subtotal,
            TotalKind::Discount | TotalKind::Charge if !has_product(reading, row) => return RowKind::Subtotal,
            TotalKind::Net | TotalKind::Gross | TotalKind::Plain | TotalKind::Payable | TotalKind::Tax => {
                return RowKind::Total;
            }
            _ => {}
        }
    }
    RowKind::Item
}

/// Whether two numbers of the row multiply to a third.
fn has_product(reading: &Reading, row: usize) -> bool {
    let numbers = numbers_of(reading, row);
    let pairs = |total: &Amount| {
        numbers.iter().enumerate().any(|(place, first)| {
            numbers.iter().skip(place + 1).any(|second| {
                multiplies(first.value, second.value, total.value)
                    && first.span != total.span
                    && second.span != total.span
            })
        })
    };
    numbers.len() >= 3 && numbers.iter().any(|total| total.is_money() && pairs(total))
}

/// Drops rows without a quantity when others have one: notes and prices under a position.
pub(crate) fn keep_counted(items: Vec<Item>) -> Vec<Item> {
    if items.iter().any(|item| item.quantity.is_some()) {
        items.into_iter().filter(|item| item.quantity.is_some()).collect()
    } else {
        items
    }
}

/// A description without the running number before it.
pub(crate) fn without_position(description: &str) -> &str {
    let rest = description.trim_start_matches(|first: char| first.is_ascii_digit());
    let digits = description.len() - rest.len();
    let follows = rest.trim_start_matches(['.', ')']);
    if (1..=3).contains(&digits) && follows.starts_with(' ') && follows.trim_start().starts_with(char::is_alphabetic) {
        follows.trim_start()
    } else {
        description
    }
}

/// The numbers of a row from left to right.
pub(crate) fn numbers_of(reading: &Reading, row: usize) -> Vec<&Amount> {
    let range = reading.view.rows.get(row).cloned().unwrap_or_default();
    range.flat_map(|segment| reading.amounts_in(segment)).collect()
}
