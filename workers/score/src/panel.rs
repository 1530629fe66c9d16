//! What gold says of the annotators of a field, and what a person should be warned of.

use accord_domain::{AnnotatorPanel, ConfusionCounts, FitWarning};
use accord_statistics::InvalidInput;
use accord_statistics::pipeline::LabelledBallots;
use accord_statistics::voting::{design_effect_votes, error_correlation};

use crate::numbered::Numbering;

/// Fewest labels of an annotator before it is held against guessing.
const FEWEST_LABELS: u32 = 20;

/// Counts the votes on items with gold; none without any.
///
/// # Errors
/// None that well-formed ballots cause.
pub fn describe(numbering: &Numbering, data: &LabelledBallots) -> Result<Option<AnnotatorPanel>, InvalidInput> {
    let judged = data.judged_items();
    if judged.is_empty() {
        return Ok(None);
    }
    let annotators = numbering.annotators.len();
    let mut errors = Vec::with_capacity(judged.len());
    let (mut vote_counts, mut correct_counts) = (vec![0_u32; annotators], vec![0_u32; annotators]);
    let mut votes = 0_usize;
    for item in &judged {
        let ballot = data.ballot(*item);
        let right = data.gold(*item).map_or(&[][..], |label| label.right.as_slice());
        let mut row = vec![None; annotators];
        for (voter, class) in ballot.votes() {
            row[*voter] = Some(!right[*class]);
            vote_counts[*voter] += 1;
            correct_counts[*voter] += u32::from(right[*class]);
        }
        votes += ballot.votes().len();
        errors.push(row);
    }
    let shared = error_correlation(&errors)?;
    let mean_correlation = shared.mean.value();
    let items = judged.len() as f64;
    let effective = judged
        .iter()
        .map(|item| design_effect_votes(data.ballot(*item).votes().len(), mean_correlation.unwrap_or(0.0)));
    let part_right: f64 = judged.iter().map(|item| data.even_vote_part_right(*item)).sum();
    let correlations = shared.correlations.iter();
    Ok(Some(AnnotatorPanel {
        annotators: numbering.annotators.clone(),
        vote_counts,
        correct_counts,
        error_correlations: correlations
            .map(|row| row.iter().map(|entry| entry.value()).collect())
            .collect(),
        pair_counts: shared
            .pair_items
            .iter()
            .map(|row| row.iter().map(|count| number(*count)).collect())
            .collect(),
        mean_error_correlation: mean_correlation,
        mean_vote_count: votes as f64 / items,
        mean_effective_vote_count: effective.sum::<f64>() / items,
        even_vote_accuracy: part_right / items,
        classes: numbering.classes.clone(),
        confusions: confusions(numbering, data, &judged),
    }))
}

fn confusions(numbering: &Numbering, data: &LabelledBallots, judged: &[usize]) -> Vec<ConfusionCounts> {
    let classes = numbering.classes.len();
    if classes == 0 {
        return Vec::new();
    }
    let mut counts = vec![vec![vec![0_u32; classes]; classes]; numbering.annotators.len()];
    for item in judged {
        let Some(truth) = data.gold(*item).and_then(|label| label.truth) else {
            continue;
        };
        let ballot = data.ballot(*item);
        for (voter, class) in ballot.votes() {
            if let Some(said) = ballot.declared(*class) {
                counts[*voter][truth][said] += 1;
            }
        }
    }
    let rows = numbering.annotators.iter().zip(counts);
    rows.map(|(annotator_id, counts)| ConfusionCounts {
        annotator_id: *annotator_id,
        counts,
    })
    .collect()
}

/// What stands out: an annotator that is better than an even vote of all where it voted, or worse than guessing.
///
/// # Errors
/// None that well-formed ballots cause.
pub fn warnings(panel: &AnnotatorPanel, data: &LabelledBallots) -> Result<Vec<FitWarning>, InvalidInput> {
    let accuracy = |position: usize| f64::from(panel.correct_counts[position]) / f64::from(panel.vote_counts[position]);
    let known = || (0..panel.annotators.len()).filter(|position| panel.vote_counts[*position] >= FEWEST_LABELS);
    let mut found = Vec::new();
    if let Some(better) = data.voter_above_even_vote()? {
        found.push(FitWarning::EvenVoteBelowAnnotator {
            annotator_id: panel.annotators[better.voter],
            annotator_accuracy: better.accuracy,
            even_vote_accuracy: better.even_vote_accuracy,
        });
    }
    if !panel.classes.is_empty() {
        let chance = 1.0 / panel.classes.len().saturating_sub(1).max(1) as f64;
        let below = known().filter(|position| accuracy(*position) < chance);
        found.extend(below.map(|position| FitWarning::AnnotatorBelowChance {
            annotator_id: panel.annotators[position],
            accuracy: accuracy(position),
            chance,
        }));
    }
    Ok(found)
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
