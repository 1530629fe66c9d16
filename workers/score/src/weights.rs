//! What an annotator's vote on a field is worth, learned from gold (methods 2.2 and 2.4).

use std::collections::BTreeMap;

use accord_domain::{AnnotatorId, Answer, FOLD_COUNT, Field, Weighting, compare};
use accord_statistics::InvalidInput;
use accord_statistics::voting::{
    AccuracyRule, BetaPrior, LabelledVotes, TrackRecord, WeightRule, clip_for_shares, effective_classes, voter_weight,
};

use crate::ballot::Ballot;
use crate::tally::declared_classes;

/// One item with gold for the field.
#[derive(Debug, Clone)]
pub struct LabelledBallot<'a> {
    /// The part of the gold that the item belongs to, below [`FOLD_COUNT`]; equal for equal documents.
    pub fold: u32,
    /// A number for the document; copies share it.
    pub document: u64,
    /// The votes.
    pub ballot: Ballot<'a>,
    /// The gold.
    pub gold: &'a Answer,
}

impl LabelledBallot<'_> {
    /// Whether the answer of each class is right.
    #[must_use]
    pub fn correct_classes(&self, field: &Field) -> Vec<bool> {
        (0..self.ballot.classes.len())
            .map(|class| {
                self.ballot
                    .answer_of_class(class)
                    .and_then(|answer| compare::match_gold(field, answer, self.gold))
                    .is_some_and(|verdict| verdict.correct)
            })
            .collect()
    }
}

/// Which folds a fit may look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folds {
    left_out: [Option<u32>; 2],
}

impl Folds {
    /// All of them.
    pub const ALL: Self = Self { left_out: [None, None] };

    /// All but one.
    #[must_use]
    pub const fn without(fold: u32) -> Self {
        Self {
            left_out: [Some(fold), None],
        }
    }

    /// These but one more.
    #[must_use]
    pub const fn and_without(self, fold: u32) -> Self {
        Self {
            left_out: [self.left_out[0], Some(fold)],
        }
    }

    /// Whether the fold may be looked at.
    #[must_use]
    pub fn contain(self, fold: u32) -> bool {
        !self.left_out.contains(&Some(fold))
    }
}

/// Right and wrong votes of each annotator on one field, by fold, ready to be weighed for any selection of folds.
#[derive(Debug, Clone)]
pub struct TrackRecords {
    records: BTreeMap<AnnotatorId, Vec<TrackRecord>>,
    classes: Classes,
    weighting: Weighting,
}

/// How many values a field can take.
#[derive(Debug, Clone)]
enum Classes {
    /// So many were declared.
    Declared(f64),
    /// Any: for each item its fold, and its votes as class indices with [`RIGHT`] for right ones.
    Open(Vec<(u32, Vec<usize>)>),
}

/// Stands for the right value among class indices.
const RIGHT: usize = usize::MAX;

/// Weights of annotators, and of those without gold.
#[derive(Debug, Clone, PartialEq)]
pub struct VoterWeights {
    /// Weight by annotator.
    pub weights: BTreeMap<AnnotatorId, f64>,
    /// Weight of annotators that have no gold.
    pub default_weight: f64,
}

/// How often annotators are right.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Accuracies {
    known: BTreeMap<AnnotatorId, f64>,
    unknown: f64,
}

impl Accuracies {
    /// That of an annotator; what is to be expected of one that has no gold.
    pub(crate) fn of(&self, annotator: AnnotatorId) -> f64 {
        self.known.get(&annotator).copied().unwrap_or(self.unknown)
    }
}

impl TrackRecords {
    /// Counts right and wrong votes.
    ///
    /// # Errors
    /// None that well-formed ballots cause.
    pub fn count(field: &Field, labelled: &[LabelledBallot<'_>], weighting: Weighting) -> Result<Self, InvalidInput> {
        let mut records: BTreeMap<AnnotatorId, Vec<TrackRecord>> = BTreeMap::new();
        for item in labelled {
            for vote in &item.ballot.votes {
                if vote.answer.class().is_none() {
                    continue;
                }
                let Some(verdict) = compare::match_gold(field, vote.answer, item.gold) else {
                    continue;
                };
                let by_fold = records
                    .entry(vote.annotator_id)
                    .or_insert_with(|| vec![TrackRecord::default(); FOLD_COUNT as usize]);
                if let Some(record) = by_fold.get_mut(item.fold as usize) {
                    *record = record.with_vote(verdict.correct);
                }
            }
        }
        let classes = match declared_classes(&field.field_type) {
            Some(declared) => Classes::Declared(declared.max(2) as f64),
            None => Classes::Open(right_and_wrong_votes(field, labelled)),
        };
        Ok(Self {
            records,
            classes,
            weighting,
        })
    }

    /// Weighs the annotators by what the given folds show.
    ///
    /// # Errors
    /// None that counted records cause.
    pub fn weigh(&self, folds: Folds) -> Result<VoterWeights, InvalidInput> {
        let seen: Vec<(AnnotatorId, TrackRecord)> = self
            .records
            .iter()
            .map(|(annotator, by_fold)| (*annotator, merge(by_fold, folds)))
            .collect();
        let records: Vec<TrackRecord> = seen.iter().map(|(_, record)| *record).collect();
        let prior = BetaPrior::fitted_or_default(&records);
        let rule = self.rule(folds);
        let weight = |record: TrackRecord| -> Result<f64, InvalidInput> {
            let accuracy = AccuracyRule::Mean.accuracy(record, prior)?;
            voter_weight(accuracy, rule).map(clip_for_shares)
        };
        let weights = seen
            .into_iter()
            .map(|(annotator, record)| weight(record).map(|weight| (annotator, weight)))
            .collect::<Result<BTreeMap<_, _>, _>>()?;
        Ok(VoterWeights {
            weights,
            default_weight: weight(TrackRecord::default())?,
        })
    }

    /// How often annotators are right by what the given folds show, shrunken, and how many classes there are or seem to be.
    ///
    /// # Errors
    /// None that counted records cause.
    pub(crate) fn accuracies(&self, folds: Folds) -> Result<(Accuracies, usize), InvalidInput> {
        let seen = self.records.iter();
        let seen: Vec<(AnnotatorId, TrackRecord)> = seen
            .map(|(annotator, by_fold)| (*annotator, merge(by_fold, folds)))
            .collect();
        let records: Vec<TrackRecord> = seen.iter().map(|(_, record)| *record).collect();
        let prior = BetaPrior::fitted_or_default(&records);
        let accuracy = |record: TrackRecord| AccuracyRule::Mean.accuracy(record, prior);
        let known = seen
            .into_iter()
            .map(|(annotator, record)| accuracy(record).map(|accuracy| (annotator, accuracy)))
            .collect::<Result<_, _>>()?;
        let accuracies = Accuracies {
            known,
            unknown: accuracy(TrackRecord::default())?,
        };
        // As many as an integer holds, and at least two, as a vote between fewer tells nothing.
        let classes = self.classes.count(folds).round().clamp(2.0, 1e6);
        Ok((accuracies, classes as usize))
    }

    fn rule(&self, folds: Folds) -> WeightRule {
        match self.weighting {
            Weighting::Even => WeightRule::Even,
            Weighting::Accuracy => WeightRule::Accuracy,
            Weighting::Automatic | Weighting::LogOdds => WeightRule::LogOdds {
                classes: self.classes.count(folds),
            },
        }
    }
}

impl Classes {
    /// The declared number, or the number an open field behaves as if it had: how seldom two wrong voters agree.
    fn count(&self, folds: Folds) -> f64 {
        match self {
            Self::Declared(count) => *count,
            Self::Open(items) => {
                let seen = items.iter().filter(|(fold, _)| folds.contain(*fold));
                effective_classes(seen.map(|(_, votes)| LabelledVotes { truth: &RIGHT, votes })).classes
            }
        }
    }
}

fn merge(by_fold: &[TrackRecord], folds: Folds) -> TrackRecord {
    by_fold
        .iter()
        .zip(0..)
        .filter(|(_, fold)| folds.contain(*fold))
        .fold(TrackRecord::default(), |sum, (record, _)| sum.merged(*record))
}

fn right_and_wrong_votes(field: &Field, labelled: &[LabelledBallot<'_>]) -> Vec<(u32, Vec<usize>)> {
    labelled
        .iter()
        .map(|item| {
            let correct = item.correct_classes(field);
            let seen = item.ballot.class_of_vote.iter().flatten();
            let votes = seen.map(|class| if correct[*class] { RIGHT } else { *class }).collect();
            (item.fold, votes)
        })
        .collect()
}
