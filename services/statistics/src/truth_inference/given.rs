//! What every model of coins is given, and what it concludes with.

use std::ops::Range;

use super::course::{Course, Stopping};
use super::hit_or_miss::{Coins, Tables};
use super::paired_errors::errors_in_common;
use super::truths::{ByItem, Kept};
use super::warning::{InferenceWarning, judge};
use crate::error::{InvalidInput, parameter};
use crate::votes::VoteTable;

/// Votes, truths that are known, and when to stop.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) votes: &'a VoteTable,
    known: &'a [Option<usize>],
    pub(super) stopping: Stopping,
}

/// What is kept of a fit beside its parameters.
pub(super) struct Concluded<T> {
    pub(super) posteriors: T,
    pub(super) disagreement_with_majority: f64,
    pub(super) warnings: Vec<InferenceWarning>,
}

impl<'a> Given<'a> {
    /// # Errors
    /// Fewer than two classes, known labels of another length or out of range, no iterations.
    pub(super) fn checked(
        votes: &'a VoteTable,
        known: &'a [Option<usize>],
        stopping: Stopping,
    ) -> Result<Self, InvalidInput> {
        if !known.is_empty() {
            votes.check_known(known)?;
        }
        stopping.check()?;
        let classes = votes.classes();
        parameter("classes", classes as f64, "at least 2", classes >= 2)?;
        Ok(Self { votes, known, stopping })
    }

    /// The truth of an item, where it is known.
    #[inline(always)]
    pub(super) fn known(&self, item: usize) -> Option<usize> {
        self.known.get(item).copied().flatten()
    }

    /// Posteriors under the tables of the last expectation, and what there is to doubt. `poor` are the voters below guessing.
    pub(super) fn conclude<T: Kept>(
        &self,
        ranges: &[Range<usize>],
        tables: &Tables<impl Coins>,
        course: &Course,
        poor: Vec<usize>,
    ) -> Concluded<T> {
        let posterior =
            |item: usize, found: &mut [f64]| tables.posterior(item, self.votes.row(item), self.known(item), found);
        let classes = self.votes.classes();
        let (posteriors, comparison): (T, _) = T::collect(self.votes, ranges, &ByItem { classes, posterior });
        let disagreement = comparison.share();
        let mut warnings = judge(self.votes, course, self.stopping, poor, disagreement);
        warnings.extend(errors_in_common(self.votes, |item| posteriors.winner(item), posterior));
        Concluded {
            posteriors,
            disagreement_with_majority: disagreement,
            warnings,
        }
    }
}
