//! What each annotator said for each class, against gold or the consensus.

use accord_charts::{MAXIMUM_SIDE, confusion_matrix};
use accord_domain::ABSENT_CLASS;
use serde::Serialize;

use super::{class_word, whole};
use crate::figures::{AgreementDetail, Confusion};
use crate::pages::numbers::percent_of;
use crate::problem::Problem;

/// How many annotators are shown; the API has all.
const MAXIMUM_SHOWN: usize = 12;

/// One annotator's matrix with the table behind it.
#[derive(Debug, Serialize)]
pub(super) struct ConfusionShown {
    annotator: String,
    summary: String,
    svg: String,
    classes: Vec<String>,
    rows: Vec<ConfusionRow>,
}

#[derive(Debug, Serialize)]
struct ConfusionRow {
    class: String,
    counts: Vec<String>,
}

/// The matrices of the annotators with the most votes, what they are held against, and how many are left out.
pub(super) fn confusions(
    detail: &AgreementDetail,
) -> Result<(Vec<ConfusionShown>, &'static str, Option<String>), Problem> {
    let (all, classes, against) = if detail.against_gold.is_empty() {
        (&detail.against_consensus, &detail.confusion_classes, "consensus")
    } else {
        (&detail.against_gold, &detail.gold_classes, "gold")
    };
    if classes.is_empty() {
        return Ok((Vec::new(), against, None));
    }
    let told: Vec<usize> = (0..classes.len())
        .filter(|class| classes[*class] != ABSENT_CLASS || all.iter().any(|confusion| weight(confusion, *class) > 0))
        .collect();
    let classes: Vec<String> = classes.iter().map(|class| class_word(class)).collect();
    let shown = all
        .iter()
        .take(MAXIMUM_SHOWN)
        .map(|confusion| shown(confusion, &classes, &told))
        .collect::<Result<_, _>>()?;
    let left_out = (all.len() > MAXIMUM_SHOWN).then(|| {
        format!(
            "{} of {} annotators are shown; the API has all.",
            whole(MAXIMUM_SHOWN),
            whole(all.len())
        )
    });
    Ok((shown, against, left_out))
}

fn shown(confusion: &Confusion, classes: &[String], told: &[usize]) -> Result<ConfusionShown, Problem> {
    let title = format!("What {} said for each class", confusion.annotator);
    let order = most_frequent_first(confusion, told);
    let names: Vec<String> = order.iter().filter_map(|class| classes.get(*class).cloned()).collect();
    let cell = |row: usize, column: usize| {
        let row = confusion.counts.get(row);
        row.and_then(|row| row.get(column)).copied().unwrap_or(0)
    };
    let counts: Vec<Vec<u64>> = order
        .iter()
        .map(|row| order.iter().map(|column| cell(*row, *column)).collect())
        .collect();
    let svg = confusion_matrix(&title, &names, &counts).map_err(|error| Problem::internal(&error))?;
    let total: u64 = counts.iter().flatten().sum();
    let right: u64 = (0..counts.len()).map(|class| counts[class][class]).sum();
    let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    Ok(ConfusionShown {
        annotator: confusion.annotator.clone(),
        summary: match percent_of(signed(right), signed(total)) {
            Some(share) => format!("{share} of {} alike", accord_charts::numbers::whole(total)),
            None => "no votes to compare".to_owned(),
        },
        svg,
        rows: names
            .iter()
            .zip(&counts)
            .map(|(class, counts)| ConfusionRow {
                class: class.clone(),
                counts: counts
                    .iter()
                    .map(|count| accord_charts::numbers::whole(*count))
                    .collect(),
            })
            .collect(),
        classes: names,
    })
}

/// The declared order where all classes have room in the chart, else the most frequent first.
fn most_frequent_first(confusion: &Confusion, told: &[usize]) -> Vec<usize> {
    let mut order = told.to_vec();
    if order.len() > MAXIMUM_SIDE {
        order.sort_by_key(|class| std::cmp::Reverse(weight(confusion, *class)));
    }
    order
}

/// How often a class held or was said.
fn weight(confusion: &Confusion, class: usize) -> u64 {
    let held: u64 = confusion.counts.get(class).map_or(0, |row| row.iter().sum());
    let said: u64 = confusion.counts.iter().filter_map(|row| row.get(class)).sum();
    held + said
}
