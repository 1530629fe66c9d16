//! Fitting a project on its gold: voter weights and curves, each fold without its own labels (methods 5.6).

use accord_domain::{
    AnnotatorPanel, CalibrationReport, FOLD_COUNT, Field, FitWarning, FittedFold, MethodSelection, Rung, ScoreLevel,
    Weighting,
};
use accord_statistics::InvalidInput;
use rayon::prelude::*;

use crate::chosen::{ChosenMethod, choose};
use crate::curve::{FieldSamples, LadderCurve, Sample, climb_ladder};
use crate::numbered::Numbering;
use crate::panel;
use crate::report::{OutOfFold, report};
use crate::tally::{count, weights_of_voters};
use crate::unlabelled::UnlabelledBallot;
use crate::weights::{Folds, LabelledBallot, TrackRecords, VoterWeights};

/// The most distinct scores that a calibrator keeps; more are merged with their neighbours.
const MAXIMUM_LEVELS: usize = 200;

/// A field with its gold.
#[derive(Debug, Clone)]
pub struct FieldGold<'a> {
    /// The field.
    pub field: &'a Field,
    /// The items that have gold for it.
    pub labelled: Vec<LabelledBallot<'a>>,
    /// Items without gold, for methods that learn from those as well; none where no method would.
    pub unlabelled: Vec<UnlabelledBallot<'a>>,
}

/// What was learned for one field.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedField {
    /// Where the curve comes from.
    pub rung: Rung,
    /// Fitted on all gold.
    pub production: FittedFold,
    /// Fitted without one fold each; none where the other folds hold too little gold.
    pub folds: Vec<Option<FittedFold>>,
    /// Labels that the curve was fitted on.
    pub gold_count: u32,
    /// Of them, wrong winners.
    pub error_count: u32,
    /// How weights, counting and curve were found.
    pub selection: MethodSelection,
    /// Out-of-fold scores of the field's own gold.
    pub levels: Vec<ScoreLevel>,
    /// The same on the scale that all fields share; empty where `levels` are.
    pub pool_levels: Vec<ScoreLevel>,
    /// Out-of-fold figures of the field's own gold.
    pub report: Option<CalibrationReport>,
    /// The figures of an even vote's share taken as a probability.
    pub before: Option<CalibrationReport>,
    /// What gold says of the annotators.
    pub panel: Option<AnnotatorPanel>,
    /// What a person should know.
    pub warnings: Vec<FitWarning>,
    /// What each labelled item got out of fold, in the order given.
    pub out_of_fold: Vec<OutOfFold>,
}

/// Weights and scores of one field before any curve.
struct WeighedField {
    production: VoterWeights,
    folds: Vec<VoterWeights>,
    /// Out-of-fold score of each labelled item.
    scores: Vec<ItemScore>,
    /// For each fold left out: scores of the other items, each by weights that saw neither its own fold nor that one.
    inner_scores: Vec<Vec<ItemScore>>,
    /// Share of each labelled item's winner by an even vote, and whether that is right.
    even_shares: Vec<OutOfFold>,
    /// What was chosen instead of weights and curve, or why nothing was.
    chosen: Result<ChosenMethod, MethodSelection>,
    panel: Option<AnnotatorPanel>,
    warnings: Vec<FitWarning>,
}

/// The raw score of the winner of one labelled item; no score when nothing won.
#[derive(Debug, Clone, Copy)]
struct ItemScore {
    fold: u32,
    winner: Option<(f64, bool)>,
}

/// Fits every field of a project. `elsewhere` are score levels of other projects, for the widest pool. A field that
/// stays without a curve yields none.
///
/// # Errors
/// None that well-formed ballots cause.
pub fn fit_fields(
    fields: &[FieldGold<'_>],
    weighting: Weighting,
    elsewhere: &[ScoreLevel],
) -> Result<Vec<Option<FittedField>>, InvalidInput> {
    let weighed: Vec<WeighedField> = fields
        .par_iter()
        .map(|field| weigh_field(field, weighting))
        .collect::<Result<_, _>>()?;
    let whole = pools(fields, &weighed, None);
    let parts: Vec<Vec<FieldSamples<'_>>> = (0..FOLD_COUNT)
        .map(|fold| pools(fields, &weighed, Some(fold)))
        .collect();
    (0..fields.len())
        .into_par_iter()
        .map(|position| {
            let Some(production) = climb_ladder(position, &whole, elsewhere)? else {
                return Ok(None);
            };
            let curves = parts
                .iter()
                .map(|part| climb_ladder(position, part, elsewhere))
                .collect::<Result<Vec<_>, _>>()?;
            Ok(Some(assemble(&weighed[position], production, &curves)))
        })
        .collect()
}

fn weigh_field(gold: &FieldGold<'_>, weighting: Weighting) -> Result<WeighedField, InvalidInput> {
    let records = TrackRecords::count(gold.field, &gold.labelled, weighting)?;
    let folds: Vec<VoterWeights> = (0..FOLD_COUNT)
        .map(|fold| records.weigh(Folds::without(fold)))
        .collect::<Result<_, _>>()?;
    let verdicts: Vec<Vec<bool>> = gold
        .labelled
        .iter()
        .map(|item| item.correct_classes(gold.field))
        .collect();
    let score_all = |weights: &[VoterWeights], skipped: Option<u32>| -> Result<Vec<ItemScore>, InvalidInput> {
        let by_fold: Vec<FittedFold> = weights.iter().map(only_weights).collect();
        gold.labelled
            .iter()
            .zip(&verdicts)
            .filter(|(item, _)| Some(item.fold) != skipped)
            .map(|(item, verdict)| score_item(gold.field, item, verdict, &by_fold[item.fold as usize]))
            .collect()
    };
    let scores = score_all(&folds, None)?;
    let mut inner_scores = Vec::with_capacity(FOLD_COUNT as usize);
    for left_out in 0..FOLD_COUNT {
        let inner: Vec<VoterWeights> = (0..FOLD_COUNT)
            .map(|fold| records.weigh(Folds::without(left_out).and_without(fold)))
            .collect::<Result<_, _>>()?;
        inner_scores.push(score_all(&inner, Some(left_out))?);
    }
    let numbering = Numbering::of(&gold.field.field_type, &gold.labelled);
    let data = numbering.ballots(gold, &verdicts)?;
    let panel = panel::describe(&numbering, &data)?;
    Ok(WeighedField {
        production: records.weigh(Folds::ALL)?,
        folds,
        scores,
        inner_scores,
        even_shares: even_shares(gold, &verdicts)?,
        chosen: match weighting {
            Weighting::Automatic => choose(&numbering, gold, &data)?,
            Weighting::Even | Weighting::Accuracy | Weighting::LogOdds => Err(MethodSelection::Given),
        },
        warnings: panel
            .as_ref()
            .map(|panel| panel::warnings(panel, &data))
            .transpose()?
            .unwrap_or_default(),
        panel,
    })
}

/// What there was before anything was learned: the share of an even vote, taken as if it were a probability.
fn even_shares(gold: &FieldGold<'_>, verdicts: &[Vec<bool>]) -> Result<Vec<OutOfFold>, InvalidInput> {
    let share_of = |(item, verdict): (&LabelledBallot<'_>, &Vec<bool>)| {
        let counted = count(
            &item.ballot,
            &vec![1.0; item.ballot.votes.len()],
            &gold.field.field_type,
        )?;
        let tally = counted.tally.as_ref();
        let winner = tally.and_then(|tally| Some((tally.outcome.winner()?, tally.top_share())));
        Ok(winner.map_or(OutOfFold::NoWinner, |(class, share)| OutOfFold::Winner {
            score: share,
            probability: share.min(1.0),
            correct: verdict[class],
        }))
    };
    gold.labelled.iter().zip(verdicts).map(share_of).collect()
}

fn score_item(
    field: &Field,
    item: &LabelledBallot<'_>,
    correct_classes: &[bool],
    weights: &FittedFold,
) -> Result<ItemScore, InvalidInput> {
    let weights = weights_of_voters(&item.ballot, Some(weights));
    let counted = count(&item.ballot, &weights, &field.field_type)?;
    let winner = counted.tally.as_ref().and_then(|tally| tally.outcome.winner());
    let winner = winner
        .zip(counted.raw_score)
        .map(|(class, score)| (score, correct_classes[class]));
    Ok(ItemScore {
        fold: item.fold,
        winner,
    })
}

/// Samples by field: of all gold, or of all but one fold.
fn pools<'a>(fields: &'a [FieldGold<'_>], weighed: &[WeighedField], left_out: Option<u32>) -> Vec<FieldSamples<'a>> {
    fields
        .iter()
        .zip(weighed)
        .map(|(gold, weighed)| {
            let scores = left_out.map_or(&weighed.scores, |fold| &weighed.inner_scores[fold as usize]);
            let samples = scores
                .iter()
                .filter_map(|item| {
                    let (score, correct) = item.winner?;
                    Some(Sample {
                        score,
                        correct,
                        count: 1,
                    })
                })
                .collect();
            FieldSamples {
                field_type: &gold.field.field_type,
                samples,
            }
        })
        .collect()
}

fn assemble(weighed: &WeighedField, production: LadderCurve, curves: &[Option<LadderCurve>]) -> FittedField {
    let folds: Vec<Option<FittedFold>> = curves
        .iter()
        .zip(&weighed.folds)
        .map(|(curve, weights)| curve.as_ref().map(|curve| with_curve(weights, curve)))
        .collect();
    let out_of_fold = by_ladder(weighed, curves);
    let fitted = FittedField {
        rung: production.rung,
        production: with_curve(&weighed.production, &production),
        folds,
        gold_count: number(production.label_count),
        error_count: number(production.error_count),
        selection: MethodSelection::Given,
        levels: levels_of(&out_of_fold),
        pool_levels: Vec::new(),
        report: report(&out_of_fold),
        before: report(&weighed.even_shares),
        panel: weighed.panel.clone(),
        warnings: weighed.warnings.clone(),
        out_of_fold,
    };
    match &weighed.chosen {
        Ok(chosen) => with_choice(fitted, chosen),
        Err(selection) => FittedField {
            selection: selection.clone(),
            ..fitted
        },
    }
}

/// What each item got from weights and a curve that had not seen it.
fn by_ladder(weighed: &WeighedField, curves: &[Option<LadderCurve>]) -> Vec<OutOfFold> {
    let scores = weighed.scores.iter();
    scores
        .map(|item| {
            let curve = curves.get(item.fold as usize).copied().flatten();
            match (item.winner, curve) {
                (Some((score, correct)), Some(curve)) => OutOfFold::Winner {
                    score,
                    probability: curve.curve.predict(score),
                    correct,
                },
                (Some((score, correct)), None) => OutOfFold::Uncalibrated { score, correct },
                (None, _) => OutOfFold::NoWinner,
            }
        })
        .collect()
}

/// Puts the chosen methods in the place of weights and curve, in production and in every fold whose other folds hold
/// gold enough to choose by, each for itself. The others keep theirs.
fn with_choice(fitted: FittedField, chosen: &ChosenMethod) -> FittedField {
    let taken = |fold: FittedFold, pipeline: &accord_domain::FittedPipeline| FittedFold {
        pipeline: Some(pipeline.clone()),
        inverted: false,
        ..fold
    };
    let folds = fitted.folds.into_iter().zip(&chosen.folds);
    let folds = folds.map(|(fold, pipeline)| match (fold, pipeline) {
        (Some(fold), Some(pipeline)) => Some(taken(fold, pipeline)),
        (fold, _) => fold,
    });
    let folds: Vec<Option<FittedFold>> = folds.collect();
    let outcomes = fitted.out_of_fold.iter().zip(&chosen.out_of_fold);
    let out_of_fold: Vec<OutOfFold> = outcomes.map(|(before, chosen)| chosen.unwrap_or(*before)).collect();
    let winners = || {
        out_of_fold.iter().filter_map(|item| match item {
            OutOfFold::Winner { correct, .. } => Some(*correct),
            _ => None,
        })
    };
    let (gold_count, error_count) = match chosen.production {
        Some(_) => (winners().count(), winners().filter(|correct| !*correct).count()),
        None => (fitted.gold_count as usize, fitted.error_count as usize),
    };
    FittedField {
        production: match &chosen.production {
            Some(pipeline) => taken(fitted.production, pipeline),
            None => fitted.production,
        },
        gold_count: number(gold_count),
        error_count: number(error_count),
        selection: chosen.selection.clone(),
        levels: levels_of(&out_of_fold),
        pool_levels: fitted.levels,
        report: report(&out_of_fold),
        folds,
        out_of_fold,
        rung: if chosen.production.is_some() {
            Rung::Field
        } else {
            fitted.rung
        },
        before: fitted.before,
        panel: fitted.panel,
        warnings: fitted.warnings,
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

pub(crate) fn only_weights(weights: &VoterWeights) -> FittedFold {
    FittedFold {
        weights: weights.weights.clone(),
        default_weight: weights.default_weight,
        slope: 0.0,
        intercept: 0.0,
        inverted: false,
        pipeline: None,
    }
}

fn with_curve(weights: &VoterWeights, curve: &LadderCurve) -> FittedFold {
    FittedFold {
        slope: curve.curve.slope,
        intercept: curve.curve.intercept,
        inverted: curve.inverted,
        ..only_weights(weights)
    }
}

/// Distinct scores with their outcomes, at most [`MAXIMUM_LEVELS`].
pub(crate) fn levels_of(out_of_fold: &[OutOfFold]) -> Vec<ScoreLevel> {
    let mut winners: Vec<(f64, f64, bool)> = out_of_fold
        .iter()
        .filter_map(|item| match item {
            OutOfFold::Winner {
                score,
                probability,
                correct,
            } => Some((*score, *probability, *correct)),
            _ => None,
        })
        .collect();
    winners.sort_by(|left, right| left.0.total_cmp(&right.0));
    let per_level = winners.len().div_ceil(MAXIMUM_LEVELS).max(1);
    let mut levels: Vec<ScoreLevel> = Vec::new();
    for (score, probability, correct) in winners {
        let correct_count = u32::from(correct);
        match levels.last_mut() {
            Some(level) if (level.score - score).abs() < 1e-9 || (level.count as usize) < per_level => {
                let count = f64::from(level.count);
                level.score = (level.score * count + score) / (count + 1.0);
                level.probability = (level.probability * count + probability) / (count + 1.0);
                level.count += 1;
                level.correct_count += correct_count;
            }
            _ => levels.push(ScoreLevel {
                score,
                probability,
                count: 1,
                correct_count,
            }),
        }
    }
    levels
}
