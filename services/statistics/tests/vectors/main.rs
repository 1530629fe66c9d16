//! Compares every method with reference values computed by other software.
//!
//! The files are read from the folder named by `ACCORD_VECTORS`, else from `data/vectors` below
//! `ACCORD_SHARED` (by default `../shared` beside the workspace). Where the latter does not exist the test
//! says that it skips. A file, a kind of case or a key (of the file, a case, its input, or what is expected)
//! that is not known here fails. In the usual folder every file below must be there; another folder may hold
//! fewer, and the test says which it lacks.

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
mod drift;
mod experiments;
mod keys;
mod metrics;
mod normalisation;
mod sampling;
mod text;
mod truth;
mod voting;

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use serde_json::Value;

use compare::{Computed, Tolerance, compare};

/// Computes the expected object of a case from its input.
type Method = fn(&Value) -> Computed;

/// A kind of case: its name, every key its input may have, and the method behind it.
type Kind = (&'static str, &'static [&'static str], Method);

/// The files and the kinds of cases in them.
const FILES: &[(&str, &[Kind])] = &[
    ("adaptive_voting", decisions::ADAPTIVE),
    ("agreement_bootstrap", agreement::BOOTSTRAP),
    ("agreement_fleiss", agreement::FLEISS),
    ("agreement_gwet", agreement::GWET),
    ("agreement_krippendorff", agreement::KRIPPENDORFF),
    ("agreement_pools", agreement::POOLS),
    ("agreement_span_f1", agreement::SPANS),
    ("agreement_two_raters", agreement::TWO_RATERS),
    ("calibrators", calibration::CALIBRATORS),
    ("confidence_scores", confidence::METHODS),
    ("correlated_votes", voting::CORRELATED),
    ("dawid_skene", truth::METHODS),
    ("drift", drift::METHODS),
    ("experiments", experiments::METHODS),
    ("metrics", metrics::METHODS),
    ("normalise", normalisation::METHODS),
    ("platt", calibration::PLATT),
    ("platt_pooled", calibration::POOLED),
    ("risk_control", decisions::RISK),
    ("sampling", sampling::METHODS),
    ("vote_clusters", text::METHODS),
    ("vote_weights", voting::WEIGHTS),
];

/// Keys of a file and of a case.
const FILE_KEYS: &[&str] = &[
    "schema",
    "file",
    "title",
    "spec_section",
    "null_means",
    "tolerance",
    "conventions",
    "cases",
];
const CASE_KEYS: &[&str] = &["name", "kind", "producer", "cross_checks", "note", "input", "expected"];

/// The folder of shared data, which need not exist.
fn shared_folder() -> PathBuf {
    let workspace = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    workspace.join(std::env::var_os("ACCORD_SHARED").unwrap_or_else(|| "../shared".into()))
}

#[test]
fn methods_match_the_reference_vectors() {
    let named = std::env::var_os("ACCORD_VECTORS").map(PathBuf::from);
    let folder = named.clone().unwrap_or_else(|| shared_folder().join("data/vectors"));
    if named.is_none() && !folder.is_dir() {
        println!("skipped: no reference vectors at {}", folder.display());
        return;
    }
    let found = names(&folder);
    let mut failures: Vec<String> = Vec::new();
    let (mut cases, mut files) = (0, 0);
    for name in &found {
        match FILES.iter().find(|(known, _)| known == name) {
            None => failures.push(format!("{name}.json: unknown file")),
            Some((_, kinds)) => {
                files += 1;
                cases += check_file(&folder.join(format!("{name}.json")), kinds, &mut failures);
            }
        }
    }
    let lacking: Vec<&str> = FILES
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| !found.contains(*name))
        .collect();
    if named.is_none() {
        failures.extend(lacking.iter().map(|name| format!("{name}.json: missing")));
    }
    let lacking = if lacking.is_empty() {
        "none".to_owned()
    } else {
        lacking.join(", ")
    };
    println!("{cases} cases in {files} files; skipped: none; files not in the folder: {lacking}");
    assert!(cases > 0, "no cases at {}", folder.display());
    assert!(
        failures.is_empty(),
        "{} differences:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

/// Names of the JSON files in a folder.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect()
}

/// Checks all cases of a file and returns how many there are.
fn check_file(path: &Path, kinds: &[Kind], failures: &mut Vec<String>) -> usize {
    let name = path.file_stem().unwrap().to_string_lossy();
    let text = fs::read_to_string(path).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    failures.extend(keys::unknown(&name, &file, FILE_KEYS));
    let tolerance = Tolerance::of(&file);
    let cases = file["cases"].as_array().unwrap();
    for case in cases {
        let kind = case["kind"].as_str().unwrap_or_default();
        let label = format!("{name}/{kind}/{}", case["name"].as_str().unwrap_or_default());
        failures.extend(keys::unknown(&label, case, CASE_KEYS));
        let Some((_, inputs, method)) = kinds.iter().find(|(known, ..)| *known == kind) else {
            failures.push(format!("{label}: unknown kind"));
            continue;
        };
        failures.extend(keys::unknown_within(&format!("{label} input"), &case["input"], inputs));
        match catch_unwind(|| method(&case["input"])) {
            Err(_) => failures.push(format!("{label}: the method panicked on this input")),
            Ok(computed) => failures.extend(compare(&label, &case["expected"], &computed, tolerance)),
        }
    }
    cases.len()
}
