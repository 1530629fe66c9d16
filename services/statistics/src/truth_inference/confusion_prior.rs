//! What is assumed of confusions before anything is seen.

use serde::{Deserialize, Serialize};

use crate::error::{InvalidInput, non_negative};

/// Counts added before anything is seen (Dirichlet parameters less 1).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawPrior")]
pub struct ConfusionPrior {
    pub(super) every_cell: f64,
    pub(super) diagonal: f64,
    pub(super) every_class: f64,
}

#[derive(Deserialize)]
struct RawPrior {
    every_cell: f64,
    diagonal: f64,
    every_class: f64,
}

impl TryFrom<RawPrior> for ConfusionPrior {
    type Error = InvalidInput;

    fn try_from(raw: RawPrior) -> Result<Self, InvalidInput> {
        Self::new(raw.every_cell, raw.diagonal, raw.every_class)
    }
}

impl Default for ConfusionPrior {
    /// Half a vote in every cell, two more on the diagonal, one item in every class.
    fn default() -> Self {
        Self {
            every_cell: 0.5,
            diagonal: 2.0,
            every_class: 1.0,
        }
    }
}

impl ConfusionPrior {
    /// No prior: maximum likelihood, as first published. Rows nobody used are even.
    pub const NONE: Self = Self {
        every_cell: 0.0,
        diagonal: 0.0,
        every_class: 0.0,
    };

    /// Counts for every cell of a confusion matrix, in addition for its diagonal, and for every class.
    ///
    /// # Errors
    /// A count that is negative or not finite.
    pub fn new(every_cell: f64, diagonal: f64, every_class: f64) -> Result<Self, InvalidInput> {
        non_negative("prior counts", &[every_cell, diagonal, every_class])?;
        Ok(Self {
            every_cell,
            diagonal,
            every_class,
        })
    }
}
