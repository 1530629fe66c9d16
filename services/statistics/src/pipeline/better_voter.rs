//! A voter that knows more than all together.

use super::ballots::LabelledBallots;
use crate::error::InvalidInput;
use crate::estimate::Estimate;
use crate::experiments::clustered_mean;

/// Fewest labelled votes of a voter that is held against the even vote.
const FEWEST_VOTES: usize = 20;

/// By how much, relative to it, a difference must exceed its standard error: rounding is no evidence.
const ROUNDING: f64 = 1e-9;

/// A voter that does better alone than an even vote of all, on the items that it voted on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BetterVoter {
    /// The voter.
    pub voter: usize,
    /// Labelled items that it voted on: what all figures are about.
    pub items: usize,
    /// How often it is right on them.
    pub accuracy: f64,
    /// How often an even vote of all is right on them.
    pub even_vote_accuracy: f64,
    /// Standard error of the difference of the two.
    pub standard_error: f64,
}

impl LabelledBallots {
    /// The voter that is right more often than an even vote of all on the same items by the most, if by more than one
    /// standard error of the difference: an even vote then loses what that voter knows, and weights or a method
    /// without gold lock on to the wrong camp.
    ///
    /// A voter is judged where it voted, because one that abstains from hard items would look better than whoever
    /// answers them. The difference is paired: per item 1 or 0 for the voter, less the part of the even vote's leaders
    /// that is right (a split counts in part); its standard error is that of the mean over documents (methods 9.2).
    /// Voters with fewer than 20 labelled votes are passed over. None where nobody stands out.
    ///
    /// # Errors
    /// None that checked ballots cause.
    pub fn voter_above_even_vote(&self) -> Result<Option<BetterVoter>, InvalidInput> {
        let mut compared = vec![Paired::default(); self.panel().voters()];
        for item in self.judged_items() {
            let even = self.even_vote_part_right(item);
            for (voter, class) in self.ballot(item).votes() {
                let own = f64::from(u8::from(self.is_right(item, *class)));
                compared[*voter].add(own, even, self.document(item));
            }
        }
        let mut best: Option<(f64, BetterVoter)> = None;
        for (voter, paired) in compared.iter().enumerate() {
            let Some((difference, better)) = paired.above(voter)? else {
                continue;
            };
            if best.is_none_or(|(largest, _)| difference > largest) {
                best = Some((difference, better));
            }
        }
        Ok(best.map(|(_, better)| better))
    }
}

/// A voter and an even vote on the same items.
#[derive(Debug, Clone, Default)]
struct Paired {
    own: f64,
    even: f64,
    differences: Vec<f64>,
    documents: Vec<usize>,
}

impl Paired {
    fn add(&mut self, own: f64, even: f64, document: usize) {
        self.own += own;
        self.even += even;
        self.differences.push(own - even);
        self.documents.push(document);
    }

    /// The difference and what it consists of, where it exceeds its standard error.
    fn above(&self, voter: usize) -> Result<Option<(f64, BetterVoter)>, InvalidInput> {
        let items = self.differences.len();
        if items < FEWEST_VOTES {
            return Ok(None);
        }
        let found = clustered_mean(&self.differences, &self.documents)?;
        let Estimate::Value(standard_error) = found.standard_error else {
            return Ok(None);
        };
        let better = BetterVoter {
            voter,
            items,
            accuracy: self.own / items as f64,
            even_vote_accuracy: self.even / items as f64,
            standard_error,
        };
        let stands_out = found.mean > 0.0 && found.mean > standard_error * (1.0 + ROUNDING);
        Ok(stands_out.then_some((found.mean, better)))
    }
}

#[cfg(test)]
mod tests {
    use crate::pipeline::{Ballot, GoldLabel, LabelledBallots, Panel};

    /// Whether each voter is right on each item of a panel of three, wrong ones agreeing; `None` abstains.
    fn panel(rows: &[[Option<bool>; 3]], documents: Vec<usize>) -> LabelledBallots {
        let panel = Panel::new(vec![0, 1, 2], None).unwrap();
        let (mut ballots, mut gold) = (Vec::new(), Vec::new());
        for row in rows {
            let mut right: Vec<bool> = row.iter().flatten().copied().collect();
            right.sort_unstable();
            right.dedup();
            let class = |is_right: bool| right.iter().position(|known| *known == is_right).unwrap();
            let votes = row.iter().enumerate();
            let votes: Vec<(usize, usize)> = votes
                .filter_map(|(voter, vote)| Some((voter, class((*vote)?))))
                .collect();
            ballots.push(Ballot::new(&panel, &votes, &vec![None; right.len()]).unwrap());
            gold.push(Some(GoldLabel { right, truth: None }));
        }
        LabelledBallots::new(panel, ballots, gold, documents).unwrap()
    }

    fn alone(rows: &[[Option<bool>; 3]]) -> LabelledBallots {
        panel(rows, (0..rows.len()).collect())
    }

    #[test]
    fn a_voter_that_abstains_from_hard_items_does_not_stand_out() {
        let (right, wrong) = (Some(true), Some(false));
        // On sixty easy items all are right; on forty hard ones the first abstains and the others split.
        let mut rows = vec![[right, right, right]; 60];
        rows.extend(vec![[None, right, wrong]; 20]);
        rows.extend(vec![[None, wrong, right]; 20]);
        let data = alone(&rows);
        assert_eq!(data.voter_above_even_vote().unwrap(), None);
    }

    #[test]
    fn a_voter_overruled_by_a_camp_stands_out_on_its_items() {
        let (right, wrong) = (Some(true), Some(false));
        let mut rows = vec![[right, right, right]; 30];
        rows.extend(vec![[right, wrong, wrong]; 9]);
        rows.extend(vec![[wrong, right, right]; 1]);
        rows.extend(vec![[None, wrong, wrong]; 60]);
        let better = alone(&rows).voter_above_even_vote().unwrap().unwrap();
        assert_eq!((better.voter, better.items), (0, 40));
        assert_eq!((better.accuracy, better.even_vote_accuracy), (39.0 / 40.0, 31.0 / 40.0));
        // Nine for, one against, of forty: mean 0.2, sum of squares 10, less 40 * 0.04, over 39 and 40.
        let expected = ((10.0_f64 - 1.6) / 39.0 / 40.0).sqrt();
        assert!((better.standard_error - expected).abs() < 1e-12);
    }

    #[test]
    fn what_chance_alone_would_give_is_not_spoken_of() {
        let (right, wrong) = (Some(true), Some(false));
        let mut rows = vec![[right, right, right]; 30];
        rows.push([right, wrong, wrong]);
        // One item more: the difference is its own standard error.
        assert_eq!(alone(&rows).voter_above_even_vote().unwrap(), None);
        rows.extend(vec![[right, wrong, wrong]; 3]);
        rows.extend(vec![[wrong, right, right]; 3]);
        assert_eq!(alone(&rows).voter_above_even_vote().unwrap(), None);
        rows.truncate(19);
        rows[..10].fill([right, wrong, wrong]);
        assert_eq!(alone(&rows).voter_above_even_vote().unwrap(), None, "too few votes");
    }

    #[test]
    fn items_of_one_document_are_one_witness() {
        let (right, wrong) = (Some(true), Some(false));
        let mut rows = vec![[right, right, right]; 30];
        rows.push([wrong, right, right]);
        rows.extend(vec![[right, wrong, wrong]; 4]);
        assert!(alone(&rows).voter_above_even_vote().unwrap().is_some());
        let documents = (0..35).map(|item| item.min(31)).collect();
        assert_eq!(panel(&rows, documents).voter_above_even_vote().unwrap(), None);
    }
}
