//! Coefficients of the form `(observed - chance) / (1 - chance)` with Gwet's linearised error.

use serde::{Deserialize, Serialize};

use super::rating_table::{RatingTable, Row};
use crate::Undefined;
use crate::estimate::{Estimate, Interval};
use crate::numeric::student;
use crate::numeric::sum::Sum;

/// Chance below 1 by no more than this is certain.
const CERTAIN: f64 = 1e-12;

/// A chance-corrected coefficient over items.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ChanceCorrected {
    /// `(observed - chance) / (1 - chance)`. Undefined (`no_pairable_votes`) without an item of two votes,
    /// (`no_variation`) where chance agreement is 1.
    pub coefficient: Estimate,
    /// Observed agreement, weighted where the coefficient is.
    pub observed_agreement: Estimate,
    /// Agreement expected by chance; undefined (`too_few_items`) without votes.
    pub chance_agreement: Estimate,
    /// Linearised standard error over items; undefined (`too_few_items`) below two items with votes.
    pub standard_error: Estimate,
    /// 95 % interval by the t distribution with items - 1 degrees of freedom, capped at [-1, 1].
    pub interval: Estimate<Interval>,
}

/// What distinguishes one coefficient from another.
pub(super) struct Scheme<'a> {
    /// Observed agreement of an item with at least two votes.
    pub(super) observed: &'a dyn Fn(&Row<'_>) -> f64,
    /// Chance agreement from the mean class shares.
    pub(super) chance: &'a dyn Fn(&[f64]) -> f64,
    /// The part of one class in an item's chance agreement, from the mean class shares.
    pub(super) class_chance: &'a dyn Fn(f64) -> f64,
}

/// Mean class shares over items with votes, each item weighing one, and the number of those items.
pub(super) fn mean_shares(table: &RatingTable, multiplicity: Option<&[u32]>) -> (Vec<f64>, f64) {
    let mut shares = vec![Sum::default(); table.classes()];
    let mut items = 0.0;
    for row in table.rows(multiplicity).filter(|row| row.votes > 0.0) {
        items += row.times;
        for (class, count) in row.shares() {
            shares[class].add(row.times * count / row.votes);
        }
    }
    let mean = |share: Sum| if items > 0.0 { share.total() / items } else { 0.0 };
    (shares.into_iter().map(mean).collect(), items)
}

impl Scheme<'_> {
    /// The coefficient with its error.
    pub(super) fn evaluate(&self, table: &RatingTable, multiplicity: Option<&[u32]>) -> ChanceCorrected {
        let (shares, items) = mean_shares(table, multiplicity);
        let chance = (self.chance)(&shares);
        let chance_agreement = if items > 0.0 {
            Estimate::Value(chance)
        } else {
            Estimate::Undefined(Undefined::TooFewItems)
        };
        let (mut total, mut pairable) = (Sum::default(), 0.0);
        for row in table.rows(multiplicity).filter(Row::is_pairable) {
            total.add(row.times * (self.observed)(&row));
            pairable += row.times;
        }
        if pairable == 0.0 {
            return undefined(Undefined::NoPairableVotes, chance_agreement);
        }
        let observed = total.total() / pairable;
        let coefficient = correct_for_chance(observed, chance);
        let standard_error = match coefficient {
            Estimate::Undefined(reason) => Estimate::Undefined(reason),
            Estimate::Value(_) if items < 2.0 => Estimate::Undefined(Undefined::TooFewItems),
            Estimate::Value(value) => {
                let base = Base {
                    shares: &shares,
                    chance,
                    value,
                    inflation: items / pairable,
                };
                Estimate::Value(self.error(table, multiplicity, &base))
            }
        };
        let interval = match (coefficient, standard_error) {
            (Estimate::Value(value), Estimate::Value(error)) => {
                let half = student::quantile(0.975, items - 1.0) * error;
                let interval = Interval {
                    lower: value - half,
                    upper: value + half,
                };
                Estimate::Value(interval.capped(-1.0, 1.0))
            }
            (_, Estimate::Undefined(reason)) | (Estimate::Undefined(reason), _) => Estimate::Undefined(reason),
        };
        ChanceCorrected {
            coefficient,
            observed_agreement: Estimate::Value(observed),
            chance_agreement,
            standard_error,
            interval,
        }
    }

    /// `sqrt(sum_i (g*_i - g)^2 / (n (n - 1)))` with the items' linearised coefficients `g*_i`.
    fn error(&self, table: &RatingTable, multiplicity: Option<&[u32]>, base: &Base<'_>) -> f64 {
        let (chance, value) = (base.chance, base.value);
        let class_chance: Vec<f64> = base.shares.iter().map(|share| (self.class_chance)(*share)).collect();
        let mut items = 0.0;
        let mut squares = Sum::default();
        for row in table.rows(multiplicity).filter(|row| row.votes > 0.0) {
            items += row.times;
            let own = if row.is_pairable() {
                base.inflation * ((self.observed)(&row) - chance) / (1.0 - chance)
            } else {
                0.0
            };
            let parts = row.shares().map(|(class, count)| class_chance[class] * count);
            let own_chance = parts.sum::<f64>() / row.votes;
            let linearised = own - 2.0 * (1.0 - value) * (own_chance - chance) / (1.0 - chance);
            squares.add(row.times * (linearised - value).powi(2));
        }
        (squares.total() / (items * (items - 1.0))).sqrt()
    }
}

/// What the error rests on.
struct Base<'a> {
    shares: &'a [f64],
    chance: f64,
    value: f64,
    /// Items with votes for each item with two.
    inflation: f64,
}

pub(super) fn correct_for_chance(observed: f64, chance: f64) -> Estimate {
    if chance >= 1.0 - CERTAIN {
        Estimate::Undefined(Undefined::NoVariation)
    } else {
        Estimate::Value((observed - chance) / (1.0 - chance))
    }
}

fn undefined(reason: Undefined, chance_agreement: Estimate) -> ChanceCorrected {
    ChanceCorrected {
        coefficient: Estimate::Undefined(reason),
        observed_agreement: Estimate::Undefined(reason),
        chance_agreement,
        standard_error: Estimate::Undefined(reason),
        interval: Estimate::Undefined(reason),
    }
}
