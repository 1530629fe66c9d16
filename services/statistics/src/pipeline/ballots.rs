//! The input: who votes, what they said on each item, and which of it is right.

use crate::error::{InvalidInput, parameter, same_length};

/// The voters of a field and the classes that it declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Panel {
    families: Vec<usize>,
    authoritative: Vec<bool>,
    declared_classes: Option<usize>,
}

impl Panel {
    /// `families[v]` is the family index of voter `v`: members share errors. `declared_classes` is the number of
    /// classes of a field that declares them, absence included; `None` for open fields, whose classes only exist
    /// within one item.
    ///
    /// # Errors
    /// Fewer than two declared classes.
    pub fn new(families: Vec<usize>, declared_classes: Option<usize>) -> Result<Self, InvalidInput> {
        if let Some(classes) = declared_classes {
            parameter("declared classes", classes as f64, "at least 2", classes >= 2)?;
        }
        Ok(Self {
            authoritative: vec![false; families.len()],
            families,
            declared_classes,
        })
    }

    /// The same panel with voters whose word goes before that of all others together wherever they vote, such as
    /// the data that a document carries against readings of its page. They decide who wins; how sure that is, is
    /// learned like everything else.
    ///
    /// # Errors
    /// Another number of voters.
    pub fn with_authoritative(self, authoritative: Vec<bool>) -> Result<Self, InvalidInput> {
        same_length("authoritative", self.families.len(), authoritative.len())?;
        Ok(Self { authoritative, ..self })
    }

    /// Number of voters.
    pub fn voters(&self) -> usize {
        self.families.len()
    }

    /// Number of declared classes.
    pub fn declared_classes(&self) -> Option<usize> {
        self.declared_classes
    }

    /// Family of a voter.
    pub(super) fn family(&self, voter: usize) -> usize {
        self.families[voter]
    }

    /// Number of families.
    pub(super) fn families(&self) -> usize {
        self.families.iter().map(|family| family + 1).max().unwrap_or(0)
    }

    /// Whether some family has more than one member.
    pub(super) fn has_relatives(&self) -> bool {
        let mut sizes = vec![0_usize; self.families()];
        self.families.iter().for_each(|family| sizes[*family] += 1);
        sizes.iter().any(|size| *size > 1)
    }

    pub(super) fn is_authoritative(&self, voter: usize) -> bool {
        self.authoritative[voter]
    }
}

/// The votes on one item. Abstentions are not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ballot {
    votes: Vec<(usize, usize)>,
    declared: Vec<Option<usize>>,
}

impl Ballot {
    /// `votes` are pairs of voter and class, the class numbered within the item: equal answers share a number.
    /// `declared[c]` is the index of class `c` among the declared ones; `None` for a value that is not in the list,
    /// and for every class of an open field.
    ///
    /// # Errors
    /// A voter that the panel does not have, a voter that votes twice, a class without an entry in `declared`, a
    /// declared index out of range, a class that nobody voted for.
    pub fn new(panel: &Panel, votes: &[(usize, usize)], declared: &[Option<usize>]) -> Result<Self, InvalidInput> {
        let out_of_range = |what, index, found, bound| {
            Err(InvalidInput::Index {
                what,
                index,
                found,
                bound,
            })
        };
        let mut voted = vec![false; declared.len()];
        let mut seen = vec![None; panel.voters()];
        for (index, (voter, class)) in votes.iter().enumerate() {
            match seen.get_mut(*voter) {
                None => return out_of_range("voters", index, *voter, panel.voters()),
                Some(Some(first)) => {
                    return Err(InvalidInput::Repeated {
                        item: 0,
                        voter: *voter,
                        first: *first,
                        index,
                    });
                }
                Some(slot) => *slot = Some(index),
            }
            match voted.get_mut(*class) {
                None => return out_of_range("votes", index, *class, declared.len()),
                Some(flag) => *flag = true,
            }
        }
        if let Some(class) = voted.iter().position(|is_voted| !is_voted) {
            return out_of_range("classes without a vote", class, class, 0);
        }
        for (index, class) in declared.iter().enumerate() {
            let bound = panel.declared_classes.unwrap_or(0);
            if let Some(found) = class.filter(|class| *class >= bound) {
                return out_of_range("declared classes", index, found, bound);
            }
        }
        Ok(Self {
            votes: votes.to_vec(),
            declared: declared.to_vec(),
        })
    }

    /// Pairs of voter and class.
    pub fn votes(&self) -> &[(usize, usize)] {
        &self.votes
    }

    /// Number of classes that were voted for.
    pub fn classes(&self) -> usize {
        self.declared.len()
    }

    /// Index of a class among the declared ones.
    pub fn declared(&self, class: usize) -> Option<usize> {
        self.declared[class]
    }
}

/// What gold says about one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoldLabel {
    /// Whether each class that was voted for is right; more than one may be, or none.
    pub right: Vec<bool>,
    /// The true class among the declared ones, voted for or not; `None` for open fields.
    pub truth: Option<usize>,
}

/// Items with their votes, of which some have gold.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelledBallots {
    panel: Panel,
    ballots: Vec<Ballot>,
    gold: Vec<Option<GoldLabel>>,
    documents: Vec<usize>,
}

impl LabelledBallots {
    /// `gold[i]` and `documents[i]` belong to `ballots[i]`; items of one document are never told apart by a fold.
    ///
    /// # Errors
    /// Arrays of unequal length, a label for another number of classes than the ballot has, a truth out of range.
    pub fn new(
        panel: Panel,
        ballots: Vec<Ballot>,
        gold: Vec<Option<GoldLabel>>,
        documents: Vec<usize>,
    ) -> Result<Self, InvalidInput> {
        same_length("gold", ballots.len(), gold.len())?;
        same_length("documents", ballots.len(), documents.len())?;
        for (index, (ballot, label)) in ballots.iter().zip(&gold).enumerate() {
            let Some(label) = label else { continue };
            same_length("right classes", ballot.classes(), label.right.len())?;
            let bound = panel.declared_classes.unwrap_or(0);
            if let Some(found) = label.truth.filter(|truth| *truth >= bound) {
                return Err(InvalidInput::Index {
                    what: "truth",
                    index,
                    found,
                    bound,
                });
            }
        }
        Ok(Self {
            panel,
            ballots,
            gold,
            documents,
        })
    }

    /// The voters.
    pub fn panel(&self) -> &Panel {
        &self.panel
    }

    /// Number of items.
    pub fn items(&self) -> usize {
        self.ballots.len()
    }

    /// The votes on an item.
    pub fn ballot(&self, item: usize) -> &Ballot {
        &self.ballots[item]
    }

    /// The gold of an item.
    pub fn gold(&self, item: usize) -> Option<&GoldLabel> {
        self.gold[item].as_ref()
    }

    pub(super) fn document(&self, item: usize) -> usize {
        self.documents[item]
    }

    /// The items that can teach or judge: those with gold and at least one vote.
    pub fn judged_items(&self) -> Vec<usize> {
        let all = 0..self.items();
        all.filter(|item| self.gold[*item].is_some() && self.ballots[*item].classes() > 0)
            .collect()
    }

    /// The items with votes and without gold.
    pub(super) fn unlabelled_items(&self) -> Vec<usize> {
        let all = 0..self.items();
        all.filter(|item| self.gold[*item].is_none() && self.ballots[*item].classes() > 0)
            .collect()
    }

    /// Whether a class of an item is right; an item without gold has no right class.
    pub(super) fn is_right(&self, item: usize, class: usize) -> bool {
        self.gold[item].as_ref().is_some_and(|label| label.right[class])
    }

    /// Whether an even vote gets the item right: its only leader is right.
    pub fn even_vote_is_right(&self, item: usize) -> bool {
        let leaders = self.leaders(item);
        matches!(leaders.as_slice(), [class] if self.is_right(item, *class))
    }

    /// The part of an even split that is right.
    pub fn even_vote_part_right(&self, item: usize) -> f64 {
        let leaders = self.leaders(item);
        let right = leaders.iter().filter(|class| self.is_right(item, **class)).count();
        if leaders.is_empty() {
            0.0
        } else {
            right as f64 / leaders.len() as f64
        }
    }

    fn leaders(&self, item: usize) -> Vec<usize> {
        let ballot = &self.ballots[item];
        let mut counts = vec![0_usize; ballot.classes()];
        ballot.votes.iter().for_each(|(_, class)| counts[*class] += 1);
        let most = counts.iter().copied().max().unwrap_or(0);
        (0..counts.len()).filter(|class| counts[*class] == most).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused() {
        let panel = Panel::new(vec![0, 1, 1], Some(2)).unwrap();
        assert!(panel.has_relatives() && panel.families() == 2);
        assert!(Panel::new(vec![0], Some(1)).is_err());
        assert!(panel.clone().with_authoritative(vec![true]).is_err());
        let declared = [Some(0), Some(1)];
        assert!(Ballot::new(&panel, &[(0, 0), (1, 1)], &declared).is_ok());
        assert!(Ballot::new(&panel, &[(3, 0), (1, 1)], &declared).is_err());
        assert!(Ballot::new(&panel, &[(0, 0), (0, 1)], &declared).is_err());
        assert!(Ballot::new(&panel, &[(0, 0), (1, 2)], &declared).is_err());
        assert!(Ballot::new(&panel, &[(0, 0)], &declared).is_err());
        assert!(Ballot::new(&panel, &[(0, 0)], &[Some(2)]).is_err());
        let ballot = Ballot::new(&panel, &[(0, 0)], &[Some(1)]).unwrap();
        let label = |right: Vec<bool>, truth| Some(GoldLabel { right, truth });
        let data = |gold| LabelledBallots::new(panel.clone(), vec![ballot.clone()], vec![gold], vec![0]);
        assert!(data(label(vec![true], Some(1))).is_ok());
        assert!(data(label(vec![], Some(1))).is_err());
        assert!(data(label(vec![false], Some(2))).is_err());
    }

    #[test]
    fn an_even_split_is_right_in_part() {
        let panel = Panel::new(vec![0, 1], None).unwrap();
        let ballot = Ballot::new(&panel, &[(0, 0), (1, 1)], &[None, None]).unwrap();
        let gold = Some(GoldLabel {
            right: vec![false, true],
            truth: None,
        });
        let data = LabelledBallots::new(panel, vec![ballot], vec![gold], vec![0]).unwrap();
        assert!(!data.even_vote_is_right(0));
        assert_eq!(data.even_vote_part_right(0), 0.5);
    }
}
