//! How honest the confidence of a field is, and from where on it may be acted on.

use std::sync::Arc;

use accord_domain::{
    CalibrationReport, Calibrator, CalibratorId, Field, FieldName, FitWarning, MethodSelection, Project, Rung,
    ScoreLevel, Timestamp,
};
use accord_statistics::metrics::{
    BinRule, MurphyDecomposition, ReliabilityPoint, brier_score, log_loss, murphy_decomposition_in_bins,
    reliability_diagram,
};
use accord_statistics::resampling::{BootstrapPlan, bootstrap_documents};
use accord_statistics::{Estimate, InvalidInput};
use serde::Serialize;
use utoipa::ToSchema;

use crate::figures::agreement::SEED;
use crate::figures::cache::Basis;
use crate::figures::certification::{Acceptance, CertificationBasis, Promise, acceptance};
use crate::figures::figure::Figure;
use crate::problem::Problem;
use crate::state::AppState;

/// The most levels that are shown each by itself; more are joined into groups of about equal size, as the statistics
/// have it for continuous probabilities: 5 to 15.
const MAXIMUM_LEVELS: usize = 10;

/// The confidence of the intervals.
const INTERVAL_LEVEL: f64 = 0.95;

/// How honest the confidence of a field is. No item is judged by what was fitted on it: scores are out of fold, or of gold
/// that was set apart.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Calibration {
    /// The field.
    #[schema(value_type = String)]
    pub field: FieldName,
    /// The calibrator behind the figures; none before there is gold.
    pub calibrator: Option<CalibratorFigures>,
    /// From which confidence on values can be accepted with the promise kept.
    pub acceptance: Acceptance,
    /// When it was computed.
    pub computed_at: Timestamp,
}

/// A calibrator and its figures on items it had not seen.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CalibratorFigures {
    /// The calibrator.
    #[schema(value_type = String)]
    pub id: CalibratorId,
    /// When it was fitted.
    pub fitted_at: Timestamp,
    /// The method in words, such as `log-odds weights, Platt`.
    pub method: String,
    /// From how near its gold comes.
    pub rung: Rung,
    /// Gold labels that the curve was fitted on.
    pub gold_count: u32,
    /// Gold labels that were set apart for certifying thresholds; 0 while there are too few.
    pub set_apart_count: u32,
    /// Of them, how many the consensus got wrong.
    pub error_count: u32,
    /// Whether more agreement meant more errors, which blocks acceptance.
    pub inverted: bool,
    /// The share of an even vote taken as if it were a probability: what there was before.
    pub before: Option<CalibrationReport>,
    /// The figures of the calibrated confidence; none without gold of the field itself.
    pub after: Option<CalibratedFigures>,
    /// All methods that were tried, and which was taken.
    pub selection: MethodSelection,
    /// What a person should know before trusting it.
    pub warnings: Vec<FitWarning>,
}

/// The figures of the calibrated confidence.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CalibratedFigures {
    /// The figures.
    pub report: CalibrationReport,
    /// Wrong values among the `count` of the report.
    pub error_count: u32,
    /// Mean squared error, with its interval by bootstrap over documents, 1000 replicates.
    pub brier: Figure,
    /// Mean negative log-likelihood, likewise.
    pub log_loss: Figure,
    /// What the mean squared error consists of.
    pub decomposition: Option<BrierDecomposition>,
    /// What was promised against what came true, lowest first: each level by itself, or 5 to 15 groups of about equal
    /// size where there are more than 10.
    pub reliability: Vec<ReliabilityLevel>,
}

/// Brier = reliability - resolution + uncertainty + within levels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct BrierDecomposition {
    /// Distance between what was promised and what came true; 0 is best.
    pub reliability: f64,
    /// How far the levels' outcomes differ from the base rate; more is better.
    pub resolution: f64,
    /// Variance of the outcome itself: what no confidence can change.
    pub uncertainty: f64,
    /// What is left: the spread of probabilities within the levels that are joined.
    pub within_levels: f64,
}

/// Items that were given about the same probability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct ReliabilityLevel {
    /// The mean probability that they were given.
    pub mean_probability: f64,
    /// The share of them that was right.
    pub observed: f64,
    /// 95 % Wilson interval of that share.
    pub interval: [f64; 2],
    /// Where the share would lie in 95 % of cases if the probability were right.
    pub consistency: [f64; 2],
    /// How many items.
    pub count: usize,
    /// Right ones among them.
    pub correct_count: usize,
}

impl From<ReliabilityPoint> for ReliabilityLevel {
    fn from(point: ReliabilityPoint) -> Self {
        Self {
            mean_probability: point.mean_probability,
            observed: point.observed,
            interval: [point.interval.lower, point.interval.upper],
            consistency: [point.consistency.lower, point.consistency.upper],
            count: point.count,
            correct_count: point.positives,
        }
    }
}

/// A calibrator never changes: what was computed from it holds.
impl Basis for Option<CalibratorId> {
    fn does_for(&self, now: &Self, _age: i64) -> bool {
        self == now
    }
}

/// How honest the confidence of a field is at present, and from where on it keeps the promise. Computed off the async
/// threads, and kept until a new calibrator takes the place of the present one.
///
/// # Errors
/// The store failed.
pub async fn calibration(
    state: &AppState,
    project: &Project,
    field: &Field,
    promise: Promise,
) -> Result<Arc<Calibration>, Problem> {
    let calibrators = state.store.read().await?.current_calibrators(project.id).await?;
    let stopping = &project.definition.policy.stopping;
    let mut serving = calibrators.into_iter().filter(|known| known.serves(stopping));
    let calibrator = serving.find(|known| known.field == field.name);
    let basis = calibrator.as_ref().map(|calibrator| calibrator.id);
    let computed_at = state.environment.now();
    let key = (project.id, field.name.clone(), promise.key());
    let name = field.name.clone();
    let compute = move |calibrator: Option<Calibrator>| {
        measure(name, calibrator, promise, computed_at).map_err(|error| Problem::internal(&error))
    };
    let cache = &state.figures.calibrations;
    cache
        .find(key, basis, computed_at, async { Ok(calibrator) }, compute)
        .await
}

fn measure(
    field: FieldName,
    calibrator: Option<Calibrator>,
    promise: Promise,
    computed_at: Timestamp,
) -> Result<Calibration, InvalidInput> {
    let levels = calibrator.as_ref().map_or(&[][..], |calibrator| &calibrator.levels);
    let (probabilities, correct) = spread(levels);
    let apart = calibrator
        .as_ref()
        .and_then(|calibrator| calibrator.certification.as_ref());
    let acceptance = match apart.map(|apart| spread(&apart.levels)) {
        Some((apart, right)) => acceptance(CertificationBasis::SetApart, &apart, &right, promise)?,
        None => acceptance(CertificationBasis::OutOfFold, &probabilities, &correct, promise)?,
    };
    Ok(Calibration {
        field,
        acceptance,
        calibrator: calibrator
            .map(|calibrator| figures(calibrator, &probabilities, &correct))
            .transpose()?,
        computed_at,
    })
}

fn figures(calibrator: Calibrator, probabilities: &[f64], correct: &[bool]) -> Result<CalibratorFigures, InvalidInput> {
    let after = calibrator
        .report
        .map(|report| calibrated(report, probabilities, correct))
        .transpose()?;
    Ok(CalibratorFigures {
        id: calibrator.id,
        fitted_at: calibrator.created_at,
        method: calibrator.method(),
        rung: calibrator.rung,
        gold_count: calibrator.gold_count,
        set_apart_count: calibrator
            .certification
            .as_ref()
            .map_or(0, |apart| apart.count() + apart.unanswered_count),
        error_count: calibrator.error_count,
        inverted: calibrator.production.inverted,
        before: calibrator.before,
        after,
        selection: calibrator.selection,
        warnings: calibrator.warnings,
    })
}

fn calibrated(
    report: CalibrationReport,
    probabilities: &[f64],
    correct: &[bool],
) -> Result<CalibratedFigures, InvalidInput> {
    let documents: Vec<usize> = (0..probabilities.len()).collect();
    let interval = |statistic: &(dyn Fn(&[f64], &[bool]) -> Estimate + Sync)| {
        let drawn = bootstrap_documents(&documents, BootstrapPlan::standard(SEED), |positions| {
            let probabilities: Vec<f64> = positions.iter().map(|item| probabilities[*item]).collect();
            let correct: Vec<bool> = positions.iter().map(|item| correct[*item]).collect();
            statistic(&probabilities, &correct)
        });
        drawn.interval
    };
    let undefined = Estimate::Undefined(accord_statistics::Undefined::TooFewItems);
    let brier = interval(&|p, y| brier_score(p, y).unwrap_or(undefined));
    let loss = interval(&|p, y| match log_loss(p, y) {
        Ok(loss) => loss.map(|loss| loss.clipped),
        Err(_) => undefined,
    });
    let decomposition = murphy_decomposition_in_bins(probabilities, correct, rule(probabilities))?.value();
    Ok(CalibratedFigures {
        report,
        error_count: errors(correct),
        brier: Figure::new(Estimate::Value(report.brier), brier),
        log_loss: Figure::new(Estimate::Value(report.log_loss), loss),
        decomposition: decomposition.map(|parts| decomposed(report.brier, parts.murphy)),
        reliability: reliability(probabilities, correct)?,
    })
}

fn errors(correct: &[bool]) -> u32 {
    let wrong = correct.iter().filter(|is_right| !**is_right).count();
    u32::try_from(wrong).unwrap_or(u32::MAX)
}

fn decomposed(brier: f64, parts: MurphyDecomposition) -> BrierDecomposition {
    BrierDecomposition {
        reliability: parts.reliability,
        resolution: parts.resolution,
        uncertainty: parts.uncertainty,
        within_levels: brier - (parts.reliability - parts.resolution + parts.uncertainty),
    }
}

/// The reliability diagram of levels: a point each, or groups of about equal size where there are many.
///
/// # Errors
/// None that levels of a calibrator cause.
pub(crate) fn reliability_of(levels: &[ScoreLevel]) -> Result<Vec<ReliabilityLevel>, InvalidInput> {
    let (probabilities, correct) = spread(levels);
    reliability(&probabilities, &correct)
}

fn reliability(probabilities: &[f64], correct: &[bool]) -> Result<Vec<ReliabilityLevel>, InvalidInput> {
    let points = reliability_diagram(probabilities, correct, rule(probabilities), INTERVAL_LEVEL)?;
    Ok(points.into_iter().map(ReliabilityLevel::from).collect())
}

/// Few levels stand each for itself.
fn rule(probabilities: &[f64]) -> BinRule {
    let mut distinct: Vec<f64> = probabilities.to_vec();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    if distinct.len() <= MAXIMUM_LEVELS {
        BinRule::DistinctLevels
    } else {
        BinRule::for_continuous(probabilities.len())
    }
}

/// One probability and outcome for each item that a level counts.
fn spread(levels: &[ScoreLevel]) -> (Vec<f64>, Vec<bool>) {
    let mut probabilities = Vec::new();
    let mut correct = Vec::new();
    for level in levels {
        let (count, right) = (level.count as usize, level.correct_count as usize);
        probabilities.extend(std::iter::repeat_n(level.probability.clamp(0.0, 1.0), count));
        correct.extend((0..count).map(|position| position < right));
    }
    (probabilities, correct)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(probability: f64, count: u32, correct_count: u32) -> ScoreLevel {
        ScoreLevel {
            score: probability,
            probability,
            count,
            correct_count,
        }
    }

    #[test]
    fn few_levels_stay_apart() {
        let points = reliability_of(&[level(0.9, 20, 18), level(0.5, 10, 4), level(0.2, 0, 0)]).unwrap();
        let counts: Vec<_> = points.iter().map(|point| (point.count, point.correct_count)).collect();
        assert_eq!(counts, [(10, 4), (20, 18)]);
    }

    #[test]
    fn many_levels_are_joined_and_none_is_lost() {
        let levels: Vec<ScoreLevel> = (0..100).map(|index| level(f64::from(index) / 100.0, 3, 1)).collect();
        let points = reliability_of(&levels).unwrap();
        assert!(points.len() <= MAXIMUM_LEVELS);
        assert_eq!(points.iter().map(|point| point.count).sum::<usize>(), 300);
        assert_eq!(points.iter().map(|point| point.correct_count).sum::<usize>(), 100);
    }

    #[test]
    fn no_levels_make_no_points() {
        assert!(reliability_of(&[]).unwrap().is_empty());
    }

    #[test]
    fn the_parts_of_the_brier_score_add_up() {
        let (probabilities, correct) = spread(&[level(0.9, 20, 18), level(0.5, 10, 4), level(0.7, 15, 11)]);
        let brier = brier_score(&probabilities, &correct).unwrap().value().unwrap();
        let parts = murphy_decomposition_in_bins(&probabilities, &correct, rule(&probabilities));
        let parts = decomposed(brier, parts.unwrap().value().unwrap().murphy);
        assert!(parts.within_levels.abs() < 1e-12, "{parts:?}");
        assert_eq!(errors(&correct), 12);
    }
}
