//! Ways to be sure of a value, side by side on a project's gold: the votes, a model's own token probabilities, a judge, and
//! all of them together (methods 4.1-4.5).
//!
//! A method is the value that it gives and the probability that it puts on it; both come from what has not seen the item's
//! fold. Where a method has no score for an item, its accuracy on the other folds stands in.

mod cost;
mod cross_fit;
mod judged;
mod levels;
mod sources;

use std::collections::HashMap;

use accord_domain::{
    Answers, AreaDifference, ConfidenceMethod, CurvePlace, Environment, FieldMethods, ItemId, LeftOut,
    MethodComparison, MethodCost, MethodEvaluation, TOLERATED_RISK,
};
use accord_statistics::InvalidInput;
use accord_statistics::metrics::{RiskLevel, ScoredErrors, bootstrap_area_difference, brier_score, risk_coverage};
use accord_statistics::resampling::BootstrapPlan;
use accord_statistics::score::{ScoreSources, fit_combination};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use self::cost::mean_cost;
use self::cross_fit::{RightByFold, auroc_within_folds, cross_fit_curve, log_odds, on_other_folds};
use self::judged::Judged;
use self::levels::{count_levels, voting_levels};
use self::sources::{FieldSources, gather};
use crate::CODE_VERSION;
use crate::gold::{FieldFit, ProjectGold};
use crate::report::{ProbabilityFigures, figures};

/// The penalty of the combination's coefficients, on logits.
const COMBINATION_L2: f64 = 1.0;

/// The most places of a risk-coverage curve that are kept.
const MOST_PLACES: f64 = 100.0;

/// Draws behind the interval of a difference, and their seed, so that figures can be recomputed.
const DIFFERENCE_REPLICATES: usize = 1000;
const DIFFERENCE_SEED: u64 = 1;

/// The probability that any interval of a field's differences misses its difference.
const MISSED: f64 = 0.05;

/// What a judge is still to be asked about an item.
#[derive(Debug, Clone, PartialEq)]
pub struct Unjudged {
    /// The item.
    pub item_id: ItemId,
    /// The values that win on it.
    pub values: Answers,
    /// The numbers of the judge's calls that are missing.
    pub samples: Vec<u32>,
}

/// A method's word on each item, in one order.
struct Words {
    method: ConfidenceMethod,
    correct: Vec<bool>,
    probabilities: Vec<Option<f64>>,
    /// Different scores before any curve, those that differ by rounding being one. Weights that differ from fold to fold make
    /// no levels: in production there is one set of them.
    levels: usize,
    cost: MethodCost,
}

impl ProjectGold {
    /// For each item with gold the value of every field that wins the vote, by what has not seen the item's fold: what a
    /// judge is to be asked about. Gold that is set apart to certify thresholds is left alone.
    ///
    /// # Errors
    /// None that well-formed annotations cause.
    pub fn winners(&self) -> Result<HashMap<ItemId, Answers>, InvalidInput> {
        let (fits, judged) = (self.fit_all()?, Judged::default());
        let mut winners: HashMap<ItemId, Answers> = HashMap::new();
        for fit in &fits {
            let sources = gather(self, fit, &judged)?;
            for row in sources.rows {
                if let Some(winner) = row.winner {
                    let answers = winners.entry(row.item).or_default();
                    answers.insert(sources.field.clone(), winner.answer);
                }
            }
        }
        Ok(winners)
    }

    /// What the project's judge is still to be asked by the prompt with this hash: items, the values that win on them, and
    /// the numbers of the calls. Nothing where the project names no judge.
    ///
    /// # Errors
    /// None that well-formed annotations cause.
    pub fn unjudged(&self, prompt_hash: &str) -> Result<Vec<Unjudged>, InvalidInput> {
        let Some(judge) = &self.project.definition.judge else {
            return Ok(Vec::new());
        };
        let judged = Judged::by_prompt(&self.project, &self.judgements, prompt_hash);
        let unjudged = self.winners()?.into_iter().filter_map(|(item_id, values)| {
            let samples = (0..judge.calls).filter(|sample| !judged.covers(item_id, *sample, &values));
            let samples: Vec<u32> = samples.collect();
            (!samples.is_empty()).then_some(Unjudged {
                item_id,
                values,
                samples,
            })
        });
        let mut unjudged: Vec<Unjudged> = unjudged.collect();
        unjudged.sort_by_key(|one| one.item_id);
        Ok(unjudged)
    }

    /// How each method does on each field that has gold and votes.
    ///
    /// # Errors
    /// None that well-formed annotations cause.
    pub fn compare_methods(&self, environment: &dyn Environment) -> Result<MethodComparison, InvalidInput> {
        self.comparison_of(environment, &self.fit_all()?)
    }

    pub(crate) fn comparison_of(
        &self,
        environment: &dyn Environment,
        fits: &[FieldFit<'_>],
    ) -> Result<MethodComparison, InvalidInput> {
        let judged = Judged::new(&self.project, &self.judgements);
        let has_judge = self.project.definition.judge.is_some();
        let fields = fits.par_iter().map(|fit| {
            let sources = gather(self, fit, &judged)?;
            let has_rows = !sources.rows.is_empty();
            has_rows.then(|| field_methods(&sources, has_judge)).transpose()
        });
        let fields: Vec<Option<FieldMethods>> = fields.collect::<Result<_, InvalidInput>>()?;
        Ok(MethodComparison {
            project_id: self.project.id,
            project_version: self.project.version,
            fields: fields.into_iter().flatten().collect(),
            data_hash: self.comparison_hash(),
            code_version: CODE_VERSION.to_owned(),
            computed_at: environment.now(),
        })
    }

    /// Hash of everything that a comparison depends on.
    pub(crate) fn comparison_hash(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.data_hash().as_bytes());
        let mut ids: Vec<_> = self.judgements.iter().map(|judgement| judgement.id).collect();
        ids.sort_unstable();
        for id in ids {
            hash.update(id.as_uuid().as_bytes());
        }
        hex::encode(hash.finalize())
    }
}

fn field_methods(sources: &FieldSources, has_judge: bool) -> Result<FieldMethods, InvalidInput> {
    let (mut evaluated, mut left_out) = (Vec::new(), Vec::new());
    for method in ConfidenceMethod::ALL {
        let words = match method {
            ConfidenceMethod::Voting => voting(sources),
            ConfidenceMethod::Logprobs => logprobs(sources)?,
            ConfidenceMethod::Judge => judge(sources)?,
            ConfidenceMethod::Combined => combined(sources)?,
        };
        match evaluate(sources, words)? {
            Some(one) => evaluated.push(one),
            None => left_out.push(LeftOut {
                method,
                reason: reason_without_scores(method, has_judge).to_owned(),
            }),
        }
    }
    add_differences(sources, &mut evaluated)?;
    Ok(FieldMethods {
        field: sources.field.clone(),
        items: sources.rows.len(),
        methods: evaluated.into_iter().map(|one| one.evaluation).collect(),
        left_out,
        judge: sources.judge_figures(),
        voting_levels: voting_levels(sources),
        even_levels: Some(count_levels(
            sources
                .of_winners(|winner| winner.even_logit)
                .iter()
                .map(|score| [*score]),
        )),
    })
}

const fn reason_without_scores(method: ConfidenceMethod, has_judge: bool) -> &'static str {
    match method {
        ConfidenceMethod::Voting | ConfidenceMethod::Combined => "too little gold for a curve: add labels",
        ConfidenceMethod::Logprobs => {
            "no annotator has token probabilities on enough gold: set `logprobs` on one whose provider gives them"
        }
        ConfidenceMethod::Judge if has_judge => {
            "the judge has rated too few of the values: `accord evaluate --project` asks it"
        }
        ConfidenceMethod::Judge => "the project names no judge: add [judge] to its definition",
    }
}

/// A method's figures with what they were computed from.
struct Evaluated {
    evaluation: MethodEvaluation,
    /// By which items are ranked, the surest highest.
    ranks: Vec<f64>,
    errors: Vec<bool>,
}

/// Holds every method against voting. The more there are, the wider each interval.
fn add_differences(sources: &FieldSources, evaluated: &mut [Evaluated]) -> Result<(), InvalidInput> {
    let documents: Vec<u64> = sources.rows.iter().map(|row| row.document).collect();
    let Some((voting, others)) = evaluated.split_first_mut() else {
        return Ok(());
    };
    if voting.evaluation.method != ConfidenceMethod::Voting || others.is_empty() {
        return Ok(());
    }
    let confidence = 1.0 - MISSED / others.len() as f64;
    let plan = BootstrapPlan::new(DIFFERENCE_REPLICATES, confidence, DIFFERENCE_SEED)?;
    for other in others {
        let difference = bootstrap_area_difference(voting.scored(), other.scored(), &documents, plan)?;
        let found = difference.estimate.value().zip(difference.interval.value());
        other.evaluation.area_difference = found.map(|(value, interval)| AreaDifference {
            value,
            lower: interval.lower,
            upper: interval.upper,
        });
    }
    Ok(())
}

impl Evaluated {
    fn scored(&self) -> ScoredErrors<'_> {
        ScoredErrors {
            scores: &self.ranks,
            errors: &self.errors,
        }
    }
}

fn voting(sources: &FieldSources) -> Words {
    Words {
        method: ConfidenceMethod::Voting,
        correct: sources.winner_is_correct(),
        probabilities: sources.of_winners(|winner| winner.vote_probability),
        levels: count_levels(
            sources
                .of_winners(|winner| winner.production_logit)
                .iter()
                .map(|score| [*score]),
        ),
        cost: mean_cost(sources.rows.iter().map(|row| row.votes.as_slice())),
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
            let right = RightByFold::count(&correct, &folds);
            Ok((scores, correct, probabilities, right))
        })
        .collect::<Result<Vec<_>, InvalidInput>>()?;
    let mut words = Words {
        method: ConfidenceMethod::Logprobs,
        correct: Vec::new(),
        probabilities: Vec::new(),
        levels: 0,
        cost: MethodCost::default(),
    };
    let mut found = Vec::new();
    let mut taken = Vec::new();
    for (row, fold) in sources.rows.iter().zip(&folds) {
        let place = words.correct.len();
        let best = (0..curves.len())
            .rev()
            .max_by_key(|annotator| curves[*annotator].3.right_on_others(*fold));
        let (score, is_correct, probability) = match best.and_then(|best| curves.get(best)) {
            Some((scores, correct, probabilities, _)) => (scores[place], correct[place], probabilities[place]),
            None => (None, false, None),
        };
        found.push([score]);
        words.correct.push(is_correct);
        words.probabilities.push(probability);
        let annotator = best.and_then(|best| annotators.get(best));
        taken.push(annotator.and_then(|annotator| row.votes.iter().find(|vote| vote.annotator == *annotator)));
    }
    words.levels = count_levels(found);
    words.cost = mean_cost(taken.iter().map(|vote| vote.as_slice().iter().copied()));
    Ok(words)
}

fn judge(sources: &FieldSources) -> Result<Words, InvalidInput> {
    let scores = sources.of_winners(|winner| winner.judge_logit);
    let correct = sources.winner_is_correct();
    Ok(Words {
        method: ConfidenceMethod::Judge,
        probabilities: cross_fit_curve(&scores, &correct, &sources.folds())?,
        levels: count_levels(scores.iter().map(|score| [*score])),
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
        levels: count_levels(sources.rows.iter().zip(&logprobs).filter_map(|(row, logprob)| {
            let winner = row.winner.as_ref()?;
            Some([winner.production_logit, *logprob, winner.judge_logit])
        })),
        correct,
        cost: sources.cost_with_judge(),
    })
}

/// `None` where no item has a probability of its own.
fn evaluate(sources: &FieldSources, words: Words) -> Result<Option<Evaluated>, InvalidInput> {
    let scored = words.probabilities.iter().flatten().count();
    let folds = sources.folds();
    let right = RightByFold::count(&words.correct, &folds);
    let base_rate: Vec<f64> = folds.iter().map(|fold| right.accuracy_on_others(*fold)).collect();
    let probabilities: Vec<f64> = words
        .probabilities
        .iter()
        .zip(&base_rate)
        .map(|(own, stand_in)| own.unwrap_or(*stand_in))
        .collect();
    let (true, Some(figures)) = (scored > 0, figures(&probabilities, &words.correct)) else {
        return Ok(None);
    };
    let errors: Vec<bool> = words.correct.iter().map(|correct| !correct).collect();
    // A fold with more right values than others leaves these with higher curves than its own. Less the base rate that each
    // curve was learned beside, items of different folds compare.
    let pairs = probabilities.iter().zip(&base_rate);
    let ranks: Vec<f64> = pairs.map(|(own, base)| log_odds(*own) - log_odds(*base)).collect();
    let mut evaluation = evaluation(words, figures, &ranks, &errors)?;
    let correct: Vec<bool> = errors.iter().map(|wrong| !wrong).collect();
    evaluation.auroc = auroc_within_folds(&probabilities, &correct, &folds)?;
    if let Some(brier) = brier_score(&base_rate, &correct)?.value() {
        evaluation.base_rate_brier = brier;
    }
    Ok(Some(Evaluated {
        evaluation,
        ranks,
        errors,
    }))
}

fn evaluation(
    words: Words,
    figures: ProbabilityFigures,
    ranks: &[f64],
    errors: &[bool],
) -> Result<MethodEvaluation, InvalidInput> {
    let curve = risk_coverage(ranks, errors)?.value();
    let steps = curve.as_ref().map_or(&[][..], |curve| &curve.levels);
    let tolerated = steps.iter().filter(|level| level.risk <= TOLERATED_RISK);
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
        risk_coverage_area: curve.as_ref().map(|curve| curve.area),
        area_difference: None,
        curve: places(steps),
        coverage_at_tolerated_risk: coverage,
        levels: words.levels,
        cost: words.cost,
    })
}

/// The last level of each hundredth of coverage.
fn places(levels: &[RiskLevel]) -> Vec<CurvePlace> {
    let hundredth = |level: &RiskLevel| (level.coverage * MOST_PLACES).ceil();
    let groups = levels.chunk_by(|left, right| hundredth(left).total_cmp(&hundredth(right)).is_eq());
    let last = groups.filter_map(|group| group.last());
    last.map(|level| CurvePlace {
        coverage: level.coverage,
        risk: level.risk,
    })
    .collect()
}
