//! What gold says of the annotators together.

use accord_charts::{PairCell, correlation_matrix};
use accord_domain::{AnnotatorId, FitWarning};
use serde::Serialize;

use crate::figures::{FieldPanel, PanelAnnotator, PanelFamily};
use crate::pages::numbers::{count, figure, percent, percent_of, probability};
use crate::problem::Problem;

/// The panel in words, tables and a matrix.
#[derive(Debug, Serialize)]
pub(super) struct PanelShown {
    summary: String,
    families: Vec<FamilyLine>,
    annotators: Vec<AnnotatorLine>,
    majority: String,
    svg: Option<String>,
    pairs: Vec<CorrelationLine>,
}

#[derive(Debug, Serialize)]
struct FamilyLine {
    name: String,
    members: String,
    votes: String,
    correlation: Option<String>,
    worth: String,
}

#[derive(Debug, Serialize)]
struct AnnotatorLine {
    name: String,
    right: String,
    accuracy: Option<String>,
    interval: Option<String>,
}

#[derive(Debug, Serialize)]
struct CorrelationLine {
    first: String,
    second: String,
    items: String,
    correlation: Option<String>,
}

/// The panel of a field.
pub(super) fn panel(panel: &FieldPanel) -> Result<PanelShown, Problem> {
    let names: Vec<String> = panel.annotators.iter().map(|member| member.name.clone()).collect();
    let cells: Vec<Vec<PairCell>> = panel
        .error_correlations
        .iter()
        .zip(&panel.pair_counts)
        .map(|(values, items)| {
            let pairs = values.iter().zip(items);
            pairs
                .map(|(value, items)| PairCell {
                    value: *value,
                    items: u64::from(*items),
                })
                .collect()
        })
        .collect();
    let svg = (names.len() > 1)
        .then(|| correlation_matrix("Correlation of the errors of every pair", &names, &cells))
        .transpose()
        .map_err(|error| Problem::internal(&error))?;
    Ok(PanelShown {
        summary: summary(panel),
        families: panel.families.iter().map(family_line).collect(),
        annotators: panel.annotators.iter().map(annotator_line).collect(),
        majority: percent(panel.even_vote_accuracy),
        svg,
        pairs: correlation_lines(&names, &cells),
    })
}

fn summary(panel: &FieldPanel) -> String {
    let families = panel.families.len();
    let noun = if families == 1 { "family" } else { "families" };
    let correlation = panel.mean_error_correlation.map_or_else(
        || "their errors cannot be compared yet".to_owned(),
        |value| format!("mean error correlation {}", figure(value)),
    );
    format!(
        "k = {} annotators of {families} {noun} are worth k_eff = {} independent ones ({correlation}); an item with gold has {} votes, worth {}",
        panel.votes,
        figure(panel.effective_votes),
        figure(panel.mean_vote_count),
        figure(panel.mean_effective_vote_count)
    )
}

fn family_line(family: &PanelFamily) -> FamilyLine {
    FamilyLine {
        name: family.name.clone(),
        members: family.members.join(", "),
        votes: family.members.len().to_string(),
        correlation: family.error_correlation.map(figure),
        worth: figure(family.effective_votes),
    }
}

fn annotator_line(member: &PanelAnnotator) -> AnnotatorLine {
    let (right, votes) = (i64::from(member.correct_count), i64::from(member.vote_count));
    AnnotatorLine {
        name: member.name.clone(),
        right: format!("{} of {}", count(right), count(votes)),
        accuracy: percent_of(right, votes),
        interval: member
            .accuracy_interval
            .map(|[lower, upper]| format!("[{}, {}]", probability(lower), probability(upper))),
    }
}

fn correlation_lines(names: &[String], cells: &[Vec<PairCell>]) -> Vec<CorrelationLine> {
    let mut lines = Vec::new();
    for (first, row) in cells.iter().enumerate() {
        for (second, pair) in row.iter().enumerate().skip(first + 1) {
            lines.push(CorrelationLine {
                first: names.get(first).cloned().unwrap_or_default(),
                second: names.get(second).cloned().unwrap_or_default(),
                items: accord_charts::numbers::whole(pair.items),
                correlation: pair.value.map(figure),
            });
        }
    }
    lines
}

/// What gold warns of, in words.
pub(in crate::pages) fn warning_lines(warnings: &[FitWarning], annotators: &[(AnnotatorId, String)]) -> Vec<String> {
    let name = |id: AnnotatorId| {
        let known = annotators.iter().find(|(known, _)| *known == id);
        known.map_or_else(|| id.to_string(), |(_, name)| name.clone())
    };
    warnings
        .iter()
        .map(|warning| match warning {
            FitWarning::EvenVoteBelowAnnotator {
                annotator_id,
                annotator_accuracy,
                even_vote_accuracy,
            } => format!(
                "On gold where {} voted, a plain majority is right in {}, {} alone in {}: the others share an error. Weights by gold, or that annotator alone, serve better than more votes.",
                name(*annotator_id),
                percent(*even_vote_accuracy),
                name(*annotator_id),
                percent(*annotator_accuracy)
            ),
            FitWarning::AnnotatorBelowChance {
                annotator_id,
                accuracy,
                chance,
            } => format!(
                "On gold {} is right in {}, guessing would be in {}: it may have swapped classes.",
                name(*annotator_id),
                percent(*accuracy),
                percent(*chance)
            ),
        })
        .collect()
}
