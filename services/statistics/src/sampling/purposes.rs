//! Splitting labelled items by purpose, before anything looks at them.

use std::collections::BTreeMap;

use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::error::{InvalidInput, non_negative, parameter};
use crate::numeric::random::generator;
use crate::numeric::sum::sum;

/// What a labelled item may be used for, and for nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Fitting weights, stackers and readers.
    Training,
    /// Fitting calibrators.
    Calibration,
    /// Certifying thresholds. Tuning on these items voids every certificate.
    Certification,
    /// Watching for drift.
    DriftAudit,
}

/// Share of documents for each purpose, in any unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PurposeShares {
    /// For training.
    pub training: f64,
    /// For calibration.
    pub calibration: f64,
    /// For certification.
    pub certification: f64,
    /// For the drift audit.
    pub drift_audit: f64,
}

/// Deals documents to purposes: all items of a document share one. Documents are shuffled by `seed` and dealt by
/// share, so that the sizes are right to within one document. The result does not depend on the order of items.
///
/// # Errors
/// A share that is negative or not finite, or all of them 0.
pub fn split_purposes<D: Ord>(documents: &[D], shares: PurposeShares, seed: u64) -> Result<Vec<Purpose>, InvalidInput> {
    let parts = [
        (Purpose::Training, shares.training),
        (Purpose::Calibration, shares.calibration),
        (Purpose::Certification, shares.certification),
        (Purpose::DriftAudit, shares.drift_audit),
    ];
    let sizes = parts.map(|(_, share)| share);
    non_negative("shares", &sizes)?;
    let total = sum(sizes);
    parameter("sum of shares", total, "above 0", total > 0.0)?;
    let mut items_of: BTreeMap<&D, Vec<usize>> = BTreeMap::new();
    for (item, document) in documents.iter().enumerate() {
        items_of.entry(document).or_default().push(item);
    }
    let mut dealt: Vec<Vec<usize>> = items_of.into_values().collect();
    dealt.shuffle(&mut generator(seed, 0));
    let count = dealt.len() as f64;
    let mut purposes = vec![Purpose::Training; documents.len()];
    let mut dealt = dealt.into_iter().enumerate().peekable();
    let mut reached = 0.0;
    let last = parts.iter().rposition(|(_, share)| *share > 0.0);
    for (index, (purpose, share)) in parts.into_iter().enumerate() {
        reached += share / total;
        let end = if Some(index) == last {
            count
        } else {
            (reached * count).round()
        };
        while let Some((_, items)) = dealt.next_if(|(position, _)| (*position as f64) < end) {
            for item in items {
                purposes[item] = purpose;
            }
        }
    }
    Ok(purposes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARES: PurposeShares = PurposeShares {
        training: 0.0,
        calibration: 2.0,
        certification: 1.0,
        drift_audit: 1.0,
    };

    #[test]
    fn documents_stay_whole_and_sizes_are_right() {
        let documents: Vec<usize> = (0..400).map(|item| item / 4).collect();
        let purposes = split_purposes(&documents, SHARES, 7).unwrap();
        let count = |wanted| purposes.iter().filter(|purpose| **purpose == wanted).count();
        assert_eq!(count(Purpose::Training), 0);
        assert_eq!(count(Purpose::Calibration), 200);
        assert_eq!(count(Purpose::Certification), 100);
        assert_eq!(count(Purpose::DriftAudit), 100);
        assert!(
            purposes
                .chunks(4)
                .all(|chunk| chunk.iter().all(|purpose| *purpose == chunk[0]))
        );
        let reversed: Vec<usize> = documents.iter().rev().copied().collect();
        let mut back = split_purposes(&reversed, SHARES, 7).unwrap();
        back.reverse();
        assert_eq!(back, purposes);
        assert_ne!(split_purposes(&documents, SHARES, 8).unwrap(), purposes);
    }

    #[test]
    fn shares_are_checked() {
        let nothing = PurposeShares {
            calibration: 0.0,
            certification: 0.0,
            drift_audit: 0.0,
            ..SHARES
        };
        assert!(split_purposes(&["a"], nothing, 1).is_err());
        let negative = PurposeShares {
            training: -1.0,
            ..SHARES
        };
        assert!(split_purposes(&["a"], negative, 1).is_err());
        assert_eq!(split_purposes(&["a"], SHARES, 1).unwrap().len(), 1);
    }
}
