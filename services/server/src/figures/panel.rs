//! What gold says of the annotators of a field together: how right each is, how much they err alike, what they are worth.

use accord_domain::{Annotator, AnnotatorId, AnnotatorKind, AnnotatorPanel};
use accord_statistics::metrics::wilson_interval;
use accord_statistics::voting::{ErrorCorrelation, design_effect_votes, discount_families, family_error_correlations};
use accord_statistics::{Estimate, InvalidInput, Undefined};
use serde::Serialize;
use utoipa::ToSchema;

/// The correlation that is assumed within a family of which nothing is known: one family, one vote.
const UNKNOWN_FAMILY: f64 = 1.0;

/// The confidence of the intervals.
const INTERVAL_LEVEL: f64 = 0.95;

/// What gold says of the annotators of a field together, at the last fit.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FieldPanel {
    /// Whoever voted on items with gold: the order of the matrices.
    pub annotators: Vec<PanelAnnotator>,
    /// How many annotators there are: k of a full panel.
    pub votes: usize,
    /// What so many votes are worth, given the mean error correlation: `k / (1 + (k - 1) rho)`.
    pub effective_votes: f64,
    /// The mean number of votes on an item with gold.
    pub mean_vote_count: f64,
    /// The mean number of votes they are worth.
    pub mean_effective_vote_count: f64,
    /// The mean of the error correlations that are defined.
    pub mean_error_correlation: Option<f64>,
    /// The families, in order of their first member.
    pub families: Vec<PanelFamily>,
    /// Correlation of the errors of every pair; none where one of the two is always right or always wrong, or where they
    /// share fewer than two items.
    pub error_correlations: Vec<Vec<Option<f64>>>,
    /// Items with gold that both annotators of a pair voted on.
    pub pair_counts: Vec<Vec<u32>>,
    /// How often a plain majority is right, an even split counting by its fair part.
    pub even_vote_accuracy: f64,
}

/// An annotator held against gold.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PanelAnnotator {
    /// Its identifier.
    #[schema(value_type = String)]
    pub id: AnnotatorId,
    /// Its name.
    pub name: String,
    /// Its family.
    pub family: String,
    /// Whether it is a person.
    pub is_person: bool,
    /// Its votes on items with gold.
    pub vote_count: u32,
    /// Right ones among them.
    pub correct_count: u32,
    /// 95 % Wilson interval of its accuracy; none without votes.
    pub accuracy_interval: Option<[f64; 2]>,
}

/// Annotators that share their errors.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PanelFamily {
    /// Its name.
    pub name: String,
    /// The names of its members.
    pub members: Vec<String>,
    /// The mean correlation of their errors, drawn towards that of the panel where items are few; none for one member.
    pub error_correlation: Option<f64>,
    /// What the votes of all its members are worth.
    pub effective_votes: f64,
}

/// The panel with names and families.
pub(super) fn panel(of_gold: &AnnotatorPanel, annotators: &[Annotator]) -> Result<FieldPanel, InvalidInput> {
    let members: Vec<PanelAnnotator> = (0..of_gold.annotators.len())
        .map(|position| member(of_gold, position, annotators))
        .collect();
    let votes = members.len();
    let correlation = of_gold.mean_error_correlation;
    Ok(FieldPanel {
        families: families(of_gold, &members)?,
        votes,
        effective_votes: design_effect_votes(votes, correlation.unwrap_or(0.0)),
        mean_vote_count: of_gold.mean_vote_count,
        mean_effective_vote_count: of_gold.mean_effective_vote_count,
        mean_error_correlation: correlation,
        error_correlations: of_gold.error_correlations.clone(),
        pair_counts: of_gold.pair_counts.clone(),
        even_vote_accuracy: of_gold.even_vote_accuracy,
        annotators: members,
    })
}

fn member(of_gold: &AnnotatorPanel, position: usize, annotators: &[Annotator]) -> PanelAnnotator {
    let id = of_gold.annotators[position];
    let known = annotators.iter().find(|annotator| annotator.id == id);
    let count = |counts: &[u32]| counts.get(position).copied().unwrap_or(0);
    let (vote_count, correct_count) = (count(&of_gold.vote_counts), count(&of_gold.correct_counts));
    let name = known.map_or_else(|| id.to_string(), |annotator| annotator.name.clone());
    PanelAnnotator {
        id,
        family: known.map_or_else(|| name.clone(), |annotator| annotator.family.clone()),
        is_person: known.is_some_and(|annotator| matches!(annotator.kind, AnnotatorKind::Human { .. })),
        name,
        vote_count,
        correct_count,
        accuracy_interval: wilson_interval(correct_count as usize, vote_count as usize, INTERVAL_LEVEL)
            .ok()
            .map(|interval| [interval.lower, interval.upper]),
    }
}

fn families(of_gold: &AnnotatorPanel, members: &[PanelAnnotator]) -> Result<Vec<PanelFamily>, InvalidInput> {
    let mut names: Vec<&str> = Vec::new();
    let mut family_of: Vec<usize> = Vec::with_capacity(members.len());
    for member in members {
        let known = names.iter().position(|name| *name == member.family);
        family_of.push(known.unwrap_or_else(|| {
            names.push(&member.family);
            names.len() - 1
        }));
    }
    let errors = error_correlation(of_gold, members);
    let correlations = family_error_correlations(&errors, &family_of, names.len(), UNKNOWN_FAMILY)?;
    let discount = discount_families(&family_of, &correlations)?;
    let families = names.iter().enumerate().map(|(number, name)| {
        let own = members.iter().zip(&family_of).filter(|(_, family)| **family == number);
        let members: Vec<String> = own.map(|(member, _)| member.name.clone()).collect();
        PanelFamily {
            name: (*name).to_owned(),
            error_correlation: (members.len() > 1).then(|| correlations[number]),
            effective_votes: discount.effective_votes_by_family[number],
            members,
        }
    });
    Ok(families.collect())
}

/// The figures of the panel as the statistics know them.
fn error_correlation(of_gold: &AnnotatorPanel, members: &[PanelAnnotator]) -> ErrorCorrelation {
    let estimate = |value: Option<f64>| value.ok_or(Undefined::NoVariation).into();
    let correlation = of_gold.mean_error_correlation;
    ErrorCorrelation {
        error_rates: members
            .iter()
            .map(|member| match member.vote_count {
                0 => Estimate::Undefined(Undefined::TooFewItems),
                votes => Estimate::Value(1.0 - f64::from(member.correct_count) / f64::from(votes)),
            })
            .collect(),
        correlations: of_gold
            .error_correlations
            .iter()
            .map(|row| row.iter().map(|value| estimate(*value)).collect())
            .collect(),
        pair_items: of_gold
            .pair_counts
            .iter()
            .map(|row| row.iter().map(|count| *count as usize).collect())
            .collect(),
        mean: estimate(correlation),
        effective_votes: design_effect_votes(members.len(), correlation.unwrap_or(0.0)),
    }
}
