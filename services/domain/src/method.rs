//! How a field's votes become a confidence: the method that was chosen, all that was tried beside it, and what gold says
//! of the annotators.

use serde::{Deserialize, Serialize};

use crate::identifiers::AnnotatorId;
use crate::policy::Weighting;

/// How weights, counting and curve of a calibrator were found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MethodSelection {
    /// The policy names the weighting; the curve is Platt's.
    #[default]
    Given,
    /// The choice is automatic, but there is too little gold of the field itself to choose by: log-odds weights and
    /// Platt's curve.
    TooLittleGold {
        /// Gold labels of the field with a vote.
        label_count: u32,
        /// Of them, how many an even vote gets wrong.
        error_count: u32,
        /// Gold labels from which on there is a choice.
        labels_needed: u32,
        /// Errors from which on there is a choice.
        errors_needed: u32,
    },
    /// Chosen among several by what they predict of gold that they have not seen.
    Chosen {
        /// All that was tried.
        choice: MethodChoice,
    },
}

impl MethodSelection {
    /// All that was tried, where there was a choice.
    #[must_use]
    pub const fn choice(&self) -> Option<&MethodChoice> {
        match self {
            Self::Chosen { choice } => Some(choice),
            Self::Given | Self::TooLittleGold { .. } => None,
        }
    }

    /// The method in words, such as `log-odds weights, Platt`; `weighting` is what the policy wants.
    #[must_use]
    pub fn phrase(&self, weighting: Weighting) -> String {
        match self.chosen() {
            Some(candidate) => candidate.name.clone(),
            None => format!("{} weights, Platt", weighting.phrase()),
        }
    }

    /// The chosen method, where there was a choice.
    #[must_use]
    pub fn chosen(&self) -> Option<&CandidateScore> {
        let choice = self.choice()?;
        choice.candidates.iter().find(|candidate| candidate.chosen)
    }
}

/// All methods that were tried for a field, and which was taken: the simplest of those whose loss exceeds the least by
/// no more than one standard error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MethodChoice {
    /// Everything tried, the simplest first.
    pub candidates: Vec<CandidateScore>,
    /// What was chosen without each fold, for the items of that fold that have gold. The figures of a calibrator are
    /// those of these choices, so that no label took part in choosing what judges it.
    pub folds: Vec<SelectedInFold>,
    /// Gold labels that the methods were compared on.
    pub label_count: u32,
    /// Of them, how many an even vote gets wrong.
    pub error_count: u32,
    /// The seed of the inner folds.
    pub seed: u64,
}

/// The choice that was made without one fold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SelectedInFold {
    /// The fold that was left out.
    pub fold: u32,
    /// The name of the chosen method; none where the other folds hold too little gold to choose by.
    pub name: Option<String>,
}

/// What one method came to on gold that it had not seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CandidateScore {
    /// Its name, such as `log-odds weights, Platt`.
    pub name: String,
    /// How votes are counted: the first part of the name.
    pub aggregator: String,
    /// How the outcome becomes a probability: the second part of the name.
    pub calibrator: String,
    /// Mean of the negative logarithm of the probability given to the right value among the answers voted for (or to
    /// "none of them"), clipped to `[1e-6, 1 - 1e-6]`: what the choice is made by.
    pub log_loss: f64,
    /// Standard error of that mean, over documents.
    pub log_loss_error: f64,
    /// How much more that is than the least of all candidates.
    pub excess: f64,
    /// Standard error of the excess, over documents; both methods are judged on the same items.
    pub excess_error: f64,
    /// Mean negative log-likelihood of the delivered value's being right or wrong.
    pub winner_log_loss: f64,
    /// Mean squared error of the confidence in the delivered value.
    pub brier: f64,
    /// Share of the labelled items whose delivered value is right.
    pub accuracy: f64,
    /// Whether it has the least log loss.
    pub best: bool,
    /// Whether it was taken.
    pub chosen: bool,
}

/// A fitted method with the names of what it numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FittedPipeline {
    /// The annotators, in the order in which the model numbers them.
    pub annotators: Vec<AnnotatorId>,
    /// The declared classes in the order in which the model numbers them; empty for open fields.
    pub classes: Vec<String>,
    /// The model as the statistics write it, with the version of its form.
    pub model: serde_json::Value,
}

/// What gold says of the annotators of one field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AnnotatorPanel {
    /// The annotators that voted on gold, in the order of everything below.
    pub annotators: Vec<AnnotatorId>,
    /// Votes of each on items with gold.
    pub vote_counts: Vec<u32>,
    /// Of them, right ones.
    pub correct_counts: Vec<u32>,
    /// Correlation of the errors of every pair; none where one of the two is always right or always wrong, or where
    /// they share fewer than two items.
    pub error_correlations: Vec<Vec<Option<f64>>>,
    /// Items with gold that both annotators of a pair voted on.
    pub pair_counts: Vec<Vec<u32>>,
    /// Mean of the correlations that are defined.
    pub mean_error_correlation: Option<f64>,
    /// Mean number of votes on an item with gold.
    pub mean_vote_count: f64,
    /// Mean number of votes they are worth once shared errors are taken off, by the mean error correlation.
    pub mean_effective_vote_count: f64,
    /// How often an even vote is right, an even split counting by its fair part.
    pub even_vote_accuracy: f64,
    /// Declared classes in the order of the confusion counts; empty for open fields.
    pub classes: Vec<String>,
    /// What each annotator said for each true class; empty for open fields.
    pub confusions: Vec<ConfusionCounts>,
}

/// What one annotator said for each true class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConfusionCounts {
    /// The annotator.
    pub annotator_id: AnnotatorId,
    /// By true class, then by the class said.
    pub counts: Vec<Vec<u32>>,
}

/// What a person should know before trusting a calibrator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FitWarning {
    /// An even vote is right less often than one of the annotators by itself, on the items that it voted on, by more
    /// than one standard error of the difference.
    EvenVoteBelowAnnotator {
        /// The annotator of whom that is true by the most.
        annotator_id: AnnotatorId,
        /// How often it is right on the items with gold that it voted on.
        annotator_accuracy: f64,
        /// How often an even vote of all is right on the same items.
        even_vote_accuracy: f64,
    },
    /// An annotator is right less often than guessing would be.
    AnnotatorBelowChance {
        /// The annotator.
        annotator_id: AnnotatorId,
        /// How often it is right.
        accuracy: f64,
        /// How often guessing would be.
        chance: f64,
    },
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::calibrator::Calibrator;

    /// As stored before there was a choice of methods.
    fn old_calibrator() -> serde_json::Value {
        let id = "00000000-0000-0000-0000-000000000001";
        let fitted = json!({
            "weights": {id: 1.5}, "default_weight": 0.5, "slope": 2.0, "intercept": -0.25, "inverted": false
        });
        json!({
            "id": id, "project_id": id, "field": "total", "rung": "field", "weighting": "log_odds",
            "production": fitted, "folds": [fitted, null],
            "gold_count": 40, "error_count": 3,
            "levels": [{"score": 1.0, "probability": 0.9, "count": 40, "correct_count": 37}],
            "report": {
                "count": 40, "unanswered_count": 1, "accuracy": 0.925, "mean_confidence": 0.92, "brier": 0.06,
                "log_loss": 0.2, "calibration_error": 0.01, "null_band": [0.01, 0.05], "auroc": null
            },
            "data_hash": "abc", "code_version": "score 0.1.0", "created_at": "2026-01-02T03:04:05Z"
        })
    }

    #[test]
    fn calibrators_stored_before_there_was_a_choice_still_read() {
        let calibrator: Calibrator = serde_json::from_value(old_calibrator()).unwrap();
        assert_eq!(calibrator.selection, MethodSelection::Given);
        assert_eq!(calibrator.method(), "log-odds weights, Platt");
        assert!(calibrator.production.pipeline.is_none() && calibrator.panel.is_none());
        assert_eq!(calibrator.shared_levels(), calibrator.levels.as_slice());
        let again: Calibrator = serde_json::from_value(serde_json::to_value(&calibrator).unwrap()).unwrap();
        assert_eq!(again, calibrator);
    }

    #[test]
    fn a_choice_names_what_was_taken() {
        let candidate = |name: &str, chosen: bool| CandidateScore {
            name: name.to_owned(),
            aggregator: name.to_owned(),
            calibrator: "Platt".to_owned(),
            log_loss: 0.3,
            log_loss_error: 0.02,
            excess: 0.0,
            excess_error: 0.0,
            winner_log_loss: 0.25,
            brier: 0.1,
            accuracy: 0.9,
            best: !chosen,
            chosen,
        };
        let selection = MethodSelection::Chosen {
            choice: MethodChoice {
                candidates: vec![candidate("simple", true), candidate("complex", false)],
                folds: vec![SelectedInFold { fold: 0, name: None }],
                label_count: 60,
                error_count: 12,
                seed: 1,
            },
        };
        assert_eq!(selection.chosen().unwrap().name, "simple");
        let text = serde_json::to_value(&selection).unwrap();
        assert_eq!(text["kind"], "chosen");
        assert_eq!(serde_json::from_value::<MethodSelection>(text).unwrap(), selection);
        assert!(MethodSelection::Given.choice().is_none());
    }
}
