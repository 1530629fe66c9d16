//! Compares every method with reference values computed by other software.
//!
//! The files are read from the folder named by `ACCORD_VECTORS`, else from `data/vectors` below
//! `ACCORD_SHARED` (by default `../shared` beside the workspace). Where there is no such folder the test
//! says that it skips.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests fail by panicking and tell what they skip"
)]

mod agreement;
mod calibration;
mod compare;
mod confidence;
mod decisions;
mod metrics;
mod text;
mod truth;
mod voting;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use compare::{Computed, Tolerance, compare};

/// Computes the expected object of a case from its input.
type Method = fn(&Value) -> Computed;

/// The files covered and the method behind each kind of case in them.
const COVERED: &[(&str, &[(&str, Method)])] = &[
    ("vote_weights", voting::WEIGHTS),
    ("correlated_votes", voting::CORRELATED),
    ("vote_clusters", text::METHODS),
    ("confidence_scores", confidence::METHODS),
    ("platt", calibration::PLATT),
    ("platt_pooled", calibration::POOLED),
    ("calibrators", calibration::CALIBRATORS),
    ("metrics", metrics::METHODS),
    ("agreement_two_raters", agreement::TWO_RATERS),
    ("agreement_fleiss", agreement::FLEISS),
    ("agreement_krippendorff", agreement::KRIPPENDORFF),
    ("agreement_gwet", agreement::GWET),
    ("agreement_span_f1", agreement::SPANS),
    ("agreement_bootstrap", agreement::BOOTSTRAP),
    ("agreement_pools", agreement::POOLS),
    ("dawid_skene", truth::METHODS),
    ("risk_control", decisions::RISK),
    ("adaptive_voting", decisions::ADAPTIVE),
];

fn folder() -> PathBuf {
    std::env::var_os("ACCORD_VECTORS").map_or_else(|| shared_folder().join("data/vectors"), PathBuf::from)
}

/// The folder of shared data, which need not exist.
fn shared_folder() -> PathBuf {
    let workspace = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    workspace.join(std::env::var_os("ACCORD_SHARED").unwrap_or_else(|| "../shared".into()))
}

#[test]
fn methods_match_the_reference_vectors() {
    let folder = folder();
    if !folder.is_dir() {
        println!("skipped: no reference vectors at {}", folder.display());
        return;
    }
    let mut failures = Vec::new();
    let mut cases = 0;
    for (name, methods) in COVERED {
        let path = folder.join(format!("{name}.json"));
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let file: Value = serde_json::from_str(&text).unwrap();
        let tolerance = Tolerance::of(&file);
        for case in file["cases"].as_array().unwrap() {
            cases += 1;
            let kind = case["kind"].as_str().unwrap();
            let label = format!("{name}/{kind}/{}", case["name"].as_str().unwrap());
            match methods.iter().find(|(known, _)| *known == kind) {
                None => failures.push(format!("{label}: unknown kind")),
                Some((_, method)) => {
                    let computed = method(&case["input"]);
                    failures.extend(compare(&label, &case["expected"], &computed, tolerance));
                }
            }
        }
    }
    report_uncovered(&folder);
    println!("{cases} cases in {} files", COVERED.len());
    assert!(
        failures.is_empty(),
        "{} differences:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

fn report_uncovered(folder: &std::path::Path) {
    let covered: BTreeSet<&str> = COVERED.iter().map(|(name, _)| *name).collect();
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    for path in files {
        let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if path.extension().is_none_or(|extension| extension != "json") || covered.contains(name) {
            continue;
        }
        let file: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let kinds: BTreeSet<&str> = file["cases"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|case| case["kind"].as_str())
            .collect();
        println!(
            "not covered: {name} ({})",
            kinds.into_iter().collect::<Vec<_>>().join(", ")
        );
    }
}
