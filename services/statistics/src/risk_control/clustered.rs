//! Items that come in documents are fewer witnesses than they are items.

use std::collections::BTreeMap;

use crate::Undefined;
use crate::error::{InvalidInput, parameter, same_length};
use crate::estimate::Estimate;
use crate::numeric::sum::{Sum, sum};

/// Intraclass correlation of errors within documents, by analysis of variance: `(MSB - MSW) / (MSB + (m0 - 1)
/// MSW)` with the mean document size corrected for unequal sizes [Donner, 1986, Int. Stat. Rev.]. May be
/// negative. Undefined (`too_few_items`) below two documents or where no document has two items,
/// (`no_variation`) where all items are right or all are wrong.
///
/// # Errors
/// Arrays of unequal length.
pub fn intraclass_correlation<D: Ord>(documents: &[D], errors: &[bool]) -> Result<Estimate, InvalidInput> {
    same_length("errors", documents.len(), errors.len())?;
    // By document: items and errors.
    let mut counts: BTreeMap<&D, (f64, f64)> = BTreeMap::new();
    for (document, wrong) in documents.iter().zip(errors) {
        let count = counts.entry(document).or_insert((0.0, 0.0));
        count.0 += 1.0;
        count.1 += f64::from(u8::from(*wrong));
    }
    let (items, groups) = (documents.len() as f64, counts.len() as f64);
    if groups < 2.0 || items <= groups {
        return Ok(Estimate::Undefined(Undefined::TooFewItems));
    }
    let rate = sum(counts.values().map(|(_, wrong)| *wrong)) / items;
    if rate == 0.0 || rate == 1.0 {
        return Ok(Estimate::Undefined(Undefined::NoVariation));
    }
    let (mut between, mut within, mut squared_sizes) = (Sum::default(), Sum::default(), Sum::default());
    for (size, wrong) in counts.values() {
        let own = wrong / size;
        between.add(size * (own - rate).powi(2));
        within.add(size * own * (1.0 - own));
        squared_sizes.add(size * size);
    }
    let mean_between = between.total() / (groups - 1.0);
    let mean_within = within.total() / (items - groups);
    let size = (items - squared_sizes.total() / items) / (groups - 1.0);
    Ok(Estimate::Value(
        (mean_between - mean_within) / (mean_between + (size - 1.0) * mean_within),
    ))
}

/// Design effect `1 + (m - 1) ICC`: how many clustered items are worth one independent item [Kish, 1965, Survey
/// Sampling], for documents of `mean_size` items. At least 1. Divide the number of items by it, or better count
/// documents; never use the binomial over line items.
///
/// # Errors
/// A mean size below 1, a correlation outside `[-1, 1]`.
pub fn design_effect(mean_size: f64, correlation: f64) -> Result<f64, InvalidInput> {
    let is_size = mean_size.is_finite() && mean_size >= 1.0;
    parameter(
        "mean size of documents",
        mean_size,
        "a finite number of at least 1",
        is_size,
    )?;
    let is_correlation = (-1.0..=1.0).contains(&correlation);
    parameter("correlation", correlation, "a number from -1 to 1", is_correlation)?;
    Ok((1.0 + (mean_size - 1.0) * correlation).max(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_correlate_fully() {
        let documents: Vec<usize> = (0..200).map(|item| item / 4).collect();
        let errors: Vec<bool> = documents.iter().map(|document| document % 5 == 0).collect();
        let found = intraclass_correlation(&documents, &errors).unwrap().value().unwrap();
        assert!((found - 1.0).abs() < 1e-12, "{found}");
        assert!((design_effect(4.0, found).unwrap() - 4.0).abs() < 1e-12);
    }

    #[test]
    fn matches_a_table_worked_by_hand() {
        // Two documents of 3 items: 2 of 3 and 0 of 3 wrong. MSB = 2/3, MSW = 1/6, m0 = 3.
        let found = intraclass_correlation(&[1, 1, 1, 2, 2, 2], &[true, true, false, false, false, false]);
        let expected = (2.0 / 3.0 - 1.0 / 6.0) / (2.0 / 3.0 + 2.0 / 6.0);
        assert!((found.unwrap().value().unwrap() - expected).abs() < 1e-12);
    }

    #[test]
    fn says_why_there_is_none() {
        let reason = |documents: &[usize], errors: &[bool]| intraclass_correlation(documents, errors).unwrap().reason();
        assert_eq!(reason(&[1, 2], &[true, false]), Some(Undefined::TooFewItems));
        assert_eq!(reason(&[1, 1], &[true, false]), Some(Undefined::TooFewItems));
        assert_eq!(reason(&[1, 1, 2], &[true; 3]), Some(Undefined::NoVariation));
        assert!(intraclass_correlation(&[1], &[]).is_err());
        assert!(design_effect(0.5, 0.1).is_err() && design_effect(2.0, 1.1).is_err());
        assert_eq!(design_effect(3.0, -0.2), Ok(1.0));
    }
}
