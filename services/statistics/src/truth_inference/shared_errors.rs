//! Whether voters err together.

use super::warning::InferenceWarning;
use crate::numeric::sum::Sum;
use crate::votes::VoteTable;

/// Mean correlation of errors above which inferred truths deserve a warning.
pub const SHARED_ERRORS_LIMIT: f64 = 0.1;

/// Items that are looked at, evenly spread over all of them.
const MOST_ITEMS: usize = 1 << 17;

/// A warning where the voters err together more than [`SHARED_ERRORS_LIMIT`] allows, given the inferred `truth`.
///
/// Truth inference takes votes as independent given the truth. With `e_iv = 1` where voter `v` leaves the inferred truth of
/// item `i`, centred by the voter's own rate at that truth and divided by its deviation, the mean correlation over all
/// pairs of votes on one item is `sum_i [(sum_v r_iv)^2 - sum_v r_iv^2] / sum_i [(sum_v d_iv)^2 - sum_v d_iv^2]`, `r` being
/// the centred errors and `d` their deviations: time in proportion to the votes. Of `k` votes an item,
/// `k / (1 + (k - 1) rho)` are worth something [Kish, 1965, Survey Sampling]. Items without one inferred truth stay out.
pub(super) fn shared_errors(votes: &VoteTable, truth: impl Fn(usize) -> Option<usize>) -> Option<InferenceWarning> {
    let step = votes.items().div_ceil(MOST_ITEMS).max(1);
    let judged = || {
        let items = (0..votes.items()).step_by(step);
        items.filter_map(|item| Some((votes.row(item), truth(item)?)))
    };
    let classes = votes.classes();
    // Right votes and all votes, by voter and truth. Half a right vote and half a wrong one keep the rates off 0 and 1.
    let mut rates = vec![(0.5, 1.0); votes.voters() * classes];
    for (row, truth) in judged() {
        for (voter, class) in row.pairs() {
            let (right, cast) = &mut rates[voter * classes + truth];
            *right += f64::from(u8::from(class == truth));
            *cast += 1.0;
        }
    }
    let (mut products, mut deviations) = (Sum::default(), Sum::default());
    let (mut items, mut cast) = (0_u32, 0_usize);
    for (row, truth) in judged().filter(|(row, _)| row.len() > 1) {
        let (mut residual, mut squares, mut deviation, mut variances) = (0.0, 0.0, 0.0, 0.0);
        for (voter, class) in row.pairs() {
            let (right, cast) = rates[voter * classes + truth];
            let rate = right / cast;
            let own = f64::from(u8::from(class == truth)) - rate;
            let variance = rate * (1.0 - rate);
            residual += own;
            squares += own * own;
            deviation += variance.sqrt();
            variances += variance;
        }
        products.add(residual * residual - squares);
        deviations.add(deviation * deviation - variances);
        items += 1;
        cast += row.len();
    }
    let correlation = products.total() / deviations.total();
    let votes_an_item = cast as f64 / f64::from(items);
    (correlation > SHARED_ERRORS_LIMIT).then(|| InferenceWarning::SharedErrors {
        correlation,
        votes: votes_an_item,
        effective_votes: votes_an_item / (1.0 + (votes_an_item - 1.0) * correlation),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `voters` voters of whom each errs on every fifth item, all on the same or each on others.
    fn votes(voters: usize, together: bool) -> VoteTable {
        let shift = |voter: usize| if together { 0 } else { voter };
        let triples: Vec<(usize, usize, usize)> = (0..500)
            .flat_map(|item| (0..voters).map(move |voter| (item, voter, usize::from((item + shift(voter)) % 5 == 0))))
            .collect();
        VoteTable::from_triples(&triples, 500, voters, 2).unwrap()
    }

    #[test]
    fn tells_shared_errors_from_others() {
        let Some(InferenceWarning::SharedErrors {
            correlation,
            votes: cast,
            effective_votes,
        }) = shared_errors(&votes(4, true), |_| Some(0))
        else {
            unreachable!("four voters who are one deserve a warning")
        };
        assert!((correlation - 1.0).abs() < 0.02, "{correlation}");
        assert_eq!(cast, 4.0);
        assert!((effective_votes - 1.0).abs() < 0.05);
        // Never two of them on one item: the correlation is -1/4.
        assert_eq!(shared_errors(&votes(4, false), |_| Some(0)), None);
    }

    #[test]
    fn nothing_to_compare_gives_no_warning() {
        assert_eq!(shared_errors(&votes(1, true), |_| Some(0)), None);
        assert_eq!(shared_errors(&votes(4, true), |_| None), None);
    }
}
