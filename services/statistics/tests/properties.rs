//! What holds for any data: the order of rows and the unit of weights do not matter, results stay inside their
//! bounds, and what must rise rises.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use accord_statistics::Estimate;
use accord_statistics::agreement::{
    AgreementWeights, RatingTable, fleiss_kappa, gwet_coefficient, pairwise_span_agreement, percent_agreement,
};
use accord_statistics::calibration::{CalibrationMethod, LabelledScores, SampleWeights, fit_calibrator, fit_isotonic};
use accord_statistics::drift::{MeanProcessSettings, run_mean_process};
use accord_statistics::metrics::{
    BinRule, auroc, brier_score, calibration_error, corp_decomposition, log_loss, murphy_decomposition,
};
use accord_statistics::risk_control::{RiskTarget, certify_threshold, conformal_threshold, error_upper_bound};
use accord_statistics::voting::discount_families;
use proptest::prelude::*;

/// Methods whose probability must never fall with the score.
const MONOTONE: [CalibrationMethod; 2] = [CalibrationMethod::Temperature, CalibrationMethod::Beta];
/// All methods that take any scores in [0, 1] without votes.
const ALL: [CalibrationMethod; 8] = [
    CalibrationMethod::BaseRate,
    CalibrationMethod::Temperature,
    CalibrationMethod::PlattLogit,
    CalibrationMethod::PlattRaw,
    CalibrationMethod::Beta,
    CalibrationMethod::Isotonic,
    CalibrationMethod::Levels,
    CalibrationMethod::Histogram,
];

/// Scores on a coarse grid, so that ties are common, with labels.
fn labelled() -> impl Strategy<Value = Vec<(f64, bool)>> {
    prop::collection::vec(
        ((0..=20_u8).prop_map(|step| f64::from(step) / 20.0), any::<bool>()),
        2..60,
    )
}

fn split(rows: &[(f64, bool)]) -> (Vec<f64>, Vec<bool>) {
    rows.iter().copied().unzip()
}

fn fitted(rows: &[(f64, bool)], weight: f64, method: CalibrationMethod) -> Option<Vec<f64>> {
    let (scores, correct) = split(rows);
    let weights = SampleWeights::mean_one(&vec![weight; rows.len()]).unwrap();
    let data = LabelledScores::new(scores, None, correct, weights).unwrap();
    let fit = fit_calibrator(method, &data).unwrap().value()?;
    // Where scores separate the classes beta calibration has no single best curve.
    if method == CalibrationMethod::Beta && !fit.is_trustworthy() {
        return None;
    }
    let grid = (0..=40).map(|step| fit.calibrator.predict(f64::from(step) / 40.0, None).unwrap());
    Some(grid.collect())
}

fn close(left: &[f64], right: &[f64]) -> bool {
    left.iter().zip(right).all(|(left, right)| (left - right).abs() < 1e-6)
}

/// Votes of three raters with gaps, three classes.
fn ratings() -> impl Strategy<Value = Vec<Vec<Option<usize>>>> {
    prop::collection::vec(prop::collection::vec(prop::option::weighted(0.8, 0..3_usize), 3), 1..25)
}

fn same(left: Estimate, right: Estimate) -> bool {
    match (left, right) {
        (Estimate::Value(left), Estimate::Value(right)) => (left - right).abs() < 1e-10,
        (left, right) => left == right,
    }
}

proptest! {
    #[test]
    fn calibrators_are_bounded_and_do_not_see_order_or_unit(rows in labelled(), unit in 0.01..100.0_f64) {
        let mut turned = rows.clone();
        turned.reverse();
        for method in ALL {
            let first = fitted(&rows, 1.0, method);
            if let Some(grid) = &first {
                prop_assert!(grid.iter().all(|p| (0.0..=1.0).contains(p)), "{method:?}");
            }
            for other in [fitted(&turned, 1.0, method), fitted(&rows, unit, method)] {
                prop_assert_eq!(first.is_some(), other.is_some());
                if let (Some(first), Some(other)) = (&first, &other) {
                    prop_assert!(close(first, other), "{:?}: {:?} {:?}", method, first, other);
                }
            }
        }
    }

    #[test]
    fn probabilities_never_fall_with_the_score(rows in labelled()) {
        let is_rising = |grid: &[f64]| grid.windows(2).all(|pair| pair[0] <= pair[1] + 1e-12);
        for method in MONOTONE {
            if let Some(grid) = fitted(&rows, 1.0, method) {
                prop_assert!(is_rising(&grid), "{method:?}: {grid:?}");
            }
        }
        // Isotonic steps rise; the clip of a small block may pull it below a larger one.
        let (scores, correct) = split(&rows);
        let curve = fit_isotonic(&scores, &correct, &SampleWeights::even(rows.len())).unwrap();
        let steps: Vec<f64> = (0..=40).map(|step| curve.predict_unclipped(f64::from(step) / 40.0)).collect();
        prop_assert!(is_rising(&steps), "{steps:?}");
    }

    #[test]
    fn metrics_are_bounded_and_do_not_see_order(rows in labelled()) {
        let (p, y) = split(&rows);
        let (back_p, back_y): (Vec<f64>, Vec<bool>) = rows.iter().rev().copied().unzip();
        let brier = brier_score(&p, &y).unwrap().value().unwrap();
        prop_assert!((0.0..=1.0).contains(&brier));
        prop_assert!(same(brier_score(&p, &y).unwrap(), brier_score(&back_p, &back_y).unwrap()));
        prop_assert!(same(auroc(&p, &y).unwrap(), auroc(&back_p, &back_y).unwrap()));
        // Ranking sees only the order of scores.
        let bent: Vec<f64> = p.iter().map(|p| p * p / 2.0 + p / 4.0).collect();
        prop_assert!(same(auroc(&p, &y).unwrap(), auroc(&bent, &y).unwrap()));
        prop_assert!(log_loss(&p, &y).unwrap().value().unwrap().clipped >= 0.0);
        for rule in [BinRule::DistinctLevels, BinRule::EqualMass(5), BinRule::EqualWidthRightClosed(7)] {
            let error = calibration_error(&p, &y, rule).unwrap().value().unwrap();
            let turned = calibration_error(&back_p, &back_y, rule).unwrap().value().unwrap();
            prop_assert!(error.expected <= error.maximum + 1e-12 && error.maximum <= 1.0 + 1e-12);
            prop_assert!((error.expected - turned.expected).abs() < 1e-10);
        }
        let murphy = murphy_decomposition(&p, &y).unwrap().value().unwrap();
        prop_assert!((murphy.reliability - murphy.resolution + murphy.uncertainty - brier).abs() < 1e-10);
        let corp = corp_decomposition(&p, &y).unwrap().value().unwrap();
        prop_assert!(corp.miscalibration >= -1e-12 && corp.discrimination >= -1e-12);
        prop_assert!((corp.miscalibration - corp.discrimination + corp.uncertainty - brier).abs() < 1e-10);
    }

    #[test]
    fn a_softer_promise_never_accepts_less(rows in labelled(), alpha in 0.05..0.4_f64, more in 1.0..2.0_f64) {
        let (scores, errors) = split(&rows);
        let certified = |alpha: f64| {
            let target = RiskTarget::new(alpha, 0.2).unwrap();
            certify_threshold(&scores, &errors, target, 0).unwrap().threshold.unwrap_or(f64::INFINITY)
        };
        let conformal = |alpha: f64| conformal_threshold(&scores, &errors, alpha).unwrap().threshold.unwrap_or(f64::INFINITY);
        prop_assert!(conformal(alpha * more) <= conformal(alpha));
        // Starting with fewer labels may meet an early error, so only a threshold that both test is comparable.
        let mut turned = rows.clone();
        turned.reverse();
        let (back, wrong) = split(&turned);
        let target = RiskTarget::new(alpha, 0.2).unwrap();
        let again = certify_threshold(&back, &wrong, target, 0).unwrap().threshold.unwrap_or(f64::INFINITY);
        prop_assert_eq!(certified(alpha), again);
    }

    #[test]
    fn bounds_rise_with_errors_and_fall_with_items(errors in 0..20_u64, items in 25..200_u64, delta in 0.01..0.3_f64) {
        let bound = error_upper_bound(errors, items, delta).unwrap();
        prop_assert!(error_upper_bound(errors + 1, items, delta).unwrap() > bound);
        prop_assert!(error_upper_bound(errors, items + 1, delta).unwrap() < bound);
        prop_assert!(bound > errors as f64 / items as f64 && bound <= 1.0);
    }

    #[test]
    fn agreement_is_bounded_and_does_not_see_order(rows in ratings()) {
        let table = RatingTable::from_ratings(&rows, 3).unwrap();
        let turned: Vec<Vec<Option<usize>>> =
            rows.iter().rev().map(|row| row.iter().rev().copied().collect()).collect();
        let turned = RatingTable::from_ratings(&turned, 3).unwrap();
        let of = |table: &RatingTable| {
            [
                percent_agreement(table),
                fleiss_kappa(table).kappa.coefficient,
                gwet_coefficient(table, AgreementWeights::Identity).coefficient,
                gwet_coefficient(table, AgreementWeights::Quadratic).coefficient,
            ]
        };
        prop_assert!(percent_agreement(&table).value().is_none_or(|share| (0.0..=1.0).contains(&share)));
        for (left, right) in of(&table).into_iter().zip(of(&turned)) {
            prop_assert!(same(left, right), "{left:?} {right:?}");
            // Below there is no such bound: with missing votes a coefficient may fall under -1.
            prop_assert!(left.value().is_none_or(|value| value <= 1.0 + 1e-9), "{left:?}");
        }
    }

    #[test]
    fn span_agreement_is_symmetric_and_bounded(
        first in prop::collection::vec((0..10_usize, 1..4_usize), 0..5),
        second in prop::collection::vec((0..10_usize, 1..4_usize), 0..5),
    ) {
        let spans = |starts: &[(usize, usize)]| -> Vec<accord_statistics::agreement::Span<&str>> {
            let spans = starts.iter().map(|(start, length)| accord_statistics::agreement::Span {
                start: *start,
                end: start + length,
                label: "name",
            });
            spans.collect()
        };
        let of = |first: &[(usize, usize)], second: &[(usize, usize)]| {
            let (_, exact, positions) = pairwise_span_agreement(&[vec![spans(first)], vec![spans(second)]]).unwrap();
            (exact, positions)
        };
        let (there, back) = (of(&first, &second), of(&second, &first));
        prop_assert!(same(there.0, back.0) && same(there.1, back.1));
        for value in [there.0, there.1].into_iter().filter_map(Estimate::value) {
            prop_assert!((0.0..=1.0).contains(&value));
        }
    }

    #[test]
    fn families_count_between_one_voice_each_and_all(
        members in prop::collection::vec(0..4_usize, 1..12),
        correlation in 0.0..=1.0_f64,
    ) {
        let discount = discount_families(&members, &[correlation; 4]).unwrap();
        let families = members.iter().collect::<std::collections::BTreeSet<_>>().len() as f64;
        prop_assert!(discount.effective_votes >= families - 1e-9);
        prop_assert!(discount.effective_votes <= members.len() as f64 + 1e-9);
        prop_assert!(discount.voter_factors.iter().all(|factor| *factor > 0.0 && *factor <= 1.0 + 1e-12));
    }

    #[test]
    fn evidence_for_drift_does_not_see_the_order_of_audits(
        mut losses in prop::collection::vec(0.0..=1.0_f64, 0..40),
        alpha in 0.01..0.5_f64,
    ) {
        let of = |losses: &[f64]| {
            let settings = MeanProcessSettings::standard(alpha, 0.05).unwrap();
            run_mean_process(settings, losses).unwrap().log_e.last().copied().unwrap_or(0.0)
        };
        let forward = of(&losses);
        losses.reverse();
        prop_assert!((forward - of(&losses)).abs() < 1e-9);
        losses.push(1.0);
        prop_assert!(of(&losses) > forward);
    }
}
