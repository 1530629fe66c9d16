//! The hot loop of the one-coin model.
//!
//! Classes that nobody named on an item share one factor, so an item costs its votes times the distinct classes among
//! them, however many classes are declared. Short rows multiply probabilities: 24 factors, of which the largest product
//! is checked against 2^-900 before it is trusted, as in the loop of Dawid-Skene. Other rows add logarithms.

use std::ops::Range;

use super::scaled::Product;
use crate::numeric::sum::{Sum, log_sum_exp};
use crate::votes::{VoteRow, VoteTable};

/// Longest row whose probabilities are multiplied.
const SHORT: usize = 24;
/// Smallest sum of products that is trusted: 2^-900.
const LOWEST: f64 = 1.183_052_186_166_774_7e-271;

/// A voter's probabilities and their logarithms.
#[derive(Clone, Copy)]
pub(super) struct Coin {
    /// Says the truth.
    pub(super) hit: f64,
    /// Says one given other class.
    pub(super) miss: f64,
    pub(super) log_hit: f64,
    pub(super) log_miss: f64,
}

impl Coin {
    pub(super) fn new(skill: f64, classes: usize) -> Self {
        let miss = (1.0 - skill) / (classes - 1) as f64;
        Self {
            hit: skill,
            miss,
            log_hit: skill.ln(),
            log_miss: miss.ln(),
        }
    }
}

/// Probabilities for the hot loop.
pub(super) struct Tables {
    pub(super) class_shares: Vec<f64>,
    pub(super) coins: Vec<Coin>,
}

/// What one part of the items adds up to.
pub(super) struct Counts {
    /// Expected right votes by voter.
    pub(super) right: Vec<f64>,
    /// Expected items by class, without those of `unnamed`.
    pub(super) class_totals: Vec<Sum>,
    /// Probability of the classes that nobody named, divided by their shares and added up.
    pub(super) unnamed: Sum,
    /// What `unnamed` counts too much for a class: there it was named.
    pub(super) named: Vec<f64>,
    pub(super) log_likelihood: f64,
}

/// The posterior of one item: of the classes that were named, and of each other class as a multiple of its share.
#[derive(Default)]
pub(super) struct Posterior {
    /// Distinct classes of the row with their probabilities.
    pub(super) named: Vec<(usize, f64)>,
    /// Probability of another class divided by its share.
    pub(super) other: f64,
}

impl Posterior {
    /// All probability on one class.
    fn set_certain(&mut self, row: VoteRow<'_>, class: usize) {
        self.name(row, |_| 0.0);
        self.other = 0.0;
        match self.named.iter_mut().find(|(named, _)| *named == class) {
            Some((_, probability)) => *probability = 1.0,
            None => self.named.push((class, 1.0)),
        }
    }

    /// The probability of a class of the given share.
    fn of(&self, class: usize, share: f64) -> f64 {
        let named = self.named.iter().find(|(named, _)| *named == class);
        named.map_or(share * self.other, |(_, probability)| *probability)
    }

    /// Starts with the classes of a row.
    #[inline(always)]
    fn name(&mut self, row: VoteRow<'_>, start: impl Fn(usize) -> f64) {
        self.named.clear();
        for class in row.classes {
            let class = usize::from(*class);
            if !self.named.iter().any(|(named, _)| *named == class) {
                self.named.push((class, start(class)));
            }
        }
    }
}

impl Tables {
    /// Fills in the posterior of an item; returns the probability of its votes as a factor or a logarithm.
    #[inline(always)]
    fn expect(&self, row: VoteRow<'_>, posterior: &mut Posterior) -> Likelihood {
        if row.len() > SHORT {
            return self.expect_in_logarithms(row, posterior);
        }
        posterior.name(row, |class| self.class_shares[class]);
        let mut other = 1.0;
        for (voter, class) in row.pairs() {
            let coin = self.coins[voter];
            other *= coin.miss;
            for (named, product) in &mut posterior.named {
                *product *= if *named == class { coin.hit } else { coin.miss };
            }
        }
        let mut total = other * self.unnamed_share(&posterior.named);
        for (_, product) in &posterior.named {
            total += product;
        }
        if total < LOWEST {
            return self.expect_in_logarithms(row, posterior);
        }
        let inverse = 1.0 / total;
        for (_, product) in &mut posterior.named {
            *product *= inverse;
        }
        posterior.other = other * inverse;
        Likelihood::Factor(total)
    }

    /// Share of all classes but the named ones.
    #[inline(always)]
    fn unnamed_share(&self, named: &[(usize, f64)]) -> f64 {
        if named.len() == self.class_shares.len() {
            return 0.0;
        }
        let shares: f64 = named.iter().map(|(class, _)| self.class_shares[*class]).sum();
        (1.0 - shares).max(0.0)
    }

    #[inline(never)]
    fn expect_in_logarithms(&self, row: VoteRow<'_>, posterior: &mut Posterior) -> Likelihood {
        posterior.name(row, |class| self.class_shares[class].ln());
        let mut other = 0.0;
        for (voter, class) in row.pairs() {
            let coin = self.coins[voter];
            other += coin.log_miss;
            for (named, logarithm) in &mut posterior.named {
                *logarithm += if *named == class { coin.log_hit } else { coin.log_miss };
            }
        }
        let mut terms: Vec<f64> = posterior.named.iter().map(|(_, logarithm)| *logarithm).collect();
        terms.push(other + self.unnamed_share(&posterior.named).ln());
        let total = log_sum_exp(&terms);
        if total == f64::NEG_INFINITY {
            // Only where every class has been ruled out by rounding: nothing can be said but the class shares.
            for (class, value) in &mut posterior.named {
                *value = self.class_shares[*class];
            }
            posterior.other = 1.0;
            return Likelihood::Logarithm(0.0);
        }
        for (_, value) in &mut posterior.named {
            *value = (*value - total).exp();
        }
        posterior.other = (other - total).exp();
        Likelihood::Logarithm(total)
    }

    /// `ln P(truth) + sum_v ln P(vote | truth)`.
    fn known_in_logarithms(&self, row: VoteRow<'_>, truth: usize) -> f64 {
        let of_vote = |(voter, class): (usize, usize)| {
            let coin = self.coins[voter];
            if class == truth { coin.log_hit } else { coin.log_miss }
        };
        self.class_shares[truth].ln() + row.pairs().map(of_vote).sum::<f64>()
    }

    /// The posterior of one item over all classes.
    pub(super) fn posterior(&self, row: VoteRow<'_>, known: Option<usize>, found: &mut [f64]) {
        let mut posterior = Posterior::default();
        match known {
            Some(class) => posterior.set_certain(row, class),
            None => {
                self.expect(row, &mut posterior);
            }
        }
        for (class, value) in found.iter_mut().enumerate() {
            *value = posterior.of(class, self.class_shares[class]);
        }
    }
}

/// The probability of an item's votes.
enum Likelihood {
    Factor(f64),
    Logarithm(f64),
}

impl Counts {
    pub(super) fn new(voters: usize, classes: usize) -> Self {
        Self {
            right: vec![0.0; voters],
            class_totals: vec![Sum::default(); classes],
            unnamed: Sum::default(),
            named: vec![0.0; classes],
            log_likelihood: 0.0,
        }
    }

    /// Counts with the posteriors under `tables`, or with the shares of the votes where there are none yet.
    pub(super) fn count(
        &mut self,
        votes: &VoteTable,
        known: &[Option<usize>],
        items: Range<usize>,
        tables: Option<&Tables>,
    ) {
        self.right.fill(0.0);
        self.class_totals.fill(Sum::default());
        self.named.fill(0.0);
        self.unnamed = Sum::default();
        let (mut product, mut others) = (Product::default(), Sum::default());
        let mut posterior = Posterior::default();
        for item in items {
            let row = votes.row(item);
            match (known.get(item).copied().flatten(), tables) {
                (Some(class), tables) => {
                    posterior.set_certain(row, class);
                    others.add(tables.map_or(0.0, |tables| tables.known_in_logarithms(row, class)));
                }
                (None, Some(tables)) => match tables.expect(row, &mut posterior) {
                    Likelihood::Factor(factor) => product.multiply(factor, 0),
                    Likelihood::Logarithm(logarithm) => others.add(logarithm),
                },
                (None, None) => posterior.set_shares(row),
            }
            self.add(row, &posterior);
        }
        self.log_likelihood = product.ln() + others.total();
    }

    #[inline(always)]
    fn add(&mut self, row: VoteRow<'_>, posterior: &Posterior) {
        for (class, probability) in &posterior.named {
            self.class_totals[*class].add(*probability);
            self.named[*class] += posterior.other;
        }
        self.unnamed.add(posterior.other);
        for (voter, class) in row.pairs() {
            let named = posterior.named.iter().find(|(named, _)| *named == class);
            self.right[voter] += named.map_or(0.0, |(_, probability)| *probability);
        }
    }
}

impl Posterior {
    /// Vote shares; without votes even, as multiples of even class shares.
    fn set_shares(&mut self, row: VoteRow<'_>) {
        self.name(row, |_| 0.0);
        self.other = 0.0;
        if row.is_empty() {
            self.other = 1.0;
            return;
        }
        for class in row.classes {
            let named = self.named.iter_mut().find(|(named, _)| *named == usize::from(*class));
            if let Some((_, share)) = named {
                *share += 1.0 / row.len() as f64;
            }
        }
    }
}
