//! The hot kernels on generated votes: `cargo bench -p accord-statistics`.
//!
//! Throughput is in votes (or scores) a second of wall-clock time; set `RAYON_NUM_THREADS=1` for processor time.

use accord_statistics::agreement::{AgreementSums, Coefficient, Level, RatingProfiles};
use accord_statistics::calibration::{SampleWeights, fit_isotonic, fit_platt};
use accord_statistics::resampling::BootstrapPlan;
use accord_statistics::truth_inference::{
    ConfusionPrior, GladPrior, MacePrior, OneCoinPrior, Restarts, Stopping, fit_confusions_to_top_classes,
    fit_glad_to_top_classes, fit_mace_to_top_classes, fit_one_coin_to_top_classes,
};
use accord_statistics::votes::VoteTable;
use accord_statistics::voting::{VoteWeights, count_votes};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

#[expect(
    clippy::unwrap_used,
    reason = "generated columns are in range; a bench fails by panicking"
)]
mod generated;

/// Items of the large table.
const MANY: usize = 200_000;
/// Items for the methods that iterate long.
const FEW: usize = 10_000;

fn iterations(limit: usize) -> Stopping {
    Stopping {
        limit,
        relative_change: 0.0,
    }
}

/// Runs `work` on the table under a name, counting its votes.
fn bench<T>(criterion: &mut Criterion, name: &str, votes: &VoteTable, mut work: impl FnMut(&VoteTable) -> T) {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(10);
    group.throughput(Throughput::Elements(votes.votes() as u64));
    group.bench_function(BenchmarkId::from_parameter(votes.items()), |bencher| {
        bencher.iter(|| work(votes));
    });
    group.finish();
}

fn table(criterion: &mut Criterion) {
    let (votes, _) = generated::votes(MANY);
    let items: Vec<u32> = (0..MANY as u32).flat_map(|item| [item; generated::VOTES]).collect();
    bench(criterion, "table from grouped columns", &votes, |votes| {
        let (voters, classes) = (votes.voter_column().to_vec(), votes.class_column().to_vec());
        VoteTable::from_columns(
            items.clone(),
            voters,
            classes,
            MANY,
            generated::VOTERS,
            generated::CLASSES,
        )
    });
}

fn voting(criterion: &mut Criterion) {
    let (votes, _) = generated::votes(MANY);
    bench(criterion, "majority vote", &votes, |votes| {
        count_votes(votes, VoteWeights::Even)
    });
    let weights: Vec<f64> = (0..generated::VOTERS).map(|voter| 0.1 + (voter % 7) as f64).collect();
    bench(criterion, "weighted vote", &votes, |votes| {
        count_votes(votes, VoteWeights::ByVoter(&weights))
    });
}

fn agreement(criterion: &mut Criterion) {
    let (votes, _) = generated::votes(MANY);
    bench(criterion, "nominal alpha from votes", &votes, |votes| {
        RatingProfiles::from(votes).krippendorff_alpha(Level::Nominal)
    });
    bench(criterion, "mergeable sums from votes", &votes, |votes| {
        AgreementSums::count(&RatingProfiles::from(votes))
    });
    let (votes, _) = generated::votes(100_000);
    bench(criterion, "bootstrap of alpha, 1000 replicates", &votes, |votes| {
        RatingProfiles::from(votes).bootstrap(Coefficient::Alpha(Level::Nominal), BootstrapPlan::standard(1))
    });
}

fn truths(criterion: &mut Criterion) {
    let (votes, _) = generated::votes(MANY);
    bench(criterion, "Dawid-Skene, 10 iterations", &votes, |votes| {
        fit_confusions_to_top_classes(votes, &[], ConfusionPrior::default(), iterations(10))
    });
    bench(criterion, "one-coin, 10 iterations", &votes, |votes| {
        fit_one_coin_to_top_classes(votes, &[], OneCoinPrior::default(), iterations(10))
    });
    let (votes, _) = generated::votes(FEW);
    bench(criterion, "GLAD, ended early", &votes, |votes| {
        fit_glad_to_top_classes(votes, &[], GladPrior::default(), Stopping::EARLY)
    });
    bench(criterion, "MACE, the best of 10 runs, ended early", &votes, |votes| {
        let restarts = Restarts { runs: 10, seed: 0 };
        fit_mace_to_top_classes(votes, &[], MacePrior::default(), restarts, Stopping::EARLY)
    });
}

fn calibration(criterion: &mut Criterion) {
    let (scores, correct) = generated::scores(1_000_000);
    let weights = SampleWeights::even(scores.len());
    let mut group = criterion.benchmark_group("calibration");
    group.sample_size(10);
    group.throughput(Throughput::Elements(scores.len() as u64));
    group.bench_function("Platt", |bencher| {
        bencher.iter(|| fit_platt(&scores, &correct, &weights))
    });
    group.bench_function("isotonic", |bencher| {
        bencher.iter(|| fit_isotonic(&scores, &correct, &weights))
    });
    group.finish();
}

criterion_group!(kernels, table, voting, agreement, truths, calibration);
criterion_main!(kernels);
