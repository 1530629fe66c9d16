//! Invented shops and what they sell.

use jiff::civil::{Date, date};

use crate::chance::Chance;
use crate::compose::shift;
use crate::party::fill_digits;

/// A name and its usual price in cents.
type Good = (&'static str, i64);

/// A shop.
pub(super) struct Shop {
    pub(super) brand: &'static str,
    pub(super) company: String,
    pub(super) address_lines: Vec<String>,
    pub(super) phone: String,
    pub(super) tax_label: &'static str,
    pub(super) tax_number: Option<String>,
    /// Tax on top of the prices, where they do not include it.
    pub(super) tax_percent: Option<i64>,
    pub(super) currency: &'static str,
    pub(super) rounds_to_five_cents: bool,
    pub(super) prints_quantities: bool,
    pub(super) marks_total: bool,
    pub(super) title: &'static str,
    pub(super) total_label: &'static str,
    pub(super) goods: &'static [Good],
    date_form: usize,
}

/// A country of shops.
struct Region {
    towns: &'static [&'static str],
    streets: &'static [&'static str],
    legal_forms: &'static [&'static str],
    phone: &'static str,
    tax_label: &'static str,
    tax_number: &'static str,
    tax_percents: &'static [Option<i64>],
    currency: &'static str,
    rounds_to_five_cents: bool,
}

const REGIONS: [Region; 4] = [
    Region {
        towns: &[
            "81100 Johor Bahru, Johor",
            "50480 Kuala Lumpur",
            "10200 Penang",
            "47301 Petaling Jaya, Selangor",
        ],
        streets: &[
            "No. {}, Jalan Kenanga 4/2, Taman Melur",
            "Lot {}, Jalan Seri Bayu",
            "{}-G, Jalan Permata 3",
        ],
        legal_forms: &["Sdn Bhd", "Enterprise", "Trading"],
        phone: "07-355 0###",
        tax_label: "GST",
        tax_number: "000###90#152",
        tax_percents: &[Some(6), None],
        currency: "RM",
        rounds_to_five_cents: true,
    },
    Region {
        towns: &["Leeds LS1 4AP", "Bristol BS1 5TR", "Newcastle upon Tyne NE1 3AF"],
        streets: &["{} Mill Lane", "{} Station Road", "Unit {}, Market Hall"],
        legal_forms: &["Ltd", "Limited", "& Sons"],
        phone: "01632 960###",
        tax_label: "VAT",
        tax_number: "GB 9## #### ##",
        tax_percents: &[None, Some(20)],
        currency: "£",
        rounds_to_five_cents: false,
    },
    Region {
        towns: &["Columbus, OH 43215", "Portland, OR 97204", "Minneapolis, MN 55401"],
        streets: &["{} Maple Avenue", "{} Commerce Drive", "{} Main Street"],
        legal_forms: &["Inc.", "LLC", "Co."],
        phone: "(614) 555-01##",
        tax_label: "Sales tax",
        tax_number: "00-#######",
        tax_percents: &[Some(6), Some(7), Some(8)],
        currency: "$",
        rounds_to_five_cents: false,
    },
    Region {
        towns: &["Dublin 2", "Cork T12 X1Y2", "Galway H91 A0B1"],
        streets: &["{} Harbour Quay", "{} Bridge Street", "{} Castle Road"],
        legal_forms: &["Ltd", "DAC"],
        phone: "020 912 ####",
        tax_label: "VAT",
        tax_number: "IE 9######W",
        tax_percents: &[None],
        currency: "EUR ",
        rounds_to_five_cents: true,
    },
];

const TRADES: [(&str, &[&str], &[Good]); 5] = [
    (
        "Hardware",
        &["Ironbark Hardware", "Tan Brothers Hardware", "Nuts & Bolts"],
        &[
            ("Wood screws 4x40 100pk", 690),
            ("Masking tape 25mm", 350),
            ("LED bulb 9W", 890),
            ("Claw hammer", 2_450),
            ("Paint brush 2in", 520),
            ("Extension lead 5m", 3_290),
        ],
    ),
    (
        "Restaurant",
        &[
            "Golden Ladle Restaurant",
            "Harbour Kitchen",
            "Cafe Mirador",
            "Seri Rasa Corner",
        ],
        &[
            ("Chicken rice", 950),
            ("Iced lemon tea", 420),
            ("Fish & chips", 1_390),
            ("Soup of the day", 680),
            ("Flat white", 390),
            ("Apple crumble", 560),
        ],
    ),
    (
        "Stationery",
        &["Paperboat Stationery", "Inkwell Books", "Red Pencil"],
        &[
            ("A4 paper 500 sheets", 1_090),
            ("Gel pen black 3pk", 640),
            ("Ring binder", 480),
            ("Birthday card", 350),
            ("Sticky notes", 290),
        ],
    ),
    (
        "Groceries",
        &["Greenleaf Mart", "Corner Basket", "Daily Fresh Minimarket"],
        &[
            ("Milk 2L", 890),
            ("Bread wholemeal", 410),
            ("Eggs 10s", 620),
            ("Bananas", 375),
            ("Rice 5kg", 2_650),
            ("Washing powder", 1_850),
            ("Olive oil 500ml", 1_290),
        ],
    ),
    (
        "Pharmacy",
        &["Wellspring Pharmacy", "Lotus Health Care"],
        &[
            ("Plasters 40s", 450),
            ("Vitamin C 500mg", 2_190),
            ("Hand cream", 990),
            ("Toothpaste", 560),
        ],
    ),
];

impl Shop {
    pub(super) fn draw(chance: &mut Chance) -> Self {
        let region = &REGIONS[chance.below(REGIONS.len())];
        let (_, names, goods) = chance.pick(&TRADES);
        let brand = chance.pick(names);
        let house = chance.between(1, 120).to_string();
        let street = chance.pick(region.streets).replace("{}", &house);
        let mut address_lines: Vec<String> = street
            .split_inclusive(", ")
            .map(|part| part.trim().to_owned())
            .collect();
        if address_lines.len() > 2 || chance.happens(50) {
            address_lines = vec![format!("{street},")];
        }
        address_lines.push(chance.pick(region.towns).to_owned());
        Self {
            brand,
            company: format!("{brand} {}", chance.pick(region.legal_forms)),
            address_lines,
            phone: fill_digits(chance, region.phone),
            tax_label: region.tax_label,
            tax_number: chance.happens(70).then(|| fill_digits(chance, region.tax_number)),
            tax_percent: chance.pick(region.tax_percents),
            currency: region.currency,
            rounds_to_five_cents: region.rounds_to_five_cents,
            prints_quantities: chance.happens(60),
            marks_total: chance.happens(30),
            title: chance.pick(&["Receipt", "Tax invoice", "Cash bill", "Sales receipt"]),
            total_label: chance.pick(&["Total", "TOTAL DUE", "Grand total", "Total amount", "Amount payable"]),
            goods,
            date_form: chance.below(6),
        }
    }

    /// A day of shopping, written in the shop's way.
    pub(super) fn date(&self, chance: &mut Chance) -> String {
        const FIRST_DAY: Date = date(2022, 1, 3);
        let day = shift(FIRST_DAY, chance.between(0, 1_400));
        let months = &crate::words::words(crate::country::Language::English).months;
        let name: String = usize::try_from(day.month() - 1)
            .ok()
            .and_then(|index| months.get(index))
            .map(|name| name.chars().take(3).collect())
            .unwrap_or_default();
        let (year, month, day) = (day.year(), day.month(), day.day());
        match (self.currency, self.date_form) {
            ("$", 0..=3) => format!("{month:02}/{day:02}/{year}"),
            (_, 0) => format!("{day:02}/{month:02}/{year}"),
            (_, 1) => format!("{day:02}-{month:02}-{year}"),
            (_, 2) => format!("{day:02}/{month:02}/{:02}", year % 100),
            (_, 3) => format!("{year}-{month:02}-{day:02}"),
            (_, 4) => format!("{day:02} {name} {year}"),
            _ => format!("{day:02}-{name}-{year}"),
        }
    }
}
