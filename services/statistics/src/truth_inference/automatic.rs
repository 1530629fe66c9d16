//! Which model to take where there is nothing but votes.

use super::confusion::{ConfusionFit, fit_confusions_to_top_classes};
use super::confusion_prior::ConfusionPrior;
use super::course::Stopping;
use super::early::EarlyStopping;
use super::one_coin::{OneCoinFit, OneCoinPrior, fit_one_coin_to_top_classes};
use super::truths::TopClasses;
use super::warning::{FEWEST_VOTERS, InferenceWarning, active, supports_confusions};
use crate::error::InvalidInput;
use crate::votes::VoteTable;

/// Votes of a voter for each class, in the mean, from which confusions can be learned.
pub const FEWEST_VOTES_A_CLASS: f64 = 10.0;

/// What is taken for votes without known truths.
#[derive(Debug, Clone, PartialEq)]
pub enum AutomaticFit {
    /// The plain majority.
    Majority(MajorityReason),
    /// One skill for each voter.
    OneCoin(OneCoinFit<TopClasses>),
    /// A confusion matrix for each voter.
    Confusions(ConfusionFit<TopClasses>),
}

/// Why nothing better than the majority can be taken.
#[derive(Debug, Clone, PartialEq)]
pub enum MajorityReason {
    /// Fewer than two classes.
    OneClass,
    /// Fewer than [`FEWEST_VOTERS`] voters.
    FewVoters {
        /// Voters with a vote.
        voters: usize,
    },
    /// Voters err together, and a model would follow the larger camp.
    ErrorsInCommon(InferenceWarning),
}

/// Takes a model by what the votes allow.
///
/// Of fewer than [`FEWEST_VOTERS`] voters the majority; with fewer than 50 items, or fewer than [`FEWEST_VOTES_A_CLASS`]
/// votes a voter and class in the mean, one coin for each voter; else confusion matrices. Where the fit then warns of errors
/// that voters share ([`InferenceWarning::SharedErrors`], [`InferenceWarning::PairedErrors`]) it is dropped for the majority.
/// No known truth is asked, so this is a rule and not a choice: on eleven sets of real votes and three panels of language
/// models it is what `make reference` prints.
///
/// # Errors
/// None that a checked table causes.
pub fn fit_automatically(votes: &VoteTable) -> Result<AutomaticFit, InvalidInput> {
    let (voters, _) = active(votes);
    if votes.classes() < 2 {
        return Ok(AutomaticFit::Majority(MajorityReason::OneClass));
    }
    if voters < FEWEST_VOTERS {
        return Ok(AutomaticFit::Majority(MajorityReason::FewVoters { voters }));
    }
    let votes_a_class = votes.votes() as f64 / (voters * votes.classes()) as f64;
    let fit = if supports_confusions(votes) && votes_a_class >= FEWEST_VOTES_A_CLASS {
        let early = EarlyStopping::default();
        AutomaticFit::Confusions(fit_confusions_to_top_classes(votes, &[], ConfusionPrior::NONE, early)?)
    } else {
        let prior = OneCoinPrior::default();
        AutomaticFit::OneCoin(fit_one_coin_to_top_classes(votes, &[], prior, Stopping::EARLY)?)
    };
    let shared = fit.warnings().iter().find(|warning| warning.is_of_errors_in_common());
    Ok(match shared {
        Some(warning) => AutomaticFit::Majority(MajorityReason::ErrorsInCommon(warning.clone())),
        None => fit,
    })
}

impl AutomaticFit {
    fn warnings(&self) -> &[InferenceWarning] {
        match self {
            Self::Majority(_) => &[],
            Self::OneCoin(fit) => &fit.warnings,
            Self::Confusions(fit) => &fit.warnings,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Votes of so many voters, each wrong on every seventh item at a place of its own.
    fn votes(items: usize, voters: usize, classes: usize) -> VoteTable {
        let wrong = |item: usize, voter: usize| (item + 3 * voter).is_multiple_of(7);
        let vote = |item: usize, voter: usize| (item + usize::from(wrong(item, voter))) % classes;
        let triples: Vec<(usize, usize, usize)> = (0..items)
            .flat_map(|item| (0..voters).map(move |voter| (item, voter, vote(item, voter))))
            .collect();
        VoteTable::from_triples(&triples, items, voters, classes).unwrap()
    }

    #[test]
    fn the_votes_decide_what_is_taken() {
        let taken = |items, voters, classes| fit_automatically(&votes(items, voters, classes)).unwrap();
        assert_eq!(
            taken(90, 2, 3),
            AutomaticFit::Majority(MajorityReason::FewVoters { voters: 2 })
        );
        assert_eq!(taken(90, 4, 1), AutomaticFit::Majority(MajorityReason::OneClass));
        // Too few items for confusions, and too few votes for each class.
        assert!(matches!(taken(40, 4, 3), AutomaticFit::OneCoin(_)));
        assert!(matches!(taken(90, 4, 10), AutomaticFit::OneCoin(_)));
        assert!(matches!(taken(90, 4, 3), AutomaticFit::Confusions(_)));
    }

    #[test]
    fn shared_errors_bring_the_majority() {
        // Three of five fall for the same third of the items.
        let rates = [20, 20, 20, 10, 10];
        let misled = super::super::paired_errors::tests::votes;
        let taken = fit_automatically(&misled(600, &rates, true)).unwrap();
        assert!(
            matches!(taken, AutomaticFit::Majority(MajorityReason::ErrorsInCommon(_))),
            "{taken:?}"
        );
        let taken = fit_automatically(&misled(600, &rates, false)).unwrap();
        assert!(matches!(taken, AutomaticFit::Confusions(_)), "{taken:?}");
    }
}
