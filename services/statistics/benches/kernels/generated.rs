//! Votes and scores made from a seed, of the shape of a large crowd.

use accord_statistics::votes::VoteTable;
use rand::seq::index::sample;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Classes of the generated votes.
pub(crate) const CLASSES: usize = 5;
/// Their shares.
const SHARES: [f64; CLASSES] = [0.40, 0.25, 0.15, 0.12, 0.08];
/// Voters of the generated votes.
pub(crate) const VOTERS: usize = 1000;
/// Votes on every item.
pub(crate) const VOTES: usize = 5;

/// Votes with the truth: 1,000 voters who are right with a probability of 0.35 to 0.95, one in twenty of whom answers
/// at random; a wrong answer goes to a neighbouring class with weight 3 and to any other with weight 1.
pub(crate) fn votes(items: usize) -> (VoteTable, Vec<usize>) {
    let mut random = ChaCha8Rng::seed_from_u64(20_240_601);
    // The fifth smallest of six uniform numbers is distributed as Beta(5, 2).
    let skills: Vec<Option<f64>> = (0..VOTERS)
        .map(|_| {
            let mut draws: [f64; 6] = random.random();
            draws.sort_by(f64::total_cmp);
            (random.random_range(0..20) > 0).then_some(0.35 + 0.6 * draws[4])
        })
        .collect();
    let mut truths = Vec::with_capacity(items);
    let (mut item_column, mut voters, mut classes) = (Vec::new(), Vec::new(), Vec::new());
    for item in 0..items {
        let truth = draw(&SHARES, random.random());
        truths.push(truth);
        for voter in sample(&mut random, VOTERS, VOTES) {
            item_column.push(item as u32);
            voters.push(voter as u32);
            classes.push(answer(truth, skills[voter], &mut random) as u16);
        }
    }
    let table = VoteTable::from_columns(item_column, voters, classes, items, VOTERS, CLASSES);
    (table.unwrap(), truths)
}

fn answer(truth: usize, skill: Option<f64>, random: &mut ChaCha8Rng) -> usize {
    match skill {
        None => random.random_range(0..CLASSES),
        Some(skill) if random.random_bool(skill) => truth,
        Some(_) => {
            let weight = |class: usize| match class.abs_diff(truth) {
                0 => 0.0,
                1 => 3.0,
                _ => 1.0,
            };
            let weights: [f64; CLASSES] = std::array::from_fn(weight);
            draw(&weights, random.random::<f64>() * weights.iter().sum::<f64>())
        }
    }
}

fn draw(weights: &[f64; CLASSES], mut position: f64) -> usize {
    for (class, weight) in weights.iter().enumerate() {
        if position < *weight {
            return class;
        }
        position -= weight;
    }
    CLASSES - 1
}

/// Raw scores between 0 and 1, too sure of themselves, and whether the item was right.
pub(crate) fn scores(items: usize) -> (Vec<f64>, Vec<bool>) {
    let mut random = ChaCha8Rng::seed_from_u64(20_240_602);
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    (0..items)
        .map(|_| {
            // Twelve uniform numbers are nearly normal.
            let normal: f64 = (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
            let evidence = 0.8 + 1.2 * normal;
            (
                sigmoid(2.2 * evidence),
                random.random_bool(sigmoid(0.9 * evidence - 0.2)),
            )
        })
        .unzip()
}
