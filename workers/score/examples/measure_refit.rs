//! Measures scoring and refitting on votes made for the purpose: `measure_refit [ITEMS] [FIELDS] [ANNOTATORS]`.

use std::io::Write;
use std::time::Instant;

use accord_domain::fold_of;
use accord_domain::{AnnotationId, AnnotatorId, Answer, Field, NormalisedValue, Weighting};
use accord_score::ballot::{Ballot, CastVote};
use accord_score::fit::{FieldGold, fit_fields};
use accord_score::weights::LabelledBallot;
use uuid::Uuid;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<usize>());
    let mut next = |default| numbers.next().unwrap_or(Ok(default));
    let (items, fields, annotators) = (next(2000)?, next(12)?, next(6)?);
    let definitions: Vec<Field> = (0..fields)
        .map(|number| {
            let field_type = ["identifier", "text", "money", "address"][number % 4];
            serde_json::from_value(serde_json::json!({"name": format!("field_{number}"), "type": field_type}))
        })
        .collect::<Result<_, _>>()?;
    let answers: Vec<Vec<Answer>> = (0..items)
        .map(|item| (0..annotators).map(|voter| answer(item, voter)).collect())
        .collect();
    let gold: Vec<Answer> = (0..items)
        .map(|item| value(format!("{item} high street, a town by the sea")))
        .collect();
    let families: Vec<String> = (0..annotators).map(|voter| format!("family {voter}")).collect();
    let started = Instant::now();
    let labelled: Vec<FieldGold<'_>> = definitions
        .iter()
        .map(|field| {
            let ballots = answers.iter().zip(&gold).enumerate().map(|(item, (votes, gold))| {
                let cast = votes
                    .iter()
                    .zip(&families)
                    .zip(0_u128..)
                    .map(|((answer, family), voter)| CastVote {
                        annotation_id: AnnotationId::from_uuid(Uuid::nil()),
                        annotator_id: AnnotatorId::from_uuid(Uuid::from_u128(voter)),
                        family,
                        from_data: false,
                        answer,
                    });
                let ballot = Ballot::new(field, cast.collect())?;
                Ok::<_, accord_statistics::InvalidInput>(LabelledBallot {
                    fold: fold_of(&item.to_string()),
                    document: item as u64,
                    ballot,
                    gold,
                })
            });
            Ok(FieldGold {
                field,
                labelled: ballots.collect::<Result<_, _>>()?,
                unlabelled: Vec::new(),
            })
        })
        .collect::<Result<_, accord_statistics::InvalidInput>>()?;
    let told_apart = started.elapsed();
    let started = Instant::now();
    let fitted = fit_fields(&labelled, Weighting::Automatic, &[])?;
    writeln!(
        std::io::stdout(),
        "{items} items, {fields} fields, {annotators} annotators: ballots {told_apart:.2?}, refit {:.2?}, {} curves",
        started.elapsed(),
        fitted.iter().flatten().count()
    )?;
    Ok(())
}

fn answer(item: usize, voter: usize) -> Answer {
    let is_wrong = item
        .wrapping_mul(2_654_435_761)
        .wrapping_add(voter.wrapping_mul(40_503))
        % 7
        < voter;
    if is_wrong {
        value(format!("{} low road, another town {}", item, voter % 2))
    } else {
        value(format!("{item} high street, a town by the sea"))
    }
}

fn value(text: String) -> Answer {
    Answer::Value(NormalisedValue {
        raw: text.clone(),
        canonical: text,
        parsed: true,
        valid: None,
    })
}
