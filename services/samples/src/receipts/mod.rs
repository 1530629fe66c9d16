//! Till receipts as recognised text with boxes, for projects made from the template `receipt`.

mod paper;
mod shop;

use rust_decimal::Decimal;
use serde::Serialize;

use crate::chance::{Chance, Purpose};
use paper::Paper;
use shop::Shop;

/// One receipt with its gold, as a line of a JSONL file has it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReceiptSample {
    /// Unique within a seed, such as `receipt-0007`.
    pub id: String,
    /// Width and height of the scan in pixels.
    pub image_size: [u32; 2],
    /// The recognised segments in reading order, one a line.
    pub text: String,
    /// The same with the segments of one row joined by two spaces.
    pub text_rows: String,
    /// The segments with their places.
    pub lines: Vec<ReceiptLine>,
    /// The true values.
    pub gold: ReceiptGold,
}

/// One segment of recognised text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReceiptLine {
    /// What was recognised.
    pub text: String,
    /// Left, top, right and bottom in pixels of the scan.
    #[serde(rename = "box")]
    pub bounds: [u32; 4],
    /// Which row of the paper, from 0.
    pub row: usize,
}

/// The true values of a receipt, as strings as they are printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReceiptGold {
    /// The company that runs the shop.
    pub company: String,
    /// The day of the purchase.
    pub date: String,
    /// The address in one line.
    pub address: String,
    /// What was paid.
    pub total: String,
}

/// Makes the first `count` receipts of a seed.
#[must_use]
pub fn generate_receipts(seed: u64, count: usize) -> Vec<ReceiptSample> {
    (1u64..)
        .take(count)
        .map(|position| receipt(position, &mut Chance::new(seed, Purpose::Receipt, position)))
        .collect()
}

/// What was bought, and what it came to.
struct Basket {
    /// Name, quantity, price of one.
    goods: Vec<(&'static str, i64, Decimal)>,
    tax: Option<Decimal>,
    rounding: Decimal,
    total: Decimal,
}

impl Basket {
    fn draw(shop: &Shop, chance: &mut Chance) -> Self {
        let goods: Vec<(&'static str, i64, Decimal)> = (0..chance.between(1, 9))
            .map(|_| {
                let (name, price) = chance.pick(shop.goods);
                let cents = price + chance.between(-9, 20) * 5;
                (name, chance.pick(&[1, 1, 1, 2, 3]), Decimal::new(cents, 2))
            })
            .collect();
        let sum: Decimal = goods
            .iter()
            .map(|(_, quantity, price)| Decimal::from(*quantity) * price)
            .sum();
        let tax = shop.tax_percent.map(|percent| {
            let tax = sum * Decimal::new(percent, 2);
            tax.round_dp_with_strategy(2, rust_decimal::RoundingStrategy::MidpointAwayFromZero)
        });
        let exact = sum + tax.unwrap_or_default();
        let total = if shop.rounds_to_five_cents {
            (exact * Decimal::from(20)).round() / Decimal::from(20)
        } else {
            exact
        };
        Self {
            goods,
            tax,
            rounding: total - exact,
            total,
        }
    }

    fn sum(&self) -> Decimal {
        self.total - self.rounding - self.tax.unwrap_or_default()
    }
}

fn receipt(position: u64, chance: &mut Chance) -> ReceiptSample {
    let shop = Shop::draw(chance);
    let basket = Basket::draw(&shop, chance);
    let date = shop.date(chance);
    let mut paper = Paper::new(chance);
    head(&mut paper, &shop, &date, chance);
    body(&mut paper, &shop, &basket);
    let total = foot(&mut paper, &shop, &basket, chance);
    let is_upper_case = chance.happens(70);
    let (image_size, lines) = paper.recognise(is_upper_case, chance);
    let cased = |text: &str| {
        if is_upper_case {
            text.to_uppercase()
        } else {
            text.to_owned()
        }
    };
    ReceiptSample {
        id: format!("receipt-{position:04}"),
        image_size,
        text: lines
            .iter()
            .map(|line| line.text.as_str())
            .collect::<Vec<_>>()
            .join("\n"),
        text_rows: rows(&lines),
        lines,
        gold: ReceiptGold {
            company: cased(&shop.company),
            date: cased(&date),
            address: cased(&shop.address_lines.join(" ")),
            total,
        },
    }
}

fn rows(lines: &[ReceiptLine]) -> String {
    let mut text = String::new();
    let mut row = None;
    for line in lines {
        match row {
            Some(row) if row == line.row => text.push_str("  "),
            Some(_) => text.push('\n'),
            None => {}
        }
        text.push_str(&line.text);
        row = Some(line.row);
    }
    text
}

fn head(paper: &mut Paper, shop: &Shop, date: &str, chance: &mut Chance) {
    if chance.happens(15) {
        paper.centre(shop.brand);
    }
    paper.centre(&shop.company);
    for line in &shop.address_lines {
        paper.centre(line);
    }
    paper.centre(&format!("Tel: {}", shop.phone));
    if let Some(number) = &shop.tax_number {
        paper.centre(&format!("{}: {number}", shop.tax_label));
    }
    paper.skip();
    paper.centre(shop.title);
    let time = format!("{:02}:{:02}", chance.between(8, 21), chance.between(0, 59));
    match chance.below(3) {
        0 => paper.pair(&format!("Date: {date}"), &format!("Time: {time}")),
        1 => paper.left(&format!("{date} {time}")),
        _ => paper.pair("Date", date),
    }
    paper.pair(
        &format!("Receipt no: {}", chance.digits(6)),
        &format!("Till {}", chance.between(1, 9)),
    );
    paper.left(&format!(
        "Cashier: {}",
        chance.pick(&["Amy", "Ravi", "Joan", "Lee", "Marta", "07"])
    ));
    paper.skip();
}

fn body(paper: &mut Paper, shop: &Shop, basket: &Basket) {
    paper.pair("Item", &format!("Amount ({})", shop.currency));
    for (name, quantity, price) in &basket.goods {
        let amount = Decimal::from(*quantity) * price;
        if shop.prints_quantities {
            paper.left(name);
            paper.pair(&format!("  {quantity} x {price:.2}"), &format!("{amount:.2}"));
        } else {
            paper.pair(name, &format!("{amount:.2}"));
        }
    }
    paper.skip();
}

/// Gives the total as printed.
fn foot(paper: &mut Paper, shop: &Shop, basket: &Basket, chance: &mut Chance) -> String {
    let count: i64 = basket.goods.iter().map(|(_, quantity, _)| quantity).sum();
    if chance.happens(40) {
        paper.pair("Total items", &count.to_string());
    }
    if let Some(tax) = basket.tax {
        paper.pair("Subtotal", &format!("{:.2}", basket.sum()));
        let percent = shop.tax_percent.unwrap_or_default();
        paper.pair(&format!("{} {percent}%", shop.tax_label), &format!("{tax:.2}"));
    }
    if shop.rounds_to_five_cents {
        paper.pair("Rounding", &format!("{:.2}", basket.rounding));
    }
    let amount = format!("{:.2}", basket.total);
    let total = if shop.marks_total {
        format!("{}{amount}", shop.currency)
    } else {
        amount
    };
    paper.pair(shop.total_label, &total);
    if chance.happens(60) {
        let paid = (basket.total / Decimal::TEN).ceil() * Decimal::TEN;
        paper.pair("Cash", &format!("{paid:.2}"));
        paper.pair("Change", &format!("{:.2}", paid - basket.total));
    } else {
        paper.pair("Card", &format!("{:.2}", basket.total));
        paper.left(&format!("XXXXXXXXXXXX{}", chance.digits(4)));
    }
    paper.skip();
    paper.centre(chance.pick(&["Thank you", "Please come again", "Goods sold are not returnable"]));
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receipts_repeat_and_hold_most_of_their_gold() {
        let receipts = generate_receipts(11, 200);
        assert_eq!(receipts, generate_receipts(11, 200));
        assert_ne!(receipts, generate_receipts(12, 200));
        let holds = |value: fn(&ReceiptGold) -> &String| {
            receipts
                .iter()
                .filter(|receipt| receipt.text.contains(value(&receipt.gold).as_str()))
                .count()
        };
        assert!((185..=200).contains(&holds(|gold| &gold.company)));
        assert!((180..=200).contains(&holds(|gold| &gold.date)));
        assert!((180..=200).contains(&holds(|gold| &gold.total)));
    }

    #[test]
    fn boxes_lie_on_the_scan_in_reading_order() {
        for receipt in generate_receipts(2, 50) {
            let [width, height] = receipt.image_size;
            for line in &receipt.lines {
                let [left, top, right, bottom] = line.bounds;
                assert!(
                    left < right && right <= width && top < bottom && bottom <= height,
                    "{line:?}"
                );
            }
            assert!(receipt.lines.windows(2).all(|pair| pair[0].row <= pair[1].row));
            assert_eq!(receipt.text.lines().count(), receipt.lines.len());
            let rows = receipt.lines.last().map_or(0, |line| line.row + 1);
            assert_eq!(receipt.text_rows.lines().count(), rows);
        }
    }

    #[test]
    fn totals_add_up() {
        for index in 0..100 {
            let mut chance = Chance::new(9, Purpose::Receipt, index);
            let shop = Shop::draw(&mut chance);
            let basket = Basket::draw(&shop, &mut chance);
            let sum: Decimal = basket
                .goods
                .iter()
                .map(|(_, count, price)| Decimal::from(*count) * price)
                .sum();
            assert_eq!(basket.sum(), sum);
            assert!(basket.rounding.abs() <= Decimal::new(25, 3));
        }
    }
}
