//! The agreement of one field.

use accord_datasets::table_file::NameTable;
use accord_datasets::vote_file::FieldVotes;
use accord_statistics::Estimate;
use accord_statistics::agreement::{
    ChanceCorrected, CohenKappa, DisagreementWeights, PairTable, PoolComparison, PrevalenceIndices, RatingProfiles,
    RatingTable, bootstrap_pools, compare_pools, open_pairs,
};
use accord_statistics::resampling::{Bootstrap, BootstrapPlan};
use accord_statistics::votes::VoteTable;
use serde::Serialize;

use super::panel::{Panel, panel};
use super::pools::Pools;
use super::ratings::{of_ratings, plan};
use crate::arguments::{AgreementArguments, LabelLevel};
use crate::commands::vote_files::{FieldTable, leave_out_unvoted};

/// Most annotators of whom all pairs are compared when nothing else is asked for.
pub(super) const MOST_IN_PAIRS: usize = 200;

/// Most labels for which pairs are compared by the distance of labels; above, labels are only alike or not.
const MOST_WEIGHTED_LABELS: usize = 256;

/// The agreement of one field.
#[derive(Debug, Serialize)]
pub(super) struct FieldAgreement {
    /// Name of the field; null when the file has no column `field`.
    pub(super) field: Option<String>,
    /// Items with at least one vote.
    pub(super) items: usize,
    pub(super) votes: usize,
    /// Annotators with at least one vote.
    pub(super) annotators: usize,
    /// How often each label was given, in the order of labels.
    pub(super) labels: Vec<LabelCount>,
    /// Mean over items of the share of pairs of votes that agree.
    pub(super) percent_agreement: Estimate,
    /// Krippendorff's alpha at the level asked for.
    pub(super) alpha: Estimate,
    /// Its bootstrap over items; null without replicates.
    pub(super) alpha_bootstrap: Option<Bootstrap>,
    pub(super) fleiss_kappa: ChanceCorrected,
    pub(super) gwet_ac1: ChanceCorrected,
    /// Gwet's coefficient with weights for the distance of labels; null at the nominal level.
    pub(super) gwet_ac2: Option<ChanceCorrected>,
    /// What only two annotators have; null with another number of them.
    pub(super) two_raters: Option<TwoRaters>,
    /// All pairs; null with a single annotator.
    pub(super) pairs: Option<Pairs>,
    /// Every two pools; empty without pools.
    pub(super) pools: Vec<PoolPair>,
    /// How far errors are shared; null without gold.
    pub(super) panel: Option<Panel>,
}

#[derive(Debug, Serialize)]
pub(super) struct LabelCount {
    pub(super) label: String,
    pub(super) votes: u64,
    pub(super) share: f64,
}

#[derive(Debug, Serialize)]
pub(super) struct TwoRaters {
    pub(super) annotators: [String; 2],
    /// Items both voted on.
    pub(super) items: u64,
    pub(super) percent_agreement: Estimate,
    pub(super) cohen_kappa: CohenKappa,
    pub(super) scott_pi: Estimate,
    /// Prevalence and bias; null unless there are two labels.
    pub(super) prevalence: Option<PrevalenceIndices>,
}

#[derive(Debug, Serialize)]
pub(super) struct Pairs {
    /// Those compared, by their number of votes; rows and columns of the matrices.
    pub(super) annotators: Vec<String>,
    /// Annotators that are not among them.
    pub(super) left_out: usize,
    /// `nominal` or `quadratic`: how kappa weighs different labels.
    pub(super) weights: DisagreementWeights,
    /// Cohen's kappa of every pair.
    pub(super) kappa: Vec<Vec<Estimate>>,
    /// Items of every pair.
    pub(super) items: Vec<Vec<u64>>,
    /// Mean over the pairs where kappa is defined.
    pub(super) mean_kappa: Estimate,
}

#[derive(Debug, Serialize)]
pub(super) struct PoolPair {
    pub(super) first: String,
    pub(super) second: String,
    #[serde(flatten)]
    pub(super) comparison: PoolComparison,
    /// Bootstrap of the kappa across the pools; null without replicates.
    pub(super) kappa_bootstrap: Option<Bootstrap>,
}

/// What a field is measured with.
pub(super) struct Measuring<'a> {
    pub(super) annotators: &'a NameTable,
    /// Known labels by item.
    pub(super) known: Option<&'a [Option<u16>]>,
    pub(super) pools: &'a Pools,
    pub(super) arguments: &'a AgreementArguments,
}

impl Measuring<'_> {
    pub(super) fn measure(&self, mut field: FieldVotes) -> anyhow::Result<FieldAgreement> {
        let items = leave_out_unvoted(&mut field);
        let labels = field.labels.len();
        let ratings = RatingProfiles::from_rows(&field.starts, &field.label_ids, labels)?;
        let plan = plan(self.arguments)?;
        let mut agreement = of_ratings(&ratings, &field.labels, plan, self.arguments)?;
        agreement.annotators = field.annotators;
        agreement.field = field.name.take();
        let compared = self.compared(agreement.annotators);
        if compared > 1 || !self.pools.names.is_empty() || self.known.is_some() {
            // Who voted matters only here.
            let voters = voters_by_votes(&field, self.annotators.len());
            let compared = voters.get(..compared).unwrap_or(&voters);
            let table = FieldTable::of_rows(&mut field, self.annotators.len(), items)?;
            let lists = vote_lists(&table.votes, compared);
            agreement.two_raters = self.two_raters(&voters, &lists, labels)?;
            agreement.pairs = self.pairs(&voters, &lists, labels)?;
            agreement.pools = self.compare_pools(&table.votes, plan)?;
            agreement.panel = self.panel(&voters, &lists, &table)?;
        }
        Ok(agreement)
    }

    /// Of how many annotators all pairs are compared.
    fn compared(&self, voters: usize) -> usize {
        match self.arguments.pairs {
            Some(pairs) => pairs.min(voters),
            None if voters <= MOST_IN_PAIRS => voters,
            None if self.known.is_some() => MOST_IN_PAIRS,
            None => 0,
        }
    }

    fn pair_weights(&self, labels: usize) -> DisagreementWeights {
        if self.arguments.level == LabelLevel::Nominal || labels > MOST_WEIGHTED_LABELS {
            DisagreementWeights::Nominal
        } else {
            DisagreementWeights::Quadratic
        }
    }

    fn two_raters(
        &self,
        voters: &[u32],
        lists: &[Vec<(usize, usize)>],
        labels: usize,
    ) -> anyhow::Result<Option<TwoRaters>> {
        let ([first, second], [first_list, second_list]) = (voters, lists) else {
            return Ok(None);
        };
        if labels > MOST_WEIGHTED_LABELS {
            return Ok(None);
        }
        let table = PairTable::from_lists(first_list, second_list, labels)?;
        Ok(Some(TwoRaters {
            annotators: [*first, *second].map(|voter| self.annotators.text(voter).into_owned()),
            items: table.items(),
            percent_agreement: table.percent_agreement(),
            cohen_kappa: table.cohen_kappa(self.pair_weights(labels)),
            scott_pi: table.scott_pi(),
            prevalence: table.prevalence_indices(),
        }))
    }

    fn pairs(&self, voters: &[u32], lists: &[Vec<(usize, usize)>], labels: usize) -> anyhow::Result<Option<Pairs>> {
        if lists.len() < 2 {
            return Ok(None);
        }
        let open = open_pairs(lists)?;
        let weights = self.pair_weights(labels);
        let items = open
            .pairs
            .iter()
            .map(|row| row.iter().map(|pair| pair.items).collect())
            .collect();
        let mut kappa: Vec<Vec<Estimate>> = open
            .pairs
            .iter()
            .map(|row| row.iter().map(|pair| pair.kappa).collect())
            .collect();
        let mut mean_kappa = open.mean_kappa;
        if weights != DisagreementWeights::Nominal {
            mean_kappa = weigh_pairs(lists, labels, weights, &mut kappa)?;
        }
        Ok(Some(Pairs {
            annotators: voters
                .iter()
                .take(lists.len())
                .map(|voter| self.annotators.text(*voter).into_owned())
                .collect(),
            left_out: voters.len() - lists.len(),
            weights,
            kappa,
            items,
            mean_kappa,
        }))
    }

    fn compare_pools(&self, votes: &VoteTable, plan: Option<BootstrapPlan>) -> anyhow::Result<Vec<PoolPair>> {
        let tables: Vec<RatingTable> = (0..self.pools.names.len())
            .map(|pool| self.ratings_of(votes, pool))
            .collect::<anyhow::Result<_>>()?;
        let mut pairs = Vec::new();
        for (second, second_table) in tables.iter().enumerate() {
            for (first, first_table) in tables.iter().enumerate().take(second) {
                let name = |pool: usize| self.pools.names.get(pool).cloned().unwrap_or_default();
                let kappa_bootstrap = plan
                    .map(|plan| bootstrap_pools(first_table, second_table, plan))
                    .transpose()?;
                pairs.push(PoolPair {
                    first: name(first),
                    second: name(second),
                    comparison: compare_pools(first_table, second_table)?,
                    kappa_bootstrap,
                });
            }
        }
        Ok(pairs)
    }

    fn ratings_of(&self, votes: &VoteTable, pool: usize) -> anyhow::Result<RatingTable> {
        let is_member = |voter: usize| self.pools.of_annotator.get(voter) == Some(&Some(pool));
        let own = votes.rows().enumerate().flat_map(|(item, row)| {
            let members = row.pairs().filter(|(voter, _)| is_member(*voter));
            members.map(move |(_, class)| (item, class)).collect::<Vec<_>>()
        });
        Ok(RatingTable::from_votes(own, votes.items(), votes.classes())?)
    }

    fn panel(
        &self,
        voters: &[u32],
        lists: &[Vec<(usize, usize)>],
        table: &FieldTable,
    ) -> anyhow::Result<Option<Panel>> {
        let Some(known) = self.known else {
            return Ok(None);
        };
        let names = voters
            .iter()
            .take(lists.len())
            .map(|voter| self.annotators.text(*voter).into_owned())
            .collect();
        panel(names, lists, table, known).map(Some)
    }
}

/// Annotators that voted, those with most votes first.
fn voters_by_votes(field: &FieldVotes, annotators: usize) -> Vec<u32> {
    let mut counts = vec![0_usize; annotators];
    for voter in &field.annotator_ids {
        if let Some(count) = counts.get_mut(*voter as usize) {
            *count += 1;
        }
    }
    let count_of = |voter: &u32| counts.get(*voter as usize).copied().unwrap_or_default();
    let mut voters: Vec<u32> = (0_u32..)
        .zip(&counts)
        .filter(|(_, count)| **count > 0)
        .map(|(voter, _)| voter)
        .collect();
    voters.sort_by_key(|voter| std::cmp::Reverse(count_of(voter)));
    voters
}

/// The votes `(item, label)` of each of these annotators, by item.
fn vote_lists(votes: &VoteTable, voters: &[u32]) -> Vec<Vec<(usize, usize)>> {
    let mut places = vec![None; votes.voters()];
    for (place, voter) in voters.iter().enumerate() {
        if let Some(own) = places.get_mut(*voter as usize) {
            *own = Some(place);
        }
    }
    let mut lists = vec![Vec::new(); voters.len()];
    for (item, row) in votes.rows().enumerate() {
        for (voter, class) in row.pairs() {
            let place = places.get(voter).copied().flatten();
            if let Some(list) = place.and_then(|place| lists.get_mut(place)) {
                list.push((item, class));
            }
        }
    }
    lists
}

/// Sets the kappa of every pair to that with weights, and gives the mean of those that are defined.
fn weigh_pairs(
    lists: &[Vec<(usize, usize)>],
    labels: usize,
    weights: DisagreementWeights,
    kappa: &mut [Vec<Estimate>],
) -> anyhow::Result<Estimate> {
    let (mut sum, mut count) = (0.0, 0_u32);
    for (second, second_list) in lists.iter().enumerate() {
        for (first, first_list) in lists.iter().enumerate().take(second) {
            let value = PairTable::from_lists(first_list, second_list, labels)?
                .cohen_kappa(weights)
                .kappa;
            if let Some(defined) = value.value() {
                sum += defined;
                count += 1;
            }
            for (row, column) in [(first, second), (second, first)] {
                if let Some(cell) = kappa.get_mut(row).and_then(|row| row.get_mut(column)) {
                    *cell = value;
                }
            }
        }
    }
    Ok(match count {
        0 => Estimate::Undefined(accord_statistics::Undefined::NoPairableVotes),
        count => Estimate::Value(sum / f64::from(count)),
    })
}

/// The interval, or a dash where there is none.
pub(super) fn interval_text(bootstrap: Option<&Bootstrap>) -> String {
    match bootstrap.map(|bootstrap| bootstrap.interval) {
        Some(Estimate::Value(interval)) => format!("{:.3}–{:.3}", interval.lower, interval.upper),
        Some(Estimate::Undefined(_)) | None => "–".to_owned(),
    }
}
