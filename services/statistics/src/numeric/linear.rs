//! Small symmetric positive definite systems.

/// Solves `matrix * x = right` by Cholesky's method for a symmetric positive definite matrix given as
/// rows, of which only the lower triangle is read; `None` where a pivot is not positive.
pub(crate) fn solve_positive_definite(matrix: &[Vec<f64>], right: &[f64]) -> Option<Vec<f64>> {
    let lower = cholesky(matrix)?;
    let size = right.len();
    let mut forward = vec![0.0; size];
    for row in 0..size {
        let mut value = *right.get(row)?;
        for column in 0..row {
            value -= lower.get(row)?.get(column)? * forward.get(column)?;
        }
        *forward.get_mut(row)? = value / lower.get(row)?.get(row)?;
    }
    let mut solution = vec![0.0; size];
    for row in (0..size).rev() {
        let mut value = *forward.get(row)?;
        for column in row + 1..size {
            value -= lower.get(column)?.get(row)? * solution.get(column)?;
        }
        *solution.get_mut(row)? = value / lower.get(row)?.get(row)?;
    }
    Some(solution)
}

fn cholesky(matrix: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
    let size = matrix.len();
    let mut lower: Vec<Vec<f64>> = Vec::with_capacity(size);
    for row in 0..size {
        let mut current = vec![0.0; size];
        for column in 0..row {
            let other = lower.get(column)?;
            let mut value = *matrix.get(row)?.get(column)?;
            for (left, right) in current.iter().zip(other).take(column) {
                value -= left * right;
            }
            *current.get_mut(column)? = value / other.get(column)?;
        }
        let squares: f64 = current.iter().take(row).map(|value| value * value).sum();
        let pivot = matrix.get(row)?.get(row)? - squares;
        if pivot.is_nan() || pivot <= 0.0 {
            return None;
        }
        *current.get_mut(row)? = pivot.sqrt();
        lower.push(current);
    }
    Some(lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solves_and_refuses() {
        let matrix = vec![vec![4.0, 2.0], vec![2.0, 3.0]];
        let solution = solve_positive_definite(&matrix, &[2.0, 5.0]).unwrap();
        assert!((solution[0] + 0.5).abs() < 1e-15 && (solution[1] - 2.0).abs() < 1e-15);
        let singular = vec![vec![1.0, 1.0], vec![1.0, 1.0]];
        assert!(solve_positive_definite(&singular, &[1.0, 1.0]).is_none());
    }
}
