//! What each method starts from, gathered from votes, token probabilities and ratings.

use std::collections::BTreeSet;

use accord_domain::{
    Annotation, AnnotatorId, Answer, Field, FieldName, ItemId, JudgeFigures, MethodCost, compare, is_set_apart,
};
use accord_statistics::InvalidInput;
use accord_statistics::score::{JudgeScale, JudgeScore, judge_score};

use super::cost::{Spent, mean_cost};
use super::cross_fit::{cross_fit_curve, log_odds};
use super::judged::Judged;
use crate::ballot::CastVote;
use crate::gold::{FieldFit, GoldItem, ProjectGold};
use crate::report::OutOfFold;
use crate::tally::score;

/// A field with the items that have gold and votes.
#[derive(Debug, Clone)]
pub(super) struct FieldSources {
    pub(super) field: FieldName,
    pub(super) rows: Vec<Row>,
}

/// An item with gold.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) item: ItemId,
    pub(super) fold: u32,
    /// A number for its content; copies share it.
    pub(super) document: u64,
    /// The value that wins the vote; none when none does.
    pub(super) winner: Option<Winner>,
    /// Votes, abstentions among them.
    pub(super) votes: Vec<Vote>,
    pub(super) judge_calls: Vec<Spent>,
}

/// The value that wins the vote, by what has not seen the item's fold.
#[derive(Debug, Clone)]
pub(super) struct Winner {
    pub(super) answer: Answer,
    pub(super) is_correct: bool,
    /// How far it leads, before any curve.
    pub(super) share_logit: Option<f64>,
    /// The same by the weights of production, which have seen the item: only to count levels.
    pub(super) production_logit: Option<f64>,
    /// The same by plain counting: only to count levels.
    pub(super) even_logit: Option<f64>,
    /// Its probability.
    pub(super) vote_probability: Option<f64>,
    pub(super) judge: Option<JudgeScore>,
    pub(super) judge_logit: Option<f64>,
    /// Calls of the judge about it whose reply held no readable rating.
    pub(super) unreadable: usize,
}

/// What an annotator said, and how sure it was.
#[derive(Debug, Clone)]
pub(super) struct Vote {
    pub(super) annotator: AnnotatorId,
    pub(super) is_correct: bool,
    pub(super) is_for_winner: bool,
    /// Log-odds of the geometric mean of the probabilities of the value's tokens.
    pub(super) logprob: Option<f64>,
    pub(super) spent: Spent,
}

impl AsRef<Spent> for Vote {
    fn as_ref(&self) -> &Spent {
        &self.spent
    }
}

/// The rows of a field, in the order of its labelled items.
pub(super) fn gather(
    project: &ProjectGold,
    fit: &FieldFit<'_>,
    judged: &Judged<'_>,
) -> Result<FieldSources, InvalidInput> {
    let (gold, fitted) = (&fit.gold, fit.fitted.as_ref());
    let field = gold.field;
    let items = project.items_with_gold(&field.name);
    let items = items.filter(|item| fit.apart.is_empty() || !is_set_apart(item.document));
    let rows = items.zip(&gold.labelled).enumerate().map(|(place, (item, labelled))| {
        let of_fold = fitted.and_then(|fitted| fitted.folds.get(item.fold as usize)?.as_ref());
        let ballot = &labelled.ballot;
        let counted = score(ballot, of_fold, &field.field_type)?.counted;
        let class = counted.tally.as_ref().and_then(|tally| tally.outcome.winner());
        let winner = class.and_then(|class| ballot.answer_of_class(class));
        let production = score(ballot, fitted.map(|fitted| &fitted.production), &field.field_type)?;
        let even = score(ballot, None, &field.field_type)?;
        let winner = winner
            .map(|answer| {
                let ratings = judged.ratings(item.id, &field.name, answer.class());
                // None below three ratings (methods 4.4).
                let judge = judge_score(&ratings, JudgeScale::UNIT)?.value();
                let out_of_fold = fitted.and_then(|fitted| fitted.out_of_fold.get(place));
                Ok::<Winner, InvalidInput>(Winner {
                    answer: answer.clone(),
                    is_correct: is_correct(field, answer, labelled.gold),
                    share_logit: counted.raw_score,
                    production_logit: production.counted.raw_score,
                    even_logit: even.counted.raw_score,
                    vote_probability: match out_of_fold {
                        Some(OutOfFold::Winner { probability, .. }) => Some(*probability),
                        _ => None,
                    },
                    judge_logit: judge.map(|judge| judge.logit()).transpose()?,
                    judge,
                    unreadable: ratings.iter().filter(|rating| rating.is_none()).count(),
                })
            })
            .transpose()?;
        let votes = ballot.votes.iter().zip(&ballot.class_of_vote);
        let votes = votes.filter_map(|(vote, own)| {
            let annotation = annotation_of(item, vote)?;
            Some(Vote {
                annotator: vote.annotator_id,
                is_correct: is_correct(field, vote.answer, labelled.gold),
                is_for_winner: own.is_some() && *own == class,
                logprob: logprob_logit(annotation, &field.name),
                spent: Spent::of(&annotation.provenance),
            })
        });
        Ok(Row {
            item: item.id,
            fold: item.fold,
            document: item.document,
            winner,
            votes: votes.collect(),
            judge_calls: judged.spent(item.id),
        })
    });
    Ok(FieldSources {
        field: field.name.clone(),
        rows: rows.collect::<Result<_, InvalidInput>>()?,
    })
}

fn is_correct(field: &Field, answer: &Answer, gold: &Answer) -> bool {
    compare::match_gold(field, answer, gold).is_some_and(|verdict| verdict.correct)
}

fn annotation_of<'a>(item: &'a GoldItem, vote: &CastVote<'_>) -> Option<&'a Annotation> {
    item.annotations
        .iter()
        .find(|annotation| annotation.id == vote.annotation_id)
}

fn logprob_logit(annotation: &Annotation, field: &FieldName) -> Option<f64> {
    let logprob = annotation.provenance.logprobs.get(field)?;
    Some(log_odds(logprob.geometric_mean()))
}

impl FieldSources {
    pub(super) fn folds(&self) -> Vec<u32> {
        self.rows.iter().map(|row| row.fold).collect()
    }

    /// Whether the value that wins is right; no value is not.
    pub(super) fn winner_is_correct(&self) -> Vec<bool> {
        let winners = self.rows.iter().map(|row| row.winner.as_ref());
        winners
            .map(|winner| winner.is_some_and(|winner| winner.is_correct))
            .collect()
    }

    pub(super) fn of_winners(&self, part: impl Fn(&Winner) -> Option<f64>) -> Vec<Option<f64>> {
        self.rows.iter().map(|row| part(row.winner.as_ref()?)).collect()
    }

    /// Those with a token probability somewhere, in a certain order.
    pub(super) fn annotators_with_logprobs(&self) -> Vec<AnnotatorId> {
        let votes = self.rows.iter().flat_map(|row| &row.votes);
        let with_logprobs = votes.filter(|vote| vote.logprob.is_some()).map(|vote| vote.annotator);
        with_logprobs.collect::<BTreeSet<_>>().into_iter().collect()
    }

    pub(super) fn of_annotator(&self, annotator: AnnotatorId, part: impl Fn(&Vote) -> Option<f64>) -> Vec<Option<f64>> {
        self.rows.iter().map(|row| part(row.vote_of(annotator)?)).collect()
    }

    /// Whether the annotator's value is right; no value is not.
    pub(super) fn is_correct(&self, annotator: AnnotatorId) -> Vec<bool> {
        let votes = self.rows.iter().map(|row| row.vote_of(annotator));
        votes.map(|vote| vote.is_some_and(|vote| vote.is_correct)).collect()
    }

    /// For each item the mean log-odds that those who are for the winner put on it, each by a curve of its own: the token
    /// probabilities of different models do not compare.
    pub(super) fn calibrated_logprobs_of_winners(&self) -> Result<Vec<Option<f64>>, InvalidInput> {
        let folds = self.folds();
        let mut sums = vec![(0.0, 0_u32); self.rows.len()];
        for annotator in self.annotators_with_logprobs() {
            let scores = self.of_annotator(annotator, |vote| vote.logprob);
            let probabilities = cross_fit_curve(&scores, &self.is_correct(annotator), &folds)?;
            for ((sum, row), probability) in sums.iter_mut().zip(&self.rows).zip(probabilities) {
                let is_for_winner = row.vote_of(annotator).is_some_and(|vote| vote.is_for_winner);
                if let (true, Some(probability)) = (is_for_winner, probability) {
                    *sum = (sum.0 + log_odds(probability), sum.1 + 1);
                }
            }
        }
        let means = sums.into_iter();
        let means = means.map(|(sum, count)| (count > 0).then(|| sum / f64::from(count)));
        Ok(means.collect())
    }

    /// What the judge's ratings are like; none where no value has enough of them.
    pub(super) fn judge_figures(&self) -> Option<JudgeFigures> {
        let winners = self.rows.iter().filter_map(|row| row.winner.as_ref());
        let mut figures = JudgeFigures {
            values: 0,
            ratings: 0,
            mean_rating: 0.0,
            variance: 0.0,
            unreadable: 0,
        };
        for winner in winners {
            figures.unreadable += winner.unreadable;
            if let Some(judge) = &winner.judge {
                figures.values += 1;
                figures.ratings += judge.calls;
                figures.mean_rating += judge.mean;
                figures.variance += judge.variance;
            }
        }
        let values = figures.values as f64;
        figures.mean_rating /= values;
        figures.variance /= values;
        (figures.values > 0).then_some(figures)
    }

    /// Of the votes and of the judge.
    pub(super) fn cost_with_judge(&self) -> MethodCost {
        mean_cost(self.rows.iter().map(|row| {
            let votes = row.votes.iter().map(|vote| &vote.spent);
            votes.chain(&row.judge_calls).collect::<Vec<_>>()
        }))
    }
}

impl Row {
    pub(super) fn vote_of(&self, annotator: AnnotatorId) -> Option<&Vote> {
        self.votes.iter().find(|vote| vote.annotator == annotator)
    }
}
