//! Levels: how many different scores there are, and what gold says of each.

use std::collections::BTreeSet;

use accord_domain::ScoreLevel;

use super::sources::FieldSources;

/// The most levels of voting that are kept one by one.
const MOST_LEVELS: usize = 50;

/// Scores that differ by less than one of so many parts of 1 are one.
const STEPS: f64 = 1e9;

/// How many of these differ by more than rounding; what has no score at all is none.
pub(super) fn count_levels<const SOURCES: usize>(scores: impl IntoIterator<Item = [Option<f64>; SOURCES]>) -> usize {
    let scored = scores.into_iter().filter(|score| score.iter().any(Option::is_some));
    let rounded = scored.map(|score| score.map(|part| part.map(|part| rounded(part).to_bits())));
    rounded.collect::<BTreeSet<_>>().len()
}

fn rounded(score: f64) -> f64 {
    (score * STEPS).round() + 0.0
}

/// The levels of voting in production, lowest first, with the confidence and the outcome of the items at each by what had
/// not seen them; none where there are more than [`MOST_LEVELS`].
pub(super) fn voting_levels(sources: &FieldSources) -> Vec<ScoreLevel> {
    let winners = sources.rows.iter().filter_map(|row| {
        let winner = row.winner.as_ref()?;
        Some((winner.production_logit?, winner.vote_probability?, winner.is_correct))
    });
    let mut winners: Vec<(f64, f64, bool)> = winners.collect();
    winners.sort_by(|left, right| left.0.total_cmp(&right.0));
    let alike =
        |left: &(f64, f64, bool), right: &(f64, f64, bool)| rounded(left.0).total_cmp(&rounded(right.0)).is_eq();
    let levels: Vec<ScoreLevel> = winners.chunk_by(alike).filter_map(level).collect();
    if levels.len() > MOST_LEVELS {
        return Vec::new();
    }
    levels
}

/// Score, probability and correctness of items at one level.
fn level(items: &[(f64, f64, bool)]) -> Option<ScoreLevel> {
    let count = u32::try_from(items.len()).ok()?;
    let probability: f64 = items.iter().map(|(_, probability, _)| probability).sum();
    Some(ScoreLevel {
        score: items.first()?.0,
        probability: probability / f64::from(count),
        count,
        correct_count: items.iter().map(|(.., is_correct)| u32::from(*is_correct)).sum(),
    })
}
