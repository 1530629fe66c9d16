//! The score of a whole document from the probabilities of its fields.

use crate::Undefined;
use crate::error::{InvalidInput, probabilities};
use crate::estimate::Estimate;
use crate::numeric::sum::sum;

/// How the probabilities of a document's fields become one score. Neither is a probability that the whole
/// document is right: calibrate it on documents, and certify it with documents as units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentScore {
    /// The least probability: as good as the weakest field.
    Minimum,
    /// The sum of the logarithms: all fields count. A field of probability 0 counts as 1e-300.
    LogProduct,
}

impl DocumentScore {
    /// The score of one document from the probabilities of its fields, in any order. Undefined
    /// (`too_few_items`) without fields.
    ///
    /// # Errors
    /// A probability outside `[0, 1]`.
    pub fn of(self, fields: &[f64]) -> Result<Estimate, InvalidInput> {
        probabilities("probabilities of fields", fields)?;
        if fields.is_empty() {
            return Ok(Estimate::Undefined(Undefined::TooFewItems));
        }
        Ok(Estimate::Value(match self {
            Self::Minimum => fields.iter().copied().fold(1.0, f64::min),
            Self::LogProduct => sum(fields.iter().map(|probability| probability.max(1e-300).ln())),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weakest_field_or_all_of_them() {
        let fields = [0.9, 0.5, 1.0];
        assert_eq!(DocumentScore::Minimum.of(&fields), Ok(Estimate::Value(0.5)));
        let product = DocumentScore::LogProduct.of(&fields).unwrap().value().unwrap();
        assert!((product - 0.45_f64.ln()).abs() < 1e-15);
        assert!(
            DocumentScore::LogProduct
                .of(&[0.0])
                .unwrap()
                .value()
                .unwrap()
                .is_finite()
        );
        assert_eq!(
            DocumentScore::Minimum.of(&[]).unwrap().reason(),
            Some(Undefined::TooFewItems)
        );
        assert!(DocumentScore::Minimum.of(&[1.5]).is_err());
    }
}
