//! The coefficients that votes and classes have by themselves in a conditional logit.

use serde::{Deserialize, Serialize};

use super::ballots::Panel;

/// The most coefficients with which every voter has one for each class.
const MOST_CLASS_COEFFICIENTS: usize = 64;

/// What votes and classes add by themselves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Coefficients {
    /// By voter.
    ByVoter(Vec<f64>),
    /// By voter and class one after another, then by class alone.
    ByClass {
        /// Number of classes.
        classes: usize,
        /// The coefficients.
        values: Vec<f64>,
    },
}

/// Which coefficients there are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Layout {
    ByVoter { voters: usize },
    ByClass { voters: usize, classes: usize },
}

impl Layout {
    pub(super) fn of(panel: &Panel) -> Self {
        let voters = panel.voters();
        match panel.declared_classes() {
            Some(classes) if (voters + 1) * classes <= MOST_CLASS_COEFFICIENTS => Self::ByClass { voters, classes },
            _ => Self::ByVoter { voters },
        }
    }

    pub(super) fn width(self) -> usize {
        match self {
            Self::ByVoter { voters } => voters,
            Self::ByClass { voters, classes } => (voters + 1) * classes,
        }
    }

    /// The penalty on all coefficients.
    pub(super) fn penalty(self, is_strong: bool) -> f64 {
        match (self, is_strong) {
            (Self::ByVoter { .. }, false) => 1.0,
            (Self::ByVoter { .. }, true) => 4.0,
            (Self::ByClass { .. }, false) => 2.0,
            (Self::ByClass { .. }, true) => 6.0,
        }
    }

    /// The shared feature of a class without a vote. With a coefficient for every voter and class, the lack of votes
    /// says itself.
    pub(super) fn unvoted(self) -> f64 {
        match self {
            Self::ByVoter { .. } => 1.0,
            Self::ByClass { .. } => 0.0,
        }
    }

    /// The coefficient of a vote; none for voters yet unknown and values outside the list.
    pub(super) fn of_vote(self, voter: usize, class: Option<usize>) -> Option<usize> {
        match self {
            Self::ByVoter { voters } => (voter < voters).then_some(voter),
            Self::ByClass { voters, classes } => class.filter(|_| voter < voters).map(|class| voter * classes + class),
        }
    }

    /// The coefficient of a class.
    pub(super) fn of_class(self, class: Option<usize>) -> Option<usize> {
        match self {
            Self::ByVoter { .. } => None,
            Self::ByClass { voters, classes } => class.map(|class| voters * classes + class),
        }
    }
}

impl Coefficients {
    pub(super) fn new(layout: Layout, values: Vec<f64>) -> Self {
        match layout {
            Layout::ByVoter { .. } => Self::ByVoter(values),
            Layout::ByClass { classes, .. } => Self::ByClass { classes, values },
        }
    }

    pub(super) fn layout(&self) -> Layout {
        match self {
            Self::ByVoter(values) => Layout::ByVoter { voters: values.len() },
            Self::ByClass { classes, values } => Layout::ByClass {
                voters: (values.len() / (*classes).max(1)).saturating_sub(1),
                classes: *classes,
            },
        }
    }

    pub(super) fn at(&self, index: Option<usize>) -> f64 {
        let (Self::ByVoter(values) | Self::ByClass { values, .. }) = self;
        index.and_then(|index| values.get(index)).copied().unwrap_or(0.0)
    }
}
