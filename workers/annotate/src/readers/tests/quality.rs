//! Quality on real receipts and invoices, and on generated ones: the shares of right answers may not fall below these floors.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use accord_documents::{Document, Limits, Segment, from_segments, read_document};
use accord_domain::answer::{Answer, Answers};
use accord_domain::field::Field;
use accord_domain::{answer_from_json, clusters_by_similarity, match_gold, vote_similarity};
use serde_json::Value;

use super::fields;
use crate::readers::{READER_NAMES, ReaderInput, reader, train};

/// A document with the gold of the fields that are printed on it.
struct Sample {
    document: Document,
    gold: Answers,
}

/// The folder of shared test data, when it is there.
fn shared_folder() -> Option<PathBuf> {
    let given = std::env::var("ACCORD_SHARED").map(PathBuf::from);
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = given.map_or_else(
        |_| workspace.join("../shared"),
        |given| {
            if given.is_absolute() {
                given
            } else {
                workspace.join(given)
            }
        },
    );
    Some(folder.join("data/invoices")).filter(|folder| folder.is_dir())
}

fn sample(document: Document, gold: &Value, in_text: &Value, fields: &[Field]) -> Sample {
    let known = fields.iter().filter_map(|field| {
        let value = gold.get(field.name.as_str()).filter(|value| !value.is_null())?;
        let printed = in_text.get(field.name.as_str()) != Some(&Value::Bool(false));
        printed.then(|| (field.name.clone(), answer_from_json(field, value).unwrap()))
    });
    Sample {
        document,
        gold: known.collect(),
    }
}

fn receipt(value: &Value, fields: &[Field]) -> Sample {
    let segments: Vec<Segment> = serde_json::from_value(value["lines"].clone()).unwrap();
    sample(from_segments(&segments, 0.0, 0.0), &value["gold"], &Value::Null, fields)
}

fn real_receipts(folder: &Path, fields: &[Field]) -> Vec<Sample> {
    let text = std::fs::read_to_string(folder.join("sroie/receipts.jsonl")).unwrap();
    text.lines()
        .map(|line| receipt(&serde_json::from_str(line).unwrap(), fields))
        .collect()
}

fn real_invoices(folder: &Path, fields: &[Field]) -> Vec<Sample> {
    let mut samples = Vec::new();
    for (pdfs, golds) in [("zugferd/stripped", "zugferd"), ("invoice2data", "invoice2data")] {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(folder.join(pdfs))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "pdf"));
        paths.sort();
        for path in paths {
            let id = path.file_stem().unwrap().to_str().unwrap();
            let gold = std::fs::read_to_string(folder.join(golds).join(format!("{id}.gold.json"))).unwrap();
            let gold: Value = serde_json::from_str(&gold).unwrap();
            let read = read_document(&std::fs::read(&path).unwrap(), None, &Limits::default()).unwrap();
            samples.push(sample(read.document, &gold["gold"], &gold["gold_in_text"], fields));
        }
    }
    samples
}

fn generated_invoices(fields: &[Field]) -> Vec<Sample> {
    let invoices = accord_samples::generate(20, 40).unwrap().into_iter();
    invoices
        .map(|invoice| {
            let gold = serde_json::to_value(&invoice.gold).unwrap();
            let read = read_document(&invoice.pdf, None, &Limits::default()).unwrap();
            sample(read.document, &gold["gold"], &gold["gold_in_text"], fields)
        })
        .filter(|sample| !sample.document.is_without_text())
        .collect()
}

/// The answers of every reader that needs no model.
fn untrained(samples: &[Sample], fields: &[Field]) -> BTreeMap<&'static str, Vec<Answers>> {
    let names = READER_NAMES.into_iter().filter(|name| *name != "trained_model");
    names
        .map(|name| {
            let made = reader(name, None).unwrap();
            let answers = samples.iter().map(|sample| {
                made.read(&ReaderInput {
                    document: &sample.document,
                    fields,
                })
            });
            (name, answers.collect())
        })
        .collect()
}

/// The answer with which most others agree, by the field's own measure.
fn plurality(votes: &BTreeMap<&'static str, Vec<Answers>>, place: usize, field: &Field) -> Answer {
    let given: Vec<&Answer> = votes
        .values()
        .map(|answers| &answers[place][&field.name])
        .filter(|answer| answer.class().is_some())
        .collect();
    let agrees = |left: &Answer, right: &Answer| match (left.class(), right.class()) {
        (Some(left), Some(right)) if left != right => clusters_by_similarity(field)
            .map_or(0.0, |least| vote_similarity(field, left, right) - least)
            .max(0.0),
        _ => 1.0,
    };
    let support = |answer: &Answer| given.iter().map(|other| agrees(answer, other)).sum::<f64>();
    given
        .iter()
        .max_by(|left, right| support(left).total_cmp(&support(right)))
        .map_or(Answer::Abstained, |answer| (*answer).clone())
}

/// The share of documents with gold on which the answer is right.
fn share_right(samples: &[Sample], field: &Field, answer: impl Fn(usize) -> Answer) -> f64 {
    let scored: Vec<usize> = (0..samples.len())
        .filter(|place| samples[*place].gold.contains_key(&field.name))
        .collect();
    let right = scored
        .iter()
        .filter(|place| {
            match_gold(field, &answer(**place), &samples[**place].gold[&field.name])
                .unwrap()
                .correct
        })
        .count();
    f64::from(u32::try_from(right).unwrap()) / f64::from(u32::try_from(scored.len().max(1)).unwrap())
}

fn hold_floors(samples: &[Sample], fields: &[Field], floors: &[(&str, f64)]) {
    let votes = untrained(samples, fields);
    for (name, floor) in floors {
        let field = fields.iter().find(|field| field.name.as_str() == *name).unwrap();
        let share = share_right(samples, field, |place| plurality(&votes, place, field));
        assert!(share >= *floor, "{name}: {share:.3} is below {floor}");
    }
}

#[test]
fn real_receipts_are_read() {
    let Some(folder) = shared_folder() else {
        return skip();
    };
    let fields = fields("receipt");
    let samples = real_receipts(&folder, &fields);
    hold_floors(
        &samples,
        &fields,
        &[("date", 0.99), ("total", 0.955), ("company", 0.945), ("address", 0.915)],
    );
}

#[test]
fn a_model_trained_on_half_of_the_real_receipts_reads_the_other_half() {
    let Some(folder) = shared_folder() else {
        return skip();
    };
    let fields = fields("receipt");
    let samples = real_receipts(&folder, &fields);
    let (training, held_out): (Vec<_>, Vec<_>) = samples.into_iter().enumerate().partition(|(place, _)| place % 2 == 0);
    let training: Vec<(Document, Answers)> = training
        .into_iter()
        .map(|(_, sample)| (sample.document, sample.gold))
        .collect();
    let held_out: Vec<Sample> = held_out.into_iter().map(|(_, sample)| sample).collect();
    let trained = reader("trained_model", Some(&train(&training, &fields).unwrap())).unwrap();
    let answers: Vec<Answers> = held_out
        .iter()
        .map(|sample| {
            trained.read(&ReaderInput {
                document: &sample.document,
                fields: &fields,
            })
        })
        .collect();
    for (name, floor) in [("date", 0.98), ("total", 0.94), ("company", 0.92), ("address", 0.91)] {
        let field = fields.iter().find(|field| field.name.as_str() == name).unwrap();
        let share = share_right(&held_out, field, |place| answers[place][&field.name].clone());
        assert!(share >= floor, "{name}: {share:.3} is below {floor}");
    }
}

#[test]
fn real_invoices_are_read() {
    let Some(folder) = shared_folder() else {
        return skip();
    };
    let fields = fields("invoice");
    let floors = [
        ("invoice_number", 0.93),
        ("issue_date", 0.96),
        ("due_date", 0.91),
        ("seller_name", 0.79),
        ("seller_vat_id", 0.95),
        ("buyer_name", 0.92),
        ("currency", 0.96),
        ("net_total", 0.92),
        ("tax_total", 0.91),
        ("gross_total", 0.92),
        ("line_items", 0.68),
    ];
    hold_floors(&real_invoices(&folder, &fields), &fields, &floors);
}

#[test]
fn generated_invoices_of_many_languages_are_read() {
    let fields = fields("invoice");
    let floors = [
        ("invoice_number", 0.9),
        ("issue_date", 0.9),
        ("due_date", 0.85),
        ("seller_name", 0.75),
        ("seller_address", 0.65),
        ("buyer_name", 0.85),
        ("currency", 0.95),
        ("net_total", 0.85),
        ("tax_total", 0.85),
        ("gross_total", 0.9),
        ("line_items", 0.8),
    ];
    hold_floors(&generated_invoices(&fields), &fields, &floors);
}

#[expect(
    clippy::print_stderr,
    reason = "whoever runs the tests should see what was not tested"
)]
fn skip() {
    eprintln!("skipped: the shared data are not there, set ACCORD_SHARED to their folder");
}
