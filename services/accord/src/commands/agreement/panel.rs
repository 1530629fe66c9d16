//! What so many votes are worth: how far annotators err on the same items.

use accord_statistics::Estimate;
use accord_statistics::voting::{design_effect_votes, error_correlation_of_lists};
use serde::Serialize;

use crate::commands::vote_files::FieldTable;

/// Shared errors, measured on items with gold.
#[derive(Debug, Serialize)]
pub(super) struct Panel {
    /// Items with a vote and gold.
    pub(super) labelled_items: usize,
    /// Votes an item has, on average and rounded: `k`.
    pub(super) votes_per_item: usize,
    /// What they are worth at the mean correlation: `k_eff = k / (1 + (k - 1) rho)`.
    pub(super) effective_votes: f64,
    /// Mean error correlation of the pairs where it is defined: `rho`.
    pub(super) mean_error_correlation: Estimate,
    /// Rows and columns of the matrices.
    pub(super) annotators: Vec<String>,
    /// Share of wrong votes of each annotator.
    pub(super) error_rates: Vec<Estimate>,
    /// Correlation of the errors of every pair.
    pub(super) error_correlations: Vec<Vec<Estimate>>,
    /// Items with gold that both voted on.
    pub(super) pair_items: Vec<Vec<usize>>,
}

/// Measures these annotators, given the votes `(item, label)` of each.
pub(super) fn panel(
    annotators: Vec<String>,
    lists: &[Vec<(usize, usize)>],
    table: &FieldTable,
    known: &[Option<u16>],
) -> anyhow::Result<Panel> {
    let gold = table.known(known);
    let error = |(item, class): &(usize, usize)| {
        let right = gold.get(*item).copied().flatten()?;
        Some((*item, *class != right))
    };
    let errors: Vec<Vec<(usize, bool)>> = lists
        .iter()
        .map(|list| list.iter().filter_map(error).collect())
        .collect();
    let correlation = error_correlation_of_lists(&errors)?;
    let items = table.votes.items().max(1);
    let votes_per_item = (table.votes.votes() + items / 2) / items;
    Ok(Panel {
        labelled_items: gold.iter().flatten().count(),
        votes_per_item,
        effective_votes: design_effect_votes(votes_per_item, correlation.mean.value().unwrap_or(0.0)),
        mean_error_correlation: correlation.mean,
        annotators,
        error_rates: correlation.error_rates,
        error_correlations: correlation.correlations,
        pair_items: correlation.pair_items,
    })
}
