//! Measures every reader and their plurality on real receipts and invoices and on generated ones: `cargo run -p accord-annotate --example measure_readers`.
//!
//! With `PARTS=receipts,invoices,samples` it measures only these. With `ERRORS=<reader>:<field>,...` it lists the wrong answers of readers (or of `plurality`) on fields.
#![expect(clippy::print_stdout, reason = "the figures of this program are its output")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

use accord_annotate::readers::{READER_NAMES, Reader, ReaderInput, TrainedModel, reader, train};
use accord_documents::text::document_from_text;
use accord_documents::{Document, Limits, Segment, from_segments, read_document};
use accord_domain::answer::{Answer, Answers};
use accord_domain::field::{Field, FieldName};
use accord_domain::{answer_from_json, clusters_by_similarity, match_gold, template, vote_similarity};
use serde_json::Value;

type Failure = Box<dyn Error>;

/// Parts into which the samples are split when the trained reader is measured on what it was not trained on.
const FOLDS: usize = 5;

/// The seed of the generated samples.
const SEED: u64 = 7;

/// Generated samples of each kind.
const SAMPLE_COUNT: usize = 150;

struct Sample {
    id: String,
    document: Document,
    gold: Answers,
    scored: Vec<FieldName>,
}

fn main() -> Result<(), Failure> {
    let shared = std::env::var("ACCORD_SHARED").unwrap_or_else(|_| "../shared".to_owned());
    let folder = Path::new(&shared).join("data/invoices");
    let receipts = template("receipt").ok_or("no template of receipts")?.fields;
    let invoices = template("invoice").ok_or("no template of invoices")?.fields;
    let wanted = |part: &str| {
        std::env::var("PARTS").is_ok_and(|parts| parts.split(',').any(|other| other == part))
            || std::env::var("PARTS").is_err()
    };
    if wanted("receipts") {
        measure("receipts", &read_receipts(&folder, &receipts)?, &receipts)?;
    }
    if wanted("invoices") {
        measure("invoices", &read_invoices(&folder, &invoices)?, &invoices)?;
    }
    if wanted("samples") {
        measure("sample invoices", &sample_invoices(&invoices)?, &invoices)?;
        measure("sample receipts", &sample_receipts(&receipts)?, &receipts)?;
        measure_texts()?;
    }
    Ok(())
}

fn sample_invoices(fields: &[Field]) -> Result<Vec<Sample>, Failure> {
    let mut samples = Vec::new();
    for invoice in accord_samples::generate(SEED, SAMPLE_COUNT)? {
        let gold = serde_json::to_value(&invoice.gold)?;
        let read = read_document(&invoice.pdf, Some("invoice.pdf"), &Limits::default())?;
        if let Ok(folder) = std::env::var("KEEP") {
            std::fs::write(Path::new(&folder).join(format!("{}.pdf", invoice.id)), &invoice.pdf)?;
        }
        if !read.document.is_without_text() {
            samples.push(sample(
                &invoice.id,
                read.document,
                &gold["gold"],
                &gold["gold_in_text"],
                fields,
            )?);
        }
    }
    Ok(samples)
}

fn sample_receipts(fields: &[Field]) -> Result<Vec<Sample>, Failure> {
    let receipts = accord_samples::generate_receipts(SEED, SAMPLE_COUNT);
    receipts
        .into_iter()
        .map(|sample| receipt(&serde_json::to_value(sample)?, fields))
        .collect()
}

fn measure_texts() -> Result<(), Failure> {
    let fields = template("text-classification").ok_or("no template of texts")?.fields;
    let texts = accord_samples::generate_text_classification(SEED, SAMPLE_COUNT);
    let samples: Vec<Sample> = texts
        .into_iter()
        .map(|text| {
            sample(
                &text.external_id,
                document_from_text(&text.text, &Limits::default())?,
                &serde_json::to_value(&text.gold)?,
                &Value::Null,
                &fields,
            )
        })
        .collect::<Result<_, Failure>>()?;
    measure("sample texts", &samples, &fields)
}

fn read_receipts(folder: &Path, fields: &[Field]) -> Result<Vec<Sample>, Failure> {
    let text = std::fs::read_to_string(folder.join("sroie/receipts.jsonl"))?;
    text.lines()
        .map(|line| receipt(&serde_json::from_str(line)?, fields))
        .collect()
}

fn receipt(value: &Value, fields: &[Field]) -> Result<Sample, Failure> {
    let segments: Vec<Segment> = serde_json::from_value(value["lines"].clone())?;
    let side = |place: usize| {
        value["image_size"][place]
            .as_u64()
            .and_then(|side| u16::try_from(side).ok())
            .map_or(0.0, f32::from)
    };
    sample(
        value["id"].as_str().unwrap_or_default(),
        from_segments(&segments, side(0), side(1)),
        &value["gold"],
        &Value::Null,
        fields,
    )
}

fn sample(id: &str, document: Document, gold: &Value, in_text: &Value, fields: &[Field]) -> Result<Sample, Failure> {
    let mut answers = Answers::new();
    let mut scored = Vec::new();
    for field in fields {
        let name = field.name.as_str();
        let Some(value) = gold.get(name) else { continue };
        let answer = answer_from_json(field, &strip_null_rows(value))?;
        if matches!(answer, Answer::Value(_)) && in_text.get(name) != Some(&Value::Bool(false)) {
            scored.push(field.name.clone());
        }
        answers.insert(field.name.clone(), answer);
    }
    Ok(Sample {
        id: id.to_owned(),
        document,
        gold: answers,
        scored,
    })
}

fn strip_null_rows(value: &Value) -> Value {
    match value {
        Value::Array(rows) if rows.is_empty() => Value::Null,
        _ => value.clone(),
    }
}

fn read_invoices(folder: &Path, fields: &[Field]) -> Result<Vec<Sample>, Failure> {
    let mut samples = Vec::new();
    for (pdfs, golds) in [("zugferd/stripped", "zugferd"), ("invoice2data", "invoice2data")] {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(folder.join(pdfs))?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "pdf"));
        paths.sort();
        for path in paths {
            let id = path
                .file_stem()
                .and_then(|stem| stem.to_str())
                .unwrap_or_default()
                .to_owned();
            let gold: Value = serde_json::from_str(&std::fs::read_to_string(
                folder.join(golds).join(format!("{id}.gold.json")),
            )?)?;
            let read = read_document(&std::fs::read(&path)?, Some("invoice.pdf"), &Limits::default());
            match read {
                Ok(read) => samples.push(sample(
                    &id,
                    read.document,
                    &gold["gold"],
                    &gold["gold_in_text"],
                    fields,
                )?),
                Err(error) => println!("{id}: {error}"),
            }
        }
    }
    Ok(samples)
}

fn measure(title: &str, samples: &[Sample], fields: &[Field]) -> Result<(), Failure> {
    if std::env::var("DUMP").is_ok_and(|wanted| {
        samples
            .iter()
            .filter(|sample| sample.id == wanted)
            .inspect(|sample| println!("{}", sample.document.text()))
            .count()
            > 0
    }) {
        return Ok(());
    }
    let title = format!("{title}: {} documents", samples.len());
    println!("\n{title}");
    let mut votes: BTreeMap<&str, Vec<Answers>> = BTreeMap::new();
    for name in READER_NAMES {
        let started = Instant::now();
        let answers = if name == "trained_model" {
            cross_fitted(samples, fields)?
        } else {
            read_all(&*reader(name, None)?, samples, fields)
        };
        println!(
            "{name}: {:.2} ms a document",
            started.elapsed().as_secs_f64() * 1000.0 / count(samples.len())
        );
        votes.insert(name, answers);
    }
    let plurality = (0..samples.len())
        .map(|place| plurality(&votes, place, fields))
        .collect();
    votes.insert("plurality", plurality);
    for field in fields {
        println!(
            "\n  {} (scored {})",
            field.name,
            samples
                .iter()
                .filter(|sample| sample.scored.contains(&field.name))
                .count()
        );
        for (name, answers) in &votes {
            report(name, answers, samples, field);
        }
    }
    Ok(())
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::NAN, f64::from)
}

fn read_all(reader: &dyn Reader, samples: &[Sample], fields: &[Field]) -> Vec<Answers> {
    let read = |sample: &Sample| {
        reader.read(&ReaderInput {
            document: &sample.document,
            fields,
        })
    };
    samples.iter().map(read).collect()
}

fn cross_fitted(samples: &[Sample], fields: &[Field]) -> Result<Vec<Answers>, Failure> {
    let mut answers = vec![Answers::new(); samples.len()];
    for fold in 0..FOLDS {
        let training: Vec<(Document, Answers)> = (0..samples.len())
            .filter(|place| place % FOLDS != fold)
            .map(|place| (samples[place].document.clone(), samples[place].gold.clone()))
            .collect();
        let started = Instant::now();
        let model: TrainedModel = train(&training, fields)?;
        if fold == 0 {
            println!(
                "trained on {} documents in {:.2} s",
                training.len(),
                started.elapsed().as_secs_f64()
            );
        }
        let trained = reader("trained_model", Some(&model))?;
        for place in (0..samples.len()).filter(|place| place % FOLDS == fold) {
            answers[place] = trained.read(&ReaderInput {
                document: &samples[place].document,
                fields,
            });
        }
    }
    Ok(answers)
}

/// The answer that most readers give or are like; the earlier reader's at a tie.
fn plurality(votes: &BTreeMap<&str, Vec<Answers>>, place: usize, fields: &[Field]) -> Answers {
    let mut chosen = Answers::new();
    for field in fields {
        let given: Vec<&Answer> = READER_NAMES
            .iter()
            .filter_map(|name| votes.get(name)?.get(place)?.get(&field.name))
            .filter(|answer| answer.class().is_some())
            .collect();
        let alike = |left: &Answer, right: &Answer| match (left.class(), right.class()) {
            (Some(left), Some(right)) if left == right => 1.0,
            (Some(left), Some(right)) => clusters_by_similarity(field)
                .map(|threshold| vote_similarity(field, left, right) - threshold)
                .filter(|over| *over >= 0.0)
                .map_or(0.0, |over| 0.9 + over / 10.0),
            _ => 0.0,
        };
        let support = |answer: &&Answer| given.iter().map(|other| alike(answer, other)).sum::<f64>();
        let best = given
            .iter()
            .copied()
            .rev()
            .max_by(|left, right| support(left).total_cmp(&support(right)));
        chosen.insert(field.name.clone(), best.cloned().unwrap_or(Answer::Abstained));
    }
    chosen
}

fn report(name: &str, answers: &[Answers], samples: &[Sample], field: &Field) {
    let (mut scored, mut answered, mut correct, mut score, mut made_up, mut absent) = (0, 0, 0, 0.0, 0, 0);
    let errors = std::env::var("ERRORS").is_ok_and(|wanted| {
        wanted
            .split(',')
            .any(|wanted| wanted == format!("{name}:{}", field.name))
    });
    for (sample, answers) in samples.iter().zip(answers) {
        let (Some(gold), Some(predicted)) = (sample.gold.get(&field.name), answers.get(&field.name)) else {
            continue;
        };
        if !sample.scored.contains(&field.name) {
            made_up += usize::from(matches!(predicted, Answer::Value(_)));
            absent += usize::from(matches!(predicted, Answer::Absent));
            continue;
        }
        scored += 1;
        answered += usize::from(predicted.class().is_some());
        let matched = match_gold(field, predicted, gold);
        correct += usize::from(matched.is_some_and(|matched| matched.correct));
        score += matched.map_or(0.0, |matched| matched.score);
        if errors && !matched.is_some_and(|matched| matched.correct) {
            println!("      {}: {} instead of {}", sample.id, shown(predicted), shown(gold));
        }
    }
    if answered > 0 || absent > 0 {
        let percent = |part: usize, whole: usize| 100.0 * count(part) / count(whole.max(1));
        println!(
            "    {name:20} answered {answered:3}  right when answered {:5.1} %  right {:5.1} %  mean score {:.3}  on blank gold: {made_up} values, {absent} absent",
            percent(correct, answered),
            percent(correct, scored),
            score / count(scored.max(1)),
        );
    }
}

fn shown(answer: &Answer) -> String {
    match answer {
        Answer::Value(value) => format!("`{}`", value.raw),
        other => other.status().to_owned(),
    }
}
