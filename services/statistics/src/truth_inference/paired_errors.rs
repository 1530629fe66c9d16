//! Whether single pairs of voters err together.

use std::collections::BTreeSet;

use super::shared_errors::shared_errors;
use super::warning::InferenceWarning;
use crate::votes::{VoteRow, VoteTable};

/// Correlation of the errors of two voters above which they deserve a warning.
pub const PAIRED_ERRORS_LIMIT: f64 = 0.3;

/// Deviations from what independent voters show, below which a pair stays unnamed: a chance of 3e-7 for each of them.
const FEWEST_DEVIATIONS: f64 = 5.0;
/// Items that a correlation of 0 counts for.
const SHRINKAGE: f64 = 20.0;
/// Share of an item's votes that voters who err together have to have between them; with less they decide little.
const FEWEST_VOTES: f64 = 0.2;
/// Most voters that are compared with one another.
const MOST_VOTERS: usize = 64;
/// Most pairs of votes that are looked at; of more items every so many are.
const MOST_PAIRS: usize = 1 << 25;
/// Truths less likely than this are left aside.
const SMALLEST: f64 = 0.01;

/// A warning where voters err together: all of them, or some pair. `truth` is the inferred one, `posterior` fills in the
/// probabilities of all classes.
pub(super) fn errors_in_common(
    votes: &VoteTable,
    truth: impl Fn(usize) -> Option<usize>,
    posterior: impl Fn(usize, &mut [f64]),
) -> Option<InferenceWarning> {
    shared_errors(votes, truth).or_else(|| paired_errors(votes, posterior))
}

/// The pair of voters whose errors correlate most, if by more than [`PAIRED_ERRORS_LIMIT`].
///
/// A mean over all pairs misses a camp of a few: where most voters share an error, the truth that is inferred follows them,
/// and it is the few others who seem to err together. With `T_it` the posterior and `r`, `d` the centred errors and their
/// deviations of [`shared_errors`], a pair's correlation is `sum_it T_it r_iv r_iw / sum_it T_it d_iv d_iw`, drawn to 0 as
/// if it had been so on 20 more items. Under a model that is right the sum is 0 in expectation, which it is not when the
/// likeliest classes are taken for truths: voters of a small panel that are outvoted one at a time would then seem to avoid
/// one another. Only voters with votes on half of the items at least are compared, and those who err together have to be a fifth
/// of the voters of an item.
fn paired_errors(votes: &VoteTable, posterior: impl Fn(usize, &mut [f64])) -> Option<InferenceWarning> {
    let members = Members::of(votes)?;
    let step = votes
        .items()
        .div_ceil(MOST_PAIRS / (members.count * members.count))
        .max(1);
    let items = || (0..votes.items()).step_by(step);
    let mut probabilities = vec![0.0; votes.classes()];
    let mut rates = Rates::new(votes.classes(), members.count);
    for item in items() {
        posterior(item, &mut probabilities);
        rates.add(&members, votes.row(item), &probabilities);
    }
    let mut pairs = vec![Pair::default(); members.count * members.count];
    let mut errors = Vec::with_capacity(members.count);
    for item in items() {
        posterior(item, &mut probabilities);
        for (truth, probability) in likely(&probabilities) {
            errors.clear();
            errors.extend(rates.errors(&members, votes.row(item), truth));
            for (position, first) in errors.iter().enumerate() {
                for second in &errors[..position] {
                    let (low, high) = (first.member.min(second.member), first.member.max(second.member));
                    pairs[low * members.count + high].add(probability, first, second);
                }
            }
        }
    }
    let correlated = |pair: &(usize, &Pair)| {
        pair.1.correlation() > PAIRED_ERRORS_LIMIT && pair.1.deviations_from_independence() > FEWEST_DEVIATIONS
    };
    let found: Vec<(usize, &Pair)> = pairs.iter().enumerate().filter(correlated).collect();
    let (place, worst) = found
        .iter()
        .max_by(|left, right| left.1.correlation().total_cmp(&right.1.correlation()))?;
    let of_pairs = found
        .iter()
        .flat_map(|(place, _)| [place / members.count, place % members.count]);
    let together = of_pairs.collect::<BTreeSet<usize>>().len();
    (together as f64 >= FEWEST_VOTES * members.votes_an_item).then(|| InferenceWarning::PairedErrors {
        voters: [place / members.count, place % members.count].map(|member| members.voters[member]),
        correlation: worst.correlation(),
        pairs: found.len(),
    })
}

/// The voters that are compared.
struct Members {
    count: usize,
    voters: Vec<usize>,
    /// Place among them by voter.
    places: Vec<Option<usize>>,
    /// Votes of all voters on an item, in the mean.
    votes_an_item: f64,
}

impl Members {
    /// Voters with votes on half of the items at least, of too many those with most votes; at least two.
    fn of(votes: &VoteTable) -> Option<Self> {
        let mut cast = vec![0_usize; votes.voters()];
        for voter in votes.voter_column() {
            cast[*voter as usize] += 1;
        }
        let items = votes.rows().filter(|row| !row.is_empty()).count();
        let mut voters: Vec<usize> = (0..votes.voters()).filter(|voter| 2 * cast[*voter] >= items).collect();
        voters.sort_by_key(|voter| std::cmp::Reverse(cast[*voter]));
        voters.truncate(MOST_VOTERS);
        voters.sort_unstable();
        let mut places = vec![None; votes.voters()];
        for (place, voter) in voters.iter().enumerate() {
            places[*voter] = Some(place);
        }
        (items > 0 && voters.len() > 1).then_some(Self {
            count: voters.len(),
            voters,
            places,
            votes_an_item: votes.votes() as f64 / items as f64,
        })
    }

    /// Their votes on an item, as place and class.
    fn votes<'a>(&'a self, row: VoteRow<'a>) -> impl Iterator<Item = (usize, usize)> + 'a {
        row.pairs()
            .filter_map(|(voter, class)| Some((self.places[voter]?, class)))
    }
}

/// The truths worth looking at, with their probabilities.
fn likely(probabilities: &[f64]) -> impl Iterator<Item = (usize, f64)> {
    let all = probabilities.iter().copied().enumerate();
    all.filter(|(_, probability)| *probability >= SMALLEST)
}

/// How often members are right, by member and truth. Half a right vote and half a wrong one keep the rates off 0 and 1.
struct Rates {
    classes: usize,
    right: Vec<f64>,
    cast: Vec<f64>,
}

impl Rates {
    fn new(classes: usize, members: usize) -> Self {
        Self {
            classes,
            right: vec![0.5; members * classes],
            cast: vec![1.0; members * classes],
        }
    }

    fn add(&mut self, members: &Members, row: VoteRow<'_>, probabilities: &[f64]) {
        for (member, class) in members.votes(row) {
            for (truth, probability) in likely(probabilities) {
                let cell = member * self.classes + truth;
                self.cast[cell] += probability;
                if class == truth {
                    self.right[cell] += probability;
                }
            }
        }
    }

    /// The members' votes on an item as errors, if `truth` is true.
    fn errors<'a>(
        &'a self,
        members: &'a Members,
        row: VoteRow<'a>,
        truth: usize,
    ) -> impl Iterator<Item = MemberError> + 'a {
        members.votes(row).map(move |(member, class)| {
            let cell = member * self.classes + truth;
            let rate = self.right[cell] / self.cast[cell];
            MemberError {
                member,
                centred: f64::from(u8::from(class == truth)) - rate,
                variance: rate * (1.0 - rate),
            }
        })
    }
}

/// A vote of a member beside what the member does in the mean.
struct MemberError {
    member: usize,
    centred: f64,
    variance: f64,
}

/// What the votes of two members on the same items add up to.
#[derive(Debug, Clone, Copy, Default)]
struct Pair {
    products: f64,
    deviations: f64,
    variances: f64,
    items: f64,
}

impl Pair {
    fn add(&mut self, probability: f64, first: &MemberError, second: &MemberError) {
        let variance = first.variance * second.variance;
        self.products += probability * first.centred * second.centred;
        self.deviations += probability * variance.sqrt();
        self.variances += probability * variance;
        self.items += probability;
    }

    fn correlation(&self) -> f64 {
        if self.deviations > 0.0 {
            self.products / self.deviations * self.items / (self.items + SHRINKAGE)
        } else {
            0.0
        }
    }

    fn deviations_from_independence(&self) -> f64 {
        if self.variances > 0.0 {
            self.products / self.variances.sqrt()
        } else {
            0.0
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::truth_inference::{ConfusionPrior, EarlyStopping, fit_confusions};

    /// A number from 0 to 99 that depends on item and voter without a pattern.
    fn drawn(item: usize, voter: usize) -> usize {
        let mixed = (item as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
            ^ (voter as u64 + 1).wrapping_mul(0xd1b5_4a32_d192_ed03);
        let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((mixed >> 33) % 100) as usize
    }

    /// Votes on one of two classes. Every voter errs on its own on `rates[voter]` of a hundred items; a `trap` catches the
    /// first three on a third of the items.
    pub(in crate::truth_inference) fn votes(items: usize, rates: &[usize], trap: bool) -> VoteTable {
        let vote = |item: usize, voter: usize| {
            let errs = drawn(item, voter) < rates[voter];
            let is_caught = trap && voter < 3 && item.is_multiple_of(3) && drawn(item, voter) < 85;
            (item / 2 + usize::from(errs || is_caught)) % 2
        };
        let triples: Vec<(usize, usize, usize)> = (0..items)
            .flat_map(|item| (0..rates.len()).map(move |voter| (item, voter, vote(item, voter))))
            .collect();
        VoteTable::from_triples(&triples, items, rates.len(), 2).unwrap()
    }

    fn warned(votes: &VoteTable) -> Option<InferenceWarning> {
        let fit = fit_confusions(votes, &[], ConfusionPrior::NONE, EarlyStopping::default()).unwrap();
        let is_of_pairs = |warning: &InferenceWarning| matches!(warning, InferenceWarning::PairedErrors { .. });
        fit.warnings.into_iter().find(is_of_pairs)
    }

    #[test]
    fn two_who_are_right_together_are_named() {
        // Three of five fall for the same third of the items: the fit follows them, and the two others seem to err together.
        let Some(InferenceWarning::PairedErrors {
            voters,
            correlation,
            pairs,
        }) = warned(&votes(600, &[20, 20, 20, 10, 10], true))
        else {
            unreachable!("two who agree against the others deserve a warning")
        };
        assert_eq!((voters, pairs), ([3, 4], 1));
        assert!(correlation > 0.4, "{correlation}");
    }

    #[test]
    fn independent_voters_are_not() {
        for voters in [3, 4, 5, 7] {
            for items in [60, 400, 2_000] {
                let rates: Vec<usize> = (0..voters).map(|voter| 8 + 6 * voter).collect();
                assert_eq!(
                    warned(&votes(items, &rates, false)),
                    None,
                    "{voters} voters, {items} items"
                );
            }
        }
    }

    #[test]
    fn a_pair_among_many_is_not() {
        // Two of twelve who are one and the same: they are a sixth of the votes.
        let rates = [15; 12];
        let copied = |voter: usize| if voter == 11 { 10 } else { voter };
        let triples: Vec<(usize, usize, usize)> = (0..500)
            .flat_map(|item| (0..12).map(move |voter| (item, voter, copied(voter))))
            .map(|(item, voter, source)| (item, voter, usize::from(drawn(item, source) < rates[source])))
            .collect();
        let pair = VoteTable::from_triples(&triples, 500, 12, 2).unwrap();
        let certain = |_: usize, found: &mut [f64]| found.copy_from_slice(&[1.0, 0.0]);
        assert_eq!(paired_errors(&pair, certain), None);
        let few: Vec<(usize, usize, usize)> = triples
            .into_iter()
            .filter(|vote| vote.1 > 5)
            .map(|(item, voter, class)| (item, voter - 6, class))
            .collect();
        let few = VoteTable::from_triples(&few, 500, 6, 2).unwrap();
        assert!(paired_errors(&few, certain).is_some());
    }

    #[test]
    fn nothing_to_compare_gives_no_warning() {
        let even = |_: usize, found: &mut [f64]| found.fill(0.5);
        let nothing = VoteTable::from_triples(&[], 3, 2, 2).unwrap();
        assert_eq!(paired_errors(&nothing, even), None);
        assert_eq!(paired_errors(&votes(50, &[10], false), even), None);
    }
}
