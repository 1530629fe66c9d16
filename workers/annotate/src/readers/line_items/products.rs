//! Positions from arithmetic: rows in which two numbers multiply to a third, with a printed sum of the products.

use accord_domain::answer::Answer;
use accord_domain::field::Field;
use rust_decimal::Decimal;

use super::{Item, answer, multiplies, numbers_of, without_position};
use crate::readers::candidates::amounts::Amount;
use crate::readers::reading::Reading;

/// Rows in which products are looked for.
const MAXIMUM_ROWS: usize = 3_000;

/// Reads the rows of products whose totals add up to an amount printed below them; abstains when they do not.
pub(crate) fn read(reading: &Reading, field: &Field) -> Option<Answer> {
    let rows = products(reading);
    let last_row = rows.last()?.0;
    let sum: Decimal = rows.iter().filter_map(|(_, item)| item.line_total).sum();
    let printed_below = reading.amounts.iter().any(|amount| {
        let below = reading
            .segment(amount.span.segment)
            .is_some_and(|segment| segment.row > last_row);
        below && amount.is_money() && amount.value == sum
    });
    let items: Vec<Item> = rows.into_iter().map(|(_, item)| item).collect();
    if printed_below { answer(field, &items) } else { None }
}

/// The sum of all products of the document in hundredths; none when there is no product.
pub(crate) fn sum_of_products(reading: &Reading) -> Option<i64> {
    let products = products(reading);
    let sum: Decimal = products.iter().filter_map(|(_, item)| item.line_total).sum();
    let cents = sum.checked_mul(Decimal::ONE_HUNDRED)?.round();
    i64::try_from(cents.mantissa())
        .ok()
        .filter(|_| !products.is_empty() && cents.scale() == 0)
}

fn products(reading: &Reading) -> Vec<(usize, Item)> {
    (0..reading.view.rows.len().min(MAXIMUM_ROWS))
        .filter_map(|row| product(reading, row).map(|item| (row, item)))
        .collect()
}

fn product(reading: &Reading, row: usize) -> Option<Item> {
    let numbers: Vec<&Amount> = numbers_of(reading, row);
    let last = numbers.iter().rposition(|number| number.is_money())?;
    let total = numbers.get(last)?;
    let factors: Vec<&Amount> = numbers
        .get(..last)?
        .iter()
        .copied()
        .filter(|number| !number.percent)
        .collect();
    let shares = shares(&numbers);
    let named = reading
        .view
        .rows
        .get(row)?
        .clone()
        .any(|segment| reading.total_in(segment).is_some_and(|total| total.strength >= 6));
    if named {
        return None;
    }
    for (place, price) in factors.iter().enumerate().rev() {
        let others = factors
            .iter()
            .enumerate()
            .rev()
            .filter(|(other, number)| *other < place || number.decimals <= price.decimals && *other != place);
        for (_, quantity) in others {
            if price.decimals >= 2
                && shares
                    .iter()
                    .any(|share| multiplies(quantity.value, price.value * share, total.value))
            {
                return Some(Item {
                    description: description_of(reading, row),
                    quantity: Some(quantity.value),
                    unit_price: Some(price.value),
                    line_total: Some(total.value),
                });
            }
        }
    }
    None
}

/// One, and what each percentage of the row leaves as a discount.
fn shares(numbers: &[&Amount]) -> Vec<Decimal> {
    let discounts = numbers
        .iter()
        .filter(|number| number.percent)
        .map(|number| (Decimal::ONE_HUNDRED - number.value.abs()) / Decimal::ONE_HUNDRED);
    std::iter::once(Decimal::ONE).chain(discounts).collect()
}

/// The words of the row without its numbers.
fn description_of(reading: &Reading, row: usize) -> String {
    let longest = reading
        .view
        .row(row)
        .iter()
        .max_by_key(|segment| segment.letter_count());
    longest
        .map(|segment| without_position(&segment.text).to_owned())
        .unwrap_or_default()
}
