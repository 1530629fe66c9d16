//! A figure with its interval.

use accord_statistics::agreement::ChanceCorrected;
use accord_statistics::resampling::Bootstrap;
use accord_statistics::{Estimate, Interval};
use serde::Serialize;
use utoipa::ToSchema;

/// A figure with its 95 % interval, each of which may be undefined for a reason.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Figure {
    /// The figure.
    pub value: Option<f64>,
    /// Why there is no figure: `no_variation`, `no_pairable_votes`, `too_few_items` or `not_identifiable`.
    pub undefined: Option<&'static str>,
    /// The lower end of the 95 % interval.
    pub lower: Option<f64>,
    /// The upper end.
    pub upper: Option<f64>,
    /// Why there is no interval: `too_few_items` below 20 items for a bootstrap, `being_measured` while votes come in.
    pub interval_undefined: Option<&'static str>,
}

impl Figure {
    /// An estimate with its interval; coefficients are capped to what they can be.
    pub(super) fn new(estimate: Estimate, interval: Estimate<Interval>) -> Self {
        let ends = interval.value().map(|interval| interval.capped(-1.0, 1.0));
        Self {
            value: estimate.value(),
            undefined: estimate.reason().map(|reason| reason.code()),
            lower: ends.map(|ends| ends.lower),
            upper: ends.map(|ends| ends.upper),
            interval_undefined: interval.reason().map(|reason| reason.code()),
        }
    }

    /// A newer value with the interval there was, unless the value has left it.
    pub(super) fn with_value(self, estimate: Estimate) -> Self {
        let newer = Self {
            value: estimate.value(),
            undefined: estimate.reason().map(|reason| reason.code()),
            ..self
        };
        match (newer.value, newer.lower, newer.upper) {
            (Some(value), Some(lower), Some(upper)) if (lower..=upper).contains(&value) => newer,
            (Some(_), Some(_), Some(_)) | (None, ..) => Self {
                lower: None,
                upper: None,
                interval_undefined: Some("being_measured"),
                ..newer
            },
            _ => newer,
        }
    }
}

impl From<Bootstrap> for Figure {
    fn from(result: Bootstrap) -> Self {
        Self::new(result.estimate, result.interval)
    }
}

impl From<ChanceCorrected> for Figure {
    fn from(result: ChanceCorrected) -> Self {
        Self::new(result.coefficient, result.interval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_leaves_its_interval_has_none() {
        let interval = Interval { lower: 0.4, upper: 0.6 };
        let figure = Figure::new(Estimate::Value(0.5), Estimate::Value(interval));
        let inside = figure.with_value(Estimate::Value(0.45));
        assert_eq!((inside.value, inside.lower), (Some(0.45), Some(0.4)));
        let outside = figure.with_value(Estimate::Value(0.7));
        assert_eq!((outside.value, outside.lower), (Some(0.7), None));
        assert_eq!(outside.interval_undefined, Some("being_measured"));
    }
}
