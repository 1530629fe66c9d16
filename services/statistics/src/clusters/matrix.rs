//! A checked matrix of similarities.

use crate::error::{InvalidInput, parameter, probabilities, same_length};
use crate::similarity::Similarity;

/// Largest difference between two mirrored entries.
const ASYMMETRY_TOLERANCE: f64 = 1e-9;

/// Pairwise similarities of votes: symmetric, within `[0, 1]`, 1 on the diagonal.
#[derive(Debug, Clone, PartialEq)]
pub struct SimilarityMatrix {
    size: usize,
    entries: Vec<f64>,
}

impl SimilarityMatrix {
    /// Similarities of all pairs of `values`, in their order.
    pub fn measure<T: AsRef<str>>(values: &[T], similarity: Similarity) -> Self {
        let size = values.len();
        let mut entries = vec![1.0; size * size];
        for (row, first) in values.iter().enumerate() {
            for (column, second) in values.iter().enumerate().take(row) {
                let measured = similarity.measure(first.as_ref(), second.as_ref());
                entries[row * size + column] = measured;
                entries[column * size + row] = measured;
            }
        }
        Self { size, entries }
    }

    /// Equality as similarity: 1 where equal, else 0. Clusters are then the classes of equal values.
    pub fn equality<T: PartialEq>(values: &[T]) -> Self {
        let rows = values.iter();
        let entries = rows
            .flat_map(|first| values.iter().map(move |second| f64::from(u8::from(first == second))))
            .collect();
        Self {
            size: values.len(),
            entries,
        }
    }

    /// A matrix measured elsewhere, as rows.
    ///
    /// # Errors
    /// A matrix that is not square, not symmetric within 1e-9, has entries outside `[0, 1]`, or a
    /// diagonal other than 1.
    pub fn from_rows(rows: &[Vec<f64>]) -> Result<Self, InvalidInput> {
        for row in rows {
            same_length("similarity row", rows.len(), row.len())?;
            probabilities("similarity", row)?;
        }
        for (row, values) in rows.iter().enumerate() {
            for (column, value) in values.iter().enumerate().take(row + 1) {
                let mirrored = if row == column { 1.0 } else { rows[column][row] };
                parameter(
                    "asymmetry of the similarity",
                    (value - mirrored).abs(),
                    "a symmetric matrix with 1 on its diagonal",
                    (value - mirrored).abs() <= ASYMMETRY_TOLERANCE,
                )?;
            }
        }
        Ok(Self {
            size: rows.len(),
            entries: rows.concat(),
        })
    }

    /// Number of votes.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Similarity of two votes; `None` out of range.
    pub fn get(&self, first: usize, second: usize) -> Option<f64> {
        (first < self.size && second < self.size).then(|| self.at(first, second))
    }

    /// Similarity of two votes known to be in range.
    pub(super) fn at(&self, first: usize, second: usize) -> f64 {
        self.entries[first * self.size + second]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_checked() {
        assert!(SimilarityMatrix::from_rows(&[vec![1.0, 0.2], vec![0.3, 1.0]]).is_err());
        assert!(SimilarityMatrix::from_rows(&[vec![0.9]]).is_err());
        assert!(SimilarityMatrix::from_rows(&[vec![1.0, 0.2]]).is_err());
        let matrix = SimilarityMatrix::from_rows(&[vec![1.0, 0.2], vec![0.2, 1.0]]).unwrap();
        assert_eq!(matrix.get(0, 1), Some(0.2));
        assert_eq!(matrix.get(0, 2), None);
    }

    #[test]
    fn equality_is_zero_or_one() {
        let matrix = SimilarityMatrix::equality(&["a", "b", "a"]);
        assert_eq!(matrix.get(0, 2), Some(1.0));
        assert_eq!(matrix.get(0, 1), Some(0.0));
    }
}
