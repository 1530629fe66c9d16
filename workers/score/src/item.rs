//! All fields of one item: from its annotations to consensus rows.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use accord_domain::{
    Annotation, AnnotationId, Annotator, AnnotatorId, AnnotatorKind, Answer, AutomaticKind, Calibrator, ClassShare,
    Consensus, ConsensusId, Environment, Field, FieldName, FittedFold, Item, Outcome, Project, Timestamp, document_of,
    fold_of, is_set_apart,
};
use accord_statistics::InvalidInput;
use accord_statistics::voting::{self, Tally};
use sha2::{Digest, Sha256};

use crate::CODE_VERSION;
use crate::ballot::{Ballot, CastVote};
use crate::decide::{Calibration, Won, confidence, decide};
use crate::stopping::Voted;
use crate::tally::{CountedBallot, ScoredBallot, score};

/// Everything that the scoring of one item looks at.
#[derive(Debug, Clone, Copy)]
pub struct ItemToScore<'a> {
    /// The project.
    pub project: &'a Project,
    /// The item.
    pub item: &'a Item,
    /// Its annotations.
    pub annotations: &'a [Annotation],
    /// The project's annotators.
    pub annotators: &'a HashMap<AnnotatorId, Annotator>,
    /// The present calibrators by field, those that serve the project's stopping rule.
    pub calibrators: &'a BTreeMap<FieldName, Calibrator>,
    /// The fields for which the item has gold: they are scored by what has not seen it.
    pub fields_with_gold: &'a BTreeSet<FieldName>,
    /// Its present consensus; empty as long as it is being voted on for the first time.
    pub present: &'a [Consensus],
    /// How many people may still vote on it.
    pub open_votes: usize,
    /// Whether automatic annotators are being asked about it.
    pub has_open_annotations: bool,
    /// Who asks machines about it.
    pub asker: Asker<'a>,
}

/// Who asks machines about an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker<'a> {
    /// Its project asks all that it has.
    Project,
    /// A run asks its panel, by the stopping rule.
    Run(&'a BTreeSet<AnnotatorId>),
    /// It is left to runs, none of which asks by the rule at present: one has asked, or none has and people have voted
    /// already.
    Nobody,
}

/// The votes on a field that count: blind ones, of people and of the automatic annotators that the project still has.
/// Votes that were cast with others' in sight do not count.
#[must_use]
pub fn cast_votes<'a>(
    field: &FieldName,
    annotations: &'a [Annotation],
    annotators: &'a HashMap<AnnotatorId, Annotator>,
) -> Vec<CastVote<'a>> {
    annotations
        .iter()
        .filter(|annotation| annotation.provenance.blind)
        .filter_map(|annotation| {
            let annotator = annotators
                .get(&annotation.annotator_id)
                .filter(|annotator| annotator.active || matches!(annotator.kind, AnnotatorKind::Human { .. }))?;
            Some(CastVote {
                annotation_id: annotation.id,
                annotator_id: annotator.id,
                family: &annotator.family,
                from_data: reads_data(&annotator.kind),
                answer: annotation.answers.get(field)?,
            })
        })
        .collect()
}

const fn reads_data(kind: &AnnotatorKind) -> bool {
    matches!(
        kind,
        AnnotatorKind::Automatic {
            definition: AutomaticKind::InvoiceXml
        }
    )
}

/// Scores every field of an item by the votes that count.
///
/// # Errors
/// None that well-formed annotations cause.
pub fn score_item(
    environment: &dyn Environment,
    input: ItemToScore<'_>,
    voted: &Voted,
) -> Result<Vec<Consensus>, InvalidInput> {
    let now = environment.now();
    let fields = &input.project.definition.fields;
    fields
        .iter()
        .map(|field| score_field(environment, input, voted, field, now))
        .collect()
}

fn score_field(
    environment: &dyn Environment,
    input: ItemToScore<'_>,
    voted: &Voted,
    field: &Field,
    now: Timestamp,
) -> Result<Consensus, InvalidInput> {
    let mut votes = cast_votes(&field.name, input.annotations, input.annotators);
    votes.retain(|vote| !voted.left_out.contains(&vote.annotator_id));
    let ballot = Ballot::new(field, votes)?;
    let calibration = calibration_for(input, field).filter(|_| !voted.foreign);
    let fitted = calibration.map(|calibration| calibration.fitted);
    let ScoredBallot { counted, probability } = score(&ballot, fitted, &field.field_type)?;
    let winner = counted.tally.as_ref().and_then(|tally| tally.outcome.winner());
    let share = winner
        .zip(counted.tally.as_ref())
        .map(|(class, tally)| tally.shares[class]);
    let confidence = confidence(calibration, share, probability);
    let won = match (winner.and_then(|class| ballot.answer_of_class(class)), &counted.tally) {
        (Some(answer), _) => Won::Answer(answer),
        (None, Some(_)) => Won::Tie,
        (None, None) => Won::Nothing,
    };
    let inverted = fitted.is_some_and(|fitted| fitted.inverted);
    let decision = decide(field, &input.project.definition.policy, won, &confidence, inverted);
    let weights_version = fitted.map_or_else(|| "even".to_owned(), weights_version);
    Ok(Consensus {
        id: ConsensusId::generate(environment),
        project_id: input.project.id,
        item_id: input.item.id,
        field: field.name.clone(),
        outcome: outcome(&ballot, counted.tally.as_ref()),
        classes: class_shares(&ballot, counted.tally.as_ref()),
        vote_count: number(ballot.class_of_vote.iter().flatten().count()),
        effective_vote_count: counted.effective_votes,
        abstention_count: number(ballot.abstention_count()),
        failure_count: number(ballot.failure_count()),
        margin: counted.tally.as_ref().map_or(0.0, |tally| tally.margin),
        entropy: entropy(&counted),
        raw_score: counted.raw_score,
        confidence,
        decision,
        annotation_ids: ballot.votes.iter().map(|vote| vote.annotation_id).collect(),
        stopped: voted.stopped(&field.name),
        project_version: input.project.version,
        weights_version,
        code_version: CODE_VERSION.to_owned(),
        created_at: now,
    })
}

/// What the field is scored with: for an item whose gold may have taken part in the fit, what was fitted without the
/// item's fold.
pub(crate) fn calibration_for<'a>(input: ItemToScore<'a>, field: &Field) -> Option<Calibration<'a>> {
    let calibrator = input.calibrators.get(&field.name)?;
    let hash = &input.item.content_hash;
    let is_apart = calibrator.certification.is_some() && is_set_apart(document_of(hash));
    let fitted = if input.fields_with_gold.contains(&field.name) && !is_apart {
        calibrator.folds.get(fold_of(hash) as usize)?.as_ref()?
    } else {
        &calibrator.production
    };
    Some(Calibration {
        calibrator_id: calibrator.id,
        rung: calibrator.rung,
        gold_count: calibrator.gold_count,
        fitted,
    })
}

fn entropy(counted: &CountedBallot) -> Option<f64> {
    counted
        .tally
        .as_ref()
        .and_then(|tally| tally.entropy_normalised.value())
}

fn outcome(ballot: &Ballot<'_>, tally: Option<&Tally>) -> Outcome {
    let Some(tally) = tally else {
        return Outcome::Undefined {
            reason: "nobody voted".to_owned(),
        };
    };
    match &tally.outcome {
        voting::Outcome::Winner(class) => {
            let (canonical, value) = texts_of_class(ballot, *class);
            Outcome::Winner {
                canonical,
                value,
                share: tally.shares[*class],
            }
        }
        voting::Outcome::Tie(classes) => Outcome::Tie {
            canonicals: classes.iter().map(|class| texts_of_class(ballot, *class).0).collect(),
            share: tally.top_share(),
        },
    }
}

fn texts_of_class(ballot: &Ballot<'_>, class: usize) -> (String, Option<String>) {
    let answer = ballot.answer_of_class(class);
    let canonical = answer.and_then(Answer::class).unwrap_or_default().to_owned();
    let value = match answer {
        Some(Answer::Value(value)) => Some(value.raw.clone()),
        _ => None,
    };
    (canonical, value)
}

/// Every class, the heaviest first; among equals, the one voted for first.
fn class_shares(ballot: &Ballot<'_>, tally: Option<&Tally>) -> Vec<ClassShare> {
    let share_of = |class: usize| tally.and_then(|tally| tally.shares.get(class)).copied().unwrap_or(0.0);
    let mut shares: Vec<ClassShare> = ballot
        .classes
        .iter()
        .enumerate()
        .map(|(index, class)| {
            let (canonical, value) = texts_of_class(ballot, index);
            let annotation_ids: Vec<AnnotationId> = class
                .members
                .iter()
                .map(|member| ballot.votes[*member].annotation_id)
                .collect();
            ClassShare {
                canonical,
                value,
                share: share_of(index),
                vote_count: number(class.members.len()),
                annotation_ids,
            }
        })
        .collect();
    shares.sort_by(|left, right| right.share.total_cmp(&left.share));
    shares
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// A short hash that tells two sets of voter weights, or two fitted methods, apart.
fn weights_version(fitted: &FittedFold) -> String {
    let mut hash = Sha256::new();
    for (annotator, weight) in &fitted.weights {
        hash.update(annotator.as_uuid().as_bytes());
        hash.update(weight.to_bits().to_be_bytes());
    }
    hash.update(fitted.default_weight.to_bits().to_be_bytes());
    if let Some(pipeline) = &fitted.pipeline {
        hash.update(pipeline.model.to_string().as_bytes());
    }
    hex::encode(&hash.finalize()[..8])
}
