//! Suppliers: companies with their own look, wording and habits, the same on every invoice of theirs.

use crate::canvas::Colour;
use crate::catalogue::Industry;
use crate::chance::{Chance, Purpose};
use crate::country::{Country, Language};
use crate::font::Face;
use crate::layouts::LayoutKind;
use crate::notation::Notation;
use crate::party::Party;
use crate::words::{Variants, Words, american, words};

/// Where a supplier says until when to pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DueHabit {
    /// Beside the other facts at the top.
    AtTop,
    /// In the sentence about payment.
    InTerms,
    Both,
    /// Only as a number of days.
    DaysOnly,
    /// Nowhere.
    Nowhere,
}

/// How the invoices of a supplier are numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NumberScheme {
    /// RE-2025-00412
    PrefixYear(&'static str),
    /// INV004512
    Prefix(&'static str),
    /// 2025/412
    YearSlash,
    /// 25-10412
    ShortYear,
    /// 4500412
    Plain,
}

/// What a supplier always does in the same way.
#[derive(Debug, Clone)]
pub(crate) struct Habits {
    /// Which wording of each label.
    pub(crate) wording: usize,
    pub(crate) number_scheme: NumberScheme,
    pub(crate) first_number: i64,
    pub(crate) due: DueHabit,
    pub(crate) net_days: i64,
    pub(crate) early_payment: Option<(i64, i64)>,
    pub(crate) prints_vat_id: bool,
    pub(crate) prints_tax_basis: bool,
    pub(crate) prints_tax_total: bool,
    pub(crate) prints_order_facts: bool,
    pub(crate) prints_delivery_notes: bool,
    pub(crate) prints_transfer_sentence: bool,
    pub(crate) shuffles_facts: bool,
    pub(crate) negative_credits: bool,
    pub(crate) rounds_to_pay: bool,
    pub(crate) carries_subtotals: bool,
    pub(crate) embeds_fonts: bool,
    pub(crate) customer_number: String,
}

/// How the pages of a supplier look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Theme {
    pub(crate) face: Face,
    pub(crate) size: f32,
    pub(crate) accent: Colour,
    pub(crate) tint: Colour,
}

/// A company that sends invoices.
#[derive(Clone)]
pub(crate) struct Supplier {
    pub(crate) party: Party,
    pub(crate) language: Language,
    pub(crate) words: &'static Words,
    pub(crate) industry: Industry,
    pub(crate) layout: LayoutKind,
    pub(crate) notation: Notation,
    pub(crate) theme: Theme,
    pub(crate) habits: Habits,
    /// Tax rates in tenths of a percent.
    pub(crate) standard_rate: i64,
    pub(crate) reduced_rate: i64,
}

/// The two kinds of supplier: those that embed an electronic invoice, and those that do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pool {
    Paper,
    Electronic,
}

const PAPER_COUNTRIES: [Country; 16] = [
    Country::Germany,
    Country::UnitedKingdom,
    Country::Sweden,
    Country::France,
    Country::UnitedStates,
    Country::Switzerland,
    Country::Netherlands,
    Country::Italy,
    Country::Spain,
    Country::Norway,
    Country::Austria,
    Country::UnitedKingdom,
    Country::Germany,
    Country::Sweden,
    Country::UnitedStates,
    Country::France,
];

const ELECTRONIC_COUNTRIES: [Country; 6] = [
    Country::Germany,
    Country::France,
    Country::Germany,
    Country::Austria,
    Country::Netherlands,
    Country::Italy,
];

/// Colours of letterheads, each with a pale tint of it.
const COLOURS: [(Colour, Colour); 7] = [
    (Colour(24, 62, 116), Colour(228, 235, 245)),
    (Colour(20, 104, 88), Colour(225, 241, 236)),
    (Colour(140, 35, 45), Colour(247, 230, 230)),
    (Colour(60, 60, 66), Colour(236, 236, 238)),
    (Colour(176, 84, 16), Colour(250, 237, 223)),
    (Colour(84, 50, 122), Colour(238, 231, 246)),
    (Colour(10, 110, 150), Colour(222, 240, 247)),
];

impl Supplier {
    /// The `index`-th supplier of a pool: the same for the same seed, whatever else is drawn.
    pub(crate) fn of_seed(seed: u64, pool: Pool, index: u64) -> Self {
        let offset = match pool {
            Pool::Paper => 0,
            Pool::Electronic => 1 << 32,
        };
        let mut chance = Chance::new(seed, Purpose::Supplier, offset + index);
        let country = dealt(seed, pool, index);
        let layout = LayoutKind::dealt(seed, pool, index);
        let industry = match layout {
            LayoutKind::Utility => Industry::Utility,
            LayoutKind::Receipt => chance.pick(&[Industry::Food, Industry::Office]),
            _ => chance.pick(&Industry::TRADES),
        };
        let facts = country.facts();
        let language = chance.pick(facts.languages);
        let words = match country {
            Country::UnitedStates => american(),
            _ => words(language),
        };
        let notation = Notation {
            thousands: chance.pick(facts.thousands),
            decimal_mark: facts.decimal_mark,
            date_style: chance.pick(facts.date_styles),
            currency_mark: chance.pick(facts.currency_marks),
            negative_style: chance.pick(facts.negative_styles),
            currency: facts.currency,
            months: &words.months,
        };
        Self {
            party: Party::invent(&mut chance, country, language, industry),
            language,
            words,
            industry,
            layout,
            notation,
            theme: theme(&mut chance, layout),
            habits: habits(&mut chance, pool, country),
            standard_rate: chance.pick(facts.standard_rates),
            reduced_rate: chance.pick(facts.reduced_rates),
        }
    }

    /// This supplier's wording of a label.
    pub(crate) fn word(&self, variants: Variants) -> &'static str {
        variants
            .get(self.habits.wording % variants.len().max(1))
            .copied()
            .unwrap_or_default()
    }
}

/// Countries are dealt like cards, so that few suppliers already come from many countries.
fn dealt(seed: u64, pool: Pool, index: u64) -> Country {
    let mut deck = match pool {
        Pool::Paper => PAPER_COUNTRIES.to_vec(),
        Pool::Electronic => ELECTRONIC_COUNTRIES.to_vec(),
    };
    let size = deck.len() as u64;
    let round = index / size;
    Chance::new(seed, Purpose::Choice, (1 << 33) + pool as u64 + 2 * round).shuffle(&mut deck);
    deck[usize::try_from(index % size).unwrap_or(0)]
}

fn theme(chance: &mut Chance, layout: LayoutKind) -> Theme {
    let (accent, tint) = chance.pick(&COLOURS);
    let face = match layout {
        LayoutKind::Printout => Face::Mono,
        LayoutKind::TwoColumns => Face::Serif,
        LayoutKind::Letter | LayoutKind::Bordered if chance.happens(30) => Face::Serif,
        _ => Face::Sans,
    };
    let size = match face {
        Face::Mono => 8.5,
        Face::Serif => chance.pick(&[9.5, 10.0]),
        _ => chance.pick(&[8.5, 9.0, 9.0]),
    };
    Theme {
        face,
        size,
        accent,
        tint,
    }
}

fn habits(chance: &mut Chance, pool: Pool, country: Country) -> Habits {
    let due = chance.pick(&[
        DueHabit::AtTop,
        DueHabit::AtTop,
        DueHabit::AtTop,
        DueHabit::Both,
        DueHabit::Both,
        DueHabit::InTerms,
        DueHabit::InTerms,
        DueHabit::AtTop,
        DueHabit::Both,
        DueHabit::DaysOnly,
        DueHabit::Nowhere,
    ]);
    let early_payment = chance
        .happens(30)
        .then(|| chance.pick(&[(20, 10), (30, 7), (20, 14), (15, 10)]));
    Habits {
        wording: chance.below(60),
        number_scheme: number_scheme(chance, country),
        first_number: chance.between(120, 8_600),
        due,
        net_days: chance.pick(&[14, 20, 30, 30, 30, 45, 60]),
        early_payment,
        prints_vat_id: pool == Pool::Electronic || chance.happens(86),
        prints_tax_basis: chance.happens(40),
        prints_tax_total: chance.happens(60),
        prints_order_facts: chance.happens(60),
        prints_delivery_notes: chance.happens(25),
        prints_transfer_sentence: chance.happens(30),
        shuffles_facts: chance.happens(35),
        negative_credits: pool == Pool::Paper && chance.happens(60),
        rounds_to_pay: matches!(country, Country::Sweden | Country::Norway | Country::Switzerland)
            && chance.happens(60),
        carries_subtotals: chance.happens(75),
        embeds_fonts: pool == Pool::Electronic || chance.happens(25),
        customer_number: chance.between(10_020, 98_900).to_string(),
    }
}

fn number_scheme(chance: &mut Chance, country: Country) -> NumberScheme {
    let (long, short) = match country {
        Country::Germany | Country::Austria | Country::Switzerland => ("RE", "R"),
        Country::France => ("FA", "F"),
        Country::Sweden | Country::Norway => ("F", "F"),
        Country::Italy => ("FT", "FT"),
        Country::Spain => ("FV", "A"),
        Country::Netherlands => ("F", "VF"),
        Country::UnitedKingdom | Country::UnitedStates => ("INV", "SI"),
    };
    chance.pick(&[
        NumberScheme::PrefixYear(long),
        NumberScheme::Prefix(short),
        NumberScheme::YearSlash,
        NumberScheme::ShortYear,
        NumberScheme::Plain,
    ])
}

impl NumberScheme {
    /// The printed number of the `sequence`-th invoice, issued in `year`.
    pub(crate) fn number(self, year: i16, sequence: i64) -> String {
        match self {
            Self::PrefixYear(prefix) => format!("{prefix}-{year}-{sequence:05}"),
            Self::Prefix(prefix) => format!("{prefix}{sequence:06}"),
            Self::YearSlash => format!("{year}/{sequence}"),
            Self::ShortYear => format!("{:02}-{}", year % 100, 10_000 + sequence),
            Self::Plain => format!("{}", 4_500_000 + sequence),
        }
    }
}
