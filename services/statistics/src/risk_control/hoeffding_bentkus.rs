//! P-values for losses that are not just right or wrong.

use serde::{Deserialize, Serialize};

use crate::error::{InvalidInput, open_unit, parameter};
use crate::numeric::beta_function::binomial_cumulative;

/// Losses this close to a whole number count as it, so that rounding does not add an error.
const SNAP: f64 = 1e-9;

/// P-values against "the mean loss exceeds alpha".
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LossPValues {
    /// Hoeffding's bound `exp(-n h1(min(R, alpha), alpha))`.
    pub hoeffding: f64,
    /// Bentkus' bound `e * P(Bin(n, alpha) <= ceil(n R))`, at most 1.
    pub bentkus: f64,
    /// The smaller of the two: valid for any loss in `[0, 1]`.
    pub combined: f64,
}

/// P-values for losses in `[0, 1]` that sum to `total_loss` over `items` items [Bates et al., 2021, JACM;
/// Angelopoulos et al., 2021, arXiv:2110.01052]. For plain errors use the exact
/// [`binomial_p_value`](super::binomial_p_value) alone.
///
/// # Errors
/// No items, a total outside `[0, items]`, an alpha outside (0, 1).
pub fn loss_p_values(total_loss: f64, items: u64, alpha: f64) -> Result<LossPValues, InvalidInput> {
    open_unit("alpha", alpha)?;
    parameter("items", items as f64, "at least 1", items > 0)?;
    parameter(
        "total loss",
        total_loss,
        "between 0 and the number of items",
        total_loss >= 0.0 && total_loss <= items as f64,
    )?;
    let risk = (total_loss / items as f64).min(alpha);
    let hoeffding = (-(items as f64) * divergence(risk, alpha)).exp();
    let whole = total_loss.round();
    let ceiling = if (total_loss - whole).abs() <= SNAP {
        whole
    } else {
        total_loss.ceil()
    };
    let bentkus = (std::f64::consts::E * binomial_cumulative(ceiling as u64, items, alpha)).min(1.0);
    Ok(LossPValues {
        hoeffding,
        bentkus,
        combined: hoeffding.min(bentkus),
    })
}

/// `h1(a, b) = a ln(a/b) + (1-a) ln((1-a)/(1-b))` for `0 <= a <= b < 1`.
fn divergence(a: f64, b: f64) -> f64 {
    let first = if a > 0.0 { a * (a / b).ln() } else { 0.0 };
    first + (1.0 - a) * ((-a).ln_1p() - (-b).ln_1p())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_does_not_add_an_error() {
        let exact = loss_p_values(7.0, 25, 0.5).unwrap();
        let rounded = loss_p_values(25.0 * (7.0 / 25.0) + 1e-15, 25, 0.5).unwrap();
        assert!((exact.bentkus - rounded.bentkus).abs() < 1e-12);
        assert!(loss_p_values(1.0, 0, 0.5).is_err());
        assert!(loss_p_values(3.0, 2, 0.5).is_err());
    }
}
