//! What the labels of a field are worth: ties, accuracy on gold, annotators.

use accord_statistics::truth_inference::{Course, InferenceWarning};
use serde::Serialize;

use super::DecidedField;
use super::automatic::Choice;
use super::decide::{Decided, Skill};
use crate::commands::vote_files::field_name;

/// The outcome of a field.
#[derive(Debug, Serialize)]
pub(super) struct Judged {
    /// Name of the field; null when the file has no column `field`.
    pub(super) field: Option<String>,
    /// Items with at least one vote.
    pub(super) items: usize,
    pub(super) votes: usize,
    /// Items where several labels share first place.
    pub(super) ties: usize,
    /// Items whose votes have no weight at all.
    pub(super) undecided: usize,
    /// Mean share or probability of the first label.
    pub(super) mean_share: f64,
    /// Accuracy on items with gold and votes; null without gold.
    pub(super) accuracy: Option<Accuracy>,
    /// What `--method auto` took; null for other methods.
    pub(super) choice: Option<Choice>,
    /// Everybody who voted.
    pub(super) annotators: Vec<AnnotatorQuality>,
    /// What `skill` of the annotators is.
    pub(super) skill: Skill,
    /// How hard the items are; null unless the method says so.
    pub(super) difficulty: Option<Difficulty>,
    /// How the iteration went; null for counted votes.
    pub(super) course: Option<Course>,
    /// What to look at before the labels are used.
    pub(super) warnings: Vec<String>,
}

/// How many labels are right. A tie is neither: the bounds say what losing and winning all of them gives.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Accuracy {
    /// Items with gold and votes.
    pub(super) scored: usize,
    /// Items whose one label is right.
    pub(super) correct: usize,
    /// Tied items among them where a tied label is right.
    pub(super) ties_that_hold_gold: usize,
    /// Every tie drawn: a tie of two labels, one of them right, counts one half.
    pub(super) ties_drawn: f64,
    /// `correct / scored`: every tie lost.
    pub(super) ties_lost: f64,
    /// Every tie that holds the right label won.
    pub(super) ties_won: f64,
}

/// What a model says of the items: the ease of an item multiplies every ability.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Difficulty {
    pub(super) median_ease: f64,
    /// The items with the least ease, the hardest first.
    pub(super) hardest: Vec<ItemEase>,
}

/// How easy an item is.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ItemEase {
    pub(super) item: String,
    pub(super) ease: f64,
}

/// How good an annotator is.
#[derive(Debug, Clone, Serialize)]
pub(super) struct AnnotatorQuality {
    pub(super) annotator: String,
    pub(super) votes: u64,
    /// Share of the votes on items with one label that are for it.
    pub(super) agrees_with_result: Option<f64>,
    /// Votes on items with gold, and how many of them are right; both 0 without gold.
    pub(super) scored: u64,
    pub(super) correct: u64,
    /// What the method takes the annotator for; null where it says nothing.
    pub(super) skill: Option<f64>,
}

impl AnnotatorQuality {
    /// Share of right votes on items with gold.
    pub(super) fn accuracy(&self) -> Option<f64> {
        (self.scored > 0).then(|| self.correct as f64 / self.scored as f64)
    }
}

pub(super) fn judge(field: &DecidedField<'_>) -> anyhow::Result<Judged> {
    let decided = field.decided;
    let items = field.table.votes.items();
    let sum: f64 = (0..items).map(|row| decided.share(row)).sum();
    let mut warnings: Vec<String> = decided
        .warnings
        .iter()
        .map(|warning| in_words(warning, field))
        .collect();
    warnings.extend(loss_against_majority(field)?);
    Ok(Judged {
        field: field.field.name.clone(),
        items,
        votes: field.table.votes.votes(),
        ties: decided.ties(),
        undecided: decided.without_weight(),
        mean_share: sum / items.max(1) as f64,
        accuracy: field.known.as_ref().map(|known| accuracy(decided, known)),
        choice: decided.choice.clone(),
        annotators: qualities(field),
        skill: decided.skill,
        difficulty: difficulty(field),
        course: decided.course,
        warnings,
    })
}

fn accuracy(decided: &Decided, known: &[Option<usize>]) -> Accuracy {
    let (mut scored, mut correct, mut held) = (0, 0, 0);
    let mut drawn = 0.0;
    for (row, gold) in known.iter().enumerate() {
        let Some(gold) = gold else { continue };
        scored += 1;
        match decided.winner(row) {
            Some(winner) => correct += usize::from(winner == *gold),
            None => {
                let tied = decided.tied(row);
                if tied.contains(gold) {
                    held += 1;
                    drawn += 1.0 / tied.len() as f64;
                }
            }
        }
    }
    let share = |count: usize| count as f64 / scored.max(1) as f64;
    Accuracy {
        scored,
        correct,
        ties_that_hold_gold: held,
        ties_drawn: (correct as f64 + drawn) / scored.max(1) as f64,
        ties_lost: share(correct),
        ties_won: share(correct + held),
    }
}

fn difficulty(field: &DecidedField<'_>) -> Option<Difficulty> {
    const NAMED: usize = 5;
    let mut by_ease: Vec<(usize, f64)> = field.decided.log_eases.iter().copied().enumerate().collect();
    by_ease.sort_by(|left, right| left.1.total_cmp(&right.1));
    let (_, median) = *by_ease.get(by_ease.len() / 2)?;
    let hardest = by_ease.iter().take(NAMED).map(|(row, log_ease)| ItemEase {
        item: field.items.text(field.table.item(*row)).into_owned(),
        ease: log_ease.exp(),
    });
    Some(Difficulty {
        median_ease: median.exp(),
        hardest: hardest.collect(),
    })
}

fn qualities(field: &DecidedField<'_>) -> Vec<AnnotatorQuality> {
    let votes = &field.table.votes;
    let mut counts = vec![Counts::default(); votes.voters()];
    for (item, row) in votes.rows().enumerate() {
        let winner = field.decided.winner(item);
        let is_compared = u32::from(winner.is_some());
        let winner = winner.unwrap_or_default();
        for (voter, class) in row.pairs() {
            let Some(own) = counts.get_mut(voter) else { continue };
            own.votes += 1;
            own.compared += is_compared;
            own.agreeing += u32::from(winner == class) & is_compared;
        }
    }
    for (item, gold) in field.known.iter().flatten().enumerate() {
        let Some(gold) = gold else { continue };
        for (voter, class) in votes.row(item).pairs() {
            let Some(own) = counts.get_mut(voter) else { continue };
            own.scored += 1;
            own.correct += u32::from(class == *gold);
        }
    }
    let voted = (0_u32..).zip(&counts).filter(|(_, own)| own.votes > 0);
    voted
        .map(|(voter, own)| AnnotatorQuality {
            annotator: field.annotators.text(voter).into_owned(),
            votes: own.votes.into(),
            agrees_with_result: (own.compared > 0).then(|| f64::from(own.agreeing) / f64::from(own.compared)),
            scored: own.scored.into(),
            correct: own.correct.into(),
            skill: field.decided.skills.get(voter as usize).copied(),
        })
        .collect()
}

/// Narrow, so that those of a thousand annotators stay in the nearest cache; there are fewer than 2^32 votes.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    votes: u32,
    compared: u32,
    agreeing: u32,
    scored: u32,
    correct: u32,
}

/// A model that does worse than counting must not go unseen.
fn loss_against_majority(field: &DecidedField<'_>) -> anyhow::Result<Option<String>> {
    const NOTABLE: f64 = 0.01;
    let Some(known) = field.known.as_ref().filter(|_| !field.decided.is_counted()) else {
        return Ok(None);
    };
    let majority = Decided::majority(&field.table.votes)?;
    let own = accuracy(field.decided, known);
    let counted = accuracy(&majority, known);
    Ok((own.ties_won < counted.ties_lost - NOTABLE).then(|| {
        format!(
            "on gold it is right in {:.1} %, less than the plain majority with {:.1} %: use the majority",
            own.ties_won * 100.0,
            counted.ties_lost * 100.0
        )
    }))
}

fn in_words(warning: &InferenceWarning, field: &DecidedField<'_>) -> String {
    const NAMED: usize = 5;
    match warning {
        InferenceWarning::FewVoters { voters } => {
            format!("only {voters} annotators: their skills cannot be told from the truth; use --method majority")
        }
        InferenceWarning::FewItems { items } => {
            format!("only {items} items: too few to learn who confuses what; use --method one-coin or majority")
        }
        InferenceWarning::WorseThanGuessing { voters } => {
            let names: Vec<String> = voters.iter().take(NAMED).map(|voter| named(field, *voter)).collect();
            let more = voters.len().saturating_sub(NAMED);
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            format!(
                "{} annotators of field `{}` seem worse than guessing ({}{more}): either they are, or the labels have \
                 switched",
                voters.len(),
                field_name(field.field),
                names.join(", ")
            )
        }
        InferenceWarning::DisagreesWithMajority { share } => format!(
            "the result differs from the majority on {:.1} % of the items: labels may have switched, or many annotators \
             share an error; check against known labels",
            share * 100.0
        ),
        InferenceWarning::SharedErrors {
            correlation,
            votes,
            effective_votes,
        } => format!(
            "annotators err together (correlation {correlation:.2}): {votes:.1} votes an item are worth {effective_votes:.1}; \
             probabilities are far too sure, and where the larger camp is wrong the result is; check against known labels"
        ),
        InferenceWarning::PairedErrors {
            voters: [first, second],
            correlation,
            pairs,
        } => {
            let more = match pairs.saturating_sub(1) {
                0 => String::new(),
                1 => " and one more pair".to_owned(),
                more => format!(" and {more} more pairs"),
            };
            format!(
                "{} and {}{more} leave the result together (their errors correlate by {correlation:.2}): either they share \
                 an error, or they are right and the others share one; check against known labels",
                named(field, *first),
                named(field, *second)
            )
        }
        InferenceWarning::NotConverged { iterations } => {
            format!("not at rest after {iterations} iterations: more may change the labels")
        }
    }
}

/// The name of an annotator by number.
fn named(field: &DecidedField<'_>, voter: usize) -> String {
    let position = u32::try_from(voter).unwrap_or(u32::MAX);
    field.annotators.text(position).into_owned()
}
