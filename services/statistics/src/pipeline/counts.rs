//! What gold says of voters and classes, as counts that add up and can be taken apart again.

use super::ballots::LabelledBallots;
use crate::error::InvalidInput;
use crate::voting::{BetaPrior, TrackRecord};

/// Labels with which a row of a confusion matrix counts itself; fewer lean on the voter's overall accuracy and on
/// which wrong classes are popular.
const ROW_STRENGTH: f64 = 5.0;

/// Counts over some of the labelled items.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct GoldCounts {
    /// Right votes and votes of every voter, and of one without votes, who stands for voters yet unknown.
    records: Vec<(u64, u64)>,
    /// Items of every declared class; empty for open fields.
    classes: Vec<u32>,
    /// `confusions[(v * K + t) * K + o]`: how often voter `v` said `o` of an item of class `t`.
    confusions: Vec<u32>,
    wrong_pairs: u64,
    colliding_pairs: u64,
    items: usize,
}

impl GoldCounts {
    /// Counts the items given; those without gold count nothing.
    pub(super) fn of(data: &LabelledBallots, items: &[usize]) -> Self {
        let voters = data.panel().voters() + 1;
        let classes = data.panel().declared_classes().unwrap_or(0);
        let mut counts = Self {
            records: vec![(0, 0); voters],
            classes: vec![0; classes],
            confusions: vec![0; voters * classes * classes],
            wrong_pairs: 0,
            colliding_pairs: 0,
            items: 0,
        };
        for item in items {
            counts.add(data, *item);
        }
        counts
    }

    fn add(&mut self, data: &LabelledBallots, item: usize) {
        let Some(label) = data.gold(item) else { return };
        let ballot = data.ballot(item);
        self.items += 1;
        let classes = self.classes.len();
        if let Some(truth) = label.truth {
            self.classes[truth] += 1;
        }
        let mut wrong = vec![0_u64; ballot.classes()];
        for (voter, class) in ballot.votes() {
            let record = &mut self.records[*voter];
            record.0 += u64::from(label.right[*class]);
            record.1 += 1;
            wrong[*class] += u64::from(!label.right[*class]);
            if let (Some(truth), Some(observed)) = (label.truth, ballot.declared(*class)) {
                self.confusions[(voter * classes + truth) * classes + observed] += 1;
            }
        }
        let all: u64 = wrong.iter().sum();
        self.wrong_pairs += all * all.saturating_sub(1) / 2;
        self.colliding_pairs += wrong
            .iter()
            .map(|count| count * count.saturating_sub(1) / 2)
            .sum::<u64>();
    }

    /// These counts less those of a part of the same items.
    pub(super) fn without(&self, part: &Self) -> Self {
        let less = |whole: &[u32], part: &[u32]| whole.iter().zip(part).map(|(whole, part)| whole - part).collect();
        let records = self.records.iter().zip(&part.records);
        Self {
            records: records
                .map(|(whole, part)| (whole.0 - part.0, whole.1 - part.1))
                .collect(),
            classes: less(&self.classes, &part.classes),
            confusions: less(&self.confusions, &part.confusions),
            wrong_pairs: self.wrong_pairs - part.wrong_pairs,
            colliding_pairs: self.colliding_pairs - part.colliding_pairs,
            items: self.items - part.items,
        }
    }

    /// Labelled items of a declared class.
    pub(super) fn items_of_class(&self, class: usize) -> u32 {
        self.classes[class]
    }

    /// Number of classes: the declared ones, or as many as wrong votes behave as if there were, `1 + 1/q` with `q`
    /// the smoothed probability that two wrong voters agree.
    pub(super) fn class_number(&self) -> f64 {
        if self.classes.is_empty() {
            1.0 + (self.wrong_pairs as f64 + 1.0) / (self.colliding_pairs as f64 + 0.5)
        } else {
            self.classes.len() as f64
        }
    }

    /// Accuracies of all voters, shrunk to the panel; the last is what a voter without votes is taken for.
    ///
    /// # Errors
    /// None that counts cause.
    pub(super) fn accuracies(&self) -> Result<Vec<f64>, InvalidInput> {
        let records = self.records.iter();
        let records = records
            .map(|(correct, scored)| TrackRecord::new(*correct, *scored))
            .collect::<Result<Vec<_>, _>>()?;
        let prior = BetaPrior::fitted_or_default(&records);
        Ok(records.iter().map(|record| prior.mean_accuracy(*record)).collect())
    }

    /// Share of every declared class, one item added to each.
    pub(super) fn class_shares(&self) -> Vec<f64> {
        let total: u32 = self.classes.iter().sum();
        let whole = f64::from(total) + self.classes.len() as f64;
        self.classes
            .iter()
            .map(|count| (f64::from(*count) + 1.0) / whole)
            .collect()
    }

    /// How often a voter says the right class where `class` is true, drawn to its overall accuracy with the given
    /// strength.
    pub(super) fn accuracy_on_class(&self, voter: usize, class: usize, overall: f64, strength: f64) -> f64 {
        let classes = self.classes.len();
        let row = self.row(voter, class);
        let total: u32 = row.iter().sum();
        let hit = self.confusions[(voter * classes + class) * classes + class];
        (f64::from(hit) + strength * overall) / (f64::from(total) + strength)
    }

    /// `P(voter says o | t is true)` as rows of `t`, each drawn to the voter's accuracy on the diagonal and to the
    /// popularity of its wrong answers beside it.
    pub(super) fn confusion(&self, voter: usize, accuracy: f64) -> Vec<f64> {
        let classes = self.classes.len();
        let mut popularity = vec![0.5; classes];
        for truth in 0..classes {
            for (observed, count) in self.row(voter, truth).iter().enumerate() {
                if observed != truth {
                    popularity[observed] += f64::from(*count);
                }
            }
        }
        let whole: f64 = popularity.iter().sum();
        let mut matrix = Vec::with_capacity(classes * classes);
        for truth in 0..classes {
            let row = self.row(voter, truth);
            let total = f64::from(row.iter().sum::<u32>()) + ROW_STRENGTH;
            let others = whole - popularity[truth];
            matrix.extend(row.iter().enumerate().map(|(observed, count)| {
                let expected = if observed == truth {
                    accuracy
                } else {
                    (1.0 - accuracy) * popularity[observed] / others
                };
                (f64::from(*count) + ROW_STRENGTH * expected) / total
            }));
        }
        matrix
    }

    fn row(&self, voter: usize, truth: usize) -> &[u32] {
        let classes = self.classes.len();
        let start = (voter * classes + truth) * classes;
        &self.confusions[start..start + classes]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::ballots::{Ballot, GoldLabel, Panel};

    fn data() -> LabelledBallots {
        let panel = Panel::new(vec![0, 1, 2], Some(3)).unwrap();
        let rows = [[0, 0, 1], [1, 2, 2], [2, 2, 2], [0, 1, 1]];
        let truths = [0, 1, 2, 0];
        let mut ballots = Vec::new();
        let mut gold = Vec::new();
        for (row, truth) in rows.iter().zip(truths) {
            let mut declared: Vec<Option<usize>> = Vec::new();
            let mut votes = Vec::new();
            for (voter, class) in row.iter().enumerate() {
                let position = declared.iter().position(|known| *known == Some(*class));
                let local = position.unwrap_or_else(|| {
                    declared.push(Some(*class));
                    declared.len() - 1
                });
                votes.push((voter, local));
            }
            ballots.push(Ballot::new(&panel, &votes, &declared).unwrap());
            gold.push(Some(GoldLabel {
                right: declared.iter().map(|class| *class == Some(truth)).collect(),
                truth: Some(truth),
            }));
        }
        LabelledBallots::new(panel, ballots, gold, vec![0, 1, 2, 3]).unwrap()
    }

    #[test]
    fn parts_add_up() {
        let data = data();
        let whole = GoldCounts::of(&data, &[0, 1, 2, 3]);
        let part = GoldCounts::of(&data, &[1, 3]);
        assert_eq!(whole.without(&part), GoldCounts::of(&data, &[0, 2]));
        assert_eq!((whole.wrong_pairs, whole.colliding_pairs), (2, 2));
        assert_eq!(whole.class_number(), 3.0);
        assert_eq!(whole.items_of_class(0), 2);
    }

    #[test]
    fn rows_of_confusions_are_probabilities() {
        let counts = GoldCounts::of(&data(), &[0, 1, 2, 3]);
        let accuracies = counts.accuracies().unwrap();
        assert_eq!(accuracies.len(), 4);
        for (voter, accuracy) in accuracies.iter().enumerate() {
            for row in counts.confusion(voter, *accuracy).chunks(3) {
                assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            }
        }
        assert!(counts.accuracy_on_class(0, 0, 0.5, 20.0) > 0.5);
    }
}
