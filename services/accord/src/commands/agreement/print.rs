//! Agreement on the terminal.

use accord_statistics::Estimate;

use super::Agreement;
use super::measure::{FieldAgreement, Pairs, interval_text};
use crate::output::{count, number, percent, say, table};

/// Labels that are counted in one cell.
const LABELS_SHOWN: usize = 5;

/// Fields up to which their pairs are listed one by one.
const FIELDS_WITH_PAIRS: usize = 8;

/// Pairs with fewer items say little.
const FEWEST_PAIR_ITEMS: u64 = 20;

pub(super) fn print(agreement: &Agreement) {
    say(&headline(agreement));
    let headings = [
        "field",
        "items",
        "votes",
        "votes by label",
        "agreement",
        "alpha",
        "95 % interval",
        "Fleiss",
        "AC1",
    ];
    let rows = agreement.fields.iter().map(row).collect();
    say(&table(&headings, 1, rows));
    print_two_raters(agreement);
    print_pairs(agreement);
    print_pools(agreement);
    print_panels(agreement);
}

pub(super) fn headline(agreement: &Agreement) -> String {
    let fields = match agreement.fields.len() {
        1 => String::new(),
        fields => format!(" in {fields} fields"),
    };
    format!(
        "{}: {} votes of {} annotators on {} items{fields}; alpha is {}",
        agreement.file,
        count(agreement.votes),
        count(agreement.annotators),
        count(agreement.items),
        agreement.level
    )
}

pub(super) fn name(field: &FieldAgreement) -> String {
    field.field.clone().unwrap_or_else(|| "label".to_owned())
}

fn row(field: &FieldAgreement) -> Vec<String> {
    vec![
        name(field),
        count(field.items),
        count(field.votes),
        label_counts(field),
        percent(field.percent_agreement.value()),
        value(field.alpha),
        interval_text(field.alpha_bootstrap.as_ref()),
        value(field.fleiss_kappa.coefficient),
        value(field.gwet_ac1.coefficient),
    ]
}

/// The most frequent labels with their counts.
fn label_counts(field: &FieldAgreement) -> String {
    let mut labels: Vec<_> = field.labels.iter().collect();
    if labels.len() > LABELS_SHOWN {
        labels.sort_by_key(|label| std::cmp::Reverse(label.votes));
    }
    let shown: Vec<String> = labels
        .iter()
        .take(LABELS_SHOWN)
        .map(|label| format!("{}: {}", label.label, accord_charts::numbers::whole(label.votes)))
        .collect();
    let more = labels.len().saturating_sub(LABELS_SHOWN);
    let more = if more > 0 {
        format!(" · {more} more")
    } else {
        String::new()
    };
    format!("{}{more}", shown.join(" · "))
}

/// An estimate, or why there is none.
pub(super) fn value(estimate: Estimate) -> String {
    match estimate {
        Estimate::Value(value) => number(Some(value)),
        Estimate::Undefined(reason) => reason.code().replace('_', " "),
    }
}

fn print_two_raters(agreement: &Agreement) {
    let mut rows = Vec::new();
    for field in &agreement.fields {
        let Some(raters) = &field.two_raters else { continue };
        let [first, second] = &raters.annotators;
        let interval = raters
            .cohen_kappa
            .interval
            .map(|interval| format!("{:.3}–{:.3}", interval.lower, interval.upper));
        rows.push(vec![
            name(field),
            format!("{first} and {second}"),
            raters.items.to_string(),
            percent(raters.percent_agreement.value()),
            value(raters.cohen_kappa.kappa),
            interval.value().unwrap_or_else(|| "–".to_owned()),
            value(raters.scott_pi),
            number(raters.prevalence.map(|indices| indices.adjusted_kappa)),
            number(raters.prevalence.map(|indices| indices.prevalence)),
            number(raters.prevalence.map(|indices| indices.bias)),
        ]);
    }
    if !rows.is_empty() {
        let headings = [
            "field",
            "two annotators",
            "items",
            "agreement",
            "Cohen's kappa",
            "95 % interval",
            "Scott's pi",
            "PABAK",
            "prevalence",
            "bias",
        ];
        say(&table(&headings, 2, rows));
    }
}

fn print_pairs(agreement: &Agreement) {
    let shown = match agreement.fields.len() {
        1 => 5,
        0..=FIELDS_WITH_PAIRS => 2,
        _ => 1,
    };
    let mut rows = Vec::new();
    for field in agreement.fields.iter().filter(|field| field.two_raters.is_none()) {
        let Some(pairs) = &field.pairs else { continue };
        for pair in worst_pairs(pairs, shown) {
            let mut row = vec![name(field)];
            row.extend(pair);
            rows.push(row);
        }
    }
    if rows.is_empty() {
        if agreement
            .fields
            .iter()
            .any(|field| field.pairs.is_none() && field.annotators > 2)
        {
            say("No pairs are compared, since there are many annotators; --pairs 50 compares those with most votes.");
        }
        return;
    }
    let means: Vec<String> = agreement
        .fields
        .iter()
        .filter_map(|field| Some((field, field.pairs.as_ref()?)))
        .map(|(field, pairs)| {
            let compared = pairs.kappa.len() * (pairs.kappa.len() - 1) / 2;
            let mean = value(pairs.mean_kappa);
            match agreement.fields.len() {
                1 => format!("{mean} over {} pairs", count(compared)),
                _ => format!("{} {mean}", name(field)),
            }
        })
        .collect();
    say(&format!(
        "Cohen's kappa of all pairs: mean {}; the pairs that agree least:",
        means.join(", ")
    ));
    say(&table(&["field", "annotator", "and", "items", "kappa"], 3, rows));
}

/// The pairs that agree least, those with a fair number of items if there are any.
pub(super) fn worst_pairs(pairs: &Pairs, shown: usize) -> Vec<Vec<String>> {
    let mut found: Vec<(f64, usize, usize, u64)> = Vec::new();
    for (first, (kappas, items)) in pairs.kappa.iter().zip(&pairs.items).enumerate() {
        for (second, (kappa, items)) in kappas.iter().zip(items).enumerate().skip(first + 1) {
            if let Some(kappa) = kappa.value() {
                found.push((kappa, first, second, *items));
            }
        }
    }
    if found.iter().any(|pair| pair.3 >= FEWEST_PAIR_ITEMS) {
        found.retain(|pair| pair.3 >= FEWEST_PAIR_ITEMS);
    }
    found.sort_by(|left, right| left.0.total_cmp(&right.0));
    let annotator = |place: usize| pairs.annotators.get(place).cloned().unwrap_or_default();
    found
        .iter()
        .take(shown)
        .map(|(kappa, first, second, items)| {
            vec![
                annotator(*first),
                annotator(*second),
                items.to_string(),
                format!("{kappa:.3}"),
            ]
        })
        .collect()
}

pub(super) const POOL_HEADINGS: [&str; 9] = [
    "field",
    "pools",
    "items of both",
    "agreement across",
    "kappa across",
    "95 % interval",
    "alpha of the first",
    "alpha of the second",
    "alpha of all",
];

pub(super) fn pool_rows(agreement: &Agreement) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for field in &agreement.fields {
        for pools in &field.pools {
            rows.push(vec![
                name(field),
                format!("{} × {}", pools.first, pools.second),
                count(pools.comparison.items),
                percent(pools.comparison.observed_agreement.value()),
                value(pools.comparison.kappa),
                interval_text(pools.kappa_bootstrap.as_ref()),
                value(pools.comparison.first_alpha),
                value(pools.comparison.second_alpha),
                value(pools.comparison.joint_alpha),
            ]);
        }
    }
    rows
}

fn print_pools(agreement: &Agreement) {
    let rows = pool_rows(agreement);
    if !rows.is_empty() {
        say(&table(&POOL_HEADINGS, 2, rows));
    }
}

pub(super) const PANEL_HEADINGS: [&str; 5] = [
    "field",
    "items with gold",
    "votes an item",
    "worth",
    "error correlation",
];

pub(super) fn panel_rows(agreement: &Agreement) -> Vec<Vec<String>> {
    let fields = agreement
        .fields
        .iter()
        .filter_map(|field| Some((field, field.panel.as_ref()?)));
    fields
        .map(|(field, panel)| {
            vec![
                name(field),
                count(panel.labelled_items),
                count(panel.votes_per_item),
                format!("{:.2}", panel.effective_votes),
                value(panel.mean_error_correlation),
            ]
        })
        .collect()
}

fn print_panels(agreement: &Agreement) {
    let rows = panel_rows(agreement);
    if !rows.is_empty() {
        say("Errors that are shared make votes worth less than their number:");
        say(&table(&PANEL_HEADINGS, 1, rows));
    }
}
