//! Deterministic folds for cross-fitting.

use std::collections::BTreeMap;

use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::error::{InvalidInput, parameter, same_length};
use crate::numeric::random::generator;

/// Which fold each item belongs to. All items of a document share a fold, so no item is ever scored by
/// something fitted on a neighbour from the same document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folds {
    assignment: Vec<usize>,
    count: usize,
    seed: u64,
}

impl Folds {
    /// Number of folds where nothing else is chosen.
    pub const DEFAULT_COUNT: usize = 5;

    /// Deals documents to `count` folds.
    ///
    /// `documents[i]` names the document of item `i`; `correct[i]` is its label. Documents are shuffled by
    /// `seed`, then dealt largest number of errors first to the fold with fewest errors (among equals,
    /// fewest items), so that every fold gets its share of both classes. The result does not depend on
    /// the order of the items.
    ///
    /// # Errors
    /// Arrays of unequal length, fewer than two folds, or fewer documents than folds.
    pub fn by_document<D: Ord>(
        documents: &[D],
        correct: &[bool],
        count: usize,
        seed: u64,
    ) -> Result<Self, InvalidInput> {
        same_length("correct", documents.len(), correct.len())?;
        parameter("number of folds", count as f64, "at least 2", count >= 2)?;
        let mut items_of: BTreeMap<&D, Vec<usize>> = BTreeMap::new();
        for (item, document) in documents.iter().enumerate() {
            items_of.entry(document).or_default().push(item);
        }
        parameter(
            "number of documents",
            items_of.len() as f64,
            "at least the number of folds",
            items_of.len() >= count,
        )?;
        let mut dealt: Vec<Vec<usize>> = items_of.into_values().collect();
        dealt.shuffle(&mut generator(seed, 0));
        let errors = |items: &[usize]| items.iter().filter(|item| !correct[**item]).count();
        // The sort is stable: documents alike keep their shuffled order.
        dealt.sort_by_key(|items| std::cmp::Reverse((errors(items), items.len())));
        let mut assignment = vec![0; documents.len()];
        let mut load = vec![(0_usize, 0_usize); count];
        for items in dealt {
            let own = errors(&items);
            let fold = lightest(&load, own > 0);
            load[fold].0 += own;
            load[fold].1 += items.len();
            for item in items {
                assignment[item] = fold;
            }
        }
        Ok(Self {
            assignment,
            count,
            seed,
        })
    }

    /// Number of folds.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Number of items.
    pub fn items(&self) -> usize {
        self.assignment.len()
    }

    /// The seed the documents were shuffled by.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Fold of every item.
    pub fn assignment(&self) -> &[usize] {
        &self.assignment
    }

    /// Positions of the items in a fold.
    pub fn held_out(&self, fold: usize) -> Vec<usize> {
        self.positions(|assigned| assigned == fold)
    }

    /// Positions of the items in all other folds.
    pub fn training(&self, fold: usize) -> Vec<usize> {
        self.positions(|assigned| assigned != fold)
    }

    fn positions(&self, accept: impl Fn(usize) -> bool) -> Vec<usize> {
        (0..self.assignment.len())
            .filter(|item| accept(self.assignment[*item]))
            .collect()
    }
}

/// The fold that should get the next document.
fn lightest(load: &[(usize, usize)], has_errors: bool) -> usize {
    let key = |fold: &usize| {
        let (errors, items) = load[*fold];
        if has_errors {
            (errors, items, *fold)
        } else {
            (items, errors, *fold)
        }
    };
    (0..load.len()).min_by_key(key).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn errors_are_spread_evenly() {
        let documents: Vec<usize> = (0..100).map(|item| item / 2).collect();
        let correct: Vec<bool> = (0..100).map(|item| item % 10 != 0).collect();
        let folds = Folds::by_document(&documents, &correct, 5, 7).unwrap();
        for fold in 0..5 {
            let held_out = folds.held_out(fold);
            assert_eq!(held_out.len(), 20);
            assert_eq!(held_out.iter().filter(|item| !correct[**item]).count(), 2);
        }
        let other = Folds::by_document(&documents, &correct, 5, 8).unwrap();
        assert_ne!(folds.assignment(), other.assignment());
    }

    #[test]
    fn too_few_documents_are_refused() {
        assert!(Folds::by_document(&["a", "a", "b"], &[true; 3], 3, 1).is_err());
        assert!(Folds::by_document(&["a", "b"], &[true; 2], 1, 1).is_err());
    }

    proptest! {
        #[test]
        fn documents_stay_whole_and_order_does_not_matter(
            rows in prop::collection::vec((0..12_u8, any::<bool>()), 12..60),
            seed in any::<u64>(),
        ) {
            let (mut documents, mut correct): (Vec<u8>, Vec<bool>) = rows.into_iter().unzip();
            documents.extend(0..12);
            correct.extend([true; 12]);
            let folds = Folds::by_document(&documents, &correct, 4, seed).unwrap();
            for (item, document) in documents.iter().enumerate() {
                let first = documents.iter().position(|other| other == document).unwrap();
                prop_assert_eq!(folds.assignment()[item], folds.assignment()[first]);
            }
            documents.reverse();
            correct.reverse();
            let backwards = Folds::by_document(&documents, &correct, 4, seed).unwrap();
            let mut assignment = backwards.assignment().to_vec();
            assignment.reverse();
            prop_assert_eq!(folds.assignment(), assignment.as_slice());
        }
    }
}
