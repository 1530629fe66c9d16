//! What suppliers sell: per industry the same goods in every language, with prices and units.

mod dutch;
mod english;
mod french;
mod german;
mod italian;
mod norwegian;
mod spanish;
mod swedish;

use crate::country::Language;

/// The trade a supplier is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Industry {
    Office,
    Computing,
    Facility,
    Food,
    Freight,
    Agency,
    Parts,
    Utility,
}

/// What a quantity counts. The order is that of the units in [`crate::words::Words`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Piece,
    Box,
    Hour,
    Day,
    Kilogram,
    Litre,
    Metre,
    SquareMetre,
    Month,
    Flat,
    KilowattHour,
}

impl Unit {
    /// The code of UN/ECE Recommendation 20, as electronic invoices use it.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Piece => "H87",
            Self::Box => "XBX",
            Self::Hour => "HUR",
            Self::Day => "DAY",
            Self::Kilogram => "KGM",
            Self::Litre => "LTR",
            Self::Metre => "MTR",
            Self::SquareMetre => "MTK",
            Self::Month => "MON",
            Self::Flat => "LS",
            Self::KilowattHour => "KWH",
        }
    }
}

/// How many of something are bought at once.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Amounts {
    /// Always one.
    One,
    /// Whole numbers up to this.
    UpTo(i64),
    /// Quarters up to this.
    Quarters(i64),
    /// Tenths up to this.
    Tenths(i64),
}

/// One thing for sale.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Good {
    pub(crate) unit: Unit,
    /// Price range in ten-thousandths of a euro.
    pub(crate) price: (i64, i64),
    pub(crate) amounts: Amounts,
    /// Whether countries tax it at a reduced rate.
    pub(crate) reduced_rate: bool,
}

/// How many goods each industry offers.
pub(crate) const GOODS_PER_INDUSTRY: usize = 8;

/// The descriptions of one language, in the order of the goods.
pub(crate) struct Descriptions {
    pub(crate) office: [&'static str; GOODS_PER_INDUSTRY],
    pub(crate) computing: [&'static str; GOODS_PER_INDUSTRY],
    pub(crate) facility: [&'static str; GOODS_PER_INDUSTRY],
    pub(crate) food: [&'static str; GOODS_PER_INDUSTRY],
    pub(crate) freight: [&'static str; GOODS_PER_INDUSTRY],
    pub(crate) agency: [&'static str; GOODS_PER_INDUSTRY],
    pub(crate) parts: [&'static str; GOODS_PER_INDUSTRY],
    pub(crate) utility: [&'static str; GOODS_PER_INDUSTRY],
    /// What a company of each industry calls itself; `{}` stands for its own name.
    pub(crate) company_names: [&'static str; 8],
}

impl Industry {
    /// All trades but the public utility, which has its own kind of bill.
    pub(crate) const TRADES: [Self; 7] = [
        Self::Office,
        Self::Computing,
        Self::Facility,
        Self::Food,
        Self::Freight,
        Self::Agency,
        Self::Parts,
    ];

    /// The goods of this industry with their descriptions.
    pub(crate) fn offers(self, language: Language) -> impl Iterator<Item = (Good, &'static str)> {
        let descriptions = descriptions(language);
        let (goods, names) = match self {
            Self::Office => (&OFFICE, &descriptions.office),
            Self::Computing => (&COMPUTING, &descriptions.computing),
            Self::Facility => (&FACILITY, &descriptions.facility),
            Self::Food => (&FOOD, &descriptions.food),
            Self::Freight => (&FREIGHT, &descriptions.freight),
            Self::Agency => (&AGENCY, &descriptions.agency),
            Self::Parts => (&PARTS, &descriptions.parts),
            Self::Utility => (&UTILITY, &descriptions.utility),
        };
        goods.iter().copied().zip(names.iter().copied())
    }

    /// A company name of this industry around a proper name.
    pub(crate) fn company_name(self, language: Language, name: &str) -> String {
        let [office, computing, facility, food, freight, agency, parts, utility] = descriptions(language).company_names;
        let pattern = match self {
            Self::Office => office,
            Self::Computing => computing,
            Self::Facility => facility,
            Self::Food => food,
            Self::Freight => freight,
            Self::Agency => agency,
            Self::Parts => parts,
            Self::Utility => utility,
        };
        pattern.replace("{}", name)
    }
}

fn descriptions(language: Language) -> &'static Descriptions {
    match language {
        Language::English => &english::DESCRIPTIONS,
        Language::German => &german::DESCRIPTIONS,
        Language::French => &french::DESCRIPTIONS,
        Language::Swedish => &swedish::DESCRIPTIONS,
        Language::Italian => &italian::DESCRIPTIONS,
        Language::Spanish => &spanish::DESCRIPTIONS,
        Language::Dutch => &dutch::DESCRIPTIONS,
        Language::Norwegian => &norwegian::DESCRIPTIONS,
    }
}

const fn good(unit: Unit, low: i64, high: i64, amounts: Amounts) -> Good {
    Good {
        unit,
        price: (low, high),
        amounts,
        reduced_rate: false,
    }
}

const fn reduced(unit: Unit, low: i64, high: i64, amounts: Amounts) -> Good {
    Good {
        reduced_rate: true,
        ..good(unit, low, high, amounts)
    }
}

use Amounts::{One, Quarters, Tenths, UpTo};

static OFFICE: [Good; GOODS_PER_INDUSTRY] = [
    good(Unit::Box, 189_000, 279_000, UpTo(40)),
    good(Unit::Piece, 549_000, 1_290_000, UpTo(12)),
    good(Unit::Box, 74_500, 199_000, UpTo(10)),
    good(Unit::Piece, 18_900, 45_900, UpTo(60)),
    good(Unit::Piece, 1_990_000, 4_890_000, UpTo(8)),
    good(Unit::Piece, 299_000, 899_000, UpTo(10)),
    good(Unit::Box, 39_500, 89_900, UpTo(25)),
    good(Unit::Box, 59_900, 124_900, UpTo(15)),
];

static COMPUTING: [Good; GOODS_PER_INDUSTRY] = [
    good(Unit::Piece, 8_990_000, 16_490_000, UpTo(10)),
    good(Unit::Piece, 1_290_000, 2_490_000, UpTo(10)),
    good(Unit::Piece, 590_000, 3_490_000, UpTo(120)),
    good(Unit::Month, 99_000, 490_000, UpTo(12)),
    good(Unit::Hour, 850_000, 1_350_000, Quarters(30)),
    good(Unit::Flat, 1_490_000, 6_900_000, One),
    good(Unit::Piece, 39_000, 129_000, UpTo(50)),
    good(Unit::Month, 190_000, 390_000, UpTo(60)),
];

static FACILITY: [Good; GOODS_PER_INDUSTRY] = [
    good(Unit::Hour, 480_000, 790_000, Quarters(40)),
    good(Unit::Flat, 290_000, 690_000, UpTo(4)),
    good(Unit::Month, 3_900_000, 11_900_000, One),
    good(Unit::SquareMetre, 18_500, 49_500, Tenths(350)),
    good(Unit::Piece, 129_000, 590_000, UpTo(9)),
    good(Unit::Piece, 349_000, 799_000, UpTo(16)),
    good(Unit::Flat, 450_000, 1_900_000, One),
    good(Unit::Flat, 690_000, 1_290_000, UpTo(2)),
];

static FOOD: [Good; GOODS_PER_INDUSTRY] = [
    reduced(Unit::Kilogram, 89_000, 249_000, UpTo(30)),
    good(Unit::Box, 42_000, 99_000, UpTo(40)),
    reduced(Unit::Kilogram, 12_900, 39_900, Tenths(80)),
    reduced(Unit::Litre, 8_900, 18_900, UpTo(90)),
    reduced(Unit::Piece, 249_000, 690_000, UpTo(12)),
    reduced(Unit::Piece, 7_500, 22_500, UpTo(150)),
    reduced(Unit::Litre, 19_900, 45_900, UpTo(48)),
    good(Unit::Piece, 15_000, 33_000, UpTo(40)),
];

static FREIGHT: [Good; GOODS_PER_INDUSTRY] = [
    good(Unit::Piece, 490_000, 1_890_000, UpTo(24)),
    good(Unit::Piece, 89_000, 349_000, UpTo(80)),
    good(Unit::Flat, 120_000, 980_000, One),
    good(Unit::Piece, 450_000, 1_150_000, UpTo(4)),
    good(Unit::Day, 4_500, 12_500, UpTo(600)),
    good(Unit::Piece, 250_000, 590_000, UpTo(6)),
    good(Unit::Flat, 89_000, 1_450_000, One),
    good(Unit::Piece, 29_000, 149_000, UpTo(60)),
];

static AGENCY: [Good; GOODS_PER_INDUSTRY] = [
    good(Unit::Day, 8_900_000, 16_500_000, Quarters(18)),
    good(Unit::Flat, 12_500_000, 38_000_000, One),
    good(Unit::Hour, 690_000, 1_250_000, Quarters(45)),
    good(Unit::Box, 490_000, 1_890_000, UpTo(12)),
    good(Unit::Piece, 1_250, 2_400, UpTo(4_800)),
    good(Unit::Day, 5_900_000, 11_900_000, UpTo(3)),
    good(Unit::Flat, 450_000, 6_900_000, One),
    good(Unit::Month, 4_900_000, 14_900_000, UpTo(3)),
];

static PARTS: [Good; GOODS_PER_INDUSTRY] = [
    good(Unit::Piece, 850, 9_800, UpTo(2_500)),
    good(Unit::Piece, 59_000, 389_000, UpTo(60)),
    good(Unit::Metre, 89_000, 249_000, Tenths(120)),
    good(Unit::Kilogram, 14_500, 32_500, Tenths(850)),
    good(Unit::Piece, 24_900, 79_900, UpTo(100)),
    good(Unit::Piece, 11_900, 39_900, UpTo(200)),
    good(Unit::Litre, 45_000, 119_000, UpTo(220)),
    good(Unit::Flat, 1_490_000, 3_900_000, UpTo(3)),
];

static UTILITY: [Good; GOODS_PER_INDUSTRY] = [
    good(Unit::Month, 99_000, 249_000, UpTo(3)),
    good(Unit::KilowattHour, 1_450, 2_890, UpTo(9_800)),
    good(Unit::KilowattHour, 480, 990, UpTo(9_800)),
    good(Unit::KilowattHour, 150, 420, UpTo(9_800)),
    good(Unit::Month, 49_000, 129_000, UpTo(3)),
    good(Unit::Month, 299_000, 899_000, UpTo(3)),
    good(Unit::Piece, 500, 1_900, UpTo(400)),
    good(Unit::Flat, 50_000, 250_000, One),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::font::win_ansi;

    #[test]
    fn every_description_can_be_printed() {
        for language in [
            Language::English,
            Language::German,
            Language::French,
            Language::Swedish,
            Language::Italian,
            Language::Spanish,
            Language::Dutch,
            Language::Norwegian,
        ] {
            for industry in Industry::TRADES.into_iter().chain([Industry::Utility]) {
                let mut seen = std::collections::HashSet::new();
                for (_, description) in industry.offers(language) {
                    assert!(win_ansi(description).is_some(), "{description}");
                    assert!(seen.insert(description), "{description} twice");
                }
                assert!(industry.company_name(language, "Xyz").contains("Xyz"));
            }
        }
    }
}
