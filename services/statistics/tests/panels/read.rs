//! Reading a panel with its gold and the peer's figures.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use accord_statistics::pipeline::{Ballot, GoldLabel, LabelledBallots, Panel as Voters};
use serde_json::Value;

/// A panel of voters.
pub(crate) struct Panel {
    pub(crate) data: LabelledBallots,
    /// Brier score of logistic regression on one-hot votes.
    pub(crate) peer_brier: f64,
    /// Accuracy of the best voter alone.
    pub(crate) best_alone: f64,
}

/// Reads a panel; none, with a message, where the data are absent.
pub(crate) fn read(folder: &str) -> Option<Panel> {
    let shared = std::env::var_os("ACCORD_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let folder = shared.join("data/agreement").join(folder);
    if !folder.join("votes.csv").is_file() {
        println!("skipped: {} is absent", folder.display());
        return None;
    }
    let json =
        |name: &str| -> Value { serde_json::from_str(&std::fs::read_to_string(folder.join(name)).unwrap()).unwrap() };
    let (meta, reference) = (json("meta.json"), json("reference.json"));
    let panel = &reference["panel"];
    let alone = panel["accuracy_of_each"].as_object().unwrap().values();
    Some(Panel {
        data: ballots(&folder, &meta),
        peer_brier:
            panel["supervised_5fold_sklearn"]["logistic_regression_on_one_hot_votes_C1"]["brier_binary_correctness"]
                .as_f64()
                .unwrap(),
        best_alone: alone.filter_map(Value::as_f64).fold(0.0, f64::max),
    })
}

fn rows(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let records = reader.records();
    records
        .map(|row| row.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

/// Items in the order of their names, voters in that of the panel.
fn ballots(folder: &Path, meta: &Value) -> LabelledBallots {
    let names = meta["panel"].as_array().unwrap();
    let voters: BTreeMap<&str, usize> = names.iter().filter_map(Value::as_str).zip(0..).collect();
    let mut votes: BTreeMap<String, Vec<(usize, String)>> = BTreeMap::new();
    for row in rows(&folder.join("votes.csv")) {
        if let Some(voter) = voters.get(row[1].as_str()) {
            votes.entry(row[0].clone()).or_default().push((*voter, row[2].clone()));
        }
    }
    let gold: BTreeMap<String, String> = rows(&folder.join("gold.csv"))
        .into_iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    let mut classes: Vec<&String> = votes
        .values()
        .flatten()
        .map(|vote| &vote.1)
        .chain(gold.values())
        .collect();
    classes.sort();
    classes.dedup();
    let panel = Voters::new((0..voters.len()).collect(), Some(classes.len())).unwrap();
    let (mut ballots, mut labels) = (Vec::new(), Vec::new());
    for (item, cast) in &votes {
        let mut seen: Vec<&String> = Vec::new();
        let mut own = Vec::new();
        for (voter, value) in cast {
            let position = seen.iter().position(|known| *known == value).unwrap_or(seen.len());
            if position == seen.len() {
                seen.push(value);
            }
            own.push((*voter, position));
        }
        let declared: Vec<Option<usize>> = seen.iter().map(|value| classes.binary_search(value).ok()).collect();
        ballots.push(Ballot::new(&panel, &own, &declared).unwrap());
        labels.push(gold.get(item).map(|truth| GoldLabel {
            right: seen.iter().map(|value| *value == truth).collect(),
            truth: classes.binary_search(&truth).ok(),
        }));
    }
    let documents = (0..ballots.len()).collect();
    LabelledBallots::new(panel, ballots, labels, documents).unwrap()
}
