//! Counting a ballot: weighted shares, the winner, and the raw score that calibrators take.

use std::collections::HashMap;

use accord_domain::{FieldType, FittedFold, FittedPipeline};
use accord_statistics::InvalidInput;
use accord_statistics::calibration::PlattCurve;
use accord_statistics::pipeline::FittedPipeline as FittedModel;
use accord_statistics::score::add_half_logit;
use accord_statistics::voting::{
    Categories, Outcome, Tally, one_vote_per_family, weighted_effective_votes, weighted_vote,
};

use crate::ballot::Ballot;
use crate::numbered::Numbering;

/// The result of counting a ballot.
#[derive(Debug, Clone)]
pub struct CountedBallot {
    /// Shares, winner or tie, margin and entropy; none when nobody voted.
    pub tally: Option<Tally>,
    /// How many votes they are worth: members of one family together count as one.
    pub effective_votes: f64,
    /// How far the leader leads, on the log-odds scale before any curve: by learned weights the add-half logit of its
    /// share at the effective number of votes (methods 4.2). None when nobody voted.
    pub raw_score: Option<f64>,
}

/// The weight of each voter: learned ones where given, else all the same.
#[must_use]
pub fn weights_of_voters(ballot: &Ballot<'_>, fitted: Option<&FittedFold>) -> Vec<f64> {
    let weight = |vote: &crate::ballot::CastVote<'_>| {
        fitted.map_or(1.0, |fitted| {
            fitted
                .weights
                .get(&vote.annotator_id)
                .copied()
                .unwrap_or(fitted.default_weight)
        })
    };
    let weights: Vec<f64> = ballot.votes.iter().map(weight).collect();
    let somebody_counts = weights
        .iter()
        .zip(&ballot.class_of_vote)
        .any(|(weight, class)| class.is_some() && *weight > 0.0);
    if somebody_counts {
        weights
    } else {
        // Everybody who voted is known to be no better than chance: their votes are all there is, so they count alike,
        // and calibration tells what that is worth.
        vec![1.0; ballot.votes.len()]
    }
}

/// A counted ballot and the probability that its winner is right, where there is a curve for it.
#[derive(Debug, Clone)]
pub struct ScoredBallot {
    /// The count.
    pub counted: CountedBallot,
    /// The probability; none without a winner or without anything fitted.
    pub probability: Option<f64>,
}

/// Counts a ballot by what was fitted: the chosen method, or learned weights with Platt's curve, or evenly.
///
/// # Errors
/// None that a well-formed ballot causes.
pub fn score(
    ballot: &Ballot<'_>,
    fitted: Option<&FittedFold>,
    field_type: &FieldType,
) -> Result<ScoredBallot, InvalidInput> {
    if let Some(pipeline) = fitted.and_then(|fitted| fitted.pipeline.as_ref()) {
        return score_by_pipeline(ballot, pipeline, field_type);
    }
    let counted = count(ballot, &weights_of_voters(ballot, fitted), field_type)?;
    let has_winner = counted
        .tally
        .as_ref()
        .is_some_and(|tally| tally.outcome.winner().is_some());
    let probability = fitted
        .zip(counted.raw_score.filter(|_| has_winner))
        .map(|(fitted, score)| {
            let curve = PlattCurve {
                slope: fitted.slope,
                intercept: fitted.intercept,
            };
            curve.predict(score)
        });
    Ok(ScoredBallot { counted, probability })
}

/// A model that cannot be read, because a later release wrote it, gives no probability: the votes count evenly and the
/// item stays uncalibrated.
fn score_by_pipeline(
    ballot: &Ballot<'_>,
    pipeline: &FittedPipeline,
    field_type: &FieldType,
) -> Result<ScoredBallot, InvalidInput> {
    // Counted evenly for the effective number of votes, which families decide and no method changes.
    let even = count(ballot, &vec![1.0; ballot.votes.len()], field_type)?;
    let model: Option<FittedModel> = serde_json::from_value(pipeline.model.clone()).ok();
    let (panel, numbered) = Numbering::of_pipeline(pipeline).ballot(ballot)?;
    let outcome = match model {
        Some(model) => model.apply(&panel, &numbered)?,
        None => None,
    };
    let Some(outcome) = outcome else {
        return Ok(ScoredBallot {
            counted: even,
            probability: None,
        });
    };
    let classes: Vec<Option<usize>> = (0..outcome.shares.len()).map(Some).collect();
    let options = even
        .tally
        .as_ref()
        .map_or(0, |tally| tally.shares.len())
        .max(numbered.votes().len());
    let shares = weighted_vote(&classes, &outcome.shares, Categories::Declared(options))?;
    let tally = shares.tally.value().map(|tally| Tally {
        shares: outcome.shares.clone(),
        outcome: match (outcome.winner, tally.outcome) {
            (Some(winner), _) => Outcome::Winner(winner),
            (None, Outcome::Tie(tied)) => Outcome::Tie(tied),
            (None, Outcome::Winner(leader)) => Outcome::Tie(vec![leader]),
        },
        ..tally
    });
    Ok(ScoredBallot {
        probability: outcome.confidence,
        counted: CountedBallot {
            tally,
            effective_votes: even.effective_votes,
            raw_score: Some(outcome.score),
        },
    })
}

/// Counts a ballot with these weights, one for each vote. Members of one family that voted share one vote (methods 2.9a).
///
/// # Errors
/// Weights that are negative or not finite, or of another number than the votes.
pub fn count(ballot: &Ballot<'_>, weights: &[f64], field_type: &FieldType) -> Result<CountedBallot, InvalidInput> {
    let voting: Vec<usize> = (0..ballot.votes.len())
        .filter(|position| ballot.class_of_vote[*position].is_some())
        .collect();
    if voting.is_empty() {
        return Ok(CountedBallot {
            tally: None,
            effective_votes: 0.0,
            raw_score: None,
        });
    }
    let classes: Vec<Option<usize>> = voting.iter().map(|position| ballot.class_of_vote[*position]).collect();
    let own: Vec<f64> = voting
        .iter()
        .map(|position| weights.get(*position).copied().unwrap_or(1.0))
        .collect();
    let families = number_families(ballot, &voting);
    let mut shared = one_vote_per_family(&families, &own)?;
    let from_data: Vec<bool> = voting
        .iter()
        .map(|position| ballot.votes[*position].from_data)
        .collect();
    let_data_outweigh_readings(&mut shared, &from_data);
    let counted = weighted_vote(&classes, &shared, categories(field_type, ballot.classes.len()))?;
    let family_count = families.iter().max().map_or(0, |last| last + 1);
    let effective = weighted_effective_votes(&families, &own, &vec![1.0; family_count])?;
    let effective_votes = effective.value().unwrap_or(0.0);
    let tally = counted.tally.value();
    let raw_score = match &tally {
        Some(tally) if effective_votes > 0.0 => Some(add_half_logit(tally.top_share(), effective_votes)?),
        _ => None,
    };
    Ok(CountedBallot {
        tally,
        effective_votes,
        raw_score,
    })
}

/// How much more the data of a document weigh than all readings of its page together.
const DATA_OVER_READINGS: f64 = 1.05;

/// The data that an electronic invoice carries are the invoice; its page is a picture of them. So they win where they
/// answer, and readings that differ show as a small lead, hence as little confidence.
fn let_data_outweigh_readings(weights: &mut [f64], from_data: &[bool]) {
    let readings: f64 = weights
        .iter()
        .zip(from_data)
        .filter(|(_, data)| !**data)
        .map(|(weight, _)| weight)
        .sum();
    for (weight, data) in weights.iter_mut().zip(from_data) {
        if *data {
            *weight = weight.max(DATA_OVER_READINGS * readings);
        }
    }
}

/// Numbers the families of those who voted, from 0 in order of appearance.
fn number_families(ballot: &Ballot<'_>, voting: &[usize]) -> Vec<usize> {
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    voting
        .iter()
        .map(|position| {
            let next = numbers.len();
            *numbers.entry(ballot.votes[*position].family).or_insert(next)
        })
        .collect()
}

/// Declared classes are numbered by appearance as well: only their count matters, and absence is one more.
fn categories(field_type: &FieldType, seen: usize) -> Categories {
    match declared_classes(field_type) {
        Some(declared) => Categories::Declared((declared + 1).max(seen)),
        None => Categories::Open(seen),
    }
}

/// How many values a field can take, for fields that declare them.
#[must_use]
pub fn declared_classes(field_type: &FieldType) -> Option<usize> {
    match field_type {
        FieldType::Choice { options } => Some(options.len()),
        FieldType::Boolean => Some(2),
        FieldType::Rating { minimum, maximum } => usize::try_from(maximum - minimum + 1).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use accord_domain::{Answer, Field};
    use proptest::prelude::*;

    use super::*;
    use crate::ballot::CastVote;
    use crate::fixture::{FAMILIES, annotator, code, value, vote};

    fn counted(field: &Field, votes: Vec<CastVote<'_>>, fitted: Option<&FittedFold>) -> CountedBallot {
        let ballot = Ballot::new(field, votes).unwrap();
        count(&ballot, &weights_of_voters(&ballot, fitted), &field.field_type).unwrap()
    }

    fn fitted(weights: &[f64]) -> FittedFold {
        FittedFold {
            weights: weights
                .iter()
                .zip(0..)
                .map(|(weight, number)| (annotator(number), *weight))
                .collect(),
            default_weight: 0.25,
            slope: 1.0,
            intercept: 0.0,
            inverted: false,
            pipeline: None,
        }
    }

    fn share_of(field: &Field, votes: &[CastVote<'_>], counted: &CountedBallot, text: &str) -> f64 {
        let ballot = Ballot::new(field, votes.to_vec()).unwrap();
        let class = (0..ballot.classes.len())
            .find(|class| ballot.answer_of_class(*class).and_then(Answer::class) == Some(text))
            .unwrap();
        counted.tally.as_ref().unwrap().shares[class]
    }

    #[test]
    fn nobody_voting_is_no_score() {
        let answers = [Answer::Abstained, Answer::Failed { reason: String::new() }];
        let votes = answers
            .iter()
            .enumerate()
            .map(|(number, answer)| vote(number, FAMILIES[number], answer))
            .collect();
        let nothing = counted(&code(), votes, None);
        assert!(nothing.tally.is_none() && nothing.raw_score.is_none());
        assert!(nothing.effective_votes.abs() < f64::EPSILON);
    }

    #[test]
    fn a_family_counts_as_one_vote() {
        let (yes, no) = (value("yes"), value("no"));
        let votes = vec![
            vote(0, "gpt", &yes),
            vote(1, "gpt", &yes),
            vote(2, "gpt", &yes),
            vote(3, "claude", &no),
        ];
        let result = counted(&code(), votes, None);
        assert_eq!(result.tally.unwrap().outcome, Outcome::Tie(vec![0, 1]));
        assert!((result.effective_votes - 2.0).abs() < 1e-12);
        let unanimous = vec![vote(0, "gpt", &yes), vote(1, "gpt", &yes), vote(2, "gpt", &yes)];
        let result = counted(&code(), unanimous, None);
        assert!((result.effective_votes - 1.0).abs() < 1e-12);
        assert!((result.raw_score.unwrap() - add_half_logit(1.0, 1.0).unwrap()).abs() < 1e-12);
    }

    #[test]
    fn a_member_that_abstains_leaves_its_share_to_its_family() {
        let (yes, no, silent) = (value("yes"), value("no"), Answer::Abstained);
        let votes = vec![vote(0, "gpt", &yes), vote(1, "gpt", &silent), vote(2, "claude", &no)];
        assert_eq!(
            counted(&code(), votes, None).tally.unwrap().outcome,
            Outcome::Tie(vec![0, 1])
        );
    }

    #[test]
    fn the_data_of_a_document_win_over_all_readings_of_its_page() {
        let (right, wrong) = (value("right"), value("wrong"));
        let mut votes: Vec<CastVote<'_>> = (0..5).map(|number| vote(number, FAMILIES[number], &wrong)).collect();
        votes.push(CastVote {
            from_data: true,
            ..vote(5, "data", &right)
        });
        let result = counted(&code(), votes, None);
        let tally = result.tally.unwrap();
        assert_eq!(tally.outcome, Outcome::Winner(1));
        assert!(
            tally.top_share() < 0.52,
            "a lead of data over unanimous readings is a small one"
        );
        assert!(result.raw_score.unwrap() > 0.0);
    }

    #[test]
    fn voters_known_to_be_no_better_than_chance_count_alike_when_nobody_else_voted() {
        let (yes, no) = (value("yes"), value("no"));
        let worthless = fitted(&[0.0, 0.0, 0.0, 1.0]);
        let votes = vec![vote(0, "a", &yes), vote(1, "b", &yes), vote(2, "c", &no)];
        let tally = counted(&code(), votes.clone(), Some(&worthless)).tally.unwrap();
        assert!((tally.top_share() - 2.0 / 3.0).abs() < 1e-12);
        let mut votes = votes;
        votes.push(vote(3, "d", &no));
        let tally = counted(&code(), votes, Some(&worthless)).tally.unwrap();
        assert!((tally.top_share() - 1.0).abs() < 1e-12, "the one with a weight decides");
    }

    #[test]
    fn a_voter_without_gold_weighs_the_default() {
        let (yes, no) = (value("yes"), value("no"));
        let votes = vec![vote(0, "a", &yes), vote(7, "h", &no)];
        let tally = counted(&code(), votes, Some(&fitted(&[0.75]))).tally.unwrap();
        assert!((tally.shares[0] - 0.75).abs() < 1e-12 && (tally.shares[1] - 0.25).abs() < 1e-12);
    }

    #[test]
    fn a_scale_has_as_many_classes_as_points() {
        let scale = |minimum, maximum| declared_classes(&FieldType::Rating { minimum, maximum });
        assert_eq!(scale(1, 5), Some(5));
        assert_eq!(scale(-3, 3), Some(7));
        assert_eq!(declared_classes(&FieldType::Boolean), Some(2));
        assert_eq!(declared_classes(&FieldType::Text), None);
    }

    proptest! {
        #[test]
        fn order_and_scale_of_voters_and_abstentions_do_not_show(
            choices in proptest::collection::vec((0_usize..4, 0_usize..3, 0.0_f64..4.0), 1..8),
            scale in 0.01_f64..100.0,
            turn in 0_usize..8,
        ) {
            let texts = ["one", "two", "three"].map(value);
            let silent = Answer::Abstained;
            let votes: Vec<CastVote<'_>> = choices
                .iter()
                .enumerate()
                .map(|(number, (family, choice, _))| vote(number, FAMILIES[*family], &texts[*choice]))
                .collect();
            let weights: Vec<f64> = choices.iter().map(|(_, _, weight)| *weight).collect();
            let scaled: Vec<f64> = weights.iter().map(|weight| weight * scale).collect();
            let field = code();
            let plain = counted(&field, votes.clone(), Some(&fitted(&weights)));
            let mut turned = votes.clone();
            turned.rotate_left(turn % votes.len());
            turned.insert(turn % votes.len(), vote(7, FAMILIES[0], &silent));
            let other = counted(&field, turned.clone(), Some(&FittedFold { default_weight: 9.0, ..fitted(&scaled) }));
            for text in texts.iter().filter_map(Answer::class).filter(|text| votes.iter().any(|vote| vote.answer.class() == Some(text))) {
                let (one, two) = (share_of(&field, &votes, &plain, text), share_of(&field, &turned, &other, text));
                prop_assert!((one - two).abs() < 1e-9, "{text}: {one} and {two}");
            }
            prop_assert!((plain.effective_votes - other.effective_votes).abs() < 1e-9);
            prop_assert!((plain.raw_score.unwrap() - other.raw_score.unwrap()).abs() < 1e-9);
            let families: std::collections::BTreeSet<usize> = choices.iter().map(|(family, _, _)| *family).collect();
            prop_assert!(plain.effective_votes <= families.len() as f64 + 1e-9);
        }
    }
}
