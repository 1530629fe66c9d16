//! The automatic choice of a field's method, in the words of the domain.

use accord_domain::{CandidateScore, FOLD_COUNT, FittedPipeline, MethodChoice, MethodSelection, SelectedInFold};
use accord_statistics::InvalidInput;
use accord_statistics::pipeline::{
    FittedPipeline as FittedModel, LabelledBallots, MethodScore, PipelineChoice, PipelinePlan, choose_pipeline,
};

use crate::fit::FieldGold;
use crate::numbered::Numbering;
use crate::report::OutOfFold;

/// The seed of the folds by which methods are chosen.
const SEED: u64 = 1;

/// Methods that were chosen for a field.
#[derive(Debug, Clone)]
pub struct ChosenMethod {
    /// All that was tried, or why nothing was for production.
    pub selection: MethodSelection,
    /// Fitted on all gold; none where there is too little of it, though it was enough without some fold.
    pub production: Option<FittedPipeline>,
    /// Fitted without each fold; none where the other folds hold too little gold to choose by.
    pub folds: Vec<Option<FittedPipeline>>,
    /// What each item, those with gold first, got from the choice without its fold; none where there is no such choice,
    /// and for items without gold.
    pub out_of_fold: Vec<Option<OutOfFold>>,
}

/// Chooses for a field; otherwise says how much gold there is and how much it takes.
///
/// # Errors
/// None that well-formed ballots cause.
pub fn choose(
    numbering: &Numbering,
    gold: &FieldGold<'_>,
    data: &LabelledBallots,
) -> Result<Result<ChosenMethod, MethodSelection>, InvalidInput> {
    let plan = PipelinePlan::standard(SEED);
    let labelled = gold.labelled.iter().map(|item| item.fold as usize);
    let unlabelled = gold.unlabelled.iter().map(|item| item.fold as usize);
    let outer: Vec<usize> = labelled.chain(unlabelled).collect();
    let judged = data.judged_items();
    let errors = judged.iter().filter(|item| !data.even_vote_is_right(**item)).count();
    let too_little = MethodSelection::TooLittleGold {
        label_count: number(judged.len()),
        error_count: number(errors),
        labels_needed: number(plan.fewest_labels),
        errors_needed: number(plan.fewest_errors),
    };
    Ok(
        match choose_pipeline(data, &outer, FOLD_COUNT as usize, plan, "")?.value() {
            Some(choice) => Ok(in_words(numbering, data, choice, too_little)),
            None => Err(too_little),
        },
    )
}

fn in_words(
    numbering: &Numbering,
    data: &LabelledBallots,
    choice: PipelineChoice,
    too_little: MethodSelection,
) -> ChosenMethod {
    let write = |model: &FittedModel| FittedPipeline {
        annotators: numbering.annotators.clone(),
        classes: numbering.classes.clone(),
        model: serde_json::to_value(model).unwrap_or_default(),
    };
    let out_of_fold = choice.out_of_fold.iter().enumerate();
    let out_of_fold = out_of_fold.map(|(item, outcome)| {
        let outcome = outcome.as_ref()?;
        Some(match (outcome.winner, outcome.confidence) {
            (Some(winner), Some(probability)) => OutOfFold::Winner {
                score: outcome.score,
                probability,
                correct: data.gold(item).is_some_and(|label| label.right[winner]),
            },
            _ => OutOfFold::NoWinner,
        })
    });
    let selected = choice.folds.iter().zip(0..).map(|(fitted, fold)| SelectedInFold {
        fold,
        name: fitted.as_ref().map(|fitted| fitted.method().phrase()),
    });
    let selection = match &choice.production {
        None => too_little,
        Some(_) => MethodSelection::Chosen {
            choice: MethodChoice {
                candidates: choice.candidates.iter().map(candidate).collect(),
                folds: selected.collect(),
                label_count: number(choice.labels),
                error_count: number(choice.errors),
                seed: SEED,
            },
        },
    };
    ChosenMethod {
        selection,
        production: choice.production.as_ref().map(write),
        folds: choice.folds.iter().map(|fitted| fitted.as_ref().map(write)).collect(),
        out_of_fold: out_of_fold.collect(),
    }
}

fn candidate(score: &MethodScore) -> CandidateScore {
    let method = score.method;
    let is_share = method.counting.counts_shares();
    CandidateScore {
        name: method.phrase(),
        aggregator: method.counting.phrase().to_owned(),
        calibrator: method.curve.phrase(is_share).to_owned(),
        log_loss: score.log_loss.loss,
        log_loss_error: score.log_loss.loss_error.value().unwrap_or(0.0),
        excess: score.log_loss.excess,
        excess_error: score.log_loss.excess_error.value().unwrap_or(0.0),
        winner_log_loss: score.winner_log_loss,
        brier: score.brier,
        accuracy: score.accuracy,
        best: score.best,
        chosen: score.chosen,
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
