//! Positions from the text of rows alone: the last amount of a row is its total, quantity and price are what makes it.

use accord_domain::answer::Answer;
use accord_domain::field::Field;
use rust_decimal::Decimal;

use super::headings::{self, Heading, Headings};
use super::{Item, answer, keep_counted, multiplies, numbers_of, without_position};
use crate::readers::candidates::amounts::Amount;
use crate::readers::reading::Reading;
use crate::readers::view::Segment;

/// Reads the positions under every row of headings.
pub(crate) fn read(reading: &Reading, field: &Field) -> Option<Answer> {
    let items = headings::rows_of_tables(reading, |table, row| item_of(reading, table, row));
    answer(field, &keep_counted(items))
}

fn item_of(reading: &Reading, table: &Headings, row: usize) -> Option<Item> {
    let numbers = numbers_of(reading, row);
    let last = numbers.iter().rposition(|number| is_price(number))?;
    let total = numbers.get(last)?;
    let description = description_of(reading, row)?;
    let before: Vec<&Amount> = numbers
        .get(..last)?
        .iter()
        .copied()
        .filter(|number| !number.percent)
        .collect();
    if is_currency_only(&description) {
        return None;
    }
    let discounts: Vec<Decimal> = numbers
        .iter()
        .filter(|number| number.percent)
        .map(|number| number.value)
        .collect();
    let (quantity, unit_price) = factors(&before, total.value, &discounts, price_comes_first(table))
        .unwrap_or_else(|| by_heading(table, &before));
    Some(Item {
        description,
        quantity,
        unit_price,
        line_total: Some(total.value),
    })
}

/// Whether nothing but a currency and an amount is left of the description.
fn is_currency_only(description: &str) -> bool {
    description
        .chars()
        .filter(|character| character.is_alphabetic())
        .count()
        <= 3
        && description.chars().all(|character| {
            character.is_uppercase() || character.is_ascii_digit() || matches!(character, ' ' | '.' | ',' | '-')
        })
}

fn is_price(number: &Amount) -> bool {
    !number.percent && (number.decimals >= 2 || number.currency.is_some())
}

/// Two numbers that multiply to the total, the nearest to it first; a discount in percent may lie between.
fn factors(
    before: &[&Amount],
    total: Decimal,
    discounts: &[Decimal],
    price_comes_first: bool,
) -> Option<(Option<Decimal>, Option<Decimal>)> {
    for (place, price) in before.iter().enumerate().rev().filter(|(_, number)| is_price(number)) {
        let others = before.iter().enumerate().filter(|(other, _)| *other != place).rev();
        for (_, quantity) in others {
            let fits = |share: Decimal| multiplies(quantity.value, price.value * share, total);
            let discounted = discounts
                .iter()
                .any(|percent| fits((Decimal::ONE_HUNDRED - percent.abs()) / Decimal::ONE_HUNDRED));
            if fits(Decimal::ONE) || discounted {
                let (left, right) = if quantity.span < price.span {
                    (*quantity, *price)
                } else {
                    (*price, *quantity)
                };
                let (quantity, price) = if price_comes_first {
                    (right, left)
                } else {
                    (left, right)
                };
                return Some((Some(quantity.value), Some(price.value)));
            }
        }
    }
    None
}

/// Whether the column of prices stands to the left of that of quantities.
fn price_comes_first(table: &Headings) -> bool {
    let place = |wanted: Heading| table.cells.iter().position(|cell| cell.heading == wanted);
    place(Heading::UnitPrice)
        .zip(place(Heading::Quantity))
        .is_some_and(|(price, quantity)| price < quantity)
}

/// What the headings say when nothing multiplies: the first number that is no price is the quantity, the last price the unit price.
fn by_heading(table: &Headings, before: &[&Amount]) -> (Option<Decimal>, Option<Decimal>) {
    let has = |wanted: Heading| table.cells.iter().any(|cell| cell.heading == wanted);
    let skip = usize::from(has(Heading::Position) && before.first().is_some_and(|number| number.decimals == 0));
    let rest = before.get(skip..).unwrap_or_default();
    let quantity = rest
        .iter()
        .rev()
        .find(|number| !is_price(number))
        .or_else(|| rest.first().filter(|_| rest.len() > 1));
    let price = rest.iter().rev().find(|number| is_price(number));
    (
        quantity.filter(|_| has(Heading::Quantity)).map(|number| number.value),
        price.filter(|_| has(Heading::UnitPrice)).map(|number| number.value),
    )
}

/// The segment of the row with the most letters.
fn description_of(reading: &Reading, row: usize) -> Option<String> {
    let segments = reading.view.row(row);
    let start = reading.view.row_start(row);
    let priced = |segment: &Segment| {
        reading
            .amounts_in(start + segment.column)
            .iter()
            .any(|amount| amount.is_money() && amount.currency.is_some())
    };
    let named = || segments.iter().filter(|segment| segment.letter_count() >= 3);
    let plain = named().any(|segment| !priced(segment));
    let longest = named()
        .filter(|segment| !plain || !priced(segment))
        .max_by_key(|segment| (segment.letter_count(), std::cmp::Reverse(segment.column)))?;
    let index = start + longest.column;
    let cut = reading
        .amounts_in(index)
        .iter()
        .find(|amount| amount.is_money() && amount.span.start > 2)
        .map_or(longest.text.len(), |amount| amount.span.start);
    let text = longest
        .text
        .get(..cut)?
        .trim_end_matches(|last: char| last.is_whitespace() || matches!(last, '€' | '$' | ':' | '-'));
    Some(without_position(text.trim()).to_owned()).filter(|text| !text.is_empty())
}
