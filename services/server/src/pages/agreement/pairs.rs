//! Every pair of annotators, and people against machines.

use accord_charts::{PairCell, agreement_matrix};
use serde::Serialize;

use super::{names, whole};
use crate::figures::{AgreementDetail, PairAgreement, PoolAgreement};
use crate::pages::figure_cell::{FigureCell, reason};
use crate::pages::numbers::{figure, percent};
use crate::problem::Problem;

/// All pairs, as a matrix and as a table.
#[derive(Debug, Serialize)]
pub(super) struct PairsShown {
    svg: String,
    mean: Option<String>,
    lines: Vec<PairLine>,
    left_out: Option<String>,
}

#[derive(Debug, Serialize)]
struct PairLine {
    first: String,
    second: String,
    items: String,
    percent: Option<String>,
    kappa: Option<String>,
    why: &'static str,
}

/// People against machines.
#[derive(Debug, Serialize)]
pub(super) struct PoolsShown {
    people: String,
    machines: String,
    items: String,
    people_alpha: Option<String>,
    machines_alpha: Option<String>,
    joint_alpha: Option<String>,
    percent: Option<String>,
    kappa: FigureCell,
    /// Whether machines agree with each other far more than with people.
    shared_error: bool,
}

/// How far apart the two must be to be told.
const SHARED_ERROR_FROM: f64 = 0.2;

/// All pairs; none with fewer than two annotators.
pub(super) fn pairs(detail: &AgreementDetail) -> Result<Option<PairsShown>, Problem> {
    if detail.annotators.len() < 2 {
        return Ok(None);
    }
    let names = names(detail);
    let cell = |pair: &PairAgreement| PairCell {
        value: pair.kappa,
        items: pair.item_count,
    };
    let cells: Vec<Vec<PairCell>> = detail.pairs.iter().map(|row| row.iter().map(cell).collect()).collect();
    let svg = agreement_matrix("Cohen's kappa of every pair of annotators", &names, &cells)
        .map_err(|error| Problem::internal(&error))?;
    let mut found: Vec<(usize, usize, PairAgreement)> = Vec::new();
    for (first, row) in detail.pairs.iter().enumerate() {
        let later = row.iter().enumerate().skip(first + 1);
        found.extend(later.map(|(second, pair)| (first, second, *pair)));
    }
    // The worst pair first: it is what one looks for. Pairs without a kappa come last.
    found.sort_by(|left, right| {
        let kappa = |pair: &PairAgreement| pair.kappa.unwrap_or(f64::INFINITY);
        kappa(&left.2).total_cmp(&kappa(&right.2))
    });
    let line = |(first, second, pair): &(usize, usize, PairAgreement)| PairLine {
        first: names.get(*first).cloned().unwrap_or_default(),
        second: names.get(*second).cloned().unwrap_or_default(),
        items: accord_charts::numbers::whole(pair.item_count),
        percent: pair.percent_agreement.map(percent),
        kappa: pair.kappa.map(figure),
        why: match pair.undefined {
            Some("no_pairable_votes") => "no item in common",
            Some(code) => reason(code),
            None => "",
        },
    };
    Ok(Some(PairsShown {
        svg,
        mean: detail.mean_kappa.map(figure),
        lines: found.iter().map(line).collect(),
        left_out: (detail.annotators_left_out > 0).then(|| {
            format!(
                "The {} annotators with the most votes are compared; {} more voted.",
                whole(names.len()),
                whole(detail.annotators_left_out)
            )
        }),
    }))
}

fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", whole(number), if number == 1 { one } else { many })
}

/// People against machines in words.
pub(super) fn pools(pools: PoolAgreement) -> PoolsShown {
    let shared_error = match (pools.machines_alpha, pools.kappa.value) {
        (Some(within), Some(across)) => within - across > SHARED_ERROR_FROM,
        _ => false,
    };
    PoolsShown {
        people: counted(pools.people, "person", "people"),
        machines: counted(pools.machines, "machine", "machines"),
        items: counted(pools.item_count, "item", "items"),
        people_alpha: pools.people_alpha.map(figure),
        machines_alpha: pools.machines_alpha.map(figure),
        joint_alpha: pools.joint_alpha.map(figure),
        percent: pools.percent_agreement.map(percent),
        kappa: FigureCell::new(pools.kappa, figure),
        shared_error,
    }
}
