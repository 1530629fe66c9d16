//! Normalisation of the gold of real receipts and invoices.

use std::path::Path;

use accord_domain::{Answer, ProjectDefinition, answer_from_json, answers_from_json, match_gold, normalise, template};
use serde_json::{Map, Value};

use crate::shared::shared_file;

fn receipts(test: &str) -> Option<Vec<Value>> {
    let path = shared_file(test, "data/invoices/sroie/receipts.jsonl")?;
    let text = std::fs::read_to_string(path).unwrap();
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn read_gold<'a>(
    project: &'a ProjectDefinition,
    receipt: &Value,
    name: &str,
) -> Option<(&'a accord_domain::Field, String)> {
    let field = project.field(&name.parse().unwrap()).unwrap();
    receipt["gold"][name].as_str().map(|raw| (field, raw.to_owned()))
}

#[test]
fn every_gold_value_of_the_receipts_is_read() {
    let Some(receipts) = receipts("gold of receipts") else {
        return;
    };
    let project = template("receipt").unwrap();
    let mut unread = Vec::new();
    let mut read = 0;
    for receipt in &receipts {
        for name in ["company", "date", "address", "total"] {
            let Some((field, raw)) = read_gold(&project, receipt, name) else {
                continue;
            };
            let value = normalise(field, &raw);
            if value.parsed {
                read += 1
            } else {
                unread.push((receipt["id"].to_string(), raw))
            }
        }
    }
    assert_eq!(unread, []);
    assert_eq!(read, 4 * receipts.len() - 1, "one receipt has no total");
}

#[test]
fn the_same_paper_scanned_twice_has_the_same_gold() {
    let Some(receipts) = receipts("receipts scanned twice") else {
        return;
    };
    let project = template("receipt").unwrap();
    let pairs = [
        ("X51005268262", "X51005301659"),
        ("X51005301661", "X51005303661"),
        ("X51005453801", "X51009453801"),
        ("X51005453804", "X51009453804"),
        ("X51006328919", "X51006329395"),
        ("X51006401723", "X51007135037"),
    ];
    let find = |id: &str| receipts.iter().find(|receipt| receipt["id"] == *id).unwrap();
    for (left, right) in pairs {
        for name in ["company", "date", "total"] {
            let field = project.field(&name.parse().unwrap()).unwrap();
            let answer = |id| answer_from_json(field, &find(id)["gold"][name]).unwrap();
            assert!(
                match_gold(field, &answer(left), &answer(right)).unwrap().correct,
                "{name} of {left} and {right}"
            );
        }
    }
}

#[test]
fn every_gold_value_of_the_invoices_is_read() {
    let project = template("invoice").unwrap();
    for (folder, count) in [("zugferd", 22), ("invoice2data", 7)] {
        let Some(readme) = shared_file("gold of invoices", "data/invoices/README.md") else {
            return;
        };
        let mut files = 0;
        for entry in std::fs::read_dir(readme.with_file_name(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.to_string_lossy().ends_with(".gold.json") {
                check_gold(&project, &path);
                files += 1;
            }
        }
        assert_eq!(files, count, "files in {folder}");
    }
}

fn check_gold(project: &ProjectDefinition, path: &Path) {
    let document: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let gold: &Map<String, Value> = document["gold"].as_object().unwrap();
    for (field, answer) in answers_from_json(&project.fields, gold).unwrap() {
        if let Answer::Value(value) = answer {
            assert!(value.parsed, "{field} of {}: {}", path.display(), value.raw);
        }
    }
}
