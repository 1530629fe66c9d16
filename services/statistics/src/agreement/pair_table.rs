//! Two raters: percent agreement, Cohen's kappa, Scott's pi.

use serde::{Deserialize, Serialize};

use super::linearised::correct_for_chance;
use crate::Undefined;
use crate::error::{InvalidInput, same_length};
use crate::estimate::{Estimate, Interval};
use crate::numeric::normal::Z_975;
use crate::numeric::sum::sum;

/// How far two classes are apart, by their DECLARED positions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisagreementWeights {
    /// Different is different.
    #[default]
    Nominal,
    /// `|a - b|`.
    Linear,
    /// `(a - b)^2`.
    Quadratic,
}

impl DisagreementWeights {
    /// Agreement weight: 1 less the distance over the largest distance.
    fn agreement(self, first: usize, second: usize, classes: usize) -> f64 {
        if first == second {
            return 1.0;
        }
        let relative = first.abs_diff(second) as f64 / (classes - 1) as f64;
        match self {
            Self::Nominal => 0.0,
            Self::Linear => 1.0 - relative,
            Self::Quadratic => 1.0 - relative * relative,
        }
    }
}

/// Cohen's kappa and its errors.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CohenKappa {
    /// `1 - observed / expected disagreement`. Undefined (`no_pairable_votes`) without a shared item,
    /// (`no_variation`) where both raters used one and the same class.
    pub kappa: Estimate,
    /// Delta-method standard error, for intervals.
    pub standard_error: Estimate,
    /// Standard error if the raters were independent: for a test of kappa = 0 only, never for intervals.
    pub standard_error_if_independent: Estimate,
    /// 95 % interval, capped at [-1, 1].
    pub interval: Estimate<Interval>,
}

/// What the margins of a table of two classes do to kappa.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PrevalenceIndices {
    /// Kappa with prevalence and bias removed: `2 * percent agreement - 1`.
    pub adjusted_kappa: f64,
    /// `|both first - both second| / n`.
    pub prevalence: f64,
    /// `|only first rater - only second rater| / n`.
    pub bias: f64,
}

/// How often two raters gave each pair of classes to the same item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawPairTable")]
pub struct PairTable {
    classes: usize,
    /// Row by row, the first rater's class naming the row.
    counts: Vec<u64>,
}

#[derive(Deserialize)]
struct RawPairTable {
    classes: usize,
    counts: Vec<u64>,
}

impl TryFrom<RawPairTable> for PairTable {
    type Error = InvalidInput;

    fn try_from(raw: RawPairTable) -> Result<Self, InvalidInput> {
        same_length("counts", raw.classes.saturating_mul(raw.classes), raw.counts.len())?;
        Ok(Self {
            classes: raw.classes,
            counts: raw.counts,
        })
    }
}

impl PairTable {
    /// Counts the items both raters voted on; the others are dropped for this pair. `classes` is the
    /// DECLARED number of classes.
    ///
    /// # Errors
    /// Arrays of unequal length or a class that is not below `classes`.
    pub fn from_votes(first: &[Option<usize>], second: &[Option<usize>], classes: usize) -> Result<Self, InvalidInput> {
        same_length("votes of the second rater", first.len(), second.len())?;
        let pairs = first.iter().zip(second).enumerate();
        Self::count(
            pairs.filter_map(|(index, (first, second))| Some((index, (*first)?, (*second)?))),
            classes,
        )
    }

    /// As [`Self::from_votes`], from lists of `(item, class)`, each by item ascending with at most one vote an item.
    ///
    /// # Errors
    /// A class that is not below `classes`.
    pub fn from_lists(
        first: &[(usize, usize)],
        second: &[(usize, usize)],
        classes: usize,
    ) -> Result<Self, InvalidInput> {
        let mut others = second.iter().peekable();
        let pairs = first.iter().enumerate().filter_map(|(index, (item, row))| {
            while others.next_if(|(other, _)| other < item).is_some() {}
            let (_, column) = others.next_if(|(other, _)| other == item)?;
            Some((index, *row, *column))
        });
        Self::count(pairs, classes)
    }

    /// Counts pairs of classes, each with the position of the first rater's vote.
    fn count(pairs: impl Iterator<Item = (usize, usize, usize)>, classes: usize) -> Result<Self, InvalidInput> {
        let mut counts = vec![0; classes * classes];
        for (index, row, column) in pairs {
            let found = row.max(column);
            if found >= classes {
                return Err(InvalidInput::Index {
                    what: "votes",
                    index,
                    found,
                    bound: classes,
                });
            }
            counts[row * classes + column] += 1;
        }
        Ok(Self { classes, counts })
    }

    /// Items both raters voted on.
    pub fn items(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Share of shared items with the same class; undefined (`no_pairable_votes`) without any.
    pub fn percent_agreement(&self) -> Estimate {
        self.shares()
            .map(|shares| shares.agreement(DisagreementWeights::Nominal).0)
    }

    /// Agreement that Cohen's kappa expects by chance.
    pub fn chance_agreement(&self) -> Estimate {
        self.shares()
            .map(|shares| shares.agreement(DisagreementWeights::Nominal).1)
    }

    /// Agreement that Scott's pi expects by chance: both raters share one distribution.
    pub fn shared_chance_agreement(&self) -> Estimate {
        self.shares().map(|shares| shares.shared_chance())
    }

    /// Cohen's kappa [Cohen, 1960, Educ. Psychol. Meas.; weighted: Cohen, 1968, Psychol. Bull.] with the errors
    /// of [Fleiss, Cohen & Everitt, 1969, Psychol. Bull.].
    pub fn cohen_kappa(&self, weights: DisagreementWeights) -> CohenKappa {
        let items = self.items() as f64;
        match self.shares() {
            Estimate::Value(shares) => shares.cohen(weights, items),
            Estimate::Undefined(reason) => undefined(reason),
        }
    }

    /// Scott's pi [Scott, 1955, Public Opin. Q.]; differs from Cohen's kappa where the raters' margins do.
    pub fn scott_pi(&self) -> Estimate {
        match self.shares() {
            Estimate::Value(shares) => {
                let (observed, _) = shares.agreement(DisagreementWeights::Nominal);
                correct_for_chance(observed, shares.shared_chance())
            }
            Estimate::Undefined(reason) => Estimate::Undefined(reason),
        }
    }

    /// Indices of two classes [Byrt et al., 1993, J. Clin. Epidemiol.]; `None` for another number of classes or
    /// without shared items.
    pub fn prevalence_indices(&self) -> Option<PrevalenceIndices> {
        let items = self.items() as f64;
        let [both_first, only_first, only_second, both_second] = self.counts[..] else {
            return None;
        };
        (items > 0.0).then(|| PrevalenceIndices {
            adjusted_kappa: 2.0 * (both_first + both_second) as f64 / items - 1.0,
            prevalence: both_first.abs_diff(both_second) as f64 / items,
            bias: only_first.abs_diff(only_second) as f64 / items,
        })
    }

    fn shares(&self) -> Estimate<Shares> {
        let items = self.items() as f64;
        if items == 0.0 {
            return Estimate::Undefined(Undefined::NoPairableVotes);
        }
        let joint: Vec<f64> = self.counts.iter().map(|count| *count as f64 / items).collect();
        let margin = |index: &dyn Fn(usize, usize) -> usize| -> Vec<f64> {
            let line = |fixed: usize| sum((0..self.classes).map(|other| joint[index(fixed, other)]));
            (0..self.classes).map(line).collect()
        };
        Estimate::Value(Shares {
            rows: margin(&|row, column| row * self.classes + column),
            columns: margin(&|column, row| row * self.classes + column),
            joint,
            classes: self.classes,
        })
    }
}

/// The table as shares of its items.
struct Shares {
    joint: Vec<f64>,
    rows: Vec<f64>,
    columns: Vec<f64>,
    classes: usize,
}

impl Shares {
    fn cells(&self) -> impl Iterator<Item = (usize, usize, f64)> + '_ {
        let cells = self.joint.iter().enumerate();
        cells.map(|(index, share)| (index / self.classes, index % self.classes, *share))
    }

    /// Observed and expected weighted agreement.
    fn agreement(&self, weights: DisagreementWeights) -> (f64, f64) {
        let weight = |row, column| weights.agreement(row, column, self.classes);
        let observed = self.cells().map(|(row, column, share)| weight(row, column) * share);
        let expected = self
            .cells()
            .map(|(row, column, _)| weight(row, column) * self.rows[row] * self.columns[column]);
        (sum(observed), sum(expected))
    }

    fn shared_chance(&self) -> f64 {
        let margins = self.rows.iter().zip(&self.columns);
        sum(margins.map(|(row, column)| (0.5 * (row + column)).powi(2)))
    }

    fn cohen(&self, weights: DisagreementWeights, items: f64) -> CohenKappa {
        let (observed, chance) = self.agreement(weights);
        let value = match correct_for_chance(observed, chance) {
            Estimate::Value(value) => value,
            Estimate::Undefined(reason) => return undefined(reason),
        };
        let weight = |row, column| weights.agreement(row, column, self.classes);
        let classes = 0..self.classes;
        let row_weight: Vec<f64> = classes
            .clone()
            .map(|row| sum(classes.clone().map(|column| weight(row, column) * self.columns[column])))
            .collect();
        let column_weight: Vec<f64> = classes
            .clone()
            .map(|column| sum(classes.clone().map(|row| weight(row, column) * self.rows[row])))
            .collect();
        let scale = items * (1.0 - chance).powi(2);
        let margin = |row: usize, column: usize| row_weight[row] + column_weight[column];
        let spread = sum(self
            .cells()
            .map(|(row, column, share)| share * (weight(row, column) - margin(row, column) * (1.0 - value)).powi(2)));
        let variance = spread - (value - chance * (1.0 - value)).powi(2);
        let independent = sum(self.cells().map(|(row, column, _)| {
            let share = self.rows[row] * self.columns[column];
            share * (weight(row, column) - margin(row, column)).powi(2)
        })) - chance * chance;
        // Rounding may leave a variance of 0 slightly below it.
        let error = (variance.max(0.0) / scale).sqrt();
        let interval = Interval {
            lower: value - Z_975 * error,
            upper: value + Z_975 * error,
        };
        CohenKappa {
            kappa: Estimate::Value(value),
            standard_error: Estimate::Value(error),
            standard_error_if_independent: Estimate::Value((independent.max(0.0) / scale).sqrt()),
            interval: Estimate::Value(interval.capped(-1.0, 1.0)),
        }
    }
}

fn undefined(reason: Undefined) -> CohenKappa {
    CohenKappa {
        kappa: Estimate::Undefined(reason),
        standard_error: Estimate::Undefined(reason),
        standard_error_if_independent: Estimate::Undefined(reason),
        interval: Estimate::Undefined(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_columns_count_alike() {
        let columns = [
            vec![Some(0), None, Some(2), Some(1), None],
            vec![Some(0), Some(1), None, Some(2), Some(2)],
        ];
        let lists = columns.each_ref().map(|column| -> Vec<(usize, usize)> {
            let votes = column.iter().enumerate();
            votes.filter_map(|(item, class)| Some((item, (*class)?))).collect()
        });
        let table = PairTable::from_lists(&lists[0], &lists[1], 3).unwrap();
        assert_eq!(table, PairTable::from_votes(&columns[0], &columns[1], 3).unwrap());
        assert!(PairTable::from_lists(&lists[0], &lists[1], 2).is_err());
    }

    #[test]
    fn weighted_and_plain_agree_on_two_classes() {
        let first = [Some(0), Some(0), Some(1), Some(1), Some(1), None];
        let second = [Some(0), Some(1), Some(1), Some(1), Some(0), Some(1)];
        let table = PairTable::from_votes(&first, &second, 2).unwrap();
        assert_eq!(table.items(), 5);
        let plain = table.cohen_kappa(DisagreementWeights::Nominal).kappa.value().unwrap();
        let weighted = table.cohen_kappa(DisagreementWeights::Quadratic).kappa.value().unwrap();
        assert!((plain - weighted).abs() < 1e-12);
    }

    #[test]
    fn refuses_and_explains() {
        assert!(PairTable::from_votes(&[Some(2)], &[Some(0)], 2).is_err());
        assert!(PairTable::from_votes(&[Some(1)], &[], 2).is_err());
        let apart = PairTable::from_votes(&[Some(0), None], &[None, Some(0)], 2).unwrap();
        let reason = Some(Undefined::NoPairableVotes);
        assert_eq!(apart.cohen_kappa(DisagreementWeights::Linear).kappa.reason(), reason);
        assert_eq!(apart.scott_pi().reason(), reason);
        assert_eq!(apart.percent_agreement().reason(), reason);
        assert_eq!(apart.prevalence_indices(), None);
        assert!(serde_json::from_str::<PairTable>(r#"{"classes":2,"counts":[1]}"#).is_err());
        let single = PairTable::from_votes(&[Some(0)], &[Some(0)], 1).unwrap();
        let kappa = single.cohen_kappa(DisagreementWeights::Quadratic).kappa;
        assert_eq!(kappa.reason(), Some(Undefined::NoVariation));
    }
}
