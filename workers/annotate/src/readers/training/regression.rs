//! Logistic regressions by linfa, with inputs standardised and the direction of classes made certain.

use linfa::Dataset;
use linfa::traits::Fit;
use linfa_logistic::{LogisticRegression, MultiLogisticRegression};
use ndarray::{Array1, Array2};

/// The most steps of the solver.
const MAXIMUM_STEPS: u64 = 300;

/// The most that a coefficient of the gradient may be at the solution, for each row of the data.
const GRADIENT_TOLERANCE_PER_ROW: f64 = 1e-6;

/// A binary regression on standardised features.
#[derive(Debug, Clone)]
pub(super) struct Binary {
    /// Mean of each feature.
    pub(super) means: Vec<f64>,
    /// Standard deviation of each feature; 1 when it does not vary.
    pub(super) scales: Vec<f64>,
    /// Weight of each standardised feature; positive weights speak for `true`.
    pub(super) coefficients: Vec<f64>,
    /// The constant term.
    pub(super) intercept: f64,
}

/// A multinomial regression.
#[derive(Debug, Clone)]
pub(super) struct Multinomial {
    /// The classes in the order of the coefficients, as numbers of the input.
    pub(super) classes: Vec<usize>,
    /// For each class the weight of each feature.
    pub(super) coefficients: Vec<Vec<f64>>,
    /// For each class the constant term.
    pub(super) intercepts: Vec<f64>,
}

fn gradient_tolerance(rows: usize) -> f64 {
    GRADIENT_TOLERANCE_PER_ROW * f64::from(u32::try_from(rows).unwrap_or(u32::MAX)).max(1.0)
}

fn matrix(rows: &[Vec<f64>]) -> Result<Array2<f64>, String> {
    let width = rows.first().map_or(0, Vec::len);
    let flat: Vec<f64> = rows.iter().flatten().copied().collect();
    Array2::from_shape_vec((rows.len(), width), flat).map_err(|error| error.to_string())
}

/// Fits P(true) of rows of equal length. When only one class occurs no feature has a weight, and the constant is the log-odds of one
/// observation more of each class.
pub(super) fn fit_binary(rows: &[Vec<f64>], targets: &[bool], regularisation: f64) -> Result<Binary, String> {
    let (means, scales) = moments(rows);
    let count = |wanted: bool| {
        f64::from(u32::try_from(targets.iter().filter(|target| **target == wanted).count()).unwrap_or(u32::MAX))
    };
    if targets.is_empty() {
        return Err("there are no examples".to_owned());
    }
    if count(true) < 1.0 || count(false) < 1.0 {
        return Ok(Binary {
            coefficients: vec![0.0; means.len()],
            intercept: ((count(true) + 1.0) / (count(false) + 1.0)).ln(),
            means,
            scales,
        });
    }
    let standardised: Vec<Vec<f64>> = rows
        .iter()
        .map(|row| {
            row.iter()
                .zip(&means)
                .zip(&scales)
                .map(|((value, mean), scale)| (value - mean) / scale)
                .collect()
        })
        .collect();
    let dataset = Dataset::new(matrix(&standardised)?, Array1::from_vec(targets.to_vec()));
    let fitted = LogisticRegression::default()
        .alpha(regularisation)
        .max_iterations(MAXIMUM_STEPS)
        .gradient_tolerance(gradient_tolerance(rows.len()))
        .fit(&dataset)
        .map_err(|error| error.to_string())?;
    // The library calls the more frequent class the positive one; the sign of the solution follows it.
    let sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };
    let coefficients: Vec<f64> = fitted.params().iter().map(|weight| sign * weight).collect();
    let intercept = sign * fitted.intercept();
    if !intercept.is_finite() || coefficients.iter().any(|weight| !weight.is_finite()) {
        return Err("a weight is not finite".to_owned());
    }
    Ok(Binary {
        means,
        scales,
        coefficients,
        intercept,
    })
}

/// Fits the probabilities of classes given as numbers. At least two classes must occur.
pub(super) fn fit_multinomial(
    rows: &[Vec<f64>],
    targets: &[usize],
    regularisation: f64,
) -> Result<Multinomial, String> {
    let dataset = Dataset::new(matrix(rows)?, Array1::from_vec(targets.to_vec()));
    let fitted = MultiLogisticRegression::default()
        .alpha(regularisation)
        .max_iterations(MAXIMUM_STEPS)
        .gradient_tolerance(gradient_tolerance(rows.len()))
        .fit(&dataset)
        .map_err(|error| error.to_string())?;
    let coefficients: Vec<Vec<f64>> = fitted
        .params()
        .columns()
        .into_iter()
        .map(|column| column.to_vec())
        .collect();
    if coefficients.iter().flatten().any(|weight| !weight.is_finite()) {
        return Err("a weight is not finite".to_owned());
    }
    Ok(Multinomial {
        classes: fitted.classes().to_vec(),
        coefficients,
        intercepts: fitted.intercept().to_vec(),
    })
}

/// Mean and standard deviation of each column; the deviation of a column that does not vary is 1.
fn moments(rows: &[Vec<f64>]) -> (Vec<f64>, Vec<f64>) {
    let width = rows.first().map_or(0, Vec::len);
    let count = f64::from(u32::try_from(rows.len()).unwrap_or(u32::MAX)).max(1.0);
    let column = |place: usize| rows.iter().filter_map(move |row| row.get(place).copied());
    let means: Vec<f64> = (0..width).map(|place| column(place).sum::<f64>() / count).collect();
    let deviation = |(place, mean): (usize, &f64)| {
        let variance = column(place).map(|value| (value - mean).powi(2)).sum::<f64>() / count;
        if variance > 1e-12 { variance.sqrt() } else { 1.0 }
    };
    let scales = means.iter().enumerate().map(deviation).collect();
    (means, scales)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The weight must be positive whichever class is the more frequent.
    #[test]
    fn positive_weights_speak_for_true() {
        for rare_is_true in [true, false] {
            let rows: Vec<Vec<f64>> = (0..60_u32).map(|row| vec![f64::from(row), 7.0]).collect();
            let targets: Vec<bool> = (0..60)
                .map(|row| if rare_is_true { row >= 50 } else { row >= 10 })
                .collect();
            let fitted = fit_binary(&rows, &targets, 0.1).unwrap();
            assert!(fitted.coefficients[0] > 0.5, "{fitted:?}");
            assert!(fitted.coefficients[1].abs() < 1e-9);
        }
    }

    #[test]
    fn small_numbers_are_learned_from_as_well() {
        let rows: Vec<Vec<f64>> = (0..40_u32).map(|row| vec![f64::from(row) * 1e-7]).collect();
        let targets: Vec<bool> = (0..40).map(|row| row >= 20).collect();
        assert!(fit_binary(&rows, &targets, 0.1).unwrap().coefficients[0] > 0.5);
    }

    #[test]
    fn one_class_leaves_the_features_without_weight() {
        let fitted = fit_binary(&[vec![1.0], vec![2.0], vec![3.0]], &[true; 3], 1.0).unwrap();
        assert_eq!(fitted.coefficients, [0.0]);
        assert!((fitted.intercept - 4.0_f64.ln()).abs() < 1e-12);
        assert!(fit_binary(&[], &[], 1.0).is_err());
    }
}
