//! What a way of counting says about one item before any curve.

use crate::voting::TIE_TOLERANCE;

/// Shares of the classes voted for, and the score of their leader.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Belief {
    /// Share of every class voted for.
    pub(super) shares: Vec<f64>,
    /// Share of the right value being none of them; 0 where the way of counting does not know.
    pub(super) none: f64,
    /// The one class that leads; none in a tie.
    pub(super) winner: Option<usize>,
    /// What a calibrator takes: the leading share, or the log-odds of the leader's being right.
    pub(super) score: f64,
    /// Effective votes behind a leading share; none for log-odds.
    pub(super) votes: Option<f64>,
}

impl Belief {
    /// From shares that sum to 1 and the effective votes behind them.
    pub(super) fn of_shares(shares: Vec<f64>, votes: f64) -> Self {
        let (winner, score) = leader(&shares, |_| true);
        Self {
            shares,
            none: 0.0,
            winner,
            score,
            votes: Some(votes),
        }
    }

    /// From unnormalised log probabilities of the classes voted for and of none of them. `may_win` says which
    /// classes may lead.
    pub(super) fn of_logs(logs: &[f64], log_none: f64, may_win: impl Fn(usize) -> bool) -> Self {
        let largest = logs.iter().copied().fold(log_none, f64::max);
        let mut shares: Vec<f64> = logs.iter().map(|log| (log - largest).exp()).collect();
        let mut none = (log_none - largest).exp();
        let total: f64 = shares.iter().sum::<f64>() + none;
        let (winner, best) = leader(logs, may_win);
        // The odds of the leader are summed without it, so that certainty keeps its digits.
        let position = winner.or_else(|| logs.iter().position(|log| *log == best));
        let rest = logs.iter().enumerate().filter(|(class, _)| Some(*class) != position);
        let others: f64 = rest.map(|(_, log)| (log - largest).exp()).sum::<f64>() + none;
        let score = best - largest - others.max(f64::MIN_POSITIVE).ln();
        shares.iter_mut().for_each(|share| *share /= total);
        none /= total;
        Self {
            shares,
            none,
            winner,
            score,
            votes: None,
        }
    }
}

/// The one class with the largest value and that value.
fn leader(values: &[f64], may_win: impl Fn(usize) -> bool) -> (Option<usize>, f64) {
    let allowed = || (0..values.len()).filter(|class| may_win(*class));
    let largest = allowed().map(|class| values[class]).fold(f64::NEG_INFINITY, f64::max);
    let mut leaders = allowed().filter(|class| largest - values[*class] <= TIE_TOLERANCE);
    let first = leaders.next();
    let winner = if leaders.next().is_some() { None } else { first };
    (winner, largest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_odds_keep_their_digits() {
        let belief = Belief::of_logs(&[100.0, 0.0], 0.0, |_| true);
        assert_eq!(belief.winner, Some(0));
        assert!((belief.score - (100.0 - 2.0_f64.ln())).abs() < 1e-12);
        assert!(belief.shares[1] > 0.0);
    }

    #[test]
    fn ties_have_no_winner_and_some_classes_may_not_win() {
        assert_eq!(Belief::of_shares(vec![0.5, 0.5], 2.0).winner, None);
        assert_eq!(Belief::of_logs(&[1.0, 1.0], 0.0, |_| true).winner, None);
        let belief = Belief::of_logs(&[1.0, 3.0], 0.0, |class| class == 0);
        assert_eq!(belief.winner, Some(0));
        assert!(belief.score < 0.0);
    }
}
