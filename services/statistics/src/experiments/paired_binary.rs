//! Right or wrong under the old and under the new version, item by item.

use serde::{Deserialize, Serialize};

use crate::error::{InvalidInput, open_unit, parameter, same_length};
use crate::estimate::{Estimate, Interval, Undefined};
use crate::numeric::beta_function::{binomial_cumulative, fair_binomial_mass};
use crate::numeric::gamma_function::chi_squared_tail;
use crate::numeric::normal;

/// How often two versions agree and differ on the same items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawCounts")]
pub struct PairedCounts {
    only_new: u64,
    only_old: u64,
    items: u64,
}

#[derive(Deserialize)]
struct RawCounts {
    only_new: u64,
    only_old: u64,
    items: u64,
}

impl TryFrom<RawCounts> for PairedCounts {
    type Error = InvalidInput;

    fn try_from(raw: RawCounts) -> Result<Self, InvalidInput> {
        Self::new(raw.only_new, raw.only_old, raw.items)
    }
}

impl PairedCounts {
    /// Items that only the new version got right, that only the old one did, and all items.
    ///
    /// # Errors
    /// No items, or more that differ than there are.
    pub fn new(only_new: u64, only_old: u64, items: u64) -> Result<Self, InvalidInput> {
        parameter("items", items as f64, "at least 1", items > 0)?;
        let differ = only_new.checked_add(only_old);
        parameter(
            "items that differ",
            only_new as f64 + only_old as f64,
            "at most the number of items",
            differ.is_some_and(|differ| differ <= items),
        )?;
        Ok(Self {
            only_new,
            only_old,
            items,
        })
    }

    /// Counts `old[i]` and `new[i]`, whether each version got item `i` right.
    ///
    /// # Errors
    /// Arrays of unequal length or no items.
    pub fn count(old: &[bool], new: &[bool]) -> Result<Self, InvalidInput> {
        same_length("new", old.len(), new.len())?;
        let only = |wanted: (bool, bool)| {
            let pairs = old.iter().zip(new);
            pairs.filter(|(old, new)| (**old, **new) == wanted).count() as u64
        };
        Self::new(only((false, true)), only((true, false)), old.len() as u64)
    }

    /// Items that only the new version got right.
    pub fn only_new(self) -> u64 {
        self.only_new
    }

    /// Items that only the old version got right.
    pub fn only_old(self) -> u64 {
        self.only_old
    }

    /// All items.
    pub fn items(self) -> u64 {
        self.items
    }

    /// Items on which the versions differ.
    pub fn discordant(self) -> u64 {
        self.only_new + self.only_old
    }
}

/// McNemar's test that neither version is more often right [McNemar, 1947, Psychometrika], two-sided.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct McNemar {
    /// `min(1, 2 P(Bin(b + c, 1/2) <= min(b, c)))`; 1 where the versions never differ.
    pub exact_p: f64,
    /// The exact p-value less the probability of the observed split [Fagerland, Lydersen & Laake, 2013, BMC
    /// Med. Res. Methodol.]: the default test.
    pub mid_p: f64,
    /// `(b - c)^2 / (b + c)`; undefined (`no_variation`) where the versions never differ.
    pub chi_squared: Estimate,
    /// Its p-value.
    pub chi_squared_p: Estimate,
    /// `max(|b - c| - 1, 0)^2 / (b + c)`, with the correction for continuity.
    pub chi_squared_corrected: Estimate,
}

/// The whole comparison of two versions on right and wrong.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PairedBinary {
    /// What was counted.
    pub counts: PairedCounts,
    /// `(b - c) / n`: share right under the new version less under the old.
    pub difference: f64,
    /// The test of no difference.
    pub test: McNemar,
    /// Wald standard error `sqrt(b + c - (b-c)^2 / n) / n`; 0 where the versions never differ.
    pub standard_error: f64,
    /// Wald interval; a point where the versions never differ.
    pub wald: Interval,
    /// Interval of Bonett & Price [2012, J. Educ. Behav. Stat.]: the default. It never is a point.
    pub interval: Interval,
    /// Two-sided confidence of the intervals.
    pub confidence: f64,
    /// One-sided p-value against "new is not better", by the Wald statistic; undefined (`no_variation`) where
    /// the standard error is 0.
    pub superiority_p: Estimate,
    /// Margin of non-inferiority.
    pub margin: f64,
    /// `(difference + margin) / standard error`.
    pub non_inferiority_z: Estimate,
    /// One-sided p-value against "new is worse by the margin or more".
    pub non_inferiority_p: Estimate,
    /// One-sided p-value against "new is not worse": small says that it deteriorated.
    pub deterioration_p: Estimate,
}

/// Compares two versions on the same items; `margin` is how much worse the new one may be and still count as not
/// inferior, `confidence` is two-sided. Items of one document that stand or fall together need
/// [`clustered_mean`](super::clustered_mean) or documents as items.
///
/// # Errors
/// A margin that is negative or not finite, a confidence outside (0, 1).
pub fn analyse_paired_binary(counts: PairedCounts, margin: f64, confidence: f64) -> Result<PairedBinary, InvalidInput> {
    parameter("margin", margin, "a number from 0 to 1", (0.0..=1.0).contains(&margin))?;
    open_unit("confidence", confidence)?;
    let items = counts.items as f64;
    let (b, c) = (counts.only_new as f64, counts.only_old as f64);
    let difference = (b - c) / items;
    let standard_error = (b + c - (b - c).powi(2) / items).max(0.0).sqrt() / items;
    let z = normal::quantile(0.5 + 0.5 * confidence);
    let around = |centre: f64, half: f64| Interval {
        lower: centre - half,
        upper: centre + half,
    };
    let statistic = |shifted: f64| -> Estimate {
        if standard_error > 0.0 {
            Estimate::Value(shifted / standard_error)
        } else {
            Estimate::Undefined(Undefined::NoVariation)
        }
    };
    let (p1, p2) = ((b + 1.0) / (items + 2.0), (c + 1.0) / (items + 2.0));
    let adjusted_error = ((p1 + p2 - (p1 - p2).powi(2)) / (items + 2.0)).sqrt();
    let non_inferiority_z = statistic(difference + margin);
    Ok(PairedBinary {
        counts,
        difference,
        test: mcnemar(counts),
        standard_error,
        wald: around(difference, z * standard_error),
        interval: around(p1 - p2, z * adjusted_error),
        confidence,
        superiority_p: statistic(difference).map(|z| normal::cumulative(-z)),
        margin,
        non_inferiority_z,
        non_inferiority_p: non_inferiority_z.map(|z| normal::cumulative(-z)),
        deterioration_p: statistic(difference).map(normal::cumulative),
    })
}

fn mcnemar(counts: PairedCounts) -> McNemar {
    let differ = counts.discordant();
    if differ == 0 {
        let undefined = Estimate::Undefined(Undefined::NoVariation);
        return McNemar {
            exact_p: 1.0,
            mid_p: 1.0,
            chi_squared: undefined,
            chi_squared_p: undefined,
            chi_squared_corrected: undefined,
        };
    }
    let fewer = counts.only_new.min(counts.only_old);
    let twice_tail = 2.0 * binomial_cumulative(fewer, differ, 0.5);
    let distance = counts.only_new.abs_diff(counts.only_old) as f64;
    let total = differ as f64;
    let chi_squared = distance * distance / total;
    McNemar {
        exact_p: twice_tail.min(1.0),
        mid_p: (twice_tail - fair_binomial_mass(fewer, differ)).min(1.0),
        chi_squared: Estimate::Value(chi_squared),
        chi_squared_p: Estimate::Value(chi_squared_tail(chi_squared, 1.0)),
        chi_squared_corrected: Estimate::Value((distance - 1.0).max(0.0).powi(2) / total),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn counts_are_checked() {
        assert!(PairedCounts::new(3, 3, 5).is_err() && PairedCounts::new(0, 0, 0).is_err());
        assert!(PairedCounts::new(u64::MAX, 1, 5).is_err());
        assert!(serde_json::from_str::<PairedCounts>(r#"{"only_new":4,"only_old":0,"items":2}"#).is_err());
        let old = [true, true, false, false, true];
        let new = [true, false, true, true, true];
        assert_eq!(
            PairedCounts::count(&old, &new).unwrap(),
            PairedCounts::new(2, 1, 5).unwrap()
        );
        assert!(PairedCounts::count(&old, &new[..2]).is_err());
        let counts = PairedCounts::new(1, 1, 9).unwrap();
        assert!(analyse_paired_binary(counts, -0.1, 0.95).is_err());
    }

    proptest! {
        #[test]
        fn swapping_the_versions_mirrors_everything(b in 0..60_u64, c in 0..60_u64, same in 0..100_u64) {
            prop_assume!(b + c + same > 0);
            let of = |b, c| analyse_paired_binary(PairedCounts::new(b, c, b + c + same).unwrap(), 0.01, 0.9).unwrap();
            let (forward, back) = (of(b, c), of(c, b));
            prop_assert_eq!(forward.test, back.test);
            prop_assert!((forward.difference + back.difference).abs() < 1e-15);
            prop_assert!((forward.interval.lower + back.interval.upper).abs() < 1e-12);
            prop_assert!(forward.test.mid_p <= forward.test.exact_p && forward.test.exact_p <= 1.0);
            prop_assert!(forward.test.mid_p >= 0.0);
            prop_assert!(forward.interval.lower < forward.difference && forward.difference < forward.interval.upper);
            if let (Some(up), Some(down)) = (forward.superiority_p.value(), back.deterioration_p.value()) {
                prop_assert!((up - down).abs() < 1e-12);
            }
        }
    }
}
