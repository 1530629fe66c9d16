//! The hot loop of the models in which a vote either names the truth, with one probability, or one of the other classes,
//! with another: one-coin, GLAD, MACE.
//!
//! Classes that nobody named on an item share one factor, so an item costs its votes times the distinct classes among
//! them, however many classes are declared. Short rows multiply probabilities: 24 factors, whose sum over the classes
//! is checked against 2^-900 before it is trusted, as in the loop of Dawid-Skene. Other rows add logarithms.

use std::ops::Range;

use super::given::Given;
use super::scaled::Product;
use crate::numeric::sum::{Sum, log_sum_exp, sum};
use crate::votes::{VoteRow, VoteTable};

/// Longest row whose probabilities are multiplied.
const SHORT: usize = 24;
/// Smallest sum of products that is trusted: 2^-900.
const LOWEST: f64 = 1.183_052_186_166_774_7e-271;

/// The probabilities of one vote.
#[derive(Debug, Clone, Copy)]
pub(super) struct Coin {
    /// That it is cast where its class is true.
    pub(super) hit: f64,
    /// That it is cast where one given other class is.
    pub(super) miss: f64,
}

/// Where the probabilities of votes come from.
pub(super) trait Coins: Sync {
    /// The probabilities of a voter's vote for a class on an item.
    fn coin(&self, item: usize, voter: usize, class: usize) -> Coin;
    /// Where votes of a voter for a class that name the truth are counted.
    fn cell(&self, voter: usize, class: usize) -> usize;
}

/// Parameters for the hot loop.
#[derive(Clone)]
pub(super) struct Tables<C> {
    pub(super) class_shares: Vec<f64>,
    /// Sum of the class shares: 1, or less where they are geometric means.
    share_total: f64,
    pub(super) coins: C,
}

impl<C> Tables<C> {
    pub(super) fn new(class_shares: Vec<f64>, coins: C) -> Self {
        Self {
            share_total: sum(class_shares.iter().copied()),
            class_shares,
            coins,
        }
    }

    pub(super) fn set_class_shares(&mut self, class_shares: Vec<f64>) {
        self.share_total = sum(class_shares.iter().copied());
        self.class_shares = class_shares;
    }
}

/// What one part of the items adds up to.
pub(super) struct Counts {
    /// Expected votes that name the truth, by cell.
    pub(super) right: Vec<f64>,
    pub(super) items: ItemCounts,
    pub(super) log_likelihood: f64,
}

/// Expected items by class.
pub(super) struct ItemCounts {
    /// Without those of `unnamed`.
    totals: Vec<Sum>,
    /// Probability of the classes that nobody named, divided by their shares and added up.
    unnamed: Sum,
    /// What `unnamed` counts too much for a class: there it was named.
    named: Vec<f64>,
}

impl ItemCounts {
    pub(super) fn new(classes: usize) -> Self {
        Self {
            totals: vec![Sum::default(); classes],
            unnamed: Sum::default(),
            named: vec![0.0; classes],
        }
    }

    pub(super) fn clear(&mut self) {
        self.totals.fill(Sum::default());
        self.named.fill(0.0);
        self.unnamed = Sum::default();
    }

    #[inline(always)]
    pub(super) fn add(&mut self, posterior: &Posterior) {
        for (class, probability) in &posterior.named {
            self.totals[*class].add(*probability);
            self.named[*class] += posterior.other;
        }
        self.unnamed.add(posterior.other);
    }
}

/// Expected items by class of all parts, counted with these class shares.
pub(super) fn class_counts<'a>(parts: impl Iterator<Item = &'a ItemCounts> + Clone, class_shares: &[f64]) -> Vec<f64> {
    let unnamed = sum(parts.clone().map(|part| part.unnamed.total()));
    let of = |(class, share): (usize, &f64)| {
        let named = sum(parts.clone().map(|part| part.totals[class].total()));
        let excess = sum(parts.clone().map(|part| part.named[class]));
        named + (unnamed - excess).max(0.0) * share
    };
    class_shares.iter().enumerate().map(of).collect()
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
    pub(super) fn set_certain(&mut self, row: VoteRow<'_>, class: usize) {
        self.name(row, |_| 0.0);
        self.other = 0.0;
        match self.named.iter_mut().find(|(named, _)| *named == class) {
            Some((_, probability)) => *probability = 1.0,
            None => self.named.push((class, 1.0)),
        }
    }

    /// The probability of a class that was named.
    #[inline(always)]
    pub(super) fn of_vote(&self, class: usize) -> f64 {
        let named = self.named.iter().find(|(named, _)| *named == class);
        named.map_or(0.0, |(_, probability)| *probability)
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

impl<C: Coins> Tables<C> {
    /// Fills in the posterior of an item; returns the probability of its votes as a factor or a logarithm.
    #[inline(always)]
    pub(super) fn expect(&self, item: usize, row: VoteRow<'_>, posterior: &mut Posterior) -> Likelihood {
        if row.len() > SHORT {
            return self.expect_in_logarithms(item, row, posterior);
        }
        posterior.name(row, |class| self.class_shares[class]);
        let mut other = 1.0;
        for (voter, class) in row.pairs() {
            let coin = self.coins.coin(item, voter, class);
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
            return self.expect_in_logarithms(item, row, posterior);
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
        (self.share_total - shares).max(0.0)
    }

    #[inline(never)]
    fn expect_in_logarithms(&self, item: usize, row: VoteRow<'_>, posterior: &mut Posterior) -> Likelihood {
        posterior.name(row, |class| self.class_shares[class].ln());
        let mut other = 0.0;
        for (voter, class) in row.pairs() {
            let coin = self.coins.coin(item, voter, class);
            let (log_hit, log_miss) = (coin.hit.ln(), coin.miss.ln());
            other += log_miss;
            for (named, logarithm) in &mut posterior.named {
                *logarithm += if *named == class { log_hit } else { log_miss };
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
    pub(super) fn known_in_logarithms(&self, item: usize, row: VoteRow<'_>, truth: usize) -> f64 {
        let of_vote = |(voter, class): (usize, usize)| {
            let coin = self.coins.coin(item, voter, class);
            let probability = if class == truth { coin.hit } else { coin.miss };
            probability.ln()
        };
        self.class_shares[truth].ln() + row.pairs().map(of_vote).sum::<f64>()
    }

    /// The posterior of one item over all classes.
    pub(super) fn posterior(&self, item: usize, row: VoteRow<'_>, known: Option<usize>, found: &mut [f64]) {
        let mut posterior = Posterior::default();
        match known {
            Some(class) => posterior.set_certain(row, class),
            None => {
                self.expect(item, row, &mut posterior);
            }
        }
        for (class, value) in found.iter_mut().enumerate() {
            *value = posterior.of(class, self.class_shares[class]);
        }
    }
}

/// The probability of an item's votes.
pub(super) enum Likelihood {
    Factor(f64),
    Logarithm(f64),
}

impl Counts {
    pub(super) fn new(cells: usize, classes: usize) -> Self {
        Self {
            right: vec![0.0; cells],
            items: ItemCounts::new(classes),
            log_likelihood: 0.0,
        }
    }

    /// Counts with the posteriors under `tables`.
    pub(super) fn count<C: Coins>(&mut self, given: Given<'_>, items: Range<usize>, tables: &Tables<C>) {
        let (mut product, mut others) = (Product::default(), Sum::default());
        self.accumulate(given.votes, items, &tables.coins, |item, row, posterior| {
            if let Some(class) = given.known(item) {
                posterior.set_certain(row, class);
                others.add(tables.known_in_logarithms(item, row, class));
                return;
            }
            match tables.expect(item, row, posterior) {
                Likelihood::Factor(factor) => product.multiply(factor, 0),
                Likelihood::Logarithm(logarithm) => others.add(logarithm),
            }
        });
        self.log_likelihood = product.ln() + others.total();
    }

    /// Counts with the shares of the votes, for class shares that are even: the start of an iteration.
    pub(super) fn count_shares<C: Coins>(&mut self, given: Given<'_>, items: Range<usize>, coins: &C) {
        self.accumulate(given.votes, items, coins, |item, row, posterior| {
            match given.known(item) {
                Some(class) => posterior.set_certain(row, class),
                None => posterior.set_shares(row),
            }
        });
    }

    #[inline(always)]
    fn accumulate<'a, C: Coins>(
        &mut self,
        votes: &'a VoteTable,
        items: Range<usize>,
        coins: &C,
        mut fill: impl FnMut(usize, VoteRow<'a>, &mut Posterior),
    ) {
        self.right.fill(0.0);
        self.items.clear();
        let mut posterior = Posterior::default();
        for item in items {
            let row = votes.row(item);
            fill(item, row, &mut posterior);
            self.items.add(&posterior);
            for (voter, class) in row.pairs() {
                self.right[coins.cell(voter, class)] += posterior.of_vote(class);
            }
        }
    }
}

impl Posterior {
    /// Vote shares; without votes even, as multiples of even class shares.
    pub(super) fn set_shares(&mut self, row: VoteRow<'_>) {
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
