//! Votes as a sparse table.

use crate::error::{InvalidInput, parameter};

/// Votes of some voters on some items, at most a few per item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SparseVotes {
    voters: usize,
    classes: usize,
    /// Per item, who voted for which class.
    items: Vec<Vec<(usize, usize)>>,
}

impl SparseVotes {
    /// From triples `(item, voter, class)` in any order.
    ///
    /// # Errors
    /// An index out of range, or no classes.
    pub fn new(
        votes: &[(usize, usize, usize)],
        items: usize,
        voters: usize,
        classes: usize,
    ) -> Result<Self, InvalidInput> {
        parameter("classes", classes as f64, "at least 1", classes > 0)?;
        let mut table = Self {
            voters,
            classes,
            items: vec![Vec::new(); items],
        };
        for (index, (item, voter, class)) in votes.iter().copied().enumerate() {
            for (what, found, bound) in [
                ("item of votes", item, items),
                ("voter of votes", voter, voters),
                ("class of votes", class, classes),
            ] {
                if found >= bound {
                    return Err(InvalidInput::Index {
                        what,
                        index,
                        found,
                        bound,
                    });
                }
            }
            table.items[item].push((voter, class));
        }
        // Sums over voters then do not depend on the order of the triples.
        for row in &mut table.items {
            row.sort_unstable();
        }
        Ok(table)
    }

    /// Number of items.
    pub fn items(&self) -> usize {
        self.items.len()
    }

    /// Number of voters.
    pub fn voters(&self) -> usize {
        self.voters
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Voter and class of every vote, by item.
    pub(super) fn rows(&self) -> &[Vec<(usize, usize)>] {
        &self.items
    }

    /// Vote shares per item: the start of the iteration. Known items are certain, items without votes even.
    pub(super) fn shares(&self, known: &[Option<usize>]) -> Vec<Vec<f64>> {
        let even = vec![1.0 / self.classes as f64; self.classes];
        let share = |(row, known): (&Vec<(usize, usize)>, &Option<usize>)| {
            if let Some(class) = known {
                return certain(*class, self.classes);
            }
            if row.is_empty() {
                return even.clone();
            }
            let mut shares = vec![0.0; self.classes];
            for (_, class) in row {
                shares[*class] += 1.0 / row.len() as f64;
            }
            shares
        };
        self.items.iter().zip(known).map(share).collect()
    }

    /// Checks one known class, or `None`, per item.
    pub(super) fn check_known(&self, known: &[Option<usize>]) -> Result<(), InvalidInput> {
        crate::error::same_length("known labels", self.items.len(), known.len())?;
        crate::voting::check_classes(known, self.classes)
    }
}

/// All probability on one class.
pub(super) fn certain(class: usize, classes: usize) -> Vec<f64> {
    let mut row = vec![0.0; classes];
    row[class] = 1.0;
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_are_checked() {
        assert!(SparseVotes::new(&[(1, 0, 0)], 1, 1, 1).is_err());
        assert!(SparseVotes::new(&[(0, 1, 0)], 1, 1, 1).is_err());
        assert!(SparseVotes::new(&[(0, 0, 1)], 1, 1, 1).is_err());
        assert!(SparseVotes::new(&[], 1, 1, 0).is_err());
    }

    #[test]
    fn the_start_is_the_vote_shares() {
        let votes = SparseVotes::new(&[(0, 0, 1), (0, 1, 1), (0, 2, 0)], 3, 3, 2).unwrap();
        let shares = votes.shares(&[None, None, Some(1)]);
        assert!((shares[0][1] - 2.0 / 3.0).abs() < 1e-15);
        assert_eq!(shares[1], vec![0.5, 0.5]);
        assert_eq!(shares[2], vec![0.0, 1.0]);
    }
}
