//! Whether a lead is safe where members of a family share one vote.

use crate::error::{InvalidInput, non_negative};
use crate::numeric::sum::sum;
use crate::voting::TIE_TOLERANCE;

/// A vote that was cast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FamilyVote {
    /// The voter's family.
    pub family: usize,
    /// The class voted for.
    pub class: usize,
    /// The voter's own weight, before it is shared; at least 0.
    pub weight: f64,
}

/// Whether no outcome of the remaining votes can change the winner or tie it, where each vote weighs `weight / m_f` with
/// `m_f` the members of its family that vote ([`one_vote_per_family`](crate::voting::one_vote_per_family)). `remaining`
/// holds family and weight of those who have not been asked; they may abstain, or vote for what nobody voted for so far.
///
/// Another member that votes takes weight from the members that voted before, so a lead is not safe just because it
/// exceeds all remaining weight. Against each rival class the worst case is found family by family: the `k` heaviest of
/// its remaining members vote for the rival, `max_k (A_f + sum of their weights) / (n_f + k)`, where `A_f` is the weight
/// that its `n_f` votes give to the rival beyond the leader. False without a vote.
///
/// # Errors
/// A weight that is negative or not finite.
pub fn cannot_change_by_families(cast: &[FamilyVote], remaining: &[(usize, f64)]) -> Result<bool, InvalidInput> {
    let weights: Vec<f64> = cast.iter().map(|vote| vote.weight).collect();
    let waiting: Vec<f64> = remaining.iter().map(|(_, weight)| *weight).collect();
    non_negative("weights", &weights)?;
    non_negative("remaining weights", &waiting)?;
    let families = Family::of(cast, remaining);
    let classes = cast.iter().map(|vote| vote.class + 1).max().unwrap_or(0);
    let total = |class: usize| sum(families.iter().map(|family| family.share_of(class)));
    let totals: Vec<f64> = (0..classes).map(total).collect();
    let leader = (0..classes).max_by(|left, right| totals[*left].total_cmp(&totals[*right]));
    let Some(leader) = leader else { return Ok(false) };
    let rounding = TIE_TOLERANCE * (sum(weights.iter().copied()) + sum(waiting.iter().copied()));
    // The class after the last stands for everything that nobody voted for so far.
    let mut rivals = (0..=classes).filter(|class| *class != leader);
    Ok(rivals.all(|rival| sum(families.iter().map(|family| family.worst(leader, rival))) < -rounding))
}

/// The votes of one family, and the weights of those of its members that have not been asked, the heaviest first.
struct Family {
    cast: Vec<(usize, f64)>,
    remaining: Vec<f64>,
}

impl Family {
    fn of(cast: &[FamilyVote], remaining: &[(usize, f64)]) -> Vec<Self> {
        let numbers = cast.iter().map(|vote| vote.family);
        let mut numbers: Vec<usize> = numbers.chain(remaining.iter().map(|(family, _)| *family)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let family = |number: usize| {
            let own = cast.iter().filter(|vote| vote.family == number);
            let waiting = remaining.iter().filter(|(family, _)| *family == number);
            let mut waiting: Vec<f64> = waiting.map(|(_, weight)| *weight).collect();
            waiting.sort_unstable_by(|left, right| right.total_cmp(left));
            Self {
                cast: own.map(|vote| (vote.class, vote.weight)).collect(),
                remaining: waiting,
            }
        };
        numbers.into_iter().map(family).collect()
    }

    fn weight_of(&self, class: usize) -> f64 {
        let own = self.cast.iter().filter(|(voted, _)| *voted == class);
        sum(own.map(|(_, weight)| *weight))
    }

    fn share_of(&self, class: usize) -> f64 {
        self.weight_of(class) / self.cast.len().max(1) as f64
    }

    /// The most that the family can yet give to the rival beyond the leader.
    fn worst(&self, leader: usize, rival: usize) -> f64 {
        let mut gain = self.weight_of(rival) - self.weight_of(leader);
        let mut members = self.cast.len();
        let mut most = gain / members.max(1) as f64;
        for weight in &self.remaining {
            gain += weight;
            members += 1;
            most = most.max(gain / members as f64);
        }
        most
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::voting::one_vote_per_family;

    /// The one heaviest class; none where several are.
    fn winner(votes: &[FamilyVote]) -> Option<usize> {
        let families: Vec<usize> = votes.iter().map(|vote| vote.family).collect();
        let weights: Vec<f64> = votes.iter().map(|vote| vote.weight).collect();
        let shared = one_vote_per_family(&families, &weights).unwrap();
        let mut totals = [0.0; 5];
        for (vote, weight) in votes.iter().zip(shared) {
            totals[vote.class] += weight;
        }
        let best = totals.iter().copied().fold(0.0, f64::max);
        let mut leaders = (0..5).filter(|class| best - totals[*class] <= 1e-9);
        leaders.next().filter(|_| leaders.next().is_none())
    }

    /// Whether every way of voting, abstention and a class of its own included, leaves the winner as it is.
    fn holds_whatever_comes(cast: &mut Vec<FamilyVote>, remaining: &[(usize, f64)], leader: usize) -> bool {
        let Some(((family, weight), rest)) = remaining.split_first() else {
            return winner(cast) == Some(leader);
        };
        let mut holds = holds_whatever_comes(cast, rest, leader);
        for class in 0..4 {
            cast.push(FamilyVote {
                family: *family,
                class,
                weight: *weight,
            });
            holds &= holds_whatever_comes(cast, rest, leader);
            cast.pop();
        }
        holds
    }

    #[test]
    fn another_member_of_a_family_takes_weight_from_the_first() {
        let cast = |family, class| FamilyVote {
            family,
            class,
            weight: 1.0,
        };
        // Two families against one: one more vote of a third family could only tie.
        assert!(!cannot_change_by_families(&[cast(0, 0), cast(1, 0)], &[(2, 1.0), (3, 1.0)]).unwrap());
        assert!(cannot_change_by_families(&[cast(0, 0), cast(1, 0)], &[(2, 1.0)]).unwrap());
        // A second member of both families may halve the lead twice, which leaves 0 to 2 halves.
        let members = [(0, 1.0), (1, 1.0)];
        assert!(!cannot_change_by_families(&[cast(0, 0), cast(1, 0)], &members).unwrap());
        assert!(!cannot_change_by_families(&[], &[]).unwrap());
        assert!(cannot_change_by_families(&[cast(0, 0)], &[(1, -1.0)]).is_err());
    }

    proptest! {
        #[test]
        fn a_lead_is_safe_exactly_when_nothing_that_may_come_changes_it(
            votes in prop::collection::vec((0..3_usize, 0..3_usize, 0..4_u32), 1..5),
            remaining in prop::collection::vec((0..4_usize, 0..4_u32), 0..4),
        ) {
            let mut cast: Vec<FamilyVote> = votes
                .into_iter()
                .map(|(family, class, weight)| FamilyVote { family, class, weight: f64::from(weight) })
                .collect();
            let remaining: Vec<(usize, f64)> = remaining.into_iter().map(|(family, weight)| (family, f64::from(weight))).collect();
            let safe = cannot_change_by_families(&cast, &remaining).unwrap();
            let holds = winner(&cast).is_some_and(|leader| holds_whatever_comes(&mut cast, &remaining, leader));
            prop_assert_eq!(safe, holds);
        }
    }
}
