//! What the labels of each item tell, whoever gave them.

use accord_datasets::table_file::NameTable;
use accord_datasets::vote_file::read_item_by_item;
use accord_statistics::agreement::{AgreementWeights, Coefficient, Level, ProfileCounter, RatingProfiles};
use accord_statistics::resampling::{Bootstrap, BootstrapPlan};
use anyhow::bail;

use super::Agreement;
use super::measure::{FieldAgreement, LabelCount, MOST_IN_PAIRS};
use crate::arguments::{AgreementArguments, LabelLevel};
use crate::commands::vote_files::reading_bar;
use crate::output::spinner;

/// The agreement of a file of which nothing but the labels of each item is asked, in memory that does not grow with the
/// votes; `None` where more is needed.
pub(super) fn item_by_item(arguments: &AgreementArguments) -> anyhow::Result<Option<Agreement>> {
    let wants_voters = arguments.gold.is_some()
        || arguments.pairs.is_some()
        || !(arguments.pools.is_empty() && arguments.humans.is_empty() && arguments.models.is_empty());
    if wants_voters || !arguments.order.is_empty() {
        return Ok(None);
    }
    let mut counter = ProfileCounter::default();
    let bar = reading_bar(&arguments.votes);
    let read = read_item_by_item(
        &arguments.votes,
        arguments.input.options(),
        MOST_IN_PAIRS,
        &mut |position| bar.set_position(position),
        &mut |labels| counter.add(labels),
    );
    bar.finish_and_clear();
    let Some(read) = read else {
        return Ok(None);
    };
    let ratings = counter.finish(&read.new_labels, read.labels.len());
    let mut field = of_ratings(&ratings, &read.labels, plan(arguments)?, arguments)?;
    field.annotators = read.annotators;
    Ok(Some(Agreement {
        votes: read.votes,
        items: read.items,
        annotators: read.annotators,
        fields: vec![field],
        ..Agreement::of(arguments)
    }))
}

/// How the bootstrap draws; `None` where none is asked for.
pub(super) fn plan(arguments: &AgreementArguments) -> anyhow::Result<Option<BootstrapPlan>> {
    const CONFIDENCE: f64 = 0.95;
    let replicates = &arguments.replicates;
    if replicates.replicates == 0 {
        return Ok(None);
    }
    Ok(Some(BootstrapPlan::new(
        replicates.replicates,
        CONFIDENCE,
        replicates.seed,
    )?))
}

/// All that does not ask who voted.
pub(super) fn of_ratings(
    ratings: &RatingProfiles,
    labels: &NameTable,
    plan: Option<BootstrapPlan>,
    arguments: &AgreementArguments,
) -> anyhow::Result<FieldAgreement> {
    let values = values(labels, arguments.level)?;
    let level = match arguments.level {
        LabelLevel::Nominal => Level::Nominal,
        LabelLevel::Ordinal => Level::Ordinal,
        LabelLevel::Interval => Level::Interval(&values),
        LabelLevel::Ratio => Level::Ratio(&values),
    };
    let alpha_bootstrap = plan.map(|plan| bootstrap(ratings, level, plan)).transpose()?;
    let alpha = match alpha_bootstrap {
        Some(bootstrap) => bootstrap.estimate,
        None => ratings.krippendorff_alpha(level)?.alpha,
    };
    let labels = label_counts(labels, ratings);
    Ok(FieldAgreement {
        field: None,
        items: ratings.items(),
        votes: labels.iter().map(|label| label.votes as usize).sum(),
        annotators: 0,
        labels,
        percent_agreement: ratings.percent_agreement(),
        alpha,
        alpha_bootstrap,
        fleiss_kappa: ratings.fleiss_kappa().kappa,
        gwet_ac1: ratings.gwet_coefficient(AgreementWeights::Identity),
        gwet_ac2: gwet_weights(arguments.level).map(|weights| ratings.gwet_coefficient(weights)),
        two_raters: None,
        pairs: None,
        pools: Vec::new(),
        panel: None,
    })
}

fn bootstrap(ratings: &RatingProfiles, level: Level<'_>, plan: BootstrapPlan) -> anyhow::Result<Bootstrap> {
    let wait = spinner("bootstrap");
    let bootstrap = ratings.bootstrap(Coefficient::Alpha(level), plan);
    wait.finish_and_clear();
    Ok(bootstrap?)
}

/// The numbers that the labels are, where the level asks for numbers.
fn values(labels: &NameTable, level: LabelLevel) -> anyhow::Result<Vec<f64>> {
    if !matches!(level, LabelLevel::Interval | LabelLevel::Ratio) {
        return Ok(Vec::new());
    }
    let number = |text: String| match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => bail!("label `{text}` is no number; --level interval and ratio are for numbers"),
    };
    labels.iter().map(|label| number(label.to_string())).collect()
}

fn gwet_weights(level: LabelLevel) -> Option<AgreementWeights> {
    match level {
        LabelLevel::Nominal => None,
        LabelLevel::Ordinal => Some(AgreementWeights::Ordinal),
        LabelLevel::Interval | LabelLevel::Ratio => Some(AgreementWeights::Quadratic),
    }
}

fn label_counts(labels: &NameTable, ratings: &RatingProfiles) -> Vec<LabelCount> {
    let counts = ratings.class_counts();
    let all: u64 = counts.iter().sum();
    labels
        .iter()
        .zip(counts)
        .map(|(label, votes)| LabelCount {
            label: label.to_string(),
            votes,
            share: votes as f64 / all.max(1) as f64,
        })
        .collect()
}
