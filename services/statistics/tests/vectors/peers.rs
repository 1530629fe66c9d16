//! Real votes of crowds and language models, compared with what other libraries compute on them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use accord_statistics::Estimate;
use accord_statistics::agreement::{
    AgreementSums, AgreementWeights, DisagreementWeights, Level, PairTable, RatingTable, alpha_standard_error,
    fleiss_kappa, gwet_coefficient, krippendorff_alpha, percent_agreement,
};
use accord_statistics::voting::{Categories, Outcome, weighted_vote};
use serde_json::Value;

use crate::shared_folder;

/// The reference figures are rounded to six decimals.
const ROUNDING: f64 = 1.01e-6;

/// One data set as classes: `votes[item][annotator]`.
struct Votes {
    ratings: Vec<BTreeMap<String, usize>>,
    gold: Vec<Option<usize>>,
    labels: Vec<String>,
}

#[test]
fn real_votes_match_peer_libraries() {
    let folder = shared_folder().join("data/agreement");
    if !folder.is_dir() {
        println!("skipped: no votes at {}", folder.display());
        return;
    }
    let mut failures = Vec::new();
    let mut sets = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.join("reference.json").is_file() {
            sets += 1;
            failures.extend(compare_set(&path));
        }
    }
    println!("{sets} data sets");
    assert!(sets > 0 && failures.is_empty(), "{}", failures.join("\n"));
}

fn compare_set(path: &Path) -> Vec<String> {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let reference: Value = serde_json::from_str(&fs::read_to_string(path.join("reference.json")).unwrap()).unwrap();
    let votes = read_votes(path);
    let rows: Vec<Vec<Option<usize>>> = votes
        .ratings
        .iter()
        .map(|row| row.values().copied().map(Some).collect())
        .collect();
    let table = RatingTable::from_ratings(&rows, votes.labels.len()).unwrap();
    let agreement = &reference["agreement"];
    let mut found = agreement_figures(&table, &votes, agreement);
    found.extend(majority_figures(&votes, &reference["aggregation"]["majority_bounds"]));
    found
        .into_iter()
        .filter(|(_, expected, _)| expected.is_number())
        .filter(|(_, expected, found)| {
            let expected = expected.as_f64().unwrap();
            found.value().is_none_or(|found| (found - expected).abs() > ROUNDING)
        })
        .map(|(key, expected, found)| format!("{name} {key}: expected {expected}, found {found:?}"))
        .collect()
}

type Figure<'a> = (&'static str, &'a Value, Estimate);

fn agreement_figures<'a>(table: &RatingTable, votes: &Votes, expected: &'a Value) -> Vec<Figure<'a>> {
    let alpha = |level| krippendorff_alpha(table, level).unwrap().alpha;
    let identity = &expected["irrCAC_identity"];
    let fleiss = fleiss_kappa(table);
    let gwet = gwet_coefficient(table, AgreementWeights::Identity);
    let sums = AgreementSums::count(table);
    let mut figures = vec![
        ("alpha", &expected["krippendorff_alpha_nominal"], alpha(Level::Nominal)),
        (
            "alpha of sums",
            &expected["krippendorff_alpha_nominal"],
            sums.nominal_alpha().alpha,
        ),
        (
            "ordinal alpha",
            &expected["krippendorff_alpha_ordinal"],
            alpha(Level::Ordinal),
        ),
        (
            "percent agreement",
            &expected["mean_pairwise_percent_agreement_items_ge2"],
            percent_agreement(table),
        ),
        ("fleiss", &identity["fleiss"]["coef"], fleiss.kappa.coefficient),
        ("fleiss error", &identity["fleiss"]["se"], fleiss.kappa.standard_error),
        ("gwet", &identity["gwet"]["coef"], gwet.coefficient),
        ("gwet error", &identity["gwet"]["se"], gwet.standard_error),
        ("free margins", &identity["bp"]["coef"], fleiss.free_marginal),
        (
            "alpha error",
            &identity["krippendorff"]["se"],
            alpha_standard_error(table),
        ),
    ];
    let numbers: Option<Vec<f64>> = votes.labels.iter().map(|label| label.parse().ok()).collect();
    if let Some(values) = numbers {
        figures.push((
            "interval alpha",
            &expected["krippendorff_alpha_interval"],
            alpha(Level::Interval(&values)),
        ));
    }
    let weighted = &expected["irrCAC_weighted"];
    for (name, weights) in [
        ("linear", AgreementWeights::Linear),
        ("quadratic", AgreementWeights::Quadratic),
        ("ordinal", AgreementWeights::Ordinal),
    ] {
        figures.push((
            name,
            &weighted[name]["gwet"],
            gwet_coefficient(table, weights).coefficient,
        ));
    }
    figures.extend(pair_figures(votes, &expected["cohen_kappa"]));
    figures
}

fn pair_figures<'a>(votes: &Votes, expected: &'a Value) -> Vec<Figure<'a>> {
    let Some(names) = expected["annotators"].as_array() else {
        return Vec::new();
    };
    let column = |name: &Value| -> Vec<Option<usize>> {
        let name = name.as_str().unwrap();
        votes.ratings.iter().map(|row| row.get(name).copied()).collect()
    };
    let table = PairTable::from_votes(&column(&names[0]), &column(&names[1]), votes.labels.len()).unwrap();
    assert_eq!(Some(table.items()), expected["common_items"].as_u64());
    let kappa = |weights| table.cohen_kappa(weights).kappa;
    vec![
        (
            "pair agreement",
            &expected["percent_agreement"],
            table.percent_agreement(),
        ),
        ("kappa", &expected["unweighted"], kappa(DisagreementWeights::Nominal)),
        ("linear kappa", &expected["linear"], kappa(DisagreementWeights::Linear)),
        (
            "quadratic kappa",
            &expected["quadratic"],
            kappa(DisagreementWeights::Quadratic),
        ),
    ]
}

/// Accuracy of the even vote if every tie is lost, given its fair share, or won.
fn majority_figures<'a>(votes: &Votes, expected: &'a Value) -> Vec<Figure<'a>> {
    let (mut items, mut lost, mut fair, mut won) = (0.0, 0.0, 0.0, 0.0);
    for (row, gold) in votes.ratings.iter().zip(&votes.gold) {
        let (Some(gold), false) = (gold, row.is_empty()) else {
            continue;
        };
        let cast: Vec<Option<usize>> = row.values().copied().map(Some).collect();
        let categories = Categories::Declared(votes.labels.len());
        let count = weighted_vote(&cast, &vec![1.0; cast.len()], categories).unwrap();
        items += 1.0;
        match count.tally.value().unwrap().outcome {
            Outcome::Winner(winner) if winner == *gold => {
                lost += 1.0;
                fair += 1.0;
                won += 1.0;
            }
            Outcome::Tie(classes) if classes.contains(gold) => {
                fair += 1.0 / classes.len() as f64;
                won += 1.0;
            }
            Outcome::Winner(_) | Outcome::Tie(_) => {}
        }
    }
    vec![
        (
            "majority, ties lost",
            &expected["accuracy_ties_lost"],
            Estimate::Value(lost / items),
        ),
        (
            "majority, ties shared",
            &expected["accuracy_ties_fractional"],
            Estimate::Value(fair / items),
        ),
        (
            "majority, ties won",
            &expected["accuracy_ties_won"],
            Estimate::Value(won / items),
        ),
    ]
}

fn read_votes(path: &Path) -> Votes {
    let votes = records(&path.join("votes.csv"));
    let gold = records(&path.join("gold.csv"));
    let named = votes.iter().map(|row| &row[2]).chain(gold.iter().map(|row| &row[1]));
    let mut labels: Vec<String> = named.collect::<BTreeSet<_>>().into_iter().cloned().collect();
    // Numeric labels in the order of the numbers, others by length and text.
    let number = |label: &String| label.parse::<f64>().unwrap_or(f64::INFINITY);
    labels.sort_by(|left, right| {
        let by_number = number(left).total_cmp(&number(right));
        by_number.then_with(|| (left.len(), left).cmp(&(right.len(), right)))
    });
    let class = |label: &str| labels.iter().position(|known| known == label).unwrap();
    let mut ratings: BTreeMap<&str, BTreeMap<String, usize>> = BTreeMap::new();
    for row in &votes {
        ratings
            .entry(&row[0])
            .or_default()
            .insert(row[1].clone(), class(&row[2]));
    }
    let truth: BTreeMap<&str, usize> = gold.iter().map(|row| (row[0].as_str(), class(&row[1]))).collect();
    Votes {
        gold: ratings.keys().map(|item| truth.get(item).copied()).collect(),
        ratings: ratings.into_values().collect(),
        labels,
    }
}

fn records(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let rows = reader
        .records()
        .map(|record| record.unwrap().iter().map(str::to_owned).collect());
    rows.collect()
}
