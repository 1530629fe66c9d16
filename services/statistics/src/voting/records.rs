//! Records of voters where no labels are known.

use super::accuracy::TrackRecord;
use super::batch::VoteCounts;
use crate::error::{InvalidInput, same_length};
use crate::votes::VoteTable;

/// How often each voter is with the winner, on the items that have one: what stands in for records on labelled items
/// where there are none. A voter's own vote helps to make the winner, so they flatter.
///
/// # Errors
/// Counts of another number of items.
pub fn records_against_winners(votes: &VoteTable, counts: &VoteCounts) -> Result<Vec<TrackRecord>, InvalidInput> {
    same_length("counts", votes.items(), counts.items())?;
    let mut records = vec![(0_u64, 0_u64); votes.voters()];
    for (item, row) in votes.rows().enumerate() {
        let Some(winner) = counts.winner(item) else {
            continue;
        };
        for (voter, class) in row.pairs() {
            let (correct, scored) = &mut records[voter];
            *correct += u64::from(class == winner);
            *scored += 1;
        }
    }
    records
        .into_iter()
        .map(|(correct, scored)| TrackRecord::new(correct, scored))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voting::{VoteWeights, count_votes};

    #[test]
    fn items_without_a_winner_are_left_out() {
        let triples = [(0, 0, 1), (0, 1, 1), (0, 2, 0), (1, 0, 0), (1, 1, 1)];
        let votes = VoteTable::from_triples(&triples, 3, 3, 2).unwrap();
        let counts = count_votes(&votes, VoteWeights::Even).unwrap();
        let records = records_against_winners(&votes, &counts).unwrap();
        let record = |correct, scored| TrackRecord::new(correct, scored).unwrap();
        assert_eq!(records, [record(1, 1), record(1, 1), record(0, 1)]);
        let others = VoteTable::from_triples(&triples, 2, 3, 2).unwrap();
        assert!(records_against_winners(&others, &counts).is_err());
    }
}
