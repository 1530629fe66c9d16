//! Two ways to rank the same items, held against each other by their areas under the risk-coverage curve.

use std::collections::BTreeMap;

use crate::error::{InvalidInput, finite, same_length};
use crate::estimate::Estimate;
use crate::numeric::sum::Sum;
use crate::resampling::{Bootstrap, BootstrapPlan, bootstrap_units};

/// Scores with what they were for: the errors of two ways may differ, as their values may.
#[derive(Debug, Clone, Copy)]
pub struct ScoredErrors<'a> {
    /// One score for each item; a higher one is surer.
    pub scores: &'a [f64],
    /// Whether the item's value is wrong.
    pub errors: &'a [bool],
}

/// Items that share a score, and how many of them are wrong; the surest level first.
struct Level<'a> {
    items: Vec<usize>,
    errors: &'a [bool],
}

/// Area under the risk-coverage curve of `second` less that of `first` on the same items, so that below 0 the second ranks
/// better, with an interval by paired bootstrap: whole documents are drawn with replacement [paired bootstrap as for any
/// difference; area: Geifman, Uziel & El-Yaniv, 2019, ICLR]. Inside a tied level the expected risk under random order counts.
/// Time is the number of items times that of replicates; items are ranked once.
///
/// # Errors
/// Arrays of unequal length, a score that is not finite.
pub fn bootstrap_area_difference<D: Ord>(
    first: ScoredErrors<'_>,
    second: ScoredErrors<'_>,
    documents: &[D],
    plan: BootstrapPlan,
) -> Result<Bootstrap, InvalidInput> {
    for (name, given) in [("first", first), ("second", second)] {
        same_length(name, documents.len(), given.scores.len())?;
        same_length(name, documents.len(), given.errors.len())?;
        finite(name, given.scores)?;
    }
    let numbers: BTreeMap<&D, usize> = {
        let distinct: std::collections::BTreeSet<&D> = documents.iter().collect();
        distinct
            .into_iter()
            .enumerate()
            .map(|(number, document)| (document, number))
            .collect()
    };
    let document_of: Vec<usize> = documents.iter().map(|document| numbers[document]).collect();
    let (first, second) = (ranked(first), ranked(second));
    let difference = |times: &[u32]| {
        let times_of = |item: usize| times[document_of[item]];
        match (area(&first, times_of), area(&second, times_of)) {
            (Some(first), Some(second)) => Estimate::Value(second - first),
            _ => Estimate::Undefined(crate::Undefined::TooFewItems),
        }
    };
    let estimate = difference(&vec![1; numbers.len()]);
    Ok(bootstrap_units(numbers.len(), plan, estimate, difference))
}

fn ranked(given: ScoredErrors<'_>) -> Vec<Level<'_>> {
    let scores = given.scores;
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|left, right| scores[*right].total_cmp(&scores[*left]));
    let levels = order.chunk_by(|left, right| scores[*left] == scores[*right]);
    levels
        .map(|items| Level {
            items: items.to_vec(),
            errors: given.errors,
        })
        .collect()
}

/// The area where each item counts so many times; none where no item counts.
fn area(levels: &[Level<'_>], times_of: impl Fn(usize) -> u32) -> Option<f64> {
    let mut risks = Sum::default();
    let (mut accepted, mut wrong) = (0.0_f64, 0.0_f64);
    for level in levels {
        let (mut count, mut own) = (0_u32, 0_u32);
        for item in &level.items {
            let times = times_of(*item);
            count += times;
            own += if level.errors[*item] { times } else { 0 };
        }
        let per_item = f64::from(own) / f64::from(count.max(1));
        for position in 1..=count {
            let position = f64::from(position);
            risks.add((wrong + per_item * position) / (accepted + position));
        }
        accepted += f64::from(count);
        wrong += f64::from(own);
    }
    (accepted > 0.0).then(|| risks.total() / accepted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::risk_coverage;
    use crate::numeric::random::generator;
    use proptest::prelude::*;
    use rand::Rng;

    fn plan() -> BootstrapPlan {
        BootstrapPlan::new(400, 0.95, 3).unwrap()
    }

    /// Errors of a fifth of the items, scores that know them, and scores that do not.
    fn simulated(items: usize) -> (Vec<bool>, Vec<f64>, Vec<f64>) {
        let mut random = generator(11, 0);
        let errors: Vec<bool> = (0..items).map(|_| random.random::<f64>() < 0.2).collect();
        let knowing = errors
            .iter()
            .map(|wrong| random.random::<f64>() - f64::from(u8::from(*wrong)) * 0.8);
        let knowing: Vec<f64> = knowing.collect();
        let guessing = (0..items).map(|_| random.random::<f64>()).collect();
        (errors, knowing, guessing)
    }

    #[test]
    fn who_knows_more_has_the_smaller_area() {
        let (errors, knowing, guessing) = simulated(300);
        let documents: Vec<usize> = (0..300).collect();
        let of = |scores| ScoredErrors {
            scores,
            errors: &errors,
        };
        let compare = |first, second| bootstrap_area_difference(of(first), of(second), &documents, plan()).unwrap();
        let better = compare(&guessing, &knowing);
        assert!(better.interval.value().unwrap().upper < -0.03, "{better:?}");
        let worse = compare(&knowing, &guessing);
        let (there, back) = (better.estimate.value().unwrap(), worse.estimate.value().unwrap());
        assert!((there + back).abs() < 1e-12);
        let same = compare(&knowing, &knowing);
        assert_eq!(same.interval.value().unwrap().upper, 0.0);
    }

    #[test]
    fn copies_of_a_document_are_one() {
        let (errors, knowing, guessing) = simulated(60);
        let repeated = |values: &[f64]| -> Vec<f64> { values.iter().flat_map(|value| [*value; 3]).collect() };
        let (first, second) = (repeated(&guessing), repeated(&knowing));
        let errors_repeated: Vec<bool> = errors.iter().flat_map(|wrong| [*wrong; 3]).collect();
        let documents: Vec<usize> = (0..180).map(|row| row / 3).collect();
        let of = |scores| ScoredErrors {
            scores,
            errors: &errors_repeated,
        };
        let found = bootstrap_area_difference(of(&first), of(&second), &documents, plan()).unwrap();
        assert_eq!(found.units, 60);
        let rows: Vec<usize> = (0..180).collect();
        let as_if_many = bootstrap_area_difference(of(&first), of(&second), &rows, plan()).unwrap();
        assert!(found.standard_error.value().unwrap() > 1.3 * as_if_many.standard_error.value().unwrap());
    }

    #[test]
    fn few_documents_have_no_interval_and_bad_input_is_refused() {
        let (errors, knowing, guessing) = simulated(10);
        let documents: Vec<usize> = (0..10).collect();
        let of = |scores| ScoredErrors {
            scores,
            errors: &errors,
        };
        let found = bootstrap_area_difference(of(&guessing), of(&knowing), &documents, plan()).unwrap();
        assert!(found.estimate.is_defined() && !found.interval.is_defined());
        assert!(bootstrap_area_difference(of(&guessing), of(&knowing[1..]), &documents, plan()).is_err());
        let broken = [f64::NAN; 10];
        assert!(bootstrap_area_difference(of(&guessing), of(&broken), &documents, plan()).is_err());
    }

    proptest! {
        #[test]
        fn the_areas_are_those_of_the_curve(rows in prop::collection::vec((0..5_i8, any::<bool>(), 0..4_u32), 1..30)) {
            let repeated = rows.iter().flat_map(|row| std::iter::repeat_n(row, row.2 as usize));
            let (scores, errors): (Vec<f64>, Vec<bool>) = repeated.map(|row| (f64::from(row.0), row.1)).unzip();
            let expected = risk_coverage(&scores, &errors).unwrap().value().map(|curve| curve.area);
            let (scores, errors): (Vec<f64>, Vec<bool>) = rows.iter().map(|row| (f64::from(row.0), row.1)).unzip();
            let levels = ranked(ScoredErrors { scores: &scores, errors: &errors });
            let found = area(&levels, |item| rows[item].2);
            match (found, expected) {
                (Some(found), Some(expected)) => prop_assert!((found - expected).abs() < 1e-12),
                (found, expected) => prop_assert_eq!(found, expected),
            }
        }
    }
}
