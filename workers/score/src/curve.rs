//! The curve from raw score to probability, and the ladder of pools it may be fitted on (methods 5.1, 5.5).

use accord_domain::{FieldType, Rung, ScoreLevel};
use accord_statistics::InvalidInput;
use accord_statistics::calibration::{PlattCurve, Pooling, SampleWeights, fit_platt, fit_platt_around};

/// The fewest gold labels that any curve is fitted on.
pub const MINIMUM_LABELS: usize = 20;

/// Fields with fewer labels than this are drawn towards the curve of a wider pool, if there is one.
pub const POOLED_BELOW: usize = 50;

/// The fewest labels of its own that let a field have a curve of its own beside a wider pool.
const MINIMUM_OWN_LABELS: usize = 10;

/// A winner held against gold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// The raw score.
    pub score: f64,
    /// Whether the winner was right.
    pub correct: bool,
    /// How many winners this stands for.
    pub count: u32,
}

/// A fitted curve and the rung it stands on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LadderCurve {
    /// The curve.
    pub curve: PlattCurve,
    /// From how near its gold comes.
    pub rung: Rung,
    /// How many labels it was fitted on.
    pub label_count: usize,
    /// How many of them were wrong winners.
    pub error_count: usize,
    /// Whether more agreement meant more errors.
    pub inverted: bool,
}

/// Samples of one field among the pools.
#[derive(Debug, Clone)]
pub struct FieldSamples<'a> {
    /// The field's type, whose fields share a pool.
    pub field_type: &'a FieldType,
    /// Its samples.
    pub samples: Vec<Sample>,
}

/// Fits the best curve for one field of several: its own gold, else its type's, else everybody's; none when even that
/// is too little, so that the field stays uncalibrated. Between its own and a wider pool, few labels of its own move
/// the wider curve as far as they can tell.
///
/// # Errors
/// None that finite scores cause.
pub fn climb_ladder(
    position: usize,
    fields: &[FieldSamples<'_>],
    elsewhere: &[ScoreLevel],
) -> Result<Option<LadderCurve>, InvalidInput> {
    let Some(field) = fields.get(position) else {
        return Ok(None);
    };
    let own = &field.samples;
    if count_labels(own) >= POOLED_BELOW {
        return fit(own, Rung::Field).map(Some);
    }
    let wider = match widest_needed(field.field_type, fields, elsewhere) {
        Some((pool, rung)) => Some(fit(&pool, rung)?),
        None => None,
    };
    match wider {
        Some(wider) if count_labels(own) >= MINIMUM_OWN_LABELS && !wider.inverted => {
            fit_around(wider.curve, own).map(Some)
        }
        None if count_labels(own) >= MINIMUM_LABELS => fit(own, Rung::Field).map(Some),
        other => Ok(other),
    }
}

/// The nearest pool beyond the field itself that holds enough labels.
fn widest_needed(
    field_type: &FieldType,
    fields: &[FieldSamples<'_>],
    elsewhere: &[ScoreLevel],
) -> Option<(Vec<Sample>, Rung)> {
    let pool = |wanted: &dyn Fn(&FieldSamples<'_>) -> bool| -> Vec<Sample> {
        fields
            .iter()
            .filter(|field| wanted(field))
            .flat_map(|field| field.samples.iter().copied())
            .collect()
    };
    let same_type = pool(&|field| field.field_type.word() == field_type.word());
    if count_labels(&same_type) >= POOLED_BELOW {
        return Some((same_type, Rung::FieldType));
    }
    let mut everything = pool(&|_| true);
    everything.extend(elsewhere.iter().flat_map(samples_of_level));
    (count_labels(&everything) >= POOLED_BELOW).then_some((everything, Rung::Workspace))
}

/// A level counts right and wrong winners.
fn samples_of_level(level: &ScoreLevel) -> impl Iterator<Item = Sample> + use<> {
    let (score, right) = (level.score, level.correct_count);
    let wrong = level.count.saturating_sub(right);
    [(true, right), (false, wrong)]
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(move |(correct, count)| Sample { score, correct, count })
}

fn count_labels(samples: &[Sample]) -> usize {
    samples.iter().map(|sample| sample.count as usize).sum()
}

fn fit(samples: &[Sample], rung: Rung) -> Result<LadderCurve, InvalidInput> {
    let (scores, correct) = spread(samples);
    let fit = fit_platt(&scores, &correct, &SampleWeights::even(scores.len()))?;
    Ok(ladder_curve(fit.curve, rung, &correct, fit.inverted))
}

fn fit_around(wider: PlattCurve, samples: &[Sample]) -> Result<LadderCurve, InvalidInput> {
    let (scores, correct) = spread(samples);
    let weights = SampleWeights::even(scores.len());
    let fit = fit_platt_around(wider, &scores, &correct, &weights, Pooling::default())?;
    Ok(ladder_curve(fit.curve, Rung::Field, &correct, fit.inverted))
}

fn ladder_curve(curve: PlattCurve, rung: Rung, correct: &[bool], inverted: bool) -> LadderCurve {
    LadderCurve {
        curve,
        rung,
        label_count: correct.len(),
        error_count: correct.iter().filter(|correct| !**correct).count(),
        inverted,
    }
}

/// One entry for each winner: smoothed targets count labels, so a level that stands for many must count as many.
fn spread(samples: &[Sample]) -> (Vec<f64>, Vec<bool>) {
    samples
        .iter()
        .flat_map(|sample| std::iter::repeat_n((sample.score, sample.correct), sample.count as usize))
        .unzip()
}
