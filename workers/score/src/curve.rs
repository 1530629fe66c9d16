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
    /// Whether the probability depends on the score at all. It does not when all winners were right, all were wrong, or
    /// all had the same score.
    pub varies: bool,
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
/// the wider curve as far as they can tell; so do many that are all right, which by themselves tell nothing of how
/// disagreement would do.
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
    let label_count = count_labels(own);
    let own_curve = if label_count >= MINIMUM_LABELS {
        Some(fit(own, Rung::Field)?)
    } else {
        None
    };
    if let Some(curve) = own_curve.filter(|curve| curve.varies)
        && label_count >= POOLED_BELOW
    {
        return Ok(Some(curve));
    }
    let wider = fit_wider(field.field_type, fields, elsewhere)?;
    match wider.filter(|wider| wider.varies && !wider.inverted) {
        Some(wider) if label_count >= MINIMUM_OWN_LABELS => fit_around(wider.curve, own).map(Some),
        Some(wider) => Ok(Some(wider)),
        None => Ok(own_curve.or(wider)),
    }
}

/// The curve of the nearest pool beyond the field itself that holds enough labels: of its type, else of everything.
/// A pool that only gives a constant is passed over for a wider one that tells more.
fn fit_wider(
    field_type: &FieldType,
    fields: &[FieldSamples<'_>],
    elsewhere: &[ScoreLevel],
) -> Result<Option<LadderCurve>, InvalidInput> {
    let pool = |wanted: &dyn Fn(&FieldSamples<'_>) -> bool| -> Vec<Sample> {
        let wanted = fields.iter().filter(|field| wanted(field));
        wanted.flat_map(|field| field.samples.iter().copied()).collect()
    };
    let fit_if_enough = |samples: &[Sample], rung| {
        let is_enough = count_labels(samples) >= POOLED_BELOW;
        is_enough.then(|| fit(samples, rung)).transpose()
    };
    let same_type = pool(&|field| field.field_type.word() == field_type.word());
    let of_type = fit_if_enough(&same_type, Rung::FieldType)?;
    if of_type.is_some_and(|curve| curve.varies) {
        return Ok(of_type);
    }
    let mut everything = pool(&|_| true);
    everything.extend(elsewhere.iter().flat_map(samples_of_level));
    let of_everything = fit_if_enough(&everything, Rung::Workspace)?;
    Ok(of_everything.filter(|curve| curve.varies).or(of_type).or(of_everything))
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
    Ok(LadderCurve {
        curve: fit.curve,
        rung,
        label_count: correct.len(),
        error_count: count_errors(&correct),
        inverted: fit.inverted,
        varies: !fit.not_identifiable,
    })
}

/// Deviations of the prior chosen by cross-validation over the fields did no better than the default (methods 5.5): on the
/// 541 labels of the sample invoices an out-of-fold log loss of 0.0947 against 0.0940.
fn fit_around(wider: PlattCurve, samples: &[Sample]) -> Result<LadderCurve, InvalidInput> {
    let (scores, correct) = spread(samples);
    let weights = SampleWeights::even(scores.len());
    let fit = fit_platt_around(wider, &scores, &correct, &weights, Pooling::default())?;
    Ok(LadderCurve {
        curve: fit.curve,
        rung: Rung::Field,
        label_count: correct.len(),
        error_count: count_errors(&correct),
        inverted: fit.inverted,
        varies: true,
    })
}

fn count_errors(correct: &[bool]) -> usize {
    correct.iter().filter(|correct| !**correct).count()
}

/// One entry for each winner: smoothed targets count labels, so a level that stands for many must count as many.
fn spread(samples: &[Sample]) -> (Vec<f64>, Vec<bool>) {
    samples
        .iter()
        .flat_map(|sample| std::iter::repeat_n((sample.score, sample.correct), sample.count as usize))
        .unzip()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::chance;

    /// As many labels as asked; the higher the score, the more often right.
    fn samples(count: usize, purpose: u64) -> Vec<Sample> {
        (0..count)
            .map(|item| {
                let score = 6.0 * chance(item, 0, purpose) - 2.0;
                let correct = chance(item, 1, purpose) < 1.0 / (1.0 + (-score).exp());
                Sample {
                    score,
                    correct,
                    count: 1,
                }
            })
            .collect()
    }

    fn of_type(field_type: &FieldType, samples: Vec<Sample>) -> FieldSamples<'_> {
        FieldSamples { field_type, samples }
    }

    fn climb(fields: &[FieldSamples<'_>]) -> Option<LadderCurve> {
        climb_ladder(0, fields, &[]).unwrap()
    }

    #[test]
    fn without_labels_anywhere_there_is_no_curve() {
        assert_eq!(climb(&[of_type(&FieldType::Money, Vec::new())]), None);
        assert_eq!(
            climb(&[of_type(&FieldType::Money, samples(MINIMUM_LABELS - 1, 1))]),
            None
        );
        assert_eq!(climb_ladder(3, &[], &[]).unwrap(), None);
    }

    #[test]
    fn enough_labels_of_its_own_give_a_field_the_plain_curve() {
        for count in [MINIMUM_LABELS, POOLED_BELOW, 300] {
            let own = samples(count, 1);
            let found = climb(&[of_type(&FieldType::Money, own.clone())]).unwrap();
            let (scores, correct): (Vec<f64>, Vec<bool>) =
                own.iter().map(|sample| (sample.score, sample.correct)).unzip();
            let expected = fit_platt(&scores, &correct, &SampleWeights::even(count)).unwrap();
            assert_eq!(
                (found.curve, found.rung, found.label_count),
                (expected.curve, Rung::Field, count)
            );
            assert_eq!(found.error_count, correct.iter().filter(|right| !**right).count());
        }
    }

    #[test]
    fn few_labels_of_its_own_move_the_curve_of_the_type() {
        let (own, others) = (samples(15, 1), samples(60, 2));
        let both: Vec<Sample> = own.iter().chain(&others).copied().collect();
        let fields = [
            of_type(&FieldType::Money, own.clone()),
            of_type(&FieldType::Money, others),
        ];
        let found = climb(&fields).unwrap();
        let wider = fit(&both, Rung::FieldType).unwrap();
        assert_eq!(found, fit_around(wider.curve, &own).unwrap());
        assert_eq!((found.rung, found.label_count), (Rung::Field, 15));
    }

    #[test]
    fn too_few_labels_of_its_own_leave_the_curve_of_the_type_then_of_everything() {
        let money = [
            of_type(&FieldType::Money, samples(5, 1)),
            of_type(&FieldType::Money, samples(45, 2)),
        ];
        let found = climb(&money).unwrap();
        assert_eq!((found.rung, found.label_count), (Rung::FieldType, 50));
        let mixed = [
            of_type(&FieldType::Money, samples(5, 1)),
            of_type(&FieldType::Date, samples(45, 2)),
        ];
        let found = climb(&mixed).unwrap();
        assert_eq!((found.rung, found.label_count), (Rung::Workspace, 50));
        let too_few = [
            of_type(&FieldType::Money, samples(5, 1)),
            of_type(&FieldType::Date, samples(44, 2)),
        ];
        assert_eq!(climb(&too_few), None);
    }

    #[test]
    fn levels_of_other_projects_count_each_of_their_items() {
        let level = |score, count, correct_count| ScoreLevel {
            score,
            probability: 0.5,
            count,
            correct_count,
        };
        let elsewhere = [
            level(-1.0, 20, 5),
            level(0.5, 20, 10),
            level(2.0, 20, 19),
            level(3.0, 0, 0),
        ];
        let found = climb_ladder(0, &[of_type(&FieldType::Date, Vec::new())], &elsewhere)
            .unwrap()
            .unwrap();
        assert_eq!(
            (found.rung, found.label_count, found.error_count),
            (Rung::Workspace, 60, 26)
        );
        let spread: Vec<Sample> = elsewhere.iter().flat_map(samples_of_level).collect();
        let (scores, correct) = super::spread(&spread);
        let expected = fit_platt(&scores, &correct, &SampleWeights::even(60)).unwrap().curve;
        assert_eq!(found.curve, expected);
        assert!(found.curve.slope > 0.0 && !found.inverted);
    }

    #[test]
    fn one_class_is_a_constant_below_certainty() {
        let right: Vec<Sample> = samples(30, 1)
            .into_iter()
            .map(|sample| Sample {
                correct: true,
                ..sample
            })
            .collect();
        let found = climb(&[of_type(&FieldType::Money, right)]).unwrap();
        for score in [-5.0, 0.0, 5.0] {
            assert!((found.curve.predict(score) - 31.0 / 32.0).abs() < 1e-9);
        }
        assert_eq!((found.error_count, found.inverted), (0, false));
    }

    #[test]
    fn a_field_that_was_always_right_takes_its_slope_from_the_others() {
        let right: Vec<Sample> = samples(80, 1)
            .into_iter()
            .map(|sample| Sample {
                correct: true,
                ..sample
            })
            .collect();
        let fields = [
            of_type(&FieldType::Money, right),
            of_type(&FieldType::Date, samples(200, 2)),
        ];
        let found = climb(&fields).unwrap();
        assert_eq!((found.rung, found.label_count), (Rung::Field, 80));
        let (agreed, differing) = (found.curve.predict(3.0), found.curve.predict(-2.0));
        assert!(agreed > 0.98 && differing < 0.9, "{agreed} and {differing}");
    }

    fn upside_down(samples: Vec<Sample>) -> Vec<Sample> {
        samples
            .into_iter()
            .map(|sample| Sample {
                score: -sample.score,
                ..sample
            })
            .collect()
    }

    #[test]
    fn more_agreement_with_more_errors_is_inverted() {
        let found = climb(&[of_type(&FieldType::Money, upside_down(samples(200, 1)))]).unwrap();
        assert!(found.inverted && found.curve.slope < 0.0);
    }

    #[test]
    fn an_inverted_pool_does_not_pull_down_a_field_with_labels_enough_of_its_own() {
        let wrong = || of_type(&FieldType::Money, upside_down(samples(400, 2)));
        let found = climb(&[of_type(&FieldType::Money, samples(MINIMUM_LABELS, 1)), wrong()]).unwrap();
        assert_eq!(
            (found.rung, found.label_count, found.inverted),
            (Rung::Field, MINIMUM_LABELS, false)
        );
        let found = climb(&[of_type(&FieldType::Money, samples(MINIMUM_LABELS - 1, 1)), wrong()]).unwrap();
        assert!(found.inverted, "with too few of its own, the pool's warning stands");
    }
}
