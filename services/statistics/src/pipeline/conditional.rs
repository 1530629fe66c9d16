//! Conditional logit: the right value is one of the values voted for, or none of them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::ballots::{Ballot, LabelledBallots, Panel};
use super::belief::Belief;
use super::coefficients::{Coefficients, Layout};
use super::counts::GoldCounts;
use super::posterior::{PosteriorModel, may_win};
use crate::error::InvalidInput;
use crate::numeric::conditional_logit::{Choice, fit};
use crate::numeric::sum::log_sum_exp;

/// Parts of the training items, by document, so that no item's posterior was learned from its own label.
const PARTS: usize = 10;

/// `P(c is right) ~ exp(slope * ln posterior_c + prior_slope * ln prior_c + sum of agreement_v over v who voted c)`
/// over all declared classes, those without a vote with `unvoted` instead of the sum; in open fields over the values
/// voted for and "none of them", which takes the place of all classes without a vote [McFadden, 1974, Frontiers in
/// Econometrics].
///
/// Where few classes are declared, agreement has a coefficient for each voter and class, and each class one of its
/// own: with two classes that is logistic regression on one-hot votes, drawn to the posterior instead of to nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ConditionalModel {
    posterior: PosteriorModel,
    coefficients: Coefficients,
    slope: f64,
    prior_slope: f64,
    unvoted: f64,
}

/// Features of the alternatives of one item: those of the classes voted for, then those of the others.
struct Alternatives {
    voted: Vec<[f64; 3]>,
    others: Vec<[f64; 3]>,
    /// Declared class of each of the others; empty for open fields.
    classes: Vec<usize>,
}

impl ConditionalModel {
    pub(super) fn fit(
        data: &LabelledBallots,
        items: &[usize],
        counts: &GoldCounts,
        is_strong: bool,
    ) -> Result<Self, InvalidInput> {
        let layout = Layout::of(data.panel());
        let choices = training_rows(data, items, counts, layout)?;
        let mut solution = fit(&choices, layout.width(), layout.penalty(is_strong));
        let shared = solution.split_off(layout.width());
        Ok(Self {
            posterior: posterior_of(data.panel(), counts)?,
            coefficients: Coefficients::new(layout, solution),
            slope: shared[0],
            prior_slope: shared[1],
            unvoted: shared[2],
        })
    }

    pub(super) fn belief(&self, panel: &Panel, ballot: &Ballot) -> Belief {
        let layout = self.coefficients.layout();
        let alternatives = alternatives(&self.posterior, ballot, layout);
        let utility =
            |shared: &[f64; 3]| self.slope * shared[0] + self.prior_slope * shared[1] + self.unvoted * shared[2];
        let of_class = |class| self.coefficients.at(layout.of_class(class));
        let voted = alternatives.voted.iter().enumerate();
        let voted = voted.map(|(class, shared)| utility(shared) + of_class(ballot.declared(class)));
        let mut voted: Vec<f64> = voted.collect();
        for (voter, class) in ballot.votes() {
            voted[*class] += self.coefficients.at(layout.of_vote(*voter, ballot.declared(*class)));
        }
        let others = alternatives.others.iter().enumerate();
        let others =
            others.map(|(position, shared)| utility(shared) + of_class(alternatives.classes.get(position).copied()));
        let others: Vec<f64> = others.collect();
        Belief::of_logs(&voted, log_sum_exp(&others), may_win(panel, ballot))
    }

    pub(super) fn posterior(&self) -> &PosteriorModel {
        &self.posterior
    }

    /// What a vote adds to the log-odds of its class.
    pub(super) fn influence(&self, ballot: &Ballot, voter: usize, class: usize) -> f64 {
        let index = self.coefficients.layout().of_vote(voter, ballot.declared(class));
        self.slope * self.posterior.influence(ballot, voter, class) + self.coefficients.at(index)
    }
}

fn posterior_of(panel: &Panel, counts: &GoldCounts) -> Result<PosteriorModel, InvalidInput> {
    if panel.declared_classes().is_some() {
        PosteriorModel::confusions(counts)
    } else {
        PosteriorModel::one_coin(counts)
    }
}

/// One row an item with gold, its posterior from the other parts of the items.
fn training_rows(
    data: &LabelledBallots,
    items: &[usize],
    counts: &GoldCounts,
    layout: Layout,
) -> Result<Vec<Choice>, InvalidInput> {
    let documents: BTreeSet<usize> = items.iter().map(|item| data.document(*item)).collect();
    let documents: Vec<usize> = documents.into_iter().collect();
    let part_of = |item: usize| documents.partition_point(|other| *other < data.document(item)) % PARTS;
    let mut choices = Vec::with_capacity(items.len());
    for part in 0..PARTS.min(documents.len()) {
        let own: Vec<usize> = items.iter().copied().filter(|item| part_of(*item) == part).collect();
        let posterior = posterior_of(data.panel(), &counts.without(&GoldCounts::of(data, &own)))?;
        choices.extend(own.iter().filter_map(|item| row(data, *item, &posterior, layout)));
    }
    Ok(choices)
}

fn row(data: &LabelledBallots, item: usize, posterior: &PosteriorModel, layout: Layout) -> Option<Choice> {
    let ballot = data.ballot(item);
    let label = data.gold(item)?;
    let alternatives = alternatives(posterior, ballot, layout);
    let mut targets: Vec<usize> = (0..ballot.classes()).filter(|class| label.right[*class]).collect();
    if targets.is_empty() {
        let of_truth = |class: &usize| label.truth.is_none_or(|truth| truth == *class);
        let others = 0..alternatives.others.len();
        let is_open = alternatives.classes.is_empty();
        targets.extend(
            others
                .filter(|position| is_open || of_truth(&alternatives.classes[*position]))
                .map(|position| ballot.classes() + position),
        );
    }
    if targets.is_empty() {
        return None;
    }
    let votes = ballot.votes().iter();
    let votes = votes.filter_map(|(voter, class)| Some((layout.of_vote(*voter, ballot.declared(*class))?, *class)));
    let voted = (0..ballot.classes()).map(|class| ballot.declared(class));
    let classes = voted.chain(alternatives.classes.iter().copied().map(Some)).enumerate();
    let classes = classes.filter_map(|(alternative, class)| Some((layout.of_class(class)?, alternative)));
    let indicators = votes.chain(classes).collect();
    let mut shared = alternatives.voted;
    shared.extend(alternatives.others);
    Some(Choice {
        shared,
        indicators,
        targets,
    })
}

fn alternatives(posterior: &PosteriorModel, ballot: &Ballot, layout: Layout) -> Alternatives {
    let logs = posterior.log_posterior(ballot);
    let mut all = logs.voted.clone();
    all.push(logs.none);
    let total = log_sum_exp(&all);
    let priors = posterior.log_prior();
    let rarest = priors.iter().copied().fold(0.0, f64::min);
    let prior_of = |class: Option<usize>| class.map_or(rarest, |class| priors[class]);
    let voted = logs.voted.iter().enumerate();
    let voted = voted.map(|(class, log)| [log - total, prior_of(ballot.declared(class)), 0.0]);
    let voted = voted.collect();
    if logs.declared.is_empty() {
        return Alternatives {
            voted,
            others: vec![[logs.none - total, 0.0, 1.0]],
            classes: Vec::new(),
        };
    }
    let mut is_voted = vec![false; logs.declared.len()];
    (0..ballot.classes())
        .filter_map(|class| ballot.declared(class))
        .for_each(|class| is_voted[class] = true);
    let classes: Vec<usize> = (0..logs.declared.len()).filter(|class| !is_voted[*class]).collect();
    Alternatives {
        voted,
        others: classes
            .iter()
            .map(|class| [logs.declared[*class] - total, priors[*class], layout.unvoted()])
            .collect(),
        classes,
    }
}
