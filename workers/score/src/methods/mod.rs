//! Ways to be sure of a value, side by side on a project's gold: the votes, a model's own token probabilities, a judge, and
//! all of them together (methods 4.1-4.5).
//!
//! A method is the value that it gives and the probability that it puts on it; both come from what has not seen the item's
//! fold. Where a method has no score for an item, its accuracy on the other folds stands in.

mod cost;
mod cross_fit;
mod sources;

use std::collections::HashMap;

use accord_domain::{Answers, FieldName, ItemId, Provenance};
use accord_statistics::InvalidInput;
use accord_statistics::metrics::{brier_score, risk_coverage};
use accord_statistics::score::{ScoreSources, fit_combination};
use serde::Serialize;

pub use self::cost::MethodCost;
use self::cross_fit::{accuracy_on_other_folds, auroc_within_folds, cross_fit_curve, on_other_folds};
use self::sources::{FieldSources, gather};
use crate::fit::fit_fields;
use crate::gold::ProjectGold;
use crate::report::{ProbabilityFigures, figures};

/// The penalty of the combination's coefficients, on logits.
const COMBINATION_L2: f64 = 1.0;

/// The share of wrong values at which coverage is told.
pub const TOLERATED_RISK: f64 = 0.05;

/// A way to be sure of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfidenceMethod {
    /// The value that wins the vote; how far it leads.
    Voting,
    /// The value of the one annotator that is best on the other folds; how probable it found the value's tokens.
    Logprobs,
    /// The value that wins the vote; what a judge says of it.
    Judge,
    /// The value that wins the vote; all of that.
    Combined,
}

/// What a judge said of the values that won.
#[derive(Debug, Clone, Default)]
pub struct JudgeRatings {
    /// By item and field one rating from 0 to 1 for each call, `None` where it gave none.
    pub ratings: HashMap<(ItemId, FieldName), Vec<Option<f64>>>,
    /// By item, what its calls took.
    pub calls: HashMap<ItemId, Vec<Provenance>>,
}

/// The methods on one field.
#[derive(Debug, Clone, Serialize)]
pub struct FieldMethods {
    /// The field.
    pub field: FieldName,
    /// Items with gold and votes: all figures are on these.
    pub items: usize,
    /// Each method that has scores, in the order asked for.
    pub methods: Vec<MethodEvaluation>,
    /// Methods that were asked for and have no scores here, and why.
    pub left_out: Vec<LeftOut>,
}

/// A method without scores on a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The method.
    pub method: ConfidenceMethod,
    /// Why, and what to do.
    pub reason: &'static str,
}

/// How a method did on a field.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MethodEvaluation {
    /// The method.
    pub method: ConfidenceMethod,
    /// Items that have a score of their own.
    pub scored: usize,
    /// Share of right values.
    pub accuracy: f64,
    /// Mean probability.
    pub mean_confidence: f64,
    /// Mean squared error of the probability.
    pub brier: f64,
    /// The same of who always says the accuracy on the other folds: what knows nothing of the item.
    pub base_rate_brier: f64,
    /// Expected calibration error.
    pub calibration_error: f64,
    /// 5 % and 95 % quantiles of that error for a perfect calibrator.
    pub null_band: [f64; 2],
    /// How often the right value has the higher probability of a right and a wrong one in the same fold: the area under the
    /// receiver operating characteristic, within folds. Across folds it would tell how folds differ, since one with more right
    /// values than others leaves them with higher curves than its own. None where no fold has both.
    pub auroc: Option<f64>,
    /// Area under the risk-coverage curve: mean share of wrong values among the surest; less is better.
    pub risk_coverage_area: Option<f64>,
    /// The largest share of items of which at most [`TOLERATED_RISK`] are wrong, the surest first. It certifies nothing.
    pub coverage_at_tolerated_risk: f64,
    /// Different scores: so many thresholds there are to choose from.
    pub levels: usize,
    /// What an item takes, on average.
    pub cost: MethodCost,
}

/// A method's word on each item, in one order.
struct Words {
    method: ConfidenceMethod,
    correct: Vec<bool>,
    /// Scores before any curve.
    scores: Vec<Option<f64>>,
    probabilities: Vec<Option<f64>>,
    cost: MethodCost,
}

impl ProjectGold {
    /// For each item with gold the value of every field that wins the vote, by what has not seen the item's fold: what a
    /// judge is to be asked about.
    ///
    /// # Errors
    /// None that well-formed annotations cause.
    pub fn winners(&self) -> Result<HashMap<ItemId, Answers>, InvalidInput> {
        let mut winners: HashMap<ItemId, Answers> = HashMap::new();
        for sources in self.sources(&JudgeRatings::default())? {
            for row in sources.rows {
                if let Some(winner) = row.winner {
                    let answers = winners.entry(row.item).or_default();
                    answers.insert(sources.field.clone(), winner.answer);
                }
            }
        }
        Ok(winners)
    }

    /// How each of these methods does on each field that has gold and votes.
    ///
    /// # Errors
    /// None that well-formed annotations cause.
    pub fn confidence_methods(
        &self,
        methods: &[ConfidenceMethod],
        judge: &JudgeRatings,
    ) -> Result<Vec<FieldMethods>, InvalidInput> {
        let sources = self.sources(judge)?;
        let with_rows = sources.iter().filter(|sources| !sources.rows.is_empty());
        with_rows.map(|sources| field_methods(sources, methods)).collect()
    }

    fn sources(&self, judge: &JudgeRatings) -> Result<Vec<FieldSources>, InvalidInput> {
        let fields = &self.project.definition.fields;
        let gold = fields.iter().map(|field| self.gold_of_field(field));
        let gold = gold.collect::<Result<Vec<_>, _>>()?;
        let fitted = fit_fields(&gold, self.project.definition.policy.weighting, &self.elsewhere)?;
        let pairs = gold.iter().zip(&fitted);
        pairs
            .map(|(gold, fitted)| gather(self, gold, fitted.as_ref(), judge))
            .collect()
    }
}

fn field_methods(sources: &FieldSources, methods: &[ConfidenceMethod]) -> Result<FieldMethods, InvalidInput> {
    let mut found = FieldMethods {
        field: sources.field.clone(),
        items: sources.rows.len(),
        methods: Vec::new(),
        left_out: Vec::new(),
    };
    for method in methods {
        let words = match method {
            ConfidenceMethod::Voting => voting(sources),
            ConfidenceMethod::Logprobs => logprobs(sources)?,
            ConfidenceMethod::Judge => judge(sources)?,
            ConfidenceMethod::Combined => combined(sources)?,
        };
        match evaluate(sources, &words)? {
            Some(evaluation) => found.methods.push(evaluation),
            None => found.left_out.push(LeftOut {
                method: *method,
                reason: match method {
                    ConfidenceMethod::Voting | ConfidenceMethod::Combined => "too little gold for a curve: add labels",
                    ConfidenceMethod::Logprobs => {
                        "no annotator has token probabilities on enough gold: set `logprobs` on one whose provider gives them"
                    }
                    ConfidenceMethod::Judge => "no judge has rated enough of it: name one that is to be asked",
                },
            }),
        }
    }
    Ok(found)
}

fn voting(sources: &FieldSources) -> Words {
    Words {
        method: ConfidenceMethod::Voting,
        correct: sources.winner_is_correct(),
        scores: sources.of_winners(|winner| winner.share_logit),
        probabilities: sources.of_winners(|winner| winner.vote_probability),
        cost: MethodCost::of(sources.rows.iter().map(|row| row.votes.as_slice())),
    }
}

/// In each fold the annotator that is most often right on the others, with a curve of its own: token probabilities of
/// different models do not compare (methods 4.3).
fn logprobs(sources: &FieldSources) -> Result<Words, InvalidInput> {
    let folds = sources.folds();
    let annotators = sources.annotators_with_logprobs();
    let curves = annotators
        .iter()
        .map(|annotator| {
            let scores = sources.of_annotator(*annotator, |value| value.logprob);
            let correct = sources.is_correct(*annotator);
            let probabilities = cross_fit_curve(&scores, &correct, &folds)?;
            Ok((scores, correct, probabilities))
        })
        .collect::<Result<Vec<_>, InvalidInput>>()?;
    let mut words = Words {
        method: ConfidenceMethod::Logprobs,
        correct: Vec::new(),
        scores: Vec::new(),
        probabilities: Vec::new(),
        cost: MethodCost::default(),
    };
    let mut taken = Vec::new();
    for (row, fold) in sources.rows.iter().zip(&folds) {
        let place = words.correct.len();
        let accuracy = |correct: &[bool]| {
            let others = on_other_folds(&folds, *fold);
            others.filter(|other| correct[*other]).count()
        };
        let best = (0..curves.len())
            .rev()
            .max_by_key(|annotator| accuracy(&curves[*annotator].1));
        let (score, is_correct, probability) = match best.and_then(|best| curves.get(best)) {
            Some((scores, correct, probabilities)) => (scores[place], correct[place], probabilities[place]),
            None => (None, false, None),
        };
        words.scores.push(score);
        words.correct.push(is_correct);
        words.probabilities.push(probability);
        let annotator = best.and_then(|best| annotators.get(best));
        taken.push(annotator.and_then(|annotator| row.votes.iter().find(|vote| vote.annotator == *annotator)));
    }
    words.cost = MethodCost::of(taken.iter().map(|vote| vote.as_slice().iter().copied()));
    Ok(words)
}

fn judge(sources: &FieldSources) -> Result<Words, InvalidInput> {
    let scores = sources.of_winners(|winner| winner.judge_logit);
    let correct = sources.winner_is_correct();
    Ok(Words {
        method: ConfidenceMethod::Judge,
        probabilities: cross_fit_curve(&scores, &correct, &sources.folds())?,
        scores,
        correct,
        cost: sources.cost_with_judge(),
    })
}

/// Logistic regression on the sources, each of which comes from what has not seen the item's fold.
fn combined(sources: &FieldSources) -> Result<Words, InvalidInput> {
    let (folds, correct) = (sources.folds(), sources.winner_is_correct());
    let logprobs = sources.calibrated_logprobs_of_winners()?;
    let rows: Vec<Option<ScoreSources>> = sources
        .rows
        .iter()
        .zip(&logprobs)
        .map(|(row, logprob)| {
            let winner = row.winner.as_ref()?;
            Some(ScoreSources {
                share: winner.share_logit?,
                logprob: *logprob,
                judge: winner.judge_logit,
            })
        })
        .collect();
    let mut scores = vec![None; rows.len()];
    for fold in 0..accord_domain::FOLD_COUNT {
        let training: Vec<(ScoreSources, bool)> = on_other_folds(&folds, fold)
            .filter_map(|place| Some((rows[place]?, correct[place])))
            .collect();
        if training.len() < cross_fit::FEWEST_LABELS {
            continue;
        }
        let (training, targets): (Vec<_>, Vec<_>) = training.into_iter().unzip();
        let fitted = fit_combination(&training, &targets, COMBINATION_L2)?;
        for (place, score) in scores.iter_mut().enumerate().filter(|(place, _)| folds[*place] == fold) {
            *score = rows[place].as_ref().map(|row| fitted.log_odds(row));
        }
    }
    Ok(Words {
        method: ConfidenceMethod::Combined,
        probabilities: scores.iter().map(|score| score.map(cross_fit::probability)).collect(),
        scores,
        correct,
        cost: sources.cost_with_judge(),
    })
}

/// `None` where no item has a probability of its own.
fn evaluate(sources: &FieldSources, words: &Words) -> Result<Option<MethodEvaluation>, InvalidInput> {
    let scored = words.probabilities.iter().flatten().count();
    let folds = sources.folds();
    let base_rate: Vec<f64> = folds
        .iter()
        .map(|fold| accuracy_on_other_folds(&words.correct, &folds, *fold))
        .collect();
    let probabilities: Vec<f64> = words
        .probabilities
        .iter()
        .zip(&base_rate)
        .map(|(own, stand_in)| own.unwrap_or(*stand_in))
        .collect();
    let (true, Some(figures)) = (scored > 0, figures(&probabilities, &words.correct)) else {
        return Ok(None);
    };
    let mut evaluation = evaluation(words, figures, &probabilities)?;
    evaluation.auroc = auroc_within_folds(&probabilities, &words.correct, &folds)?;
    if let Some(brier) = brier_score(&base_rate, &words.correct)?.value() {
        evaluation.base_rate_brier = brier;
    }
    Ok(Some(evaluation))
}

fn evaluation(
    words: &Words,
    figures: ProbabilityFigures,
    probabilities: &[f64],
) -> Result<MethodEvaluation, InvalidInput> {
    let errors: Vec<bool> = words.correct.iter().map(|correct| !correct).collect();
    let curve = risk_coverage(probabilities, &errors)?.value();
    let tolerated = curve.iter().flat_map(|curve| &curve.levels);
    let tolerated = tolerated.filter(|level| level.risk <= TOLERATED_RISK);
    let coverage = tolerated.map(|level| level.coverage).fold(0.0, f64::max);
    Ok(MethodEvaluation {
        method: words.method,
        scored: words.probabilities.iter().flatten().count(),
        accuracy: figures.accuracy,
        mean_confidence: figures.mean_confidence,
        brier: figures.brier,
        base_rate_brier: figures.brier,
        calibration_error: figures.calibration_error,
        null_band: figures.null_band,
        auroc: figures.auroc,
        risk_coverage_area: curve.map(|curve| curve.area),
        coverage_at_tolerated_risk: coverage,
        levels: levels(&words.scores),
        cost: words.cost.clone(),
    })
}

/// Different scores, those that differ by rounding being one.
fn levels(scores: &[Option<f64>]) -> usize {
    const ROUNDING: f64 = 1e-9;
    let mut scores: Vec<f64> = scores.iter().flatten().copied().collect();
    scores.sort_by(f64::total_cmp);
    scores.dedup_by(|later, first| *later - *first < ROUNDING);
    scores.len()
}
