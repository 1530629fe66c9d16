//! Evaluation on documents with gold, without a database: every annotator by itself and the consensus, cross-fitted.

use std::collections::BTreeMap;

use accord_domain::{
    AnnotationId, AnnotatorId, AnnotatorPanel, Answer, Answers, FOLD_COUNT, Field, FieldName, FitWarning,
    MethodSelection, Weighting, compare,
};
use accord_statistics::InvalidInput;
use serde::Serialize;

use crate::ballot::{Ballot, CastVote};
use crate::fit::{FieldGold, FittedField, fit_fields};
use crate::report::{OutOfFold, ProbabilityFigures, figures};
use crate::tally::score;
use crate::weights::LabelledBallot;

/// An annotator that is evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvaluatedAnnotator {
    /// Its name.
    pub name: String,
    /// The annotators that share errors with it.
    pub family: String,
    /// Whether it reads data that documents carry rather than their pages.
    pub from_data: bool,
}

/// A document with gold and the answers of every annotator, which had not learned from this document.
#[derive(Debug, Clone)]
pub struct EvaluatedDocument {
    /// Its name, for people.
    pub name: String,
    /// Its fold, below [`FOLD_COUNT`].
    pub fold: u32,
    /// A number for its content; copies share it.
    pub document: u64,
    /// The answers, in the order of the annotators.
    pub answers: Vec<Answers>,
    /// The gold; fields without gold are absent from it, and fields known to be absent from the document say so.
    pub gold: Answers,
}

/// How annotators and consensus did on one field.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldEvaluation {
    /// The field.
    pub field: FieldName,
    /// Documents whose gold holds a value: those that are scored.
    pub scored: usize,
    /// Documents whose gold says that there is no value; not scored.
    pub without_value: usize,
    /// Of them, how often the consensus gave a value.
    pub predicted_without_value: usize,
    /// Each annotator by itself.
    pub annotators: Vec<VoterEvaluation>,
    /// The consensus; its confidence is out of fold.
    pub consensus: VoterEvaluation,
    /// The scored documents on which the consensus was wrong.
    pub mistakes: Vec<Mistake>,
    /// How votes became a confidence, in words; none where there is too little gold for any.
    pub method: Option<String>,
    /// Whether that was given or chosen, and all that was tried.
    pub selection: Option<MethodSelection>,
    /// What a person should know before trusting it.
    pub warnings: Vec<FitWarning>,
    /// What gold says of the annotators, numbered from 1 in their order.
    pub panel: Option<AnnotatorPanel>,
}

/// A scored document on which the consensus was wrong.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mistake {
    /// The document.
    pub document: String,
    /// The gold, in canonical form.
    pub gold: Option<String>,
    /// The consensus, in canonical form; none when no value won.
    pub consensus: Option<String>,
    /// The probability it was given; none when no value won or there was no calibrator.
    pub probability: Option<f64>,
}

/// How one annotator, or the consensus, did on one field.
///
/// A missing value counts as a wrong one. A single annotator says no more than its value, so its confidence is its
/// accuracy on the other folds; that is also what a missing value counts as, for annotators and consensus alike.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VoterEvaluation {
    /// The annotator's name, or `consensus`.
    pub name: String,
    /// Scored documents with a value.
    pub answered: usize,
    /// Scored documents with the right value.
    pub correct: usize,
    /// Right values among the scored documents; none when nothing is scored.
    pub accuracy: Option<f64>,
    /// Right values among the answered ones.
    pub accuracy_when_answered: Option<f64>,
    /// Mean of the matching rule's figure, such as token F1.
    pub mean_match: Option<f64>,
    /// Mean confidence.
    pub mean_confidence: Option<f64>,
    /// Brier score of the confidence.
    pub brier: Option<f64>,
    /// Expected calibration error of the confidence.
    pub calibration_error: Option<f64>,
    /// 5 % and 95 % quantiles of that error for a perfect calibrator.
    pub null_band: Option<[f64; 2]>,
    /// Area under the receiver operating characteristic; none where the confidence has one level or all values are right.
    pub auroc: Option<f64>,
}

/// What one voter said about one scored document.
struct Verdict {
    fold: u32,
    answered: bool,
    correct: bool,
    score: f64,
    /// The confidence; none for what the accuracy on other folds stands in for.
    probability: Option<f64>,
    /// The answer, in canonical form.
    answer: Option<String>,
}

/// Evaluates annotators and their consensus on every field.
///
/// # Errors
/// None that well-formed answers cause.
pub fn evaluate(
    fields: &[Field],
    annotators: &[EvaluatedAnnotator],
    documents: &[EvaluatedDocument],
    weighting: Weighting,
) -> Result<Vec<FieldEvaluation>, InvalidInput> {
    let gold: Vec<FieldGold<'_>> = fields
        .iter()
        .map(|field| labelled(field, annotators, documents))
        .collect::<Result<_, _>>()?;
    let fitted = fit_fields(&gold, weighting, &[])?;
    gold.iter()
        .zip(fitted)
        .map(|(gold, fitted)| evaluate_field(gold, fitted.as_ref(), annotators, documents, weighting))
        .collect()
}

fn labelled<'a>(
    field: &'a Field,
    annotators: &'a [EvaluatedAnnotator],
    documents: &'a [EvaluatedDocument],
) -> Result<FieldGold<'a>, InvalidInput> {
    let labelled = documents
        .iter()
        .filter_map(|document| document.gold.get(&field.name).map(|gold| (document, gold)))
        .filter(|(_, gold)| matches!(gold, Answer::Value(_)))
        .map(|(document, gold)| {
            Ok(LabelledBallot {
                fold: document.fold,
                document: document.document,
                ballot: ballot(field, annotators, document)?,
                gold,
            })
        })
        .collect::<Result<_, InvalidInput>>()?;
    Ok(FieldGold {
        field,
        labelled,
        unlabelled: Vec::new(),
    })
}

fn ballot<'a>(
    field: &Field,
    annotators: &'a [EvaluatedAnnotator],
    document: &'a EvaluatedDocument,
) -> Result<Ballot<'a>, InvalidInput> {
    let votes = annotators
        .iter()
        .zip(&document.answers)
        .zip(1_u128..)
        .filter_map(|((annotator, answers), number)| {
            let number = uuid::Uuid::from_u128(number);
            Some(CastVote {
                annotation_id: AnnotationId::from_uuid(number),
                annotator_id: AnnotatorId::from_uuid(number),
                family: &annotator.family,
                from_data: annotator.from_data,
                answer: answers.get(&field.name)?,
            })
        })
        .collect();
    Ballot::new(field, votes)
}

fn evaluate_field(
    gold: &FieldGold<'_>,
    fitted: Option<&FittedField>,
    annotators: &[EvaluatedAnnotator],
    documents: &[EvaluatedDocument],
    weighting: Weighting,
) -> Result<FieldEvaluation, InvalidInput> {
    let field = gold.field;
    let alone = annotators
        .iter()
        .enumerate()
        .map(|(position, annotator)| summarise(&annotator.name, &verdicts_of_annotator(field, position, documents)))
        .collect();
    let without_value: Vec<&EvaluatedDocument> = documents
        .iter()
        .filter(|document| matches!(document.gold.get(&field.name), Some(Answer::Absent)))
        .collect();
    let mut predicted_without_value = 0;
    for document in &without_value {
        let ballot = ballot(field, annotators, document)?;
        let scored = score(&ballot, fitted.map(|fitted| &fitted.production), &field.field_type)?;
        let counted = scored.counted;
        let winner = counted.tally.as_ref().and_then(|tally| tally.outcome.winner());
        let answer = winner.and_then(|class| ballot.answer_of_class(class));
        predicted_without_value += usize::from(matches!(answer, Some(Answer::Value(_))));
    }
    let verdicts = verdicts_of_consensus(gold, fitted)?;
    Ok(FieldEvaluation {
        field: field.name.clone(),
        scored: gold.labelled.len(),
        without_value: without_value.len(),
        predicted_without_value,
        annotators: alone,
        consensus: summarise("consensus", &verdicts),
        mistakes: mistakes(gold, documents, &verdicts),
        method: fitted.map(|fitted| fitted.selection.phrase(weighting)),
        selection: fitted.map(|fitted| fitted.selection.clone()),
        warnings: fitted.map(|fitted| fitted.warnings.clone()).unwrap_or_default(),
        panel: fitted.and_then(|fitted| fitted.panel.clone()),
    })
}

/// The documents are those with a gold value, in the order in which they were labelled and judged.
fn mistakes(gold: &FieldGold<'_>, documents: &[EvaluatedDocument], verdicts: &[Verdict]) -> Vec<Mistake> {
    let scored = documents
        .iter()
        .filter(|document| matches!(document.gold.get(&gold.field.name), Some(Answer::Value(_))));
    scored
        .zip(&gold.labelled)
        .zip(verdicts)
        .filter(|(_, verdict)| !verdict.correct)
        .map(|((document, labelled), verdict)| Mistake {
            document: document.name.clone(),
            gold: labelled.gold.class().map(str::to_owned),
            consensus: verdict.answer.clone(),
            probability: verdict.probability,
        })
        .collect()
}

fn verdicts_of_annotator(field: &Field, position: usize, documents: &[EvaluatedDocument]) -> Vec<Verdict> {
    documents
        .iter()
        .filter_map(|document| {
            let gold = document
                .gold
                .get(&field.name)
                .filter(|gold| matches!(gold, Answer::Value(_)))?;
            let answer = document
                .answers
                .get(position)
                .and_then(|answers| answers.get(&field.name));
            let verdict = answer.and_then(|answer| compare::match_gold(field, answer, gold));
            Some(Verdict {
                fold: document.fold,
                answered: matches!(answer, Some(Answer::Value(_))),
                correct: verdict.is_some_and(|verdict| verdict.correct),
                score: verdict.map_or(0.0, |verdict| verdict.score),
                probability: None,
                answer: None,
            })
        })
        .collect()
}

fn verdicts_of_consensus(gold: &FieldGold<'_>, fitted: Option<&FittedField>) -> Result<Vec<Verdict>, InvalidInput> {
    gold.labelled
        .iter()
        .enumerate()
        .map(|(position, item)| {
            let of_fold = fitted.and_then(|fitted| fitted.folds.get(item.fold as usize)?.as_ref());
            let counted = score(&item.ballot, of_fold, &gold.field.field_type)?.counted;
            let winner = counted.tally.as_ref().and_then(|tally| tally.outcome.winner());
            let answer = winner.and_then(|class| item.ballot.answer_of_class(class));
            let verdict = answer.and_then(|answer| compare::match_gold(gold.field, answer, item.gold));
            let probability = match fitted.and_then(|fitted| fitted.out_of_fold.get(position)) {
                Some(OutOfFold::Winner { probability, .. }) => Some(*probability),
                _ => None,
            };
            Ok(Verdict {
                fold: item.fold,
                answered: matches!(answer, Some(Answer::Value(_))),
                correct: verdict.is_some_and(|verdict| verdict.correct),
                score: verdict.map_or(0.0, |verdict| verdict.score),
                probability,
                answer: answer.and_then(Answer::class).map(str::to_owned),
            })
        })
        .collect()
}

fn summarise(name: &str, verdicts: &[Verdict]) -> VoterEvaluation {
    let stand_in = accuracy_on_other_folds(verdicts);
    let probabilities: Vec<f64> = verdicts
        .iter()
        .map(|verdict| {
            verdict
                .probability
                .unwrap_or_else(|| stand_in.get(&verdict.fold).copied().unwrap_or(0.5))
        })
        .collect();
    let correct: Vec<bool> = verdicts.iter().map(|verdict| verdict.correct).collect();
    let has_levels = verdicts.iter().any(|verdict| verdict.probability.is_some());
    let correct_count = correct.iter().filter(|correct| **correct).count();
    let answered = verdicts.iter().filter(|verdict| verdict.answered).count();
    // Who never answers has no confidence that could be judged.
    let figures: Option<ProbabilityFigures> = if answered > 0 {
        figures(&probabilities, &correct)
    } else {
        None
    };
    let share = |part: f64, whole: usize| (whole > 0).then(|| part / whole as f64);
    VoterEvaluation {
        name: name.to_owned(),
        answered,
        correct: correct_count,
        accuracy: share(correct_count as f64, verdicts.len()),
        accuracy_when_answered: share(correct_count as f64, answered),
        mean_match: share(verdicts.iter().map(|verdict| verdict.score).sum(), verdicts.len()),
        mean_confidence: figures.map(|figures| figures.mean_confidence),
        brier: figures.map(|figures| figures.brier),
        calibration_error: figures.map(|figures| figures.calibration_error),
        null_band: figures.map(|figures| figures.null_band),
        auroc: figures.filter(|_| has_levels).and_then(|figures| figures.auroc),
    }
}

/// For each fold, the share of right values on the others, drawn a little towards one half as in Platt's targets.
fn accuracy_on_other_folds(verdicts: &[Verdict]) -> BTreeMap<u32, f64> {
    (0..FOLD_COUNT)
        .map(|fold| {
            let others: Vec<&Verdict> = verdicts.iter().filter(|verdict| verdict.fold != fold).collect();
            let correct = others.iter().filter(|verdict| verdict.correct).count();
            (fold, (correct as f64 + 1.0) / (others.len() as f64 + 2.0))
        })
        .collect()
}
