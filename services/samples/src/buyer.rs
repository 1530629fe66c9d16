//! The companies that receive the invoices: a few groups with one company in each country.

use crate::chance::{Chance, Purpose};
use crate::country::Country;
use crate::party::Party;

/// Invented groups.
const GROUPS: [&str; 4] = ["Meridian Works", "Aldervik", "Corvane Instruments", "Solbriar"];

/// The company of a group in a country, the same for the same seed.
pub(crate) fn buyer(seed: u64, group: usize, country: Country) -> Party {
    let index = (group as u64) * 64 + country as u64;
    let mut chance = Chance::new(seed, Purpose::Buyer, index);
    let brand = GROUPS[group % GROUPS.len()];
    let name = match country {
        Country::Germany => format!("{brand} Deutschland GmbH"),
        Country::Austria => format!("{brand} Austria GmbH"),
        Country::Switzerland => format!("{brand} Schweiz AG"),
        Country::France => format!("{brand} France SAS"),
        Country::UnitedKingdom => format!("{brand} (UK) Ltd"),
        Country::UnitedStates => format!("{brand} USA Inc."),
        Country::Sweden => format!("{brand} Sverige AB"),
        Country::Norway => format!("{brand} Norge AS"),
        Country::Italy => format!("{brand} Italia S.r.l."),
        Country::Spain => format!("{brand} España S.L."),
        Country::Netherlands => format!("{brand} Nederland B.V."),
    };
    Party::with_name(&mut chance, country, name, brand)
}

/// Which of the groups: mostly the first.
pub(crate) fn draw_group(chance: &mut Chance) -> usize {
    chance.pick(&[0, 0, 0, 1, 1, 2, 3])
}
