//! Agreement on marked spans.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::Undefined;
use crate::error::{InvalidInput, parameter, same_length};
use crate::estimate::Estimate;
use crate::numeric::sum::mean;

/// A labelled half-open range of tokens or code points.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span<L> {
    /// First position.
    pub start: usize,
    /// Position after the last.
    pub end: usize,
    /// Label.
    pub label: L,
}

/// Micro F1 of two annotators over documents. It is the limit of kappa where unmarked text is unbounded
/// [Hripcsak & Rothschild, 2005, JAMIA].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SpanAgreement {
    /// F1 of spans equal in start, end and label. Undefined (`no_pairable_votes`) where neither annotator
    /// marked anything; 0 where only one did.
    pub exact: Estimate,
    /// F1 of positions marked with the same label.
    pub positions: Estimate,
    /// Documents in which neither annotator marked anything: agreement on absence, counted apart.
    pub both_empty: usize,
}

/// Agreement of one pair of annotators.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SpanPair {
    /// Index of the first annotator.
    pub first: usize,
    /// Index of the second annotator.
    pub second: usize,
    /// Their agreement.
    pub agreement: SpanAgreement,
}

/// Agreement of two annotators: `first[d]` and `second[d]` are the spans marked in document `d`.
///
/// # Errors
/// Another number of documents, or a span that ends before it starts.
pub fn span_agreement<L: Ord>(first: &[Vec<Span<L>>], second: &[Vec<Span<L>>]) -> Result<SpanAgreement, InvalidInput> {
    same_length("documents of the second annotator", first.len(), second.len())?;
    for span in first.iter().chain(second).flatten() {
        parameter(
            "start of a span",
            span.start as f64,
            "at most its end",
            span.start <= span.end,
        )?;
    }
    let (mut exact, mut positions, mut both_empty) = (Overlap::default(), Overlap::default(), 0);
    for (own, other) in first.iter().zip(second) {
        both_empty += usize::from(own.is_empty() && other.is_empty());
        exact.add(&own.iter().collect(), &other.iter().collect());
        positions.add(&marked(own), &marked(other));
    }
    Ok(SpanAgreement {
        exact: exact.f1(),
        positions: positions.f1(),
        both_empty,
    })
}

/// Agreement of all pairs of annotators, and the mean over pairs of both measures where defined.
///
/// # Errors
/// As [`span_agreement`].
pub fn pairwise_span_agreement<L: Ord>(
    annotators: &[Vec<Vec<Span<L>>>],
) -> Result<(Vec<SpanPair>, Estimate, Estimate), InvalidInput> {
    let mut pairs = Vec::new();
    for first in 0..annotators.len() {
        for second in first + 1..annotators.len() {
            let agreement = span_agreement(&annotators[first], &annotators[second])?;
            pairs.push(SpanPair {
                first,
                second,
                agreement,
            });
        }
    }
    let average = |measure: fn(&SpanAgreement) -> Estimate| -> Estimate {
        let defined: Vec<f64> = pairs
            .iter()
            .filter_map(|pair| measure(&pair.agreement).value())
            .collect();
        mean(&defined).ok_or(Undefined::NoPairableVotes).into()
    };
    let exact = average(|agreement| agreement.exact);
    let positions = average(|agreement| agreement.positions);
    Ok((pairs, exact, positions))
}

fn marked<L: Ord>(spans: &[Span<L>]) -> BTreeSet<(usize, &L)> {
    spans
        .iter()
        .flat_map(|span| (span.start..span.end).map(move |position| (position, &span.label)))
        .collect()
}

#[derive(Default)]
struct Overlap {
    shared: usize,
    total: usize,
}

impl Overlap {
    fn add<T: Ord>(&mut self, first: &BTreeSet<T>, second: &BTreeSet<T>) {
        self.shared += first.intersection(second).count();
        self.total += first.len() + second.len();
    }

    fn f1(&self) -> Estimate {
        if self.total == 0 {
            Estimate::Undefined(Undefined::NoPairableVotes)
        } else {
            Estimate::Value(2.0 * self.shared as f64 / self.total as f64)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: usize, end: usize, label: &str) -> Span<&str> {
        Span { start, end, label }
    }

    #[test]
    fn overlap_without_equality_counts_positions_only() {
        let first = [vec![span(0, 4, "a")], vec![]];
        let second = [vec![span(0, 2, "a")], vec![]];
        let agreement = span_agreement(&first, &second).unwrap();
        assert_eq!(agreement.exact, Estimate::Value(0.0));
        assert_eq!(agreement.positions, Estimate::Value(2.0 * 2.0 / 6.0));
        assert_eq!(agreement.both_empty, 1);
    }

    #[test]
    fn labels_must_match_and_spans_must_be_sound() {
        let first = [vec![span(0, 2, "a")]];
        let second = [vec![span(0, 2, "b")]];
        let agreement = span_agreement(&first, &second).unwrap();
        assert_eq!(agreement.positions, Estimate::Value(0.0));
        assert!(span_agreement(&first, &[vec![span(3, 2, "a")]]).is_err());
        assert!(span_agreement(&first, &[]).is_err());
    }
}
