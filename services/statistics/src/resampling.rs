//! Bootstrap intervals over documents.

use std::collections::BTreeMap;

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Binomial, Distribution};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::{InvalidInput, open_unit, parameter};
use crate::estimate::{Estimate, Interval, Undefined};
use crate::numeric::quantile::type7;
use crate::numeric::random::generator;
use crate::numeric::sum::sample_variance;

/// Fewest documents or items for which an interval is given.
pub const FEWEST_UNITS: usize = 20;
/// Largest share of undefined replicates for which an interval is given.
pub const UNDEFINED_LIMIT: f64 = 0.05;

/// Mean units in a group from which binomials are cheaper than single draws.
const UNITS_IN_GROUP: usize = 16;

/// How to bootstrap.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawPlan")]
pub struct BootstrapPlan {
    replicates: usize,
    confidence: f64,
    seed: u64,
}

#[derive(Deserialize)]
struct RawPlan {
    replicates: usize,
    confidence: f64,
    seed: u64,
}

impl TryFrom<RawPlan> for BootstrapPlan {
    type Error = InvalidInput;

    fn try_from(raw: RawPlan) -> Result<Self, InvalidInput> {
        Self::new(raw.replicates, raw.confidence, raw.seed)
    }
}

impl BootstrapPlan {
    /// Number of replicates (at least 1000 for a reported interval), two-sided confidence such as 0.95, and
    /// the seed.
    ///
    /// # Errors
    /// No replicates, or a confidence outside (0, 1).
    pub fn new(replicates: usize, confidence: f64, seed: u64) -> Result<Self, InvalidInput> {
        parameter("replicates", replicates as f64, "at least 1", replicates > 0)?;
        open_unit("confidence", confidence)?;
        Ok(Self {
            replicates,
            confidence,
            seed,
        })
    }

    /// 1000 replicates at 95 %.
    pub fn standard(seed: u64) -> Self {
        Self {
            replicates: 1000,
            confidence: 0.95,
            seed,
        }
    }

    /// Number of replicates.
    pub fn replicates(&self) -> usize {
        self.replicates
    }

    /// Two-sided confidence.
    pub fn confidence(&self) -> f64 {
        self.confidence
    }

    /// Seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }
}

/// What the replicates say.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ReplicateSummary {
    /// Percentile interval of the defined replicates (type-7 quantiles).
    pub interval: Estimate<Interval>,
    /// Their standard deviation, divisor `n - 1`.
    pub standard_error: Estimate,
    /// Replicates in which the statistic was undefined; they are left out.
    pub undefined: usize,
}

/// A bootstrapped statistic.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bootstrap {
    /// The statistic on the data themselves.
    pub estimate: Estimate,
    /// Percentile interval; undefined (`too_few_items`) below [`FEWEST_UNITS`] units, (`not_identifiable`)
    /// where more than [`UNDEFINED_LIMIT`] of the replicates are undefined.
    pub interval: Estimate<Interval>,
    /// Standard deviation of the replicates.
    pub standard_error: Estimate,
    /// Replicates in which the statistic was undefined.
    pub undefined: usize,
    /// Documents or items resampled.
    pub units: usize,
    /// Replicates, confidence and seed.
    pub plan: BootstrapPlan,
}

/// Interval and standard error of given replicates, at a two-sided confidence in (0, 1). Undefined
/// (`too_few_items`) where no replicate is defined, the standard error below two.
///
/// # Errors
/// A confidence outside (0, 1).
pub fn summarise_replicates(replicates: &[Estimate], confidence: f64) -> Result<ReplicateSummary, InvalidInput> {
    open_unit("confidence", confidence)?;
    let mut defined: Vec<f64> = replicates.iter().filter_map(|value| value.value()).collect();
    defined.sort_by(f64::total_cmp);
    let tail = 0.5 - 0.5 * confidence;
    let interval = match (type7(&defined, tail), type7(&defined, 1.0 - tail)) {
        (Some(lower), Some(upper)) => Estimate::Value(Interval { lower, upper }),
        _ => Estimate::Undefined(Undefined::TooFewItems),
    };
    Ok(ReplicateSummary {
        interval,
        standard_error: sample_variance(&defined)
            .map(f64::sqrt)
            .ok_or(Undefined::TooFewItems)
            .into(),
        undefined: replicates.len() - defined.len(),
    })
}

/// Bootstraps any statistic over documents: whole documents are drawn with replacement, and `statistic`
/// gets the positions of the items of the drawn documents, repeated as often as drawn. For the difference
/// of two systems on the same items, let it return the difference. Runs in parallel; the result depends on
/// data and seed alone.
pub fn bootstrap_documents<D: Ord>(
    documents: &[D],
    plan: BootstrapPlan,
    statistic: impl Fn(&[usize]) -> Estimate + Sync,
) -> Bootstrap {
    let mut items_of: BTreeMap<&D, Vec<usize>> = BTreeMap::new();
    for (item, document) in documents.iter().enumerate() {
        items_of.entry(document).or_default().push(item);
    }
    let groups: Vec<Vec<usize>> = items_of.into_values().collect();
    let everything: Vec<usize> = (0..documents.len()).collect();
    bootstrap_units(groups.len(), plan, statistic(&everything), |multiplicity| {
        let drawn = groups.iter().zip(multiplicity);
        let positions: Vec<usize> = drawn
            .flat_map(|(items, times)| items.iter().copied().cycle().take(items.len() * *times as usize))
            .collect();
        statistic(&positions)
    })
}

/// Bootstraps a statistic that takes how often each unit was drawn.
pub(crate) fn bootstrap_units(
    units: usize,
    plan: BootstrapPlan,
    estimate: Estimate,
    statistic: impl Fn(&[u32]) -> Estimate + Sync,
) -> Bootstrap {
    let draw = |random: &mut ChaCha8Rng, drawn: &mut [u32]| {
        for _ in 0..units {
            drawn[random.random_range(0..units)] += 1;
        }
    };
    bootstrap(units, units, plan, estimate, draw, statistic)
}

/// Bootstraps a statistic of units that fall into groups of equal ones: it takes how many units of each group were
/// drawn. With groups of several units these numbers are drawn as a multinomial, group by group with binomials.
pub(crate) fn bootstrap_groups(
    sizes: &[u32],
    plan: BootstrapPlan,
    estimate: Estimate,
    statistic: impl Fn(&[u32]) -> Estimate + Sync,
) -> Bootstrap {
    let units: usize = sizes.iter().map(|size| *size as usize).sum();
    if sizes.len() * UNITS_IN_GROUP <= units {
        let draw = |random: &mut ChaCha8Rng, drawn: &mut [u32]| draw_multinomial(random, sizes, units as u64, drawn);
        return bootstrap(sizes.len(), units, plan, estimate, draw, statistic);
    }
    let groups = sizes.iter().enumerate();
    let group_of: Vec<u32> = groups
        .flat_map(|(group, size)| std::iter::repeat_n(group as u32, *size as usize))
        .collect();
    let draw = |random: &mut ChaCha8Rng, drawn: &mut [u32]| {
        for _ in 0..units {
            drawn[group_of[random.random_range(0..units)] as usize] += 1;
        }
    };
    bootstrap(sizes.len(), units, plan, estimate, draw, statistic)
}

/// `units` draws with replacement from groups of these sizes, `units` together.
fn draw_multinomial(random: &mut ChaCha8Rng, sizes: &[u32], units: u64, drawn: &mut [u32]) {
    // Draws left, and units in the groups left.
    let (mut draws, mut left) = (units, units);
    for (size, drawn) in sizes.iter().zip(drawn) {
        if draws == 0 {
            break;
        }
        let share = f64::from(*size) / left as f64;
        let own = match Binomial::new(draws, share) {
            Ok(law) if share < 1.0 => law.sample(random),
            _ => draws,
        };
        *drawn = own as u32;
        draws -= own;
        left -= u64::from(*size);
    }
}

/// Replicates of `groups` counts that `draw` fills in from zeros.
fn bootstrap(
    groups: usize,
    units: usize,
    plan: BootstrapPlan,
    estimate: Estimate,
    draw: impl Fn(&mut ChaCha8Rng, &mut [u32]) + Sync,
    statistic: impl Fn(&[u32]) -> Estimate + Sync,
) -> Bootstrap {
    let refused = |reason: Undefined, undefined: usize, standard_error: Estimate| Bootstrap {
        estimate,
        interval: Estimate::Undefined(reason),
        standard_error,
        undefined,
        units,
        plan,
    };
    if units < FEWEST_UNITS {
        let reason = Undefined::TooFewItems;
        return refused(reason, 0, Estimate::Undefined(reason));
    }
    let replicates: Vec<Estimate> = (0..plan.replicates as u64)
        .into_par_iter()
        .map_with(vec![0_u32; groups], |drawn, replicate| {
            drawn.fill(0);
            draw(&mut generator(plan.seed, replicate), drawn);
            statistic(drawn)
        })
        .collect();
    match summarise_replicates(&replicates, plan.confidence) {
        Ok(summary) if summary.undefined as f64 <= UNDEFINED_LIMIT * replicates.len() as f64 => Bootstrap {
            estimate,
            interval: summary.interval,
            standard_error: summary.standard_error,
            undefined: summary.undefined,
            units,
            plan,
        },
        Ok(summary) => refused(Undefined::NotIdentifiable, summary.undefined, summary.standard_error),
        Err(_) => refused(
            Undefined::NotIdentifiable,
            0,
            Estimate::Undefined(Undefined::NotIdentifiable),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean_of(values: &[f64], positions: &[usize]) -> Estimate {
        let total: f64 = positions.iter().map(|position| values[*position]).sum();
        Estimate::Value(total / positions.len() as f64)
    }

    #[test]
    fn the_mean_has_its_known_error() {
        let values: Vec<f64> = (0..200).map(|item| f64::from(item % 2)).collect();
        let documents: Vec<usize> = (0..200).collect();
        let result = bootstrap_documents(&documents, BootstrapPlan::standard(5), |positions| {
            mean_of(&values, positions)
        });
        let error = result.standard_error.value().unwrap();
        assert!((error - (0.25 / 200.0_f64).sqrt()).abs() < 0.003, "{error}");
        let interval = result.interval.value().unwrap();
        assert!(interval.lower < 0.5 && 0.5 < interval.upper);
        assert_eq!(result.estimate, Estimate::Value(0.5));
    }

    #[test]
    fn groups_have_the_error_of_their_units() {
        // 300 ones and 100 zeros, in two groups and in as many as there are units.
        let share = |drawn: &[u32]| Estimate::Value(f64::from(drawn[0]) / 400.0);
        let plan = BootstrapPlan::new(4_000, 0.95, 3).unwrap();
        let few = bootstrap_groups(&[300, 100], plan, Estimate::Value(0.75), share);
        assert_eq!(few.units, 400);
        let error = few.standard_error.value().unwrap();
        assert!((error - (0.75 * 0.25 / 400.0_f64).sqrt()).abs() < 0.001, "{error}");
        let interval = few.interval.value().unwrap();
        assert!((interval.lower + interval.upper - 1.5).abs() < 0.01, "{interval:?}");
        let ones =
            |drawn: &[u32]| Estimate::Value(drawn[..300].iter().map(|times| f64::from(*times)).sum::<f64>() / 400.0);
        let many = bootstrap_groups(&[1; 400], plan, Estimate::Value(0.75), ones);
        assert!((many.standard_error.value().unwrap() - error).abs() < 0.001);
        let everything = |drawn: &[u32]| Estimate::Value(f64::from(drawn.iter().sum::<u32>()));
        let total = bootstrap_groups(&[500, 1, 1, 498], plan, Estimate::Value(1000.0), everything);
        assert_eq!(total.standard_error, Estimate::Value(0.0));
    }

    #[test]
    fn items_of_one_document_are_drawn_together() {
        // Items within a document are copies, so the error is that of 40 documents, not of 400 items.
        let documents: Vec<usize> = (0..400).map(|item| item / 10).collect();
        let values: Vec<f64> = documents.iter().map(|document| (document % 2) as f64).collect();
        let result = bootstrap_documents(&documents, BootstrapPlan::standard(5), |positions| {
            mean_of(&values, positions)
        });
        let error = result.standard_error.value().unwrap();
        assert!((error - (0.25 / 40.0_f64).sqrt()).abs() < 0.008, "{error}");
        assert_eq!(result.units, 40);
    }

    #[test]
    fn refuses_intervals_it_cannot_give() {
        let few = bootstrap_documents(&[1, 2, 3], BootstrapPlan::standard(1), |_| Estimate::Value(1.0));
        assert_eq!(few.interval.reason(), Some(Undefined::TooFewItems));
        let documents: Vec<usize> = (0..50).collect();
        let undefined = bootstrap_documents(&documents, BootstrapPlan::standard(1), |positions| {
            if positions.contains(&0) {
                Estimate::Value(1.0)
            } else {
                Estimate::Undefined(Undefined::NoVariation)
            }
        });
        assert_eq!(undefined.interval.reason(), Some(Undefined::NotIdentifiable));
        assert!(undefined.undefined > 300);
        assert!(BootstrapPlan::new(0, 0.95, 1).is_err());
        assert!(BootstrapPlan::new(10, 1.0, 1).is_err());
    }
}
