//! One coefficient among many, and its bootstrap interval.

use std::collections::{BTreeMap, BTreeSet};

use super::alpha::Level;
use super::gwet::AgreementWeights;
use super::prepared::Prepared;
use super::profiles::RatingProfiles;
use super::rating_table::RatingTable;
use crate::error::{InvalidInput, same_length};
use crate::estimate::Estimate;
use crate::resampling::{Bootstrap, BootstrapPlan, bootstrap_groups, bootstrap_units};

/// Which coefficient to resample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Coefficient<'a> {
    /// [`percent_agreement`](super::percent_agreement).
    PercentAgreement,
    /// [`krippendorff_alpha`](super::krippendorff_alpha).
    Alpha(Level<'a>),
    /// [`fleiss_kappa`](super::fleiss_kappa()).
    Fleiss,
    /// [`gwet_coefficient`](super::gwet_coefficient).
    Gwet(AgreementWeights),
}

impl Coefficient<'_> {
    pub(super) fn check(&self, table: &RatingTable) -> Result<(), InvalidInput> {
        match self {
            Self::Alpha(level) => level.check(table.classes()),
            _ => Ok(()),
        }
    }

    /// Whether an item with a single vote has any influence.
    pub(super) fn counts_single_votes(&self) -> bool {
        matches!(self, Self::Fleiss | Self::Gwet(_))
    }
}

/// Percentile bootstrap over items: whole items with all their votes are drawn with replacement. Runs in
/// parallel; the result depends on table and seed alone.
///
/// # Errors
/// Values that do not fit the classes, as [`krippendorff_alpha`](super::krippendorff_alpha).
pub fn bootstrap_agreement(
    table: &RatingTable,
    coefficient: Coefficient<'_>,
    plan: BootstrapPlan,
) -> Result<Bootstrap, InvalidInput> {
    RatingProfiles::from(table).bootstrap(coefficient, plan)
}

impl RatingProfiles {
    /// As [`bootstrap_agreement`]. How often each distinct row is drawn is multinomial, and drawn as such: the same law as
    /// drawing items one by one, in time that does not grow with the number of items.
    ///
    /// # Errors
    /// As [`bootstrap_agreement`].
    pub fn bootstrap(&self, coefficient: Coefficient<'_>, plan: BootstrapPlan) -> Result<Bootstrap, InvalidInput> {
        coefficient.check(&self.rows)?;
        let prepared = Prepared::new(&self.rows, coefficient);
        let estimate = prepared.evaluate(&self.times);
        Ok(bootstrap_groups(&self.times, plan, estimate, |times| {
            prepared.evaluate(times)
        }))
    }
}

/// As [`bootstrap_agreement`], but whole documents are drawn: `documents[i]` names the document of item `i`.
///
/// # Errors
/// As [`bootstrap_agreement`], and `documents` of another length than the items.
pub fn bootstrap_agreement_by_document<D: Ord>(
    table: &RatingTable,
    documents: &[D],
    coefficient: Coefficient<'_>,
    plan: BootstrapPlan,
) -> Result<Bootstrap, InvalidInput> {
    coefficient.check(table)?;
    same_length("documents", table.items(), documents.len())?;
    let names: BTreeSet<&D> = documents.iter().collect();
    let numbers: BTreeMap<&D, usize> = names.into_iter().zip(0..).collect();
    let document_of: Vec<usize> = documents.iter().map(|document| numbers[document]).collect();
    let prepared = Prepared::new(table, coefficient);
    let estimate = prepared.evaluate(&vec![1; table.items()]);
    Ok(bootstrap_units(numbers.len(), plan, estimate, |drawn| {
        let multiplicity: Vec<u32> = document_of.iter().map(|document| drawn[*document]).collect();
        prepared.evaluate(&multiplicity)
    }))
}

/// The coefficient on a given resample: `items` lists item positions, repeated as often as drawn.
///
/// # Errors
/// A position beyond the items, or values that do not fit the classes.
pub fn evaluate_on_resample(
    table: &RatingTable,
    coefficient: Coefficient<'_>,
    items: &[usize],
) -> Result<Estimate, InvalidInput> {
    coefficient.check(table)?;
    let mut multiplicity = vec![0_u32; table.items()];
    for (index, item) in items.iter().enumerate() {
        match multiplicity.get_mut(*item) {
            Some(times) => *times += 1,
            None => {
                return Err(InvalidInput::Index {
                    what: "items",
                    index,
                    found: *item,
                    bound: table.items(),
                });
            }
        }
    }
    Ok(Prepared::new(table, coefficient).evaluate(&multiplicity))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(items: usize) -> RatingTable {
        let rows: Vec<Vec<Option<usize>>> = (0..items)
            .map(|item| {
                vec![
                    Some(item % 3),
                    Some(if item % 4 == 0 { 0 } else { item % 3 }),
                    Some(item % 3),
                ]
            })
            .collect();
        RatingTable::from_ratings(&rows, 3).unwrap()
    }

    #[test]
    fn intervals_hold_the_estimate_and_repeat() {
        let table = table(120);
        for coefficient in [
            Coefficient::PercentAgreement,
            Coefficient::Alpha(Level::Nominal),
            Coefficient::Alpha(Level::Ordinal),
            Coefficient::Fleiss,
            Coefficient::Gwet(AgreementWeights::Linear),
        ] {
            let plan = BootstrapPlan::new(300, 0.95, 9).unwrap();
            let result = bootstrap_agreement(&table, coefficient, plan).unwrap();
            let (estimate, interval) = (result.estimate.value().unwrap(), result.interval.value().unwrap());
            assert!(
                interval.lower < estimate && estimate < interval.upper,
                "{coefficient:?}"
            );
            assert_eq!(result, bootstrap_agreement(&table, coefficient, plan).unwrap());
        }
    }

    #[test]
    fn documents_are_drawn_whole() {
        let table = table(120);
        let documents: Vec<usize> = (0..120).map(|item| item / 6).collect();
        let plan = BootstrapPlan::new(100, 0.95, 9).unwrap();
        let coefficient = Coefficient::Alpha(Level::Nominal);
        let result = bootstrap_agreement_by_document(&table, &documents, coefficient, plan).unwrap();
        assert_eq!(result.units, 20);
        // Six items in a row carry nearly the same mix, so documents hardly differ.
        let items = bootstrap_agreement(&table, coefficient, plan).unwrap();
        assert!(result.standard_error.value().unwrap() < items.standard_error.value().unwrap());
        assert!(bootstrap_agreement_by_document(&table, &documents[1..], coefficient, plan).is_err());
    }

    #[test]
    fn a_resample_of_everything_is_the_estimate() {
        let table = table(30);
        let everything: Vec<usize> = (0..30).collect();
        let coefficient = Coefficient::Alpha(Level::Nominal);
        let resampled = evaluate_on_resample(&table, coefficient, &everything).unwrap();
        assert_eq!(
            resampled,
            evaluate_on_resample(&table, coefficient, &(0..30).rev().collect::<Vec<_>>()).unwrap()
        );
        assert!(evaluate_on_resample(&table, coefficient, &[30]).is_err());
    }
}
