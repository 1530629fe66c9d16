//! What is believed of the voters in MACE.

use ndarray::Array2;

use super::hit_or_miss::{Coin, Coins, Tables};
use super::mace::MacePrior;
use crate::numeric::digamma::digamma;
use crate::numeric::sum::{Sum, sum};

/// Parameters of the distributions over the parameters: prior plus expected counts.
pub(super) struct Belief {
    pub(super) class_counts: Vec<f64>,
    /// By voter: knowing and spamming.
    pub(super) ways: Vec<[f64; 2]>,
    /// By voter and class: labels drawn.
    pub(super) drawn: Vec<f64>,
}

/// A belief as the hot loop takes it.
pub(super) struct Expected {
    pub(super) tables: Tables<SpamCoins>,
    /// Kullback-Leibler divergence of the distributions over the parameters from their priors.
    pub(super) divergence: f64,
}

/// Probabilities of the votes, by voter and class. They are geometric means, so they sum to less than 1.
pub(super) struct SpamCoins {
    pub(super) classes: usize,
    pub(super) coins: Vec<Coin>,
    /// Probability that a vote for the truth was cast knowingly.
    pub(super) knowing: Vec<f64>,
}

impl Coins for SpamCoins {
    #[inline(always)]
    fn coin(&self, _: usize, voter: usize, class: usize) -> Coin {
        self.coins[voter * self.classes + class]
    }

    #[inline(always)]
    fn cell(&self, voter: usize, class: usize) -> usize {
        voter * self.classes + class
    }
}

impl Belief {
    /// Geometric means of the parameters, and how far the belief is from the prior.
    pub(super) fn expected(&self, classes: usize, prior: MacePrior) -> Expected {
        let mut coins = SpamCoins {
            classes,
            coins: Vec::with_capacity(self.drawn.len()),
            knowing: Vec::with_capacity(self.drawn.len()),
        };
        let label_prior = Dirichlet::even(prior.every_label, classes);
        let way_prior = Dirichlet::new(vec![prior.knows, prior.spams]);
        let class_prior = Dirichlet::even(prior.every_class, classes);
        let mut divergence = Sum::default();
        let (mut ways_drawn, mut labels_drawn) = ([0.0; 2], vec![0.0; classes]);
        for (ways, drawn) in self.ways.iter().zip(self.drawn.chunks_exact(classes)) {
            divergence.add(way_prior.geometric_means(ways, &mut ways_drawn));
            divergence.add(label_prior.geometric_means(drawn, &mut labels_drawn));
            for label in &labels_drawn {
                let miss = ways_drawn[1] * label;
                let hit = ways_drawn[0] + miss;
                coins.coins.push(Coin { hit, miss });
                coins.knowing.push(if hit > 0.0 { ways_drawn[0] / hit } else { 0.5 });
            }
        }
        let mut class_shares = vec![0.0; classes];
        divergence.add(class_prior.geometric_means(&self.class_counts, &mut class_shares));
        Expected {
            tables: Tables::new(class_shares, coins),
            divergence: divergence.total(),
        }
    }

    pub(super) fn spam(&self) -> Vec<f64> {
        self.ways.iter().map(|ways| ways[1] / (ways[0] + ways[1])).collect()
    }

    pub(super) fn labels(&self, classes: usize) -> Array2<f64> {
        let shares: Vec<Vec<f64>> = self.drawn.chunks_exact(classes).map(shares_of).collect();
        Array2::from_shape_fn((self.ways.len(), classes), |(voter, class)| shares[voter][class])
    }
}

pub(super) fn shares_of(counts: &[f64]) -> Vec<f64> {
    let total = sum(counts.iter().copied());
    counts.iter().map(|count| count / total).collect()
}

/// A Dirichlet distribution that is believed in before anything is seen.
struct Dirichlet {
    parameters: Vec<f64>,
    /// Logarithm of what its density is divided by: that of the beta function of many variables.
    log_beta: f64,
}

impl Dirichlet {
    fn new(parameters: Vec<f64>) -> Self {
        Self {
            log_beta: sum(parameters.iter().map(|parameter| libm::lgamma(*parameter)))
                - libm::lgamma(sum(parameters.iter().copied())),
            parameters,
        }
    }

    fn even(parameter: f64, classes: usize) -> Self {
        Self::new(vec![parameter; classes])
    }

    /// Fills in `exp(E ln p_c)` under the distribution with these parameters; returns its divergence from this one.
    fn geometric_means(&self, own: &[f64], means: &mut [f64]) -> f64 {
        let total: f64 = own.iter().sum();
        let base = digamma(total);
        let mut divergence = libm::lgamma(total) + self.log_beta;
        for ((own, prior), mean) in own.iter().zip(&self.parameters).zip(means) {
            let logarithm = digamma(*own) - base;
            *mean = logarithm.exp();
            divergence += (own - prior) * logarithm - libm::lgamma(*own);
        }
        divergence
    }
}
